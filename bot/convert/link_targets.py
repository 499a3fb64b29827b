"""Resolve link targets: into the snapshot if the target was captured, else to the wiki."""

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from urllib.parse import quote, urlsplit

from bot.convert.context import PageContext
from bot.storage.addresses import (
    PageAddress,
    attachment_address,
    blog_post_address,
    page_address,
    parse_page_address,
    space_address,
)

_UNSAFE = re.compile(
    r"(?:[a-z][a-z0-9+.-]*:)*?(?:javascript|vbscript|data|file|jar|mocha|livescript|blob|filesystem):", re.IGNORECASE
)
"""Also behind other schemes, as in `view-source:javascript:`."""
_SAFE_PICTURE = re.compile(r"data:image/(?:png|jpe?g|gif|webp|bmp|avif|x-icon)[;,]", re.IGNORECASE)
# Characters that URL parsers remove or skip before they read the scheme.
_UNSEEN = re.compile("[\x00-\x20\x7f-\xa0\xad\u061c\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff]")
_PATH_SAFE = "!$&'*,;=:@~-._"


def is_unsafe(address: str, *, is_picture: bool = False) -> bool:
    """Return whether *address* could run code or embed a document; some `data:` images are safe as a picture."""
    bare = _UNSEEN.sub("", address)
    return bool(_UNSAFE.match(bare)) and not (is_picture and _SAFE_PICTURE.match(bare))


def slug(text: str) -> str:
    """Return GitHub's id for a heading, before duplicates are numbered; ids of anchors are built in the same way."""
    return re.sub(r"[^\w\- ]", "", " ".join(text.split()).lower()).replace(" ", "-")


def _fragment(anchor: str, title: str) -> str:
    """Return the fragment of an address in the snapshot; Data Center prefixes the heading text with the page title."""
    prefix = re.sub(r"\s", "", title) + "-"
    return f"#{slug(anchor.removeprefix(prefix))}" if anchor else ""


@lru_cache(maxsize=8)
def _captured_files(paths: tuple[str, ...]) -> frozenset[str]:
    return frozenset(map(Targets.quoted, paths))


@dataclass(frozen=True, slots=True)
class Targets:
    """Resolves link targets for a page; in an included page (*owner*), names refer to its own space and attachments."""

    context: PageContext
    owner: str = ""
    owner_key: str = ""

    def is_captured(self, target: str) -> bool:
        """Return whether *target* is a captured attachment."""
        return target in _captured_files(tuple(self.context.attachments.values()))

    def page(self, title: str, space_key: str = "", *, page_id: str = "", anchor: str = "") -> str:
        """Return the target of a page named by title (in *space_key*, or this space) or by id."""
        space_key = space_key or self.owner_key
        captured = self._captured(title, space_key, page_id)
        if captured is not None:
            return captured + _fragment(anchor, title)
        return self._wiki_page(PageAddress(page_id or None, space_key, title, anchor))

    def is_this_page(self, title: str, space_key: str = "") -> bool:
        """Return whether *title* is the page whose body is converted."""
        own_title, own_key = self.owner or self.context.title, self.owner_key or self.context.space_key
        return not title or (title == own_title and space_key in ("", own_key))

    def space(self, key: str) -> str:
        return space_address(self.context.base_url, key)

    def blog_post(self, title: str, space_key: str, day: str) -> str:
        key = space_key or self.owner_key or self.context.space_key
        return blog_post_address(self.context.base_url, key, day, title)

    def attachment(self, name: str, *, title: str = "", space_key: str = "", page_id: str = "") -> str:
        """Return the target of an attachment of this page, or of the page with *page_id* or *title*."""
        title, space_key = title or ("" if page_id else self.owner), space_key or self.owner_key
        captured = self._captured_file(name, title, space_key, page_id)
        if captured is not None:
            return self.quoted(captured)
        if not self._is_own(title, space_key, page_id):
            return self._wiki_page(PageAddress(page_id or None, space_key, title, file=name))
        if not self.context.page_id:
            return quote(name, safe=_PATH_SAFE)
        return attachment_address(self.context.base_url, self.context.page_id, name)

    def _captured_file(self, name: str, title: str, space_key: str, page_id: str) -> str | None:
        """Return the path of a captured file of this or another page."""
        is_elsewhere = space_key not in ("", self.context.space_key)
        if self._is_own(title, space_key, page_id):
            keys = [name]
        else:
            keys = [f":{page_id}/{name}"] if page_id else []
            keys += [f"{space_key}:{title}/{name}" if is_elsewhere else f"{title}/{name}"] if title else []
        return next((self.context.attachments[key] for key in keys if key in self.context.attachments), None)

    def _is_own(self, title: str, space_key: str, page_id: str) -> bool:
        """Return whether a file with these names of its page is attached to this page."""
        if page_id:
            return page_id == self.context.page_id
        return title in ("", self.context.title) and space_key in ("", self.context.space_key)

    @staticmethod
    def quoted(path: str) -> str:
        """Return a path in the snapshot, percent-encoded for a link."""
        return quote(path, safe="/" + _PATH_SAFE)

    def address(self, address: str) -> str:
        """Return the target of *address*: the path of a captured page, else the absolute address."""
        path = self._captured_address(address)
        if path is not None:
            return path
        base = self.context.base_url.rstrip("/")
        is_public = parse_page_address(address, base) is not None
        if not is_public and (elsewhere := self._parse(address)) is not None:
            return self._wiki_page(elsewhere)
        is_own = address.startswith("/") and not address.startswith("//")
        if not (is_own and base):
            return address
        context_path = urlsplit(base).path
        if context_path and address.startswith(context_path + "/"):
            return base.removesuffix(context_path) + address
        return base + address

    def _captured(self, title: str, space_key: str, page_id: str) -> str | None:
        pages = self.context.pages
        own_key = self.context.space_key
        keys = [page_id] if page_id else []
        if title:
            keys.append(f"{space_key or own_key}:{title}")
            if space_key in ("", own_key):
                keys.append(title)
        path = next((pages[key] for key in keys if key in pages), None)
        return None if path is None else self.quoted(path)

    def _captured_address(self, address: str) -> str | None:
        """Return the path of the captured page or file that a wiki *address* refers to, with its fragment."""
        named = self._parse(address)
        if named is None:
            return None
        if named.file:
            file = self._captured_file(named.file, named.title or "", named.space_key or "", named.page_id or "")
            return None if file is None else self.quoted(file)
        title = named.title or ""
        path = self._captured(title, named.space_key or "", named.page_id or "")
        return None if path is None else path + _fragment(named.anchor, title)

    def _parse(self, address: str) -> PageAddress | None:
        if "/" not in address:
            return None
        return parse_page_address(address, self.context.base_url, *self.context.other_addresses)

    def _wiki_page(self, address: PageAddress) -> str:
        key = address.space_key or self.context.space_key
        return page_address(self.context.base_url, replace(address, space_key=key))
