"""Confluence Data Center: REST v1."""

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from bot.errors import WikiAnswerError
from bot.wiki.answers import Id, Shape, StorageBody, Text, When, read_shape, read_status
from bot.wiki.ask import Ask, escape_part
from bot.wiki.dialect import Flavour, SpaceKeys
from bot.wiki.gateway import Attachment, Comment, Page, PageRef, PageStatus, Space, User, Version
from bot.wiki.rest_v1 import V1

_EXPAND = "version,ancestors,space"
_EXPAND_BODY = f"body.storage,{_EXPAND}"
_LIMIT_WITH_BODY = 50
_LIMIT = 200


def _number_or_none(value: object) -> object:
    """Positions that are not set come as -1 or as the word "none"."""
    return value if isinstance(value, int) and value >= 0 else None


Position = Annotated[int | None, BeforeValidator(_number_or_none)]


class _User(Shape):
    userKey: Text = ""  # noqa: N815 -- the API's name, here and below
    username: Text = ""
    displayName: Text = ""  # noqa: N815
    accountId: Text = ""  # noqa: N815

    def value(self) -> User:
        identity = self.userKey or self.accountId or self.username or "anonymous"
        return User(identity, self.displayName or self.username or "Anonymous", self.username or None)


class _Version(Shape):
    number: int
    when: When
    message: Text = ""
    minorEdit: bool = False  # noqa: N815
    by: _User = _User()

    def value(self) -> Version:
        return Version(self.number, self.when, self.by.value(), self.message, self.minorEdit)


class _Bodies(Shape):
    storage: StorageBody | None = None


class _Links(Shape):
    webui: Text = ""
    download: Text = ""


class _Ancestor(Shape):
    id: Id


class _SpaceKey(Shape):
    key: str


class _Extensions(Shape):
    position: Position = None


class _Page(Shape):
    id: Id
    type: str
    title: str
    status: str
    version: _Version
    space: _SpaceKey
    ancestors: list[_Ancestor]
    position: Position = None
    extensions: _Extensions = _Extensions()
    body: _Bodies | None = None
    links: Annotated[_Links, Field(alias="_links")] = _Links()


class _Written(Shape):
    id: Id
    version: _Version


class _Space(Shape):
    id: Id
    key: str
    name: Text = ""
    homepage: _Ancestor | None = None


class _FileExtensions(Shape):
    mediaType: Text = ""  # noqa: N815
    fileSize: int  # noqa: N815
    comment: Text = ""


class _FileMetadata(Shape):
    mediaType: Text = ""  # noqa: N815
    comment: Text = ""


class _Attachment(Shape):
    id: Id
    title: str
    version: _Version
    extensions: _FileExtensions
    metadata: _FileMetadata = _FileMetadata()
    links: Annotated[_Links, Field(alias="_links")] = _Links()


class _InlineProperties(Shape):
    markerRef: str | None = None  # noqa: N815
    originalSelection: str | None = None  # noqa: N815


class _Resolution(Shape):
    status: Text = ""


class _CommentExtensions(Shape):
    inlineProperties: _InlineProperties | None = None  # noqa: N815
    resolution: _Resolution | None = None


class _Comment(Shape):
    id: Id
    version: _Version
    ancestors: list[_Ancestor] = Field(default_factory=list)
    body: _Bodies | None = None
    extensions: _CommentExtensions = _CommentExtensions()


class DataCenterDialect:
    """REST v1. Pages are never archived here; people use a label or a parent page for it."""

    flavour = Flavour.DATA_CENTER
    bulk_read_size = _LIMIT_WITH_BODY
    is_bulk_read_certain = False  # `ids` is documented for 10.0; older ones may ignore it

    def current_user(self) -> Ask:
        return Ask(f"{V1}/user/current", "the bot's account")

    def user(self, user_id: str) -> Ask:
        return Ask(f"{V1}/user", f"user {user_id}", {"key": user_id})

    def read_user(self, answer: object) -> User:
        return read_shape(_User, answer, "a user").value()

    def spaces(self) -> Ask:
        return Ask(f"{V1}/space", "the spaces", {"status": "current", "expand": "homepage", "limit": _LIMIT})

    def space(self, key: str) -> Ask:
        return Ask(f"{V1}/space/{escape_part(key)}", f"space {key}", {"expand": "homepage"}, space_key=key)

    def space_by_id(self, space_id: str) -> Ask:
        return Ask(f"{V1}/space", f"space {space_id}", {"spaceId": space_id, "expand": "homepage"}, space_key=space_id)

    def read_space(self, answer: object, about: str) -> Space | None:
        space = read_shape(_Space, answer, about)
        return Space(space.id, space.key, space.name, space.homepage.id if space.homepage else None)

    def listing(self, space: Space, status: PageStatus, *, with_body: bool) -> Ask | None:
        if status is PageStatus.ARCHIVED:
            return None
        params: dict[str, str | int] = {
            "type": "page",
            "spaceKey": space.key,
            "status": status.value,
            "expand": _EXPAND_BODY if with_body else _EXPAND,
            "limit": _LIMIT_WITH_BODY if with_body else _LIMIT,
        }
        return Ask(f"{V1}/content", f"the {status} pages of space {space.key}", params, space_key=space.key)

    def page(self, page_id: str) -> Ask:
        return self._page(page_id, {})

    def page_version(self, page_id: str, version: int) -> Ask:
        return self._page(page_id, {"status": ["current", "historical"], "version": version})

    def draft(self, page_id: str) -> Ask:
        return self._page(page_id, {"status": "draft"})

    def _page(self, page_id: str, params: dict[str, str | int | list[str]]) -> Ask:
        path = f"{V1}/content/{escape_part(page_id)}"
        return Ask(path, f"page {page_id}", {"expand": _EXPAND_BODY, **params}, page_id=page_id)

    def pages(self, page_ids: Sequence[str]) -> Ask:
        params: dict[str, str | int | Sequence[str]] = {
            "ids": page_ids,
            "expand": _EXPAND_BODY,
            "limit": _LIMIT_WITH_BODY,
        }
        return Ask(f"{V1}/content", f"reading {len(page_ids)} page(s)", params)

    def titled(self, space: Space, title: str, status: PageStatus) -> Ask | None:
        if status is PageStatus.ARCHIVED:
            return None
        params = {"type": "page", "spaceKey": space.key, "title": title, "status": status.value, "expand": _EXPAND}
        return Ask(f"{V1}/content", f"page {title!r} in space {space.key}", params)

    def read_ref(self, answer: object, keys: SpaceKeys, base_url: str) -> PageRef:  # noqa: ARG002 -- v1 names the key itself
        return self._ref(read_shape(_Page, answer, "a page"), base_url)

    def read_page(self, answer: object, keys: SpaceKeys, base_url: str) -> Page:  # noqa: ARG002 -- as above
        page = read_shape(_Page, answer, "a page")
        if page.body is None or page.body.storage is None:
            raise WikiAnswerError(f"page {page.id}: the wiki sent no body in storage format")
        return Page(self._ref(page, base_url), page.body.storage.value)

    def _ref(self, page: _Page, base_url: str) -> PageRef:
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
            url=base_url + page.links.webui
            if page.links.webui
            else f"{base_url}/pages/viewpage.action?pageId={page.id}",
        )

    def versions(self, page_id: str) -> tuple[Ask, ...]:
        return tuple(
            Ask(
                f"/rest/{root}/content/{escape_part(page_id)}/version",
                f"versions of page {page_id}",
                {"limit": _LIMIT},
                page_id=page_id,
            )
            for root in ("experimental", "api")
        )

    def read_version(self, answer: object) -> Version:
        return read_shape(_Version, answer, "a version").value()

    def read_written(self, answer: object) -> tuple[str, Version]:
        written = read_shape(_Written, answer, "a written page")
        return written.id, written.version.value()

    def labels(self, page_id: str) -> Ask:
        path = f"{V1}/content/{escape_part(page_id)}/label"
        return Ask(path, f"labels of page {page_id}", {"limit": _LIMIT}, page_id=page_id)

    def attachments(self, page_id: str) -> Ask:
        path = f"{V1}/content/{escape_part(page_id)}/child/attachment"
        return Ask(path, f"attachments of page {page_id}", {"expand": "version", "limit": _LIMIT}, page_id=page_id)

    def read_attachment(self, answer: object) -> Attachment:
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

    def comments(self, page_id: str) -> tuple[Ask, ...]:
        params: dict[str, str | int | Sequence[str]] = {
            "depth": "all",
            "location": ["footer", "inline", "resolved"],
            "expand": "body.storage,version,ancestors,extensions.inlineProperties,extensions.resolution",
            "limit": _LIMIT_WITH_BODY,
        }
        path = f"{V1}/content/{escape_part(page_id)}/child/comment"
        return (Ask(path, f"comments of page {page_id}", params, page_id=page_id),)

    def replies(self, comment: Comment, *, is_inline: bool) -> Ask | None:  # noqa: ARG002 -- `depth=all` brought them
        return None

    def read_comment(self, answer: object) -> Comment:
        comment = read_shape(_Comment, answer, "a comment")
        inline = comment.extensions.inlineProperties or _InlineProperties()
        resolution = comment.extensions.resolution
        return Comment(
            id=comment.id,
            body=comment.body.storage.value if comment.body and comment.body.storage else "",
            version=comment.version.value(),
            parent_id=comment.ancestors[-1].id if comment.ancestors else None,
            inline_ref=inline.markerRef,
            inline_text=inline.originalSelection,
            is_resolved=resolution is not None and resolution.status == "resolved",
        )

    def update(self, page: Page, body: str, *, message: str, is_minor: bool) -> Ask:
        payload = {
            "id": page.id,
            "type": "page",
            "status": page.ref.status.value,
            "title": page.title,
            "body": {"storage": {"representation": "storage", "value": body}},
            "version": {"number": page.version + 1, "message": message, "minorEdit": is_minor},
        }
        path = f"{V1}/content/{escape_part(page.id)}"
        return Ask(path, f"page {page.id}", payload=payload, page_id=page.id, base_version=page.version)

    def create(self, space: Space, *, title: str, body: str, parent_id: str | None, message: str) -> Ask:
        payload: dict[str, Any] = {
            "type": "page",
            "title": title,
            "space": {"key": space.key},
            "body": {"storage": {"representation": "storage", "value": body}},
            "version": {"number": 1, "message": message},
        }
        if parent_id is not None:
            payload["ancestors"] = [{"id": parent_id}]
        return Ask(f"{V1}/content", f"new page {title!r}", payload=payload)
