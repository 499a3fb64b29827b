"""Confluence Data Center: REST v1. Operation names are those of Atlassian's OpenAPI document for 10.0."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeVar

from pydantic import BeforeValidator, Field

from bot.errors import WikiAnswerError
from bot.plural import counted
from bot.storage.named_targets import name_targets
from bot.wiki.answers import Content, Id, Shape, TextOrEmpty, When, read_shape, read_status, read_view
from bot.wiki.dialect import Call, ConvertedBody, Flavour, Params, escape_part
from bot.wiki.gateway import (
    Attachment,
    Comment,
    ListingEntry,
    Page,
    PagePart,
    PageParts,
    PageRef,
    PageStatus,
    Space,
    TreeKind,
    User,
    Version,
)
from bot.wiki.rest_v1 import (
    NEWEST,
    READERS,
    RESTRICTIONS,
    V1,
    V1User,
    newest_first,
    read_conversion,
    read_is_restricted,
    read_label,
    read_new_id,
    read_operations,
    read_restrictions_in_listing,
    read_user,
    read_watcher,
)

_EXPAND = "version,ancestors,space"
_EXPAND_BODY = f"body.storage,{_EXPAND}"
_COMMENT_PARTS = ("version", "ancestors", "extensions.inlineProperties", "extensions.resolution")
_EXPAND_PARTS = ",".join(
    (
        _EXPAND,
        "metadata.labels",
        "children.attachment.version",
        *(f"descendants.comment.{part}" for part in _COMMENT_PARTS),  # `children` has no replies
        RESTRICTIONS,
    )
)
_LIMIT_WITH_BODY = 50
_LIMIT = 200
T = TypeVar("T")

_EXPAND_ALL = f"body.storage,descendants.comment.body.storage,{_EXPAND_PARTS}"


def _number_or_none(value: object) -> object:
    """Return a position, or None: unset positions have the value -1 or the text "none"."""
    return value if isinstance(value, int) and value >= 0 else None


Position = Annotated[int | None, BeforeValidator(_number_or_none)]


class _Version(Shape):
    number: int
    when: When
    message: TextOrEmpty = ""
    minorEdit: bool = False  # noqa: N815 -- the API's name, here and below
    by: V1User = V1User()

    def value(self) -> Version:
        return Version(self.number, self.when, self.by.value(), self.message, self.minorEdit)


class _Written(Content):
    version: _Version


class _Ancestor(Shape):
    id: Id


class _SpaceKey(Shape):
    key: str


class _Extensions(Shape):
    position: Position = None


class _Page(_Written):
    type: str
    title: str
    status: str
    space: _SpaceKey
    ancestors: list[_Ancestor]
    position: Position = None
    extensions: _Extensions = _Extensions()


class _Space(Shape):
    id: Id
    key: str
    name: TextOrEmpty = ""
    homepage: _Ancestor | None = None


class _FileMetadata(Shape):
    mediaType: TextOrEmpty = ""  # noqa: N815
    comment: TextOrEmpty = ""


class _FileExtensions(_FileMetadata):
    fileSize: int  # noqa: N815


class _Attachment(_Written):
    title: str
    extensions: _FileExtensions
    metadata: _FileMetadata = _FileMetadata()


class _InlineProperties(Shape):
    markerRef: str | None = None  # noqa: N815
    originalSelection: str | None = None  # noqa: N815


class _Resolution(Shape):
    status: TextOrEmpty = ""


class _CommentExtensions(Shape):
    inlineProperties: _InlineProperties | None = None  # noqa: N815
    resolution: _Resolution | None = None


class _Comment(_Written):
    ancestors: list[_Ancestor] = Field(default_factory=list)
    extensions: _CommentExtensions = _CommentExtensions()


class _NextLink(Shape):
    next: TextOrEmpty = ""


class _Nested(Shape):
    """A list inside a result of a listing."""

    results: list[dict[str, Any]]
    limit: int = 0
    links: Annotated[_NextLink, Field(alias="_links")] = _NextLink()

    @property
    def is_cut(self) -> bool:
        """Whether there may be more: some servers give no link to the next results."""
        return bool(self.links.next) or 0 < self.limit <= len(self.results)


class _NestedLabels(Shape):
    labels: _Nested | None = None


class _NestedFiles(Shape):
    attachment: _Nested | None = None


class _NestedComments(Shape):
    comment: _Nested | None = None


class _Parts(Shape):
    metadata: _NestedLabels = _NestedLabels()
    children: _NestedFiles = _NestedFiles()
    descendants: _NestedComments = _NestedComments()

    def lists(self) -> dict[PagePart, _Nested]:
        """Return the lists that the answer has."""
        found = {
            PagePart.LABELS: self.metadata.labels,
            PagePart.ATTACHMENTS: self.children.attachment,
            PagePart.COMMENTS: self.descendants.comment,
        }
        return {part: nested for part, nested in found.items() if nested is not None}


class DataCenterDialect:
    """REST v1. Data Center has no status for archived pages; people use a label or a parent page."""

    flavour = Flavour.DATA_CENTER
    bulk_read_size = _LIMIT_WITH_BODY
    is_bulk_read_certain = False  # `ids` is documented for 10.0; older servers may ignore it

    def __init__(self, base_url: Callable[[], str]) -> None:
        self._base_url = base_url

    def user(self, user_id: str) -> Call[User]:
        """Operation getUser."""
        return Call(f"{V1}/user", f"user {user_id}", read_user, {"key": user_id})

    def spaces(self) -> Call[Space]:
        """Operation spaces."""
        params: Params = {"status": "current", "expand": "homepage", "limit": _LIMIT}
        return Call(f"{V1}/space", "the spaces", _read_space, params)

    def space(self, key: str) -> Call[Space]:
        """Operation space."""
        path = f"{V1}/space/{escape_part(key)}"
        return Call(path, f"space {key}", _read_space, {"expand": "homepage"}, space_key=key)

    def refs(self, space: Space, status: PageStatus) -> Call[PageRef] | None:
        """Operation getContent."""
        return _listing(space, status, self._read_ref, {"expand": _EXPAND, "limit": _LIMIT})

    def refs_again(self, space: Space, status: PageStatus) -> Call[PageRef] | None:
        """Operation contentsWithType_1."""
        params: Params = {"expand": _EXPAND, "limit": _LIMIT}
        return _space_content(space, self._read_ref, params) if status is PageStatus.CURRENT else None

    def newest_pages(self, space: Space) -> Call[PageRef]:
        """Operation search; the search index may be stale."""
        params: Params = {"cql": newest_first(space.key), "expand": _EXPAND, "limit": NEWEST}
        about = f"the newest pages of space {space.key}"
        return Call(f"{V1}/content/search", about, self._read_ref, params, is_kept=False)

    def listed(self, space: Space) -> Call[tuple[ListingEntry, frozenset[PagePart]]]:
        """Operation getContent; the nested lists end after 25 entries or more."""

        def read(item: object) -> tuple[ListingEntry, frozenset[PagePart]]:
            parts, cut = _read_parts(item)
            return ListingEntry(self._read_ref(item), parts), cut

        params: Params = {
            "type": "page",
            "spaceKey": space.key,
            "status": PageStatus.CURRENT.value,
            "expand": _EXPAND_PARTS,
            "limit": _LIMIT,
        }
        return Call(f"{V1}/content", f"the pages of space {space.key}", read, params, space_key=space.key)

    def captures(self, page_ids: Sequence[str]) -> Call[tuple[Page, PageParts, frozenset[PagePart]]]:
        """Operation getContent; with bodies, servers return at most 50 results per request."""

        def read(item: object) -> tuple[Page, PageParts, frozenset[PagePart]]:
            return self._read_page(item), *_read_parts(item)

        params: Params = {"ids": page_ids, "expand": _EXPAND_ALL, "limit": _LIMIT_WITH_BODY}
        return Call(f"{V1}/content", f"reading {counted(len(page_ids), 'page')}", read, params)

    def newest_attachments(self) -> None:
        """Return None: `listed` has the attachments."""

    def newest_comments(self) -> tuple[()]:
        """Return nothing: `listed` has the comments."""
        return ()

    def label_ids(self, space: Space) -> None:
        """Return None: `listed` has the labels."""

    def label_pages(self, space: Space, label_id: str) -> None:
        """Return None: `listed` has the labels."""

    def readers(self, space: Space) -> Call[tuple[str, bool | None]]:
        """Operation getContent."""
        params: Params = {
            "type": "page",
            "spaceKey": space.key,
            "status": PageStatus.CURRENT.value,
            "expand": READERS,
            "limit": _LIMIT,
        }
        about = f"the restrictions in space {space.key}"
        return Call(f"{V1}/content", about, read_is_restricted, params, space_key=space.key, is_kept=False)

    def container(self, kind: TreeKind, node_id: str) -> None:
        """Return None: all nodes are pages."""

    def descendants(self, kind: TreeKind, node_id: str) -> None:
        """Return None: all nodes are pages."""

    def containers(self, space: Space) -> None:
        """Return None: all nodes are pages."""

    def bodies(self, space: Space, status: PageStatus) -> Call[Page] | None:
        """Operation getContent; with bodies, servers return at most 50 results per request."""
        return _listing(space, status, self._read_page, {"expand": _EXPAND_BODY, "limit": _LIMIT_WITH_BODY})

    def titled(self, space: Space, title: str, status: PageStatus) -> Call[PageRef] | None:
        """Operation getContent."""
        if status is PageStatus.ARCHIVED:
            return None
        params = {"type": "page", "spaceKey": space.key, "title": title, "status": status.value, "expand": _EXPAND}
        return Call(f"{V1}/content", f"page {title!r} in space {space.key}", self._read_ref, params)

    def page(self, page_id: str) -> Call[Page]:
        """Operation getContentById."""
        return self._page(page_id, {})

    def view(self, page_id: str) -> Call[str]:
        """Operation getContentById."""
        path = f"{V1}/content/{escape_part(page_id)}"
        return Call(path, f"page {page_id}", read_view, {"expand": "body.view"}, page_id=page_id)

    def conversion(self, body: str, page: PageRef) -> Call[ConvertedBody]:
        """Operation convert. It documents no context, so the sent copy names the space and the page of each target."""
        sent = {"value": name_targets(body, space_key=page.space_key, title=page.title), "representation": "storage"}
        path = f"{V1}/contentbody/convert/view"
        return Call(path, f"the rendering of page {page.id}", read_conversion, method="POST", payload=sent)

    def page_version(self, page_id: str, version: int) -> Call[Page]:
        """Operation getContentById."""
        return self._page(page_id, {"status": ["current", "historical"], "version": version})

    def draft(self, page_id: str) -> Call[Page]:
        """Operation getContentById."""
        return self._page(page_id, {"status": "draft"})

    def _page(self, page_id: str, params: Params) -> Call[Page]:
        path = f"{V1}/content/{escape_part(page_id)}"
        return Call(path, f"page {page_id}", self._read_page, {"expand": _EXPAND_BODY, **params}, page_id=page_id)

    def pages(self, page_ids: Sequence[str]) -> Call[Page]:
        """Operation getContent."""
        params: Params = {"ids": page_ids, "expand": _EXPAND_BODY, "limit": _LIMIT_WITH_BODY}
        return Call(f"{V1}/content", f"reading {counted(len(page_ids), 'page')}", self._read_page, params)

    def _read_ref(self, answer: object) -> PageRef:
        return self._ref(read_shape(_Page, answer, "a page"))

    def _read_page(self, answer: object) -> Page:
        page = read_shape(_Page, answer, "a page")
        return Page(self._ref(page), page.storage())

    def _ref(self, page: _Page) -> PageRef:
        if page.type != "page":
            raise WikiAnswerError(f"{page.type} {page.id}: the wiki sent this where a page was asked for")
        position = page.extensions.position
        return PageRef(
            id=page.id,
            title=page.title,
            space_key=page.space.key,
            status=read_status(page.status, page.id),
            version=page.version.value(),
            parent_id=page.ancestors[-1].id if page.ancestors else None,
            position=page.position if position is None else position,
            url=page.url(self._base_url()),
            parent_kind=TreeKind.PAGE if page.ancestors else None,
        )

    def versions(self, page_id: str) -> tuple[Call[Version], ...]:
        """Not in Atlassian's documents; observed under both roots, on different servers."""
        about, params = f"versions of page {page_id}", {"limit": _LIMIT}
        paths = (f"/rest/{root}/content/{escape_part(page_id)}/version" for root in ("experimental", "api"))
        return tuple(Call(path, about, _read_version, params, page_id=page_id) for path in paths)

    def labels(self, page_id: str) -> Call[str]:
        """Operation labels."""
        return _part(page_id, "label", "labels", read_label, {"limit": _LIMIT})

    def space_labels(self, space: Space) -> Call[str]:
        """Operation index_3."""
        path = f"{V1}/space/{escape_part(space.key)}/labels"
        return Call(path, f"the labels of space {space.key}", read_label, {"limit": _LIMIT}, space_key=space.key)

    def operations(self, page_id: str) -> Call[frozenset[str]]:
        """Operation getContentById."""
        path = f"{V1}/content/{escape_part(page_id)}"
        return Call(path, f"page {page_id}", read_operations, {"expand": "operations"}, page_id=page_id)

    def attachments(self, page_id: str) -> Call[Attachment]:
        """Operation getAttachments."""
        params: Params = {"expand": "version", "limit": _LIMIT}
        return _part(page_id, "child/attachment", "attachments", _read_attachment, params)

    def comments(self, page_id: str) -> tuple[Call[Comment], ...]:
        """Operation commentsOfContent; `depth=all` includes the replies."""
        params: Params = {
            "depth": "all",
            "location": ["footer", "inline", "resolved"],
            "expand": "body.storage,version,ancestors,extensions.inlineProperties,extensions.resolution",
            "limit": _LIMIT_WITH_BODY,
        }
        return (_part(page_id, "child/comment", "comments", _read_comment, params),)

    def new_comment(self, page_id: str, body: str, parent_id: str | None) -> Call[str]:
        """Operation createContent."""
        payload = {
            "type": "comment",
            "container": {"id": page_id, "type": "page"},
            "ancestors": [] if parent_id is None else [{"id": parent_id}],
            "body": {"storage": {"representation": "storage", "value": body}},
        }
        about = f"a comment on page {page_id}"
        return Call(f"{V1}/content", about, read_new_id, method="POST", payload=payload, page_id=page_id)

    def replies(self, comment: Comment, *, is_inline: bool) -> None:
        """Return None: `comments` includes the replies."""

    def state(self, page_id: str) -> None:
        """Return None: Data Center has no content status."""

    def watchers(self, page_id: str) -> tuple[Call[str], ...]:
        """Operation index of Content Watchers; only administrators may list them."""
        return (_part(page_id, "watchers", "watchers", read_watcher, {"limit": _LIMIT}),)

    def update(self, page: Page, body: str, *, message: str, is_minor: bool) -> Call[tuple[str, Version]]:
        """Operation update_2, a PUT of `/content/{contentId}`."""
        return Call(
            f"{V1}/content/{escape_part(page.id)}",
            f"page {page.id}",
            _read_written,
            method="PUT",
            payload={
                "id": page.id,
                "type": "page",
                "status": page.ref.status.value,
                "title": page.title,
                "body": {"storage": {"representation": "storage", "value": body}},
                "version": {"number": page.version + 1, "message": message, "minorEdit": is_minor},
            },
            page_id=page.id,
        )

    def create(self, space: Space, *, title: str, body: str, parent_id: str | None, message: str) -> Call[PageRef]:
        """Operation createContent."""
        payload: dict[str, Any] = {
            "type": "page",
            "title": title,
            "space": {"key": space.key},
            "body": {"storage": {"representation": "storage", "value": body}},
            "version": {"number": 1, "message": message},
        }
        if parent_id is not None:
            payload["ancestors"] = [{"id": parent_id}]
        return Call(f"{V1}/content", f"new page {title!r}", self._read_ref, method="POST", payload=payload)


def _listing(space: Space, status: PageStatus, read: Callable[[object], T], params: Params) -> Call[T] | None:
    if status is PageStatus.ARCHIVED:
        return None
    selection = {"type": "page", "spaceKey": space.key, "status": status.value}
    about = f"the {status} pages of space {space.key}"
    return Call(f"{V1}/content", about, read, {**selection, **params}, space_key=space.key)


def _space_content(space: Space, read: Callable[[object], T], params: Params) -> Call[T]:
    path = f"{V1}/space/{escape_part(space.key)}/content/page"
    return Call(path, f"the content of space {space.key}", read, params, space_key=space.key)


def _part(page_id: str, path: str, what: str, read: Callable[[object], T], params: Params) -> Call[T]:
    """Return the call that lists a sub-resource of a page."""
    address = f"{V1}/content/{escape_part(page_id)}/{path}"
    return Call(address, f"{what} of page {page_id}", read, params, page_id=page_id)


def _read_space(answer: object) -> Space:
    space = read_shape(_Space, answer, "a space")
    return Space(space.id, space.key, space.name, space.homepage.id if space.homepage else None)


def _read_version(answer: object) -> Version:
    return read_shape(_Version, answer, "a version").value()


def _read_parts(item: object) -> tuple[PageParts, frozenset[PagePart]]:
    """Return the parts that an answer has, and which of their lists are cut."""
    lists = read_shape(_Parts, item, "the parts of a page").lists()
    labels, files, comments = (lists.get(part) for part in (PagePart.LABELS, PagePart.ATTACHMENTS, PagePart.COMMENTS))
    parts = PageParts(
        labels=frozenset(map(read_label, labels.results)) if labels else None,
        attachments=tuple(map(_read_attachment, files.results)) if files else None,
        comments=tuple(map(_read_comment, comments.results)) if comments else None,
        restrictions=read_restrictions_in_listing(item, "restrictions")[1],
    )
    return parts, frozenset(part for part, nested in lists.items() if nested.is_cut)


def _read_written(answer: object) -> tuple[str, Version]:
    written = read_shape(_Written, answer, "a written page")
    return written.id, written.version.value()


def _read_attachment(answer: object) -> Attachment:
    file = read_shape(_Attachment, answer, "an attachment")
    return Attachment(
        id=file.id,
        name=file.title,
        media_type=file.extensions.mediaType or file.metadata.mediaType,
        size_bytes=file.extensions.fileSize,
        version=file.version.value(),
        download_path=file.links.download,
        comment=file.extensions.comment or file.metadata.comment,
    )


def _read_comment(answer: object) -> Comment:
    comment = read_shape(_Comment, answer, "a comment")
    inline = comment.extensions.inlineProperties or _InlineProperties()
    resolution = comment.extensions.resolution
    return Comment(
        id=comment.id,
        body=comment.storage_or_empty(),
        version=comment.version.value(),
        parent_id=comment.ancestors[-1].id if comment.ancestors else None,
        inline_ref=inline.markerRef,
        inline_text=inline.originalSelection,
        is_resolved=resolution is not None and resolution.status == "resolved",
    )
