"""The data file is read only when no program is writing it and when it is complete."""

import datetime as dt
import random
import threading
import time
from pathlib import Path

import pytest

from bot.config.data_file import DataFile, revision_of
from bot.config.data_history import DataHistoryFile, PastRevision
from bot.config.shared_data_file import SharedDataFile
from bot.errors import ContentError
from bot.files import folder_lock, write_durably

ITEMS = "".join(f"    - {{id: item-{number}, text: 'Words of item {number}'}}\n" for number in range(20))
TEXT = f"workspace: {{space: WS2, home: Home}}\nnews:\n  items:\n{ITEMS}"


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait as in service; the other tests do not (`data_files_at_rest`)."""
    monkeypatch.setattr("bot.config.shared_data_file._QUIET_SECONDS", 0.2)
    monkeypatch.setattr("bot.config.shared_data_file._QUIET_SECONDS_NEW_END", 2.0)


@pytest.fixture
def shared(tmp_path: Path) -> SharedDataFile:
    path = tmp_path / "ws2.yaml"
    path.write_text(TEXT)
    shared = SharedDataFile(path, tmp_path / "state")
    shared.read()
    return shared


def cuts() -> list[int]:
    """Where a file can be cut in the middle of a line; one that ends with a whole line can be meant."""
    places = [at for at in range(1, len(TEXT)) if TEXT[at - 1] != "\n"]
    return sorted(random.Random(7).sample(places, 60))  # noqa: S311 -- a sample of a test


@pytest.mark.parametrize("cut", cuts())
def test_a_file_that_is_cut_off_is_not_read(shared: SharedDataFile, cut: int) -> None:
    shared.path.write_text(TEXT[:cut])

    with pytest.raises(ContentError, match=r"ws2\.yaml:\d+: looks cut off"):
        shared.read(sleep=lambda _: None)

    shared.path.write_text(TEXT)
    assert shared.read().text == TEXT


@pytest.mark.parametrize("cut", cuts()[::4])
def test_a_save_in_several_steps_is_read_whole(shared: SharedDataFile, cut: int) -> None:
    text = TEXT.replace("news:", "news:\n  heading: New")
    shared.path.write_text(text[:cut])

    def finish(_: float) -> None:
        if shared.path.read_text() != text:
            shared.path.write_text(text)

    assert shared.read(sleep=finish).text == text


def test_a_whole_line_at_the_end_is_waited_for_longer(shared: SharedDataFile) -> None:
    waits: list[float] = []
    shared.path.write_text(TEXT.replace("item 3", "item three"))
    shared.read(sleep=waits.append)
    shared.path.write_text(TEXT.rpartition("    - {")[0])
    shared.read(sleep=waits.append)

    assert [seconds > 0.2 for seconds in waits if seconds] == [False, True]


def test_a_file_that_is_written_all_the_time_is_not_read(shared: SharedDataFile) -> None:
    def write(_: float) -> None:
        shared.path.write_text(TEXT.replace("item 3", f"item {time.perf_counter_ns()}"))

    write(0)
    with pytest.raises(ContentError, match="being written by another program"):
        shared.read(sleep=write)


def test_a_file_that_never_ended_with_a_line_end_is_read(tmp_path: Path) -> None:
    path = tmp_path / "ws2.yaml"
    path.write_text(TEXT.rstrip())
    shared = SharedDataFile(path, tmp_path / "state")
    shared.read()
    path.write_text(TEXT.rstrip().replace("item 3", "item three"))

    assert "item three" in shared.read().text


def test_a_state_folder_that_cannot_be_written_does_not_stop_the_reading(tmp_path: Path) -> None:
    path = tmp_path / "ws2.yaml"
    path.write_text(TEXT)
    (tmp_path / "state").write_text("no folder")

    assert SharedDataFile(path, tmp_path / "state").read().text == TEXT


def test_a_file_that_is_gone_is_not_to_be_made_anew_from_the_page(shared: SharedDataFile) -> None:
    shared.path.unlink()

    with pytest.raises(ContentError, match=r"put it back, from version control or a backup"):
        shared.read(sleep=lambda _: None)
    with pytest.raises(ContentError, match=r"put it back, from version control or a backup"), shared.editing():
        pass


def test_a_file_that_an_editor_moves_aside_while_it_saves_is_waited_for(shared: SharedDataFile) -> None:
    text = TEXT.replace("news:", "news:\n  heading: New")
    shared.path.unlink()

    def save(_: float) -> None:
        if not shared.path.exists():
            shared.path.write_text(text)

    document = shared.read(sleep=save)

    assert document.text == text


def test_a_file_that_is_emptied_is_said_to_be_empty(shared: SharedDataFile) -> None:
    shared.path.write_text("\n")

    with pytest.raises(ContentError, match="is empty, but was not at the last run"):
        shared.read(sleep=lambda _: None)


def test_a_file_that_is_cut_off_is_not_edited(shared: SharedDataFile) -> None:
    shared.path.write_text(TEXT.rstrip())

    with pytest.raises(ContentError, match=r"ws2\.yaml:\d+: looks cut off"), shared.editing(lambda _: None):
        pass

    assert shared.path.read_text() == TEXT.rstrip()


def test_an_edit_waits_until_a_save_in_several_steps_is_complete(shared: SharedDataFile) -> None:
    text = TEXT.replace("item 3", "item three")
    shared.path.write_text(text.rpartition("    - {")[0])

    def finish(_: float) -> None:
        if shared.path.read_text() != text:
            shared.path.write_text(text)

    with shared.editing(finish):
        shared.save(DataFile.load(shared.path).remove_news("item-1"), "removed an item")

    kept = {item.id for item in DataFile.load(shared.path).data.news.items}  # type: ignore[union-attr]
    assert kept == {f"item-{number}" for number in range(20)} - {"item-1"}


def test_a_file_in_another_encoding_is_not_said_to_be_cut_off(shared: SharedDataFile) -> None:
    shared.path.write_bytes(TEXT.rstrip().encode("utf-16"))

    with pytest.raises(ContentError, match="is not UTF-8"):
        shared.read(sleep=lambda _: None)


@pytest.mark.parametrize("mark", ["<<<<<<< HEAD", ">>>>>>> 3f2a91c (News of May)"])
def test_a_conflict_of_git_is_named_with_its_line(shared: SharedDataFile, mark: str) -> None:
    shared.path.write_text(TEXT.replace("news:", f"{mark}\nnews:"))

    with pytest.raises(ContentError, match=r"ws2\.yaml:2: is in a merge conflict of git"):
        shared.read(sleep=lambda _: None)


@pytest.mark.parametrize(
    ("revisions", "is_lost"),
    [
        ("old:read new:adopted", False),
        ("old:read new:adopted later:read", False),
        ("old:read new:adopted old:read", True),
        ("old:read new:adopted old:saved", False),
        ("old:read new:adopted old:saved old:read", False),
        ("old:read new:adopted old:read other:saved", True),
        ("old:read new:adopted old:read other:saved new:read", False),
        ("old:read new:adopted old:read other:read", None),
        ("old:read new:adopted old:read new:adopted", False),
        ("old:read later:saved", None),
    ],
)
def test_the_history_knows_whether_the_file_lost_what_was_adopted(revisions: str, *, is_lost: bool | None) -> None:
    pairs = [each.split(":") for each in revisions.split()]
    past = tuple(
        PastRevision.model_validate({"revision": name, "origin": origin, "first_seen": dt.datetime.now(dt.UTC)})
        for name, origin in pairs
    )

    lost = DataHistoryFile(path="ws2.yaml", revisions=past).has_lost_adoption("new", pairs[-1][0])

    assert lost is is_lost


def test_an_edit_records_the_content_that_it_replaced(shared: SharedDataFile) -> None:
    shared.path.write_text(TEXT + "    - {id: adopted, text: By another host}\n")
    adopted = DataFile.load(shared.path)

    with shared.editing():
        shared.save(adopted.remove_news("item-1"), "removed an item")

    revisions = [past.revision for past in shared.history.load().revisions]
    assert revisions[-2:] == [adopted.revision, DataFile.load(shared.path).revision]


def test_a_change_of_another_program_during_the_saving_is_not_replaced(
    shared: SharedDataFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = TEXT.replace("item 3", "item three")

    def write(path: Path, content: bytes, **words: int | None) -> None:
        write_durably(path, content, **words)
        if path.name.startswith(".ws2.yaml."):
            shared.path.write_text(other)

    monkeypatch.setattr("bot.files.write_durably", write)
    with pytest.raises(ContentError, match="has changed on disk"), shared.editing():
        shared.save(DataFile.load(shared.path).remove_news("item-1"), "removed an item")

    assert shared.path.read_text() == other


def test_a_bot_with_another_state_folder_waits_for_a_save_and_replaces_nothing(
    shared: SharedDataFile, tmp_path: Path
) -> None:
    other = SharedDataFile(shared.path, tmp_path / "other-state")
    refused: list[ContentError] = []

    def save() -> None:
        document = DataFile.load(shared.path).remove_news("item-1")
        loaded.set()
        try:
            other.save(document, "removed an item")
        except ContentError as error:
            refused.append(error)

    loaded, text = threading.Event(), TEXT.replace("item 3", "item three")
    with folder_lock(tmp_path):  # as between the comparison and the renaming of the first bot
        thread = threading.Thread(target=save)
        thread.start()
        loaded.wait()
        shared.path.write_text(text)
    thread.join()

    assert shared.path.read_text() == text
    assert len(refused) == 1


def test_an_adoption_that_succeeds_at_its_second_try_is_not_lost(shared: SharedDataFile) -> None:
    text = TEXT.replace("Words of item 1'", "Words of a person'")
    shared.history.abandon(revision_of(text))

    shared.path.write_text(text)
    shared.history.complete(text, dt.datetime(2026, 3, 28, tzinfo=dt.UTC))

    assert shared.history.load().has_lost_adoption(revision_of(text), revision_of(text)) is False
