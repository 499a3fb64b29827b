"""Several processes edit one data file: no acknowledged edit is lost."""

import multiprocessing
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.config.data_file import DataFile
from bot.config.data_model import QuickLink, StatusLine
from bot.config.link_choice import LinkChoice, LinkDestination
from bot.config.shared_data_file import SharedDataFile
from bot.errors import ContentError
from bot.operations import edit

DATA = """\
workspace: {space: WS2, home: Home}
status: {heading: "Status:", lines: [{icon: tick, text: Adopted.}, {text: Ongoing.}]}
quick_links: {links: [{text: Report, page: Report}, {text: Plan, page: Plan}]}
news:
  items:
    - {id: one, text: One}   # a remark
    - {id: two, text: Two}
"""
WRITERS, EDITS = 8, 10


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "ws2.yaml"
    path.write_text(DATA)
    return path


def shared(path: Path) -> SharedDataFile:
    return SharedDataFile(path, path.parent / "state")


def add_items(path: Path, writer: int) -> None:
    for number in range(EDITS):
        edit.add_news(DataFile.load(path), f"Writer {writer} number {number}").save(shared(path))


def test_eight_writers_lose_no_acknowledged_item(path: Path) -> None:
    fork = multiprocessing.get_context("fork")
    writers = [fork.Process(target=add_items, args=(path, writer)) for writer in range(WRITERS)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()

    assert [writer.exitcode for writer in writers] == [0] * WRITERS
    texts = [item.text for item in DataFile.load(path).data.news.items]  # type: ignore[union-attr]
    wanted = {f"Writer {writer} number {number}" for writer in range(WRITERS) for number in range(EDITS)}
    assert sorted(texts) == sorted(wanted | {"One", "Two"})
    assert "# a remark" in path.read_text()


MINE: list[Callable[[DataFile], edit.Edit]] = [
    lambda file: edit.add_news(file, "Mine"),
    lambda file: edit.edit_news(file, "one", {"text": "Mine"}),
    lambda file: edit.remove_news(file, "one"),
    lambda file: edit.move_news(file, "one", index=-1),
    lambda file: edit.set_heading(file, "news", "Mine:"),
    lambda file: edit.set_banner(file, [StatusLine(text="Mine")]),
    lambda file: edit.edit_banner_line(file, 1, {"text": "Mine"}),
    lambda file: edit.add_link(file, QuickLink(text="Mine", url="https://example.org/")),
    lambda file: edit.edit_link(file, LinkChoice("Report"), {"text": "Mine"}),
    lambda file: edit.move_link(file, LinkChoice("Report"), LinkDestination(after="Plan")),
    lambda file: edit.remove_link(file, LinkChoice("Report")),
]


@pytest.mark.parametrize("make", MINE)
def test_an_edit_is_made_again_on_a_file_that_changed_elsewhere(
    path: Path, make: Callable[[DataFile], edit.Edit]
) -> None:
    mine = make(DataFile.load(path))
    edit.edit_news(DataFile.load(path), "two", {"text": "Theirs"}).save(shared(path))

    saved = mine.save(shared(path))

    assert "Theirs" in path.read_text()
    assert DataFile.load(path).data == make(DataFile.parse(DATA.replace("text: Two", "text: Theirs"), path)).after.data
    assert "Theirs" not in [line for line in saved.diff.splitlines() if line.startswith("+")]


CLASHES: list[tuple[Callable[[DataFile], edit.Edit], str, str]] = [
    (lambda file: edit.edit_news(file, "one", {"text": "Mine"}), "text: One", "text: Theirs"),
    (lambda file: edit.remove_news(file, "one"), "text: One", "text: Theirs"),
    (lambda file: edit.edit_banner_line(file, 2, {"text": "Mine"}), "lines: [", "lines: [{text: Theirs}, "),
    (lambda file: edit.set_banner(file, [StatusLine(text="Mine")]), "Ongoing.", "Theirs"),
    (lambda file: edit.remove_link(file, LinkChoice("Report")), "page: Report", "page: Theirs"),
    (lambda file: edit.set_heading(file, "status", "Mine:"), '"Status:"', '"Theirs:"'),
]


@pytest.mark.parametrize(("make", "old", "new"), CLASHES)
def test_an_edit_of_an_entry_that_somebody_else_changed_is_refused(
    path: Path, make: Callable[[DataFile], edit.Edit], old: str, new: str
) -> None:
    mine = make(DataFile.load(path))
    theirs = DATA.replace(old, new)
    path.write_text(theirs)

    with pytest.raises(ContentError, match="changed by somebody else"):
        mine.save(shared(path))

    assert path.read_text() == theirs


def test_an_edit_of_a_file_that_is_broken_by_now_is_refused(path: Path) -> None:
    mine = edit.add_news(DataFile.load(path), "Mine")
    path.write_text(DATA + "news: [")

    with pytest.raises(ContentError, match=r"ws2\.yaml:"):
        mine.save(shared(path))

    assert path.read_text() == DATA + "news: ["
