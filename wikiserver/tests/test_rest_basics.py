"""What the bot needs of both interfaces, over real HTTP."""

import pytest
from requests import Session, get

from wikiserver.testing import Wiki

both = pytest.mark.parametrize("flavour", ["cloud", "datacenter"])


def put_v1(session: Session, wiki: Wiki, page_id: str, number: int, body: str) -> int:
    page = wiki.page(page_id)
    sent = {
        "id": page_id,
        "type": "page",
        "title": page.title,
        "version": {"number": number, "message": "by test"},
        "body": {"storage": {"value": body, "representation": "storage"}},
    }
    return session.put(f"{wiki.url}/rest/api/content/{page_id}", json=sent).status_code


@both
def test_a_page_comes_back_as_it_was_saved(wiki: Wiki) -> None:
    page_id = wiki.add_page("Home", "<p>one</p>", labels=("news",))

    with wiki.session() as session:
        page = session.get(
            f"{wiki.url}/rest/api/content/{page_id}",
            params={"expand": "body.storage,version,metadata.labels,ancestors"},
        ).json()

    assert page["body"]["storage"]["value"] == "<p>one</p>"
    assert page["version"]["number"] == 1
    assert [label["name"] for label in page["metadata"]["labels"]["results"]] == ["news"]
    assert page["ancestors"] == []


@both
def test_a_save_on_an_old_version_answers_409_and_keeps_the_newer_body(wiki: Wiki) -> None:
    page_id = wiki.add_page("Home", "<p>one</p>")
    wiki.edit(page_id, "<p>by a person</p>")

    with wiki.session() as session:
        status = put_v1(session, wiki, page_id, 2, "<p>by the bot</p>")

    assert status == 409
    assert wiki.body(page_id) == "<p>by a person</p>"


def test_v2_saves_under_the_same_lock(wiki: Wiki) -> None:
    page_id = wiki.add_page("Home", "<p>one</p>")
    sent = {
        "id": page_id,
        "status": "current",
        "title": "Home",
        "body": {"representation": "storage", "value": "<p>two</p>"},
        "version": {"number": 2, "message": "second"},
    }

    with wiki.session() as session:
        first = session.put(f"{wiki.url}/api/v2/pages/{page_id}", json=sent)
        second = session.put(f"{wiki.url}/api/v2/pages/{page_id}", json=sent)

    assert (first.status_code, second.status_code) == (200, 409)
    assert second.json()["errors"][0]["code"] == "CONFLICT"
    assert [version.message for version in wiki.versions(page_id)] == ["", "second"]


def test_v2_pages_through_a_space_to_the_last_page_and_no_further(wiki: Wiki) -> None:
    ids = [wiki.add_page(f"Page {number}") for number in range(7)]
    space = wiki.add_space()
    seen, path = [], f"/wiki/api/v2/spaces/{space.id}/pages?limit=3"

    with wiki.session() as session:
        while path:
            answer = session.get(f"{wiki.server.url}{path}").json()
            seen += [page["id"] for page in answer["results"]]
            path = answer["_links"].get("next")

    assert seen == ids
    assert len(wiki.requests) == 3


@both
def test_v1_next_is_relative_to_the_base_of_the_same_answer(wiki: Wiki) -> None:
    ids = [wiki.add_page(f"Page {number}") for number in range(5)]
    seen, url = [], f"{wiki.url}/rest/api/content?spaceKey=WS2&limit=2"

    with wiki.session() as session:
        while url:
            answer = session.get(url).json()
            seen += [page["id"] for page in answer["results"]]
            following = answer["_links"].get("next")
            url = answer["_links"]["base"] + following if following else ""

    assert seen == ids


@both
def test_v1_caps_what_is_asked_for_by_how_much_is_expanded(wiki: Wiki) -> None:
    wiki.add_page("Home")

    with wiki.session() as session:
        limits = [
            session.get(f"{wiki.url}/rest/api/content", params={"limit": 5000, "expand": expand}).json()["limit"]
            for expand in ("body.storage", "version", "")
        ]

    assert limits == [50, 200, 1000]


def test_archived_pages_are_listed_by_v2_alone(wiki: Wiki) -> None:
    home = wiki.add_page("Home")
    old = wiki.add_page("Old", parent=home, labels=("old",), status="archived")

    with wiki.session() as session:
        by_status = session.get(f"{wiki.url}/api/v2/pages", params={"status": "archived"}).json()["results"]
        in_v1 = session.get(f"{wiki.url}/rest/api/content", params={"status": "archived"}).json()["results"]
        found = session.get(f"{wiki.url}/rest/api/content/search", params={"cql": "label = old"}).json()["results"]
        by_id = session.get(f"{wiki.url}/rest/api/content/{old}").status_code
        by_id_and_status = session.get(f"{wiki.url}/rest/api/content/{old}?status=archived").status_code

    assert [page["id"] for page in by_status] == [old]
    assert in_v1 == []
    assert found == []
    assert (by_id, by_id_and_status) == (404, 200)


@both
def test_search_finds_by_label_ancestor_type_space_and_title(wiki: Wiki) -> None:
    home = wiki.add_page("Home")
    page_id = wiki.add_page("A leaf", parent=home, labels=("news",))
    queries = (
        "label = news",
        f"ancestor = {home}",
        'type = page and space = WS2 and title ~ "leaf"',
        'title = "a leaf"',
        f"parent in ({home})",
        "label not in (other) and not title = Home and creator = ana",
    )

    with wiki.session() as session:
        found = [
            [
                one["id"]
                for one in session.get(f"{wiki.url}/rest/api/content/search", params={"cql": cql}).json()["results"]
            ]
            for cql in queries
        ]

    assert found == [[page_id]] * len(queries)


@both
def test_files_go_up_and_come_down_with_their_versions(wiki: Wiki) -> None:
    page_id = wiki.add_page("Home")
    url, header = f"{wiki.url}/rest/api/content/{page_id}/child/attachment", {"X-Atlassian-Token": "nocheck"}

    with wiki.session() as session:
        refused = session.post(url, files={"file": ("a.txt", b"one")})
        created = session.post(url, files={"file": ("a.txt", b"one")}, headers=header).json()["results"][0]
        session.post(f"{url}/{created['id']}/data", files={"file": ("a.txt", b"two")}, headers=header)
        listed = session.get(url).json()["results"][0]
        download = (
            f"{url}/{created['id']}/download" if wiki.flavour == "cloud" else wiki.url + listed["_links"]["download"]
        )
        newest = session.get(download)

    assert refused.status_code == 403
    assert listed["id"] == created["id"]
    assert newest.content == b"two"
    assert wiki.store.attachments.data(int(created["id"].removeprefix("att")), 1) == b"one"


@both
def test_strangers_and_wrong_passwords_are_not_let_in(wiki: Wiki) -> None:
    url = f"{wiki.url}/rest/api/user/current"

    with Session() as session:
        statuses = [
            session.get(url).status_code,
            session.get(url, auth=("bot", "wrong")).status_code,
            session.get(url, auth=("bot@example.org", "bot-secret")).status_code,
            session.get(url, headers={"Authorization": "Bearer omar-token"}).status_code,
        ]

    assert statuses == [401, 401, 200, 200]


@both
def test_a_restricted_page_is_not_there_for_others(wiki: Wiki) -> None:
    home = wiki.add_page("Home")
    secret = wiki.add_page("Secret", parent=home)
    wiki.store.restrictions.add(int(secret), "read", "user", wiki.account("ana"))

    with wiki.session("bot") as bot, wiki.session("ana") as ana:
        statuses = [one.get(f"{wiki.url}/rest/api/content/{secret}").status_code for one in (bot, ana)]
        titles = [page["title"] for page in bot.get(f"{wiki.url}/rest/api/content?spaceKey=WS2").json()["results"]]

    assert statuses == [404, 200]
    assert titles == ["Home"]


def test_drafts_show_only_where_asked_for(wiki: Wiki) -> None:
    page_id = wiki.add_page("Home", "<p>published</p>")
    wiki.store.pages.save_draft(int(page_id), title="Home!", body="<p>draft</p>", author=wiki.account("ana"))
    url = f"{wiki.url}/api/v2/pages/{page_id}?body-format=storage"

    with wiki.session() as session:
        published, draft = session.get(url).json(), session.get(f"{url}&get-draft=true").json()

    assert (published["status"], published["body"]["storage"]["value"]) == ("current", "<p>published</p>")
    assert (draft["status"], draft["body"]["storage"]["value"]) == ("draft", "<p>draft</p>")


@both
def test_an_old_version_is_read_with_its_body(wiki: Wiki) -> None:
    page_id = wiki.add_page("Home", "<p>one</p>")
    wiki.edit(page_id, "<p>two</p>")

    with wiki.session() as session:
        old = session.get(
            f"{wiki.url}/rest/api/content/{page_id}",
            params={"version": "1", "status": "historical", "expand": "body.storage,version"},
        ).json()

    assert (old["version"]["number"], old["body"]["storage"]["value"]) == (1, "<p>one</p>")


@both
def test_labels_are_added_listed_and_removed(wiki: Wiki) -> None:
    page_id = wiki.add_page("Home", labels=("one",))
    url = f"{wiki.url}/rest/api/content/{page_id}/label"

    with wiki.session() as session:
        session.post(url, json=[{"prefix": "global", "name": "two"}])
        session.delete(url, params={"name": "one"})
        names = [label["name"] for label in session.get(url).json()["results"]]

    assert names == ["two"]


@pytest.mark.parametrize("flavour", ["datacenter"])
def test_data_center_has_no_v2(wiki: Wiki) -> None:
    with wiki.session() as session:
        assert session.get(f"{wiki.url}/api/v2/pages").status_code == 404


def test_a_body_that_is_no_xml_is_refused(wiki: Wiki) -> None:
    page_id = wiki.add_page("Home", "<p>one</p>")

    with wiki.session() as session:
        assert put_v1(session, wiki, page_id, 2, "<p>two") == 400

    assert wiki.body(page_id) == "<p>one</p>"


@pytest.mark.parametrize(
    ("flavour", "path", "key"), [("datacenter", "/status", "state"), ("cloud", "/_edge/tenant_info", "cloudId")]
)
def test_a_site_answers_strangers_that_it_exists(wiki: Wiki, path: str, key: str) -> None:
    with Session() as session:
        answer = session.get(wiki.server.url + path)

    assert answer.status_code == 200
    assert key in answer.json()


@pytest.mark.parametrize("seed", ["demo"])
@both
def test_the_demo_world_is_there_with_its_tree(wiki: Wiki) -> None:
    space = wiki.store.spaces.get_by_key("WS2")
    assert space.homepage_id is not None

    below = wiki.store.hierarchy.descendants(space.homepage_id, statuses=("current", "archived"))

    assert len(below) >= 60
    assert {page.status for page, _ in below} == {"current", "archived"}


@pytest.mark.parametrize("header", ["Bearer bøt", "Basic bøt", "Basic /w==", "Basic", "Bøt x"])
@pytest.mark.parametrize("flavour", ["cloud", "datacenter"])
def test_credentials_in_other_characters_are_wrong_credentials(wiki: Wiki, header: str) -> None:
    answer = get(f"{wiki.url}/rest/api/user/current", headers={"Authorization": header.encode()}, timeout=30)

    assert answer.status_code in (401, 403)
