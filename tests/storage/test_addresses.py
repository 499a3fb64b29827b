import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.storage.addresses import (
    PageAddress,
    attachment_address,
    blog_post_address,
    page_address,
    parse_page_address,
    space_address,
)
from tests.storage.inverses import tiny_address

GATEWAY = "https://api.atlassian.com/ex/confluence/1a-2b/wiki"
CLOUD, DATA_CENTER = "https://acme.atlassian.net/wiki", "https://wiki.example.org/confluence"


@pytest.mark.parametrize(
    ("url", "base", "address"),
    [
        ("https://acme.atlassian.net/wiki/spaces/WS2/pages/65591/Final+Report", CLOUD, PageAddress("65591")),
        ("https://acme.atlassian.net/wiki/spaces/WS2/pages/65591", CLOUD, PageAddress("65591")),
        ("/wiki/spaces/~ana/pages/65591/A?src=search", CLOUD, PageAddress("65591")),
        ("https://acme.atlassian.net/wiki/x/NwAB", CLOUD, PageAddress("65591")),
        (
            "https://wiki.example.org/confluence/pages/viewpage.action?pageId=12",
            DATA_CENTER,
            PageAddress("12"),
        ),
        (
            "/confluence/pages/viewpage.action?spaceKey=WS2&title=A%26B+C",
            DATA_CENTER,
            PageAddress(space_key="WS2", title="A&B C"),
        ),
        (
            "https://wiki.example.org/confluence/display/WS2/A%2BB+%C3%A9",
            DATA_CENTER,
            PageAddress(space_key="WS2", title="A+B é"),
        ),
        ("https://wiki.example.org:443/confluence/x/NwAB", DATA_CENTER, PageAddress("65591")),
        ("/confluence/x/-_8", DATA_CENTER, PageAddress("61439")),
        ("/confluence/x/NwAB/", DATA_CENTER, PageAddress("65591")),
        ("/display/~ana/My+page", DATA_CENTER, PageAddress(space_key="~ana", title="My page")),
        ("/wiki/pages/65591", CLOUD, PageAddress("65591")),
        ("/wiki/spaces/WS2/overview?homepageId=65591", CLOUD, PageAddress("65591")),
        (f"{GATEWAY}/spaces/WS2/pages/65591/A", GATEWAY, PageAddress("65591")),
        ("/wiki/spaces/WS2/pages/65591/A", GATEWAY, PageAddress("65591")),
        ("/display/WS2/A", "", PageAddress(space_key="WS2", title="A")),
    ],
)
def test_a_page_is_known_by_every_address_it_has(url: str, base: str, address: PageAddress) -> None:
    assert parse_page_address(url, base) == address


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("/display/WS2/A#A-The%20end", PageAddress(space_key="WS2", title="A", anchor="A-The end")),
        ("/x/NwAB#end", PageAddress("65591", anchor="end")),
        (
            "/pages/viewpage.action?pageId=12&focusedCommentId=34#comment-34",
            PageAddress("12", comment_id="34", anchor="comment-34"),
        ),
        ("/pages/viewpage.action?pageId=12&preview=/12/34/a%20b.pdf", PageAddress("12", file="a b.pdf")),
        ("/download/attachments/12/a%20b.pdf?version=1&api=v2", PageAddress("12", file="a b.pdf")),
        ("/download/thumbnails/12/a.png", PageAddress("12", file="a.png")),
        ("/display/WS2/A?showComments=true", PageAddress(space_key="WS2", title="A", has_more=True)),
    ],
)
def test_a_part_of_a_page_is_distinguished_from_the_page(url: str, address: PageAddress) -> None:
    assert parse_page_address(url, DATA_CENTER) == address
    assert not address.is_whole_page


@pytest.mark.parametrize(
    "url",
    [
        "https://elsewhere.example.org/confluence/display/WS2/A",
        "https://wiki.example.org/other/display/WS2/A",
        "https://wiki.example.org/confluence/display/WS2",
        "https://wiki.example.org/display/WS2/A",
        "https://wiki.example.org/confluence/display/WS2/2024/02/22/A+post",
        "https://wiki.example.org/confluence/pages/viewpage.action?pageId=abc",
        "https://wiki.example.org/confluence/download/attachments/a/a.pdf",
        "https://wiki.example.org/confluence/pages/editpage.action?pageId=12",
        "javascript:/display/WS2/A",
        "https://wiki.example.org/confluence/x/",
        "https://wiki.example.org/confluence/x/AAAA",
        "mailto:ana@example.org",
        "https://[bad",
        "",
    ],
)
def test_other_addresses_are_no_pages(url: str) -> None:
    assert parse_page_address(url, DATA_CENTER) is None


def test_an_address_of_another_cloud_wiki_behind_the_same_gateway_is_no_page() -> None:
    other = GATEWAY.replace("1a-2b", "3c-4d")

    assert parse_page_address(f"{other}/spaces/WS2/pages/65591/A", GATEWAY) is None


def test_without_a_base_address_no_site_is_the_wiki() -> None:
    assert parse_page_address("https://wiki.example.org/display/WS2/A", "") is None


_TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)
_IDS = st.integers(1, 2**63 - 1).map(str)
_KEYS = st.text(st.sampled_from("~abcXYZ019-_."), min_size=1, max_size=8).filter(lambda key: key.strip("."))
_NAMED = st.builds(PageAddress, page_id=_IDS) | st.builds(PageAddress, space_key=_KEYS, title=_TEXT)
_BASES = st.sampled_from([CLOUD, DATA_CENTER, GATEWAY, "https://wiki.example.org", f"{CLOUD}/"])


@given(_NAMED, st.just("") | _TEXT, st.just("") | _IDS, _BASES)
def test_any_address_of_a_page_leads_to_it(named: PageAddress, anchor: str, comment_id: str, base: str) -> None:
    address = PageAddress(named.page_id, named.space_key, named.title, anchor, comment_id)

    assert parse_page_address(page_address(base, address), base) == address


@given(_NAMED, _TEXT.filter(lambda name: "/" not in name and name.strip(".")), _BASES)
def test_any_address_of_a_file_leads_to_it(named: PageAddress, name: str, base: str) -> None:
    address = PageAddress(named.page_id, named.space_key, named.title, file=name)

    assert parse_page_address(page_address(base, address), base) == address


@given(_IDS, _BASES)
def test_any_short_address_leads_to_its_page(page_id: str, base: str) -> None:
    address = tiny_address(base, page_id)

    assert parse_page_address(address, base) == PageAddress(page_id)
    assert len(address.rpartition("/")[2]) <= 11


def test_the_short_address_is_the_one_that_the_wiki_makes() -> None:
    assert tiny_address(CLOUD, "65591") == f"{CLOUD}/x/NwAB"


@given(_TEXT, st.text(max_size=40), _BASES)
def test_no_text_breaks_the_parser(path: str, query: str, base: str) -> None:
    parse_page_address(path, base)
    parse_page_address(f"/display/{path}?{query}", base)


def test_addresses_are_written_as_the_wiki_writes_them() -> None:
    assert page_address(CLOUD, PageAddress("12")) == f"{CLOUD}/pages/viewpage.action?pageId=12"
    assert page_address(CLOUD, PageAddress(None, "WS2", "A b", "c d")) == f"{CLOUD}/display/WS2/A%20b#c%20d"
    assert (
        page_address(CLOUD, PageAddress(None, "WS2", "A+b/c"))
        == f"{CLOUD}/pages/viewpage.action?spaceKey=WS2&title=A%2Bb%2Fc"
    )
    assert page_address(CLOUD, PageAddress(title="A b")) == f"{CLOUD}/pages/viewpage.action?title=A%20b"
    assert space_address(f"{CLOUD}/", "~ana") == f"{CLOUD}/display/~ana"
    assert blog_post_address(CLOUD, "WS2", "/2024/02/22", "A b") == f"{CLOUD}/display/WS2/2024/02/22/A%20b"
    assert attachment_address(CLOUD, "12", "a b.pdf") == f"{CLOUD}/download/attachments/12/a%20b.pdf"
