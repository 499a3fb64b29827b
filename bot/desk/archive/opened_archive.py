"""The snapshots that the desk shows: opened once for all requests, with their index and the work in the background."""

import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import cast

from flask import abort, current_app

from bot.desk.archive.background_tasks import BackgroundTasks, Task
from bot.desk.desk import Desk, current_desk
from bot.operations.archive_reader import ArchiveReader, read_own
from bot.snapshot.archive.bag import Bag
from bot.snapshot.archive.checkpoint import read_head
from bot.snapshot.archive.entry import PageEntry
from bot.snapshot.archive.folder import Folder
from bot.snapshot.archive.library import Library
from bot.snapshot.archive.paths import safe_id
from bot.snapshot.query.event_texts import EventTexts
from bot.snapshot.query.page_lists import count_pages
from bot.snapshot.query.page_proof import SignatureCheck, check_signature
from bot.snapshot.query.run_view import RunView, view_run

INDEX = "index"
_EXTENSION = "desk-archive"
_AT_ONCE = 300
"""An archive of at most this many pages is indexed while the first reader waits."""
_MOST_RENDERED = 200
_MOST_RUNS = 3
"""A run of 100,000 pages takes about 100 MB of memory."""


@dataclass
class OpenedArchive:
    """The snapshots of *reader*."""

    reader: ArchiveReader
    tasks: BackgroundTasks
    unreadable: int = 0
    """Number of pages that cannot be searched, because a file is missing or changed."""
    _indexed: str = ""
    _rendered: "OrderedDict[object, str]" = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _texts: EventTexts | None = None
    _ids: tuple[str, dict[str, str]] = ("", {})
    _runs: "OrderedDict[str, RunView]" = field(default_factory=OrderedDict)
    _signature: tuple[str, SignatureCheck] | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing was captured yet."""
        return read_head(Folder(self.reader.root)) is None

    @property
    def library(self) -> Library:
        """The snapshots, as their newest head has them."""
        return self.reader.library

    def get_page(self, page_id: str) -> tuple[Bag, PageEntry]:
        """Return a page by its id; a page that was never captured is a page that the desk does not have (404)."""
        library = self.library
        bag = library.find_bag_of(page_id)
        if bag is None:
            abort(HTTPStatus.NOT_FOUND)
        return bag, bag.entries[page_id]

    def count_pages(self) -> int | None:
        """Return the number of captured pages; None while there is no index of them."""
        if self.is_empty or self.build_index() is not None:
            return None
        with self.database() as database:
            return count_pages(database)

    def build_index(self) -> Task | None:
        """Bring the index up to date; return the task while that goes on and no index can be used, else None."""
        library = self.library
        if self._indexed == library.head_digest:
            return None
        if not self._indexed and self.reader.index.is_current(library):
            self._indexed = library.head_digest
            return None
        if sum(len(bag.entries) for bag in library.bags.values()) <= _AT_ONCE:
            self._index(lambda _title, _total: None)
            return None
        task = self.tasks.start(INDEX, "index", lambda task: self._index(task.step))
        return None if self._indexed else task

    @contextmanager
    def database(self) -> Iterator[sqlite3.Connection]:
        """Open the index."""
        with self.reader.index.opened() as database:
            yield database

    @property
    def event_texts(self) -> EventTexts:
        """Sentences about events."""
        library = self.library
        if self._texts is None or self._texts.library is not library:
            self._texts = EventTexts(library)
        return self._texts

    @property
    def signature(self) -> SignatureCheck:
        """The signature of the newest head; it is checked once for each head."""
        digest = self.library.head_digest
        if self._signature is None or self._signature[0] != digest:
            self._signature = (digest, check_signature(self.reader.root, self.reader.signers()))
        return self._signature[1]

    def view_run(self, number: int) -> RunView:
        """Return one run; those that were looked at last are kept, because a run never changes."""
        heads = self.reader.heads
        digest = next((digest for head, digest in heads if head.sequence == number), None)
        if digest is None:
            abort(HTTPStatus.NOT_FOUND)
        known = self._runs.pop(digest, None) or view_run(self.library, heads, number)
        with self._lock:
            self._runs[digest] = known
            while len(self._runs) > _MOST_RUNS:
                self._runs.popitem(last=False)
        return known

    def page_id_of(self, name: str) -> str | None:
        """Return the id of the page that file names call *name*."""
        library = self.library
        if self._ids[0] != library.head_digest:
            ids = {safe_id(page_id): page_id for bag in library.bags.values() for page_id in bag.entries}
            self._ids = (library.head_digest, ids)
        return self._ids[1].get(name)

    def rendered(self, key: object, make: Callable[[], str]) -> str:
        """Return HTML that was made before for *key*, or make it."""
        with self._lock:
            if key in self._rendered:
                self._rendered.move_to_end(key)
                return self._rendered[key]
        html = make()
        with self._lock:
            self._rendered[key] = html
            while len(self._rendered) > _MOST_RENDERED:
                self._rendered.popitem(last=False)
        return html

    def _index(self, on_page: Callable[[str, int], None]) -> None:
        head, index = self.library.head_digest, self.reader.index
        index.refresh(on_page=on_page)
        self.unreadable, self._indexed = index.unreadable, head


def current_archive() -> OpenedArchive:
    """Return the snapshots of the current desk."""
    found = current_app.extensions.get(_EXTENSION)
    if found is None:
        desk = current_desk()
        found = OpenedArchive(_reader_of(desk), BackgroundTasks(desk.clock))
        found = current_app.extensions.setdefault(_EXTENSION, found)
    return cast("OpenedArchive", found)


def _reader_of(desk: Desk) -> ArchiveReader:
    return desk.reader or read_own(desk.runtime.snapshots)
