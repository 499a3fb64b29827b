"""The documents name all commands, options, exit codes, variables, files and errors."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from bot import errors
from bot.cli.main import cli, exit_code
from script.reference import ROOT

REFERENCE = ROOT / "docs" / "reference"
MODULES = [path for path in sorted((ROOT / "bot").rglob("*.py")) if "wikiserver" not in path.parts]
PLACEHOLDERS = re.compile(r"(?:NUMBER|ID|NAME|KEY|YEAR|DIGEST|MOMENT|LOG|RANDOM|WIKI|PAGE)")
NO_FILE_OF_OURS = {"body.xml", "pyproject.toml"}


def read(name: str) -> str:
    return (REFERENCE / name).read_text(encoding="utf-8")


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    context = click.Context(group, **group.context_settings)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if command.hidden:
            continue
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


def test_every_command_and_option_is_in_the_command_reference() -> None:
    sections = dict(
        re.findall(r"^## `wikibot ([^`]+)`\n(.*?)(?=^## |\Z)", read("commands.md"), re.MULTILINE | re.DOTALL)
    )

    for path, command in commands(cli):
        text = sections[" ".join(path)]
        for parameter in command.params:
            if isinstance(parameter, click.Option) and not parameter.hidden:
                assert [name for name in parameter.opts if name not in text] == []


def test_every_command_has_its_exit_codes() -> None:
    table = read("exit-codes.md").partition("## By command")[2]

    assert [path[0] for path, _ in commands(cli) if len(path) == 1 and f"`{path[0]}`" not in table] == []


def outcomes(node: ast.expr | None) -> Iterator[ast.expr]:
    """Yield what an expression can be: itself, or the branches of a conditional."""
    if isinstance(node, ast.IfExp):
        yield from outcomes(node.body)
        yield from outcomes(node.orelse)
    elif node is not None:
        yield node


def integers_returned(path: Path) -> set[int]:
    """Collect the whole numbers that a module of the command line returns, also by name."""
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    named: dict[str, int] = {}
    returned = [leaf for node in nodes if isinstance(node, ast.Return) for leaf in outcomes(node.value)]
    for node in nodes:
        if not isinstance(node, ast.Assign):
            continue
        targets, values = node.targets[0], node.value
        names = targets.elts if isinstance(targets, ast.Tuple) else [targets]
        each = values.elts if isinstance(values, ast.Tuple) else [values]
        for name, value in zip(map(ast.unparse, names), each, strict=False):
            if isinstance(value, ast.Constant) and type(value.value) is int:
                named[name] = value.value
            if "code" in name:
                returned += outcomes(value)
    found = {leaf.value for leaf in returned if isinstance(leaf, ast.Constant) and type(leaf.value) is int}
    return found | {named[leaf.id] for leaf in returned if isinstance(leaf, ast.Name) and leaf.id in named}


def test_every_exit_code_is_documented() -> None:
    documented = {int(code) for code in re.findall(r"^\| (\d+) \|", read("exit-codes.md"), re.MULTILINE)}
    returned = set().union(*(integers_returned(path) for path in (ROOT / "bot" / "cli").glob("*.py")))
    raised = {exit_code(kind.__new__(kind)) for kind in error_classes()}

    assert {2, 3, 6} <= returned
    assert {1, 4, 5} <= raised
    assert (returned | raised) - documented == set()


def test_every_environment_variable_is_documented() -> None:
    sources = [*MODULES, *(path for path in (ROOT / "script").iterdir() if path.is_file()), ROOT / "Dockerfile"]
    sources += [path for path in (ROOT / "deploy").rglob("*") if path.is_file()]
    text = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    names = set(re.findall(r"\bWIKIBOT_[A-Z][A-Z_]*[A-Z]\b", text))
    names |= set(re.findall(r"os\.environ(?:\.get\(|\[)\"(\w+)\"", text)) | {"PYTHON", "CI", "NO_COLOR"}

    documented = read("environment.md") + read("settings.md")

    assert len(names) > 6
    assert [name for name in sorted(names) if f"{name}`" not in documented and f"{name}=" not in documented] == []


def documented_files() -> dict[str, list[str]]:
    """Return the names in the first column, by the heading above the table."""
    sections = re.findall(r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", read("files.md"), re.MULTILINE | re.DOTALL)
    return {title: re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE) for title, text in sections}


def is_documented(path: str, names: list[str]) -> bool:
    patterns = ("[^/]+".join(re.escape(part) for part in PLACEHOLDERS.split(name)) for name in names)
    return any(re.fullmatch(pattern.replace("…", ".+"), path) for pattern in patterns)


@pytest.fixture(scope="module")
def used_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the demo ran, and some commands after it."""
    folder = tmp_path_factory.mktemp("files") / "demo"
    for words in (
        ("demo", "--once", "--folder", str(folder)),
        ("search", "report", "--config", str(folder / "bot.yaml")),
        ("run", "--list", "--config", str(folder / "bot.yaml")),
    ):
        subprocess.run([sys.executable, "-m", "bot", *words], cwd=ROOT, check=True, capture_output=True)
    return folder


def test_every_file_that_the_program_writes_is_documented(used_folder: Path) -> None:
    files = documented_files()
    own = {".wikibot": files["In the state folder"], "snapshots": files["In the snapshots folder"]}
    rest = [*files["In the settings folder"], *files["Next to the snapshots folder"], *files["Files that you name"]]
    of_the_demo = {"wiki.db", "signing_key", "signing_key.pub", ".wikibot-demo"}

    unknown = []
    for path in sorted(each for each in used_folder.rglob("*") if each.is_file()):
        top, _, below = path.relative_to(used_folder).as_posix().partition("/")
        inside = (below, own[top]) if top in own else (f"{top}/{below}".rstrip("/"), rest)
        if top not in of_the_demo and not is_documented(*inside):
            unknown.append(f"{top}/{below}")

    assert unknown == []


def test_every_file_name_in_the_code_is_documented() -> None:
    names = [name for section in documented_files().values() for name in section]
    last = [name.rpartition("/")[2] for name in names]
    looks_like_a_file = re.compile(r"[a-z][\w-]*\.(?:json|jsonl|db|sqlite|lock|yaml|txt|atom|checkpoint|sig)")

    unknown = {
        node.value
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and looks_like_a_file.fullmatch(node.value)
        if not is_documented(node.value, last)
    }

    assert unknown - NO_FILE_OF_OURS == set()


def error_classes() -> list[type[errors.BotError]]:
    return [
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.BotError) and kind is not errors.LocatedError
    ]


@pytest.mark.parametrize("kind", error_classes(), ids=lambda kind: kind.__name__)
def test_every_error_is_explained_with_its_exit_code(kind: type[errors.BotError]) -> None:
    pages = sorted((ROOT / "docs" / "troubleshooting").glob("*.md"))
    text = " ".join(" ".join(page.read_text(encoding="utf-8").split()) for page in pages)

    assert f"`{kind.__name__}`, exit code {exit_code(kind.__new__(kind))}" in text
