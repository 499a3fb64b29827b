"""A page of the wiki as a witness: the head, its signature and the last heads, in one region of the page."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from itertools import islice

from bot.errors import EvidenceError, PageConflictError, PageNotFoundError, SnapshotError, StorageFormatError
from bot.snapshot.archive.bag import sha256
from bot.snapshot.archive.checkpoint import HEAD, SIGNATURE, parse_checkpoint
from bot.snapshot.witness.own_chain import HeadMark, OwnChain, mark_of
from bot.snapshot.witness.rounds import Showing
from bot.storage.comment_markers import keep_comment_markers
from bot.storage.macros import iter_content, macro_name, read_macro
from bot.storage.meaning import is_same
from bot.storage.reader import read_strictly
from bot.storage.regions import Marker, find_region, render_marked, replace_regions
from bot.storage.visible_text import is_blank
from bot.wiki.gateway import Page, PageRef, Version, WikiGateway
from bot.wiki.write_order import write_in_order

HEADS_SHOWN = 50
MARKER = Marker("snapshot-heads")
_MESSAGE = re.compile(r"wikibot published head (\d+) ([0-9a-f]{64})")
_VERSIONS_READ = 50
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class _Shown:
    """What the region shows."""

    checkpoint: str
    signature: str | None
    marks: tuple[HeadMark, ...]


@dataclass(frozen=True)
class WikiPage:
    """The page *title* in the space of *space_key*; *connect* returns the gateway for reading, or for writing."""

    connect: Callable[[bool], WikiGateway]
    space_key: str
    title: str
    keeps_heads: bool = True

    @property
    def name(self) -> str:
        """The name of the witness."""
        return f"page {self.title!r} in space {self.space_key}"

    @property
    def place(self) -> str:
        """The name: a log has the pages of one wiki."""
        return self.name

    def read(self) -> Showing:
        """Return the heads in the region, and the newest head in the version history of the page.

        The history shows a head also if someone put an older version of the page back.
        """
        gateway = self.connect(False)
        ref = gateway.find_page(self.space_key, self.title)
        if ref is None:
            if gateway.find_trashed(self.space_key, self.title) is not None:
                raise self._refusal("is in the trash. Restore it, because it shows which heads were published")
            return Showing()
        past = _find_published(gateway, ref)
        shown = self._read_region(gateway.fetch_page(ref.id).body)
        others = (*(shown.marks[1:] if shown else ()), *([past] if past else []))
        return Showing(shown.marks[0] if shown else None, others)

    def write(self, chain: OwnChain, shown: Showing | None) -> None:
        """Write the region; the rest of the page stays as it is."""
        gateway = self.connect(True)
        content = render_heads(chain.head.checkpoint, chain.head.signature, chain.marks[:HEADS_SHOWN])
        mark = chain.head.mark
        message = f"wikibot published head {mark.sequence} {mark.digest}"
        ref = gateway.find_page(self.space_key, self.title)
        if ref is None:
            body = render_marked(MARKER, content)
            gateway.create_page(self.space_key, title=self.title, body=body, parent_id=None, message=message)
            return

        def attempt(page: Page) -> Version:
            now = self._read_region(page.body)
            if (now.marks[0] if now else None) != (shown.newest if shown else None):
                raise SnapshotError("the page was changed while the run wrote to it")
            return gateway.update_page(page, _put(page.body, content), message=message)

        try:
            write_in_order(gateway, ref.id, check=lambda: None, attempt=attempt)
        except PageConflictError as error:
            raise SnapshotError("people saved the page again and again while the run wrote to it") from error

    def _read_region(self, body: str) -> _Shown | None:
        """Return what the region shows; None if it is empty. Raises `EvidenceError` if people changed the region."""
        try:
            region = find_region(body, MARKER)
            if region is None:
                raise self._changed(f"has no block with the id {MARKER.id}")
            text = region.text(body)
            if is_blank(text):
                return None
            shown = _parse(text)
            if shown is None or not is_same(render_heads(shown.checkpoint, shown.signature, shown.marks), text):
                raise self._changed("has a block of the snapshot heads that someone changed")
        except StorageFormatError as error:
            raise self._changed(f"cannot be read: {error}") from error
        return shown

    def _changed(self, what: str) -> EvidenceError:
        return self._refusal(
            f"{what}. If wikibot wrote this page, restore the version of wikibot in the page history, and put other "
            f"text above or below the block. If not, add an empty Page Properties block with the id {MARKER.id}"
        )

    def _refusal(self, what: str) -> EvidenceError:
        return EvidenceError(
            f"the page {self.title!r} in space {self.space_key} {what}; or name another page in snapshots.witnesses. "
            "Nothing was written to it"
        )


def render_heads(checkpoint: str, signature: str | None, marks: tuple[HeadMark, ...]) -> str:
    """Return the storage format of the region: the files verbatim, and a table of the heads."""
    rows = "".join(
        f"<tr><td><p>{mark.sequence}</p></td><td><p>{escape(mark.time)}</p></td>"
        f"<td><p><code>{escape(mark.digest)}</code></p></td></tr>"
        for mark in marks
    )
    files = _render_code(HEAD, checkpoint) + (_render_code(SIGNATURE, signature) if signature else "")
    return (
        "<p>wikibot maintains this block. It shows the newest head of the snapshots. To require that a copy descends "
        f"from it, run <code>wikibot verify --witness {marks[0].digest}</code></p>{files}<table><tbody><tr>"
        "<th><p>Run</p></th><th><p>Time</p></th><th><p>SHA-256 of CHECKPOINT</p></th></tr>"
        f"{rows}</tbody></table>"
    )


def _render_code(title: str, text: str) -> str:
    cdata = text.rstrip("\n").replace("]]>", "]]]]><![CDATA[>")
    return (
        f'<ac:structured-macro ac:name="code"><ac:parameter ac:name="title">{title}</ac:parameter>'
        f"<ac:plain-text-body><![CDATA[{cdata}]]></ac:plain-text-body></ac:structured-macro>"
    )


def _parse(text: str) -> _Shown | None:
    """Return what a region shows; None unless the first row of its table is the head of its `CHECKPOINT`."""
    tree = read_strictly(text)
    macros = [read_macro(each) for each in iter_content(tree) if macro_name(each) == "code"]
    files = {macro.parameters.get("title", ""): f"{(macro.plain_body or '').strip()}\n" for macro in macros}
    checkpoint = files.get(HEAD, "")
    try:
        head = parse_checkpoint(checkpoint.encode())
    except EvidenceError:
        return None
    cells = [[cell.text.strip() for cell in row.elements("td")] for row in tree.elements("tr")]
    marks = tuple(HeadMark(int(row[0]), row[2], row[1]) for row in cells if _is_mark(row))
    newest = mark_of(head, sha256(checkpoint.encode()))
    return _Shown(checkpoint, files.get(SIGNATURE), (newest, *marks[1:])) if marks[:1] == (newest,) else None


def _put(body: str, content: str) -> str:
    region = find_region(body, MARKER)
    if region is None:
        raise SnapshotError("the block was removed while the run wrote to the page")
    return replace_regions(body, [(region, keep_comment_markers(region.text(body), content).text)])


def _is_mark(row: list[str]) -> bool:
    return len(row) == 3 and row[0].isascii() and row[0].isdecimal() and bool(_DIGEST.fullmatch(row[2]))


def _find_published(gateway: WikiGateway, ref: PageRef) -> HeadMark | None:
    """Return the head of the newest version of a page that the bot's account saved, from the version message."""
    try:
        for version in islice(gateway.fetch_versions(ref.id), _VERSIONS_READ):
            found = _MESSAGE.match(version.message)
            if found and gateway.is_own_account(version.author):
                return HeadMark(int(found[1]), found[2])
    except PageNotFoundError:
        return None
    return None
