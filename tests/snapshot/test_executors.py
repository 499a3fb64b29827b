"""Each executor makes the same bytes. A worker that dies costs no page; a text that ends two workers is reported."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from bot.config.policy import SnapshotSettings
from bot.operations.converter_pool import open_converter
from bot.snapshot.archive.verdict import RunVerdict
from bot.snapshot.verify.verification import verify
from bot.wiki.dialect import Flavour
from tests.machine import ROOT, need_dask
from tests.snapshot.capturing import events_of, run_capture
from tests.snapshot.deadly_text import DEADLY, DEADLY_ONCE, POISON, WITH_POISON, DeadlyExecutor, deaths
from tests.snapshot.small_tree import tree_bytes
from tests.snapshot.small_wiki import SmallWiki, small_wiki


@pytest.fixture
def wiki() -> Iterator[SmallWiki]:
    with small_wiki(Flavour.DATA_CENTER) as wiki:
        wiki.add("Deadly once", f"<p>{DEADLY_ONCE}</p>")
        for number in range(3):
            wiki.add(f"Page {number}", f"<p>text {number}</p>")
        yield wiki


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    (tmp_path / "notes").mkdir()
    return tmp_path / "notes"


@pytest.fixture
def poison(wiki: SmallWiki) -> str:
    """Add a page that `WITH_POISON` selects, and return its id."""
    return str(wiki.add("Poison", f"<p>{DEADLY}</p>", label=POISON))


def test_processes_make_the_same_bytes_and_may_die(wiki: SmallWiki, poison: str, notes: Path, tmp_path: Path) -> None:
    run_capture(wiki, tmp_path / "serial")

    with open_converter(SnapshotSettings(executor="processes")) as pool:
        first = run_capture(wiki, tmp_path / "first", executor=DeadlyExecutor(pool, notes))
        second = run_capture(wiki, tmp_path / "second", executor=DeadlyExecutor(pool, notes), rule=WITH_POISON)

    assert first.verdict is RunVerdict.COMPLETE
    assert tree_bytes(tmp_path / "first") == tree_bytes(tmp_path / "serial")
    assert deaths(notes) == {str(wiki.ids["Deadly once"]): 1, poison: 2}
    assert [(each.page_id, each.title) for each in second.failed] == [(poison, "Poison")]
    assert "its text cannot be converted: it ended two processes" in second.failed[0].reason
    assert (second.captured, second.has_shortfall) == (second.expected - 1, True)
    assert [event["pages"] for event in events_of(tmp_path / "second", 1) if event["outcome"] == "fail"] == [
        [],
        [poison],
    ]
    assert verify(tmp_path / "second").is_clean


def test_a_cluster_makes_the_same_bytes_and_its_workers_may_die(
    wiki: SmallWiki, poison: str, notes: Path, tmp_path: Path
) -> None:
    run_capture(wiki, tmp_path / "serial")

    first, second = _capture_on_dask(wiki, tmp_path, notes)

    assert first == {"captured": 7, "verdict": "complete", "failed": {}}
    assert tree_bytes(tmp_path / "first") == tree_bytes(tmp_path / "serial")
    # Twice among others, and twice alone: the scheduler gives up a call after two workers.
    assert deaths(notes) == {str(wiki.ids["Deadly once"]): 1, poison: 4}
    assert (second["captured"], second["verdict"], list(second["failed"])) == (7, "incomplete", [poison])
    assert "it ended several workers of the cluster" in second["failed"][poison]
    assert verify(tmp_path / "second").is_clean


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"executor": "dask"}, "set both or none"),
        ({"scheduler": "tcp://127.0.0.1:8786"}, "set both or none"),
        ({"executor": "serial", "workers": 2}, "workers is for executor: processes"),
        ({"executor": "dask", "scheduler": "127.0.0.1:8786"}, "scheduler"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(settings: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        SnapshotSettings.model_validate(settings)


def _capture_on_dask(wiki: SmallWiki, folder: Path, notes: Path) -> list[dict[str, Any]]:
    path = os.pathsep.join(map(str, (ROOT, ROOT / "wikiserver" / "src")))
    command = ["-m", "tests.snapshot.capture_on_dask", str(folder), wiki.server.url, wiki.flavour.value, str(notes)]
    ran = subprocess.run(
        [need_dask(), *command],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert ran.returncode == 0, ran.stderr
    return [json.loads(line) for line in ran.stdout.splitlines()]
