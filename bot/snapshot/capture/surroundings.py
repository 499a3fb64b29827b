"""What a body refers to: the captured pages it links to, people it mentions, pages it lists or includes."""

import posixpath
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import unescape
from urllib.parse import unquote_plus

from bot.errors import WikiError
from bot.snapshot.capture.reports import find_reports, read_labels, read_properties
from bot.snapshot.convert import IncludedPage, PageLink, ReportRow
from bot.snapshot.evidence.record import Surroundings
from bot.wiki.gateway import Page, PageRef, PageSelection, WikiGateway
from bot.wiki.tree import build_tree

_TITLE = re.compile(r'ri:content-title="([^"]*)"')
_DISPLAY = re.compile(r"/display/[^/\"?#]+/([^/\"?#]+)")
_PAGE_ID = re.compile(r"(?:pageId=|/pages/|ri:content-id=\")(\d+)")
_USER = re.compile(r'ri:(?:account-id|userkey|username)="([^"]+)"')
_INCLUDE = re.compile(r'ac:name="(?:include|excerpt-include)"(.*?)</ac:structured-macro>', re.DOTALL)

_LISTED_PAGES = 200
"""A list longer than this is cut, as the wiki's own pages of a list are."""


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
    _labelled: dict[tuple[str, ...], list[Page] | None] = field(default_factory=dict)
    _children: dict[str | None, list[PageRef]] = field(default_factory=dict)

    def around(self, body: str, page_id: str) -> Surroundings:
        """Return what *body*, of page *page_id*, refers to."""
        folder = posixpath.dirname(self.places[page_id])
        return Surroundings(
            pages=self._linked_pages(body, folder),
            users={user: name for user in sorted(_find(_USER, body)) if (name := self._name_of(user))},
            children=self._children_of(page_id, folder) if 'ac:name="children"' in body else None,
            page_tree=self._tree(folder) if 'ac:name="pagetree"' in body else None,
            included=self._included(body, folder),
            lists=self._labelled_lists(body, folder),
            report=self._report(body, folder),
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

    def _labelled_lists(self, body: str, folder: str) -> dict[str, tuple[PageLink, ...]]:
        pages = self._pages_asked_for(body, "contentbylabel")
        if pages is None:
            return {}
        return {"contentbylabel": tuple(self._link(page.ref, folder) for page in pages[:_LISTED_PAGES])}

    def _report(self, body: str, folder: str) -> tuple[ReportRow, ...] | None:
        pages = self._pages_asked_for(body, "detailssummary")
        if pages is None:
            return None
        wanted_id = find_reports(body, "detailssummary")[0].get("id", "")
        rows = []
        for page in pages[:_LISTED_PAGES]:
            users = {user: self._name_of(user) or user for user in sorted(_find(_USER, page.body))}
            properties = read_properties(page.body, wanted_id=wanted_id, users=users)
            if properties:
                rows.append(ReportRow(self._link(page.ref, folder), properties))
        return tuple(rows)

    def _pages_asked_for(self, body: str, macro: str) -> list[Page] | None:
        """Return the pages that a macro lists, by title; None where there is none, or it asks for what we cannot tell.

        Two macros of one name on a page have to ask for the same, since the page's record keeps one list.
        """
        asked = find_reports(body, macro)
        labels = read_labels(asked[0], self.space_key) if asked else None
        if not labels or any(each != asked[0] for each in asked):
            return None
        if labels not in self._labelled:
            self._labelled[labels] = self._fetch_labelled(labels)
        return self._labelled[labels]

    def _fetch_labelled(self, labels: tuple[str, ...]) -> list[Page] | None:
        try:
            refs = self.gateway.iter_refs(self.space_key, PageSelection(labels=labels))
            pages = self.gateway.fetch_pages(sorted({ref.id for ref in refs}))
        except WikiError:
            return None  # the converter says that the list was not captured
        return sorted(pages.values(), key=lambda page: (page.title, page.id))

    def _link(self, ref: PageRef, folder: str, children: tuple[PageLink, ...] = ()) -> PageLink:
        target = self._relative(ref.id, folder) if ref.id in self.places else ref.url
        return PageLink(ref.title, target, children)

    def _relative(self, page_id: str, folder: str) -> str:
        return posixpath.relpath(self.places[page_id], folder)


def _find(pattern: re.Pattern[str], text: str) -> set[str]:
    return {unescape(found) for found in pattern.findall(text)}
