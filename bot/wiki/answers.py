"""Validate the JSON answers of the wiki: return a value or raise `WikiAnswerError`."""

import re
from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar

import requests
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from bot.errors import AuthenticationError, WikiAnswerError
from bot.wiki.dialect import Call
from bot.wiki.failures import refusal
from bot.wiki.gateway import PageStatus

_LOGIN_PAGE = re.compile(r"log.?in|sign.?in|os_username|password", re.IGNORECASE)


def read_json(response: requests.Response, call: Call[Any]) -> Any:
    """Return the decoded answer; raises the matching error if the status or the content is not as expected."""
    if not response.ok:
        raise refusal(
            response,
            call.about,
            is_write=call.method != "GET",
            page_id=call.page_id,
            space_key=call.space_key,
            sent=call.payload,
        )
    if not response.content:
        return None
    try:
        return response.json()
    except ValueError as error:
        text = response.text[:64_000]
        if not text.lstrip().startswith("<"):
            raise WikiAnswerError(f"{call.about}: the wiki's answer is not complete JSON") from error
        if _LOGIN_PAGE.search(text):
            raise AuthenticationError(f"{call.about}: the wiki shows a login page; check user and token") from error
        raise WikiAnswerError(
            f"{call.about}: the wiki answered with a web page instead of data; check wiki.url"
        ) from error


class Shape(BaseModel):
    """A part of an answer; fields that are not used are ignored, fields that are used are checked strictly."""

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True, defer_build=True)


def _as_id(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _or_empty(value: object) -> object:
    return "" if value is None else value


def _as_moment(value: object) -> object:
    if not isinstance(value, str):
        return value
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError("a time without its zone")
    return moment


Id = Annotated[str, BeforeValidator(_as_id)]
TextOrEmpty = Annotated[str, BeforeValidator(_or_empty)]
When = Annotated[datetime, BeforeValidator(_as_moment)]
S = TypeVar("S", bound=Shape)


def read_shape(shape: type[S], answer: object, about: str) -> S:
    """Check *answer* against *shape*; raises `WikiAnswerError` that names the first problem."""
    try:
        return shape.model_validate(answer)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "it"
        raise WikiAnswerError(f"{about}: the wiki's answer does not match the API: {place}: {first['msg']}") from error


class StorageBody(Shape):
    """A body as both dialects wrap it; any representation other than storage format is refused."""

    value: str
    representation: Literal["storage"]


class Bodies(Shape):
    """The requested representations of a body."""

    storage: StorageBody | None = None


class _View(Shape):
    value: str


class _ViewBody(Shape):
    view: _View


class _Viewed(Shape):
    body: _ViewBody


def read_view(answer: object) -> str:
    """Return the body of a page as HTML; v1 and v2 use the same shape."""
    return read_shape(_Viewed, answer, "the view of a page").body.view.value


class Links(Shape):
    """The links of a page or file, relative to the base address."""

    webui: TextOrEmpty = ""
    download: TextOrEmpty = ""


class Content(Shape):
    """A page, comment or file, in the shape that both dialects share."""

    id: Id
    body: Bodies | None = None
    links: Annotated[Links, Field(alias="_links")] = Links()

    def storage(self) -> str:
        """Return the body; raises `WikiAnswerError` if the answer has none."""
        if self.body is None or self.body.storage is None:
            raise WikiAnswerError(f"page {self.id}: the wiki sent no body in storage format")
        return self.body.storage.value

    def storage_or_empty(self) -> str:
        """Return the body, or an empty string if the answer has none."""
        return self.body.storage.value if self.body and self.body.storage else ""

    def url(self, base_url: str) -> str:
        """Return the address of the page in a browser."""
        return base_url + (self.links.webui or f"/pages/viewpage.action?pageId={self.id}")


def read_status(name: str, page_id: str) -> PageStatus:
    """Return the status; v1 gives an old version the status `historical`, which is not a status of the page itself."""
    try:
        return _STATUSES[name]
    except KeyError as error:
        raise WikiAnswerError(f"page {page_id}: the wiki names an unknown status {name!r}") from error


_STATUSES = {
    "current": PageStatus.CURRENT,
    "historical": PageStatus.CURRENT,
    "archived": PageStatus.ARCHIVED,
    "trashed": PageStatus.TRASHED,
    "deleted": PageStatus.TRASHED,
    "draft": PageStatus.DRAFT,
}
