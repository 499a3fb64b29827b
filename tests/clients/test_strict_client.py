"""A client that refuses every answer which Atlassian's OpenAPI documents do not describe."""

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from tests.clients.programs import run_program
from wikiserver.testing import Wiki
from wikiserver_support.openapi import DEVIATIONS

CLIENT = Path(__file__).with_name("strict_client.py")


def document(name: str) -> dict[str, Any]:
    """Return one of the documents as confluence-as ships them."""
    described: dict[str, Any] = json.loads((files("confluence_as") / "specs" / name).read_text(encoding="utf-8"))
    return described


def write_documents(folder: Path, v2: dict[str, Any]) -> tuple[Path, Path]:
    """Write the documents for the client, v2 with what live sites are known to answer otherwise."""
    for deviation in DEVIATIONS:
        if deviation.document == "cloud-v2":
            deviation.correct(v2)
    paths = folder / "v2.json", folder / "v1.json"
    for path, described in zip(paths, (v2, document("confluence-swagger-v1.json")), strict=True):
        path.write_text(json.dumps(described), encoding="utf-8")
    return paths


def test_a_strict_client_lists_reads_creates_updates_labels_comments_and_searches(wiki: Wiki, tmp_path: Path) -> None:
    wiki.add_page("Home", "<p>Welcome</p>")
    wiki.add_page("Other", labels=("beta",))
    documents = write_documents(tmp_path, document("confluence-openapi-v2.json"))

    printed = run_program("python", CLIENT, wiki.server.url, *documents, home=tmp_path)

    assert json.loads(printed) == {
        "listed": ["Home", "Other"],
        "read": ["Plan B", 2, "<p>two</p>"],
        "labels": ["alpha"],
        "comments": ["<p>well done</p>"],
        "found": ["Plan B"],
    }
    page = wiki.find("Plan B")
    assert (wiki.body(page.id), page.version, page.message) == ("<p>two</p>", 2, "changed")
    assert [label.name for label in wiki.store.labels.of(page.id)] == ["alpha"]
    assert [wiki.body(comment.id) for comment in wiki.store.comments.of(page.id)] == ["<p>well done</p>"]


def test_the_strict_client_would_refuse_an_answer_that_lacks_something(wiki: Wiki, tmp_path: Path) -> None:
    wiki.add_page("Home")
    described = document("confluence-openapi-v2.json")
    page = described["components"]["schemas"]["PageBulk"]
    page["properties"]["mood"] = {"type": "string"}
    page["required"] = ["mood"]

    with pytest.raises(AssertionError, match=r"(?s)ResponseSchemaError.*mood\s+Field required"):
        run_program("python", CLIENT, wiki.server.url, *write_documents(tmp_path, described), home=tmp_path)
