"""Paths in the snapshots: names that are unique, never change, and are valid on every file system."""

import hashlib
import re
import unicodedata
from collections.abc import Callable
from datetime import datetime

MAX_ENTRIES = 500
"""Maximum number of entries in one folder."""

_SLUG_BYTES = 80
_CHUNK = 200  # numbered files per folder
_PLAIN_ID = re.compile(r"[0-9a-z]{1,40}")
_PLAIN_KEY = re.compile(r"[A-Za-z0-9_]{1,60}")
_SOURCE = re.compile(r"/v(?P<version>\d+)(?:\.xml|-editions/(?:\d+/)?(?P<edition>\d+)\.xml)$")
_RECORD = re.compile(r"/record-(\d+)(?:-\d+)?\.json$")
_RESERVED = {"log", "con", "prn", "aux", "nul"} | {f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10)}


def slug(text: str, *, limit_bytes: int = _SLUG_BYTES, empty: str = "page") -> str:
    """Return *text* as lower-case ASCII words joined by hyphens, at most *limit_bytes* long."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^0-9a-z]+", "-", plain).strip("-")
    return words[:limit_bytes].strip("-") or empty


def safe_id(identifier: str) -> str:
    """Return *identifier* as a file name; different identifiers stay different on case-insensitive file systems."""
    if _PLAIN_ID.fullmatch(identifier) and identifier not in _RESERVED:
        return identifier
    digest = hashlib.sha256(identifier.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return f"{slug(identifier, limit_bytes=30, empty='id')}-{digest}"


def page_name(title: str, page_id: str) -> str:
    """Return the file name of a page's rendition."""
    return f"{slug(title)}--{safe_id(page_id)}.md"


def redacted_path(page_id: str) -> str:
    """Return the path, inside a bag, of what replaces the rendition of a redacted page."""
    return f"data/redacted/redacted--{safe_id(page_id)}.md"


def source_folder(page_id: str) -> str:
    """Return the folder, inside a bag, of a page's bodies and records."""
    return f"data/_source/{safe_id(page_id)}"


def source_path(page_id: str, version: int, *, edition: int = 1) -> str:
    """Return the path of a storage body; *edition* counts different bodies with the same version number."""
    first = f"{source_folder(page_id)}/{_chunked(version, f'v{version}')}"
    return f"{first}.xml" if edition == 1 else f"{first}-editions/{_chunked(edition, f'{edition}.xml')}"


def record_path(page_id: str, sequence: int, *, earlier: int = 0) -> str:
    """Return the path of the record of a page from run *sequence*; *earlier* is how many records the page has."""
    return f"{source_folder(page_id)}/{_chunked(earlier, f'record-{sequence:06}.json')}"


def cleaned_path(path: str, sequence: int) -> str:
    """Return the path of what replaces the record at *path* when run *sequence* removes a text from it.

    Raises `ValueError` if *path* is not the path of a record.
    """
    run = record_run(path)
    if run is None:
        raise ValueError(f"{path} is not the path of a record")
    return f"{path.rpartition('/')[0]}/record-{run:06}-{sequence:06}.json"


def record_run(path: str) -> int | None:
    """Return the run that a record is from; None if *path* is not the path of a record."""
    match = _RECORD.search(path)
    return int(match[1]) if match else None


def source_version(path: str) -> int:
    """Return the version number in the path of a storage body."""
    return source_order(path)[0]


def source_order(path: str) -> tuple[int, int]:
    """Return a sort key for storage bodies: version, then edition."""
    match = _SOURCE.search(path)
    if not match:
        raise ValueError(f"{path} is not the path of a storage body")
    return int(match["version"]), int(match["edition"] or 1)


def attachment_folder(page_id: str) -> str:
    """Return the folder, inside a bag, of a page's attachments."""
    return f"data/_attachments/{safe_id(page_id)}"


def attachment_path(
    page_id: str, attachment_id: str, name: str, version: int, *, folder_number: int = 1, edition: int = 1
) -> str:
    """Return the path of an attachment version; *edition* counts different files with the same version number.

    Of the *name* only the extension is used: the record has the name, so that a redaction removes it.
    """
    _, dot, extension = name.rpartition(".")
    ending = f".{extension.lower()}" if dot and re.fullmatch(r"[0-9A-Za-z]{1,10}", extension) else ""
    folder = attachment_folder(page_id) + (f"/more-{folder_number}" if folder_number > 1 else "")
    number = f"v{version}" if edition == 1 else f"v{version}-{edition}"
    return f"{folder}/{safe_id(attachment_id)}-{number}{ending}"


def bag_name(space_key: str, is_taken: Callable[[str], bool], *, number: int = 1) -> str:
    """Return a folder name for bag *number* of a space, or a later one; *is_taken* ignores case."""
    return numbered(_bag_base(space_key), is_taken, number=number)


def is_bag_of(name: str, space_key: str) -> bool:
    """Return whether a bag of this space can have this name. `VERIFY.md` has the same rule, for keys of ASCII only."""
    if not space_key.isascii():
        return True
    base = re.escape(_bag_base(space_key))
    return space_key.isprintable() and re.fullmatch(rf"{base}(?:-[1-9][0-9]*)?", name) is not None


def _bag_base(space_key: str) -> str:
    base = space_key if _PLAIN_KEY.fullmatch(space_key) else slug(space_key, limit_bytes=60, empty="space")
    is_other = base.lower() in _RESERVED or base.startswith("staging-")
    return f"space-{base}" if is_other else base


def numbered(base: str, is_taken: Callable[[str], bool], *, number: int = 1) -> str:
    """Return the first free name of *base*, `base-2`, `base-3` and so on, from *number*."""
    name = base if number == 1 else f"{base}-{number}"
    while is_taken(name):
        number += 1
        name = f"{base}-{number}"
    return name


def year_folder(when: datetime, is_full: Callable[[str], bool]) -> str:
    """Return the folder of a year: `2026`, and `2026-2` when the first is full."""
    return numbered(f"{when.year:04}", is_full)


def _chunked(number: int, name: str) -> str:
    start = number // _CHUNK * _CHUNK
    return name if start == 0 else f"{start:06}/{name}"
