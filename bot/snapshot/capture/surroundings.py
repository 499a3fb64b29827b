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
from bot.wiki.gateway import Container, Page, PageRef, TreeItem, WikiGateway
from bot.wiki.page_tree import build_tree, group_children

_ADDRESSES = ("href", "ac:href", "src", "ri:value")
_INCLUDES = ("include", "excerpt-include")
_MAX_DEPTH = 200
_NEVER = datetime.min.replace(tzinfo=UTC)
_INCLUDED_LEVELS = 3
"""Pages that included pages include are read too, as deep as the converter shows them."""


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

    def around(self, body: str, page_id: str, above: Sequence[str] = ()) -> Surroundings:
        """Return what *body* of page *page_id* and the bodies of its comments refer to, and the pages *above* it."""
        folder = posixpath.dirname(self.places[page_id])
        own = read_leniently(body, max_depth=_MAX_DEPTH)
        macros = {macro_name(element) for element in own.elements()}
        included, withheld = self._included(own, page_id, folder)
        views = self._views(own, page_id)
        shown = [read_leniently(view.html, max_depth=_MAX_DEPTH) for view in views.values()]
        texts = {"": own, **{page.title: read_leniently(page.body, max_depth=_MAX_DEPTH) for page in included.values()}}
        listings = [
            self._listings.of(each, page_id, lambda ref: self._link(ref, folder))
            for each in (body, *(page.body for page in included.values()))
        ]
        users = {
            each.attributes.get(key, "")
            for text in texts.values()
            for each in text.elements("ri:user")
            for key in USER_KEYS
        }
        return Surroundings(
            pages=dict(ChainMap(*(self._linked_pages(text, folder) for text in (*texts.values(), *shown))))
            | self._captured(above, folder),
            files=self._files(texts, page_id, folder),
            users={user: name for user in sorted(users - {""}) if (name := self._name_of(user))},
            children=self._children_of(page_id, folder) if "children" in macros else None,
            page_tree=self._tree_for(folder) if "pagetree" in macros else None,
            included=included,
            withheld=withheld,
            views=views,
            other_addresses=tuple(dict.fromkeys(chain.from_iterable(map(self._other_addresses, texts.values())))),
            listings=dict(ChainMap(*listings)),
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

    def _files(self, texts: Mapping[str, Document], page_id: str, folder: str) -> dict[str, str]:
        """Return the captured files of other pages that the texts name; the key of an included text is its title."""
        found: dict[str, str] = {}
        for owner, text in texts.items():
            for element in text.elements("ri:attachment"):
                name = element.attributes.get("ri:filename", "")
                page = element.find_child("ri:page", "ri:blog-post", "ri:content-entity")
                attributes = page.attributes if page is not None else {}
                title = attributes.get("ri:content-title") or owner
                key = attributes.get("ri:space-key") or self.space_key
                if named := attributes.get("ri:content-id"):
                    path = self.files_of(named).get(name) if named in self.places and self._shows(named) else None
                    if path is not None:
                        found[f":{named}/{name}"] = posixpath.relpath(path, folder)
                    continue
                path = self._file_of(title, key, name, page_id) if title and name else None
                if path is not None:
                    start = "" if key == self.space_key else f"{key}:"
                    found[f"{start}{title}/{name}"] = posixpath.relpath(path, folder)
        return found

    def _file_of(self, title: str, space_key: str, name: str, page_id: str) -> str | None:
        """Return the path of a captured file of the page with a title, relative to the snapshots folder."""
        for owner in self.find_titled(title):
            if owner != page_id and self.space_of(owner) == space_key and self._shows(owner):
                return self.files_of(owner).get(name)
        return None

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


def _iter_addresses(body: Document, wiki: tuple[str, ...]) -> Iterator[PageAddress]:
    """Yield the pages that a body refers to, in resources and in addresses."""
    for element in body.elements():
        attributes = element.attributes
        if attributes.get("ri:content-title") or attributes.get("ri:content-id"):
            yield PageAddress(attributes.get("ri:content-id"), title=attributes.get("ri:content-title"))
        for name in _ADDRESSES:
            if (url := attributes.get(name)) and (address := parse_page_address(url, *wiki)):
                yield address
