"""Drafts and proposals: operations on the data file that are not made yet. Neither the file nor the wiki changes.

A draft becomes a proposal when its author sends it. An approval is bound to the digest of the operation: a change of
the draft makes it void. A proposal is carried out on the data file of that day, as every other edit. A draft of the
desk also has its form as it was typed; while the form is not complete, the draft has no operation.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import ValidationError

from bot.config.data_operation import Operation, load_operation
from bot.config.policy import ApprovalPolicy
from bot.config.revision_journal import Revision, account_name
from bot.errors import BotError, SettingsError
from bot.file_format import FileDocument, FileFormatError, FileModel
from bot.files import read_file, replace_file
from bot.operations.edit import Edit, edit_with
from bot.operations.workspace import Workspace

DraftState = Literal["draft", "proposed", "returned", "withdrawn", "saved"]
_OPEN = ("draft", "proposed", "returned")
_MAX_SETTLED = 100
"""Drafts that were saved or withdrawn are deleted, the oldest first, when there are more."""


class Remark(FileModel):
    """What somebody wrote about a draft."""

    who: str
    """Account of the person."""
    at: datetime
    """Time of the remark."""
    text: str
    """The remark."""


class Approval(FileModel):
    """The approval of a proposal."""

    who: str
    """Account of the person who approved it."""
    at: datetime
    """Time of the approval."""
    digest: str
    """Digest of the operation that was approved."""


class DraftForm(FileModel):
    """The form of the desk in which a draft was written."""

    place: str
    """The form: its area and its entry, such as `news/new` or `links/2.1`."""
    title: str
    """The text of the entry, shortened."""
    fields: dict[str, str]
    """The values of the fields as they were typed."""


class Draft(FileDocument):
    """One draft."""

    KIND: ClassVar[str] = "wikibot-draft"

    format: Literal["wikibot-draft/1"] = "wikibot-draft/1"
    """Format of the file."""
    number: int
    """Number of the draft, counted from 1 for each workspace."""
    authors: tuple[str, ...]
    """Accounts of those who wrote it, the first author first; none of them can approve it."""
    created: datetime
    """Time when it was saved first."""
    changed: datetime
    """Time of its last change."""
    state: DraftState = "draft"
    """`draft`: not sent. `proposed`: waits for an approval. `returned`: changes are asked for. `withdrawn`: given up.
    `saved`: in the data file."""
    operation: str | None
    """The operation on the data file, as JSON; null while the form is not complete."""
    form: DraftForm | None = None
    """The form as it was typed; null for a draft of a command."""
    by_command: bool = False
    """Whether a command wrote it: then its authors are accounts of the machine, else accounts of the desk."""
    remarks: tuple[Remark, ...] = ()
    """Remarks, the oldest first."""
    approval: Approval | None = None
    """The approval; null if there is none, or the draft was changed since."""
    revision: int | None = None
    """Number of the revision that carried it out."""

    @property
    def digest(self) -> str:
        """The digest that an approval is bound to."""
        return hashlib.sha256(f"{self.number} {self.operation or ''}".encode()).hexdigest()[:16]

    @property
    def is_complete(self) -> bool:
        """Whether the draft has an operation that can be carried out."""
        return self.operation is not None

    @property
    def is_open(self) -> bool:
        """Whether the draft can still be carried out."""
        return self.state in _OPEN

    @property
    def is_approved(self) -> bool:
        """Whether the draft is approved as it is now."""
        return self.approval is not None and self.approval.digest == self.digest

    @property
    def words(self) -> str:
        """The operation in words; the text of a form that is not complete."""
        if self.operation is None:
            return f"{self.form.title if self.form else ''} (a form that is not complete)".strip()
        try:
            return self.load().words
        except BotError:
            return "an operation of another version"

    def load(self) -> Operation:
        """Return the operation; raises `BotError` if there is none, or if this version does not know it."""
        if self.operation is None:
            raise BotError(f"draft {self.number} is not complete: finish its form at the desk")
        try:
            return load_operation(json.loads(self.operation))
        except ValidationError as error:
            raise BotError(f"draft {self.number} was written by another version of wikibot: {error}") from error


class Drafts:
    """The drafts of one workspace. Each method that changes a draft takes the lock of the data file."""

    def __init__(self, workspace: Workspace, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._workspace, self._now = workspace, now
        self.folder = workspace.folders.state / "drafts" / workspace.name

    @property
    def _needs_approval(self) -> bool:
        return self._workspace.settings.approval is ApprovalPolicy.MAINTAINER

    def iter_newest_first(self, *, only_open: bool = False) -> Iterator[Draft]:
        """Yield the drafts."""
        for number in reversed(self._numbers()):
            draft = self.load(number)
            if draft.is_open or not only_open:
                yield draft

    def load(self, number: int) -> Draft:
        """Return a draft; raises `SettingsError` if it is unknown or cannot be read."""
        path = self._path(number)
        try:
            return Draft.parse(read_file(path))
        except FileNotFoundError:
            raise SettingsError(f"there is no draft {number}; `wikibot drafts list` shows them") from None
        except (OSError, FileFormatError) as error:
            raise SettingsError(f"the draft cannot be read: {error}", path=path) from error

    def find(self, number: int) -> Draft | None:
        """Return an open draft; None if it is unknown, unreadable, saved or withdrawn."""
        try:
            draft = self.load(number)
        except SettingsError:
            return None
        return draft if draft.is_open else None

    def keep(
        self, form: DraftForm, operation: Operation | None, who: str | None = None, number: int | None = None
    ) -> Draft:
        """Save a form as a draft, in place of the open draft *number* if that is a draft of the same form."""
        known = self.find(number) if number is not None else None
        if known is not None and known.form is not None and known.form.place == form.place:
            return self.change(known.number, operation, who, form)
        return self.add(operation, who, form)

    def add(self, operation: Operation | None, who: str | None = None, form: DraftForm | None = None) -> Draft:
        """Save a new draft."""
        with self._workspace.shared_data.lock():
            now, numbers = self._now(), self._numbers()
            draft = Draft(
                number=numbers[-1] + 1 if numbers else 1,
                authors=(who or account_name(),),
                created=now,
                changed=now,
                operation=_as_json(operation),
                form=form,
                by_command=who is None,
            )
            self._write(draft)
            self._prune()
            return draft

    def change(
        self, number: int, operation: Operation | None, who: str | None = None, form: DraftForm | None = None
    ) -> Draft:
        """Replace the operation of a draft; an approval is void, and a proposal has to be sent again."""
        name = who or account_name()

        def replaced(draft: Draft) -> Draft:
            authors = draft.authors if name in draft.authors else (*draft.authors, name)
            values = {"operation": _as_json(operation), "form": form, "authors": authors}
            return draft.replaced(**values, approval=None, state="draft")

        return self._changed(number, replaced)

    def send(self, number: int, who: str | None = None) -> Draft:
        """Make a draft a proposal; raises `BotError` if it does not fit the data file of today."""
        self.preview(number)
        self._require_author(number, who)
        return self._changed(number, lambda draft: draft.replaced(state="proposed"))

    def remark(self, number: int, text: str, who: str | None = None) -> Draft:
        """Add a remark; the digest does not change."""
        return self._changed(number, lambda draft: self._with_remark(draft, text, who))

    def send_back(self, number: int, text: str, who: str | None = None) -> Draft:
        """Return a proposal to its author with a remark that says what to change."""

        def returned(draft: Draft) -> Draft:
            if draft.state != "proposed":
                raise BotError(f"draft {number} is not a proposal ({draft.state})")
            return self._with_remark(draft, text, who).replaced(state="returned", approval=None)

        return self._changed(number, returned)

    def withdraw(self, number: int, who: str | None = None, *, is_maintainer: bool = False) -> Draft:
        """Give a draft up; only its authors and a maintainer can do this."""
        if not is_maintainer:
            self._require_author(number, who)
        return self._changed(number, lambda draft: draft.replaced(state="withdrawn", approval=None))

    def approve(
        self, number: int, digest: str, who: str | None = None, *, links: Mapping[str, Sequence[str]] | None = None
    ) -> Draft:
        """Approve exactly the operation with *digest*; raises `BotError` for an author, and for another digest.

        *links* has the accounts of the desk of each account of the machine (`desk.machine_accounts`).
        """
        name = who or account_name()

        def approved(draft: Draft) -> Draft:
            if draft.state != "proposed":
                raise BotError(f"draft {number} is not a proposal ({draft.state}); its author has to send it")
            if reason := why_not_by(draft, who, links or {}):
                raise BotError(reason)
            if digest != draft.digest:
                raise BotError(f"draft {number} was changed since you read it; read it again (digest {draft.digest})")
            return draft.replaced(approval=Approval(who=name, at=self._now(), digest=digest))

        return self._changed(number, approved)

    def preview(self, number: int) -> Edit:
        """Return the edit that a draft makes of the data file as it is today; raises `EditConflictError`."""
        return edit_with(self._workspace.load_data_file(), self._load_open(number).load())

    def save(self, number: int, who: str | None = None) -> Edit:
        """Carry a draft out: the data file gets it as a revision; raises `BotError` if it needs an approval first."""
        draft = self._load_open(number)
        approval = draft.approval if draft.is_approved else None
        if self._needs_approval and approval is None:
            raise BotError(f"draft {number} is not approved; `approval` of the workspace asks for that")
        edit = edit_with(self._workspace.load_data_file(), draft.load())
        shared = self._workspace.shared_data
        with shared.editing():
            if self.load(number).digest != draft.digest or not self.load(number).is_open:
                raise BotError(f"draft {number} was changed in the meantime; nothing was saved: read it again")
            done = self._find_revision(draft)
            if done is not None:  # the program ended after it had saved the file
                self._write(draft.replaced(state="saved", revision=done.number))
                raise BotError(f"draft {number} is saved already, as revision {done.number}")
            saved = edit.save_locked(
                shared,
                who=who or draft.authors[0],
                draft=number,
                approved_by=None if approval is None else approval.who,
            )
            number_of = None if saved.revision is None else saved.revision.number
            self._write(draft.replaced(state="saved", revision=number_of))
        return saved

    def end_saved(self, number: int, revision: int | None) -> None:
        """Note that the form of a draft was saved directly, as *revision*; a draft that is not open stays as it is."""
        if self.find(number) is not None:
            self._changed(number, lambda draft: draft.replaced(state="saved", revision=revision))

    def _find_revision(self, draft: Draft) -> Revision | None:
        """Return the revision that carried *draft* out."""
        for revision in self._workspace.shared_data.journal.iter_newest_first():
            if revision.at < draft.changed:
                return None
            if revision.draft == draft.number:
                return revision
        return None

    def _with_remark(self, draft: Draft, text: str, who: str | None) -> Draft:
        remark = Remark(who=who or account_name(), at=self._now(), text=text)
        return draft.replaced(remarks=(*draft.remarks, remark))

    def _require_author(self, number: int, who: str | None) -> None:
        name, draft = who or account_name(), self.load(number)
        if name not in draft.authors:
            raise BotError(f"draft {number} is by {', '.join(draft.authors)}; only its authors can do this")

    def _load_open(self, number: int) -> Draft:
        draft = self.load(number)
        if not draft.is_open:
            raise BotError(f"draft {number} is {draft.state} already")
        return draft

    def _changed(self, number: int, change: Callable[[Draft], Draft]) -> Draft:
        with self._workspace.shared_data.lock():
            draft = change(self._load_open(number)).replaced(changed=self._now())
            self._write(draft)
            return draft

    def _numbers(self) -> list[int]:
        return sorted(int(path.stem) for path in self.folder.glob("*.json") if path.stem.isdigit())

    def _path(self, number: int) -> Path:
        return self.folder / f"{number:06}.json"

    def _write(self, draft: Draft) -> None:
        text = json.dumps(draft.content(), indent=1, ensure_ascii=False) + "\n"
        try:
            replace_file(self._path(draft.number), text.encode(), is_private=True)
        except OSError as error:
            raise SettingsError(f"cannot be written: {error.strerror}", path=self._path(draft.number)) from error

    def _prune(self) -> None:
        settled = [draft.number for draft in self.iter_newest_first() if not draft.is_open]
        for number in settled[_MAX_SETTLED:]:
            self._path(number).unlink(missing_ok=True)


def why_not_by(draft: Draft, who: str | None, links: Mapping[str, Sequence[str]]) -> str:
    """Return why a person cannot approve *draft*, because it may be their own; empty if they can.

    *who* is an account of the desk, None for the account of the machine. *links* are as in `Drafts.approve`.
    """
    name = who or account_name()
    by_command = who is None
    if by_command is draft.by_command:
        own = name in draft.authors
    else:
        machine = (name,) if by_command else draft.authors
        unknown = next((each for each in machine if each not in links), None)
        if unknown is not None:
            return (
                f"nobody said whose account of the desk the account {unknown} of the bot's machine is, so draft "
                f"{draft.number} may be your own; name it in `desk.machine_accounts`, as {{{unknown}: [NAME]}}, or "
                f"{{{unknown}: []}} if nobody at the desk uses it"
            )
        own = any(account in (draft.authors if by_command else (name,)) for each in machine for account in links[each])
    return f"draft {draft.number} is by {', '.join(draft.authors)}; somebody else has to approve it" if own else ""


def _as_json(operation: Operation | None) -> str | None:
    return None if operation is None else operation.model_dump_json()
