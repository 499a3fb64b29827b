import gc
import socket
import threading
import weakref
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.errors import (
    AuthenticationError,
    RateLimitedError,
    StoppedError,
    WikiAnswerError,
    WikiError,
    WikiUnreachableError,
    WritesForbiddenError,
)
from bot.stopping import interruptible_sleep
from bot.wiki.answers import read_json
from bot.wiki.credentials import Credentials
from bot.wiki.dialect import Call
from bot.wiki.failures import parse_retry_after
from bot.wiki.session import Manners, Network, RateLimiter, WikiSession
from tests.wiki.crooked_server import CrookedServer, crooked_server
from tests.wiki.memory_sink import MemorySink

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
BOT = Credentials("s3cret-token", user="bot")


@pytest.fixture
def server() -> Iterator[CrookedServer]:
    with crooked_server() as running:
        yield running


@pytest.fixture
def naps() -> list[float]:
    return []


def make_session(naps: list[float], **options: Any) -> WikiSession:
    defaults: dict[str, Any] = {
        "write_limiter": RateLimiter(0, sleep=naps.append),
        "sleep": naps.append,
        "now": lambda: NOON,
        "jitter": lambda: 0.5,
    }
    return WikiSession(options.pop("credentials", BOT), **{**defaults, **options})


@pytest.mark.parametrize(
    ("wish", "seconds"),
    [("7", 7.0), ("Fri, 02 Jan 2026 12:00:30 GMT", 30.0), ("Fri, 02 Jan 2026 11:00:00 GMT", 1.0), ("0", 1.0)],
)
@pytest.mark.parametrize("verb", ["GET", "PUT", "POST", "DELETE"])
def test_429_is_waited_out_as_long_as_the_wiki_asks(
    server: CrookedServer, naps: list[float], verb: str, wish: str, seconds: float
) -> None:
    session = make_session(naps)

    response = session.request(verb, f"{server.url}/status?code=429&times=1&retry_after={wish}")

    assert response.json() == {"fine": True}
    assert naps == [seconds]


@pytest.mark.parametrize("wish", [None, "soon", "nan", "-5"])
def test_429_without_a_sensible_wish_backs_off_by_itself(
    server: CrookedServer, naps: list[float], wish: str | None
) -> None:
    address = f"{server.url}/status?code=429&times=2" + (f"&retry_after={wish}" if wish else "")

    make_session(naps).request("GET", address)

    assert naps in ([5.0, 10.0], [1.0, 1.0])


def test_429_that_lasts_ends_after_bounded_tries(server: CrookedServer, naps: list[float]) -> None:
    with pytest.raises(RateLimitedError) as caught:
        make_session(naps).request("PUT", f"{server.url}/status?code=429&retry_after=3")

    assert caught.value.retry_after_seconds == 3.0
    assert len(server.seen) == 5
    assert naps == [3.0] * 4


def test_wish_for_a_very_long_wait_is_reported_and_not_waited_out(server: CrookedServer, naps: list[float]) -> None:
    with pytest.raises(RateLimitedError, match="86400 s"):
        make_session(naps).request("GET", f"{server.url}/status?code=429&retry_after=86400")

    assert naps == []
    assert len(server.seen) == 1


@pytest.mark.parametrize("code", [500, 502, 503, 504])
def test_server_errors_are_retried_on_reading_with_growing_pauses(
    server: CrookedServer, naps: list[float], code: int
) -> None:
    with pytest.raises(WikiUnreachableError, match=str(code)):
        make_session(naps).request("GET", f"{server.url}/status?code={code}")

    assert naps == [5.0, 10.0, 20.0, 40.0]


def test_pauses_never_grow_past_the_longest(server: CrookedServer, naps: list[float]) -> None:
    manners = Manners(tries=8)

    with pytest.raises(WikiUnreachableError):
        make_session(naps, manners=manners).request("GET", f"{server.url}/status?code=500")

    assert naps == [5.0, 10.0, 20.0, 40.0, 80.0, 120.0, 120.0]


@pytest.mark.parametrize("verb", ["PUT", "POST", "DELETE"])
@pytest.mark.parametrize("fault", ["status?code=503", "cut", "status?code=500"])
def test_write_is_never_sent_twice_when_its_answer_is_lost(
    server: CrookedServer, naps: list[float], verb: str, fault: str
) -> None:
    with pytest.raises(WikiUnreachableError):
        make_session(naps).request(verb, f"{server.url}/{fault}")

    assert len(server.seen) == 1
    assert naps == []


def test_refused_connection_is_tried_again_on_reading_only(naps: list[float]) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{closed.getsockname()[1]}/"
        session = make_session(naps)

        with pytest.raises(WikiUnreachableError, match="refused"):
            session.request("GET", address)
        tries_of_get = len(naps)
        with pytest.raises(WikiUnreachableError, match="refused"):
            session.request("PUT", address)

    assert (tries_of_get, len(naps)) == (4, 4)


@pytest.mark.parametrize("path", ["drip-body", "drip-headers"])
def test_server_that_drips_cannot_hold_us_past_the_deadline(
    server: CrookedServer, naps: list[float], path: str
) -> None:
    manners = Manners(total_seconds=0.5, tries=2)

    with pytest.raises(WikiUnreachableError, match="no complete answer within"):
        make_session(naps, manners=manners).request("GET", f"{server.url}/{path}")

    assert len(server.seen) == 2


def test_silent_server_is_given_up(naps: list[float]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        manners = Manners(read_seconds=0.05, tries=2)

        with pytest.raises(WikiUnreachableError, match="no answer in time"):
            make_session(naps, manners=manners).request("GET", address)


def test_answer_that_floods_is_cut_off(server: CrookedServer, naps: list[float]) -> None:
    manners = Manners(max_answer_bytes=100_000)

    with pytest.raises(WikiAnswerError, match="larger than 100000 bytes"):
        make_session(naps, manners=manners).request("GET", f"{server.url}/flood")


@pytest.mark.parametrize(("path", "error"), [("cut", WikiUnreachableError), ("half-json", WikiAnswerError)])
def test_answer_that_is_not_whole_is_asked_for_again_and_then_refused(
    server: CrookedServer, naps: list[float], path: str, error: type[WikiError]
) -> None:
    with pytest.raises(error):
        make_session(naps).request("GET", f"{server.url}/{path}")

    assert len(server.seen) == 5


@pytest.mark.parametrize(("path", "error"), [("login", AuthenticationError), ("page", WikiAnswerError)])
def test_web_page_in_the_place_of_data_is_refused_at_once(
    server: CrookedServer, naps: list[float], path: str, error: type[WikiError]
) -> None:
    response = make_session(naps).request("GET", f"{server.url}/{path}")

    with pytest.raises(error):
        read_json(response, Call(f"/{path}", "page 1", str))
    assert len(server.seen) == 1


def test_redirect_on_the_same_host_is_followed(server: CrookedServer, naps: list[float]) -> None:
    response = make_session(naps).request("GET", f"{server.url}/redirect?to=/echo")

    assert response.json()["authorization"].startswith("Basic ")


def test_redirect_to_another_host_gets_no_credentials_and_no_answer(server: CrookedServer, naps: list[float]) -> None:
    with crooked_server() as other:
        with pytest.raises(WikiAnswerError, match=r"set wiki\.url"):
            make_session(naps).request("GET", f"{server.url}/redirect?to={other.url}/echo")

        assert other.seen == []


def test_download_follows_to_another_host_without_credentials(server: CrookedServer, naps: list[float]) -> None:
    with crooked_server() as other:
        sink = MemorySink()
        session = make_session(naps, network=Network(server.url, ("127.0.0.1",)))
        size = session.download(f"{server.url}/redirect?to={other.url}/bytes", sink)

        assert (sink.content, size) == (b"\x00\xffbytes", 7)
        assert other.seen == [("GET", "/bytes", None)]


def test_download_follows_to_no_other_port_of_the_wiki(server: CrookedServer, naps: list[float]) -> None:
    with crooked_server() as other:
        with pytest.raises(WikiAnswerError, match="another service may run"):
            make_session(naps, network=Network(server.url)).download(
                f"{server.url}/redirect?to={other.url}/bytes", MemorySink()
            )

        assert other.seen == []


@pytest.mark.parametrize(
    ("home", "problem"),
    [
        ("https://name.atlassian.net/wiki", "leads from https to http"),
        ("http://93.184.216.34", "not one of the wiki's hosts"),
        ("http://93.184.216.34 and its hosts", "inside a private network"),
    ],
)
def test_download_follows_to_no_host_that_the_rule_forbids(
    server: CrookedServer, naps: list[float], home: str, problem: str
) -> None:
    address, _, has_hosts = home.partition(" ")
    network = Network(address, ("127.0.0.1",) if has_hosts else ())
    with crooked_server() as other:
        with pytest.raises(WikiAnswerError, match=problem):
            make_session(naps, network=network).download(f"{server.url}/redirect?to={other.url}/bytes", MemorySink())

        assert other.seen == []
    assert naps == []


def test_download_that_breaks_off_begins_again_with_an_empty_sink(server: CrookedServer, naps: list[float]) -> None:
    sink = MemorySink()

    size = make_session(naps).download(f"{server.url}/cut-once", sink)

    assert (len(sink.content), size) == (200_000, 200_000)
    assert len(server.seen) == 2


def test_write_is_never_redirected(server: CrookedServer, naps: list[float]) -> None:
    with pytest.raises(WikiAnswerError, match="redirects"):
        make_session(naps).request("PUT", f"{server.url}/redirect?to=/echo")

    assert len(server.seen) == 1


@pytest.mark.parametrize(
    "target", ["/login.action", "/wiki/login", "https://id.atlassian.com/x", "https://sso.example.org/saml/start?x=1"]
)
def test_redirect_to_a_login_page_says_so(server: CrookedServer, naps: list[float], target: str) -> None:
    with pytest.raises(AuthenticationError, match="login page"):
        make_session(naps).request("GET", f"{server.url}/redirect?to={target}")


def test_file_that_is_named_after_a_login_is_no_login_page(server: CrookedServer, naps: list[float]) -> None:
    sink = MemorySink()
    make_session(naps).download(f"{server.url}/redirect?to=/bytes%3Fname=/login", sink)

    assert sink.content == b"\x00\xffbytes"


@pytest.mark.parametrize("target", ["http://127.0.0.1:999999/", "http://[", "ftp://127.0.0.1/"])
def test_redirect_to_nonsense_is_refused(server: CrookedServer, naps: list[float], target: str) -> None:
    with pytest.raises(WikiAnswerError, match="redirects"):
        make_session(naps).request("GET", f"{server.url}/redirect?to={target}")


def test_redirects_in_a_circle_end(server: CrookedServer, naps: list[float]) -> None:
    with pytest.raises(WikiAnswerError, match="more than 5 redirects"):
        make_session(naps).request("GET", f"{server.url}/circle")

    assert len(server.seen) == 5


@pytest.mark.parametrize("verb", ["PUT", "POST", "DELETE", "PATCH", "put"])
def test_dry_run_lets_no_write_leave(server: CrookedServer, naps: list[float], verb: str) -> None:
    session = make_session(naps, is_dry_run=True)

    with pytest.raises(WritesForbiddenError):
        session.request(verb, f"{server.url}/echo")

    assert server.seen == []


def test_writes_keep_their_distance_and_readings_need_not(server: CrookedServer, naps: list[float]) -> None:
    limiter = RateLimiter.per_minute(6, clock=lambda: 0.0, sleep=naps.append)
    session = make_session(naps, write_limiter=limiter)

    for verb in ("PUT", "GET", "GET", "POST"):
        session.request(verb, f"{server.url}/echo")

    assert naps == [10.0]


def test_bearer_token_goes_out_without_a_user(server: CrookedServer, naps: list[float]) -> None:
    response = make_session(naps, credentials=Credentials("s3cret-token")).request("GET", f"{server.url}/echo")

    assert response.json() == {"authorization": "Bearer s3cret-token"}


def test_names_beyond_latin_1_can_sign_in(server: CrookedServer, naps: list[float]) -> None:
    response = make_session(naps, credentials=Credentials("пароль", user="бот")).request("GET", f"{server.url}/echo")

    assert response.json()["authorization"] == "Basic 0LHQvtGCOtC/0LDRgNC+0LvRjA=="


def test_netrc_never_replaces_our_credentials(
    server: CrookedServer, naps: list[float], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login other password other\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))

    response = make_session(naps, credentials=Credentials("s3cret-token")).request("GET", f"{server.url}/echo")

    assert response.json() == {"authorization": "Bearer s3cret-token"}


def test_sessions_and_their_connections_end_without_the_collector(server: CrookedServer, naps: list[float]) -> None:
    session = make_session(naps)
    session.request("GET", f"{server.url}/echo")
    known = weakref.ref(session)

    gc.disable()
    try:
        del session
        assert known() is None
    finally:
        gc.enable()


def test_errors_never_contain_secrets(naps: list[float]) -> None:
    with pytest.raises(WikiError) as caught:
        make_session(naps).request("GET", "http://bot:s3cret-token@127.0.0.1:1/x?os_password=s3cret-token")

    assert "s3cret" not in str(caught.value)
    assert "s3cret" not in repr(BOT)


def test_plain_server_under_an_https_address_is_explained(server: CrookedServer, naps: list[float]) -> None:
    with pytest.raises(WikiUnreachableError, match="is it an https address"):
        make_session(naps).request("GET", f"https://127.0.0.1:{server.server_port}/echo")


@pytest.mark.parametrize("value", [None, "", "soon", "nan", "inf", "Fri, 99 Jan 2026"])
def test_senseless_wishes_are_no_wishes(value: str | None) -> None:
    assert parse_retry_after(value, now=NOON) is None


def test_once_asked_to_end_nothing_more_is_sent(server: CrookedServer, naps: list[float]) -> None:
    stop = threading.Event()
    session = make_session(naps, stop=stop)
    session.request("GET", f"{server.url}/echo")

    stop.set()
    with pytest.raises(StoppedError):
        session.request("PUT", f"{server.url}/echo")

    assert len(server.seen) == 1


def test_long_wait_for_the_wiki_breaks_off_when_asked_to_end(server: CrookedServer, naps: list[float]) -> None:
    stop = threading.Event()
    session = make_session(naps, stop=stop, sleep=interruptible_sleep(stop))
    threading.Timer(0.05, stop.set).start()

    with pytest.raises(StoppedError):
        session.request("GET", f"{server.url}/status?code=429&retry_after=200")

    assert len(server.seen) == 1


def test_proxy_of_the_environment_is_used_and_held_to_the_deadline(
    server: CrookedServer, naps: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, server.url)
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    session = make_session(naps, manners=Manners(total_seconds=0.5, tries=1))

    response = session.request("GET", "http://wiki.invalid/echo")
    with pytest.raises(WikiUnreachableError, match="no complete answer within"):
        session.request("GET", "http://wiki.invalid/drip-body")

    assert response.json()["authorization"].startswith("Basic ")


def test_proxy_that_asks_for_a_password_is_explained_and_not_asked_again(
    server: CrookedServer, naps: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("https_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, server.url)
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)

    with pytest.raises(WikiUnreachableError, match=r"407.*set HTTPS_PROXY to"):
        make_session(naps).request("GET", "https://wiki.invalid/echo")

    assert server.seen == [("CONNECT", "wiki.invalid:443", None)]
    assert naps == []


def test_proxy_that_is_away_is_named_as_the_trouble(naps: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)

    with pytest.raises(WikiUnreachableError, match="proxy"):
        make_session(naps).request("GET", "http://wiki.invalid/echo")


def test_with_a_person_waiting_only_the_first_contact_is_not_repeated(server: CrookedServer, naps: list[float]) -> None:
    session = make_session(naps, manners=Manners(tries=3, reports_at_once=True))

    with pytest.raises(WikiUnreachableError):
        session.get(f"{server.url}/status?code=503")
    assert naps == []

    assert session.get(f"{server.url}/echo").ok
    with pytest.raises(WikiUnreachableError):
        session.get(f"{server.url}/status?code=502")
    assert len(naps) == 2


def test_a_wiki_that_asks_for_patience_has_answered(server: CrookedServer, naps: list[float]) -> None:
    session = make_session(naps, manners=Manners(tries=3, reports_at_once=True))

    assert session.get(f"{server.url}/status?code=429&retry_after=2&times=1").json() == {"fine": True}
    assert naps == [2.0]


def test_calls_are_spaced_evenly() -> None:
    naps: list[float] = []
    limiter = RateLimiter.per_minute(6, clock=lambda: 100.0, sleep=naps.append)

    for _ in range(3):
        limiter.wait()

    assert naps == [10.0, 20.0]


def test_time_already_passed_counts() -> None:
    naps: list[float] = []
    moments = iter([0.0, 7.0, 30.0])
    limiter = RateLimiter(10, clock=lambda: next(moments), sleep=naps.append)

    for _ in range(3):
        limiter.wait()

    assert naps == [3.0]


def test_no_limit_never_waits() -> None:
    naps: list[float] = []
    limiter = RateLimiter.per_minute(0, clock=lambda: 1.0, sleep=naps.append)

    limiter.wait()
    limiter.wait()

    assert naps == []
