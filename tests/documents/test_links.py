"""Links and anchors in the documents lead somewhere, in the repository and on the site; mkdocs is not needed."""

import re
from pathlib import Path
from urllib.parse import unquote

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token
from ruamel.yaml import YAML

from script.reference import ROOT

DOCS = ROOT / "docs"
AT_THE_ROOT = sorted(ROOT.glob("*.md"))
PAGES = [*AT_THE_ROOT, *sorted(DOCS.rglob("*.md"))]
each_page = pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])


def parse(page: Path) -> list[Token]:
    return MarkdownIt("commonmark").enable("table").parse(page.read_text(encoding="utf-8"))


def slug(heading: Token) -> str:
    """Return the anchor of a heading, which the site and code hosts make in the same way for these characters."""
    words = "".join(child.content for child in heading.children or ())
    return re.sub(r"[^\w\- ]", "", words.lower()).strip().replace(" ", "-")


def anchors(page: Path) -> list[str]:
    tokens = parse(page)
    return [slug(tokens[index + 1]) for index, token in enumerate(tokens) if token.type == "heading_open"]


def targets(page: Path) -> list[str]:
    inner = (child for token in parse(page) for child in token.children or ())
    found = (child.attrGet("href") or child.attrGet("src") for child in inner if child.type in {"link_open", "image"})
    return [str(target) for target in found]


@each_page
def test_every_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    broken = []
    for target in targets(page):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / unquote(path)).resolve() if path else page
        if not file.exists() or (anchor and anchor not in anchors(file)):
            broken.append(target)

    assert broken == []


@each_page
def test_headings_of_a_page_have_different_anchors(page: Path) -> None:
    if page.name == "CHANGELOG.md":
        return  # "Added" comes once a version

    names = anchors(page)

    assert [name for name in names if names.count(name) > 1] == []


@pytest.mark.parametrize(
    "page", [page for page in PAGES if DOCS in page.parents], ids=lambda page: str(page.relative_to(DOCS))
)
def test_a_page_of_the_site_links_to_no_file_outside_the_site(page: Path) -> None:
    outside = [
        target
        for target in targets(page)
        if not re.match(r"[a-z]+:|#", target)
        if DOCS not in (page.parent / target.partition("#")[0]).resolve().parents
    ]

    assert outside == [], "name the file as code instead; the site does not contain it"


def test_the_navigation_has_every_page_once() -> None:
    named = re.findall(r"[\w/-]+\.md", str(YAML(typ="safe").load((ROOT / "mkdocs.yml").read_text())["nav"]))

    assert sorted(named) == sorted(str(page.relative_to(DOCS)) for page in DOCS.rglob("*.md"))
