"""The ledger: the last applied state of each region, read from the version history of the page.

The message of each version that the bot writes begins with a tag::

    wikibot news=1f2e3d4c5b,status=5b4c3d2e1f! r=9c0ffee123 k=5eaf00d1: updated news; repaired status

The tag lists the regions that the version wrote, each with the digest of the text that was sent. `!` marks a repair:
the same text was written before. `?` marks a merge that left entries open, and is followed by their numbers on the page
(`?1+4`): the region still waits for a person, and an older record is the last applied state. `~` marks an adoption that
did not take all lines, and is followed by their numbers, as the bits of a number in hex (`~12`: lines 1 and 4, counted
from 0). `r=` is the revision of
the data file, or of several data files, with `+` between them, if several workspaces have regions on the page.
`adopted` follows if the text is what people had written and an adoption took to the data file. `k=` is the seal: a
digest over the version number and the rest of the tag. Words for people follow the colon. Only versions by the bot's
own account, or by one of its former accounts, count, so that others cannot forge a record. No record is stored locally,
so the loss of the machine loses no record.

People may share the bot's account, and type or copy a tag as the message of their own version. So a tag is believed
only if its seal fits the version, or if its digest fits the text that the version has. The seal does not include the
page id, because a move to another wiki changes it.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice, takewhile
from typing import Self

from bot.errors import PageNotFoundError, StorageFormatError
from bot.storage.known_region import KnownRegion
from bot.storage.meaning import is_same
from bot.storage.regions import Marker, find_region
from bot.sync.drift import LastApplied, ManualEdit, digest_of
from bot.sync.region_memory import RegionMemory
from bot.wiki.gateway import Page, User, Version, WikiGateway

_ENTRY = r"[a-z0-9_-]+=[0-9a-f]{6,64}(?:!|\?[0-9+]*|~[0-9a-f]+)?"
_TAG = re.compile(
    rf"wikibot (?P<regions>{_ENTRY}(?:,{_ENTRY})*)"
    r"(?: r=(?P<revision>[^\s:]+))?(?P<adopted> adopted)?(?: k=(?P<seal>[0-9a-f]{8}))?(?::|$)"
)
_RESTORED = "wikibot restored {}: "
_MESSAGE_LENGTH = 255
_VERSIONS_READ = 20
_MOST_LINES = 120
"""A tag names the lines that were left out among the first so many of a region: a version message is short."""
_MOST_DELETED = 200
"""How many earlier versions may have been deleted: Confluence then gives the later versions lower numbers."""


@dataclass(frozen=True, slots=True)
class TagEntry:
    """One region in a tag."""

    digest: str
    is_repair: bool = False
    open_entries: tuple[int, ...] | None = None
    left_out: tuple[int, ...] = ()

    @property
    def is_partial(self) -> bool:
        """Whether the version is a merge that left entries open."""
        return self.open_entries is not None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse the text after the name of the region and `=`."""
        digest, mark, numbers = text.partition("?")
        if mark:
            return cls(digest, open_entries=tuple(int(each) for each in numbers.split("+") if each))
        digest, mark, bits = text.partition("~")
        if mark:
            return cls(digest, left_out=tuple(number for number in range(_MOST_LINES) if int(bits, 16) >> number & 1))
        return cls(digest.removesuffix("!"), digest.endswith("!"))

    def __str__(self) -> str:
        """Return the entry as it is in the tag, without the name of the region."""
        if self.open_entries is not None:
            return f"{self.digest}?{'+'.join(map(str, self.open_entries))}"
        bits = sum(1 << number for number in set(self.left_out) if number < _MOST_LINES)
        if bits:
            return f"{self.digest}~{bits:x}"
        return f"{self.digest}{'!' if self.is_repair else ''}"


@dataclass(frozen=True, slots=True)
class Tag:
    """The machine-readable part of a version message."""

    regions: Mapping[str, TagEntry]
    revision: str = ""
    is_adoption: bool = False
    seal: str = field(default="", compare=False)

    @property
    def revisions(self) -> list[str]:
        """The revisions of all data files that the version was written from."""
        return self.revision.split("+")

    def message(self, words: str, *, base: Page | None = None) -> str:
        """Return the message of the version that follows *base*, with the seal.

        The message is truncated to the maximum length of a version message in the wiki. Without *base* it has no seal.
        """
        seal = f" k={self._seal(base.version + 1)}" if base is not None else ""
        return f"wikibot {self._text()}{seal}: {words}"[:_MESSAGE_LENGTH].rstrip()

    def is_sealed_for(self, number: int) -> bool:
        """Return whether the seal fits the version *number*, also after earlier versions were deleted."""
        return bool(self.seal) and any(self.seal == self._seal(each) for each in range(number, number + _MOST_DELETED))

    def _text(self) -> str:
        regions = ",".join(f"{name}={entry}" for name, entry in sorted(self.regions.items()))
        revision = f" r={self.revision}" if self.revision else ""
        return regions + revision + (" adopted" if self.is_adoption else "")

    def _seal(self, number: int) -> str:
        return hashlib.sha256(f"{number} {self._text()}".encode()).hexdigest()[:8]


def parse_tag(message: str) -> Tag | None:
    """Parse the tag at the start of a version message; None if there is no tag."""
    match = _TAG.match(message)
    if match is None:
        return None
    entries = (each.split("=") for each in match["regions"].split(","))
    return Tag(
        {name: TagEntry.parse(digest) for name, digest in entries},
        match["revision"] or "",
        match["adopted"] is not None,
        match["seal"] or "",
    )


def restored_message(region: str, words: str) -> str:
    """Return the message of the version that puts the text of people back into a region."""
    return (_RESTORED.format(region) + words)[:_MESSAGE_LENGTH].rstrip()


class PageLedger:
    """The history of one page, read lazily from the newest version back.

    Of an earlier version, only the texts of *markers* are kept: a large page has large versions.
    """

    def __init__(
        self,
        page: Page,
        gateway: WikiGateway,
        markers: Iterable[Marker] = (),
        *,
        memory: RegionMemory | None = None,
    ) -> None:
        self.page, self._gateway, self._markers = page, gateway, tuple(markers)
        self._memory = memory or RegionMemory()
        self._unread: Iterator[Version] | None = None
        self._read: list[Version] = []
        self._gone: set[int] = set()
        self._known: dict[Marker, KnownRegion] = {}

    def find_last_applied(self, marker: Marker) -> LastApplied | None:
        """Return the last applied state of a region; None if the history has no record or the text cannot be read.

        A tag that does not fit its version is passed over: a person wrote it.
        """
        tagged = (each for each in self._iter_tagged(marker.name) if not each[1].regions[marker.name].is_partial)
        return next(self._iter_applied(tagged, marker), None)

    def find_partials(self, marker: Marker) -> tuple[LastApplied, ...]:
        """Return what merges wrote that left entries open since the last applied state, oldest first.

        Of more than 20, the newest 20.
        """
        last = self.find_last_applied(marker)
        if last is None:
            return ()
        newer = takewhile(lambda each: each[0].number > last.version, self._iter_tagged(marker.name))
        partial = (each for each in newer if each[1].regions[marker.name].is_partial)
        return tuple(islice(self._iter_applied(partial, marker), _VERSIONS_READ))[::-1]

    def _iter_applied(self, tagged: Iterable[tuple[Version, Tag]], marker: Marker) -> Iterator[LastApplied]:
        """Yield what the believed versions of *tagged* wrote, as far back as the texts can be read."""
        for version, tag in tagged:
            if self._is_believed(version, tag, marker):
                text = self._find_text(version, marker)
                adopted = tag.revision if tag.is_adoption else None
                entry = tag.regions[marker.name]
                if text is None:
                    return
                yield LastApplied(version.number, text, entry.digest, adopted, entry.open_entries or (), entry.left_out)

    def find_other_writer(self, marker: Marker) -> User | None:
        """Return the account that wrote a region as a bot, if it is not one of the bot's own accounts."""
        for version in self._iter_versions():
            tag = parse_tag(version.message)
            if tag and marker.name in tag.regions and self._is_believed(version, tag, marker):
                return None if self._gateway.is_own_account(version.author) else version.author
        return None

    def _is_believed(self, version: Version, tag: Tag, marker: Marker) -> bool:
        if tag.is_sealed_for(version.number):
            return True
        text = self._find_text(version, marker)
        return text is not None and digest_of(text) == tag.regions[marker.name].digest

    def find_record(self, region: str) -> int | None:
        """Return the newest version whose tag has *region*, with any text; None if there is none."""
        return next((version.number for version, _ in self._iter_tagged(region)), None)

    def newest_number(self) -> int:
        """Return the number of the newest version that the history lists."""
        return next((version.number for version in self._iter_versions()), 0)

    def has_any_record(self) -> bool:
        """Return whether the history has a record that the bot wrote a region of this page."""
        return any(True for _ in self._iter_records())

    def count_repairs(self, region: str, *, since: datetime) -> int:
        """Return the number of repairs of a region since *since*."""
        count = 0
        for version, tag in self._iter_tagged(region):
            if version.when < since:
                break
            count += tag.regions[region].is_repair
        return count

    def is_undone_by_another_bot(self, region: str, digest: str, *, revision: str, since: datetime) -> bool:
        """Return whether this text was written before from this revision, and then overwritten from another revision.

        Only versions since *since* count. If the newest write of the region is from the same revision, the result is
        False: the rendered text of one data file changes over time, for example when news items expire.
        """
        is_newest = True
        for version, tag in self._iter_tagged(region):
            if is_newest and revision in tag.revisions:
                return False
            is_newest = False
            if version.when < since:
                return False
            if tag.regions[region].digest == digest and revision in tag.revisions:
                return True
        return False

    def is_of_other_data(
        self, region: str, written: LastApplied, digest: str, *, revision: str, has_had: Callable[[str], bool]
    ) -> bool:
        """Return whether *written* is from another data file than that of this host, whose revision is *revision*.

        So is a write from a revision that the file of this host never had. From the same revision, it is one that
        replaced the text with *digest*: the programs or templates differ. News that expire never come back.
        """
        tags = {version.number: tag for version, tag in self._iter_tagged(region)}
        newest = tags.get(written.version)
        if newest is None:
            return False
        if revision not in newest.revisions:
            return not any(map(has_had, newest.revisions))
        return any(
            number < written.version and revision in tag.revisions and tag.regions[region].digest == digest
            for number, tag in tags.items()
        )

    def find_edits(self, marker: Marker, last_applied: LastApplied) -> tuple[ManualEdit, ...]:
        """Return the versions that changed a region since the last write by the bot, oldest first.

        Reads at most 20 bodies. If there are more versions, returns the newest 20 with `is_certain` False, without
        reading a body.
        """
        later = list(self._iter_versions(back_to=last_applied.version))
        own = {each.number for each in later if self._is_own_merge(each, marker)}
        later = sorted((each for each in later if each.number <= self.page.version), key=lambda each: each.number)
        if len(later) > _VERSIONS_READ:
            return tuple(_edit(each, is_certain=False) for each in later[-_VERSIONS_READ:])
        edits = []
        before: str | None = last_applied.text
        for version in later:
            after = self._find_text(version, marker)
            if version.number not in own and _differ(before, after, self.page.ref.space_key):
                edits.append(_edit(version))
            before = after
        return tuple(edits)

    def find_restored(self, region: str, *, since: int) -> Version | None:
        """Return the newest version after *since* in which the bot put the text of people back into a region."""
        start = _RESTORED.format(region).rstrip()
        versions = self._iter_versions(back_to=since)
        return next(
            (v for v in versions if v.message.startswith(start) and self._gateway.is_own_account(v.author)), None
        )

    def _is_own_merge(self, version: Version, marker: Marker) -> bool:
        """Return whether the bot wrote *version* as a merge that left entries of the region open."""
        tag = parse_tag(version.message)
        is_partial = tag is not None and marker.name in tag.regions and tag.regions[marker.name].is_partial
        return is_partial and self._gateway.is_own_account(version.author)

    def _iter_tagged(self, region: str) -> Iterator[tuple[Version, Tag]]:
        """Yield the bot's versions whose tag has *region*, newest first."""
        return ((version, tag) for version, tag in self._iter_records() if region in tag.regions)

    def _iter_records(self) -> Iterator[tuple[Version, Tag]]:
        """Yield the versions with a tag that an account of the bot wrote, newest first."""
        for version in self._iter_versions():
            tag = parse_tag(version.message)
            if tag is not None and self._gateway.is_own_account(version.author):
                yield version, tag

    def _iter_versions(self, *, back_to: int = 0) -> Iterator[Version]:
        """Yield versions newer than *back_to*, newest first; fetches further versions only when needed."""
        position = 0
        if self._unread is None:
            self._unread = iter(self._gateway.fetch_versions(self.page.id))
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

    def find_body(self, number: int) -> str | None:
        """Return the body of a version; None if the version is gone."""
        if number == self.page.version:
            return self.page.body
        if number in self._gone:
            return None
        try:
            return self._gateway.fetch_page(self.page.id, version=number).body
        except PageNotFoundError:
            self._gone.add(number)
            return None

    def save(self) -> None:
        """Save what was read of earlier versions for the next run."""
        self._memory.save()

    def _find_text(self, version: Version, marker: Marker) -> str | None:
        """Return the text of a region in a version; None if the version is gone or has no readable region."""
        if version.number == self.page.version:
            return _text_in(self.page.body, marker)
        if not self._memory.has(version, marker):
            body = self.find_body(version.number)
            if body is None or version.number > self.page.version:
                return body and _text_in(body, marker)
            for each in {marker, *self._markers}:
                self._memory.remember(version, each, self._read_text(body, each))
        return self._memory.recall(version, marker)

    def _read_text(self, body: str, marker: Marker) -> str | None:
        known = self._known.get(marker)
        if known is None:
            known = self._known[marker] = KnownRegion(self.page.body, marker)
        text = known.text_in(body)
        return _text_in(body, marker) if text is None else text


def _text_in(body: str, marker: Marker) -> str | None:
    """Return the text of a region; None if *body* has no readable region."""
    try:
        region = find_region(body, marker)
    except StorageFormatError:
        return None
    return None if region is None else region.text(body)


def _differ(before: str | None, after: str | None, space_key: str) -> bool:
    if before is None or after is None:
        return before is not after
    return not is_same(before, after, space_key=space_key)


def _edit(version: Version, *, is_certain: bool = True) -> ManualEdit:
    return ManualEdit(version.number, version.when, version.author.display_name, version.message, is_certain)
