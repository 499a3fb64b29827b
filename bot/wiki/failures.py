"""Map failed requests to errors: the wiki's message, the exception class, and advice.

`_KNOWN` is the table of recognised refusals. Sources: Atlassian's OpenAPI documents, the threads named in each
row, and answers observed on live sites.
"""

import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import requests

from bot.errors import (
    AuthenticationError,
    PageNotFoundError,
    PermissionDeniedError,
    RateLimitedError,
    WikiAnswerError,
    WikiError,
    WikiUnreachableError,
)
from bot.log import redact
from bot.wiki.proxies import Proxy
from bot.wiki.scopes import is_scope_failure, needed_scopes
from bot.wiki.tls import describe_tls_failure, find_tls_error

_LONGEST_WORDS = 240
_MAX_READ = 64_000
_JAVA_CLASS = re.compile(r"\b(?:[a-z]\w*\.){2,}[A-Z]\w*(?:Exception|Error)?:\s*")
_HTML_TITLE = re.compile(r"<title[^>]*>(?P<title>.*?)</title>", re.IGNORECASE | re.DOTALL)
_NO_REASON = re.compile(r"|(?:http )?404|not ?found", re.IGNORECASE)


VERSION_WORDS = r"version must be incremented|current version|optimistic.?lock|stale.?(?:object.?)?state"
"""How the wiki says that a version number is taken."""


@dataclass(frozen=True, slots=True)
class _Known:
    """A recognised refusal; all criteria of the row have to match: status, words, header.

    *advice* may depend on what was sent.
    """

    error: type[WikiError]
    advice: str | Callable[[object], str]
    statuses: tuple[int, ...] = ()
    words: str = ""
    header: tuple[str, str] | None = None
    writes_only: bool = False

    def fits(self, response: requests.Response, words: str, *, is_write: bool) -> bool:
        return (
            (not self.statuses or response.status_code in self.statuses)
            and (is_write or not self.writes_only)
            and (self.header is None or self.header[1] in response.headers.get(self.header[0], "").upper())
            and (not self.words or re.search(self.words, words, re.IGNORECASE) is not None)
        )


def _advise_characters(sent: object) -> str:
    """Return advice that names the characters which old databases of Data Center cannot store."""
    found = dict.fromkeys(letter for text in _strings(sent) for letter in text if ord(letter) > _LAST_OF_THREE_BYTES)
    if not found:
        return "the database of the wiki refuses it; run again, and if that does not help, ask the administrators"
    named = ", ".join(f"{each} (U+{ord(each):X} {unicodedata.name(each, 'without a name')})" for each in found)
    return f"the database of the wiki cannot store {named}: remove it from the data file or the page"


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _strings(each)


_LAST_OF_THREE_BYTES = 0xFFFF
"""Characters above need 4 bytes in UTF-8; `utf8` of MySQL stores 3."""
_CAPTCHA = "sign in once in a browser as the bot's account and answer the CAPTCHA, then run again"
_SHORTEN = "shorten the text, or move part of it to another page"
_NEW_TOKEN = "make a new token for the bot's account and replace the old one"  # noqa: S105 -- advice
_SOCKS_REFUSALS = ("SOCKS5 authentication failed", "All offered SOCKS5 authentication methods were rejected")
_SOCKS_SILENCE = ("_SocksConnection", "_SocksTlsConnection")
_PROXY = "the proxy asks for a name and a password: set HTTPS_PROXY to http://NAME:PASSWORD@HOST:PORT"

_KNOWN = (
    # Data Center after failed sign-ins: atlassian-python-api#1071; Seraph's header states why the login was refused
    _Known(AuthenticationError, _CAPTCHA, header=("X-Authentication-Denied-Reason", "CAPTCHA")),
    _Known(AuthenticationError, _CAPTCHA, (401, 403), header=("X-Seraph-LoginReason", "AUTHENTICATION_DENIED")),
    _Known(WikiUnreachableError, _PROXY, (407,)),
    # Cloud gateway: mark#917
    _Known(
        AuthenticationError,
        "the token lacks a scope that this request needs; make a token with the scopes that the documentation lists",
        (401, 403),
        header=("X-Failure-Category", "SCOPE"),
    ),
    _Known(
        AuthenticationError,
        "the token lacks a scope that this request needs; make a token with the scopes that the documentation lists",
        (401, 403),
        words=r"scopes? (?:does|do) not match|insufficient.scope",
    ),
    _Known(AuthenticationError, _NEW_TOKEN, (401, 403), words=r"\b(?:expired?|expiry|revoked)\b"),
    _Known(
        AuthenticationError,
        "an administrator has to activate the bot's account and give it access to Confluence",
        (401, 403),
        words=r"\b(?:suspended|deactivated|inactive|disabled|not active|locked|not permitted to use confluence)\b",
    ),
    # Cloud answers with a page, not with JSON, to a scoped token at the site's own address
    _Known(
        AuthenticationError,
        "check user and token; a scoped token works at the API gateway only (remove wiki.access, or set it to gateway)",
        (401,),
        header=("Content-Type", "HTML"),
    ),
    _Known(AuthenticationError, "check user and token", (401,)),
    _Known(RateLimitedError, "", (429,)),
    # v2 createPage: the limit is 5 MB; Data Center 5,242,880 bytes
    _Known(WikiError, f"the page is larger than the wiki accepts (usually 5 MiB); {_SHORTEN}", (413,)),
    # confluencebuilder#314, #375
    _Known(
        WikiError,
        "open the page in a browser, publish it once with the editor, then run again",
        (501,),
        writes_only=True,
    ),
    # confluence-publisher#283
    _Known(
        WikiError,
        "the editor of this page does not support this content; remove the unsupported parts from the template or text",
        words=r"cannot be converted|unsupported (?:content|macro|element)",
        writes_only=True,
    ),
    # an old MySQL database and a 4-byte character
    _Known(
        WikiError,
        _advise_characters,
        (400, 500),
        words=r"could not execute statement|incorrect string value|invalid byte sequence",
        writes_only=True,
    ),
    # CONFCLOUD-76640; `PageWriter` makes a conflict of it if the page has moved on
    _Known(
        WikiError,
        "the wiki has a newer version than it lets the bot read, or another save is under way; run again later",
        (400, 409),
        words=VERSION_WORDS,
        writes_only=True,
    ),
    # Data Center may say 500: confluencebuilder#348
    _Known(
        WikiError,
        "choose another title, or rename the other page",
        (400, 409, 500),
        words=r"page (?:with|already).*title|title.*already|already exists",
        writes_only=True,
    ),
    _Known(
        WikiError,
        "somebody has an unpublished draft of this page; let them publish or discard it",
        (400, 409),
        words=r"\b(?:drafts?|unpublished)\b",
        writes_only=True,
    ),
    _Known(
        WikiError,
        "restore the page before the bot can write it",
        (400, 403, 404, 409),
        words=r"\b(?:archived|trashed|in the trash)\b",
        writes_only=True,
    ),
    _Known(
        WikiError,
        "the wiki does not accept changes now; run again later",
        words=r"read.only mode",
        writes_only=True,
    ),
    # The v1 operations that Cloud has removed: CHANGE-864
    _Known(WikiAnswerError, "the wiki has removed this operation; check wiki.url, or install a newer wikibot", (410,)),
    _Known(PermissionDeniedError, "the bot's account may not do this", (403,)),
    _Known(WikiAnswerError, "check wiki.url and wiki.flavour", (404,)),
)


def refusal(
    response: requests.Response,
    about: str,
    *,
    is_write: bool,
    page_id: str | None = None,
    space_key: str | None = None,
    sent: object = None,
) -> WikiError:
    """Return the error for an answer with status 400 or more, with the wiki's message and advice.

    *page_id* or *space_key* is the object that a 404 refers to, *sent* is the payload of the request. The error has the
    HTTP status.
    """
    status = response.status_code
    words = said_by_wiki(response)
    # The names of Java classes are removed from the message, but they identify the refusal.
    said = " ".join([words, *_JAVA_CLASS.findall(response.text[:_MAX_READ])])
    known = next((known for known in _KNOWN if known.fits(response, said, is_write=is_write)), None)
    error: WikiError
    if status == requests.codes.not_found and page_id is not None and (known is None or not known.writes_only):
        error = PageNotFoundError(page_id, said=words)
    elif status == requests.codes.not_found and space_key is not None:
        error = PageNotFoundError(space_key=space_key, said=words)
    else:
        said = f" ({words})" if words else ""
        advice = known.advice if known else ""
        advice = advice if isinstance(advice, str) else advice(sent)
        advice += _advise_at_gateway(response, words)
        error = (known.error if known else _other(status, is_write=is_write))(
            f"{about}: the wiki answered {status}{said}" + (f"; {advice}" if advice else "")
        )
    error.status = status
    return error


def _advise_at_gateway(response: requests.Response, words: str) -> str:
    """Return what a 401 of the API gateway means, with the scopes that the request needs."""
    _, separator, path = (response.url or "").partition("/ex/confluence/")
    if not separator or response.status_code != requests.codes.unauthorized:
        return ""
    if not is_scope_failure(words, response.headers.get("X-Failure-Category", "")):
        return "; a classic API token works at the address of the site only: set wiki.url to https://NAME.atlassian.net"
    needed = needed_scopes(response.request.method or "", "/" + path.partition("/wiki/")[2])
    return f" (here: {', '.join(needed)})" if needed else ""


def _other(status: int, *, is_write: bool) -> type[WikiError]:
    if status >= requests.codes.server_error:
        return WikiUnreachableError
    return WikiError if is_write else WikiAnswerError


def gives_no_reason(response: requests.Response) -> bool:
    """Return whether a refusal may be caused by the sign-in: Cloud answers a bad token with 403 (v1) or 404 (v2).

    A 404 about an absent page includes the page id, unlike the 404 for a bad token (observed: mozilla/markfluence).
    """
    status = response.status_code
    if status == requests.codes.not_found:
        return _NO_REASON.fullmatch(said_by_wiki(response)) is not None
    return bool(status == requests.codes.forbidden)


def said_by_wiki(response: requests.Response) -> str:
    """Return the wiki's error message on one line, without secrets, at most 240 characters.

    v1 has `message` and `data.errors[].message.translation`, v2 `errors[].title` and `detail`, proxies an HTML title.
    """
    try:
        answer = response.json()
    except ValueError:
        match = _HTML_TITLE.search(response.text[:_MAX_READ])
        title = unescape(match["title"]) if match else ""
        found: list[str] = [re.sub(rf"^\s*(?:HTTP )?{response.status_code}\b[\s:–-]*", "", title)]
    else:
        found = list(_sentences(answer)) if isinstance(answer, dict) else []
    words = ""
    for sentence in found:
        sentence = " ".join(_JAVA_CLASS.sub("", sentence).split())
        if sentence and sentence.casefold() not in words.casefold():
            words = f"{words}: {sentence}" if words else sentence
    words = "".join(letter if letter.isprintable() else f"\\u{ord(letter):04x}" for letter in redact(words))
    return words if len(words) <= _LONGEST_WORDS else words[: _LONGEST_WORDS - 1] + "…"


def _sentences(answer: dict[str, Any]) -> Iterable[str]:
    yield from _texts(answer, "message")
    data = answer.get("data")
    for holder in (answer, data if isinstance(data, dict) else {}):
        errors = holder.get("errors")
        for error in errors if isinstance(errors, list) else ():
            if isinstance(error, dict):
                yield from _texts(error, "title", "detail", "message")
                yield from _texts(error.get("message"), "translation")


def _texts(holder: object, *keys: str) -> Iterable[str]:
    if isinstance(holder, dict):
        yield from (holder[key] for key in keys if isinstance(holder.get(key), str))


class TransientError(Exception):
    """A temporary failure of one attempt; *error* is raised if all retries fail."""

    def __init__(self, error: WikiError, *, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.error, self.retry_after = error, retry_after


def parse_retry_after(value: str | None, *, now: datetime) -> float | None:
    """Parse a Retry-After header (seconds or HTTP date) to seconds from *now*; None if absent or invalid."""
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            moment = parsedate_to_datetime(value)
        except ValueError:
            return None
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        seconds = (moment - now).total_seconds()
    return max(0.0, seconds) if math.isfinite(seconds) else None


@lru_cache(maxsize=256)
def shorten_address(url: str) -> str:
    """Return an address without user and query, because the query of a download link contains tokens."""
    parts = urlsplit(url)
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{parts.hostname}{port}{parts.path}"


def is_proxy_refusal(error: Exception) -> bool:
    """Return whether a proxy refused the account (407 to CONNECT, or SOCKS authentication); retrying does not help."""
    text = str(error)
    if isinstance(error, requests.exceptions.ProxyError) and "Tunnel connection failed: 407" in text:
        return True
    return any(words in text for words in _SOCKS_REFUSALS)


def is_proxy_silence(error: Exception) -> bool:
    """Return whether no connection to the proxy itself was made, or the proxy did not connect to the wiki."""
    return isinstance(error, requests.exceptions.ProxyError) or any(words in str(error) for words in _SOCKS_SILENCE)


def describe_unreached(error: Exception, proxy: Proxy | None) -> str:
    """Describe why there was no answer; *proxy* is the proxy that was used."""
    if proxy is not None and is_proxy_refusal(error):
        return proxy.explain_refusal()
    if find_tls_error(error) is not None:
        return describe_tls_failure(error)
    reason = describe_loss(error)
    return proxy.explain_silence(reason) if proxy is not None and is_proxy_silence(error) else reason


def describe_loss(error: Exception) -> str:
    """Describe briefly why there was no answer; urllib3's own messages contain object representations and addresses."""
    match error:
        case requests.exceptions.ConnectTimeout():
            return "no connection in time"
        case requests.Timeout():
            return str(error) if str(error).startswith("no complete answer") else "no answer in time"
        case requests.exceptions.ProxyError():
            text = str(error)
            if "Cannot connect to proxy" not in text and "NewConnectionError" not in text:
                return "the proxy refused the connection"
    text = str(error)
    if "NameResolutionError" in text or "getaddrinfo" in text:
        return "the host name is not known"
    if "refused" in text:
        return "the connection was refused"
    return "the connection was lost before the answer was complete"
