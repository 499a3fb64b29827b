"""Pages of the web desk with 100,000 captured pages, a tree of 10,000 pages and 5,000 news items: time and bytes.

script/bench desk [--captures N] [--tree N] [--items N] [--rounds N] [--write]

`wikibot serve` is a process of its own; one browser asks for one page after the other.
"""

import argparse
import http.client
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any, TypeVar
from urllib.parse import urlencode, urlsplit

from benchmarks.figures import load_bounds, write_section
from benchmarks.process_cost import describe_machine
from bot.config.settings import load_settings
from bot.runtime import Runtime
from bot.snapshot.archive.evidence_state import EvidenceState
from bot.snapshot.archive.writer import open_writer
from tests.large_workspace import write_workspace
from tests.snapshot.small_tree import CLOCK, finish, put_page
from wikiserver.testing import Wiki, running_wiki

_BODY = "<h1>Findings</h1><p>The committee took note of the <strong>report</strong> and asked for a plan.</p>" * 20
_PARTS = 20_000  # pages that are captured in one run
_CHILDREN = 10
_PAGES = {
    "Overview": "/",
    "News": "/w/ws2/news",
    "News: all states, second part": "/w/ws2/news?from=item-60",
    "News: words": "/w/ws2/news?q=report+411",
    "Form of a news item": "/w/ws2/news/item-4",
    "Form of a new item": "/w/ws2/news/new",
    "Quick links": "/w/ws2/links",
    "Drafts": "/w/ws2/drafts",
    "History": "/w/ws2/history",
    "Plan": "/w/ws2/plan",
    "Page tree": "/w/ws2/pages",
    "Page tree: words": "/w/ws2/pages?q=page+99",
    "Runs": "/runs",
    "Settings": "/settings",
    "Captured pages": "/a",
    "Captured pages: one space, newest first": "/a?space=WS2&order=newest",
    "Captured pages: tree": "/a?view=tree",
    "One captured page": "/a/p/1111",
    "Two versions compared": "/a/p/1/diff/1..2",
    "Search: a rare word": "/a/search?q=zanzibar1111",
    "Search: a word on every page": "/a/search?q=committee",
    "Events of a captured page": "/a/p/1111?tab=events",
    "Checkpoints": "/a/checkpoints",
    "Completeness of a run": "/a/runs/1",
    "Audit log": "/audit",
}
_STATIC = re.compile(r'(?:href|src)="(/static/[^"#]+)')


Found = TypeVar("Found")


@dataclass
class Browser:
    """One browser, which keeps the connection and its cookies."""

    address: str
    cookie: str = ""
    connection: http.client.HTTPConnection = field(init=False)

    def __post_init__(self) -> None:
        parts = urlsplit(self.address)
        self.connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=600)

    def get(self, path: str) -> tuple[int, bytes]:
        """Return status and body of a page."""
        return self._ask("GET", path)

    def post(self, path: str, **fields: str) -> int:
        """Send a form with the token of the session."""
        found = re.search(rb'name="csrf_token" value="([^"]+)"', self.get("/account")[1])
        token = found[1].decode() if found else ""
        return self._ask("POST", path, urlencode(fields | {"csrf_token": token}))[0]

    def open(self, path: str) -> None:
        """Sign in with a one-time link: its page sends a form."""
        _status, page = self.get(path)
        found = re.search(rb'name="csrf_token" value="([^"]+)"', page)
        self._ask("POST", path, urlencode({"csrf_token": found[1].decode() if found else ""}))

    def _ask(self, method: str, path: str, body: str | None = None) -> tuple[int, bytes]:
        headers = {"Cookie": self.cookie, "Origin": self.address, "Accept-Encoding": "gzip"}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        data = answer.read()
        known = dict(each.split("=", 1) for each in self.cookie.split("; ") if "=" in each)
        for line in answer.headers.get_all("Set-Cookie") or ():
            name, _equals, value = line.partition(";")[0].partition("=")
            known[name] = value
        self.cookie = "; ".join(f"{name}={value}" for name, value in known.items())
        return answer.status, data


def main() -> int:
    """Print a line for each page; return 1 if a page is over its limit."""
    parser = argparse.ArgumentParser(prog="script/bench desk", description=__doc__)
    for name, number in (("captures", 100_000), ("tree", 10_000), ("items", 5_000), ("rounds", 15)):
        parser.add_argument(f"--{name}", type=int, default=number)
    parser.add_argument("--write", action="store_true", help="write the figures into docs/performance.md")
    options = parser.parse_args()
    machine, limits = describe_machine(), load_bounds()["desk"]
    with tempfile.TemporaryDirectory() as name, running_wiki("cloud") as wiki:
        folder = Path(name)
        _prepare(folder, wiki, options)
        with _serving(folder) as browser:
            rows = [_measure(browser, title, path, options.rounds) for title, path in _PAGES.items()]
    for row in rows:
        times = f"{row['median']:7.1f} ms  (worst {row['worst']:6.1f}, first {row['first']:7.1f})"
        print(f"{times}  {row['kilobytes']:6.1f} kB  {row['page']}")
    if options.write:
        sizes = {name: getattr(options, name) for name in ("captures", "tree", "items", "rounds")}
        write_section("desk", {"machine": machine, "rows": rows, **sizes})
    return int(any(row["median"] > limits["milliseconds"] or row["kilobytes"] > limits["kilobytes"] for row in rows))


def _prepare(folder: Path, wiki: Wiki, options: argparse.Namespace) -> None:
    """Make the world: a wiki with a tree, a published home page, a data file, an archive with two versions of pages."""
    home = wiki.add_page("Home", "<p>Home.</p>")
    ids = [home]
    with wiki.store.transaction():
        for number in range(1, options.tree):
            ids.append(wiki.add_page(f"Page {number}", "<p>Text.</p>", parent=ids[(number - 1) // _CHILDREN]))
    write_workspace(folder, wiki.url, options.items)
    settings = (folder / "bot.yaml").read_text("utf-8")
    (folder / "bot.yaml").write_text(settings + "snapshots: {path: snapshots, signing_key: none}\n", "utf-8")
    os.environ |= {"WIKIBOT_CONFIG": str(folder / "bot.yaml"), "WIKIBOT_WIKI__TOKEN": "bot-secret"}
    _wikibot("apply", "--yes")
    state = Runtime(load_settings(folder / "bot.yaml")).snapshots.state
    for number, start in enumerate(range(0, options.captures, _PARTS)):
        _capture(state, range(start, min(start + _PARTS, options.captures)), day=number, version=1)
    _capture(state, range(0, options.captures, max(1, options.captures // 100)), day=30, version=2)


def _capture(state: EvidenceState, numbers: range, *, day: int, version: int) -> None:
    def clock() -> datetime:
        return CLOCK - timedelta(days=60 - day)

    with open_writer(state, origin="https://wiki.example.org", software="benchmark", clock=clock) as writer:
        for number in numbers:
            body = f"{_BODY}<p>zanzibar{number + 1} {version}</p>"
            put_page(writer, str(number + 1), f"Page {number + 1}", body, version=version)
        finish(writer, *(str(number + 1) for number in numbers))


def _wikibot(*words: str, accepted: tuple[int, ...] = (0,)) -> None:
    done = subprocess.run([sys.executable, "-m", "bot", *words], capture_output=True, text=True, check=False)
    if done.returncode not in accepted:
        raise RuntimeError(f"wikibot {' '.join(words)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")


@contextmanager
def _serving(folder: Path) -> Iterator[Browser]:
    """Serve the desk and sign in; wait until tree and index are there."""
    log = folder / "serve.txt"
    with log.open("wb") as output:
        command = [sys.executable, "-m", "bot", "serve", "--port", "0"]
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
    try:
        link = _wait_for(lambda: re.search(r"open (http\S+)", log.read_text("utf-8")), "the desk")[1]
        parts = urlsplit(link)
        browser = Browser(f"{parts.scheme}://{parts.netloc}")
        browser.open(parts.path)
        browser.get("/w/ws2/pages")
        browser.get("/a")
        _wait_for(lambda: browser.get("/a")[0] == 200 or None, "the index of the archive")
        _wait_for(lambda: b"Page 11" in browser.get("/w/ws2/pages")[1] or None, "the tree")
        browser.post("/check")
        _wait_for(lambda: b"data-going-on" not in browser.get("/")[1] or None, "the comparison")
        yield browser
    finally:
        process.terminate()
        process.wait()


def _wait_for(condition: Callable[[], Found | None], what: str) -> Found:
    started = time.monotonic()
    while time.monotonic() - started < 1_800:
        if found := condition():
            print(f"{time.monotonic() - started:.0f} s for {what}", file=sys.stderr, flush=True)
            return found
        time.sleep(0.5)
    raise RuntimeError(f"{what} did not come")


def _measure(browser: Browser, title: str, path: str, rounds: int) -> dict[str, Any]:
    times = []
    for _ in range(rounds + 1):
        started = time.perf_counter()
        status, body = browser.get(path)
        times.append((time.perf_counter() - started) * 1000)
        if status != 200:
            raise RuntimeError(f"{path} answered with {status}")
    first, *others = times
    return {
        "page": title,
        "median": round(median(others), 1),
        "worst": round(max(others), 1),
        "first": round(first, 1),
        "kilobytes": round((len(body) + _size_of_parts(browser, body)) / 1000, 1),
    }


def _size_of_parts(browser: Browser, page: bytes) -> int:
    """Return the size of all style sheets, scripts and icons that a page loads."""
    return sum(len(browser.get(part)[1]) for part in sorted(set(_STATIC.findall(page.decode()))))


if __name__ == "__main__":
    sys.exit(main())
