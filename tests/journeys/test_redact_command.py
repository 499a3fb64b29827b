"""`wikibot redact`: what is said before and after, and how it ends."""

from pathlib import Path

import pytest

from tests.journeys.conftest import HOME, Desk
from tests.snapshot.packed_files import pdf_of
from tests.snapshot.small_tree import tree_bytes

pytestmark = [
    pytest.mark.either_flavour,
    pytest.mark.parametrize("flavour", ["cloud", "datacenter"]),
    pytest.mark.parametrize("seed", ["demo"]),
]
TITLE = "Zebra plan of May"
TEXT = "the striped animals leave the enclosure at dawn through the north gate"


@pytest.fixture(autouse=True)
def page(desk: Desk) -> str:
    """The id of a captured page, which another captured page includes."""
    desk.data.write_text(f"workspace: {{space: WS2, home: {HOME}}}\n")
    page_id = desk.wiki.add_page(TITLE, f"<p>{TEXT}</p>", labels=("archived",))
    link = f'<ac:parameter ac:name=""><ac:link><ri:page ri:content-title="{TITLE}" /></ac:link></ac:parameter>'
    body = f'<ac:structured-macro ac:name="include">{link}</ac:structured-macro>'
    desk.wiki.add_page("Overview", body, labels=("archived",))
    return page_id


def files_with(folder: Path, text: str) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.is_file() and text.encode() in path.read_bytes()]


def test_an_included_page_is_removed_everywhere(desk: Desk, page: str) -> None:
    settings = desk.folder / "bot.yaml"
    settings.write_text(settings.read_text().replace("signing_key: none", "signing_key: none, git: true"))
    desk.ran("snapshot")
    assert desk.ran("search", "striped animals").out.count(TEXT[:11]) == 2

    ran = desk.ran("redact", TITLE, "--reason", "personal data", "--by", "Ana", "--yes")

    assert "cleaned and rendered again: Overview" in ran.out
    assert "not changed: Overview" in ran.err
    assert f"redacted page {page}" in ran.out
    assert files_with(desk.folder / "snapshots", TEXT) == []
    assert [name for name in files_with(desk.folder / "snapshots", TITLE) if not name.endswith(".xml")] == []
    assert "nothing found" in desk.ran("search", "striped animals", code=1).err
    assert desk.ran("verify", "--format", "json").json["findings"] == []
    assert "complete" in desk.ran("snapshot", "--format", "json").json["verdict"]


def test_a_file_that_could_not_be_searched_is_named_and_ends_with_1(desk: Desk, page: str) -> None:
    other = desk.wiki.add_page("Minutes", "<p>other</p>", labels=("archived",))
    desk.wiki.store.attachments.add(
        int(other), "scan.pdf", pdf_of(), author=desk.wiki.account("ana"), media_type="application/pdf"
    )
    desk.ran("snapshot")

    ran = desk.ran("redact", page, "--reason", "personal data", "--by", "Ana", "--yes", code=1)

    assert f"attachments/{other}/" in ran.err
    assert "it is a PDF file without text, such as a scan; look at it yourself" in ran.err
    assert "1 file could not be searched" in ran.err
    assert files_with(desk.folder / "snapshots", TEXT) == []


def test_without_consent_nothing_is_written(desk: Desk, page: str) -> None:
    desk.ran("snapshot")
    before = tree_bytes(desk.folder / "snapshots")

    ran = desk.ran("redact", page, "--reason", "personal data", code=None)

    assert ran.code != 0
    assert "Overview" in ran.out + ran.err
    assert tree_bytes(desk.folder / "snapshots") == before


@pytest.mark.parametrize("reason", [" ", "asked\nfor"])
def test_without_a_reason_on_one_line_nothing_is_deleted(desk: Desk, page: str, reason: str) -> None:
    desk.ran("snapshot")
    desk.ran("search", "striped animals")
    before = tree_bytes(desk.folder)

    refused = desk.ran("redact", page, "--reason", reason, "--yes", code=1)

    assert "a redaction needs a reason" in refused.err
    assert tree_bytes(desk.folder) == before


def test_a_copy_of_the_text_on_another_page_ends_with_1_until_that_page_is_redacted(desk: Desk, page: str) -> None:
    copied = desk.wiki.add_page("Copied", f"<ul><li><em>{TEXT}</em></li></ul>", labels=("archived",))
    desk.ran("snapshot")

    first = desk.ran("redact", page, "--reason", "personal data", "--yes", code=1)

    assert f"Copied ({copied}): its own words or files have the text" in first.err
    desk.ran("redact", copied, "--reason", "personal data", "--yes")
    assert files_with(desk.folder / "snapshots", TEXT) == []
