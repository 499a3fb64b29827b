"""Reports of page properties and lists by label are captured as they were."""

from pathlib import Path

import pytest

from bot.snapshot.capture.reports import find_reports, read_labels, read_properties
from bot.snapshot.verifying.check import verify
from tests.snapshot.capturing import markdown_of, run_capture
from tests.snapshot.small_tree import tree_bytes
from tests.snapshot.small_wiki import SmallWiki


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
    assert rows[2].endswith("| 2024-02-01 | Done & dusted |")
    a = reported.ids["Meeting A"]
    assert f"meeting-a--{a}.md)" in rows[2]
    assert rows[3].partition("](")[2].startswith("http")
    assert text.count("as captured") == 2
    assert verify(tmp_path).is_clean


def test_a_second_capture_writes_nothing(reported: SmallWiki, tmp_path: Path) -> None:
    run_capture(reported, tmp_path)
    before = tree_bytes(tmp_path)

    assert run_capture(reported, tmp_path, day=1).checkpoint is None
    assert tree_bytes(tmp_path) == before


@pytest.mark.parametrize(
    ("parameters", "labels"),
    [
        ({"label": "a, B"}, ("a", "b")),
        ({"labels": "a", "spaces": "@self"}, ("a",)),
        ({"cql": 'label in ("x","y") and type = page'}, ("x", "y")),
        ({"cql": "label = x and space = WS2"}, ("x",)),
        ({"label": "a, -b"}, None),
        ({"label": "a", "spaces": "OTHER"}, None),
        ({"cql": 'label = "x" and creator = currentUser()'}, None),
        ({"cql": 'label = "x" or label = "y"'}, None),
        ({"cql": 'label = "x" and space = OTHER'}, None),
        ({}, None),
    ],
)
def test_only_what_is_understood_is_listed(parameters: dict[str, str], labels: tuple[str, ...] | None) -> None:
    (found,) = find_reports(
        macro("detailssummary", **{key: value.replace('"', "&quot;") for key, value in parameters.items()}),
        "detailssummary",
    )

    assert read_labels(found, "WS2") == labels


def test_properties_run_downwards_or_sideways_and_may_have_an_id() -> None:
    sideways = "<tr><th>A</th><th>B</th></tr><tr><td>1</td><td>2</td></tr>"
    named = '<ac:parameter ac:name="id">x</ac:parameter>'
    body = details(sideways) + details("<tr><th>A</th><td>9</td></tr><tr><th>C</th><td>3</td></tr>", named)

    assert read_properties(body) == {"A": "1", "B": "2", "C": "3"}
    assert read_properties(body, wanted_id="x") == {"A": "9", "C": "3"}


def test_people_and_pages_in_properties_are_named() -> None:
    user = '<ac:link><ri:user ri:account-id="712020:a" /></ac:link>'
    page = '<ac:link><ri:page ri:content-title="Final Report" /></ac:link>'

    assert read_properties(
        details(f"<tr><th>Who</th><td>{user} wrote {page}</td></tr>"), users={"712020:a": "Ana"}
    ) == {"Who": "@Ana wrote Final Report"}
