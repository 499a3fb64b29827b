"""The addresses that a redirected request may reach."""

import ipaddress
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from bot.egress import AddressRule, EgressError, RedirectRule, guarded, is_public
from bot.sync.data_links import DataLink, LinkKind
from bot.sync.external_links import ExternalLinks
from bot.wiki.deadline import DeadlineAdapter

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
        ("http://10.0.0.5/wiki", "https://10.0.0.5:9000/file/../binary"),
        ("http://127.0.0.1:8090", "http://127.0.0.1:1234/file/a/binary/x"),
        ("http://127.0.0.1:8090", "http://127.0.0.1/x"),
        ("http://[::1]:8090", "http://[::1]:1234/x"),
        ("https://93.184.216.34", "https://93.184.216.34:8443/x"),
    ],
)
def test_another_port_of_the_wiki_is_another_service(home: str, target: str) -> None:
    with pytest.raises(EgressError, match=r"port \d+ of .* add .* to wiki\.download_hosts"):
        RedirectRule(home).check(target)
    RedirectRule(home, (urlsplit(home).hostname or "",)).check(target)


@pytest.mark.parametrize(
    ("home", "target"),
    [
        ("http://93.184.216.34", "https://93.184.216.34/x"),
        ("http://10.0.0.5/wiki", "http://10.0.0.5:80/x"),
        ("http://127.0.0.1:8090", "http://127.0.0.1:8090/x"),
        ("http://127.0.0.1:8090", "http://127.0.0.1:1234/file/0b9c-1/binary?token=x"),
    ],
)
def test_the_port_of_the_wiki_and_its_media_host_are_allowed(home: str, target: str) -> None:
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
        ("https://api.media.atlassian.com:99999/x", "no web address"),
        ("https://[::1/x", "no web address"),
    ],
)
def test_only_known_hosts_are_allowed(target: str, problem: str) -> None:
    with pytest.raises(EgressError, match=problem):
        CLOUD.check(target)


@pytest.mark.parametrize("name", ["a" * 70, "a.", "", "\u202e", "\ud800"])
def test_a_name_that_can_be_none_is_refused(name: str) -> None:
    with pytest.raises(EgressError, match="a host name that is not known"):
        RedirectRule("http://93.184.216.34").check(f"http://{name}.atlassian.net/x")


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


PRIVATE_IN_DISGUISE = {
    "IPv4-mapped": "::ffff:127.0.0.1",
    "IPv4-translated": "::ffff:0:127.0.0.1",
    "IPv4-compatible": "::127.0.0.1",
    "NAT64": "64:ff9b::7f00:1",
    "NAT64, private": "64:ff9b::10.0.0.1",
    "NAT64, metadata": "64:ff9b::169.254.169.254",
    "local NAT64": "64:ff9b:1::10.0.0.1",
    "6to4": "2002:a00:1::1",
    "Teredo, client": "2001:0:5db8:d822:0:0:f5ff:fffe",
    "ISATAP": "2606:2800::5efe:10.0.0.1",
    "ISATAP, global bit": "2606:2800::200:5efe:169.254.169.254",
    "unique local": "fd12::1",
    "site-local": "fec0::1",
    "metadata of AWS": "fd00:ec2::254",
    "metadata of Alibaba": "100.100.100.200",
    "metadata of Azure": "168.63.129.16",
    "documentation": "2001:db8::1",
    "documentation of RFC 9637": "3fff::1",
    "end of the documentation of RFC 9637": "3fff:fff:ffff::1",
    "segment routing": "5f00::1",
    "discard only": "100::1",
    "dummy prefix of RFC 9780": "100:0:0:1::1",
    "6bone": "3ffe::1",
    "not allocated": "4000::1",
    "IETF protocols": "192.0.0.8",
    "ORCHID": "2001:20::1",
    "relays of 6to4": "192.88.99.1",
    "local NAT64, 48 bits, metadata": "64:ff9b:1:a9fe:a9:fe00::",
    "local NAT64, 64 bits, metadata": "64:ff9b:1:0:a9:fea9:fe00:0",
}


@pytest.mark.parametrize("address", PRIVATE_IN_DISGUISE.values(), ids=PRIVATE_IN_DISGUISE)
def test_an_address_in_disguise_is_not_public(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["64:ff9b::93.184.216.34", "::ffff:93.184.216.34", "2002:5db8:d822::1"])
def test_a_translated_public_address_is_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "target",
    ["100.100.100.200", "[fd00:ec2::254]", "[::ffff:169.254.169.254]", "[64:ff9b:1:a9fe:a9:fe00::]", "2852039166",
     "0xa9fea9fe", "0251.0376.0251.0376", "169.16689662"],
)  # fmt: skip
def test_a_wiki_in_a_private_network_opens_no_metadata_service(target: str) -> None:
    with pytest.raises(EgressError, match="inside a private network"):
        AddressRule("http://10.0.0.5").check(f"http://{target}/x")


@pytest.mark.parametrize(
    "host",
    ["2130706433", "0x7f000001", "017700000001", "127.1", "0177.0.0.1", "0x7f.1", "127.0.0.1.", "[::1%25lo]",
     "[fe80::1%25eth0]", "①②⑦.0.0.1", "user@127.0.0.1", "public.example\\@127.0.0.1"],
)  # fmt: skip
def test_every_spelling_of_a_private_address_is_refused(host: str) -> None:
    with pytest.raises(EgressError):
        AddressRule("http://93.184.216.34").check(f"http://{host}/x")
    (problem,) = ExternalLinks(pause_seconds=0).find_problems([DataLink(LinkKind.EXTERNAL, f"http://{host}/", ("x",))])
    assert "private network" in problem.message or "cannot be reached" in problem.message


@given(st.binary(min_size=4, max_size=4), st.sampled_from(["::ffff:0:0", "::ffff:0:0:0", "64:ff9b::", "2002::", "::"]))
def test_no_ipv6_form_is_more_public_than_the_address_inside(inner: bytes, prefix: str) -> None:
    plain = ipaddress.IPv4Address(inner)
    shift = 80 if prefix == "2002::" else 0
    wrapped = ipaddress.IPv6Address(int(ipaddress.IPv6Address(prefix)) | int(plain) << shift)

    assert is_public(plain) or not is_public(wrapped)


class Listener(ThreadingHTTPServer):
    """Records what arrives on a port of this machine."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Recorder)
        self.asked: list[str] = []


class Recorder(BaseHTTPRequestHandler):
    server: Listener

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the library's name
        del format, args


def test_a_name_whose_address_changes_after_the_check_gets_no_request(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter(["93.184.216.34"])

    def resolve(host: str, port: int, *_args: object, **_options: object) -> list[tuple[object, ...]]:
        found = next(answers, "127.0.0.1") if host == "rebinding.example" else host
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (found, port))]

    with Listener() as listener, requests.Session() as session:
        threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        url = f"http://rebinding.example:{listener.server_port}/secret"
        session.mount("http://", DeadlineAdapter())
        monkeypatch.setattr(socket, "getaddrinfo", resolve)

        with (
            pytest.raises(EgressError, match=r"127\.0\.0\.1, which is inside a private network"),
            guarded(AddressRule("http://93.184.216.34"), url, is_proxied=False),
        ):
            session.get(url, timeout=5)
        listener.shutdown()

    assert listener.asked == []
