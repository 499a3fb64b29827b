"""The files that a page has, compared with those that its regions need: what is uploaded, and what a person decides."""

import hashlib
import re
from collections.abc import Sequence
from functools import cached_property

from bot.plural import counted
from bot.sync.drift import Verdict
from bot.sync.plan import Action, Change, Upload
from bot.sync.wanted import WantedFile
from bot.wiki.gateway import Attachment, WikiGateway

_RECORD = re.compile(r"\bsha256:([0-9a-f]{64})\b")


def comment_of(sha256: str) -> str:
    """Return the comment of an uploaded version, by which later runs recognise the bytes without a download."""
    return f"wikibot sha256:{sha256}"


def needs_files(change: Change) -> bool:
    """Return whether the page shows the links of the region, or will after the change."""
    return change.action is not Action.NONE or change.verdict is Verdict.IN_SYNC


class PageFiles:
    """The files of one page; they are listed when they are needed first."""

    def __init__(self, gateway: WikiGateway, page_id: str) -> None:
        self._gateway, self._page_id = gateway, page_id

    @cached_property
    def _by_name(self) -> dict[str, Attachment]:
        return {file.name: file for file in self._gateway.fetch_attachments(self._page_id)}

    def find(self, name: str) -> Attachment | None:
        """Return the file of that name."""
        return self._by_name.get(name)

    def compare(self, wanted: Sequence[WantedFile]) -> tuple[tuple[Upload, ...], tuple[str, ...]]:
        """Return what has to be uploaded, and why some files cannot be."""
        uploads, problems = [], []
        for file in wanted:
            if self.has(file.name, file.sha256, file.size):
                continue
            problem = self._find_obstacle(file)
            if problem is not None:
                problems.append(f"{file.place}: {problem}")
                continue
            found = self.find(file.name)
            replaces, version = (None, 0) if found is None else (found.id, found.version.number)
            uploads.append(Upload(file.name, file.size, file.sha256, replaces, version))
        return tuple(uploads), tuple(problems)

    def has(self, name: str, sha256: str, size: int) -> bool:
        """Return whether the page has exactly this file."""
        found = self.find(name)
        return found is not None and found.size_bytes == size and self.digest_of(found) == sha256

    def digest_of(self, file: Attachment) -> str:
        """Return the SHA-256 of a file: as the comment of the upload says, else of the downloaded bytes."""
        record = _RECORD.search(file.comment)
        if record is not None:
            return record[1]
        sink = _DigestSink()
        self._gateway.download(file, sink)
        return sink.digest.hexdigest()

    def _find_obstacle(self, file: WantedFile) -> str | None:
        problem = file.find_problem()
        if problem is not None:
            return f"the file {file.name!r} cannot be uploaded: {problem}"
        found = self.find(file.name)
        if found is None or (file.replaces and self.digest_of(found) in file.replaces):
            return None
        return (
            f"the page has another file {file.name!r} ({counted(found.size_bytes, 'byte')}, version "
            f"{found.version.number} by {found.version.author.display_name}), which is not replaced without your "
            "word: give the file another name, or replace it with `wikibot news edit ID --file PATH --replace`"
        )


class _DigestSink:
    """Takes a download and remembers its digest only."""

    def __init__(self) -> None:
        self.digest = hashlib.sha256()

    def restart(self) -> None:
        self.digest = hashlib.sha256()

    def write(self, data: bytes) -> None:
        self.digest.update(data)
