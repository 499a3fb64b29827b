from bot.wiki.rate_limit import RateLimiter


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
