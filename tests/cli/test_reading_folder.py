"""Commands that read snapshots need a folder only: no settings file, no wiki, and no right to write to the folder."""

import csv
import io
import json
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.cli.main import main
from bot.snapshot.archive.disk import Disk
from bot.snapshot.archive.signature import Signer
from tests.machine import need
from tests.snapshot.conftest import make_key
from tests.snapshot.small_tree import CLOCK, capture_first, capture_second, finish, open_run, put_page, tree_bytes

FORMULA = '=HYPERLINK("https://evil.example","x")'


class Reading:
    """A folder of snapshots on another machine, and the commands that an auditor types there."""

    def __init__(self, folder: Path, signers: Path, cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.signers, self.cache, self._capsys = folder, signers, cache, capsys

    def run(self, *words: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main([*words, "--snapshots", str(self.folder)])
        printed = self._capsys.readouterr()
        return int(ended.value.code or 0), printed.out, printed.err

    def out(self, *words: str) -> str:
        code, out, error = self.run(*words)
        assert code == 0, error
        return out


@pytest.fixture(scope="module")
def captured(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Signer]:
    need("ssh-keygen")
    base = tmp_path_factory.mktemp("captured")
    signer = make_key(base / "key")
    capture_first(base / "snapshots", Disk(), signer=signer)
    capture_second(base / "snapshots", Disk(), signer=signer)
    with open_run(base / "snapshots", CLOCK.replace(day=27), signer=signer) as writer:
        put_page(writer, "105", FORMULA, "\n---\n\n**bold** [link](https://example.org/far) text", version=1)
        finish(writer, "105")
    return base / "snapshots", signer


@pytest.fixture
def reading(
    captured: tuple[Path, Signer],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Reading:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    root, signer = captured
    folder = Path(shutil.copytree(root, tmp_path / "evidence"))
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o500 if path.is_dir() else 0o400)
    (tmp_path / "signers").write_text(signer.allowed_signers())
    return Reading(folder, tmp_path / "signers", tmp_path / "cache/wikibot", capsys)


def states(root: Path) -> dict[str, tuple[int, int, int]]:
    return {
        str(path): (path.stat().st_ino, path.stat().st_mtime_ns, path.stat().st_mode)
        for path in (root, *root.rglob("*"))
    }


def test_every_command_reads_a_folder_and_leaves_it_alone(reading: Reading, tmp_path: Path) -> None:
    before, bytes_before = states(reading.folder), tree_bytes(reading.folder)

    assert "Board meeting" in reading.out("search", "meeting")
    assert "capture" in reading.out("history", "102")
    assert "更新" in reading.out("diff", "102")
    assert "Snapshots of https://wiki.example.org" in reading.out("report")
    assert "exported 5 pages" in reading.out("export", "--out", str(tmp_path / "bag"))
    assert "wrote 5 pages" in reading.out("site", str(tmp_path / "site"))
    assert "CONSISTENT, SIGNED" in reading.out("verify", "--allowed-signers", str(reading.signers))
    assert states(reading.folder) == before
    assert tree_bytes(reading.folder) == bytes_before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bag", "cache", "evidence", "signers", "site"]


def test_the_index_is_private_and_goes_where_the_reader_says(reading: Reading, tmp_path: Path) -> None:
    reading.out("search", "meeting", "--cache", str(tmp_path / "elsewhere"))

    (index,) = (tmp_path / "elsewhere").iterdir()
    assert index.stat().st_mode & 0o077 == 0
    assert (tmp_path / "elsewhere").stat().st_mode & 0o077 == 0
    assert not reading.cache.exists()


@pytest.mark.parametrize(
    "words", [["search", "meeting", "--cache", "evidence/c"], ["export", "--out", "evidence/o"], ["site", "evidence/o"]]
)
def test_nothing_is_written_into_the_folder_even_if_asked(reading: Reading, words: list[str]) -> None:
    code, _, error = reading.run(*words)

    assert code == 1
    assert "lies inside the snapshots folder" in error


def test_a_head_that_the_named_signers_did_not_sign_shows_nothing(reading: Reading, tmp_path: Path) -> None:
    other = make_key(tmp_path / "other")
    (tmp_path / "others").write_text(other.allowed_signers())

    for words in (["search", "meeting"], ["history", "102"], ["diff", "102"], ["report"], ["export", "--out", "bag"]):
        code, out, error = reading.run(*words, "--allowed-signers", str(tmp_path / "others"))

        assert (code, out) == (3, "")
        assert "was made by a key that the allowed signers do not name" in error


def test_a_folder_that_does_not_descend_from_the_witness_shows_nothing(reading: Reading) -> None:
    code, out, error = reading.run("search", "meeting", "--witness", "0" * 64)

    assert (code, out) == (3, "")
    assert f"does not descend from the head {'0' * 64}" in error


def test_a_changed_page_is_not_shown_and_a_changed_list_stops_all(reading: Reading) -> None:
    page = next(reading.folder.glob("WS2/data/2026/*--101.md"))
    page.chmod(0o600)
    page.write_text(page.read_text().replace("Board", "Bored"))

    code, out, error = reading.run("search", "meeting")
    assert (code, out) == (3, "")
    assert "1 page cannot be searched" in error

    listed = reading.folder / "WS2/pages.jsonl"
    listed.chmod(0o600)
    listed.write_bytes(listed.read_bytes().replace(b"Board", b"Bored"))
    code, out, error = reading.run("history", "101")
    assert (code, out) == (3, "")
    assert "pages.jsonl is not what was captured" in error


def test_a_forged_index_in_the_cache_shows_no_forged_words(reading: Reading) -> None:
    reading.out("search", "meeting")
    (index,) = reading.cache.iterdir()
    with sqlite3.connect(index) as database:
        database.execute("UPDATE words SET body = 'the committee has agreed to the merger'")
    database.close()

    code, out, error = reading.run("search", "merger")
    assert (code, out, error) == (1, "", "nothing found\n")


@pytest.mark.parametrize(
    "list_of", [lambda r: r.out("search", "link", "--format", "csv"), lambda r: r.out("report", "--format", "csv")]
)
def test_no_cell_of_a_list_is_a_formula(reading: Reading, list_of: Callable[[Reading], str]) -> None:
    rows = list(csv.reader(io.StringIO(list_of(reading))))

    assert any(FORMULA in cell for row in rows for cell in row)
    assert not [cell for row in rows for cell in row if cell[:1] in set("=+-@")]


def test_history_and_findings_are_lists_too(reading: Reading) -> None:
    rows = list(csv.DictReader(io.StringIO(reading.out("history", "102", "--format", "csv"))))
    assert [(row["list"], row["type"]) for row in rows if row["list"] == "event"] == [("event", "capture")] * 2

    (reading.folder).chmod(0o700)
    (reading.folder / "stray").write_text("x")
    code, out, _ = reading.run("verify", "--format", "csv")
    assert code == 3
    assert [row["path"] for row in csv.DictReader(io.StringIO(out))] == ["stray"]


def test_snippets_are_text(reading: Reading) -> None:
    (hit,) = json.loads(reading.out("search", "link", "--format", "json"))

    assert "bold link text" in hit["snippet"]
    assert "example.org" not in hit["snippet"]


def test_options_of_a_folder_need_the_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["search", "x", "--cache", str(tmp_path)])

    assert ended.value.code == 1
    assert "need --snapshots DIR" in capsys.readouterr().err


def test_an_export_is_called_an_export_with_what_to_check(reading: Reading, tmp_path: Path) -> None:
    reading.out("export", "--out", str(tmp_path / "bag"))
    reading.folder = tmp_path / "bag"

    for words in (["verify"], ["search", "meeting"], ["report"], ["history", "102"], ["site", str(tmp_path / "out")]):
        code, out, error = reading.run(*words)
        assert (code, out) == (1, "")
        assert f"{tmp_path / 'bag'} is an export" in error

    (command,) = re.findall(r"run `bagit\.py (--validate [^`]+)`", error)
    subprocess.run([sys.executable, "-m", "bagit", *command.split()], check=True)
    assert str(tmp_path / "bag/data/README.md") in error
    assert (tmp_path / "bag/data/README.md").is_file()
