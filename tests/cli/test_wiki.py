"""`wikibot wiki` and `wikibot demo` use the embedded wiki where it is installed, and say so where it is not."""

import subprocess
import sys
from pathlib import Path

import pytest

_WITHOUT_WIKISERVER = "import sys; sys.modules['wikiserver'] = None; from bot.cli.main import main; main()"


def run(*words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, *words], capture_output=True, text=True, check=False, timeout=60)


def test_wiki_commands_are_those_of_the_embedded_wiki(tmp_path: Path) -> None:
    ours = run("-m", "bot", "wiki", "export", str(tmp_path / "ours"), "--space", "COMMS")
    own = run("-m", "wikiserver", "export", str(tmp_path / "own"), "--space", "COMMS")

    assert (ours.returncode, own.returncode) == (0, 0)
    assert ours.stdout.split(" in ")[0] == own.stdout.split(" in ")[0]
    names = {path.relative_to(tmp_path / "own") for path in (tmp_path / "own").rglob("*")}
    assert Path("COMMS/space.yaml") in names
    assert {path.relative_to(tmp_path / "ours") for path in (tmp_path / "ours").rglob("*")} == names


def test_a_problem_of_the_embedded_wiki_ends_with_1_in_one_line() -> None:
    result = run("-m", "bot", "wiki", "serve", "--port", "0", "--seed", "/nowhere/at/all")

    assert result.returncode == 1
    assert "no such folder" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    "words", [("wiki", "serve"), ("wiki", "export", "world"), ("wiki", "--help"), ("demo", "--once")]
)
def test_without_the_embedded_wiki_the_message_says_what_to_install(words: tuple[str, ...]) -> None:
    result = run("-c", _WITHOUT_WIKISERVER, *words)

    assert result.returncode == 1
    assert result.stderr.count("\n") == 1
    assert result.stderr.startswith("error: the embedded wiki is not installed (no module wikiserver")
    assert "run `pip install ./wikiserver` in a checkout of wikibot" in result.stderr


def test_without_the_embedded_wiki_all_else_works() -> None:
    result = run("-c", _WITHOUT_WIKISERVER, "--help")

    assert result.returncode == 0, result.stderr
    assert "Run a small embedded Confluence" in result.stdout
