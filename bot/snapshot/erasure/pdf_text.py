"""Write the text of a PDF file: a program of its own, with bounded time and memory.

    python -m bot.snapshot.erasure.pdf_text < file.pdf

Each page comes as it is, and as one line, because a title may go over two lines. Exit codes: 0 all was read; 1
something was not, and the lines of the errors say what.
"""

import logging
import resource
import sys
from collections.abc import Iterator
from contextlib import suppress
from io import BytesIO

from pypdf import PdfReader

_MOST_BYTES = 1 << 30
_MOST_SECONDS = 100


def main() -> int:
    """Read standard input, write to standard output."""
    with suppress(ValueError):  # macOS does not bound the memory of a process
        resource.setrlimit(resource.RLIMIT_AS, (_MOST_BYTES, _MOST_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (_MOST_SECONDS, _MOST_SECONDS))
    logging.disable()
    unread: list[str] = []
    try:
        for text in _iter_texts(sys.stdin.buffer.read(), unread):
            sys.stdout.buffer.write(f"{text}\n{' '.join(text.split())}\n".encode("utf-8", "replace"))
        sys.stdout.buffer.flush()
    except Exception:  # noqa: BLE001 -- a damaged file can fail anywhere in the library
        unread.append("it is a PDF file that cannot be read")
    sys.stderr.write("".join(f"{why}\n" for why in unread))
    return 1 if unread else 0


def _iter_texts(content: bytes, unread: list[str]) -> Iterator[str]:
    reader = PdfReader(BytesIO(content))
    if reader.is_encrypted and not reader.decrypt(""):
        unread.append("it is a PDF file with a password")
        return
    yield from (str(value) for value in (reader.metadata or {}).values())
    has_text = False
    for number, page in enumerate(reader.pages, start=1):
        try:
            text = page.extract_text()
        except Exception:  # noqa: BLE001 -- as above; other pages may be readable
            unread.append(f"it is a PDF file whose page {number} cannot be read")
            continue
        has_text = has_text or bool(text.strip())
        yield text
    if not has_text:
        unread.append("it is a PDF file without text, such as a scan")
    if next(iter(reader.attachment_list), None) is not None:
        unread.append("it is a PDF file that has other files within")


if __name__ == "__main__":
    sys.exit(main())
