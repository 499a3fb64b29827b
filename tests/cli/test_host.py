"""The operating system and the character sets that the command line supports."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from bot.cli.host import find_unsupported_system

BODY = "<p>Ready 🚀 – déjà vu</p>"
LATIN_1 = os.environ | {"PYTHONIOENCODING": "latin-1", "PYTHONUTF8": "0"}


@pytest.mark.parametrize("platform", ["win32", "cygwin", "freebsd14", "emscripten"])
def test_an_unsupported_system_gets_one_sentence_and_exit_code_1(platform: str) -> None:
    program = f"""\
import os, sys
del os.sync  # as on Windows
from bot.cli.main import main
sys.platform = {platform!r}
main(["plan"])
"""

    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert ran.returncode == 1
    assert ran.stderr.startswith("error: wikibot runs on Linux and macOS, and this is ")
    assert ran.stderr.count("\n") == 1
    assert ran.stdout == ""


def test_this_system_is_supported() -> None:
    assert find_unsupported_system(sys.platform) is None
    assert find_unsupported_system("darwin") is None


def test_a_pipe_gets_utf_8_whatever_the_locale_says(tmp_path: Path) -> None:
    (tmp_path / "body.xml").write_text(BODY, encoding="utf-8")

    ran = subprocess.run(
        [sys.executable, "-m", "bot", "convert", "body.xml"], cwd=tmp_path, env=LATIN_1, capture_output=True, check=True
    )

    assert ran.stdout.decode("utf-8").strip() == "Ready 🚀 – déjà vu"


def test_a_terminal_with_an_old_character_set_shows_a_question_mark(tmp_path: Path) -> None:
    (tmp_path / "body.xml").write_text(BODY, encoding="utf-8")
    ours, theirs = pty.openpty()

    ran = subprocess.run(
        [sys.executable, "-m", "bot", "convert", "body.xml"], cwd=tmp_path, env=LATIN_1, stdout=theirs, check=False
    )
    shown = os.read(ours, 1_000)
    os.close(ours)
    os.close(theirs)

    assert ran.returncode == 0
    assert shown.decode("latin-1").strip() == "Ready ? ? déjà vu"
