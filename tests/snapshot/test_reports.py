"""Reports of page properties and lists by label are captured as they were at that time."""

import re
from pathlib import Path

import pytest

from bot.errors import WikiError
from bot.snapshot.archive.verdict import RunVerdict
from bot.snapshot.archive.writer import open_writer
from bot.snapshot.capture import listings
from bot.snapshot.capture.rebuild import rebuild
from bot.snapshot.capture.report_macros import (
    LabelQuery,
    find_listings,
    merge_properties,
    read_columns,
    read_properties,
    read_query,
)
from bot.snapshot.capture.serial_executor import SerialExecutor
from bot.snapshot.verify.verification import verify
from bot.wiki.dialect import Flavour
from tests.snapshot.capturing import markdown_of, run_capture
from tests.snapshot.small_tree import AFTER, SOFTWARE, state_of, tree_bytes
from tests.snapshot.small_wiki import ANA, LI, WHEN, SmallWiki


def details(rows: str, parameter: str = "") -> str:
    body = f"<ac:rich-text-body><table><tbody>{rows}</tbody></table></ac:rich-text-body>"
    return f'<ac:structured-macro ac:name="details">{parameter}{body}</ac:structured-macro>'


def macro(name: str, **parameters: str) -> str:
    inner = "".join(f'<ac:parameter ac:name="{key}">{value}</ac:parameter>' for key, value in parameters.items())
    return f'<ac:structured-macro ac:name="{name}">{inner}</ac:structured-macro>'


STATUS = macro("status", colour="Green", title="Done")
ROWS = (
    '<tr><th>Date</th><td><time datetime="2024-02-01" /></td></tr>'
    f"<tr><th>State</th><td>{STATUS} &amp; dusted</td></tr>"
)


@pytest.fixture
def reported(wiki: SmallWiki) -> SmallWiki:
    """A page that reports on two others, of which one is captured."""
    wiki.add("Meeting B", details(ROWS.replace("02-01", "03-01")), label="meeting")
    wiki.add("Meeting A", details(ROWS), label="meeting")
    wiki.store.labels.add(wiki.ids["Meeting A"], "archived")
    report = macro("detailssummary", cql='label = "meeting" and space = currentSpace()', firstcolumn="Meeting")
    wiki.add("Overview", report + macro("contentbylabel", labels="meeting"))
    return wiki


def test_a_report_and_a_list_show_what_they_showed(reported: SmallWiki, tmp_path: Path) -> None:
    run_capture(reported, tmp_path)

    text = markdown_of(tmp_path, "Overview")
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert rows[0] == "| Meeting | Date | State |"
    assert [row.partition("](")[0] for row in rows[2:]] == ["| [Meeting A", "| [Meeting B"]
    assert rows[2].endswith("| 2024-02-01 | 🟢 **Done** & dusted |")
    a = reported.ids["Meeting A"]
    assert f"meeting-a--{a}.md)" in rows[2]
    assert rows[3].partition("](")[2].startswith("http")
    assert text.count("as captured") == 2
    assert verify(tmp_path).is_clean


def test_values_of_a_report_are_what_the_pages_have(wiki: SmallWiki, tmp_path: Path) -> None:
    li = wiki.store.people.get(LI)
    key = f'ri:account-id="{LI}"' if wiki.flavour is Flavour.CLOUD else f'ri:userkey="{li.user_key}"'
    rows = (
        f"<tr><th>State</th><td>{STATUS} <strong>now</strong></td></tr>"
        f"<tr><th>Owner</th><td><ac:link><ri:user {key} /></ac:link></td></tr>"
        '<tr><th>See</th><td><ul><li><a href="https://e.example/a">this</a></li>'
        '<li><ac:link><ri:page ri:content-title="Minutes" /></ac:link></li></ul></td></tr>'
        '<tr><th>File</th><td><ac:image><ri:attachment ri:filename="plan.png" /></ac:image></td></tr>'
    )
    meeting = wiki.add("Meeting", details(rows), label="meeting")
    wiki.store.attachments.add(meeting, "plan.png", b"\x89PNG plan", author=ANA, media_type="image/png", when=WHEN)
    wiki.add("Overview", macro("detailssummary", label="meeting"))

    run_capture(wiki, tmp_path)

    (row,) = [line for line in markdown_of(tmp_path, "Overview").splitlines() if line.startswith("| [Meeting]")]
    assert "🟢 **Done** **now**" in row
    assert f"@{li.display_name}" in row
    assert "[this](https://e.example/a)" in row or '<a href="https://e.example/a">this</a>' in row
    assert re.search(r"minutes--\d+\.md", row)
    assert re.search(r"\.\./_attachments/\d+/\S+-v1\.png", row)
    assert verify(tmp_path).findings == ()


def test_a_second_capture_writes_nothing(reported: SmallWiki, tmp_path: Path) -> None:
    run_capture(reported, tmp_path)
    before = tree_bytes(tmp_path)

    assert run_capture(reported, tmp_path, day=1).checkpoint is None
    assert tree_bytes(tmp_path) == before


def test_a_rebuild_needs_no_wiki_and_gives_the_same_bytes(reported: SmallWiki, tmp_path: Path) -> None:
    run_capture(reported, tmp_path)
    before = tree_bytes(tmp_path)

    with open_writer(state_of(tmp_path), origin="https://wiki.test", software=SOFTWARE, clock=lambda: AFTER) as writer:
        assert rebuild(writer, SerialExecutor()).checkpoint is None
    assert tree_bytes(tmp_path) == before


def test_each_macro_of_a_page_has_its_own_list(reported: SmallWiki, tmp_path: Path) -> None:
    reported.add("Plan", details("<tr><th>State</th><td>Draft</td></tr>"), label="plan")
    meetings, plans = (macro("detailssummary", label=label, headings="State") for label in ("meeting", "plan"))
    unknown = macro("detailssummary", cql="creator = currentUser()")
    newest_first = macro("contentbylabel", labels="meeting", spaces="@self", sort="title", reverse="true", max="1")
    reported.add("Both", f"{meetings}{plans}{unknown}{newest_first}")

    run_capture(reported, tmp_path)

    meetings_shown, plans_shown, unknown_shown, list_shown = re.split(
        r"\n\n(?=\*\()", markdown_of(tmp_path, "Both").partition("# Both")[2]
    )[1:]
    assert meetings_shown.count("**Done** & dusted") == 2
    assert "Draft" not in meetings_shown
    assert [row.partition("](")[0] for row in plans_shown.splitlines()[4:]] == ["| [Plan"]
    assert unknown_shown == "*(report of page properties: not captured)*"
    assert [line.partition("](")[0] for line in list_shown.split("\n\n")[1].splitlines()] == ["- [Meeting B"]
    front = markdown_of(tmp_path, "Both").partition("---\n# ")[0]
    assert front.count("cql: creator = currentUser()") == 1


def test_a_label_is_asked_for_once_a_run_and_only_where_it_is_shown(reported: SmallWiki, tmp_path: Path) -> None:
    reported.add("Again", macro("contentbylabel", cql='label = "meeting"'))

    def count_searches(day: int) -> int:
        with reported.proxied() as proxy:
            run_capture(reported, tmp_path, day=day)
        return sum("search" in path and "meeting" in path for _, path in proxy.seen)

    assert count_searches(day=0) == 2  # each answer is asked for twice
    reported.edit("Minutes", "<p>four</p>")
    assert count_searches(day=1) == 0


def test_a_long_list_is_cut_and_says_so(reported: SmallWiki, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listings, "_LISTED_PAGES", 1)

    run_capture(reported, tmp_path)

    text = markdown_of(tmp_path, "Overview")
    assert "*(report of page properties, as captured; 1 more left out)*" in text
    assert "*(pages with a label, as captured; 1 more left out; of this space only)*" in text
    assert "Meeting B" not in text


def test_a_report_sorts_as_it_says(reported: SmallWiki, tmp_path: Path) -> None:
    reported.add("Sorted", macro("detailssummary", label="meeting", sortBy="Date", reverseSort="true"))

    run_capture(reported, tmp_path)

    rows = [line for line in markdown_of(tmp_path, "Sorted").splitlines() if line.startswith("| [")]
    assert [row.partition("](")[0] for row in rows] == ["| [Meeting B", "| [Meeting A"]


def test_a_search_that_fails_is_a_loss_and_a_doubt(reported: SmallWiki, tmp_path: Path) -> None:
    class NoSearch(type(reported.gateway)):  # type: ignore[misc]  # the class of the gateway at hand
        """A gateway whose search knows nothing of this label."""

        def find_labelled(self, space_key: str, label: str) -> list[str]:
            if label == "meeting":
                raise WikiError("the search index is being built")
            return list(super().find_labelled(space_key, label))

    reported.gateway.__class__ = NoSearch

    assert run_capture(reported, tmp_path).verdict is RunVerdict.UNCONFIRMED
    assert markdown_of(tmp_path, "Overview").count(": not captured)*") == 2


@pytest.mark.parametrize(
    ("parameters", "query"),
    [
        ({"label": "a, B"}, LabelQuery(("a", "b"))),
        ({"labels": "a", "spaces": "@self"}, LabelQuery(("a",))),
        ({"labels": "a", "spaces": "WS2,OTHER"}, LabelQuery(("a",), is_partial=True)),
        ({"labels": "a, b", "operator": "AND"}, LabelQuery(("a", "b"), needs_all=True)),
        ({"cql": 'label in ("x","y") and type = page'}, LabelQuery(("x", "y"), is_partial=True)),
        ({"cql": "label = x and space = WS2"}, LabelQuery(("x",))),
        ({"cql": 'space = currentSpace() and label = "x" and label = y'}, LabelQuery(("x", "y"), needs_all=True)),
        ({"label": "a, -b"}, None),
        ({"label": "a", "author": "ana"}, None),
        ({"label": "a", "type": "blogpost"}, None),
        ({"label": "a", "spaces": "OTHER"}, None),
        ({"cql": 'label = "x" and creator = currentUser()'}, None),
        ({"cql": 'label = "x" or label = "y"'}, None),
        ({"cql": 'label != "x"'}, None),
        ({"cql": 'label in ("x","y") and label = "z"'}, None),
        ({"cql": 'label = "x" and space = OTHER'}, None),
        ({"cql": 'label = "x" and space = WS2-OLD'}, None),
        ({}, None),
    ],
)
def test_only_what_is_understood_is_listed(parameters: dict[str, str], query: LabelQuery | None) -> None:
    asked = {key: value.replace('"', "&quot;") for key, value in parameters.items()}
    (found,) = find_listings(macro("detailssummary", **asked))

    assert read_query(found, "WS2") == query


def test_a_list_by_label_alone_means_every_space() -> None:
    (found,) = find_listings(macro("contentbylabel", labels="a"))

    assert read_query(found, "WS2") == LabelQuery(("a",), is_partial=True)


def test_a_macro_in_a_code_block_asks_for_nothing() -> None:
    assert (
        find_listings(f"<ac:plain-text-body><![CDATA[{macro('detailssummary', label='x')}]]></ac:plain-text-body>")
        == []
    )


def test_properties_run_downwards_or_sideways_and_may_have_an_id() -> None:
    sideways = "<tr><th>A</th><th>B</th></tr><tr><td>1</td><td>2</td></tr><tr><td>3</td><td>4</td></tr>"
    named = '<ac:parameter ac:name="id">x</ac:parameter>'
    downwards = (
        "<tr><th>C</th><td>5</td></tr><tr><th>A</th><td>9<table><tr><th>no</th><td>row</td></tr></table></td></tr>"
    )
    blocks = read_properties(details(sideways) + details(downwards, named), str)

    first, second, third = merge_properties(blocks)
    assert (first, second) == ({"A": "1", "B": "2"}, {"A": "3", "B": "4"})
    assert third == {"C": "5", "A": "9 no row"}
    assert merge_properties(blocks, "x") == [third]


def test_a_value_is_what_a_reader_sees() -> None:
    user = '<ac:link><ri:user ri:account-id="712020:a" /></ac:link>'
    page = '<ac:link><ri:page ri:content-title="Final Report" /></ac:link>'
    tasks = (
        "<ac:task-list><ac:task><ac:task-id>7</ac:task-id><ac:task-status>complete</ac:task-status>"
        "<ac:task-body>one</ac:task-body></ac:task></ac:task-list>"
    )
    code = macro("code").replace("><", "><ac:plain-text-body><![CDATA[a <b> c]]></ac:plain-text-body><", 1)
    values = {
        "Who": (f"{user} wrote {page}", "@Ana wrote Final Report"),
        "When": ("<p>the 2<sup>nd</sup></p><p>of May</p>", "the 2nd of May"),
        "State": (STATUS, "🟢 Done"),
        "Tasks": (tasks, "[x] one"),
        "Code": (code, "a <b> c"),
    }
    rows = "".join(f"<tr><th><p>{name}</p></th><td>{markup}</td></tr>" for name, (markup, _) in values.items())

    (block,) = read_properties(details(rows), {"712020:a": "Ana"}.__getitem__)

    assert block.rows == ({name: text for name, (_, text) in values.items()},)


def test_headings_may_be_quoted() -> None:
    assert read_columns('Date, "Who, and why" ,Chair', []) == ("Date", "Who, and why", "Chair")
    assert read_columns("", [{"B": "1"}, {"A": "2", "B": "3"}]) == ("B", "A")
