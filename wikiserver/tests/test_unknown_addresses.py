"""An unknown address is answered in the format of the interface."""

import pytest

from wikiserver.testing import Wiki


@pytest.mark.parametrize("flavour", ["cloud", "datacenter"])
def test_programs_get_json(wiki: Wiki) -> None:
    with wiki.session() as session:
        unknown = session.get(f"{wiki.url}/rest/api/nonsense")
        assert (unknown.status_code, unknown.json()["statusCode"]) == (404, 404)
        assert unknown.json()["message"].endswith(f"null for uri: {wiki.url}/rest/api/nonsense")
        wrong_verb = session.patch(f"{wiki.url}/rest/api/content")
        assert (wrong_verb.status_code, wrong_verb.json()["statusCode"]) == (405, 405)


def test_cloud_answers_in_the_shape_of_v2(wiki: Wiki) -> None:
    with wiki.session() as session:
        (error,) = session.get(f"{wiki.url}/api/v2/nonsense").json()["errors"]
        assert (error["status"], error["code"], error["title"]) == (404, "NOT_FOUND", "Not Found")


def test_people_get_a_page(wiki: Wiki) -> None:
    with wiki.session() as session:
        answer = session.get(f"{wiki.url}/nonsense/at/all")
        assert answer.status_code == 404
        assert answer.headers["Content-Type"].startswith("text/html")
