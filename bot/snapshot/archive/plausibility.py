"""Whether a new run can follow the newest head: the same wiki, and not an earlier time."""

from datetime import datetime
from pathlib import Path

from bot.errors import ContinuityError
from bot.snapshot.archive.checkpoint import Checkpoint, format_time


def check_plausible(root: Path, head: Checkpoint, *, origin: str, now: datetime) -> None:
    """Raise `ContinuityError` if the newest head is of another wiki, or if its time is after *now*."""
    if head.origin != origin:
        raise ContinuityError(
            f"nothing was written: the snapshots in {root} are of {head.origin}, not of {origin}. Set "
            "another folder in snapshots.path, or, if only the address of the wiki is new, run `wikibot evidence "
            "new-log --reason TEXT`"
        )
    if now < head.time:
        raise ContinuityError(
            f"nothing was written: this machine says that it is {format_time(now)}, but run {head.sequence} in {root} "
            f"is of {format_time(head.time)}, which is later. Set the clock, or, if it was wrong at run "
            f"{head.sequence}, run `wikibot evidence new-log --reason TEXT`"
        )
