"""What remains of a redacted page: the record of the redaction, and a note in the place of the rendition."""

from datetime import datetime
from typing import ClassVar, Literal

from bot.errors import EvidenceError, RedactedError
from bot.escape import escape_markdown
from bot.file_format import FileDocument
from bot.snapshot.archive import paths
from bot.snapshot.archive.bag import Bag
from bot.snapshot.archive.canonical_json import dump_json
from bot.snapshot.archive.checkpoint import format_time
from bot.snapshot.archive.entry import PageEntry
from bot.snapshot.archive.events import Event, EventOutcome, EventType, check_free_texts
from bot.snapshot.archive.frontmatter import render_front_matter
from bot.snapshot.archive.holds import check_not_held
from bot.snapshot.archive.library import Library
from bot.snapshot.archive.writer import SnapshotWriter


class RedactionRecord(FileDocument):
    """`redaction-NUMBER.json`: what remains of a redacted page, in place of its record."""

    KIND: ClassVar[str] = "wikibot-redaction"
    NUMBER: ClassVar[int] = 2

    format: Literal["wikibot-redaction/2"] = "wikibot-redaction/2"
    """Format of the file."""
    page_id: str
    """Page id."""
    sequence: int
    """Number of the run that removed the content."""
    redacted_at: str
    """Time of that run."""
    by: str
    """Who removed the content."""
    reason: str
    """Why the content was removed."""
    removed: dict[str, str]
    """Path in the bag → SHA-256 of each removed file; the path of the rendition, which has the title, is left out."""


def redacted_title(page_id: str) -> str:
    """Return the text that replaces the title of a redacted page."""
    return f"Redacted page {page_id}"


def find_redactable(library: Library, page: str) -> tuple[Bag, PageEntry]:
    """Return a captured page; raises `RedactedError`, or `SnapshotError` if it is not captured or held."""
    bag, entry = library.get_page(page)
    if entry.redacted_at is not None:
        raise RedactedError(f"page {entry.page_id} was redacted on {entry.redacted_at.date().isoformat()} already")
    check_not_held(library, entry.page_id)
    return bag, entry


def remove_page(writer: SnapshotWriter, bag: Bag, entry: PageEntry, *, reason: str, by: str) -> Event:
    """Remove bodies, records, attachments and rendition of a page; return the event.

    Id, versions and all digests of the page stay, in a redaction record. The chain stays valid, because heads contain
    only digests. A later capture skips the page and reports this.
    """
    check_free_texts("a redaction", reason=reason, by=by)
    removed = _remove_content(writer, bag, entry)
    path = f"{paths.source_folder(entry.page_id)}/redaction-{writer.sequence:06}.json"
    document = RedactionRecord(
        by=by,
        page_id=entry.page_id,
        reason=reason,
        redacted_at=format_time(writer.now),
        removed=removed,
        sequence=writer.sequence,
    )
    writer.put(bag, path, dump_json(document.content()))
    stub = paths.redacted_path(entry.page_id)
    writer.drop(bag, entry.path)
    writer.put(bag, stub, render_stub(entry, reason, when=writer.now, run=writer.sequence))
    writer.put_entry(
        bag,
        entry.replaced(
            record_path=path,
            source_path=path,
            path=stub,
            converter="",
            redacted_at=writer.now,
        ),
    )
    facts = {"by": by, "reason": reason, "removed_files": len(removed)}
    return Event(EventType.REDACTION, EventOutcome.SUCCESS, f"{entry.title}: {reason}", (entry.page_id,), facts)


def _remove_content(writer: SnapshotWriter, bag: Bag, entry: PageEntry) -> dict[str, str]:
    folders = (f"{paths.source_folder(entry.page_id)}/", f"{paths.attachment_folder(entry.page_id)}/")
    removed = {path: digest for path, digest in bag.manifest.items() if path.startswith(folders)}
    for path in removed:
        try:
            writer.drop(bag, path)
        except OSError as error:
            raise EvidenceError(f"{bag.name}/{path} is not there to be redacted; see `wikibot verify`") from error
    return removed | {"rendition": bag.manifest[entry.path]}


def render_stub(entry: PageEntry, reason: str, *, when: datetime, run: int) -> bytes:
    """Return what takes the place of the rendition of a redacted page."""
    front = render_front_matter(
        {
            "page_id": entry.page_id,
            "redacted_at": format_time(when),
            "source_sha256": entry.source_sha256,
            "version": entry.version,
        }
    )
    text = (
        f"{front}\n# Redacted page {escape_markdown(entry.page_id)}\n\n"
        f"The content of this page was removed: {escape_markdown(reason)}. The digests of what was here are kept\n"
        f"in the record of the redaction, run {run}.\n"
    )
    return text.encode("utf-8", "replace")
