"""Recognise a page that lost what the bot wrote on it: an empty or cut text is not a region that people changed."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.storage.visible_text import count_characters
from bot.sync.ledger import PageLedger

_MIN_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Emptied:
    """Why nothing is written on a page; *is_certain* if not even `--take-over` may write there."""

    reason: str
    is_certain: bool


def find_emptied(ledger: PageLedger, missing: Sequence[str], *, wanted: int) -> Emptied | None:
    """Judge a page that lacks the regions *missing* of the *wanted* ones; None if it only lacks single regions.

    Observed: the API sends an empty body for some live documents while people see text.
    """
    records = {name: number for name in missing if (number := ledger.find_record(name)) is not None}
    if not records:
        return None
    page, newest = ledger.page, max(records.values())
    names = ", ".join(records)
    what = _describe(ledger, newest, is_whole=len(records) == wanted > 1)
    if what is None:
        return None
    live = "; the page is a live document, whose text people may see although the wiki does not send it"
    return Emptied(
        f"{what}, but the history says that the bot wrote {names} in version {newest}"
        f"{live if page.ref.is_live else ''}; nothing is written: look at the page, and restore version {newest}",
        is_certain=newest == page.version or not count_characters(page.body),
    )


def _describe(ledger: PageLedger, newest: int, *, is_whole: bool) -> str | None:
    characters = count_characters(ledger.page.body)
    if not characters:
        return "the page is empty"
    if newest == ledger.page.version:
        return f"the wiki sends version {newest} without the region"
    before = count_characters(ledger.find_body(newest) or "")
    if characters < _MIN_SHARE * before:
        return f"the page has {characters} characters, where version {newest} has {before}"
    return "the page has none of its regions" if is_whole else None
