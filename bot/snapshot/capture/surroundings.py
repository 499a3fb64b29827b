"""Resolve what a body refers to: captured pages it links to, people it mentions, pages it lists or includes."""

import posixpath
from collections import ChainMap, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from itertools import chain
from typing import Literal
from urllib.parse import urljoin

from bot.convert import find_fragments, find_live_macros
from bot.errors import WikiError
from bot.snapshot.archive.bag import sha256
from bot.snapshot.archive.record import RecordedInclude, RecordedLink, RecordedView, Surroundings
from bot.snapshot.capture.agreement import agreed
from bot.snapshot.capture.listings import Listings
from bot.storage.addresses import PageAddress, name_digest, parse_page_address
from bot.storage.macros import macro_name
from bot.storage.reader import Document, read_leniently
from bot.storage.visible_text import USER_KEYS
from bot.wiki.gateway import Attachment, Container, Page, PageRef, TreeItem, WikiGateway
from bot.wiki.page_tree import build_tree, group_children

_ADDRESSES = ("href", "ac:href", "src", "ri:value")
_MOST_FILES = 500
"""Files of pages that are not captured that are captured with one page; further ones stay links to the wiki."""
_INCLUDES = ("include", "excerpt-include")
_MAX_DEPTH = 200
_NEVER = datetime.min.replace(tzinfo=UTC)
_INCLUDED_LEVELS = 3
"""Pages that included pages include are read too, as deep as the converter shows them."""


Borrow = Callable[[str, Attachment], str | None]
"""Captures a file of the page with an id; returns its path in the bag. Raises `WikiError`."""


@dataclass
class Neighbourhood:
    """The pages of one space and the paths of their captures; caches the people that were looked up."""

    gateway: WikiGateway
    space_key: str
    listed: Mapping[str, PageRef]
    containers: Sequence[Container]
    places: Mapping[str, str]
    """Page id → path of its rendition, relative to the snapshots folder, for every captured page."""
    find_titled: Callable[[str], Sequence[str]]
    """Returns the ids of the captured pages with a title in any space; `space_of` returns the space of a page."""
    space_of: Callable[[str], str]
    on_failure: Callable[[str, str], None]
    """Is called with a page id and what could not be read for it."""
    shows: Callable[[str], bool] = lambda _page_id: True
    """Returns whether the readers of the snapshots may see title and text of a page."""
    is_redacted: Callable[[str], bool] = lambda _page_id: False
    """Returns whether a page was redacted: its title and text are not captured again."""
    now: datetime = _NEVER
    """Time of the run."""
    files_of: Callable[[str], Mapping[str, str]] = lambda _page_id: {}
    """Returns the captured files of a page by name: paths relative to the snapshots folder."""
    find_uncaptured: Callable[[str, str], Attachment | None] = lambda _page_id, _name: None
    """Returns a file of a page that is not captured, by id and name; raises `WikiError`."""
    is_for_everyone: bool = False
    """Whether the readers of the snapshots may see all that the account sees, in other spaces too."""
    _elsewhere: dict[tuple[str, str], str | None] = field(default_factory=dict)
    _users: dict[str, str] = field(default_factory=dict)
    _trees: dict[str, tuple[RecordedLink, ...]] = field(default_factory=dict)
    """Folder of a rendition → the page tree with links relative to it."""

    def __post_init__(self) -> None:
        """Prepare the lists of labelled pages, which send requests only when a page shows such a list."""
        self._listings = Listings(
            self.gateway,
            self.space_key,
            self.listed,
            lambda user: self._name_of(user) or user,
            self.on_failure,
            self._shows,
        )

    def around(
        self, body: str, page_id: str, above: Sequence[str] = (), borrow: Borrow = lambda _owner_id, _file: None
    ) -> Surroundings:
        """Return what *body* of page *page_id* and the bodies of its comments refer to, and the pages *above* it.

        *borrow* captures a file of a page that is not captured.
        """
        folder = posixpath.dirname(self.places[page_id])
        own = read_leniently(body, max_depth=_MAX_DEPTH)
        macros = {macro_name(element) for element in own.elements()}
        included, withheld = self._included(own, page_id, folder)
        views = self._views(own, page_id)
        shown = [read_leniently(view.html, max_depth=_MAX_DEPTH) for view in views.values()]
        listings = dict(
            ChainMap(
                *(
                    self._listings.of(each, page_id, lambda ref: self._link(ref, folder))
                    for each in (body, *(page.body for page in included.values()))
                )
            )
        )
        values = (
            (row.page.title, text) for each in listings.values() for row in each.rows for text in row.bodies.values()
        )
        foreign = [*((page.title, page.body) for page in included.values()), *values]
        texts = [("", own), *((title, read_leniently(text, max_depth=_MAX_DEPTH)) for title, text in foreign)]
        users = {
            each.attributes.get(key, "") for _, text in texts for each in text.elements("ri:user") for key in USER_KEYS
        }
        files, unread = self._files([*texts, *(("", text) for text in shown)], page_id, folder, borrow)
        return Surroundings(
            pages=dict(ChainMap(*(self._linked_pages(text, folder) for text in (*(text for _, text in texts), *shown))))
            | self._captured(above, folder),
            files=files,
            unread_files=unread,
            users={user: name for user in sorted(users - {""}) if (name := self._name_of(user))},
            children=self._children_of(page_id, folder) if "children" in macros else None,
            page_tree=self._tree_for(folder) if "pagetree" in macros else None,
            included=included,
            withheld=withheld,
            views=views,
            other_addresses=tuple(dict.fromkeys(chain.from_iterable(self._other_addresses(text) for _, text in texts))),
            listings=listings,
        )

    def _views(self, body: Document, page_id: str) -> dict[str, RecordedView]:
        """Return what the wiki shows for the live macros of a page; one request, and only if it has any.

        The account may see more than the readers of the snapshots: an entry is kept only if each page that it links to
        is in this space and is shown to them.
        """
        # An unknown macro could show the text of a hidden page without its title.
        macros = find_live_macros(body, with_unknown=not self._hidden_titles)
        if not macros:
            return {}
        try:
            view = self.gateway.fetch_view(page_id)
        except WikiError as error:
            self.on_failure(page_id, f"what the wiki shows for its live macros could not be read: {error}")
            return {}
        digest = sha256(view.encode("utf-8", "surrogatepass"))
        found = find_fragments(view, macros, self._may_link_to, self._hidden_titles)
        return {asked: RecordedView(html=html, view_sha256=digest, when=self.now) for asked, html in found.items()}

    @cached_property
    def _hidden_titles(self) -> tuple[str, ...]:
        return tuple(ref.title for ref in self.listed.values() if not self._shows(ref.id))

    def _may_link_to(self, address: str) -> bool:
        """Return whether an address leads out of the wiki, or to a page that the readers may see."""
        page = parse_page_address(urljoin(f"{self.gateway.base_url}/", address), *self.gateway.addresses)
        if page is None:
            return True
        if page.page_id:
            return page.page_id in self.listed and self._shows(page.page_id)
        refs = self._titled.get(page.title or "", ()) if page.space_key in (None, "", self.space_key) else ()
        return bool(refs) and all(self._shows(ref.id) for ref in refs)

    def _files(
        self, texts: Sequence[tuple[str, Document]], page_id: str, folder: str, borrow: Borrow
    ) -> tuple[dict[str, str], tuple[str, ...]]:
        """Return the files of other pages that the texts name, and those that could not be read.

        The key of an included text is the title of its page. Files of pages that are not captured are captured with
        this page.
        """
        found: dict[str, str] = {}
        unread: list[str] = []
        here = posixpath.dirname(self.places[page_id]).partition("/")[0]
        borrowed = 0
        for named in dict.fromkeys(chain.from_iterable(self._named_files(text, owner) for owner, text in texts)):
            owner_id = self._owner_of(named)
            if owner_id is None or owner_id == page_id or not self._shows(owner_id):
                continue
            key = _file_key(named, self.space_key)
            try:
                path = self.files_of(owner_id).get(named.file) if owner_id in self.places else None
                if owner_id not in self.places and borrowed < _MOST_FILES:
                    file = self.find_uncaptured(owner_id, named.file)
                    inside = borrow(owner_id, file) if file else None
                    path = f"{here}/{inside}" if inside else None
                    borrowed += 1
            except WikiError:
                unread.append(key)
                continue
            if path is not None:
                found[key] = posixpath.relpath(path, folder)
        return found, tuple(sorted(unread))

    def _named_files(self, text: Document, owner: str) -> Iterator[PageAddress]:
        """Yield the files that a text names, with the pages to which they are attached."""
        for element in text.elements():
            if element.name == "ri:attachment":
                page = element.find_child("ri:page", "ri:blog-post", "ri:content-entity")
                attributes = page.attributes if page is not None else {}
                name, by_id = element.attributes.get("ri:filename", ""), attributes.get("ri:content-id")
                title = attributes.get("ri:content-title") or ("" if by_id else owner)
                key = attributes.get("ri:space-key") or self.space_key
                if name and (title or by_id):
                    yield PageAddress(by_id, key, title, file=name)
                continue
            for attribute in _ADDRESSES:
                url = element.attributes.get(attribute)
                address = parse_page_address(url, *self.gateway.addresses) if url else None
                if address is not None and address.file:
                    yield PageAddress(address.page_id, address.space_key, address.title, file=address.file)

    def _owner_of(self, named: PageAddress) -> str | None:
        """Return the id of the page to which a file is attached; None if it is not known, or is not for the readers."""
        key = named.space_key or self.space_key
        if named.page_id:
            is_known = named.page_id in self.listed or named.page_id in self.places or self.is_for_everyone
            return named.page_id if is_known else None
        title = named.title or ""
        captured = (owner for owner in self.find_titled(title) if self.space_of(owner) == key)
        listed = (ref.id for ref in self._titled.get(title, ())) if key == self.space_key else iter(())
        return next(chain(captured, listed), None) or self._find_elsewhere(key, title)

    def _find_elsewhere(self, space_key: str, title: str) -> str | None:
        """Return a page of another space; one request for each."""
        if not self.is_for_everyone or space_key == self.space_key:
            return None
        if (space_key, title) not in self._elsewhere:
            found = self.gateway.find_page(space_key, title)
            self._elsewhere[space_key, title] = found.id if found else None
        return self._elsewhere[space_key, title]

    def _linked_pages(self, body: Document, folder: str) -> dict[str, str]:
        addresses = list(_iter_addresses(body, self.gateway.addresses))
        titles = {address.title for address in addresses if address.title}
        ids = {address.page_id for address in addresses if address.page_id in self.places}
        linked = {page_id: self._relative(page_id, folder) for page_id in ids if page_id}
        for title in titles:
            for page_id in (each for each in self.find_titled(title) if not self.is_redacted(each)):
                linked[f"{self.space_of(page_id)}:{title}"] = self._relative(page_id, folder)
        return linked

    def _captured(self, page_ids: Sequence[str], folder: str) -> dict[str, str]:
        """Return the paths of those of the pages that are captured and may be seen."""
        shown = (page_id for page_id in page_ids if page_id in self.places and self._shows(page_id))
        return {page_id: self._relative(page_id, folder) for page_id in shown}

    def _other_addresses(self, body: Document) -> tuple[str, ...]:
        """Return the addresses of the wiki, besides the public one, at which a link of the body finds a page."""
        public, *others = self.gateway.addresses
        urls = [url for element in body.elements() for name in _ADDRESSES if (url := element.attributes.get(name))]
        strange = [url for url in urls if parse_page_address(url, public) is None]
        return tuple(other for other in others if any(parse_page_address(url, other) for url in strange))

    def _name_of(self, user_id: str) -> str | None:
        if user_id not in self._users:
            try:
                self._users[user_id] = self.gateway.fetch_user(user_id).display_name
            except WikiError:
                self._users[user_id] = ""  # the converter shows the id and records the loss
        return self._users[user_id] or None

    def _children_of(self, page_id: str, folder: str) -> tuple[RecordedLink, ...]:
        return tuple(self._link(ref, folder) for ref in self._children.get(page_id, ()) if self._shows(ref.id))

    @cached_property
    def _children(self) -> dict[str | None, list[TreeItem]]:
        return group_children(self.listed.values())

    @cached_property
    def _titled(self) -> dict[str, list[PageRef]]:
        titled: dict[str, list[PageRef]] = defaultdict(list)
        for ref in self.listed.values():
            titled[ref.title].append(ref)
        return titled

    def _tree_for(self, folder: str) -> tuple[RecordedLink, ...]:
        if folder not in self._trees:
            self._trees[folder] = self._tree(folder)
        return self._trees[folder]

    def _tree(self, folder: str) -> tuple[RecordedLink, ...]:
        """Return the whole space as nested links."""
        levels: list[list[RecordedLink]] = [[]]
        nodes: list[TreeItem] = [*self.listed.values(), *self.containers]
        for node in reversed(build_tree(node for node in nodes if self._shows(node.id)).nodes):
            while len(levels) <= node.depth + 1:
                levels.append([])
            link = self._link(node.ref, folder, tuple(reversed(levels[node.depth + 1])))
            levels[node.depth + 1] = []
            levels[node.depth].append(link)
        return tuple(reversed(levels[0]))

    def _included(
        self, body: Document, page_id: str, folder: str
    ) -> tuple[dict[str, RecordedInclude], dict[str, Literal["restricted", "redacted"]]]:
        """Return the pages that a page includes, at all levels, and why others are left out, by digest of the name."""
        included: dict[str, RecordedInclude] = {}
        withheld: dict[str, Literal["restricted", "redacted"]] = {}
        texts, asked = [body], set[str]()
        for _level in range(_INCLUDED_LEVELS):
            found = (each for text in texts for each in self._named_in_includes(text))
            named = {name: ref for name, ref in found if name not in asked}
            asked |= named.keys()
            withheld |= {
                name_digest(*name.split(":", 1)): "redacted" if self.is_redacted(ref.id) else "restricted"
                for name, ref in named.items()
                if not self._shows(ref.id)
            }
            pages = self._read_included(sorted({ref.id for ref in named.values() if self._shows(ref.id)}), page_id)
            for page in pages:
                recorded = RecordedInclude(
                    title=page.title, body=page.body, version=page.version, target=self._link(page.ref, folder).target
                )
                included[f"{self.space_key}:{page.title}"] = recorded
                if f":{page.id}" in named:
                    included[f":{page.id}"] = recorded
            texts = [read_leniently(page.body, max_depth=_MAX_DEPTH) for page in pages]
        return included, withheld

    def _named_in_includes(self, text: Document) -> Iterator[tuple[str, PageRef]]:
        """Yield the name of each page in a macro that includes it, `KEY:Title` or `:ID`, and the page."""
        macros = (element for element in text.elements() if macro_name(element) in _INCLUDES)
        for page in (page for macro in macros for page in macro.elements("ri:page")):
            if page_id := page.attributes.get("ri:content-id"):
                yield from ((f":{page_id}", ref) for ref in (self.listed.get(page_id),) if ref)
            else:
                title = page.attributes.get("ri:content-title", "")
                yield from ((f"{self.space_key}:{title}", ref) for ref in self._titled.get(title, ()))

    def _read_included(self, wanted: Sequence[str], page_id: str) -> Sequence[Page]:
        try:
            return [*agreed(lambda: self.gateway.fetch_pages(wanted)).values()] if wanted else []
        except WikiError as error:
            self.on_failure(page_id, f"a page that it includes could not be read: {error}")
            return []  # the converter reports that the page is not included

    def _shows(self, page_id: str) -> bool:
        return not self.is_redacted(page_id) and self.shows(page_id)

    def _link(self, ref: TreeItem, folder: str, children: tuple[RecordedLink, ...] = ()) -> RecordedLink:
        target = self._relative(ref.id, folder) if ref.id in self.places else ref.url
        return RecordedLink(title=ref.title, target=target, children=children)

    def _relative(self, page_id: str, folder: str) -> str:
        return posixpath.relpath(self.places[page_id], folder)


def _file_key(named: PageAddress, space_key: str) -> str:
    """Return the key by which the converter looks for a file of another page."""
    if named.page_id:
        return f":{named.page_id}/{named.file}"
    start = "" if named.space_key in (None, "", space_key) else f"{named.space_key}:"
    return f"{start}{named.title}/{named.file}"


def _iter_addresses(body: Document, wiki: tuple[str, ...]) -> Iterator[PageAddress]:
    """Yield the pages that a body refers to, in resources and in addresses."""
    for element in body.elements():
        attributes = element.attributes
        if attributes.get("ri:content-title") or attributes.get("ri:content-id"):
            yield PageAddress(attributes.get("ri:content-id"), title=attributes.get("ri:content-title"))
        for name in _ADDRESSES:
            if (url := attributes.get(name)) and (address := parse_page_address(url, *wiki)):
                yield address
