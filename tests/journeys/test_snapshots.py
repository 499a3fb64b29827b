"""An auditor's year: capture, check, read, hand over, report, redact, on both kinds of wiki."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.journeys.conftest import HOME, Desk
from tests.machine import need
from tests.snapshot.public_tools import bagit_accepts, run_instructions
from tests.snapshot.small_tree import tree_bytes

pytestmark = [
    pytest.mark.either_flavour,
    pytest.mark.parametrize("flavour", ["cloud", "datacenter"]),
    pytest.mark.parametrize("seed", ["demo"]),
]


@pytest.fixture(autouse=True)
def data_file(desk: Desk) -> None:
    desk.data.write_text(f"workspace: {{space: WS2, home: {HOME}}}\n")


def signing_key(desk: Desk) -> Path:
    need("git")
    need("ssh-keygen")
    key = desk.folder / "signing_key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(key)], check=True)
    settings = desk.folder / "bot.yaml"
    settings.write_text(
        settings.read_text().replace(
            "{path: snapshots, signing_key: none}", "{path: snapshots, git: true, signing_key: signing_key}"
        )
    )
    return key


def an_archived_page(desk: Desk) -> tuple[str, str]:
    """Return id and title of a captured page."""
    front = next((desk.folder / "snapshots").glob("WS2/data/2*/*.md")).read_text(encoding="utf-8")
    lines = dict(line.split(": ", 1) for line in front.split("---\n")[1].splitlines() if ": " in line)
    return lines["page_id"].strip('"'), lines["title"].strip('"')


def test_a_year_of_an_auditor(desk: Desk) -> None:
    root = desk.folder / "snapshots"
    key = signing_key(desk)
    allowed = desk.folder / "allowed_signers"
    allowed.write_text(f'wikibot namespaces="wiki-snapshots" {key.with_suffix(".pub").read_text()}')

    first = desk.ran("snapshot", "--format", "json").json
    assert first["complete"], first
    assert first["captured"] == first["expected"] > 10
    witness = desk.ran("verify", "--format", "json").json["head_digest"]
    assert run_instructions(root, allowed_signers=allowed, witness=witness).returncode == 0
    assert bagit_accepts(root)

    before = tree_bytes(root)
    again = desk.ran("snapshot", "--format", "json").json
    assert (again["captured"], again["sequence"], again["unchanged"]) == (0, None, first["expected"])
    assert tree_bytes(root) == before
    assert _commits(root) == 1

    assert "Markdown of every page is unchanged" in desk.ran("snapshot", "--rebuild").out

    page_id, _ = an_archived_page(desk)
    desk.wiki.store.comments.add(int(page_id), "<p>Xylophon überall</p>", author=desk.wiki.account("li"))
    assert desk.ran("snapshot", "--format", "json").json["captured"] == 1
    assert _commits(root) == 2

    events = desk.ran("history", page_id, "--format", "json").json["happenings"]
    assert [event["type"] for event in events] == ["capture", "metadata modification"]
    assert "1 comment added" in desk.ran("diff", page_id, "run:1", "run:2").out
    assert [hit["page_id"] for hit in desk.ran("search", "xylophon", "uberall", "--format", "json").json] == [page_id]

    desk.ran("export", "--out", str(desk.folder / "handed-over"), page_id)
    command = [sys.executable, "-m", "bagit", "--validate", "--quiet", str(desk.folder / "handed-over")]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
    desk.ran("report", "--format", "html", "--out", str(desk.folder / "report.html"))
    assert "CONSISTENT, SIGNED" in (desk.folder / "report.html").read_text(encoding="utf-8")

    desk.ran("redact", page_id, "--reason", "asked for", "--by", "Ana", "--yes")
    assert desk.ran("search", "xylophon", "--format", "json", code=1).json == []
    desk.ran("verify", "--witness", witness, "--allowed-signers", str(allowed))
    assert run_instructions(root, allowed_signers=allowed, witness=witness).returncode == 0
    skipped = desk.ran("snapshot", "--format", "json").json["skipped"]
    assert [(trouble["page_id"], trouble["title"]) for trouble in skipped] == [(page_id, f"Redacted page {page_id}")]

    victim = next(root.glob("WS2/data/_source/*/v1.xml"))
    victim.write_bytes(victim.read_bytes() + b" ")
    found = desk.ran("verify", "--format", "json", code=3).json["findings"]
    assert [finding["path"] for finding in found] == [victim.relative_to(root).as_posix()]
    assert run_instructions(root, allowed_signers=allowed).returncode != 0
    desk.ran("export", "--out", str(desk.folder / "refused"), code=3)
    assert not (desk.folder / "refused").exists()


def test_a_snapshot_that_lacks_a_page_ends_with_1_and_names_it(desk: Desk) -> None:
    desk.wiki.faults.add("403@files*always")

    ran = desk.ran("snapshot", code=1)

    missing = set(re.findall(r"missing: .*?\((\d+)\): ", ran.err))
    assert missing
    desk.wiki.faults.clear()
    assert desk.ran("snapshot", "--format", "json").json["captured"] == len(missing)
    desk.ran("verify")


def _commits(root: Path) -> int:
    (repository,) = root.parent.glob(".wikibot/evidence/*.git")
    command = ["git", "rev-list", "--count", "main"]
    return int(subprocess.run(command, cwd=repository, check=True, capture_output=True, text=True).stdout)


def test_what_a_person_reads_on_the_terminal(desk: Desk) -> None:
    shown = desk.ran("snapshot")
    assert " expected: " in shown.out
    assert "run 1 is in" in shown.out
    assert "nothing changed, nothing was written" in desk.ran("snapshot").out
    page_id, title = an_archived_page(desk)

    assert desk.ran("verify").out.splitlines()[-1] == (
        "CONSISTENT ONLY; not signed by a key you named: nothing here proves who wrote it"
    )
    assert "first captured at version" in desk.ran("history", page_id).out
    assert "was captured only once" in desk.ran("diff", page_id, code=1).err
    assert title in desk.ran("search", f'"{title}"').out
    assert "nothing found" in desk.ran("search", "qqqqqq", code=1).err
    assert "lies before" in desk.ran("report", "--since", "2026-02-01", "--until", "2026-01-01", code=1).err
    assert "CONSISTENT ONLY; not signed by a key you named" in desk.ran("report").out
    assert "no captured page is called 'Nothing'" in desk.ran("history", "Nothing", code=1).err

    page = next((desk.folder / "snapshots").glob(f"*/data/*/*--{page_id}.md"))
    page.write_text(page.read_text().replace("#", "##", 1))
    assert "1 page cannot be searched" in desk.ran("search", "--rebuild", "qqqqqq", code=3).err


def test_a_pool_of_workers_and_a_page_for_the_head(desk: Desk) -> None:
    settings = desk.folder / "bot.yaml"
    extended = (
        "{path: snapshots, signing_key: none, workers: 2, witnesses: [{kind: page, title: Head of the snapshots}]}"
    )
    settings.write_text(settings.read_text().replace("{path: snapshots, signing_key: none}", extended))

    desk.ran("snapshot")

    digest = desk.ran("verify", "--format", "json").json["head_digest"]
    assert digest in desk.wiki.body(desk.wiki.find("Head of the snapshots").id)


def test_a_report_of_the_group_lists_its_meetings(desk: Desk) -> None:
    root = desk.folder / "snapshots"
    desk.ran("snapshot", "--all")
    (group,) = root.glob("WS2/data/*/ws2-community-coordination-group--*.md")

    report = group.read_text(encoding="utf-8").partition("*(report of page properties, as captured)*\n\n")[2]
    head, _, first, *rows = report.partition("\n\n")[0].rstrip("\n").split("\n")
    assert head == "| Meeting | Date | Chair | Decisions |"
    # The third meeting is archived, and the wiki's own report leaves archived pages out.
    assert [row.partition(" - ")[0] for row in rows] == [f"| [WS2 CCG Meeting #{number}" for number in (2, 4, 6, 9)]
    link = re.match(r"\| \[WS2 CCG Meeting .*?\]\(([^)]+)\) \| 2022-07-12 \|", first)
    assert link
    assert (group.parent / link[1]).is_file()

    before = tree_bytes(root)
    assert "Markdown of every page is unchanged" in desk.ran("snapshot", "--rebuild").out
    assert desk.ran("snapshot", "--all", "--format", "json").json["captured"] == 0
    assert tree_bytes(root) == before
    desk.ran("verify")
