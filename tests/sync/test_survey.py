import datetime as dt
from dataclasses import replace

import pytest

from bot.config.policy import DriftPolicy, SafetySettings
from bot.storage.regions import Marker, MarkerKind, render_marked
from bot.sync.drift import Verdict
from bot.sync.plan import Action, Plan
from bot.sync.survey import build_plan
from bot.sync.wanted import Assignment, TargetPage, WantedRegion
from bot.wiki.session import Manners
from tests.sync.world import EXCLUDE, Bot, World, page_body

OLD, NEW, THEIRS = "<p>old</p>", "<p>new</p>", "<p>by a person</p>"


@pytest.fixture
def page(world: World) -> str:
    """A page that the bot has written: its news say OLD."""
    page_id = world.add_page("Home", page_body({"status": OLD, "news": "<p>first</p>"}))
    Bot(world, [page_id], {"news": OLD}).run(take_over=frozenset({"news"}))
    return page_id


def verdicts(plan: Plan) -> dict[str, Verdict]:
    return {change.region: change.verdict for page in plan.pages for change in page.changes}


def test_a_page_in_sync_costs_one_request_and_no_history(world: World, page: str) -> None:
    bot = Bot(world, [page], {"status": OLD, "news": OLD})
    before = len(world.server.requests)

    plan = bot.plan()

    assert plan.pages == ()
    assert plan.managed_regions == 2
    assert [method for method, _ in world.server.requests[before:]] == ["GET"]


def test_our_change_alone_is_behind_and_will_be_written(either_world: World) -> None:
    page_id = either_world.add_page("Home", page_body({"news": "<p>first</p>"}))
    Bot(either_world, [page_id], {"news": OLD}).run(take_over=frozenset({"news"}))
    either_world.replace(page_id, "<p>after</p>", "<p>after all</p>")

    (page,) = Bot(either_world, [page_id], {"news": NEW}).plan().pages

    assert page.changes[0].verdict is Verdict.BEHIND
    assert page.changes[0].action is Action.WRITE
    assert page.base_version == 3


def test_drift_names_who_changed_the_region_and_not_who_changed_the_rest(either_world: World) -> None:
    page_id = either_world.add_page("Home", page_body({"news": "<p>first</p>"}))
    Bot(either_world, [page_id], {"news": OLD}).run(take_over=frozenset({"news"}))
    either_world.replace(page_id, "before", "long before", user="omar")
    either_world.replace(page_id, OLD, THEIRS, user="li")
    either_world.replace(page_id, "after", "long after", user="ana")

    plan = Bot(either_world, [page_id], {"news": OLD}).plan()

    (change,) = plan.pages[0].changes
    assert change.verdict is Verdict.DRIFTED
    assert change.action is Action.NONE
    names = {each.name: each.display_name for each in either_world.store.people.all()}
    assert [(edit.version, edit.author) for edit in change.edits] == [(4, names["li"])]
    assert plan.disputed


def test_both_changed_is_a_conflict_whatever_the_policy(world: World, page: str) -> None:
    world.replace(
        page,
        "<p>old</p></ac:rich-text-body></ac:structured-macro><p>after",
        f"{THEIRS}</ac:rich-text-body></ac:structured-macro><p>after",
    )

    for policy in DriftPolicy:
        (change,) = Bot(world, [page], {"news": NEW}, policy=policy).plan().pages[0].changes

        assert change.verdict is Verdict.CONFLICT
        assert change.action is Action.NONE
        assert change.edits


def test_a_person_who_copies_our_message_does_not_speak_for_us(world: World, page: str) -> None:
    message = world.versions(page)[-1][2]
    world.edit(page, world.body(page).replace(OLD, THEIRS), message=message)

    assert verdicts(Bot(world, [page], {"news": OLD}).plan()) == {"news": Verdict.DRIFTED}


def test_an_old_version_that_a_person_restored_is_drift(world: World, page: str) -> None:
    world.store.pages.restore_version(int(page), 1, author=world.account("ana"), message="", with_title=False)

    assert verdicts(Bot(world, [page], {"news": OLD}).plan()) == {"news": Verdict.DRIFTED}


def test_a_history_that_was_purged_leaves_no_record(world: World, page: str) -> None:
    world.replace(page, "before", "long before")
    world.store.pages.delete_version(int(page), 2)

    plan = Bot(world, [page], {"news": NEW}).plan()

    assert verdicts(plan) == {"news": Verdict.UNMANAGED}
    assert plan.page_writes == ()


def test_a_region_that_was_removed_is_drift(world: World, page: str) -> None:
    world.edit(page, "<p>all gone</p>")

    (change,) = Bot(world, [page], {"news": OLD}).plan().pages[0].changes

    assert (change.verdict, change.live) == (Verdict.DRIFTED, None)
    assert [edit.version for edit in change.edits] == [3]


def test_an_inline_comment_is_no_drift(world: World, page: str) -> None:
    marked = '<p><ac:inline-comment-marker ac:ref="r1">old</ac:inline-comment-marker></p>'
    world.store.pages.replace_body_unversioned(int(page), world.body(page).replace(OLD, marked))

    assert Bot(world, [page], {"news": OLD}).plan().pages == ()
    assert verdicts(Bot(world, [page], {"news": NEW}).plan()) == {"news": Verdict.BEHIND}


def test_comments_that_would_lose_their_place_are_told_before_writing(world: World, page: str) -> None:
    marked = '<p><ac:inline-comment-marker ac:ref="r1">old</ac:inline-comment-marker></p>'
    world.store.pages.replace_body_unversioned(int(page), world.body(page).replace(OLD, marked))

    (change,) = Bot(world, [page], {"news": NEW}).plan().pages[0].changes

    assert change.lost_comments == ("old",)


@pytest.mark.parametrize("level", ["light", "full"])
@pytest.mark.parametrize("flavour", ["cloud", "datacenter"])
def test_what_the_server_rewrites_is_no_drift(flavour: str, level: str) -> None:
    text = '<p><b>a</b> <i>b</i> "c" &#8217; <a href="https://x.test/?a=1&amp;b=2">d</a></p><ul><li>e<br/></li></ul>'
    with World(flavour, level=level) as world:
        page_id = world.add_page("Home", page_body({"news": "<p>first</p>"}))
        bot = Bot(world, [page_id], {"news": text})
        bot.run(take_over=frozenset({"news"}))

        assert bot.plan().pages == ()


def test_a_rewriting_that_nobody_foresaw_is_settled_by_the_recorded_digest(world: World) -> None:
    page_id = world.add_page("Home", page_body({"news": "<p>first</p>"}))
    bot = Bot(world, [page_id], {"news": OLD})
    normalise = world.store.normalise
    world.store.normalise = lambda body: normalise(body.replace("old", "O-L-D"))
    bot.run(take_over=frozenset({"news"}))
    assert world.region(page_id, "news") == "<p>O-L-D</p>"

    assert bot.plan().pages == ()
    assert verdicts(Bot(world, [page_id], {"news": NEW}).plan()) == {"news": Verdict.BEHIND}


def test_one_bad_page_leaves_the_others(either_world: World) -> None:
    doubled = render_marked(Marker("news"), OLD) * 2
    good = either_world.add_page("Good", page_body({"news": OLD}))
    bad = either_world.add_page("Bad", f"<p>x</p>{doubled}")

    plan = Bot(either_world, [bad, "99999999", good], {"news": OLD}).plan()

    assert [(problem.page, problem.region) for problem in plan.problems] == [
        (f"page {bad}", "news"),
        ("page 99999999", None),
    ]
    assert plan.pages == ()


def test_an_archived_page_is_a_problem_and_not_a_write(either_world: World) -> None:
    page_id = either_world.add_page("Home", page_body({"news": OLD}))
    either_world.store.pages.archive([int(page_id)])

    plan = Bot(either_world, [page_id], {"news": NEW}).plan(take_over=frozenset({"all"}))

    assert plan.pages == ()
    assert len(plan.problems) == 1


def test_an_excluded_page_is_left_alone(world: World, page: str) -> None:
    world.label(page, EXCLUDE)

    plan = Bot(world, [page], {"news": NEW}).plan()

    assert plan.pages == ()
    assert EXCLUDE in plan.notices[0]


def test_a_region_that_the_data_no_longer_has_is_left_and_told(world: World, page: str) -> None:
    plan = Bot(world, [page], {"status": OLD, "news": None}).plan()

    assert plan.pages == ()
    assert "'news'" in plan.notices[0]


def test_a_cut_data_file_is_noticed_by_what_the_page_says(world: World) -> None:
    page_id = world.add_page("Home", page_body({"status": f"<p>{'words ' * 60}</p>", "news": f"<p>{'news ' * 60}</p>"}))

    (scope,) = Bot(world, [page_id], {"status": NEW, "news": None}).plan().scopes

    assert (scope.live_characters, scope.desired_characters) == (540, 3)


class TestEditWar:
    def repair(self, world: World, page: str) -> Action:
        """A person changes the region, the bot is asked to repair it."""
        body = world.body(page)
        world.edit(
            page,
            body.replace(
                "<p>old</p></ac:rich-text-body></ac:structured-macro><p>after",
                f"{THEIRS}</ac:rich-text-body></ac:structured-macro><p>after",
            ),
        )
        bot = Bot(world, [page], {"news": OLD}, policy=DriftPolicy.REPAIR)
        plan = bot.plan()
        bot.apply(plan)
        return plan.pages[0].changes[0].action

    def test_ends_after_three_repairs_and_says_so(self, world: World, page: str) -> None:
        actions = [self.repair(world, page) for _ in range(4)]

        assert actions == [Action.WRITE] * 3 + [Action.NONE]
        assert world.region(page, "news") == THEIRS
        (change,) = Bot(world, [page], {"news": OLD}, policy=DriftPolicy.REPAIR).plan().pages[0].changes
        assert "edit war" in change.note
        assert change.needs_a_person

    def test_begins_anew_the_next_day(self, world: World, page: str) -> None:
        for _ in range(3):
            self.repair(world, page)
        world.shift = dt.timedelta(hours=24, minutes=1)

        assert self.repair(world, page) is Action.WRITE

    def test_is_not_what_news_do_that_come_and_go_within_a_day(self, world: World, page: str) -> None:
        bots = [Bot(world, [page], {"news": text}) for text in (OLD, NEW)]
        for round_number in range(6):
            for bot in bots:
                bot.revision = "r1"
                bot.run()
            assert world.region(page, "news") == NEW, round_number

    def test_between_two_bots_with_different_data_ends_too(self, world: World, page: str) -> None:
        one, other = Bot(world, [page], {"news": NEW}), Bot(world, [page], {"news": OLD})
        other.revision = "r2"
        for bot in (one, other) * 6:
            bot.run()

        assert len(world.versions(page)) < 12
        assert one.plan().disputed or other.plan().disputed


def test_two_workspaces_that_want_the_same_region_of_a_page_do_not_fight(world: World, page: str) -> None:
    one, other = (Bot(world, [page], {"news": text}) for text in (NEW, THEIRS))
    assignments = [one.assignment(), replace(other.assignment(), workspace="other")]

    plan = build_plan(one.gateway, assignments, SafetySettings(), now=world.clock())

    assert [(each.workspace, [change.desired for change in each.writes]) for each in plan.page_writes] == [
        ("ws2", [NEW])
    ]
    (problem,) = plan.problems
    assert (problem.workspace, problem.region) == ("other", "news")


def test_what_the_wiki_itself_says_does_not_hide_a_cut_data_file(world: World) -> None:
    page_id = world.add_page(
        "Home", page_body({"status": f"<p>{'words ' * 60}</p>", "news": f"<p>{'news ' * 600}</p>"})
    )
    wanted = (
        WantedRegion(Marker("status"), NEW),
        WantedRegion(Marker("news"), f"<p>{'news ' * 600}</p>", says_data=False),
    )
    assignment = Assignment("ws2", "r", (TargetPage(page_id, "Home", wanted, is_home=True),))

    (scope,) = build_plan(world.gateway(), [assignment], SafetySettings(), now=world.clock()).scopes

    assert (scope.live_characters, scope.desired_characters) == (300, 3)


DETAILS, ANCHORED = render_marked(Marker("news"), OLD), render_marked(Marker("news", MarkerKind.ANCHORS), OLD)
BEGIN, _, END = ANCHORED.partition(OLD)
BAD_PAGES = {
    "missing": "<p>x</p>",
    "empty": "",
    "doubled": DETAILS * 2,
    "nested in itself": render_marked(Marker("news"), DETAILS),
    "in another region": render_marked(Marker("status"), DETAILS),
    "both kinds": DETAILS + ANCHORED,
    "half lost": f"{BEGIN}{OLD}",
    "swapped": f"{END}{OLD}{BEGIN}",
    "in code": '<ac:structured-macro ac:name="code"><ac:plain-text-body><![CDATA['
    + DETAILS
    + "]]></ac:plain-text-body></ac:structured-macro>",
    "in a comment": f"<p>x</p><!-- {DETAILS} -->",
}


@pytest.mark.parametrize("trouble", BAD_PAGES)
def test_a_page_whose_markers_are_in_trouble_is_reported_and_stays_as_it_is(world: World, trouble: str) -> None:
    page_id = world.add_page("Bad", BAD_PAGES[trouble])
    before, writes = world.body(page_id), len(world.writes())
    bot = Bot(world, [page_id], {"news": NEW})

    plan = bot.plan(take_over=frozenset({"all"}))
    bot.apply(plan)

    assert plan.problems or plan.disputed
    assert world.body(page_id) == before
    assert len(world.writes()) == writes


@pytest.mark.parametrize("paragraphs", [1_000, pytest.param(90_000, marks=pytest.mark.slow)])
def test_a_page_of_four_megabytes_is_written_like_any_other(world: World, paragraphs: int) -> None:
    words = "Four megabytes of words &amp; entities &nbsp; é 😀"
    filler = f"<p>{words * (80_000 // paragraphs)}</p>" * paragraphs
    page_id = world.add_page("Large", f"{filler}{DETAILS}<p>end</p>")
    before = world.body(page_id)

    Bot(world, [page_id], {"news": NEW}, gateway=world.gateway(manners=Manners())).run(take_over=frozenset({"all"}))

    assert world.body(page_id) == before.replace(OLD, NEW)


def test_regions_that_overlap_are_both_left_alone(world: World) -> None:
    page_id = world.add_page("Home", f"<h1>All</h1>{OLD}<h2>News</h2>{OLD}")
    wanted = tuple(
        WantedRegion(Marker(name, MarkerKind.HEADING, heading), NEW)
        for name, heading in (("status", "All"), ("news", "News"))
    )
    assignment = Assignment("ws2", "r", (TargetPage(page_id, "Home", wanted, is_home=True),))

    plan = build_plan(world.gateway(), [assignment], SafetySettings(), now=world.clock(), take_over=frozenset({"all"}))

    assert plan.pages == ()
    assert [problem.region for problem in plan.problems] == ["status", "news"]
