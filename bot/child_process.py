"""Programs that the bot starts and that may wait for others, such as git with a remote: they end with the bot."""

import os
import re
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

_running: set["subprocess.Popen[bytes]"] = set()


def run_program(
    arguments: Sequence[str],
    *,
    timeout_seconds: float,
    environment: Mapping[str, str],
    folder: Path | None = None,
    data: bytes = b"",
) -> "subprocess.CompletedProcess[bytes]":
    """Run a program in a session of its own, without a shell, and return what it printed.

    Its own children end with it. Raises `OSError` if it cannot be started, and `subprocess.TimeoutExpired`.
    """
    with subprocess.Popen(  # noqa: S603 -- no shell; the callers pass fixed words, settings and paths
        arguments,
        cwd=folder,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        _running.add(process)
        try:
            out, err = process.communicate(data, timeout=timeout_seconds)
        except BaseException:
            _end(process, signal.SIGKILL)
            raise
        finally:
            _running.discard(process)
    return subprocess.CompletedProcess(arguments, process.returncode, out, err)


def with_advice(git_said: str) -> str:
    """Return what git said, and what to do if the remote answered with a redirect, which the bot does not follow."""
    is_redirect = re.search(r"returned error: 30\d", git_said) is not None
    return f"{git_said}; redirects are not followed: use the address that it leads to" if is_redirect else git_said


def end_programs() -> None:
    """Have the programs end that are still running, in good order: git removes its lock files."""
    for process in tuple(_running):
        _end(process, signal.SIGTERM)


def _end(process: "subprocess.Popen[bytes]", number: signal.Signals) -> None:
    if process.returncode is None:  # otherwise the number may be that of another process
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
