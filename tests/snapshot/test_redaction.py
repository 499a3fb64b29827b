"""A redaction leaves nothing: not in the files of the page, nor in what other pages, indexes and copies have of it."""

import datetime as dt
import gzip
import hashlib
import json
import re
import shutil
import subprocess
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.config.policy import SnapshotSettings
from bot.current_run import RunPage
from bot.errors import EvidenceError, RedactedError, SnapshotError
from bot.history import RunHistory, RunOutcome
from bot.operations import archive
from bot.operations.archive_reader import read_folder, read_own
from bot.operations.workspace import Snapshots
from bot.snapshot.archive.canonical_json import dump_json
from bot.snapshot.archive.disk import Disk
from bot.snapshot.archive.git import GitRepository
from bot.snapshot.archive.library import load_library
from bot.snapshot.archive.salt import Salts
from bot.snapshot.archive.writer import open_writer
from bot.snapshot.erasure.needles import Needles
from bot.snapshot.erasure.removal import redact as erase
from bot.snapshot.erasure.traces import find_traces
from bot.snapshot.verify.verification import verify
from bot.wiki.dialect import Flavour
from tests.machine import need
from tests.snapshot.breaking_disk import Killed
from tests.snapshot.capturing import markdown_of, run_capture
from tests.snapshot.packed_files import docx_of, pdf_of, zip_of
from tests.snapshot.public_tools import run_instructions
from tests.snapshot.small_tree import CLOCK, copy_snapshots, finish, open_run, put_page, state_of, tree_bytes
from tests.snapshot.small_wiki import ANA, LI, SmallWiki, small_wiki
from tests.snapshot.test_restricted import include, macro, properties

TITLE, OLD_TITLE = "Zebra plan of May", "Zebra draft of April"
LINE = "the striped animals leave the enclosure at dawn through the north gate"
OLD_LINE = "an earlier version said that they would leave at noon through the south gate"
SECRETS = {
    "title": TITLE,
    "old title": OLD_TITLE,
    "text": LINE,
    "old text": OLD_LINE,
    "comment": "nobody outside this group should ever read about the north gate",
    "property": "the price of nine zebras and two keepers in gold coins",
    "file name": "zebra-budget-of-may.txt",
    "file content": "nine zebras cost more than the whole budget of this year",
    "name of the Markdown file": "zebra-draft-of-april--",
}


@dataclass
class Redacted:
    """Snapshots of two runs, then a redaction; *before* has the files that had each secret before it.

    A test copies them before it changes them.
    """

    wiki: SmallWiki
    snapshots: Snapshots
    before: dict[str, list[str]]
    result: archive.Redaction
    planned: archive.PlannedRedaction

    @property
    def root(self) -> Path:
        return self.snapshots.root


def files_with(folders: list[Path], secret: str) -> list[str]:
    """Return the files whose name or content has *secret*, also as JSON and storage format write it."""
    paths = [path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file()]
    return [str(path) for path in paths if secret in path.name or secret.encode() in path.read_bytes()]


def secret_page(wiki: SmallWiki) -> None:
    """A page with everything that a page can have, renamed and edited between the captures."""
    excerpt = f'<ac:structured-macro ac:name="excerpt"><ac:rich-text-body><p>{OLD_LINE}</p></ac:rich-text-body>'
    wiki.add(OLD_TITLE, f"{excerpt}</ac:structured-macro>{properties(SECRETS['property'])}", under="Above")
    page = wiki.ids[OLD_TITLE]
    content = SECRETS["file content"].encode()
    wiki.store.attachments.add(page, SECRETS["file name"], content, author=ANA, media_type="text/plain")
    wiki.store.comments.add(page, f"<p>{SECRETS['comment']}</p>", author=LI)


def neighbours(wiki: SmallWiki) -> None:
    """Pages that show the page in every way in which one page shows another."""
    wiki.add("Below", "<p>below</p>", under=OLD_TITLE)
    wiki.add("Includes", include(OLD_TITLE))
    wiki.add("Excerpts", include(OLD_TITLE, "excerpt-include"))
    wiki.add("Tree", macro("pagetree"))
    wiki.add("Listed", macro("contentbylabel", labels="archived", spaces="@self"))
    wiki.add("Reported", macro("detailssummary", label="archived"))


def rename(wiki: SmallWiki) -> None:
    wiki.ids[TITLE] = wiki.ids[OLD_TITLE]
    body = f"<p>{LINE}</p>{properties(SECRETS['property'])}"
    wiki.store.pages.update(wiki.ids[TITLE], author=LI, body=body, title=TITLE)
    for title, macro_name in (("Includes", "include"), ("Excerpts", "excerpt-include")):
        wiki.edit(title, include(TITLE, macro_name))
    for title in ("Above", "Tree", "Listed", "Reported"):
        wiki.edit(title, wiki.store.contents.body(wiki.ids[title], None) + "<p>more</p>")


@pytest.fixture(scope="module", params=list(Flavour), ids=lambda flavour: flavour.value)
def redacted(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redacted]:
    need("git")
    root = tmp_path_factory.mktemp("redaction") / "snapshots"
    clock = iter(CLOCK + dt.timedelta(days=day) for day in range(2, 99))
    snapshots = Snapshots(
        root, root.with_name("snapshots-state"), SnapshotSettings(git=True, signing_key="none"), lambda: next(clock)
    )
    with small_wiki(request.param) as wiki:
        wiki.add("Above", macro("children"))
        secret_page(wiki)
        neighbours(wiki)
        run_capture(wiki, root)
        GitRepository(snapshots.state).commit("Run 1")
        rename(wiki)
        run_capture(wiki, root, day=1)
        GitRepository(snapshots.state).commit("Run 2")
        GitRepository(snapshots.state).run("remote", "add", "copy", "git@example.org:copy.git")
        archive.search_pages(read_own(snapshots), "zebra")
        folders = [root, snapshots.state.folder]
        before = {name: files_with(folders, secret) for name, secret in SECRETS.items()}
        planned = archive.find_redaction(snapshots, TITLE)
        result = archive.redact_page(snapshots, planned.erasure, reason="asked for", by="Ana")
        yield Redacted(wiki, snapshots, before, result, planned)


def own_sources(root: Path) -> list[str]:
    """The bodies of the pages whose authors wrote the title themselves, to include the page."""
    found = []
    for title in ("Includes", "Excerpts"):
        bag, entry = load_library(root).get_page(title)
        found += [str(root / bag.name / path) for path in bag.sources_of(entry.page_id)]
    return found


@pytest.mark.parametrize("name", SECRETS)
def test_no_file_has_it_but_the_own_words_of_other_authors(redacted: Redacted, name: str) -> None:
    folders = [redacted.root, redacted.snapshots.state.folder]

    assert redacted.before[name], "it was there before"
    assert set(files_with(folders, SECRETS[name])) <= set(own_sources(redacted.root))


@pytest.mark.parametrize(
    "place", ["Below", "Includes", "Excerpts", "Above", "Tree", "Listed", "Reported", "README.md", "pages.jsonl"]
)
def test_a_place_that_showed_the_page_does_not_any_more(redacted: Redacted, place: str) -> None:
    if place in ("README.md", "pages.jsonl"):
        text = (redacted.root / "WS2" / place).read_text(encoding="utf-8")
    else:
        text = markdown_of(redacted.root, place)

    for secret in (TITLE, OLD_TITLE, LINE, OLD_LINE, SECRETS["property"]):
        assert secret not in text
    page_id = redacted.planned.erasure.page_id
    assert page_id in text or "a redaction removed it" in text


def test_nothing_is_found_afterwards_and_everything_verifies(redacted: Redacted) -> None:
    assert redacted.result.leftovers == ()
    assert verify(redacted.root).findings == ()
    assert run_instructions(redacted.root).returncode == 0


def test_each_page_that_shows_it_is_named_before(redacted: Redacted) -> None:
    shown = {trace.place.rpartition(" (")[0] for trace in redacted.planned.erasure.shown_by}
    said = {trace.place.rpartition(" (")[0] for trace in redacted.planned.erasure.said_by}

    assert shown == {"Below", "Includes", "Excerpts", "Above", "Tree", "Listed", "Reported"}
    assert said == {"Includes", "Excerpts"}
    assert redacted.planned.copies == ("git remote copy: git@example.org:copy.git",)


def test_the_git_copy_begins_again_and_keeps_its_remotes(redacted: Redacted) -> None:
    state = redacted.snapshots.state

    def git(*words: str) -> str:
        command = ["git", f"--git-dir={state.git}", *words]
        return subprocess.run(command, capture_output=True, check=True).stdout.decode("utf-8", "replace")

    blobs = git("cat-file", "--batch-all-objects", "--batch")
    assert git("rev-list", "--all", "--count").strip() == "1"
    assert LINE not in blobs
    assert OLD_LINE not in blobs
    assert git("remote", "get-url", "copy").strip() == "git@example.org:copy.git"


def test_no_search_finds_it(redacted: Redacted) -> None:
    assert archive.search_pages(read_own(redacted.snapshots), "striped animals").hits == ()
    assert archive.search_pages(read_own(redacted.snapshots), "nine zebras").hits == ()


def test_the_histories_of_other_pages_stay(redacted: Redacted) -> None:
    timeline = archive.page_history(read_own(redacted.snapshots), "Includes")

    assert [held.version.number for held in timeline.versions if held.paths] == [2, 1]
    assert "redacted page" in timeline.happenings[-1].detail
    assert archive.page_diff(read_own(redacted.snapshots), "Includes", "run:1", "run:2").diff.page_id


def test_a_later_capture_brings_nothing_back(redacted: Redacted, tmp_path: Path) -> None:
    root = copy_snapshots(redacted.root, tmp_path / "snapshots")
    for title in ("Below", "Includes", "Excerpts", "Above", "Tree", "Listed", "Reported"):
        redacted.wiki.edit(title, redacted.wiki.store.contents.body(redacted.wiki.ids[title], None) + "<p>again</p>")

    outcome = run_capture(redacted.wiki, root, day=50)

    assert outcome.captured == 7
    for secret in (LINE, OLD_LINE, SECRETS["property"], TITLE):
        assert set(files_with([root], secret)) <= set(own_sources(root))


@pytest.fixture
def small(tmp_path: Path) -> Iterator[tuple[SmallWiki, Snapshots]]:
    root = tmp_path / "snapshots"
    later = CLOCK + dt.timedelta(days=9)
    snapshots = Snapshots(root, state_of(root).folder.parent, SnapshotSettings(signing_key="none"), lambda: later)
    with small_wiki(Flavour.DATA_CENTER) as wiki:
        yield wiki, snapshots


def test_text_in_the_own_words_of_another_page_is_named_and_counts(small: tuple[SmallWiki, Snapshots]) -> None:
    wiki, snapshots = small
    wiki.add("Zebra", f"<p>{LINE}</p>")
    wiki.add("Copied", f"<table><tr><td>They say: {LINE}, <strong>really</strong>.</td></tr></table>")
    run_capture(wiki, snapshots.root)

    planned = archive.find_redaction(snapshots, "Zebra")
    result = archive.redact_page(snapshots, planned.erasure, reason="asked for", by="Ana")

    assert [(trace.place.partition(" (")[0], trace.what) for trace in planned.erasure.said_by] == [("Copied", "text")]
    assert planned.erasure.has_copies
    assert result.leftovers == ()


def test_a_copy_is_named_in_whatever_form_another_page_has_it(small: tuple[SmallWiki, Snapshots]) -> None:
    wiki, snapshots = small
    marker = '<ac:inline-comment-marker ac:ref="7">enclosure at dawn</ac:inline-comment-marker>'
    wiki.add("Zebra", f"<p>{LINE.replace('enclosure at dawn', marker)}</p>")
    wiki.store.attachments.add(wiki.ids["Zebra"], "zebra.bin", b"\0\1zebra", author=ANA, media_type="text/plain")
    wiki.add("Plain", f"<p>{LINE}</p>")
    wiki.add("Bold", f"<p>{LINE.replace('animals', 'ani<strong>mals</strong>')}</p>")
    wiki.add("Hyphens", f"<p>{LINE.replace('animals', 'ani&shy;mals')}</p>")
    files = {
        "Wide": ("notes.txt", LINE.encode("utf-16")),
        "Same": ("other.bin", b"\0\1zebra"),
        "Word": ("plan.docx", docx_of(TITLE, LINE)),
        "Printed": ("plan.pdf", pdf_of("Before", LINE)),
        "Packed": ("all.zip", zip_of({"x.bin": b"\0\1zebra"})),
        "Scanned": ("scan.pdf", pdf_of()),
    }
    for title, (name, content) in files.items():
        wiki.add(title)
        wiki.store.attachments.add(wiki.ids[title], name, content, author=ANA, media_type="text/plain")
    run_capture(wiki, snapshots.root)

    planned = redact(snapshots, wiki.ids["Zebra"])

    assert {trace.place.partition(" (")[0]: trace.what for trace in planned.erasure.said_by} == {
        **dict.fromkeys(("Plain", "Bold", "Hyphens", "Wide", "Word", "Printed"), "text"),
        "Same": "content of a file",
        "Packed": "content of a file",
    }
    scanned = f"/data/_attachments/{wiki.ids['Scanned']}/"
    assert [trace.what for trace in planned.erasure.unread if scanned in trace.place] == [
        "it is a PDF file without text, such as a scan"
    ]


def test_a_title_that_is_a_common_word_is_no_false_alarm(small: tuple[SmallWiki, Snapshots]) -> None:
    wiki, snapshots = small
    wiki.add("Budget", "<p>short</p>")
    wiki.add("Budget 2027", "<p>The Budget of this year, see Budget.</p>")
    run_capture(wiki, snapshots.root)

    planned = archive.find_redaction(snapshots, "Budget")
    result = archive.redact_page(snapshots, planned.erasure, reason="asked for", by="Ana")

    assert planned.erasure.said_by == []
    assert result.leftovers == ()
    assert "The Budget of this year" in markdown_of(snapshots.root, "Budget 2027")


def test_a_held_page_that_includes_it_keeps_it(small: tuple[SmallWiki, Snapshots]) -> None:
    wiki, snapshots = small
    wiki.add("Zebra", f"<p>{LINE}</p>")
    wiki.add("Includes", include("Zebra"))
    run_capture(wiki, snapshots.root)
    archive.hold_pages(snapshots, ["Includes"], name="case 7", reason="a lawsuit", by="Ana")

    with pytest.raises(SnapshotError, match="'case 7' by Ana"):
        archive.find_redaction(snapshots, "Zebra")


@pytest.mark.parametrize("held", ["Zebra", "Includes"])
def test_a_hold_that_is_placed_while_a_person_thinks_counts(small: tuple[SmallWiki, Snapshots], held: str) -> None:
    wiki, snapshots = small
    wiki.add("Zebra", f"<p>{LINE}</p>")
    wiki.add("Includes", include("Zebra"))
    run_capture(wiki, snapshots.root)
    archive.search_pages(read_own(snapshots), "animals")
    planned = archive.find_redaction(snapshots, "Zebra")
    archive.hold_pages(snapshots, [held], name="case 7", reason="a lawsuit", by="Ana")
    before = tree_bytes(snapshots.root)

    with pytest.raises(SnapshotError, match="another run changed the snapshots meanwhile"):
        archive.redact_page(snapshots, planned.erasure, reason="asked for", by="Li")

    assert tree_bytes(snapshots.root) == before
    assert snapshots.state.search.exists()


def test_a_second_redaction_cleans_the_same_records_again(small: tuple[SmallWiki, Snapshots]) -> None:
    wiki, snapshots = small
    wiki.add("Zebra", f"<p>{LINE}</p>")
    wiki.add("Gnu", f"<p>{OLD_LINE}</p>")
    wiki.add("Both", include("Zebra") + include("Gnu"))
    run_capture(wiki, snapshots.root)

    for title in ("Zebra", "Gnu"):
        planned = archive.find_redaction(snapshots, title)
        assert archive.redact_page(snapshots, planned.erasure, reason="asked for", by="Ana").leftovers == ()

    assert files_with([snapshots.root], LINE) + files_with([snapshots.root], OLD_LINE) == []
    assert verify(snapshots.root).findings == ()


def redact(snapshots: Snapshots, page: object) -> archive.PlannedRedaction:
    """Redact a page, and return what was planned; nothing may be left over."""
    planned = archive.find_redaction(snapshots, str(page))
    assert archive.redact_page(snapshots, planned.erasure, reason="asked for", by="Ana").leftovers == ()
    return planned


def test_an_included_text_is_removed_though_the_page_was_in_another_space_then(
    small: tuple[SmallWiki, Snapshots],
) -> None:
    wiki, snapshots = small
    other = wiki.store.spaces.create("OTHER", "Other", creator=ANA, now=CLOCK)
    home = wiki.store.pages.create(other.id, "Other home", "", author=ANA)
    wiki.store.labels.add(home.id, "archived")
    wiki.add(TITLE, f"<p>{LINE}</p>")
    wiki.add("Includes", include(TITLE))
    run_capture(wiki, snapshots.root, spaces=("WS2", "OTHER"))
    wiki.store.pages.move(wiki.ids[TITLE], home.id, "append")
    run_capture(wiki, snapshots.root, spaces=("WS2", "OTHER"), day=1)
    assert load_library(snapshots.root).get_page(str(wiki.ids[TITLE]))[1].space_key == "OTHER"

    redact(snapshots, wiki.ids[TITLE])

    assert files_with([snapshots.root], LINE) == []
    assert "a redaction removed it" in markdown_of(snapshots.root, "Includes")
    assert verify(snapshots.root).findings == ()


def test_an_included_text_is_removed_though_the_page_has_another_title_since_its_last_capture(
    small: tuple[SmallWiki, Snapshots],
) -> None:
    wiki, snapshots = small
    wiki.add(OLD_TITLE, f"<p>{OLD_LINE}</p>")
    wiki.add("Includes", include(OLD_TITLE))
    run_capture(wiki, snapshots.root)
    page = wiki.ids[OLD_TITLE]
    wiki.store.labels.remove(page, "archived")
    wiki.store.pages.update(page, author=LI, body=f"<p>{LINE}</p>", title=TITLE)
    wiki.edit("Includes", include(TITLE))
    run_capture(wiki, snapshots.root, day=1)
    assert files_with([snapshots.root], LINE)

    redact(snapshots, page)

    assert files_with([snapshots.root], LINE) + files_with([snapshots.root], OLD_LINE) == []
    assert verify(snapshots.root).findings == ()


def test_an_included_page_that_got_the_title_later_stays(small: tuple[SmallWiki, Snapshots]) -> None:
    wiki, snapshots = small
    wiki.add(TITLE, f"<p>{OLD_LINE}</p>")
    run_capture(wiki, snapshots.root)
    old = wiki.ids[TITLE]
    wiki.store.pages.update(old, author=LI, body=f"<p>{OLD_LINE}</p>", title=OLD_TITLE)
    wiki.add(TITLE, f"<p>{LINE}</p>")
    wiki.add("Includes", include(TITLE))
    run_capture(wiki, snapshots.root, day=1)

    archive.redact_page(snapshots, archive.find_redaction(snapshots, str(old)).erasure, reason="asked for", by="Ana")

    assert files_with([snapshots.root], OLD_LINE) == []
    assert LINE in markdown_of(snapshots.root, "Includes")


def test_a_title_in_the_address_of_a_link_is_named(small: tuple[SmallWiki, Snapshots]) -> None:
    wiki, snapshots = small
    wiki.add(TITLE, f"<p>{LINE}</p>")
    for name, title in (("Plus", TITLE.replace(" ", "+")), ("Percent", TITLE.replace(" ", "%20"))):
        wiki.add(name, f'<p><a href="{wiki.gateway.base_url}/display/WS2/{title}">here</a></p>')
    run_capture(wiki, snapshots.root)

    planned = redact(snapshots, TITLE)

    said = {trace.place.partition(" (")[0]: trace.what for trace in planned.erasure.said_by}
    assert said == {"Plus": "title", "Percent": "title"}


def test_nothing_is_left_of_a_page_that_was_included_under_a_title_it_was_never_captured_with(
    wiki: SmallWiki, tmp_path: Path
) -> None:
    root = tmp_path / "snapshots"
    wiki.add(OLD_TITLE, f"<p>{OLD_LINE}</p>", label="")
    wiki.add("Includes", include(OLD_TITLE))
    run_capture(wiki, root)
    page_id = wiki.ids[OLD_TITLE]
    wiki.store.pages.update(page_id, author=LI, body=f"<p>{OLD_LINE}</p><p>more</p>", title=TITLE)
    wiki.store.labels.add(page_id, "archived")
    wiki.edit("Includes", "<p>nothing any more</p>")
    run_capture(wiki, root, day=1)
    snapshots = Snapshots(
        root,
        state_of(root).folder.parent,
        SnapshotSettings(signing_key="none"),
        lambda: CLOCK + dt.timedelta(days=2),
    )
    library = load_library(root)
    bag, entry = library.get_page("Includes")
    own = [str(root / bag.name / path) for path in bag.sources_of(entry.page_id)]
    assert set(files_with([root], OLD_LINE)) - set(own)

    planned = archive.find_redaction(snapshots, TITLE)
    result = archive.redact_page(snapshots, planned.erasure, reason="asked for", by="Ana")

    assert files_with([root], OLD_LINE) == []
    assert set(files_with([root], OLD_TITLE)) <= set(own)
    assert list(result.leftovers) == []


def test_no_digest_that_stays_confirms_a_guess(small: tuple[SmallWiki, Snapshots], tmp_path: Path) -> None:
    """Somebody who guesses the page makes the same capture, down to the second; only the salts are unknown."""
    wiki, snapshots = small
    wiki.add("Pay cut", "<p>yes</p>")
    wiki.add("Below", "<p>below</p>", under="Pay cut")
    wiki.add("Includes", include("Pay cut"))
    secret = Salts()
    run_capture(wiki, snapshots.root, salts=secret)
    planned = archive.find_redaction(snapshots, "Pay cut")
    archive.redact_page(snapshots, planned.erasure, reason="asked for", by="Ana")
    stay = {digest for data in tree_bytes(snapshots.root).values() for digest in re.findall(rb"[0-9a-f]{64}", data)}

    def confirmed(salts: Salts) -> set[str]:
        """Return the files of a guessed capture whose digest stays; those of the other pages are known anyway."""
        root = tmp_path / f"guess-{len(list(tmp_path.iterdir()))}"
        run_capture(wiki, root, salts=salts)
        told = [b"Pay cut", b"<p>yes</p>", str(wiki.ids["Pay cut"]).encode()]
        kept = tree_bytes(snapshots.root)  # such as the own words of the page that includes it
        made = {path: data for path, data in tree_bytes(root).items() if any(word in data for word in told)}
        found = {path for path, data in made.items() if hashlib.sha256(data).hexdigest().encode() in stay}
        return {path for path in found if kept.get(path) != made[path]}

    assert planned.erasure.guessable == 0
    assert confirmed(Salts()) == set()
    assert {path.rpartition("/")[2].rpartition("-")[0] or path for path in confirmed(secret)} >= {"record"}
    assert hashlib.sha256(b"<p>yes</p>").hexdigest().encode() not in stay


def test_no_digest_of_a_title_stays_that_no_text_has(small: tuple[SmallWiki, Snapshots]) -> None:
    """The first page names it by its id only, the second by its title, the third through a page that goes as well."""
    wiki, snapshots = small
    secret = wiki.add("Pay cut", "<p>yes</p>")
    by_title, by_id = (
        include("Pay cut"),
        include("Pay cut").replace('ri:content-title="Pay cut"', f'ri:content-id="{secret}"'),
    )
    assert by_id != by_title
    wiki.add("Middle", by_title)
    by_id += "<p>No Pay cuts here</p>"
    pages = {
        wiki.ids[title]: title
        for title in ("By id", "By title", "Through")
        if wiki.add(title, {"By id": by_id, "By title": by_title, "Through": include("Middle")}[title])
    }
    run_capture(wiki, snapshots.root)
    for title in ("Pay cut", "Middle"):
        archive.redact_page(snapshots, archive.find_redaction(snapshots, title).erasure, reason="asked for", by="Ana")
    digest = hashlib.sha256(b"WS2:Pay cut").hexdigest().encode()

    having = {path for path, data in tree_bytes(snapshots.root).items() if digest in data}

    assert {page for page in pages if any(f"/_source/{page}/" in path for path in having)} == {wiki.ids["By title"]}
    for title in ("By id", "By title", "Through"):
        assert "left out" in markdown_of(snapshots.root, title)
    assert verify(snapshots.root).is_clean


def test_what_an_earlier_version_captured_can_be_guessed_and_is_counted(tmp_path: Path) -> None:
    root = tmp_path / "snapshots"
    with open_run(root, CLOCK) as writer:
        for page_id in ("101", "102"):  # only the second has a salt
            put_page(writer, page_id, f"Page {page_id}", "<p>yes</p>", version=1)
        finish(writer, "101", "102")

    assert [find_traces(load_library(root), f"Page {page_id}").guessable for page_id in ("101", "102")] == [1, 0]


def test_what_a_page_quotes_of_further_pages_is_named_and_stays(small: tuple[SmallWiki, Snapshots]) -> None:
    wiki, snapshots = small
    wiki.add(TITLE, f"<p>{LINE}</p>")
    wiki.add("Includes", include(TITLE))
    wiki.add("Includes that", include("Includes"))
    wiki.add("Detailed", properties(f"see {TITLE} first"))
    wiki.add("Reported", macro("detailssummary", label="archived"))
    run_capture(wiki, snapshots.root)

    planned = redact(snapshots, TITLE)

    assert files_with([snapshots.root], LINE) == []
    quoted = {trace.place.partition(" (")[0] for trace in planned.erasure.said_by if trace.is_quoted}
    assert quoted == {"Includes that", "Reported"}
    assert verify(snapshots.root).is_clean


def test_a_title_that_is_part_of_the_title_of_another_page_is_no_leftover(small: tuple[SmallWiki, Snapshots]) -> None:
    wiki, snapshots = small
    wiki.add(TITLE, f"<p>{LINE}</p>")
    wiki.add(f"Annex to {TITLE}", "<p>annex</p>")
    wiki.add("Below", "<p>below</p>", under=f"Annex to {TITLE}")
    wiki.add("Tree", macro("pagetree"))
    run_capture(wiki, snapshots.root)

    planned = redact(snapshots, wiki.ids[TITLE])

    assert [trace.place.partition(" (")[0] for trace in planned.erasure.said_by] == [f"Annex to {TITLE}"]
    assert TITLE not in markdown_of(snapshots.root, "Tree").replace(f"Annex to {TITLE}", "")


def test_nothing_is_left_in_the_index_of_another_reader(small: tuple[SmallWiki, Snapshots], tmp_path: Path) -> None:
    wiki, snapshots = small
    wiki.add(TITLE, f"<p>{LINE}</p>")
    run_capture(wiki, snapshots.root)
    reader = read_folder(snapshots.root, clock=snapshots.clock, cache=tmp_path / "cache")
    assert archive.search_pages(reader, "striped animals").hits
    redact(snapshots, TITLE)

    assert archive.search_pages(reader, "striped animals").hits == ()
    assert archive.search_pages(reader, "minutes").hits

    assert files_with([tmp_path / "cache"], "enclosure") == []


class Interrupted(Disk):
    """A disk whose process ends when a run puts its second file in place."""

    count = 0

    def replace(self, source: Path, target: Path) -> None:
        self.count += source.parent.name.startswith("staging-")
        if self.count > 1:
            raise Killed
        super().replace(source, target)


def test_an_interrupted_redaction_is_completed_by_the_next(small: tuple[SmallWiki, Snapshots]) -> None:
    wiki, snapshots = small
    page = wiki.add(TITLE, f"<p>{LINE}</p>")
    run_capture(wiki, snapshots.root)
    erasure = archive.find_redaction(snapshots, TITLE).erasure
    with (
        pytest.raises(Killed),
        open_writer(
            snapshots.state, origin="https://wiki.test", software="wikibot", clock=snapshots.clock, disk=Interrupted()
        ) as writer,
    ):
        erase(writer, erasure, reason="asked for", by="Ana")
    with pytest.raises(EvidenceError, match="`wikibot snapshot` completes it"):
        _ = read_own(snapshots).library

    with pytest.raises(RedactedError, match="already"):
        archive.find_redaction(snapshots, str(page))

    assert files_with([snapshots.root], LINE) + files_with([snapshots.root], TITLE) == []
    assert verify(snapshots.root).is_clean


def test_the_run_records_forget_the_page_and_other_files_of_the_state_are_named(
    small: tuple[SmallWiki, Snapshots],
) -> None:
    wiki, snapshots = small
    page = wiki.add(TITLE, f"<p>{LINE}</p>")
    run_capture(wiki, snapshots.root)
    records, state = RunHistory(snapshots.state_folder / "runs.db"), snapshots.state_folder
    run = records.begin("snapshot", at=CLOCK)
    records.end(run, RunOutcome.SUCCESS, at=CLOCK, pages=(RunPage(str(page), TITLE, "captured"),))
    (state / "revisions.yaml.gz").write_bytes(gzip.compress(f"- page: {TITLE}\n".encode()))

    planned = redact(snapshots, TITLE)

    assert files_with([state], TITLE) == []
    assert [page.title for page in records.pages_of(run)] == [f"Redacted page {page}"]
    assert [(Path(trace.place).name, trace.what) for trace in planned.in_state] == [("revisions.yaml.gz", "title")]


def test_an_earlier_folder_of_the_bot_that_has_the_page_is_named(small: tuple[SmallWiki, Snapshots]) -> None:
    wiki, snapshots = small
    wiki.add(TITLE, f"<p>{LINE}</p>")
    run_capture(wiki, snapshots.root)
    aside = snapshots.root.with_name("given-up")
    shutil.copytree(snapshots.root, aside)
    memory = snapshots.state.memory
    other = memory.replaced(log="0" * 32, folder=str(aside))
    (snapshots.state.folder / f"{'0' * 32}.json").write_bytes(dump_json(other.content()))

    assert archive.find_redaction(snapshots, TITLE).copies == (f"{aside}, the snapshots of another log,",)


@pytest.mark.parametrize(
    "written",
    [
        "Zebra%20plan%20of%20May",
        "ZEBRA PLAN OF MAY",
        "Z%65bra+plan+of+May",
        "Zebra&#32;plan of M&#x61;y",
        "Zebra\\u0020plan of May",
        "**Zebra\\ plan of May**",
    ],
)
def test_a_title_is_found_however_it_is_written(written: str) -> None:
    assert Needles(titles={TITLE}).find(f"see {written}!".encode()).titles == {TITLE}


@pytest.mark.parametrize("name", ["R\u00e9sum\u00e9 & Q.pdf", "Re\u0301sume\u0301 & Q.pdf", "a &amp; b.pdf"])
def test_a_file_name_is_found_in_each_unicode_form_and_with_entities(name: str) -> None:
    for written in (name, unicodedata.normalize("NFD", name), unicodedata.normalize("NFC", name)):
        assert Needles(names={name}).find(json.dumps([written]).encode()).names == {name}
