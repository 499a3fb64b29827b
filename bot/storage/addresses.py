"""The addresses by which a wiki knows its pages: which page is meant (pure)."""

import base64
import re
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qs, unquote, unquote_plus, urljoin, urlsplit

_MAX_ID_BYTES = 8
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class PageAddress:
    """The page that an address names: by id, or by space key and title."""

    page_id: str | None = None
    space_key: str | None = None
    title: str | None = None


def parse_page_address(url: str, base_url: str) -> PageAddress | None:
    """Return the page that *url* leads to; None for another site, another kind of address, or a place on a page.

    Knows `/spaces/KEY/pages/ID/Title`, `/pages/viewpage.action?pageId=ID` (or `spaceKey` and `title`),
    `/display/KEY/Title`, and the short `/x/…`. A relative address belongs to the wiki.
    """
    base = urlsplit(base_url.rstrip("/") + "/")
    try:
        parts = urlsplit(urljoin(base.geturl(), url.strip()))
        is_elsewhere = _host(parts) != _host(base)
    except ValueError:
        return None
    if is_elsewhere or parts.scheme not in _DEFAULT_PORTS:
        return None
    if parts.fragment:
        return None
    return _parse_path(parts, base.path)


def _host(parts: SplitResult) -> tuple[str | None, int | None]:
    return parts.hostname, parts.port or _DEFAULT_PORTS.get(parts.scheme)


def _parse_path(parts: SplitResult, context: str) -> PageAddress | None:
    query = parse_qs(parts.query)
    path = parts.path.removeprefix(context.rstrip("/")).removeprefix("/wiki")
    if path in ("/pages/viewpage.action", "/viewpage.action"):
        return _parse_query(query)
    if query.keys() - {"src", "atl_f", "atlOrigin"}:
        return None
    if match := re.fullmatch(r"/spaces/[^/]+/pages/(\d+)(?:/[^/]*)?/?", path):
        return PageAddress(page_id=match[1])
    if match := re.fullmatch(r"/display/([^/]+)/([^/]+)/?", path):
        return PageAddress(space_key=unquote(match[1]), title=unquote_plus(match[2]))
    if match := re.fullmatch(r"/x/([A-Za-z0-9_-]{1,11})", path):
        return _parse_tiny(match[1])
    return None


def _parse_query(query: dict[str, list[str]]) -> PageAddress | None:
    if page_id := query.get("pageId", [""])[0]:
        return PageAddress(page_id=page_id) if page_id.isdecimal() else None
    space_key, title = query.get("spaceKey", [""])[0], query.get("title", [""])[0]
    return PageAddress(space_key=space_key, title=title) if space_key and title else None


def _parse_tiny(code: str) -> PageAddress | None:
    """Read the id out of a short address: its bytes, lowest first, in base 64 without the trailing zeros."""
    padded = code.replace("-", "/").replace("_", "+").ljust(11, "A") + "="
    try:
        number = int.from_bytes(base64.b64decode(padded, validate=True)[:_MAX_ID_BYTES], "little")
    except ValueError:
        return None
    return PageAddress(page_id=str(number)) if number else None
