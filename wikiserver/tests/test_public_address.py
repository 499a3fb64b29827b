"""A wiki that others can reach has passwords of its own, and limits guesses."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from wikiserver.commands import _is_loopback
from wikiserver.passwords import GUESS_SECONDS, MAX_GUESSES, PasswordFileError, Passwords, generate, load
from wikiserver.testing import Wiki

COMMAND = [sys.executable, "-m", "wikiserver", "serve", "--port", "0", "--seed", "empty"]


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", ""])  # noqa: S104
def test_public_passwords_are_refused_on_an_address_that_others_can_reach(host: str) -> None:
    ended = subprocess.run([*COMMAND, "--host", host], capture_output=True, text=True, check=False, timeout=60)

    assert ended.returncode == 1
    assert "--generate-passwords, --password-file FILE, or --i-know" in ended.stderr


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.9.9.9", "::1"])
def test_loopback_is_not_reached_by_others(host: str) -> None:
    assert _is_loopback(host)


def test_generated_passwords_are_printed_once_and_the_public_ones_do_not_work() -> None:
    command = [*COMMAND, "--host", "0.0.0.0", "--flavour", "datacenter", "--generate-passwords"]  # noqa: S104
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            lines = [process.stdout.readline() for _ in range(6)]
            found = dict(line.strip().split(": ") for line in lines[:5])
            port = re.fullmatch(r"listening on http://.*:(\d+)\n", lines[5])
            assert port is not None
            url = f"http://127.0.0.1:{port[1]}/rest/api/user/current"

            assert set(found) == {"admin", "bot", "ana", "li", "omar"}
            assert requests.get(url, auth=("bot", found["bot"]), timeout=10).ok
            assert requests.get(url, headers={"Authorization": f"Bearer {found['bot']}"}, timeout=10).ok
            assert requests.get(url, auth=("bot", "bot-secret"), timeout=10).status_code == 401
            assert requests.get(url, headers={"Authorization": "Bearer bot-token"}, timeout=10).status_code == 401
        finally:
            process.kill()


def test_guesses_are_limited(wiki: Wiki) -> None:
    now = [0.0]
    wiki.site.passwords = Passwords({"bot": "the right password", "ana": "another password"}, clock=lambda: now[0])
    url = f"{wiki.url}/rest/api/user/current"

    def status(name: str, password: str) -> int:
        return requests.get(url, auth=(name, password), timeout=10).status_code

    for number in range(MAX_GUESSES):
        assert status("bot", f"guess {number}") == 401
    assert status("bot", "the right password") == 401
    assert status("ana", "another password") == 200
    now[0] = GUESS_SECONDS + 1

    assert status("bot", "the right password") == 200


def test_the_form_and_the_interface_count_guesses_together(wiki: Wiki) -> None:
    wiki.site.passwords = Passwords({"bot": "the right password"})
    with requests.Session() as browser:
        form = browser.get(f"{wiki.url}/login", timeout=10).text
        hidden = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', form))
        for number in range(MAX_GUESSES):
            sent = {**hidden, "name": "bot", "password": f"guess {number}"}
            assert browser.post(f"{wiki.url}/login", data=sent, timeout=10).status_code == 401

    answer = requests.get(f"{wiki.url}/rest/api/user/current", auth=("bot", "the right password"), timeout=10)

    assert answer.status_code == 401


def test_a_password_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "passwords"
    path.write_text("# accounts\nbot:a long password: with colons\nana:another password\n")
    path.chmod(0o600)

    assert load(path) == {"bot": "a long password: with colons", "ana": "another password"}


@pytest.mark.parametrize(
    ("text", "mode", "complaint"),
    [
        ("bot:long enough for it\n", 0o644, "chmod 600"),
        ("bot:short\n", 0o600, r"passwords:1: must be NAME:PASSWORD"),
        ("bot\n", 0o600, "passwords:1"),
        ("bot:long enough for it\nbot:another long one\n", 0o600, "passwords:2"),
        ("bot:long enough for it\nana:long enough for it\n", 0o600, "no password twice"),
        ("\n", 0o600, "at least one account"),
    ],
)
def test_a_bad_password_file_is_refused(tmp_path: Path, text: str, mode: int, complaint: str) -> None:
    path = tmp_path / "passwords"
    path.write_text(text)
    path.chmod(mode)

    with pytest.raises(PasswordFileError, match=complaint):
        load(path)


def test_generated_passwords_differ() -> None:
    assert len(set(generate(["a", "b"]).values()) | set(generate(["a", "b"]).values())) == 4
