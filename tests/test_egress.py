"""The addresses that a redirected request may reach."""

import ipaddress
import socket

import pytest

from bot.egress import EgressError, RedirectRule, is_public

CLOUD = RedirectRule("https://name.atlassian.net/wiki")


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "192.168.0.1", "169.254.169.254", "100.64.0.1", "::", "::1", "fe80::1", "fd00::1",
     "::ffff:10.0.0.1", "2002:7f00:1::", "224.0.0.1", "255.255.255.255"],
)  # fmt: skip
def test_what_is_not_the_public_internet(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"])
def test_what_is_the_public_internet(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    ("home", "target"),
    [
        ("http://93.184.216.34", "http://93.184.216.34:8080/x"),
        ("http://10.0.0.5/wiki", "http://10.0.0.5:9000/x"),
        ("http://127.0.0.1:8090", "http://127.0.0.1:1234/x"),
        ("http://[::1]:8090", "http://[::1]:1234/x"),
    ],
)
def test_another_port_of_the_wiki_is_allowed(home: str, target: str) -> None:
    RedirectRule(home).check(target)


@pytest.mark.parametrize(
    "target",
    [
        "http://10.0.0.6/x",
        "http://127.0.0.1/x",
        "http://169.254.169.254/latest/meta-data",
        "http://[::ffff:127.0.0.1]/x",
        "http://0.0.0.0/x",
        "http://[fe80::1]/x",
    ],
)
def test_no_redirect_leads_from_the_internet_to_a_private_address(target: str) -> None:
    host = target.partition("//")[2].partition("/")[0].strip("[]")
    with pytest.raises(EgressError, match="inside a private network"):
        RedirectRule("http://93.184.216.34", (host,)).check(target)


@pytest.mark.parametrize("target", ["http://127.0.0.1/x", "http://169.254.169.254/x"])
def test_a_wiki_in_a_private_network_opens_neither_this_machine_nor_metadata_services(target: str) -> None:
    with pytest.raises(EgressError, match="inside a private network"):
        RedirectRule("http://10.0.0.5", ("127.0.0.1", "169.254.169.254")).check(target)


@pytest.mark.parametrize(
    ("target", "problem"),
    [
        ("https://example.org/x", r"example\.org, which is not one of the wiki's hosts; .*wiki\.download_hosts"),
        ("https://name.atlassian.net.example.org/x", "not one of the wiki's hosts"),
        ("https://notatlassian.com/x", "not one of the wiki's hosts"),
        ("http://api.media.atlassian.com/x", "from https to http"),
        ("file:///etc/passwd", "no web address"),
        ("https:///x", "no web address"),
    ],
)
def test_only_known_hosts_are_allowed(target: str, problem: str) -> None:
    with pytest.raises(EgressError, match=problem):
        CLOUD.check(target)


def test_hosts_of_the_media_service_and_of_the_settings_are_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve(*_args: object, **_options: object) -> list[tuple[object, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", 443))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)

    CLOUD.check("https://api.media.atlassian.com/file/1/binary?token=x")
    RedirectRule("https://wiki.example.com", ("files.example.org",)).check("https://eu.files.example.org/x")


def test_a_known_name_that_leads_to_a_private_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve(host: str, *_args: object, **_options: object) -> list[tuple[object, ...]]:
        found = "10.0.0.1" if host.startswith("api.") else "93.184.216.34"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (found, 443))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)

    with pytest.raises(EgressError, match="inside a private network"):
        CLOUD.check("https://api.media.atlassian.com/x", is_proxied=True)
