"""What a forger does who makes all lists fit again: without a key, with another key, and with the key of the bot.

Both verifiers judge each tree. What the holder of the key does lawfully passes, and is listed where it removes.
"""

import datetime as dt
import hashlib
import json
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.operations.snapshot_run import read_signers
from bot.snapshot.archive.bag import BAGIT_TXT, MANIFEST, TAG_MANIFEST, render_manifest
from bot.snapshot.archive.canonical_json import dump_json
from bot.snapshot.archive.change_list import parse_changes, render_changes
from bot.snapshot.archive.checkpoint import HEAD, SIGNATURE, parse_checkpoint, render_checkpoint
from bot.snapshot.archive.disk import Disk
from bot.snapshot.archive.indexes import render_tree_index
from bot.snapshot.archive.salt import split_body
from bot.snapshot.archive.signature import Signer
from bot.snapshot.archive.verdict import RunVerdict
from bot.snapshot.verify.verification import Verification, verify
from tests.snapshot.forger import Forger
from tests.snapshot.public_tools import run_instructions
from tests.snapshot.small_tree import CLOCK, capture_first

BAG = "WS2"
SOURCE = f"{BAG}/data/_source/101/v1.xml"
RECORD = f"{BAG}/data/_source/101/record-000001.json"
PAGE = f"{BAG}/data/2026/board-meeting--101.md"
ATTACHMENT = f"{BAG}/data/_attachments/101/att7-v1.pdf"
NOW = dt.datetime(2026, 12, 31, tzinfo=dt.UTC)
HOLD = {"by": "Ana", "name": "case 7", "reason": "a court", "source_sha256": {"101": "a" * 64, "102": "b" * 64}}


@dataclass
class Case:
    """A copy of the evidence in the hands of a forger."""

    root: Path
    signer: Signer
    stranger: Signer
    allowed: str
    witness: str

    def forger(self) -> Forger:
        return Forger(self.root, self.signer)

    def judge(self) -> tuple[Verification, str]:
        """Return what both verifiers say; they must agree."""
        path = self.root.parent / "allowed_signers"
        path.write_text(self.allowed)
        checked = verify(self.root, allowed_signers=self.allowed, witnesses=self.witness.split(), now=NOW)
        judged = run_instructions(
            self.root, allowed_signers=path, witness=self.witness, now=(NOW + dt.timedelta(days=1)).strftime("%FT%TZ")
        )
        assert (judged.returncode == 0) == checked.is_clean, (checked.findings, judged.stdout, judged.stderr)
        assert checked.is_clean or "FOUND: " in judged.stderr, judged.stderr
        return checked, judged.stdout


@pytest.fixture
def case(evidence: Path, tmp_path: Path, signer: Signer, stranger: Signer) -> Case:
    root = Path(shutil.copytree(evidence, tmp_path / "snapshots"))
    witness = hashlib.sha256((root / HEAD).read_bytes()).hexdigest()
    return Case(root, signer, stranger, signer.allowed_signers(), witness)


# Without the key of the bot.


def unsigned_head(case: Case) -> None:
    (case.root / PAGE).write_text("forged")
    Forger(case.root).rewrite_head(key=None)


def unsigned_history(case: Case) -> None:
    shutil.rmtree(case.root)
    capture_first(case.root, Disk())


def unsigned_run(case: Case) -> None:
    Forger(case.root).append()


def own_head(case: Case) -> None:
    (case.root / PAGE).write_text("forged")
    Forger(case.root, case.stranger).rewrite_head(key=case.stranger.fingerprint())


def own_head_in_the_name_of_the_key(case: Case) -> None:
    (case.root / PAGE).write_text("forged")
    Forger(case.root, case.stranger).rewrite_head()


def own_run(case: Case) -> None:
    Forger(case.root, case.stranger).append()


def own_history(case: Case) -> None:
    shutil.rmtree(case.root)
    capture_first(case.root, Disk(), signer=case.stranger)


def developer_who_is_an_allowed_signer(case: Case) -> None:
    own_head(case)
    line = case.stranger.allowed_signers().split(" ", 2)[2]
    case.allowed += f"dev@example.org {line}"


def key_of_another_namespace(case: Case) -> None:
    case.allowed = case.allowed.replace("wiki-snapshots", "git")


def key_that_expired(case: Case) -> None:
    case.allowed = case.allowed.replace("namespaces=", 'valid-before="20261125000000Z",namespaces=')


def key_that_is_not_valid_yet(case: Case) -> None:
    case.allowed = case.allowed.replace("namespaces=", 'valid-after="20261225000000Z",namespaces=')


def another_principal(case: Case) -> None:
    case.allowed = case.allowed.replace("wikibot ", "robot ", 1)


def signature_of_the_head_before(case: Case) -> None:
    shutil.copy(case.root / "log/2026/000004.checkpoint.sig", case.root / SIGNATURE)


def unsigned_head_with_a_signature(case: Case) -> None:
    signature = (case.root / SIGNATURE).read_bytes()
    unsigned_head(case)
    (case.root / SIGNATURE).write_bytes(signature)


def nobody_is_allowed(case: Case) -> None:
    case.allowed = "# nobody\n"


WITHOUT_THE_KEY = (
    unsigned_head,
    unsigned_history,
    unsigned_run,
    own_head,
    own_head_in_the_name_of_the_key,
    own_run,
    own_history,
    developer_who_is_an_allowed_signer,
    key_of_another_namespace,
    key_that_expired,
    key_that_is_not_valid_yet,
    another_principal,
    signature_of_the_head_before,
    unsigned_head_with_a_signature,
    nobody_is_allowed,
)


@pytest.mark.parametrize("forge", WITHOUT_THE_KEY, ids=lambda forge: forge.__name__)
def test_what_was_not_signed_with_the_named_key_is_found(case: Case, forge: Callable[[Case], None]) -> None:
    case.witness = ""
    forge(case)

    checked, _ = case.judge()

    assert not checked.is_clean


# With the key: a run on top of the head that the auditor knows.


def overwritten_source(forger: Forger) -> None:
    (forger.root / SOURCE).write_text("<p>forged</p>")
    forger.append()


def overwritten_source_that_is_logged(forger: Forger) -> None:
    (forger.root / SOURCE).write_text("<p>forged</p>")
    forger.change("keep", SOURCE, forger.add_event("capture", ["101"]))
    forger.append()


def _delete_files(forger: Forger) -> None:
    shutil.rmtree(forger.root / BAG / "data/_attachments")
    shutil.rmtree(forger.root / BAG / "data/_source/101")
    (forger.root / PAGE).unlink()


def removed_page(forger: Forger) -> None:
    _delete_files(forger)
    forger.delete_line("101")
    forger.append()


def removed_page_with_a_faked_redaction(forger: Forger) -> None:
    event = forger.add_event("redaction", ["101"], facts={"reason": "none"})
    for path in (SOURCE, RECORD, ATTACHMENT):
        forger.change("drop", path, event)
    _delete_files(forger)
    forger.delete_line("101")
    forger.append()


def page_listed_twice(forger: Forger) -> None:
    path = forger.root / "OTHER" / "pages.jsonl"
    path.write_bytes(path.read_bytes() * 2)
    forger.append()


def page_listed_in_two_ways(forger: Forger) -> None:
    path = forger.root / "OTHER" / "pages.jsonl"
    line = path.read_bytes()
    assert b'"title": "' in line
    path.write_bytes(line.replace(b'"title": "', b'"title": "Forged ', 1) + line)
    forger.append()


def removed_tombstone(forger: Forger) -> None:
    forger.set_state("103", tombstone=None)
    forger.append()


def removed_tombstone_without_a_capture(forger: Forger) -> None:
    forger.add_event("deaccession", ["103"], forger.set_state("103", tombstone=None))
    forger.append()


def forged_tombstone(forger: Forger) -> None:
    forger.set_state("101", tombstone="2026-11-28T02:30:00Z")
    forger.append()


def forged_tombstone_without_a_deletion(forger: Forger) -> None:
    forger.add_event("metadata modification", ["101"], forger.set_state("101", tombstone="2026-11-28T02:30:00Z"))
    forger.append()


def forged_redaction(forger: Forger) -> None:
    forger.set_state("101", redacted_at="2026-11-28T02:30:00Z")
    forger.append()


def forged_redaction_by_a_capture(forger: Forger) -> None:
    forger.add_event("capture", ["101"], forger.set_state("101", redacted_at="2026-11-28T02:30:00Z"))
    forger.append()


def redaction_taken_back(forger: Forger) -> None:
    state = forger.set_state("104", redacted_at=None, source="data/_source/101/v1.xml")
    forger.add_event("capture", ["104"], state)
    forger.append()


def removed_attachment(forger: Forger) -> None:
    shutil.rmtree(forger.root / BAG / "data/_attachments")
    forger.append()


def removed_attachment_by_a_capture(forger: Forger) -> None:
    forger.change("drop", ATTACHMENT, forger.add_event("capture", ["101"]))
    shutil.rmtree(forger.root / BAG / "data/_attachments")
    forger.append()


def removal_by_the_redaction_of_another_page(forger: Forger) -> None:
    forger.change("drop", ATTACHMENT, forger.add_event("redaction", ["102"]))
    shutil.rmtree(forger.root / BAG / "data/_attachments")
    forger.append()


def replaced_record(forger: Forger) -> None:
    (forger.root / RECORD).write_bytes((forger.root / RECORD).read_bytes().replace(b"Ana", b"Bob"))
    forger.append()


def changed_markdown(forger: Forger) -> None:
    (forger.root / PAGE).write_text("# Forged\n")
    forger.append()


def changed_markdown_of_another_page(forger: Forger) -> None:
    (forger.root / PAGE).write_text("# Forged\n")
    forger.change("view", PAGE, forger.add_event("migration", ["102"]))
    forger.append()


def added_file(forger: Forger) -> None:
    (forger.root / BAG / "data/_source/101/v9.xml").write_text("<p>planted</p>")
    forger.append()


def added_file_without_an_event(forger: Forger) -> None:
    path = f"{BAG}/data/_source/101/v9.xml"
    (forger.root / path).write_text("<p>planted</p>")
    forger.change("keep", path, "000006-000009")
    forger.append()


def added_page_without_a_state(forger: Forger) -> None:
    path = f"{BAG}/data/2026/planted--777.md"
    (forger.root / path).write_text("# Planted\n")
    forger.change("view", path, forger.add_event("capture", ["777"]))
    forger.append()


def body_put_back_after_its_redaction(forger: Forger) -> None:
    path = f"{BAG}/data/_source/104/v1.xml"
    (forger.root / path).write_text("<p>secret</p>")
    forger.change("keep", path, forger.add_event("capture", ["104"]))
    forger.append()


def page_moved_to_another_bag(forger: Forger) -> None:
    forger.add_event("metadata modification", ["900"], forger.state("900") | {"bag": BAG})
    forger.append()


def body_of_another_page(forger: Forger) -> None:
    state = forger.set_state("101", source="data/_source/102/v1.xml")
    forger.add_event("capture", ["101"], state)
    forger.append()


def state_of_a_page_that_the_event_does_not_list(forger: Forger) -> None:
    forger.add_event("capture", ["102"], forger.state("101"))
    forger.append()


def time_before_the_head_below(forger: Forger) -> None:
    forger.append(time=CLOCK)


def time_in_the_future(forger: Forger) -> None:
    forger.append(time=dt.datetime(2999, 1, 1, tzinfo=dt.UTC))


def another_origin(forger: Forger) -> None:
    forger.append(origin="https://other.example")


def another_log(forger: Forger) -> None:
    forger.append(log="f" * 32)


def skipped_number(forger: Forger) -> None:
    forger.append(sequence=8)


def event_of_another_run(forger: Forger) -> None:
    forger.add_event("ingestion")
    forger.events[0]["id"] = "000005-000001"
    forger.append()


def event_of_another_time(forger: Forger) -> None:
    forger.add_event("ingestion")
    forger.events[0]["when"] = "2026-11-24T02:30:00Z"
    forger.append()


def unknown_kind_of_event(forger: Forger) -> None:
    forger.add_event("forgiveness")
    forger.append()


def unknown_key_in_an_event(forger: Forger) -> None:
    forger.add_event("ingestion")
    forger.events[0] = {"format": "wikibot-events/2", "note": "x"} | forger.events[0]
    forger.append()


def path_that_leads_outside(forger: Forger) -> None:
    forger.change("keep", f"{BAG}/data/../../x", forger.add_event("capture", ["101"]), digest="a" * 64)
    forger.append()


def unsigned_after_signing(forger: Forger) -> None:
    forger.signer = None
    forger.append()


def rewritten_history(forger: Forger) -> None:
    _rewrite(forger, 3)


def pointer_to_an_earlier_capture(forger: Forger) -> None:
    """Page 102 as it was in run 1, though run 2 captured another body."""
    folder = "data/_source/102"
    earlier = {"record": f"{folder}/record-000001.json", "source": f"{folder}/v1.xml", "version": 1}
    digest = forger.digest(f"{BAG}/{folder}/v1.xml")
    forger.add_event("capture", ["102"], forger.set_state("102", **earlier, source_sha256=digest))
    forger.append()


def body_of_another_page_with_its_digest(forger: Forger) -> None:
    path = "data/_source/103/v1.xml"
    digest = forger.digest(f"{BAG}/{path}")
    forger.add_event("capture", ["101"], forger.set_state("101", source=path, source_sha256=digest))
    forger.append()


def record_of_another_page(forger: Forger) -> None:
    forger.add_event("capture", ["101"], forger.set_state("101", record="data/_source/103/record-000001.json"))
    forger.append()


def state_without_a_new_record(forger: Forger, **values: object) -> None:
    forger.add_event("metadata modification", ["101"], forger.set_state("101", **values))
    forger.append()


def earlier_time_of_capture(forger: Forger) -> None:
    state_without_a_new_record(forger, captured_at="2001-01-01T00:00:00Z")


def later_time_of_capture(forger: Forger) -> None:
    state_without_a_new_record(forger, captured_at="2998-01-01T00:00:00Z")


def higher_version_without_a_record(forger: Forger) -> None:
    state_without_a_new_record(forger, version=77)


def new_record(forger: Forger, change: Callable[[dict[str, Any]], object]) -> None:
    """Add a record of page 101 that says something else."""
    record = json.loads((forger.root / RECORD).read_bytes())
    change(record)
    path = "data/_source/101/record-000006.json"
    (forger.root / BAG / path).write_bytes(dump_json(record))
    event = forger.add_event("metadata modification", ["101"], forger.set_state("101", record=path))
    forger.change("keep", f"{BAG}/{path}", event)
    forger.append()


def record_that_names_another_body(forger: Forger) -> None:
    new_record(forger, lambda record: record.update(source_path="data/_source/101/v7.xml", source_sha256="0" * 64))


def record_with_the_id_of_another_page(forger: Forger) -> None:
    new_record(forger, lambda record: record.update(page_id="103"))


def record_with_another_title_than_the_list(forger: Forger) -> None:
    new_record(forger, lambda record: record.update(title="Forged"))


def record_of_an_attachment_that_was_never_captured(forger: Forger) -> None:
    path = ATTACHMENT.replace("7", "9")
    new_record(forger, lambda record: record.update(attachments=[_file(record, path, "a" * 64)]))


def rewritten_record(forger: Forger, old: bytes, new: bytes) -> None:
    """Add a record of page 101 with the same data, in which other bytes have another layout."""
    new_record(forger, lambda record: record.update(labels=[]))
    path = forger.root / BAG / "data/_source/101/record-000006.json"
    content = path.read_bytes()
    assert old in content
    path.write_bytes(content.replace(old, new, 1))
    _rehash(forger, path)


def record_of_endless_json(forger: Forger) -> None:
    rewritten_record(forger, b'"labels": []', b'"labels": ' + b"[" * 99_999 + b"]" * 99_999)


def record_with_a_byte_order_mark(forger: Forger) -> None:
    rewritten_record(forger, b"{", b"\xef\xbb\xbf{")


def record_with_a_second_title_further_right(forger: Forger) -> None:
    rewritten_record(forger, b'\n "url": ', b'\n  "title": "Forged",\n "url": ')


def _rehash(forger: Forger, path: Path) -> None:
    """Make the last run fit a payload file that was changed after it."""
    log = forger.root / "log/2026/000006.changes"
    changes = parse_changes(log.read_bytes(), name="")
    name = path.relative_to(forger.root).as_posix()
    log.write_bytes(
        render_changes(each._replace(digest=forger.digest(name)) if each.target == name else each for each in changes)
    )
    forger.rewrite_head()


def deselected_by_a_hold(forger: Forger) -> None:
    forger.add_event("hold", ["101"], forger.set_state("101", archived=False), HOLD)
    forger.append()


def selected_by_a_failure(forger: Forger) -> None:
    forger.add_event("capture", ["900"], forger.set_state("900", archived=True))
    forger.events[-1]["outcome"] = "fail"
    forger.append()


def converter_changed_by_trust(forger: Forger) -> None:
    forger.add_event("trust", ["101"], forger.set_state("101", converter="another 9"))
    forger.append()


def markdown_written_by_a_hold(forger: Forger) -> None:
    (forger.root / PAGE).write_text("# Forged\n")
    forger.change("view", PAGE, forger.add_event("hold", ["101"], None, HOLD))
    forger.append()


def markdown_written_by_a_failure(forger: Forger) -> None:
    (forger.root / PAGE).write_text("# Forged\n")
    event = forger.add_event("migration", ["101"])
    forger.events[-1]["outcome"] = "fail"
    forger.change("view", PAGE, event)
    forger.append()


def body_added_by_a_deletion(forger: Forger) -> None:
    _keep(forger, f"{BAG}/data/_source/101/v9.xml", "deletion")


def _keep(forger: Forger, path: str, kind: str = "capture") -> None:
    (forger.root / path).parent.mkdir(exist_ok=True)
    (forger.root / path).write_text("<p>planted</p>")
    forger.change("keep", path, forger.add_event(kind, ["101"]))
    forger.append()


def twin_in_another_case(forger: Forger) -> None:
    _keep(forger, f"{BAG}/data/_source/101/V1.xml")


def name_that_windows_reserves(forger: Forger) -> None:
    _keep(forger, f"{BAG}/data/_attachments/101/con.pdf")


def name_that_ends_with_a_dot(forger: Forger) -> None:
    _keep(forger, f"{BAG}/data/_attachments/101/plan.")


def unknown_folder_of_payload(forger: Forger) -> None:
    _keep(forger, f"{BAG}/data/_other/x--101.md")


def markdown_in_another_bag(forger: Forger) -> None:
    target = forger.root / "OTHER/data/2026/board-meeting--101.md"
    shutil.move(forger.root / PAGE, target)
    forger.append()


def markdown_under_another_title(forger: Forger) -> None:
    shutil.move(forger.root / PAGE, forger.root / BAG / "data/2026/forged--101.md")
    forger.append()


def upgrade_that_redacts(forger: Forger) -> None:
    forger.add_event("upgrade", ["101"], forger.set_state("101", redacted_at="2026-11-29T02:30:00Z"))
    forger.append()


def upgrade_that_buries(forger: Forger) -> None:
    forger.add_event("upgrade", ["101"], forger.set_state("101", tombstone="2026-11-29T02:30:00Z"))
    forger.append()


def redaction_that_leaves_the_body(forger: Forger) -> None:
    forger.add_event("redaction", ["101"], forger.set_state("101", redacted_at="2026-11-29T02:30:00Z"), {"reason": "x"})
    forger.append()


def redaction_of_another_day(forger: Forger) -> None:
    state = forger.set_state("101", redacted_at="2001-01-01T00:00:00Z", source=None)
    forger.add_event("redaction", ["101"], state, {"reason": "x"})
    forger.append()


def tombstone_of_another_day(forger: Forger) -> None:
    forger.add_event("deletion", ["103"], forger.set_state("103", tombstone="2026-11-20T02:30:00Z"))
    forger.append()


def redaction_of_a_held_page(forger: Forger) -> None:
    forger.add_event("hold", ["101"], None, HOLD)
    forger.append()
    forger.change("drop", ATTACHMENT, forger.add_event("redaction", ["101"], None, {"reason": "x"}))
    shutil.rmtree(forger.root / BAG / "data/_attachments")
    forger.append()


def key_that_no_event_announces(forger: Forger) -> None:
    forger.append(next_key="SHA256:" + "A" * 43)


def rotation_that_the_head_does_not_have(forger: Forger) -> None:
    forger.add_event("key-rotation", facts={"next_key": "SHA256:" + "A" * 43})
    forger.append()


def rollback_that_the_head_does_not_have(forger: Forger) -> None:
    forger.add_event("rollback", facts={"lost_head": "a" * 64, "reason": "x"})
    forger.append()


def new_log_in_the_middle(forger: Forger) -> None:
    forger.add_event("new-log", facts={"reason": "x"})
    forger.append()


def signing_that_began_before(forger: Forger) -> None:
    forger.add_event("start-signing", facts={"name": "x"})
    forger.append()


def complete_though_the_event_says_incomplete(forger: Forger) -> None:
    forger.add_event("ingestion", facts={"captured": 3, "expected": 20, "verdict": "incomplete"})
    forger.append()


def facts_of_endless_json(forger: Forger) -> None:
    forger.add_event("ingestion", facts={"x": 0})
    forger.append()
    path = forger.root / "log/2026/000006.events.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"x": 0', b'"x": ' + b"[" * 99_999 + b"]" * 99_999))
    forger.rewrite_head()


def facts_with_words_behind_them(forger: Forger) -> None:
    forger.add_event("ingestion", facts={"x": 0})
    forger.append()
    path = forger.root / "log/2026/000006.events.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"x": 0}}', b'"x": 0, y}}'))
    forger.rewrite_head()


def _say(forger: Forger, facts: str, by: str = '"forger"') -> None:
    """Add an event of a run with these words."""
    forger.add_event("ingestion", facts={"x": 0})
    forger.append(verdict=RunVerdict.COMPLETE)
    path = forger.root / "log/2026/000006.events.jsonl"
    text = path.read_text().replace('"x": 0', facts).replace('"forger"', by)
    path.write_text(text)
    forger.rewrite_head()


def fact_that_is_said_twice(forger: Forger) -> None:
    _say(forger, '"verdict": "complete", "verdict": "incomplete"')


def verdict_in_another_fact(forger: Forger) -> None:
    _say(forger, '"a": {"verdict": "complete"}, "verdict": "incomplete"')


def verdict_among_those_who_took_part(forger: Forger) -> None:
    _say(forger, '"x": 0', by='{"verdict": "complete"}')


def number_of_many_digits(forger: Forger) -> None:
    _say(forger, f'"verdict": "complete", "x": {"9" * 5_000}')


def event_without_facts(forger: Forger) -> None:
    forger.add_event("ingestion")
    forger.append()
    path = forger.root / "log/2026/000006.events.jsonl"
    path.write_bytes(path.read_bytes().replace(b', "facts": {}', b""))
    forger.rewrite_head()


def state_of_a_page_that_the_event_lists_twice(forger: Forger) -> None:
    forger.add_event("metadata modification", ["101", "101"], forger.state("101"))
    forger.append()


def time_that_no_calendar_has(forger: Forger) -> None:
    new_capture(forger, captured_at="2026-11-28T25:61:61Z")


def version_with_a_zero_in_front(forger: Forger) -> None:
    new_capture(forger)
    path = forger.root / "log/2026/000006.events.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"version": 2', b'"version": 02'))
    forger.rewrite_head()


def new_capture(forger: Forger, **values: object) -> None:
    """Add a version of page 101."""
    source, path = "data/_source/101/v2.xml", "data/_source/101/record-000006.json"
    (forger.root / BAG / source).write_text("<p>new</p>")
    record, digest = json.loads((forger.root / RECORD).read_bytes()), forger.digest(f"{BAG}/{source}")
    record |= {"source_path": source, "source_sha256": digest, "version": record["version"] | {"number": 2}}
    (forger.root / BAG / path).write_bytes(dump_json(record))
    state = {"record": path, "source": source, "source_sha256": digest, "version": 2}
    new = {"captured_at": "2026-11-29T02:30:00Z"} | values
    event = forger.add_event("capture", ["101"], forger.set_state("101", **state | new))
    for name in (source, path):
        forger.change("keep", f"{BAG}/{name}", event)
    forger.append()


def title_that_only_the_list_of_pages_has(forger: Forger) -> None:
    path = forger.root / BAG / "pages.jsonl"
    path.write_bytes(path.read_bytes().replace(b"Board meeting", b"Bored meeting"))
    forger.append()


def salt_that_only_the_list_of_pages_has(forger: Forger) -> None:
    path = forger.root / BAG / "pages.jsonl"
    path.write_bytes(re.sub(rb'"salt": "[0-9a-f]{32}"', b'"salt": "' + b"0" * 32 + b'"', path.read_bytes()))
    forger.append()


def salt_that_the_list_of_pages_lost(forger: Forger) -> None:
    path = forger.root / BAG / "pages.jsonl"
    path.write_bytes(re.sub(rb'"salt": "[0-9a-f]{32}", ', b"", path.read_bytes()).replace(b"page/3", b"page/2"))
    forger.append()


def line_that_claims_an_earlier_format(forger: Forger) -> None:
    path = forger.root / BAG / "pages.jsonl"
    path.write_bytes(path.read_bytes().replace(b"wikibot-page/3", b"wikibot-page/2"))
    forger.append()


def line_that_claims_a_later_format(forger: Forger) -> None:
    path = forger.root / BAG / "pages.jsonl"
    path.write_bytes(path.read_bytes().replace(b"wikibot-page/2", b"wikibot-page/3"))
    forger.append()


def record_with_a_salt_that_the_list_lacks(forger: Forger) -> None:
    new_record(forger, lambda record: record.update(salt="0" * 32))


def body_without_its_salt(forger: Forger) -> None:
    path = forger.root / BAG / "data/_source/102/v2.xml"
    body, salt = split_body(path.read_bytes())
    assert salt
    path.write_bytes(body)
    forger.append()


def page_id_of_many_digits(forger: Forger) -> None:
    path = forger.root / BAG / "pages.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"page_id": "103"', b'"page_id": "' + b"9" * 6_000 + b'"'))
    forger.append()


def fork(forger: Forger) -> None:
    """Another run 4 on top of run 3."""
    log = forger.root / "log/2026"
    shutil.copy(log / "000003.checkpoint", forger.root / HEAD)
    shutil.copy(log / "000003.checkpoint.sig", forger.root / SIGNATURE)
    for path in (*log.glob("00000[45].*"), *log.glob("000003.checkpoint*")):
        path.unlink()
    forger.head = forger.load_head()
    forger.append()


def lost_runs(forger: Forger) -> None:
    """A head that claims that the runs up to the witness were lost."""
    fork(forger)
    head = parse_checkpoint((forger.root / HEAD).read_bytes())
    text = render_checkpoint(head).replace(b"# lost: none", b"# lost: 4-5 " + b"a" * 64)
    text = text.replace(b"# sequence: 4", b"# sequence: 6").replace(b"000004.", b"000006.")
    for name in ("changes", "events.jsonl"):
        (forger.root / f"log/2026/000004.{name}").rename(forger.root / f"log/2026/000006.{name}")
    (forger.root / HEAD).write_bytes(text)
    assert forger.signer
    (forger.root / SIGNATURE).write_bytes(forger.signer.sign(text))


def _rewrite(forger: Forger, number: int) -> None:
    """Change the events of an old run, and sign every head above again."""
    log = forger.root / "log/2026"
    events = log / f"{number:06}.events.jsonl"
    events.write_bytes(re.sub(rb'"expected": \d+', b'"expected": 99', events.read_bytes(), count=1))
    for run in range(number, 6):
        head = forger.root / HEAD if run == 5 else log / f"{run:06}.checkpoint"
        signature = Path(f"{head}.sig")
        parsed = parse_checkpoint(head.read_bytes())
        digests = {p: d if p == "SHA256SUMS" else forger.digest(p) for p, d in parsed.digests.items()}
        parsed.digests.update(digests)
        head.write_bytes(render_checkpoint(parsed))
        assert forger.signer
        signature.write_bytes(forger.signer.sign(head.read_bytes()))


def _redact_after_release(forger: Forger, *, name: str = "case 7", outcome: str = "success") -> None:
    forger.add_event("hold", ["101"], None, HOLD)
    forger.append()
    forger.add_event("hold-release", ["101"], None, HOLD | {"name": name})
    forger.events[-1]["outcome"] = outcome
    forger.append()
    _drop_attachment(forger)
    forger.append()


def _file(record: dict[str, Any], path: str, digest: str | None) -> dict[str, Any]:
    """Return an attachment as a record lists it."""
    texts = {name: name for name in ("id", "name", "media_type", "comment")}
    where = {"path": path.removeprefix(f"{BAG}/"), "sha256": digest, "size_bytes": 1}
    return {**texts, **where, "version": record["version"]}


def _drop_attachment(forger: Forger) -> None:
    forger.change("drop", ATTACHMENT, forger.add_event("redaction", ["101"], facts={"reason": "x"}))
    shutil.rmtree(forger.root / BAG / "data/_attachments")


def hold_released_by_a_failure(forger: Forger) -> None:
    _redact_after_release(forger, outcome="fail")


def hold_released_by_a_number(forger: Forger) -> None:
    forger.add_event("hold", ["101"], None, HOLD)
    forger.append()
    forger.add_event("hold-release", ["101"], None, {"a": {"name": "case 7"}, "name": 7})
    forger.append()
    _drop_attachment(forger)
    forger.append()


def hold_released_by_the_name_of_a_page(forger: Forger) -> None:
    forger.add_event("hold", ["101"], None, HOLD)
    forger.append()
    forger.add_event("hold-release", ["101"], None, {"by": "Ana", "of": {"1": '"}', "name": "case 7", "2": 3}})
    forger.append()
    _drop_attachment(forger)
    forger.append()


def hold_released_under_another_name(forger: Forger) -> None:
    _redact_after_release(forger, name="case 8")


def hold_released_in_the_run_that_redacts(forger: Forger) -> None:
    forger.add_event("hold", ["101"], None, HOLD)
    forger.append()
    forger.add_event("hold-release", ["101"], None, HOLD)
    _drop_attachment(forger)
    forger.append()


def verdict_without_an_event(forger: Forger) -> None:
    forger.append(verdict=RunVerdict.COMPLETE)


def verdict_that_the_head_does_not_have(forger: Forger) -> None:
    forger.add_event("ingestion", facts={"verdict": "incomplete"})
    forger.append(verdict=None)


def body_that_claims_to_be_older(forger: Forger) -> None:
    """A body that is captured now, as if it had been captured before the runs that did not see it."""
    source, path = "data/_source/101/v0.xml", "data/_source/101/record-000006.json"
    (forger.root / BAG / source).write_text("<p>forged</p>")
    record, digest = json.loads((forger.root / RECORD).read_bytes()), forger.digest(f"{BAG}/{source}")
    (forger.root / BAG / path).write_bytes(dump_json(record | {"source_path": source, "source_sha256": digest}))
    state = {"record": path, "source": source, "source_sha256": digest, "captured_at": "2001-01-01T00:00:00Z"}
    event = forger.add_event("capture", ["101"], forger.set_state("101", **state))
    for name in (source, path):
        forger.change("keep", f"{BAG}/{name}", event)
    forger.append()


def listed_record(forger: Forger, **values: object) -> None:
    """Add a record of page 101 with other values, and let the list of pages show them."""
    new_record(forger, lambda record: record.update(values))
    _list(forger, lambda shown: shown.update({name: value for name, value in values.items() if name in shown}))


def listed_version(forger: Forger, **values: object) -> None:
    """Add a record of page 101 with another version, and let the list of pages show its time."""
    new_record(forger, lambda record: record["version"].update(values))
    _list(forger, lambda shown: shown.update(version_when=values["when"]) if "when" in values else None)


def _list(forger: Forger, change: Callable[[dict[str, Any]], object]) -> None:
    path = forger.root / BAG / "pages.jsonl"
    *lines, _ = path.read_text().split("\n")
    for number, line in enumerate(lines):
        content = json.loads(line)
        if content["page"]["id"] == "101":
            change(content["shown"])
            lines[number] = json.dumps(content, ensure_ascii=False)
    path.write_text("".join(f"{line}\n" for line in lines))
    forger.rewrite_head()


def record_with_words_for_an_id(forger: Forger) -> None:
    listed_record(forger, page_id="abc")


def record_without_a_title(forger: Forger) -> None:
    listed_record(forger, title=None)


def record_of_an_unknown_status(forger: Forger) -> None:
    listed_record(forger, status="weird")


def record_of_a_position_between_two(forger: Forger) -> None:
    listed_record(forger, position=1.5)


def record_with_an_ancestor_without_a_title(forger: Forger) -> None:
    listed_record(forger, ancestors=[{"id": "1"}])


def record_of_a_version_without_a_time(forger: Forger) -> None:
    listed_version(forger, when="yesterday")


def record_of_a_version_in_words(forger: Forger) -> None:
    listed_version(forger, number="1")


def record_with_an_empty_path(forger: Forger) -> None:
    listed_record(forger, path="")


def record_of_no_list_of_attachments(forger: Forger) -> None:
    listed_record(forger, attachments=None)


def record_of_an_attachment_without_a_digest(forger: Forger) -> None:
    new_record(forger, lambda record: record.update(attachments=[_file(record, ATTACHMENT, None)]))


def record_of_an_unknown_attachment_without_a_digest(forger: Forger) -> None:
    new_record(forger, lambda record: record.update(attachments=[_file(record, ATTACHMENT.replace("7", "9"), None)]))


def record_of_bytes_that_are_no_text(forger: Forger) -> None:
    rewritten_record(forger, b'"labels": []', b'"labels": ["\xc0\xaf"]')


def list_of_pages_in_another_order(forger: Forger) -> None:
    path = forger.root / BAG / "pages.jsonl"
    path.write_bytes(b"".join(reversed(path.read_bytes().splitlines(keepends=True))))
    forger.append()


def markdown_in_a_deeper_folder(forger: Forger) -> None:
    path = "data/2026/deeper/board-meeting--101.md"
    (forger.root / BAG / path).parent.mkdir()
    (forger.root / PAGE).rename(forger.root / BAG / path)
    new_record(forger, lambda record: record.update(path=path))
    _list(forger, lambda shown: shown.update(path=path))


def markdown_that_was_captured_for_ever(forger: Forger) -> None:
    """A rendition among the files that never change, and its removal."""
    path = f"{BAG}/data/2026/other--101.md"
    forger.change("keep", path, forger.add_event("capture", ["101"]), digest="a" * 64)
    forger.append()
    forger.change("drop", path, forger.add_event("redaction", ["101"]), digest="a" * 64)
    forger.append()


def file_below_too_many_folders(forger: Forger) -> None:
    path = f"{BAG}/data/_source/101/{'d/' * 29}x.xml"
    (forger.root / path).parent.mkdir(parents=True)
    (forger.root / path).write_text("x")
    forger.change("keep", path, forger.add_event("capture", ["101"]))
    forger.append()


def rotation_to_no_key(forger: Forger) -> None:
    forger.add_event("key-rotation", facts={"next_key": "none"})
    forger.append()


def rotation_that_failed(forger: Forger) -> None:
    forger.add_event("key-rotation", facts={"next_key": "SHA256:" + "A" * 43})
    forger.events[-1]["outcome"] = "fail"
    forger.append(next_key="SHA256:" + "A" * 43)


def planted_empty_bag(forger: Forger) -> None:
    bag = forger.root / "PLANTED"
    bag.mkdir()
    info = (forger.root / BAG / "bag-info.txt").read_text().replace(BAG, bag.name)
    content = {
        "README.md": render_tree_index(bag.name, "https://wiki.example.org", []),
        "bag-info.txt": info.encode(),
        "bagit.txt": BAGIT_TXT,
        MANIFEST: b"",
        "pages.jsonl": b"",
    }
    for name, data in content.items():
        (bag / name).write_bytes(data)
    (bag / TAG_MANIFEST).write_bytes(render_manifest(dict.fromkeys(content, "0" * 64)))
    forger.append()


def _inform(forger: Forger, old: str, new: str) -> None:
    path = forger.root / BAG / "bag-info.txt"
    path.write_text(path.read_text().replace(old, new))
    forger.append()


def bag_of_another_space(forger: Forger) -> None:
    _inform(forger, BAG, "OTHER")


def bag_of_another_wiki(forger: Forger) -> None:
    _inform(forger, "wiki.example.org", "wiki.example.com")


def bag_with_a_note(forger: Forger) -> None:
    _inform(forger, "Bag-Group", "Contact-Name: Eve\nBag-Group")


def record_of_a_removed_attachment_without_a_digest(forger: Forger) -> None:
    new_record(forger, lambda record: record.update(attachments=[_file(record, ATTACHMENT, None)]))
    _drop_attachment(forger)
    forger.append()


def record_of_an_attachment_in_two_ways(forger: Forger) -> None:
    digests = "a" * 64, forger.digest(ATTACHMENT)
    new_record(forger, lambda record: record.update(attachments=[_file(record, ATTACHMENT, each) for each in digests]))


def page_under_the_name_of_another_id(forger: Forger) -> None:
    """A new page whose name has the digest of an id that its record does not have."""
    _plant_page(forger, f"evil-{'0' * 16}", "An id")


def _plant_page(forger: Forger, name: str, page_id: str) -> None:
    bag, folder = forger.root / BAG, f"data/_source/{name}"
    source, path, view = f"{folder}/v1.xml", f"{folder}/record-000006.json", f"data/2026/new--{name}.md"
    (bag / folder).mkdir()
    (bag / source).write_text("<p>new</p>")
    (bag / view).write_text("# New\n")
    digest, when = forger.digest(f"{BAG}/{source}"), "2026-11-29T02:30:00Z"
    record = json.loads((forger.root / RECORD).read_bytes())
    record |= {"page_id": page_id, "path": view, "source_path": source, "source_sha256": digest, "captured_at": when}
    (bag / path).write_bytes(dump_json(record))
    state = forger.state("101")
    state |= {"id": name, "record": path, "source": source, "source_sha256": digest, "version": 1, "captured_at": when}
    shown = json.loads((bag / "pages.jsonl").read_text().partition("\n")[0])["shown"] | {
        "page_id": page_id,
        "path": view,
    }
    shown |= {each: record[each] for each in ("title", "url", "position", "status", "space_key", "ancestors")}
    shown |= {"version_when": record["version"]["when"]}
    shown.pop("salt", None)
    line = json.dumps({"format": "wikibot-page/2", "page": state, "shown": shown})
    with (bag / "pages.jsonl").open("a") as lines:
        lines.write(f"{line}\n")
    event = forger.add_event("capture", [name], state)
    for kept in (source, path):
        forger.change("keep", f"{BAG}/{kept}", event)
    forger.change("view", f"{BAG}/{view}", event)
    forger.append()


WITH_THE_KEY = (
    rotation_that_failed,
    planted_empty_bag,
    bag_of_another_space,
    bag_of_another_wiki,
    bag_with_a_note,
    record_of_a_removed_attachment_without_a_digest,
    record_of_an_attachment_in_two_ways,
    page_under_the_name_of_another_id,
    overwritten_source,
    overwritten_source_that_is_logged,
    removed_page,
    removed_page_with_a_faked_redaction,
    page_listed_twice,
    page_listed_in_two_ways,
    removed_tombstone,
    removed_tombstone_without_a_capture,
    forged_tombstone,
    forged_tombstone_without_a_deletion,
    forged_redaction,
    forged_redaction_by_a_capture,
    redaction_taken_back,
    removed_attachment,
    removed_attachment_by_a_capture,
    removal_by_the_redaction_of_another_page,
    replaced_record,
    changed_markdown,
    changed_markdown_of_another_page,
    added_file,
    added_file_without_an_event,
    added_page_without_a_state,
    body_put_back_after_its_redaction,
    page_moved_to_another_bag,
    body_of_another_page,
    state_of_a_page_that_the_event_does_not_list,
    time_before_the_head_below,
    time_in_the_future,
    another_origin,
    another_log,
    skipped_number,
    event_of_another_run,
    event_of_another_time,
    unknown_kind_of_event,
    unknown_key_in_an_event,
    path_that_leads_outside,
    unsigned_after_signing,
    rewritten_history,
    pointer_to_an_earlier_capture,
    body_of_another_page_with_its_digest,
    record_of_another_page,
    earlier_time_of_capture,
    later_time_of_capture,
    higher_version_without_a_record,
    record_that_names_another_body,
    record_with_the_id_of_another_page,
    record_with_another_title_than_the_list,
    record_of_an_attachment_that_was_never_captured,
    record_of_endless_json,
    record_with_a_byte_order_mark,
    record_with_a_second_title_further_right,
    deselected_by_a_hold,
    selected_by_a_failure,
    converter_changed_by_trust,
    markdown_written_by_a_hold,
    markdown_written_by_a_failure,
    body_added_by_a_deletion,
    twin_in_another_case,
    name_that_windows_reserves,
    name_that_ends_with_a_dot,
    unknown_folder_of_payload,
    markdown_in_another_bag,
    markdown_under_another_title,
    upgrade_that_redacts,
    upgrade_that_buries,
    redaction_that_leaves_the_body,
    redaction_of_another_day,
    tombstone_of_another_day,
    redaction_of_a_held_page,
    key_that_no_event_announces,
    rotation_that_the_head_does_not_have,
    rollback_that_the_head_does_not_have,
    new_log_in_the_middle,
    signing_that_began_before,
    complete_though_the_event_says_incomplete,
    facts_of_endless_json,
    facts_with_words_behind_them,
    fact_that_is_said_twice,
    verdict_in_another_fact,
    verdict_among_those_who_took_part,
    number_of_many_digits,
    event_without_facts,
    state_of_a_page_that_the_event_lists_twice,
    time_that_no_calendar_has,
    version_with_a_zero_in_front,
    title_that_only_the_list_of_pages_has,
    salt_that_only_the_list_of_pages_has,
    salt_that_the_list_of_pages_lost,
    line_that_claims_an_earlier_format,
    line_that_claims_a_later_format,
    record_with_a_salt_that_the_list_lacks,
    body_without_its_salt,
    page_id_of_many_digits,
    fork,
    lost_runs,
    hold_released_by_a_failure,
    hold_released_by_a_number,
    hold_released_by_the_name_of_a_page,
    hold_released_under_another_name,
    hold_released_in_the_run_that_redacts,
    verdict_without_an_event,
    verdict_that_the_head_does_not_have,
    body_that_claims_to_be_older,
    record_with_words_for_an_id,
    record_without_a_title,
    record_of_an_unknown_status,
    record_of_a_position_between_two,
    record_with_an_ancestor_without_a_title,
    record_of_a_version_without_a_time,
    record_of_a_version_in_words,
    record_with_an_empty_path,
    record_of_no_list_of_attachments,
    record_of_an_attachment_without_a_digest,
    record_of_an_unknown_attachment_without_a_digest,
    record_of_bytes_that_are_no_text,
    list_of_pages_in_another_order,
    markdown_in_a_deeper_folder,
    markdown_that_was_captured_for_ever,
    file_below_too_many_folders,
    rotation_to_no_key,
)


@pytest.mark.parametrize("forge", WITH_THE_KEY, ids=lambda forge: forge.__name__)
def test_an_old_head_exposes_what_the_holder_of_the_key_changed(case: Case, forge: Callable[[Forger], None]) -> None:
    forge(case.forger())

    checked, _ = case.judge()

    assert not checked.is_clean


def test_an_index_that_does_not_show_the_pages_is_found_by_verify(case: Case) -> None:
    """The public tools do not make the indexes again."""
    forger = case.forger()
    for name in ("README.md", f"{BAG}/README.md"):
        path = forger.root / name
        path.write_bytes(path.read_bytes().replace(b"wiki.example.org", b"wiki.example.com"))
    forger.append()

    found = {finding.path for finding in verify(case.root, allowed_signers=case.allowed).findings}

    assert found == {"README.md", f"{BAG}/README.md"}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"labels": []', b'"labels": [\n  "\\u00e9"\n ]'),
        (b"wikibot-record/3", b"wikibot-record/4"),
        (b'\n "title": ', b'\n "title": "Forged",\n "title": '),
    ],
    ids=["another escape", "unknown format", "name twice"],
)
def test_both_find_a_record_in_another_form(case: Case, old: bytes, new: bytes) -> None:
    """More forms are in `test_differential.py`."""
    rewritten_record(case.forger(), old, new)

    checked, _ = case.judge()

    assert {finding.message for finding in checked.findings} == {"is not a record of a captured page"}


def test_a_record_of_a_newer_version_of_the_same_format_passes(case: Case) -> None:
    more = b'\n "labelled": {\n  "b": 1.5e3,\n  "a": [\n   {}\n  ]\n },\n "labels": []'
    rewritten_record(case.forger(), b'\n "labels": []', more)

    checked, said = case.judge()

    assert (checked.findings, said.splitlines()[-1]) == ((), "INTACT")


# What the holder of the key does lawfully.


def empty_run(forger: Forger) -> None:
    forger.append()


def new_version(forger: Forger) -> None:
    path = f"{BAG}/data/_source/101/v2.xml"
    (forger.root / path).write_text("<p>new</p>")
    forger.change("keep", path, forger.add_event("capture", ["101"]))
    forger.append()


def lawful_tombstone(forger: Forger) -> None:
    forger.add_event("deletion", ["101"], forger.set_state("101", tombstone="2026-11-29T02:30:00Z", archived=False))
    forger.append()


def lawful_removal_of_a_file_that_the_record_lists(forger: Forger) -> None:
    digest = forger.digest(ATTACHMENT)
    new_record(forger, lambda record: record.update(attachments=[_file(record, ATTACHMENT, digest)]))
    _drop_attachment(forger)
    forger.append()


def lawful_view(forger: Forger) -> None:
    (forger.root / PAGE).write_text("# Rendered again\n")
    forger.change("view", PAGE, forger.add_event("migration", ["101"]))
    forger.append()


@pytest.mark.parametrize(
    "act",
    [empty_run, new_version, lawful_view, lawful_removal_of_a_file_that_the_record_lists],
    ids=lambda act: act.__name__,
)
def test_lawful_runs_pass(case: Case, act: Callable[[Forger], None]) -> None:
    act(case.forger())

    checked, said = case.judge()

    assert (checked.findings, said.splitlines()[-1]) == ((), "INTACT")
    assert checked.is_replayed


def test_a_page_may_be_redacted_after_its_hold_was_released(case: Case) -> None:
    forger = case.forger()
    forger.add_event("hold", ["101", "102"], None, HOLD)
    forger.append()
    forger.add_event("hold-release", ["101"], None, HOLD)
    forger.append()
    forger.change("drop", ATTACHMENT, forger.add_event("redaction", ["101"], facts={"reason": "x"}))
    shutil.rmtree(forger.root / BAG / "data/_attachments")
    forger.append()

    checked, said = case.judge()

    assert (checked.findings, said.splitlines()[-1]) == ((), "INTACT")


def test_a_key_that_was_replaced_signs_nothing_more(case: Case) -> None:
    forger = case.forger()
    forger.rotate_to(case.stranger)
    forger.append()
    forger.signer = case.signer
    forger.append()
    case.allowed += case.stranger.allowed_signers()

    checked, _ = case.judge()

    assert "did not announce" in checked.findings[0].message


def test_removals_are_listed_by_both(case: Case) -> None:
    forger = case.forger()
    event = forger.add_event("redaction", ["101"], facts={"reason": "a court order"})
    forger.change("drop", ATTACHMENT, event)
    shutil.rmtree(forger.root / BAG / "data/_attachments")
    forger.append()

    checked, said = case.judge()

    assert checked.is_clean
    assert ATTACHMENT in [removal.path for removal in checked.removals]
    assert f"run 6: {ATTACHMENT}" in said


def test_an_announced_key_may_follow(case: Case) -> None:
    forger = case.forger()
    forger.rotate_to(case.stranger)
    forger.append()
    forger.append()

    case.allowed += case.stranger.allowed_signers()
    checked, said = case.judge()

    assert (checked.findings, said.splitlines()[-1]) == ((), "INTACT")
    assert checked.runs == 8


def test_the_last_head_of_an_earlier_key_is_checked_against_the_allowed_signers(case: Case) -> None:
    forger = case.forger()
    forger.rotate_to(case.stranger)
    forger.append()

    case.allowed = case.stranger.allowed_signers()
    checked, _ = case.judge()

    assert [finding.path for finding in checked.findings] == ["log/2026/000006.checkpoint.sig"]


def test_signing_may_start_later(tmp_path: Path, signer: Signer) -> None:
    root = tmp_path / "snapshots"
    capture_first(root, Disk())
    forger = Forger(root)
    forger.signer = signer
    forger.add_event("start-signing", facts={"name": "Ana"})
    forger.append()
    case = Case(root, signer, signer, signer.allowed_signers(), "")

    checked, said = case.judge()

    assert (checked.findings, said.splitlines()[-1]) == ((), "CONSISTENT, SIGNED")


def test_a_comment_of_the_allowed_signers_may_be_in_another_encoding(case: Case) -> None:
    path = case.root.parent / "allowed_signers"
    path.write_bytes(b"# Andr\xe9\n" + case.allowed.encode())

    checked = verify(case.root, allowed_signers=read_signers(path))

    assert checked.is_clean
    assert run_instructions(case.root, allowed_signers=path).returncode == 0


def test_unsigned_snapshots_are_never_called_intact(tmp_path: Path) -> None:
    root = tmp_path / "snapshots"
    capture_first(root, Disk())

    judged = run_instructions(root, witness=hashlib.sha256((root / HEAD).read_bytes()).hexdigest())

    assert (judged.returncode, judged.stdout.splitlines()[-1]) == (
        0,
        "CONSISTENT ONLY; not signed by a key you named",
    )
