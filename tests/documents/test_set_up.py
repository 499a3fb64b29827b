"""The section "Set up" of the README works as it is typed: in the clone and elsewhere, on both kinds of wiki."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from script.reference import ROOT
from tests.machine import need
from tests.terminal import Terminal
from wikiserver.testing import Wiki

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1_500)]
PROMPT = "ready:"
INSTALL_SECONDS = 1_200


def typed(block: int) -> list[str]:
    """Return the commands of a console block of the section, without the comments behind them."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    section = text.partition("## Set up on your wiki\n")[2].partition("\n## ")[0]
    lines = re.findall(r"```console\n(.*?)```", section, re.DOTALL)[block].splitlines()
    return [re.sub(r"\s+#.*", "", line.removeprefix("$ ")) for line in lines]


def shell_at(folder: Path, home: Path) -> Terminal:
    """Open a shell as somebody has it who installed nothing and set no variable."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("WIKIBOT_", "PYTHON", "CI"))}
    pip_settings = Path.home() / ".config" / "pip" / "pip.conf"
    if pip_settings.is_file():
        own["PIP_CONFIG_FILE"] = str(pip_settings)
    environment = {**own, "HOME": str(home), "PYTHONPATH": "", "PS1": f"{PROMPT}$?\n", "TERM": "dumb"}
    return Terminal("--norc", "--noprofile", "-i", folder=folder, environment=environment, program=[need("bash")])


def await_prompt(shell: Terminal, *, seconds: float = 60) -> int:
    shell.expect(f"\n{PROMPT}", seconds=seconds)
    return int(shell.expect("\n"))


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home folder with a clone, in which the first block was typed."""
    home = tmp_path_factory.mktemp("home")
    listed = subprocess.run(
        [need("git"), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (home / "clone" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, home / "clone" / name)
    with shell_at(home / "clone", home) as shell:
        await_first_prompt(shell)
        for command in typed(0):
            shell.enter(command)
            assert await_prompt(shell, seconds=INSTALL_SECONDS) == 0, shell.shown
    return home


def await_first_prompt(shell: Terminal) -> None:
    shell.expect(f"{PROMPT}0\n")


@pytest.fixture
def folder(place: str, machine: Path, tmp_path: Path) -> Iterator[Path]:
    """Where the second block is typed; the clone is left as it was."""
    if place == "elsewhere":
        yield tmp_path
        return
    clone = machine / "clone"
    before = set(clone.rglob("*"))
    yield clone
    for path in sorted(set(clone.rglob("*")) - before, reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()


@pytest.mark.parametrize("seed", ["demo"])
@pytest.mark.parametrize(
    ("place", "flavour"),
    [
        ("in the clone", "cloud"),
        pytest.param("elsewhere", "datacenter", marks=pytest.mark.slow),
        pytest.param("in the clone", "datacenter", marks=pytest.mark.slow),
        pytest.param("elsewhere", "cloud", marks=pytest.mark.slow),
    ],
)
def test_the_set_up_section_works_as_it_is_typed(wiki: Wiki, machine: Path, folder: Path) -> None:
    export = next(command for command in typed(0) if command.startswith("export "))
    with shell_at(folder, machine) as shell:
        await_first_prompt(shell)
        shell.enter(export)
        assert await_prompt(shell) == 0
        for command in typed(1):
            shell.enter(command)
            if command == "wikibot init":
                answer_questions(shell, wiki)
            if command == "wikibot run":
                shell.expect("sync")
                shell.interrupt()
            assert await_prompt(shell) == 0, f"{command}\n{shell.shown}"

    (home,) = [page for page in (folder / "config").glob("*.yaml") if page.name == "ws2.yaml"]
    assert "news:" in home.read_text(encoding="utf-8")


def answer_questions(shell: Terminal, wiki: Wiki) -> None:
    shell.answer("Address of the wiki", wiki.url)
    if wiki.flavour == "cloud":
        shell.answer("Account, its e-mail address", "bot@example.org")
    shell.answer("(hidden)", "bot-secret" if wiki.flavour == "cloud" else "bot-token")
    shell.answer("Keep the token in config/secrets/wikibot_wiki__token", "")
    shell.answer("Space (", "WS2")
    shell.answer("Home page", "")
    shell.answer("signs the snapshots?", "y")
    shell.answer("Versions that the snapshots have", "")
    shell.answer("Write this to the wiki and the data file?", "y")


def test_the_section_has_at_most_six_commands_after_the_installation() -> None:
    assert [command.split()[0] for command in typed(0)] == ["script/install", "export"]
    assert typed(1)[0] == "wikibot init"
    assert typed(1)[-1] == "wikibot run"
    assert len(typed(1)) <= 6
