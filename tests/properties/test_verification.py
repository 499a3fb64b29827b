"""The fast ways of the verification find what the slow and plain ways find."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import EvidenceError
from bot.escape import escape_markdown
from bot.snapshot.archive.change_list import FileChange, is_rendition, page_of, parse_changes, render_changes
from bot.snapshot.archive.entry import PageEntry
from bot.snapshot.archive.indexes import indexed
from bot.snapshot.verify.event_line import LoggedPage
from bot.snapshot.verify.file_names import find_bad_names
from bot.snapshot.verify.page_check import index_page
from bot.snapshot.verify.page_rules import RunOfPage, find_flaws, is_plainly_new

ODD = st.sampled_from(
    [None, True, 1, 1.5, "", "x", "\ud800", [], ["x"], {}, {"id": "1"}, [{"id": "1", "title": "\udfff"}]]
)
USUAL_TIMES = ("2026-01-05T09:00:00Z", "2026-01-05T23:59:59.123456+14:00")
TIMES = st.sampled_from(
    [
        *USUAL_TIMES,
        "2026-02-30T09:00:00Z",
        "2026-01-05T09:00:00",
        "2026-W01-1T09:00:00Z",
        "20260105T090000Z",
        "2026-01-05T24:00:00Z",
        "2026-01-05T09:00:60Z",
        "2026-01-05T09:00:00+24:00",
        "0000-01-05T09:00:00Z",
        "1767603600",
        "\u0662026-01-05T09:00:00Z",
    ]
)
ANCESTORS = st.lists(st.fixed_dictionaries({"id": st.text(max_size=3), "title": st.text(max_size=3)}), max_size=3)
SHOWN = {
    "ancestors": ANCESTORS,
    "page_id": st.text(max_size=3),
    "path": st.just("data/2026/x--1.md"),
    "position": st.none() | st.integers(),
    "space_key": st.text(max_size=3),
    "status": st.sampled_from(["current", "archived", "trashed", "draft", "other"]),
    "title": st.text(max_size=9),
    "url": st.text(max_size=3),
    "version_when": TIMES,
}
LINES = st.sampled_from(
    [
        f"keep {'a' * 64} 000001-000002 WS2/data/_source/1/v1.xml",
        f"drop {'b' * 64} 000001-000002 WS2/data/_attachments/1/more-2/x.png",
        f"view {'c' * 64} 000001-000002 131165",
        f"keep {'d' * 64} 000001-000002 WS2/data/2026/x--7.md",
        f"keep {'d' * 64} 000001-000002 WS2/data/_source/v1.xml",
    ]
)
BROKEN = st.sampled_from(
    [
        "",
        f"keep {'a' * 64} 000001-000002 WS2",
        f"view {'a' * 64} 000001-000002 WS2/1",
        f"view {'a' * 63} 000001-000002 1",
        f"view {'a' * 64} 000001-000002 1\r",
        f"view {'a' * 64} 000001-000002 1 ",
        f"keep {'a' * 64} 000001-000002 WS2/../x",
        f"keep {'a' * 64} 000001-000002 WS2//x",
        f"view {'a' * 64} 000001-000002 1\u2028view {'a' * 64} 000001-000002 1",
        f"kept {'a' * 64} 000001-000002 WS2/x",
    ]
)


@given(
    shown=st.fixed_dictionaries(SHOWN),
    odd=st.dictionaries(st.sampled_from(sorted(SHOWN)), ODD, max_size=1),
    data=st.data(),
)
def test_the_index_of_a_usual_page_is_made_as_that_of_any_page(
    shown: dict[str, Any], odd: dict[str, Any], data: st.DataObject
) -> None:
    shown |= odd
    captured, gone = data.draw(TIMES), data.draw(st.none() | TIMES)
    archived, version = (
        data.draw(st.sampled_from(["true", "false"])),
        data.draw(st.sampled_from(["1", "0", "9" * 5_000])),
    )
    fields = ("1", "WS2", "data/_source/1/record-000001.json", "data/_source/1/v1.xml", "a" * 64, version)
    log = LoggedPage("", *fields, captured, archived, gone, None, "wikibot-markdown 5")

    found = index_page(shown, log)

    if found is not None:
        assert found == indexed(PageEntry.model_validate(shown | _state_fields(log)))
    else:
        is_usual = all(when in (None, *USUAL_TIMES) for when in (captured, gone, shown["version_when"]))
        assert odd or shown["status"] == "other" or len(version) > 1 or not is_usual


@given(
    lines=st.lists(LINES, max_size=4),
    broken=BROKEN,
    repeats=st.sampled_from([0, 1, 700]),
    after=st.lists(LINES, max_size=2),
)
def test_the_first_wrong_line_of_a_list_of_changes_is_named(
    lines: list[str], broken: str, repeats: int, after: list[str]
) -> None:
    before = [*lines, *[f"view {'c' * 64} 000001-000002 131165"] * repeats]
    text = "".join(f"{line}\n" for line in ["# wikibot changes 2", *before, broken, *after, broken])

    with pytest.raises(EvidenceError, match=rf"x\.changes:{len(before) + 2}: is not a line"):
        parse_changes(text.encode(), name="x.changes")


@given(lines=st.lists(LINES, max_size=6))
def test_a_list_of_changes_reads_back_with_the_pages(lines: list[str]) -> None:
    changes = [FileChange(*line.split(" ")) for line in lines]

    found = parse_changes(render_changes(changes), name="x")

    assert sorted(each[:4] for each in found) == sorted(each[:4] for each in changes)
    for each in found:
        path = each.target.partition("/")[2]
        assert each.page == (each.target if each.verb == "view" else "" if is_rendition(path) else page_of(path))


@given(
    st.lists(
        st.sampled_from(["a", "con", "Con.txt", "x.con", "lpt1", "lpt0", "dot.", "..", "a.b", "nul.", "com"]),
        max_size=4,
    )
)
def test_bad_names_are_found_wherever_they_are(names: list[str]) -> None:
    path = "/".join(["top", *names])
    bad = {"con", "Con.txt", "lpt1", "dot.", "..", "nul."}

    assert [found for found, _ in find_bad_names([path, "other/file.md"])] == [path] * (not bad.isdisjoint(names))


@given(st.text("ab _*-.:()\n\t\u00a0\0<&", max_size=12))
def test_plain_words_are_escaped_as_any_text_is(text: str) -> None:
    marked = escape_markdown(f"{text} _")  # the mark makes every text a special one

    assert marked in (f"{escape_markdown(text)} \\_", "\\_")


def _state_fields(log: LoggedPage) -> dict[str, object]:
    return {
        "version": log.version,
        "captured_at": log.captured_at,
        "record_path": log.record,
        "source_path": log.source or log.record,
        "source_sha256": log.sha256,
        "converter": log.converter,
        "is_selected": log.archived == "true",
        "tombstone": {"when": log.tombstone} if log.tombstone else None,
    }


@given(
    captured_at=st.sampled_from(["2026-01-05T09:00:00Z", "2026-01-06T09:00:00Z", "2026-02-30T09:00:00Z"]),
    tombstone=st.sampled_from([None, None, "2026-01-06T09:00:00Z"]),
    redacted_at=st.sampled_from([None, None, "2026-01-06T09:00:00Z"]),
    record=st.sampled_from(["data/_source/7/record-000002.json", "data/_source/8/record-000002.json"]),
    source=st.sampled_from(["data/_source/7/v1.xml", "data/_source/8/v1.xml", None]),
    kinds=st.sets(st.sampled_from(["capture", "metadata", "redaction", "deletion", "migration"]), max_size=2),
    when=st.sampled_from(["2026-01-06T09:00:00Z", "2026-02-30T09:00:00Z"]),
    since=st.sampled_from(["", "2026-01-05T09:00:00Z", "2026-03-01T09:00:00Z"]),
    is_written=st.booleans(),
    is_held=st.booleans(),
)
def test_a_page_that_looks_new_at_a_glance_breaks_no_rule(
    captured_at: str,
    tombstone: str | None,
    redacted_at: str | None,
    record: str,
    source: str | None,
    kinds: set[str],
    when: str,
    since: str,
    *,
    is_written: bool,
    is_held: bool,
) -> None:
    kept = {f"WS2/{path}" for path in (record, source) if path and is_written}
    after = LoggedPage("", "7", "WS2", record, source, "a" * 64, "1", captured_at, "true", tombstone, redacted_at, "x")
    run = RunOfPage(when, kinds, kept, is_held=is_held, since=since)

    flaws = find_flaws(run, None, after)

    assert is_plainly_new(run, after) is not any([flaws, tombstone, redacted_at, captured_at != when])
