"""A pipe, socket, device or folder in the place of a file that a command reads: a clear error, and no waiting."""

import os
import shutil
import socket
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.conftest import Desk, settings_for
from tests.journeys.test_hostile_names import COMMANDS
from tests.machine import IS_NIGHTLY

PLAN, FILE, BODY, ROSTER, OWN, SECRETS = "plan.json", "news.pdf", "body.xml", "roster.txt", "own", "secrets"
MORE: dict[str, list[list[str]]] = {
    "apply": [["--plan", PLAN, "--yes"]],
    "news": [["add", "With a file", "--id", "f", "--file", FILE, "--dry-run"]],
    "verify": [["--allowed-signers", "allowed_signers"]],
    "settings": [[]],
    "stop": [["--reason", "test"]],
    "resume": [[]],
    "user": [["list"]],
    "status": [["--format", "metrics"]],
}
"""Commands and options that `COMMANDS` does not have, because they show no text of the wiki."""


def make_pipe(path: Path) -> None:
    os.mkfifo(path)


def make_socket(path: Path) -> None:
    here = os.open(path.parent, os.O_RDONLY)
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(f"/proc/self/fd/{here}/{path.name}")  # the path of a socket has 107 bytes at most
    finally:
        os.close(here)


def make_device(path: Path) -> None:
    os.mknod(path, stat.S_IFCHR | 0o600, os.makedev(1, 3))  # no link to /dev, which a mistake could replace


KINDS: dict[str, Callable[[Path], None]] = {"a pipe": make_pipe, "a folder": Path.mkdir}
if IS_NIGHTLY:
    KINDS["a socket"] = make_socket
if IS_NIGHTLY and os.geteuid() == 0:
    KINDS["a device"] = make_device

SEARCH = "search Archived --snapshots snapshots --allowed-signers allowed_signers"
READ: dict[str, tuple[str, ...]] = {
    "bot.yaml": ("plan", "settings", "check"),
    ".env": ("plan", "check"),
    "secrets/wikibot_wiki__user": ("plan", "doctor"),
    "ws2.yaml": ("plan", "news list", "sync", "news add x"),
    "own/wiki/news.xml.j2": ("plan", "check", "render"),
    PLAN: (f"apply --plan {PLAN} --yes",),
    FILE: (f"news add x --file {FILE}",),
    BODY: (f"convert {BODY}",),
    ROSTER: ("snapshot", "check"),
    "key": ("snapshot",),
    "allowed_signers": ("snapshot", "verify", SEARCH),
}
"""Each file that people give to the bot, and commands that read it."""


@pytest.fixture
def world(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A workspace that uses each kind of file, in which each command ran."""
    wiki = desk.wiki
    home = wiki.add_page("Home", "<h2>News</h2><ul><li>First.</li></ul><h2>End</h2>")
    page = wiki.add_page("Archived", "<p>Archived words</p>", parent=home, labels=("archived",))
    wiki.edit(page, "<p>Archived words again</p>")
    wiki.add_page("Old", "<p>x</p>", parent=wiki.add_page("Archive", "<p>x</p>", parent=home))
    desk.data.write_text(f"workspace: {{space: WS2, home: '{home}'}}\nnews: {{items: [{{id: a, text: First.}}]}}\n")
    ssh_keygen = shutil.which("ssh-keygen")
    assert ssh_keygen
    subprocess.run([ssh_keygen, "-q", "-t", "ed25519", "-N", "", "-f", "key"], check=True)
    public = " ".join(Path("key.pub").read_text().split()[:2])
    Path("allowed_signers").write_text(f'wikibot namespaces="wiki-snapshots" {public}\n')
    (Path(OWN) / "wiki").mkdir(parents=True)
    shutil.copy(Path(__file__).parents[2] / "templates/wiki/news.xml.j2", Path(OWN) / "wiki")
    Path(SECRETS).mkdir(mode=0o700)
    monkeypatch.setenv("WIKIBOT_SECRETS_DIR", str(desk.folder / SECRETS))
    (Path(SECRETS) / "wikibot_wiki__user").write_text("bot")
    Path(".env").write_text("WIKIBOT_SAFETY__CANARY=0\n")
    Path(ROSTER).write_text(f"{page}\n")
    Path(BODY).write_text("<p>a</p>")
    Path(FILE).write_bytes(b"%PDF-1.4")
    for path in (Path(".env"), Path(SECRETS) / "wikibot_wiki__user"):
        path.chmod(0o600)
    settings = settings_for(wiki).replace(
        "signing_key: none", f"signing_key: key, allowed_signers: allowed_signers, roster: {ROSTER}"
    )
    Path("bot.yaml").write_text(f"{settings}templates: {OWN}\n")
    desk.ran("news", "add", "Planned", "--id", "p")
    desk.ran("plan", "--out", PLAN, code=None)
    return desk


@contextmanager
def replaced(path: Path, make: Callable[[Path], None]) -> Iterator[None]:
    """Put something else in the place of a file."""
    aside = path.with_name(f"{path.name}.aside")
    path.rename(aside)
    try:
        make(path)
        yield
    finally:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
        aside.rename(path)


@pytest.mark.parametrize("flavour", ["cloud"])
def test_a_file_that_is_none_is_refused_by_name(world: Desk) -> None:
    world.ran("snapshot")

    for name, commands in READ.items():
        for kind, make in KINDS.items():
            with replaced(Path(name), make):
                for command in commands:
                    ran = world.ran(*command.split(), code=None)
                    assert ran.code, (name, kind, command, ran)
                    said = ran.out + ran.err
                    assert Path(name).name in said, (name, kind, command, said)
                    assert kind in said or "is a directory" in said, (name, kind, command, said)
                    assert "this is a bug" not in said, (name, kind, command, said)


WATCHED: dict[str, Any] = {"folder": None, "opened": set()}


def note_opening(event: str, words: tuple[Any, ...]) -> None:
    """Note each file that is opened to be read and that would wait if it were a pipe."""
    folder = WATCHED["folder"]
    if event != "open" or folder is None or not isinstance(words[0], str | bytes):
        return
    path, flags = Path(os.fsdecode(words[0])).absolute(), words[2]
    is_reading = flags & os.O_ACCMODE != os.O_WRONLY and not flags & (os.O_CREAT | os.O_NONBLOCK | os.O_DIRECTORY)
    if is_reading and path.is_relative_to(folder) and path.is_file():
        WATCHED["opened"].add(path.relative_to(folder).as_posix())


sys.addaudithook(note_opening)
OPENED_BY_LIBRARIES = {".env", "secrets/wikibot_wiki__user", "own/wiki/news.xml.j2"}
"""Files of which the bot checks the kind before a library opens them."""


@pytest.mark.parametrize("flavour", ["cloud"])
def test_no_command_waits_at_the_opening_of_a_file(world: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    page = str(world.wiki.find("Archived").id)
    world.ran("snapshot")
    WATCHED["opened"].clear()
    monkeypatch.setitem(WATCHED, "folder", world.folder)

    for name in sorted({*COMMANDS, *MORE}):
        for words in COMMANDS.get(name, []) + MORE.get(name, []):
            world.ran(name, *[page if word == "ID" else word for word in words], code=None)

    assert WATCHED["opened"] == OPENED_BY_LIBRARIES


@pytest.mark.parametrize("flavour", ["cloud"])
@pytest.mark.slow
def test_no_command_waits_for_a_file_of_the_state(world: Desk) -> None:
    named = (
        "snapshot|sync|verify --rotate|search Archived|status|check|runs|revisions|stop --reason x|resume|drafts list"
    )
    commands = [*named.split("|"), "undo", "hold list", "news add x", "redact Archived --reason x --yes"]
    for command in commands:
        world.ran(*command.split(), code=None)

    for path in sorted(path for path in Path(".wikibot").rglob("*") if path.is_file() and not path.match("LOG.git/*")):
        for kind in (KINDS[each] for each in KINDS if path.exists()):
            with replaced(path, kind):
                for command in commands:
                    ran = world.ran(*command.split(), code=None)
                    assert "this is a bug" not in ran.out + ran.err, (path, kind, command, ran)


pytestmark = pytest.mark.parametrize("seed", ["empty"])
