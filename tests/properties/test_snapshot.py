"""What must be true for any title, id, text and history in the snapshots."""

import datetime as dt
import re
from contextlib import closing
from io import StringIO

from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from ruamel.yaml import YAML

from bot.errors import SnapshotError
from bot.escape import escape_markdown
from bot.snapshot.archive import paths
from bot.snapshot.archive.bag import parse_manifest, render_manifest
from bot.snapshot.archive.checkpoint import Checkpoint, parse_checkpoint, render_checkpoint
from bot.snapshot.archive.frontmatter import render_front_matter
from bot.snapshot.archive.verdict import RunVerdict
from bot.snapshot.query.page_diff import ChangeKind, compare_blocks
from bot.snapshot.query.search import build_query, find_hits, open_scratch_index, put_page
from bot.text_diff import PieceKind, diff_words

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
ANY_TEXT = st.text(st.characters())
DIGEST = st.text("0123456789abcdef", min_size=64, max_size=64)
PATH = st.from_regex(r"[a-z0-9_]{1,8}(/[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,11}[a-z])?", fullmatch=True)
SAFE_NAME = re.compile(r"[0-9a-z.-]+")


@given(title=ANY_TEXT, page_id=ANY_TEXT)
def test_page_names_suit_every_file_system(title: str, page_id: str) -> None:
    name = paths.page_name(title, page_id)

    assert len(name.encode()) <= 143  # the least that a file system in use allows (eCryptfs)
    assert SAFE_NAME.fullmatch(name)
    assert not name.startswith(".")


@given(first=ANY_TEXT, second=ANY_TEXT, title=ANY_TEXT, other_title=ANY_TEXT)
def test_pages_never_share_a_name(first: str, second: str, title: str, other_title: str) -> None:
    names = [paths.page_name(title, first).lower(), paths.page_name(other_title, second).lower()]

    # two titles that look alike end in different ids: no id contains `--`, which separates it from the title
    assert (names[0].rpartition("--")[2] == names[1].rpartition("--")[2]) == (first == second)


@given(name=ANY_TEXT, attachment=ANY_TEXT, version=st.integers(1, 10**6), edition=st.integers(1, 9))
def test_attachment_names_suit_every_file_system(name: str, attachment: str, version: int, edition: int) -> None:
    path = paths.attachment_path("1", attachment, name, version, edition=edition)

    last = path.rpartition("/")[2]
    assert len(last.encode()) <= 143 + 20
    assert SAFE_NAME.fullmatch(last)


@given(version=st.integers(1, 100_000), edition=st.integers(1, 2_000))
def test_the_path_of_a_body_reports_version_and_edition(version: int, edition: int) -> None:
    assert paths.source_order(paths.source_path("7", version, edition=edition)) == (version, edition)


@given(numbers=st.sets(st.integers(1, 5_000), max_size=300))
def test_no_folder_of_a_page_overflows(numbers: set[int]) -> None:
    folders: dict[str, set[str]] = {}
    records = [paths.record_path("7", n, earlier=earlier) for earlier, n in enumerate(sorted(numbers))]
    for path in [*(paths.source_path("7", n) for n in numbers), *records]:
        folder, _, name = path.rpartition("/")
        folders.setdefault(folder, set()).add(name)

    assert all(len(names) <= paths.MAX_ENTRIES for names in folders.values())


@given(space=ANY_TEXT, taken=st.sets(st.sampled_from(["ws2", "space", "space-log"])))
def test_bag_names_are_free_and_safe(space: str, taken: set[str]) -> None:
    name = paths.bag_name(space, lambda name: name.lower() in taken)

    assert name.lower() not in taken | {"log", "con", "nul"}
    assert re.fullmatch(r"[0-9A-Za-z_-]+", name)


@given(
    values=st.dictionaries(
        st.sampled_from(["title", "labels", "version", "losses"]),
        TEXT | st.integers() | st.none() | st.lists(TEXT) | st.lists(st.fixed_dictionaries({"kind": TEXT})),
    )
)
def test_front_matter_reads_back_as_yaml(values: dict[str, object]) -> None:
    text = render_front_matter(values)

    assert text.startswith("---\n")
    assert text.endswith("---\n")
    assert (YAML(typ="safe").load(StringIO(text[4:-4])) or {}) == values


@given(digests=st.dictionaries(PATH, DIGEST, max_size=8))
def test_manifests_read_back(digests: dict[str, str]) -> None:
    assert parse_manifest(render_manifest(digests), name="m") == digests


@given(
    origin=st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1),
    sequence=st.integers(1, 10**9 - 1),
    when=st.datetimes(dt.datetime(2000, 1, 1), dt.datetime(2999, 1, 1)),  # noqa: DTZ001 -- hypothesis wants them naive
    digests=st.dictionaries(PATH, DIGEST, max_size=5),
    verdict=st.one_of(st.none(), st.sampled_from(RunVerdict)),
)
def test_checkpoints_read_back(
    origin: str, sequence: int, when: dt.datetime, digests: dict[str, str], verdict: RunVerdict | None
) -> None:
    moment = when.replace(microsecond=0, tzinfo=dt.UTC)
    checkpoint = Checkpoint("0" * 32, origin, sequence, moment, None, digests, verdict=verdict)

    assert parse_checkpoint(render_checkpoint(checkpoint)) == checkpoint


@given(old=TEXT, new=TEXT)
def test_a_diff_of_words_contains_both_texts(old: str, new: str) -> None:
    pieces = diff_words(old, new)

    assert "".join(p.text for p in pieces if p.kind is not PieceKind.ADDED) == old
    assert "".join(p.text for p in pieces if p.kind is not PieceKind.REMOVED) == new


BLOCKS = st.lists(st.tuples(st.sampled_from(["paragraph", "heading"]), st.sampled_from(["a b c", "a b d", "x", "y z"])))


@given(old=BLOCKS, new=BLOCKS)
def test_a_diff_of_blocks_contains_the_new_page_in_order(
    old: list[tuple[str, str]], new: list[tuple[str, str]]
) -> None:
    changes = compare_blocks(old, new)

    shown = [
        (c.kind, "".join(p.text for p in c.pieces if p.kind is not PieceKind.REMOVED))
        for c in changes
        if c.change is not ChangeKind.REMOVED
    ]
    assert shown == new


@given(text=TEXT)
def test_a_title_in_markdown_reads_as_it_was(text: str) -> None:
    wanted = " ".join(text.split()).replace("\0", "\ufffd")
    inline = MarkdownIt("gfm-like", {"linkify": False}).parse(f"- [{escape_markdown(text)}](x.md) end")

    leaves = [leaf for token in inline for leaf in token.children or []]
    assert "".join(leaf.content for leaf in leaves) == f"{wanted} end"


@settings(max_examples=200)
@given(words=TEXT)
def test_nothing_that_is_typed_breaks_the_search(words: str) -> None:
    with closing(open_scratch_index()) as database:
        put_page(database, ("1", "T", "p", "s", "x"), "T", "", words)
        try:
            query = build_query(words)
        except SnapshotError:
            return
        list(find_hits(database, query, 5))


@given(words=st.lists(st.from_regex(r"[a-zéа-я一-龥]{2,8}", fullmatch=True), min_size=1, max_size=5))
def test_what_is_on_a_page_is_found_by_each_of_its_words(words: list[str]) -> None:
    with closing(open_scratch_index()) as database:
        put_page(database, ("1", "T", "p", "s", "x"), "T", "", " ".join(words))
        for word in words:
            assert [hit.page_id for hit in find_hits(database, build_query(word), 5)] == ["1"]
