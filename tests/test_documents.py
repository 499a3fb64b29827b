"""What README and docs say is true of the program."""

import ast
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from bot.cli.main import cli
from bot.config.data_file import DataFile
from bot.config.settings import load_settings

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("**/*.md"))]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_local_link_leads_to_a_file(document: Path) -> None:
    links = re.findall(
        r"\]\(([^)#:<>\s]+)(?:#[^)]*)?\)", re.sub(r"```.*?```|`[^`\n]*`", "", document.read_text(), flags=re.DOTALL)
    )

    assert [link for link in links if not (document.parent / link).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_command_that_is_shown_exists_with_its_options(document: Path) -> None:
    shown = re.findall(r"(?:^\$ |`)wikibot ([^`\n#]+)", document.read_text(), flags=re.MULTILINE)

    problems = [line for line in shown if find_mistake(line.split())]

    assert problems == []


def test_every_command_that_a_message_or_a_document_says_to_type_has_its_required_arguments() -> None:
    typed = {
        line: find_mistake(shlex.split(re.sub("[|>] .*", "", line), comments=True), is_whole=True)
        for document in DOCUMENTS
        for line in re.findall(r"^\$ wikibot (.+)", document.read_text(), flags=re.MULTILINE)
    }
    advised = {
        line: find_mistake(line.split(), is_whole=True)
        for source in (ROOT / "bot").glob("**/*.py")
        for message in messages_of(source)
        for line in re.findall(r"`wikibot ([^`]+)`", message)
    }

    assert {line: mistake for line, mistake in (typed | advised).items() if mistake} == {}


def messages_of(source: Path) -> Iterator[str]:
    """Yield the texts in a file that people read: not docstrings; what a message fills in is "X"."""
    tree = ast.parse(source.read_text())
    skipped = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "X" for part in node.values)
            skipped |= {id(part) for part in node.values}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in skipped:
            yield node.value


def find_missing(command: click.Command, words: list[str]) -> list[str]:
    """Return the required arguments and options that a command line lacks."""
    context = click.Context(command, **command.context_settings)
    try:
        given, _, _ = command.make_parser(context).parse_args(words)
    except click.UsageError as error:
        return [error.format_message()]
    return [
        parameter.name or "" for parameter in command.params if parameter.required and not given.get(parameter.name)
    ]


def find_mistake(words: list[str], *, is_whole: bool = False) -> str | None:
    command: click.Command = cli
    context = click.Context(cli, **cli.context_settings)
    while isinstance(command, click.Group) and words and re.fullmatch(r"[a-z][a-z-]*", words[0]):
        found = command.get_command(context, words[0])
        if found is None:
            return f"no command {words[0]}"
        command, words = found, words[1:]
    if is_whole and (missing := find_missing(command, words)):
        return f"lacks {missing}"
    known = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
    known |= {"--help", "--version", "-h"}
    options = [re.sub(r"[=,.)\]]+.*$", "", word) for word in words if word.startswith("-")]
    unknown = [option for option in options if option not in known]
    return f"no option {unknown}" if unknown else None


def test_the_readme_names_every_command() -> None:
    text = (ROOT / "README.md").read_text()

    context = click.Context(cli, **cli.context_settings)
    shown = [name for name in cli.list_commands(context) if not getattr(cli.get_command(context, name), "hidden", True)]
    missing = [name for name in shown if not re.search(rf"`(?:wikibot )?{name}\b", text)]

    assert missing == []


def test_the_example_settings_and_data_are_accepted() -> None:
    settings = load_settings(ROOT / "config" / "example" / "bot.yaml")

    for workspace in settings.workspaces:
        assert DataFile.load(settings.resolve(workspace.data)).data.news is not None


def test_help_needs_no_settings_and_python_m_bot_is_wikibot(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "bot", "--help"], cwd=tmp_path, capture_output=True, text=True, check=True
    )

    assert "Usage: wikibot" in run.stdout


@pytest.mark.needs("git")
def test_no_file_names_a_package_index_or_a_place_on_a_machine() -> None:
    files = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    wanted = re.compile(
        rf"{re.escape(str(ROOT.parent))}/|--(?:extra-)?index-url|https?://[^ \"]*/simple(?:/|\"|$)", re.MULTILINE
    )

    found = [
        name
        for name in files
        if (ROOT / name).suffix in {".py", ".md", ".txt", ".toml", ".yaml", ".sh", ""}
        and wanted.search((ROOT / name).read_text(errors="ignore"))
    ]

    assert [name for name in found if name != "tests/test_documents.py"] == []
