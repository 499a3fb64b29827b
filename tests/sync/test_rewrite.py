from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import StorageFormatError
from bot.storage.regions import Marker, MarkerKind, find_region, render_marked
from bot.sync.drift import Verdict
from bot.sync.plan import Action, Change
from bot.sync.rewrite import rewrite

NEWS, STATUS = Marker("news"), Marker("status", MarkerKind.ANCHORS)
OLD, NEW = "<p>old</p>", "<ul><li>new</li></ul>"


def write(marker: Marker = NEWS, *, live: str | None = OLD, desired: str = NEW) -> Change:
    return Change(marker.name, marker, Verdict.BEHIND, Action.WRITE, desired, live)


def create(marker: Marker = NEWS, *, place: str = "end") -> Change:
    return Change(marker.name, marker, Verdict.UNMANAGED, Action.CREATE, NEW, None, place=place)


def body(news: str = OLD, status: str = OLD) -> str:
    return f"<p>before &nbsp;<b>x</b></p>{render_marked(NEWS, news)}\n<hr/>{render_marked(STATUS, status)}<p>after</p>"


def test_planned_regions_are_written_and_all_else_stays() -> None:
    new = rewrite(body(), [write(), write(STATUS)])

    assert new.body == body(NEW, NEW)
    assert [change.region for change in new.written] == ["news", "status"]
    assert new.reasons == {}


def test_a_region_that_moved_since_the_plan_is_left_and_the_others_are_written() -> None:
    new = rewrite(body(news="<p>by a person</p>"), [write(), write(STATUS)])

    assert new.body == body(news="<p>by a person</p>", status=NEW)
    assert "'news' was changed since" in new.reasons["news"]


def test_a_region_that_says_already_what_it_should_is_left() -> None:
    new = rewrite(body(news=NEW), [write()])

    assert (new.body, new.written, new.reasons) == (body(news=NEW), (), {})


def test_a_region_whose_markers_are_gone_is_left() -> None:
    new = rewrite("<p>all gone</p>", [write()])

    assert new.body == "<p>all gone</p>"
    assert new.reasons


def test_a_doubled_region_is_left_and_the_other_is_written() -> None:
    page = body() + render_marked(NEWS, OLD)

    new = rewrite(page, [write(), write(STATUS)])

    assert new.body == body(status=NEW) + render_marked(NEWS, OLD)
    assert "2 times" in new.reasons["news"]


def test_what_a_comment_is_about_keeps_its_marker() -> None:
    marked = '<p>keep <ac:inline-comment-marker ac:ref="r1">this</ac:inline-comment-marker> here</p>'

    new = rewrite(body(news=marked), [write(live="<p>keep this here</p>", desired="<p>keep this here</p><p>more</p>")])

    assert f"{marked}<p>more</p>" in new.body


def test_an_emptied_region_is_filled() -> None:
    emptied = render_marked(NEWS, "").replace("<ac:rich-text-body></ac:rich-text-body>", "<ac:rich-text-body />")

    new = rewrite(f"<p>a</p>{emptied}<p>b</p>", [write(live="")])

    assert new.body == f"<p>a</p>{render_marked(NEWS, NEW)}<p>b</p>"


@pytest.mark.parametrize(
    "page", ["", "<p>x</p>", "<ac:layout><ac:layout-section><ac:layout-cell /></ac:layout-section></ac:layout>"]
)
def test_a_missing_region_is_created_where_the_plan_says(page: str) -> None:
    new = rewrite(page, [create()])

    region = find_region(new.body, NEWS)
    assert region is not None
    assert region.content.of(new.body) == NEW
    assert len(new.written) == 1


def test_a_region_that_appeared_since_the_plan_is_left() -> None:
    assert rewrite(body(), [create()]).body == body()
    assert rewrite(body(), [create()]).reasons


def test_a_place_that_is_gone_is_a_reason_and_no_write() -> None:
    new = rewrite("<p>x</p>", [create(place="before heading Gone")])

    assert (new.body, new.written) == ("<p>x</p>", ())
    assert "Gone" in new.reasons["news"]


@pytest.mark.parametrize(
    "desired", ["</ac:rich-text-body>", "<p>", render_marked(NEWS, "x"), render_marked(STATUS, "y")]
)
def test_a_text_that_would_break_the_page_is_never_written(desired: str) -> None:
    with pytest.raises(Exception, match=r"not well-formed|not written"):
        rewrite(body(), [write(desired=desired)])


def test_a_text_that_would_cut_its_own_heading_region_short_is_never_written() -> None:
    marker = Marker("news", MarkerKind.HEADING, "News")
    page = f"<h2>News</h2>{OLD}<h2>More</h2><p>x</p>"

    with pytest.raises(StorageFormatError):
        rewrite(page, [write(marker, desired="<p>a</p><h2>b</h2>")])


@given(
    before=st.sampled_from(["", "<p>a&nbsp;b</p>", "<b>x</b>", "text ", "<!-- c -->", "<p>\r\n</p>"]),
    after=st.sampled_from(["", "<p>ü😀</p>", "<table><tbody><tr><td>1</td></tr></tbody></table>", " \n"]),
    desired=st.text(st.characters(exclude_characters="<>&\r", exclude_categories=["Cc", "Cs", "Cn"]), max_size=20),
)
def test_every_byte_outside_stays(before: str, after: str, desired: str) -> None:
    text = f"<p>x{desired}</p>"
    page = f"{before}{render_marked(NEWS, OLD)}{after}"

    assert rewrite(page, [write(desired=text)]).body == f"{before}{render_marked(NEWS, text)}{after}"


def test_a_comment_made_since_the_plan_on_removed_words_prevents_the_write() -> None:
    marked = '<p><ac:inline-comment-marker ac:ref="r1">old</ac:inline-comment-marker></p>'

    new = rewrite(body(news=marked), [write()])

    assert (new.body, new.written) == (body(news=marked), ())
    assert "commented" in new.reasons["news"]
    told = replace(write(), lost_comments=("old",))
    assert rewrite(body(news=marked), [told]).body == body(news=NEW)
