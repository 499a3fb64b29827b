"""Every fault of the network and the wiki, on reads and on writes, once and always."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from bot.errors import (
    AuthenticationError,
    PageConflictError,
    RateLimitedError,
    WikiAnswerError,
    WikiError,
    WikiUnreachableError,
)
from bot.wiki.confluence import ConfluenceGateway
from bot.wiki.session import Manners
from tests.wiki.conftest import FEW_TRIES, Connect
from wikiserver.testing import Wiki

LASTING = {
    "429=2": RateLimitedError,
    "429=date": RateLimitedError,
    "429=none": RateLimitedError,
    "500": WikiUnreachableError,
    "502": WikiUnreachableError,
    "503": WikiUnreachableError,
    "503=3": WikiUnreachableError,
    "reset": WikiUnreachableError,
    "cut": WikiUnreachableError,
    "slow": WikiUnreachableError,
    "timeout": WikiUnreachableError,
    "truncated": WikiAnswerError,
    "garbage": WikiAnswerError,
    "wrong-type": WikiAnswerError,
    "login": AuthenticationError,
}
"""Each fault, and the error that it ends with when it lasts."""
AT_ONCE = {"wrong-type", "login"}
"""Faults that trying again would not cure; the answer came through, and it is wrong."""

HELD_UP = {"slow", "timeout"}
"""Faults that end with our own patience: little of it, for these alone, so that no other test depends on time."""
IMPATIENT = Manners(read_seconds=1, total_seconds=1, tries=2)

Reading = Callable[[ConfluenceGateway, str], object]
READINGS: dict[str, Reading] = {
    "space": lambda gateway, _page: gateway.fetch_space("WS2"),
    "list": lambda gateway, page: gateway.fetch_pages([page]),
    "get": lambda gateway, page: gateway.fetch_page(page),
    "labels": lambda gateway, page: gateway.fetch_labels(page),
    "search": lambda gateway, _page: gateway.find_labelled("WS2", "report"),
}


@pytest.fixture
def page_id(wiki: Wiki) -> str:
    wiki.add_page("Home", "<p>home</p>")
    return wiki.add_page("Page", "<p>text of a person</p>", labels=("report",))


@pytest.fixture
def gateway(connect: Connect) -> ConfluenceGateway:
    return acquainted(connect())


def acquainted(gateway: ConfluenceGateway) -> ConfluenceGateway:
    """Let the gateway ask beforehand what it asks only once."""
    gateway.fetch_space("WS2")
    gateway.fetch_current_user()
    return gateway


@pytest.mark.parametrize("fault", [fault for fault in LASTING if fault not in HELD_UP])
def test_fault_that_lasts_ends_reading_with_its_error_after_bounded_tries(
    wiki: Wiki, gateway: ConfluenceGateway, naps: list[float], page_id: str, fault: str
) -> None:
    tries = 1 if fault in AT_ONCE else FEW_TRIES.tries
    wiki.faults.add(f"{fault}@any*always")
    for operation, read in READINGS.items():
        wiki.server.received.clear()
        naps.clear()

        with pytest.raises(LASTING[fault]):
            read(gateway, page_id)

        assert len(wiki.requests) == tries, operation
        assert len(naps) == tries - 1, operation
    assert len(wiki.versions(page_id)) == 1


@pytest.mark.parametrize("fault", [fault for fault in LASTING if fault not in AT_ONCE | HELD_UP])
def test_fault_that_passes_is_waited_out_when_reading(
    wiki: Wiki, gateway: ConfluenceGateway, naps: list[float], page_id: str, fault: str
) -> None:
    for operation, read in READINGS.items():
        expected = read(gateway, page_id)
        naps.clear()
        wiki.faults.add(f"{fault}@any*once")

        assert read(gateway, page_id) == expected, operation
        assert len(naps) == 1, operation


@pytest.mark.parametrize("fault", sorted(HELD_UP))
def test_slow_wiki_costs_at_most_the_time_limit(wiki: Wiki, connect: Connect, page_id: str, fault: str) -> None:
    gateway = acquainted(connect(manners=IMPATIENT))
    page = gateway.fetch_page(page_id)
    wiki.faults.add(f"{fault}@get*1")
    again = gateway.fetch_page(page_id)
    wiki.faults.add(f"{fault}@put*1")
    is_written = True
    try:
        gateway.update_page(page, "<p>by the bot</p>", message="wikibot 1")
    except WikiUnreachableError:
        is_written = False
    wiki.faults.add(f"{fault}@any*always")
    wiki.server.received.clear()

    with pytest.raises(WikiUnreachableError):
        gateway.fetch_page(page_id)

    assert again == page
    assert len(wiki.requests) == IMPATIENT.tries
    assert is_written is (fault == "slow")  # a slow answer comes after the work was done
    assert len(wiki.versions(page_id)) == 1 + is_written


def test_json_of_another_page_is_never_taken_for_the_page(wiki: Wiki, gateway: ConfluenceGateway, page_id: str) -> None:
    wiki.faults.add("other-page@get*once")

    with pytest.raises(WikiAnswerError, match="instead"):
        gateway.fetch_page(page_id)


@pytest.mark.parametrize("fault", [fault for fault in LASTING if fault not in {"cut", "truncated"} | HELD_UP])
def test_write_that_never_arrived_is_reported_and_not_sent_again(
    wiki: Wiki, gateway: ConfluenceGateway, page_id: str, fault: str
) -> None:
    page = gateway.fetch_page(page_id)
    is_limited = fault.startswith("429")
    wiki.faults.add(f"{fault}@put*always")
    wiki.server.received.clear()

    with pytest.raises(LASTING[fault]):
        gateway.update_page(page, "<p>by the bot</p>", message="wikibot 1")

    puts = [method for method, _ in wiki.requests if method == "PUT"]
    assert len(puts) == (FEW_TRIES.tries if is_limited else 1)
    assert len(wiki.versions(page_id)) == 1


@pytest.mark.parametrize("fault", ["429=2", "429=date", "429=none"])
def test_write_that_was_only_put_off_is_sent_again(
    wiki: Wiki, gateway: ConfluenceGateway, page_id: str, fault: str
) -> None:
    page = gateway.fetch_page(page_id)
    wiki.faults.add(f"{fault}@put*once")

    gateway.update_page(page, "<p>by the bot</p>", message="wikibot 1")

    assert [one.message for one in wiki.versions(page_id)] == ["", "wikibot 1"]


@pytest.mark.parametrize("fault", ["commit-reset", "commit-502", "cut", "truncated"])
def test_write_whose_answer_was_lost_is_found_again_and_counts_once(
    wiki: Wiki, gateway: ConfluenceGateway, page_id: str, fault: str
) -> None:
    page = gateway.fetch_page(page_id)
    wiki.faults.add(f"{fault}@put*always")

    version = gateway.update_page(page, "<p>by the <b>bot</b> &amp; co</p>", message="wikibot 1")

    assert version.number == 2
    assert [one.message for one in wiki.versions(page_id)] == ["", "wikibot 1"]


def test_a_comment_that_was_not_made_is_not_taken_for_an_old_one_with_the_same_words(
    wiki: Wiki, gateway: ConfluenceGateway, page_id: str
) -> None:
    text = "<p>sync failed</p>"
    long_ago = datetime(2024, 1, 2, tzinfo=UTC)
    gateway.fetch_page(page_id)
    wiki.store.comments.add(int(page_id), text, author=gateway.fetch_current_user().id, when=long_ago)
    wiki.faults.add("502@post*always")

    with pytest.raises(WikiUnreachableError):
        gateway.create_comment(page_id, text)

    wiki.faults.clear()
    wiki.faults.add("commit-502@post*always")
    made = gateway.create_comment(page_id, text)
    assert [str(each.id) for each in wiki.store.comments.all_of(int(page_id))][1:] == [made]


def test_lost_write_is_found_behind_an_edit_that_came_after_it(wiki: Wiki, connect: Connect, page_id: str) -> None:
    gateway = connect(sleep=lambda _seconds: wiki.edit(page_id, "<p>a person, later</p>"))
    gateway.fetch_current_user()
    page = gateway.fetch_page(page_id)
    wiki.faults.add("commit-reset@put*once, reset@get*once")

    version = gateway.update_page(page, "<p>by the bot</p>", message="wikibot 1")

    assert version.number == 2
    assert [one.message for one in wiki.versions(page_id)] == ["", "wikibot 1", ""]
    assert wiki.body(page_id).endswith("a person, later</p>")


def test_edit_of_a_person_is_never_taken_for_a_lost_write(wiki: Wiki, connect: Connect, page_id: str) -> None:
    gateway = connect(sleep=lambda _seconds: wiki.edit(page_id, "<p>a person</p>"))
    gateway.fetch_current_user()
    page = gateway.fetch_page(page_id)
    wiki.faults.add("reset@put*once, reset@get*once")

    with pytest.raises(PageConflictError):
        gateway.update_page(page, "<p>by the bot</p>", message="wikibot 1")

    assert len(wiki.versions(page_id)) == 2
    assert "a person" in wiki.body(page_id)


def test_lost_write_on_a_wiki_that_stays_away_says_that_it_may_have_been_done(
    wiki: Wiki, gateway: ConfluenceGateway, page_id: str
) -> None:
    page = gateway.fetch_page(page_id)
    wiki.faults.add("commit-reset@put*once, reset@get*always")

    with pytest.raises(WikiUnreachableError, match="may have been written"):
        gateway.update_page(page, "<p>by the bot</p>", message="wikibot 1")

    assert len(wiki.versions(page_id)) == 2


def test_edit_right_after_our_reading_is_kept(wiki: Wiki, gateway: ConfluenceGateway, page_id: str) -> None:
    wiki.faults.add("edit@get*once")
    page = gateway.fetch_page(page_id)

    with pytest.raises(PageConflictError):
        gateway.update_page(page, "<p>by the bot</p>", message="wikibot 1")

    assert "Edited meanwhile." in wiki.body(page_id)


@pytest.mark.parametrize("fault", ["commit-reset", "commit-502", "reset", "502"])
def test_page_is_created_once_whatever_becomes_of_the_answer(
    wiki: Wiki, gateway: ConfluenceGateway, fault: str
) -> None:
    wiki.add_page("Home", "<p>home</p>")
    wiki.faults.add(f"{fault}@post*once")

    try:
        gateway.create_page("WS2", title="New", body="<p>new</p>", parent_id=None, message="wikibot")
    except WikiError:
        assert gateway.find_page("WS2", "New") is None
        assert not fault.startswith("commit")
    else:
        assert fault.startswith("commit")

    assert len([ref for ref in gateway.iter_refs("WS2") if ref.title == "New"]) == fault.startswith("commit")


@pytest.mark.parametrize("cap", [1, 7, 100])
def test_listing_is_whole_whatever_the_wiki_caps(wiki: Wiki, gateway: ConfluenceGateway, cap: int) -> None:
    ids = [wiki.add_page(f"Page {number}", f"<p>{number}</p>") for number in range(15)]
    wiki.faults.add(f"cap={cap}")

    assert {ref.id for ref in gateway.iter_refs("WS2")} == set(ids)
    assert {page.id for page in gateway.iter_pages("WS2")} == set(ids)
    assert set(gateway.fetch_pages(ids)) == set(ids)


def test_listing_that_breaks_in_the_middle_is_an_error_and_no_short_list(
    wiki: Wiki, gateway: ConfluenceGateway
) -> None:
    for number in range(6):
        wiki.add_page(f"Page {number}")
    wiki.faults.add("cap=2")
    listing = gateway.iter_refs("WS2")
    next(listing)
    wiki.faults.add("500@list*always")

    with pytest.raises(WikiUnreachableError):
        list(listing)
