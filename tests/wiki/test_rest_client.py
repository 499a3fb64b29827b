import random
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from bot.errors import UnsettledListingError, WikiAnswerError
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


class Shifting:
    """A listing by offset; *act* is called with the entries before each answer, as people do."""

    def __init__(self, names: str, limit: int, act: Callable[[list[str], int], object] = lambda _names, _number: None):
        self.names, self.limit, self.act = list(names), limit, act
        self.asked: list[str] = []

    def __call__(self, path: str) -> dict[str, Any]:
        self.act(self.names, len(self.asked))
        self.asked.append(path)
        start = int(dict(parse_qsl(urlsplit(path).query)).get("start", 0))
        found = self.names[start : start + self.limit]
        end = start + len(found)
        links = {"next": f"/list?limit={self.limit}&start={end}"} if end < len(self.names) else {}
        return {"results": [{"id": name} for name in found], "_links": links}

    def read(self) -> str:
        items = iter_results("/list?limit=4", self, base_url="http://w", about="pages")
        return "".join(item["id"] for item in items)


def test_a_listing_by_offset_is_read_with_one_entry_of_overlap() -> None:
    listing = Shifting("abcdefghijk", 4)

    assert listing.read() == "abcdefghijk"
    assert [path.rpartition("=")[2] for path in listing.asked] == ["4", "3", "6", "9"]


@pytest.mark.parametrize(("gone", "read"), [("a", "abcdefghijk"), ("ab", "abcdfghijke"), ("abcd", "abcdhijkefg")])
def test_entries_that_are_removed_between_two_requests_hide_no_other(gone: str, read: str) -> None:
    def remove(names: list[str], number: int) -> None:
        if number == 1:
            names[:] = [name for name in names if name not in gone]

    assert Shifting("abcdefghijk", 4, remove).read() == read


def test_an_entry_that_is_added_between_two_requests_repeats_no_other() -> None:
    def add(names: list[str], number: int) -> None:
        if number == 1:
            names.insert(0, "x")

    assert Shifting("abcdefghijk", 4, add).read() == "abcdefghijkx"


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_a_server_that_caps_the_limit_is_read_to_the_end(limit: int) -> None:
    assert Shifting("abcdefg", limit).read() == "abcdefg"


def test_a_listing_that_hides_entries_alike_each_time_settles() -> None:
    shown = Shifting("abcdefghijk", 4)

    def fetch(path: str) -> dict[str, Any]:
        answer = shown(path)
        answer["results"] = [item for item in answer["results"] if item["id"] != "d"]
        return answer

    assert "".join(item["id"] for item in iter_results("/list", fetch, base_url="http://w", about="x")) == "abcefghijk"


def test_a_listing_in_another_order_at_each_request_yields_each_entry_once_and_is_refused() -> None:
    chance = random.Random(1)  # noqa: S311 -- a repeatable order, not a secret
    listing = Shifting("abcdefghijk", 4, lambda names, _number: chance.shuffle(names))
    items = iter_results("/list", listing, base_url="http://w", about="pages")
    found: list[str] = []

    with pytest.raises(UnsettledListingError, match="pages: the wiki's listing changed"):
        found.extend(item["id"] for item in items)

    assert sorted(found) == list("abcdefghijk")


def test_next_page_at_no_address_is_refused() -> None:
    with pytest.raises(WikiAnswerError, match="is invalid"):
        next_path({"_links": {"next": "http://[", "base": CLOUD}}, CLOUD)


@pytest.mark.parametrize("answer", [None, [], {}, {"results": {}}, {"results": ["1"]}, "text"])
def test_answer_that_is_no_listing_is_refused(answer: object) -> None:
    with pytest.raises(WikiAnswerError, match="no list of results"):
        list(iter_results("/1", lambda _path: answer, base_url="http://w", about="pages"))
