"""The names of regions and jobs for people."""

from bot.config.data_model import OLDER_NEWS, PAGE_INDEX
from bot.desk.language import gettext as _


def region_name(region: str) -> str:
    """Return the name of a region; a region of own templates has the words of its name."""
    names = {
        "status": _("Status banner"),
        "quick_links": _("Quick links"),
        "news": _("News"),
        OLDER_NEWS: _("Older news"),
        PAGE_INDEX: _("Page index"),
    }
    return names.get(region) or region.replace("_", " ").capitalize()


def job_name(job: str) -> str:
    """Return the name of a job, or of other work that has a run record; one of two jobs of a kind has its cadence."""
    kind, _space, cadence = job.partition(" (")
    names = {
        "sync": _("Sync"),
        "snapshot": _("Snapshot"),
        "verify": _("Verify"),
        "review": _("Reminders"),
        "examine": _("Examination"),
        "check all": _("Check of all workspaces"),
    }
    if kind in names:
        return f"{names[kind]} ({cadence}" if cadence else names[kind]
    for start, words in (
        ("check ", _("Check of %(name)s")),
        ("publish ", _("Publication of %(name)s")),
        ("read pages of ", _("Reading the pages of %(name)s")),
    ):
        if job.startswith(start):
            return words % {"name": job.removeprefix(start)}
    return job
