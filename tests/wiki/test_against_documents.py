"""Every request that the dialects make stands in Atlassian's own documents, with every parameter."""

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from bot.wiki import rest_v1
from bot.wiki.ask import Ask
from bot.wiki.dialect import Dialect, Flavour
from bot.wiki.dialect_cloud import CloudDialect
from bot.wiki.dialect_datacenter import DataCenterDialect
from bot.wiki.gateway import Comment, PageStatus, Space
from tests.shared import shared_dir
from tests.wiki.refs import make_page

SPACE = Space("5", "WS2", "Workstream 2")
DOCUMENTS = {
    "cloud": ("cloud-v2.2026-09.openapi.json", "cloud-v1.2026-09.swagger.v3.json"),
    "datacenter": ("dc-10.0.3.swagger.v3.json",),
}
PREFIXES = {"cloud-v2.2026-09.openapi.json": "/api/v2", "cloud-v1.2026-09.swagger.v3.json": ""}


def asks(dialect: Dialect) -> Iterator[tuple[str, Ask]]:
    page = make_page("12", "<p>x</p>")
    comment = Comment("9", "", page.ref.version)
    yield "get", dialect.current_user()
    yield "get", dialect.user("u")
    yield "get", dialect.space("WS2")
    yield "get", dialect.space_by_id("5")
    for status in (PageStatus.CURRENT, PageStatus.ARCHIVED, PageStatus.TRASHED):
        for with_body in (True, False):
            if (listing := dialect.listing(SPACE, status, with_body=with_body)) is not None:
                yield "get", listing
        if (titled := dialect.titled(SPACE, "Home", status)) is not None:
            yield "get", titled
    yield "get", dialect.page("12")
    yield "get", dialect.page_version("12", 3)
    yield "get", dialect.pages(["12", "13"])
    yield "get", dialect.draft("12")
    if dialect.flavour is Flavour.CLOUD:
        yield "get", dialect.versions("12")[0]  # Data Center documents none; its answers link to one
    yield "get", dialect.labels("12")
    yield "get", dialect.attachments("12")
    for ask in dialect.comments("12"):
        yield "get", ask
    for is_inline in (True, False):
        if (replies := dialect.replies(comment, is_inline=is_inline)) is not None:
            yield "get", replies
    yield "get", rest_v1.labelled("WS2", "x")
    yield "get", rest_v1.restrictions("12")
    yield "post", rest_v1.add_labels("12", ["x"])
    yield "put", dialect.update(page, "<p>y</p>", message="m", is_minor=True)
    yield "post", dialect.create(SPACE, title="t", body="<p>y</p>", parent_id="12", message="m")


def _resolved(document: dict[str, Any], operations: dict[str, Any]) -> dict[str, Any]:
    """Put the parameters that the document names by reference where they belong."""
    shared = operations.get("parameters", [])
    resolved = {}
    for verb in {"get", "put", "post"} & set(operations):
        parameters = [*shared, *operations[verb].get("parameters", [])]
        resolved[verb] = {
            "parameters": [
                document["components"]["parameters"][one["$ref"].rpartition("/")[2]] if "$ref" in one else one
                for one in parameters
            ]
        }
    return resolved


@cache
def documented(flavour: str) -> list[tuple[re.Pattern[str], dict[str, Any]]]:
    found = []
    for name in DOCUMENTS[flavour]:
        document = json.loads((shared_dir("spec") / name).read_text())
        for path, operations in document["paths"].items():
            full = PREFIXES.get(name, "") + path.removeprefix("/wiki")
            found.append((re.compile(re.sub(r"\{[^}]*\}", "[^/]+", full)), _resolved(document, operations)))
    return found


@pytest.mark.parametrize("dialect", [CloudDialect(), DataCenterDialect()], ids=["cloud", "datacenter"])
def test_every_request_is_documented_with_its_parameters(dialect: Dialect) -> None:
    for verb, ask in asks(dialect):
        fitting = [
            operations[verb]
            for pattern, operations in documented(dialect.flavour.value)
            if pattern.fullmatch(ask.path) and verb in operations
        ]

        assert fitting, f"{verb} {ask.path} is in no document"
        known = {parameter["name"]: parameter for one in fitting for parameter in one.get("parameters", [])}
        assert set(ask.params) <= set(known), f"{verb} {ask.path}"
        for name, value in ask.params.items():
            schema = known[name].get("schema", {})
            allowed = schema.get("enum") or schema.get("items", {}).get("enum")
            if allowed and name != "expand":  # v1 passes over what it cannot expand; our readers do not
                assert set(value if isinstance(value, list) else [value]) <= set(allowed), f"{ask.path} {name}"
            if isinstance(value, int) and "maximum" in schema:
                assert value <= schema["maximum"], f"{ask.path} {name}"
