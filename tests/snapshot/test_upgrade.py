"""Snapshots of format 1: `verify` reads them, one command takes them over, all other commands refuse them.

`first_format_tree.json` was written by the last version with format 1: three runs with a tombstone and a redaction.
"""

import base64
import datetime as dt
import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.errors import EvidenceError, SnapshotError
from bot.snapshot.archive.checkpoint import HEAD, SIGNATURE, load_head
from bot.snapshot.archive.disk import Disk
from bot.snapshot.archive.events import EventType
from bot.snapshot.archive.evidence_state import RememberedHead
from bot.snapshot.archive.instructions import load_instructions
from bot.snapshot.archive.library import load_library
from bot.snapshot.archive.record import dump_record, parse_record
from bot.snapshot.archive.signature import Signer
from bot.snapshot.capture.upgrade import Upgrade, upgrade
from bot.snapshot.query.event_texts import EventTexts
from bot.snapshot.verify.verification import verify
from bot.storage.addresses import name_digest
from tests.snapshot.breaking_disk import CountingDisk, Killed, KillingDisk
from tests.snapshot.public_tools import bagit_accepts, run_instructions
from tests.snapshot.small_tree import CLOCK, SOFTWARE, finish, open_run, put_page, state_of, tree_bytes

LATER = CLOCK + dt.timedelta(days=3)
TREE = json.loads(Path(__file__).with_name("first_format_tree.json").read_text(encoding="utf-8"))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_first(tmp_path / "snapshots")


def write_first(root: Path) -> Path:
    for path, content in TREE.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode() if isinstance(content, str) else base64.b64decode(content["base64"]))
    (root / ".wikibot").mkdir()
    (root / ".wikibot/search.sqlite").write_bytes(b"x")
    return root


def take_over(root: Path, *, signer: Signer | None = None, disk: Disk | None = None) -> None:
    allowed = signer.allowed_signers() if signer else None
    upgrade(state_of(root), Upgrade(SOFTWARE, lambda: LATER, signer, allowed, "Ana"), disk=disk)


def sign(root: Path, signer: Signer) -> None:
    """Sign the head as format 1 did."""
    data = (root / HEAD).read_bytes()
    data = data.replace(b"# signature: none", f"# signature: ssh-ed25519 {signer.fingerprint()}".encode())
    (root / HEAD).write_bytes(data)
    (root / SIGNATURE).write_bytes(signer.sign(data))


def test_verify_reads_format_1_and_says_that_it_replayed_nothing(root: Path) -> None:
    checked = verify(root)

    assert (checked.findings, checked.runs, checked.is_replayed) == ((), 3, False)
    (root / "WS2/pages.jsonl").write_bytes((root / "WS2/pages.jsonl").read_bytes().replace(b"Board", b"Bored"))
    assert not verify(root).is_clean


def test_an_upgraded_tree_satisfies_both_verifiers_and_keeps_every_file(root: Path) -> None:
    before, witness = tree_bytes(root), hashlib.sha256((root / HEAD).read_bytes()).hexdigest()

    take_over(root)

    after = tree_bytes(root)
    checked, judged = verify(root, witnesses=[witness]), run_instructions(root, witness=witness)
    assert (checked.findings, checked.runs, checked.is_replayed) == ((), 4, True)
    assert judged.returncode == 0, judged.stdout + judged.stderr
    assert bagit_accepts(root)
    kept = {path for path in before if "/data/" in path or path.startswith("log/")} - {
        "WS2/data/2026/secret-plan--104.md"
    }
    assert {path: after[path] for path in kept} == {path: before[path] for path in kept}
    assert after["log/2026/000003.checkpoint"] == before[HEAD]
    assert not (root / ".wikibot").exists()
    assert after["VERIFY.md"].decode() == load_instructions()


def test_the_upgrade_is_an_event_that_names_the_old_head(root: Path) -> None:
    old = hashlib.sha256((root / HEAD).read_bytes()).hexdigest()

    take_over(root)

    library = load_library(root)
    logged = [each for each in library.iter_log() if each.sequence == 4]
    assert {each.event.type for each in logged} == {EventType.UPGRADE}
    assert dict(logged[0].event.facts) == {"name": "Ana", "old_head": old}
    texts = EventTexts(library)
    assert texts.describe(logged[0]) == "taken over from format 1"
    assert any("captured 3 of 3 pages" in texts.describe(each) for each in library.iter_log())


def test_later_runs_continue_an_upgraded_tree(root: Path) -> None:
    take_over(root)

    with open_run(root, LATER + dt.timedelta(days=1)) as writer:
        put_page(writer, "101", "Board meeting", "<p>again</p>", version=2)
        finish(writer, "101")

    assert verify(root).findings == ()
    assert run_instructions(root).returncode == 0
    library = load_library(root)
    assert library.get_page("101")[1].version == 2
    assert library.get_page("103")[1].tombstone is not None
    assert library.get_page("104")[1].redacted_at is not None


def test_a_body_of_format_1_that_disappears_after_the_upgrade_is_found(root: Path) -> None:
    """As if the upgrade itself had left a body out."""
    events = root / "log/2026/000001.events.jsonl"
    body = re.search(r'"source_sha256": "([0-9a-f]{64})"', events.read_text())
    assert body
    take_over(root)
    log = root / "log/2026/000004.changes"

    log.write_text("".join(line for line in log.read_text().splitlines(True) if body[1] not in line))

    assert any(body[1] in finding.message for finding in verify(root).findings)


def test_snapshots_that_were_changed_are_not_taken_over(root: Path) -> None:
    page = root / "WS2/data/2026/board-meeting--101.md"
    page.write_text("forged")
    before = tree_bytes(root)

    with pytest.raises(EvidenceError, match=r"not as it was captured: .*board-meeting--101\.md"):
        take_over(root)

    assert tree_bytes(root) == before


def test_signed_snapshots_are_taken_over_with_their_key_only(root: Path, signer: Signer, stranger: Signer) -> None:
    sign(root, signer)

    for other in (None, stranger):
        with pytest.raises(EvidenceError, match=r"set snapshots\.signing_key to that key"):
            take_over(root, signer=other)
    take_over(root, signer=signer)

    head = load_head(root)
    assert head is not None
    assert (head.format, head.key) == (2, signer.fingerprint())
    assert verify(root, allowed_signers=signer.allowed_signers()).is_clean


def test_unsigned_snapshots_can_be_signed_from_the_upgrade_on(root: Path, signer: Signer) -> None:
    take_over(root, signer=signer)

    assert verify(root, allowed_signers=signer.allowed_signers()).is_clean
    assert EventType.START_SIGNING in {each.event.type for each in load_library(root).iter_log()}


def test_a_second_upgrade_does_nothing(root: Path) -> None:
    take_over(root)
    before = tree_bytes(root)

    assert upgrade(state_of(root), Upgrade(SOFTWARE, lambda: LATER, None, None, "Ana")) is None

    assert tree_bytes(root) == before


@pytest.mark.parametrize(
    "work",
    [lambda root: load_library(root), lambda root: open_run(root, LATER).__enter__()],
    ids=["read", "write"],
)
def test_other_commands_refuse_format_1_and_name_the_command(root: Path, work: Callable[[Path], object]) -> None:
    before = tree_bytes(root)

    with pytest.raises(SnapshotError, match="wikibot evidence upgrade") as refused:
        work(root)

    assert refused.type is SnapshotError  # nobody changed anything: not an error of evidence, which ends with 3
    assert tree_bytes(root) == before


def test_a_head_of_format_1_that_the_bot_remembers_is_taken_over_and_no_other(root: Path) -> None:
    digest = hashlib.sha256((root / HEAD).read_bytes()).hexdigest()
    remember(root, "0" * 64)
    with pytest.raises(EvidenceError, match=r"remembers run 3 in .*, and the head there is another one, of run 3"):
        take_over(root)

    remember(root, digest)
    take_over(root)

    assert verify(root, witnesses=[digest]).is_clean
    assert [head.sequence for head in state_of(root).memory.heads] == [1, 2, 3, 4]


def test_a_record_that_lists_the_names_of_pages_left_out_is_read(root: Path) -> None:
    content = (root / "WS2/data/_source/101/record-000001.json").read_bytes()
    stated = json.loads(content)
    stated["surroundings"]["withheld"] = ["WS2:Only for some"]  # as written on 26 November 2026, from 14:32 to 15:32

    record = parse_record(json.dumps(stated).encode())

    assert record.surroundings.withheld == {name_digest("WS2", "Only for some"): "restricted"}
    assert b"Only for some" not in dump_record(record)


def remember(root: Path, digest: str) -> None:
    """Let the state say what a version with format 1 and a state remembered."""
    heads = (RememberedHead(sequence=3, sha256=digest),)
    state_of(root).update(lambda memory: memory.replaced(heads=heads))


def test_a_crash_at_any_operation_leaves_format_1_or_an_upgrade_that_is_completed(tmp_path: Path) -> None:
    counting = CountingDisk()
    take_over(write_first(tmp_path / "whole"), disk=counting)
    old = tree_bytes(write_first(tmp_path / "old"))
    new = tree_bytes(tmp_path / "whole")
    for k in range(1, counting.count + 1, max(1, counting.count // 12)):
        root = write_first(tmp_path / f"killed-{k}")
        with pytest.raises(Killed):
            take_over(root, disk=KillingDisk(k))

        take_over(root)

        found = tree_bytes(root)
        assert {path for path in found if "/data/" in path} == {path for path in new if "/data/" in path}, k
        assert found["log/2026/000003.checkpoint"] == old[HEAD]
        assert verify(root).findings == (), k
