from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot.config.policy import DriftPolicy
from bot.splice import splice
from bot.storage.regions import Marker, find_region, find_regions, replace_regions
from bot.sync.apply import Result
from bot.sync.plan import Plan
from tests.machine import IS_NIGHTLY
from tests.sync.world import EXCLUDE, MARKERS, STOP, Bot, World, page_body

NAMES = st.sampled_from(["status", "quick_links", "news"])
WORDS = st.text("abc é<&]>😀", min_size=1, max_size=8).filter(str.strip)


def paragraph(words: str) -> str:
    return f"<p>{words.strip().replace('&', '&amp;').replace('<', '&lt;').replace('>', '&gt;')}</p>"


class SharedPage(RuleBasedStateMachine):
    """People, two bots and a maintainer at one page; whatever they do, the bots keep their promises."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.world.__enter__()
        self.texts: dict[str, str | None] = {name: paragraph(name) for name in ("status", "quick_links", "news")}
        body = page_body({name: text or "" for name, text in self.texts.items()})
        self.page = self.world.add_page("Home", body)
        self.gateway = self.world.gateway()
        self.policy = DriftPolicy.REPORT
        self.kept: Plan | None = None
        self.people_texts: dict[str, str] = {}
        self.is_stopped = self.is_excluded = False

    def teardown(self) -> None:
        self.world.__exit__(None, None, None)

    @initialize()
    def the_bot_wrote_the_page_once(self) -> None:
        first = Bot(self.world, [self.page], dict.fromkeys(self.texts, "<p>first</p>"), gateway=self.gateway)
        first.run(take_over=frozenset({"all"}))
        self.bot().run()

    def bot(self) -> Bot:
        return Bot(self.world, [self.page], dict(self.texts), gateway=self.gateway, policy=self.policy)

    # -- what people do

    @rule(words=WORDS)
    def a_person_writes_outside(self, words: str) -> None:
        body = self.world.body(self.page)
        self.world.edit(self.page, f"{paragraph(words)}{body}{paragraph(words)}")

    @rule(name=NAMES, words=WORDS)
    def a_person_writes_inside(self, name: str, words: str) -> None:
        body = self.world.body(self.page)
        region = find_region(body, Marker(name))
        if region is not None:
            self.world.edit(self.page, replace_regions(body, [(region, paragraph(words))]))

    @rule(name=NAMES)
    def a_person_comments_inside(self, name: str) -> None:
        body = self.world.body(self.page)
        region = find_region(body, Marker(name))
        if region is None or not region.text(body).startswith("<p>") or "inline-comment" in region.text(body):
            return
        inner = region.text(body).removeprefix("<p>").removesuffix("</p>")
        marked = f'<p><ac:inline-comment-marker ac:ref="r">{inner}</ac:inline-comment-marker></p>'
        self.world.store.pages.replace_body_unversioned(int(self.page), replace_regions(body, [(region, marked)]))

    @rule(name=NAMES)
    def a_person_removes_a_region(self, name: str) -> None:
        body = self.world.body(self.page)
        region = find_region(body, Marker(name))
        if region is not None:
            self.world.edit(self.page, splice(body, {region.span: ""}))

    @rule(back=st.integers(1, 3))
    def a_person_restores_an_old_version(self, back: int) -> None:
        number = max(1, len(self.world.versions(self.page)) - back)
        self.world.store.pages.restore_version(
            int(self.page), number, author=self.world.account("li"), message="", with_title=False
        )

    @rule()
    def a_person_stops_the_bots(self) -> None:
        self.world.label(self.page, STOP)
        self.is_stopped = True

    @rule()
    def a_person_lets_the_bots_go_on(self) -> None:
        self.world.store.labels.remove(int(self.page), STOP)
        self.is_stopped = False

    @rule()
    def a_person_excludes_the_page(self) -> None:
        self.world.label(self.page, EXCLUDE)
        self.is_excluded = True

    @rule()
    @precondition(lambda self: self.is_excluded)
    def a_person_includes_the_page(self) -> None:
        self.world.store.labels.remove(int(self.page), EXCLUDE)
        self.is_excluded = False

    # -- what the maintainer does

    @rule(name=NAMES, words=WORDS)
    def the_data_file_is_edited(self, name: str, words: str) -> None:
        self.texts[name] = paragraph(words)

    @rule(policy=st.sampled_from(DriftPolicy))
    def the_policy_is_changed(self, policy: DriftPolicy) -> None:
        self.policy = policy

    @rule()
    def the_maintainer_insists(self) -> None:
        self.apply(self.bot().plan(take_over=frozenset({"all"})))

    @rule()
    def a_plan_is_made_and_kept(self) -> None:
        writes = len(self.world.writes())

        self.kept = self.bot().plan()

        assert len(self.world.writes()) == writes, "planning wrote"

    @rule()
    @precondition(lambda self: self.kept is not None)
    def the_kept_plan_is_applied(self) -> None:
        assert self.kept is not None
        plan, self.kept = self.kept, None
        self.apply(plan)

    @rule(
        name=NAMES,
        ours=WORDS,
        theirs=WORDS,
        happens=st.sampled_from(["inside", "outside", "comment", "stop", "removal"]),
    )
    def something_happens_between_plan_and_apply(self, name: str, ours: str, theirs: str, happens: str) -> None:
        self.the_maintainer_insists()
        self.texts[name] = paragraph(ours)
        plan = self.bot().plan()
        match happens:
            case "inside":
                self.a_person_writes_inside(name, theirs)
            case "outside":
                self.a_person_writes_outside(theirs)
            case "comment":
                self.a_person_comments_inside(name)
            case "stop":
                self.a_person_stops_the_bots()
            case "removal":
                self.a_person_removes_a_region(name)
        self.apply(plan)
        self.a_person_lets_the_bots_go_on()

    @rule()
    def the_bot_runs(self) -> None:
        self.apply(self.bot().plan())

    @rule()
    def the_bot_runs_twice(self) -> None:
        self.apply(self.bot().plan())
        writes = len(self.world.writes())

        self.apply(self.bot().plan())

        assert len(self.world.writes()) == writes, "the second run wrote again"

    def apply(self, plan: Plan) -> None:
        before, writes = self.world.body(self.page), len(self.world.writes())
        outside_before, inside_before = split(before)

        report = self.bot().apply(plan)

        after = self.world.body(self.page)
        outside_after, inside_after = split(after)
        if self.is_stopped or self.is_excluded or not plan.page_writes:
            assert len(self.world.writes()) == writes, "wrote although it must not, or with nothing to do"
        if not any(page.result is Result.WRITTEN for page in report.pages):
            assert after == before
        assert outside_after == outside_before, "something outside the regions changed"
        planned = {change.region: change for page in plan.page_writes for change in page.writes}
        for name, text in inside_after.items():
            if text != inside_before[name]:
                assert name in planned, f"{name} was written although the plan leaves it"
                assert strip(inside_before[name]) == strip(planned[name].live or ""), (
                    "a text that the plan never saw is gone"
                )

    @invariant()
    def every_version_of_the_bot_bears_its_tag(self) -> None:
        for number, author, message in self.world.versions(self.page):
            assert author != "bot" or message.startswith("wikibot "), number


def split(body: str) -> tuple[str, dict[str, str]]:
    """Return what is outside the regions, and what is inside."""
    regions = find_regions(body, MARKERS)
    outside = splice(body, {region.content: "…" for region in regions.values()})
    return outside, {name: region.text(body) for name, region in regions.items()}


def strip(text: str) -> str:
    """Return a text without the marker of the one comment."""
    opening = '<ac:inline-comment-marker ac:ref="r">'
    return text.replace(opening, "").replace("</ac:inline-comment-marker>", "")


TestSharedPage: Any = SharedPage.TestCase
TestSharedPage.settings = settings(
    max_examples=200 if IS_NIGHTLY else 15,
    stateful_step_count=50 if IS_NIGHTLY else 30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=list(Phase) if IS_NIGHTLY else [Phase.explicit, Phase.reuse, Phase.generate],  # shrinking takes minutes
)
