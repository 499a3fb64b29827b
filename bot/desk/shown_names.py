"""The names of regions, jobs, events, pages and icons for people, in their language."""

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


def event_name(kind: str) -> str:
    """Return the name of a type of event of the archive."""
    names = {
        "ingestion": _("ingestion"),
        "capture": _("capture"),
        "metadata modification": _("metadata modification"),
        "deletion": _("deletion"),
        "deaccession": _("deaccession"),
        "restricted": _("restricted"),
        "migration": _("migration"),
        "redaction": _("redaction"),
        "upgrade": _("upgrade"),
        "start-signing": _("beginning of the signatures"),
        "key-rotation": _("key rotation"),
        "rollback": _("rollback"),
        "new-log": _("new log"),
        "hold": _("hold"),
        "hold-release": _("release of a hold"),
        "trust": _("trust"),
    }
    return names.get(kind, kind)


def status_name(status: str) -> str:
    """Return the name of the status of a page, as the wiki states it."""
    names = {"current": _("current"), "archived": _("archived"), "trashed": _("trashed"), "draft": _("draft")}
    return names.get(status, status)


def node_name(kind: str) -> str:
    """Return the name of a type of node in the page tree."""
    names = {
        "page": _("page"),
        "folder": _("folder"),
        "whiteboard": _("whiteboard"),
        "database": _("database"),
        "embed": _("embed"),
    }
    return names.get(kind, kind)


def icon_name(icon: str) -> str:
    """Return the name of an icon by its name in the data file or in storage format."""
    names = {
        "tick": _("tick"),
        "cross": _("cross"),
        "star": _("yellow star"),
        "yellow-star": _("yellow star"),
        "star-red": _("red star"),
        "red-star": _("red star"),
        "star-green": _("green star"),
        "green-star": _("green star"),
        "star-blue": _("blue star"),
        "blue-star": _("blue star"),
        "warning": _("warning"),
        "information": _("information"),
        "question": _("question"),
        "plus": _("plus"),
        "minus": _("minus"),
        "light-on": _("light on"),
        "light-off": _("light off"),
        "thumbs-up": _("thumbs up"),
        "thumbs-down": _("thumbs down"),
        "smile": _("smile"),
        "sad": _("sad"),
        "wink": _("wink"),
        "laugh": _("laugh"),
        "cheeky": _("cheeky"),
        "heart": _("heart"),
        "broken-heart": _("broken heart"),
    }
    return names.get(icon, icon)
