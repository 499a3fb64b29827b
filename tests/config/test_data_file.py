import datetime as dt
import difflib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config import yaml_edit
from bot.config.data_file import DataFile
from bot.config.data_model import Icon, News, NewsItem, QuickLink, StatusLine
from bot.config.link_choice import LinkChoice
from bot.config.yaml_source import parse_yaml
from bot.errors import ContentError

TEXT = """\
# yaml-language-server: $schema=workspace.schema.json
workspace: {space: WS2, home: Home}   # where it lives

status:
  heading: "Status:"  # people know this word
  lines:
    - {icon: tick, text: Adopted.}

    # the star is blue on some wikis
    - {icon: star, text: "Ongoing - see [this](page:Implementation)."}
quick_links:
  links:
    - text: Report
      page: Final Report
      links:
      - {text: Annex, url: "https://example.org/annex"}
    - {text: Group, page: Group}
news:   # newest first
  show: 5
  items:
    # from the office
    - id: first
      text: |
        Two lines
        of text
      date: 2024-02-22   # a Thursday

    - id: second
      text: Plain

# the end
"""
PATH = Path("ws2.yaml")
LINE = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp", "Cf")), min_size=1, max_size=30).filter(
    str.strip
)


@pytest.fixture
def document() -> DataFile:
    return DataFile.parse(TEXT, PATH)


def changed_lines(after: DataFile, before: str = TEXT) -> list[str]:
    diff = difflib.ndiff(before.splitlines(), after.text.splitlines())
    return [line for line in diff if line.startswith(("+ ", "- "))]


def test_a_new_item_is_inserted_and_nothing_else_moves(document: DataFile) -> None:
    after = document.add_news(NewsItem(id="new", text="Fresh: **news**", date=dt.date(2026, 3, 1)))

    assert changed_lines(after) == ["+     - id: new", "+       date: 2026-03-01", "+       text: 'Fresh: **news**'"]


def test_an_edited_text_replaces_only_its_own_value(document: DataFile) -> None:
    after = document.edit_news("first", {"text": "One line"})

    gone = ["-       text: |", "-         Two lines", "-         of text"]
    assert sorted(changed_lines(after)) == sorted([*gone, "+       text: One line"])


def test_a_key_set_to_none_goes_and_a_new_key_comes_last(document: DataFile) -> None:
    after = document.edit_news("first", {"date": None, "pinned": True})

    assert changed_lines(after) == ["-       date: 2024-02-22   # a Thursday", "+       pinned: true"]


def test_removing_all_news_leaves_an_empty_list_and_the_comments(document: DataFile) -> None:
    after = document.remove_news("second").remove_news("first")

    assert after.data.news == News(show=5, items=())
    for comment in ("# newest first", "# from the office", "# a Thursday", "# the end"):
        assert comment in after.text
    assert after.add_news(NewsItem(id="again", text="x")).data.news is not None


def test_status_lines_and_heading_are_edited_where_they_stand(document: DataFile) -> None:
    after = document.edit_banner_line(1, {"icon": "cross"}).set_heading("status", "State: now")

    assert changed_lines(after) == [
        '-   heading: "Status:"  # people know this word',
        "+   heading: 'State: now'  # people know this word",
        "-     - {icon: tick, text: Adopted.}",
        "+     - {icon: cross, text: Adopted.}",
    ]


def test_new_status_lines_replace_the_old_ones(document: DataFile) -> None:
    after = document.set_banner([StatusLine(icon=Icon.TICK, text="Done.")])

    assert after.data.status is not None
    assert after.data.status.lines == (StatusLine(icon=Icon.TICK, text="Done."),)
    assert "# people know this word" in after.text


def test_links_are_added_at_the_top_level_and_below_others(document: DataFile) -> None:
    top = document.add_link(QuickLink(text="New", url="https://example.org"))
    below = document.add_link(QuickLink(text="New", url="https://example.org"), under="Annex")

    assert changed_lines(top) == ["+     - {text: New, url: https://example.org}"]
    annex = below.data.quick_links.links[0].links[0] if below.data.quick_links else None
    assert annex is not None
    assert [link.text for link in annex.links] == ["New"]


def test_removing_the_only_link_below_another_removes_the_empty_list(document: DataFile) -> None:
    after = document.remove_link(LinkChoice("Annex"))

    assert changed_lines(after) == ["-       links:", '-       - {text: Annex, url: "https://example.org/annex"}']


def test_a_section_that_is_absent_is_made() -> None:
    document = DataFile.parse("workspace: {space: A, home: B}\n", PATH)

    after = (
        document.add_news(NewsItem(id="a", text="x")).add_link(QuickLink(text="L")).set_banner([StatusLine(text="S")])
    )

    assert after.text.startswith("workspace: {space: A, home: B}\n")
    assert after.data.news is not None
    assert after.data.quick_links is not None
    assert after.data.status is not None


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@given(text=LINE, index=st.integers(0, 2))
def test_any_text_can_be_added_and_all_old_lines_stay(newline: str, text: str, index: int) -> None:
    before = TEXT.replace("\n", newline)
    document = DataFile.parse(before, PATH)

    after = document.add_news(NewsItem(id="new", text=text), index=index)

    assert after.data.news is not None
    assert after.data.news.items[index].text == text
    added = [line for line in after.text.split(newline) if line not in before.split(newline)]
    assert len(after.text.split(newline)) == len(before.split(newline)) + 2
    assert len(added) == 2


@given(text=LINE, line=st.sampled_from([1, 2]))
def test_any_text_can_replace_a_status_text_in_flow_style(text: str, line: int) -> None:
    after = DataFile.parse(TEXT, PATH).edit_banner_line(line, {"text": text})

    assert after.data.status is not None
    assert after.data.status.lines[line - 1].text == text
    assert len(changed_lines(after)) <= 2


def test_saving_keeps_line_ends_and_mode_and_leaves_no_temporary_file(tmp_path: Path) -> None:
    path = tmp_path / "ws2.yaml"
    path.write_bytes(TEXT.replace("\n", "\r\n").encode())
    path.chmod(0o640)

    DataFile.load(path).edit_news("second", {"text": "é"}).save()

    assert path.read_bytes() == TEXT.replace("text: Plain", "text: é").replace("\n", "\r\n").encode()
    assert path.stat().st_mode & 0o777 == 0o640
    assert [file.name for file in tmp_path.iterdir()] == ["ws2.yaml"]


def test_saving_refuses_to_overwrite_what_someone_else_wrote(tmp_path: Path) -> None:
    path = tmp_path / "ws2.yaml"
    path.write_text(TEXT)
    mine = DataFile.load(path).remove_news("second")
    path.write_text(TEXT + "# theirs\n")

    with pytest.raises(ContentError, match="changed on disk"):
        mine.save()

    assert path.read_text() == TEXT + "# theirs\n"


def test_a_created_file_reads_back_as_the_same_workspace(document: DataFile) -> None:
    created = DataFile.create(document.data, PATH)

    assert created.data == document.data
    assert created.text.startswith("# yaml-language-server: $schema=workspace.schema.json\n")


def test_unknown_ids_links_and_lines_are_named_with_their_place(document: DataFile) -> None:
    with pytest.raises(ContentError, match=r"ws2\.yaml:19: there is no news item 'x'"):
        document.remove_news("x")
    with pytest.raises(ContentError, match=r"ws2\.yaml:12: there is no link 'x'"):
        document.remove_link(LinkChoice("x"))
    with pytest.raises(ContentError, match="banner has no line 3"):
        document.edit_banner_line(3, {"text": "x"})
    with pytest.raises(ContentError, match="there is a news item 'first' already"):
        document.add_news(NewsItem(id="first", text="x"))


def test_a_text_that_the_yaml_library_cannot_read_back_unquoted_is_quoted() -> None:
    after = DataFile.parse(TEXT, PATH).edit_banner_line(2, {"text": "?ī"})

    assert '- {icon: star, text: "?ī"}' in after.text


@pytest.mark.parametrize(
    "key",
    [
        "~jane@example.org",
        "~jane+wiki@example.org",
        "~712020ab",
        "~712020:aa-bb",
        "~o'neil",
        "~m\u00fcller",
        "~a(b)",
        "WS2",
    ],
)
def test_the_key_of_a_personal_space_is_accepted(key: str) -> None:
    document = DataFile.parse(f'workspace: {{space: "{key}", home: B}}\n', PATH)

    assert document.data.workspace.space == key


@pytest.mark.parametrize(
    "changes",
    [
        {"text": "New: words", "pinned": True, "date": dt.date(2026, 3, 1)},
        {"text": "New", "date": None, "pinned": None},
        {"group": "May", "publish_at": dt.datetime(2026, 3, 1, tzinfo=dt.UTC)},
    ],
)
def test_several_keys_of_one_entry_are_changed_with_one_parse(
    changes: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    document = DataFile.parse(TEXT, PATH)
    parsed: list[str] = []

    def count(text: str, **options: Any) -> object:
        parsed.append(text)
        return parse_yaml(text, **options)

    monkeypatch.setattr(yaml_edit, "parse_yaml", count)
    after = document.edit_news("first", changes)

    assert parsed == [after.text]
    assert after.data.news is not None
    item = after.data.news.items[after.news_index("first")]
    assert {key: getattr(item, key) or None for key in changes} == changes
