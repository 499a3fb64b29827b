"""`NUMBER.changes`: the payload files that a run wrote or removed, so that old heads prove what must still exist.

    # wikibot changes 2
    keep <digest> 000124-000002 WS2/data/_source/131165/v4.xml    source, record, attachment: once per path for ever
    view <digest> 000124-000002 131165                            rendition of a page; the last line of a page counts
    drop <digest> 000125-000001 WS2/data/_source/131219/v1.xml    removed, which only a redaction may do

The third word is the id of the event that explains the line; the event lists the page of the file.
"""

import re
from collections.abc import Iterable, Iterator
from enum import StrEnum
from io import BytesIO
from typing import NamedTuple

from bot.errors import EvidenceError

FORMAT_NUMBER = 2

_FIRST_LINE = f"# wikibot changes {FORMAT_NUMBER}"
_NAME = r"[A-Za-z0-9_][A-Za-z0-9._-]*"
_LINES = re.compile(
    r"^((?:keep|drop)()|view) ([0-9a-f]{64}) ([0-9]{6,}-[0-9]{6,}) "
    rf"((?(2)(?:{_NAME}/data/_(?:source|attachments)/({_NAME})/{_NAME}(?:/{_NAME})*|{_NAME}(?:/{_NAME})+)|{_NAME}))$",
    re.MULTILINE,
)
_BLOCK_BYTES = 1 << 16  # a list of 50 MB is not in memory a second time as text
_PAYLOAD_FOLDERS = frozenset({"_source", "_attachments"})
_RENDITION = re.compile(r"data/[^_/][^/]*/(?:[^/]*--)?([^/]+)\.md")


class Verb(StrEnum):
    """What a run did to a file, in the order of the lines."""

    DROP = "drop"
    KEEP = "keep"
    VIEW = "view"


DROPPED = f"\n{Verb.DROP} ".encode()
"""What the file has if the run removed something."""


class FileChange(NamedTuple):
    """One line; *target* is a path in the snapshots folder, or the page id of a view."""

    verb: str
    digest: str
    event: str
    target: str

    page: str = ""
    """The page id of the file, in the form that file names have. A list that is read has it."""


def page_of(path: str) -> str:
    """Return the page id in the path of a payload file, relative to the bag; empty if the path has another form."""
    if path.startswith("data/_"):
        parts = path.split("/", 3)
        return parts[2] if len(parts) == 4 and parts[3] and parts[1] in _PAYLOAD_FOLDERS else ""
    match = _RENDITION.fullmatch(path)
    return match[1] if match else ""


def is_rendition(path: str) -> bool:
    """Return whether a payload file is a rendition, which may change."""
    return not path.startswith("data/_")


def render_changes(changes: Iterable[FileChange]) -> bytes:
    """Return the content of the file."""
    lines = [
        f"{change.verb} {change.digest} {change.event} {change.target}"
        for change in sorted(changes, key=lambda change: (change.verb, change.target))
    ]
    return "".join(f"{line}\n" for line in [_FIRST_LINE, *lines]).encode()


def parse_changes(data: bytes, *, name: str) -> list[FileChange]:
    """Parse the file; raises `EvidenceError` with the line."""
    return list(iter_changes(data, name=name))


def iter_changes(data: bytes, *, name: str) -> Iterator[FileChange]:
    """Parse the file line by line; raises `EvidenceError` for the line that is wrong."""
    lines = BytesIO(data)
    if lines.readline().decode("utf-8", "replace") != f"{_FIRST_LINE}\n" or not data.endswith(b"\n"):
        raise EvidenceError(f"{name} is not a list of changes in format {FORMAT_NUMBER}, or ends early")
    number = 2
    while block := lines.readlines(_BLOCK_BYTES):
        found = _LINES.findall(b"".join(block).decode("utf-8", "replace"))
        if len(found) < len(block):
            wrong = next(n for n, line in enumerate(block, number) if not _LINES.match(line.decode("utf-8", "replace")))
            raise EvidenceError(f"{name}:{wrong}: is not a line of a list of changes")
        for verb, _, digest, event, target, page in found:
            yield FileChange(verb, digest, event, target, target if verb == Verb.VIEW else page)
        number += len(block)
