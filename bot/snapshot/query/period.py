"""A period of days, as given by since and until."""

from dataclasses import dataclass
from datetime import UTC, date, datetime


@dataclass(frozen=True, slots=True)
class Period:
    """Days in UTC, including both ends; None means unlimited."""

    since: date | None = None
    until: date | None = None

    def contains(self, moment: datetime) -> bool:
        """Return whether *moment* is in the period."""
        day = moment.astimezone(UTC).date()
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)

    def overlaps(self, start: datetime, end: datetime | None) -> bool:
        """Return whether the time from *start* to *end*, or to now, has a day in the period."""
        first = start.astimezone(UTC).date()
        last = end.astimezone(UTC).date() if end else None
        return (self.until is None or first <= self.until) and (
            self.since is None or last is None or self.since <= last
        )

    def __str__(self) -> str:
        """Return the period as text."""
        match (self.since, self.until):
            case (None, None):
                return "all time"
            case (None, until):
                return f"until {until}"
            case (since, None):
                return f"since {since}"
            case (since, until):
                return f"{since} to {until}"
