"""`-v` changes what is logged and nothing else: every command of the tree ends the same with it and without it."""

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest

from bot.cli.main import cli
from tests.cli.conftest import Ran
from tests.journeys.conftest import HOME, settings_for
from wikiserver.testing import Wiki

JOBS = "jobs: [{run: sync, every: 10 minutes}, {run: snapshot, every: day}, {run: verify, every: day}]\n"
WORDS: dict[str, tuple[str, ...]] = {
    "init": ("--url", "{url}", "--space", "WS2", "--home", HOME, "--config", "new/bot.yaml", "--no-adopt"),
    "check": (),
    "plan": (),
    "apply": ("--yes",),
    "sync": (),
    "doctor": (),
    "drift": (),
    "drift restore": (),
    "adopt": (HOME, "--space", "WS2", "--dry-run"),
    "news add": ("Fresh [news](page:Implementation)", "--dry-run"),
    "news list": (),
    "news edit": ("{news}", "--pinned", "--dry-run"),
    "news move": ("{news}", "--last", "--dry-run"),
    "news remove": ("{news}", "--dry-run"),
    "news heading": ("News", "--dry-run"),
    "banner set": ("--line", "1", "tick: Done.", "--dry-run"),
    "banner list": (),
    "banner heading": ("Status", "--dry-run"),
    "status": (),
    "status set": ("--line", "1", "tick: Done.", "--dry-run"),
    "status list": (),
    "links list": (),
    "links add": ("New", "--page", "Implementation", "--dry-run"),
    "links edit": ("1", "--text", "New", "--dry-run"),
    "links move": ("1", "--last", "--dry-run"),
    "links remove": ("1", "--dry-run"),
    "links heading": ("Links", "--dry-run"),
    "tree": (),
    "render": (),
    "snapshot": (),
    "verify": (),
    "history": ("Implementation",),
    "diff": ("Implementation",),
    "search": ("implementation",),
    "export": ("--out", "bag"),
    "site": ("site",),
    "report": (),
    "redact": ("Implementation",),
    "hold add": ("Implementation", "--reason", "case"),
    "hold list": (),
    "hold release": ("Implementation", "--reason", "case"),
    "evidence trust": ("--head", "0" * 64, "--reason", "new host"),
    "evidence new-log": ("--reason", "lost"),
    "evidence accept-rollback": ("--head", "0" * 64, "--reason", "restored"),
    "evidence start-signing": ("--reason", "key"),
    "evidence rotate-key": ("--to", "body.xml", "--reason", "key"),
    "evidence upgrade": (),
    "convert": ("body.xml",),
    "news pin": ("{news}", "--dry-run"),
    "news unpin": ("{news}", "--dry-run"),
    "news duplicate": ("{news}", "--dry-run"),
    "banner add": ("tick: Done.", "--dry-run"),
    "banner move": ("1", "--last", "--dry-run"),
    "banner remove": ("1", "--dry-run"),
    "revisions": (),
    "undo": (),
    "drafts list": (),
    "drafts show": ("1",),
    "drafts send": ("1",),
    "drafts approve": ("1",),
    "drafts save": ("1",),
    "drafts return": ("1", "Not yet."),
    "drafts remark": ("1", "Good."),
    "drafts withdraw": ("1",),
    "find": ("implementation",),
    "serve": ("--host", "192.0.2.1"),
    "user add": ("ana", "--role", "editor", "--password-stdin"),
    "user list": (),
    "user passwd": ("ana",),
    "user remove": ("ana",),
    "stop": ("the site moves",),
    "resume": (),
    "run": ("--once",),
    "notify test": (),
    "runs": (),
    "mcp": ("--workspace", "nowhere"),
    "settings": (),
    "wiki serve": ("--db", "body.xml"),
    "wiki export": ("world",),
    "demo": ("--once", "--folder", "{occupied}"),
}
"""What to say to each command so that it does real work, or fails where work would not end."""


def leaves(command: click.Command, context: click.Context) -> Iterator[str]:
    """The paths of all commands that are no groups, hidden ones too."""
    if not isinstance(command, click.Group):
        yield context.command_path.partition(" ")[2]
        return
    if command.invoke_without_command and context.parent is not None:
        yield context.command_path.partition(" ")[2]
    for name in command.list_commands(context):
        child = command.get_command(context, name)
        assert child is not None
        yield from leaves(child, click.Context(child, info_name=name, parent=context))


LEAVES = list(leaves(cli, click.Context(cli, info_name="wikibot", **cli.context_settings)))


def test_every_command_is_tried() -> None:
    assert sorted(LEAVES) == sorted(WORDS)


@pytest.fixture
def folder(wiki: Wiki, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with settings, and a data file that has not been applied."""
    wiki.add_page(HOME, "<p>Welcome</p>")
    for title in ("Implementation", "WS2 Final Report", "Old rules"):
        wiki.add_page(title, "<p>Some words about implementation</p>")
    place = tmp_path / "desk"
    place.mkdir()
    monkeypatch.setenv("WIKIBOT_WIKI__TOKEN", "bot-token")
    (tmp_path / "no-secrets").mkdir(mode=0o700)
    monkeypatch.setenv("WIKIBOT_SECRETS_DIR", str(tmp_path / "no-secrets"))
    monkeypatch.setenv("WIKIBOT_CONFIG", "bot.yaml")
    (place / "bot.yaml").write_text(settings_for(wiki) + JOBS)
    shutil.copy(Path(__file__).parents[2] / "config" / "example" / "ws2.yaml", place / "ws2.yaml")
    (place / "body.xml").write_text("<p>Some <strong>words</strong></p>")
    (place / "occupied").mkdir()
    (place / "occupied" / "file").touch()
    return place


@pytest.mark.parametrize("flavour", ["datacenter"])
@pytest.mark.parametrize("command", LEAVES)
def test_verbose_changes_neither_exit_code_nor_output(
    wiki: Wiki, folder: Path, command: str, wikibot: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    values = {"url": wiki.url, "news": "icann79-reviews-updates", "occupied": "occupied"}
    words = [*command.split(), *(word.format(**values) for word in WORDS[command])]
    quiet_folder = folder.parent / "quiet" / "desk"
    shutil.copytree(folder, quiet_folder)

    monkeypatch.chdir(folder)
    verbose = wikibot(*words, "-v")
    monkeypatch.chdir(quiet_folder)
    quiet = wikibot(*words)

    assert verbose.code == quiet.code, verbose.err
    assert "TypeError" not in verbose.err
    assert comparable(verbose.out, folder) == comparable(quiet.out, quiet_folder)


def comparable(text: str, folder: Path) -> str:
    """The text without what differs between two runs: folders, moments, digests, durations."""
    return re.sub(r"\b[0-9a-f]{12,}\b|\d+", "#", text.replace(str(folder), "FOLDER"))
