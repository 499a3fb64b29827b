"""What a later version of the program wrote into a file survives a run of this one."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.snapshot.archive.entry import PageEntry
from bot.snapshot.archive.writer import open_writer
from bot.snapshot.verify.verification import verify
from bot.wiki.dialect import Flavour
from tests.snapshot.capturing import run_capture
from tests.snapshot.small_tree import CLOCK, SOFTWARE, state_of
from tests.snapshot.small_wiki import LI, SmallWiki, small_wiki


@pytest.fixture
def wiki() -> Iterator[SmallWiki]:
    with small_wiki(Flavour.CLOUD) as wiki:
        yield wiki


def entries(root: Path) -> dict[str, dict[str, Any]]:
    lines = [json.loads(line) for path in root.glob("*/pages.jsonl") for line in path.read_bytes().splitlines()]
    return {line["title"]: line for line in lines}


def test_a_capture_keeps_the_unknown_keys_of_an_entry(wiki: SmallWiki, tmp_path: Path) -> None:
    run_capture(wiki, tmp_path)
    with open_writer(state_of(tmp_path), origin="https://wiki.test", software=SOFTWARE, clock=lambda: CLOCK) as writer:
        bag, entry = writer.library.get_page("Minutes")
        writer.put_entry(bag, PageEntry.model_validate(entry.content() | {"reviewed_by": "Ana"}))
        writer.finish([], agents=(SOFTWARE,))
    wiki.store.pages.update(wiki.ids["Minutes"], author=LI, title="Minutes of 2024")

    run_capture(wiki, tmp_path, day=1)

    after = entries(tmp_path)["Minutes of 2024"]
    assert (after["reviewed_by"], after["version"]) == ("Ana", entry.version + 1)
    assert verify(tmp_path).is_clean
