"""Several processes edit one data file: no acknowledged edit is lost."""

import datetime as dt
import multiprocessing
import os
import random
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from bot.config.data_file import DataFile
from bot.config.data_model import QuickLink, StatusLine
from bot.config.link_choice import LinkChoice, LinkDestination
from bot.config.shared_data_file import SharedDataFile
from bot.errors import ContentError, EditConflict, EditConflictError
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


def test_eight_writers_lose_no_acknowledged_item(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)  # no power is lost here
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
    (lambda file: edit.edit_banner_line(file, 2, {"text": "Mine"}), "Ongoing.", "Theirs"),
    (lambda file: edit.edit_banner_line(file, 2, {"text": "Mine"}), ", {text: Ongoing.}", ""),
    (
        lambda file: edit.edit_link(file, LinkChoice("Report"), {"url": "https://e.org/"}),
        "page: Report",
        "page: Theirs",
    ),
    (lambda file: edit.edit_link(file, LinkChoice("Plan"), {"text": "Mine"}), ", {text: Plan, page: Plan}", ""),
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


def test_a_conflict_has_what_was_there_and_both_wordings(path: Path) -> None:
    mine = edit.edit_news(DataFile.load(path), "one", {"text": "Mine", "pinned": True})
    edit.edit_news(DataFile.load(path), "one", {"text": "Theirs"}).save(shared(path))

    with pytest.raises(EditConflictError) as raised:
        mine.save(shared(path))

    assert raised.value.conflicts == (EditConflict("news item 'one'", "text", "One", "Theirs", "Mine"),)
    assert "was:    One\n  theirs: Theirs\n  yours:  Mine" in str(raised.value)


MERGES: list[tuple[Callable[[DataFile], edit.Edit], str, str, str]] = [
    (lambda file: edit.edit_news(file, "one", {"pinned": True}), "text: One", "text: Theirs", "pinned: true"),
    (lambda file: edit.edit_banner_line(file, 2, {"text": "Mine"}), "lines: [", "lines: [{text: Theirs}, ", "Mine"),
    (lambda file: edit.edit_banner_line(file, 1, {"text": "Mine"}), "icon: tick", "icon: cross", "text: Mine"),
    (
        lambda file: edit.edit_link(file, LinkChoice("Report"), {"text": "Mine"}),
        "page: Report",
        "page: X",
        "text: Mine",
    ),
    (
        lambda file: edit.edit_link(file, LinkChoice("Plan"), {"text": "Mine"}),
        "{text: Report, page: Report}, {text: Plan, page: Plan}",
        "{text: Plan, page: Plan}, {text: Report, page: Report}",
        "{text: Mine, page: Plan}, {text: Report, page: Report}",
    ),
    (lambda file: edit.set_heading(file, "status", "Mine:"), "lines: [", "lines: [{text: Theirs}, ", "Mine:"),
    (lambda file: edit.add_news(file, "One"), "id: two", "id: one-2", "id: one-3"),
]


@pytest.mark.parametrize(("make", "old", "new", "mine"), MERGES)
def test_other_entries_and_other_fields_of_one_entry_are_merged_and_it_is_said(
    path: Path, make: Callable[[DataFile], edit.Edit], old: str, new: str, mine: str
) -> None:
    made = make(DataFile.load(path))
    path.write_text(DATA.replace(old, new))

    saved = made.save(shared(path))

    assert new.replace("{text: Plan, page: Plan}, ", "") in path.read_text()
    assert mine in path.read_text()
    assert saved.merged


def test_an_edit_that_fits_no_longer_with_another_is_a_conflict(path: Path) -> None:
    mine = edit.edit_news(DataFile.load(path), "one", {"publish_at": dt.datetime(2027, 5, 1, tzinfo=dt.UTC)})
    path.write_text(DATA.replace("text: One", "text: One, expires_at: 2027-04-01T00:00:00Z"))

    with pytest.raises(EditConflictError) as raised:
        mine.save(shared(path))

    assert [conflict.field for conflict in raised.value.conflicts] == ["expires_at", "publish_at"]


TREE = """\
workspace: {space: WS2, home: Home}
status:
  heading: "Status:"
  lines:
    - {icon: tick, text: Adopted.}
    - text: Ongoing.
    - {icon: star, text: Funded.}   # since May
quick_links:
  links:
    - {text: Report, page: Report}
    - text: Plan
      page: Plan
      links:
        - {text: Annex, page: First}
        - {text: Detail, page: Second}
    - {text: Site, url: "https://example.org/"}
news:
  items:
    - {id: one, text: One}   # a remark
    - {id: two, text: Two}
    - id: three
      text: Three
"""
LINKS = ("1", "2", "2.1", "2.2", "3")
ITEMS = ("one", "two", "three")


def random_edit(file: DataFile, chance: random.Random, token: str) -> edit.Edit:
    """Return an edit that writes *token*, moves an entry or removes one."""
    item, line, link = chance.choice(ITEMS), chance.randint(1, 3), LinkChoice(chance.choice(LINKS))
    other = chance.choice(LINKS)
    fields: list[dict[str, object]] = [{"text": token}, {"group": token}, {"text": f"New {token}", "pinned": True}]
    field = chance.choice(fields)
    makers: list[Callable[[], edit.Edit]] = [
        lambda: edit.add_news(file, token),
        lambda: edit.edit_news(file, item, field),
        lambda: edit.edit_news(file, item, field),
        lambda: edit.move_news(file, item, index=chance.randint(0, 2)),
        lambda: edit.remove_news(file, item),
        lambda: edit.set_heading(file, chance.choice(["news", "status", "quick_links"]), token),
        lambda: edit.edit_banner_line(file, line, {"text": token}),
        lambda: edit.edit_banner_line(file, line, {"label": token}),
        lambda: edit.add_banner_line(file, StatusLine(text=token), before=line),
        lambda: edit.move_banner_line(file, line, chance.randint(1, 3)),
        lambda: edit.remove_banner_line(file, line),
        lambda: edit.edit_link(file, link, {"text": token}),
        lambda: edit.edit_link(file, link, {"page": token}),
        lambda: edit.add_link(file, QuickLink(text=token, page="X"), under=chance.choice([None, "2", "3"])),
        lambda: edit.move_link(file, link, LinkDestination(before=other)),
        lambda: edit.remove_link(file, link),
    ]
    return chance.choice(makers)()


def made_edit(path: Path, chance: random.Random, token: str) -> edit.Edit:
    while True:
        with suppress(ContentError):  # for example a link that would go below itself
            return random_edit(DataFile.load(path), chance, token)


def words_lost(text: str) -> set[str]:
    """Return the words of the file that *text* does not have."""
    return set(re.findall(r"[A-Za-z.]+", TREE)) - set(re.findall(r"[A-Za-z.]+", text))


@pytest.mark.parametrize("start", range(0, 200, 25))
def test_of_random_pairs_of_edits_nothing_is_lost(path: Path, start: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each pair begins with the same file. Both are in it in the end, or the second is refused and the first stays."""
    monkeypatch.setattr(os, "fsync", lambda _: None)  # no power is lost here
    for seed in range(start, start + 25):
        chance = random.Random(seed)  # noqa: S311 -- a sample of a test
        path.write_text(TREE)
        first, second = made_edit(path, chance, "Alpha"), made_edit(path, chance, "Omega")
        first.save(shared(path))
        after_first = path.read_text()
        try:
            second.save(shared(path))
        except EditConflictError:
            assert path.read_text() == after_first == first.after.text, seed
            continue
        text = path.read_text()
        for made, token in ((first, "Alpha"), (second, "Omega")):
            assert (token in made.after.text) == (token in text), (seed, made.operation)
        assert words_lost(text) <= words_lost(first.after.text) | words_lost(second.after.text), seed
