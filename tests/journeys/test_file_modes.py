"""Who can read what the bot writes: the modes of files and folders do not depend on the umask."""

import os
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.conftest import HOME, Desk
from tests.machine import need

pytestmark = [pytest.mark.parametrize("flavour", ["datacenter"]), pytest.mark.parametrize("seed", ["demo"])]


@pytest.fixture(params=[0o000, 0o077], ids=["000", "077"], autouse=True)
def umask(request: pytest.FixtureRequest, desk: Desk) -> Iterator[int]:
    """The umask of the bot; the settings of the desk were written before."""
    del desk
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def modes(folder: Path) -> tuple[set[int], set[int]]:
    """Return the modes of all folders, *folder* included, and of all files."""
    paths = [folder, *folder.rglob("*")]
    found = {path.is_dir(): set[int]() for path in paths} | {True: set[int](), False: set[int]()}
    for path in paths:
        found[path.is_dir()].add(stat.S_IMODE(path.lstat().st_mode))
    return found[True], found[False]


def test_snapshots_are_for_the_group_and_the_state_is_for_the_owner(desk: Desk) -> None:
    need("ssh-keygen")
    key = str(desk.folder / "signing_key")
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", key], check=True)
    desk.data.write_text(f"workspace: {{space: WS2, home: {HOME}}}\n")
    desk.data.chmod(0o644)
    settings = desk.folder / "bot.yaml"
    text = settings.read_text().replace("signing_key: none", "git: true, signing_key: signing_key")
    settings.write_text(text)
    state = desk.folder / ".wikibot"

    desk.ran("snapshot")
    desk.ran("search", "report", code=None)

    assert modes(desk.folder / "snapshots") == ({0o750}, {0o640})
    assert modes(state / "evidence")[0] == {0o700}
    folders, files = modes(state)
    assert folders == {0o700}
    assert files <= {0o600, 0o400}  # git makes its objects read-only


def test_state_of_a_sync_is_for_the_owner_and_the_data_file_keeps_its_mode(desk: Desk) -> None:
    desk.ran("adopt", HOME, "--space", "WS2", "--yes")
    desk.data.chmod(0o664)

    desk.ran("news", "add", "A new item")
    desk.ran("apply", "--yes")

    assert stat.S_IMODE(desk.data.stat().st_mode) == 0o664
    assert modes(desk.folder / ".wikibot") == ({0o700}, {0o600})
    assert modes(desk.folder / "feeds") == ({0o755}, {0o644})


def test_what_is_written_on_request_is_for_the_group_at_most(desk: Desk, umask: int) -> None:
    desk.ran("adopt", HOME, "--space", "WS2", "--yes")
    desk.ran("snapshot")

    desk.ran("report", "--out", "report.md")
    desk.ran("export", "--out", "export")
    desk.ran("plan", "--out", "plan.json", code=None)

    assert stat.S_IMODE((desk.folder / "report.md").stat().st_mode) == 0o640 & ~umask
    assert stat.S_IMODE((desk.folder / "plan.json").stat().st_mode) & ~0o640 == 0
    assert modes(desk.folder / "export") == ({0o750 & ~umask}, {0o640 & ~umask})
