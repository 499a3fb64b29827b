"""What an edit of the news changes on the page at a moment: new, moved and leaving items."""

import datetime as dt
from collections.abc import Mapping

import pytest

from bot.config.data_model import WorkspaceData
from bot.convert.shown_html import EntryMark
from bot.operations.preview import Leaving, find_effects, mark_entries

NOW = dt.datetime(2026, 12, 1, 12, 0, tzinfo=dt.UTC)


def data(*items: Mapping[str, object], show: int | None = 3, older: str | None = "Older news") -> WorkspaceData:
    news = {"items": [{"text": str(item["id"]).upper(), **item} for item in items], "show": show, "older": older}
    return WorkspaceData.model_validate({"workspace": {"space": "WS2", "home": "Home"}, "news": news})


A, B, C = ({"id": name} for name in "abc")


def test_a_new_item_moves_the_last_one_to_the_older_news() -> None:
    effects = find_effects(data(A, B, C), data({"id": "new"}, A, B, C), NOW, "new")

    assert (effects.position, effects.count, effects.regions) == (1, 3, ("news",))
    assert effects.leaving == (Leaving("C", "Older news"),)


def test_a_removed_item_is_no_longer_shown() -> None:
    assert find_effects(data(A, B), data(A), NOW).leaving == (Leaving("B", None),)


def test_an_item_of_tomorrow_changes_nothing_today_and_something_tomorrow() -> None:
    later = {"id": "new", "publish_at": "2026-12-02T08:00:00Z"}
    before, after = data(A), data(later, A)

    today, tomorrow = (find_effects(before, after, NOW + dt.timedelta(days=days), "new") for days in (0, 1))

    assert (today.regions, today.position) == ((), None)
    assert (tomorrow.regions, tomorrow.position) == (("news",), 1)


@pytest.mark.parametrize(
    ("before", "after", "marks"),
    [
        ((A, B, C), ({"id": "new"}, A, B, C), (EntryMark.NEW, None, None, EntryMark.LEAVING)),
        ((A, B), ({**A, "text": "other"}, B), (EntryMark.NEW, None)),
        ((A, B, C), (B, A, C), (EntryMark.MOVED, EntryMark.MOVED, None)),
        ((A, B), (A, B), (None, None)),
        ((A, B, C), (C,), (None, EntryMark.LEAVING, EntryMark.LEAVING)),
    ],
)
def test_entries_are_marked(
    before: tuple[Mapping[str, object], ...],
    after: tuple[Mapping[str, object], ...],
    marks: tuple[EntryMark | None, ...],
) -> None:
    shown, found = mark_entries(data(*before), data(*after), NOW)

    assert found == marks
    assert shown.news is not None
    assert shown.news.show == len(marks)
