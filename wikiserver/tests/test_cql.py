"""CQL: what it finds, in which order, page after page; and what it refuses."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from requests import Session

from wikiserver.cql import CqlError, parse_cql
from wikiserver.cql.dates import parse_moment
from wikiserver.cql.parse import Both, Call, Clause, Not
from wikiserver.testing import Wiki

NOW = datetime(2026, 11, 25, 15, 30, tzinfo=UTC)  # a Wednesday


@pytest.fixture
def pages(wiki: Wiki) -> dict[str, str]:
    """Six pages in two spaces, changed an hour apart, by three people."""
    store = wiki.store
    for key in ("DOC", "OPS"):
        wiki.add_space(key, f"The {key} space")
    found: dict[str, str] = {}
    plan = (
        ("Home", "DOC", None, "ana", ("start",), "welcome"),
        ("Budget 2025", "DOC", "Home", "li", ("money", "old"), "figures"),
        ("Budget 2026", "DOC", "Budget 2025", "ana", ("money",), "new figures & plans"),
        ("Minutes", "DOC", "Home", "omar", (), "we met"),
        ("Runbook", "OPS", None, "li", ("money",), "restart"),
    )
    for hours, (title, key, parent, by, labels, words) in enumerate(plan):
        page = store.pages.create(
            store.spaces.get_by_key(key).id,
            title,
            f"<p>{words}</p>".replace("&", "&amp;"),
            author=wiki.account(by),
            parent_id=int(found[parent]) if parent else None,
            when=NOW + timedelta(hours=hours),
        )
        for label in labels:
            store.labels.add(page.id, label)
        found[title] = str(page.id)
    return found


def titles(wiki: Wiki, cql: str, limit: int = 25) -> list[str]:
    """All that a query finds, through as many pages of results as it takes."""
    found: list[str] = []
    with wiki.session() as session:
        url = f"{wiki.url}/rest/api/content/search"
        answer = ask(session, url, {"cql": cql, "limit": str(limit)})
        while True:
            found += [one["title"] for one in answer["results"]]
            following = answer["_links"].get("next")
            if not following:
                return found
            answer = ask(session, answer["_links"]["base"] + following, {})


def ask(session: Session, url: str, parameters: dict[str, str]) -> Any:
    answer = session.get(url, params=parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize("flavour", ["cloud", "datacenter"])
@pytest.mark.parametrize(
    ("cql", "expected"),
    [
        ("type = page", ["Home", "Budget 2025", "Budget 2026", "Minutes", "Runbook"]),
        ("space = doc and label = money", ["Budget 2025", "Budget 2026"]),
        ("label in (old, start)", ["Home", "Budget 2025"]),
        ("label = money and not label = old", ["Budget 2026", "Runbook"]),
        ("label != money and space = DOC", ["Home", "Minutes"]),
        ("title ~ budget", ["Budget 2025", "Budget 2026"]),
        ('title ~ "bud* 2026"', ["Budget 2026"]),
        ('title = "minutes"', ["Minutes"]),
        ('text ~ "figures"', ["Budget 2025", "Budget 2026"]),
        ("ancestor = {Home}", ["Budget 2025", "Budget 2026", "Minutes"]),
        ("ancestor = {Home} and parent != {Home}", ["Budget 2026"]),
        ("parent = {Home} or space = OPS", ["Budget 2025", "Minutes", "Runbook"]),
        ("id in ({Home}, {Runbook})", ["Home", "Runbook"]),
        ("creator = {li}", ["Budget 2025", "Runbook"]),
        ("contributor in ({omar}) or (space = OPS and type = page)", ["Minutes", "Runbook"]),
        ("space in (OPS)", ["Runbook"]),
        ("space.title ~ ops", ["Runbook"]),
        ("space not in (DOC, XX)", ["Runbook"]),
        ("lastmodified > '2026-11-25 18:00' and space = DOC", ["Minutes"]),
        ("created <= '2026-11-25 15:30'", ["Home"]),
        (
            "lastmodified = '2026-11-25' order by title desc",
            ["Runbook", "Minutes", "Home", "Budget 2026", "Budget 2025"],
        ),
        ("type = page order by lastmodified desc", ["Runbook", "Minutes", "Budget 2026", "Budget 2025", "Home"]),
        ("label = money order by space, title desc", ["Budget 2026", "Budget 2025", "Runbook"]),
        ("type = blogpost", []),
        ("space = NOWHERE", []),
        ("label = never-used", []),
    ],
)
def test_queries_find_what_they_say(wiki: Wiki, pages: dict[str, str], cql: str, expected: list[str]) -> None:
    people = {name: wiki.account(name) for name in ("li", "omar")}
    for name, text in (pages | people).items():
        cql = cql.replace(f"{{{name}}}", f'"{text}"')

    assert titles(wiki, cql) == expected


@pytest.mark.parametrize(
    "cql",
    [
        "type = page",
        "type = page order by lastmodified desc",
        "type = page order by title",
        "type = page order by creator, created desc",
    ],
)
@pytest.mark.parametrize("limit", [1, 2, 5])
@pytest.mark.usefixtures("pages")
def test_pages_of_results_add_up_to_all_of_them_in_order(wiki: Wiki, cql: str, limit: int) -> None:
    assert titles(wiki, cql, limit) == titles(wiki, cql)


def test_a_result_that_moves_up_is_not_found_twice(wiki: Wiki, pages: dict[str, str]) -> None:
    cql = {"cql": "type = page order by id", "limit": "2"}
    with wiki.session() as session:
        first = session.get(f"{wiki.url}/rest/api/content/search", params=cql).json()
        wiki.store.pages.trash(int(pages["Home"]))
        second = session.get(first["_links"]["base"] + first["_links"]["next"]).json()

    assert [one["title"] for one in first["results"]] == ["Home", "Budget 2025"]
    assert [one["title"] for one in second["results"]] == ["Budget 2026", "Minutes"]


def test_current_user_is_who_asks(wiki: Wiki) -> None:
    wiki.add_page("By the bot", by="bot")
    wiki.add_page("By Ana", by="ana")

    assert titles(wiki, "creator = currentUser()") == ["By the bot"]


def test_files_and_comments_are_found_by_type(wiki: Wiki, pages: dict[str, str]) -> None:
    home = int(pages["Home"])
    wiki.store.attachments.add(home, "plan.pdf", b"%PDF", author=wiki.account("ana"))
    wiki.store.comments.add(home, "<p>Good.</p>", author=wiki.account("li"))

    assert titles(wiki, "type = attachment") == ["plan.pdf"]
    assert titles(wiki, f"type in (comment, attachment) and container = {home}") == ["plan.pdf", "Re: Home"]


@pytest.mark.parametrize("size", [10, 2100])
def test_large_and_small_labels_give_the_same_answer(wiki: Wiki, size: int) -> None:
    store, space = wiki.store, wiki.add_space("DOC")
    with store.transaction():
        for number in range(size):
            page = store.pages.create(space.id, f"P{number:05}", "", author=wiki.account("ana"))
            if number != 3:
                store.labels.add(page.id, "many")

    assert titles(wiki, "label = many and title ~ P0000") == [f"P0000{number}" for number in range(10) if number != 3]


@pytest.mark.parametrize(
    ("cql", "problem"),
    [
        ("", "required"),
        ("type =", "expected a word"),
        ("type page", "expected a operator"),
        ("bogus = 1", "No field exists with name : 'bogus'"),
        ("type = page and", "expected a word"),
        ("(type = page", r"expected '\)'"),
        ("type = page order title", "expected 'by'"),
        ("type = page order by colour", "cannot order by 'colour'"),
        ("lastmodified > yesterday", "is not a date"),
        ("lastmodified > now('4 weeks')", "is not a span of time"),
        ("id = abc", "is not a content id"),
        ("type > page", "not supported"),
        ("label = currentUser()", "not supported"),
        ('title ~ ""', "no text"),
        ("type = page extra", "unexpected"),
    ],
)
def test_what_is_no_query_is_refused_with_the_place(wiki: Wiki, cql: str, problem: str) -> None:
    with wiki.session() as session:
        answer = session.get(f"{wiki.url}/rest/api/content/search", params={"cql": cql})

    assert answer.status_code == 400
    assert problem.replace("\\", "") in answer.json()["message"]


def test_a_cursor_of_another_kind_is_refused(wiki: Wiki) -> None:
    with wiki.session() as session:
        answer = session.get(f"{wiki.url}/rest/api/content/search", params={"cql": "type = page", "cursor": "nonsense"})

    assert answer.status_code == 400


def test_or_binds_weaker_than_and_and_not_strongest() -> None:
    where = parse_cql("a = 1 or not b = 2 and c in (3, f('x'))").where

    assert where == Both(
        "or",
        (
            Clause("a", "=", ("1",)),
            Both("and", (Not(Clause("b", "=", ("2",))), Clause("c", "in", ("3", Call("f", ("x",)))))),
        ),
    )


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("2026/11/25", "2026-11-25T00:00"),
        ("2026-11-25 08:15", "2026-11-25T08:15"),
        (Call("now", ()), "2026-11-25T15:30"),
        (Call("now", ("-4w",)), "2026-10-28T15:30"),
        (Call("now", ("+90m",)), "2026-11-25T17:00"),
        (Call("startofday", ()), "2026-11-25T00:00"),
        (Call("startofday", ("-1d",)), "2026-11-24T00:00"),
        (Call("endofday", ()), "2026-11-26T00:00"),
        (Call("startofweek", ()), "2026-11-22T00:00"),
        (Call("startofmonth", ("-1M",)), "2026-10-01T00:00"),
        (Call("now", ("-1y",)), "2025-11-25T15:30"),
        (Call("endofmonth", ()), "2026-12-01T00:00"),
        (Call("startofyear", ()), "2026-01-01T00:00"),
        (Call("endofyear", ()), "2027-01-01T00:00"),
    ],
)
def test_moments(value: str | Call, moment: str) -> None:
    assert parse_moment(value, NOW)[0] == datetime.fromisoformat(f"{moment}+00:00")


def test_there_is_no_other_function_of_time() -> None:
    with pytest.raises(CqlError, match="no function"):
        parse_moment(Call("startofdecade", ()), NOW)
