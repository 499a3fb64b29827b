from collections.abc import Iterator

import pytest
from loguru import logger

from bot.operations.progress_log import ProgressLog


@pytest.fixture
def lines() -> Iterator[list[str]]:
    found: list[str] = []
    handler = logger.add(lambda message: found.append(message.record["message"]), format="{message}")
    yield found
    logger.remove(handler)


def test_a_line_a_minute_has_the_rate_and_the_time_left(lines: list[str]) -> None:
    now = [0.0]
    log = ProgressLog(clock=lambda: now[0])

    for _ in range(1_000):
        now[0] += 0.25
        log.step(10_000)

    assert lines == [
        "captured 240 of 10,000 pages, 4.0 pages a second, about 41 min left",
        "captured 480 of 10,000 pages, 4.0 pages a second, about 40 min left",
        "captured 720 of 10,000 pages, 4.0 pages a second, about 39 min left",
        "captured 960 of 10,000 pages, 4.0 pages a second, about 38 min left",
    ]


def test_a_short_capture_logs_no_progress(lines: list[str]) -> None:
    log = ProgressLog(clock=lambda: 0.0)

    for _ in range(100):
        log.step(100)

    assert lines == []
