"""When and how the bot publishes a region of the data file."""

from collections.abc import Iterable
from dataclasses import dataclass

from bot.config.policy import JobSettings, WorkspaceSettings
from bot.errors import BotError
from bot.operations.workspace import Connect, Workspace


@dataclass(frozen=True, slots=True)
class Publication:
    """How a region is published; *cadence* is None if no job publishes automatically."""

    is_managed: bool
    cadence: str | None


def publication_of(jobs: Iterable[JobSettings], workspace: WorkspaceSettings, region: str) -> Publication:
    """Return how *region* of the workspace is published, according to the settings."""
    cadence = " and ".join(_describe(job) for job in jobs if job.run == "sync")
    return Publication(region in workspace.regions, cadence or None)


def is_homeless(connect: Connect, workspace: Workspace, region: str) -> bool | None:
    """Return whether the home page lacks *region* and no place is configured; None if the page cannot be read."""
    rule = workspace.settings.regions[region]
    if rule.place is not None or not rule.home:
        return False
    from bot.storage.regions import find_region
    from bot.sync.target_pages import marker_of

    try:
        gateway = connect()
        data = workspace.load_data_file().data
        home = workspace.page_finder(gateway, data).get_id(data.workspace.home)
        return find_region(gateway.fetch_page(home).body, marker_of(region, rule)) is None
    except BotError:
        return None


def _describe(job: JobSettings) -> str:
    at = f" at {job.at}" if job.at else ""
    zone = f" ({job.timezone})" if job.timezone else ""
    return f"every {job.every}{at}{zone}"
