"""Publish the head elsewhere, so that a rollback to an older state or a forgery with the signing key is detectable."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from pathlib import Path

import requests

from bot.errors import BotError, SnapshotError
from bot.snapshot.archive.checkpoint import HEAD, SIGNATURE, format_time, parse_checkpoint, read_head
from bot.snapshot.archive.evidence_state import EvidenceState, RememberedHead
from bot.snapshot.archive.folder import Folder
from bot.wiki.gateway import Page, Version, WikiGateway
from bot.wiki.write_order import write_in_order

_TIMEOUT_SECONDS = 30
_KEPT = "This page is maintained by wikibot: it contains the head of its snapshots."


@dataclass(frozen=True, slots=True)
class PublishedHead:
    """A head as published. *digest* is the argument of `verify --witness`."""

    origin: str
    sequence: int
    time: str
    digest: str
    checkpoint: str
    signature: str | None


Publisher = Callable[[PublishedHead], None]
"""Publishes to one place; raises a `BotError` if this fails."""


def load_published_head(root: Path) -> PublishedHead | None:
    """Read the current head; None if nothing was captured."""
    folder = Folder(root)
    data = read_head(folder)
    if data is None:
        return None
    head = parse_checkpoint(data, name=str(root / HEAD))
    signature = folder.read(SIGNATURE).decode("ascii") if head.key else None
    return PublishedHead(
        head.origin,
        head.sequence,
        format_time(head.time),
        hashlib.sha256(data).hexdigest(),
        data.decode(),
        signature,
    )


def publish(state: EvidenceState, publishers: dict[str, Publisher]) -> list[str]:
    """Publish the head to every place that does not have it yet, and return the names of these places.

    The state remembers the last head of each place, so that a place that failed is tried next time. Raises the first
    `BotError` after all places were tried.
    """
    head = load_published_head(state.root)
    if head is None:
        return []
    known = state.memory.witnesses
    current = RememberedHead(sequence=head.sequence, sha256=head.digest)
    published, failure = [], None
    for name, publish_to in publishers.items():
        if name in known and known[name].told == current:
            continue
        try:
            publish_to(head)
        except BotError as error:
            failure = failure or error
            continue
        state.note_witness(name, told=current)
        published.append(name)
    if failure:
        raise failure
    return published


def to_webhook(url: str) -> Publisher:
    """Return a publisher that posts the head as JSON."""

    def publish_head(head: PublishedHead) -> None:
        payload = {
            "origin": head.origin,
            "sequence": head.sequence,
            "time": head.time,
            "sha256": head.digest,
            "checkpoint": head.checkpoint,
            "signature": head.signature,
        }
        try:
            requests.post(url, json=payload, timeout=_TIMEOUT_SECONDS).raise_for_status()
        except requests.RequestException as error:
            raise SnapshotError(
                f"the capture is written, but its head could not be posted to {url}: {error}; the next run tries again"
            ) from error

    return publish_head


def to_wiki_page(gateway: WikiGateway, space_key: str, title: str) -> Publisher:
    """Return a publisher that writes a page of the wiki; a page without wikibot's note stays unchanged."""

    def publish_head(head: PublishedHead) -> None:
        body = render_head_page(head)
        message = f"snapshots: head of run {head.sequence}"
        ref = gateway.find_page(space_key, title)
        if ref is None:
            gateway.create_page(space_key, title=title, body=body, parent_id=None, message=message)
            return

        def attempt(page: Page) -> Version:
            if _KEPT not in page.body:
                raise SnapshotError(
                    f"the page {title!r} in space {space_key} was not created by wikibot; "
                    "name another in snapshots.publish_page"
                )
            return gateway.update_page(page, body, message=message)

        write_in_order(gateway, ref.id, check=lambda: None, attempt=attempt)

    return publish_head


def render_head_page(head: PublishedHead) -> str:
    """Return the storage format of the page that shows the head."""
    rows = {
        "Run": str(head.sequence),
        "Time": head.time,
        "SHA-256 of CHECKPOINT": head.digest,
        "Signed": "yes" if head.signature else "no",
    }
    cells = "".join(f"<tr><th>{name}</th><td><code>{escape(value)}</code></td></tr>" for name, value in rows.items())
    return (
        f"<p>{_KEPT} To require that a copy of the snapshots descends from it, run "
        f"<code>wikibot verify --witness {head.digest}</code></p><table><tbody>{cells}</tbody></table>"
    )
