"""Confluence Cloud: REST v2 for pages and spaces. Operation names are those of Atlassian's v2 OpenAPI document."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from bot.errors import PageNotFoundError
from bot.plural import counted
from bot.wiki.answers import Content, Id, Shape, TextOrEmpty, When, read_shape, read_status, read_view
from bot.wiki.dialect import DESCENDANTS_DEPTH, Call, ConvertedBody, Descendant, Flavour, Params, escape_part
from bot.wiki.gateway import (
    Attachment,
    Comment,
    Container,
    ContentState,
    ListingEntry,
    Page,
    PagePart,
    PageRef,
    PageStatus,
    Space,
    TreeKind,
    User,
    Version,
)
from bot.wiki.rest_v1 import (
    NEWEST,
    V1,
    V1User,
    containers,
    convert_later,
    read_label,
    read_new_id,
    read_operations,
    read_user,
    readers,
    state,
)

_V2 = "/api/v2"
_MAX_LIMIT = 250
_STORAGE = {"body-format": "storage"}
T = TypeVar("T")
_TREE_KINDS = {kind.value: kind for kind in TreeKind}


class _Version(Shape):
    number: int
    createdAt: When  # noqa: N815 -- the API's name, here and below
    message: TextOrEmpty = ""
    minorEdit: bool = False  # noqa: N815
    authorId: TextOrEmpty = ""  # noqa: N815

    def value(self) -> Version:
        author = User(self.authorId or "anonymous", self.authorId or "Anonymous")
        return Version(self.number, self.createdAt, author, self.message, self.minorEdit)


class _Written(Content):
    version: _Version


class _Placed(Content):
    """A node of the page tree."""

    title: str
    status: str
    parentId: Id | None = None  # noqa: N815
    parentType: TextOrEmpty = ""  # noqa: N815
    position: int | None = None
    subtype: TextOrEmpty = ""

    def parent_kind(self) -> TreeKind | None:
        """Return the type of the parent; None for a root, or a type that did not exist when this was written."""
        return _TREE_KINDS.get(self.parentType)


class _Page(_Placed):
    spaceId: Id  # noqa: N815
    version: _Version


class _Container(_Placed):
    type: str


class _Descendant(Shape):
    id: Id
    type: str
    title: TextOrEmpty = ""
    status: str
    parentId: Id | None = None  # noqa: N815
    depth: int
    childPosition: int | None = None  # noqa: N815


class _Space(Shape):
    id: Id
    key: str
    name: TextOrEmpty = ""
    homepageId: Id | None = None  # noqa: N815


class _Spaces(Shape):
    results: list[_Space]


class _Attachment(_Written):
    title: str
    mediaType: TextOrEmpty = ""  # noqa: N815
    fileSize: int  # noqa: N815
    comment: TextOrEmpty = ""


class _OnPage(Shape):
    """Something on a page, in a listing of the whole wiki."""

    pageId: Id | None = None  # noqa: N815


class _InlineProperties(Shape):
    inlineMarkerRef: str | None = None  # noqa: N815
    inlineOriginalSelection: str | None = None  # noqa: N815


class _SpaceLabel(Shape):
    id: Id
    name: str


class _Watch(Shape):
    watcher: V1User


class _Comment(_Written):
    parentCommentId: Id | None = None  # noqa: N815
    resolutionStatus: TextOrEmpty = ""  # noqa: N815
    properties: _InlineProperties | None = None


class CloudDialect:
    """REST v2, which identifies spaces by id only: *fetch_space* requests the key of a space that is not cached."""

    flavour = Flavour.CLOUD
    bulk_read_size = _MAX_LIMIT
    is_bulk_read_certain = True

    def __init__(self, base_url: Callable[[], str], fetch_space: Callable[[Call[Space]], Space]) -> None:
        self._base_url = base_url
        self._fetch_space = fetch_space
        self._keys: dict[str, str] = {}

    def user(self, user_id: str) -> Call[User]:
        """Operation getUser of v1: v2 has no lookup of people by id for accounts without further scopes."""
        return Call(f"{V1}/user", f"user {user_id}", read_user, {"accountId": user_id})

    def spaces(self) -> Call[Space]:
        """Operation getSpaces."""
        params: Params = {"status": "current", "sort": "name", "limit": _MAX_LIMIT}
        about = "the spaces"
        return Call(f"{_V2}/spaces", about, lambda item: self._remember(read_shape(_Space, item, about)), params)

    def space(self, key: str) -> Call[Space]:
        """Operation getSpaces; the list is empty for an absent or hidden space."""

        def read(answer: object) -> Space:
            found = read_shape(_Spaces, answer, f"space {key}").results
            if not found:
                raise PageNotFoundError(space_key=key)
            return self._remember(found[0])

        return Call(f"{_V2}/spaces", f"space {key}", read, {"keys": key}, space_key=key)

    def space_by_id(self, space_id: str) -> Call[Space]:
        """Operation getSpaceById."""
        about = f"space {space_id}"
        path = f"{_V2}/spaces/{escape_part(space_id)}"
        return Call(path, about, lambda answer: self._remember(read_shape(_Space, answer, about)), space_key=space_id)

    def _remember(self, space: _Space) -> Space:
        self._keys[space.id] = space.key
        return Space(space.id, space.key, space.name, space.homepageId)

    def _space_key(self, space_id: str) -> str:
        return self._keys.get(space_id) or self._fetch_space(self.space_by_id(space_id)).key

    def refs(self, space: Space, status: PageStatus) -> Call[PageRef]:
        """Operation getPagesInSpace."""
        path, about, params = _listing(space, status)
        return Call(path, about, self._read_ref, params, space_key=space.key)

    def refs_again(self, space: Space, status: PageStatus) -> Call[PageRef]:
        """Operation getPages."""
        _, about, params = _listing(space, status)
        return Call(f"{_V2}/pages", about, self._read_ref, {"space-id": space.id, **params}, space_key=space.key)

    def newest_pages(self, space: Space) -> Call[PageRef]:
        """Operation getPages."""
        params: Params = {"space-id": space.id, "sort": "-modified-date", "limit": NEWEST}
        about = f"the newest pages of space {space.key}"
        return Call(f"{_V2}/pages", about, self._read_ref, params, space_key=space.key, is_kept=False)

    def listed(self, space: Space) -> Call[tuple[ListingEntry, frozenset[PagePart]]]:
        """Operation getPagesInSpace, which lists current and archived pages by default, without parts."""
        path = f"{_V2}/spaces/{escape_part(space.id)}/pages"
        params: Params = {"limit": _MAX_LIMIT, "sort": "id"}

        def read(item: object) -> tuple[ListingEntry, frozenset[PagePart]]:
            return ListingEntry(self._read_ref(item)), frozenset()

        return Call(path, f"the pages of space {space.key}", read, params, space_key=space.key)

    def captures(self, page_ids: Sequence[str]) -> None:
        """Return None: listings have no parts."""

    def newest_attachments(self) -> Call[tuple[str | None, Attachment]]:
        """Operation getAttachments."""
        params: Params = {"sort": "-modified-date", "limit": _MAX_LIMIT}
        return Call(f"{_V2}/attachments", "the newest attachments of the wiki", _read_newest_attachment, params)

    def newest_comments(self) -> tuple[Call[tuple[str | None, Comment]], ...]:
        """Operations getFooterComments, getInlineComments. That they list replies too is not documented."""
        params: Params = {"sort": "-modified-date", "limit": _MAX_LIMIT, **_STORAGE}
        kinds = ("footer", "inline")
        return tuple(
            Call(f"{_V2}/{kind}-comments", f"the newest {kind} comments of the wiki", _read_newest_comment, params)
            for kind in kinds
        )

    def label_ids(self, space: Space) -> Call[tuple[str, str]]:
        """Operation getSpaceContentLabels."""
        call = self.space_labels(space)
        return Call(call.path, call.about, _read_space_label, call.params, space_key=space.key)

    def label_pages(self, space: Space, label_id: str) -> Call[str]:
        """Operation getLabelPages."""
        path = f"{_V2}/labels/{escape_part(label_id)}/pages"
        params: Params = {"space-id": space.id, "limit": _MAX_LIMIT}
        about = f"the pages of space {space.key} with label {label_id}"
        return Call(path, about, lambda item: read_shape(_Page, item, about).id, params, space_key=space.key)

    def readers(self, space: Space) -> Call[tuple[str, bool | None]]:
        """Operation searchContentByCQL of v1: no listing of v2 has restrictions."""
        return readers(space.key)

    def container(self, kind: TreeKind, node_id: str) -> Call[Container]:
        """Operations getFolderById, getWhiteboardById, getDatabaseById, getSmartLinkById."""
        path = f"{_V2}/{kind}s/{escape_part(node_id)}"
        return Call(path, f"{kind} {node_id}", self._read_container, page_id=node_id)

    def descendants(self, kind: TreeKind, node_id: str) -> Call[Descendant]:
        """Operations getPageDescendants, getFolderDescendants and those of the other types."""
        about = f"the nodes below {kind} {node_id}"
        params: Params = {"depth": DESCENDANTS_DEPTH, "limit": _MAX_LIMIT}
        path = f"{_V2}/{kind}s/{escape_part(node_id)}/descendants"
        return Call(path, about, _read_descendant, params, page_id=node_id)

    def containers(self, space: Space) -> Call[tuple[TreeKind, str]]:
        """Operation searchContentByCQL of v1: v2 has no listing of them by space."""
        return containers(space.key)

    def _read_container(self, answer: object) -> Container:
        node = read_shape(_Container, answer, "a node of the page tree")
        return Container(
            id=node.id,
            kind=TreeKind(node.type),
            title=node.title,
            status=read_status(node.status, node.id),
            parent_id=node.parentId or None,
            position=node.position,
            url=node.url(self._base_url()),
            parent_kind=node.parent_kind(),
        )

    def bodies(self, space: Space, status: PageStatus) -> Call[Page]:
        """Operation getPagesInSpace."""
        path, about, params = _listing(space, status)
        return Call(path, about, self._read_page, {**params, **_STORAGE}, space_key=space.key)

    def titled(self, space: Space, title: str, status: PageStatus) -> Call[PageRef]:
        """Operation getPages."""
        params = {"space-id": space.id, "title": title, "status": status.value}
        return Call(f"{_V2}/pages", f"page {title!r} in space {space.key}", self._read_ref, params)

    def page(self, page_id: str) -> Call[Page]:
        """Operation getPageById."""
        return self._page(page_id, {})

    def view(self, page_id: str) -> Call[str]:
        """Operation getPageById."""
        path = f"{_V2}/pages/{escape_part(page_id)}"
        return Call(path, f"page {page_id}", read_view, {"body-format": "view"}, page_id=page_id)

    def conversion(self, body: str, page: PageRef) -> Call[ConvertedBody]:
        """Operation asyncConvertContentBodyRequest of v1; `export_view` is the only target that it lists."""
        return convert_later(body, page)

    def page_version(self, page_id: str, version: int) -> Call[Page]:
        """Operation getPageById."""
        return self._page(page_id, {"version": version})

    def draft(self, page_id: str) -> Call[Page]:
        """Operation getPageById."""
        return self._page(page_id, {"get-draft": "true"})

    def _page(self, page_id: str, params: Params) -> Call[Page]:
        path = f"{_V2}/pages/{escape_part(page_id)}"
        return Call(path, f"page {page_id}", self._read_page, {**_STORAGE, **params}, page_id=page_id)

    def pages(self, page_ids: Sequence[str]) -> Call[Page]:
        """Operation getPages."""
        params: Params = {"id": ",".join(page_ids), **_STORAGE, "limit": _MAX_LIMIT}
        return Call(f"{_V2}/pages", f"reading {counted(len(page_ids), 'page')}", self._read_page, params)

    def _read_ref(self, answer: object) -> PageRef:
        return self._ref(read_shape(_Page, answer, "a page"))

    def _read_page(self, answer: object) -> Page:
        page = read_shape(_Page, answer, "a page")
        body = page.storage()
        return Page(self._ref(page), body)

    def _ref(self, page: _Page) -> PageRef:
        return PageRef(
            id=page.id,
            title=page.title,
            space_key=self._space_key(page.spaceId),
            status=read_status(page.status, page.id),
            version=page.version.value(),
            parent_id=page.parentId or None,
            position=page.position,
            url=page.url(self._base_url()),
            parent_kind=page.parent_kind(),
            is_live=page.subtype == "live",
        )

    def versions(self, page_id: str) -> tuple[Call[Version], ...]:
        """Operation getPageVersions; 50 is the largest limit since 2026-06-01."""
        return (_part(page_id, "versions", _read_version, {"limit": 50, "sort": "-modified-date"}),)

    def labels(self, page_id: str) -> Call[str]:
        """Operation getPageLabels."""
        return _part(page_id, "labels", read_label, {"limit": _MAX_LIMIT})

    def space_labels(self, space: Space) -> Call[str]:
        """Operation getSpaceContentLabels."""
        path = f"{_V2}/spaces/{escape_part(space.id)}/content/labels"
        return Call(path, f"the labels of space {space.key}", read_label, {"limit": _MAX_LIMIT}, space_key=space.key)

    def operations(self, page_id: str) -> Call[frozenset[str]]:
        """Operation getPageOperations."""
        return _part(page_id, "operations", read_operations, {})

    def attachments(self, page_id: str) -> Call[Attachment]:
        """Operation getPageAttachments."""

        def read(answer: object) -> Attachment:
            return _read_attachment(answer, page_id)

        return _part(page_id, "attachments", read, {"limit": _MAX_LIMIT})

    def comments(self, page_id: str) -> tuple[Call[Comment], ...]:
        """Operations getPageFooterComments, getPageInlineComments."""
        params: Params = {**_STORAGE, "limit": _MAX_LIMIT}
        return tuple(_part(page_id, kind, _read_comment, params) for kind in ("footer-comments", "inline-comments"))

    def new_comment(self, page_id: str, body: str, parent_id: str | None) -> Call[str]:
        """Operation createFooterComment."""
        place = {"pageId": page_id} if parent_id is None else {"parentCommentId": parent_id}
        payload = {**place, "body": {"representation": "storage", "value": body}}
        about = f"a comment on page {page_id}"
        return Call(f"{_V2}/footer-comments", about, read_new_id, method="POST", payload=payload, page_id=page_id)

    def replies(self, comment: Comment, *, is_inline: bool) -> Call[Comment]:
        """Operations getFooterCommentChildren, getInlineCommentChildren."""
        kind = "inline-comments" if is_inline else "footer-comments"
        path = f"{_V2}/{kind}/{escape_part(comment.id)}/children"
        return Call(path, f"replies to comment {comment.id}", _read_comment, {**_STORAGE, "limit": _MAX_LIMIT})

    def state(self, page_id: str) -> Call[ContentState | None]:
        """Operation getContentState of v1: v2 has none."""
        return state(page_id)

    def watchers(self, page_id: str) -> tuple[Call[str], ...]:
        """Operations getWatchesForPage, getWatchesForSpace of v1."""
        paths = (f"{V1}/content/{escape_part(page_id)}/notification/{kind}" for kind in ("child-created", "created"))
        about, params = f"watchers of page {page_id}", {"limit": 200}
        return tuple(Call(path, about, _read_watch, params, page_id=page_id) for path in paths)

    def update(self, page: Page, body: str, *, message: str, is_minor: bool) -> Call[tuple[str, Version]]:  # noqa: ARG002
        """Operation updatePage, which has no minor edits: *is_minor* is ignored."""
        return Call(
            f"{_V2}/pages/{escape_part(page.id)}",
            f"page {page.id}",
            _read_written,
            method="PUT",
            payload={
                "id": page.id,
                "status": page.ref.status.value,
                "title": page.title,
                "body": {"representation": "storage", "value": body},
                "version": {"number": page.version + 1, "message": message},
            },
            page_id=page.id,
        )

    def create(self, space: Space, *, title: str, body: str, parent_id: str | None, message: str) -> Call[PageRef]:
        """Operation createPage."""
        payload: dict[str, Any] = {
            "spaceId": space.id,
            "status": "current",
            "title": title,
            "body": {"representation": "storage", "value": body},
            "version": {"message": message},
        }
        if parent_id is not None:
            payload["parentId"] = parent_id
        return Call(f"{_V2}/pages", f"new page {title!r}", self._read_ref, method="POST", payload=payload)


def _listing(space: Space, status: PageStatus) -> tuple[str, str, dict[str, str | int]]:
    path = f"{_V2}/spaces/{escape_part(space.id)}/pages"
    params: dict[str, str | int] = {"status": status.value, "limit": _MAX_LIMIT, "sort": "id"}
    return path, f"the {status} pages of space {space.key}", params


def _part(page_id: str, kind: str, read: Callable[[object], T], params: Params) -> Call[T]:
    """Return the call that lists a sub-resource of a page."""
    about = f"{kind.replace('-', ' ')} of page {page_id}"
    return Call(f"{_V2}/pages/{escape_part(page_id)}/{kind}", about, read, params, page_id=page_id)


def _read_descendant(answer: object) -> Descendant:
    node = read_shape(_Descendant, answer, "a node of the page tree")
    return Descendant(
        node.depth, node.id, node.type, node.title, node.status, node.parentId or None, node.childPosition
    )


def _read_version(answer: object) -> Version:
    return read_shape(_Version, answer, "a version").value()


def _read_space_label(answer: object) -> tuple[str, str]:
    label = read_shape(_SpaceLabel, answer, "a label")
    return label.name, label.id


def _read_written(answer: object) -> tuple[str, Version]:
    written = read_shape(_Written, answer, "a written page")
    return written.id, written.version.value()


def _read_attachment(answer: object, page_id: str) -> Attachment:
    file = read_shape(_Attachment, answer, "an attachment")
    return Attachment(
        file.id,
        file.title,
        file.mediaType,
        file.fileSize,
        file.version.value(),
        download_path(page_id, file.id, file.version.number),
        file.comment,
    )


def _read_newest_attachment(answer: object) -> tuple[str | None, Attachment]:
    page_id = read_shape(_OnPage, answer, "an attachment").pageId
    return page_id, _read_attachment(answer, page_id or "")


def _read_newest_comment(answer: object) -> tuple[str | None, Comment]:
    return read_shape(_OnPage, answer, "a comment").pageId, _read_comment(answer)


def download_path(page_id: str, attachment_id: str, version: int) -> str:
    """Return the path of v1 downloadAttatchment: a redirect to the media host.

    The link in the listing leads to a servlet that refuses API tokens: CHANGE-2735, mcp-atlassian#1368.
    """
    part = f"{V1}/content/{escape_part(page_id)}/child/attachment/{escape_part(attachment_id)}/download"
    return f"{part}?version={version}"


def _read_watch(answer: object) -> str:
    return read_shape(_Watch, answer, "a watch").watcher.value().id


def _read_comment(answer: object) -> Comment:
    comment = read_shape(_Comment, answer, "a comment")
    inline = comment.properties or _InlineProperties()
    return Comment(
        id=comment.id,
        body=comment.storage_or_empty(),
        version=comment.version.value(),
        parent_id=comment.parentCommentId,
        inline_ref=inline.inlineMarkerRef,
        inline_text=inline.inlineOriginalSelection,
        is_resolved=comment.resolutionStatus == "resolved",
    )
