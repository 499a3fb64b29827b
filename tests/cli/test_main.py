import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest

from bot.cli.main import cli, exit_code
from bot.errors import BotError, EvidenceError, LockedError, SnapshotError, StoppedError, UnsafePlanError
from bot.files import InstanceLock
from tests.cli.conftest import Ran

Wikibot = Callable[..., Ran]


def test_a_usage_error_ends_with_1_since_2_means_changes(folder: Path, wikibot: Wikibot) -> None:
    assert folder.exists()
    for words in (("nonsense",), ("plan", "--nonsense"), ("news", "add"), ("--nonsense",), ("news",)):
        ran = wikibot(*words)
        assert ran.code == 1, words
        assert ran.err.startswith("error: ")
        assert len(ran.err.splitlines()) <= 2, words
        assert "Usage:" not in ran.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("nws",), "there is no command `wikibot nws` (did you mean 'news'?)"),
        (("news", "ad"), "there is no command `wikibot news ad` (did you mean 'add'?)"),
        (("wiki", "srve"), "there is no command `wikibot wiki srve` (did you mean 'serve'?)"),
        (("plan", "--fromat", "json"), "--fromat is not an option of `wikibot plan` (did you mean --format"),
        (("plan", "--format", "jsn"), "--format: 'jsn' is not a choice (did you mean 'json'?); choices: text, json"),
        (("--log-format", "jason", "plan"), "--log-format: 'jason' is not a choice (did you mean 'json'?)"),
        (("render", "newz", "--offline"), "has no region 'newz' (did you mean 'news'?)"),
        (("news", "list", "--workspace", "ws"), "no workspace is named 'ws' (did you mean 'ws2'?)"),
        (("news", "add"), "TEXT is missing\nsee `wikibot news add --help`"),
        (("export",), "--out is missing"),
        (("news",), "`wikibot news` needs a command: add, duplicate, edit, heading, list, move, pin, remove, unpin"),
    ],
)
def test_what_was_meant_is_suggested(folder: Path, wikibot: Wikibot, words: tuple[str, ...], message: str) -> None:
    assert folder.exists()

    ran = wikibot(*words)

    assert ran.code == 1
    assert message in ran.err


def test_a_full_disk_is_no_bug() -> None:
    program = (
        "import errno, os\n"
        "from bot.cli import main\n"
        "def fail(**_):\n"
        "    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), 'state/x.json')\n"
        "main.cli.main = fail\n"
        "main.main([])\n"
    )

    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert (ran.returncode, ran.stderr.strip()) == (
        1,
        "error: state/x.json cannot be used: No space left on device; correct this and run it again",
    )


def test_a_former_command_is_in_no_list(wikibot: Wikibot) -> None:
    assert "list" not in wikibot("status", "--help").out
    assert "list" not in wikibot("status", "lst").err.partition("`wikibot status lst`")[2]


def test_errors_have_the_exit_codes_of_the_interface() -> None:
    errors = [
        BotError("x"),
        SnapshotError("x"),
        EvidenceError("x"),
        UnsafePlanError("x"),
        LockedError("x"),
        StoppedError("x"),
    ]

    assert [exit_code(error) for error in errors] == [1, 1, 3, 4, 5, 6]


def test_verbose_adds_the_traceback_and_changes_neither_message_nor_exit_code(
    folder: Path, wikibot: Wikibot, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert folder.exists()
    monkeypatch.setenv("WIKIBOT_WIKI__TOKEN", "bot-secret")
    (folder / ".wikibot").mkdir()
    with InstanceLock(folder / "config" / ".wikibot" / "run.lock", purpose="a test"):
        (folder / "config" / "bot.yaml").write_text(
            "workspaces: [{name: ws2, data: ws2.yaml}]\njobs: [{run: sync, every: day}]\n"
        )
        plain, verbose = wikibot("run", "--once"), wikibot("run", "--once", "-v")

    assert plain.code == verbose.code == 5
    assert "Traceback" not in plain.err
    assert "Traceback" in verbose.err
    assert verbose.err.splitlines()[-1] == plain.err.splitlines()[-1]


def test_an_error_is_a_line_without_a_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wikibot: Wikibot
) -> None:
    monkeypatch.chdir(tmp_path)

    ran = wikibot("news", "list")

    assert ran.code == 1
    assert ran.err == (
        "error: config/bot.yaml: does not exist; make one with `wikibot init`, or name another with --config\n"
    )


def test_common_options_are_accepted_before_and_after_a_command(folder: Path, wikibot: Wikibot) -> None:
    (folder / "config" / "bot.yaml").rename(folder / "other.yaml")
    (folder / "config" / "ws2.yaml").rename(folder / "ws2.yaml")

    before = wikibot("--config", "other.yaml", "--workspace", "ws2", "news", "list")
    behind = wikibot("news", "list", "--config", "other.yaml", "--workspace", "ws2")

    assert before.code == behind.code == 0
    assert before.out == behind.out != ""
    assert (
        "no workspace is named 'nope'; configured: ws2"
        in wikibot("news", "list", "--config", "other.yaml", "--workspace", "nope").err
    )


def test_several_workspaces_want_a_choice(folder: Path, wikibot: Wikibot) -> None:
    (folder / "config" / "bot.yaml").write_text("workspaces: [{name: a, data: ws2.yaml}, {name: b, data: ws2.yaml}]\n")

    assert "several workspaces are configured (a, b); choose one with --workspace" in wikibot("news", "list").err
    assert wikibot("news", "list", "--workspace", "b").code == 0


def test_a_missing_token_is_said_before_any_request(folder: Path, wikibot: Wikibot) -> None:
    assert folder.exists()

    ran = wikibot("plan")

    assert ran.code == 1
    assert "names no token for the wiki; set WIKIBOT_WIKI__TOKEN" in ran.err


def commands(command: click.Command, context: click.Context) -> Iterator[tuple[str, click.Command]]:
    yield context.command_path, command
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            assert child is not None
            yield from commands(child, click.Context(child, info_name=name, parent=context))


def test_every_command_has_help_and_the_common_options() -> None:
    for path, command in commands(cli, click.Context(cli, info_name="wikibot", **cli.context_settings)):
        options = {name for parameter in command.params for name in parameter.opts}
        assert {"--config", "--workspace", "--verbose", "--log-format"} <= options, path
        assert command.help, path


def test_help_loads_neither_the_wiki_client_nor_the_converter() -> None:
    slow = "{'atlassian', 'flask', 'rich', 'pydantic'}"
    code = f"import sys, bot.cli.main\nprint(sorted(name for name in sys.modules if name in {slow}))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert ran.stdout.strip() == "[]"


def test_render_without_a_token_offers_to_work_offline(folder: Path, wikibot: Wikibot) -> None:
    assert folder.exists()

    ran = wikibot("render", "news")

    assert ran.code == 1
    assert "names no token for the wiki" in ran.err
    assert "add --offline to render without the wiki" in ran.err
