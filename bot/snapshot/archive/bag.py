"""BagIt bags (RFC 8493): the manifests of a bag, updated without reading the payload again."""

import hashlib
import re
from collections import defaultdict
from dataclasses import dataclass, field

from bot.errors import EvidenceError
from bot.snapshot.archive.change_list import page_of
from bot.snapshot.archive.entry import PageEntry, dump_entries, entry_of, parse_lines, state_of
from bot.snapshot.archive.folder import Folder, check_path
from bot.snapshot.archive.paths import source_order

MAX_PAGES = 500
"""Maximum number of pages in one bag, so that its source folders do not exceed the limit of entries per folder."""

MANIFEST, TAG_MANIFEST, PAGES = "manifest-sha256.txt", "tagmanifest-sha256.txt", "pages.jsonl"
BAGIT_TXT = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
TAG_FILES = ("README.md", "bag-info.txt", "bagit.txt", MANIFEST, PAGES)
"""Files in the tag manifest."""

_MANIFEST_LINE = re.compile(r"([0-9a-f]{64})  ([!-~][ -~]*)")


@dataclass
class Bag:
    """One bag of one space: its manifest and page entries in memory, the payload on disk."""

    name: str
    space_key: str
    origin: str
    manifest: dict[str, str] = field(default_factory=dict)
    entries: dict[str, PageEntry] = field(default_factory=dict)
    payload_bytes: int = 0
    is_changed: bool = False

    def add(self, path: str, digest: str, *, size_bytes: int, old_bytes: int | None = None) -> None:
        """Record a payload file; *old_bytes* is the size of the file that it replaces.

        Raises `EvidenceError` if the file exists and *old_bytes* is None, or the reverse.
        """
        if (path in self.manifest) != (old_bytes is not None):
            raise EvidenceError(f"{self.name}/{path} was captured already and is never overwritten")
        self.manifest[path] = digest
        self.payload_bytes += size_bytes - (old_bytes or 0)
        self.is_changed = True

    def drop(self, path: str, *, size_bytes: int) -> None:
        """Remove a payload file from the manifest (a redaction)."""
        del self.manifest[path]
        self.payload_bytes -= size_bytes
        self.is_changed = True

    def put_entry(self, entry: PageEntry) -> None:
        """Set the entry of a page; of a redacted page only the state is left."""
        if entry.redacted_at:
            entry = entry_of(state_of(entry, self.name), None, self.space_key, ())
        self.entries[entry.page_id] = entry
        self.is_changed = True

    def tag_files(self, readme: bytes) -> dict[str, bytes]:
        """Return all tag files of the bag, by path in the bag."""
        files = {
            "README.md": readme,
            "bag-info.txt": self.bag_info(),
            "bagit.txt": BAGIT_TXT,
            MANIFEST: render_manifest(self.manifest),
            PAGES: dump_entries(self.entries, self.name),
        }
        files[TAG_MANIFEST] = render_manifest({path: sha256(data) for path, data in files.items()})
        return files

    def bag_info(self) -> bytes:
        """Return `bag-info.txt`. It has no date and no version, so that `verify` can make it again."""
        lines = {
            "Bag-Group-Identifier": self.origin,
            "External-Description": f"Pages of space {self.space_key}, as Markdown and as received",
            "External-Identifier": self.space_key,
            "Payload-Oxum": f"{self.payload_bytes}.{len(self.manifest)}",
        }
        return "".join(f"{label}: {_one_line(value)}\n" for label, value in sorted(lines.items())).encode()


def load_bag(folder: Folder, name: str, tag_digest: str) -> Bag:
    """Read the tag files of a bag, whose tag manifest has the SHA-256 *tag_digest*.

    Raises `EvidenceError` if one is missing, changed or malformed.
    """
    tags_at = f"{name}/{TAG_MANIFEST}"
    tags = parse_manifest(folder.read_checked(tags_at, tag_digest, named_by="SHA256SUMS"), name=tags_at)

    def read(file: str) -> bytes:
        return folder.read_checked(f"{name}/{file}", tags.get(file), named_by=tags_at)

    info = parse_bag_info(read("bag-info.txt"), name=f"{name}/bag-info.txt")
    manifest = parse_manifest(read(MANIFEST), name=f"{name}/{MANIFEST}")
    pages = read(PAGES)
    try:
        entries = parse_entries(pages, manifest, info["External-Identifier"], bag=name)
        octets = int(info["Payload-Oxum"].partition(".")[0])
        return Bag(name, info["External-Identifier"], info["Bag-Group-Identifier"], manifest, entries, octets)
    except (KeyError, ValueError) as error:
        raise EvidenceError(f"the bag {folder.root / name} cannot be read ({error}); see `wikibot verify`") from error


def parse_entries(data: bytes, manifest: dict[str, str], space_key: str, *, bag: str) -> dict[str, PageEntry]:
    """Parse `pages.jsonl` and find the bodies of each page in the manifest."""
    sources: dict[str, list[str]] = defaultdict(list)
    for path in manifest:
        if path.endswith(".xml") and path.startswith("data/_source/"):
            sources[page_of(path)].append(path)
    entries = {}
    for line in parse_lines(data, name=f"{bag}/{PAGES}"):
        entry = entry_of(line.page, line.shown, space_key, sorted(sources[line.page.id], key=source_order))
        entries[entry.page_id] = entry
    return entries


def render_manifest(digests: dict[str, str]) -> bytes:
    """Return a manifest, sorted by path; `sha256sum -c` can read the manifest."""
    return "".join(f"{digest}  {path}\n" for path, digest in sorted(digests.items())).encode()


def parse_manifest(data: bytes, *, name: str) -> dict[str, str]:
    """Parse a manifest, which must have exactly the form that `render_manifest` writes: path → digest.

    Raises `EvidenceError` for any other form: other spacing, upper-case digests, a path twice or out of order.
    """
    digests: dict[str, str] = {}
    for number, line in enumerate(data.decode("utf-8", "replace").split("\n")[:-1], start=1):
        match = _MANIFEST_LINE.fullmatch(line)
        if not match:
            raise EvidenceError(f"{name}:{number}: is not a line of a manifest")
        digest, path = match.groups()
        if path in digests:
            raise EvidenceError(f"{name}:{number}: lists {path} twice")
        digests[check_path(path, named_by=f"{name}:{number}")] = digest
    if render_manifest(digests) != data:
        raise EvidenceError(f"{name} is not in canonical form: lines out of order, or no newline at the end")
    return digests


def bag_names(sums: dict[str, str]) -> list[str]:
    """Return the names of the bags that `SHA256SUMS` lists."""
    return [path.rpartition("/")[0] for path in sums if path.endswith(f"/{TAG_MANIFEST}")]


def parse_bag_info(data: bytes, *, name: str) -> dict[str, str]:
    """Parse `bag-info.txt`, whose lines are never folded."""
    fields: dict[str, str] = {}
    for number, line in enumerate(data.decode("utf-8", "replace").splitlines(), start=1):
        label, colon, value = line.partition(": ")
        if not colon or label in fields:
            raise EvidenceError(f"{name}:{number}: is not `Label: value`, or repeats a label")
        fields[label] = value
    return fields


def sha256(data: bytes) -> str:
    """Return the digest as written in manifests."""
    return hashlib.sha256(data).hexdigest()


def _one_line(text: str) -> str:
    return " ".join(text.split())
