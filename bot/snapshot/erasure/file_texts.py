"""The texts within a file that somebody attached: Office documents, PDF files and archives are unpacked.

What cannot be read is named, so that a person looks at it. Pictures, sound and films have no text here.
"""

import bz2
import gzip
import lzma
import re
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BufferedIOBase, BytesIO
from typing import IO

from bot.child_process import run_program

_MOST_BYTES = 128 * 1024 * 1024
"""As much as one file may unpack to; a bomb is more."""
_MOST_LEVELS = 4
_PDF_SECONDS = 120
_PDF_READER = "bot.snapshot.erasure.pdf_text"
_UNREADABLE = {
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "an Office file in the format of before 2007",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"Rar!\x1a\x07": "a RAR archive",
    b"\x28\xb5\x2f\xfd": "a Zstandard archive",
}
_PDF = b"%PDF-"
_BZIP2 = re.compile(rb"BZh[1-9]1AY&SY")
_XML = re.compile(rb"\s*<\?xml\b|\xef\xbb\xbf<\?xml\b")
_PARAGRAPH_END = re.compile(rb"</(?:w:p|a:p|text:p|text:h|si)>|<(?:w:br|w:cr|a:br|text:line-break)/>")
_TAG = re.compile(rb"<[^<>]*>")
_DAMAGED = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, OSError, EOFError, ValueError, RuntimeError)
"""A damaged archive; `NotImplementedError`, a method that Python does not know, is a `RuntimeError`."""


@dataclass
class Unpacker:
    """Reads one file; *unread* says what in it cannot be read, and is complete after `iter_texts`."""

    unread: list[str] = field(default_factory=list)
    _left: int = _MOST_BYTES

    def iter_texts(self, content: bytes, level: int = 0) -> Iterator[bytes]:
        """Yield a file as it is, and each text that is packed in it."""
        yield content
        packed = next((reason for magic, reason in _UNREADABLE.items() if content.startswith(magic)), None)
        if packed:
            self.unread.append(f"it is {packed}")
        elif level == _MOST_LEVELS:
            self.unread.append(f"it has archives within archives, more than {_MOST_LEVELS} deep")
        elif content.startswith((b"PK\x03\x04", b"PK\x05\x06")):
            yield from self._read_zip(content, level)
        elif stream := _open_stream(content):
            yield from self._read_member(stream, level)
        elif _is_pdf(content):
            yield from self._read_pdf(content)
        elif level and _XML.match(content):
            yield _TAG.sub(b"", _PARAGRAPH_END.sub(b"\n", content))  # an editor splits words into runs

    def _read_zip(self, content: bytes, level: int) -> Iterator[bytes]:
        try:
            with zipfile.ZipFile(BytesIO(content)) as archive:
                members = [each for each in archive.infolist() if not each.is_dir()]
                yield "\n".join(each.filename for each in members).encode("utf-8", "replace")
                for member in members:
                    if member.flag_bits & 1:
                        self.unread.append(f"{member.filename!r} in it has a password")
                    else:
                        yield from self._read_member(archive.open(member), level)
        except _DAMAGED:
            self.unread.append("it is a damaged archive")

    def _read_member(self, stream: IO[bytes] | BufferedIOBase, level: int) -> Iterator[bytes]:
        try:
            with stream:
                content = stream.read(self._left + 1)
        except _DAMAGED:
            self.unread.append("it is a damaged archive")
            return
        if len(content) > self._left:
            self.unread.append(f"it unpacks to more than {_MOST_BYTES >> 20} MB")
            return
        self._left -= len(content)
        yield from self.iter_texts(content, level + 1)

    def _read_pdf(self, content: bytes) -> Iterator[bytes]:
        """Yield the text of a PDF file, which a process without secrets reads: such files are made by strangers."""
        command = [sys.executable, "-P", "-m", _PDF_READER]
        try:
            ended = run_program(command, timeout_seconds=_PDF_SECONDS, environment={}, data=content)
        except subprocess.TimeoutExpired:
            self.unread.append(f"it is a PDF file that cannot be read within {_PDF_SECONDS} s")
            return
        yield ended.stdout
        if ended.returncode == 1:
            self.unread += ended.stderr.decode("utf-8", "replace").splitlines()
        elif ended.returncode:  # its limits of time and memory
            self.unread.append("it is a PDF file that cannot be read")


def _is_pdf(content: bytes) -> bool:
    """Return whether a file is a PDF file, also with something before its first line; a text about PDF is none."""
    return content.startswith(_PDF) or (_PDF in content[:1024] and b"startxref" in content)


def _open_stream(content: bytes) -> BufferedIOBase | None:
    """Return what a compressed file unpacks to; None for another file."""
    if content.startswith(b"\x1f\x8b"):
        return gzip.open(BytesIO(content))
    if _BZIP2.match(content):
        return bz2.open(BytesIO(content))
    return lzma.open(BytesIO(content)) if content.startswith(b"\xfd7zXZ\0") else None
