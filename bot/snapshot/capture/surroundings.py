"""What a body refers to: the captured pages it links to, people it mentions, pages it lists or includes."""

import posixpath
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import unescape
from urllib.parse import unquote_plus

from bot.convert import IncludedPage, PageLink
from bot.errors import WikiError
from bot.snapshot.archive.record import Surroundings
from bot.snapshot.capture.listings import Listings
from bot.wiki.gateway import PageRef, WikiGateway
from bot.wiki.page_tree import build_tree

_TITLE = re.compile(r'ri:content-title="([^"]*)"')
_DISPLAY = re.compile(r"/display/[^/\"?#]+/([^/\"?#]+)")
_PAGE_ID = re.compile(r"(?:pageId=|/pages/|ri:content-id=\")(\d+)")
_USER = re.compile(r'ri:(?:account-id|userkey|username)="([^"]+)"')
_INCLUDE = re.compile(r'ac:name="(?:include|excerpt-include)"(.*?)</ac:structured-macro>', re.DOTALL)


@dataclass
class Neighbourhood:
    """The pages of one space and where their captures lie; remembers the people it was asked about."""

    gateway: WikiGateway
    space_key: str
    listed: Mapping[str, PageRef]
    places: Mapping[str, str]
    """Page id → path of its rendition, relative to the root of the snapshots; of every captured page."""
    titles: Mapping[str, list[str]]
    """Title → ids of captured pages in any space, with `space_of` telling which."""
    space_of: Mapping[str, str]
    _users: dict[str, str] = field(default_factory=dict)
    _children: dict[str | None, list[PageRef]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Make the lists of labelled pages, which ask the wiki only when a page shows one."""
        self._listings = Listings(self.gateway, self.space_key, self.listed, lambda user: self._name_of(user) or user)

    def around(self, body: str, page_id: str) -> Surroundings:
        """Return what *body*, of page *page_id* and with those of its comments, refers to."""
        folder = posixpath.dirname(self.places[page_id])
        return Surroundings(
            pages=self._linked_pages(body, folder),
            users={user: name for user in sorted(_find(_USER, body)) if (name := self._name_of(user))},
            children=self._children_of(page_id, folder) if 'ac:name="children"' in body else None,
            page_tree=self._tree(folder) if 'ac:name="pagetree"' in body else None,
            included=self._included(body, folder),
            listings=self._listings.of(body, page_id, lambda ref: self._link(ref, folder)),
        )

    def _linked_pages(self, body: str, folder: str) -> dict[str, str]:
        titles = _find(_TITLE, body) | {unquote_plus(title) for title in _find(_DISPLAY, body)}
        ids = {page_id for page_id in _find(_PAGE_ID, body) if page_id in self.places}
        linked = {page_id: self._relative(page_id, folder) for page_id in ids}
        for title in titles:
            for page_id in self.titles.get(title, ()):
                linked[f"{self.space_of[page_id]}:{title}"] = self._relative(page_id, folder)
        return linked

    def _name_of(self, user_id: str) -> str | None:
        if user_id not in self._users:
            try:
                self._users[user_id] = self.gateway.fetch_user(user_id).display_name
            except WikiError:
                self._users[user_id] = ""  # the converter shows the id and notes the loss
        return self._users[user_id] or None

    def _children_of(self, page_id: str, folder: str) -> tuple[PageLink, ...]:
        if not self._children:
            self._children = defaultdict(list)
            for node in build_tree(self.listed.values()):
                self._children[node.ref.parent_id].append(node.ref)
        return tuple(self._link(ref, folder) for ref in self._children.get(page_id, ()))

    def _tree(self, folder: str) -> tuple[PageLink, ...]:
        """Return the whole space as nested links."""
        levels: list[list[PageLink]] = [[]]
        for node in reversed(build_tree(self.listed.values()).nodes):
            while len(levels) <= node.depth + 1:
                levels.append([])
            link = self._link(node.ref, folder, tuple(reversed(levels[node.depth + 1])))
            levels[node.depth + 1] = []
            levels[node.depth].append(link)
        return tuple(reversed(levels[0]))

    def _included(self, body: str, folder: str) -> dict[str, IncludedPage]:
        titles = {title for macro in _INCLUDE.findall(body) for title in _find(_TITLE, macro)}
        wanted = {ref.id: ref for ref in self.listed.values() if ref.title in titles}
        if not wanted:
            return {}
        try:
            pages = self.gateway.fetch_pages(sorted(wanted))
        except WikiError:
            return {}  # the converter says that the page is not included
        return {
            f"{self.space_key}:{page.title}": IncludedPage(
                page.title, page.body, page.version, self._link(page.ref, folder).target
            )
            for page in pages.values()
        }

    def _link(self, ref: PageRef, folder: str, children: tuple[PageLink, ...] = ()) -> PageLink:
        target = self._relative(ref.id, folder) if ref.id in self.places else ref.url
        return PageLink(ref.title, target, children)

    def _relative(self, page_id: str, folder: str) -> str:
        return posixpath.relpath(self.places[page_id], folder)


def _find(pattern: re.Pattern[str], text: str) -> set[str]:
    return {unescape(found) for found in pattern.findall(text)}
