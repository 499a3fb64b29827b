"""The refusals of the wiki and the errors that the bot raises for them, over real HTTP."""

import pytest
import requests

from bot.errors import (
    AuthenticationError,
    PageConflictError,
    PageNotFoundError,
    PermissionDeniedError,
    WikiAnswerError,
    WikiError,
    WikiUnreachableError,
)
from bot.wiki.confluence import ConfluenceGateway
from bot.wiki.failures import refusal, said_by_wiki
from bot.wiki.session import Manners
from tests.scripted_proxy import scripted_proxy
from tests.wiki.conftest import Connect
from wikiserver.testing import Wiki

READING = {
    "captcha": (AuthenticationError, "answer the CAPTCHA"),
    "denied": (AuthenticationError, "answer the CAPTCHA"),
    "expired": (AuthenticationError, "has expired.*make a new token"),
    "suspended": (AuthenticationError, "not permitted to use.*administrator"),
    "deactivated": (AuthenticationError, "has been deactivated.*administrator"),
    "scope": (AuthenticationError, "lacks a scope"),
    "proxy": (WikiUnreachableError, "407.*HTTPS_PROXY"),
    "removed": (WikiAnswerError, "has been removed.*newer wikibot"),
}
WRITING = READING | {
    "removed": (WikiAnswerError, "has been removed"),
    "too-large": (WikiError, "5242880 bytes.*shorten"),
    "unreconciled": (WikiError, "unreconciled content.*publish it once"),
    "cannot-convert": (WikiError, "cannot be converted.*does not support"),
    "title": (WikiError, "this title already exists: Home.*another title"),
    "conflict": (WikiError, "409 .*locked by a running import"),
}
"""Each reason of the wiki, the error and the words that a person sees."""


@pytest.fixture
def page_id(wiki: Wiki) -> str:
    wiki.add_page("Home", "<p>home</p>")
    return wiki.add_page("Page", "<p>text of a person</p>")


@pytest.mark.parametrize("reason", READING)
def test_refused_reading_says_why_and_what_to_do_and_is_not_repeated(
    wiki: Wiki, gateway: ConfluenceGateway, naps: list[float], page_id: str, reason: str
) -> None:
    error, words = READING[reason]
    wiki.faults.add(f"refuse={reason}@get*always")

    with pytest.raises(error, match=words):
        gateway.fetch_page(page_id)

    assert naps == []


@pytest.mark.parametrize("reason", WRITING)
def test_refused_write_says_why_and_what_to_do_and_writes_nothing(
    wiki: Wiki, gateway: ConfluenceGateway, page_id: str, reason: str
) -> None:
    error, words = WRITING[reason]
    page = gateway.fetch_page(page_id)
    wiki.faults.add(f"refuse={reason}@put*always")

    with pytest.raises(error, match=words):
        gateway.update_page(page, "<p>by the bot</p>", message="wikibot 1")

    assert [method for method, _ in wiki.requests].count("PUT") == 1
    assert len(wiki.versions(page_id)) == 1


SENTENCES = {
    "lock": (409, "Version must be incremented when updating a page. Current Version: [1]", "run again later"),
    "optimistic": (409, "org.springframework.orm.OptimisticLockException: row was updated", "run again later"),
    "version": (400, "Version must be incremented on update. Current version is: 1", "run again later"),
    "draft": (409, "ConflictException: Cannot save, there is a draft newer than the page", "publish or discard it"),
    "unreconciled": (501, "Cannot update content that is unreconciled", "publish it once with the editor"),
    "statement": (500, "could not execute statement; SQL [n/a]", r"cannot store 🎉 \(U\+1F389 PARTY POPPER\)"),
    "value": (500, "Incorrect string value: '\\xF0\\x9F' for column 'BODY'", "PARTY POPPER"),
    "convert": (400, "The page cannot be converted to new editor format", "does not support this content"),
    "large": (413, "Request Entity Too Large", "shorten the text"),
    "expired": (401, "The personal access token has expired", "make a new token"),
    "suspended": (403, "Your account has been suspended", "administrator"),
    "unknown": (500, "The flux capacitor is empty", "flux capacitor"),
    "unavailable": (503, "Reindexing since 12:00", "Reindexing since 12:00"),
}
"""Status and sentence of the wiki, and what a person reads besides."""


@pytest.mark.parametrize("sentence", SENTENCES)
def test_the_sentence_of_the_wiki_is_shown_with_what_helps_and_no_word_of_a_save(
    wiki: Wiki, connect: Connect, page_id: str, sentence: str
) -> None:
    status, words, advice = SENTENCES[sentence]
    with scripted_proxy(wiki.url) as proxy:
        gateway = connect(url=proxy.url)
        page = gateway.fetch_page(page_id)
        proxy.instead("PUT", page_id, status, words)

        with pytest.raises(WikiError, match=advice) as caught:
            gateway.update_page(page, "<p>by the bot 🎉</p>", message="wikibot 1")

    assert not isinstance(caught.value, PageConflictError)
    assert words.rpartition("Exception: ")[2] in str(caught.value)
    assert wiki.body(page_id) == "<p>text of a person</p>"


@pytest.mark.parametrize("sentence", ["lock", "version"])
def test_the_same_sentence_is_a_conflict_when_the_page_has_moved_on(
    wiki: Wiki, connect: Connect, page_id: str, sentence: str
) -> None:
    status, words, _ = SENTENCES[sentence]
    with scripted_proxy(wiki.url) as proxy:
        gateway = connect(url=proxy.url)
        page = gateway.fetch_page(page_id)
        wiki.edit(page_id, "<p>a person</p>")
        proxy.instead("PUT", page_id, status, words)

        with pytest.raises(PageConflictError):
            gateway.update_page(page, "<p>by the bot</p>", message="wikibot 1")


def test_conflict_is_one_only_when_the_page_has_moved_on(wiki: Wiki, gateway: ConfluenceGateway, page_id: str) -> None:
    page = gateway.fetch_page(page_id)
    wiki.edit(page_id, "<p>a person</p>")
    wiki.faults.add("refuse=conflict@put*once")

    with pytest.raises(PageConflictError):
        gateway.update_page(page, "<p>by the bot</p>", message="wikibot 1")

    assert "a person" in wiki.body(page_id)


def test_draft_that_blocks_a_write_is_named(wiki: Wiki, gateway: ConfluenceGateway, page_id: str) -> None:
    page = gateway.fetch_page(page_id)
    wiki.store.pages.save_draft(int(page_id), title=None, body="<p>half</p>", author=wiki.account("ana"))
    wiki.faults.add("draft-conflict")

    with pytest.raises(WikiError, match=r"(?i)409 .*(draft|unpublished).*publish or discard"):
        gateway.update_page(page, "<p>by the bot</p>", message="wikibot 1")

    assert len(wiki.versions(page_id)) == 1


def test_read_only_wiki_says_that_it_takes_no_changes(wiki: Wiki, gateway: ConfluenceGateway, page_id: str) -> None:
    page = gateway.fetch_page(page_id)
    wiki.faults.add("read-only")

    with pytest.raises(WikiError, match=r"read-only mode.*run again"):
        gateway.update_page(page, "<p>by the bot</p>", message="wikibot 1")


def test_revoked_token_never_makes_a_page_look_gone(wiki: Wiki, gateway: ConfluenceGateway, page_id: str) -> None:
    gateway.fetch_page(page_id)
    wiki.faults.add("refuse=revoked@any*always")

    with pytest.raises(AuthenticationError, match="token"):
        gateway.fetch_page(page_id)
    with pytest.raises(AuthenticationError, match="token"):
        gateway.fetch_pages([page_id])


@pytest.mark.parametrize("flavour", ["cloud"])
def test_bare_404_is_believed_while_the_wiki_knows_the_account(
    wiki: Wiki, gateway: ConfluenceGateway, page_id: str
) -> None:
    wiki.faults.add("refuse=revoked@get*once")

    with pytest.raises(PageNotFoundError):
        gateway.fetch_page(page_id)


def test_page_that_may_be_read_and_not_edited_is_not_called_absent(
    wiki: Wiki, gateway: ConfluenceGateway, page_id: str
) -> None:
    page = gateway.fetch_page(page_id)
    wiki.faults.add("404@put*once")

    with pytest.raises(PermissionDeniedError, match="may read it, not edit it"):
        gateway.update_page(page, "<p>by the bot</p>", message="wikibot 1")


def test_token_that_ends_between_reading_and_writing_is_no_lost_answer(
    wiki: Wiki, gateway: ConfluenceGateway, page_id: str
) -> None:
    page = gateway.fetch_page(page_id)
    gateway.fetch_current_user()
    wiki.faults.add("refuse=expired@any*always")

    with pytest.raises(AuthenticationError, match="has expired"):
        gateway.update_page(page, "<p>by the bot</p>", message="wikibot 1")


def test_server_error_keeps_the_words_of_the_server(wiki: Wiki, connect: Connect, page_id: str) -> None:
    gateway = connect(manners=Manners(tries=1))
    wiki.faults.add("503@get*once")
    with pytest.raises(WikiUnreachableError, match="503 \\(Service Temporarily Unavailable\\)"):
        gateway.fetch_page(page_id)
    wiki.faults.add("500@get*once")
    with pytest.raises(WikiUnreachableError, match="500 \\(fault 500\\)"):
        gateway.fetch_page(page_id)


def make_answer(status: int, body: str, **headers: str) -> requests.Response:
    answer = requests.Response()
    answer.status_code = status
    answer._content = body.encode()
    answer.headers.update(headers)
    return answer


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ('{"message": "com.atlassian.api.BadRequestException: No  such\\nthing"}', "No such thing"),
        ('{"message": "Failed", "data": {"errors": [{"message": {"translation": "Too long"}}]}}', "Failed: Too long"),
        ('{"errors": [{"title": "Bad", "detail": "the id"}, {"title": "Bad"}]}', "Bad: the id"),
        ("<html><title>504 Gateway Time-out</title></html>", "Gateway Time-out"),
        ("<html><title>A &amp; B</title>", "A & B"),
        ('{"message": "turn \\u202eback\\u0007"}', "turn \\u202eback\\u0007"),
        ('{"message": 7, "errors": [1, {"title": ["x"], "message": "y"}], "data": {"errors": "z"}}', "y"),
        ('["no"]', ""),
        ("no JSON", ""),
        ("", ""),
    ],
)
def test_words_of_the_wiki_are_found_wherever_they_are(body: str, words: str) -> None:
    assert said_by_wiki(make_answer(504, body)) == words


def test_long_words_are_cut() -> None:
    words = said_by_wiki(make_answer(400, '{"message": "' + "word " * 500 + '"}'))

    assert len(words) == 240
    assert words.endswith("…")


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 410, 413, 418, 429, 500, 501, 503, 599])
@pytest.mark.parametrize("is_write", [True, False])
def test_every_status_has_an_error_that_names_it(status: int, *, is_write: bool) -> None:
    error = refusal(make_answer(status, '{"message": "because"}'), "page 1", is_write=is_write)

    assert isinstance(error, WikiError)
    assert error.status == status
    assert f"page 1: the wiki answered {status} (because)" in str(error)
