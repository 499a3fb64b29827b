"""Public clients and a wiki with faults: what they read or write is correct."""

from pathlib import Path
from typing import Any

import pytest
from atlassian import ConfluenceServer

from tests.clients.programs import run_program
from tests.clients.test_markdown_exporter import export, markdown_files
from wikiserver.testing import Wiki


def publish(wiki: Wiki, home: Path) -> None:
    host = f"{wiki.server.host}:{wiki.server.port}"
    where = ("-d", host, "-p", "/wiki/", "--api-url", f"{wiki.url}/", "-s", "WS2")
    run_program("md2conf", *where, "-u", "bot", "-a", "bot-secret", "--no-generated-by", "docs", home=home)


@pytest.fixture
def sources(wiki: Wiki, tmp_path: Path) -> Path:
    wiki.add_page("Home")
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "index.md").write_text("---\ntitle: Plan\n---\n\n**one**\n\n- a\n- b\n", encoding="utf-8")
    return tmp_path


def test_a_publisher_that_waits_when_told_to_writes_once(wiki: Wiki, sources: Path) -> None:
    wiki.faults.add("429=0@get*2 429=0@post*2 429=1@put*once")

    publish(wiki, sources)

    page = wiki.find("Plan")
    assert all("(0 left)" in fault for fault in wiki.faults.active())
    assert (wiki.body(page.id), page.version) == (
        "<p><strong>one</strong></p><ul><li><p>a</p></li><li><p>b</p></li></ul>",
        2,
    )


@pytest.mark.parametrize("level", ["none", "light", "full"])
def test_what_the_wiki_does_to_a_body_does_not_make_a_publisher_write_again(
    wiki: Wiki, sources: Path, level: str
) -> None:
    wiki.faults.add(f"level={level}")

    publish(wiki, sources)
    publish(wiki, sources)

    assert wiki.find("Plan").version == 2


def test_an_exporter_that_follows_the_links_misses_no_page(wiki: Wiki, tmp_path: Path) -> None:
    wiki.add_page("Home")
    titles = [wiki.page(wiki.add_page(f"Page {number}")).title for number in range(10)]
    wiki.faults.add("cap=3")

    out = export(wiki, tmp_path, "spaces", "/spaces/WS2")

    assert markdown_files(out) == {"WS2/Home/Home.md", *(f"WS2/Home/{title}.md" for title in titles)}


@pytest.mark.parametrize("flavour", ["datacenter"])
def test_a_reader_that_trusts_the_limit_it_asked_for_misses_pages(wiki: Wiki) -> None:
    """As it does with Confluence: a listing may be shorter than asked for and yet not the last."""
    for number in range(10):
        wiki.add_page(f"Page {number}")
    wiki.faults.add("cap=3")
    account = {"username": "bot", "password": "bot-secret"}
    client: Any = ConfluenceServer(url=wiki.url, **account)  # type: ignore[no-untyped-call] # the library's
    with client:
        assert len(list(client.get_all_pages_from_space("WS2"))) == 10
        assert len(list(client.get_all_pages_from_space_as_generator("WS2", limit=50))) == 3
