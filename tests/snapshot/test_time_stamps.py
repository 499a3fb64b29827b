"""Time stamps (RFC 3161) of a local authority made with `openssl ts`."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.errors import SnapshotError
from bot.snapshot.archive.checkpoint import STAMP
from bot.snapshot.archive.events import Event, EventOutcome, EventType
from bot.snapshot.archive.file_tree import UnlistedTree
from bot.snapshot.archive.signature import Signer
from bot.snapshot.archive.writer import open_writer
from bot.snapshot.verify.stamp_check import check_stamps
from bot.snapshot.verify.verification import verify
from bot.snapshot.witness.own_chain import read_chain
from bot.snapshot.witness.rounds import WitnessState
from bot.snapshot.witness.time_stamp import TimeStamps, check_stamp, make_query
from tests.snapshot.public_tools import run_instructions
from tests.snapshot.small_tree import ORIGIN, SOFTWARE, state_of
from tests.snapshot.witness_servers import Authority, running_authority
from tests.snapshot.witness_tree import first, second, tell_one

DATA = b"-----BEGIN SSH SIGNATURE-----\n"
MUCH_LATER = dt.datetime(2045, 1, 1, tzinfo=dt.UTC)


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "snapshots"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    with running_authority(tmp_path_factory.mktemp("tsa") / "tsa") as authority:
        yield authority


@pytest.fixture(autouse=True)
def _unchanged(authority: Authority) -> None:
    authority.status, authority.reply = 200, None
    authority.queries.clear()
    authority.types.clear()


@pytest.fixture
def stamps(authority: Authority, root: Path) -> TimeStamps:
    return TimeStamps(authority.url, authority.ca, state_of(root), now)


def test_the_signature_of_each_head_is_stamped_once(
    root: Path, authority: Authority, stamps: TimeStamps, signer: Signer
) -> None:
    first(root, signer)

    reports = [tell_one(root, stamps) for _ in range(2)]
    second(root, signer)
    reports.append(tell_one(root, stamps))

    assert [(each.state, each.is_new) for each in reports] == [
        (WitnessState.CONFIRMED, True),
        (WitnessState.CONFIRMED, False),
        (WitnessState.CONFIRMED, True),
    ]
    assert authority.types == ["application/timestamp-query"] * 2
    assert verify(root, allowed_signers=signer.allowed_signers()).is_clean
    assert run_instructions(root).returncode == 0
    found = check_stamp((root / "CHECKPOINT.sig").read_bytes(), (root / STAMP).read_bytes(), authority.ca, now=now())
    assert found.flaw is None
    assert found.time is not None
    assert abs(found.time - now()) < dt.timedelta(hours=1)


def test_an_unsigned_head_is_not_stamped(root: Path, authority: Authority, stamps: TimeStamps) -> None:
    first(root)

    report = tell_one(root, stamps)

    assert report.state is WitnessState.REFUSED
    assert "is not signed" in report.message
    assert authority.queries == []


def test_an_authority_that_is_down_fails_nothing_and_is_tried_again(
    root: Path, authority: Authority, stamps: TimeStamps, signer: Signer
) -> None:
    first(root, signer)
    down = TimeStamps("http://127.0.0.1:9/tsr", authority.ca, state_of(root), now)

    report = tell_one(root, down)

    assert report.state is WitnessState.FAILED
    assert not report.needs_attention
    assert tell_one(root, stamps).state is WitnessState.CONFIRMED


@pytest.mark.parametrize("answer", ["status", "junk", "empty", "rejected", "replayed", "truncated"])
def test_a_bad_answer_is_not_kept(
    root: Path, authority: Authority, stamps: TimeStamps, signer: Signer, answer: str
) -> None:
    first(root, signer)
    match answer:
        case "status":
            authority.status = 503
        case "junk":
            authority.reply = b"<html>sign in</html>"
        case "empty":
            authority.reply = b""
        case "rejected":
            authority.reply = authority.stamp(_with_sha512(authority))
        case "replayed":
            authority.reply = authority.stamp(make_query((root / "CHECKPOINT.sig").read_bytes()))
        case "truncated":
            authority.reply = authority.stamp(make_query((root / "CHECKPOINT.sig").read_bytes()))[:-40]

    report = tell_one(root, stamps)

    assert report.state is WitnessState.FAILED
    assert not (root / STAMP).exists()


@pytest.mark.parametrize("days", [-1, 1])
def test_a_stamp_of_an_authority_whose_clock_is_wrong_is_not_kept(
    root: Path, authority: Authority, signer: Signer, days: int
) -> None:
    first(root, signer)
    here = dt.timedelta(days=days)

    report = tell_one(root, TimeStamps(authority.url, authority.ca, state_of(root), lambda: now() + here))

    assert report.state is WitnessState.FAILED
    assert "every later check would find this stamp wrong" in report.message
    assert not (root / STAMP).exists()


def _with_sha512(authority: Authority) -> bytes:
    (authority.folder / "data").write_bytes(DATA)
    authority.openssl("ts", "-query", "-data", "data", "-sha512", "-cert", "-out", "sha512.tsq")
    return (authority.folder / "sha512.tsq").read_bytes()


def test_a_refusal_is_reported_in_the_words_of_the_authority(authority: Authority) -> None:
    found = check_stamp(DATA, authority.stamp(_with_sha512(authority)), authority.ca, now=now())

    assert found.flaw is not None
    assert "Message digest algorithm is not supported" in found.flaw


def test_a_stamp_of_other_data_is_found(authority: Authority) -> None:
    reply = authority.stamp(make_query(DATA))

    assert check_stamp(DATA, reply, authority.ca, now=now()).flaw is None
    assert check_stamp(DATA + b"x", reply, authority.ca, now=now()).flaw == "is a time stamp of other data"


def test_a_stamp_of_an_authority_that_was_not_named_is_found(authority: Authority) -> None:
    authority.make_authority("other")
    reply = authority.stamp(make_query(DATA))

    found = check_stamp(DATA, reply, authority.folder / "other.pem", now=now())

    assert found.flaw == "is signed by an authority that the given certificates do not include"


def test_a_certificate_that_has_expired_since_counts_as_at_the_time_of_the_stamp(authority: Authority) -> None:
    reply = authority.stamp(make_query(DATA))

    found = check_stamp(DATA, reply, authority.ca, now=MUCH_LATER)

    assert found.flaw is None
    assert found.is_expired


def test_a_certificate_that_had_expired_before_the_stamp_is_found(tmp_path: Path) -> None:
    with running_authority(tmp_path / "tsa") as old:
        _certify(old, dt.datetime(2020, 1, 1, tzinfo=dt.UTC), dt.datetime(2021, 1, 1, tzinfo=dt.UTC))
        found = check_stamp(DATA, old.stamp(make_query(DATA)), old.ca, now=now())

    assert found.flaw is not None
    assert "expired" in found.flaw


def test_a_certificate_that_was_made_after_the_stamp_is_found(tmp_path: Path) -> None:
    with running_authority(tmp_path / "tsa") as young:
        _certify(young, now() + dt.timedelta(hours=1), now() + dt.timedelta(days=9))
        found = check_stamp(DATA, young.stamp(make_query(DATA)), young.ca, now=now() + dt.timedelta(days=2))

    assert found.flaw is not None
    assert "not yet valid" in found.flaw


def _certify(authority: Authority, start: dt.datetime, end: dt.datetime) -> None:
    """`openssl x509` of OpenSSL 3.0 has no start and end of a certificate; `openssl ca` has."""
    (authority.folder / "ca.cnf").write_text(
        "[ca]\ndefault_ca=own\n[own]\nnew_certs_dir=.\ndatabase=index\nserial=ca.serial\ndefault_md=sha256\n"
        "policy=any\n[any]\ncommonName=supplied\n"
    )
    (authority.folder / "index").touch()
    (authority.folder / "ca.serial").write_text("77\n")
    words = ("-batch", "-notext", "-cert", "ca.pem", "-keyfile", "ca.key", "-in", "tsa.csr", "-out", "tsa.pem")
    validity = ("-startdate", f"{start:%Y%m%d%H%M%SZ}", "-enddate", f"{end:%Y%m%d%H%M%SZ}")
    authority.openssl("ca", "-config", "ca.cnf", "-extfile", "tsa.cnf", "-extensions", "leaf", *words, *validity)


def test_words_around_the_signed_part_do_not_change_the_time(authority: Authority) -> None:
    reply = authority.stamp(make_query(DATA))
    forged = reply.replace(b"\x30\x03\x02\x01\x00", b"\x30\x03\x02\x01\x02", 1)

    assert forged != reply
    assert check_stamp(DATA, forged, authority.ca, now=now()).flaw is not None


def test_the_certificates_of_the_authority_have_to_be_there(tmp_path: Path) -> None:
    with pytest.raises(SnapshotError, match="there is no file"):
        check_stamp(DATA, b"", tmp_path / "none.pem", now=now())


def empty_run(root: Path, signer: Signer, when: dt.datetime) -> None:
    with open_writer(state_of(root), origin=ORIGIN, software=SOFTWARE, clock=lambda: when, signer=signer) as writer:
        writer.finish([Event(EventType.INGESTION, EventOutcome.SUCCESS, "")], agents=(SOFTWARE,))


def test_a_stamp_after_the_run_that_names_it_is_found(
    root: Path, authority: Authority, stamps: TimeStamps, signer: Signer
) -> None:
    first(root, signer)
    tell_one(root, stamps)
    second(root, signer)

    (finding,) = check_stamps(UnlistedTree(root), authority.ca, now=now()).findings

    assert "but run 2, which names it, claims to be of 2026-11-25T02:30:00Z" in finding.message
    assert "after the next head of 2026-11-25T02:30:00Z" in run_instructions(root, tsa=authority.ca).stderr


def test_every_stamp_of_the_chain_is_checked(
    root: Path, authority: Authority, stamps: TimeStamps, signer: Signer
) -> None:
    for _ in range(2):
        empty_run(root, signer, now())
        tell_one(root, stamps)

    checked = check_stamps(UnlistedTree(root), authority.ca, now=now())

    assert checked.paths == ("CHECKPOINT.tsr", f"log/{now().year}/000001.checkpoint.tsr")
    assert checked.findings == ()
    assert set(checked.times or {}) == set(checked.paths)
    assert check_stamps(UnlistedTree(root), None, now=now()).times is None
    assert verify(root, allowed_signers=signer.allowed_signers()).is_clean
    assert run_instructions(root).returncode == 0
    judged = run_instructions(root, tsa=authority.ca)
    assert (judged.returncode, judged.stdout.count(".tsr: ")) == (0, 2), judged.stderr


@pytest.mark.parametrize("forgery", ["other data", "other authority", "junk", "before the head"])
def test_a_forged_stamp_beside_the_head_is_found(
    root: Path, authority: Authority, stamps: TimeStamps, signer: Signer, forgery: str
) -> None:
    first(root, signer)
    tell_one(root, stamps)
    ca = authority.ca
    match forgery:
        case "other data":
            (root / STAMP).write_bytes(authority.stamp(make_query(DATA)))
        case "other authority":
            authority.make_authority("stranger")
            ca = authority.folder / "stranger.pem"
        case "junk":
            (root / STAMP).write_bytes(b"junk")
        case "before the head":
            empty_run(root, signer, MUCH_LATER)
            tell_one(root, stamps)

    checked = check_stamps(UnlistedTree(root), ca, now=now())

    assert [finding.path for finding in checked.findings] == [STAMP]
    assert f"FOUND: {STAMP}" in run_instructions(root, tsa=ca).stderr


def test_a_stamp_is_not_added_to_a_head_that_another_run_made_meanwhile(
    root: Path, authority: Authority, stamps: TimeStamps, signer: Signer
) -> None:
    first(root, signer)
    chain = read_chain(root)
    assert chain is not None
    second(root, signer)

    with pytest.raises(SnapshotError, match="another run made a new head"):
        stamps.write(chain, None)

    assert authority.queries
    assert not (root / STAMP).exists()
