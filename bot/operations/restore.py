"""Keep the texts of people that the bot replaces, and bring them back.

A text that was brought back counts as a text of people: it is not repaired, and waits until `wikibot adopt` takes it
into the data file, or until a plan made with `--take-over` replaces it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.adopt.data_targets import CannotSayError
from bot.adopt.entry_merge import Choice, Dispute, LastWritten, merge_entries
from bot.adopt.proposal import read_region
from bot.adopt.values import ADOPTABLE, Value
from bot.adopt.wiki_pages import WikiPages
from bot.config.policy import SafetySettings
from bot.errors import BotError, MalformedBodyError, StoppedError
from bot.operations.single_write import write_single_page
from bot.operations.workspace import Folders, Workspace
from bot.replaced_texts import ReplacedText, ReplacedTexts
from bot.storage.comment_markers import keep_comment_markers
from bot.storage.markers import MarkerKind
from bot.storage.meaning import is_same
from bot.storage.regions import find_region, replace_regions
from bot.sync.clock_difference import render_safely
from bot.sync.guard import Guard
from bot.sync.ledger import PageLedger, restored_message
from bot.sync.own_blocks import find_own_blocks
from bot.sync.plan import Change, PagePlan
from bot.sync.target_pages import marker_of
from bot.wiki.gateway import Page, Version, WikiGateway


@dataclass(frozen=True, slots=True)
class Restoration:
    """A proposed restoration: the text of the region on the page now, and after it."""

    page: Page
    body: str
    before: str
    after: str


def keep_replaced(folders: Folders, now: datetime, plan: PagePlan, change: Change, page: Page) -> None:
    """Record the text of people in a region that *change* replaces; raises `HistoryError` if that is not possible."""
    own, last = change.own, change.last_applied
    ReplacedTexts(folders.state).add(
        ReplacedText(
            number=0,
            when=now,
            workspace=plan.workspace,
            page_id=plan.id,
            title=plan.title,
            region=change.region,
            version=page.version,
            people=tuple(dict.fromkeys(edit.author for edit in change.edits)),
            text=own.text if own else change.live or "",
            base=own.last if own else last and last.text,
            written=change.own_desired,
        )
    )


def list_replaced(folders: Folders, workspaces: Sequence[Workspace]) -> list[ReplacedText]:
    """Return the kept texts of these workspaces, newest first."""
    names = {workspace.name for workspace in workspaces}
    return [each for each in reversed(ReplacedTexts(folders.state).load()) if each.workspace in names]


def plan_restoration(gateway: WikiGateway, workspace: Workspace, text: ReplacedText, *, now: datetime) -> Restoration:
    """Propose how *text* comes back into its region; raises `BotError` if that is not possible."""
    return _Restorer(gateway, workspace, text, now).propose(gateway.fetch_page(text.page_id))


def restore(
    gateway: WikiGateway, workspace: Workspace, safety: SafetySettings, text: ReplacedText, *, now: datetime
) -> Version:
    """Put *text* back, in the one order of every write."""
    restorer = _Restorer(gateway, workspace, text, now)
    data = workspace.load_data_file().data
    stop_page = workspace.page_finder(gateway, data).get_id(data.workspace.home)
    guard = Guard(gateway, safety, stop_pages={workspace.name: stop_page}, orders=workspace.folders.stop_orders)

    def check() -> None:
        obstacle = guard.find_obstacle(workspace.name, text.page_id)
        if obstacle is not None:
            raise StoppedError(f"page {text.title!r} was not written: {obstacle.reason}")

    def attempt(page: Page) -> Version:
        people = ", ".join(text.people) or "people"
        message = restored_message(text.region, f"what {people} wrote, from version {text.version}")
        return gateway.update_page(page, restorer.propose(page).body, message=message)

    with workspace.folders.writer_lock(gateway.base_url):
        return write_single_page(gateway, workspace.folders, text.page_id, check=check, attempt=attempt)


class _Restorer:
    """Puts one text back into the body of its page."""

    def __init__(self, gateway: WikiGateway, workspace: Workspace, text: ReplacedText, now: datetime) -> None:
        if text.region not in workspace.settings.regions:
            raise BotError(f"workspace {workspace.name!r} has no region {text.region!r} any more")
        self._gateway, self._workspace, self._text, self._now = gateway, workspace, text, now
        self._marker = marker_of(text.region, workspace.settings.regions[text.region])

    def propose(self, page: Page) -> Restoration:
        region = find_region(page.body, self._marker)
        if region is None:
            raise BotError(f"page {page.title!r} does not have the region {self._text.region!r}; {self._way_on()}")
        live = region.text(page.body)
        last = PageLedger(page, self._gateway).find_last_applied(self._marker)
        is_heading = self._marker.kind is MarkerKind.HEADING and last is not None
        own = find_own_blocks(live, last) if is_heading and last else None
        new = self._new_text(page, live if own is None else own.text)
        after = new if own is None else own.around(new)
        body = replace_regions(page.body, [(region, keep_comment_markers(live, after).text)])
        return Restoration(page, body, live, after)

    def _new_text(self, page: Page, current: str) -> str:
        text, space_key = self._text, page.ref.space_key
        if is_same(current, text.text, space_key=space_key):
            raise BotError(f"page {page.title!r} has this text already; nothing was written")
        if is_same(current, text.written, space_key=space_key):
            return text.text
        try:
            return self._merge(page, current)
        except (CannotSayError, MalformedBodyError) as error:
            raise BotError(f"the region has changed since, and cannot be merged: {error}; {self._way_on()}") from error

    def _merge(self, page: Page, current: str) -> str:
        """Return *current* with what people had changed; what the bot wrote later stays."""
        text, document = self._text, self._workspace.load_data_file()
        if text.region not in ADOPTABLE:
            raise CannotSayError("text that the bot generates")
        pages = WikiPages(self._gateway, self._workspace.page_finder(self._gateway, document.data))
        base = getattr(document.data, text.region)

        def read(fragment: str) -> Value:
            return read_region(text.region, fragment, pages, base=base).value

        merged = merge_entries(
            read(text.text),
            read(current),
            LastWritten(read(text.base or text.written)),
            pages,
            now=self._now,
            zone=ZoneInfo(document.data.workspace.timezone),
            choose=_choose_people,
        )
        shown = document.set_region(text.region, merged.value).data
        notice = self._workspace.settings.notice_of(text.region)
        renderer = self._workspace.load_renderer()
        new = render_safely(
            lambda moment: renderer.render(text.region, shown, now=moment, links=pages, notice=notice),
            self._now,
            self._gateway.wiki_time,
            written=page.ref.version.when,
        )
        if is_same(new, current, space_key=page.ref.space_key):
            raise BotError(f"page {page.title!r} has these words already; nothing was written")
        return new

    def _way_on(self) -> str:
        return f"version {self._text.version} of the page has the text: look it up in the page history"


def _choose_people(dispute: Dispute) -> Choice:
    """Take the wording of people; what they had removed stays."""
    return Choice.FILE if dispute.page is None else Choice.PAGE
