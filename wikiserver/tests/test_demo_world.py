"""The demonstration's world is whole: bodies parse, links lead somewhere, metadata is sound, nothing is missing."""

import datetime as dt
import json
import re
import unicodedata
import xml.etree.ElementTree as ET
import zlib
from collections import Counter
from itertools import pairwise
from pathlib import Path
from uuid import UUID

import pytest

from tests.shared import shared_dir
from wikiserver.seed import DEMO_WORLD
from wikiserver_support.demo_world import (
    AC,
    RI,
    SPACES,
    DemoPage,
    all_bodies,
    known_users,
    load_pages,
    load_yaml,
    managed_pages,
    page_ids,
    parse,
    user_key,
)

HOME = "WS2 - Enhancing ICANN Accountability Implementation"

# Links that lead nowhere, as in every wiki that is ten years old: (slug, kind, what it names).
BROKEN_LINKS = {
    ("team-2024-01", "page", "Implementation Dashboard"),
    ("sub-diversity", "page", "Questionnaire Results"),
    ("macro-leftovers", "attachment", "panama-2018.mp4"),
    ("plenary-2016-11", "user", "8a7f808a51c20f9e0151c6e7a3d20009"),
}

METADATA_KEYS = {
    "title", "parent", "position", "status", "labels", "created", "author", "versions", "attachments",
    "comments", "restrictions", "properties", "content_state",
}  # fmt: skip


@pytest.mark.parametrize("page", load_pages(), ids=page_ids)
def test_every_body_is_well_formed_storage_format(page: DemoPage) -> None:
    for body in page.bodies.values():
        parse(body)

        assert body == body.strip("\n"), "a body carries no newline at its end"
        assert "\r" not in body


@pytest.mark.parametrize("page", load_pages(), ids=page_ids)
def test_every_metadata_file_is_sound(page: DemoPage) -> None:
    metadata = page.metadata
    people = {user["name"] for user in load_yaml(DEMO_WORLD / "users.yaml")}
    slugs = {other.slug for other in load_pages() if other.space == page.space}

    assert set(metadata) <= METADATA_KEYS
    assert 0 < len(metadata["title"]) <= 255
    assert metadata["parent"] is None or metadata["parent"] in slugs - {page.slug}
    assert metadata["status"] in {"current", "archived", "draft", "trashed"}
    assert metadata["author"] in people
    assert all(re.fullmatch(r"[a-z0-9-]+", label) for label in metadata.get("labels", []))
    for rights in metadata.get("restrictions", {}).values():
        assert set(rights) <= people
    json.dumps(metadata.get("properties", {}))
    _assert_versions_are_sound(page, people)
    _assert_attachments_are_sound(page, people)
    _assert_comments_are_sound(page, people)


def _assert_versions_are_sound(page: DemoPage, people: set[str]) -> None:
    versions = page.metadata.get("versions", [])
    moments = [_moment(version["when"]) for version in versions]

    assert [version["number"] for version in versions] == list(range(1, len(versions) + 1))
    assert {version["author"] for version in versions} <= people
    assert moments == sorted(set(moments))
    assert {version["body"] for version in versions[:-1]} == set(page.earlier)
    assert all("body" not in version for version in versions[-1:])
    assert not moments or _moment(page.metadata["created"]) <= moments[0]
    bodies = [page.earlier[version["body"]] for version in versions[:-1]] + [page.body]
    assert all(before != after for before, after in pairwise(bodies))


def _assert_attachments_are_sound(page: DemoPage, people: set[str]) -> None:
    attachments = page.metadata.get("attachments", [])
    on_disk = {path.name for path in page.files.iterdir()} if page.files.is_dir() else set()

    assert {attachment["name"] for attachment in attachments} == on_disk
    for attachment in attachments:
        assert attachment["author"] in people
        _moment(attachment["when"])
        _assert_file_is_what_it_says(page.files / attachment["name"], attachment["media_type"])


def _assert_file_is_what_it_says(path: Path, media_type: str) -> None:
    data = path.read_bytes()
    match media_type:
        case "image/png":
            assert data.startswith(b"\x89PNG\r\n\x1a\n")
            start = data.index(b"IDAT") + 4
            zlib.decompress(data[start : start + int.from_bytes(data[start - 8 : start - 4], "big")])
        case "application/pdf":
            table = int(data.split(b"startxref\n")[1].split()[0])
            assert data.startswith(b"%PDF-1.")
            assert data[table:].startswith(b"xref")
        case "image/svg+xml":
            assert ET.fromstring(data).tag == "{http://www.w3.org/2000/svg}svg"  # noqa: S314 -- our own files
        case "text/csv":
            assert len({line.count(",") for line in data.decode().splitlines()}) == 1
        case _:
            assert data.decode().strip()


def _assert_comments_are_sound(page: DemoPage, people: set[str]) -> None:
    comments = page.metadata.get("comments", [])
    ids = [comment["id"] for comment in comments]
    marked: dict[str, str] = {}
    for marker in parse(page.body).iter(f"{AC}inline-comment-marker"):
        marked[marker.get(f"{AC}ref", "")] = marked.get(marker.get(f"{AC}ref", ""), "") + "".join(marker.itertext())

    assert len(set(ids)) == len(ids)
    for comment in comments:
        parse(comment["body"])
        assert comment["author"] in people
        assert comment.get("parent") in {None, *ids}
        _moment(comment["when"])
    anchored = {c["inline"]["ref"]: c["inline"]["text"] for c in comments if "inline" in c and "parent" not in c}
    assert anchored == marked, "every inline comment has its marker and the other way round"


def _moment(text: str) -> dt.datetime:
    moment = dt.datetime.fromisoformat(text)
    assert moment.tzinfo == dt.UTC
    assert 2014 <= moment.year <= 2024
    return moment


@pytest.mark.parametrize("space", SPACES)
def test_every_space_is_one_tree_under_its_home(space: str) -> None:
    settings = load_yaml(DEMO_WORLD / space / "space.yaml")
    parents = {page.slug: page.metadata["parent"] for page in load_pages() if page.space == space}
    places = Counter(
        (page.metadata["parent"], page.metadata["position"]) for page in load_pages() if page.space == space
    )

    assert settings["key"] == space
    assert [slug for slug, parent in parents.items() if parent is None] == [settings["home"]]
    for slug in parents:
        trail = [slug]
        while (parent := parents[trail[-1]]) is not None:
            assert parent not in trail
            trail.append(parent)
    assert max(places.values()) == 1, "two pages have the same place"


def test_titles_are_unique_in_their_space() -> None:
    titles = Counter((page.space, page.metadata["title"].casefold()) for page in load_pages())

    assert max(titles.values()) == 1


def test_every_link_leads_somewhere_but_the_few_that_should_not() -> None:
    titles = {(page.space, page.metadata["title"]) for page in load_pages()} | {(key, "@home") for key in SPACES}
    files = {(page.space, page.metadata["title"]): {a["name"] for a in page.metadata.get("attachments", [])}
             for page in load_pages()}  # fmt: skip
    users = known_users()
    broken = set()

    for page, _, body in all_bodies():
        here = (page.space, page.metadata["title"])
        for link in body.iter(f"{RI}page"):
            target = (link.get(f"{RI}space-key", page.space), link.get(f"{RI}content-title", ""))
            if target not in titles:
                broken.add((page.slug, "page", target[1]))
        for link in body.iter(f"{RI}attachment"):
            owner = link.find(f"{RI}page")
            holder = here if owner is None else (owner.get(f"{RI}space-key", page.space),
                                                 owner.get(f"{RI}content-title", ""))  # fmt: skip
            name = link.get(f"{RI}filename", "")
            if name not in files.get(holder, set()):
                broken.add((page.slug, "attachment", name))
        broken |= {(page.slug, "user", key) for user in body.iter(f"{RI}user") if (key := user_key(user)) not in users}
        broken |= {(page.slug, "space", key) for link in body.iter(f"{RI}space")
                   if (key := link.get(f"{RI}space-key", "")) not in SPACES}  # fmt: skip

    assert broken == BROKEN_LINKS


def test_ids_are_valid_and_macro_ids_are_not_shared_within_a_body() -> None:
    for _, name, body in all_bodies():
        macros = [macro_id for element in body.iter() if (macro_id := element.get(f"{AC}macro-id"))]
        others = [value for element in body.iter() for key in ("local-id", f"{AC}local-id", f"{AC}ref")
                  if (value := element.get(key))]  # fmt: skip
        others += [task.text or "" for task in body.iter(f"{AC}task-uuid")]

        assert len(set(macros)) == len(macros), name
        assert all(str(UUID(value)) == value and UUID(value).version == 4 for value in macros + others), name


def test_the_home_page_says_what_the_real_one_says() -> None:
    seed = (shared_dir("seed") / "ws2-workspace.txt").read_text(encoding="utf-8")
    expected = re.sub(r"\[image: \(\w+\)\]", " ", seed)
    home = next(page for page in load_pages() if page.metadata["title"] == HOME)

    assert _words(_text(parse(home.body))) == _words(expected)


def _text(element: ET.Element) -> str:
    """Return the text a reader sees; a link without words shows the title of its page, blocks part words."""
    if element.tag == f"{AC}parameter":
        return ""
    shown = element.find(f"{RI}page")
    own = shown.get(f"{RI}content-title", "") if shown is not None and len(element) == 1 else element.text or ""
    inside = own + "".join(_text(child) + (child.tail or "") for child in element)
    return f" {inside} " if element.tag in {"p", "li", "h2"} else inside


def _words(text: str) -> list[str]:
    return text.replace("\N{NO-BREAK SPACE}", " ").split()


def test_the_home_page_is_unmanaged_and_its_regions_can_be_told_apart() -> None:
    home = next(page for page in load_pages() if page.metadata["title"] == HOME)
    everything = "".join(home.bodies.values())

    assert "wikibot" not in everything
    assert 'ac:name="details"' not in everything
    labels = [f"<p><strong>{label}</strong></p>" for label in ("Project Status:", "Quick Links:", "News:")]
    places = [home.body.index(label) for label in labels]
    assert places == sorted(places)
    assert [home.body.count(label) for label in labels] == [1, 1, 1]


def test_no_inline_comment_of_the_home_page_is_in_a_region() -> None:
    home = next(page for page in load_pages() if page.metadata["title"] == HOME)

    assert home.body.index("ac:inline-comment-marker") > home.body.index("News:")
    assert home.body.count("<ac:inline-comment-marker") >= 3


def test_the_managed_space_is_large_and_of_every_status() -> None:
    statuses = Counter(page.metadata["status"] for page in managed_pages())

    assert sum(statuses.values()) >= 60
    assert statuses["current"] >= 50
    assert statuses["archived"] >= 10
    assert statuses["draft"] >= 1
    assert statuses["trashed"] >= 1


def test_pages_are_archived_in_each_of_the_three_ways() -> None:
    pages = {page.slug: page for page in managed_pages()}

    by_status = {slug for slug, page in pages.items() if page.metadata["status"] == "archived"}
    by_label = {slug for slug, page in pages.items() if "archived" in page.metadata.get("labels", [])}
    by_place = {slug for slug in pages if "Archive" in _ancestor_titles(slug, pages)}

    assert len(by_status) >= 10
    assert len(by_label - by_status - by_place) >= 3
    assert len(by_place - by_status - by_label) >= 10
    assert by_status & by_place
    assert len(by_status | by_label | by_place) >= 30


def _ancestor_titles(slug: str, pages: dict[str, DemoPage]) -> list[str]:
    titles = []
    while (parent := pages[slug].metadata["parent"]) is not None:
        titles.append(pages[parent].metadata["title"])
        slug = parent
    return titles


MACROS = {
    "anchor", "attachments", "children", "code", "column", "contentbylabel", "details", "detailssummary", "drawio",
    "excerpt", "excerpt-include", "expand", "gallery", "html", "include", "info", "jira", "livesearch", "noformat",
    "note", "pagetree", "pagetreesearch", "panel", "section", "status", "tip", "toc", "unmigrated-wiki-markup",
    "unsupported-legal-tracker", "view-file", "warning",
}  # fmt: skip
ELEMENTS = {
    "ac:adf-extension", "ac:caption", "ac:emoticon", "ac:image", "ac:inline-comment-marker", "ac:layout",
    "ac:link-body", "ac:macro", "ac:placeholder", "ac:plain-text-link-body", "ac:task-list", "ac:task-uuid",
    "ri:attachment", "ri:page", "ri:space", "ri:url", "ri:user",
    "blockquote", "code", "del", "h1", "hr", "ol", "pre", "sub", "sup", "table", "time",
}  # fmt: skip


def test_every_feature_of_the_format_that_people_use_is_there() -> None:
    macros: set[str] = set()
    elements: set[str] = set()
    attributes: set[str] = set()
    for _, _, body in all_bodies():
        for element in body.iter():
            elements.add(_prefixed(element.tag))
            attributes |= {_prefixed(name) for name in element.attrib}
            if element.tag in {f"{AC}structured-macro", f"{AC}macro"}:
                macros.add(element.get(f"{AC}name", ""))

    assert macros >= MACROS
    assert elements >= ELEMENTS
    assert attributes >= {"colspan", "rowspan", "ri:account-id", "ri:userkey", "ac:anchor", "ac:local-id", "local-id"}


def _prefixed(name: str) -> str:
    return name.replace(AC, "ac:").replace(RI, "ri:")


def test_texts_that_are_hard_to_convert_are_there() -> None:
    everything = "\n".join(page.body for page in load_pages())
    titles = [page.metadata["title"] for page in managed_pages()]
    bare = Counter(re.sub(r"\W+", "", title) for title in titles)

    assert "]]]]><![CDATA[>" in everything
    assert "```json" in everything
    assert "m²" in everything
    assert re.search(r"<table\b[^>]*>(?:(?!</table>).)*<table\b", everything), "a table in a table"
    for script in ("CYRILLIC", "ARABIC", "CJK"):
        assert any(script in _scripts(title) for title in titles)
    assert max(map(len, titles)) > 200
    assert any(count > 1 for count in bare.values()), "two titles that differ only in punctuation"
    assert all(any(sign in title for title in titles) for sign in ("/", "&", '"', "#", "?", "🎉"))


def _scripts(text: str) -> set[str]:
    return {unicodedata.name(character, "?").split()[0] for character in text}


def test_some_pages_have_a_long_history_and_files_and_talk() -> None:
    pages = managed_pages()
    comments = [comment for page in pages for comment in page.metadata.get("comments", [])]
    media_types = {a["media_type"] for page in pages for a in page.metadata.get("attachments", [])}

    assert sum(len(page.metadata.get("versions", [])) >= 3 for page in pages) >= 12
    assert max(len(page.metadata.get("versions", [])) for page in pages) >= 8
    assert media_types == {"application/pdf", "image/png", "image/svg+xml", "text/csv", "text/plain"}
    assert any("parent" in comment for comment in comments)
    assert any(comment.get("resolved") for comment in comments)
    assert any("inline" in comment for comment in comments)
    assert any(page.metadata.get("restrictions", {}).get("read") for page in pages)
    assert any(page.metadata.get("content_state") for page in pages)
