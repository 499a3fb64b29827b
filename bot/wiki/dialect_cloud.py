"""Confluence Cloud: REST v2 for pages and spaces, v1 for what v2 has not got (labels, CQL, restrictions, users)."""

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import Field

from bot.errors import WikiAnswerError
from bot.wiki.answers import Id, Shape, StorageBody, Text, When, read_shape, read_status
from bot.wiki.ask import Ask, escape_part
from bot.wiki.dialect import Flavour, SpaceKeys
from bot.wiki.gateway import Attachment, Comment, Page, PageRef, PageStatus, Space, User, Version
from bot.wiki.rest_v1 import V1

_V2 = "/api/v2"
_MAX_LIMIT = 250


class _Version(Shape):
    number: int
    createdAt: When  # noqa: N815 -- the API's name, here and below
    message: Text = ""
    minorEdit: bool = False  # noqa: N815
    authorId: Text = ""  # noqa: N815

    def value(self) -> Version:
        author = User(self.authorId or "anonymous", self.authorId or "Anonymous")
        return Version(self.number, self.createdAt, author, self.message, self.minorEdit)


class _Bodies(Shape):
    storage: StorageBody | None = None


class _Links(Shape):
    webui: Text = ""
    download: Text = ""


class _Page(Shape):
    id: Id
    title: str
    status: str
    spaceId: Id  # noqa: N815
    version: _Version
    parentId: Id | None = None  # noqa: N815
    position: int | None = None
    body: _Bodies | None = None
    links: Annotated[_Links, Field(alias="_links")] = _Links()


class _Written(Shape):
    id: Id
    version: _Version


class _Space(Shape):
    id: Id
    key: str
    name: Text = ""
    homepageId: Id | None = None  # noqa: N815


class _Spaces(Shape):
    results: list[_Space]


class _User(Shape):
    accountId: Text = ""  # noqa: N815
    displayName: Text = ""  # noqa: N815
    publicName: Text = ""  # noqa: N815
    type: Text = ""


class _Attachment(Shape):
    id: Id
    title: str
    version: _Version
    mediaType: Text = ""  # noqa: N815
    fileSize: int  # noqa: N815
    comment: Text = ""
    downloadLink: Text = ""  # noqa: N815
    links: Annotated[_Links, Field(alias="_links")] = _Links()


class _InlineProperties(Shape):
    inlineMarkerRef: str | None = None  # noqa: N815
    inlineOriginalSelection: str | None = None  # noqa: N815


class _Comment(Shape):
    id: Id
    version: _Version
    body: _Bodies | None = None
    parentCommentId: Id | None = None  # noqa: N815
    resolutionStatus: Text = ""  # noqa: N815
    properties: _InlineProperties | None = None


class CloudDialect:
    """REST v2 with the leftovers of v1."""

    flavour = Flavour.CLOUD
    bulk_read_size = _MAX_LIMIT
    is_bulk_read_certain = True

    def current_user(self) -> Ask:
        return Ask(f"{V1}/user/current", "the bot's account")

    def user(self, user_id: str) -> Ask:
        return Ask(f"{V1}/user", f"user {user_id}", {"accountId": user_id})

    def read_user(self, answer: object) -> User:
        user = read_shape(_User, answer, "a user")
        return User(user.accountId, user.displayName or user.publicName or user.accountId)

    def spaces(self) -> Ask:
        return Ask(f"{_V2}/spaces", "the spaces", {"status": "current", "sort": "name", "limit": _MAX_LIMIT})

    def space(self, key: str) -> Ask:
        return Ask(f"{_V2}/spaces", f"space {key}", {"keys": key}, space_key=key)

    def space_by_id(self, space_id: str) -> Ask:
        return Ask(f"{_V2}/spaces/{escape_part(space_id)}", f"space {space_id}", space_key=space_id)

    def read_space(self, answer: object, about: str) -> Space | None:
        if isinstance(answer, dict) and "results" in answer:
            found = read_shape(_Spaces, answer, about).results
            if not found:
                return None
            space = found[0]
        else:
            space = read_shape(_Space, answer, about)
        return Space(space.id, space.key, space.name, space.homepageId)

    def listing(self, space: Space, status: PageStatus, *, with_body: bool) -> Ask | None:
        params: dict[str, str | int] = {"status": status.value, "limit": _MAX_LIMIT, "sort": "id"}
        if with_body:
            params["body-format"] = "storage"
        path = f"{_V2}/spaces/{escape_part(space.id)}/pages"
        return Ask(path, f"the {status} pages of space {space.key}", params, space_key=space.key)

    def page(self, page_id: str) -> Ask:
        return self._page(page_id, {})

    def page_version(self, page_id: str, version: int) -> Ask:
        return self._page(page_id, {"version": version})

    def draft(self, page_id: str) -> Ask:
        return self._page(page_id, {"get-draft": "true"})

    def _page(self, page_id: str, params: dict[str, str | int]) -> Ask:
        path = f"{_V2}/pages/{escape_part(page_id)}"
        return Ask(path, f"page {page_id}", {"body-format": "storage", **params}, page_id=page_id)

    def pages(self, page_ids: Sequence[str]) -> Ask:
        params: dict[str, str | int] = {"id": ",".join(page_ids), "body-format": "storage", "limit": _MAX_LIMIT}
        return Ask(f"{_V2}/pages", f"reading {len(page_ids)} page(s)", params)

    def titled(self, space: Space, title: str, status: PageStatus) -> Ask | None:
        params = {"space-id": space.id, "title": title, "status": status.value}
        return Ask(f"{_V2}/pages", f"page {title!r} in space {space.key}", params)

    def read_ref(self, answer: object, keys: SpaceKeys, base_url: str) -> PageRef:
        return self._ref(read_shape(_Page, answer, "a page"), keys, base_url)

    def read_page(self, answer: object, keys: SpaceKeys, base_url: str) -> Page:
        page = read_shape(_Page, answer, "a page")
        if page.body is None or page.body.storage is None:
            raise WikiAnswerError(f"page {page.id}: the wiki sent no body in storage format")
        return Page(self._ref(page, keys, base_url), page.body.storage.value)

    def _ref(self, page: _Page, keys: SpaceKeys, base_url: str) -> PageRef:
        return PageRef(
            id=page.id,
            title=page.title,
            space_key=keys(page.spaceId),
            status=read_status(page.status, page.id),
            version=page.version.value(),
            parent_id=page.parentId or None,
            position=page.position,
            url=base_url + page.links.webui
            if page.links.webui
            else f"{base_url}/pages/viewpage.action?pageId={page.id}",
        )

    def versions(self, page_id: str) -> tuple[Ask, ...]:
        params: dict[str, str | int] = {"limit": 50, "sort": "-modified-date"}
        return (
            Ask(f"{_V2}/pages/{escape_part(page_id)}/versions", f"versions of page {page_id}", params, page_id=page_id),
        )

    def read_version(self, answer: object) -> Version:
        return read_shape(_Version, answer, "a version").value()

    def read_written(self, answer: object) -> tuple[str, Version]:
        written = read_shape(_Written, answer, "a written page")
        return written.id, written.version.value()

    def labels(self, page_id: str) -> Ask:
        path = f"{_V2}/pages/{escape_part(page_id)}/labels"
        return Ask(path, f"labels of page {page_id}", {"limit": _MAX_LIMIT}, page_id=page_id)

    def attachments(self, page_id: str) -> Ask:
        path = f"{_V2}/pages/{escape_part(page_id)}/attachments"
        return Ask(path, f"attachments of page {page_id}", {"limit": _MAX_LIMIT}, page_id=page_id)

    def read_attachment(self, answer: object) -> Attachment:
        file = read_shape(_Attachment, answer, "an attachment")
        link = file.downloadLink or file.links.download
        version = file.version.value()
        return Attachment(file.id, file.title, file.mediaType, file.fileSize, version, link, file.comment)

    def comments(self, page_id: str) -> tuple[Ask, ...]:
        params: dict[str, str | int] = {"body-format": "storage", "limit": _MAX_LIMIT}
        return tuple(
            Ask(f"{_V2}/pages/{escape_part(page_id)}/{kind}", f"comments of page {page_id}", params, page_id=page_id)
            for kind in ("footer-comments", "inline-comments")
        )

    def replies(self, comment: Comment, *, is_inline: bool) -> Ask | None:
        kind = "inline-comments" if is_inline else "footer-comments"
        params: dict[str, str | int] = {"body-format": "storage", "limit": _MAX_LIMIT}
        return Ask(f"{_V2}/{kind}/{escape_part(comment.id)}/children", f"replies to comment {comment.id}", params)

    def read_comment(self, answer: object) -> Comment:
        comment = read_shape(_Comment, answer, "a comment")
        inline = comment.properties or _InlineProperties()
        return Comment(
            id=comment.id,
            body=comment.body.storage.value if comment.body and comment.body.storage else "",
            version=comment.version.value(),
            parent_id=comment.parentCommentId,
            inline_ref=inline.inlineMarkerRef,
            inline_text=inline.inlineOriginalSelection,
            is_resolved=comment.resolutionStatus == "resolved",
        )

    def update(self, page: Page, body: str, *, message: str, is_minor: bool) -> Ask:  # noqa: ARG002 -- v2 has no minor edits
        payload = {
            "id": page.id,
            "status": page.ref.status.value,
            "title": page.title,
            "body": {"representation": "storage", "value": body},
            "version": {"number": page.version + 1, "message": message},
        }
        path = f"{_V2}/pages/{escape_part(page.id)}"
        return Ask(path, f"page {page.id}", payload=payload, page_id=page.id, base_version=page.version)

    def create(self, space: Space, *, title: str, body: str, parent_id: str | None, message: str) -> Ask:
        payload: dict[str, Any] = {
            "spaceId": space.id,
            "status": "current",
            "title": title,
            "body": {"representation": "storage", "value": body},
            "version": {"message": message},
        }
        if parent_id is not None:
            payload["parentId"] = parent_id
        return Ask(f"{_V2}/pages", f"new page {title!r}", payload=payload)
