"""Which files a news item may have: their names, sizes and types (pure)."""

import re
import unicodedata

MAX_FILE_BYTES = 100 * 2**20
"""The largest file of a news item in bytes; 100 MiB is what wikis take if nobody changed their limit."""
_MAX_NAME_BYTES = 200
_FORBIDDEN = re.compile(r'[\\/:*?"<>|\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]')
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", re.IGNORECASE)
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_OLE = (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",)
_ANY: tuple[bytes, ...] = ()
_TYPES: dict[str, tuple[str, tuple[bytes, ...]]] = {
    "pdf": ("application/pdf", (b"%PDF-",)),
    "png": ("image/png", (b"\x89PNG\r\n\x1a\n",)),
    "jpg": ("image/jpeg", (b"\xff\xd8\xff",)),
    "jpeg": ("image/jpeg", (b"\xff\xd8\xff",)),
    "gif": ("image/gif", (b"GIF87a", b"GIF89a")),
    "webp": ("image/webp", (b"RIFF",)),
    "docx": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", _ZIP),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", _ZIP),
    "pptx": ("application/vnd.openxmlformats-officedocument.presentationml.presentation", _ZIP),
    "odt": ("application/vnd.oasis.opendocument.text", _ZIP),
    "ods": ("application/vnd.oasis.opendocument.spreadsheet", _ZIP),
    "odp": ("application/vnd.oasis.opendocument.presentation", _ZIP),
    "zip": ("application/zip", _ZIP),
    "doc": ("application/msword", _OLE),
    "xls": ("application/vnd.ms-excel", _OLE),
    "ppt": ("application/vnd.ms-powerpoint", _OLE),
    "txt": ("text/plain", _ANY),
    "md": ("text/markdown", _ANY),
    "csv": ("text/csv", _ANY),
    "ics": ("text/calendar", (b"BEGIN:VCALENDAR",)),
    "mp3": ("audio/mpeg", (b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2")),
    "mp4": ("video/mp4", _ANY),
}
HEAD_BYTES = 64
"""How many bytes at the start of a file `check_file_type` needs."""


def check_file_name(name: str) -> str:
    """Return *name*; raises `ValueError` if a wiki page or a file system would not take it as it is."""
    if bad := _FORBIDDEN.search(name):
        shown = bad[0] if bad[0].isprintable() else f"U+{ord(bad[0]):04X}"
        raise ValueError(f"the name of a file must not contain {shown}; rename the file")
    if not name.strip(" .") or name != name.strip() or name.startswith(".") or name.endswith("."):
        raise ValueError("the name of a file must not be empty, and not begin or end with a blank or a dot")
    if len(name.encode()) > _MAX_NAME_BYTES:
        raise ValueError(f"the name of a file must not be longer than {_MAX_NAME_BYTES} bytes")
    if name != unicodedata.normalize("NFC", name):
        raise ValueError("the name of a file must be in the composed form of Unicode (NFC)")
    if _RESERVED.fullmatch(name):
        raise ValueError(f"{name!r} is a reserved name on Windows; rename the file")
    if _suffix_of(name) not in _TYPES:
        raise ValueError(f"files of this type are not taken; a news item may have {', '.join(sorted(_TYPES))}")
    return name


def check_file_type(name: str, head: bytes) -> None:
    """Raise `ValueError` if the first bytes of a file do not fit the ending of its name."""
    suffix = _suffix_of(name)
    signatures = _TYPES[suffix][1]
    if signatures and not head.startswith(signatures):
        raise ValueError(f"{name!r} is not a file of the type {suffix}: its first bytes are those of another type")
    if (
        head.lstrip(b"\xef\xbb\xbf \t\r\n")
        .lower()
        .startswith((b"<!doctype", b"<html", b"<script", b"<svg", b"<?xml", b"mz"))
    ):
        raise ValueError(f"{name!r} has the first bytes of a web page or a program, not of the type {suffix}")


def media_type_of(name: str) -> str:
    """Return the media type that the ending of a file name means."""
    return _TYPES[_suffix_of(name)][0]


def _suffix_of(name: str) -> str:
    return name.rpartition(".")[2].lower() if "." in name else ""
