"""The verdict of a run on its own completeness."""

from enum import StrEnum


class RunVerdict(StrEnum):
    """Whether everything that the wiki has was captured.

    `unconfirmed`: nothing is known to be missing, but a second source did not answer or does not agree.
    """

    COMPLETE = "complete"
    UNCONFIRMED = "unconfirmed"
    INCOMPLETE = "incomplete"
