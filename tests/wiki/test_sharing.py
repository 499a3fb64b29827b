"""One gateway for many threads, and connections that are checked to be usable."""

import gc
import ssl
import subprocess
import threading
import weakref
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bot.errors import PageConflictError, WikiUnreachableError
from bot.wiki.confluence import ConfluenceGateway
from bot.wiki.credentials import Credentials
from bot.wiki.session import Manners, Network, RateLimiter, WikiSession
from tests.machine import need
from tests.wiki.conftest import Connect
from tests.wiki.crooked_server import CrookedServer, crooked_server
from wikiserver.testing import Wiki


def test_threads_share_a_gateway_and_lose_no_write(wiki: Wiki, gateway: ConfluenceGateway) -> None:
    page_id = wiki.add_page("Page", "<p>text</p>")

    def write(number: int) -> bool:
        page = gateway.fetch_page(page_id)
        try:
            gateway.update_page(page, f"<p>write {number}</p>", message=f"wikibot {number}")
        except PageConflictError:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        written = sum(pool.map(write, range(24)))

    assert written >= 1
    assert len(wiki.versions(page_id)) == 1 + written


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="open files are counted in /proc")
def test_threads_that_end_leave_no_connection_open(wiki: Wiki, gateway: ConfluenceGateway) -> None:
    page_id = wiki.add_page("Page", "<p>text</p>")

    def read_in_a_thread() -> None:
        thread = threading.Thread(target=gateway.fetch_page, args=[page_id])
        thread.start()
        thread.join()

    read_in_a_thread()
    gc.collect()
    before = len(list(Path("/proc/self/fd").iterdir())), threading.active_count()
    for _ in range(30):
        read_in_a_thread()
    gc.collect()
    after = len(list(Path("/proc/self/fd").iterdir())), threading.active_count()

    assert after[0] <= before[0] + 10  # the server's ends of the last few may still be closing
    assert after[1] <= before[1] + 1


def test_gateway_that_nobody_uses_any_more_closes_its_connections_at_once(connect: Connect) -> None:
    gateway = connect()
    gateway.fetch_current_user()
    connections = weakref.ref(gateway._client)

    gc.disable()
    try:
        del gateway
        is_gone = connections() is None
    finally:
        gc.enable()

    assert is_gone


def test_writes_of_all_threads_keep_one_distance(wiki: Wiki, connect: Connect, naps: list[float]) -> None:
    gateway = connect(writes_per_minute=6, clock=lambda: 0.0)
    ids = [wiki.add_page(f"Page {number}", "<p>text</p>") for number in range(4)]

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda page_id: gateway.add_labels(page_id, ["x"]), ids))

    assert sorted(naps) == [10.0, 20.0, 30.0]


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    need("openssl")
    path = tmp_path / "server.pem"
    subprocess.run(
        f"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost "
        f"-addext subjectAltName=IP:127.0.0.1 -keyout {path} -out {tmp_path / 'ca.pem'}".split(),
        check=True,
        capture_output=True,
    )
    path.write_text(path.read_text() + (tmp_path / "ca.pem").read_text())
    return path


@pytest.fixture
def secure_server(certificate: Path) -> Iterator[CrookedServer]:
    with crooked_server() as server:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        yield server


def secure_session(ca_bundle: Path | None, **manners: float) -> WikiSession:
    return WikiSession(
        Credentials("t0ken"),
        write_limiter=RateLimiter(0),
        manners=Manners(tries=1, **manners),  # type: ignore[arg-type]  # seconds all of them
        network=Network(ca_bundle=ca_bundle),
        sleep=lambda _seconds: None,
    )


def test_unknown_certificate_is_refused_and_the_remedy_named(secure_server: CrookedServer) -> None:
    with pytest.raises(WikiUnreachableError, match=r"not trusted \(.+\); name .+ wiki\.ca_bundle"):
        secure_session(None).request("GET", f"https://127.0.0.1:{secure_server.server_port}/echo")

    assert secure_server.seen == []


def test_own_certificate_authority_is_trusted(secure_server: CrookedServer, certificate: Path) -> None:
    session = secure_session(certificate.with_name("ca.pem"))

    response = session.request("GET", f"https://127.0.0.1:{secure_server.server_port}/echo")

    assert response.json() == {"authorization": "Bearer t0ken"}


def test_own_authority_outdoes_the_one_of_the_environment(
    secure_server: CrookedServer, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", ssl.get_default_verify_paths().openssl_cafile or "/nonexistent")
    session = secure_session(certificate.with_name("ca.pem"))

    assert session.request("GET", f"https://127.0.0.1:{secure_server.server_port}/echo").ok


def test_secure_connection_that_drips_is_cut_at_the_deadline(secure_server: CrookedServer, certificate: Path) -> None:
    session = secure_session(certificate.with_name("ca.pem"), total_seconds=0.3)
    before = threading.active_count()

    with pytest.raises(WikiUnreachableError, match="no complete answer within"):
        session.request("GET", f"https://127.0.0.1:{secure_server.server_port}/drip-body")

    assert threading.active_count() <= before + 2  # the server's own thread for the connection may still be there
