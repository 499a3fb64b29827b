import threading
import time

import pytest

from bot.errors import StoppedError
from bot.stopping import interruptible_sleep, raise_if_stopping


def test_long_wait_breaks_off_when_asked_to_end() -> None:
    stop = threading.Event()
    threading.Timer(0.01, stop.set).start()
    began = time.monotonic()

    with pytest.raises(StoppedError):
        interruptible_sleep(stop)(3600)

    assert time.monotonic() - began < 60


def test_undisturbed_wait_simply_ends() -> None:
    interruptible_sleep(threading.Event())(0.001)


def test_seam_lets_work_go_on_until_asked_to_end() -> None:
    stop = threading.Event()
    raise_if_stopping(stop)
    stop.set()

    with pytest.raises(StoppedError, match="stopped on request"):
        raise_if_stopping(stop)
