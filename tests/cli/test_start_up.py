"""Which modules a command does not import. The imports decide how long a short command takes; no time is measured."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.large_workspace import write_workspace
from wikiserver.testing import Wiki, running_wiki

_RUN = """
import atexit, sys
atexit.register(lambda: print(*sys.modules, file=sys.stderr))
from bot.cli.main import main
main()
"""
_NEVER = {"asyncio.base_events", "atlassian", "bs4", "loguru", "markdownify", "rich", "schedule"}
_NETWORK = {"requests", "urllib3", "http.client", "importlib.metadata", "bot.wiki.session"}
_SYNC_ONLY = {"jinja2", "bot.sync.survey", "bot.wiki.gateway", "markdown_it", "babel", "bot.render"}
_ROOMS = {"bot.adopt", "bot.snapshot", "bot.convert", "bot.present", "bot.scheduler", "bot.jobs"}


@pytest.fixture(scope="module")
def synced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Wiki, Path]]:
    """A wiki that has what the data file says; a test copies the folder of the settings before it changes it."""
    folder = tmp_path_factory.mktemp("start_up")
    with running_wiki("cloud") as wiki:
        wiki.add_page("Home", "<p>Home.</p>")
        config = write_workspace(folder, wiki.url, 3).with_name("bot.yaml")
        assert _run(config, "apply", "--yes").returncode == 0
        yield wiki, config


def _run(config: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "WIKIBOT_CONFIG": str(config), "WIKIBOT_WIKI__TOKEN": "bot-secret"}
    return subprocess.run(
        [sys.executable, "-c", _RUN, *words], env=environment, capture_output=True, text=True, check=False
    )


def _imported(ran: subprocess.CompletedProcess[str], unwanted: set[str]) -> set[str]:
    assert ran.returncode == 0, ran.stderr
    return set(ran.stderr.splitlines()[-1].split()) & unwanted


def test_help_imports_no_library_but_click(tmp_path: Path) -> None:
    ran = _run(tmp_path / "absent.yaml", "--help")

    assert ran.stdout.startswith("Usage: wikibot")
    heavy = {"pydantic_core", "ruamel.yaml", "yaml", "filelock", "logging", "difflib", "socket", "tempfile"}
    assert _imported(ran, _NEVER | _NETWORK | _SYNC_ONLY | _ROOMS | heavy | {"bot.runtime", "bot.log"}) == set()


def test_a_sync_without_changes_imports_only_what_reads(synced: tuple[Wiki, Path]) -> None:
    _, config = synced

    ran = _run(config, "sync")

    assert "nothing to write" in ran.stdout
    unwanted = {
        "bot.wiki.dialect_data_center",
        "bot.sync.plan_file",
        "bot.operations.restore",
        "bot.operations.adoption",
    }
    assert _imported(ran, _NEVER | _ROOMS | unwanted) == set()


def test_news_add_imports_neither_network_nor_parser_nor_renderer(synced: tuple[Wiki, Path], tmp_path: Path) -> None:
    wiki, original = synced
    config = shutil.copytree(original.parent, tmp_path / "copy") / original.name
    before = len(wiki.requests)

    ran = _run(config, "news", "add", "Words without a link")

    assert "Words without a link" in config.with_name("ws2.yaml").read_text()
    assert _imported(ran, _NEVER | _NETWORK | _SYNC_ONLY | _ROOMS) == set()
    assert wiki.requests[before:] == []


def test_a_library_that_needs_asyncio_gets_the_real_one() -> None:
    code = (
        "from bot.cli.lean_imports import prepare_imports; prepare_imports()\n"
        "import asyncio, sys\n"
        "assert 'asyncio.base_events' not in sys.modules\n"
        "async def answer(): return 7\n"
        "assert asyncio.run(answer()) == 7\n"
        "import asyncio.base_events\n"
        "from asyncio import Queue\n"
        "assert asyncio.Queue is Queue is sys.modules['asyncio'].Queue\n"
    )

    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_text_with_html_is_parsed_as_without_the_delay() -> None:
    code = (
        "import sys\n"
        "from bot.cli.lean_imports import prepare_imports\n"
        "if 'late' in sys.argv: prepare_imports()\n"
        "from markdown_it import MarkdownIt\n"
        "for _ in range(2): print(MarkdownIt('commonmark').render('<div>*x*</div>\\n\\n*y*\\n\\n<!-- <p> -->'))\n"
    )

    late, usual = (
        subprocess.run([sys.executable, "-c", code, word], check=True, capture_output=True, text=True).stdout
        for word in ("late", "usual")
    )

    assert late == usual
    assert "<div>*x*</div>" in late
