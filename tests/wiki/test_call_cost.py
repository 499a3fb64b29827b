"""What one call costs, counted: threads, connections and decoded answers. `benchmarks/gateway_calls.py` measures it."""

import json
import threading
import urllib.request
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
import urllib3.util.connection

from bot.wiki.confluence import ConfluenceGateway
from bot.wiki.deadline import Deadline
from wikiserver.testing import Wiki

if TYPE_CHECKING:
    from collections.abc import Callable

CALLS = 5


@pytest.fixture
def counts(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    counts: Counter[str] = Counter()

    def count(owner: object, name: str) -> None:
        real: Callable[..., Any] = getattr(owner, name)

        def counting(*args: Any, **options: Any) -> Any:
            counts[name] += 1
            return real(*args, **options)

        monkeypatch.setattr(owner, name, counting)

    count(threading.Thread, "start")
    count(urllib3.util.connection, "create_connection")
    count(json, "loads")
    count(urllib.request, "getproxies_environment")
    return counts


def test_calls_of_a_thread_share_a_connection_and_a_watchdog_and_decode_each_answer_once(
    wiki: Wiki, gateway: ConfluenceGateway, counts: Counter[str]
) -> None:
    page = wiki.add_page("One", "<p>1</p>")
    gateway.fetch_page(page)  # the first call opens the connection
    counts.clear()
    requests_before = len(wiki.requests)

    for _ in range(CALLS):
        assert gateway.fetch_page(page).title == "One"

    assert len(wiki.requests) - requests_before == CALLS
    assert counts["loads"] == CALLS
    assert counts["create_connection"] == 0
    assert counts["getproxies_environment"] == 0
    assert counts["start"] == 0


def test_deadlines_of_many_threads_are_watched_by_one() -> None:
    inside, leave = threading.Barrier(9), threading.Event()

    def exchange() -> None:
        with Deadline(60):
            inside.wait()
            leave.wait()

    threads = [threading.Thread(target=exchange) for _ in range(8)]
    for each in threads:
        each.start()
    inside.wait()
    watchdogs = [each for each in threading.enumerate() if each.name == "deadlines"]
    leave.set()
    for each in threads:
        each.join()

    assert len(watchdogs) == 1


def test_an_earlier_deadline_is_met_while_a_later_one_is_watched() -> None:
    with Deadline(60) as late:
        with Deadline(0.01) as early:
            waited = threading.Event()
            while not early.has_passed:
                waited.wait(0.005)

        assert early.has_passed
        assert not late.has_passed
