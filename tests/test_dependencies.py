"""The locks, the documents and the imports agree about what the program needs."""

import ast
import itertools
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from bot.cli.main import cli

ROOT = Path(__file__).resolve().parents[1]
REQUIREMENTS = ROOT / "requirements"
LOCKS = sorted(REQUIREMENTS.glob("*.txt"))
PIN = re.compile(r"^(?P<name>[a-z0-9-]+)==(?P<version>\S+)", re.MULTILINE)
MODULES = {
    "argon2-cffi": "argon2",
    "atlassian-python-api": "atlassian",
    "beautifulsoup4": "bs4",
    "pyyaml": "yaml",
    "ruamel-yaml": "ruamel",
}


def pins(lock: str) -> set[tuple[str, str]]:
    return set(PIN.findall((REQUIREMENTS / f"{lock}.txt").read_text()))


def names(lock: str) -> set[str]:
    return {name for name, _ in pins(lock)}


def test_the_document_explains_each_distribution_of_production_and_no_other() -> None:
    _, _, part = (ROOT / "docs" / "dependencies.md").read_text().partition("## What production needs")
    table, _, _ = part.partition("\n## ")
    explained = [name for name in re.findall(r"^\| (\S+) \| \S", table, flags=re.MULTILINE) if name != "distribution"]

    assert explained == sorted(names("runtime"))


def test_production_has_no_build_tool_no_test_tool_and_nothing_of_the_embedded_wiki() -> None:
    assert not names("runtime") & {"hatchling", "editables", "wikibot-wikiserver", "bagit", "pytest", "lxml"}


@pytest.mark.parametrize("extra", ["s3", "mcp"])
def test_the_document_explains_each_distribution_of_the_extra_and_no_other(extra: str) -> None:
    _, _, part = (ROOT / "docs" / "dependencies.md").read_text().partition(f"## The extra `{extra}`")
    table, _, _ = part.partition("\n## ")
    explained = [name for name in re.findall(r"^\| (\S+) \| \S", table, flags=re.MULTILINE) if name != "distribution"]

    assert explained == sorted(names(extra) - names("runtime"))


def test_what_is_tested_is_what_is_installed() -> None:
    assert pins("runtime") <= pins("demo") <= pins("dev")
    assert pins("runtime") <= pins("s3") <= pins("dev")
    assert pins("runtime") <= pins("mcp") <= pins("dev")
    assert pins("build") <= pins("demo")
    assert pins("runtime") <= pins("dask")


def test_each_declared_dependency_is_imported_and_each_import_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = [*project["dependencies"], *itertools.chain(*project["optional-dependencies"].values())]
    modules = {module_of(re.split(r"[\[><=]", requirement)[0]) for requirement in declared}
    imported = set().union(*map(imports, sorted((ROOT / "bot").rglob("*.py"))))

    # urllib3 imports the first, zoneinfo reads the second
    assert modules - imported == {"pysocks", "tzdata"}
    assert imported - modules - sys.stdlib_module_names == {
        "bot",
        "wikiserver",
        "pydantic_core",
    }  # pydantic pins its core


def module_of(distribution: str) -> str:
    name = distribution.replace(".", "-")
    return MODULES.get(name, name.replace("-", "_").removesuffix("_py"))


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found


def test_the_client_of_object_storage_is_imported_only_for_it(tmp_path: Path) -> None:
    loaded = modules_after(["verify", "--help"], tmp_path)

    assert "botocore" not in loaded


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.stem)
def test_a_lock_contains_names_versions_and_digests_only(lock: Path) -> None:
    line = re.compile(r"[a-z0-9-]+==\S+( ; [^\\]+)? \\|    --hash=sha256:[0-9a-f]{64}( \\)?")

    assert [each for each in lock.read_text().splitlines() if not line.fullmatch(each)] == []


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["convert", "--help"]], ids=" ".join)
def test_help_imports_no_client_library(arguments: list[str], tmp_path: Path) -> None:
    assert modules_after(arguments, tmp_path) & {"atlassian", "requests"} == set()


def test_the_client_library_is_imported_only_to_connect(tmp_path: Path) -> None:
    config = str(ROOT / "config" / "example" / "bot.yaml")

    loaded = modules_after(["render", "status", "--offline", "--config", config], tmp_path)

    assert "jinja2" in loaded
    assert "atlassian" not in loaded


def modules_after(arguments: list[str], folder: Path) -> set[str]:
    """Return the top-level modules that a run of the program has imported."""
    code = (
        "import atexit, sys\n"
        "atexit.register(lambda: print(*sorted(name for name in sys.modules if '.' not in name), file=sys.stderr))\n"
        f"import bot.cli.main\nbot.cli.main.main({arguments!r})"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True)
    return set(run.stderr.split())


def test_the_help_has_a_whole_line_for_each_command() -> None:
    context = click.Context(cli, **cli.context_settings)

    shown = CliRunner().invoke(cli, ["--help"], terminal_width=110).output

    for name in cli.list_commands(context):
        command = cli.get_command(context, name)
        if command is not None and not command.hidden:
            assert re.search(rf"^  {name} +\S.*\.$", shown, flags=re.MULTILINE), name
