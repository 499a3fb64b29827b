"""A wiki that does not answer: reported at once at a terminal, tried again in unattended runs."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.terminal import Terminal

DATA = "workspace: {space: WS2, home: Home}\nstatus: {lines: [{text: All is well.}]}\n"


class DeadWiki:
    """A port that ends every connection before it answers, and counts them."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self.connections = 0
        threading.Thread(target=self._refuse, daemon=True).start()

    def _refuse(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            connection.close()

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


@pytest.fixture
def wiki() -> Iterator[DeadWiki]:
    dead = DeadWiki()
    yield dead
    dead.close()


def start(folder: Path, wiki: DeadWiki, *words: str, **environment: str) -> Terminal:
    (folder / "ws2.yaml").write_text(DATA)
    (folder / "bot.yaml").write_text(
        f"wiki: {{url: '{wiki.url}'}}\nworkspaces: [{{name: ws2, data: ws2.yaml}}]\n"
        "jobs: [{run: sync, every: 10 minutes}]\n"
    )
    given = {"WIKIBOT_CONFIG": str(folder / "bot.yaml"), "WIKIBOT_WIKI__TOKEN": "bot-token", **environment}
    return Terminal(*words, folder=folder, environment=given)


@pytest.mark.parametrize("words", [("check",), ("plan",), ("tree",), ("adopt",), ("apply",)])
def test_at_a_keyboard_one_failed_connection_is_said_at_once(
    tmp_path: Path, wiki: DeadWiki, words: tuple[str, ...]
) -> None:
    with start(tmp_path, wiki, *words) as terminal:
        assert terminal.end() == 1

    assert wiki.connections == 1
    assert "check wiki.url and the network" in terminal.shown
    assert "trying again" not in terminal.shown


@pytest.mark.parametrize("words", [("sync",), ("run", "--once")])
def test_unattended_commands_try_again_even_at_a_keyboard(
    tmp_path: Path, wiki: DeadWiki, words: tuple[str, ...]
) -> None:
    with start(tmp_path, wiki, *words) as terminal:
        terminal.expect("trying again in")

    assert wiki.connections == 1


def test_the_setting_overrides_the_rule(tmp_path: Path, wiki: DeadWiki) -> None:
    with start(tmp_path, wiki, "plan", WIKIBOT_WIKI__TRIES="2") as terminal:
        assert terminal.end() == 1

    assert wiki.connections == 2


def test_check_asks_once_even_where_nobody_waits(
    tmp_path: Path, wiki: DeadWiki, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from bot.cli.main import main

    start(tmp_path, wiki, "--version").end()
    monkeypatch.setenv("WIKIBOT_CONFIG", str(tmp_path / "bot.yaml"))
    monkeypatch.setenv("WIKIBOT_WIKI__TOKEN", "bot-token")
    with pytest.raises(SystemExit) as ended:
        main(["check"])

    assert ended.value.code == 1
    assert wiki.connections == 1
    assert "the connection was lost" in capsys.readouterr().out
