from typing import Any

import pytest

from bot.errors import WikiAnswerError
from bot.wiki.rest_client import iter_results, next_path

CLOUD = "https://a.atlassian.net/wiki"
SERVER = "http://h/confluence"


@pytest.mark.parametrize(
    ("next_link", "base", "our_address", "path"),
    [
        ("", CLOUD, CLOUD, None),
        # v2: relative to the host, with the context in it
        ("/wiki/api/v2/pages?cursor=x", CLOUD, CLOUD, "/api/v2/pages?cursor=x"),
        # v1: relative to the base
        ("/rest/api/content?start=25", SERVER, SERVER, "/rest/api/content?start=25"),
        ("/confluence/rest/api/content?start=25", SERVER, SERVER, "/rest/api/content?start=25"),
        # the wiki knows itself by another name: only paths are followed
        ("https://in.example/wiki/x?c=1", "https://in.example/wiki", "https://out.example/gate/wiki", "/x?c=1"),
        # no base at all
        ("/wiki/api/v2/pages?cursor=x", None, CLOUD, "/api/v2/pages?cursor=x"),
        # a path that only begins like the context
        ("/wikipages?x=1", "http://h/wiki", "http://h/wiki", "/wikipages?x=1"),
    ],
)
def test_next_is_followed_relative_to_our_own_address(
    next_link: str, base: str | None, our_address: str, path: str | None
) -> None:
    assert next_path({"_links": {"next": next_link, "base": base}}, our_address) == path


def test_listing_that_leads_back_to_itself_is_refused() -> None:
    def fetch(path: str) -> dict[str, Any]:
        return {"results": [{"id": path}], "_links": {"next": "/b" if path == "/a" else "/a"}}

    results = iter_results("/a", fetch, base_url="http://wiki", about="pages")

    assert next(results) == {"id": "/a"}
    assert next(results) == {"id": "/b"}
    with pytest.raises(WikiAnswerError, match="does not end"):
        next(results)


def test_empty_page_in_the_middle_does_not_end_the_listing() -> None:
    answers = {
        "/1": {"results": [{"id": "1"}], "_links": {"next": "/2"}},
        "/2": {"results": [], "_links": {"next": "/3"}},
        "/3": {"results": [{"id": "3"}], "_links": {}},
    }

    assert [item["id"] for item in iter_results("/1", answers.__getitem__, base_url="http://w", about="pages")] == [
        "1",
        "3",
    ]


def test_next_page_at_no_address_is_refused() -> None:
    with pytest.raises(WikiAnswerError, match="is invalid"):
        next_path({"_links": {"next": "http://[", "base": CLOUD}}, CLOUD)


@pytest.mark.parametrize("answer", [None, [], {}, {"results": {}}, {"results": ["1"]}, "text"])
def test_answer_that_is_no_listing_is_refused(answer: object) -> None:
    with pytest.raises(WikiAnswerError, match="no list of results"):
        list(iter_results("/1", lambda _path: answer, base_url="http://w", about="pages"))
