"""The limits of the platform and its announcements: sizes, titles, archived pages, rate limits, mails."""

import json

import pytest
from requests import Session

from wikiserver.testing import Wiki

both = pytest.mark.parametrize("flavour", ["cloud", "datacenter"])
cloud = pytest.mark.parametrize("flavour", ["cloud"])
server = pytest.mark.parametrize("flavour", ["datacenter"])
TOO_LARGE = "x" * (5 * 2**20 + 1)
NESTED = (
    '<ac:structured-macro ac:name="panel"><ac:rich-text-body><ac:structured-macro ac:name="info"><ac:rich-text-body>'
    "<p>x</p></ac:rich-text-body></ac:structured-macro></ac:rich-text-body></ac:structured-macro>"
)


def v1(wiki: Wiki, path: str) -> str:
    return f"{wiki.url}/rest/api{path}"


def v2(wiki: Wiki, path: str) -> str:
    return f"{wiki.url}/api/v2{path}"


def new_page(title: str, body: str = "") -> dict[str, object]:
    storage = {"value": body, "representation": "storage"}
    return {"type": "page", "title": title, "space": {"key": "WS2"}, "body": {"storage": storage}}


@pytest.fixture
def home(wiki: Wiki) -> str:
    return wiki.add_page("Home", "<p>words</p>")


@pytest.fixture
def ana(wiki: Wiki) -> Session:
    return wiki.session("ana")


@both
def test_a_body_over_five_mebibytes_is_refused(wiki: Wiki, ana: Session, home: str) -> None:
    with ana:
        answers = [ana.post(v1(wiki, "/content"), json=new_page("Large", TOO_LARGE))]
        fits = ana.post(v1(wiki, "/content"), json=new_page("Fits", "x" * (5 * 2**20 - 500)))
        if wiki.flavour == "cloud":
            body = {"representation": "storage", "value": TOO_LARGE}
            sent = {"spaceId": wiki.store.spaces.get_by_key("WS2").id, "title": "Large", "body": body}
            answers.append(ana.post(v2(wiki, "/pages"), json=sent))

    assert home
    assert {one.status_code for one in answers} == {413}
    assert fits.status_code == 200
    assert wiki.store.contents.find_page(wiki.store.spaces.get_by_key("WS2").id, "Large") is None


@both
def test_a_title_is_taken_with_blanks_around_it_and_from_the_trash(wiki: Wiki, ana: Session, home: str) -> None:
    wiki.add_page("Plan", parent=home)
    wiki.add_page("Gone", parent=home, status="trashed")

    with ana:
        answers = [ana.post(v1(wiki, "/content"), json=new_page(one)).status_code for one in (" Plan ", "Plan", "Gone")]
        padded = ana.post(v1(wiki, "/content"), json=new_page("  New  ")).json()

    assert answers == [400, 400, 400]
    assert padded["title"] == "New"


@cloud
def test_an_archived_page_is_closed(wiki: Wiki, ana: Session, home: str) -> None:
    page = wiki.add_page("Old", "<p>words</p>", parent=home, labels=("one",), status="archived")
    space_id, body = wiki.store.spaces.get_by_key("WS2").id, {"representation": "storage", "value": "<p>c</p>"}

    with ana:
        statuses = [
            ana.post(v1(wiki, f"/content/{page}/label"), json=[{"name": "two"}]).status_code,
            ana.delete(v1(wiki, f"/content/{page}/label/one")).status_code,
            ana.post(v2(wiki, "/pages"), json={"spaceId": space_id, "title": "N", "parentId": page}).status_code,
            ana.post(v2(wiki, "/footer-comments"), json={"pageId": page, "body": body}).status_code,
            ana.post(v2(wiki, f"/pages/{page}/properties"), json={"key": "k", "value": 1}).status_code,
            ana.put(v1(wiki, f"/content/{page}/restriction"), json=[]).status_code,
        ]
        read = ana.get(v2(wiki, f"/pages/{page}")).status_code

    assert all(status in {400, 404} for status in statuses), statuses
    assert read == 200
    assert [one.name for one in wiki.store.labels.of(int(page))] == ["one"]
    assert wiki.store.comments.of(int(page)) == []


@cloud
def test_cloud_serves_below_wiki_only(wiki: Wiki, ana: Session, home: str) -> None:
    with ana:
        wrong = ana.get(f"{wiki.server.url}/rest/api/space")
        front = ana.get(f"{wiki.server.url}/", allow_redirects=False)

    assert home
    assert (wrong.status_code, "json" in wrong.headers["Content-Type"]) == (404, False)
    assert (front.status_code, front.headers["Location"]) == (302, "/wiki/")


@server
def test_data_center_serves_at_its_context_path_only(wiki: Wiki, ana: Session, home: str) -> None:
    with ana:
        assert ana.get(f"{wiki.server.url}/rest/api/content/{home}").status_code == 200
        assert ana.get(f"{wiki.server.url}/wiki/rest/api/content/{home}").status_code == 404


@cloud
def test_every_answer_of_a_bucket_states_the_limit(wiki: Wiki, ana: Session, home: str) -> None:
    wiki.faults.add("bucket=3/0.001")

    with ana:
        answers = [ana.get(v2(wiki, f"/pages/{home}")) for _ in range(4)]

    assert [one.status_code for one in answers] == [200, 200, 200, 429]
    assert [one.headers["X-RateLimit-Remaining"] for one in answers] == ["2", "1", "0", "0"]
    assert [one.headers["X-RateLimit-NearLimit"] for one in answers] == ["false", "false", "true", "true"]
    assert all(one.headers["X-RateLimit-Limit"] == "3" and one.headers["X-RateLimit-Reset"] for one in answers)
    assert ("RateLimit-Reason" in answers[0].headers, "RateLimit-Reason" in answers[3].headers) == (False, True)
    assert int(answers[3].headers["Retry-After"]) > 0


@cloud
def test_points_count_what_an_answer_holds(wiki: Wiki, ana: Session, home: str) -> None:
    for number in range(9):
        wiki.add_page(f"Page {number}", parent=home)
    wiki.faults.add("points=100/0.001")

    with ana:
        listed = ana.get(v2(wiki, "/pages"))
        read = ana.get(v2(wiki, f"/pages/{home}"))

    assert listed.headers["X-RateLimit-Remaining"] == "89"  # one for the request, one for each of ten pages
    assert read.headers["X-RateLimit-Remaining"] == "87"


@server
def test_data_center_announces_its_limit_in_its_own_headers(wiki: Wiki, ana: Session, home: str) -> None:
    wiki.faults.add("bucket=2/0.5")

    with ana:
        answers = [ana.get(v1(wiki, f"/content/{home}")) for _ in range(3)]

    assert [one.status_code for one in answers] == [200, 200, 429]
    for one in answers:
        assert (one.headers["X-RateLimit-FillRate"], one.headers["X-RateLimit-Interval-Seconds"]) == ("0.5", "1")
        assert "X-RateLimit-NearLimit" not in one.headers
    assert int(answers[2].headers["Retry-After"]) > 0


@both
@pytest.mark.parametrize("cql", ["type ~ page", "type = pagina", "id ~ 5", "label ~ one", "space ~ WS2"])
def test_a_query_with_an_operator_or_value_that_a_field_has_not_is_refused(wiki: Wiki, ana: Session, cql: str) -> None:
    with ana:
        assert ana.get(v1(wiki, "/content/search"), params={"cql": cql}).status_code == 400


@cloud
@pytest.mark.parametrize("cursor", ["abc", "eyJvZmZzZXQiOiAwfQ==", "%%%"])
def test_a_cursor_of_no_listing_is_refused(wiki: Wiki, ana: Session, home: str, cursor: str) -> None:
    with ana:
        for path in ("/pages", f"/pages/{home}/versions", f"/pages/{home}/direct-children", "/labels"):
            assert ana.get(v2(wiki, path), params={"cursor": cursor}).status_code == 400, path
        searched = ana.get(v1(wiki, "/content/search"), params={"cql": "type = page", "cursor": cursor})
        assert searched.status_code == 400


@server
def test_data_centers_cursors_are_of_their_listing_too(wiki: Wiki, ana: Session, home: str) -> None:
    assert home
    with ana:
        for path in ("/content/scan", "/space/WS2/trash"):
            assert ana.get(v1(wiki, path), params={"cursor": "5"}).status_code == 400


@cloud
def test_v1_leaves_out_what_has_no_value(wiki: Wiki, ana: Session, home: str) -> None:
    with ana:
        version = ana.get(v1(wiki, f"/content/{home}"), params={"expand": "version"}).json()["version"]

    assert not {"ncsStepVersion", "ncsStepVersionSource"} & set(version)


@cloud
def test_a_media_file_is_its_attachment_and_read_back_the_same(wiki: Wiki, ana: Session, home: str) -> None:
    file = wiki.store.attachments.add(int(home), "plan.png", b"\x89PNG", author=wiki.account("ana"))
    media = {"type": "file", "id": wiki.store.attachments.file(file.id).file_id, "collection": f"contentId-{home}"}
    single = {"type": "mediaSingle", "attrs": {"layout": "center"}, "content": [{"type": "media", "attrs": media}]}
    body = {
        "representation": "atlas_doc_format",
        "value": json.dumps({"type": "doc", "version": 1, "content": [single]}),
    }
    sent = {"id": home, "status": "current", "title": "Home", "version": {"number": 2}, "body": body}

    with ana:
        assert ana.put(v2(wiki, f"/pages/{home}"), json=sent).status_code == 200
        read = ana.get(v2(wiki, f"/pages/{home}"), params={"body-format": "atlas_doc_format"}).json()

    assert '<ri:attachment ri:filename="plan.png"' in wiki.body(home)
    shown = json.loads(read["body"]["atlas_doc_format"]["value"])["content"][0]["content"][0]["attrs"]
    assert shown == media


@cloud
def test_what_a_page_is_asked_to_include_is_answered_or_refused(wiki: Wiki, ana: Session, home: str) -> None:
    child = wiki.add_page("Child", parent=home)

    with ana:
        page = ana.get(v2(wiki, f"/pages/{home}?include-collaborators=true&include-direct-children=true")).json()
        refused = ana.get(v2(wiki, f"/pages/{home}?include-webresources=true"))

    assert [one["id"] for one in page["directChildren"]["results"]] == [child]
    assert [one["accountId"] for one in page["collaborators"]["results"]] == [wiki.account("ana")]
    assert refused.status_code == 400


@both
def test_a_macro_in_a_macro_is_refused_on_request(wiki: Wiki, ana: Session, home: str) -> None:
    assert home
    with ana:
        allowed = ana.post(v1(wiki, "/content"), json=new_page("One", NESTED))
        wiki.faults.add("no-nesting")
        refused = ana.post(v1(wiki, "/content"), json=new_page("Two", NESTED))
        plain = ana.post(
            v1(wiki, "/content"), json=new_page("Three", NESTED.replace("panel", "info", 1)[:0] + "<p>x</p>")
        )

    assert (allowed.status_code, refused.status_code, plain.status_code) == (200, 400, 200)
    assert "cannot be converted" in refused.text


@both
def test_watchers_get_a_mail_about_each_write_that_is_not_theirs(wiki: Wiki, ana: Session, home: str) -> None:
    wiki.store.watches.add(wiki.account("li"), "content", home)
    wiki.store.watches.add(wiki.account("ana"), "space", "WS2")
    body = {"storage": {"value": "<p>n</p>", "representation": "storage"}}
    sent = {"type": "page", "title": "Home", "version": {"number": 2, "minorEdit": True}, "body": body}

    wiki.edit(home, "<p>loud</p>", by="omar")
    sent["version"] = {"number": 3, "minorEdit": True}
    with ana:
        saved = ana.put(v1(wiki, f"/content/{home}"), json=sent).json()

    loud, minor = [(2, "ana"), (2, "li")], [(3, "li")]
    assert sorted(wiki.mails(home)) == (loud + minor if wiki.flavour == "cloud" else loud)
    assert saved["version"]["minorEdit"] is (wiki.flavour == "datacenter")


@cloud
def test_a_live_document_is_named_so_in_every_answer_of_v2(wiki: Wiki, ana: Session, home: str) -> None:
    space = ana.get(v2(wiki, f"/pages/{home}")).json()["spaceId"]
    sent = {"spaceId": space, "parentId": home, "title": "Doc", "subtype": "live", "status": "current"}
    sent |= {"body": {"representation": "storage", "value": "<p>x</p>"}}

    made = ana.post(v2(wiki, "/pages"), json=sent).json()

    read = ana.get(v2(wiki, f"/pages/{made['id']}")).json()
    listed = {page["id"]: page["subtype"] for page in ana.get(v2(wiki, f"/spaces/{space}/pages")).json()["results"]}
    only = ana.get(v2(wiki, "/pages?subtype=live")).json()["results"]
    changed = {"id": made["id"], "title": "Doc", "status": "current", "version": {"number": 2}, "body": sent["body"]}
    saved = ana.put(v2(wiki, f"/pages/{made['id']}"), json=changed).json()
    assert [made["subtype"], read["subtype"], listed[made["id"]], saved["subtype"]] == ["live"] * 4
    assert not listed[home]
    assert [page["id"] for page in only] == [made["id"]]
