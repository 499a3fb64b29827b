"""A changed output needs a new converter number: snapshots name the number, and `verify --renditions` relies on it.

`converter_digests.txt` has a line for each body of the golden corpus: converter number, digest of the body, digest of
what is made of it. After raising `CONVERTER_VERSION`, run this file once with `UPDATE_CONVERTER_DIGESTS=1`: this adds
lines for the new number. It never replaces a line.
"""

import datetime as dt
import hashlib
import os
from pathlib import Path

import pytest

from bot.convert import CONVERTER_VERSION, convert_page
from bot.snapshot.archive.record import (
    PageRecord,
    RecordedComment,
    RecordedFile,
    RecordedPerson,
    RecordedStatus,
    RecordedVersion,
)
from bot.snapshot.capture.rendition import render_page
from tests.convert.known_page import KNOWN_PAGE

DIGESTS = Path(__file__).with_name("converter_digests.txt")
BODIES = sorted((Path(__file__).resolve().parents[1] / "pages").glob("*.xml"))
WHEN = dt.datetime(2024, 3, 1, 9, tzinfo=dt.UTC)
ANA = RecordedVersion(number=3, when=WHEN, author=RecordedPerson(id="557058:ana", display_name="Ana"), message="third")


def test_the_output_of_a_converter_number_never_changes() -> None:
    recorded = load()
    made = {digest_of(body.read_bytes()): output_digest(body.read_text("utf-8")) for body in BODIES}
    missing = {body: output for body, output in made.items() if (CONVERTER_VERSION, body) not in recorded}
    if os.environ.get("UPDATE_CONVERTER_DIGESTS"):
        lines = [f"{CONVERTER_VERSION} {body} {output}\n" for body, output in missing.items()]
        DIGESTS.write_text(DIGESTS.read_text() + "".join(lines))
        recorded, missing = load(), {}

    changed = [body for body, output in made.items() if recorded.get((CONVERTER_VERSION, body), output) != output]
    assert not changed, (
        f"the output for {len(changed)} bodies has changed: raise CONVERTER_VERSION in bot/convert/context.py, and run "
        "this test with UPDATE_CONVERTER_DIGESTS=1"
    )
    assert not missing, "new bodies: run this test with UPDATE_CONVERTER_DIGESTS=1"


def test_the_present_number_is_the_highest() -> None:
    assert max(int(number) for number, _ in load()) == int(CONVERTER_VERSION)


@pytest.mark.parametrize("change", ["front matter", "body", "comment"])
def test_the_digest_covers_all_parts_of_the_file(change: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = output_digest("<p>Hello <strong>there</strong></p>")
    target, name = {
        "front matter": ("bot.snapshot.capture.rendition", "render_front_matter"),
        "body": ("bot.convert", "convert_page"),
        "comment": ("bot.snapshot.capture.rendition", "_render_comments"),
    }[change]
    monkeypatch.setattr(f"{target}.{name}", _changed(name))

    assert output_digest("<p>Hello <strong>there</strong></p>") != before


def _changed(name: str) -> object:
    match name:
        case "render_front_matter":
            return lambda _values: "---\n---\n"
        case "convert_page":
            return lambda _body, context: convert_page("<p>other</p>", context)
        case _:
            return lambda *_arguments: iter(["other"])


def load() -> dict[tuple[str, str], str]:
    lines = [line.split() for line in DIGESTS.read_text().splitlines()]
    return {(number, body): output for number, body, output in lines}


def output_digest(body: str) -> str:
    """Return the digest of a whole Markdown file, and of the conversion with everything that can be known of a page."""
    conversion = convert_page(body, KNOWN_PAGE)
    losses = "".join(f"{loss.kind}\t{loss.what}\t{loss.detail}\n" for loss in conversion.losses)
    rendition = render_page(record_of(body), body, "data/2024/board-meeting--1001.md", "https://wiki.example.org/wiki")
    return digest_of(rendition.markdown + conversion.markdown.encode("utf-8", "replace") + losses.encode())


def record_of(body: str) -> PageRecord:
    note = RecordedComment(id="7", body=body, version=ANA)
    answer = RecordedComment(id="8", body="<p>Yes.</p>", version=ANA, parent_id="7", is_resolved=True)
    file = RecordedFile(
        id="att1",
        name="diagram.png",
        media_type="image/png",
        comment="",
        size_bytes=4,
        version=ANA,
        path="data/_attachments/1001/diagram--att1-v1.png",
        sha256="0" * 64,
    )
    return PageRecord(
        page_id="1001",
        path="data/2024/board-meeting--1001.md",
        space_key="WS2",
        title="Board meeting: “A & B”",
        url="https://wiki.example.org/wiki/pages/1001",
        status=RecordedStatus.CURRENT,
        parent_id="1000",
        position=1,
        version=ANA,
        source_path="data/_source/1001/v3.xml",
        source_sha256=hashlib.sha256(body.encode()).hexdigest(),
        source_bytes=len(body.encode()),
        captured_at=WHEN,
        labels=("archived", "board"),
        attachments=(file,),
        comments=(note, answer),
    )


def digest_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:24]
