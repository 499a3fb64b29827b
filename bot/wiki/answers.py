"""Read the wiki's answers: JSON of the promised shape in, a value or one of our errors out."""

import re
from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar

import requests
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from bot.errors import (
    AuthenticationError,
    PageConflictError,
    PageNotFoundError,
    PermissionDeniedError,
    RejectedWriteError,
    SpaceNotFoundError,
    WikiAnswerError,
    WikiError,
)
from bot.log import redact
from bot.wiki.ask import Ask
from bot.wiki.gateway import PageStatus

_LONGEST_MESSAGE = 240
_JAVA_CLASS = re.compile(r"\b(?:[a-z]\w*\.){2,}[A-Z]\w*(?:Exception|Error)?:\s*")
_LOGIN_PAGE = re.compile(r"log.?in|sign.?in|os_username|password", re.IGNORECASE)


def read_json(response: requests.Response, ask: Ask, *, is_write: bool = False) -> Any:
    """Return the decoded answer; raises the error of ours that fits when it is not a good one."""
    if not response.ok:
        raise _error(response, ask, is_write=is_write)
    if not response.content:
        return None
    try:
        return response.json()
    except ValueError as error:
        text = response.text[:64_000]
        if not text.lstrip().startswith("<"):
            raise WikiAnswerError(f"{ask.about}: the wiki's answer is not whole JSON") from error
        if _LOGIN_PAGE.search(text):
            raise AuthenticationError(f"{ask.about}: the wiki shows a login page; check user and token") from error
        raise WikiAnswerError(
            f"{ask.about}: the wiki answered with a web page instead of data; check wiki.url"
        ) from error


def _error(response: requests.Response, ask: Ask, *, is_write: bool) -> WikiError:
    status = response.status_code
    words = said_by_wiki(response)
    detail = f"{ask.about}: the wiki answered {status}" + (f" ({words})" if words else "")
    match status:
        case 401:
            return AuthenticationError(f"{detail}; check user and token")
        case 403 if "captcha" in response.headers.get("X-Authentication-Denied-Reason", "").lower():
            return AuthenticationError(f"{detail}; log in once in a browser to answer the CAPTCHA")
        case 403:
            return PermissionDeniedError(f"{detail}; the bot's account may not do this")
        case 404 if ask.page_id is not None:
            return PageNotFoundError(ask.page_id)
        case 404 if ask.space_key is not None:
            return SpaceNotFoundError(ask.space_key)
        case 404:
            return WikiAnswerError(f"{detail}; check wiki.url and wiki.flavour")
        case 409 if ask.page_id is not None and ask.base_version is not None:
            return PageConflictError(ask.page_id, base_version=ask.base_version)
    return RejectedWriteError(detail) if is_write else WikiAnswerError(detail)


def said_by_wiki(response: requests.Response) -> str:
    """Return the wiki's own words about an error, in short; v1 has `message`, v2 a list `errors`."""
    try:
        answer = response.json()
    except ValueError:
        return ""
    if not isinstance(answer, dict):
        return ""
    errors = answer.get("errors")
    if isinstance(errors, list) and errors and isinstance(errors[0], dict):
        first = errors[0]
        words = " ".join(str(first[key]) for key in ("title", "detail") if first.get(key))
    else:
        words = str(answer.get("message") or "")
    words = redact(" ".join(_JAVA_CLASS.sub("", words).split()))
    return words if len(words) <= _LONGEST_MESSAGE else words[: _LONGEST_MESSAGE - 1] + "…"


class Shape(BaseModel):
    """A part of an answer; what we do not use of it is ignored, what we use is checked strictly."""

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)


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
Text = Annotated[str, BeforeValidator(_or_empty)]
When = Annotated[datetime, BeforeValidator(_as_moment)]
S = TypeVar("S", bound=Shape)


def read_shape(shape: type[S], answer: object, about: str) -> S:
    """Check *answer* against *shape*; raises `WikiAnswerError` that names the first thing wrong."""
    try:
        return shape.model_validate(answer)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "it"
        raise WikiAnswerError(f"{about}: the wiki's answer is not as promised: {place}: {first['msg']}") from error


class StorageBody(Shape):
    """A body as both dialects wrap it; any other representation is refused."""

    value: str
    representation: Literal["storage"]


def read_status(name: str, page_id: str) -> PageStatus:
    """Return the status; an old version of a page is `historical` to v1, which is no state of the page itself."""
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
