"""Parse and build the addresses of pages, spaces, blog posts and attachments.

Confluence has many addresses for one page: `/spaces/KEY/pages/ID/Title`, `/pages/viewpage.action?pageId=ID` (or
`spaceKey` and `title`), `/display/KEY/Title`, the short `/x/CODE`, `/pages/ID`. Each may be preceded by the context
path of the wiki (`/wiki` on Cloud, any path on Data Center), or by the address of the API gateway of a Cloud wiki
(`https://api.atlassian.com/ex/confluence/CLOUDID/wiki`). The gateway address is then part of the wiki's base address.
"""

import base64
import hashlib
import re
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qs, quote, unquote, unquote_plus, urljoin, urlsplit

_MAX_ID_BYTES = 8
_TITLE = "title:"
_DEFAULT_PORTS = {"http": 80, "https": 443}
_NOWHERE = "https://wiki.invalid"
_PATH_SAFE = "!$&'*,=:@~-._"
_NO_PATH = re.compile(r"[+/\\?&;%#]|\A\.{1,2}\Z|\A\s|\s\Z")
"""Titles that a URL path would change; Confluence itself avoids `/display/` for most of these."""
_STATISTICS = {"src", "atl_f", "atlOrigin"}
"""Query parameters that do not change what an address shows."""


@dataclass(frozen=True, slots=True)
class PageAddress:
    """The page that an address names: by id, or by space key and title.

    *anchor* is a place on the page, *comment_id* a comment on it, *file* one of its attachments. *has_more* means that
    the address has other parameters, so it may lead to a different view of the page.
    """

    page_id: str | None = None
    space_key: str | None = None
    title: str | None = None
    anchor: str = ""
    comment_id: str = ""
    file: str = ""
    has_more: bool = False

    @property
    def is_whole_page(self) -> bool:
        """Whether the address leads to the whole page, not to a part of it."""
        return not (self.anchor or self.comment_id or self.file or self.has_more)


def stated_title(reference: str) -> str:
    """Return the title that a reference in settings or data names: `title:2024` is the title `2024`, not an id."""
    return reference.removeprefix(_TITLE).strip()


def may_be_id(reference: str) -> bool:
    """Return whether a reference in settings or data can be an id. An id takes precedence over an equal title."""
    return reference.isascii() and reference.isdecimal()


def parse_page_address(url: str, base_url: str, *others: str) -> PageAddress | None:
    """Parse the page address *url*; return None for another site or another kind of address.

    A relative address belongs to the wiki at *base_url*, with or without its context path. If *base_url* is empty,
    only relative addresses are recognised. *others* are further addresses of the same wiki.
    """
    return next((found for base in (base_url, *others) if (found := _parse_at(url, base)) is not None), None)


def _parse_at(url: str, base_url: str) -> PageAddress | None:
    url = url.strip()
    base = urlsplit((base_url or _NOWHERE).rstrip("/") + "/")
    try:
        parts = urlsplit(urljoin(base.geturl(), url))
        is_elsewhere = _host(parts) != _host(base)
    except ValueError:
        return None
    if is_elsewhere or parts.scheme not in _DEFAULT_PORTS:
        return None
    context = base.path.rstrip("/")
    path = parts.path
    if path.startswith(f"{context}/"):
        path = path.removeprefix(context)
    elif not url.startswith("/"):
        return None
    return _parse_path(path.removeprefix("/wiki"), parse_qs(parts.query), unquote(parts.fragment))


def page_address(base_url: str, address: PageAddress) -> str:
    """Return an address of the page that includes the anchor, comment or file of *address*.

    `parse_page_address` parses the result. A page without an id needs a title. Without a space key, the address is
    incomplete and a person has to complete it.
    """
    if address.file and address.page_id:
        return attachment_address(base_url, address.page_id, address.file)
    base = base_url.rstrip("/")
    parameters = []
    if address.comment_id:
        parameters.append(f"focusedCommentId={quote(address.comment_id, safe='')}")
    if address.file:
        parameters.append(f"preview=/{quote(address.file, safe=_PATH_SAFE.replace('&', ''))}")
    if address.page_id:
        path, named = "/pages/viewpage.action", [f"pageId={quote(address.page_id)}"]
    elif address.space_key and not _NO_PATH.search(address.title or ""):
        path, named = f"/display/{_in_path(address.space_key)}/{_in_path(address.title or '')}", []
    else:
        path, named = "/pages/viewpage.action", [f"title={quote(address.title or '', safe='')}"]
        if address.space_key:
            named.insert(0, f"spaceKey={quote(address.space_key, safe='')}")
    query = "&".join([*named, *parameters])
    fragment = f"#{_in_path(address.anchor)}" if address.anchor else ""
    return f"{base}{path}{'?' if query else ''}{query}{fragment}"


def space_address(base_url: str, space_key: str) -> str:
    """Return the address of a space."""
    return f"{base_url.rstrip('/')}/display/{_in_path(space_key)}"


def blog_post_address(base_url: str, space_key: str, day: str, title: str) -> str:
    """Return the address of a blog post; *day* has the form `2024/02/22`."""
    return f"{base_url.rstrip('/')}/display/{_in_path(space_key)}/{quote(day.strip('/'), safe='/')}/{_in_path(title)}"


def attachment_address(base_url: str, page_id: str, name: str) -> str:
    """Return the download address of an attachment."""
    return f"{base_url.rstrip('/')}/download/attachments/{page_id}/{_in_path(name)}"


def _in_path(text: str) -> str:
    return quote(text, safe=_PATH_SAFE)


def _host(parts: SplitResult) -> tuple[str | None, int | None]:
    return parts.hostname, parts.port or _DEFAULT_PORTS.get(parts.scheme)


def _parse_path(path: str, query: dict[str, list[str]], anchor: str) -> PageAddress | None:
    named = _parse_file_path(path) or _parse_page_path(path)
    known = set(_STATISTICS)
    if named is None and re.fullmatch(r"/spaces/[^/]+/overview/?", path) and _first(query, "homepageId").isdecimal():
        named = PageAddress(page_id=_first(query, "homepageId"))
        known.add("homepageId")
    if named is None and path in ("/pages/viewpage.action", "/viewpage.action"):
        named = _parse_query(query)
        known |= {"pageId", "spaceKey", "title"}
    if named is None:
        return None
    if named.file:
        return named
    return PageAddress(
        named.page_id,
        named.space_key,
        named.title,
        anchor,
        comment_id=_first(query, "focusedCommentId"),
        file=_first(query, "preview").rpartition("/")[2],
        has_more=bool(query.keys() - known - {"focusedCommentId", "preview"}),
    )


def _parse_page_path(path: str) -> PageAddress | None:
    if match := re.fullmatch(r"(?:/spaces/[^/]+)?/pages/([0-9]+)(?:/[^/]*)?/?", path):
        return PageAddress(page_id=match[1])
    if match := re.fullmatch(r"/display/([^/]+)/([^/]+)/?", path):
        return PageAddress(space_key=unquote(match[1]), title=unquote_plus(match[2]))
    if match := re.fullmatch(r"/x/([A-Za-z0-9_-]{1,11})/?", path):
        return _parse_tiny(match[1])
    return None


def _parse_file_path(path: str) -> PageAddress | None:
    match = re.fullmatch(r"/download/(?:attachments|thumbnails)/([0-9]+)/([^/]+)", path)
    return PageAddress(page_id=match[1], file=unquote(match[2])) if match else None


def _parse_query(query: dict[str, list[str]]) -> PageAddress | None:
    if page_id := _first(query, "pageId"):
        return PageAddress(page_id=page_id) if re.fullmatch("[0-9]+", page_id) else None
    space_key, title = _first(query, "spaceKey"), _first(query, "title")
    return PageAddress(space_key=space_key, title=title) if space_key and title else None


def _first(query: dict[str, list[str]], name: str) -> str:
    return query.get(name, [""])[0]


def _parse_tiny(code: str) -> PageAddress | None:
    """Decode the page id of a short address: little-endian bytes in base 64 without trailing zeros."""
    padded = code.replace("-", "/").replace("_", "+").ljust(11, "A") + "="
    try:
        number = int.from_bytes(base64.b64decode(padded, validate=True)[:_MAX_ID_BYTES], "little")
    except ValueError:
        return None
    return PageAddress(page_id=str(number)) if number else None


def name_digest(space_key: str, title: str) -> str:
    """Return the SHA-256 of the name of a page, for lists that must not have the title."""
    return hashlib.sha256(f"{space_key}:{title}".encode("utf-8", "surrogatepass")).hexdigest()
