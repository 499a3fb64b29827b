"""Services that the bot asks, and that do not answer as they should: redirects, answers without end, bombs, nesting."""

import base64
import gzip
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests
from werkzeug.exceptions import NotFound

from bot.config.data_commit import run_git
from bot.config.policy import DeskSettings, SingleSignOnSettings
from bot.convert.page_conversion import convert_page
from bot.desk.archive.list_views import _cursor_of
from bot.egress import EgressError
from bot.errors import ObjectStoreError, SnapshotError, WikiAnswerError
from bot.snapshot.mirror.object_store import ObjectStore, StoreAccess, StoreAddress
from bot.snapshot.witness.git_branch import GitBranch
from bot.snapshot.witness.webhook import _parse
from bot.sync import external_links
from bot.sync.data_links import DataLink, LinkKind
from bot.wiki.credentials import Credentials
from bot.wiki.plain_request import ServiceAdapter
from bot.wiki.session import Manners, Network, RateLimiter, WikiSession
from tests.desk.test_safety import BareDesk
from tests.machine import need

DEEP = "[" * 100_000
MEGABYTE = 1 << 20


class Handler(BaseHTTPRequestHandler):
    """Answers with what the test says."""

    server: "Service"
    protocol_version = "HTTP/1.1"

    def answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.asked.append(self.path)
        self.close_connection = True
        with suppress(OSError):  # the client refuses the rest
            self.server.behaviour(self)

    do_GET = do_HEAD = do_POST = answer  # noqa: N815 -- the library's names

    def say(self, body: bytes, **headers: str) -> None:
        self.send_response(200)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def say_without_end(self) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        while True:
            self.wfile.write(b"10000\r\n" + bytes(0x10000) + b"\r\n")

    def begin_without_end(self) -> None:
        while True:
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the library's name
        del format, args


class Service(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, behaviour: Callable[[Handler], None]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.behaviour = behaviour
        self.asked: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


@contextmanager
def serving(behaviour: Callable[[Handler], None]) -> Iterator[Service]:
    with Service(behaviour) as service:
        threading.Thread(target=service.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield service
        service.shutdown()


@dataclass
class RedirectingPair:
    """A service that redirects each request to *inner*, which must not be asked."""

    service: Service
    inner: Service = field(repr=False)


@pytest.fixture
def pair() -> Iterator[RedirectingPair]:
    with serving(lambda handler: handler.say(b"{}")) as inner:

        def redirect(handler: Handler) -> None:
            handler.send_response(307)
            handler.send_header("Location", inner.url + handler.path)
            handler.send_header("Content-Length", "0")
            handler.end_headers()

        with serving(redirect) as service:
            yield RedirectingPair(service, inner)


def test_git_follows_no_redirect_of_a_remote(pair: RedirectingPair, tmp_path: Path) -> None:
    need("git")
    remote = f"{pair.service.url}/repo.git"

    with pytest.raises(SnapshotError, match=r"error: 307.*use the address that it leads to"):
        GitBranch(remote, "heads", tmp_path / "home").read()
    assert run_git(tmp_path, "bot", "ls-remote", remote).returncode

    assert len(pair.service.asked) == 2
    assert pair.inner.asked == []


def test_the_desk_follows_no_redirect_of_the_provider(pair: RedirectingPair, tmp_path: Path) -> None:
    one = SingleSignOnSettings(issuer=pair.service.url, client_id="desk", roles={"comms": "editor"})
    client = BareDesk(tmp_path, settings=DeskSettings(oidc=one)).client()

    answer = client.get("/sign-in/organisation")

    assert answer.status_code == 502
    assert pair.service.asked == ["/.well-known/openid-configuration"]
    assert pair.inner.asked == []


def test_a_description_of_a_provider_configures_no_connection(tmp_path: Path) -> None:
    with serving(lambda handler: handler.say(b"{}")) as proxy, serving(Handler.say_without_end) as provider:
        found = {
            "issuer": provider.url,
            "authorization_endpoint": f"{provider.url}/auth",
            "token_endpoint": f"{provider.url}/token",
            "proxies": {"http": proxy.url},
            "trust_env": True,
        }
        provider.behaviour = lambda handler: handler.say(json.dumps(found).encode())
        one = SingleSignOnSettings(issuer=provider.url, client_id="desk", roles={"comms": "editor"})
        client = BareDesk(tmp_path, settings=DeskSettings(oidc=one)).client()
        place = client.get("/sign-in/organisation").location
        state = place.partition("state=")[2].partition("&")[0]

        assert client.get(f"/sign-in/callback?code=x&state={state}").status_code == 400

    assert provider.asked[-1] == "/token"
    assert proxy.asked == []


@pytest.mark.parametrize(
    ("behaviour", "problem"),
    [
        (lambda handler: handler.say_without_end(), "more than 256 KB"),
        (lambda handler: handler.say(gzip.compress(bytes(MEGABYTE)), Content_Encoding="gzip"), "more than 256 KB"),
    ],
    ids=["no end", "gzip"],
)
def test_the_answers_to_a_library_are_limited(behaviour: Callable[[Handler], None], problem: str) -> None:
    with serving(behaviour) as service, requests.Session() as session:
        session.mount("http://", ServiceAdapter(service.url))

        with pytest.raises(EgressError, match=problem):
            session.get(service.url)


@pytest.mark.parametrize(
    ("home", "target", "problem"),
    [
        ("https://93.184.216.34", "http://93.184.216.34/token", "from https to http"),
        ("https://93.184.216.34", "https://169.254.169.254/token", "inside a private network"),
        ("http://10.0.0.5", "http://127.0.0.1/token", "inside a private network"),
    ],
)
def test_a_service_leads_a_library_to_nothing_more_private(home: str, target: str, problem: str) -> None:
    with requests.Session() as session:
        for scheme in ("https://", "http://"):
            session.mount(scheme, ServiceAdapter(home))

        with pytest.raises(EgressError, match=problem):
            session.post(target, data="the secret of the desk")


def test_a_store_that_answers_without_end_is_refused() -> None:
    with serving(Handler.say_without_end) as service:
        store = ObjectStore(StoreAddress.parse("s3://b/p"), StoreAccess(service.url, "us-east-1", "key", "secret"))

        with pytest.raises(ObjectStoreError, match="more than 16 MB"):
            list(store.iter_objects())


def test_an_external_link_that_never_begins_to_answer_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(external_links, "_DEADLINE_SECONDS", 0.2)
    links = external_links.ExternalLinks(may_ask=lambda _: True, pause_seconds=0)
    with serving(Handler.begin_without_end) as service:
        (problem,) = links.find_problems([DataLink(LinkKind.EXTERNAL, service.url, ("x",))])

    assert "no answer within" in problem.message


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (DEEP.encode(), "not complete JSON"),
        (b"[" + b"{}," * MEGABYTE + b"0]", "more than 1000000 values"),
        (b"[" + b'"a",' * MEGABYTE + b"0]", "more than 1000000 values"),
        (b'"' * 2 * MEGABYTE, "more than 1000000 values"),
    ],
    ids=["deep", "objects", "texts", "quotes"],
)
def test_json_that_would_take_much_more_memory_than_its_bytes_is_refused(body: bytes, problem: str) -> None:
    packed = gzip.compress(body)
    with serving(lambda handler: handler.say(packed, Content_Encoding="gzip")) as service:
        network, manners = Network(home=service.url), Manners(tries=1)
        session = WikiSession(Credentials("t"), write_limiter=RateLimiter(0), manners=manners, network=network)

        with pytest.raises(WikiAnswerError, match=problem):
            session.request("GET", service.url)


def test_a_large_answer_of_few_values_is_taken() -> None:
    text = '<p class="x">a, [b] {c}</p>' * 100_000
    with serving(lambda handler: handler.say(json.dumps({"value": text}).encode())) as service:
        session = WikiSession(Credentials("t"), write_limiter=RateLimiter(0), network=Network(home=service.url))

        assert session.request("GET", service.url).json() == {"value": text}


def test_deep_nesting_in_other_places_is_no_json() -> None:
    parameter = f'<ac:parameter ac:name="source">{DEEP}</ac:parameter>'

    assert _parse(DEEP.encode(), "hook.example") is None
    assert convert_page(f'<ac:structured-macro ac:name="lucidchart">{parameter}</ac:structured-macro>').markdown
    with pytest.raises(NotFound):
        _cursor_of(base64.urlsafe_b64encode(DEEP.encode()).decode())
