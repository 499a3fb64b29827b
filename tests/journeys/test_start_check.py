"""`wikibot check` and `doctor` say what would stop `wikibot snapshot` at its start; `snapshot` names strays."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.journeys.conftest import HOME, Desk
from tests.journeys.test_evidence import head_of
from tests.journeys.test_snapshots import signing_key
from tests.machine import need

pytestmark = [
    pytest.mark.needs("ssh-keygen"),
    pytest.mark.parametrize("flavour", ["datacenter"]),
    pytest.mark.parametrize("seed", ["demo"]),
]


@pytest.fixture
def root(desk: Desk) -> Path:
    """The snapshots after one signed run."""
    desk.data.write_text(f"workspace: {{space: WS2, home: {HOME}}}\n")
    signing_key(desk)
    desk.ran("snapshot")
    assert f"ok      snapshots {desk.folder / 'snapshots'}" in desk.ran("check", code=None).out
    return desk.folder / "snapshots"


def said_by_check(desk: Desk) -> str:
    """What `check` says about the snapshots; it ends with 1, and writes nothing about them."""
    before = evidence_files(desk)
    (line,) = [line for line in desk.ran("check", code=1).out.splitlines() if line.startswith("error   snapshots")]
    assert evidence_files(desk) == before
    return line


def evidence_files(desk: Desk) -> dict[Path, bytes]:
    folders = (desk.folder / "snapshots", desk.folder / ".wikibot" / "evidence")
    return {path: path.read_bytes() for folder in folders for path in folder.rglob("*") if path.is_file()}


def set_up(desk: Desk, old: str, new: str) -> None:
    settings = desk.folder / "bot.yaml"
    assert old in settings.read_text()
    settings.write_text(settings.read_text().replace(old, new))


def test_a_key_that_is_not_set(desk: Desk) -> None:
    desk.data.write_text(f"workspace: {{space: WS2, home: {HOME}}}\n")
    set_up(desk, ", signing_key: none", "")

    assert "signing_key is not set" in desk.ran("snapshot", code=1).err
    assert "signing_key is not set" in said_by_check(desk)
    assert not (desk.folder / ".wikibot" / "evidence").exists()
    found = desk.ran("doctor", "--format", "json", code=1).json["checks"]
    assert [each["outcome"] for each in found if each["what"] == "snapshots"] == ["error"]


@pytest.mark.usefixtures("root")
def test_no_key_for_a_log_that_was_signed(desk: Desk) -> None:
    set_up(desk, "signing_key: signing_key", "signing_key: none")

    assert "each later run must be" in desk.ran("snapshot", code=1).err
    assert "each later run must be" in said_by_check(desk)


def test_a_rollback_and_a_missing_folder(desk: Desk, root: Path) -> None:
    older = shutil.copytree(root, desk.folder / "older")
    desk.wiki.add_page("Another", "<p>another</p>", labels=("archived",))
    desk.ran("snapshot")
    shutil.rmtree(root)
    assert "contains no snapshots" in said_by_check(desk)
    shutil.copytree(older, root)

    assert f"accept-rollback --head {head_of(root)}" in said_by_check(desk)
    assert "were rolled back" in desk.ran("snapshot", code=1).err


@pytest.mark.usefixtures("root")
def test_allowed_signers_that_do_not_name_the_key(desk: Desk) -> None:
    need("ssh-keygen")
    other = desk.folder / "other"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(other)], check=True)
    (desk.folder / "allowed_signers").write_text(f"wikibot {other.with_suffix('.pub').read_text()}")
    set_up(desk, "signing_key: signing_key", "signing_key: signing_key, allowed_signers: allowed_signers")

    assert "does not accept snapshots.signing_key" in desk.ran("snapshot", code=1).err
    assert 'Add this line, and keep the earlier lines: wikibot namespaces="wiki-snapshots"' in said_by_check(desk)


@pytest.mark.usefixtures("root")
def test_a_roster_that_is_missing(desk: Desk) -> None:
    set_up(desk, "signing_key: signing_key", "signing_key: signing_key, roster: roster.txt")

    for words in (("check",), ("snapshot",)):
        ran = desk.ran(*words, code=1)
        assert "roster.txt cannot be read" in ran.out + ran.err


STRAYS = ("stray.txt", "log/2099x", "log/2099/000099.changes", "WS2/notes", "WS2/data/x", "WS2/data/_source/n")


def test_entries_that_no_list_names_are_said_by_every_run(desk: Desk, root: Path) -> None:
    strays = [root / name for name in STRAYS]
    for stray in strays:
        stray.parent.mkdir(exist_ok=True)
        stray.write_text("")
    (root / "elsewhere").symlink_to(desk.folder)
    (root / "a\nINTACT").write_text("")
    expected = sorted(map(str, (*strays, root / "elsewhere", root / "a\nINTACT")))

    ran = desk.ran("snapshot", code=1)

    lines = [line for line in ran.err.splitlines() if line.startswith("no list names")]
    assert [line.split()[3].rstrip(";") for line in lines] == [path.replace("\n", "\\u000a") for path in expected]
    assert "INTACT" not in desk.ran("verify", code=3).out.splitlines()
    assert desk.ran("snapshot", "--format", "json", code=1).json["strays"] == expected
    assert desk.ran("check", code=1).out.count("no list names") == len(expected)


@pytest.mark.usefixtures("root")
def test_a_shortened_witness_is_refused_and_not_taken_for_another_history(desk: Desk, root: Path) -> None:
    digest = head_of(root)

    for short in (digest[:12], digest[:63], f"{digest}0", "sha256:", digest.replace(digest[0], "g")):
        assert "all 64 hexadecimal digits" in desk.ran("verify", "--witness", short, code=1).err
    desk.ran("verify", "--witness", f"SHA256:{digest.upper()}")
