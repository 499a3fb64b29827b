"""The start of a run: the snapshots must continue what the bot remembers; a person can override some refusals."""

import datetime as dt
import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from bot.config.policy import SnapshotSettings
from bot.errors import BotError, ContinuityError, EvidenceError, SettingsError, SnapshotError
from bot.operations import archive, evidence
from bot.operations.evidence import Decision
from bot.operations.snapshot_check import verify_snapshots
from bot.operations.snapshot_run import open_run, try_start
from bot.operations.workspace import Snapshots
from bot.snapshot.archive.checkpoint import load_head
from bot.snapshot.archive.continuity import load_remembered
from bot.snapshot.archive.disk import Disk
from bot.snapshot.archive.evidence_state import EvidenceState
from bot.snapshot.archive.signature import Signer
from bot.snapshot.archive.writer import open_writer
from bot.snapshot.verify.verification import verify
from tests.snapshot.breaking_disk import Killed
from tests.snapshot.public_tools import run_instructions
from tests.snapshot.small_tree import CLOCK, LOG_ID, ORIGIN, SOFTWARE, finish, put_page, tree_bytes

ANA = Decision("Ana", "the disk was replaced")


@dataclass(frozen=True)
class Bot:
    """A bot with its own state; several bots can write to one folder."""

    folder: Path
    root: Path
    key: Path | None
    name: str = "bot"
    place: Path | None = None

    @property
    def snapshots(self) -> Snapshots:
        signers = self.folder / "allowed_signers"
        policy = SnapshotSettings(
            signing_key=self.key or "none", allowed_signers=signers if self.key and signers.exists() else None
        )
        clock = CLOCK + dt.timedelta(days=1)
        return Snapshots(self.root, self.folder / f"{self.name}-state", policy, lambda: clock, place=self.place)

    def write(self, page_id: str = "101") -> str:
        """Capture one page, which is new each time, and return the digest of the head.

        What refuses the run is found before by `try_start`, which writes nothing.
        """
        expected, found = self._expected_refusal(), None
        try:
            with open_run(self.snapshots, ORIGIN) as writer:
                number = f"{page_id}{writer.sequence:03}"
                put_page(writer, number, f"Page {number}", f"<p>{self.name}</p>", version=1)
                finish(writer, number)
        except BotError as error:
            found = (type(error), str(error))
            raise
        finally:
            assert found == expected
        return self.head

    def _expected_refusal(self) -> tuple[type[BotError], str] | None:
        files = sorted(path for path in self.folder.rglob("*") if path.is_file())
        before = [(path, path.read_bytes()) for path in files]
        try:
            try_start(self.snapshots, ORIGIN)
        except BotError as error:
            return type(error), str(error)
        finally:
            files = sorted(path for path in self.folder.rglob("*") if path.is_file())
            assert [(path, path.read_bytes()) for path in files] == before
        return None

    @property
    def head(self) -> str:
        return hashlib.sha256((self.root / "CHECKPOINT").read_bytes()).hexdigest()

    @property
    def sequence(self) -> int:
        head = load_head(self.root)
        return head.sequence if head else 0

    def named(self, name: str) -> "Bot":
        return replace(self, name=name)

    def signing_with(self, key: Path | None) -> "Bot":
        return replace(self, key=key)

    def events(self) -> list[dict[str, Any]]:
        (path,) = self.root.glob(f"log/*/{self.sequence:06}.events.jsonl")
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def signed(tmp_path: Path, signer: Signer, stranger: Signer) -> Bot:
    allowed = signer.allowed_signers() + stranger.allowed_signers()
    (tmp_path / "allowed_signers").write_text(allowed)
    return Bot(tmp_path, tmp_path / "snapshots", signer.key)


@pytest.fixture
def unsigned(tmp_path: Path) -> Bot:
    return Bot(tmp_path, tmp_path / "snapshots", None)


@contextmanager
def refused(bot: Bot, *words: str, error: type[BotError] = ContinuityError) -> Iterator[None]:
    """Require a refusal that contains *words* and writes nothing."""
    before = tree_bytes(bot.root) if bot.root.exists() else None
    memory = bot.snapshots.state.memory
    with pytest.raises(error) as caught:
        yield
    assert isinstance(caught.value, error)
    for word in words:
        assert word in str(caught.value)
    assert (tree_bytes(bot.root) if bot.root.exists() else None) == before
    assert bot.snapshots.state.memory == memory


def command_in(bot: Bot) -> str:
    """Return the command that the refusal of a run names."""
    with pytest.raises(ContinuityError) as caught:
        bot.write()
    found = re.search(r"`wikibot evidence ([^`]+)`", str(caught.value))
    return found[1] if found else ""


def take(bot: Bot, folder: str) -> Path:
    """Copy the snapshots."""
    return Path(shutil.copytree(bot.root, bot.folder / folder))


def put_back(bot: Bot, copy: Path) -> None:
    shutil.rmtree(bot.root)
    shutil.copytree(copy, bot.root)


# Both empty


def test_a_first_run_with_a_key_is_signed(signed: Bot) -> None:
    signed.write()

    assert verify_snapshots(signed.snapshots).is_signer_checked
    assert signed.snapshots.state.memory.has_signed


def test_a_first_run_without_a_key_needs_the_word_none(signed: Bot) -> None:
    snapshots = replace(signed.snapshots, policy=SnapshotSettings())

    with (
        refused(signed, "ssh-keygen", "signing_key: none", "nothing was written", error=SettingsError),
        open_run(snapshots, ORIGIN),
    ):
        pass

    assert not signed.root.exists()


def test_an_unsigned_first_run_with_the_word_none_goes_on(unsigned: Bot) -> None:
    unsigned.write()
    unsigned.write()

    assert unsigned.sequence == 2
    assert verify_snapshots(unsigned.snapshots).is_clean


@pytest.mark.parametrize("command", ["trust", "accept-rollback"])
def test_where_nothing_is_there_is_nothing_to_accept(command: str, signed: Bot) -> None:
    with refused(signed, "there are no snapshots"):
        {"trust": evidence.trust, "accept-rollback": evidence.accept_rollback}[command](signed.snapshots, "0" * 64, ANA)


def test_where_nothing_is_remembered_no_log_is_given_up(signed: Bot) -> None:
    with refused(signed, "remembers no snapshots", error=SnapshotError):
        evidence.begin_new_log(signed.snapshots, ORIGIN, ANA)


# The remembered head, or its signed descendant


def test_two_bots_write_to_one_folder_in_turn(signed: Bot) -> None:
    other = signed.named("other")
    signed.write()
    evidence.trust(other.snapshots, signed.head, ANA)

    for bot in (signed, other, other, signed):
        bot.write()

    assert signed.sequence == 6
    assert verify_snapshots(signed.snapshots).is_clean


def test_a_descendant_is_checked_in_full_before_it_is_accepted(signed: Bot) -> None:
    other = signed.named("other")
    signed.write()
    evidence.trust(other.snapshots, signed.head, ANA)
    other.write()
    victim = next(signed.root.glob("WS2/data/_source/*/v1.xml"))
    victim.write_bytes(b"<p>forged</p>")

    with refused(signed, "not accepted", victim.name, error=EvidenceError):
        signed.write()


def test_an_unsigned_descendant_is_refused_until_a_person_trusts_it(unsigned: Bot) -> None:
    other = unsigned.named("other")
    unsigned.write()
    evidence.trust(other.snapshots, unsigned.head, ANA)

    with refused(unsigned, "no key that this bot knows", f"evidence trust --head {unsigned.head}"):
        unsigned.write()

    evidence.trust(unsigned.snapshots, unsigned.head, ANA)
    unsigned.write()


def test_what_is_remembered_needs_no_trust(signed: Bot) -> None:
    signed.write()

    with refused(signed, "already remembers"):
        evidence.trust(signed.snapshots, signed.head, ANA)


# A head, and no memory


def test_snapshots_that_nobody_remembers_are_refused_until_their_head_is_typed(signed: Bot) -> None:
    signed.write()
    newcomer = signed.named("new host")

    with refused(newcomer, f"evidence trust --head {signed.head}"):
        newcomer.write()
    with refused(newcomer, "the newest head in", signed.head):
        evidence.trust(newcomer.snapshots, "0" * 64, ANA)
    assert command_in(newcomer) == f"trust --head {signed.head}"
    evidence.trust(newcomer.snapshots, f"SHA256:{signed.head.upper()}", ANA)

    assert [event["type"] for event in signed.events()] == ["trust"]
    assert "Ana" in json.dumps(signed.events())
    newcomer.write()


def test_trust_checks_everything(signed: Bot) -> None:
    signed.write()
    newcomer = signed.named("new host")
    victim = next(signed.root.glob("WS2/data/_source/*/v1.xml"))
    victim.write_bytes(b"<p>forged</p>")

    with refused(newcomer, victim.name, error=EvidenceError):
        evidence.trust(newcomer.snapshots, signed.head, ANA)


def test_trust_needs_the_key_of_the_snapshots(signed: Bot, stranger: Signer) -> None:
    signed.write()
    newcomer = signed.named("new host")

    with refused(newcomer, "was signed by"):
        evidence.trust(newcomer.signing_with(stranger.key).snapshots, signed.head, ANA)
    with refused(newcomer, "each later run must be"):
        evidence.trust(newcomer.signing_with(None).snapshots, signed.head, ANA)


def test_trust_in_unsigned_snapshots_with_a_key_says_that_signing_begins(unsigned: Bot, signer: Signer) -> None:
    unsigned.write()
    newcomer = unsigned.named("new host").signing_with(signer.key)

    evidence.trust(newcomer.snapshots, unsigned.head, ANA)

    assert [event["type"] for event in newcomer.events()] == ["trust", "start-signing"]
    assert verify_snapshots(newcomer.snapshots).is_signer_checked


@pytest.mark.parametrize("head", ["", "abc", "z" * 64, "0" * 65])
def test_what_is_typed_must_be_a_digest(signed: Bot, head: str) -> None:
    signed.write()

    with refused(signed, "64 hexadecimal digits", error=SnapshotError):
        evidence.trust(signed.named("new host").snapshots, head, ANA)


# No head, but a memory


def lead(bot: Bot, target: Path, *, through: Path) -> Bot:
    """Return *bot*, whose settings name the link *through*, which leads to *target* now."""
    through.unlink(missing_ok=True)
    through.symlink_to(target)
    return replace(bot, root=target, place=through)


@pytest.mark.parametrize("is_there", [False, True], ids=["nowhere", "an empty folder"])
def test_a_link_that_leads_elsewhere_now_begins_no_log(signed: Bot, tmp_path: Path, is_there: bool) -> None:
    linked = lead(signed, tmp_path / "disk", through=tmp_path / "link")
    head = linked.write()
    other = tmp_path / "elsewhere"
    if is_there:
        other.mkdir()

    with refused(lead(linked, other, through=tmp_path / "link"), head, "run 1"):
        lead(linked, other, through=tmp_path / "link").write()

    assert other.exists() == is_there


def test_a_folder_becomes_a_link_to_where_it_was_moved(signed: Bot, tmp_path: Path) -> None:
    signed.write()
    shutil.move(signed.root, tmp_path / "disk")

    lead(signed, tmp_path / "disk", through=signed.root).write()

    assert load_head(signed.root) == load_head(tmp_path / "disk")


def test_a_memory_that_names_the_target_of_the_link_is_taken_over(signed: Bot, tmp_path: Path) -> None:
    """As earlier versions of wikibot remembered it."""
    moved = replace(signed, root=tmp_path / "disk")
    moved.write()
    linked = lead(moved, tmp_path / "disk", through=tmp_path / "link")

    linked.write()

    assert linked.snapshots.state.memory.folder == str(tmp_path / "link")
    assert linked.sequence == 2


@pytest.mark.parametrize("is_a_file", [False, True], ids=["no folder", "a file"])
def test_a_folder_that_is_missed_is_a_finding_and_nothing_is_read(signed: Bot, is_a_file: bool) -> None:
    head = signed.write()
    shutil.rmtree(signed.root)
    if is_a_file:
        signed.root.touch()

    checked = verify_snapshots(signed.snapshots)

    assert any(head in finding.message for finding in checked.findings)
    with pytest.raises(ContinuityError, match=f"no snapshots, but this bot wrote run 1 there .head {head}"):
        load_remembered(signed.snapshots.state)


@pytest.mark.parametrize("make", [os.mkfifo, Path.mkdir, lambda path: path.symlink_to("/nowhere")])
def test_anything_else_in_the_place_of_the_head_is_a_finding(signed: Bot, make: Callable[[Path], object]) -> None:
    signed.write()
    (signed.root / "CHECKPOINT").unlink()
    make(signed.root / "CHECKPOINT")

    assert "CHECKPOINT" in {finding.path for finding in verify_snapshots(signed.snapshots).findings}


@pytest.mark.parametrize("is_empty", [False, True], ids=["no folder", "an empty folder"])
def test_a_folder_that_is_missed_is_refused(signed: Bot, is_empty: bool) -> None:
    head = signed.write()
    shutil.rmtree(signed.root)
    if is_empty:
        signed.root.mkdir()

    with refused(signed, head, "run 1", "Restore", "evidence new-log --reason TEXT"):
        signed.write()

    assert signed.root.exists() == is_empty


def test_a_folder_that_is_missed_can_be_given_up(signed: Bot) -> None:
    head = signed.write()
    shutil.rmtree(signed.root)

    made = evidence.begin_new_log(signed.snapshots, ORIGIN, ANA)

    assert made.moved_to is None
    (event,) = signed.events()
    assert event["type"] == "new-log"
    assert head in json.dumps(event)
    assert ANA.reason in json.dumps(event)
    signed.write()
    assert signed.sequence == 2


def test_a_folder_that_is_missed_can_be_restored(signed: Bot) -> None:
    signed.write()
    copy = take(signed, "copy")
    shutil.rmtree(signed.root)

    shutil.copytree(copy, signed.root)

    signed.write()


def test_a_new_log_needs_a_reason(signed: Bot) -> None:
    signed.write()

    with refused(signed, "needs a reason", error=SnapshotError):
        evidence.begin_new_log(signed.snapshots, ORIGIN, Decision("Ana", "  "))


def test_a_new_log_moves_the_old_folder_aside_and_draws_another_id(signed: Bot) -> None:
    signed.write()
    old, log = tree_bytes(signed.root), signed.snapshots.state.log

    made = evidence.begin_new_log(signed.snapshots, ORIGIN, ANA)

    assert made.moved_to is not None
    assert tree_bytes(made.moved_to) == old
    assert signed.snapshots.state.log != log
    assert signed.sequence == 1


def test_a_new_log_that_was_interrupted_is_not_begun_silently(signed: Bot) -> None:
    signed.write()
    signed.snapshots.state.begin_log(None)
    shutil.rmtree(signed.root)

    with refused(signed, "evidence new-log --reason TEXT` again"):
        signed.write()

    evidence.begin_new_log(signed.snapshots, ORIGIN, ANA)
    signed.write()


# An ancestor of the remembered head


def test_a_rollback_is_refused(signed: Bot) -> None:
    signed.write()
    older = take(signed, "older")
    first = signed.head
    newest = signed.write()
    put_back(signed, older)

    with refused(signed, "rolled back", first, newest, "run 2", f"accept-rollback --head {first} --reason TEXT"):
        signed.write()


def test_a_rollback_can_be_given_up_or_undone(signed: Bot) -> None:
    signed.write()
    older = take(signed, "older")
    signed.write()
    newer = take(signed, "newer")
    put_back(signed, older)
    assert command_in(signed).startswith("accept-rollback")

    put_back(signed, newer)

    signed.write()
    assert signed.sequence == 3


def test_a_rollback_is_accepted_for_the_typed_head_only_and_with_a_reason(signed: Bot) -> None:
    first = signed.write()
    older = take(signed, "older")
    lost = signed.write()
    put_back(signed, older)

    with refused(signed, "the newest head in"):
        evidence.accept_rollback(signed.snapshots, lost, ANA)
    with refused(signed, "needs a reason", error=SnapshotError):
        evidence.accept_rollback(signed.snapshots, first, Decision("Ana"))
    evidence.accept_rollback(signed.snapshots, first, ANA)

    (event,) = signed.events()
    assert event["type"] == "rollback"
    assert lost in json.dumps(event)
    assert [head.sha256 for head in signed.snapshots.state.memory.given_up] == [lost]
    signed.write()
    assert verify(signed.root, witnesses=(first,)).is_clean


def test_where_nothing_was_rolled_back_there_is_nothing_to_accept(signed: Bot) -> None:
    signed.write()

    with refused(signed, "were not rolled back"):
        evidence.accept_rollback(signed.snapshots, signed.head, ANA)


def hold(bot: Bot, page: str, name: str = "case 7") -> None:
    archive.hold_pages(bot.snapshots, [page], name=name, reason="a lawsuit", by="Li")


def holds(bot: Bot) -> list[tuple[str, str, str, str]]:
    return [(each.name, each.page_id, each.reason, each.by) for each in archive.list_holds(bot.snapshots)]


def test_a_hold_of_a_lost_run_counts_after_an_accepted_rollback(signed: Bot) -> None:
    first = signed.write()
    older = take(signed, "older")
    hold(signed, "101001")
    hold(signed, "101001", "released")
    archive.release_pages(signed.snapshots, "released", [], reason="settled", by="Li")
    before = holds(signed)
    put_back(signed, older)

    evidence.accept_rollback(signed.snapshots, first, ANA)

    assert holds(signed) == before == [("case 7", "101001", "a lawsuit", "Li")]
    with pytest.raises(SnapshotError, match="must not be redacted, because it is held: 'case 7' by Li"):
        archive.find_redaction(signed.snapshots, "101001")
    assert verify(signed.root).is_clean
    assert run_instructions(signed.root).returncode == 0


def test_a_hold_that_another_bot_placed_counts_after_an_accepted_rollback(signed: Bot) -> None:
    signed.write()
    other = signed.named("other")
    evidence.trust(other.snapshots, signed.head, ANA)
    older, second = take(signed, "older"), signed.head
    hold(other, "101001")
    signed.write()  # reads what the other bot wrote
    put_back(signed, older)

    evidence.accept_rollback(signed.snapshots, second, ANA)

    assert [name for name, *_ in holds(signed)] == ["case 7"]


def test_a_hold_of_a_log_that_was_given_up_counts_when_the_page_is_captured_again(signed: Bot) -> None:
    signed.write()
    hold(signed, "101001")

    evidence.begin_new_log(signed.snapshots, ORIGIN, ANA)

    assert [name for name, *_ in holds(signed)] == ["case 7"]
    assert verify(signed.root).is_clean
    assert run_instructions(signed.root).returncode == 0
    with open_run(signed.snapshots, ORIGIN) as writer:
        put_page(writer, "101001", "Page 101001", "<p>again</p>", version=1)
        finish(writer, "101001")
    with pytest.raises(SnapshotError, match="held: 'case 7' by Li"):
        archive.find_redaction(signed.snapshots, "101001")
    archive.release_pages(signed.snapshots, "case 7", [], reason="settled", by="Li")
    assert archive.find_redaction(signed.snapshots, "101001").erasure.page_id == "101001"
    assert verify(signed.root).is_clean


# A fork


def fork(bot: Bot) -> None:
    bot.write()
    older = take(bot, "older")
    other = bot.named("other")
    evidence.trust(other.snapshots, bot.head, ANA)
    line = take(bot, "line")
    put_back(bot, older)
    bot.write()
    put_back(bot, line)


def test_a_fork_is_refused_and_only_a_new_log_goes_on(signed: Bot) -> None:
    fork(signed)

    with refused(signed, "another line", "evidence new-log --reason TEXT"):
        signed.write()
    for operation in (evidence.trust, evidence.accept_rollback):
        with refused(signed, "another line"):
            operation(signed.snapshots, signed.head, ANA)
    evidence.begin_new_log(signed.snapshots, ORIGIN, ANA)

    signed.write()


def test_history_that_is_thrown_away_and_forged_unsigned_is_refused(signed: Bot) -> None:
    """The forged page was signed by the next run of the bot."""
    signed.write()
    forger = signed.named("forger").signing_with(None)
    shutil.rmtree(signed.root)
    forger.write("666")

    with refused(signed, "another line"):
        signed.write()


# Never signed, and now a key


def test_a_key_for_unsigned_snapshots_is_refused_until_signing_is_begun(unsigned: Bot, signer: Signer) -> None:
    unsigned.write()
    with_key = unsigned.signing_with(signer.key)

    with refused(with_key, "never signed", "evidence start-signing"):
        with_key.write()
    evidence.start_signing(with_key.snapshots, ANA)

    assert [event["type"] for event in with_key.events()] == ["start-signing"]
    with_key.write()
    assert verify_snapshots(with_key.snapshots).is_signer_checked


def test_signing_begins_only_after_a_full_check(unsigned: Bot, signer: Signer) -> None:
    unsigned.write()
    victim = next(unsigned.root.glob("WS2/data/_source/*/v1.xml"))
    victim.write_bytes(b"<p>forged</p>")

    with refused(unsigned, victim.name, error=EvidenceError):
        evidence.start_signing(unsigned.signing_with(signer.key).snapshots, ANA)


def test_signing_cannot_begin_twice_or_without_a_key(signed: Bot) -> None:
    signed.write()

    with refused(signed, "are signed already"):
        evidence.start_signing(signed.snapshots, ANA)
    with refused(signed, "names no key", error=SettingsError):
        evidence.start_signing(signed.signing_with(None).snapshots, ANA)


# Unsigned after signing began, or another key


def test_after_signing_has_begun_no_run_is_unsigned(signed: Bot) -> None:
    signed.write()

    with refused(signed, "each later run must be", "snapshots.signing_key"):
        signed.signing_with(None).write()


def test_an_unsigned_head_on_signed_ones_is_refused_and_cannot_be_trusted(signed: Bot) -> None:
    signed.write()
    forger = signed.named("forger")
    evidence.trust(forger.snapshots, signed.head, ANA)
    forger.snapshots.state.update(lambda memory: memory.replaced(has_signed=False))
    unsign(signed.root)

    with refused(signed):
        signed.write()
    with refused(signed):
        evidence.trust(signed.snapshots, signed.head, ANA)


def unsign(root: Path) -> None:
    """Write that the newest head has no signature."""
    head = root / "CHECKPOINT"
    head.write_text(re.sub(r"# (signature|key): .*", r"# \1: none", head.read_text()))
    (root / "CHECKPOINT.sig").unlink()


def test_another_key_is_refused(signed: Bot, stranger: Signer) -> None:
    signed.write()

    with refused(signed, "was signed by", "evidence rotate-key --to NEW_KEY"):
        signed.signing_with(stranger.key).write()


def test_a_key_that_was_announced_is_accepted(signed: Bot, stranger: Signer) -> None:
    signed.write()
    made, fingerprint = evidence.rotate_key(signed.snapshots, stranger.key, ANA)

    assert [event["type"] for event in signed.events()] == ["key-rotation"]
    assert fingerprint in json.dumps(signed.events())
    signed.write()  # the old key may still sign
    signed.signing_with(stranger.key).write()
    with refused(signed, "was signed by"):
        signed.write()
    assert made.sequence == 2


def test_a_rotation_needs_a_key_that_exists_is_another_and_is_allowed(
    signed: Bot, stranger: Signer, tmp_path: Path
) -> None:
    signed.write()

    with refused(signed, "does not exist", error=SettingsError):
        evidence.rotate_key(signed.snapshots, tmp_path / "nowhere", ANA)
    assert signed.key is not None
    with refused(signed, "is the present key", error=SnapshotError):
        evidence.rotate_key(signed.snapshots, signed.key, ANA)
    (tmp_path / "allowed_signers").write_text(Signer(signed.key).allowed_signers())
    with refused(signed, "do not name the new key", stranger.allowed_signers().strip(), error=SettingsError):
        evidence.rotate_key(signed.snapshots, stranger.key, ANA)


def test_a_key_is_not_rotated_where_nothing_is_signed(unsigned: Bot, stranger: Signer) -> None:
    unsigned.write()
    (unsigned.folder / "allowed_signers").write_text(stranger.allowed_signers())
    policy = unsigned.snapshots.policy.model_copy(update={"allowed_signers": unsigned.folder / "allowed_signers"})

    with refused(unsigned, "no key to rotate", error=SnapshotError):
        evidence.rotate_key(replace(unsigned.snapshots, policy=policy), stranger.key, ANA)


# The state


def test_a_state_inside_the_snapshots_is_refused(signed: Bot) -> None:
    for state in (signed.root, signed.root / "below", signed.root / "a" / ".." / "state"):
        with pytest.raises(SettingsError, match="lies inside the snapshots folder"):
            _ = replace(signed.snapshots, state_folder=state).state


def test_a_state_that_is_reached_through_a_link_into_the_snapshots_is_refused(signed: Bot) -> None:
    signed.root.mkdir()
    (signed.folder / "link").symlink_to(signed.root)

    with pytest.raises(SettingsError, match="lies inside the snapshots folder"):
        _ = replace(signed.snapshots, state_folder=signed.folder / "link").state


def test_the_state_is_private(signed: Bot) -> None:
    signed.write()

    state = signed.snapshots.state
    assert oct(state.folder.stat().st_mode & 0o777) == "0o700"
    files = [path for path in state.folder.iterdir() if path.is_file()]
    assert files
    assert {oct(path.stat().st_mode & 0o777) for path in files} == {"0o600"}


def test_a_state_that_cannot_be_written_is_named(signed: Bot) -> None:
    state = signed.snapshots.state
    state.folder.mkdir(parents=True)
    (state.folder / f"{LOG_ID}.draft").mkdir()  # every write of the memory goes there first

    with pytest.raises(SnapshotError, match=rf"{LOG_ID}\.draft cannot be written: Is a directory"):
        EvidenceState(state.root, state.folder.parent, draw_log=lambda: LOG_ID).memory  # noqa: B018


def test_a_damaged_memory_is_refused(signed: Bot) -> None:
    signed.write()
    (path,) = signed.snapshots.state.folder.glob("*.json")
    path.write_text("{}")

    with pytest.raises(EvidenceError, match=r"restore the state folder .* evidence trust"):
        signed.write()


def test_a_run_that_another_bot_has_overtaken_is_forgotten(signed: Bot) -> None:
    """The staged files of the first bot were deleted by the second, which does not know its journal."""
    other = signed.named("other")
    signed.write()
    evidence.trust(other.snapshots, signed.head, ANA)
    interrupt_before_the_first_file(signed)
    other.write()

    signed.write()

    assert not signed.snapshots.state.journal.exists()
    assert verify_snapshots(signed.snapshots).is_clean


class StoppingDisk(Disk):
    """The process dies before it puts the first file in its place."""

    def replace(self, source: Path, target: Path) -> None:
        if source.parent.name.startswith("staging-"):
            raise Killed
        super().replace(source, target)


def interrupt_before_the_first_file(bot: Bot) -> None:
    """Commit a run and put none of its files in place."""
    signer = Signer(bot.key) if bot.key else None
    with open_writer(
        bot.snapshots.state,
        origin=ORIGIN,
        software=SOFTWARE,
        clock=bot.snapshots.clock,
        disk=StoppingDisk(),
        signer=signer,
        allowed_signers=(bot.folder / "allowed_signers").read_text(),
    ) as writer:
        put_page(writer, "555", "Interrupted", "<p>…</p>", version=1)
        with pytest.raises(Killed):
            finish(writer, "555")
    assert bot.snapshots.state.journal.exists()


def test_staged_files_that_are_missing_are_said_until_a_person_decides(signed: Bot) -> None:
    signed.write()
    interrupt_before_the_first_file(signed)
    (staging,) = signed.root.glob("staging-*")
    shutil.rmtree(staging)

    with pytest.raises(EvidenceError, match="cannot be completed"):
        signed.write()
