"""Space permissions, restrictions inside containers, drafts, private pages, authors of comments."""

from pathlib import Path

import pytest
from requests import Session

from wikiserver.export import export_world
from wikiserver.seed import WorldError, load_world
from wikiserver.store import Operation, Store
from wikiserver.testing import Wiki

both = pytest.mark.parametrize("flavour", ["cloud", "datacenter"])
cloud = pytest.mark.parametrize("flavour", ["cloud"])
server = pytest.mark.parametrize("flavour", ["datacenter"])
EDIT, READ = Operation("create", "page"), Operation("read", "space")


def v1(wiki: Wiki, path: str) -> str:
    return f"{wiki.url}/rest/api{path}"


def v2(wiki: Wiki, path: str) -> str:
    return f"{wiki.url}/api/v2{path}"


def storage(text: str) -> dict[str, object]:
    return {"storage": {"value": text, "representation": "storage"}}


def revoke(wiki: Wiki, *operations: Operation, key: str = "WS2") -> None:
    users = wiki.store.people.get_group("confluence-users")
    wiki.store.space_permissions.revoke(wiki.store.spaces.get_by_key(key).id, users.id, operations)


def restrict(wiki: Wiki, page_id: str, operation: str = "read") -> None:
    wiki.store.restrictions.add(int(page_id), operation, "user", wiki.account("admin"))


def save(wiki: Wiki, session: Session, page_id: str) -> int:
    page = wiki.page(page_id)
    sent = {"type": "page", "title": page.title, "version": {"number": page.version + 1}, "body": storage("<p>n</p>")}
    return session.put(v1(wiki, f"/content/{page_id}"), json=sent).status_code


@both
def test_in_a_new_space_everyone_writes_and_nobody_else_administers(wiki: Wiki) -> None:
    page = wiki.add_page("Home")

    with wiki.session("omar") as omar:
        assert save(wiki, omar, page) == 200
        assert omar.put(v1(wiki, "/space/WS2"), json={"name": "Mine"}).status_code == 403
        assert omar.delete(v1(wiki, "/space/WS2")).status_code == 403
        assert omar.post(v1(wiki, "/space/WS2/property"), json={"key": "k", "value": 1}).status_code == 403
        assert omar.post(v1(wiki, "/space"), json={"key": "OWN", "name": "Own"}).status_code == 200
        assert omar.put(v1(wiki, "/space/OWN"), json={"name": "Still own"}).status_code == 200

    assert wiki.store.spaces.get_by_key("WS2").name == "WS2"
    assert wiki.store.spaces.get_by_key("OWN").name == "Still own"


@both
def test_a_space_that_an_account_may_not_see_is_not_found_anywhere(wiki: Wiki) -> None:
    page = wiki.add_page("Home", "<p>zebra</p>")
    revoke(wiki, READ)

    with wiki.session("omar") as omar:
        hidden, absent = (omar.get(v1(wiki, f"/space/{key}")) for key in ("WS2", "WS3"))
        found = omar.get(v1(wiki, "/content/search"), params={"cql": "text ~ zebra"}).json()["results"]
        listed = omar.get(v1(wiki, "/space")).json()["results"]
        read = omar.get(v1(wiki, f"/content/{page}"))

    assert (hidden.status_code, read.status_code, found, listed) == (404, 404, [], [])
    assert hidden.text.replace("WS2", "WS3") == absent.text


@both
def test_who_may_look_may_not_edit_or_create(wiki: Wiki) -> None:
    page = wiki.add_page("Home", "<p>as it was</p>")
    revoke(wiki, EDIT)
    made = {"type": "page", "title": "New", "space": {"key": "WS2"}, "body": storage("")}

    with wiki.session("omar") as omar:
        assert omar.get(v1(wiki, f"/content/{page}")).status_code == 200
        assert save(wiki, omar, page) == 403
        assert omar.post(v1(wiki, "/content"), json=made).status_code == 403
        assert omar.post(v1(wiki, f"/content/{page}/label"), json=[{"name": "x"}]).status_code == 403

    assert (wiki.body(page), len(wiki.versions(page))) == ("<p>as it was</p>", 1)


@cloud
def test_v2_answers_404_to_a_write_that_is_not_allowed(wiki: Wiki) -> None:
    page = wiki.add_page("Home", "<p>as it was</p>")
    revoke(wiki, EDIT)
    space_id = wiki.store.spaces.get_by_key("WS2").id
    sent = {"id": page, "status": "current", "title": "Home", "version": {"number": 2}}
    body = {"representation": "storage", "value": "<p>n</p>"}

    with wiki.session("omar") as omar:
        saved = omar.put(v2(wiki, f"/pages/{page}"), json={**sent, "body": body})
        made = omar.post(v2(wiki, "/pages"), json={"spaceId": space_id, "title": "N", "status": "current"})
        assert omar.get(v2(wiki, f"/pages/{page}")).status_code == 200

    assert (saved.status_code, made.status_code) == (404, 404)
    assert wiki.body(page) == "<p>as it was</p>"


@cloud
def test_a_restricted_parent_looks_like_an_absent_one(wiki: Wiki) -> None:
    home = wiki.add_page("Home")
    secret = wiki.add_page("Secret", parent=home)
    restrict(wiki, secret)
    space_id = wiki.store.spaces.get_by_key("WS2").id

    with wiki.session("omar") as omar:
        answers = [
            omar.post(
                v2(wiki, "/pages"), json={"spaceId": space_id, "title": "N", "status": "current", "parentId": one}
            )
            for one in (secret, "99999999")
        ]

    assert [one.status_code for one in answers] == [404, 404]
    assert answers[0].text.replace(secret, "99999999") == answers[1].text


@cloud
def test_permissions_are_added_and_removed_over_rest(wiki: Wiki) -> None:
    page = wiki.add_page("Home")
    revoke(wiki, READ)
    subject, operation = {"type": "user", "identifier": wiki.account("omar")}, {"key": "read", "target": "space"}
    url = v1(wiki, "/space/WS2/permission")

    with wiki.session("admin") as admin, wiki.session("omar") as omar:
        early = admin.post(url, json={"subject": subject, "operation": {"key": "create", "target": "page"}})
        made = admin.post(url, json={"subject": subject, "operation": operation})
        twice = admin.post(url, json={"subject": subject, "operation": operation})
        seen = omar.get(v2(wiki, f"/pages/{page}")).status_code
        space_id = wiki.store.spaces.get_by_key("WS2").id
        listed = admin.get(v2(wiki, f"/spaces/{space_id}/permissions"), params={"limit": 250}).json()["results"]
        removed = admin.delete(f"{url}/{made.json()['id']}")
        hidden = omar.get(v2(wiki, f"/pages/{page}")).status_code
        assert omar.post(url, json={"subject": subject, "operation": operation}).status_code == 404

    assert (early.status_code, made.status_code, twice.status_code, seen) == (400, 200, 400, 200)
    assert (removed.status_code, hidden) == (204, 404)
    assert {"type": "user", "id": wiki.account("omar")} in [one["principal"] for one in listed]


@server
def test_permissions_are_granted_and_revoked_over_rest(wiki: Wiki) -> None:
    page = wiki.add_page("Home")
    group, user = v1(wiki, "/space/WS2/permissions/group/confluence-users"), wiki.store.people.get("omar").user_key
    read, edit = [{"targetType": "space", "operationKey": "read"}], [{"targetType": "page", "operationKey": "create"}]

    with wiki.session("admin") as admin, wiki.session("omar") as omar:
        assert admin.put(f"{group}/revoke", json=read).status_code == 204
        hidden = omar.get(v1(wiki, f"/content/{page}")).status_code
        assert admin.put(v1(wiki, f"/space/WS2/permissions/user/{user}/grant"), json=read).status_code == 204
        seen, refused = omar.get(v1(wiki, f"/content/{page}")).status_code, save(wiki, omar, page)
        assert admin.put(v1(wiki, f"/space/WS2/permissions/user/{user}/grant"), json=edit).status_code == 204
        saved = save(wiki, omar, page)
        listed = admin.get(v1(wiki, f"/space/WS2/permissions/user/{user}")).json()
        spaces = v1(wiki, "/permissions/group/confluence-users/revoke")
        assert admin.put(spaces, json=[{"targetType": "space", "operationKey": "create"}]).status_code == 204
        assert omar.post(v1(wiki, "/space"), json={"key": "OWN", "name": "Own"}).status_code == 403

    assert (hidden, seen, refused, saved) == (404, 200, 403, 200)
    assert {one["operation"]["operationKey"] for one in listed} == {"read", "create"}


@both
def test_a_comment_on_a_file_is_as_hidden_as_its_page(wiki: Wiki) -> None:
    page = wiki.add_page("Secret")
    file = wiki.store.attachments.add(int(page), "f.txt", b"x", author=wiki.account("admin"))
    comment = wiki.store.comments.add(file.id, "<p>zebra</p>", author=wiki.account("admin"))
    restrict(wiki, page)

    with wiki.session("omar") as omar:
        read = omar.get(v1(wiki, f"/content/{comment.id}"))
        found = omar.get(v1(wiki, "/content/search"), params={"cql": "text ~ zebra"}).json()["results"]

    assert (read.status_code, found) == (404, [])


@cloud
def test_a_comment_on_a_file_names_its_file(wiki: Wiki) -> None:
    page = wiki.add_page("Home")
    file = wiki.store.attachments.add(int(page), "f.txt", b"x", author=wiki.account("ana"))

    with wiki.session("omar") as omar:
        sent = {"attachmentId": f"att{file.id}", "body": {"representation": "storage", "value": "<p>c</p>"}}
        made = omar.post(v2(wiki, "/footer-comments"), json=sent).json()

    assert made["attachmentId"] == f"att{file.id}"
    assert not {"pageId", "blogPostId"} & set(made)


@both
def test_a_comment_is_changed_by_its_author_or_an_administrator_of_the_space(wiki: Wiki) -> None:
    page = wiki.add_page("Home")
    comment = wiki.store.comments.add(int(page), "<p>ana's</p>", author=wiki.account("ana"))
    url = v1(wiki, f"/content/{comment.id}")

    def sent(number: int) -> dict[str, object]:
        return {"type": "comment", "version": {"number": number}, "body": storage("<p>new</p>")}

    with wiki.session("omar") as omar, wiki.session("ana") as ana, wiki.session("admin") as admin:
        assert omar.put(url, json=sent(2)).status_code == 403
        assert omar.delete(url).status_code == 403
        assert wiki.body(comment.id) == "<p>ana's</p>"
        assert ana.put(url, json=sent(2)).status_code == 200
        assert admin.put(url, json=sent(3)).status_code == 200
        assert admin.delete(url).status_code == 204


@cloud
def test_properties_of_comments_follow_the_author_too(wiki: Wiki) -> None:
    page = wiki.add_page("Home")
    comment = wiki.store.comments.add(int(page), "<p>ana's</p>", author=wiki.account("ana"))
    one = wiki.store.properties.create(comment.id, "k", 1, author=wiki.account("ana"))
    url = v2(wiki, f"/comments/{comment.id}/properties/{one.id}")
    sent = {"key": "k", "value": 2, "version": {"number": 2}}

    with wiki.session("omar") as omar, wiki.session("ana") as ana:
        assert (omar.get(url).status_code, omar.put(url, json=sent).status_code) == (200, 404)
        assert omar.delete(url).status_code == 404
        assert ana.put(url, json=sent).status_code == 200


@cloud
def test_a_private_page_is_its_creators_alone(wiki: Wiki) -> None:
    wiki.add_page("Home")
    sent = {"spaceId": wiki.store.spaces.get_by_key("WS2").id, "title": "Mine", "status": "current"}

    with wiki.session("omar") as omar, wiki.session("li") as li:
        made = omar.post(v2(wiki, "/pages"), params={"private": "true"}, json=sent).json()["id"]
        assert omar.get(v2(wiki, f"/pages/{made}")).status_code == 200
        assert li.get(v2(wiki, f"/pages/{made}")).status_code == 404


@both
def test_a_new_draft_is_its_authors_alone_and_unpublished_changes_are_for_editors(wiki: Wiki) -> None:
    home = wiki.add_page("Home")
    sent = {"type": "page", "title": "Idea", "status": "draft", "space": {"key": "WS2"}, "body": storage("<p>z</p>")}
    wiki.store.pages.save_draft(int(home), title=None, body="<p>unpublished</p>", author=wiki.account("ana"))

    with wiki.session("ana") as ana, wiki.session("admin") as admin, wiki.session("omar") as omar:
        made = ana.post(v1(wiki, "/content"), json=sent).json()["id"]
        url = v1(wiki, f"/content/{made}?status=draft")
        assert ana.get(url).status_code == 200
        assert (omar.get(url).status_code, admin.get(url).status_code) == (404, 404)
        changes = v1(wiki, f"/content/{home}?status=draft")
        assert omar.get(changes).status_code == 200
        revoke(wiki, EDIT)
        assert omar.get(changes).status_code == 404


@cloud
def test_a_copied_tree_leaves_out_what_the_copier_may_not_see(wiki: Wiki) -> None:
    home = wiki.add_page("Home")
    tree = wiki.add_page("Tree", parent=home)
    secret = wiki.add_page("Secret", "<p>zebra</p>", parent=tree)
    wiki.add_page("Below", parent=secret)
    wiki.add_page("Open", parent=tree)
    restrict(wiki, secret)

    with wiki.session("omar") as omar:
        sent = {"destinationPageId": home, "titleOptions": {"prefix": "CP "}}
        copied = omar.post(v1(wiki, f"/content/{tree}/pagehierarchy/copy"), json=sent)
        trashed = omar.delete(v1(wiki, f"/content/{tree}/pageTree"))

    titles = {one.title for one, _ in wiki.store.hierarchy.descendants(int(home))}
    assert (copied.status_code, trashed.status_code) == (202, 403)
    assert titles == {"Tree", "Secret", "Below", "Open", "CP Tree", "CP Open"}


@both
def test_a_page_moves_only_where_its_mover_may_add_pages(wiki: Wiki) -> None:
    home = wiki.add_page("Home")
    his, secret = wiki.add_page("His", parent=home, by="omar"), wiki.add_page("Secret", parent=home)
    restrict(wiki, secret)
    url, token = f"{wiki.url}/pages/movepage.action", {"X-Atlassian-Token": "no-check"}

    with wiki.session("omar") as omar:
        asked = {"pageId": his, "targetId": secret, "position": "append"}
        answer = omar.post(url, params=asked, headers=token)
        assert omar.get(url, params=asked, headers=token).status_code in {404, 405}
        restrict(wiki, home, "update")
        closed = omar.post(url, params=asked | {"targetId": home}, headers=token)

    assert "actionErrors" in answer.json()
    assert "actionErrors" in closed.json()
    assert wiki.page(his).parent_id == int(home)


@both
def test_labels_of_hidden_pages_are_not_listed(wiki: Wiki) -> None:
    wiki.add_page("Home", labels=("open",))
    secret = wiki.add_page("Secret", labels=("zebra",))
    restrict(wiki, secret)
    space_id = wiki.store.spaces.get_by_key("WS2").id
    paths = {
        "cloud": (v2(wiki, "/labels"), v2(wiki, f"/spaces/{space_id}/content/labels")),
        "datacenter": (v1(wiki, "/space/WS2/labels"),),
    }

    with wiki.session("omar") as omar, wiki.session("admin") as admin:
        for path in paths[wiki.flavour]:
            assert [one["name"] for one in omar.get(path).json()["results"]] == ["open"]
            assert [one["name"] for one in admin.get(path).json()["results"]] == ["open", "zebra"]


def test_a_world_says_who_may_do_what_and_is_exported_the_same(tmp_path: Path) -> None:
    space = tmp_path / "world" / "CLUB"
    space.mkdir(parents=True)
    (space / "space.yaml").write_text(
        "key: CLUB\npermissions: {view: [confluence-users], add: [ana], administer: [li]}"
    )
    (space / "notes.xhtml").write_text("<p>n</p>")
    with Store() as store, Store() as again:
        load_world(store, tmp_path / "world")
        export_world(store, tmp_path / "out")
        load_world(again, tmp_path / "out")
        for one in (store, again):
            permissions, place = one.space_permissions, one.spaces.get_by_key("CLUB").id
            allowed = {
                name: permissions.allowed(place, one.people.get(name).account_id) for name in ("ana", "li", "omar")
            }
            assert EDIT in allowed["ana"]
            assert EDIT not in allowed["omar"]
            assert READ in allowed["omar"]
            assert Operation("administer", "space") in allowed["li"]
            assert not permissions.allowed(place, one.people.get("admin").account_id) - {READ}


@pytest.mark.parametrize("text", ["permissions: [ana]", "permissions: {look: [ana]}"])
def test_a_world_with_a_permission_that_does_not_exist_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "space.yaml").write_text(f"key: CLUB\n{text}\n")
    with Store() as store, pytest.raises(WorldError, match=r"space\.yaml"):
        load_world(store, tmp_path)


def test_a_file_from_before_there_were_permissions_gets_the_defaults(tmp_path: Path) -> None:
    path = tmp_path / "wiki.db"
    with Store(path) as store:
        store.spaces.create("OLD", "Old", creator=store.people.get("ana").account_id, now=store.clock())
        store._database.execute("DROP TABLE space_permissions")

    with Store(path) as store:
        allowed = store.space_permissions.allowed(
            store.spaces.get_by_key("OLD").id, store.people.get("omar").account_id
        )

    assert READ in allowed
