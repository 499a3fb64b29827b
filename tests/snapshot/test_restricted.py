"""Pages that only some people may read are left out of the snapshots, with everything that shows them."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from bot.snapshot.archive.library import load_library
from bot.snapshot.capture.audience import Audience
from bot.snapshot.query.period import Period
from bot.snapshot.query.report import build_report
from bot.snapshot.verify.verification import verify
from bot.wiki.confluence import ConfluenceGateway
from bot.wiki.credentials import Credentials
from bot.wiki.dialect import Flavour
from tests.scripted_proxy import Answer, ScriptedProxy, scripted_proxy
from tests.snapshot.capturing import events_of, markdown_of, record_of, run_capture
from tests.snapshot.small_tree import index_of
from tests.snapshot.small_wiki import HASTY, SmallWiki, small_wiki
from wikiserver.store.people import account_id_of

BULK = r"restrictions\.read"
TITLE, TEXT = "Zebra plan", "the zebra leaves at dawn"
BODY = f"<p>{TEXT}</p>"


def restrict(wiki: SmallWiki, title: str) -> None:
    """Let only the bot's account read a page."""
    wiki.store.restrictions.add(wiki.ids[title], "read", "user", account_id_of("bot"))


def add_restricted(wiki: SmallWiki, title: str = TITLE, body: str = BODY, *, under: str | None = None) -> None:
    wiki.add(title, body, under=under)
    restrict(wiki, title)


def leaks(root: Path, *words: str) -> list[str]:
    """Return the files whose name or content has one of *words*."""
    files = [path for path in root.rglob("*") if path.is_file()]
    return [
        path.relative_to(root).as_posix()
        for path in files
        if any(word.encode() in path.read_bytes() or word.lower().replace(" ", "-") in path.name for word in words)
    ]


def include(title: str, name: str = "include") -> str:
    page = f'<ac:parameter ac:name=""><ac:link><ri:page ri:content-title="{title}" /></ac:link></ac:parameter>'
    return f'<ac:structured-macro ac:name="{name}">{page}</ac:structured-macro>'


@contextmanager
def between(wiki: SmallWiki) -> Iterator[tuple[SmallWiki, ScriptedProxy]]:
    """Yield the same wiki behind a proxy, and the proxy."""
    with scripted_proxy(f"{wiki.server.url}/wiki" if wiki.flavour is Flavour.CLOUD else wiki.server.url) as proxy:
        gateway = ConfluenceGateway(
            proxy.url,
            flavour=wiki.flavour,
            credentials=Credentials(user="bot", token="bot-secret"),
            is_dry_run=True,
            manners=HASTY,
            sleep=lambda _: None,
        )
        yield replace(wiki, gateway=gateway), proxy


def test_a_restricted_page_has_no_file_and_no_title_anywhere(wiki: SmallWiki, tmp_path: Path) -> None:
    add_restricted(wiki)

    outcome = run_capture(wiki, tmp_path)

    assert (outcome.left_out, outcome.has_shortfall) == (1, False)
    assert leaks(tmp_path, TITLE, TEXT) == []
    assert events_of(tmp_path, 1)[0]["facts"]["left_out"] == 1
    assert verify(tmp_path).is_clean


def test_a_restriction_counts_for_all_pages_below(wiki: SmallWiki, tmp_path: Path) -> None:
    add_restricted(wiki, "Top", "<p>top</p>")
    wiki.add("Middle", "<p>middle</p>", under="Top", label="")
    wiki.add(TITLE, BODY, under="Middle")

    outcome = run_capture(wiki, tmp_path)

    assert outcome.left_out == 2
    assert leaks(tmp_path, TITLE, TEXT) == []


def test_a_restriction_to_a_group_counts(wiki: SmallWiki, tmp_path: Path) -> None:
    wiki.add(TITLE, BODY)
    group = wiki.store.people.groups_of(account_id_of("bot"))[0]
    wiki.store.restrictions.add(wiki.ids[TITLE], "read", "group", group.id)

    outcome = run_capture(wiki, tmp_path)

    assert outcome.left_out == 1
    assert leaks(tmp_path, TITLE, TEXT) == []
    assert build_report(load_library(tmp_path), verify(tmp_path), Period()).left_out == 1


def test_a_folder_restricts_the_pages_below(tmp_path: Path) -> None:
    with small_wiki(Flavour.CLOUD) as wiki:
        space = wiki.store.spaces.get_by_key("WS2")
        folder = wiki.store.pages.create(space.id, "Closed", "", author=account_id_of("ana"), kind="folder")
        wiki.ids["Closed"] = folder.id
        restrict(wiki, "Closed")
        wiki.add(TITLE, BODY, under="Closed")

        assert run_capture(wiki, tmp_path).left_out == 1

    assert leaks(tmp_path, TITLE, TEXT) == []


def test_an_archived_page_is_left_out_though_no_search_finds_it(tmp_path: Path) -> None:
    with small_wiki(Flavour.CLOUD) as wiki:
        add_restricted(wiki)
        wiki.store.pages.set_status(wiki.ids[TITLE], "archived")

        assert run_capture(wiki, tmp_path).left_out == 1

    assert leaks(tmp_path, TITLE, TEXT) == []


def test_a_page_that_only_some_may_edit_is_captured(wiki: SmallWiki, tmp_path: Path) -> None:
    wiki.store.restrictions.add(wiki.ids["Minutes"], "update", "user", account_id_of("bot"))

    assert run_capture(wiki, tmp_path).left_out == 0
    assert record_of(tmp_path, "Minutes").restrictions.editors


@pytest.mark.parametrize("name", ["include", "excerpt-include"])
def test_an_including_page_has_a_note_in_place_of_the_text(wiki: SmallWiki, tmp_path: Path, name: str) -> None:
    excerpt = '<ac:structured-macro ac:name="excerpt"><ac:rich-text-body>'
    add_restricted(wiki, body=f"{excerpt}{BODY}</ac:rich-text-body></ac:structured-macro>")
    wiki.add("Open", f"<p>before</p>{include(TITLE, name)}<p>after</p>")

    run_capture(wiki, tmp_path)

    shown = markdown_of(tmp_path, "Open")
    assert "left out, because only some people may read it" in shown
    assert TITLE not in shown
    assert leaks(tmp_path, TEXT) == []


def macro(name: str, **parameters: str) -> str:
    stated = "".join(f'<ac:parameter ac:name="{key}">{value}</ac:parameter>' for key, value in parameters.items())
    return f'<ac:structured-macro ac:name="{name}">{stated}</ac:structured-macro>'


def properties(value: str) -> str:
    table = f"<table><tbody><tr><th>Plan</th><td>{value}</td></tr></tbody></table>"
    body = f"<ac:rich-text-body>{table}</ac:rich-text-body>"
    return f'<ac:structured-macro ac:name="details">{body}</ac:structured-macro>'


LISTS = {
    "children": macro("children"),
    "pagetree": macro("pagetree"),
    "contentbylabel": macro("contentbylabel", labels="archived", spaces="@self"),
    "detailssummary": macro("detailssummary", label="archived"),
}


@pytest.mark.parametrize("name", LISTS)
def test_no_list_on_another_page_names_it(wiki: SmallWiki, tmp_path: Path, name: str) -> None:
    wiki.add("Open", LISTS[name])
    add_restricted(wiki, body=properties(TEXT), under="Open")
    wiki.add("Neighbour", properties("open"), under="Open")

    run_capture(wiki, tmp_path)

    assert "Neighbour" in markdown_of(tmp_path, "Open")
    assert leaks(tmp_path, TITLE, TEXT) == []


def test_no_search_finds_it(wiki: SmallWiki, tmp_path: Path) -> None:
    add_restricted(wiki)
    wiki.add("Open", include(TITLE))
    run_capture(wiki, tmp_path)

    assert index_of(tmp_path).search("zebra dawn") == []


def test_a_captured_page_that_is_restricted_later_stays_and_is_named(wiki: SmallWiki, tmp_path: Path) -> None:
    wiki.add(TITLE, BODY)
    run_capture(wiki, tmp_path)
    before = markdown_of(tmp_path, TITLE)
    restrict(wiki, TITLE)
    wiki.edit(TITLE, "<p>newer</p>")

    outcome = run_capture(wiki, tmp_path, day=1)

    assert [trouble.title for trouble in outcome.restricted_later] == [TITLE]
    (event,) = [each for each in events_of(tmp_path, 2) if each["type"] == "restricted"]
    assert event["pages"] == [str(wiki.ids[TITLE])]
    assert markdown_of(tmp_path, TITLE) == before
    assert run_capture(wiki, tmp_path, day=2).checkpoint is None  # the event is logged once


def test_a_page_that_is_open_again_is_captured(wiki: SmallWiki, tmp_path: Path) -> None:
    add_restricted(wiki)
    run_capture(wiki, tmp_path)
    wiki.store.restrictions.clear(wiki.ids[TITLE])

    outcome = run_capture(wiki, tmp_path, day=1)

    assert (outcome.captured, outcome.left_out) == (1, 0)
    assert TEXT in markdown_of(tmp_path, TITLE)


def test_a_page_that_was_restricted_for_a_while_counts_as_archived_again(wiki: SmallWiki, tmp_path: Path) -> None:
    run_capture(wiki, tmp_path)
    restrict(wiki, "Minutes")
    run_capture(wiki, tmp_path, day=1)
    wiki.store.restrictions.clear(wiki.ids["Minutes"])

    run_capture(wiki, tmp_path, day=2)

    assert load_library(tmp_path).get_page("Minutes")[1].is_selected


def test_a_late_restriction_is_noticed_before_the_page_is_written(wiki: SmallWiki, tmp_path: Path) -> None:
    wiki.add(TITLE, BODY)
    for number in range(10):
        wiki.add(f"Page {number}")

    with between(wiki) as (same, proxy):
        answers = itertools.count(1)
        proxy.change("GET", BULK, lambda _answer: restrict(wiki, TITLE) if next(answers) == 2 else None)
        outcome = run_capture(same, tmp_path)

    assert [trouble.title for trouble in outcome.restricted] == [f"page {wiki.ids[TITLE]}"]
    assert leaks(tmp_path, TITLE, TEXT) == []


@pytest.mark.parametrize("status", [403, 404, 500])
def test_a_page_whose_restrictions_cannot_be_read_counts_as_restricted(
    wiki: SmallWiki, tmp_path: Path, status: int
) -> None:
    wiki.add("Above", "<p>above</p>", label="")
    wiki.add(TITLE, BODY, under="Above")

    with between(wiki) as (same, proxy):
        proxy.change("GET", BULK, _without_restrictions_of(wiki.ids["Above"]))
        proxy.instead("GET", f"content/{wiki.ids['Above']}/restriction", status, "no")
        outcome = run_capture(same, tmp_path)

    assert [trouble.title for trouble in outcome.failed] == [f"page {wiki.ids[TITLE]}"]
    assert (outcome.expected, outcome.captured, outcome.left_out) == (4, 3, 0)
    assert leaks(tmp_path, TITLE, TEXT) == []


def test_a_captured_page_whose_restrictions_cannot_be_read_stays_archived(wiki: SmallWiki, tmp_path: Path) -> None:
    run_capture(wiki, tmp_path)
    wiki.edit("Minutes", "<p>version four</p>")

    with between(wiki) as (same, proxy):
        proxy.change("GET", BULK, _without_restrictions_of(wiki.ids["Minutes"]))
        proxy.instead("GET", f"content/{wiki.ids['Minutes']}/restriction", 403, "no")
        outcome = run_capture(same, tmp_path, day=1)

    assert (len(outcome.failed), outcome.restricted_later) == (1, [])
    assert load_library(tmp_path).get_page("Minutes")[1].is_selected


def test_a_listing_without_restrictions_is_not_asked_often_but_each_page(wiki: SmallWiki, tmp_path: Path) -> None:
    add_restricted(wiki)
    for number in range(10):
        wiki.add(f"Page {number}")

    with between(wiki) as (same, proxy):
        proxy.change("GET", BULK, _without_restrictions_of(None))
        outcome = run_capture(same, tmp_path)

    assert (outcome.left_out, outcome.captured) == (1, 13)
    assert sum("/search?" in path and "restrictions.read" in path for _, path in proxy.seen) <= 3
    assert leaks(tmp_path, TITLE, TEXT) == []


def _without_restrictions_of(page_id: int | None) -> Callable[[Answer], None]:
    """Return a lie that omits the restrictions of a page, or of all pages, from each listing."""

    def leave_out(answer: Answer) -> None:
        shown = answer.json
        for result in shown["results"]:
            if page_id is None or result["id"] == str(page_id):
                result.pop("restrictions", None)
        answer.json = shown

    return leave_out


def test_restrictions_of_many_pages_are_read_in_bulk(wiki: SmallWiki, tmp_path: Path) -> None:
    for number in range(20):
        wiki.add(f"Page {number}", under="Final report")

    run_capture(wiki, tmp_path)

    paths = [path for _, path in wiki.server.requests if "restriction" in path]
    assert [path for path in paths if "byOperation" in path] == []


def test_the_other_folder_has_the_restricted_pages_only(wiki: SmallWiki, tmp_path: Path) -> None:
    add_restricted(wiki)
    wiki.add("Open", include(TITLE))

    run_capture(wiki, tmp_path / "open")
    run_capture(wiki, tmp_path / "closed", audience=Audience.RESTRICTED)

    titles = [entry.title for _, entry in load_library(tmp_path / "closed").iter_entries()]
    assert titles == [TITLE]
    assert leaks(tmp_path / "open", TEXT) == []


def test_a_page_changes_folders_with_its_restriction(wiki: SmallWiki, tmp_path: Path) -> None:
    add_restricted(wiki)
    run_capture(wiki, tmp_path, audience=Audience.RESTRICTED)
    wiki.store.restrictions.clear(wiki.ids[TITLE])

    outcome = run_capture(wiki, tmp_path, audience=Audience.RESTRICTED, day=1)

    assert [trouble.title for trouble in outcome.deselected] == [TITLE]
    assert not load_library(tmp_path).get_page(TITLE)[1].is_selected


def test_with_include_it_is_captured_like_any_other(wiki: SmallWiki, tmp_path: Path) -> None:
    add_restricted(wiki)
    wiki.add("Open", include(TITLE))

    outcome = run_capture(wiki, tmp_path, audience=Audience.ALL)

    assert outcome.left_out == 0
    assert TEXT in markdown_of(tmp_path, "Open")
