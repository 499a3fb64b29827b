"""The wiki answers any request of a browser without a crash."""

import re
from collections.abc import Iterator, Sequence
from typing import TypeVar

import pytest
from flask import Flask

from wikiserver.pages import create_pages
from wikiserver.testing import Wiki
from wikiserver_support.screenless import Browser

T = TypeVar("T")
ODD = ("0", "-1", "9" * 30, "%00", "..%2f..%2fetc", "é%20%22", "<script>", "a" * 3000)
QUERIES = (
    "",
    "?pageId=",
    "?pageId=9999999999999999999999",
    "?start=-5",
    "?start=99999999999999999999",
    "?from=0&to=-1",
    "?text=%22%27%29%28%5C",
    "?cql=%28%28",
    "?cursor=x&text=a",
    "?spaceKey=%00&title=%00",
    "?status=x",
    "?parent=x",
)
FORMS: tuple[dict[str, str], ...] = (
    {},
    {"body": "\x00", "title": "\x00", "version": "x", "target": "\x00", "labels": "\x00 # !", "label": "\x00"},
    {"body": "<p>" * 500, "title": "t" * 5000, "version": "99999999999999999999", "position": "?", "target": "9" * 40},
    {"body": "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"), "selection": "(", "parent": "9" * 30},
    {"edits": '{"0": "<p>\\u0000\\ud800</p>"}', "version": "1", "original": "<p>"},
)


def _addresses(method: str, page_id: str) -> list[str]:
    """Every address of the pages for *method*, its variable parts filled with what is there and with odd things."""
    app = Flask(__name__)
    app.register_blueprint(create_pages())
    addresses = []
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith("pages.") and method in (rule.methods or ()) and rule.endpoint != "pages.logout":
            for value in ("", *ODD):
                filled = re.sub(
                    r"<(?:\w+:)?(\w+)>",
                    lambda part, value=value: value or {"key": "WS2", "page_id": page_id}.get(part[1], "1"),  # type: ignore[misc]
                    rule.rule,
                )
                addresses.append(filled)
    return sorted(set(addresses))


def _take_turns(addresses: Sequence[str], values: Sequence[T], each: int) -> Iterator[tuple[str, T]]:
    """Yield *each* of the values with every address, others with the next address."""
    for number, address in enumerate(addresses):
        yield from ((address, values[(number * each + turn) % len(values)]) for turn in range(each))


@pytest.mark.parametrize("each", [1, pytest.param(len(QUERIES), marks=pytest.mark.slow)])
def test_no_address_breaks_the_wiki(wiki: Wiki, ana: Browser, home: str, each: int) -> None:
    for address, query in _take_turns(_addresses("GET", home), QUERIES, each):
        answer = ana.session.get(wiki.url + address + (query if len(address) < 200 else ""), allow_redirects=False)
        assert answer.status_code < 500, f"{answer.status_code} {address}{query}"


@pytest.mark.parametrize("each", [1, pytest.param(len(FORMS), marks=pytest.mark.slow)])
def test_no_form_breaks_the_wiki(wiki: Wiki, ana: Browser, home: str, each: int) -> None:
    ana.open("/spaces/WS2")
    token = str(ana.page.select("meta[name=csrf]")[0]["content"])
    addresses = [address for address in _addresses("POST", home) if len(address) < 200]
    for address, form in _take_turns(addresses, FORMS, each):
        answer = ana.session.post(wiki.url + address, data={"csrf": token, **form}, allow_redirects=False)
        assert answer.status_code < 500, f"{answer.status_code} {address} {form}"
        if "logout" in address or "login" in address:
            ana.open("/login")
            ana.submit("form.login", name="ana", password="ana-secret")
            token = str(ana.open("/spaces").select("meta[name=csrf]")[0]["content"])
