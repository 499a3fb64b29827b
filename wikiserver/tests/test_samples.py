"""Our answers compared with real ones: the same keys in the same places."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.shared import shared_dir
from wikiserver.addresses import tiny_key, tiny_to_id
from wikiserver.testing import Wiki

# What a real answer has only because of something that this wiki does not have.
NOT_OURS = {"ncsStepVersion"}


def shape(value: Any) -> Any:
    """The keys of an answer at every level; of a list, those of its first item."""
    if isinstance(value, dict):
        return {key: shape(one) for key, one in value.items() if key not in NOT_OURS}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return type(value).__name__


def missing(real: Any, ours: Any, where: str = "$") -> list[str]:
    """What the real answer has and ours lacks, or has as something else."""
    if isinstance(real, dict):
        if not isinstance(ours, dict):
            return [f"{where} is not an object"]
        return [
            problem
            for key, one in real.items()
            for problem in ([f"{where}.{key}"] if key not in ours else missing(one, ours[key], f"{where}.{key}"))
        ]
    if isinstance(real, list):
        return missing(real[0], ours[0], f"{where}[0]") if real and isinstance(ours, list) and ours else []
    return [] if real == ours or real == "NoneType" else [f"{where} is {ours}, not {real}"]


def real_sample(name: str) -> tuple[Path, Any]:
    path = shared_dir("spec") / "samples" / name
    return path, json.loads(path.read_text(encoding="utf-8"))


@pytest.fixture
def page_id(wiki: Wiki) -> str:
    """A real page under two others, with a real file name on it."""
    _, real = real_sample("cloud/544211126.page.v1.json")
    home = wiki.add_page("Home", "<p>home</p>")
    parent = wiki.add_page("Parent", parent=home)
    page = wiki.add_page(real["title"], real["body"]["storage"]["value"], parent=parent)
    wiki.add_page("Child", parent=page)
    wiki.store.attachments.add(int(page), "image-20240714-063656.png", b"\x89PNG", author=wiki.account("ana"))
    return page


def ours(wiki: Wiki, path: str) -> Any:
    with wiki.session() as session:
        answer = session.get(wiki.url + path)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize(
    ("sample", "path"),
    [
        ("cloud/544211126.page.v1.json", "/rest/api/content/{id}?expand=body.storage,body.view,ancestors"),
        ("cloud/544211126.page.v2.json", "/api/v2/pages/{id}?body-format=atlas_doc_format"),
        ("cloud/544211126.children.v2.json", "/api/v2/pages/{id}/children"),
        ("cloud/544211126.attachments.v1.json", "/rest/api/content/{id}/child/attachment"),
    ],
)
def test_cloud_answers_have_all_that_real_ones_have(wiki: Wiki, page_id: str, sample: str, path: str) -> None:
    _, real = real_sample(sample)

    assert missing(shape(real), shape(ours(wiki, path.replace("{id}", page_id)))) == []


@pytest.mark.parametrize("flavour", ["datacenter"])
def test_a_data_center_attachment_has_all_that_a_real_one_has(wiki: Wiki, page_id: str) -> None:
    (file,) = wiki.store.attachments.of(int(page_id))
    answer = ours(wiki, f"/rest/api/content/{file.id}?expand=version,container")

    for sample in sorted((shared_dir("spec") / "samples" / "data-center").glob("*.json")):
        real = json.loads(sample.read_text(encoding="utf-8"))
        assert missing(shape(real), shape(answer)) == [], sample.name


def test_what_is_left_out_is_named_as_expandable(wiki: Wiki, page_id: str) -> None:
    _, real = real_sample("cloud/544211126.page.v1.json")
    answer = ours(wiki, f"/rest/api/content/{page_id}?expand=body.storage,body.view,ancestors")

    assert set(answer["_expandable"]) == set(real["_expandable"])
    assert set(answer["body"]["_expandable"]) >= set(real["body"]["_expandable"]) - {"dynamic"}


def test_short_links_are_those_that_confluence_makes() -> None:

    for path in sorted((shared_dir("spec") / "samples" / "cloud").glob("*.page.v1.json")):
        real = json.loads(path.read_text(encoding="utf-8"))
        for page in [real, *real["ancestors"]]:
            key = page["_links"]["tinyui"].removeprefix("/x/")
            assert (tiny_key(int(page["id"])), tiny_to_id(key)) == (key, int(page["id"]))
