"""A wiki that asks for a pause of half an hour gets no requests, also from the next process."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.errors import RateLimitedError
from bot.wiki.pause import Pause
from bot.wiki.session import Network
from tests.wiki.conftest import Connect
from wikiserver.testing import Wiki

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_no_request_before_the_moment_not_even_by_the_next_process(
    wiki: Wiki, connect: Connect, tmp_path: Path, clock: Clock
) -> None:
    def next_process() -> Network:
        return Network(pause=Pause(tmp_path / "paused-until.txt", wiki=wiki.url))

    wiki.faults.add("429=1800@list*once")
    with pytest.raises(RateLimitedError, match="429"):
        connect(now=clock, sleep=clock.sleep, network=next_process()).fetch_current_user()
    assert len(wiki.requests) == 1

    for minutes in (0, 10, 14):
        clock.sleep(60 * minutes)
        gateway = connect(now=clock, sleep=clock.sleep, network=next_process())
        with pytest.raises(RateLimitedError, match=r"nothing was sent: .* no requests before 2026-01-02 12:30:00 UTC"):
            gateway.fetch_current_user()
    assert len(wiki.requests) == 1

    clock.now = NOON + timedelta(minutes=30)
    assert connect(now=clock, sleep=clock.sleep, network=next_process()).fetch_current_user().display_name == "Wiki Bot"


def test_short_pause_of_another_process_is_waited_out(
    wiki: Wiki, connect: Connect, tmp_path: Path, clock: Clock
) -> None:
    path = tmp_path / "paused-until.txt"
    Pause(path, wiki=wiki.url).start(NOON, 20)

    gateway = connect(now=clock, sleep=clock.sleep, network=Network(pause=Pause(path, wiki=wiki.url)))
    gateway.fetch_current_user()

    assert clock.now == NOON + timedelta(seconds=20)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "tomorrow WIKI",
        "2026-01-02T12:30:00 WIKI",
        "2036-01-02T12:30:00+00:00 WIKI",
        "2026-01-02T12:30:00+00:00 other",
    ],
)
def test_damaged_file_and_the_one_of_another_wiki_do_not_stop_the_bot(tmp_path: Path, content: str) -> None:
    path = tmp_path / "paused-until.txt"
    path.write_text(content.replace("WIKI", "http://wiki"))

    assert Pause(path, wiki="http://wiki").seconds_left(NOON) == 0


def test_a_wiki_that_asks_for_years_is_asked_again_after_a_day(tmp_path: Path) -> None:
    pause = Pause(tmp_path / "paused-until.txt", wiki="http://wiki")
    pause.start(NOON, 1e9)

    assert Pause(tmp_path / "paused-until.txt", wiki="http://wiki").seconds_left(NOON) == 86400
