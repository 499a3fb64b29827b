"""Find what a text can link to: the pages of the space, and the files of the home page."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from bot.errors import PageNotFoundError
from bot.operations.content_advice import Advice, Topic, Weight, field_of
from bot.operations.workspace import Workspace
from bot.storage.addresses import PageAddress, may_be_id, parse_page_address, stated_title
from bot.suggestion import similar_words
from bot.sync.data_links import DataLink, LinkKind
from bot.wiki.gateway import Attachment, PageRef, PageSelection, PageStatus, WikiGateway

MAX_FOUND = 12
_ADDRESS = re.compile(r"https?://\S+", re.IGNORECASE)
_LINKED_ADDRESS = re.compile(r"(?<=\]\()(https?://[^\s()<>]+)(?=\))")
_NOT_IN_WORDS = re.compile(r"([\\`*_\[\]<])")
_NOT_IN_TARGET = re.compile(r"([\\()])")


class TargetKind(StrEnum):
    """The kinds of targets."""

    PAGE = "page"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class LinkableTarget:
    """A page or a file; *reference* is what a text writes, *place* the titles of the pages above it."""

    kind: TargetKind
    title: str
    reference: str
    place: str = ""
    is_archived: bool = False
    page_id: str = ""

    @property
    def markdown(self) -> str:
        """A link to the target, with its title as text."""
        words = _NOT_IN_WORDS.sub(r"\\\1", self.title)
        target = _NOT_IN_TARGET.sub(r"\\\1", self.reference)
        return f"[{words}]({target})"


@dataclass(frozen=True, slots=True)
class FoundTargets:
    """The best targets for a query, how many there are in total, and why an address leads nowhere."""

    targets: tuple[LinkableTarget, ...] = ()
    total: int = 0
    problem: str = ""


@dataclass(frozen=True)
class TargetListing:
    """The pages of a space and the files of its home page, as the wiki listed them; searched without a request."""

    space_key: str
    targets: tuple[LinkableTarget, ...]
    _folded: tuple[str, ...] = field(repr=False)
    _by_id: dict[str, LinkableTarget] = field(repr=False)

    @classmethod
    def of(cls, space_key: str, refs: Sequence[PageRef], files: Iterable[Attachment]) -> "TargetListing":
        """Return the listing of *refs* and *files*."""
        by_id = {ref.id: ref for ref in refs}
        pages = {ref.id: _page_target(ref, by_id) for ref in refs}
        found = (*pages.values(), *(_file_target(file) for file in files))
        return cls(space_key, found, tuple(_fold(each.title) for each in found), pages)

    def search(self, query: str, limit: int = MAX_FOUND) -> FoundTargets:
        """Return the targets that have each word of *query* in their title; the start of a title counts most."""
        words = _fold(query).split()
        wanted = " ".join(words)
        hits = [
            (not title.startswith(wanted), not f" {title}".count(f" {words[0]}"), each.is_archived, title, index)
            for index, (title, each) in enumerate(zip(self._folded, self.targets, strict=True))
            if words and all(word in title for word in words)
        ]
        best = sorted(hits)[:limit]
        return FoundTargets(tuple(self.targets[index] for *_, index in best), len(hits))

    def by_id(self, page_id: str) -> LinkableTarget | None:
        """Return the page with that id."""
        return self._by_id.get(page_id)

    def by_title(self, space_key: str | None, title: str | None) -> LinkableTarget | None:
        """Return the page of this space with that title."""
        if space_key != self.space_key:
            return None
        return next((each for each in self._by_id.values() if each.title == title), None)

    def by_reference(self, reference: str) -> LinkableTarget | None:
        """Return the page that a text names: by id, or by title."""
        if may_be_id(reference) and (found := self.by_id(reference)) is not None:
            return found
        return self.by_title(self.space_key, stated_title(reference))

    def by_file(self, name: str) -> LinkableTarget | None:
        """Return the file of the home page with that name."""
        return next((each for each in self.targets if each.kind is TargetKind.FILE and each.title == name), None)

    def nearest(self, title: str, limit: int = 3) -> list[LinkableTarget]:
        """Return the current pages whose titles are most similar to *title*."""
        current = {each.title: each for each in self._by_id.values() if not each.is_archived}
        return [current[found] for found in similar_words(title, current, limit=limit)]


def read_targets(gateway: WikiGateway, workspace: Workspace) -> TargetListing:
    """List the current and archived pages of the space, and the files of the home page."""
    home = workspace.load_data_file().data.workspace
    everything = PageSelection(statuses=(PageStatus.CURRENT, PageStatus.ARCHIVED))
    refs = list(gateway.iter_refs(home.space, everything))
    finder = workspace.page_finder(gateway, workspace.load_data_file().data)
    return TargetListing.of(home.space, refs, gateway.fetch_attachments(finder.get_id(home.home)))


def find_targets(gateway: WikiGateway, listing: TargetListing, query: str, limit: int = MAX_FOUND) -> FoundTargets:
    """Return the targets for what a person typed or pasted: words of a title, or an address of this wiki.

    Only an address of a page that is not in *listing* needs a request.
    """
    query = query.strip()
    if not _ADDRESS.fullmatch(query):
        return listing.search(query, limit)
    address = parse_page_address(query, *gateway.addresses)
    if address is None:
        return FoundTargets(problem="this is not an address of a page of this wiki; it becomes an ordinary web link")
    found = _resolve(gateway, listing, address)
    if found is None:
        return FoundTargets(problem="there is no page at this address, or the bot's account may not see it")
    return FoundTargets((found,), 1)


def judge_links(listing: TargetListing, links: Iterable[DataLink]) -> list[Advice]:
    """Return advice about links to pages and files that *listing* does not have, or has as archived; no request.

    An id that is not in *listing* may be that of a page of another space.
    """
    advice = []
    for link in {(link.kind, link.target): link for link in links}.values():
        if link.kind is LinkKind.PAGE:
            known = listing.by_reference(link.target)
            if known is not None and known.is_archived:
                message = f"page {known.title!r} is archived; readers may not find it"
                advice.append(Advice(field_of(link), message, topic=Topic.ARCHIVED, about=link.target))
            if known is None and not may_be_id(link.target):
                advice.append(_missing_page(listing, link))
        elif link.kind is LinkKind.ATTACHMENT and listing.by_file(link.target) is None:
            advice.append(_missing_file(listing, link))
    return advice


def _missing_page(listing: TargetListing, link: DataLink) -> Advice:
    title = stated_title(link.target)
    nearest = tuple(each.title for each in listing.nearest(title))
    hint = f"; did you mean {nearest[0]!r}?" if nearest else ""
    message = f"there is no page {title!r} in space {listing.space_key}{hint}"
    return Advice(field_of(link), message, Weight.ERROR, Topic.MISSING, link.target, nearest)


def _missing_file(listing: TargetListing, link: DataLink) -> Advice:
    names = [each.title for each in listing.targets if each.kind is TargetKind.FILE]
    nearest = tuple(similar_words(link.target, names))
    message = f"the home page has no file {link.target!r}; upload it there first, or correct the name"
    return Advice(field_of(link), message, Weight.ERROR, Topic.MISSING, link.target, nearest)


def shorten_addresses(markdown: str, gateway: WikiGateway, listing: TargetListing) -> str:
    """Return *markdown* with each address of a page of this wiki as `page:ID`; these links survive a renaming."""

    def shorten(match: re.Match[str]) -> str:
        address = parse_page_address(match[1], *gateway.addresses)
        found = _resolve(gateway, listing, address) if address and address.is_whole_page else None
        return found.reference if found is not None else match[1]

    return _LINKED_ADDRESS.sub(shorten, markdown)


def _resolve(gateway: WikiGateway, listing: TargetListing, address: PageAddress) -> LinkableTarget | None:
    """Return the target of an address; a page is named by its id."""
    if address.file:
        return next((each for each in listing.targets if each.reference == f"attachment:{address.file}"), None)
    found = listing.by_id(address.page_id) if address.page_id else listing.by_title(address.space_key, address.title)
    if found is None:
        ref = _look_up(gateway, address)
        found = _page_target(ref, {}) if ref is not None else None
    return None if found is None else replace(found, reference=f"page:{found.page_id}")


def _look_up(gateway: WikiGateway, address: PageAddress) -> PageRef | None:
    if address.page_id:
        return _fetch_ref(gateway, address.page_id)
    return _find_ref(gateway, address.space_key or "", address.title or "")


def _fetch_ref(gateway: WikiGateway, page_id: str) -> PageRef | None:
    page = gateway.fetch_pages([page_id]).get(page_id)
    return page.ref if page is not None and page.ref.status is not PageStatus.TRASHED else None


def _find_ref(gateway: WikiGateway, space_key: str, title: str) -> PageRef | None:
    try:
        return gateway.find_page(space_key, title)
    except PageNotFoundError:  # no such space
        return None


def _page_target(ref: PageRef, by_id: dict[str, PageRef]) -> LinkableTarget:
    title = f"title:{ref.title}" if may_be_id(ref.title) else ref.title
    return LinkableTarget(
        TargetKind.PAGE, ref.title, f"page:{title}", _place(ref, by_id), ref.status is PageStatus.ARCHIVED, ref.id
    )


def _place(ref: PageRef, by_id: dict[str, PageRef]) -> str:
    titles: list[str] = []
    seen = {ref.id}
    parent = by_id.get(ref.parent_id or "")
    while parent is not None and parent.id not in seen:
        seen.add(parent.id)
        titles.insert(0, parent.title)
        parent = by_id.get(parent.parent_id or "")
    return " › ".join(titles)


def _file_target(file: Attachment) -> LinkableTarget:
    return LinkableTarget(TargetKind.FILE, file.name, f"attachment:{file.name}")


def _fold(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
