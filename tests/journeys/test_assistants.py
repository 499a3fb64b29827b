"""`wikibot mcp` with the official client over standard input and output: it reads and proposes, and never publishes."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import pytest
from mcp import Client, StdioServerParameters
from mcp.types import TextContent

from bot.config.revision_journal import account_name
from tests.journeys.conftest import Desk
from tests.journeys.test_restricted_pages import restrict
from tests.machine import ROOT
from tests.snapshot.test_restricted import include

pytestmark = [pytest.mark.parametrize("flavour", ["datacenter"]), pytest.mark.parametrize("seed", ["demo"])]
CALLS: dict[str, dict[str, Any]] = {
    "list_workspaces": {},
    "status": {},
    "list_entries": {},
    "list_drafts": {},
    "plan": {},
    "search_captured": {"words": "zebra"},
    "read_captured": {"page": "Zebra open"},
    "verify": {},
    "propose_news": {"text": "Read the [plan](page:Implementation).", "date": "2026-05-01"},
    "propose_news_change": {"item": "listen-to-the-icann-79-icann-reviews-updates-delivered", "text": "Listen to it."},
    "propose_banner": {"lines": [{"icon": "tick", "text": "Done."}]},
    "propose_link": {"text": "The plan", "page": "Implementation"},
}
HOSTILE: list[tuple[str, dict[str, Any]]] = [
    ("read_captured", {"page": "../../bot.yaml"}),
    ("read_captured", {"page": "Zebra open", "offset": -5}),
    ("search_captured", {"words": "\"' OR 1=1 --", "limit": 10**9}),
    ("list_entries", {"workspace": "../x"}),
    ("propose_news", {"text": ""}),
    ("propose_news", {"text": "See [this](page:No such page)."}),
    ("propose_news", {"text": "x" * 1_000_000}),
    ("propose_news_change", {"item": "unknown", "text": "x"}),
    ("propose_news_change", {"item": "unknown"}),
    ("propose_banner", {"lines": [{"text": "a", "script": "b"}]}),
    ("propose_banner", {"lines": []}),
    ("propose_link", {"text": "x", "url": "javascript:alert(1)"}),
]
HIDDEN = ("later", "secret", "gone", "below", "around", "outside")
Call = Callable[..., Awaitable[tuple[bool, str]]]


def talk(desk: Desk, conversation: Callable[[Client, Call], Awaitable[None]]) -> None:
    """Start `wikibot mcp` with the environment of *desk*, and have a conversation with it."""

    async def run() -> None:
        server = StdioServerParameters(
            command=sys.executable,
            args=["-m", "bot", "mcp"],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            cwd=desk.folder,
        )
        async with Client(server) as client:

            async def call(name: str, **arguments: Any) -> tuple[bool, str]:
                answer = await client.call_tool(name, arguments)
                texts = [each.text for each in answer.content if isinstance(each, TextContent)]
                return not answer.is_error, "\n".join(texts)

            await conversation(client, call)

    anyio.run(run)


@pytest.fixture
def captured(adopted: Desk) -> Desk:
    """A desk with captured pages: one for all, and others that not everybody may read, for one reason each."""
    settings = adopted.folder / "bot.yaml"
    settings.write_text(settings.read_text().replace("{path: snapshots,", "{path: snapshots, restricted: include,"))
    pages = {
        name: adopted.wiki.add_page(f"Zebra {name}", f"<p>zebra text of the {name} page</p>", labels=("archived",))
        for name in ("open", "later", "secret", "gone")
    }
    restrict(adopted, pages["secret"])
    closed = adopted.wiki.add_page("Closed", "<p>closed</p>")
    restrict(adopted, closed)
    adopted.wiki.add_page("Zebra below", "<p>zebra text of the below page</p>", parent=closed, labels=("archived",))
    adopted.wiki.add_page("Zebra around", f"<p>zebra</p>{include('Zebra secret')}", labels=("archived",))
    adopted.wiki.add_page("Zebra outside", f"<p>zebra</p>{include('Zebra around')}", labels=("archived",))
    adopted.ran("snapshot")
    restrict(adopted, pages["later"])
    adopted.ran("snapshot")
    adopted.ran("redact", "Zebra gone", "--reason", "personal data", "--yes")
    return adopted


def test_no_tool_writes_to_the_wiki_or_the_data_file(captured: Desk) -> None:
    before, data = len(captured.writes()), captured.data.read_bytes()
    answers: dict[str, str] = {}
    refused: list[tuple[str, str, bool, str]] = []

    async def conversation(client: Client, call: Call) -> None:
        tools = {each.name: each for each in (await client.list_tools()).tools}
        assert set(tools) == set(CALLS)
        for name, arguments in CALLS.items():
            is_fine, answers[name] = await call(name, **arguments)
            assert is_fine, (name, answers[name])
            is_proposal = name.startswith("propose")
            hints = tools[name].annotations
            assert hints is not None
            assert (hints.read_only_hint, hints.destructive_hint) == (not is_proposal, False)
        for name, arguments in HOSTILE:
            refused.append((name, str(arguments)[:60], *await call(name, **arguments)))

    talk(captured, conversation)

    assert [each for each in refused if each[2] != ("search" in each[0] or "offset" in each[1])] == []
    assert [each for each in refused if "Traceback" in each[3] or len(each[3]) > 20_000] == []
    assert captured.writes()[before:] == []
    assert captured.data.read_bytes() == data
    assert "zebra text of the open page" in answers["read_captured"]
    assert "in sync: 3 regions" in answers["plan"]


def test_a_person_saves_what_an_assistant_proposed(captured: Desk) -> None:
    async def conversation(_client: Client, call: Call) -> None:
        proposed = json.loads((await call("propose_news", text="The plan is ready, @all."))[1])
        assert "+      text:" in proposed["diff"]
        assert "proposed" in (await call("list_drafts"))[1]

    talk(captured, conversation)

    assert "by an assistant over MCP" in captured.ran("drafts", "show", "1").out
    captured.ran("drafts", "save", "1")
    assert "The plan is ready, @all." in captured.data.read_text()


def test_texts_that_not_everybody_may_read_are_not_shown(captured: Desk) -> None:
    async def conversation(_client: Client, call: Call) -> None:
        hits = (await call("search_captured", words="zebra", limit=50))[1]
        assert "open" in hits
        assert not [name for name in HIDDEN if f"of the {name} page" in hits or f"Zebra {name}" in hits]
        for name in HIDDEN:
            is_fine, text = await call("read_captured", page=f"Zebra {name}")
            assert not is_fine
            assert "zebra text" not in text

    talk(captured, conversation)


def programs() -> list[str]:
    return re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "assistants.md").read_text(), re.DOTALL)


def run_program(desk: Desk, text: str) -> str:
    """Run a program of the document in the folder of *desk*, where `wikibot` is a command and the token a file."""
    secrets = desk.folder / "secrets"
    secrets.mkdir(mode=0o700)
    (secrets / "wikibot_wiki__token").write_text("bot-token")
    (secrets / "wikibot_wiki__token").chmod(0o600)
    command = desk.folder / "wikibot"
    command.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -m bot "$@"\n')
    command.chmod(0o755)
    environment = {
        "PATH": f"{desk.folder}:{os.environ['PATH']}",
        "HOME": str(desk.folder),
        "LOGNAME": "ana",
        "PYTHONPATH": str(ROOT),
    }
    ran = subprocess.run(
        [sys.executable, "-c", text], cwd=desk.folder, env=environment, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_the_program_of_an_assistant_prints_what_the_document_says(adopted: Desk) -> None:
    [shown] = re.findall(r"```text\n(.*?)```", (ROOT / "docs" / "assistants.md").read_text(), re.DOTALL)

    assert run_program(adopted, programs()[0]) == shown.replace('"ana"', f'"{account_name()}"')


def test_the_program_with_the_python_functions_publishes(adopted: Desk) -> None:
    printed = run_program(adopted, programs()[1])

    assert "1 of 3 regions to write on 1 page" in printed
    assert "plan</ac:link-body></ac:link> is ready." in adopted.home_body
