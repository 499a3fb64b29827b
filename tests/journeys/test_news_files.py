"""A news item with a file: uploaded when the item is published, before the page, and never over another file."""

import hashlib
from pathlib import Path

import pytest

from tests.journeys.conftest import Desk

pytestmark = [
    pytest.mark.either_flavour,
    pytest.mark.parametrize("seed", ["demo"]),
    pytest.mark.parametrize("flavour", ["cloud", "datacenter"]),
]
FUTURE = "2099-01-01T00:00Z"
PDF = b"%PDF-1.7 the report"
LINK = '<ri:attachment ri:filename="Q1 report (final).pdf"'


@pytest.fixture
def report(adopted: Desk) -> Path:
    """A file beside the folder of the bot."""
    adopted.ran("apply", "--yes")
    path = adopted.folder / "Q1 report (final).pdf"
    path.write_bytes(PDF)
    return path


def file_on_page(desk: Desk, name: str = "Q1 report (final).pdf") -> bytes | None:
    """The bytes of a file of the home page."""
    files = desk.wiki.store.attachments
    found = files.find(desk.home_id, name)
    return None if found is None else files.data(found.id)


def attach(desk: Desk, name: str, content: bytes) -> None:
    """Attach a file to the home page as a person."""
    desk.wiki.store.attachments.add(desk.home_id, name, content, author=desk.wiki.account("ana"))


def test_a_file_is_uploaded_when_its_item_is_published_and_not_before(adopted: Desk, report: Path) -> None:
    adopted.ran("news", "add", "The report is there.", "--id", "q1", "--file", str(report), "--publish-at", FUTURE)
    report.unlink()
    adopted.ran("sync")
    assert file_on_page(adopted) is None
    assert LINK not in adopted.home_body

    adopted.ran("news", "edit", "q1", "--clear", "publish_at")
    plan = adopted.ran("plan", "--out", "plan.json", code=2)
    digest = hashlib.sha256(PDF).hexdigest()
    assert f"file {report.name}, {len(PDF)} bytes, new on the page, sha256:{digest}" in plan.out
    adopted.ran("apply", "--plan", "plan.json")

    assert file_on_page(adopted) == PDF
    assert LINK in adopted.home_body
    adopted.ran("plan", code=0)


def test_a_file_of_that_name_is_replaced_only_after_a_question(adopted: Desk, report: Path) -> None:
    attach(adopted, report.name, b"%PDF-1.4 of Ana")
    refused = adopted.ran("news", "add", "The report.", "--file", str(report), code=1)
    assert "the page has another file" in refused.err
    assert "--replace" in refused.err

    adopted.ran("news", "add", "The report.", "--id", "q1", "--file", str(report), "--offline")
    held = adopted.ran("sync", code=None)
    assert held.code != 0
    assert "ws2.yaml:" in held.err + held.out
    assert file_on_page(adopted) == b"%PDF-1.4 of Ana"
    assert LINK not in adopted.home_body

    adopted.ran("news", "edit", "q1", "--file", str(report), "--replace")
    adopted.ran("sync")
    assert file_on_page(adopted) == PDF

    report.write_bytes(PDF + b", corrected")
    adopted.ran("news", "edit", "q1", "--file", str(report))
    body = adopted.home_body
    adopted.ran("sync")  # the text is as before, and the file is not
    assert file_on_page(adopted) == PDF + b", corrected"
    assert adopted.home_body == body
    adopted.ran("plan", code=0)


@pytest.mark.parametrize("fault", ["commit-reset@post*once", "500@put*once"])
def test_an_interrupted_publication_is_completed_without_a_second_upload(
    adopted: Desk, report: Path, fault: str
) -> None:
    adopted.ran("news", "add", "The report.", "--file", str(report))
    adopted.wiki.faults.add(fault)
    adopted.ran("sync", code=None)
    adopted.wiki.faults.clear()
    adopted.ran("sync")

    assert file_on_page(adopted) == PDF
    assert LINK in adopted.home_body
    uploads = [path for method, path in adopted.writes() if method == "POST" and "child/attachment" in path]
    assert len(uploads) == 1


def test_a_missing_or_changed_file_holds_the_news_back_with_file_and_line(adopted: Desk, report: Path) -> None:
    adopted.ran("news", "add", "The report.", "--file", str(report))
    kept = adopted.folder / "files" / hashlib.sha256(PDF).hexdigest()
    line = next(n for n, text in enumerate(adopted.data.read_text().splitlines(), 1) if "file:" in text) + 1

    for content, reason in ((PDF[:-1] + b"X", "has other bytes"), (None, "does not exist")):
        kept.unlink() if content is None else kept.write_bytes(content)
        held = adopted.ran("sync", code=None)
        assert held.code != 0
        assert f"ws2.yaml:{line}" in held.out + held.err
        assert reason in held.out + held.err
        assert reason in adopted.ran("check", code=None).out
        assert file_on_page(adopted) is None
        assert LINK not in adopted.home_body


def test_hostile_files_are_refused(desk: Desk) -> None:
    desk.data.write_text("workspace: {space: WS2, home: Home}\nnews: {items: []}\n")
    source = desk.folder / "source"
    hostile = {
        "../up.pdf": PDF,
        "a\u202efdp.exe": PDF,
        "run.exe": b"MZ",
        "page.html": b"<html>",
        "fake.pdf": b"<html>",
        "fake.txt": b"<script>",
        "empty.pdf": b"",
        ".pdf": PDF,
        "CON.pdf": PDF,
        "x" * 220 + ".pdf": PDF,
    }
    for name, content in hostile.items():
        source.write_bytes(content)
        desk.ran("news", "add", "x", "--file", "source", "--file-name", name, "--offline", code=1)
    assert not (desk.folder / "files").exists()


def test_an_adoption_keeps_the_file_of_an_item_that_people_reworded(adopted: Desk, report: Path) -> None:
    adopted.ran("news", "add", "The report is there.", "--id", "q1", "--file", str(report))
    adopted.ran("sync")
    adopted.wiki.edit(adopted.home_id, adopted.home_body.replace("The report is there.", "The final report is there."))

    adopted.ran("adopt", "--yes")

    item = next(each for each in adopted.ran("news", "list", "--format", "json").json if each["id"] == "q1")
    assert "final report" in item["text"]
    assert item["file"]["name"] == report.name
    adopted.ran("plan", code=0)
