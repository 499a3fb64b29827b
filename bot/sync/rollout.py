"""Bring one change to many pages: the first page is written, watched and read back before the others."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from bot.errors import StorageFormatError, WikiError
from bot.log import logger
from bot.plural import counted
from bot.storage.meaning import is_same
from bot.storage.regions import find_region
from bot.sync.drift import digest_of
from bot.sync.plan import Change, PagePlan, Plan
from bot.wiki.gateway import WikiGateway
from bot.wiki.write_order import read_no_older

_MIN_PAGES = 3
_Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Canary:
    """The first page that got a change."""

    page: PagePlan
    change: Change
    version: int


class Rollouts:
    """The changes of a plan that go to three or more pages.

    After the first page of such a change, the run pauses for *seconds* and reads that page again. If the page does not
    have the text any more, or if a page fails, the change is written on no further page.
    """

    def __init__(self, plan: Plan, gateway: WikiGateway, *, seconds: float, sleep: Callable[[float], None]) -> None:
        self._gateway, self._seconds, self._sleep = gateway, seconds, sleep
        self._left = Counter(key for page in plan.page_writes for key in _keys_of(page))
        self._followed = {key for key, pages in self._left.items() if pages >= _MIN_PAGES}
        self._canaries: dict[_Key, Canary] = {}
        self._proven: set[_Key] = set()
        self.halted: dict[_Key, str] = {}

    def is_halted(self, page: PagePlan) -> bool:
        """Return whether a change of *page* was halted; pauses and reads the first page before the second."""
        waiting = [key for key in _keys_of(page) if key in self._canaries and key not in self._proven]
        if waiting and not self._is_any_halted(page):
            self._pause(waiting)
            for key in waiting:
                self._prove(key)
        return self._is_any_halted(page)

    def note(
        self, page: PagePlan, regions: tuple[str, ...], version: int | None, *, failure: str | None = None
    ) -> None:
        """Record that *regions* of *page* were written as *version*, or that the page failed."""
        for change in page.writes:
            key = _key(page, change)
            self._left[key] -= 1
            if key not in self._followed:
                continue
            if version is not None and change.region in regions:
                self._canaries.setdefault(key, Canary(page, change, version))
            if failure is not None and self._left[key] > 0:
                self._halt(key, f"page {page.title!r} failed: {failure}")

    def _is_any_halted(self, page: PagePlan) -> bool:
        return not self.halted.keys().isdisjoint(_keys_of(page))

    def _pause(self, keys: list[_Key]) -> None:
        first = self._canaries[keys[0]]
        regions = ", ".join(region for _, region, _ in keys)
        logger.info(
            "wrote {} on {} first; waiting {:.0f} s before {} more (safety.canary)",
            regions,
            first.page.title,
            self._seconds,
            counted(max(self._left[key] for key in keys), "page"),
        )
        if self._seconds:
            self._sleep(self._seconds)

    def _prove(self, key: _Key) -> None:
        first = self._canaries[key]
        self._proven.add(key)
        try:
            page = read_no_older(self._gateway, first.page.id, at_least=first.version)
            region = find_region(page.body, first.change.marker)
        except (WikiError, StorageFormatError) as error:
            self._halt(key, f"page {first.page.title!r}, the first one, cannot be read again: {error}")
            return
        text = None if region is None else region.text(page.body)
        if text is None or not is_same(text, first.change.desired, space_key=page.ref.space_key):
            self._halt(key, f"page {first.page.title!r}, the first one, does not have the text any more")

    def _halt(self, key: _Key, reason: str) -> None:
        self.halted.setdefault(
            key,
            f"{key[1]}: not written on {counted(self._left[key], 'more page')}, because {reason}; correct that page, "
            "or exclude it from the change, and run again",
        )


def _keys_of(page: PagePlan) -> list[_Key]:
    return [_key(page, change) for change in page.writes]


def _key(page: PagePlan, change: Change) -> _Key:
    return page.workspace, change.region, digest_of(change.own_desired)
