"""Every kind of fault, as a client sees it over a real connection."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection

import pytest
import requests

from wikiserver.faults import REQUEST_FAULTS, SITE_FAULTS, FaultSpecError, operation_of, parse_faults
from wikiserver.faults.bucket import TokenBucket
from wikiserver.testing import Wiki

both = pytest.mark.parametrize("flavour", ["cloud", "datacenter"])


def get(wiki: Wiki, path: str, timeout: float = 20, name: str = "bot") -> requests.Response:
    with wiki.session(name) as session:
        return session.get(wiki.url + path, timeout=timeout)


def save(wiki: Wiki, page_id: str, body: str, number: int) -> requests.Response:
    sent = {
        "type": "page",
        "title": wiki.page(page_id).title,
        "version": {"number": number},
        "body": {"storage": {"value": body, "representation": "storage"}},
    }
    with wiki.session() as session:
        return session.put(f"{wiki.url}/rest/api/content/{page_id}", json=sent, timeout=20)


@pytest.fixture
def page_id(wiki: Wiki) -> str:
    return wiki.add_page("Home", "<p>one</p>")


@pytest.mark.parametrize(("kind", "status"), [("500", 500), ("502", 502), ("503", 503), ("401", 401), ("403", 403)])
def test_an_error_status_comes_once_and_nothing_is_done(wiki: Wiki, page_id: str, kind: str, status: int) -> None:
    wiki.faults.add(f"{kind}@put*once")

    first, second = save(wiki, page_id, "<p>two</p>", 2), save(wiki, page_id, "<p>two</p>", 2)

    assert (first.status_code, second.status_code) == (status, 200)
    assert len(wiki.versions(page_id)) == 2


@pytest.mark.parametrize("kind", ["502", "503"])
def test_a_broken_gateway_answers_in_html(wiki: Wiki, page_id: str, kind: str) -> None:
    wiki.faults.add(kind)

    answer = get(wiki, f"/rest/api/content/{page_id}")

    assert answer.headers["Content-Type"].startswith("text/html")
    assert answer.text.startswith("<!DOCTYPE html>")


def test_too_many_requests_says_when_to_come_back_in_each_form(wiki: Wiki, page_id: str) -> None:
    wiki.faults.add("429=7*once 429=date*once 429=none*once")

    answers = [get(wiki, f"/rest/api/content/{page_id}") for _ in range(4)]

    assert [answer.status_code for answer in answers] == [429, 429, 429, 200]
    assert answers[0].headers["Retry-After"] == "7"
    assert parsedate_to_datetime(answers[1].headers["Retry-After"]).tzinfo is not None
    assert "Retry-After" not in answers[2].headers


def test_the_token_bucket_refills_with_time() -> None:
    now = [0.0]
    bucket = TokenBucket(2, 0.5, clock=lambda: now[0])

    spent = [bucket.take("bot"), bucket.take("bot"), bucket.take("bot")]
    now[0] = 2.0

    assert spent == [(0, 1), (0, 0), (2, 0)]
    assert bucket.take("bot") == (0, 0)
    assert bucket.take("ana") == (0, 1)


def test_the_token_bucket_limits_each_account_by_itself(wiki: Wiki, page_id: str) -> None:
    wiki.faults.add("bucket=2/0.001")

    statuses = [get(wiki, f"/rest/api/content/{page_id}").status_code for _ in range(3)]
    refused = get(wiki, f"/rest/api/content/{page_id}")
    other = get(wiki, f"/rest/api/content/{page_id}", name="ana")

    assert statuses == [200, 200, 429]
    assert int(refused.headers["Retry-After"]) > 900
    assert refused.headers["X-RateLimit-Limit"] == "2"
    assert other.status_code == 200


def test_a_reset_before_the_work_leaves_the_page_alone(wiki: Wiki, page_id: str) -> None:
    wiki.faults.add("reset@put*once")

    with pytest.raises(requests.ConnectionError):
        save(wiki, page_id, "<p>two</p>", 2)

    assert wiki.body(page_id) == "<p>one</p>"


def test_a_reset_after_the_work_leaves_it_done(wiki: Wiki, page_id: str) -> None:
    wiki.faults.add("commit-reset@put*once")

    with pytest.raises(requests.ConnectionError):
        save(wiki, page_id, "<p>two</p>", 2)

    assert wiki.body(page_id) == "<p>two</p>"


def test_a_bad_gateway_after_the_work_leaves_it_done(wiki: Wiki, page_id: str) -> None:
    wiki.faults.add("commit-502@put*once")

    answer = save(wiki, page_id, "<p>two</p>", 2)

    assert answer.status_code == 502
    assert wiki.body(page_id) == "<p>two</p>"


def test_a_slow_answer_trickles_byte_by_byte(wiki: Wiki, page_id: str) -> None:
    wiki.faults.add("slow@get")
    connection = HTTPConnection("127.0.0.1", wiki.server.port, timeout=20)
    try:
        connection.request(
            "GET",
            f"/wiki/rest/api/content/{page_id}",
            headers={"Authorization": "Bearer bot-token", "Connection": "close"},
        )
        answer = connection.getresponse()
        first = answer.read1(100_000)
    finally:
        connection.close()

    assert answer.status == 200
    assert first.startswith(b"{")
    assert len(first) < int(answer.headers["Content-Length"]) // 2


def test_a_timeout_gives_no_answer(wiki: Wiki, page_id: str) -> None:
    wiki.faults.add("timeout@get*once")

    with pytest.raises(requests.ReadTimeout):
        get(wiki, f"/rest/api/content/{page_id}", timeout=0.3)


def test_a_hanging_request_ends_in_a_reset_after_its_time(wiki: Wiki, page_id: str) -> None:
    wiki.faults.add("timeout=0.1@get*once")

    with pytest.raises(requests.ConnectionError):
        get(wiki, f"/rest/api/content/{page_id}")


def test_truncated_json_has_a_length_that_fits(wiki: Wiki, page_id: str) -> None:
    wiki.faults.add("truncated")

    answer = get(wiki, f"/rest/api/content/{page_id}")

    assert answer.headers["Content-Length"] == str(len(answer.content))
    with pytest.raises(json.JSONDecodeError):
        json.loads(answer.content)


def test_a_cut_answer_is_shorter_than_it_says(wiki: Wiki, page_id: str) -> None:
    wiki.faults.add("cut")

    with pytest.raises(requests.exceptions.RequestException):
        get(wiki, f"/rest/api/content/{page_id}")


def test_garbage_and_wrong_types_come_as_json(wiki: Wiki, page_id: str) -> None:
    wiki.faults.add("garbage*once wrong-type*once")

    garbage, wrong = (get(wiki, f"/rest/api/content/{page_id}") for _ in range(2))

    assert garbage.headers["Content-Type"] == wrong.headers["Content-Type"] == "application/json"
    with pytest.raises(requests.JSONDecodeError):
        garbage.json()
    assert isinstance(wrong.json(), list)


def test_a_login_page_comes_with_status_200(wiki: Wiki, page_id: str) -> None:
    wiki.faults.add("login")

    answer = get(wiki, f"/rest/api/content/{page_id}")

    assert answer.status_code == 200
    assert "<form" in answer.text


@both
def test_another_page_is_whole_but_not_the_one_asked_for(wiki: Wiki, page_id: str) -> None:
    other = wiki.add_page("Other", "<p>other</p>")
    wiki.faults.add("other-page@get*once")

    answer = get(wiki, f"/rest/api/content/{page_id}").json()

    assert (answer["id"], answer["title"]) == (other, "Other")


@pytest.mark.usefixtures("page_id")
def test_a_cap_applies_to_every_request(wiki: Wiki) -> None:
    wiki.add_page("Second")
    wiki.add_page("Third")
    wiki.faults.add("cap=2")

    v1 = get(wiki, "/rest/api/content?limit=500").json()
    v2 = get(wiki, "/api/v2/pages?limit=250").json()

    assert (v1["limit"], len(v1["results"])) == (2, 2)
    assert len(v2["results"]) == 2
    assert "next" in v1["_links"]
    assert "next" in v2["_links"]


@both
def test_stale_search_does_not_know_what_is_new(wiki: Wiki, page_id: str) -> None:
    wiki.faults.add("stale=3600")

    found = get(wiki, "/rest/api/content/search?cql=type=page").json()["results"]
    wiki.faults.clear()
    fresh = get(wiki, "/rest/api/content/search?cql=type=page").json()["results"]

    assert found == []
    assert [one["id"] for one in fresh] == [page_id]


@both
def test_read_only_mode_refuses_writes_and_answers_reads(wiki: Wiki, page_id: str) -> None:
    wiki.faults.add("read-only")

    assert save(wiki, page_id, "<p>two</p>", 2).status_code == 405
    assert get(wiki, f"/rest/api/content/{page_id}").status_code == 200
    assert wiki.body(page_id) == "<p>one</p>"


@both
def test_a_restricted_page_answers_404_or_403(wiki: Wiki, page_id: str) -> None:
    wiki.store.restrictions.add(int(page_id), "read", "user", wiki.account("ana"))

    before = get(wiki, f"/rest/api/content/{page_id}").status_code
    wiki.faults.add("forbidden")
    after = get(wiki, f"/rest/api/content/{page_id}").status_code

    assert (before, after) == (404, 403)


@both
def test_unpublished_changes_can_prevent_a_save(wiki: Wiki, page_id: str) -> None:
    wiki.store.pages.save_draft(int(page_id), title=None, body="<p>draft</p>", author=wiki.account("ana"))
    wiki.faults.add("draft-conflict")

    refused = save(wiki, page_id, "<p>two</p>", 2).status_code
    wiki.faults.clear()
    saved = save(wiki, page_id, "<p>two</p>", 2).status_code

    assert (refused, saved) == (409, 200)
    assert wiki.store.contents.find_draft(int(page_id)) is None


def test_a_write_to_body_or_property_clears_the_content_status(wiki: Wiki, page_id: str) -> None:
    number, states = int(page_id), wiki.store.states

    def mark() -> None:
        states.set(number, state_id=1, name="In progress", color="#2684ff", by=wiki.account("ana"))

    mark()
    save(wiki, page_id, "<p>two</p>", 2)
    after_body = states.find(number)
    mark()
    with wiki.session() as session:
        session.post(f"{wiki.url}/rest/api/content/{page_id}/property", json={"key": "k", "value": {"a": 1}})
    after_property = states.find(number)
    wiki.faults.add("keep-state")
    mark()
    save(wiki, page_id, "<p>three</p>", 3)

    assert after_body is None
    assert after_property is None
    assert states.find(number) is not None


@both
def test_a_person_may_save_between_a_read_and_a_write(wiki: Wiki, page_id: str) -> None:
    wiki.faults.add("edit@get*once")

    read = get(wiki, f"/rest/api/content/{page_id}?expand=version,body.storage").json()
    answer = save(wiki, page_id, "<p>two</p>", read["version"]["number"] + 1)

    assert read["body"]["storage"]["value"] == "<p>one</p>"
    assert answer.status_code == 409
    assert "Edited meanwhile." in wiki.body(page_id)


@both
def test_an_inline_comment_changes_the_body_and_not_the_version(wiki: Wiki, page_id: str) -> None:
    wiki.faults.add("comment@get*once")

    before, after = (get(wiki, f"/rest/api/content/{page_id}?expand=version,body.storage").json() for _ in range(2))

    assert before["version"]["number"] == after["version"]["number"] == 1
    assert before["body"]["storage"]["value"] == "<p>one</p>"
    assert "<ac:inline-comment-marker" in after["body"]["storage"]["value"]


def test_a_draft_may_appear_after_a_read(wiki: Wiki, page_id: str) -> None:
    wiki.faults.add("draft@get*once")

    get(wiki, f"/api/v2/pages/{page_id}")
    draft = get(wiki, f"/api/v2/pages/{page_id}?get-draft=true&body-format=storage").json()

    assert draft["status"] == "draft"
    assert wiki.body(page_id) == "<p>one</p>"


@pytest.mark.parametrize(
    ("level", "stored"), [("none", "<p><b>x</b></p>"), ("light", "<p><strong>x</strong></p>"), ("full", "<p local-id=")]
)
def test_how_much_a_save_rewrites_can_be_set(wiki: Wiki, page_id: str, level: str, stored: str) -> None:
    wiki.faults.add(f"level={level}")

    save(wiki, page_id, "<p><b>x</b></p>", 2)

    assert wiki.body(page_id).startswith(stored)


def test_archived_pages_refuse_edits(wiki: Wiki) -> None:
    old = wiki.add_page("Old", "<p>old</p>", status="archived")
    sent = {"id": old, "status": "current", "title": "Old", "version": {"number": 2}}
    sent |= {"body": {"representation": "storage", "value": "<p>new</p>"}}

    with wiki.session() as session:
        v2 = session.put(f"{wiki.url}/api/v2/pages/{old}", json=sent)

    assert save(wiki, old, "<p>new</p>", 2).status_code == 400
    assert v2.status_code == 404
    assert wiki.body(old) == "<p>old</p>"


def test_faults_strike_the_operation_they_name(wiki: Wiki, page_id: str) -> None:
    wiki.faults.add("500@labels 502@list")

    statuses = [
        get(wiki, f"/rest/api/content/{page_id}/label").status_code,
        get(wiki, "/api/v2/pages").status_code,
        get(wiki, f"/api/v2/pages/{page_id}").status_code,
    ]

    assert statuses == [500, 502, 200]


def test_chance_is_repeatable(wiki: Wiki, page_id: str) -> None:
    def run() -> list[int]:
        wiki.faults.clear()
        wiki.faults.add("seed=7 500@get%40")
        return [get(wiki, f"/rest/api/content/{page_id}").status_code for _ in range(20)]

    first, second = run(), run()

    assert first == second
    assert set(first) == {200, 500}


def test_the_admin_door_changes_faults_while_the_server_runs(wiki: Wiki, page_id: str) -> None:
    url = f"{wiki.server.url}/_admin/faults"
    with wiki.session("admin") as admin, wiki.session("ana") as ana:
        refused = ana.post(url, data="500")
        nonsense = admin.post(url, data="gremlins")
        added = admin.post(url, data="500@get*once")
        struck = get(wiki, f"/rest/api/content/{page_id}").status_code
        seen = admin.get(url).json()
        cleared = admin.delete(url).json()

    assert (refused.status_code, nonsense.status_code) == (403, 400)
    assert "gremlins" in nonsense.json()["message"]
    assert added.json()["faults"] == ["500@get*1 (1 left)"]
    assert struck == 500
    assert seen["hits"] == [["500", "get"]]
    assert cleared["faults"] == []


@pytest.mark.parametrize(
    "text", ["gremlins", "429=soon", "500@lunch", "cap", "cap=0", "bucket=5", "slow=0", "500*many"]
)
def test_a_specification_that_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(FaultSpecError):
        parse_faults(text)


def test_every_fault_can_be_written_and_read_back() -> None:
    arguments = {
        "cap": "2",
        "stale": "5",
        "level": "full",
        "bucket": "5/2",
        "seed": "1",
        "refuse": "captcha",
        "latency": "150",
        "clock": "-90",
    }
    arguments["points"] = "65000/18"
    for kind in (*REQUEST_FAULTS, *SITE_FAULTS):
        text = kind + (f"={arguments[kind]}" if kind in arguments else "")
        (spec,) = parse_faults(f"{text}@get+put*2%30")
        assert str(spec) == f"{text}@get+put*2%30"


@pytest.mark.parametrize(
    ("method", "path", "operation"),
    [
        ("GET", "/wiki/api/v2/pages/12", "get"),
        ("GET", "/rest/api/content/12", "get"),
        ("GET", "/wiki/api/v2/spaces/1/pages", "list"),
        ("GET", "/rest/api/content/12/child/page", "list"),
        ("PUT", "/rest/api/content/12", "put"),
        ("POST", "/rest/api/content/12/label", "labels"),
        ("GET", "/rest/api/content/search", "search"),
        ("GET", "/download/attachments/12/a.txt", "files"),
        ("POST", "/rest/api/content/12/child/attachment", "files"),
    ],
)
def test_requests_are_known_by_what_they_are_for(method: str, path: str, operation: str) -> None:
    assert operation_of(method, path) == operation


@both
def test_answers_come_later(wiki: Wiki, page_id: str) -> None:
    wiki.faults.add("latency=300")
    started = time.monotonic()
    with ThreadPoolExecutor(4) as threads:
        answers = [threads.submit(get, wiki, f"/rest/api/content/{page_id}") for _ in range(4)]
        for answer in answers:
            answer.result()

    assert time.monotonic() - started >= 0.3
    assert [answer.result().status_code for answer in answers] == [200] * 4
    wiki.faults.clear()
    assert wiki.faults.latency_seconds == 0


@both
def test_the_bytes_of_all_answers_are_counted(wiki: Wiki, page_id: str) -> None:
    before = wiki.server.sent.total

    answer = get(wiki, f"/rest/api/content/{page_id}?expand=body.storage")

    assert before + len(answer.content) < wiki.server.sent.total < before + len(answer.content) + 1_000
