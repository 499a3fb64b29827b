"""Real pages look as in the real wiki, and have what exporters search for."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag

from tests.shared import shared_dir
from wikiserver.storage_tree import parse
from wikiserver.view import (
    LinkedFile,
    LinkedPage,
    PageName,
    ViewContext,
)
from wikiserver_support.small_wiki import soup


@dataclass
class SampleWiki(ViewContext):
    """Knows the pages that the real answer links to, in the order it names them, and the page's real attachments."""

    linked: dict[str, LinkedPage] = field(default_factory=dict)
    files: dict[str, LinkedFile] = field(default_factory=dict)

    def find_page(self, name: PageName) -> LinkedPage | None:
        return self.linked.get(name.title)

    def find_file(self, name: str, page: PageName | None = None) -> LinkedFile | None:
        return self.files.get(name) if page is None else None


def sample_pages() -> list[str]:
    return [
        "1454342158",
        "544112828",
        "544145591",
        "544211126",
        "544377869",
        "544379140",
        "544382364",
        "568918170",
        "793608206",
    ]


def load_sample(page_id: str) -> tuple[str, BeautifulSoup, SampleWiki]:
    folder = shared_dir("spec") / "samples"
    answer = json.loads((folder / "cloud" / f"{page_id}.page.v1.json").read_text())
    body = answer["body"]["storage"]["value"]
    expected = BeautifulSoup((folder / "view" / f"querypie_{page_id}.view.html").read_text(), "html.parser")
    titles = [node.get("ri:content-title") for node in parse(body).walk() if node.name == "ri:page"]
    anchors = expected.select('a[data-linked-resource-type="page"]')
    linked = {
        title: LinkedPage(
            int(str(a["data-linked-resource-id"])),
            title,
            str(a["href"]).removeprefix("/wiki").partition("#")[0],
            int(str(a["data-linked-resource-version"])),
        )
        for title, a in zip(titles, anchors, strict=True)
    }
    context = SampleWiki(
        title=answer["title"],
        page_id=int(page_id),
        space_key="QM",
        base_url=answer["_links"]["base"],
        linked=linked,
        files=dict(_sample_files(folder / "cloud" / f"{page_id}.attachments.v1.json", int(page_id))),
    )
    return body, expected, context


def _sample_files(path: Path, page_id: int) -> Iterator[tuple[str, LinkedFile]]:
    results: list[dict[str, Any]] = json.loads(path.read_text())["results"]
    for file in results:
        number = int(str(file["id"]).removeprefix("att"))
        yield (
            file["title"],
            LinkedFile(number, file["title"], file["_links"]["download"], page_id, file["extensions"]["mediaType"]),
        )


def words(document: BeautifulSoup | Tag) -> list[str]:
    for style in document.select("style"):
        style.extract()
    return document.get_text(" ").split()


def outline(document: BeautifulSoup) -> list[str]:
    """Return the tags that give a page its structure, in order, each closed."""
    structure = re.compile(r"^(h\d|ul|ol|li|table|tr|th|td|pre|blockquote|img|a|code|strong|em|u|br|p|hr|div)$")

    def lines(node: Tag) -> Iterator[str]:
        for child in node.children:
            if isinstance(child, Tag):
                is_shown = structure.match(child.name)
                if is_shown:
                    yield child.name
                yield from lines(child)
                if is_shown:
                    yield f"/{child.name}"

    return list(lines(document))


def attributes(document: BeautifulSoup, selector: str, *names: str) -> list[tuple[object, ...]]:
    return [tuple(node.get(name) for name in names) for node in document.select(selector)]


@pytest.mark.parametrize("page_id", sample_pages())
def test_a_real_page_reads_as_in_the_real_wiki(page_id: str) -> None:
    body, expected, context = load_sample(page_id)

    shown = soup(body, context)

    assert words(shown) == words(expected)
    assert outline(shown) == outline(expected)


@pytest.mark.parametrize("page_id", sample_pages())
def test_links_headings_and_files_of_a_real_page_bear_what_exporters_look_for(page_id: str) -> None:
    body, expected, context = load_sample(page_id)

    shown = soup(body, context)

    for selector, *names in (
        ("a", "href", "class", "data-linked-resource-id", "data-linked-resource-version", "data-card-appearance"),
        ("h1, h2, h3, h4, h5, h6", "id"),
        ("img", "class", "alt", "width", "data-width", "data-height"),
        ("table", "class", "data-layout", "data-local-id", "data-table-width"),
        ("td, th", "class", "colspan", "rowspan", "data-highlight-colour"),
        ("pre", "class", "data-syntaxhighlighter-params", "data-theme"),
        ("ol", "start"),
        ("[data-macro-name=toc]", "class", "data-headerelements", "data-excludeheaderregex", "data-cssliststyle"),
        ("[data-macro-name=status]", "class", "data-macro-id"),
        ("[data-macro-name=info], [data-macro-name=note]", "class", "data-macro-id", "data-hasbody"),
        (".aui-icon", "class"),
        (".inline-comment-marker", "data-ref"),
        (".columnLayout, .cell", "class", "data-layout", "data-type"),
        (".confluence-embedded-file-wrapper", "class"),
    ):
        assert attributes(shown, selector, *names) == attributes(expected, selector, *names), selector


@pytest.mark.parametrize("page_id", sample_pages())
def test_images_of_a_real_page_point_to_their_attachments(page_id: str) -> None:
    body, expected, context = load_sample(page_id)

    shown = soup(body, context)

    def without_query(address: object) -> str:
        return str(address).partition("?")[0]

    assert [without_query(img["data-image-src"]) for img in shown.select("img")] == [
        without_query(img["data-image-src"]) for img in expected.select("img")
    ]
