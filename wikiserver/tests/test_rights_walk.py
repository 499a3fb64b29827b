"""Walk every operation as an account that may not see a set of secrets, and look for the words of the secrets."""

import json
import re
import sqlite3
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from io import BytesIO
from typing import Any

import pytest
from werkzeug.routing import RequestRedirect
from werkzeug.test import Client, TestResponse

from wikiserver.rest.v1.flavours import has_operation
from wikiserver.store import Store
from wikiserver.testing import Wiki, running_wiki
from wikiserver_support.conformance_calls import NO_CHECK, V1_CALLS, V2_CALLS, Call
from wikiserver_support.rights_calls import BROWSER_CALLS, REST_CALLS
from wikiserver_support.secrets_world import Secrets, build, build_open

both = pytest.mark.parametrize("flavour", ["cloud", "datacenter"])
_PLACE = re.compile(r"\{([\w:]+)\}|\bDOC\b")
_METHODS = {"GET", "POST", "PUT", "DELETE"}


@dataclass
class Walk:
    """Makes calls in the process, as omar, and collects what is wrong."""

    wiki: Wiki
    ids: dict[str, str]
    secrets: Secrets
    problems: list[str] = field(default_factory=list)
    called: set[tuple[str, str]] = field(default_factory=set)
    answers: int = 0

    def __post_init__(self) -> None:
        self._client = Client(self.wiki.server.app)
        self._basic = {"Authorization": "Basic " + b64encode(b"omar:omar-secret").decode()}
        self._root = "/wiki" if self.wiki.flavour == "cloud" else ""
        self._rules = self.wiki.server.app.flask.url_map.bind("localhost")
        self._copy = _copy(self.wiki.store)
        self._connection = self.wiki.store._database._connection
        self._changes = self._connection.total_changes
        self._before = _digest(self._connection)
        self._secret_before = self.secrets.digest(self.wiki.store)
        page = self._client.get(f"{self._root}/login", headers=self._basic).get_data(as_text=True)
        token = re.search(r'name="csrf" (?:value|content)="([^"]+)"', page)
        assert token is not None
        self._token = token[1]
        form = {"name": "omar", "password": "omar-secret", "csrf": self._token}
        assert self._client.post(f"{self._root}/login", data=form).status_code == 302
        page = self._client.get(f"{self._root}/login").get_data(as_text=True)
        self._token = re.findall(r'name="csrf" (?:value|content)="([^"]+)"', page)[0]

    def make(self, call: Call) -> None:
        """Make a call with open ids only, then with secrets in each position, and in all."""
        if self.wiki.flavour not in call.flavours:
            return
        self._send(call, {}, "")
        for name, family in self.secrets.families.items():
            places = _places(call)
            for chosen in [*({one} for one in range(len(places))), set(range(len(places)))]:
                found = {one: self._secret(family, call, places[one]) for one in chosen}
                if replaced := {one: text for one, text in found.items() if text is not None}:
                    self._send(call, replaced, name)

    def _secret(self, family: dict[str, str], call: Call, place: str) -> str | None:
        return family.get(_specific(call, place)) or family.get(place)

    def _send(self, call: Call, replaced: dict[int, str], family: str) -> None:
        path, sent = self._filled(call, replaced)
        # Downloads are for the session of a browser: on Cloud, the servlet takes no tokens.
        who = {} if call.path.startswith("/download/") else self._basic
        headers = {**who, **NO_CHECK, "X-CSRF-Token": self._token}
        options: dict[str, Any] = {}
        if call.file:
            options["data"] = {"file": (BytesIO(b"data"), "new.txt"), "files": (BytesIO(b"data"), "new.txt")}
        elif isinstance(sent, dict) and set(sent) == {"form"}:
            options["data"] = sent["form"]
        elif sent is not None:
            options["json"] = sent
        answer = self._client.open(self._root + path, method=call.method, headers=headers, **options)
        self.answers += 1
        self._note(call.method, path.partition("?")[0])
        where = f"{call.method} {path} {json.dumps(sent)} [{family}] → {answer.status_code}"
        self._judge(where, f"{path} {json.dumps(sent)}", answer)
        answer.close()
        if call.method != "GET":
            self._judge_write(where, answer.status_code, is_secret=bool(replaced))

    def _note(self, method: str, path: str) -> None:
        try:
            rule, _ = self._rules.match(path, method, return_rule=True)
        except RequestRedirect:  # to another address of the same operation
            self.called.add((method, path))
        else:
            self.called.add((method, rule.rule))

    def _filled(self, call: Call, replaced: dict[int, str]) -> tuple[str, Any]:
        position = iter(range(1000))

        def fill(match: re.Match[str]) -> str:
            place, number = match[1] or "DOC", next(position)
            return replaced.get(number) or self.ids.get(_specific(call, place)) or self.ids.get(place) or match[0]

        path = _PLACE.sub(fill, call.path)
        return path, json.loads(_PLACE.sub(fill, json.dumps(call.json)))

    def _judge(self, where: str, sent: str, answer: TestResponse) -> None:
        if answer.status_code >= 500:
            self.problems.append(f"{where}: server error")
        shown = answer.get_data().decode(errors="replace") + str(answer.headers)
        for word in self.secrets.words:
            if word in shown and word not in sent:
                place = shown.index(word)
                self.problems.append(f"{where}: shows {word}: …{shown[max(0, place - 80) : place + 40]}…")
                return

    def _judge_write(self, where: str, status: int, *, is_secret: bool) -> None:
        if self._connection.total_changes == self._changes:
            return
        if is_secret:
            if status >= 400 and _digest(self._connection) != self._before:  # a change may be rolled back
                self.problems.append(f"{where}: refused, but something changed")
            if self.secrets.digest(self.wiki.store) != self._secret_before:
                self.problems.append(f"{where}: a secret changed")
        copied = self._copied_words()
        if copied:
            self.problems.append(f"{where}: copied {copied[:3]}")
        self._copy.backup(self._connection)
        self._changes = self._connection.total_changes

    def _copied_words(self) -> list[str]:
        marks = ",".join(str(one) for one in self.secrets.content_ids)
        spaces = ",".join(str(one) for one in self.secrets.space_ids)
        rows = self.wiki.store._database.rows(
            "SELECT content.title, body FROM content JOIN versions ON content_id = content.id"
            f" WHERE content.id NOT IN ({marks}) AND space_id NOT IN ({spaces})"
        )
        text = repr([tuple(row) for row in rows])
        return [word for word in self.secrets.words if word in text]

    def missed(self) -> list[str]:
        """The operations of this flavour that no call made."""
        found = []
        for rule in self.wiki.server.app.flask.url_map.iter_rules():
            is_rest = rule.endpoint.startswith("rest_v1")
            if rule.endpoint == "pages.static" or (is_rest and not has_operation(self.wiki.flavour, rule.endpoint)):
                continue
            methods = (rule.methods or set()) & _METHODS
            found += [f"{one} {rule.rule}" for one in methods if (one, rule.rule) not in self.called]
        return sorted(one for one in found if not re.search(r"/rest/experimental/", one))


def _places(call: Call) -> list[str]:
    return [match[1] or "DOC" for text in (call.path, json.dumps(call.json)) for match in _PLACE.finditer(text)]


def _specific(call: Call, place: str) -> str:
    """The name of an id that depends on the address: the property of a page, an inline comment."""
    if place == "property":
        owner = re.search(r"\{([\w]+)\}/properties", call.path)
        return f"property:{owner[1]}" if owner else place
    return f"{place}:inline" if place == "new" and "/inline-comments" in call.path else place


def _copy(store: Store) -> Any:

    copy = sqlite3.connect(":memory:", check_same_thread=False)
    store._database._connection.backup(copy)
    return copy


def _digest(connection: sqlite3.Connection) -> str:
    lines = (one for one in connection.iterdump() if "sqlite_sequence" not in one)
    return sha256("\n".join(lines).encode()).hexdigest()


def _calls() -> Iterator[Call]:
    yield from (call for call in (*V1_CALLS, *V2_CALLS) if call.path.partition("?")[0] != "/api/v2/admin-key")
    yield from (call for call in V2_CALLS if call.path == "/api/v2/admin-key")
    yield from REST_CALLS
    yield from BROWSER_CALLS


@both
def test_no_operation_shows_or_changes_what_an_account_may_not_see(wiki: Wiki) -> None:
    walk = Walk(wiki, *build(wiki))

    for call in _calls():
        walk.make(call)

    assert not walk.problems, f"{len(walk.problems)} problems\n" + "\n".join(walk.problems[:40])
    assert walk.missed() == [], "these operations are not in the walk; add a call to wikiserver_support/rights_calls.py"
    assert walk.answers > 1000


@both
def test_the_walk_finds_a_leak_and_a_change(wiki: Wiki, monkeypatch: pytest.MonkeyPatch) -> None:
    walk = Walk(wiki, *build(wiki))
    monkeypatch.setattr("wikiserver.rights._may_read", lambda *_, **__: True)

    walk.make(Call("GET", "/rest/api/content/{page}?expand=body.storage"))
    walk.make(Call("POST", "/rest/api/content/{page}/label", [{"name": "seen"}]))

    assert any("shows" in one for one in walk.problems)
    assert any("a secret changed" in one for one in walk.problems)
    assert walk.missed()


def test_a_new_operation_without_a_call_is_missed(wiki: Wiki) -> None:
    walk = Walk(wiki, *build(wiki))

    walk.make(Call("GET", "/rest/api/content/{page}"))

    assert "GET /rest/api/content" in walk.missed()
    assert "GET /rest/api/content/<content_id>" not in walk.missed()


_VARYING = re.compile(
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:?\d\d)?|\b\d{10,}\b|"
    r"\b\d\d:\d\d\b|name=.csrf. [^>]*|(?:token|cursor)=[^\"'<&]*|"
    r"localhost:\d+|127\.0\.0\.1:\d+|\"(?:searchDuration|elapsedTime)\":\d+"
)
"""What differs between two wikis with the same content: new ids, times, tokens, cursors, ports."""


def _answers(wiki: Wiki, ids: dict[str, str], words: list[str]) -> dict[str, str]:
    """What omar reads with every GET about open things, and about words that may be those of secrets."""
    walk = Walk(wiki, ids, Secrets())
    calls = [call for call in _calls() if call.method == "GET" and wiki.flavour in call.flavours]
    paths = [walk._filled(call, {})[0] for call in calls if "longtask" not in call.path]
    for word in words:
        paths += [f"/rest/api/content/search?cql={field}~{word}" for field in ("text", "title")]
        paths += [f"/rest/api/content/search?cql=label={word}", f"/search?q={word}", f"/label/{word}"]
        paths += [f"/rest/api/content?spaceKey=DOC&title={word}", f"/display/DOC/{word}", f"/display/SEC/{word}"]
    answers: dict[str, str] = {}
    for path in paths:
        headers = {} if path.startswith("/download/") else walk._basic
        answer = walk._client.get(walk._root + path, headers=headers)
        answers[path] = f"{answer.status_code} {_VARYING.sub('…', answer.get_data().decode(errors='replace'))}"
        answer.close()
    return answers


@both
def test_no_answer_differs_by_whether_there_are_secrets(wiki: Wiki) -> None:
    with running_wiki(wiki.flavour, "empty") as other:
        ids, secrets = build(other)
        words = [word for word in secrets.words if int(word.strip("zq")) % 7 == 1]
        with_secrets = _answers(other, ids, words)

    without = _answers(wiki, build_open(wiki), words)

    assert len(without) > 300
    assert [path for path in without if with_secrets[path] != without[path]] == []
