"""Describe the differences between two records of one page."""

from collections.abc import Iterable

from bot.plural import counted
from bot.snapshot.archive.record import PageRecord


def describe_changes(before: PageRecord | None, after: PageRecord) -> list[str]:
    """Return one line per change; empty if the records do not differ."""
    if before is None:
        return [f"first captured at version {after.version.number}"]
    lines = []
    if before.version.number != after.version.number:
        lines.append(f"version {before.version.number} → {after.version.number}")
    elif before.source_sha256 != after.source_sha256:
        lines.append(f"the body changed while its version stayed {after.version.number}")
    if before.title != after.title:
        lines.append(f"renamed from {before.title!r} to {after.title!r}")
    lines += _describe_place(before, after)
    if before.status != after.status:
        lines.append(f"status {before.status.value} → {after.status.value}")
    lines += _added_and_removed("label", before.labels, after.labels)
    lines += _describe_attachments(before, after)
    lines += _describe_comments(before, after)
    for name, old, new in (
        ("readers", before.restrictions.readers, after.restrictions.readers),
        ("editors", before.restrictions.editors, after.restrictions.editors),
    ):
        if old != new:
            lines.append(f"{name} restricted to {', '.join(new) or 'nobody in particular'}")
    return lines or ["its data changed"]


def _describe_place(before: PageRecord, after: PageRecord) -> list[str]:
    if before.space_key != after.space_key:
        return [f"moved from space {before.space_key} to {after.space_key}"]
    if before.parent_id != after.parent_id:
        old, new = (record.ancestors[-1].title if record.ancestors else "the top" for record in (before, after))
        return [f"moved from under {old!r} to under {new!r}"]
    if before.ancestors != after.ancestors:
        return ["a page above it was moved or renamed"]
    return ["reordered among its siblings"] if before.position != after.position else []


def _describe_attachments(before: PageRecord, after: PageRecord) -> list[str]:
    old = {file.id: file for file in before.attachments}
    new = {file.id: file for file in after.attachments}
    lines = _added_and_removed(
        "attachment",
        [file.name for file in before.attachments if file.id not in new],
        [file.name for file in after.attachments if file.id not in old],
    )
    changed = [file.name for file in after.attachments if file.id in old and old[file.id] != file]
    return lines + [f"attachment {name} changed" for name in changed]


def _describe_comments(before: PageRecord, after: PageRecord) -> list[str]:
    old = {comment.id: comment for comment in before.comments}
    new = {comment.id: comment for comment in after.comments}
    counts = {
        "added": len(new.keys() - old.keys()),
        "removed": len(old.keys() - new.keys()),
        "edited": 0,
        "resolved or reopened": 0,
    }
    for comment_id in new.keys() & old.keys():
        a, b = old[comment_id], new[comment_id]
        if a.replaced(is_resolved=b.is_resolved) != b:
            counts["edited"] += 1
        elif a != b:
            counts["resolved or reopened"] += 1
    return [f"{counted(number, 'comment')} {what}" for what, number in counts.items() if number]


def _added_and_removed(what: str, before: Iterable[str], after: Iterable[str]) -> list[str]:
    old, new = set(before), set(after)
    added = [f"{what} {name} added" for name in sorted(new - old)]
    return added + [f"{what} {name} removed" for name in sorted(old - new)]
