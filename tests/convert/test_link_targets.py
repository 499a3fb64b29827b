import re
from dataclasses import replace

import pytest

from bot.convert import PageContext, convert_page
from bot.storage.addresses import PageAddress, page_address
from tests.storage.inverses import tiny_address

BASE = "https://wiki.example.org/wiki"
KNOWN = PageContext(
    page_id="1001",
    space_key="WS2",
    base_url=BASE,
    pages={"65591": "final--65591.md", "OPS:Run & book": "../OPS/run--7.md", "Final": "final--65591.md"},
    attachments={"a b.pdf": "../_attachments/1001/a b.pdf"},
)


def target_of(address: str) -> str:
    escaped = address.replace("&", "&amp;")
    markdown = convert_page(f'<p><a href="{escaped}">to it</a></p>', KNOWN).markdown
    match = re.fullmatch(r"\[to it\]\((.*)\)\n", markdown)
    assert match is not None, markdown
    return match[1]


@pytest.mark.parametrize(
    ("address", "target"),
    [
        (tiny_address(BASE, "65591"), "final--65591.md"),
        (tiny_address("", "65591"), "final--65591.md"),
        (page_address(BASE, PageAddress("65591")), "final--65591.md"),
        (page_address(BASE, PageAddress("65591", anchor="The end")), "final--65591.md#the-end"),
        (page_address(BASE, PageAddress("65591", comment_id="5")), "final--65591.md"),
        (f"{BASE}/pages/viewpage.action?spaceKey=OPS&title=Run+%26+book", "../OPS/run--7.md"),
        ("/wiki/pages/viewpage.action?title=Run+%26+book&spaceKey=OPS", "../OPS/run--7.md"),
        (f"{BASE}/display/OPS/Run+%26+book#Run&book-The%20end", "../OPS/run--7.md#the-end"),
        ("/display/WS2/Final", "final--65591.md"),
        (f"{BASE}/spaces/WS2/pages/65591/Some+title", "final--65591.md"),
        ("https://wiki.example.org:443/wiki/x/NwAB", "final--65591.md"),
        (f"{BASE}/download/attachments/1001/a%20b.pdf?api=v2", "../_attachments/1001/a%20b.pdf"),
    ],
)
def test_every_address_of_a_captured_page_leads_into_the_snapshot(address: str, target: str) -> None:
    assert target_of(address) == target


@pytest.mark.parametrize(
    ("address", "target"),
    [
        ("https://elsewhere.example.org/wiki/x/NwAB", "https://elsewhere.example.org/wiki/x/NwAB"),
        ("/wiki/x/BBBB", f"{BASE}/x/BBBB"),
        (f"{BASE}/download/attachments/65591/a%20b.pdf", f"{BASE}/download/attachments/65591/a%20b.pdf"),
        (f"{BASE}/display/OPS/Final", f"{BASE}/display/OPS/Final"),
    ],
)
def test_other_addresses_stay(address: str, target: str) -> None:
    assert target_of(address) == target


GATEWAY = "https://api.atlassian.com/ex/confluence/6b9c/wiki"
INTERNAL = "http://confluence.internal:8090"


@pytest.mark.parametrize("other", [GATEWAY, INTERNAL])
@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/pages/viewpage.action?pageId=65591", "final--65591.md"),
        ("/spaces/WS2/pages/65591/Some+title#The-end", "final--65591.md#the-end"),
        ("/display/OPS/Run+%26+book", "../OPS/run--7.md"),
        ("/download/attachments/1001/a%20b.pdf", "../_attachments/1001/a%20b.pdf"),
        ("/pages/viewpage.action?pageId=7", f"{BASE}/pages/viewpage.action?pageId=7"),
        ("/display/OPS/Final", f"{BASE}/display/OPS/Final"),
        ("/admin/console.action", None),
    ],
)
def test_a_page_is_found_under_each_address_of_the_wiki(other: str, path: str, target: str | None) -> None:
    context = replace(KNOWN, other_addresses=(GATEWAY, INTERNAL))
    markdown = convert_page(f'<p><a href="{other}{path.replace("&", "&amp;")}">to it</a></p>', context).markdown

    assert markdown == f"[to it]({target or other + path})\n"
