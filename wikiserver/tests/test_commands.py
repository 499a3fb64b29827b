"""The command line, as its own process."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests


@contextmanager
def served(*options: str) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    command = [sys.executable, "-m", "wikiserver", "serve", "--port", "0", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            address = re.fullmatch(r"listening on (http://127\.0\.0\.1:\d+)\n", line)
            assert address is not None, line + (process.stderr.read() if process.stderr else "")
            yield address[1], process
        finally:
            process.kill()


def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-W", "always::ResourceWarning", "-m", "wikiserver", *arguments],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_and_ends_cleanly_on_a_signal(number: signal.Signals) -> None:
    with served("--seed", "empty") as (url, process):
        answer = requests.get(f"{url}/rest/api/user/current", auth=("bot", "bot-secret"), timeout=10)
        process.send_signal(number)
        code = process.wait(timeout=10)

    assert answer.json()["username"] == "bot"
    assert code == 0


def test_a_wiki_in_a_file_keeps_what_was_written(tmp_path: Path) -> None:
    database = str(tmp_path / "wiki.db")
    auth = ("ana", "ana-secret")
    with served("--seed", "empty", "--db", database) as (url, process):
        space = {"key": "DOC", "name": "Documents"}
        made = requests.post(f"{url}/rest/api/space", json=space, auth=auth, timeout=10)
        process.terminate()
        process.wait(timeout=10)
    with served("--seed", "demo", "--db", database) as (url, process):
        keys = [one["key"] for one in requests.get(f"{url}/rest/api/space", auth=auth, timeout=10).json()["results"]]

    assert made.status_code == 200
    assert keys == ["DOC"]


def test_faults_are_in_force_from_the_start() -> None:
    with served("--seed", "empty", "--flavour", "cloud", "--faults", "503@list*once") as (url, _):
        statuses = [
            requests.get(f"{url}/wiki/api/v2/pages", auth=("bot", "bot-secret"), timeout=10).status_code
            for _ in range(2)
        ]

    assert statuses == [503, 200]


def test_export_writes_the_demo_and_refuses_to_overwrite_it(tmp_path: Path) -> None:
    folder = str(tmp_path / "world")

    first, second = run("export", folder), run("export", folder)

    assert first.returncode == 0
    assert (tmp_path / "world" / "WS2" / "space.yaml").is_file()
    assert second.returncode == 1
    assert "not an empty folder" in second.stderr


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (("--faults", "gremlins"), "there is no fault 'gremlins'"),
        (("--seed", "/nowhere/at/all"), "no such folder"),
        (("--db", __file__), "not a wiki database"),
    ],
)
def test_bad_options_are_told_in_one_line(options: tuple[str, str], problem: str) -> None:
    result = run("serve", "--port", "0", *options)

    assert result.returncode == 1
    assert problem in result.stderr
    assert result.stderr.count("\n") == 1, "a traceback, or a socket or file left open"
