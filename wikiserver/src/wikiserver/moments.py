"""Format dates and times for the API and for people."""

from datetime import UTC, datetime


def iso(moment: datetime) -> str:
    """Return a moment as `2026-01-22T05:50:05.870Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def friendly(moment: datetime, now: datetime) -> str:
    """Return a moment in the relative form that Cloud shows next to each date."""
    age = now - moment
    if age.days >= 1:
        return moment.strftime("%b %d, %Y")
    minutes = int(age.total_seconds()) // 60
    if minutes < 1:
        return "just a moment ago"
    if minutes < 60:
        return "about a minute ago" if minutes == 1 else f"{minutes} minutes ago"
    return "about 1 hour ago" if minutes < 120 else f"about {minutes // 60} hours ago"
