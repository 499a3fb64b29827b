"""Invalid requests are answered with a 4xx in the format of the interface, never with a crash."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from requests import Response, Session

from wikiserver.testing import Wiki
from wikiserver_support.conformance_calls import NO_CHECK, V1_CALLS, V2_CALLS, Call
from wikiserver_support.conformance_world import build_world, fill

BAD_IDS = ("0", "999999999", "abc", "-1", "12.5", "att", "99999999999999999999999", "%00", "1%27--")
BAD_QUERIES = (
    "limit=0",
    "limit=-1",
    "limit=abc",
    "limit=99999999999999999999",
    "start=-5",
    "start=x",
    "cursor=%21%21",
    "cursor=e30%3D",
    "cursor=eyJpZCI6ICJ4In0%3D",
    "body-format=pdf",
    "sort=colour",
    "status=asleep",
    "expand=....",
    "expand=body.,,x.y.z.",
    "depth=99",
    "version=0",
    "version=x",
    "id=1,x",
    "space-id=%27",
    "cql=%28%28%28",
    "get-draft=maybe",
)
BAD_BODIES: tuple[Any, ...] = (None, [], {}, "text", 7, [1], {"version": 5}, {"version": {"number": "x"}}, {"body": 5})


def is_well_refused(answer: Response) -> bool:
    """Whether an answer is a success, or an error in the shape of its interface."""
    if answer.status_code < 400:
        return True
    if answer.status_code >= 500 or not answer.text.strip():
        return False
    content = answer.json()
    if "/api/v2/" in answer.url and "/rest/" not in answer.url:
        return {"status", "code", "title", "detail"} <= set(content["errors"][0])
    return content["statusCode"] == answer.status_code and isinstance(content["message"], str)


@pytest.fixture
def admin(wiki: Wiki) -> Iterator[Session]:
    with wiki.session("admin") as session:
        yield session


def ask(wiki: Wiki, admin: Session, method: str, path: str, body: Any = None) -> Response:
    return admin.request(method, wiki.url + path, json=body, headers=NO_CHECK, allow_redirects=False)


def served(wiki: Wiki) -> list[Call]:
    return [call for call in (*V1_CALLS, *V2_CALLS) if wiki.flavour in call.flavours]


@pytest.mark.parametrize("flavour", ["cloud", "datacenter"])
def test_ids_of_nothing_are_refused(wiki: Wiki, admin: Session) -> None:
    wrong = []
    for call in served(wiki):
        if "{" not in call.path or call.method != "GET":
            continue
        for bad in BAD_IDS:
            names = ("page", "home", "leaf", "made", "blog", "comment", "file", "space_id", "label", "group", "task")
            path = fill(call.path, dict.fromkeys((*names, "property", "new", "inline_task", "async", "template"), bad))
            answer = ask(wiki, admin, call.method, path)
            if not is_well_refused(answer):
                wrong.append(f"{call.method} {path}: {answer.status_code} {answer.text[:100]}")

    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("flavour", [pytest.param("cloud", marks=pytest.mark.slow), "datacenter"])
def test_nonsense_in_the_query_is_refused_or_passed_over(wiki: Wiki, admin: Session) -> None:
    ids, wrong = build_world(wiki), []
    for call in served(wiki):
        if call.method != "GET":
            continue
        path = fill(call.path.partition("?")[0], ids)
        for query in BAD_QUERIES:
            answer = ask(wiki, admin, "GET", f"{path}?{query}")
            if not is_well_refused(answer):
                wrong.append(f"GET {path}?{query}: {answer.status_code} {answer.text[:100]}")

    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("flavour", [pytest.param("cloud", marks=pytest.mark.slow), "datacenter"])
def test_bodies_of_the_wrong_shape_are_refused(wiki: Wiki, admin: Session) -> None:
    ids, wrong = build_world(wiki), []
    ids |= {"made": ids["page"], "new": ids["comment"], "property": "1", "template": "1", "task": "1"}
    for call in served(wiki):
        if call.method not in {"POST", "PUT"}:
            continue
        path = fill(call.path, ids)
        for body in (*BAD_BODIES, *_with_one_wrong_value(fill(call.json, ids))):
            answer = ask(wiki, admin, call.method, path, body)
            if not is_well_refused(answer):
                wrong.append(f"{call.method} {path} {json.dumps(body)[:80]}: {answer.status_code} {answer.text[:100]}")

    assert not wrong, "\n".join(wrong)


_NONSENSE: tuple[Any, ...] = (None, 7, [], {"x": 1}, "☃")


def _with_one_wrong_value(body: Any) -> list[Any]:
    """The body of a good request, with each of its values in turn made nonsense."""
    if not isinstance(body, dict):
        return []
    return [body | {key: bad} for key in body for bad in _NONSENSE]


@pytest.mark.parametrize("path", ["/rest/api/content/search", "/rest/api/search"])
def test_whatever_is_typed_as_cql_gets_an_answer(wiki: Wiki, path: str) -> None:
    wiki.add_page("Home", labels=("one",))
    words = ["type", "label", "space", "lastmodified", "title", "=", "!=", "~", "in", "(", ")", "and", "or", "not", ","]
    words += [
        "order",
        "by",
        "desc",
        "page",
        "one",
        '"two words"',
        "'",
        '"',
        "now()",
        "-1d",
        "id",
        "123",
        "{",
        "\\",
        "%",
    ]

    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.lists(st.sampled_from(words), max_size=9).map(" ".join) | st.text(max_size=30))
    def check(cql: str) -> None:
        with wiki.session() as session:
            answer = session.get(wiki.url + path, params={"cql": cql})
        assert is_well_refused(answer), answer.text

    check()


def test_a_body_that_is_no_json_is_refused(wiki: Wiki) -> None:
    page_id = wiki.add_page("Home", "<p>one</p>")
    with wiki.session() as session:
        for path in (f"/rest/api/content/{page_id}", f"/api/v2/pages/{page_id}"):
            answer = session.put(wiki.url + path, data=b"{not json", headers={"Content-Type": "application/json"})
            assert (answer.status_code, is_well_refused(answer)) == (400, True)

    assert wiki.body(page_id) == "<p>one</p>"


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_methods_that_there_are_not_are_refused(wiki: Wiki, admin: Session, method: str) -> None:
    assert ask(wiki, admin, method, "/rest/api/space").status_code == 405
