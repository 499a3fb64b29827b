"""The wiki that an address refers to, in each form of the address."""

import pytest

from bot.config.policy import WikiSettings
from bot.site_address import SiteAddress, recognise

CLOUD_ID = "6b9c2f0e-52a1-4c41-9f0a-2b5f0e6c7a11"
SITE = SiteAddress("https://name.atlassian.net/wiki", is_cloud=True)
GATEWAY = SiteAddress(f"https://api.atlassian.com/ex/confluence/{CLOUD_ID}/wiki", is_cloud=True, cloud_id=CLOUD_ID)


@pytest.mark.parametrize(
    "text",
    [
        "https://name.atlassian.net",
        "https://name.atlassian.net/",
        "https://name.atlassian.net/wiki",
        "https://name.atlassian.net/wiki/",
        " https://name.atlassian.net/wiki/spaces/WS2/overview?x=1#top",
        "https://name.atlassian.net/jira",
        "name.atlassian.net",
    ],
)
def test_a_site_with_or_without_its_path(text: str) -> None:
    assert recognise(text) == SITE


@pytest.mark.parametrize(
    "text",
    [
        CLOUD_ID,
        f"https://api.atlassian.com/ex/confluence/{CLOUD_ID}",
        f"https://api.atlassian.com/ex/confluence/{CLOUD_ID}/",
        f"https://api.atlassian.com/ex/confluence/{CLOUD_ID}/wiki",
        f"https://api.atlassian.com/ex/confluence/{CLOUD_ID}/wiki/api/v2",
        f"api.atlassian.com/ex/confluence/{CLOUD_ID}/rest/api",
    ],
)
def test_the_gateway_with_or_without_its_path_and_a_bare_cloud_id(text: str) -> None:
    assert recognise(text) == GATEWAY
    assert recognise(WikiSettings(url=text).url) == GATEWAY


def test_a_gateway_at_another_host_is_one_too() -> None:
    found = recognise(f"http://127.0.0.1:8090/ex/confluence/{CLOUD_ID}")

    assert found == SiteAddress(f"http://127.0.0.1:8090/ex/confluence/{CLOUD_ID}/wiki", True, CLOUD_ID)


@pytest.mark.parametrize(
    ("text", "base"),
    [
        ("https://wiki.example.org/display/WS2/Home", "https://wiki.example.org"),
        ("https://wiki.example.org/confluence/spaces/WS2/pages/7/Home", "https://wiki.example.org/confluence"),
        ("https://wiki.example.org/confluence/pages/viewpage.action?pageId=7", "https://wiki.example.org/confluence"),
        ("https://wiki.example.org/dashboard.action", "https://wiki.example.org"),
        ("https://wiki.example.org/rest/api/space", "https://wiki.example.org"),
        ("http://127.0.0.1:8090/wiki/spaces/WS2/overview", "http://127.0.0.1:8090/wiki"),
        ("https://wiki.example.org/x", "https://wiki.example.org/x"),
    ],
)
def test_the_address_of_a_page_leads_to_its_wiki(text: str, base: str) -> None:
    assert recognise(text).url == base


@pytest.mark.parametrize(
    ("text", "is_cloud", "expected"),
    [
        ("https://wiki.example.org/confluence/", None, SiteAddress("https://wiki.example.org/confluence", False)),
        ("https://wiki.example.org/wiki", None, SiteAddress("https://wiki.example.org/wiki", False)),
        ("https://wiki.example.org/wiki", True, SiteAddress("https://wiki.example.org/wiki", True)),
        ("127.0.0.1:8090", None, SiteAddress("http://127.0.0.1:8090", False)),
        ("https://notatlassian.net", None, SiteAddress("https://notatlassian.net", False)),
        ("https://atlassian.net.example.org/x", None, SiteAddress("https://atlassian.net.example.org/x", False)),
    ],
)
def test_other_hosts_are_what_the_settings_say(text: str, is_cloud: bool | None, expected: SiteAddress) -> None:
    assert recognise(text, is_cloud=is_cloud) == expected


@pytest.mark.parametrize("text", ["", "https://", "ftp://wiki.example.org", "https://user:x@wiki.example.org"])
def test_what_is_no_address_is_refused_by_the_settings(text: str) -> None:
    with pytest.raises(ValueError, match="must be the"):
        WikiSettings(url=text)
