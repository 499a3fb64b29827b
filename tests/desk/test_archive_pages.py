"""What an auditor reads at a desk on a folder of snapshots: lists, pages, evidence, and nothing that is not there."""

import csv
import io
import json
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

import pytest

from bot.snapshot.archive.disk import Disk
from bot.snapshot.archive.writer import open_writer
from bot.snapshot.erasure.removal import redact
from bot.snapshot.erasure.traces import find_traces
from bot.snapshot.verify.verification import verify
from bot.wiki.dialect import Flavour
from tests.desk.archive_world import EVIL_TITLE, PNG, ArchiveWorld, archive_desk, capture_world
from tests.desk.conftest import DeskClient
from tests.machine import need
from tests.snapshot.capturing import run_capture
from tests.snapshot.conftest import make_key
from tests.snapshot.small_tree import CLOCK, SOFTWARE, capture_first, capture_second, state_of, tree_bytes
from tests.snapshot.small_wiki import small_wiki

LOADED = re.compile(
    r"""<(?:img|script|iframe|link|source|video|audio|object|embed|form)\b[^>]*?(?:src|href|action|data)="([^"]*)"""
)


@pytest.fixture(scope="module")
def captured(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    root = tmp_path_factory.mktemp("desk-archive") / "snapshots"
    return root, capture_world(root)


@pytest.fixture(scope="module")
def archive(captured: tuple[Path, dict[str, str]], tmp_path_factory: pytest.TempPathFactory) -> Iterator[ArchiveWorld]:
    """One desk for the tests that change nothing."""
    with archive_desk(captured[0], tmp_path_factory.mktemp("cache"), captured[1]) as made:
        yield made


@pytest.fixture
def changeable(captured: tuple[Path, dict[str, str]], tmp_path: Path) -> Iterator[ArchiveWorld]:
    """A desk on a copy of the folder."""
    root = Path(shutil.copytree(captured[0], tmp_path / "copy"))
    with archive_desk(root, tmp_path / "cache", captured[1]) as made:
        yield made


@pytest.fixture(scope="module")
def client(archive: ArchiveWorld) -> DeskClient:
    return archive.client()


def page_of(client: DeskClient, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == HTTPStatus.OK, answer.text
    return answer.text


def words_of(html: str) -> str:
    main = html.partition("<main")[2]
    return " ".join(re.sub(r"<[^>]+>", " ", main).split())


def finished(client: DeskClient, address: str) -> str:
    for _ in range(600):
        html = page_of(client, address)
        if "Finished." in html or "notice bad" in html:
            return html
        time.sleep(0.05)
    raise AssertionError(f"not finished: {words_of(html)}")


def test_a_list_has_counts_and_every_facet_is_an_address(client: DeskClient) -> None:
    html = page_of(client, "/a")

    assert "Council" in html
    assert re.search(r'href="/a\?label=board"[^>]*><span>board</span><span class="num soft">1<', html)
    board = words_of(page_of(client, "/a?label=board"))
    assert "Minutes" in board
    assert "Council" not in board
    assert "1 page" in board or "one page" in board
    both = words_of(page_of(client, "/a?label=board&losses=some"))
    assert "No page is like this" in both


def test_a_list_is_also_json_and_csv(client: DeskClient) -> None:
    found = json.loads(client.get("/a?format=json").text)
    rows = list(csv.DictReader(io.StringIO(client.get("/a?format=csv").text)))

    assert found["total"] == len(found["pages"]) == len(rows) == 5
    assert {row["title"] for row in found["pages"]} >= {"Council", "Minutes", EVIL_TITLE}
    newest = json.loads(client.get("/a?order=newest&format=json").text)["pages"]
    assert newest[0]["title"] in {"Council", "Minutes"}


def test_the_tree_shows_pages_below_a_page_that_was_not_captured(archive: ArchiveWorld, client: DeskClient) -> None:
    top = page_of(client, "/a?view=tree&space=WS2")
    assert "Home</span>" in top
    assert "not captured" in top

    below = words_of(page_of(client, f"/a?view=tree&space=WS2&under={archive.ids['Home']}"))

    assert "Council" in below
    assert "3 pages directly below" in below


def test_the_search_marks_the_words(client: DeskClient) -> None:
    html = page_of(client, "/a/search?q=nairobi")

    assert "<mark>Nairobi</mark>" in html
    assert "Nothing found" in page_of(client, "/a/search?q=zanzibar")
    assert "has no word" in page_of(client, "/a/search?q=%2B%2B")


def test_a_page_reads_as_text_with_its_facts(archive: ArchiveWorld, client: DeskClient) -> None:
    html = page_of(client, f"/a/p/{archive.ids['Council']}")
    words = words_of(html)

    assert "The council met in Nairobi and agreed on <strong>a final text</strong>" in html
    assert f'href="/a/p/{archive.ids["Minutes"]}"' in html
    assert "Version 2, by Li Wei" in words
    assert "Unchanged since capture" in words
    assert "All 5 files match" in words
    assert "not signed: nothing proves who made it" in words
    assert re.search(r"The macro poll: id: 7 source, line \d+", words)


def test_the_line_of_a_loss_is_the_line_of_the_source(archive: ArchiveWorld, client: DeskClient) -> None:
    html = page_of(client, f"/a/p/{archive.ids['Council']}?tab=source")
    line = re.search(r"tab=source#L(\d+)", html)
    assert line

    assert re.search(rf'id="L{line[1]}"><code>[^\n]*ac:name=&#34;poll&#34;', html)


def test_an_address_of_a_version_never_shows_another(archive: ArchiveWorld, client: DeskClient) -> None:
    council = archive.ids["Council"]

    older = page_of(client, f"/a/p/{council}/v1")
    assert "met in Zanzibar" in older
    assert "The macro poll" in older  # what its Markdown lacks is listed, as for the newest version
    assert "met in Nairobi" in page_of(client, f"/a/p/{council}/v2")
    assert client.get(f"/a/p/{council}/v9").status_code in (HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY)


def test_the_changed_words_of_two_versions_are_marked_where_they_are_read(
    archive: ArchiveWorld, client: DeskClient
) -> None:
    chosen = client.get(f"/a/p/{archive.ids['Council']}/diff?before=1&after=2")
    html = page_of(client, chosen.headers["Location"])

    assert "met in <del>Zanzibar</del><ins>Nairobi</ins>" in html
    assert "<td" in html
    assert "<del>90</del><ins>91</ins>" in html
    assert "Nothing to compare" in page_of(client, f"/a/p/{archive.ids['Final report']}?tab=changes")


@pytest.mark.parametrize("tab", ["read", "changes", "source", "markdown", "files", "events"])
def test_no_script_and_no_outside_request_comes_from_a_hostile_page(
    archive: ArchiveWorld, client: DeskClient, tab: str
) -> None:
    answer = client.get(f"/a/p/{archive.ids[EVIL_TITLE]}?tab={tab}")
    html = answer.text

    assert answer.status_code == HTTPStatus.OK
    assert [address for address in LOADED.findall(html) if not address.startswith("/")] == []
    assert not re.search(r"<(?:iframe|object|embed|base|style)\b|<script(?! src=\"/static/)", html)
    assert not re.search(r"<[^>]*\s(?:on\w+|style)=", html)
    assert "\u202e" not in html
    assert 'href="javascript:' not in html
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_only_real_pictures_are_shown_and_files_are_only_downloaded(archive: ArchiveWorld, client: DeskClient) -> None:
    evil = archive.ids[EVIL_TITLE]
    html = page_of(client, f"/a/p/{evil}")
    (shown,) = re.findall(r'<img src="(/a/p/[^"]+)"', html)
    picture = client.get(shown)
    files = re.findall(rf'href="(/a/p/{evil}/files/[^"]+)"', page_of(client, f"/a/p/{evil}?tab=files"))

    assert (picture.data, picture.mimetype) == (PNG, "image/png")
    assert len(files) == 2
    for path in files:
        answer = client.get(path)
        assert answer.mimetype == "application/octet-stream"
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer.headers["Content-Security-Policy"]
        is_vector = path.endswith(".svg")
        drawn = client.get(path.replace("/files/", "/pictures/"))
        assert (drawn.status_code == HTTPStatus.NOT_FOUND) == is_vector
    assert client.get(f"/a/p/{evil}/files/../../_source/{evil}/v1.xml").status_code == HTTPStatus.NOT_FOUND


def test_a_page_that_was_never_captured_is_no_page(client: DeskClient) -> None:
    answer = client.get("/a/p/999999")

    assert answer.status_code == HTTPStatus.NOT_FOUND
    assert "There is no such page" in answer.text


def test_a_hostile_address_leads_nowhere_else(client: DeskClient) -> None:
    for path in ("/a?after=x", "/a?after=WyJhIl0", "/a/checkpoints/77", "/a/runs/77", "/a/tasks/77", "/a/p/1/files/x"):
        assert client.get(path).status_code in (HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY), path
    html = page_of(client, "/a?_external=1&_scheme=javascript&_anchor=x&_method=y")
    assert "javascript:" not in html


def test_one_changed_byte_is_named_and_the_text_is_not_shown(changeable: ArchiveWorld) -> None:
    client, council = changeable.client(), changeable.ids["Council"]
    assert "met in Nairobi" in page_of(client, f"/a/p/{council}")
    (path,) = changeable.root.glob(f"WS2/data/2024/*--{council}.md")
    path.chmod(0o600)
    path.write_bytes(path.read_bytes().replace(b"Nairobi", b"Nairobo"))

    html = page_of(client, f"/a/p/{council}")
    words = words_of(html)

    assert "One file is not what was captured" in words
    assert path.relative_to(changeable.root).as_posix() in words
    expected, found = re.search(r"Expected \(WS2/manifest-sha256.txt\) (\w{64}) Found (\w{64})", words).groups()  # type: ignore[union-attr]
    assert expected != found
    assert found == subprocess.run(["sha256sum", path], capture_output=True, check=True, text=True).stdout.split()[0]
    assert "Nairobo" not in html
    assert "<mark>" not in page_of(client, "/a/search?q=nairobo")


def test_verify_now_says_what_it_found_and_when(changeable: ArchiveWorld) -> None:
    client = changeable.client()
    finished(client, client.post("/a/verify").headers["Location"])
    assert "CONSISTENT ONLY" in words_of(page_of(client, "/a/checkpoints"))
    assert "at the present head" in words_of(page_of(client, f"/a/p/{changeable.ids['Council']}"))
    (changeable.root / "stray.txt").write_text("x")

    finished(client, client.post("/a/verify").headers["Location"])

    assert "stray.txt" in words_of(page_of(client, "/a/checkpoints"))
    assert "The last verification has one finding" in words_of(page_of(client, f"/a/p/{changeable.ids['Council']}"))


def test_export_and_report_are_made_in_the_background(archive: ArchiveWorld, tmp_path: Path) -> None:
    client = archive.client()
    done = finished(client, client.post("/a/export", {"page": archive.ids["Council"]}).headers["Location"])
    (link,) = re.findall(r'href="(/a/tasks/\d+/result)"', done)
    with client.get(link) as answer:
        (tmp_path / "evidence.zip").write_bytes(answer.data)
    shutil.unpack_archive(tmp_path / "evidence.zip", tmp_path)

    assert list(tmp_path.glob("evidence/data/pages/WS2/data/2024/council--*.md"))
    assert (tmp_path / "evidence/data/proof/CHECKPOINT").is_file()

    done = finished(client, client.post("/a/report", {"since": "2026-11-24", "as": "html"}).headers["Location"])
    (link,) = re.findall(r'href="(/a/tasks/\d+/result)"', done)
    with client.get(link) as answer:
        assert b"Snapshots of https://wiki.test" in answer.data
    assert client.post("/a/report", {"since": "yesterday"}).headers["Location"] == "/a/report"


def test_a_run_says_how_complete_it_was(client: DeskClient) -> None:
    html = page_of(client, "/a/runs/1")
    words = words_of(html)

    assert re.search(r"<dt>expected</dt><dd class=\"num\">5</dd>", html)
    assert "Council: first captured at version 1" in words
    assert "Run 1" in page_of(client, "/a/checkpoints")
    assert words_of(page_of(client, "/a/checkpoints/2")).count("SHA256SUMS") == 1


def test_a_run_lists_the_pages_that_it_skipped(tmp_path: Path) -> None:
    root = tmp_path / "snapshots"
    with small_wiki(Flavour.CLOUD) as wiki:
        run_capture(wiki, root)
        with open_writer(state_of(root), origin="https://wiki.test", software=SOFTWARE, clock=lambda: CLOCK) as writer:
            redact(writer, find_traces(writer.library, "Minutes"), reason="personal data", by="Ana")
        wiki.edit("Final report", "<p>Another edition</p>")
        run_capture(wiki, root, day=1)
        ids = {title: str(page_id) for title, page_id in wiki.ids.items()}
    with archive_desk(root, tmp_path / "cache", ids) as opened:
        html = page_of(opened.client(), "/a/runs/3")

    assert "redacted, so they are not captured again" in words_of(html)
    assert f'<a class="num" href="/a/p/{ids["Minutes"]}">{ids["Minutes"]}</a>' in html
    assert verify(root).findings == ()


def test_nothing_is_written_into_the_folder(changeable: ArchiveWorld) -> None:
    for each in (changeable.root, *changeable.root.rglob("*")):
        each.chmod(0o500 if each.is_dir() else 0o400)
    before, times = tree_bytes(changeable.root), {str(p): p.stat().st_mtime_ns for p in changeable.root.rglob("*")}
    client = changeable.client()

    for path in ("/a", "/a?view=tree&space=WS2", "/a/search?q=council", "/a/checkpoints", "/a/runs/2", "/a/report"):
        page_of(client, path)
    for tab in ("read", "changes", "source", "files", "events"):
        page_of(client, f"/a/p/{changeable.ids['Council']}?tab={tab}")
    finished(client, client.post("/a/verify").headers["Location"])

    assert tree_bytes(changeable.root) == before
    assert {str(p): p.stat().st_mtime_ns for p in changeable.root.rglob("*")} == times
    assert all(path.stat().st_mode & 0o077 == 0 for path in changeable.cache.iterdir())


def test_an_archive_without_captures_says_what_makes_one(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with archive_desk(tmp_path / "empty", tmp_path / "cache", {}) as world:
        assert "Nothing was captured yet" in page_of(world.client(), "/a")


def test_a_signature_is_valid_invalid_or_not_checked(tmp_path: Path) -> None:
    need("ssh-keygen")
    signer, other = make_key(tmp_path / "key"), make_key(tmp_path / "other")
    capture_first(tmp_path / "snapshots", Disk(), signer=signer)
    capture_second(tmp_path / "snapshots", Disk(), signer=signer)
    (tmp_path / "signers").write_text(signer.allowed_signers())
    (tmp_path / "others").write_text(other.allowed_signers())

    def shown(signers: str | None) -> tuple[int, str]:
        with archive_desk(
            tmp_path / "snapshots", tmp_path / "cache", {}, tmp_path / signers if signers else None
        ) as world:
            answer = world.client().get("/a/p/101")
            return answer.status_code, words_of(answer.text)

    assert "In the signed chain Checkpoint 1 , signature valid" in shown("signers")[1]
    assert "signature not checked: no allowed signers were named" in shown(None)[1]
    status, words = shown("others")
    assert status == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "was made by a key that the allowed signers do not name" in words
