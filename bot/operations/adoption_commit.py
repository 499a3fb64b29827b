"""Carry out an adoption: the data file and the page change together, or neither does.

Order of the steps: take the locks, write the new data file next to the old one and a journal to `state` (both
durably), write the page, rename the file, clear the journal. A run that ends in between leaves the journal. The next
command that compares the data file with the wiki reads the history of the page: if the page was written, the file is
renamed; if not, the prepared file is deleted.
"""

from typing import TYPE_CHECKING

from bot.config.data_history import PendingAdoption
from bot.config.policy import SafetySettings
from bot.config.schemas import add_schemas
from bot.errors import BotError, ContentError, StoppedError
from bot.log import logger
from bot.operations.last_check import note_adopted
from bot.operations.single_write import write_single_page
from bot.operations.workspace import Workspace
from bot.storage.comment_markers import marker_refs
from bot.sync.drift import digest_of
from bot.sync.guard import Guard
from bot.sync.ledger import Tag, TagEntry
from bot.wiki.gateway import Page, Version, WikiGateway

if TYPE_CHECKING:
    from bot.operations.adoption import Adoption


def carry_out_adoption(gateway: WikiGateway, safety: SafetySettings, adoption: "Adoption") -> Version | None:
    """Write markers to the page and values to the data file; return the page's new version, None if nothing is adopted.

    Raises `BotError` if the page was saved in the meantime, and `ContentError` if the data file was changed in
    the meantime or cannot be written; then neither was written. If the answer of the wiki is lost and the wiki does not
    answer again, the journal stays and a later command settles the adoption.
    """
    if adoption.is_empty:
        return None
    with adoption.workspace.shared_data.lock(), adoption.workspace.folders.writer_lock(gateway.base_url):
        _settle(gateway, adoption.workspace)
        version = write_single_page(
            gateway,
            adoption.workspace.folders,
            adoption.page.id,
            check=lambda: _raise_if_kept_off(gateway, safety, adoption),
            attempt=lambda live: _write(gateway, adoption, live),
            at_least=adoption.page.version,
            conflicts=1,
        )
    refused = {refusal.region for refusal in adoption.refusals if not refusal.is_absent}
    still_open = {*adoption.open, *refused}
    note_adopted(adoption.workspace, adoption.page.id, adoption.texts, version.when, still_open=still_open)
    add_schemas(adoption.edit.after.path.parent)
    return version


def _write(gateway: WikiGateway, adoption: "Adoption", live: Page) -> Version:
    """Write the journal and the page, if people have neither saved the page nor commented on it since it was read."""
    read, before, message = adoption.page, adoption.edit.before, _message(adoption)
    if live.version != read.version:
        raise BotError(f"page {read.title!r} was saved after it was read; nothing was written, run it again")
    if marker_refs(live.body) != marker_refs(read.body):
        raise BotError(f"page {read.title!r} was commented on after it was read; nothing was written, run it again")
    adoption.workspace.shared_data.begin_adoption(
        PendingAdoption(
            page_id=read.id,
            base_version=read.version,
            message=message,
            before=before.revision if before else None,
            text=adoption.edit.after.text,
        )
    )
    try:
        version = gateway.update_page(read, adoption.body, message=message, is_minor=not adoption.is_loud)
    except BotError as error:
        written = _after_failure(gateway, adoption.workspace, error)
        if written is None:
            raise
        return written
    _complete(adoption.workspace)
    return version


def settle_adoption(gateway: WikiGateway, workspace: Workspace) -> None:
    """Complete or abandon an adoption that was interrupted; does nothing if there is none.

    Raises `WikiError` if the wiki does not say whether the page was written.
    """
    shared = workspace.shared_data
    if shared.history.load().adoption is None:
        return
    with shared.lock(), workspace.folders.writer_lock(gateway.base_url):
        _settle(gateway, workspace)


def _settle(gateway: WikiGateway, workspace: Workspace) -> Version | None:
    shared = workspace.shared_data
    pending = shared.history.load().adoption
    if pending is None:
        return None
    account = gateway.fetch_current_user().id
    version = next(
        (
            version
            for version in gateway.fetch_versions(pending.page_id)
            if version.number > pending.base_version
            and version.message == pending.message
            and version.author.id == account
        ),
        None,
    )
    if version is None:
        shared.abandon_adoption()
        logger.warning("{}: an interrupted adoption had not written the page; it is undone", workspace.data_path)
    else:
        _complete(workspace)
        logger.warning(
            "{}: an interrupted adoption is completed: the file has what version {} of the page has",
            workspace.data_path,
            version.number,
        )
    return version


def _complete(workspace: Workspace) -> None:
    if not workspace.shared_data.complete_adoption():
        raise ContentError(
            "was changed by another program during the adoption; the page is written, and the file is as that program "
            "left it: run `wikibot adopt` again, which merges the two",
            path=workspace.data_path,
        )


def _after_failure(gateway: WikiGateway, workspace: Workspace, error: BotError) -> Version | None:
    """Return the version that the failed request wrote all the same; None if it wrote nothing, which is then undone."""
    try:
        return _settle(gateway, workspace)
    except ContentError:
        raise
    except BotError:
        logger.warning(
            "{}: it is not known yet whether the page was written; the next command asks the wiki", workspace.data_path
        )
        raise error from None


def _raise_if_kept_off(gateway: WikiGateway, safety: SafetySettings, adoption: "Adoption") -> None:
    home = adoption.edit.after.data.workspace.home
    finder = adoption.workspace.page_finder(gateway, adoption.edit.after.data)
    stop_pages = {adoption.workspace.name: finder.get_id(home)}
    guard = Guard(gateway, safety, stop_pages=stop_pages, orders=adoption.workspace.folders.stop_orders)
    obstacle = guard.find_obstacle(adoption.workspace.name, adoption.page.id)
    if obstacle is not None:
        raise StoppedError(f"page {adoption.page.title!r} was not adopted: {obstacle.reason}")


def _message(adoption: "Adoption") -> str:
    """Return the version message, which marks these texts as last applied in the page history."""
    entries = {
        region: TagEntry(
            digest_of(text),
            open_entries=adoption.open_entries.get(region),
            left_out=adoption.left_out.get(region, ()),
        )
        for region, text in adoption.texts.items()
    }
    people = f" by {', '.join(adoption.people)}" if adoption.people else ""
    return Tag(entries, adoption.edit.after.revision, is_adoption=True).message(
        ", ".join(adoption.texts) + people, base=adoption.page
    )
