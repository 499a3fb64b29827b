"""The one order of every write, and reads that lag behind, observed at a proxy between bot and wiki."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot.config.policy import DriftPolicy
from bot.errors import WikiAnswerError
from bot.sync.apply import ApplyReport, Result
from bot.sync.drift import Verdict
from bot.sync.stop_order import StopOrder, StopOrders
from bot.wiki.dialect import Flavour
from tests.scripted_proxy import Answer, CachingProxy, ScriptedProxy, scripted_proxy, serving
from tests.sync.world import STOP, Bot, World, page_body

OLD, NEW = "<p>old</p>", "<p>new</p>"
OUTSIDE = "<p>words of Ana</p>"
TAKE_ALL = frozenset({"all"})


@pytest.fixture
def page(either_world: World) -> str:
    """A page whose region the bot has written: it says OLD, and Ana's words follow."""
    page_id = either_world.add_page("Home", page_body({"news": "<p>first</p>"}, after=OUTSIDE))
    Bot(either_world, [page_id], {"news": OLD}).run(take_over=TAKE_ALL)
    return page_id


@pytest.fixture
def proxy(either_world: World) -> Iterator[ScriptedProxy]:
    with scripted_proxy(either_world.url) as running:
        yield running


@pytest.fixture
def bot(either_world: World, proxy: ScriptedProxy, page: str) -> Bot:
    """A bot behind the proxy that wants NEW."""
    return Bot(either_world, [page], {"news": NEW}, gateway=either_world.gateway(url=proxy.url))


def results(report: ApplyReport) -> list[Result]:
    return [page.result for page in report.pages]


def one_page(world: World, page: str) -> str:
    """Return the pattern of the requests for the newest version of a page."""
    kind = "pages" if world.flavour is Flavour.CLOUD else "content"
    return rf"/{kind}/{page}(?:\?(?!.*(?:version=|status=draft|get-draft)).*)?$"


def comment_on(world: World, page: str, words: str) -> None:
    world.store.comments.add_inline(int(page), "<p>Is this so?</p>", author=world.account("ana"), selection=words)


def test_a_comment_made_after_the_reading_is_kept(
    either_world: World, page: str, proxy: ScriptedProxy, bot: Bot
) -> None:
    plan = bot.plan()
    proxy.first("GET", rf"/{page}.*version=", lambda: comment_on(either_world, page, "words"))

    report = bot.apply(plan)

    assert results(report) == [Result.WRITTEN]
    assert report.pages[0].remarks == ()
    assert "<ac:inline-comment-marker" in either_world.body(page)
    assert NEW in either_world.body(page)


def test_a_cache_does_not_hide_what_people_write_between_plan_and_apply(either_world: World, page: str) -> None:
    with serving(CachingProxy(either_world.url)) as cache:
        bot = Bot(either_world, [page], {"news": NEW}, gateway=either_world.gateway(url=cache.url))
        plan = bot.plan()
        either_world.replace(page, OUTSIDE, "<p>other words of Ana</p>")

        report = bot.apply(plan)

    assert results(report) == [Result.WRITTEN]
    assert NEW in either_world.body(page)
    assert "<p>other words of Ana</p>" in either_world.body(page)


def test_a_comment_made_at_the_moment_of_the_writing_is_put_back(
    either_world: World, page: str, proxy: ScriptedProxy, bot: Bot
) -> None:
    proxy.first("PUT", page, lambda: comment_on(either_world, page, "words"))

    report = bot.run()

    assert results(report) == [Result.WRITTEN]
    assert "put back 1 inline comment" in report.pages[0].remarks[0]
    marked = "<ac:inline-comment-marker"
    assert marked in either_world.body(page).split("words")[0].rsplit("<p>", 1)[1]
    assert NEW in either_world.body(page)
    assert bot.plan().pages == ()


def test_a_stop_asked_for_at_the_moment_of_the_writing_waits_until_the_write_is_complete(
    either_world: World, page: str, proxy: ScriptedProxy
) -> None:
    stop = threading.Event()
    other = either_world.add_page("Other", page_body({"news": OLD}))
    Bot(either_world, [other], {"news": "<p>older</p>"}).run(take_over=TAKE_ALL)
    gateway = either_world.gateway(url=proxy.url, stop=stop)
    bot = Bot(either_world, [page, other], {"news": NEW}, gateway=gateway)
    plan = bot.plan()

    def comment_and_stop() -> None:
        comment_on(either_world, page, "words")
        stop.set()

    proxy.first("PUT", page, comment_and_stop)

    report = bot.apply(plan)

    assert [page.remarks for page in report.pages] == [("put back 1 inline comment made during the write",)]
    assert "stopped on request" in report.stopped[0]
    assert "<ac:inline-comment-marker" in either_world.body(page)
    assert NEW not in either_world.body(other)


def test_a_comment_that_cannot_be_looked_for_after_the_write_is_said_without_alarm(
    either_world: World, page: str, proxy: ScriptedProxy, bot: Bot
) -> None:
    plan = bot.plan()
    proxy.first("PUT", page, lambda: proxy.instead("GET", rf"/{page}.*version=", 403, "closed"))

    report = bot.apply(plan)

    assert results(report) == [Result.WRITTEN]
    assert "whether people commented during the write could not be checked" in report.pages[0].remarks[0]
    assert NEW in either_world.body(page)


def test_a_stop_label_set_while_the_wiki_makes_the_bot_wait_is_obeyed(
    either_world: World, page: str, proxy: ScriptedProxy, bot: Bot
) -> None:
    proxy.instead("PUT", page, 429, "slow down", times=1, Retry_After="2")
    proxy.first("PUT", page, lambda: either_world.label(page, STOP))

    report = bot.run()

    assert STOP in report.stopped[0]
    assert NEW not in either_world.body(page)


def test_an_order_to_stop_given_while_the_wiki_makes_the_bot_wait_is_obeyed(
    either_world: World, page: str, proxy: ScriptedProxy, bot: Bot, tmp_path: Path
) -> None:
    orders = StopOrders(tmp_path)
    order = StopOrder(since=either_world.clock(), by="li", reason="the site moves")
    proxy.instead("PUT", page, 429, "slow down", times=1, Retry_After="2")
    proxy.first("PUT", page, lambda: orders.give("ws2", order))

    report = bot.apply(bot.plan(), orders=orders)

    assert "li stopped it" in report.stopped[0]
    assert "the site moves" in report.stopped[0]
    assert NEW not in either_world.body(page)


def test_a_draft_begun_while_the_wiki_makes_the_bot_wait_is_obeyed(
    either_world: World, page: str, proxy: ScriptedProxy, bot: Bot
) -> None:
    def begin_draft() -> None:
        either_world.store.pages.save_draft(
            int(page), title=None, body="<p>half a thought</p>", author=either_world.account("ana")
        )

    proxy.instead("PUT", page, 429, "slow down", times=1, Retry_After="2")
    proxy.first("PUT", page, begin_draft)

    report = bot.run()

    assert results(report) == [Result.SKIPPED]
    assert NEW not in either_world.body(page)
    assert either_world.store.contents.find_draft(int(page)) is not None


def test_a_read_that_the_wiki_makes_wait_begins_the_order_again(
    either_world: World, page: str, proxy: ScriptedProxy, bot: Bot
) -> None:
    plan = bot.plan()
    proxy.instead("GET", one_page(either_world, page), 429, "slow down", times=1, Retry_After="2")
    proxy.first("GET", one_page(either_world, page), lambda: either_world.label(page, STOP))

    report = bot.apply(plan)

    assert STOP in report.stopped[0]
    assert NEW not in either_world.body(page)


def test_429_that_lasts_ends_with_bounded_tries_and_is_said(page: str, proxy: ScriptedProxy, bot: Bot) -> None:
    proxy.instead("PUT", page, 429, "slow down", Retry_After="2")

    report = bot.run()

    assert results(report) == [Result.FAILED]
    assert "slow down" in report.pages[0].reasons[0]
    assert [method for method, _ in proxy.seen].count("PUT") == 3


def test_nothing_waits_between_the_reading_and_the_writing(
    either_world: World, page: str, proxy: ScriptedProxy
) -> None:
    other = either_world.add_page("Other", page_body({"news": OLD}))
    Bot(either_world, [other], {"news": "<p>older</p>"}).run(take_over=TAKE_ALL)
    naps: list[int] = []
    gateway = either_world.gateway(
        url=proxy.url, writes_per_minute=6, clock=lambda: 0.0, sleep=lambda _: naps.append(len(proxy.seen))
    )
    plan = Bot(either_world, [page, other], {"news": NEW}, gateway=gateway).plan()

    report = Bot(either_world, [page, other], {"news": NEW}, gateway=gateway).apply(plan)

    assert results(report) == [Result.WRITTEN, Result.WRITTEN]
    assert naps
    for number, (method, _) in enumerate(proxy.seen):
        if method != "PUT":
            continue
        start = max((nap for nap in naps if nap <= number), default=0)
        since = proxy.seen[start:number]
        assert any("/label" in path for _, path in since), "the stop label was read before the wait"
        assert any("draft" in path for _, path in since), "the draft was looked for before the wait"
        assert since[-1][0] == "GET"


def older(world: World, page: str, number: int) -> Callable[[Answer], None]:
    """Return a change of an answer: the page as it was in an older version."""

    def change(answer: Answer) -> None:
        version = next(each for each in world.store.contents.versions(int(page)) if each.number == number)
        found = answer.json
        found["version"] |= {"number": number, "message": version.message}
        found["body"]["storage"]["value"] = world.body(page, number)
        answer.json = found

    return change


def with_body(body: str) -> Callable[[Answer], None]:
    """Return a change of an answer: another body under the same version number."""

    def change(answer: Answer) -> None:
        found = answer.json
        found["body"]["storage"]["value"] = body
        answer.json = found

    return change


def test_people_who_comment_at_every_moment_keep_no_write_away(either_world: World, page: str, bot: Bot) -> None:
    plan = bot.plan()
    either_world.server.faults.add("comment@get*always")

    report = bot.apply(plan)

    assert results(report) == [Result.WRITTEN]
    assert NEW in either_world.body(page)


@pytest.mark.parametrize("policy", [DriftPolicy.REPORT, DriftPolicy.REPAIR])
def test_a_replica_that_lags_behind_the_own_write_is_waited_for(
    either_world: World, page: str, proxy: ScriptedProxy, policy: DriftPolicy
) -> None:
    Bot(either_world, [page], {"news": NEW}).run()
    naps: list[float] = []
    gateway = either_world.gateway(url=proxy.url, sleep=naps.append)
    bot = Bot(either_world, [page], {"news": NEW}, gateway=gateway, policy=policy)
    proxy.change("GET", one_page(either_world, page), older(either_world, page, 2), times=2)

    plan = bot.plan()

    assert plan.pages == ()
    assert plan.problems == ()
    assert naps


@pytest.mark.parametrize("policy", [DriftPolicy.REPORT, DriftPolicy.REPAIR])
def test_a_replica_that_stays_behind_is_a_problem_and_never_a_change_by_people(
    either_world: World, page: str, proxy: ScriptedProxy, policy: DriftPolicy
) -> None:
    Bot(either_world, [page], {"news": NEW}).run()
    bot = Bot(either_world, [page], {"news": NEW}, gateway=either_world.gateway(url=proxy.url), policy=policy)
    proxy.change("GET", one_page(either_world, page), older(either_world, page, 2))
    writes = len(either_world.writes())

    plan = bot.plan()
    bot.apply(plan)

    assert plan.disputed == ()
    assert plan.page_writes == ()
    assert "version 2, but version 3 exists" in plan.problems[0].message
    assert len(either_world.writes()) == writes


def test_a_replica_that_has_an_older_text_for_a_version_says_what_to_do(
    either_world: World, page: str, proxy: ScriptedProxy
) -> None:
    Bot(either_world, [page], {"news": NEW}).run()
    proxy.change("GET", page, older(either_world, page, 2))

    with pytest.raises(WikiAnswerError, match=r"asked for version 3, the wiki sent version 2; .*run again in a few"):
        either_world.gateway(url=proxy.url).fetch_page(page, version=3)


def test_a_new_version_number_with_the_old_text_loses_no_words_of_people(
    either_world: World, page: str, proxy: ScriptedProxy, bot: Bot
) -> None:
    before = either_world.body(page)
    either_world.replace(page, OUTSIDE, OUTSIDE + "<p>by Ana, just now</p>")
    proxy.change("GET", one_page(either_world, page), with_body(before))

    report = bot.run()

    assert results(report) == [Result.WRITTEN]
    assert "<p>by Ana, just now</p>" in either_world.body(page)
    assert either_world.region(page, "news") == NEW


def test_a_new_version_number_with_the_text_before_the_own_write_is_in_sync(
    either_world: World, page: str, proxy: ScriptedProxy, bot: Bot
) -> None:
    before = either_world.body(page)
    Bot(either_world, [page], {"news": NEW}).run()
    proxy.change("GET", one_page(either_world, page), with_body(before))
    writes = len(either_world.writes())

    plan = bot.plan()
    bot.apply(plan)

    assert plan.disputed == ()
    assert len(either_world.writes()) == writes


@pytest.mark.parametrize("wants", [OLD, NEW])
def test_an_old_tag_in_the_message_of_a_person_under_the_account_of_the_bot_is_not_believed(
    either_world: World, page: str, wants: str
) -> None:
    message = either_world.versions(page)[-1][2]
    theirs = either_world.body(page).replace(OLD, "<p>by a person</p>")
    either_world.edit(page, theirs, user="bot", message=message)
    bot = Bot(either_world, [page], {"news": wants})

    plan = bot.plan()
    bot.apply(plan)

    assert [change.verdict for change in plan.pages[0].changes] == [
        Verdict.DRIFTED if wants == OLD else Verdict.CONFLICT
    ]
    assert either_world.region(page, "news") == "<p>by a person</p>"


@pytest.mark.parametrize("tag", ["wikibot news=0123456789: x", "wikibot news=0123456789 r=r1 k=01234567: x"])
def test_a_tag_that_a_person_typed_is_not_believed(either_world: World, page: str, tag: str) -> None:
    theirs = either_world.body(page).replace(OLD, "<p>by a person</p>")
    either_world.edit(page, theirs, user="bot", message=tag)

    plan = Bot(either_world, [page], {"news": NEW}).plan()

    assert [change.verdict for change in plan.pages[0].changes] == [Verdict.CONFLICT]


def test_a_tag_is_believed_after_earlier_versions_were_deleted(either_world: World, page: str) -> None:
    either_world.edit(page, either_world.body(page) + "<p>more</p>")
    normalise = either_world.store.normalise
    either_world.store.normalise = lambda body: normalise(body.replace(NEW, "<p>N-E-W</p>"))
    Bot(either_world, [page], {"news": NEW}).run()
    either_world.store.pages.delete_version(int(page), 1)

    plan = Bot(either_world, [page], {"news": OLD}).plan()

    assert [change.verdict for change in plan.pages[0].changes] == [Verdict.BEHIND]


def test_the_proxy_shows_the_answers_of_the_wiki_by_default(
    either_world: World, page: str, proxy: ScriptedProxy
) -> None:
    direct, through = either_world.gateway().fetch_page(page), either_world.gateway(url=proxy.url).fetch_page(page)

    assert (direct.body, direct.version) == (through.body, through.version)
