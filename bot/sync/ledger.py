"""What we last applied, read back from the wiki's own version history.

The message of each version that the bot writes begins with a tag::

    wikibot news=1f2e3d4c5b,status=5b4c3d2e1f! r=9c0ffee123: updated news; repaired status

Regions that this version wrote, each with the digest of the text that was sent; `!` where that text had been put
there before (a repair); the revision of the data file; words for people. Only versions by the bot's own account
count, so nobody can speak for it, and a machine that is lost takes no record with it.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.errors import PageNotFoundError, StorageFormatError
from bot.storage.meaning import is_same
from bot.storage.regions import Marker, find_region
from bot.sync.drift import Edit, LastApplied
from bot.wiki.gateway import Page, Version, WikiGateway

_TAG = re.compile(
    r"wikibot (?P<regions>[a-z0-9_-]+=[0-9a-f]{6,64}!?(?:,[a-z0-9_-]+=[0-9a-f]{6,64}!?)*)"
    r"(?: r=(?P<revision>[^\s:]+))?(?::|$)"
)
_MESSAGE_LENGTH = 255
_VERSIONS_READ = 20


@dataclass(frozen=True, slots=True)
class Mark:
    """One region in a tag."""

    digest: str
    is_repair: bool = False


@dataclass(frozen=True, slots=True)
class Tag:
    """The machine's part of a version message."""

    regions: Mapping[str, Mark]
    revision: str = ""

    def message(self, words: str) -> str:
        """Return the version message; *words* are cut where the wiki would cut them."""
        regions = ",".join(
            f"{name}={mark.digest}{'!' if mark.is_repair else ''}" for name, mark in sorted(self.regions.items())
        )
        revision = f" r={self.revision}" if self.revision else ""
        return f"wikibot {regions}{revision}: {words}"[:_MESSAGE_LENGTH].rstrip()


def parse_tag(message: str) -> Tag | None:
    """Read the tag that begins a version message, if it bears one."""
    match = _TAG.match(message)
    if match is None:
        return None
    marks = (each.partition("=") for each in match["regions"].split(","))
    return Tag(
        {name: Mark(digest.rstrip("!"), digest.endswith("!")) for name, _, digest in marks}, match["revision"] or ""
    )


class Ledger:
    """Reads histories, and no more of them than a question needs."""

    def __init__(self, gateway: WikiGateway) -> None:
        self._gateway = gateway
        self._account_id: str | None = None

    def open(self, page: Page) -> "PageLedger":
        """Return the ledger of one page; reads nothing yet."""
        return PageLedger(page, self._gateway, self._fetch_account_id)

    def _fetch_account_id(self) -> str:
        if self._account_id is None:
            self._account_id = self._gateway.fetch_current_user().id
        return self._account_id


class PageLedger:
    """The history of one page, read from the newest version back, as far as the questions reach."""

    def __init__(self, page: Page, gateway: WikiGateway, fetch_account_id: Callable[[], str]) -> None:
        self._page, self._gateway, self._fetch_account_id = page, gateway, fetch_account_id
        self._unread: Iterator[Version] | None = None
        self._read: list[Version] = []
        self._bodies: dict[int, str | None] = {page.version: page.body}

    def find_last_applied(self, marker: Marker) -> LastApplied | None:
        """Return what the bot last made a region say; None where the history does not tell."""
        for version, mark in self._iter_marks(marker.name):
            text = self._find_text(version.number, marker)
            return None if text is None else LastApplied(version.number, text, mark.digest)
        return None

    def has_any_record(self) -> bool:
        """Tell whether the bot has ever written a region of this page, as far as the history goes."""
        return any(self._is_ours(version) for version in self._iter_versions())

    def count_repairs(self, region: str, *, since: datetime) -> int:
        """Count how often the bot has put the same text back since a moment."""
        count = 0
        for version, mark in self._iter_marks(region):
            if version.when < since:
                break
            count += mark.is_repair
        return count

    def is_undone_by_another_bot(self, region: str, digest: str, *, revision: str, since: datetime) -> bool:
        """Tell whether this very text was written from this very data file before, and then overwritten from another.

        A text that comes back because the same data file says so at another hour, as news expire, is no such case.
        """
        is_newest = True
        for version, mark, written_from in self._iter_tagged(region):
            if is_newest and written_from == revision:
                return False
            is_newest = False
            if version.when < since:
                return False
            if (mark.digest, written_from) == (digest, revision):
                return True
        return False

    def find_edits(self, marker: Marker, last_applied: LastApplied) -> tuple[Edit, ...]:
        """Return the versions in which others changed a region since the bot last wrote it, oldest first.

        Reads at most 20 bodies; where there are more versions, it names who saved in that time, as uncertain.
        """
        later = list(self._iter_versions(back_to=last_applied.version))
        later = sorted((each for each in later if each.number <= self._page.version), key=lambda each: each.number)
        if len(later) > _VERSIONS_READ:
            return tuple(_edit(each, is_certain=False) for each in later[-_VERSIONS_READ:])
        edits = []
        before: str | None = last_applied.text
        for version in later:
            after = self._find_text(version.number, marker)
            if _differ(before, after):
                edits.append(_edit(version))
            before = after
        return tuple(edits)

    def _iter_marks(self, region: str) -> Iterator[tuple[Version, Mark]]:
        return ((version, mark) for version, mark, _ in self._iter_tagged(region))

    def _iter_tagged(self, region: str) -> Iterator[tuple[Version, Mark, str]]:
        """Yield the bot's versions that name a region, newest first, with the revision they were written from."""
        for version in self._iter_versions():
            tag = parse_tag(version.message)
            if tag and region in tag.regions and self._is_ours(version):
                yield version, tag.regions[region], tag.revision

    def _is_ours(self, version: Version) -> bool:
        return parse_tag(version.message) is not None and version.author.id == self._fetch_account_id()

    def _iter_versions(self, *, back_to: int = 0) -> Iterator[Version]:
        """Yield versions newer than *back_to*, newest first, reading on only when those read do not suffice."""
        position = 0
        if self._unread is None:
            self._unread = iter(self._gateway.fetch_versions(self._page.id))
        while True:
            if position == len(self._read):
                version = next(self._unread, None)
                if version is None:
                    return
                self._read.append(version)
            if self._read[position].number <= back_to:
                return
            yield self._read[position]
            position += 1

    def _find_text(self, number: int, marker: Marker) -> str | None:
        """Return what a region said in a version; None where that version or the region in it is gone."""
        if number not in self._bodies:
            try:
                self._bodies[number] = self._gateway.fetch_page(self._page.id, version=number).body
            except PageNotFoundError:
                self._bodies[number] = None
        body = self._bodies[number]
        if body is None:
            return None
        try:
            region = find_region(body, marker)
        except StorageFormatError:
            return None
        return None if region is None else region.text(body)


def _differ(before: str | None, after: str | None) -> bool:
    if before is None or after is None:
        return before is not after
    return not is_same(before, after)


def _edit(version: Version, *, is_certain: bool = True) -> Edit:
    return Edit(version.number, version.when, version.author.display_name, version.message, is_certain)
