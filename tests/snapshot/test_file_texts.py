"""Texts within files: what Office, PDF and archives have is read, and what cannot be read is named."""

import base64
import bz2
import gzip
import io
import itertools
import lzma
import sys

import pytest
from pypdf import PdfReader, PdfWriter
from selenium.webdriver.remote.webdriver import WebDriver

from bot.child_process import run_program
from bot.snapshot.erasure import file_texts
from bot.snapshot.erasure.file_texts import Unpacker
from bot.snapshot.erasure.needles import Needles
from tests.chromium import browser, chromium
from tests.snapshot.packed_files import docx_of, pdf_of, zip_of

__all__ = ["browser", "chromium"]

TITLE = "Zebra plan of May"
LINE = "the striped animals leave the enclosure at dawn through the north gate"
NEEDLES = Needles({TITLE}, lines={LINE})


def read(content: bytes) -> tuple[set[str], list[str]]:
    """Return which of title and text was found, and what was not read."""
    unpacker = Unpacker()
    hits = [NEEDLES.find(text) for text in unpacker.iter_texts(content)]
    return set().union(*({*hit.titles, *hit.lines} for hit in hits)), unpacker.unread


def with_password(content: bytes) -> bytes:
    writer, made = PdfWriter(PdfReader(io.BytesIO(content))), io.BytesIO()
    writer.encrypt("secret", algorithm="AES-256")
    writer.write(made)
    return made.getvalue()


def zip_with_password() -> bytes:
    """Return an archive whose flags say that its member is encrypted."""
    made = bytearray(zip_of({"notes.txt": LINE.encode()}))
    made[6] |= 1
    made[made.index(b"PK\x01\x02") + 8] |= 1
    return bytes(made)


def nested(content: bytes, levels: int) -> bytes:
    for _ in range(levels):
        content = zip_of({"inner.zip": content})
    return content


@pytest.mark.parametrize(
    "content",
    [
        docx_of("Before", TITLE, LINE),
        pdf_of("Before", "Zebra plan of", "May", LINE[:40], LINE[40:]),
        b"sent by a device\n" + pdf_of(TITLE, LINE),
        zip_of({"a.txt": TITLE.encode(), "deep/b.txt": LINE.encode()}),
        zip_of({f"{TITLE}.txt": LINE.encode()}),
        zip_of({"a.docx": docx_of(TITLE, LINE), "b.pdf": pdf_of("other words")}),
        gzip.compress(f"{TITLE}\n{LINE}".encode()),
        bz2.compress(f"{TITLE}\n{LINE}".encode()),
        lzma.compress(f"{TITLE}\n{LINE}".encode()),
        gzip.compress(zip_of({"a.pdf": pdf_of(TITLE, LINE)})),
    ],
    ids=[
        "docx",
        "pdf",
        "pdf behind a line",
        "zip",
        "name in zip",
        "docx in zip",
        "gzip",
        "bzip2",
        "xz",
        "pdf in zip in gzip",
    ],
)
def test_title_and_text_are_found(content: bytes) -> None:
    assert read(content) == ({TITLE, LINE}, [])


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"plain",
        b"\x89PNG\r\n\x1a\n\0",
        b"<p>%PDF-1.7 begins a file</p>",
        b"BZhello",
        docx_of("other"),
        pdf_of("other"),
    ],
    ids=map(str, itertools.count()),
)
def test_nothing_is_found_and_nothing_unread_in_other_files(content: bytes) -> None:
    assert read(content) == (set(), [])


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (with_password(pdf_of(LINE)), "PDF file with a password"),
        (pdf_of(), "PDF file without text"),
        (pdf_of(LINE)[:120], "PDF file that cannot be read"),
        (b"%PDF-1.7\n" + b"[" * 100_000, "PDF file that cannot be read"),
        (zip_with_password(), "'notes.txt' in it has a password"),
        (zip_of({"a": LINE.encode()})[:40], "damaged archive"),
        (gzip.compress(LINE.encode())[:-9], "damaged archive"),
        (nested(LINE.encode(), 6), "archives within archives"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + LINE.encode("utf-16"), "before 2007"),
        (zip_of({"old.doc": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"}), "before 2007"),
        (b"7z\xbc\xaf\x27\x1c\0\4", "7z"),
        (b"Rar!\x1a\x07\1\0", "RAR"),
        (b"\x28\xb5\x2f\xfd\4", "Zstandard"),
    ],
    ids=map(str, itertools.count()),
)
def test_what_cannot_be_read_is_named(content: bytes, reason: str) -> None:
    _, unread = read(content)

    assert len(unread) == 1
    assert reason in unread[0]


def test_a_bomb_is_named_and_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_texts, "_MOST_BYTES", 1 << 20)
    bomb = zip_of({f"{number}.txt": bytes(600_000) for number in range(9)})
    unpacker = Unpacker(_left=1 << 20)

    sizes = [len(text) for text in unpacker.iter_texts(bomb)]

    assert sum(sizes[1:]) < 1 << 20
    assert set(unpacker.unread) == {"it unpacks to more than 1 MB"}


def test_the_program_that_reads_a_pdf_has_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WIKIBOT_WIKI__TOKEN", "secret")
    shows = [sys.executable, "-c", "import os; print('ENVIRONMENT', dict(os.environ))"]
    monkeypatch.setattr(file_texts, "run_program", lambda _command, **options: run_program(shows, **options))

    texts = list(Unpacker().iter_texts(pdf_of("other")))

    assert b"ENVIRONMENT" in texts[-1]
    assert b"secret" not in texts[-1]


@pytest.mark.browser
def test_a_page_printed_by_a_browser_is_read(browser: WebDriver) -> None:
    browser.get(f"data:text/html;charset=utf-8,<title>{TITLE}</title><p>{LINE}</p>")

    printed = base64.b64decode(browser.execute_cdp_cmd("Page.printToPDF", {})["data"])

    assert LINE.encode() not in printed
    assert read(printed) == ({TITLE, LINE}, [])
