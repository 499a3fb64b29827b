"""Company networks: certificates, proxies and headers, and the message for each failure."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from bot.config.policy import WikiSettings
from bot.errors import SettingsError, UntrustedCertificateError, WikiUnreachableError
from bot.wiki.connection import make_network
from bot.wiki.credentials import Credentials
from bot.wiki.failures import is_proxy_refusal
from bot.wiki.session import Network
from bot.wiki.site_probe import probe_site
from bot.wiki.tls import ClientCertificate
from tests.wiki.certificates import Authority, make_authority
from tests.wiki.conftest import Connect
from tests.wiki.fronts import WIKI_NAME, Front, http_proxy, plain_server, socks_proxy, tls_front
from tests.wiki.memory_sink import MemorySink
from wikiserver.site import Flavour as ServedFlavour
from wikiserver.testing import Wiki

ACCOUNT = ("li wei", "p@ss:word")
SPELLED = "li%20wei:p%40ss%3Aword"
VARIABLES = (
    *("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY"),
    *("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"),
)


@pytest.fixture
def flavour() -> ServedFlavour:
    return "cloud"


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="module")
def server_certificate(authority: Authority) -> Path:
    return authority.issue(host=f"IP:127.0.0.1,DNS:{WIKI_NAME}")


@pytest.fixture
def front(wiki: Wiki, server_certificate: Path) -> Iterator[Front]:
    with tls_front(wiki.server.port, server_certificate) as running:
        yield running


def secure(front: Front) -> str:
    return f"https://127.0.0.1:{front.port}/wiki"


def test_authority_of_the_settings_is_trusted(front: Front, authority: Authority, connect: Connect) -> None:
    gateway = connect(url=secure(front), network=Network(ca_bundle=authority.bundle))

    assert gateway.fetch_current_user().display_name == "Wiki Bot"


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_authority_of_the_environment_is_trusted(
    front: Front, authority: Authority, connect: Connect, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, str(authority.bundle))

    assert connect(url=secure(front)).fetch_current_user().display_name == "Wiki Bot"
    assert probe_site(secure(front)).flavour is not None


def test_unknown_authority(front: Front, connect: Connect) -> None:
    with pytest.raises(WikiUnreachableError, match=r"not trusted \(.*\); name .* wiki\.ca_bundle"):
        connect(url=secure(front)).fetch_current_user()
    with pytest.raises(UntrustedCertificateError, match="not trusted"):
        probe_site(secure(front))


def test_authority_of_another_company(front: Front, connect: Connect, tmp_path: Path) -> None:
    other = make_authority(tmp_path / "other", "Other CA")

    with pytest.raises(WikiUnreachableError, match="not trusted"):
        connect(url=secure(front), network=Network(ca_bundle=other.bundle)).fetch_current_user()


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"has_expired": True}, "its certificate has expired"),
        ({"host": "DNS:wiki.example.org"}, "its certificate is for another host name"),
        ({"host": "IP:127.0.0.2"}, "its certificate is for another host name"),
    ],
)
def test_certificate_that_does_not_fit(
    wiki: Wiki, authority: Authority, connect: Connect, options: dict[str, str], problem: str, naps: list[float]
) -> None:
    name = "-".join(options)
    with tls_front(wiki.server.port, authority.issue(name, **options)) as front:  # type: ignore[arg-type]
        network = Network(ca_bundle=authority.bundle)
        with pytest.raises(WikiUnreachableError, match=problem):
            connect(url=secure(front), network=network).fetch_current_user()
        with pytest.raises(WikiUnreachableError, match=problem):
            probe_site(secure(front), network=network)

    assert naps == []


def test_port_without_tls(connect: Connect) -> None:
    with plain_server() as front, pytest.raises(WikiUnreachableError, match="does not speak TLS"):
        connect(url=secure(front)).fetch_current_user()


@pytest.mark.parametrize("source", ["wiki.ca_bundle", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"])
@pytest.mark.parametrize("kind", ["missing", "not a certificate"])
def test_bundle_that_cannot_be_used(
    front: Front, connect: Connect, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, source: str, kind: str
) -> None:
    bundle = tmp_path / "nope.pem"
    if kind != "missing":
        bundle.write_text("-----BEGIN NONSENSE-----\n")
    if source != "wiki.ca_bundle":
        monkeypatch.setenv(source, str(bundle))
    network = Network(ca_bundle=bundle if source == "wiki.ca_bundle" else None)

    words = "there is no file" if kind == "missing" else "contains no certificates"
    with pytest.raises(SettingsError, match=f"{source}: .*{words}|{source}: .*nope.pem {words}"):
        connect(url=secure(front), network=network).fetch_current_user()


def test_missing_bundle_of_the_settings_is_found_before_any_request(tmp_path: Path) -> None:
    wiki = WikiSettings(url="http://127.0.0.1:1", ca_bundle=Path("nope.pem"))

    with pytest.raises(SettingsError, match=r"wiki\.ca_bundle: there is no file .*nope\.pem"):
        make_network(wiki, lambda path: tmp_path / path)


def test_client_certificate_is_shown_to_the_wiki(
    wiki: Wiki, authority: Authority, server_certificate: Path, connect: Connect
) -> None:
    bot = authority.issue("bot", host="DNS:bot")
    with tls_front(wiki.server.port, server_certificate, clients=authority.bundle) as front:
        network = Network(ca_bundle=authority.bundle, certificate=ClientCertificate(bot))
        assert connect(url=secure(front), network=network).fetch_current_user().display_name == "Wiki Bot"

        without = Network(ca_bundle=authority.bundle)
        with pytest.raises(WikiUnreachableError, match=r"demand a client|demands a client|connection was lost"):
            connect(url=secure(front), network=without).fetch_current_user()


def test_client_certificate_that_cannot_be_used(authority: Authority, tmp_path: Path) -> None:
    no_key = tmp_path / "no-key.pem"
    no_key.write_text(authority.bundle.read_text())
    for path, problem in ((Path("gone.pem"), "there is no file"), (no_key, "cannot be used")):
        wiki = WikiSettings(url="https://wiki.example.org", client_certificate=path)
        with pytest.raises(SettingsError, match=rf"wiki\.client_certificate: .*{problem}"):
            make_network(wiki, lambda each: tmp_path / each)


@pytest.mark.parametrize("has_tls", [False, True])
@pytest.mark.parametrize("kind", ["http", "socks5"])
@pytest.mark.parametrize("is_setting", [False, True])
def test_proxy_that_demands_an_account_is_passed(
    wiki: Wiki,
    front: Front,
    authority: Authority,
    connect: Connect,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    has_tls: bool,
    is_setting: bool,
) -> None:
    url = (secure(front) if has_tls else wiki.url).replace("127.0.0.1", "127.0.0.1" if is_setting else WIKI_NAME)
    with (http_proxy if kind == "http" else socks_proxy)(ACCOUNT) as proxy:
        address = f"{kind}://{SPELLED}@127.0.0.1:{proxy.port}"
        if not is_setting:
            monkeypatch.setenv("HTTPS_PROXY" if has_tls else "HTTP_PROXY", address)
        network = Network(ca_bundle=authority.bundle, proxy=address if is_setting else None)
        page_id = wiki.add_page("Page", "<p>x</p>")
        gateway = connect(url=url, network=network)
        written = gateway.update_page(gateway.fetch_page(page_id), "<p>y</p>", message="m")

        assert written.number == 2
        assert proxy.seen


def test_attachments_pass_the_proxy_as_well(wiki: Wiki, connect: Connect) -> None:
    page_id = wiki.add_page("Page", "<p>x</p>")
    wiki.store.attachments.add(int(page_id), "a.txt", b"text", author=wiki.account("ana"))
    sink = MemorySink()
    with http_proxy(ACCOUNT) as proxy:
        gateway = connect(network=Network(proxy=f"http://{SPELLED}@127.0.0.1:{proxy.port}"))
        gateway.download(gateway.fetch_attachments(page_id)[0], sink)

        assert any(f":{wiki.site.media_port}/file/" in seen for seen in proxy.seen)
    assert sink.content == b"text"


@pytest.mark.parametrize("has_tls", [False, True])
@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ("", r"asks for a name and a password \(407\); set wiki.proxy to"),
        ("li:wrong@", r"refuses the name or password"),
    ],
)
def test_account_that_the_proxy_refuses_is_explained_and_not_tried_again(
    wiki: Wiki, front: Front, connect: Connect, naps: list[float], has_tls: bool, given: str, problem: str
) -> None:
    url = secure(front) if has_tls else wiki.url
    with http_proxy(ACCOUNT) as proxy:
        network = Network(proxy=f"http://{given}127.0.0.1:{proxy.port}")
        with pytest.raises(WikiUnreachableError, match=problem) as caught:
            connect(url=url, network=network).fetch_current_user()
        with pytest.raises(WikiUnreachableError, match=problem):
            probe_site(url, network=network)

        assert len(proxy.seen) == 2
    assert naps == []
    assert "wrong" not in str(caught.value)
    assert wiki.requests == []


@pytest.mark.parametrize("given", ["", "li:wrong@"])
def test_account_that_a_socks_proxy_refuses(wiki: Wiki, connect: Connect, naps: list[float], given: str) -> None:
    with (
        socks_proxy(ACCOUNT) as proxy,
        pytest.raises(WikiUnreachableError, match=r"name (or|and a) password"),
    ):
        connect(network=Network(proxy=f"socks5://{given}127.0.0.1:{proxy.port}")).fetch_current_user()

    assert naps == []
    assert wiki.requests == []


def test_a_port_with_the_digits_of_a_refusal_is_no_refusal() -> None:
    silent = requests.exceptions.ProxyError("HTTPConnectionPool(host='127.0.0.1', port=40725): Connection refused")
    refused = requests.exceptions.ProxyError("Tunnel connection failed: 407 Proxy Authentication Required")

    assert not is_proxy_refusal(silent)
    assert is_proxy_refusal(refused)


@pytest.mark.parametrize("kind", ["http", "socks5"])
@pytest.mark.parametrize("has_tls", [False, True])
def test_proxy_that_is_down(wiki: Wiki, connect: Connect, kind: str, has_tls: bool) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        network = Network(proxy=f"{kind}://127.0.0.1:{unused.getsockname()[1]}")
        url = wiki.url.replace("http://", "https://") if has_tls else wiki.url

        with pytest.raises(WikiUnreachableError, match=r"the proxy .* from wiki.proxy does not answer .*NO_PROXY"):
            connect(url=url, network=network).fetch_current_user()
        with pytest.raises(WikiUnreachableError, match=r"the proxy .* from wiki.proxy does not answer .*NO_PROXY"):
            probe_site(url, network=network)

    assert wiki.requests == []


@pytest.mark.parametrize("is_setting", [False, True])
def test_hosts_in_no_proxy_are_reached_directly(
    wiki: Wiki, connect: Connect, monkeypatch: pytest.MonkeyPatch, is_setting: bool
) -> None:
    with http_proxy(ACCOUNT) as proxy:
        address = f"http://127.0.0.1:{proxy.port}"
        monkeypatch.setenv("NO_PROXY", "example.org,127.0.0.1")
        monkeypatch.setenv("HTTP_PROXY", address)
        gateway = connect(network=Network(proxy=address if is_setting else None))

        assert gateway.fetch_current_user().display_name == "Wiki Bot"
        assert proxy.seen == []
    assert wiki.requests


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_the_proxy_of_the_environment_is_not_asked_for_this_machine(
    wiki: Wiki, connect: Connect, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    with http_proxy(ACCOUNT) as proxy:
        for variable in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(variable, f"http://127.0.0.1:{proxy.port}")

        gateway = connect(url=wiki.url.replace("127.0.0.1", name))

        assert gateway.fetch_current_user().display_name == "Wiki Bot"
        assert proxy.seen == []


@pytest.mark.parametrize("is_setting", [False, True])
@pytest.mark.parametrize("address", ["ftp://proxy:1", "http://[::1", "http://name:s3cret@proxy:port", "socks5://"])
def test_an_address_that_is_no_proxy_is_named_without_its_password(
    wiki: Wiki, connect: Connect, monkeypatch: pytest.MonkeyPatch, address: str, is_setting: bool
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "" if is_setting else address)
    url = wiki.url.replace("127.0.0.1", WIKI_NAME)
    gateway = connect(url=url, network=Network(proxy=address if is_setting else None))

    with pytest.raises(SettingsError) as raised:
        gateway.fetch_current_user()

    source = "wiki.proxy" if is_setting else "HTTP_PROXY"
    assert str(raised.value).startswith(f"{source} is not the address of a proxy: write http://HOST:PORT")
    assert "s3cret" not in str(raised.value)
    assert wiki.requests == []


def test_headers_and_credentials_are_sent_to_the_host_of_the_wiki_only(wiki: Wiki, connect: Connect) -> None:
    page_id = wiki.add_page("Page", "<p>x</p>")
    wiki.store.attachments.add(int(page_id), "a.txt", b"text", author=wiki.account("ana"))
    with http_proxy() as proxy:
        gateway = connect(network=Network(headers={"X-Gate": "s3cret-gate"}, proxy=f"http://127.0.0.1:{proxy.port}"))
        gateway.download(gateway.fetch_attachments(page_id)[0], MemorySink())

        *to_wiki, to_media = proxy.heads
    assert len(to_wiki) == 2
    assert {head["x-gate"] for head in to_wiki} == {"s3cret-gate"}
    assert all("authorization" in head for head in to_wiki)
    assert not {"x-gate", "authorization", "cookie"} & set(to_media)


def test_headers_are_not_sent_to_the_gateway_of_a_site(wiki: Wiki, connect: Connect) -> None:
    wiki.open_gateway()
    with http_proxy() as proxy:
        network = Network(headers={"X-Gate": "s3cret-gate"}, proxy=f"http://127.0.0.1:{proxy.port}")
        other_name = wiki.server.url.replace("127.0.0.1", "localhost")
        credentials = Credentials(wiki.issue_token("bot"), "bot")
        gateway = connect(network=network, gateway=other_name, credentials=credentials, access="gateway")
        gateway.fetch_current_user()

        to_site, to_gateway = proxy.heads
    assert "x-gate" in to_site
    assert "authorization" not in to_site
    assert "x-gate" not in to_gateway
    assert "authorization" in to_gateway
