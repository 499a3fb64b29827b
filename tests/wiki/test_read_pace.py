import datetime as dt
import itertools
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest

from bot.wiki.read_pace import ReadPace
from bot.wiki.session import Network
from tests.scripted_proxy import Answer, ScriptedProxy, serving
from tests.wiki.conftest import Connect
from wikiserver.testing import Wiki

NOW = dt.datetime(2026, 11, 24, 2, 30, tzinfo=dt.UTC)


@dataclass
class Clock:
    """A clock that only moves while somebody sleeps."""

    now: float = 100.0
    naps: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.naps.append(round(seconds, 3))
        self.now += seconds


def naps_after(headers: dict[str, str], *, requests: int = 3) -> list[float]:
    clock = Clock()
    pace = ReadPace(clock=clock)
    pace.learn(headers, NOW)
    for _ in range(requests):
        pace.wait(clock.sleep)
    return clock.naps


@pytest.mark.parametrize(
    ("headers", "naps"),
    [
        ({}, []),
        ({"X-RateLimit-NearLimit": "false", "X-RateLimit-Remaining": "5"}, []),
        (
            {
                "X-RateLimit-NearLimit": "true",
                "X-RateLimit-Remaining": "20",
                "X-RateLimit-Reset": "2026-11-24T02:31:00Z",
            },
            [3.0, 3.0],
        ),
        ({"X-RateLimit-NearLimit": "true", "X-RateLimit-Reset": "soon"}, [1.0, 1.0]),
        ({"X-RateLimit-NearLimit": "true", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "2027-01-01"}, [10, 10]),
        ({"X-RateLimit-Limit": "100", "X-RateLimit-Remaining": "20"}, []),
        (
            {
                "X-RateLimit-Limit": "100",
                "X-RateLimit-Remaining": "19",
                "X-RateLimit-FillRate": "2.5",
                "X-RateLimit-Interval-Seconds": "5",
            },
            [2.0, 2.0],
        ),
    ],
)
def test_requests_are_as_far_apart_as_the_limit_needs(headers: dict[str, str], naps: list[float]) -> None:
    assert naps_after(headers) == naps


def test_the_pace_ends_when_the_limit_is_no_longer_near() -> None:
    clock = Clock()
    pace = ReadPace(clock=clock)
    pace.learn({"X-RateLimit-NearLimit": "true"}, NOW)
    pace.wait(clock.sleep)
    pace.learn({"X-RateLimit-NearLimit": "false"}, NOW)

    pace.wait(clock.sleep)

    assert clock.naps == []


def test_all_threads_share_the_pace_that_the_wiki_asks_for(wiki: Wiki, connect: Connect, naps: list[float]) -> None:
    def come_near(answer: Answer) -> None:
        answer.headers["X-RateLimit-NearLimit"] = "true"

    with serving(ScriptedProxy(wiki.url)) as proxy:
        proxy.change("GET", "", come_near)
        gateway = connect(url=proxy.url, network=Network(home=proxy.url, pace=ReadPace(clock=lambda: 100.0)))
        gateway.fetch_current_user()
        naps.clear()

        with ThreadPoolExecutor(4) as threads:
            list(threads.map(lambda _: gateway.fetch_headers(), range(8)))

    gaps = [later - earlier for earlier, later in itertools.pairwise(sorted(naps))]
    assert gaps == pytest.approx([1.0] * 6), "the first request does not wait"
