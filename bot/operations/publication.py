"""When the bot will publish a region of the data file."""

from collections.abc import Iterable
from dataclasses import dataclass

from bot.config.policy import JobSettings, WorkspaceSettings


@dataclass(frozen=True, slots=True)
class Publication:
    """How a region gets to the page; *cadence* is None when no job publishes by itself."""

    is_managed: bool
    cadence: str | None


def publication_of(jobs: Iterable[JobSettings], workspace: WorkspaceSettings, region: str) -> Publication:
    """Return how *region* of the workspace gets to the page, by the settings."""
    cadence = " and ".join(_describe(job) for job in jobs if job.run == "sync")
    return Publication(region in workspace.regions, cadence or None)


def _describe(job: JobSettings) -> str:
    at = f" at {job.at}" if job.at else ""
    zone = f" ({job.timezone})" if job.timezone else ""
    return f"every {job.every}{at}{zone}"
