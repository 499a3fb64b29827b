"""The captured files of any page by name, for pages that show the files of others."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from bot.errors import EvidenceError, WikiError
from bot.snapshot.archive import paths
from bot.snapshot.archive.library import Library
from bot.snapshot.capture.agreement import agreed
from bot.wiki.gateway import Attachment, WikiGateway


@dataclass
class CapturedFiles:
    """Finds the files of captured and expected pages; each page is looked up once in a run."""

    gateway: WikiGateway
    library: Library
    on_failure: Callable[[str, str], None]
    """Is called with a page id and what could not be read for it."""
    _known: dict[str, Mapping[str, str]] = field(default_factory=dict)
    _listed: dict[str, Mapping[str, Attachment] | WikiError] = field(default_factory=dict)

    def of(self, page_id: str) -> Mapping[str, str]:
        """Return the paths of the files, relative to the snapshots folder, by name."""
        if page_id not in self._known:
            is_new = self.library.is_new(page_id)
            self._known[page_id] = self._expected(page_id) if is_new else self._recorded(page_id)
        return self._known[page_id]

    def find_uncaptured(self, page_id: str, name: str) -> Attachment | None:
        """Return a file of a page that is not captured; each page is asked once. Raises `WikiError`."""
        if page_id not in self._listed:
            try:
                files = agreed(lambda: tuple(self.gateway.fetch_attachments(page_id)))
                self._listed[page_id] = {file.name: file for file in files}
            except WikiError as error:
                self._listed[page_id] = error
        listed = self._listed[page_id]
        if isinstance(listed, WikiError):
            raise listed
        return listed.get(name)

    def _recorded(self, page_id: str) -> Mapping[str, str]:
        bag, entry = self.library.find_bag_of(page_id), self.library.find_entry(page_id)
        if bag is None or entry is None or entry.redacted_at:
            return {}
        try:
            record = self.library.load_record(bag, entry)
        except EvidenceError:
            return {}  # `verify` reports the record
        return {file.name: f"{bag.name}/{file.path}" for file in record.attachments if file.path}

    def _expected(self, page_id: str) -> Mapping[str, str]:
        """Return where the files of a page will be whose first capture is in this run."""
        bag = self.library.find_bag_of(page_id)
        if bag is None:
            return {}
        try:
            files = self.gateway.fetch_attachments(page_id)
        except WikiError as error:
            self.on_failure(page_id, f"its files, which another page shows, could not be listed: {error}")
            return {}
        return {
            file.name: f"{bag.name}/{paths.attachment_path(page_id, file.id, file.name, file.version.number)}"
            for file in files
        }
