"""How much attention a change asks of people: notifications, the quiet window, comments that lose their place."""

from datetime import datetime, time

from bot.config.policy import NotifyPolicy
from bot.storage.notice import without_notice
from bot.storage.visible_text import lines_of
from bot.sync.plan import Change
from bot.text_diff import PieceKind, diff_lines


def is_loud(change: Change) -> bool:
    """Return whether the version that writes *change* should send notifications."""
    match change.notify:
        case NotifyPolicy.ALWAYS:
            return True
        case NotifyPolicy.NEWS:
            return not change.is_repair and _adds_lines(change)
        case _:
            return False


def may_wait(change: Change) -> bool:
    """Return whether *change* brings nothing new: a repair, or lines that only go, such as expired news."""
    return change.is_repair or (change.live is not None and not _brings_words(change))


def is_within(window: tuple[time, time], now: datetime) -> bool:
    """Return whether the time of *now* is in *window*, which may include midnight."""
    start, end = window
    moment = now.time().replace(tzinfo=None)
    return start <= moment < end if start <= end else moment >= start or moment < end


def _adds_lines(change: Change) -> bool:
    lines = diff_lines(lines_of(without_notice(change.live or "")), lines_of(without_notice(change.desired)))
    return any(line.kind is PieceKind.ADDED and "".join(piece.text for piece in line.pieces).strip() for line in lines)


def _brings_words(change: Change) -> bool:
    if "<li" in (change.live or "") and "<li" not in change.desired:
        return False  # the last item is gone, and a sentence says that there is none
    lines = diff_lines(lines_of(without_notice(change.live or "")), lines_of(without_notice(change.desired)))
    return any(piece.kind is PieceKind.ADDED and piece.text.strip() for line in lines for piece in line.pieces)
