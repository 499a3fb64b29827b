"""The one protocol of all witnesses, with webhooks as the witnesses."""

import datetime as dt
import hashlib
import hmac
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.errors import ContinuityError, SettingsError
from bot.snapshot.verify.verification import verify
from bot.snapshot.witness.own_chain import read_chain
from bot.snapshot.witness.rounds import WitnessState, ask, check_before_run
from bot.snapshot.witness.webhook import Webhook
from tests.machine import ROOT
from tests.snapshot.small_tree import state_of, tree_bytes
from tests.snapshot.witness_servers import SECRET, Receiver, running_receiver
from tests.snapshot.witness_tree import NOW, copy_of, digest_of, first, put_back, second, tell, tell_one

UNREACHABLE = "http://127.0.0.1:9/T0PSECRET?key=V3RYSECRET"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "snapshots"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with running_receiver() as receiver:
        yield receiver


@pytest.fixture
def hook(receiver: Receiver) -> Webhook:
    return Webhook("audit", receiver.url, SECRET, lambda: NOW)


def test_a_head_is_posted_once_confirmed_and_serves_as_witness(root: Path, receiver: Receiver, hook: Webhook) -> None:
    digest = first(root)

    reports = [tell_one(root, hook) for _ in range(2)]

    assert [(each.state, each.is_new) for each in reports] == [
        (WitnessState.CONFIRMED, True),
        (WitnessState.CONFIRMED, False),
    ]
    assert [head["sha256"] for head in receiver.heads] == [digest]
    second(root)
    assert verify(root, witnesses=[digest, digest_of(root)]).is_clean
    assert tell_one(root, hook).sequence == 2


def test_a_higher_number_is_never_replaced(root: Path, receiver: Receiver, hook: Webhook) -> None:
    first(root)
    backup = copy_of(root)
    newest = second(root)
    tell_one(root, hook)
    put_back(root, backup)

    report = tell_one(root, hook)

    assert report.state is WitnessState.REFUSED
    assert report.needs_attention
    assert f"wikibot verify --witness {newest}" in report.message
    assert [head["sequence"] for head in receiver.heads] == [2]
    with pytest.raises(ContinuityError, match=r"newest run in .* is 1; nothing was written"):
        check_before_run(state_of(root), [hook])


def test_a_fork_is_never_published(root: Path, receiver: Receiver, hook: Webhook, signer: Any) -> None:
    first(root)
    tell_one(root, hook)
    put_back(root, _another_history(root, signer))

    report = tell_one(root, hook)

    assert report.state is WitnessState.REFUSED
    assert "there are two histories" in report.message
    assert len(receiver.heads) == 1


def test_another_history_is_said_though_the_witness_shows_higher_numbers(root: Path, signer: Any) -> None:
    first(root)
    other = read_chain(_another_history(root, signer))
    own = read_chain(root)
    assert own is not None
    assert other is not None
    assert other.head.mark.sequence > own.head.mark.sequence

    with pytest.raises(ContinuityError, match="there are two histories"):
        own.check(other.marks, witness="audit")


def _another_history(root: Path, signer: Any) -> Path:
    other = root.with_name("other")
    first(other, signer)
    second(other, signer)
    return other


def test_a_folder_that_was_emptied_is_not_begun_again(root: Path, hook: Webhook) -> None:
    first(root)
    tell_one(root, hook)
    put_back(root, _empty(root))

    with pytest.raises(ContinuityError, match=r"but there are no snapshots in .*Restore the folder from a copy"):
        check_before_run(state_of(root), [hook])


def _empty(root: Path) -> Path:
    empty = root.with_name("empty")
    empty.mkdir()
    return empty


def test_a_witness_that_fails_does_not_stop_the_others_and_is_tried_again(
    root: Path, receiver: Receiver, hook: Webhook
) -> None:
    first(root)
    receiver.post_status = 500
    other = Webhook("gone", UNREACHABLE, SECRET, lambda: NOW)
    with running_receiver() as good:
        states = [each.state for each in tell(root, other, hook, Webhook("good", good.url, SECRET, lambda: NOW))]
    receiver.post_status = 204

    assert states == [WitnessState.FAILED, WitnessState.FAILED, WitnessState.CONFIRMED]
    assert tell_one(root, hook).state is WitnessState.CONFIRMED


def test_a_state_that_cannot_be_written_does_not_stop_the_other_witnesses(
    root: Path, receiver: Receiver, hook: Webhook
) -> None:
    first(root)
    state = state_of(root)
    (state.folder / f"{state.log}.draft").mkdir()
    other = Webhook("other", receiver.url, SECRET, lambda: NOW)

    reports = tell(root, hook, other)

    assert [each.state for each in reports] == [WitnessState.FAILED, WitnessState.FAILED]
    assert all(f"{state.log}.draft cannot be written: Is a directory" in each.message for each in reports)
    assert receiver.heads[-1]["sequence"] == 1


def test_a_receiver_without_get_is_not_confirmed_and_gets_each_head_once(
    root: Path, receiver: Receiver, hook: Webhook
) -> None:
    first(root)
    receiver.get_status = 405

    reports = [tell_one(root, hook) for _ in range(2)]
    second(root)
    reports.append(tell_one(root, hook))

    assert {each.state for each in reports} == {WitnessState.UNCONFIRMED}
    assert not any(each.needs_attention for each in reports)
    assert "not confirmed" in str(reports[0])
    assert [head["sequence"] for head in receiver.heads] == [1, 2]


@pytest.mark.parametrize("shown", [b"", b"<html>hello</html>", b"[1]", b'{"sequence": "1"}', b'{"sequence": true}'])
def test_an_answer_without_a_head_confirms_nothing(root: Path, receiver: Receiver, hook: Webhook, shown: bytes) -> None:
    first(root)
    receiver.shown = shown

    assert tell_one(root, hook).state is WitnessState.UNCONFIRMED


def test_a_receiver_that_keeps_showing_the_head_before_is_a_failure(
    root: Path, receiver: Receiver, hook: Webhook
) -> None:
    first(root)
    tell_one(root, hook)
    receiver.shown = receiver.answer_of_get()
    second(root)

    report = tell_one(root, hook)

    assert report.state is WitnessState.FAILED
    assert re.search(r"run 2 \(.*\) was sent, but run 1 \(.*\) is read back", report.message)


@pytest.mark.parametrize("shown", [b"null", b'{"sequence": 1, "sha256": "FIRST"}'])
def test_a_witness_that_lost_a_head_is_reported_once(
    root: Path, receiver: Receiver, hook: Webhook, shown: bytes
) -> None:
    oldest = first(root)
    second(root)
    tell_one(root, hook)
    receiver.heads.append(json.loads(shown.replace(b"FIRST", oldest.encode())))

    lost, after = tell_one(root, hook), tell_one(root, hook)

    assert lost.state is WitnessState.RESTORED
    assert lost.needs_attention
    assert "find out who removed it" in lost.message
    assert after.state is WitnessState.CONFIRMED
    assert receiver.heads[-1]["sequence"] == 2


def test_a_witness_that_stops_answering_after_a_confirmation_fails(
    root: Path, receiver: Receiver, hook: Webhook
) -> None:
    first(root)
    tell_one(root, hook)
    receiver.get_status = 404

    (asked,), report = ask(root, [hook], state_of(root).recalled), tell_one(root, hook)

    assert (asked.state, report.state) == (WitnessState.FAILED, WitnessState.FAILED)
    assert report.needs_attention
    assert asked.message == "it confirmed run 1 before, and did not answer which head it has now"


@pytest.mark.parametrize(("status", "state"), [(200, WitnessState.CONFIRMED), (405, WitnessState.UNCONFIRMED)])
def test_another_receiver_on_the_same_host_gets_the_head_too(
    root: Path, receiver: Receiver, hook: Webhook, status: int, state: WitnessState
) -> None:
    first(root)
    receiver.get_status = status
    tell_one(root, hook)
    receiver.heads.clear()

    moved = tell_one(root, replace(hook, url=f"{receiver.url}&moved"))

    assert moved.state is state
    assert [head["sequence"] for head in receiver.heads] == [1]


def test_a_checkpoint_that_does_not_have_its_digest_is_not_believed(
    root: Path, receiver: Receiver, hook: Webhook
) -> None:
    first(root)
    tell_one(root, hook)
    receiver.heads.append({**receiver.heads[0], "checkpoint": "# wikibot checkpoint 1\n"})

    assert tell_one(root, hook).state is WitnessState.FAILED


def test_asking_compares_and_writes_nothing(root: Path, receiver: Receiver, hook: Webhook) -> None:
    first(root)
    assert [each.state for each in ask(root, [hook], state_of(root).recalled)] == [WitnessState.UNCONFIRMED]
    tell_one(root, hook)
    before = tree_bytes(root), len(receiver.heads)

    assert [(each.state, each.sequence) for each in ask(root, [hook], state_of(root).recalled)] == [
        (WitnessState.CONFIRMED, 1)
    ]
    receiver.heads.append({"sequence": 1, "sha256": "0" * 64})
    assert [each.state for each in ask(root, [hook], state_of(root).recalled)] == [WitnessState.REFUSED]
    assert (tree_bytes(root), len(receiver.heads) - 1) == before


@pytest.mark.parametrize("shown", [b"null", b'{"sequence": 1, "sha256": "FIRST"}'])
def test_asking_finds_that_a_witness_lost_a_head(root: Path, receiver: Receiver, hook: Webhook, shown: bytes) -> None:
    oldest = first(root)
    second(root)
    tell_one(root, hook)
    receiver.shown = shown.replace(b"FIRST", oldest.encode())

    (report,) = ask(root, [hook], state_of(root).recalled)

    assert report.state is WitnessState.REFUSED
    assert re.search(r"shows (no head|run 1 .*), but it confirmed run 2 .* before", report.message)


def test_the_signature_covers_the_time_and_the_body(root: Path, receiver: Receiver, hook: Webhook) -> None:
    first(root)
    tell_one(root, hook)

    sent = [request for request in receiver.requests if request[0] == "POST"]
    ((_, _, headers, body),) = sent
    assert headers["X-Wikibot-Timestamp"] == str(int(NOW.timestamp()))
    text = headers["X-Wikibot-Timestamp"].encode() + b"." + body
    digest = hmac.new(SECRET.encode(), text, hashlib.sha256).hexdigest()
    assert headers["X-Wikibot-Signature"] == f"sha256={digest}"
    assert json.loads(body)["checkpoint"].encode() == (root / "CHECKPOINT").read_bytes()


def test_another_key_is_refused_by_the_receiver(root: Path, receiver: Receiver) -> None:
    first(root)

    report = tell_one(root, Webhook("audit", receiver.url, "another key, another key", lambda: NOW))

    assert "answers GET with 401" in report.message
    assert receiver.heads == []


@pytest.mark.parametrize("fault", ["refused", "status", "redirect", "large", "compressed"])
def test_only_the_host_of_an_address_is_ever_shown(root: Path, receiver: Receiver, hook: Webhook, fault: str) -> None:
    first(root)
    with running_receiver() as elsewhere:
        match fault:
            case "refused":
                hook = Webhook("audit", UNREACHABLE, SECRET, lambda: NOW)
            case "status":
                receiver.post_status = 403
            case "redirect":
                receiver.location = elsewhere.url
            case "large":
                receiver.shown = b"x" * 300_000
            case "compressed":
                receiver.encoding = "gzip"

        report = tell_one(root, hook)

        assert elsewhere.requests == []
    shown = f"{report} {report!r} {hook.name}"
    assert "127.0.0.1" in shown
    assert not re.search("T0PSECRET|V3RYSECRET|/hook", shown)
    assert report.state is WitnessState.FAILED


def test_no_account_of_netrc_is_sent(
    root: Path, receiver: Receiver, hook: Webhook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login ana password hunter2\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    first(root)

    tell_one(root, hook)

    assert receiver.heads
    assert not any("Authorization" in headers for _, _, headers, _ in receiver.requests)


@pytest.mark.parametrize(
    "url", ["http://audit.example.org/x", "ftp://127.0.0.1/x", "audit.example.org", "https://ana:pw@audit.example.org/"]
)
def test_an_address_that_is_not_safe_is_refused_without_being_shown(url: str) -> None:
    with pytest.raises(SettingsError, match=r"snapshots\.webhooks\.audit\.url: must be") as caught:
        Webhook("audit", url, SECRET, lambda: dt.datetime.now(dt.UTC))

    assert url not in str(caught.value)


def test_the_example_for_receivers_accepts_what_the_bot_sends_and_nothing_else(
    root: Path, receiver: Receiver, hook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    first(root)
    tell_one(root, hook)
    example = re.search(r"^```python\n(.*?)^```$", (ROOT / "docs/witnesses.md").read_text(), re.MULTILINE | re.DOTALL)
    assert example
    names: dict[str, Any] = {}
    exec(example[1], names)  # noqa: S102 -- the example of our own documents
    is_genuine = names["is_genuine"]
    (sent,) = [request for request in receiver.requests if request[0] == "POST"]
    headers, body = sent[2], sent[3]

    monkeypatch.setattr("time.time", lambda: NOW.timestamp() + 299)
    assert is_genuine(headers, body, SECRET)
    assert not is_genuine(headers, body + b" ", SECRET)
    assert not is_genuine(headers, body, SECRET + "x")
    assert not is_genuine({}, body, SECRET)
    assert not is_genuine({**headers, "X-Wikibot-Timestamp": "²"}, body, SECRET)
    assert not is_genuine({**headers, "X-Wikibot-Timestamp": str(int(NOW.timestamp()) + 1)}, body, SECRET)
    monkeypatch.setattr("time.time", lambda: NOW.timestamp() + 301)
    assert not is_genuine(headers, body, SECRET)
