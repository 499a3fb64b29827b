"""Shell completion as a shell asks for it: the program in a process of its own, with the shell's variables."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(sys.executable).parent / "wikibot"


def complete(folder: Path, line: str) -> list[str]:
    """What is offered for the last word of *line*."""
    count = len(line.split()) - 1 if not line.endswith(" ") else len(line.split())
    asked = {"_WIKIBOT_COMPLETE": "bash_complete", "COMP_WORDS": line, "COMP_CWORD": str(count)}
    ran = subprocess.run(
        [PROGRAM], cwd=folder, env={**os.environ, **asked}, capture_output=True, text=True, check=False, timeout=60
    )
    assert ran.stderr == ""
    return [offer.partition(",")[2] for offer in ran.stdout.splitlines() if offer]


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("wikibot ne", ["news"]),
        ("wikibot stat", ["status"]),
        ("wikibot links mo", ["move"]),
        ("wikibot plan --form", ["--format"]),
        ("wikibot plan --format ma", ["markdown"]),
        ("wikibot banner set --icon star-", ["star-red", "star-green", "star-blue"]),
        ("wikibot news edit ", ["one", "two"]),
        ("wikibot news remove t", ["two"]),
        ("wikibot news move one --before ", ["one", "two"]),
        ("wikibot links move ", ["1"]),
        ("wikibot render q", ["quick_links"]),
        ("wikibot plan --take-over ne", ["news"]),
        ("wikibot news list --workspace ", ["ws2"]),
    ],
)
def test_the_shell_offers_what_fits(folder: Path, line: str, offered: list[str]) -> None:
    assert complete(folder, line) == offered


def test_without_settings_ids_are_not_offered_and_no_error_is_printed(tmp_path: Path) -> None:
    assert complete(tmp_path, "wikibot news edit ") == []
    assert complete(tmp_path, "wikibot news list --workspace ") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_program_prints_a_script_for_each_documented_shell(tmp_path: Path, shell: str) -> None:
    ran = subprocess.run(
        [PROGRAM],
        cwd=tmp_path,
        env={**os.environ, "_WIKIBOT_COMPLETE": f"{shell}_source"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert f"_WIKIBOT_COMPLETE={shell}_complete" in ran.stdout
    assert f"_WIKIBOT_COMPLETE={shell}_source" in (Path(__file__).parents[2] / "docs" / "editing.md").read_text()
