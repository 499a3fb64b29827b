"""Reading any JSON answer gives a value or a `WikiAnswerError`, and nothing else."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import PageNotFoundError, WikiAnswerError
from bot.wiki.rest_client import iter_results
from tests.wiki.every_call import CLOUD, DATA_CENTER, iter_calls

WHEN = "2026-01-22T05:50:05.870Z"
BY = {"accountId": "a", "userKey": "k", "username": "u", "displayName": "U", "publicName": "U", "type": "known"}
VERSION = {"number": 4, "message": "m", "minorEdit": False, "authorId": "a", "createdAt": WHEN, "when": WHEN, "by": BY}
BODY = {"storage": {"representation": "storage", "value": "<p>x</p>"}, "view": {"value": "<p>x</p>"}}
LINKS = {"webui": "/x", "download": "/d", "next": "/n?cursor=1", "base": "http://wiki/wiki"}
SUBJECTS = {"restrictions": {"user": {"results": [BY]}, "group": {"results": [{"name": "staff"}]}}}
EVERYTHING: dict[str, Any] = {
    **VERSION,
    **BY,
    **LINKS,
    "id": "12",
    "key": "WS2",
    "name": "Workstream 2",
    "type": "page",
    "title": "Home",
    "watcher": BY,
    "depth": 1,
    "status": "current",
    "spaceId": "5",
    "space": {"id": 5, "key": "WS2"},
    "homepage": {"id": "1"},
    "homepageId": "1",
    "parentId": "7",
    "parentCommentId": "8",
    "ancestors": [{"id": "1"}, {"id": "7"}],
    "position": 3,
    "extensions": {
        "position": 3,
        "mediaType": "a/b",
        "fileSize": 3,
        "comment": "c",
        "inlineProperties": {"markerRef": "r", "originalSelection": "s"},
        "resolution": {"status": "open"},
    },
    "metadata": {"mediaType": "a/b", "labels": {"results": [{"name": "report"}]}},
    "totalSize": 4,
    "content": {"id": "12"},
    "mediaType": "a/b",
    "fileSize": 3,
    "version": VERSION,
    "body": BODY,
    "properties": {"inlineMarkerRef": "r", "inlineOriginalSelection": "s"},
    "results": [{"id": "5", "key": "WS2", "name": "n", "homepageId": None}],
    "read": SUBJECTS,
    "update": SUBJECTS,
    "value": "<p>x</p>",
    "asyncId": "9",
    "_links": LINKS,
}
"""One answer with all that any reader looks for."""

READERS: dict[str, list[Callable[[object], object]]] = {
    name: [call.read for call in iter_calls(dialect) if call.method != "POST" or "label" not in call.path]
    for name, dialect in (("cloud", CLOUD), ("datacenter", DATA_CENTER))
}


def follow(answer: object) -> object:
    return list(
        iter_results("/1", lambda path: answer if path == "/1" else {"results": []}, base_url="http://wiki", about="x")
    )


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(list(EVERYTHING)), inner, max_size=3),
    max_leaves=6,
)


def places(value: object, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path]
    if isinstance(value, dict):
        found += [place for key, inner in value.items() for place in places(inner, (*path, key))]
    if isinstance(value, list):
        found += [place for index, inner in enumerate(value) for place in places(inner, (*path, index))]
    return found


def put(answer: object, path: tuple[Any, ...], value: object) -> object:
    if not path:
        return value
    changed: Any = copy.deepcopy(answer)
    part = changed
    for step in path[:-1]:
        part = part[step]
    part[path[-1]] = value
    return changed


@pytest.mark.parametrize("flavour", READERS)
def test_answer_with_everything_is_read(flavour: str) -> None:
    for read in [*READERS[flavour], follow]:
        read(EVERYTHING)


@pytest.mark.parametrize("flavour", READERS)
@given(place=st.sampled_from(places(EVERYTHING)), value=json_values)
def test_answer_with_anything_in_any_place_is_read_or_refused(
    flavour: str, place: tuple[Any, ...], value: object
) -> None:
    answer = put(EVERYTHING, place, value)

    for read in [*READERS[flavour], follow]:
        try:
            read(answer)
        except (WikiAnswerError, PageNotFoundError) as error:
            assert len(str(error)) < 500  # noqa: PT017 -- either outcome is right; there is no third
