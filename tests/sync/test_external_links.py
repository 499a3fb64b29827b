import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from bot.sync.data_links import DataLink, LinkKind
from bot.sync.external_links import ExternalLinks


class Site(ThreadingHTTPServer):
    """A small site: the path says how it answers."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Site

    def do_HEAD(self) -> None:
        self.server.asked.append(f"{self.command} {self.path}")
        status, _, target = self.path.strip("/").partition("/")
        if status == "headless":
            status = "405" if self.command == "HEAD" else "200"
        self.send_response(int(status))
        if target:
            self.send_header("Location", f"/{target}")
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_HEAD  # noqa: N815 -- the library's name

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the library's name
        del format, args


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as site:
        thread = threading.Thread(target=site.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield site
        site.shutdown()
        thread.join()


def problems(url: str) -> list[str]:
    checker = ExternalLinks(pause_seconds=0, may_ask=lambda _: True)
    return [problem.message for problem in checker.find_problems([DataLink(LinkKind.EXTERNAL, url, ("x",))])]


@pytest.mark.parametrize("path", ["/200", "/headless", "/302/200", "/403", "/401", "/429"])
def test_links_that_lead_somewhere_have_no_problem(site: Site, path: str) -> None:
    assert problems(site.url + path) == []


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/404", "leads nowhere"),
        ("/410", "leads nowhere"),
        ("/500", "out of order"),
        ("/302/404", "leads nowhere"),
        ("/301/200", "moved for good"),
        ("/302/302/302/302/302/302/200", "redirects more than 5 times"),
    ],
)
def test_links_that_lead_nowhere_are_told(site: Site, path: str, words: str) -> None:
    (problem,) = problems(site.url + path)

    assert words in problem


def test_a_page_that_moved_for_good_offers_its_new_address(site: Site) -> None:
    checker = ExternalLinks(pause_seconds=0, may_ask=lambda _: True)

    (problem,) = checker.find_problems([DataLink(LinkKind.EXTERNAL, f"{site.url}/301/200", ("x",))])

    assert problem.message.endswith(f"write {site.url}/200")


def test_a_private_network_is_never_asked(site: Site) -> None:
    checker = ExternalLinks(pause_seconds=0)
    link = DataLink(LinkKind.EXTERNAL, f"{site.url}/200", ("x",))
    by_name = DataLink(LinkKind.EXTERNAL, f"http://localhost:{site.server_port}/200", ("x",))

    found = checker.find_problems([link, by_name])

    assert [("private network" in problem.message) for problem in found] == [True, True]
    assert site.asked == []


def test_a_redirect_into_a_private_network_is_not_followed(site: Site) -> None:
    answers = iter([True, False])
    checker = ExternalLinks(pause_seconds=0, may_ask=lambda _: next(answers))

    (problem,) = checker.find_problems([DataLink(LinkKind.EXTERNAL, f"{site.url}/302/200", ("x",))])

    assert "private network" in problem.message
    assert site.asked == ["HEAD /302/200"]


def test_each_address_is_asked_once_and_a_host_not_too_often(site: Site) -> None:
    naps: list[float] = []
    checker = ExternalLinks(may_ask=lambda _: True, sleep=naps.append, clock=lambda: 100.0)
    links = [DataLink(LinkKind.EXTERNAL, f"{site.url}{path}", ("x",)) for path in ("/200", "/200", "/200?b")]

    checker.find_problems(links)

    assert site.asked == ["HEAD /200", "HEAD /200?b"]
    assert naps == [1.0]
