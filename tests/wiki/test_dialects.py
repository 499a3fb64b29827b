import json
from typing import Any

import pytest

from bot.errors import WikiAnswerError
from bot.wiki.dialect_cloud import CloudDialect
from bot.wiki.dialect_data_center import DataCenterDialect
from bot.wiki.gateway import PageStatus, Space
from tests.shared import shared_dir

BASE = "https://example.atlassian.net/wiki"
SPACE = Space("5", "WS2", "Workstream 2")
CLOUD = CloudDialect(lambda: BASE, lambda _call: SPACE)
DATA_CENTER = DataCenterDialect(lambda: "http://wiki")

V2_PAGE: dict[str, Any] = {
    "id": "12",
    "title": "Home",
    "status": "current",
    "spaceId": "5",
    "parentId": None,
    "position": 3,
    "version": {
        "number": 4,
        "message": "m",
        "minorEdit": False,
        "authorId": "acc",
        "createdAt": "2026-01-22T05:50:05.870Z",
    },
    "body": {"storage": {"representation": "storage", "value": "<p>x</p>"}},
    "_links": {"webui": "/spaces/WS2/pages/12/Home"},
}
V1_PAGE: dict[str, Any] = {
    "id": "12",
    "type": "page",
    "title": "Home",
    "status": "current",
    "space": {"id": 5, "key": "WS2"},
    "ancestors": [{"id": "1"}, {"id": "7"}],
    "extensions": {"position": "none"},
    "version": {
        "number": 4,
        "message": "m",
        "minorEdit": True,
        "when": "2026-01-22T07:50:05.870+02:00",
        "by": {"userKey": "k"},
    },
    "body": {"storage": {"representation": "storage", "value": "<p>x</p>"}},
    "_links": {"webui": "/display/WS2/Home"},
}


def changed(answer: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    copy: dict[str, Any] = json.loads(json.dumps(answer))
    *parents, last = path.split(".")
    part = copy
    for name in parents:
        part = part[name]
    if value is ...:
        del part[last]
    else:
        part[last] = value
    return copy


def test_cloud_page_is_read() -> None:
    page = CLOUD.page("12").read(V2_PAGE)

    assert (page.id, page.title, page.version, page.body) == ("12", "Home", 4, "<p>x</p>")
    assert (page.ref.space_key, page.ref.parent_id, page.ref.position) == ("WS2", None, 3)
    assert page.ref.url == BASE + "/spaces/WS2/pages/12/Home"
    assert page.ref.version.when.isoformat() == "2026-01-22T05:50:05.870000+00:00"


def test_data_center_page_is_read() -> None:
    page = DATA_CENTER.page("12").read(V1_PAGE)

    assert (page.id, page.title, page.version, page.body) == ("12", "Home", 4, "<p>x</p>")
    assert (page.ref.space_key, page.ref.parent_id, page.ref.position) == ("WS2", "7", None)
    assert page.ref.version.is_minor


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("id", ...),
        ("title", 5),
        ("status", "gone"),
        ("spaceId", None),
        ("version", ...),
        ("version.number", "4"),
        ("version.number", 4.5),
        ("version.createdAt", "yesterday"),
        ("body", ...),
        ("body.storage", ...),
        ("body.storage.value", None),
        ("body.storage.representation", "view"),
    ],
)
def test_cloud_page_not_as_promised_is_refused(path: str, value: object) -> None:
    with pytest.raises(WikiAnswerError):
        CLOUD.page("12").read(changed(V2_PAGE, path, value))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("id", ...),
        ("type", "blogpost"),
        ("title", None),
        ("space", ...),
        ("ancestors", ...),
        ("version.number", "4"),
        ("version.number", True),
        ("version.when", "2026-01-22T05:50:05"),
        ("body.storage.value", ["<p>"]),
        ("body.storage.representation", "editor"),
    ],
)
def test_data_center_page_not_as_promised_is_refused(path: str, value: object) -> None:
    with pytest.raises(WikiAnswerError):
        DATA_CENTER.page("12").read(changed(V1_PAGE, path, value))


@pytest.mark.parametrize("answer", [None, [], "text", 5, {}])
def test_answer_of_another_type_is_refused(answer: object) -> None:
    for dialect in (CLOUD, DATA_CENTER):
        with pytest.raises(WikiAnswerError):
            dialect.page("12").read(answer)


def test_listing_of_archived_pages_exists_on_cloud_only() -> None:
    assert CLOUD.refs(SPACE, PageStatus.ARCHIVED) is not None
    assert DATA_CENTER.refs(SPACE, PageStatus.ARCHIVED) is None


def test_odd_ids_cannot_leave_their_part_of_the_path() -> None:
    for dialect in (CLOUD, DATA_CENTER):
        assert "../" not in dialect.page("../../admin").address
        assert dialect.page("1?x=2").address.count("?") == 1


def test_every_real_cloud_page_is_read() -> None:
    samples = sorted((shared_dir("spec") / "samples" / "cloud").glob("*.page.v2.json"))
    for path in samples:
        answer = {"spaceId": "539099246", **json.loads(path.read_text())}

        ref = CLOUD.refs(SPACE, PageStatus.CURRENT).read(answer)

        assert ref.id in path.name
        assert ref.version.number >= 1
    assert samples


def test_every_real_v1_page_and_attachment_is_read() -> None:
    folder = shared_dir("spec") / "samples"
    read = DATA_CENTER.create(SPACE, title="t", body="", parent_id=None, message="").read
    pages = sorted((folder / "cloud").glob("*.page.v1.json"))
    for path in pages:
        answer = json.loads(path.read_text())
        if "space" in answer and "version" in answer:
            assert read(answer).parent_id == answer["ancestors"][-1]["id"]
    files = sorted((folder / "data-center").glob("attachment_*.json"))
    for path in files:
        attachment = DATA_CENTER.attachments("12").read(json.loads(path.read_text()))
        assert attachment.size_bytes > 0
        assert attachment.media_type.startswith("image/")
        assert attachment.download_path.startswith("/download/")
    assert pages
    assert files
