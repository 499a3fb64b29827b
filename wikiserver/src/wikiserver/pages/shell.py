"""The layout around a page: its space, its ancestors, and the page tree."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from flask import request, url_for

from wikiserver.addresses import space_webui, webui
from wikiserver.rights import Act, check, check_readable, may, may_read
from wikiserver.site import get_store, get_user, parse_id, space_of
from wikiserver.store import Content, Space, User

MAX_SIBLINGS: Final = 200
"""Maximum number of pages per level in the tree; the list of all pages has the rest."""


@dataclass(frozen=True, slots=True)
class TreeNode:
    """A page in the tree; *children* are set if the node is expanded, *is_branch* if it has children."""

    id: int
    title: str
    url: str
    is_current: bool
    is_branch: bool
    children: Sequence["TreeNode"] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class Shell:
    """The data of the layout around a page."""

    space: Space
    space_url: str
    page: Content | None
    page_url: str
    breadcrumbs: Sequence[tuple[str, str]]
    tree: Sequence[TreeNode]
    may_edit: bool

    @property
    def is_home(self) -> bool:
        """Return whether the page is the home page of its space."""
        return self.page is not None and self.page.id == self.space.homepage_id


def url_of(content: Content) -> str:
    """Return the address of a page, context path included."""
    return request.script_root + webui(content, space_of(content))


def get_page(page_id: int | str) -> Content:
    """Return a page or blog post that the person may see; raises NotFoundError otherwise, also for hidden pages."""
    content = get_store().contents.find(parse_id(str(page_id)))
    is_page = content is not None and content.type in {"page", "blogpost"} and content.status != "trashed"
    return check_readable(content if is_page else None, f"No page with id {page_id}")


def get_changeable(page_id: int | str, act: Act = "edit") -> Content:
    """Return a page to which the person may do something; raises ForbiddenError if the person may only read it."""
    return check(act, get_page(page_id), "You may read this page but not change it.")


def name_of(account_id: str) -> str:
    """Return the display name of a person."""
    person = get_store().people.find(account_id)
    return person.display_name if person is not None else "Unknown user"


def current_user() -> User:
    """Return the person who is signed in."""
    return get_user()


def shell_of_page(page: Content) -> Shell:
    """Return the layout of *page*, with the tree expanded down to it."""
    space = space_of(page)
    above = [one for one in get_store().hierarchy.ancestors(page.id) if may_read(one)]
    space_url = request.script_root + space_webui(space)
    trail = [(space.name, space_url)]
    trail += [(one.title, url_of(one)) for one in above if one.id != space.homepage_id]
    is_editable = may("edit", page) and page.status in {"current", "draft"}
    tree = _tree(space, open_ids={one.id for one in above} | {page.id}, current_id=page.id)
    return Shell(space, space_url, page, url_of(page), trail, tree, is_editable)


def shell_of_space(space: Space) -> Shell:
    """Return the layout of a list or form of *space*."""
    url = request.script_root + space_webui(space)
    return Shell(
        space, url, None, url, [(space.name, url)], _tree(space, open_ids=set(), current_id=None), may_edit=True
    )


def _tree(space: Space, *, open_ids: set[int], current_id: int | None) -> list[TreeNode]:
    """Return the tree of a space: the pages below its home, then the other top-level pages."""
    roots = [page for page in get_store().hierarchy.roots(space.id) if page.id != space.homepage_id][:MAX_SIBLINGS]
    below = level(space.homepage_id, open_ids=open_ids, current_id=current_id) if space.homepage_id else []
    return below + [_node(page, open_ids, current_id) for page in roots if may_read(page)]


def level(parent_id: int, *, open_ids: set[int], current_id: int | None) -> list[TreeNode]:
    """Return one level of the tree, expanded at *open_ids*; a long level ends with a link to the rest."""
    found = get_store().hierarchy.children(parent_id, limit=MAX_SIBLINGS + 1)
    shown = found[:MAX_SIBLINGS]
    if len(found) > MAX_SIBLINGS:  # always show the current page
        known = {page.id for page in shown}
        shown += [page for page in get_store().contents.get_many(open_ids - known) if page.parent_id == parent_id]
    nodes = [_node(page, open_ids, current_id) for page in shown if may_read(page)]
    if len(found) > MAX_SIBLINGS:
        url = url_for("pages.all_pages", key=space_of(found[0]).key)
        nodes.append(TreeNode(0, "More: see all pages", url, is_current=False, is_branch=False))
    return nodes


def _node(page: Content, open_ids: set[int], current_id: int | None) -> TreeNode:
    is_open = page.id in open_ids
    below = level(page.id, open_ids=open_ids, current_id=current_id) if is_open else []
    is_branch = bool(below) or (not is_open and any(may_read(one) for one in get_store().hierarchy.children(page.id)))
    return TreeNode(page.id, page.title, url_of(page), page.id == current_id, is_branch, below)
