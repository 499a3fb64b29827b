"""Snapshots with everything that a log can have, and a forger who changes them and makes the lists fit again."""

import datetime as dt
import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bot.snapshot.archive.bag import MANIFEST, TAG_MANIFEST, parse_bag_info, parse_manifest, render_manifest
from bot.snapshot.archive.change_list import FileChange, render_changes
from bot.snapshot.archive.checkpoint import (
    HEAD,
    SIGNATURE,
    SUMS,
    Checkpoint,
    format_time,
    parse_checkpoint,
    render_checkpoint,
)
from bot.snapshot.archive.disk import Disk
from bot.snapshot.archive.entry import Tombstone
from bot.snapshot.archive.events import EventType, dump_event
from bot.snapshot.archive.redaction import remove_page
from bot.snapshot.archive.signature import Signer
from tests.snapshot.small_tree import CLOCK, capture_first, capture_second, finish, open_run, put_page

RUNS = 5


def make_evidence(root: Path, signer: Signer | None) -> None:
    """Write five runs: two captures, a page that is gone, a redaction, and a page that is no longer archived."""
    capture_first(root, Disk(), signer=signer)
    capture_second(root, Disk(), signer=signer)
    with open_run(root, CLOCK + dt.timedelta(days=2), signer=signer) as writer:
        bag, entry = writer.library.get_page("103")
        writer.put_entry(bag, entry.replaced(tombstone=Tombstone(when=writer.now), is_selected=False))
        put_page(writer, "104", "Secret plan", "<p>secret</p>", version=1)
        finish(writer, "103", type_=EventType.DELETION, captured=("104",))
    with open_run(root, CLOCK + dt.timedelta(days=3), signer=signer) as writer:
        event = remove_page(writer, *writer.library.get_page("104"), reason="a name", by="Ana")
        writer.finish([event], agents=())
    with open_run(root, CLOCK + dt.timedelta(days=4), signer=signer) as writer:
        bag, entry = writer.library.get_page("900")
        writer.put_entry(bag, entry.replaced(is_selected=False))
        finish(writer, "900", type_=EventType.DEACCESSION)


class Forger:
    """Changes a tree, and makes lists, head and signature fit."""

    def __init__(self, root: Path, signer: Signer | None = None) -> None:
        self.root, self.signer = root, signer
        self.changes: list[FileChange] = []
        self.events: list[dict[str, Any]] = []
        self.head = self.load_head()

    def load_head(self) -> Checkpoint:
        return parse_checkpoint((self.root / HEAD).read_bytes())

    @property
    def next(self) -> int:
        return self.head.sequence + 1

    def state(self, page: str) -> dict[str, Any]:
        """Return the state of a page in `pages.jsonl`."""
        for path in self.root.glob("*/pages.jsonl"):
            for line in path.read_bytes().splitlines():
                if json.loads(line)["page"]["id"] == page:
                    return dict(json.loads(line)["page"])
        raise LookupError(page)

    def set_state(self, page: str, **values: object) -> dict[str, Any]:
        """Change the state of a page in `pages.jsonl` and return it."""
        state = self.state(page)
        before = json.dumps(state)
        after = json.dumps(state | values)
        path = self.root / state["bag"] / "pages.jsonl"
        path.write_bytes(path.read_bytes().replace(before.encode(), after.encode()))
        return state | values

    def delete_line(self, page: str) -> None:
        """Remove a page from `pages.jsonl`."""
        path = self.root / self.state(page)["bag"] / "pages.jsonl"
        lines = path.read_bytes().splitlines(keepends=True)
        path.write_bytes(b"".join(line for line in lines if f'"id": "{page}"'.encode() not in line))

    def add_event(
        self,
        kind: str,
        pages: Sequence[str] = (),
        page: Mapping[str, object] | None = None,
        facts: Mapping[str, object] | None = None,
    ) -> str:
        """Add an event to the new run and return its id."""
        identifier = f"{self.next:06}-{len(self.events) + 1:06}"
        self.events.append(
            {
                "format": "wikibot-events/2",
                "id": identifier,
                "type": kind,
                "outcome": "success",
                "when": "",
                "pages": list(pages),
                "page": page,
                "by": ["forger"],
                "facts": dict(facts or {}),
            }
        )
        return identifier

    def change(self, verb: str, path: str, event: str, *, digest: str = "") -> None:
        """Add a line to the list of changes; a view has the path of the rendition."""
        digest = digest or self.digest(path)
        target = path.rpartition("--")[2].removesuffix(".md") if verb == "view" else path
        self.changes.append(FileChange(verb, digest, event, target))

    def digest(self, path: str) -> str:
        return hashlib.sha256((self.root / path).read_bytes()).hexdigest()

    def reseal(self) -> dict[str, str]:
        """Make manifests, `bag-info.txt`, tag manifests and `SHA256SUMS` fit the files; return its new line."""
        bags = [path.parent for path in sorted(self.root.glob("*/bagit.txt"))]
        for bag in bags:
            self._reseal_bag(bag)
        names = [".gitattributes", "README.md", "VERIFY.md"]
        names += [f"{bag.name}/{TAG_MANIFEST}" for bag in bags]
        (self.root / SUMS).write_bytes(render_manifest({name: self.digest(name) for name in names}))
        return {SUMS: self.digest(SUMS)}

    def _reseal_bag(self, bag: Path) -> None:
        files = [path for path in sorted((bag / "data").rglob("*")) if path.is_file()]
        payload = {path.relative_to(bag).as_posix(): path.read_bytes() for path in files}
        manifest = {path: hashlib.sha256(data).hexdigest() for path, data in payload.items()}
        (bag / MANIFEST).write_bytes(render_manifest(manifest))
        info = parse_bag_info((bag / "bag-info.txt").read_bytes(), name="bag-info.txt")
        info["Payload-Oxum"] = f"{sum(map(len, payload.values()))}.{len(payload)}"
        (bag / "bag-info.txt").write_text("".join(f"{label}: {value}\n" for label, value in info.items()))
        tags = parse_manifest((bag / TAG_MANIFEST).read_bytes(), name=TAG_MANIFEST)
        fresh = {name: hashlib.sha256((bag / name).read_bytes()).hexdigest() for name in tags}
        (bag / TAG_MANIFEST).write_bytes(render_manifest(fresh))

    def rewrite_head(self, **values: object) -> None:
        """Make the present head fit the files, with other values, and sign it if there is a key."""
        digests = {path: self.digest(path) for path in self.head.digests} | self.reseal()
        self._write_head(_replaced(self.head, digests=digests, **values))

    def append(self, **values: Any) -> None:
        """Add a run on top of the present head, with the events and changes since the run before."""
        before = self.head
        when = values.get("time", before.time + dt.timedelta(days=1))
        number = values.get("sequence", self.next)
        folder = (before.events_path or "").rpartition("/")[0]
        below = f"{folder}/{before.sequence:06}.checkpoint"
        shutil.copy(self.root / HEAD, self.root / below)
        digests = self.reseal()
        if (self.root / SIGNATURE).exists():
            shutil.copy(self.root / SIGNATURE, self.root / f"{below}.sig")
            digests[f"{below}.sig"] = self.digest(f"{below}.sig")
        log = f"{folder}/{number:06}"
        lines = [dump_event(event | {"when": event["when"] or format_time(when)}) for event in self.events]
        (self.root / f"{log}.events.jsonl").write_bytes(b"".join(lines))
        (self.root / f"{log}.changes").write_bytes(render_changes(self.changes))
        for path in (below, f"{log}.events.jsonl", f"{log}.changes"):
            digests[path] = self.digest(path)
        key = self.signer.fingerprint() if self.signer else None
        verdict = before.verdict if any(event["type"] == "ingestion" for event in self.events) else None
        fresh = {"sequence": number, "time": when, "key": key, "digests": digests, "next_key": None, "verdict": verdict}
        self._write_head(_replaced(before, **(fresh | values)))
        self.events, self.changes = [], []

    def rotate_to(self, key: Signer) -> None:
        """Add a run that announces another key, and sign with it from then on."""
        self.add_event("key-rotation", facts={"next_key": key.fingerprint()})
        self.append(next_key=key.fingerprint())
        self.signer = key

    def _write_head(self, head: Checkpoint) -> None:
        content = render_checkpoint(head)
        (self.root / HEAD).write_bytes(content)
        (self.root / SIGNATURE).unlink(missing_ok=True)
        if self.signer:
            (self.root / SIGNATURE).write_bytes(self.signer.sign(content))
        self.head = head


def _replaced(head: Checkpoint, **values: Any) -> Checkpoint:
    known = {name: getattr(head, name) for name in Checkpoint.__slots__}
    return Checkpoint(**(known | values))
