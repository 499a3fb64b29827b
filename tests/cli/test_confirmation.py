"""Questions of a command at a terminal, and where nobody can answer."""

import io

import pytest

from bot.cli import output
from bot.errors import BotError


@pytest.mark.parametrize(
    ("typed", "message"),
    [("n\n", "aborted; nothing was written"), ("", "nobody could be asked, because there is no terminal; nothing was")],
    ids=["no", "end of input"],
)
def test_without_a_yes_nothing_goes_on(monkeypatch: pytest.MonkeyPatch, typed: str, message: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))

    with pytest.raises(BotError, match=message):
        output.confirm("Go on?")


def test_a_yes_from_a_pipe_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))

    output.confirm("Go on?")
