from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bot.config.policy import SafetySettings
from bot.errors import WritesForbiddenError
from bot.storage.regions import Marker, MarkerKind, render_marked
from bot.sync.apply import ApplyReport, Result
from bot.sync.drift import digest_of
from bot.sync.ledger import Tag, TagEntry, parse_tag
from bot.sync.survey import build_plan
from bot.sync.wanted import Assignment, TargetPage, WantedRegion
from bot.wiki.gateway import Page, Version
from tests.sync.world import EXCLUDE, STOP, Bot, World, page_body

OLD, NEW, THEIRS = "<p>old</p>", "<p>new</p>", "<p>by a person</p>"
TAKE_ALL = frozenset({"all"})


@pytest.fixture
def page(either_world: World) -> str:
    """A page whose regions the bot has written: both say OLD."""
    page_id = either_world.add_page("Home", page_body({"status": "<p>first</p>", "news": "<p>first</p>"}))
    Bot(either_world, [page_id], {"status": OLD, "news": OLD}).run(take_over=TAKE_ALL)
    return page_id


class Between:
    """A connection at which something happens between the bot's last reading and its writing."""

    def __init__(self, gateway: Any, happens: Callable[[], None], *, times: int = 1) -> None:
        self._gateway, self._happens, self._times = gateway, happens, times

    def __getattr__(self, name: str) -> Any:
        return getattr(self._gateway, name)

    def update_page(self, page: Page, body: str, *, message: str, is_minor: bool = True) -> Version:
        if self._times > 0:
            self._times -= 1
            self._happens()
        version: Version = self._gateway.update_page(page, body, message=message, is_minor=is_minor)
        return version


def results(report: ApplyReport) -> list[Result]:
    return [page.result for page in report.pages]


def test_a_write_changes_the_region_and_no_other_byte(either_world: World, page: str) -> None:
    before = either_world.body(page)

    report = Bot(either_world, [page], {"status": OLD, "news": NEW}).run()

    assert results(report) == [Result.WRITTEN]
    assert report.pages[0].regions == ("news",)
    head, tail = before.rsplit(OLD, 1)
    assert either_world.body(page) == f"{head}{NEW}{tail}"


def test_the_message_records_what_was_written(either_world: World, page: str) -> None:
    Bot(either_world, [page], {"status": OLD, "news": NEW}).run()

    number, author, message = either_world.versions(page)[-1]
    assert (number, author) == (3, "bot")
    assert parse_tag(message) == Tag({"news": TagEntry(digest_of(NEW))}, "r1")
    assert message.endswith(": updated news")


def test_a_second_run_writes_nothing(either_world: World, page: str) -> None:
    bot = Bot(either_world, [page], {"status": OLD, "news": NEW})
    bot.run()
    before = len(either_world.writes())

    bot.run()

    assert len(either_world.writes()) == before


def test_an_edit_outside_between_plan_and_apply_survives_and_the_region_is_written(
    either_world: World, page: str
) -> None:
    bot = Bot(either_world, [page], {"status": OLD, "news": NEW})
    plan = bot.plan()
    either_world.replace(page, "<p>after</p>", "<p>after</p><p>by ana</p>")

    report = bot.apply(plan)

    assert results(report) == [Result.WRITTEN]
    assert either_world.region(page, "news") == NEW
    assert "<p>by ana</p>" in either_world.body(page)


def test_an_edit_inside_between_plan_and_apply_survives_and_the_region_is_skipped(
    either_world: World, page: str
) -> None:
    bot = Bot(either_world, [page], {"status": NEW, "news": NEW})
    plan = bot.plan()
    body = either_world.body(page)
    head, tail = body.rsplit(OLD, 1)
    either_world.edit(page, f"{head}{THEIRS}{tail}")

    report = bot.apply(plan)

    assert (report.pages[0].regions, len(report.pages[0].reasons)) == (("status",), 1)
    assert report.has_left_undone
    assert either_world.region(page, "news") == THEIRS
    assert either_world.region(page, "status") == NEW


def test_an_edit_outside_between_reading_and_writing_survives(either_world: World, page: str) -> None:
    def edit() -> None:
        either_world.replace(page, "<p>after</p>", "<p>after</p><p>by ana</p>")

    bot = Bot(either_world, [page], {"status": OLD, "news": NEW}, gateway=Between(either_world.gateway(), edit))

    report = bot.run()

    assert results(report) == [Result.WRITTEN]
    assert either_world.region(page, "news") == NEW
    assert "<p>by ana</p>" in either_world.body(page)


def test_an_edit_inside_between_reading_and_writing_survives(either_world: World, page: str) -> None:
    def edit() -> None:
        head, tail = either_world.body(page).rsplit(OLD, 1)
        either_world.edit(page, f"{head}{THEIRS}{tail}")

    bot = Bot(either_world, [page], {"status": OLD, "news": NEW}, gateway=Between(either_world.gateway(), edit))

    report = bot.run()

    assert results(report) == [Result.SKIPPED]
    assert either_world.region(page, "news") == THEIRS


def test_a_page_that_is_saved_again_and_again_is_given_up(either_world: World, page: str) -> None:
    edits = iter(range(100))

    def edit() -> None:
        either_world.edit(page, f"{either_world.body(page)}<p>edit {next(edits)}</p>")

    bot = Bot(
        either_world, [page], {"status": OLD, "news": NEW}, gateway=Between(either_world.gateway(), edit, times=99)
    )

    report = bot.run()

    assert results(report) == [Result.SKIPPED]
    assert next(edits) == 3
    assert [author for _, author, _ in either_world.versions(page)][-3:] == ["ana"] * 3


def test_another_bot_that_was_quicker_with_the_same_text_leaves_nothing_to_do(either_world: World, page: str) -> None:
    one, other = (Bot(either_world, [page], {"status": OLD, "news": NEW}) for _ in range(2))
    plan = one.plan()
    other.run()

    assert results(one.apply(plan)) == [Result.UNCHANGED]
    assert len(either_world.versions(page)) == 3


@pytest.mark.parametrize("where", ["plan", "write"])
def test_under_the_stop_label_nothing_is_written(either_world: World, page: str, where: str) -> None:
    bot = Bot(either_world, [page], {"status": OLD, "news": NEW})
    plan = bot.plan()
    either_world.label(page, STOP)
    before = len(either_world.writes())

    report = bot.run() if where == "plan" else bot.apply(plan)

    assert STOP in report.stopped[0]
    assert report.not_tried == ("Home",)
    assert len(either_world.writes()) == before


def test_a_stop_label_set_during_the_run_ends_it(either_world: World, page: str) -> None:
    others = [either_world.add_page(f"Page {number}", page_body({"news": "<p>x</p>"})) for number in range(3)]

    def stop() -> None:
        either_world.label(page, STOP)

    gateway = Between(either_world.gateway(), stop)
    report = Bot(either_world, [page, *others], {"news": NEW}, gateway=gateway).run(take_over=TAKE_ALL)

    assert results(report) == [Result.WRITTEN]
    assert report.not_tried == ("Page 0", "Page 1", "Page 2")
    assert either_world.region(others[0], "news") == "<p>x</p>"


def test_a_stop_label_that_cannot_be_read_counts_as_set(either_world: World, page: str) -> None:
    bot = Bot(either_world, [page], {"status": OLD, "news": NEW})

    report = bot.apply(bot.plan(), stop_pages={"ws2": "99999999"})

    assert report.pages == ()
    assert "cannot make out" in report.stopped[0]
    assert either_world.region(page, "news") == OLD


def test_a_page_excluded_since_the_plan_is_left_alone(either_world: World, page: str) -> None:
    bot = Bot(either_world, [page], {"status": OLD, "news": NEW})
    plan = bot.plan()
    either_world.label(page, EXCLUDE)

    report = bot.apply(plan)

    assert results(report) == [Result.EXCLUDED]
    assert not report.has_left_undone
    assert either_world.region(page, "news") == OLD


class TestDraft:
    def save_draft(self, world: World, page: str) -> None:
        world.store.pages.save_draft(int(page), title=None, body="<p>not yet</p>", author=world.account("ana"))

    def test_defers_the_page_and_survives(self, either_world: World, page: str) -> None:
        self.save_draft(either_world, page)

        report = Bot(either_world, [page], {"status": OLD, "news": NEW}).run()

        assert results(report) == [Result.SKIPPED]
        assert "unpublished changes" in report.pages[0].reasons[0]
        assert either_world.store.contents.find_draft(int(page)) is not None
        assert either_world.region(page, "news") == OLD

    def test_that_is_published_within_the_wait_lets_the_page_be_written(self, either_world: World, page: str) -> None:
        self.save_draft(either_world, page)
        bot = Bot(either_world, [page], {"status": OLD, "news": NEW})

        report = bot.apply(
            bot.plan(),
            draft_wait_seconds=60,
            sleep=lambda _: either_world.store.pages.discard_draft(int(page)),
        )

        assert results(report) == [Result.WRITTEN]

    def test_is_written_over_only_when_told_to(self, either_world: World, page: str) -> None:
        self.save_draft(either_world, page)
        bot = Bot(either_world, [page], {"status": OLD, "news": NEW})

        assert results(bot.apply(bot.plan(), writes_over_drafts=True)) == [Result.WRITTEN]


def test_one_page_that_fails_leaves_the_others(either_world: World, page: str) -> None:
    closed = either_world.add_page("Closed", page_body({"news": "<p>x</p>"}))
    bot = Bot(either_world, [closed, page], {"news": NEW})
    plan = bot.plan(take_over=TAKE_ALL)
    either_world.store.restrictions.add(int(closed), "update", "user", either_world.account("ana"))

    report = bot.apply(plan)

    assert results(report) == [Result.FAILED, Result.WRITTEN]
    assert report.has_failed
    assert either_world.region(page, "news") == NEW


def test_a_page_deleted_since_the_plan_fails_by_itself(either_world: World, page: str) -> None:
    other = either_world.add_page("Other", page_body({"news": "<p>x</p>"}))
    bot = Bot(either_world, [page, other], {"news": NEW})
    plan = bot.plan(take_over=TAKE_ALL)
    either_world.store.pages.trash(int(other))

    report = bot.apply(plan)

    assert report.pages[0].result is Result.WRITTEN
    assert report.pages[1].result in (Result.FAILED, Result.SKIPPED)


def test_a_page_that_was_moved_to_another_space_since_the_plan_is_skipped(either_world: World, page: str) -> None:
    bot = Bot(either_world, [page], {"status": OLD, "news": NEW})
    plan = bot.plan()
    now = either_world.clock()
    space = either_world.store.spaces.create("OTHER", "Other", creator=either_world.account("admin"), now=now)
    start = either_world.store.pages.create(space.id, "Start", "", author=either_world.account("ana"))
    either_world.store.pages.move(int(page), start.id, "append")

    report = bot.apply(plan)

    assert results(report) == [Result.SKIPPED]
    assert "moved to space OTHER" in report.pages[0].reasons[0]
    assert either_world.region(page, "news") == OLD


def test_a_page_that_the_bot_never_wrote_is_only_planned(either_world: World) -> None:
    page_id = either_world.add_page("Home", "<p>x</p>")
    bot = Bot(either_world, [page_id], {"news": NEW}, place="end")
    plan = bot.plan()
    assert plan.pages[0].is_first_run

    unattended = bot.apply(plan, is_reviewed=False)
    assert results(unattended) == [Result.SKIPPED]
    assert either_world.body(page_id) == "<p>x</p>"

    assert results(bot.apply(plan)) == [Result.WRITTEN]
    assert either_world.region(page_id, "news") == NEW
    assert bot.plan().pages == ()


def test_comments_stay_where_their_words_stay(either_world: World, page: str) -> None:
    bot = Bot(either_world, [page], {"status": OLD, "news": "<p>some old words</p>"})
    bot.run()
    marked = '<p>some <ac:inline-comment-marker ac:ref="r1">old</ac:inline-comment-marker> words</p>'
    body = either_world.body(page).replace("<p>some old words</p>", marked)
    either_world.store.pages.replace_body_unversioned(int(page), body)

    Bot(either_world, [page], {"status": OLD, "news": "<p>some old words</p><p>more</p>"}).run()

    assert marked in either_world.body(page)


def test_a_dry_run_cannot_write_even_if_it_tries(either_world: World, page: str) -> None:
    bot = Bot(either_world, [page], {"status": OLD, "news": NEW}, gateway=either_world.gateway(is_dry_run=True))
    before = len(either_world.writes())

    with pytest.raises(WritesForbiddenError):
        bot.run()

    assert len(either_world.writes()) == before


def test_regions_of_all_three_markers_are_written_in_a_layout(either_world: World) -> None:
    markers = [Marker("status"), Marker("quick_links", MarkerKind.ANCHORS), Marker("news", MarkerKind.HEADING, "News")]
    cell = "<ac:layout-cell>{}</ac:layout-cell>"
    cells = [cell.format(f"<p>a</p>{render_marked(marker, OLD)}") for marker in markers]
    layout = '<ac:layout><ac:layout-section ac:type="three_equal">{}</ac:layout-section></ac:layout>'
    page_id = either_world.add_page("Home", layout.format("".join(cells)))
    before = either_world.body(page_id)
    wanted = tuple(WantedRegion(marker, NEW) for marker in markers)
    bot = Bot(either_world, [page_id], {})
    assignment = Assignment("ws2", "r1", (TargetPage(page_id, "Home", wanted, is_home=True),))

    plan = build_plan(bot.gateway, [assignment], SafetySettings(), now=either_world.clock(), take_over=TAKE_ALL)
    bot.apply(plan)

    assert either_world.body(page_id) == before.replace(OLD, NEW)


class TestTwoWorkspacesOnOnePage:
    """Each has a region of its own there, from a data file of its own."""

    def run(self, world: World, page: str, *, stopped: bool = False, other: str = NEW, **rules: Any) -> ApplyReport:
        home = world.add_page(f"Home of run {len(world.writes())}", "<p>x</p>")
        if stopped:
            world.label(home, STOP)
        one, two = Bot(world, [page], {"news": NEW}), Bot(world, [page], {"status": other})
        two.revision = "r2"
        assignments = [one.assignment(), replace(two.assignment(), workspace="second")]
        plan = build_plan(one.gateway, assignments, SafetySettings(), now=world.clock(), **rules)
        return one.apply(plan, stop_pages={"ws2": page, "second": home})

    def test_make_one_version(self, either_world: World, page: str) -> None:
        before = len(either_world.versions(page))

        report = self.run(either_world, page)

        assert [(each.workspace, each.regions, each.version) for each in report.pages] == [
            ("ws2", ("news",), before + 1),
            ("second", ("status",), before + 1),
        ]
        assert (either_world.region(page, "news"), either_world.region(page, "status")) == (NEW, NEW)
        assert report.count(Result.WRITTEN) == 1
        assert len(either_world.versions(page)) == before + 1
        tag = parse_tag(either_world.versions(page)[-1][2])
        assert tag is not None
        assert (sorted(tag.regions), tag.revisions) == (["news", "status"], ["r1", "r2"])
        assert self.run(either_world, page).pages == ()

    def test_the_stop_label_of_one_leaves_the_other(self, either_world: World, page: str) -> None:
        report = self.run(either_world, page, stopped=True)

        assert [(each.workspace, each.result) for each in report.pages] == [("ws2", Result.WRITTEN)]
        assert len(report.stopped) == 1
        assert (either_world.region(page, "news"), either_world.region(page, "status")) == (NEW, OLD)

    def test_a_text_that_one_of_them_wrote_is_no_repair_by_the_other(self, either_world: World, page: str) -> None:
        for text in (NEW, OLD, NEW, OLD, NEW, OLD):
            self.run(either_world, page, other=text)

            assert either_world.region(page, "status") == text

    def test_a_region_changed_since_the_plan_is_a_reason_of_its_workspace_only(
        self, either_world: World, page: str
    ) -> None:
        one, two = Bot(either_world, [page], {"news": NEW}), Bot(either_world, [page], {"status": NEW})
        assignments = [one.assignment(), replace(two.assignment(), workspace="second")]
        plan = build_plan(one.gateway, assignments, SafetySettings(), now=either_world.clock())
        body = either_world.body(page)
        head, tail = body.split(OLD, 1)
        either_world.edit(page, f"{head}{THEIRS}{tail}")

        report = one.apply(plan, stop_pages={"ws2": page, "second": page})

        assert [(each.workspace, each.result) for each in report.pages] == [
            ("ws2", Result.WRITTEN),
            ("second", Result.SKIPPED),
        ]
        assert report.pages[0].reasons == ()
        assert "'status' was changed" in report.pages[1].reasons[0]
        assert either_world.region(page, "status") == THEIRS
