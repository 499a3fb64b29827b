"""What listings say about pages that the last capture has: from values, without a wiki."""

import datetime as dt
from dataclasses import replace

from bot.snapshot.archive.record import (
    PageRecord,
    RecordedComment,
    RecordedFile,
    RecordedPerson,
    RecordedStatus,
    RecordedVersion,
)
from bot.snapshot.capture.capture_memory import SpaceMemory
from bot.snapshot.capture.overview import Overview
from bot.snapshot.capture.recorded_parts import find_equal_parts, in_threads
from bot.snapshot.capture.wide_lists import WideLists
from bot.wiki.gateway import (
    Attachment,
    Comment,
    Newest,
    PagePart,
    PageParts,
    PageRef,
    PageStatus,
    Restrictions,
    User,
    Version,
)

NOW = dt.datetime(2026, 3, 10, 2, tzinfo=dt.UTC)
OLD, SEEN, NEW = (NOW - dt.timedelta(days=days) for days in (30, 2, 1))
ANA = User("ana", "Ana")
LISTED = PageParts(labels=frozenset(), restrictions=Restrictions())
REF = PageRef("7", "Plan", "WS2", PageStatus.CURRENT, Version(3, OLD, ANA), None, 0, "http://wiki/7")

NO_FILES: Newest[Attachment] = Newest((), is_all=False)
NO_COMMENTS: Newest[Comment] = Newest((), is_all=False)


def version(number: int, when: dt.datetime) -> RecordedVersion:
    return RecordedVersion(number=number, when=when, author=RecordedPerson(id="ana", display_name="Ana"))


def comment(comment_id: str, when: dt.datetime = OLD, *, above: str | None = None, ref: str | None = None) -> Comment:
    return Comment(comment_id, f"<p>{comment_id}</p>", Version(1, when, ANA), above, ref)


def file(number: int = 1, when: dt.datetime = OLD) -> Attachment:
    return Attachment("att1", "plan.txt", "text/plain", 4, Version(number, when, ANA), "")


def record(*comments: Comment) -> PageRecord:
    return PageRecord(
        page_id="7",
        space_key="WS2",
        title="Plan",
        url="http://wiki/7",
        status=RecordedStatus.CURRENT,
        parent_id=None,
        position=0,
        version=version(3, OLD),
        source_path="data/_source/7/v3.xml",
        source_sha256="0" * 64,
        source_bytes=1,
        captured_at=OLD,
        attachments=(
            RecordedFile(
                id="att1",
                name="plan.txt",
                media_type="text/plain",
                size_bytes=4,
                version=version(1, OLD),
                comment="",
                path="data/_attachments/7/att1-v1.txt",
                sha256="0" * 64,
            ),
        ),
        comments=tuple(map(RecordedComment.taken_from, comments)),
    )


def overview(
    attachments: Newest[Attachment] | None = NO_FILES,
    comments: Newest[Comment] | None = NO_COMMENTS,
    *,
    again: tuple[str, ...] = (),
) -> Overview:
    memory = SpaceMemory(full_at=OLD, pages={"7": 3}, attachments_until=SEEN, comments_until=SEEN, again=again)
    lists, lists_again = (WideLists(attachments=attachments, comments=comments) for _ in range(2))
    return Overview(memory, refs={"7": REF}, parts={"7": LISTED}, lists=lists, lists_again=lists_again)


def unchanged(seen: Overview, held: PageRecord) -> frozenset[PagePart]:
    return seen.hints_for(REF, held).unchanged


def test_a_page_without_news_is_unchanged_and_its_body_known() -> None:
    hints = overview().hints_for(REF, record())

    assert hints.unchanged == frozenset(PagePart)
    assert hints.is_body_known


def test_the_body_is_read_for_another_version_or_another_time_of_it() -> None:
    for other in (Version(4, OLD, ANA), Version(3, NEW, ANA)):
        assert not overview().hints_for(replace(REF, version=other), record()).is_body_known


def test_a_newer_version_of_a_file_is_news_and_an_older_entry_is_not() -> None:
    newer = overview(Newest((("7", file(2, NEW)),), is_all=False))
    older = overview(Newest((("7", file(1, OLD)), ("8", file(9, NEW))), is_all=False))

    assert PagePart.ATTACHMENTS not in unchanged(newer, record())
    assert PagePart.ATTACHMENTS in unchanged(older, record())


def test_something_that_appears_late_is_noticed_within_an_hour_of_the_newest_item() -> None:
    late = comment("5", SEEN - dt.timedelta(minutes=59))
    hints = overview(comments=Newest((("7", late),), is_all=False)).hints_for(REF, record())

    assert PagePart.COMMENTS not in hints.unchanged
    assert not hints.is_body_known, "an inline comment puts a mark in the text"


def test_a_list_that_was_given_up_or_refused_says_nothing() -> None:
    for files in (replace(NO_FILES, is_certain=False), None):
        assert PagePart.ATTACHMENTS not in unchanged(overview(files), record())


def test_a_whole_list_shows_what_was_deleted() -> None:
    assert PagePart.ATTACHMENTS not in unchanged(overview(Newest((), is_all=True)), record())
    assert PagePart.COMMENTS not in unchanged(overview(comments=Newest((), is_all=True)), record(comment("5")))


def test_a_list_of_comments_without_replies_is_compared_without_replies() -> None:
    first, reply = comment("5"), comment("6", above="5")
    without = overview(comments=Newest((("7", first),), is_all=True))
    other_page = comment("9", above="8")
    with_replies = overview(comments=Newest((("7", first), ("8", other_page)), is_all=True))

    assert PagePart.COMMENTS in unchanged(without, record(first, reply))
    assert PagePart.COMMENTS not in unchanged(with_replies, record(first, reply)), "the reply was deleted"


def test_a_first_capture_does_not_trust_a_list_of_comments_without_replies() -> None:
    lists = WideLists(comments=Newest((("7", comment("5")),), is_all=True))
    first = Overview(refs={"7": REF}, lists=lists, lists_again=lists)

    assert first.hints_for(REF, None).parts.comments is None
    assert first.hints_for(replace(REF, id="8"), None).certain == {PagePart.COMMENTS}, "that page has none"


def test_a_page_with_a_doubt_is_read_as_if_nothing_were_known() -> None:
    assert unchanged(overview(again=("7",)), record()) == frozenset()


def test_parts_are_certain_if_two_answers_agree_in_any_order() -> None:
    one, two = file(), replace(file(), id="att2")
    first = PageParts(frozenset({"a"}), (one, two), (comment("5"),), Restrictions())
    second = PageParts(frozenset({"b"}), (two, one), (), Restrictions())

    assert find_equal_parts(first, second) == {PagePart.ATTACHMENTS, PagePart.RESTRICTIONS}
    assert find_equal_parts(PageParts(), PageParts()) == frozenset()


def test_comments_have_one_order_whatever_the_order_of_the_list() -> None:
    comments = [comment("10"), comment("9", ref="m"), comment("11", above="10"), comment("2"), comment("12", above="9")]

    assert [each.id for each in in_threads(reversed(comments))] == ["2", "10", "11", "9", "12"]
    assert [each.id for each in in_threads([comment("3", above="4"), comment("4", above="3")])] == ["3", "4"]


def test_news_that_only_one_reading_has_is_news() -> None:
    news: tuple[Newest[Attachment], Newest[Comment]] = (
        Newest((("7", file(2, NEW)),), is_all=False),
        Newest((("7", comment("5", NEW)),), is_all=False),
    )
    for both in ((news, (NO_FILES, NO_COMMENTS)), ((NO_FILES, NO_COMMENTS), news)):
        seen = overview()
        seen.lists, seen.lists_again = (WideLists(attachments=files, comments=notes) for files, notes in both)

        assert unchanged(seen, record()).isdisjoint({PagePart.ATTACHMENTS, PagePart.COMMENTS})
        assert seen.remember(NOW).comments_until == NEW
