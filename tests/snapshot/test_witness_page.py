"""A wiki page as a witness, on both kinds of wiki."""

import hashlib
import shutil
from pathlib import Path

import pytest

from bot.snapshot.archive.signature import Signer
from bot.snapshot.witness.own_chain import HeadMark
from bot.snapshot.witness.rounds import WitnessState
from bot.snapshot.witness.wiki_page import HEADS_SHOWN, MARKER, WikiPage, render_heads
from bot.storage.regions import render_marked
from bot.wiki.confluence import ConfluenceGateway
from bot.wiki.credentials import Credentials
from bot.wiki.dialect import Flavour
from bot.wiki.gateway import WikiGateway
from tests.snapshot.small_tree import state_of
from tests.snapshot.small_wiki import SmallWiki
from tests.snapshot.witness_tree import copy_of, first, put_back, second, tell_one
from wikiserver.person_saves import open_and_save

TITLE = "Head of the snapshots"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "snapshots"


@pytest.fixture
def page(wiki: SmallWiki) -> WikiPage:
    writing = ConfluenceGateway(
        f"{wiki.server.url}/wiki" if wiki.flavour is Flavour.CLOUD else wiki.server.url,
        flavour=wiki.flavour,
        credentials=Credentials(user="bot", token="bot-secret"),
        writes_per_minute=6000,
    )

    def connect(may_write: bool) -> WikiGateway:
        return writing if may_write else wiki.gateway

    return WikiPage(connect, "WS2", TITLE)


def page_id(wiki: SmallWiki) -> int:
    found = wiki.gateway.find_page("WS2", TITLE)
    assert found is not None
    return int(found.id)


def body_of(wiki: SmallWiki) -> str:
    return wiki.store.contents.body(page_id(wiki))


def edit(wiki: SmallWiki, body: str) -> None:
    wiki.ids[TITLE] = page_id(wiki)
    wiki.edit(TITLE, body)


def test_the_page_shows_the_files_verbatim_and_the_last_heads(
    wiki: SmallWiki, page: WikiPage, root: Path, signer: Signer
) -> None:
    oldest = first(root, signer)
    tell_one(root, page)
    newest = second(root, signer)

    report = tell_one(root, page)

    assert (report.state, report.sequence) == (WitnessState.CONFIRMED, 2)
    body = body_of(wiki)
    assert (root / "CHECKPOINT").read_text().rstrip("\n") in body
    assert (root / "CHECKPOINT.sig").read_text().rstrip("\n") in body
    assert body.index(newest) < body.index(f"<code>{oldest}</code>")
    assert page.read().newest == HeadMark(2, newest, "2026-11-25T02:30:00Z")
    assert not tell_one(root, page).is_new


def test_at_most_fifty_heads_are_on_the_page() -> None:
    marks = tuple(HeadMark(number, f"{number:064}", "") for number in range(80, 0, -1))

    assert HEADS_SHOWN == 50
    assert render_heads("x\n", None, marks[:HEADS_SHOWN]).count("<tr><td>") == 50


def test_text_of_people_around_the_block_stays(wiki: SmallWiki, page: WikiPage, root: Path) -> None:
    first(root)
    tell_one(root, page)
    edit(wiki, f"<p>Read this first, says Ana</p>{body_of(wiki)}<p>and this after.</p>")
    newest = second(root)

    assert tell_one(root, page).state is WitnessState.CONFIRMED

    body = body_of(wiki)
    assert body.startswith("<p>Read this first, says Ana</p>")
    assert body.endswith("<p>and this after.</p>")
    assert newest in body


def test_a_save_in_an_editor_changes_nothing(wiki: SmallWiki, page: WikiPage, root: Path) -> None:
    first(root)
    tell_one(root, page)
    open_and_save(wiki.server.site, page_id(wiki), "ana", editor=wiki.flavour.value)
    second(root)

    assert tell_one(root, page).state is WitnessState.CONFIRMED


@pytest.mark.parametrize("change", ["words inside", "other digest", "block removed", "broken"])
def test_a_block_that_people_changed_is_left_as_it_is(wiki: SmallWiki, page: WikiPage, root: Path, change: str) -> None:
    digest = first(root)
    tell_one(root, page)
    body = body_of(wiki)
    match change:
        case "words inside":
            edit(wiki, body.replace("<table", "<p>Ana: do not forget to print this.</p><table"))
        case "other digest":
            edit(wiki, body.replace(digest, "0" * 64))
        case "block removed":
            edit(wiki, "<p>Minutes of the board</p>")
        case "broken":
            edit(wiki, body + body)
    before = body_of(wiki)
    second(root)

    report = tell_one(root, page)

    assert report.state is WitnessState.REFUSED
    assert "restore the version of wikibot in the page history" in report.message
    assert body_of(wiki) == before


def test_a_page_of_someone_else_is_not_overwritten(wiki: SmallWiki, page: WikiPage, root: Path) -> None:
    first(root)
    before = wiki.store.contents.body(wiki.ids["Minutes"])

    report = tell_one(root, WikiPage(page.connect, "WS2", "Minutes"))

    assert report.state is WitnessState.REFUSED
    assert "name another page in snapshots.witnesses" in report.message
    assert wiki.store.contents.body(wiki.ids["Minutes"]) == before


def test_a_page_that_a_person_prepared_is_used(wiki: SmallWiki, page: WikiPage, root: Path) -> None:
    digest = first(root)
    wiki.add(TITLE, f"<p>Why this page exists.</p>{render_marked(MARKER, '<p> </p>')}", label="")

    assert tell_one(root, page).state is WitnessState.CONFIRMED
    assert digest in body_of(wiki)
    assert "Why this page exists." in body_of(wiki)


def test_a_folder_that_was_rolled_back_does_not_replace_the_page(wiki: SmallWiki, page: WikiPage, root: Path) -> None:
    first(root)
    backup = copy_of(root)
    second(root)
    tell_one(root, page)
    before = body_of(wiki)
    put_back(root, backup)

    report = tell_one(root, page)

    assert report.state is WitnessState.REFUSED
    assert body_of(wiki) == before


def test_an_older_version_of_the_page_does_not_hide_a_published_head(
    wiki: SmallWiki, page: WikiPage, root: Path
) -> None:
    first(root)
    tell_one(root, page)
    older, backup = body_of(wiki), copy_of(root)
    second(root)
    tell_one(root, page)
    edit(wiki, older)
    put_back(root, backup)
    shutil.rmtree(state_of(root).folder)

    report = tell_one(root, page)

    assert report.state is WitnessState.REFUSED
    assert "shows run 2" in report.message
    assert body_of(wiki) == older


def test_a_page_in_the_trash_is_not_made_again(wiki: SmallWiki, page: WikiPage, root: Path) -> None:
    first(root)
    tell_one(root, page)
    wiki.store.pages.trash(page_id(wiki))

    report = tell_one(root, page)

    assert report.state is WitnessState.REFUSED
    assert "is in the trash" in report.message
    assert wiki.gateway.find_page("WS2", TITLE) is None


def test_the_digest_on_the_page_is_that_of_the_file(wiki: SmallWiki, page: WikiPage, root: Path) -> None:
    first(root)
    tell_one(root, page)

    assert hashlib.sha256((root / "CHECKPOINT").read_bytes()).hexdigest() in body_of(wiki)
