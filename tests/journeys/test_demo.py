"""The demo as a new user runs it, on both flavours."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bot", "demo", "--once", "--folder", str(folder), *words]
    return subprocess.run(command, cwd=folder.parent, capture_output=True, text=True, check=False, timeout=120)


@pytest.mark.parametrize("flavour", ["cloud", "datacenter"])
def test_the_whole_job_is_shown_and_ends_well(tmp_path: Path, flavour: str) -> None:
    folder = tmp_path / "demo"

    ran = run(folder, "--flavour", flavour)

    assert ran.returncode == 0, ran.stderr
    steps = [
        "$ wikibot adopt",
        "in sync: 3 regions",
        "$ wikibot news add",
        "+ • Read the Q1 2024 outlook",
        "ana saved version 10",
        "wrote news on WS2",
        "in sync: 3 regions",
        "Ana's edit is still there.",
        "$ wikibot snapshot",
        "every file agrees with the lists and the log",
        "72 characters a line, please",
        "1 captured, ",
        "bagit.py --validate",
        "WS2 is valid",
    ]
    at = 0
    for step in steps:
        assert step in ran.stdout[at:], f"{step!r} is not shown where it belongs"
        at = ran.stdout.index(step, at) + len(step)
    assert "127.0.0.1" not in ran.stdout.partition("To look at:")[2]  # the wiki has ended
    expected = re.search(r"(\d+) pages expected: (\d+) captured", ran.stdout)
    assert expected is not None
    assert int(expected[1]) == int(expected[2]) == (35 if flavour == "cloud" else 19)
    assert len(list(folder.glob("snapshots/WS2/data/*/*.md"))) == int(expected[1])


def test_an_earlier_demo_is_replaced_but_no_other_folder(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "thesis.txt").write_text("years of work")

    refused = run(folder)

    assert refused.returncode == 1
    assert "was not made by a demo" in refused.stderr
    assert (folder / "thesis.txt").read_text() == "years of work"
    shutil.rmtree(folder)
    assert run(folder).returncode == 0
    assert run(folder).returncode == 0
