"""When and how the bot publishes a region of the data file."""

from collections.abc import Iterable
from dataclasses import dataclass

from bot.config.policy import JobSettings, WorkspaceSettings


@dataclass(frozen=True, slots=True)
class Publication:
    """How a region is published; *cadence* is None if no job publishes automatically."""

    is_managed: bool
    cadence: str | None


def publication_of(jobs: Iterable[JobSettings], workspace: WorkspaceSettings, region: str) -> Publication:
    """Return how *region* of the workspace is published, according to the settings."""
    cadence = " and ".join(_describe(job) for job in jobs if job.run == "sync")
    return Publication(region in workspace.regions, cadence or None)


def _describe(job: JobSettings) -> str:
    at = f" at {job.at}" if job.at else ""
    zone = f" ({job.timezone})" if job.timezone else ""
    return f"every {job.every}{at}{zone}"
