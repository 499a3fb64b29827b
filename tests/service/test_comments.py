"""Messages as comments on the home page: one for each matter, answered when it is over, and none unless wished for."""

from datetime import UTC, datetime

import pytest

from bot.history import JobRequest
from tests.service.conftest import Service
from tests.service.receiver import Inbox
from wikiserver.store import Content

CHANNEL = "notify: {{channels: {{page: {{comment: true{more}}}}}}}"


@pytest.fixture
def managed(service: Service, monkeypatch: pytest.MonkeyPatch) -> Service:
    """A bot that manages the home page and comments on it."""
    if service.wiki.flavour == "datacenter":
        monkeypatch.setenv("WIKIBOT_WIKI__TOKEN", "bot-token")
        settings = service.folder / "bot.yaml"
        settings.write_text(settings.read_text().replace(", user: bot", ""))
    service.add_settings("snapshots: {signing_key: none}\n" + CHANNEL.format(more=""))
    assert service.wikibot("adopt", "Home", "--yes")[0] == 0, service.err
    _run(service)
    return service


def _run(service: Service, code: int = 0) -> None:
    service.bot.history.ask_for(JobRequest("sync", "ana", datetime.now(UTC)))
    assert service.wikibot("run", "--once")[0] == code, service.err


def _comments(service: Service) -> list[Content]:
    return service.wiki.store.comments.all_of(int(service.home))


def _text(service: Service, comment: Content) -> str:
    return service.wiki.store.contents.body(comment.id)


@pytest.mark.parametrize("flavour", ["cloud", "datacenter"])
def test_a_trouble_has_one_comment_that_is_answered_when_it_is_over(managed: Service) -> None:
    before, versions = managed.wiki.body(managed.home), len(managed.wiki.versions(managed.home))
    assert _comments(managed) == []
    managed.wiki.edit(managed.home, before.replace("All is well.", "Fire &amp; water!"), by="ana")
    _run(managed, 3)
    managed.wiki.edit(managed.home, before.replace("All is well.", "Fire again!"), by="li")
    _run(managed, 3)
    _run(managed, 3)

    (comment,) = _comments(managed)
    text = _text(managed, comment)
    assert "<strong>wikibot: Home: status: drifted (ws2)</strong>" in text
    assert "by Ana" in text
    assert "<code>wikibot adopt</code>" in text
    assert "`" not in text
    assert f'<a href="{managed.wiki.url}' in text
    assert len(managed.wiki.versions(managed.home)) == versions + 2, "a comment makes no version of the page"

    managed.wiki.edit(managed.home, before, by="li")
    _run(managed)
    _run(managed)

    first, answer = _comments(managed)
    assert (first.id, answer.parent_id) == (comment.id, comment.id)
    assert "over: Home: status: drifted (ws2)" in _text(managed, answer)
    assert managed.json("drift")["pages"] == []


@pytest.mark.parametrize("flavour", ["cloud"])
def test_an_adoption_settles_the_matter_for_status_and_comments(managed: Service) -> None:
    before = managed.wiki.body(managed.home)
    managed.wiki.edit(managed.home, before.replace("All is well.", "All is better."), by="ana")
    _run(managed, 3)
    assert managed.wikibot("status")[0] == 1

    assert managed.wikibot("adopt", "--yes")[0] == 0, managed.err

    code, said = managed.wikibot("status")
    assert (code, "drifted" in said) == (0, False), said
    assert managed.wikibot("run", "--once")[0] == 0, managed.err
    comment, answer = _comments(managed)
    assert answer.parent_id == comment.id
    assert "over: Home: status: drifted (ws2)" in _text(managed, answer)


@pytest.mark.parametrize("flavour", ["cloud"])
def test_an_adoption_settles_no_other_matter_of_the_run(managed: Service) -> None:
    managed.add_settings("data_git: {remote: 'file:///there/is/none', folder: clone}\n")
    managed.wiki.edit(managed.home, managed.wiki.body(managed.home).replace("All is well.", "All is better."), by="ana")
    _run(managed, 3)
    assert managed.wikibot("adopt", "--yes")[0] == 0, managed.err

    code, said = managed.wikibot("status")

    assert (code, "file:///there/is/none" in said) == (1, True), said


@pytest.mark.parametrize("flavour", ["cloud"])
def test_what_several_regions_need_is_one_comment_that_mentions_people(managed: Service) -> None:
    settings = managed.folder / "bot.yaml"
    account = managed.wiki.account("ana")
    settings.write_text(settings.read_text().replace("comment: true", f"comment: true, mention: ['{account}']"))
    managed.wiki.edit(managed.home, managed.wiki.body(managed.home).replace("All is well.", "Fire!"), by="li")
    (managed.folder / "ws2.yaml").write_text(
        "workspace: {space: WS2, home: Home}\nstatus: {lines: [{text: '[x](page:No)'}]}\n"
    )

    _run(managed, 3)

    (comment,) = _comments(managed)
    assert f'<ri:user ri:account-id="{account}"' in _text(managed, comment)


@pytest.mark.parametrize("flavour", ["cloud"])
def test_a_stop_and_a_lost_answer_make_no_comment_and_no_second_one(
    managed: Service, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = managed.folder / "bot.yaml"
    settings.write_text(settings.read_text().replace("channels: {", "channels: {ops: {}, "))
    monkeypatch.setenv("WIKIBOT_NOTIFY__ADDRESSES__OPS", inbox.url.replace("http:", "json:"))
    managed.wikibot("stop", "The wiki moves.")
    managed.wiki.edit(managed.home, managed.wiki.body(managed.home).replace("All is well.", "Fire!"), by="li")

    _run(managed, 3)

    assert _comments(managed) == []
    assert len(inbox.received) == 1
    assert not any("channel" in each.text for each in inbox.received)

    managed.wikibot("resume")
    managed.wiki.faults.add("commit-reset@post*1")
    _forget_failures(managed)
    _run(managed, 3)
    _run(managed, 3)
    assert len(_comments(managed)) == 1


def _forget_failures(service: Service) -> None:
    """Let the next run try a message again that was not sent."""
    from bot.notify.memory import load_notified, save_notified

    state = service.folder / ".wikibot"
    file = load_notified(state)
    receivers = {name: each.replaced(failure=None) for name, each in file.receivers.items()}
    save_notified(state, file.replaced(receivers=receivers))


@pytest.mark.parametrize("flavour", ["cloud"])
def test_a_comment_about_a_workspace_that_is_gone_gets_no_answer_and_no_trouble(managed: Service) -> None:
    before = managed.wiki.body(managed.home)
    managed.wiki.edit(managed.home, before.replace("All is well.", "Fire!"), by="li")
    _run(managed, 3)
    settings = managed.folder / "bot.yaml"
    settings.write_text(settings.read_text().replace("name: ws2", "name: sales"))
    managed.wiki.edit(managed.home, before, by="li")

    _run(managed)

    assert len(_comments(managed)) == 1


@pytest.mark.parametrize("flavour", ["cloud"])
def test_what_is_about_no_workspace_is_said_on_a_page_of_this_wiki(managed: Service) -> None:
    settings = managed.folder / "bot.yaml"
    settings.write_text(
        settings.read_text()
        .replace("comment: true", "comment: true, workspaces: [of_another_wiki, ws2]")
        .replace("jobs: [", "jobs: [{run: snapshot, every: hour}, ")
        .replace("signing_key: none", "signing_key: none, path: captured")
    )
    (managed.folder / "captured").write_text("a file where the folder should be")
    managed.bot.history.ask_for(JobRequest("snapshot", "ana", datetime.now(UTC)))

    assert managed.wikibot("run", "--once")[0] == 1

    (comment,) = _comments(managed)
    assert "snapshot" in _text(managed, comment)


@pytest.mark.parametrize("flavour", ["cloud"])
def test_a_test_comment_is_made_by_command_and_an_account_without_the_right_is_told(managed: Service) -> None:
    code, said = managed.wikibot("notify", "test")

    (comment,) = _comments(managed)
    assert (code, f"comment {comment.id} on the home page of workspace ws2" in said) == (0, True)
    assert "Nothing needs you." in _text(managed, comment)
    code, said = managed.wikibot("check")
    assert (code, "ok      notify: channel page: comments on the wiki" in said) == (0, True), said

    managed.wiki.faults.add("403@post")
    code, said = managed.wikibot("notify", "test")
    assert code == 1
    assert "error   channel page: " in said
