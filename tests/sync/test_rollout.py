"""One change on many pages: the first page is written and watched before the others."""

from dataclasses import replace

import pytest

from bot.sync.apply import Result
from tests.sync.world import Bot, World, page_body

OLD, NEW = "<p>old</p>", "<p>new</p>"


@pytest.fixture
def pages(either_world: World) -> list[str]:
    """Five pages with the same banner, written by the bot."""
    pages = [either_world.add_page(f"Page {number}", page_body({"status": "<p>x</p>"})) for number in range(5)]
    bot = Bot(either_world, pages, {"status": OLD})
    bot.apply(bot.plan(take_over=frozenset({"all"})))
    return pages


def banner_of(world: World, pages: list[str]) -> list[str | None]:
    return [world.region(page, "status") for page in pages]


def test_the_run_pauses_once_and_reads_the_first_page_again(either_world: World, pages: list[str]) -> None:
    bot = Bot(either_world, pages, {"status": NEW})
    plan = bot.plan()
    shown = []

    report = bot.apply(
        plan, canary_seconds=60, sleep=lambda seconds: shown.append((seconds, banner_of(either_world, pages)))
    )

    assert shown == [(60, [NEW, OLD, OLD, OLD, OLD])]
    assert report.count(Result.WRITTEN) == 5
    assert banner_of(either_world, pages) == [NEW] * 5


def test_a_first_page_that_somebody_puts_back_during_the_pause_ends_the_change(
    either_world: World, pages: list[str]
) -> None:
    bot = Bot(either_world, pages, {"status": NEW})

    report = bot.apply(
        bot.plan(), canary_seconds=60, sleep=lambda _: either_world.replace(pages[0], NEW, "<p>not this</p>")
    )

    assert banner_of(either_world, pages) == ["<p>not this</p>", OLD, OLD, OLD, OLD]
    assert report.has_failed
    assert "not written on 4 more pages" in report.halted[0]
    assert "Page 0" in report.halted[0]


def test_a_stop_label_set_during_the_pause_ends_the_change(either_world: World, pages: list[str]) -> None:
    bot = Bot(either_world, pages, {"status": NEW})

    report = bot.apply(bot.plan(), canary_seconds=60, sleep=lambda _: either_world.label(pages[0], "wikibot-stop"))

    assert banner_of(either_world, pages) == [NEW, OLD, OLD, OLD, OLD]
    assert report.stopped


@pytest.mark.parametrize("number", [0, 1, 3])
def test_a_page_that_fails_ends_the_change(either_world: World, pages: list[str], number: int) -> None:
    bot = Bot(either_world, pages, {"status": NEW})
    plan = bot.plan()
    either_world.store.restrictions.add(int(pages[number]), "update", "user", either_world.account("ana"))

    report = bot.apply(plan)

    assert banner_of(either_world, pages) == [NEW] * number + [OLD] * (5 - number)
    assert report.has_failed
    assert f"not written on {4 - number} more page" in report.halted[0]
    assert len(report.not_tried) == 4 - number


def test_a_page_with_a_draft_does_not_end_the_change(either_world: World, pages: list[str]) -> None:
    person = either_world.account("ana")
    either_world.store.pages.save_draft(int(pages[0]), title=None, body="<p>not yet</p>", author=person)
    bot = Bot(either_world, pages, {"status": NEW})

    report = bot.apply(bot.plan())

    assert banner_of(either_world, pages) == [OLD, NEW, NEW, NEW, NEW]
    assert report.count(Result.SKIPPED) == 1


def test_a_change_of_another_region_goes_on(either_world: World, pages: list[str]) -> None:
    other = either_world.add_page("Other", page_body({"news": "<p>x</p>"}))
    first = Bot(either_world, [other], {"news": OLD})
    first.apply(first.plan(take_over=frozenset({"all"})))
    bot, second = Bot(either_world, pages, {"status": NEW}), Bot(either_world, [other], {"news": NEW})
    plan = bot.plan()
    either_world.store.restrictions.add(int(pages[0]), "update", "user", either_world.account("ana"))

    bot.apply(replace(plan, pages=(*plan.pages, *second.plan().pages)))

    assert either_world.region(other, "news") == NEW


def test_pages_beyond_the_limit_of_a_run_follow_in_the_next_runs(either_world: World, pages: list[str]) -> None:
    bot = Bot(either_world, pages, {"status": NEW})

    report = bot.apply(bot.plan(), max_writes=2)

    assert banner_of(either_world, pages) == [NEW, NEW, OLD, OLD, OLD]
    assert report.postponed == ("Page 2", "Page 3", "Page 4")
    assert report.has_left_undone
    assert not report.has_failed
    bot.apply(bot.plan(), max_writes=3)
    assert banner_of(either_world, pages) == [NEW] * 5


def test_pages_that_are_skipped_do_not_use_up_the_limit_of_a_run(either_world: World, pages: list[str]) -> None:
    person = either_world.account("ana")
    for page in pages[:2]:
        either_world.store.pages.save_draft(int(page), title=None, body="<p>not yet</p>", author=person)
    bot = Bot(either_world, pages, {"status": NEW})

    report = bot.apply(bot.plan(), max_writes=2)

    assert banner_of(either_world, pages) == [OLD, OLD, NEW, NEW, OLD]
    assert report.postponed == ("Page 4",)
