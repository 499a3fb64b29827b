"""`notify`: who gets which message, over real SMTP and HTTP on loopback, from the commands that people run."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.config.data_operation import Operation
from bot.config.policy import ChannelSettings, NotifySettings
from bot.history import JobRequest
from bot.live_schedule import LiveSchedule
from bot.notify.announcer import Announcer
from bot.notify.concern import Concern, HealthLevel
from bot.notify.memory import load_notified
from bot.operations.drafts import Drafts
from bot.operations.edit import add_news
from bot.operations.workspace import Workspace
from bot.runtime import Runtime
from tests.service.conftest import Service
from tests.service.mailbox import Mailbox, running_mailbox
from tests.service.receiver import Inbox

pytestmark = pytest.mark.parametrize("flavour", ["cloud"])
NEWS_DATA = """\
workspace: {space: WS2, home: Home}
news:
  items:
    - {id: first, text: The first news.}
"""
NEWS_HOME = "<h2>News</h2><ul><li>The first news.</li></ul>"


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with running_mailbox() as found:
        yield found


def _run(service: Service, code: int = 0) -> None:
    service.bot.history.ask_for(JobRequest("sync", "ana", datetime.now(UTC)))
    assert service.wikibot("run", "--once")[0] == code, service.err


def _texts(inbox: Inbox) -> list[str]:
    return [json.loads(each.text)["message"] for each in inbox.received]


def _turn_to_news(service: Service) -> None:
    """Have the bot manage the news of the home page, which has one item already."""
    settings = service.folder / "bot.yaml"
    settings.write_text(settings.read_text().replace("status: {marker: heading, heading: 'Status:'}", "news: {}"))
    (service.folder / "ws2.yaml").write_text(NEWS_DATA)
    service.wiki.edit(service.home, NEWS_HOME)
    assert service.wikibot("adopt", "Home", "--yes")[0] == 0, service.err


def test_each_state_is_said_once_by_mail_and_webhook_and_so_is_its_end(
    service: Service, inbox: Inbox, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.add_settings("notify: {desk: 'https://desk.example.org', channels: {ops: {}, hook: {events: [drift]}}}")
    monkeypatch.setenv("WIKIBOT_NOTIFY__ADDRESSES__OPS", mailbox.address())
    monkeypatch.setenv("WIKIBOT_NOTIFY__ADDRESSES__HOOK", inbox.url.replace("http:", "json:") + "/T0PSECRET")
    assert service.wikibot("adopt", "Home", "--yes")[0] == 0
    _run(service)
    before = service.wiki.body(service.home)
    service.wiki.edit(service.home, before.replace("All is well.", "Fire!"), by="ana")

    _run(service, 3)
    _run(service, 3)
    service.wiki.edit(service.home, before, by="ana")
    _run(service)

    assert mailbox.subjects == ["wikibot: Home: status: drifted (ws2)", "wikibot: over: Home: status: drifted (ws2)"]
    (to, _, text), _ = mailbox.mails
    assert to == ["ops@example.org"]
    assert "attention: Home: status: drifted (ws2)\n  by Ana" in text
    assert "`wikibot adopt`" in text
    assert f"page: {service.wiki.url}" in text
    assert "desk: https://desk.example.org/w/ws2/edits" in text
    assert [each.path for each in inbox.received] == ["/T0PSECRET"]


def test_a_published_item_is_said_once_and_not_after_a_correction_or_a_repair(
    service: Service, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    _turn_to_news(service)
    service.add_settings("notify: {channels: {readers: {events: [published]}}}")
    monkeypatch.setenv("WIKIBOT_NOTIFY__ADDRESSES__READERS", inbox.url.replace("http:", "json:"))
    _run(service)
    service.wikibot("news", "add", "The *second* news.", "--id", "second")
    _run(service)
    service.wikibot("news", "edit", "second", "--text", "The second news, corrected.")
    _run(service)
    _run(service)

    (text,) = _texts(inbox)

    assert text.startswith("published: news second (ws2)\n  The second news.\n  page: http")
    assert "corrected" in service.wiki.body(service.home)


def test_authors_are_told_about_their_own_texts_only(
    service: Service, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = {"ana": mailbox.address("ana@example.org"), "Ben": mailbox.address("ben@example.org")}
    monkeypatch.setenv("WIKIBOT_NOTIFY__PEOPLE", json.dumps(people))
    _turn_to_news(service)
    _run(service)
    service.wikibot("news", "add", "Mine.", "--id", "mine", "--draft")
    (workspace,) = _runtime(service).workspaces
    drafts = Drafts(workspace)
    number = next(drafts.iter_newest_first()).number
    drafts.change(number, drafts.load(number).load(), "ana")
    drafts.send(number, "ana")
    drafts.send_back(number, "Name the place.", "ben")

    _run(service)
    _run(service)

    assert [(to, subject) for to, subject, _ in mailbox.mails] == [
        (["ana@example.org"], "wikibot: sent back: draft 1 (ws2)")
    ]
    assert "ben asks for changes: Name the place." in mailbox.mails[0][2]


def test_a_draft_is_announced_when_proposed_and_approved_and_its_author_when_it_is_published(
    service: Service, inbox: Inbox, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    _turn_to_news(service)
    service.add_settings("notify: {channels: {editors: {events: [proposed, approved]}}}")
    monkeypatch.setenv("WIKIBOT_NOTIFY__ADDRESSES__EDITORS", inbox.url.replace("http:", "json:"))
    people = {name: mailbox.address(f"{name}@example.org") for name in ("ana", "ben")}
    monkeypatch.setenv("WIKIBOT_NOTIFY__PEOPLE", json.dumps(people))
    _run(service)
    (workspace,) = _runtime(service).workspaces
    drafts = Drafts(workspace)
    number = drafts.add(_new_item(workspace), "ana").number
    drafts.send(number, "ana")
    _run(service)
    drafts.approve(number, drafts.load(number).digest, "ben")
    _run(service)
    drafts.save(number, "ana")
    _run(service)
    _run(service)

    proposed, approved = _texts(inbox)
    assert proposed.startswith("waits for approval: draft 1 (ws2)")
    assert "ana asks for approval" in proposed
    assert "ben approved it" in approved
    assert [(to, subject) for to, subject, _ in mailbox.mails] == [
        (["ana@example.org"], "wikibot: approved: draft 1 (ws2)"),
        (["ana@example.org"], "wikibot: published: news fresh (ws2)"),
    ]
    assert "Fresh." in service.wiki.body(service.home)


def test_a_daemon_sends_messages_between_its_runs(
    service: Service, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.add_settings("notify: {channels: {hook: {}}}")
    monkeypatch.setenv("WIKIBOT_NOTIFY__ADDRESSES__HOOK", inbox.url.replace("http:", "json:"))
    monkeypatch.setattr("bot.live_schedule._MESSAGES_SECONDS", 0.05)
    assert service.wikibot("adopt", "Home", "--yes")[0] == 0
    _run(service)
    runtime = _runtime(service)
    live = LiveSchedule(runtime, service.bot.history, lambda: runtime.settings)

    with live.sending_messages():
        service.wikibot("stop", "the site moves")
        inbox.wait_for(lambda found: len(found.received) == 1)
        service.wikibot("resume")
        inbox.wait_for(lambda found: len(found.received) == 2)
    live.finish(60)

    stopped, over = _texts(inbox)
    assert "the site moves" in stopped
    assert over.startswith("over: ")


def test_an_entry_that_expires_soon_and_one_that_is_held_back_are_said(
    service: Service, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    _turn_to_news(service)
    service.add_settings("notify: {channels: {editors: {events: [expires, held_back]}}}")
    monkeypatch.setenv("WIKIBOT_NOTIFY__ADDRESSES__EDITORS", inbox.url.replace("http:", "json:"))
    soon = f"{datetime.now(UTC) + timedelta(hours=5):%Y-%m-%dT%H:%MZ}"
    service.wikibot("news", "add", "Short.", "--id", "short", "--expires-at", soon)
    path = service.folder / "ws2.yaml"
    path.write_text(path.read_text().replace("Short.", '"Short, see [it](<page:Nowhere>)."'))

    _run(service, 3)
    _run(service, 3)

    (text,) = _texts(inbox)
    assert "expires soon: news short (ws2)\n  Short, see it.: it disappears at " in text
    assert "held back: news short (ws2)" in text
    assert "dead link" in text


def test_a_channel_that_fails_stops_nothing_and_needs_a_person(
    service: Service, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.add_settings("notify: {channels: {hook: {}}}")
    monkeypatch.setenv("WIKIBOT_NOTIFY__ADDRESSES__HOOK", inbox.url.replace("http:", "json:") + "/T0PSECRET")
    assert service.wikibot("adopt", "Home", "--yes")[0] == 0
    _run(service)
    inbox.status = 503
    service.wikibot("stop", "the site moves")

    _run(service, 3)
    said = service.json("status")["concerns"]

    assert {each["kind"] for each in said} == {"stopped", "channel"}
    (failing,) = [each for each in said if each["kind"] == "channel"]
    assert "503" in failing["message"]
    assert "T0PSECRET" not in json.dumps(said) + service.err


def test_a_test_message_goes_to_each_address_and_check_names_the_bad_ones(
    service: Service, inbox: Inbox, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.add_settings("notify: {channels: {mail: {}, hook: {}, none: {}, odd: {}, metadata: {}}}")
    addresses = {
        "mail": mailbox.address(),
        "hook": inbox.url.replace("http:", "json:"),
        "odd": "nosuch://T0PSECRET",
        "metadata": "json://169.254.169.254/latest",
    }
    for name, address in addresses.items():
        monkeypatch.setenv(f"WIKIBOT_NOTIFY__ADDRESSES__{name.upper()}", address)

    code, printed = service.wikibot("notify", "test")
    checked, found = service.wikibot("check")
    single = service.wikibot("notify", "test", "mail")
    unknown = service.wikibot("notify", "test", "mial")

    assert code == 1
    assert mailbox.subjects == ["wikibot: test"] * 2
    assert len(inbox.received) == 1
    assert "ok      channel mail: E-Mail" in printed
    assert "error   channel none: it has no address; set the secret `notify.addresses`" in printed
    assert "error   channel metadata: JSON: the address leads to 169.254.169.254" in printed
    assert "error   channel odd: the address cannot be used: nosuch:// is not complete, or not known" in printed
    assert checked == 1
    assert "error   notify: channel odd: the address cannot be used" in found
    assert "error   notify: channel metadata: " in found
    assert "ok      notify: channel mail: E-Mail" in found
    assert single[0] == 0
    assert unknown[0] == 1
    assert "did you mean 'mail'" in service.err
    assert "T0PSECRET" not in printed + found


def test_an_address_in_the_settings_file_is_refused(service: Service) -> None:
    service.add_settings("notify: {channels: {ops: {}}, addresses: {ops: 'json://127.0.0.1'}}")

    assert service.wikibot("status")[0] == 1
    assert "notify.addresses is a secret and must not be in this file; set WIKIBOT_NOTIFY__ADDRESSES" in service.err


def test_what_comes_and_goes_makes_no_storm(tmp_path: Path, inbox: Inbox, flavour: str) -> None:
    del flavour
    policy = NotifySettings(channels={"ops": ChannelSettings()}, addresses={"ops": inbox.url.replace("http:", "json:")})
    announcer = Announcer(policy, tmp_path)
    begin = datetime(2026, 1, 1, tzinfo=UTC)

    for minute in range(180):
        concerns = [_concern(number, minute) for number in range(400)] if minute % 2 else []
        announcer.announce(concerns, [], begin + timedelta(minutes=minute))

    assert 2 <= len(inbox.received) <= 6
    assert "and 380 more" in _texts(inbox)[0]
    assert len(load_notified(tmp_path).receivers["channel ops"].concerns) <= 400


def _concern(number: int, minute: int) -> Concern:
    about = f"Page {number}: status"
    return Concern(HealthLevel.ATTENTION, "drifted", about, "by Ana", f"drifted:ws2:{number}:{minute}", "ws2")


def _new_item(workspace: Workspace) -> Operation:
    operation = add_news(workspace.load_data_file(), "Fresh.", item_id="fresh").operation
    assert operation is not None
    return operation


def _runtime(service: Service) -> Runtime:
    from bot.config.settings import load_settings

    return Runtime(load_settings(service.folder / "bot.yaml"))
