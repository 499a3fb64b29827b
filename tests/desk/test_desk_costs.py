"""What a page of the desk costs, in bytes, statements, files and requests: none of it grows with the content.

Counts do not depend on the machine; `script/bench desk` measures the time.
"""

import re
import sqlite3
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from bot.cli.serve_command import make_desk
from bot.config.policy import DeskSettings
from bot.config.settings import load_settings
from bot.desk.application import create_app
from bot.desk.roles import Role
from bot.runtime import Runtime
from bot.snapshot.archive.writer import open_writer
from tests.desk.conftest import PORT, DeskClient, DeskWorld, wait_for_run
from tests.large_workspace import write_workspace
from tests.snapshot.small_tree import CLOCK, finish, put_page
from wikiserver.testing import Wiki, running_wiki

PAGES = (
    *("/", "/w/ws2/news", "/w/ws2/news?q=report+7", "/w/ws2/news/item-4", "/w/ws2/news/new", "/w/ws2/links"),
    *("/w/ws2/banner", "/w/ws2/drafts", "/w/ws2/history", "/w/ws2/plan", "/w/ws2/pages", "/w/ws2/edits"),
    *("/runs", "/settings", "/a", "/a?order=newest", "/a?view=tree&space=WS2", "/a/p/11", "/a/p/11?tab=events"),
    *("/a/search?q=committee", "/a/checkpoints", "/a/runs/1", "/audit", "/account", "/accounts"),
)
MOST_BYTES = 100_000
_MORE_BYTES = 1_000  # longer numbers, and links to the next part
_STATIC = re.compile(r'(?:href|src)="(/static/[^"#]+)')
_counting: Counter[str] | None = None


def _listen(event: str, arguments: tuple[object, ...]) -> None:
    """Count the statements of SQLite and the files that this thread opens, while somebody counts."""
    if _counting is None or threading.current_thread() is not threading.main_thread():
        return
    if event == "open" and not str(arguments[0]).endswith((".pyc", ".py", ".j2", ".mo")):
        _counting["files"] += 1
    elif event == "sqlite3.connect/handle":
        (connection,) = arguments
        assert isinstance(connection, sqlite3.Connection)
        counted = _counting
        connection.set_trace_callback(lambda _statement: counted.update(["statements"]))


@pytest.fixture(scope="session", autouse=True)
def _hook() -> None:
    sys.addaudithook(_listen)  # once in a process: it cannot be removed


@contextmanager
def counting() -> Iterator[Counter[str]]:
    global _counting
    _counting = found = Counter[str]()
    try:
        yield found
    finally:
        _counting = None


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskWorld]:
    """A wiki with a home page, and a desk for a workspace with many news items and captured pages."""
    folder = tmp_path_factory.mktemp("costs")
    with running_wiki("cloud") as wiki, pytest.MonkeyPatch.context() as patch:
        patch.setenv("WIKIBOT_WIKI__TOKEN", "bot-secret")
        wiki.add_page("Home", "<p>Home.</p>")
        for number in range(20):
            wiki.add_page(f"Page {number}", "<p>Text.</p>")
        write_workspace(folder, wiki.url, 1)
        with (folder / "bot.yaml").open("a", encoding="utf-8") as file:
            file.write("snapshots: {path: snapshots, signing_key: none}\n")
        desk = make_desk(Runtime(load_settings(folder / "bot.yaml")), DeskSettings(), "127.0.0.1", PORT)
        world = DeskWorld(wiki, folder, desk, create_app(desk))
        fill(world, 40, range(1, 61))
        yield world


def fill(world: DeskWorld, items: int, captures: range) -> None:
    """Let the data file have so many items, publish them, and capture pages."""
    write_items(world.wiki, world.folder, items)
    world.run("apply", "--yes")
    state = world.desk.runtime.snapshots.state
    when = CLOCK + timedelta(days=captures.start)
    with open_writer(state, origin="https://wiki.example.org", software="test", clock=lambda: when) as writer:
        for number in captures:
            put_page(writer, str(number), f"Page {number}", f"<p>The committee, {number}.</p>", version=1)
        finish(writer, *map(str, captures))


def write_items(wiki: Wiki, folder: Path, items: int) -> None:
    settings = (folder / "bot.yaml").read_text("utf-8")
    write_workspace(folder, wiki.url, items)
    (folder / "bot.yaml").write_text(settings, "utf-8")


def costs(world: DeskWorld, client: DeskClient) -> dict[str, Counter[str]]:
    """Return what each page costs when it was shown before; the look at the settings, every two seconds, is no cost."""
    wait_for_run(world, client.post("/w/ws2/pages").location)
    found = {}
    for path in PAGES:
        assert client.get(path).status_code == 200, path
        found[path] = _cost_of(world, client, path) & _cost_of(world, client, path)
    return found


def _cost_of(world: DeskWorld, client: DeskClient, path: str) -> Counter[str]:
    asked = len(world.wiki.requests)
    with counting() as counted:
        page = client.get(path)
    counted["requests to the wiki"] = len(world.wiki.requests) - asked
    counted["bytes"] = len(page.data)
    return counted


def test_no_page_costs_more_with_three_times_the_content_and_none_asks_the_wiki(plain: DeskWorld) -> None:
    client = plain.client_as(Role.ADMIN)
    client.get("/w/ws2/news/new")  # the listing of the wiki is read in the background, and is read only once
    small = costs(plain, client)
    fill(plain, 120, range(61, 181))
    large = costs(plain, client)

    for path in PAGES:
        more = large[path] - small[path]
        assert more.pop("bytes", 0) < _MORE_BYTES, path
        assert more == Counter(), path
        assert large[path]["requests to the wiki"] == 0, path


def test_the_first_load_of_each_page_is_below_100_kb(plain: DeskWorld) -> None:
    client = plain.client_as(Role.ADMIN)
    sizes = {}
    for path in PAGES:
        page = client.get(path)
        parts = set(_STATIC.findall(page.text))
        assert parts
        sizes[path] = len(page.data)
        for part in parts:
            with client.get(part, headers={"Accept-Encoding": "gzip"}) as answer:
                sizes[path] += len(answer.data)

    assert {path: size for path, size in sizes.items() if size >= MOST_BYTES} == {}
