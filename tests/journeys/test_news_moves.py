"""News that moves between the home page and the page of older news is on one of them at every moment."""

import itertools
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.sync.plan_file import PlanDocument, _digest
from tests.journeys.conftest import Desk, both_flavours
from tests.journeys.test_sync import add_news, settings
from tests.scripted_proxy import scripted_proxy

pytestmark = pytest.mark.parametrize("seed", ["demo"])
OLDER = "Older news"


@pytest.fixture
def moving(adopted: Desk) -> Desk:
    """One item is on the home page, one on the page of older news, and a new one is in the data file."""
    adopted.wiki.add_page(OLDER, "<p>Everything that was.</p>")
    text = adopted.data.read_text()
    adopted.data.write_text(text.replace("\nnews:\n", f'\nnews:\n  show: 1\n  older: "{OLDER}"\n'))
    add_news(adopted, "The second item.", "second")
    adopted.ran("apply", "--yes")
    add_news(adopted, "The third item.", "third")
    return adopted


def forget(desk: Desk) -> None:
    """Make the desk another machine with the same data file."""
    for history in desk.folder.rglob("data-*.json"):
        history.unlink()


def archive(desk: Desk) -> int:
    return desk.wiki.find(OLDER).id


def puts(desk: Desk) -> list[int]:
    """The ids of the written pages, in order."""
    found = [re.search(r"/(?:content|pages)/(\d+)$", path) for method, path in desk.wiki.requests if method == "PUT"]
    return [int(match[1]) for match in found if match]


def is_shown_somewhere(desk: Desk, words: str) -> bool:
    return words in desk.home_body or words in desk.wiki.body(archive(desk))


def label(desk: Desk) -> None:
    desk.wiki.store.labels.add(archive(desk), "wikibot-exclude")


def unlabel(desk: Desk) -> None:
    desk.wiki.store.labels.remove(archive(desk), "wikibot-exclude")


def draft(desk: Desk) -> None:
    person, page = desk.wiki.account("ana"), archive(desk)
    body = desk.wiki.body(page) + "<p>Unpublished.</p>"
    desk.wiki.store.pages.save_draft(page, title=None, body=body, author=person)


def publish(desk: Desk) -> None:
    desk.wiki.store.pages.discard_draft(archive(desk))


def drift(desk: Desk) -> None:
    page = archive(desk)
    desk.wiki.edit(page, desk.wiki.body(page).replace("prep week", "preparation week"))


def mend(desk: Desk) -> None:
    page = archive(desk)
    desk.wiki.edit(page, desk.wiki.body(page).replace("preparation week", "prep week"))


@both_flavours
def test_the_page_of_older_news_is_written_before_the_home_page(moving: Desk) -> None:
    moving.ran("sync")

    assert puts(moving)[-2:] == [archive(moving), moving.home_id]
    assert "The third item." in moving.home_body
    assert "The second item." not in moving.home_body
    assert "The second item." in moving.wiki.body(archive(moving))
    assert moving.ran("plan").out.startswith("in sync")


@both_flavours
@pytest.mark.parametrize(
    ("spoil", "heal"), [(label, unlabel), (drift, mend), (draft, publish)], ids=["excluded", "drifted", "draft"]
)
def test_an_item_stays_on_the_home_page_until_the_other_page_has_it(
    moving: Desk, spoil: Callable[[Desk], None], heal: Callable[[Desk], None]
) -> None:
    spoil(moving)

    ran = moving.ran("sync", code=3)

    assert "The second item." in moving.home_body
    assert "The second item." in ran.out
    assert OLDER in ran.out
    heal(moving)
    moving.ran("sync")
    assert "The third item." in moving.home_body
    assert "The second item." not in moving.home_body
    assert "The second item." in moving.wiki.body(archive(moving))


@both_flavours
@pytest.mark.parametrize("status", ["trashed", "archived"])
def test_an_item_stays_where_the_page_of_older_news_is_gone(moving: Desk, status: str) -> None:
    page = archive(moving)
    moving.wiki.store.pages.set_status(page, status)

    ran = moving.ran("sync", code=1)

    assert "The second item." in moving.home_body
    assert OLDER in ran.out
    moving.wiki.store.pages.set_status(page, "current")
    moving.ran("sync")
    assert "The second item." in moving.wiki.body(page)
    assert "The second item." not in moving.home_body


@both_flavours
def test_an_item_stays_where_the_settings_name_no_page_that_exists(adopted: Desk) -> None:
    text = adopted.data.read_text()
    adopted.data.write_text(text.replace("\nnews:\n", "\nnews:\n  show: 1\n  older: Nowhere\n"))
    add_news(adopted, "The second item.", "second")

    ran = adopted.ran("apply", "--yes", code=1)

    line = adopted.data.read_text().splitlines().index("  older: Nowhere") + 1
    assert f"ws2.yaml:{line}: page 'Nowhere' was not found" in ran.out
    assert "prep week" in adopted.home_body


@both_flavours
def test_an_item_stays_while_the_page_of_older_news_was_never_written(adopted: Desk) -> None:
    page = adopted.wiki.add_page(OLDER, "<p>Everything that was.</p>")
    text = adopted.data.read_text()
    adopted.data.write_text(text.replace("\nnews:\n", f'\nnews:\n  show: 1\n  older: "{OLDER}"\n'))
    add_news(adopted, "The second item.", "second")

    ran = adopted.ran("sync", code=3)

    assert "prep week" in adopted.home_body
    assert "--plan or --yes" in ran.out
    adopted.ran("apply", "--yes")
    assert "prep week" not in adopted.home_body
    assert "prep week" in adopted.wiki.body(page)


@both_flavours
@pytest.mark.parametrize("fault", ["503@put*20", "403@put*1", "500@put*1", "refuse=conflict@put*3"])
def test_an_item_stays_when_the_write_of_the_other_page_fails(moving: Desk, fault: str) -> None:
    settings(moving, **{"writes_per_minute: 6000": "writes_per_minute: 6000, tries: 1"})
    moving.wiki.faults.add(fault)

    ran = moving.ran("sync", code=None)

    assert ran.code != 0
    assert "The second item." in moving.home_body
    moving.wiki.faults.clear()
    moving.ran("sync")
    assert "The second item." in moving.wiki.body(archive(moving))
    assert "The second item." not in moving.home_body


@both_flavours
def test_an_item_that_was_corrected_when_it_moved_is_not_lost(moving: Desk) -> None:
    moving.ran("news", "edit", "second", "--text", "The second item, corrected.")
    label(moving)

    moving.ran("sync", code=3)

    assert "The second item." in moving.home_body


@both_flavours
def test_items_that_change_places_are_shown_at_every_step(moving: Desk) -> None:
    moving.ran("sync")
    moving.ran("news", "edit", "second", "--pinned")

    moving.ran("sync")

    assert puts(moving)[-3:] == [archive(moving), moving.home_id, archive(moving)]
    first = moving.wiki.versions(archive(moving))[-2].number
    assert "The second item." in moving.wiki.body(archive(moving), first)
    assert "The third item." in moving.wiki.body(archive(moving), first)
    assert "The second item." in moving.home_body
    assert "The second item." not in moving.wiki.body(archive(moving))
    assert "The third item." in moving.wiki.body(archive(moving))
    assert moving.ran("plan").out.startswith("in sync")


@both_flavours
@pytest.mark.parametrize("number", [1, 2, 3])
def test_items_that_change_places_survive_a_failure_of_each_write(moving: Desk, number: int) -> None:
    moving.ran("sync")
    moving.ran("news", "edit", "second", "--pinned")
    settings(moving, **{"writes_per_minute: 6000": "writes_per_minute: 6000, tries: 1"})
    with scripted_proxy(moving.wiki.url) as between:
        settings(moving, **{moving.wiki.url: between.url})
        count = itertools.count(1)

        def fail_one() -> None:
            if next(count) == number:
                moving.wiki.faults.add("503@put*1")

        between.first("PUT", "", fail_one, times=None)
        ran = moving.ran("sync", code=None)
        settings(moving, **{between.url: moving.wiki.url})

    assert ran.code != 0
    assert is_shown_somewhere(moving, "The second item.")
    assert is_shown_somewhere(moving, "The third item.")
    moving.ran("sync")
    assert "The second item." in moving.home_body
    assert "The third item." in moving.wiki.body(archive(moving))
    assert moving.ran("plan").out.startswith("in sync")


@both_flavours
def test_an_item_comes_back_to_the_home_page_before_it_leaves_the_other_page(moving: Desk) -> None:
    moving.ran("sync")
    moving.ran("news", "remove", "third")

    moving.ran("sync")

    assert puts(moving)[-2:] == [moving.home_id, archive(moving)]
    assert "The second item." in moving.home_body
    assert "The second item." not in moving.wiki.body(archive(moving))


@both_flavours
def test_an_item_that_cannot_come_back_stays_on_the_page_of_older_news(moving: Desk) -> None:
    moving.ran("sync")
    moving.ran("news", "remove", "third")
    moving.wiki.store.labels.add(moving.home_id, "wikibot-exclude")

    moving.ran("sync", code=3)

    assert "The second item." in moving.wiki.body(archive(moving))
    moving.wiki.store.labels.remove(moving.home_id, "wikibot-exclude")
    moving.ran("sync")
    assert "The second item." in moving.home_body
    assert "The second item." not in moving.wiki.body(archive(moving))


@both_flavours
def test_an_item_that_expires_lets_the_next_one_come_back_first(moving: Desk) -> None:
    moving.ran("sync")
    moving.ran("news", "edit", "third", "--expires-at", "2025-01-01T00:00:00Z")

    moving.ran("sync")

    assert puts(moving)[-2:] == [moving.home_id, archive(moving)]
    assert "The third item." not in moving.home_body
    assert "The second item." in moving.home_body


@both_flavours
def test_news_on_several_pages_waits_on_each_of_them(moving: Desk) -> None:
    moving.ran("sync")
    other = moving.wiki.add_page("Other", "<p>x</p>")
    regions = "{status: {}, quick_links: {}, news: {place: end, also: {pages: [Other]}}}"
    settings(moving, **{"data: ws2.yaml": f"data: ws2.yaml\n    regions: {regions}"})
    moving.ran("apply", "--yes")
    add_news(moving, "The fourth item.", "fourth")
    label(moving)

    moving.ran("sync", code=3)

    assert "The third item." in moving.home_body
    assert "The third item." in moving.wiki.body(other)
    unlabel(moving)
    moving.ran("sync")
    assert "The fourth item." in moving.wiki.body(other)
    assert puts(moving)[-3] == archive(moving)


@both_flavours
def test_a_reviewed_plan_waits_for_the_other_page_too(moving: Desk) -> None:
    moving.ran("plan", "--out", "plan.json", code=2)
    label(moving)

    ran = moving.ran("apply", "--plan", "plan.json", code=3)

    assert "The second item." in moving.home_body
    assert "would be shown nowhere" in ran.out


@both_flavours
def test_a_correction_is_written_although_the_page_of_older_news_is_excluded(moving: Desk) -> None:
    moving.ran("sync")
    label(moving)
    moving.ran("news", "edit", "third", "--text", "The third item, corrected.")

    moving.ran("sync")

    assert "The third item, corrected." in moving.home_body


@both_flavours
@pytest.mark.parametrize("merge", ["auto", "ask"])
def test_a_merge_with_the_edits_of_people_leaves_the_move_to_the_right_order(moving: Desk, merge: str) -> None:
    settings(moving, **{"data: ws2.yaml": f"data: ws2.yaml\n    merge: {merge}"})
    body = moving.home_body
    between = "</p></li><li><p>" if "<li><p>The second" in body else "</li><li>"
    moving.wiki.edit(moving.home_id, body.replace("The second item.", f"The second item.{between}Hers."))
    label(moving)

    moving.ran("sync", code=3)
    if merge == "ask":
        moving.ran("adopt", "--yes", code=None)

    assert is_shown_somewhere(moving, "The second item.")
    assert is_shown_somewhere(moving, "Hers.")
    unlabel(moving)
    moving.ran("sync", code=None)
    assert is_shown_somewhere(moving, "The second item.")
    assert is_shown_somewhere(moving, "Hers.")
    assert is_shown_somewhere(moving, "The third item.")


@both_flavours
def test_words_of_people_among_the_older_news_are_kept_as_the_advice_says(moving: Desk) -> None:
    moving.ran("sync")
    (words,) = re.findall(r"[^<>]*prep week[^<>]*", moving.wiki.body(archive(moving)))
    item = next(each for each in moving.ran("news", "list", "--format", "json").json if "prep week" in each["text"])
    drift(moving)
    edited = moving.wiki.body(archive(moving))

    advice = moving.ran("plan", code=3).out

    assert "wikibot news edit" in advice
    assert "wikibot adopt" not in advice
    moving.ran("news", "edit", item["id"], "--text", item["text"].replace("prep week", "preparation week"))
    moving.ran("sync")
    assert moving.wiki.body(archive(moving)) == edited
    assert words not in edited


def test_a_reviewed_plan_moves_items_in_both_directions(moving: Desk) -> None:
    moving.ran("sync")
    moving.ran("news", "edit", "second", "--pinned")
    moving.ran("plan", "--out", "plan.json", code=2)

    moving.ran("apply", "--plan", "plan.json")

    assert puts(moving)[-3:] == [archive(moving), moving.home_id, archive(moving)]
    assert moving.ran("plan").out.startswith("in sync")


def test_a_plan_whose_condition_was_removed_moves_no_item(moving: Desk) -> None:
    moving.ran("plan", "--out", "plan.json", code=2)
    plan = json.loads(Path("plan.json").read_text())
    bound = [each for page in plan["pages"] for each in page["changes"] if each["requires"]]
    assert len(bound) == 1
    bound[0]["requires"] = None
    plan["digest"] = _digest(PlanDocument.parse(json.dumps(plan)).content())
    Path("plan.json").write_text(json.dumps(plan))
    before = moving.home_body

    ran = moving.ran("apply", "--plan", "plan.json", "--digest", plan["digest"], code=1)

    assert "`requires` in the plan is not what the bot plans now" in ran.err
    assert moving.home_body == before


@both_flavours
def test_adopted_items_move_to_the_page_of_older_news_though_another_bot_adopted_them(moving: Desk) -> None:
    moving.ran("sync")
    body = moving.home_body
    at = body.index("<li>", body.index("wikibot-news"))
    moving.wiki.edit(moving.home_id, f"{body[:at]}<li>Ana wrote this.</li>{body[at:]}", by="ana")
    moving.ran("adopt", "--yes")
    forget(moving)
    moving.wiki.store.pages.update(archive(moving), author=moving.wiki.account("li"), title="Archive of news")
    for name in ("fourth", "fifth"):
        add_news(moving, f"The {name} item.", name)

    moving.ran("sync")

    assert "The fifth item." in moving.home_body
    assert "Ana wrote this." not in moving.home_body
    assert "Ana wrote this." in moving.wiki.body(moving.wiki.find("Archive of news").id)


def test_words_that_an_adoption_left_out_are_not_missed_on_another_machine(moving: Desk) -> None:
    moving.ran("sync")
    body = moving.home_body
    at = body.index("<li>", body.index("wikibot-news"))
    changed = body.replace("The third item.", "The third item, says Ana.")
    moving.wiki.edit(moving.home_id, f"{changed[:at]}<li>Ana wrote this.</li>{changed[at:]}", by="ana")
    moving.ran("news", "edit", "third", "--text", "The third item was replaced.")
    add_news(moving, "The fourth item.", "fourth")
    moving.ran("adopt", "--yes", "--in-clash", "file")
    assert "says Ana" in moving.home_body, "the page keeps its text until the page of older news is written"
    forget(moving)

    planned = moving.ran("plan", code=2)

    assert "rolled back" not in planned.out
    moving.data.write_text(moving.data.read_text().replace("Ana wrote this.", "Somebody wrote."))
    forget(moving)
    assert "rolled back" in moving.ran("plan", code=3).out
