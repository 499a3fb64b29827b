import pytest

from bot.storage.addresses import PageAddress, parse_page_address

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
    ],
)
def test_a_page_is_known_by_every_address_it_has(url: str, base: str, address: PageAddress) -> None:
    assert parse_page_address(url, base) == address


@pytest.mark.parametrize(
    "url",
    [
        "https://elsewhere.example.org/confluence/display/WS2/A",
        "https://wiki.example.org/other/display/WS2/A",
        "https://wiki.example.org/confluence/display/WS2",
        "https://wiki.example.org/confluence/display/WS2/A#place",
        "https://wiki.example.org/confluence/display/WS2/A?showComments=true",
        "https://wiki.example.org/confluence/pages/viewpage.action?pageId=abc",
        "https://wiki.example.org/confluence/download/attachments/12/a.pdf",
        "https://wiki.example.org/confluence/x/",
        "https://wiki.example.org/confluence/x/AAAA",
        "mailto:ana@example.org",
        "https://[bad",
        "",
    ],
)
def test_other_addresses_are_no_pages(url: str) -> None:
    assert parse_page_address(url, DATA_CENTER) is None
