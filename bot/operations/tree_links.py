"""Find links between pages of the wiki: links to pages that are gone, archived or restricted, and links to one page."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from bot.errors import PageNotFoundError
from bot.operations.view import select_all
from bot.operations.workspace import Workspace
from bot.snapshot.capture.selection import Selection
from bot.storage.addresses import PageAddress
from bot.storage.page_links import PageLink, iter_page_links
from bot.storage.reader import read_leniently
from bot.wiki.gateway import PageRef, PageStatus, WikiGateway
from bot.wiki.page_lookup import POSSIBLE_REASONS, explain_missing

_MAX_DEPTH = 200


@dataclass(frozen=True, slots=True)
class LinkOnPage:
    """A link on an active page; *problem* is why the link is of no use to readers, empty for a good link."""

    page: PageRef
    words: str
    problem: str = ""
    is_dead: bool = False
    """Whether the target is gone or restricted; an archived page can still be read."""


def find_dead_links(gateway: WikiGateway, workspace: Workspace) -> list[LinkOnPage]:
    """Return the links of all active pages to pages that are gone, archived or restricted.

    Reads the active pages in bulk, and each unknown target once.
    """
    space_key = workspace.load_data_file().data.workspace.space
    targets = _Targets(gateway, select_all(gateway, workspace, space_key))
    links = list(_iter_links(gateway, targets.selection))
    targets.read([link.target.page_id for _, link in links if link.target.page_id])
    return [
        LinkOnPage(page, link.words, *found)
        for page, link in links
        if (found := targets.judge(link.target, page.space_key)) is not None
    ]


def find_links_to(gateway: WikiGateway, workspace: Workspace, reference: str) -> tuple[PageRef, list[LinkOnPage]]:
    """Return the page that *reference* names, and the links of all active pages to it.

    Raises `PageNotFoundError` if there is no such page.
    """
    data = workspace.load_data_file().data
    page_id = workspace.page_finder(gateway, data).get_id(reference)
    target = gateway.fetch_page(page_id).ref
    selection = select_all(gateway, workspace, data.workspace.space)
    links = [
        LinkOnPage(page, link.words)
        for page, link in _iter_links(gateway, selection)
        if page.id != target.id and _leads_to(link.target, target, page.space_key)
    ]
    return target, links


def _iter_links(gateway: WikiGateway, selection: Selection) -> Iterator[tuple[PageRef, PageLink]]:
    for page in gateway.iter_pages(selection.space_key):
        if page.id not in selection.archived:
            body = read_leniently(page.body, max_depth=_MAX_DEPTH)
            yield from ((page.ref, link) for link in iter_page_links(body, *gateway.addresses))


def _leads_to(address: PageAddress, page: PageRef, space_key: str) -> bool:
    if address.page_id:
        return address.page_id == page.id
    return address.title == page.title and (address.space_key or space_key) == page.space_key


@dataclass
class _Targets:
    """Judges the targets of links; each target is looked up once."""

    gateway: WikiGateway
    selection: Selection
    _by_id: dict[str, PageRef] = field(default_factory=dict)
    _by_title: dict[tuple[str, str], PageRef] = field(default_factory=dict)
    _reasons: dict[tuple[str, str], str | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._by_id |= self.selection.listed
        for ref in sorted(self.selection.listed.values(), key=lambda ref: ref.status is PageStatus.CURRENT):
            self._by_title[ref.space_key, ref.title] = ref

    def read(self, page_ids: list[str]) -> None:
        """Read the pages with these ids that are not in the listing, in bulk."""
        unknown = sorted({page_id for page_id in page_ids if page_id not in self._by_id})
        if unknown:
            self._by_id |= {page.id: page.ref for page in self.gateway.fetch_pages(unknown).values()}

    def judge(self, address: PageAddress, space_key: str) -> tuple[str, bool] | None:
        """Return what is wrong with a target and whether it is dead; None for an active page."""
        if address.page_id in self.selection.nodes and address.page_id not in self.selection.listed:
            return None  # a folder or whiteboard
        place = address.space_key or space_key
        ref = self._find(address, place)
        if ref is None:
            return self._explain(address, place), True
        if ref.status is PageStatus.ARCHIVED or ref.id in self.selection.archived:
            return f"page {ref.title!r} is archived; link to another page, or restore it", False
        if ref.status is not PageStatus.CURRENT:
            return f"page {ref.title!r} is {ref.status}; link to another page, or restore it", True
        return None

    def _find(self, address: PageAddress, space_key: str) -> PageRef | None:
        if address.page_id:
            return self._by_id.get(address.page_id)
        key = (space_key, address.title or "")
        if key not in self._by_title and space_key != self.selection.space_key and key not in self._reasons:
            self._reasons[key] = None
            try:
                found = self.gateway.find_page(*key)
            except PageNotFoundError as error:
                self._reasons[key] = str(error)
                return None
            if found is not None:
                self._by_title[key] = found
        return self._by_title.get(key)

    def _explain(self, address: PageAddress, space_key: str) -> str:
        reference = address.page_id or address.title or ""
        key = (space_key, reference)
        if self._reasons.get(key) is None:
            titles = [ref.title for ref in self._by_id.values() if ref.space_key == space_key]
            reason = explain_missing(self.gateway, space_key, reference, remembered=None, titles=titles)
            self._reasons[key] = f"page {reference!r} was not found in space {space_key}; {reason or POSSIBLE_REASONS}"
        return self._reasons[key] or ""
