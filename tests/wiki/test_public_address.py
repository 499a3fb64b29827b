"""The address that people see is the wiki's public one, not the one that the bot uses."""

import pytest

from bot.storage.addresses import parse_page_address
from tests.wiki.conftest import Connect
from wikiserver.testing import Wiki

PUBLIC = "https://wiki.example.org"


def public(wiki: Wiki) -> str:
    return f"{PUBLIC}/wiki" if wiki.flavour == "cloud" else PUBLIC


def test_the_wiki_says_its_public_address(wiki: Wiki, connect: Connect) -> None:
    wiki.site.address = PUBLIC
    page_id = wiki.add_page("Page", "<p>x</p>")
    gateway = connect()

    assert gateway.base_url == public(wiki)
    assert gateway.fetch_page(page_id).ref.url.startswith(f"{PUBLIC}/")
    assert [ref.url.startswith(f"{PUBLIC}/") for ref in gateway.iter_refs("WS2")] == [True]


def test_it_is_learnt_from_the_first_answer_without_another_request(wiki: Wiki, connect: Connect) -> None:
    wiki.site.address = PUBLIC
    page_id = wiki.add_page("Page", "<p>x</p>")
    gateway = connect()
    gateway.fetch_page(page_id)
    before = len(wiki.requests)

    assert gateway.base_url == public(wiki)
    assert len(wiki.requests) == before


def test_a_page_is_recognised_under_each_address(wiki: Wiki, connect: Connect) -> None:
    wiki.site.address = PUBLIC
    gateway = connect()

    for address in (public(wiki), wiki.url):
        found = parse_page_address(f"{address}/pages/viewpage.action?pageId=12", *gateway.addresses)
        assert found is not None
        assert found.page_id == "12"
    assert parse_page_address("https://example.org/pages/viewpage.action?pageId=12", *gateway.addresses) is None


def test_the_settings_have_the_last_word(wiki: Wiki, connect: Connect) -> None:
    wiki.site.address = "http://build-host.internal:8090"
    gateway = connect(public_url="https://wiki.example.com/x")

    assert gateway.base_url == "https://wiki.example.com/x"
    assert wiki.requests == []


@pytest.mark.parametrize(
    "nonsense", ["ftp://wiki.example.org", "http://", "javascript:alert(1)", "http://u:p@wiki.example.org"]
)
def test_what_is_no_web_address_is_not_shown(wiki: Wiki, connect: Connect, nonsense: str) -> None:
    wiki.site.address = nonsense

    assert connect().base_url == wiki.url
