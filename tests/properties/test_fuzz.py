"""Fuzz targets: whatever the input is, the answer is a value or an error that names the problem.

The differential target, `wikibot verify` against the commands of VERIFY.md, is in tests/snapshot.
"""

import json
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from bot.config.data_file import DataFile
from bot.config.settings import load_settings
from bot.convert.page_conversion import convert_page
from bot.errors import BotError, ContentError, EvidenceError, SettingsError, StorageFormatError
from bot.operations.plan_seal import read_plan, write_plan
from bot.snapshot.archive.bag import parse_bag_info, parse_manifest
from bot.snapshot.archive.change_list import parse_changes
from bot.snapshot.archive.checkpoint import parse_checkpoint
from bot.snapshot.archive.disk import Disk
from bot.snapshot.archive.entry import parse_line
from bot.snapshot.archive.events import parse_events
from bot.snapshot.archive.record import parse_record
from bot.snapshot.verify.verification import verify
from bot.storage.meaning import canonical, is_same
from bot.storage.reader import read_leniently, read_strictly
from bot.storage.regions import Marker, MarkerKind, find_regions
from tests.machine import IS_NIGHTLY
from tests.snapshot.small_tree import capture_first, capture_second
from tests.sync.plans import change, drifted, page, plan

FUZZ = settings(
    max_examples=2_000 if IS_NIGHTLY else 100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
ROOT = Path(__file__).resolve().parents[2]
SEEDS = tuple(path.read_text(encoding="utf-8") for path in sorted((ROOT / "tests" / "pages").glob("*.xml")))
TOKENS = (
    "<", ">", "</p>", "<p>", "&", "&#0;", "&#x110000;", "&nbsp", "]]>", "<![CDATA[", "<!--", "-->", "<?x?>",
    "<!DOCTYPE x>", "<ac:structured-macro ac:name=\"details\">", "</ac:structured-macro>", "<ri:page />", "\x00",
    "\ud800", "\u202e", "\ufffe", "<ac:layout>", "<li>", "</ul>", "<table>", "<td colspan=\"99999999\">", " ac:name=\"",
    "'", "\"", "\r\n",
)  # fmt: skip
DATA = """\
workspace: {space: WS2, home: Home}
status: {lines: [{text: "One **two**", icon: tick}]}
news:
  heading: News
  items:
    - {id: a, date: 2024-01-02, text: "Read the [report](<page:Q1>)."}
"""
BOT = "wiki: {url: https://wiki.example.org}\nworkspaces:\n  - {name: ws2, data: ws2.yaml}\n"
YAML_TOKENS = (":", "- ", "\n", "  ", "{", "}", "[", "]", "&a ", "*a", "!!int", "!x ", "<<: ", "\t", "'", '"', "|", "#",
               "null", "1e999", "2024-13-45", "\x00", "\u202e", "---", "%YAML 9", "\ufeff", "0x")  # fmt: skip


def mutated(seeds: tuple[str, ...], tokens: tuple[str, ...]) -> st.SearchStrategy[str]:
    """Texts that are almost *seeds*: pieces are cut out, doubled or replaced by tokens and any characters."""
    insert = st.sampled_from(tokens) | st.text(max_size=8)
    change_ = st.tuples(st.floats(0, 1), st.integers(0, 40), insert)

    def apply(parts: tuple[str, list[tuple[float, int, str]]]) -> str:
        text, changes = parts
        for share, length, new in changes:
            start = int(share * len(text))
            text = text[:start] + new + text[start + length :]
        return text

    return st.tuples(st.sampled_from(seeds), st.lists(change_, max_size=6)).map(apply)


@FUZZ
@given(body=mutated(SEEDS, TOKENS))
def test_the_reader_takes_any_text(body: str) -> None:
    read_leniently(body, max_depth=200)
    markers = [Marker(name, kind, "News") for name, kind in (("a", MarkerKind.DETAILS), ("b", MarkerKind.HEADING))]
    with suppress(StorageFormatError):
        read_strictly(body)
        find_regions(body, markers)


@FUZZ
@given(one=mutated(SEEDS, TOKENS), other=mutated(SEEDS, TOKENS))
def test_the_comparison_has_an_answer_for_any_texts(one: str, other: str) -> None:
    with suppress(StorageFormatError):
        assert is_same(one, one)
        assert is_same(one, other) == is_same(other, one) == (canonical(one) == canonical(other))


@FUZZ
@given(body=mutated(SEEDS, TOKENS))
def test_the_converter_takes_any_text(body: str) -> None:
    assert convert_page(body).markdown == convert_page(body).markdown


@FUZZ
@given(text=mutated((DATA,), YAML_TOKENS))
def test_the_data_file_is_read_or_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "ws2.yaml"
    path.write_bytes(text.encode("utf-8", errors="surrogatepass"))
    with suppress(ContentError):
        assert DataFile.load(path).data.workspace.space


@FUZZ
@given(text=mutated((BOT,), YAML_TOKENS))
def test_the_settings_are_read_or_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "bot.yaml"
    path.write_bytes(text.encode("utf-8", errors="surrogatepass"))
    with suppress(SettingsError):
        load_settings(path)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=5,
)


def replaced_at(value: Any, choose: Callable[[int], int], new: Any) -> Any:
    """Return *value* with something inside it replaced by *new*."""
    if isinstance(value, dict) and value and (number := choose(len(value) + 1)) < len(value):
        key = list(value)[number]
        return {**value, key: replaced_at(value[key], choose, new)}
    if isinstance(value, list) and value and (number := choose(len(value) + 1)) < len(value):
        return [*value[:number], replaced_at(value[number], choose, new), *value[number + 1 :]]
    return new


@FUZZ
@given(data=st.data(), new=JSON)
def test_a_changed_plan_file_is_refused(data: st.DataObject, new: Any, tmp_path: Path) -> None:
    made = plan(page(change(), drifted()))
    good = write_plan(made, tmp_path)
    assert read_plan(good, tmp_path, digest=None) == made
    content = json.loads(good)
    forged = replaced_at(content, lambda size: data.draw(st.integers(0, size - 1)), new)
    assume(forged != content)

    with pytest.raises(BotError):
        read_plan(json.dumps(forged), tmp_path, digest=None)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("fuzz") / "snapshots"
    capture_first(root, Disk())
    capture_second(root, Disk())
    return root


PARSERS: dict[str, Callable[[bytes], object]] = {
    "CHECKPOINT": lambda data: parse_checkpoint(data, name="x"),
    "*.changes": lambda data: parse_changes(data, name="x"),
    "*.events.jsonl": lambda data: parse_events(data, name="x"),
    "pages.jsonl": lambda data: parse_line(data, name="x"),
    "manifest-sha256.txt": lambda data: parse_manifest(data, name="x"),
    "bag-info.txt": lambda data: parse_bag_info(data, name="x"),
    "*.json": lambda data: parse_record(data, name="x"),
}


@pytest.mark.parametrize("name", PARSERS)
def test_each_file_of_the_evidence_is_read_or_refused(tree: Path, name: str) -> None:
    good = next(path for path in sorted(tree.rglob(name)) if path.is_file()).read_bytes()
    PARSERS[name](good)

    @FUZZ
    @given(
        share=st.floats(0, 1),
        length=st.integers(0, 20),
        new=st.binary(max_size=8) | st.sampled_from([b"\n", b'"', b"\\ud800"]),
    )
    def fuzz(share: float, length: int, new: bytes) -> None:
        start = int(share * len(good))
        with suppress(EvidenceError):
            PARSERS[name](good[:start] + new + good[start + length :])

    fuzz()


@settings(FUZZ, max_examples=1_000 if IS_NIGHTLY else 25)
@given(data=st.data())
def test_verify_finds_each_changed_byte(tree: Path, data: st.DataObject, tmp_path: Path) -> None:
    files = sorted(path.relative_to(tree) for path in tree.rglob("*") if path.is_file())
    name = data.draw(st.sampled_from(files))
    good = (tree / name).read_bytes()
    start, new = data.draw(st.integers(0, len(good))), data.draw(st.binary(max_size=4))
    bad = good[:start] + new + good[start + data.draw(st.integers(0, 4)) :]
    assume(bad != good)
    copy = tmp_path / "copy"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(tree, copy)
    (copy / name).write_bytes(bad)

    with suppress(EvidenceError):
        assert not verify(copy).is_clean
