"""When the bot will publish a region of the data file."""

from dataclasses import dataclass

from bot.config.policy import JobSettings
from bot.runtime import Runtime


@dataclass(frozen=True, slots=True)
class Publication:
    """How a region gets to the page; *cadence* is None when no job publishes by itself."""

    is_managed: bool
    cadence: str | None


def publication_of(runtime: Runtime, region: str) -> Publication:
    """Return how *region* of the workspace gets to the page, by the settings."""
    jobs = [job for job in runtime.settings.jobs if job.run == "sync"]
    cadence = " and ".join(_describe(job) for job in jobs)
    return Publication(region in runtime.workspace.regions, cadence or None)


def _describe(job: JobSettings) -> str:
    at = f" at {job.at}" if job.at else ""
    zone = f" ({job.timezone})" if job.timezone else ""
    return f"every {job.every}{at}{zone}"
