"""BagIt bags (RFC 8493): the manifests of a bag, updated without reading the payload again."""

import hashlib
import re
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from functools import partial

from bot.errors import EvidenceError
from bot.snapshot.archive.change_list import is_rendition, page_of
from bot.snapshot.archive.entry import (
    PageEntry,
    Standing,
    dump_entry,
    entry_of,
    id_order,
    page_id_of,
    parse_line,
    standing_of,
    standing_of_line,
    state_of,
)
from bot.snapshot.archive.folder import PATH, Folder, check_path
from bot.snapshot.archive.paths import safe_id, source_order

MAX_PAGES = 500
"""Maximum number of pages in one bag, so that its source folders do not exceed the limit of entries per folder."""

MANIFEST, TAG_MANIFEST, PAGES = "manifest-sha256.txt", "tagmanifest-sha256.txt", "pages.jsonl"
BAGIT_TXT = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
TAG_FILES = ("README.md", "bag-info.txt", "bagit.txt", MANIFEST, PAGES)
"""Files in the tag manifest."""

_MANIFEST_LINE = re.compile(rf"([0-9a-f]{{64}})  ({PATH})")
_MANIFEST_LINES = re.compile(rf"([0-9a-f]{{64}})  ({PATH})\n")
_REST_OF_LINE = 67  # digest, two spaces, line feed
_STRANGE_LINE = re.compile(r"[0-9a-f]{64}  ([!-~][ -~]*)")
_LOADING = threading.RLock()
"""Is taken to load a part of a bag: threads that read pages ask for different parts at once."""
_LINE_STARTS = tuple(f'{{"format": "wikibot-page/{number}", "page": {{"id": "'.encode() for number in (2, 3))


class PageEntries(MutableMapping[str, PageEntry]):
    """The entries of a bag by page id. A line of `pages.jsonl` is parsed when its page is asked for."""

    def __init__(self, lines: Mapping[str, bytes], parse: Callable[[bytes], PageEntry]) -> None:
        self._lines: dict[str, bytes | None] = dict(lines)
        """Line of each page; None for a page whose entry was set."""
        self._parsed: dict[str, PageEntry] = {}
        self._before: dict[str, bytes] = {}
        """Line of each page whose entry was set, as it was read."""
        self._has_same_pages = True
        self._parse = parse

    def __getitem__(self, page_id: str) -> PageEntry:
        with _LOADING:
            entry = self._parsed.get(page_id)
            if entry is None:
                entry = self._parsed[page_id] = self._parse(self._lines[page_id] or b"")
            return entry

    def __setitem__(self, page_id: str, entry: PageEntry) -> None:
        with _LOADING:
            self._has_same_pages &= page_id in self._lines
            if line := self._lines.get(page_id):
                self._before[page_id] = line
            self._lines[page_id], self._parsed[page_id] = None, entry

    def __delitem__(self, page_id: str) -> None:
        self._has_same_pages = False
        del self._lines[page_id]
        self._parsed.pop(page_id, None)

    def __iter__(self) -> Iterator[str]:
        return iter(self._lines)

    def __contains__(self, page_id: object) -> bool:
        return page_id in self._lines

    def __len__(self) -> int:
        return len(self._lines)

    def find_changes(self) -> list[tuple[PageEntry, PageEntry]] | None:
        """Return each entry that was set, as it was and as it is; None if pages were added or removed."""
        if not self._has_same_pages:
            return None
        return [(self._parse(line), self._parsed[page_id]) for page_id, line in self._before.items()]

    def dump(self, bag: str) -> bytes:
        """Return `pages.jsonl`, sorted by page id; the lines of pages whose entries were not set stay as they are."""
        ids = sorted(self._lines, key=id_order)
        return b"".join(self._lines[page_id] or dump_entry(self._parsed[page_id], bag) for page_id in ids)

    def iter_standings(self, space_key: str) -> Iterator[tuple[str, Standing]]:
        """Yield the standing of each page without parsing its line; *space_key* is the space of most pages."""
        for page_id, line in self._lines.items():
            yield page_id, standing_of_line(line, space_key) if line else standing_of(self._parsed[page_id])


class TagFiles:
    """Reads the tag files of a bag whenever they are needed, and compares them with its tag manifest."""

    def __init__(self, folder: Folder, name: str, digests: Mapping[str, str]) -> None:
        self._folder, self._name, self._digests = folder, name, digests

    def __call__(self, file: str) -> bytes:
        """Return the content of a tag file; raises `EvidenceError` if it is missing or changed."""
        named_by = f"{self._name}/{TAG_MANIFEST}"
        return self._folder.read_checked(f"{self._name}/{file}", self._digests.get(file), named_by=named_by)


@dataclass(eq=False)
class Bag:
    """One bag of one space. Its manifest and page entries are read when they are needed, the payload never."""

    name: str
    space_key: str
    origin: str
    payload_bytes: int = 0
    is_changed: bool = False
    load: Callable[[str], bytes] | None = None
    """Returns the content of a tag file; None for a bag that is not written yet."""
    on_load: Callable[["Bag"], None] = lambda _bag: None
    """Is called when the manifest or the entries are read."""
    _manifest: dict[str, str] | None = None
    _entries: PageEntries | None = None
    _files: dict[str, dict[str, None]] | None = None
    """Page id in file names → paths of its bodies, records and attachments."""
    _written: Mapping[str, str] = field(default_factory=dict)
    """File → digest of the tag files as they were made last."""

    @property
    def manifest(self) -> dict[str, str]:
        """Path in the bag → digest; raises `EvidenceError` if the manifest is missing, changed or malformed."""
        with _LOADING:
            if self._manifest is None:
                self._manifest = parse_manifest(self._read(MANIFEST), name=f"{self.name}/{MANIFEST}")
            return self._manifest

    @manifest.setter
    def manifest(self, manifest: dict[str, str]) -> None:
        self._manifest, self._files = manifest, None

    @property
    def entries(self) -> PageEntries:
        """Page id → entry."""
        with _LOADING:
            if self._entries is None:
                lines = _split_lines(self._read(PAGES), name=f"{self.name}/{PAGES}")
                self._entries = PageEntries(lines, partial(_parse_entry, self.name, self.space_key))
            return self._entries

    def _read(self, file: str) -> bytes:
        if self.load is None:
            return b""
        self.on_load(self)
        return self.load(file)

    def release(self) -> None:
        """Forget manifest and entries unless they are changed; they are read again when they are needed."""
        with _LOADING:
            if not self.is_changed and self.load is not None:
                self._manifest = self._entries = self._files = None

    def settle(self, load: Callable[[str], bytes] | Folder) -> None:
        """Take what was changed as written, and forget it; *load* returns the tag files, or is the folder with them."""
        if isinstance(load, Folder):
            load = TagFiles(load, self.name, self._written)
        self.load, self.is_changed = load, False
        self.release()

    @property
    def _by_page(self) -> dict[str, dict[str, None]]:
        with _LOADING:
            if self._files is None:
                self._files = defaultdict(dict)
                for path in self.manifest:
                    if not is_rendition(path):
                        self._files[page_of(path)][path] = None
            return self._files

    def files_of(self, page_id: str) -> list[str]:
        """Return the paths of the bodies, records and attachments of a page."""
        return list(self._by_page.get(safe_id(page_id), ()))

    def sources_of(self, page_id: str) -> list[str]:
        """Return the paths of all captured bodies of a page, oldest version first."""
        found = [path for path in self.files_of(page_id) if path.startswith("data/_source/") and path.endswith(".xml")]
        return sorted(found, key=source_order)

    def add(self, path: str, digest: str, *, size_bytes: int, old_bytes: int | None = None) -> None:
        """Record a payload file; *old_bytes* is the size of the file that it replaces.

        Raises `EvidenceError` if the file exists and *old_bytes* is None, or the reverse.
        """
        self.is_changed = True  # first, so that no other thread releases the manifest
        if (path in self.manifest) != (old_bytes is not None):
            raise EvidenceError(f"{self.name}/{path} was captured already and is never overwritten")
        self.manifest[path] = digest
        if not is_rendition(path):
            self._by_page[page_of(path)][path] = None
        self.payload_bytes += size_bytes - (old_bytes or 0)

    def drop(self, path: str, *, size_bytes: int) -> None:
        """Remove a payload file from the manifest (a redaction)."""
        self.is_changed = True
        del self.manifest[path]
        self._by_page.get(page_of(path), {}).pop(path, None)
        self.payload_bytes -= size_bytes

    def put_entry(self, entry: PageEntry) -> None:
        """Set the entry of a page; of a redacted page only the state is left."""
        if entry.redacted_at:
            entry = entry_of(state_of(entry, self.name), None, self.space_key)
        self.is_changed = True
        self.entries[entry.page_id] = entry

    def tag_files(self, readme: bytes) -> dict[str, bytes]:
        """Return all tag files of the bag, by path in the bag."""
        files = {
            "README.md": readme,
            "bag-info.txt": self.bag_info(),
            "bagit.txt": BAGIT_TXT,
            MANIFEST: render_manifest(self.manifest),
            PAGES: self.entries.dump(self.name),
        }
        self._written = {path: sha256(data) for path, data in files.items()}
        files[TAG_MANIFEST] = render_manifest(dict(self._written))
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


def _parse_entry(bag: str, space_key: str, line: bytes) -> PageEntry:
    """Parse a line of `pages.jsonl`. A method of the bag would be a cycle, which only the garbage collector frees."""
    parsed = parse_line(line, name=f"{bag}/{PAGES}")
    return entry_of(parsed.page, parsed.shown, space_key)


def load_bag(folder: Folder, name: str, tag_digest: str, *, is_checked: bool) -> Bag:
    """Read the tag files of a bag, whose tag manifest has the SHA-256 *tag_digest*.

    Raises `EvidenceError` if one is missing or changed. With *is_checked*, they were just compared, and nobody else
    writes: manifest and lines are read when they are needed, and can be released.
    """
    tags_at = f"{name}/{TAG_MANIFEST}"
    tags = parse_manifest(folder.read_checked(tags_at, tag_digest, named_by="SHA256SUMS"), name=tags_at)
    read = TagFiles(folder, name, tags)
    info = parse_bag_info(read("bag-info.txt"), name=f"{name}/bag-info.txt")
    if is_checked:
        load: Callable[[str], bytes] = TagFiles(Folder(folder.root), name, tags)  # in any thread
    else:
        load = {file: read(file) for file in (MANIFEST, PAGES)}.__getitem__
    try:
        payload_bytes = int(info["Payload-Oxum"].partition(".")[0])
        return Bag(name, info["External-Identifier"], info["Bag-Group-Identifier"], payload_bytes, load=load)
    except (KeyError, ValueError) as error:
        raise EvidenceError(f"the bag {folder.root / name} cannot be read ({error}); see `wikibot verify`") from error


def _split_lines(data: bytes, *, name: str) -> dict[str, bytes]:
    """Return the lines of `pages.jsonl` by page id; raises `EvidenceError` for a line of another format."""
    lines = {}
    for number, line in enumerate(data.split(b"\n")[:-1], start=1):
        if not line.startswith(_LINE_STARTS):
            parse_line(line, name=f"{name}:{number}")
        lines[page_id_of(line.decode("utf-8", "replace"))] = line + b"\n"
    return lines


def render_manifest(digests: dict[str, str]) -> bytes:
    """Return a manifest, sorted by path; `sha256sum -c` can read the manifest."""
    return "".join(f"{digest}  {path}\n" for path, digest in sorted(digests.items())).encode()


def parse_manifest(data: bytes, *, name: str) -> dict[str, str]:
    """Parse a manifest, which must have exactly the form that `render_manifest` writes: path → digest.

    Raises `EvidenceError` for any other form: other spacing, upper-case digests, a path twice or out of order.
    """
    text = data.decode("utf-8", "replace")
    found = _MANIFEST_LINES.findall(text)
    digests = {path: digest for digest, path in found}
    is_whole = sum(map(len, digests)) + len(digests) * _REST_OF_LINE == len(text)  # nothing between the lines
    if is_whole and list(digests) == sorted(digests):
        return digests
    return _parse_manifest_slowly(text, name)


def _parse_manifest_slowly(text: str, name: str) -> dict[str, str]:
    """Parse a manifest that has a strange path, or say what is wrong with it."""
    *lines, last = text.split("\n")
    digests: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        match = _MANIFEST_LINE.fullmatch(line)
        digest, path = match.groups() if match else _parse_strange(line, f"{name}:{number}")
        if path in digests:
            raise EvidenceError(f"{name}:{number}: lists {path} twice")
        digests[path] = digest
    if last or list(digests) != sorted(digests):
        raise EvidenceError(f"{name} is not in canonical form: lines out of order, or no newline at the end")
    return digests


def _parse_strange(line: str, place: str) -> tuple[str, str]:
    """Return digest and path of a line whose path is an exception; raises `EvidenceError` if it is none."""
    match = _STRANGE_LINE.fullmatch(line)
    if not match:
        raise EvidenceError(f"{place}: is not a line of a manifest")
    return line[:64], check_path(match[1], named_by=place)


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
