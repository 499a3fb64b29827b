"""View bodies for the converters that cannot read storage format: from the embedded wiki, every link resolved."""

import re
import zlib
from dataclasses import dataclass, field
from urllib.parse import quote, quote_plus

from wikiserver.view import LinkedFile, LinkedPage, LinkedUser, PageName, UserKey, ViewContext, render_view


@dataclass
class _EverythingKnown(ViewContext):
    """A wiki that has every page, file and person that a body names, so that no converter is blamed for a gap."""

    pages: dict[int, str] = field(default_factory=dict)
    files: dict[int, str] = field(default_factory=dict)

    def find_page(self, name: PageName) -> LinkedPage | None:
        number = _number(name.space_key + name.title)
        self.pages[number] = name.title
        return LinkedPage(
            number, name.title, f"/spaces/{name.space_key or 'KEY'}/pages/{number}/{quote_plus(name.title)}"
        )

    def find_space(self, key: str) -> LinkedPage | None:
        return LinkedPage(_number(key), key, f"/spaces/{key}")

    def find_user(self, key: UserKey) -> LinkedUser | None:
        name = key.account_id or key.user_key or key.name
        return LinkedUser(name, name)

    def find_file(self, name: str, page: PageName | None = None) -> LinkedFile | None:
        del page
        number = _number(name)
        self.files[number] = name
        return LinkedFile(number, name, f"/download/attachments/1/{quote(name)}", 1)


@dataclass(frozen=True, slots=True)
class ViewBody:
    """A page as HTML (for its pages, and for export), and the pages and files it refers to, by the ids in it."""

    html: str
    export: str
    pages: dict[int, str]
    files: dict[int, str]


def view_body(body: str) -> ViewBody:
    """Return *body* as the embedded wiki shows it."""
    context = _EverythingKnown(title="Page", page_id=1, space_key="KEY", base_url="http://127.0.0.1:9/wiki")
    body = re.sub(r"\A\s*<\?xml.*?\?>", "", body, flags=re.DOTALL)
    html, export = render_view(body, context), render_view(body, context, representation="export_view")
    return ViewBody(html, export, context.pages, context.files)


def _number(name: str) -> int:
    return zlib.crc32(name.encode("utf-8"))
