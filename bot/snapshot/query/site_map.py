"""Where each captured page and file lies in the static site: names in their own script, the same at every build.

The bags have ASCII names, because their names are checked before they are used (`docs/auditors.md`). The site is a copy
for reading, so its names say what a reader looks for: Unicode letters and digits, safe on Windows, macOS and Linux.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from bot.errors import EvidenceError
from bot.snapshot.archive import paths
from bot.snapshot.archive.bag import Bag
from bot.snapshot.archive.entry import PageEntry
from bot.snapshot.archive.library import Library
from bot.snapshot.archive.record import PageRecord, RecordedFile

_MOST_CHARACTERS, _MOST_BYTES = 60, 180
"""Longest name before its id or ending: Windows limits whole paths to 260 characters, Linux each name to 255 bytes."""
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])", re.IGNORECASE)
"""Names of devices, which no file can have on Windows, whatever its ending is."""
_HARMLESS = frozenset(
    {"png", "jpg", "jpeg", "gif", "webp", "bmp", "tif", "tiff"}
    | {"pdf", "txt", "csv", "tsv", "md", "log", "json", "yaml", "yml"}
    | {"rtf", "doc", "docx", "xls", "xlsx", "ppt", "pptx", "odt", "ods"}
    | {"odp", "vsd", "vsdx", "drawio", "gliffy"}
    | {"mpp", "zip", "7z", "gz", "bz2", "xz"}
    | {"tar", "mp3", "m4a", "wav", "ogg", "mp4", "m4v", "mov", "webm", "avi", "eml", "msg", "ics"}
)
"""Endings of files in which a browser or a file manager runs nothing when somebody opens them."""


@dataclass(frozen=True, slots=True)
class SiteFile:
    """A captured attachment: *source* is its path in the bag, *path* its path in the site."""

    source: str
    path: str
    name: str
    """File name in the wiki."""
    version: int
    is_newest: bool
    """Whether the newest record of the page has this version of the file."""
    record: RecordedFile | None = None


@dataclass(frozen=True, slots=True)
class SitePlace:
    """A captured page in the site: *path* is its HTML file, *folder* has its versions and files.

    Next to the HTML file, `markdown_path` has the same text as Markdown.
    """

    bag: Bag
    entry: PageEntry
    path: str
    folder: str
    files: tuple[SiteFile, ...] = ()
    first_title: str = ""

    @property
    def markdown_path(self) -> str:
        """The path of the Markdown file in the site."""
        return f"{self.folder}.md"


@dataclass(frozen=True, slots=True)
class SiteMap:
    """All pages of the site by page id; *targets* are the paths in the site by path in the snapshots folder."""

    places: Mapping[str, SitePlace]
    targets: Mapping[str, str] = field(default_factory=dict)


def plan_site(library: Library) -> SiteMap:
    """Return where everything lies. The name of a page is its title at its first capture, so that it stays."""
    places: dict[str, SitePlace] = {}
    targets: dict[str, str] = {}
    for bag, entry in library.iter_entries():
        place = _place(library, bag, entry)
        places[entry.page_id] = place
        targets[f"{bag.name}/{entry.path}"] = place.path
        targets |= {f"{bag.name}/{file.source}": file.path for file in place.files}
    return SiteMap(places, targets)


def site_name(text: str, *, empty: str = "page") -> str:
    """Return *text* as a file name without ending: letters, digits and marks of any script, joined by hyphens.

    Nothing in it is special on Windows, macOS or Linux; it has no leading or trailing dot, space or hyphen.
    """
    kept = (
        character if unicodedata.category(character)[0] in "LMN" else "-"
        for character in unicodedata.normalize("NFC", text)
        if unicodedata.category(character) not in ("Cf", "Cs")
    )
    name = re.sub("-+", "-", "".join(kept)).strip("-")
    shortened = name[:_MOST_CHARACTERS].encode("utf-8")[:_MOST_BYTES].decode("utf-8", "ignore").strip("-") or empty
    return f"{shortened}-{empty}" if _RESERVED.fullmatch(unicodedata.normalize("NFKC", shortened)) else shortened


def file_name(name: str) -> str:
    """Return the name of a captured file; one that could run something when it is opened ends in `.download`."""
    stem, dot, ending = name.rpartition(".")
    if not dot or not re.fullmatch(r"[0-9A-Za-z]{1,10}", ending):
        return f"{site_name(name, empty='file')}.download"
    known = f"{site_name(stem, empty='file')}.{ending.lower()}"
    return known if ending.lower() in _HARMLESS else f"{known}.download"


def _place(library: Library, bag: Bag, entry: PageEntry) -> SitePlace:
    records = [] if entry.redacted_at else list(_records(library, bag, entry))
    title = records[0].title if records else ("redacted" if entry.redacted_at else entry.title)
    folder = f"{bag.name}/{site_name(title)}--{paths.safe_id(entry.page_id)}"
    files = tuple(_files(bag, entry, folder, records))
    return SitePlace(bag, entry, f"{folder}.html", folder, files, title)


def _records(library: Library, bag: Bag, entry: PageEntry) -> Iterator[PageRecord]:
    """Yield the readable records of a page, oldest first."""
    for path in library.record_paths(bag, entry):
        with suppress(EvidenceError):
            yield library.load_record_at(bag, path)


def _files(bag: Bag, entry: PageEntry, folder: str, records: list[PageRecord]) -> Iterator[SiteFile]:
    known: dict[str | None, RecordedFile] = {file.path: file for record in records for file in _all_files(record)}
    newest = {file.path for file in _all_files(records[-1])} if records else set()
    start = f"{paths.attachment_folder(entry.page_id)}/"
    taken: set[str] = set()
    found = sorted(path for path in bag.files_of(entry.page_id) if path.startswith(start))
    for path in sorted(found, key=lambda path: path not in newest):
        file = known.get(path)
        name = file.name if file else path.rpartition("/")[2]
        version = file.version.number if file else 0
        written = _unique(file_name(name if path in newest else _with_version(name, version)), taken)
        yield SiteFile(path, f"{folder}/files/{written}", name, version, path in newest, file)


def _all_files(record: PageRecord) -> tuple[RecordedFile, ...]:
    """Return the files of the page, and those of other pages that were captured with it."""
    return (*record.attachments, *record.surroundings.borrowed)


def _with_version(name: str, version: int) -> str:
    stem, dot, ending = name.rpartition(".")
    return f"{stem}-v{version}.{ending}" if dot else f"{name}-v{version}"


def _unique(name: str, taken: set[str]) -> str:
    """Return *name*, or with a number if a file of that name is there already on a system that ignores case."""
    stem, dot, ending = name.partition(".")
    candidates: Iterable[str] = (name if n == 1 else f"{stem}-{n}{dot}{ending}" for n in range(1, len(taken) + 2))
    chosen = next(each for each in candidates if unicodedata.normalize("NFKC", each).casefold() not in taken)
    taken.add(unicodedata.normalize("NFKC", chosen).casefold())
    return chosen
