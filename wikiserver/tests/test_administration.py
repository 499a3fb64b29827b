"""Data Center's information about itself, its groups and the trash of its spaces."""

import pytest

from wikiserver.testing import Wiki

pytestmark = pytest.mark.parametrize("flavour", ["datacenter"])


def test_the_server_says_what_it_is_and_whether_it_takes_changes(wiki: Wiki) -> None:
    with wiki.session() as session:
        about = session.get(f"{wiki.url}/rest/api/server-information").json()
        assert (about["baseUrl"], about["version"]) == (wiki.url, "10.0.3")
        assert session.get(f"{wiki.url}/rest/api/accessmode").json() == "READ_WRITE"
        wiki.site.is_read_only = True
        assert session.get(f"{wiki.url}/rest/api/accessmode").json() == "READ_ONLY"


def test_cloud_has_none_of_it(wiki: Wiki) -> None:
    wiki.site.flavour = "cloud"
    with wiki.session("admin") as session:
        for path in ("server-information", "accessmode", "space/WS2/trash"):
            assert session.get(f"{wiki.url}/rest/api/{path}").status_code == 404


def test_an_administrator_makes_and_removes_groups(wiki: Wiki) -> None:
    with wiki.session("ana") as ana, wiki.session("admin") as admin:
        assert ana.post(f"{wiki.url}/rest/api/admin/group", json={"name": "auditors"}).status_code == 403
        assert admin.post(f"{wiki.url}/rest/api/admin/group", json={"name": "auditors"}).json()["name"] == "auditors"
        assert admin.post(f"{wiki.url}/rest/api/admin/group", json={"name": "auditors"}).status_code == 409
        assert admin.post(f"{wiki.url}/rest/api/admin/group", json={}).status_code == 400
        assert admin.delete(f"{wiki.url}/rest/api/admin/group/auditors").status_code == 204
        assert admin.delete(f"{wiki.url}/rest/api/admin/group/auditors").status_code == 404
    assert wiki.store.people.find_group("auditors") is None


def test_the_trash_is_listed_page_by_page_and_emptied(wiki: Wiki) -> None:
    wiki.add_page("Home")
    gone = [wiki.add_page(f"Gone {number}", status="trashed") for number in range(5)]
    address = f"{wiki.url}/rest/api/space/WS2/trash"
    with wiki.session("admin") as session:
        listed, answer = [], session.get(f"{address}?limit=2").json()
        while True:
            listed += [one["id"] for one in answer["results"]]
            if "next" not in answer["_links"]:
                break
            answer = session.get(answer["_links"]["base"] + answer["_links"]["next"]).json()
        assert listed == gone
        assert session.delete(address).status_code == 204
    assert [wiki.store.contents.find(int(one)) for one in gone] == [None] * 5
    assert wiki.find("Home").status == "current"
