"""Many clients at once: no acknowledged save is lost, and no page is moved incompletely."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from requests import Session

from wikiserver.testing import Wiki

PEOPLE = ("ana", "li", "omar", "bot")


def append(session: Session, wiki: Wiki, page_id: str, text: str) -> bool:
    """Read the page, add a paragraph, save; returns whether the wiki took it."""
    url = f"{wiki.url}/rest/api/content/{page_id}"
    page = session.get(url, params={"expand": "body.storage,version"}).json()
    sent = {
        "type": "page",
        "title": page["title"],
        "version": {"number": page["version"]["number"] + 1},
        "body": {"storage": {"value": page["body"]["storage"]["value"] + text, "representation": "storage"}},
    }
    status = session.put(url, json=sent).status_code
    assert status in {200, 409}
    return status == 200


@pytest.mark.parametrize("flavour", ["cloud", "datacenter"])
def test_every_acknowledged_save_is_on_the_page(wiki: Wiki) -> None:
    page_id = wiki.add_page("Home", "<p>start</p>")

    def work(name: str) -> list[str]:
        with wiki.session(name) as session:
            texts = [f"<p>{name} {number}</p>" for number in range(12)]
            return [text for text in texts if append(session, wiki, page_id, text)]

    with ThreadPoolExecutor(len(PEOPLE)) as pool:
        taken = [text for texts in pool.map(work, PEOPLE) for text in texts]

    body = wiki.body(page_id)
    assert len(taken) >= 12
    assert [text for text in taken if text not in body] == []
    assert [version.number for version in wiki.versions(page_id)] == list(range(1, len(taken) + 2))


def test_moves_at_once_leave_a_tree(wiki: Wiki) -> None:
    home = wiki.add_page("Home")
    pages = [wiki.add_page(f"P{number}", parent=home) for number in range(6)]

    def work(shift: int) -> None:
        with wiki.session() as session:
            for number, page in enumerate(pages):
                target = pages[(number + shift) % len(pages)]
                answer = session.put(f"{wiki.url}/rest/api/content/{page}/move/append/{target}")
                assert answer.status_code in {200, 400}

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, (1, 2, 3, 5)))

    for page in pages:
        above = [one.id for one in wiki.store.hierarchy.ancestors(int(page))]
        parents = []
        at = wiki.page(page).parent_id
        while at is not None:
            parents.append(at)
            at = wiki.page(at).parent_id
        assert above == parents[::-1]
        assert above[0] == int(home)


def test_files_of_one_name_at_once_become_one_file(wiki: Wiki) -> None:
    page_id = wiki.add_page("Home")
    url = f"{wiki.url}/rest/api/content/{page_id}/child/attachment"

    def upload(number: int) -> int:
        with wiki.session() as session:
            files = {"file": ("same.txt", str(number).encode())}
            return session.put(url, files=files, headers={"X-Atlassian-Token": "nocheck"}).status_code

    with ThreadPoolExecutor(4) as pool:
        statuses = list(pool.map(upload, range(8)))

    (file,) = wiki.store.attachments.of(int(page_id))
    assert statuses == [200] * 8
    assert file.version == 8
