"""What a person should know about, as a value: the same for the status, the metrics and messages."""

from dataclasses import dataclass
from enum import IntEnum

NOT_IN_FULL = "not captured in full"
"""Words in the message of a capture that lacks pages."""


class HealthLevel(IntEnum):
    """How the bot is doing; the value is the exit code of `wikibot status`."""

    WELL = 0
    ATTENTION = 1
    """Something waits for a person."""
    FAILING = 2
    """The last run of a job failed."""
    STALE = 3
    """A job did not run for two of its intervals."""

    @property
    def word(self) -> str:
        """The level in one word."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Concern:
    """One thing that needs a person.

    *kind* is one word, such as `conflict` or `failed`; *about* names the job, or page and region; *message* says what
    happened and what to do. Two concerns with the same *key* are the same thing at two times.
    """

    level: HealthLevel
    kind: str
    about: str
    message: str
    key: str
    workspace: str = ""
    url: str = ""
