"""Where a link leads: into the snapshot when its target was captured, else to the wiki."""

import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import parse_qs, quote, unquote, unquote_plus, urlsplit

from bot.convert.context import PageContext

_UNSAFE = re.compile(r"(?:javascript|vbscript|data|file|jar|mocha|livescript):", re.IGNORECASE)
_SAFE_PICTURE = re.compile(r"data:image/(?:png|jpe?g|gif|webp|bmp|avif|x-icon)[;,]", re.IGNORECASE)
# What address parsers drop or pass over before they read the scheme.
_UNSEEN = re.compile("[\x00-\x20\x7f-\xa0\xad\u061c\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff]")
_PATH_SAFE = "!$&'*,;=:@~-._"
_PAGE_ID_PATH = re.compile(r"/pages/(?:viewpage\.action\?.*\bpageId=)?(\d+)")
_DISPLAY_PATH = re.compile(r"/display/([^/~?#][^/?#]*)/([^/?#]+)")


def is_unsafe(address: str, *, is_picture: bool = False) -> bool:
    """Return whether following *address* could run code or open a document that it carries; a picture cannot."""
    bare = _UNSEEN.sub("", address)
    return bool(_UNSAFE.match(bare)) and not (is_picture and _SAFE_PICTURE.match(bare))


def slug(text: str) -> str:
    """Return the id GitHub gives a heading, before it numbers those that are alike; anchors get theirs alike."""
    return re.sub(r"[^\w\- ]", "", " ".join(text.split()).lower()).replace(" ", "-")


def _fragment(anchor: str, title: str) -> str:
    """Return the end of an address within the snapshot; Data Center puts the title before a heading's text."""
    prefix = re.sub(r"\s", "", title) + "-"
    return f"#{slug(anchor.removeprefix(prefix))}" if anchor else ""


@lru_cache(maxsize=8)
def _captured_files(paths: tuple[str, ...]) -> frozenset[str]:
    return frozenset(map(Targets.quoted, paths))


@dataclass(frozen=True, slots=True)
class Targets:
    """Find link targets for a page; in the body of an included one (*owner*), names mean its neighbours and files."""

    context: PageContext
    owner: str = ""
    owner_key: str = ""

    def is_captured(self, target: str) -> bool:
        """Return whether *target* is a file in the snapshot."""
        return target in _captured_files(tuple(self.context.attachments.values()))

    def page(self, title: str, space_key: str = "", *, page_id: str = "", anchor: str = "") -> str:
        """Return the target of a page named by title (in *space_key*, or this space) or by id."""
        space_key = space_key or self.owner_key
        captured = self._captured(title, space_key, page_id)
        if captured is not None:
            return captured + _fragment(anchor, title)
        target = self._wiki_page(title, space_key, page_id)
        return f"{target}#{quote(anchor, safe=_PATH_SAFE)}" if anchor else target

    def is_this_page(self, title: str, space_key: str = "") -> bool:
        """Tell whether *title* names the page whose body is being converted."""
        own_title, own_key = self.owner or self.context.title, self.owner_key or self.context.space_key
        return not title or (title == own_title and space_key in ("", own_key))

    def space(self, key: str) -> str:
        return self._wiki(f"/display/{quote(key, safe=_PATH_SAFE)}")

    def blog_post(self, title: str, space_key: str, day: str) -> str:
        key = quote(space_key or self.owner_key or self.context.space_key, safe=_PATH_SAFE)
        return self._wiki(f"/display/{key}/{quote(day.strip('/'), safe='/')}/{quote(title, safe=_PATH_SAFE)}")

    def attachment(self, name: str, *, title: str = "", space_key: str = "") -> str:
        """Return the target of a file attached to this page, or to the page *title*."""
        path = quote(name, safe=_PATH_SAFE)
        title, space_key = title or self.owner, space_key or self.owner_key
        is_own = title in ("", self.context.title) and space_key in ("", self.context.space_key)
        key = name if is_own else f"{title}/{name}"
        if key in self.context.attachments:
            return self.quoted(self.context.attachments[key])
        if not is_own:
            page = self._wiki_page(title, space_key, "")
            return f"{page}{'&' if '?' in page else '?'}preview=/{path}"
        return self._wiki(f"/download/attachments/{self.context.page_id}/{path}") if self.context.page_id else path

    @staticmethod
    def quoted(path: str) -> str:
        """Return a path in the snapshot as an address."""
        return quote(path, safe="/" + _PATH_SAFE)

    def address(self, address: str) -> str:
        """Return where a written address leads: a captured page's path, else the address made absolute."""
        base = self.context.base_url.rstrip("/")
        is_own = address.startswith("/") and not address.startswith("//")
        if is_own or (base and address.startswith(base + "/")):
            path = self._captured_address(address)
            if path is not None:
                return path
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
        """Return the path of the captured page that a wiki *address* names, with its fragment."""
        fragment = urlsplit(address).fragment
        title = space_key = page_id = ""
        if match := _PAGE_ID_PATH.search(address):
            page_id = match[1]
        elif match := _DISPLAY_PATH.search(address):
            space_key, title = unquote_plus(match[1]), unquote_plus(match[2])
        elif "/viewpage.action" in address:
            query = parse_qs(urlsplit(address).query)
            space_key, title = query.get("spaceKey", [""])[0], query.get("title", [""])[0]
        path = self._captured(title, space_key, page_id) if page_id or title else None
        return None if path is None else path + _fragment(unquote(fragment), title)

    def _wiki_page(self, title: str, space_key: str, page_id: str) -> str:
        if page_id:
            return self._wiki(f"/pages/viewpage.action?pageId={quote(page_id)}")
        key = space_key or self.context.space_key
        # Confluence itself avoids /display/ for titles that a path would mangle.
        if key and not re.search(r"[+/\\?&;%#]", title):
            return self._wiki(f"/display/{quote(key, safe=_PATH_SAFE)}/{quote(title, safe=_PATH_SAFE)}")
        query = (f"spaceKey={quote(key)}&" if key else "") + f"title={quote(title, safe='')}"
        return self._wiki(f"/pages/viewpage.action?{query}")

    def _wiki(self, path: str) -> str:
        return self.context.base_url.rstrip("/") + path
