"""A wiki of a few pages in dictionaries, and the words to write bodies and read views with."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from bs4 import BeautifulSoup, Tag

from wikiserver.view import (
    LinkedFile,
    LinkedPage,
    LinkedUser,
    PageName,
    Representation,
    UserKey,
    ViewContext,
    render_view,
)

MARCH = datetime(2024, 3, 1, 12, tzinfo=UTC)


@dataclass
class SmallWiki(ViewContext):
    """A wiki of a few pages, in dictionaries."""

    pages: dict[str, LinkedPage] = field(default_factory=dict)
    bodies: dict[str, str] = field(default_factory=dict)
    files: list[LinkedFile] = field(default_factory=list)
    people: dict[str, str] = field(default_factory=dict)
    below: dict[int | None, list[str]] = field(default_factory=dict)
    labelled: dict[str, list[str]] = field(default_factory=dict)

    def find_page(self, name: PageName) -> LinkedPage | None:
        return self.pages.get(name.title)

    def find_user(self, key: UserKey) -> LinkedUser | None:
        identity = key.account_id or key.user_key or key.name
        name = self.people.get(identity)
        return LinkedUser(identity, name, f"/people/{identity}") if name else None

    def find_file(self, name: str, page: PageName | None = None) -> LinkedFile | None:
        return next((file for file in self.list_files(page) if file.name == name), None)

    def list_files(self, page: PageName | None = None) -> Sequence[LinkedFile]:
        return self.files if page is None else ()

    def list_children(self, page_id: int | None = None) -> Sequence[LinkedPage]:
        return [self.pages[title] for title in self.below.get(page_id, [])]

    def list_recent(self, limit: int) -> Sequence[LinkedPage]:
        return list(self.pages.values())[:limit]

    def list_labelled(self, labels: Sequence[str], limit: int) -> Sequence[LinkedPage]:
        titles = [title for label in labels for title in self.labelled.get(label, [])]
        return [self.pages[title] for title in titles][:limit]

    def load_page(self, page: LinkedPage) -> tuple[str, ViewContext] | None:
        body = self.bodies.get(page.title)
        if body is None:
            return None
        context = SmallWiki(
            title=page.title,
            page_id=page.id,
            pages=self.pages,
            bodies=self.bodies,
            people=self.people,
            below=self.below,
        )
        return body, context


def page(number: int, title: str, *, has_children: bool = False) -> LinkedPage:
    path = f"/spaces/WS2/pages/{number}/{title.replace(' ', '+')}"
    return LinkedPage(number, title, path, updated_at=MARCH, updated_by="Ana", has_children=has_children)


def soup(body: str, context: ViewContext, representation: Representation = "view") -> BeautifulSoup:
    return BeautifulSoup(render_view(body, context, representation=representation), "html.parser")


def one(document: BeautifulSoup | Tag, selector: str) -> Tag:
    found = document.select(selector)
    assert len(found) == 1, f"{len(found)} × {selector} in {document}"
    return found[0]


def macro(name: str, body: str = "", /, **parameters: str) -> str:
    written = "".join(f'<ac:parameter ac:name="{key}">{value}</ac:parameter>' for key, value in parameters.items())
    return f'<ac:structured-macro ac:name="{name}" ac:macro-id="m1">{written}{body}</ac:structured-macro>'


def rich(body: str) -> str:
    return f"<ac:rich-text-body>{body}</ac:rich-text-body>"


def plain(body: str) -> str:
    return f"<ac:plain-text-body><![CDATA[{body}]]></ac:plain-text-body>"
