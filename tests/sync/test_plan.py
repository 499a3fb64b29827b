import dataclasses
import datetime as dt
from collections.abc import Sequence
from typing import Any

import pytest

from bot.config.policy import DriftPolicy
from bot.sync.drift import LastApplied, Verdict, digest_of
from bot.sync.own_blocks import OwnBlocks
from bot.sync.plan import Action, decide
from bot.sync.plan_file import plan_digest
from tests.sync.plans import change, drifted, page, plan

ADOPTED = LastApplied(3, "<p>old words</p>", digest_of("<p>old words</p>"), adopted="9c0ffee12345")


def decision(
    verdict: Verdict, *, take_over: str = "", repairs_left: int = 3, headings: Sequence[str] = (), **values: Any
) -> tuple[Action, str]:
    given = change(verdict=verdict, action=Action.NONE, **values)
    return decide(given, take_over=frozenset(take_over.split()), repairs_left=repairs_left, headings=headings)


def decided(verdict: Verdict, **values: Any) -> Action:
    return decision(verdict, **values)[0]


def test_only_what_nobody_else_changed_is_written_unasked() -> None:
    assert decided(Verdict.BEHIND) is Action.WRITE
    assert decided(Verdict.IN_SYNC) is Action.NONE
    assert decided(Verdict.DRIFTED) is Action.NONE
    assert decided(Verdict.CONFLICT) is Action.NONE
    assert decided(Verdict.UNMANAGED) is Action.NONE


def test_drift_is_repaired_only_where_the_policy_says_so() -> None:
    assert decided(Verdict.DRIFTED, policy=DriftPolicy.REPAIR) is Action.WRITE
    assert decided(Verdict.DRIFTED, policy=DriftPolicy.IGNORE) is Action.NONE
    assert decided(Verdict.CONFLICT, policy=DriftPolicy.REPAIR) is Action.NONE
    assert decided(Verdict.UNMANAGED, policy=DriftPolicy.REPAIR) is Action.NONE


@pytest.mark.parametrize("verdict", [Verdict.DRIFTED, Verdict.CONFLICT, Verdict.UNMANAGED])
def test_a_text_that_people_gave_up_is_taken_over(verdict: Verdict) -> None:
    assert decided(verdict, take_over="news") is Action.WRITE
    assert decided(verdict, take_over="all") is Action.WRITE
    assert decided(verdict, take_over="status") is Action.NONE


def test_a_region_in_sync_is_not_written_even_if_everything_may_be_taken_over() -> None:
    assert decision(Verdict.IN_SYNC, take_over="all") == (Action.NONE, "")


def test_what_is_written_needs_no_note() -> None:
    assert decision(Verdict.BEHIND) == (Action.WRITE, "")
    assert decision(Verdict.CONFLICT, take_over="news") == (Action.WRITE, "")
    assert decision(Verdict.UNMANAGED, live=None, place="end") == (Action.CREATE, "")


@pytest.mark.parametrize(
    ("verdict", "values", "note"),
    [
        (
            Verdict.DRIFTED,
            {},
            ("people changed it; `wikibot adopt` takes their text into the data file"),
        ),
        (
            Verdict.DRIFTED,
            {"policy": DriftPolicy.IGNORE},
            "not overwritten, because the settings say `drift: ignore`",
        ),
        (
            Verdict.CONFLICT,
            {"policy": DriftPolicy.IGNORE},
            ("both the page and the data file have changed; `wikibot adopt` merges them entry by entry"),
        ),
        (
            Verdict.CONFLICT,
            {"live": ADOPTED.text, "last_applied": ADOPTED, "merges": True},
            (
                "the data file does not have what an adoption took from the page: it was rolled back, or the adoption "
                "was not completed; `wikibot adopt` takes the text again"
            ),
        ),
        (
            Verdict.CONFLICT,
            {"live": "<p>edited since</p>", "last_applied": ADOPTED},
            ("both the page and the data file have changed; `wikibot adopt` merges them entry by entry"),
        ),
        (
            Verdict.CONFLICT,
            {"last_applied": None, "merges": True},
            (
                "people changed it; the next `wikibot sync` merges what does not clash with the data file "
                "(`merge: auto`)"
            ),
        ),
        (
            Verdict.UNMANAGED,
            {"merges": True},
            ("the page's history has no record that the bot wrote this; `wikibot adopt` keeps it"),
        ),
        (
            Verdict.BEHIND,
            {"is_repair": True, "repairs_left": 0},
            (
                "edit war: the bot has repaired this region too often within 24 hours and has stopped; "
                "agree with the editors of the page, or let `wikibot adopt` take their text into the data file"
            ),
        ),
    ],
)
def test_what_waits_for_a_person_says_why_and_what_to_do(verdict: Verdict, values: Any, note: str) -> None:
    assert decision(verdict, **values) == (Action.NONE, note)


@pytest.mark.parametrize(
    ("headings", "found"),
    [
        ([], ""),
        (["News", "Links"], "; headings of the page: “News”, “Links”"),
        (list("abcdefgh"), "; headings of the page: “a”, “b”, “c”, “d”, “e”, “f”, “g”, “h”"),
        (list("abcdefghi"), "; headings of the page: “a”, “b”, “c”, “d”, “e”, “f”, “g”, “h”, …"),
    ],
)
@pytest.mark.parametrize(
    ("verdict", "values", "why"),
    [
        (
            Verdict.UNMANAGED,
            {},
            (
                "the page does not have this region and the bot has never written it; `wikibot adopt` takes over what "
                "people wrote there; if they wrote none, "
            ),
        ),
        (Verdict.CONFLICT, {"take_over": "news"}, "somebody removed the region; restore that version of the page, or "),
        (
            Verdict.DRIFTED,
            {"policy": DriftPolicy.REPAIR, "is_repair": True, "repairs_left": 0},
            "somebody removed the region; restore that version of the page, or ",
        ),
    ],
)
def test_a_missing_region_without_a_place_gets_a_command_and_the_headings(
    verdict: Verdict, values: Any, why: str, headings: list[str], found: str
) -> None:
    command = "choose where to create it with `wikibot adopt --place news=end` (or start, before:HEADING, after:HEADING"

    assert decision(verdict, live=None, headings=headings, **values) == (Action.NONE, f"{why}{command}{found})")


def test_a_missing_region_is_created_only_at_a_stated_place() -> None:
    assert decided(Verdict.UNMANAGED, live=None) is Action.NONE
    assert decided(Verdict.UNMANAGED, live=None, place="end") is Action.CREATE


def test_a_region_that_people_removed_comes_back_only_under_repair_and_at_a_stated_place() -> None:
    assert decided(Verdict.DRIFTED, live=None, place="end") is Action.NONE
    assert decided(Verdict.DRIFTED, live=None, place="end", policy=DriftPolicy.REPAIR) is Action.CREATE
    assert decided(Verdict.DRIFTED, live=None, policy=DriftPolicy.REPAIR) is Action.NONE


def test_an_edit_war_ends_after_so_many_repairs() -> None:
    given = change(verdict=Verdict.DRIFTED, policy=DriftPolicy.REPAIR, is_repair=True)

    action, note = decide(given, take_over=frozenset(), repairs_left=0)

    assert action is Action.NONE
    assert "edit war" in note
    assert decided(Verdict.DRIFTED, policy=DriftPolicy.REPAIR, is_repair=True, repairs_left=1) is Action.WRITE
    assert decided(Verdict.BEHIND, is_repair=True, repairs_left=0) is Action.NONE
    assert decided(Verdict.DRIFTED, is_repair=True, repairs_left=0, take_over="news") is Action.WRITE


GENERATED = "people changed it, and the bot generates this region"
UNRECORDED = "the page's history has no record that the bot wrote this"
WAYS = {
    "older_news": "change the items with `wikibot news edit` until the page and the data file agree",
    "page_index": "move their words out of the region",
}


@pytest.mark.parametrize("region", WAYS)
@pytest.mark.parametrize(
    ("verdict", "found"),
    [(Verdict.DRIFTED, GENERATED), (Verdict.CONFLICT, GENERATED), (Verdict.UNMANAGED, UNRECORDED)],
)
def test_people_are_advised_to_keep_their_words_elsewhere_than_in_a_generated_region(
    region: str, verdict: Verdict, found: str
) -> None:
    assert decision(verdict, region=region) == (
        Action.NONE,
        (
            f"{found}: restore the earlier version of the page, or {WAYS[region]}; "
            f"`wikibot plan --take-over {region}` plans to replace the text of the page"
        ),
    )


@pytest.mark.parametrize("region", WAYS)
def test_the_end_of_an_edit_war_about_a_generated_region_has_the_same_advice(region: str) -> None:
    assert decision(Verdict.BEHIND, region=region, is_repair=True, repairs_left=0) == (
        Action.NONE,
        (
            "edit war: the bot has repaired this region too often within 24 hours and has stopped; agree with the "
            f"editors of the page, or {WAYS[region]}"
        ),
    )


def test_ignored_drift_of_a_generated_region_needs_no_advice() -> None:
    note = "not overwritten, because the settings say `drift: ignore`"

    assert decision(Verdict.DRIFTED, region="page_index", policy=DriftPolicy.IGNORE) == (Action.NONE, note)


def test_ignored_drift_needs_nobody() -> None:
    assert not drifted(policy=DriftPolicy.IGNORE).needs_a_person
    assert not change(verdict=Verdict.IN_SYNC, action=Action.NONE).needs_a_person
    assert not change(verdict=Verdict.CONFLICT, action=Action.NONE, is_waiting=True).needs_a_person
    assert drifted().needs_a_person
    assert change(verdict=Verdict.CONFLICT, action=Action.NONE, policy=DriftPolicy.IGNORE).needs_a_person


def test_the_digest_distinguishes_plans_and_ignores_their_times() -> None:
    made = plan(page(change()))

    assert plan_digest(dataclasses.replace(made, created=made.created + dt.timedelta(days=1))) == plan_digest(made)
    assert plan_digest(plan(page(change(desired="<p>other</p>")))) != plan_digest(made)
    assert plan_digest(plan(dataclasses.replace(page(change()), base_version=5))) != plan_digest(made)


def test_a_change_has_the_digests_of_its_texts() -> None:
    given = change(desired="<p>a</p>", live="<p>b</p>")

    assert (given.desired_digest, given.live_digest) == (digest_of("<p>a</p>"), digest_of("<p>b</p>"))
    assert change(live=None).live_digest is None


def test_the_desired_text_of_the_bot_is_without_the_blocks_of_people() -> None:
    own = OwnBlocks("<p>bot</p>", "<p>old</p>", before="<p>people above</p>", after="<p>below</p>")

    assert change(desired="<p>bot</p>").own_desired == "<p>bot</p>"
    assert change(desired="<p>people above</p><p>bot</p><p>below</p>", own=own).own_desired == "<p>bot</p>"


def test_a_plan_names_the_regions_that_wait_for_a_person_with_their_pages() -> None:
    waiting, other = drifted("status"), drifted("links")
    first, second = page(change(), waiting, other), page(waiting, page_id="8")

    assert plan(first, page(change()), second).disputed == ((first, waiting), (first, other), (second, waiting))
    assert plan(page(change())).disputed == ()


def test_a_plan_writes_the_changes_with_an_action_and_counts_all_regions() -> None:
    written, created, left = change("news"), change("status", action=Action.CREATE), drifted("links")
    made = plan(page(written, left, created), page(left, page_id="8"), regions=5)

    assert [each.writes for each in made.pages] == [(written, created), ()]
    assert made.page_writes == made.pages[:1]
    assert dataclasses.replace(made, scopes=made.scopes * 2).managed_regions == 10
