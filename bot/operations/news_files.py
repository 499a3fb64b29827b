"""The files of news items, next to the data file: `files/SHA256`, so that git and mounts carry them with it."""

import hashlib
import os
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from bot.config.data_commit import FILES
from bot.config.data_file import DataFile
from bot.config.data_model import NewsFile, NewsItem
from bot.config.file_rules import HEAD_BYTES, MAX_FILE_BYTES, check_file_name, check_file_type
from bot.errors import ContentError
from bot.files import open_regular, read_file, replace_file
from bot.inline import attachment_link, link_destinations
from bot.operations.workspace import Workspace
from bot.plural import counted

if TYPE_CHECKING:
    from bot.wiki.gateway import WikiGateway

_LINK = "attachment:"
_MAX_REPLACED = 20


class FileExistsOnPageError(ContentError):
    """The page has another file of that name, and nobody has said that it may be replaced."""


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file that a news item gets: what the data file says about it, and its bytes."""

    value: NewsFile
    content: bytes

    def after(self, old: NewsFile | None) -> "NewFile":
        """Return this file as the successor of the file that the item had: one of the same name may be replaced."""
        if old is None or old.name != self.value.name:
            return self
        return self._replacing(*old.replaces, old.sha256)

    def checked(self, gateway: "WikiGateway", workspace: Workspace, *, replaces: bool) -> "NewFile":
        """Return the file that may replace the one of its name on the home page, if *replaces*.

        Raises `FileExistsOnPageError` if the page has another file of that name and this one may not replace it.
        """
        from bot.sync.page_files import PageFiles

        data = workspace.load_data_file().data
        on_page = PageFiles(gateway, workspace.page_finder(gateway, data).get_id(data.workspace.home))
        found = on_page.find(self.value.name)
        digest = None if found is None else on_page.digest_of(found)
        if found is None or digest is None or digest in (self.value.sha256, *self.value.replaces):
            return self
        if replaces:
            return self._replacing(digest)
        raise FileExistsOnPageError(
            f"the page has another file {found.name!r} ({counted(found.size_bytes, 'byte')}, version "
            f"{found.version.number} by {found.version.author.display_name}); it is replaced only if you say so"
        )

    def _replacing(self, *digests: str) -> "NewFile":
        others = dict.fromkeys((*self.value.replaces, *digests))
        others.pop(self.value.sha256, None)
        return replace(self, value=self.value.model_copy(update={"replaces": tuple(others)[-_MAX_REPLACED:]}))

    def keep(self, data_path: Path) -> None:
        """Write the bytes next to the data file; a file that is there already is not written again."""
        path = path_of(data_path, self.value)
        if find_problem(data_path, self.value) is None:
            return
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            replace_file(path, self.content)
        except OSError as error:
            raise ContentError(f"cannot be written: {error.strerror}", path=path) from error


def path_of(data_path: Path, file: NewsFile) -> Path:
    """Return where the bytes of a file are."""
    return data_path.parent / FILES / file.sha256


def read_new_file(path: Path, name: str | None = None) -> NewFile:
    """Read a file for a news item; raises `ContentError` if a news item cannot have it."""
    try:
        with os.fdopen(open_regular(path), "rb") as stream:
            content = stream.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise ContentError(f"cannot be read: {error.strerror}", path=path) from error
    try:
        return new_file(name or path.name, content)
    except ValueError as error:
        raise ContentError(str(error), path=path) from error


def new_file(name: str, content: bytes) -> NewFile:
    """Return a file of a news item; raises `ValueError` if a news item cannot have it."""
    name = check_file_name(unicodedata.normalize("NFC", name))
    if not content:
        raise ValueError(f"{name!r} is empty")
    if len(content) > MAX_FILE_BYTES:
        raise ValueError(f"{name!r} is larger than {MAX_FILE_BYTES // 2**20} MiB")
    check_file_type(name, content[:HEAD_BYTES])
    return NewFile(NewsFile(name=name, size=len(content), sha256=hashlib.sha256(content).hexdigest()), content)


def with_link(text: str, name: str) -> str:
    """Return the text of a news item with a link to its file; a text that has one is not changed."""
    if _LINK + name in _destinations(text):
        return text
    words = "".join(f"\\{letter}" if letter in "\\*_`[]<>&:" else letter for letter in name)
    linked = f"{text.rstrip()} [{words}](<{_LINK}{name}>)".strip()
    if _LINK + name not in _destinations(linked):
        raise ContentError(f"no link to a file {name!r} can be written; rename the file")
    return linked


def without_link(text: str, name: str) -> str:
    """Return the text without the link to a file; the words of the link go if they are the name of the file."""
    pattern = rf"\[((?:[^\[\]\\]|\\.)*)\]\(<?{re.escape(_LINK + name)}>?\)"

    def words(link: re.Match[str]) -> str:
        shown = re.sub(r"\\(.)", r"\1", link[1])
        return "" if shown == name else link[1]

    return re.sub(pattern, words, text).strip()


def links_to(text: str, name: str) -> bool:
    """Return whether *text* in storage format has a link to a file *name* of its own page."""
    return attachment_link(name, "").removesuffix("</ac:link-body></ac:link>").partition(">")[2] in text


def find_problem(data_path: Path, file: NewsFile) -> str | None:
    """Return why the bytes next to the data file are not those that the data file names."""
    path = path_of(data_path, file)
    where = f"{FILES}/{file.sha256}"
    try:
        with os.fdopen(open_regular(path), "rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            if size != file.size:
                return f"{where} has {counted(size, 'byte')}, but the data file says {file.size}"
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
    except FileNotFoundError:
        return f"{where} does not exist next to the data file"
    except OSError as error:
        return f"{where} cannot be read: {error.strerror}"
    return None if digest == file.sha256 else f"{where} has other bytes: its SHA-256 is {digest}"


def read_bytes(data_path: Path, file: NewsFile) -> bytes:
    """Return the bytes of a file; raises `ContentError` if they are not those that the data file names."""
    problem = find_problem(data_path, file)
    content = b"" if problem else read_file(path_of(data_path, file))
    if problem is None and hashlib.sha256(content).hexdigest() != file.sha256:
        problem = f"{FILES}/{file.sha256} was changed while it was read"
    if problem is not None:
        raise ContentError(f"the file {file.name!r}: {problem}", path=data_path)
    return content


def iter_files(document: DataFile) -> Iterator[tuple[NewsItem, NewsFile, str]]:
    """Yield each news item with a file, the file, and file and line of its key."""
    for number, item in enumerate(document.data.news.items if document.data.news else ()):
        if item.file is not None:
            line = document.source.line_of(("news", "items", number, "file"))
            yield item, item.file, f"{document.path}:{line}"


def _destinations(text: str) -> list[str]:
    return [each.replace("<", "").replace(">", "") for each in link_destinations(text)]
