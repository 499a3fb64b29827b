"""Which flavour answers at an address: asked of the suite's wiki, and of servers in front of other wikis."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from bot.errors import WikiAnswerError, WikiUnreachableError
from bot.wiki.dialect import Flavour
from bot.wiki.site_probe import Site, probe_site
from wikiserver.server import WikiServer
from wikiserver.store import Store
from wikiserver.testing import Wiki

CONFLUENCE = {"X-Confluence-Request-Time": "1764127262000"}
EDGE = {"Server": "AtlassianEdge"}
HTML = {"Content-Type": "text/html"}


class Front(ThreadingHTTPServer):
    """A web server that answers each path as *answers* says, and 404 to all others; *seen* has the requests."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: dict[str, tuple[int, dict[str, str], str]] = {}
        self.seen: list[tuple[str, str | None]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Front

    def do_GET(self) -> None:
        self.server.seen.append((self.path, self.headers.get("Authorization")))
        status, headers, body = self.server.answers.get(self.path, (404, {}, "nothing here"))
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- name of the base class
        pass


@pytest.fixture
def front() -> Iterator[Front]:
    with Front() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_one_request_without_credentials_shows_the_flavour_and_the_base(wiki: Wiki) -> None:
    site = probe_site(wiki.server.url)

    expected = f"{wiki.server.url}/wiki" if wiki.flavour == "cloud" else wiki.server.url
    assert site == Site(expected, Flavour(wiki.flavour))
    assert wiki.requests == [("GET", "/")]


@pytest.mark.parametrize("path", ["/", "/display/WS2/Home", "/spaces/WS2/overview", "/pages/viewpage.action?pageId=1"])
def test_the_address_of_any_page_leads_to_the_base(wiki: Wiki, path: str) -> None:
    context = "/wiki" if wiki.flavour == "cloud" else ""

    assert probe_site(wiki.server.url + context + path).url == wiki.server.url + context


def test_the_context_path_is_found(front: Front) -> None:
    with Store() as store, WikiServer(store, flavour="datacenter", context_path="/confluence") as server:
        direct = probe_site(f"{server.url}/confluence/")
        front.answers["/"] = (302, {"Location": f"{server.url}/confluence/"}, "")
        redirected = probe_site(front.url)

    assert direct == redirected == Site(f"{server.url}/confluence", Flavour.DATA_CENTER)


@pytest.mark.parametrize("flavour", ["datacenter"])
def test_an_address_at_which_confluence_has_nothing_is_not_its_base(wiki: Wiki) -> None:
    assert probe_site(f"{wiki.server.url}/wiki") == Site(wiki.server.url, Flavour.DATA_CENTER)


def test_the_wiki_itself_states_its_context_path(front: Front) -> None:
    page = (
        '<html><head><meta content="1" name="confluence-request-time"><meta name="ajs-context-path" content="/pages">'
    )
    front.answers["/pages/login.action"] = (200, HTML, page)

    assert probe_site(f"{front.url}/pages/login.action") == Site(f"{front.url}/pages", Flavour.DATA_CENTER)


def test_a_sign_in_elsewhere_is_not_followed_past_the_wiki(front: Front) -> None:
    front.answers["/"] = (302, CONFLUENCE | {"Location": "https://sso.example.org/saml"}, "")

    assert probe_site(front.url) == Site(front.url, Flavour.DATA_CENTER)


def test_cloud_is_known_by_its_sign_in(front: Front) -> None:
    front.answers["/wiki"] = (302, {"Location": "https://id.atlassian.com/login?continue=x"}, "")

    assert probe_site(f"{front.url}/wiki") == Site(f"{front.url}/wiki", Flavour.CLOUD)


def test_a_cloud_site_that_does_not_exist_is_named(front: Front) -> None:
    front.answers["/wiki"] = (404, EDGE, "Your Atlassian Cloud site is currently unavailable.")

    with pytest.raises(WikiAnswerError, match=r"there is no Confluence Cloud site 127\.0\.0\.1; check the name"):
        probe_site(f"{front.url}/wiki")


@pytest.mark.parametrize("answer", [(200, HTML, "<title>Jira</title>"), (302, {"Location": "/"}, ""), (404, {}, "no")])
def test_an_answer_that_does_not_show_the_product_is_not_taken_for_either(
    front: Front, answer: tuple[int, dict[str, str], str]
) -> None:
    front.answers["/"] = answer

    assert probe_site(front.url) == Site(front.url, None)


def test_no_credentials_of_this_machine_are_sent(front: Front, tmp_path_factory: pytest.TempPathFactory) -> None:
    netrc = tmp_path_factory.mktemp("home") / "netrc"
    netrc.write_text("machine 127.0.0.1 login ana password ana-secret\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NETRC", str(netrc))
        probe_site(front.url)

    assert front.seen == [("/", None)]


def test_where_nothing_answers_the_reason_is_said(front: Front) -> None:
    url = front.url
    front.server_close()
    front.shutdown()

    with pytest.raises(WikiUnreachableError, match="the connection was refused"):
        probe_site(url)
