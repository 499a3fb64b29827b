"""Pages in odd states: emptied, live, drafted, commented, with a status, written by another account before."""

import datetime as dt
import json
import re
from collections.abc import Callable, Iterator

import pytest

from bot.wiki.gateway import Page, Version
from bot.wiki.page_writer import PageWriter
from tests.journeys.conftest import Desk
from tests.scripted_proxy import Answer, ScriptedProxy, scripted_proxy

pytestmark = [pytest.mark.either_flavour, pytest.mark.parametrize("flavour", ["cloud", "datacenter"])]

DATA = """\
workspace: {space: WS2, home: Home}
status: {heading: "Project Status:", lines: [{icon: tick, text: "All good."}]}
quick_links: {heading: "Quick Links:", links: [{text: Rep, page: Report}]}
news: {heading: "News:", show: 5, items: [{id: a, date: 2024-02-22, text: "Read [it](page:Report)."}]}
"""
REGIONS = "regions: {status: {place: end}, quick_links: {place: end}, news: {place: end}}"


def settings(desk: Desk, more: str = "", *, url: str | None = None, regions: str = REGIONS, wiki: str = "") -> None:
    """Write settings that reach the wiki, by way of a proxy if *url* is given."""
    user = ", user: bot" if desk.wiki.flavour == "cloud" else ""
    (desk.folder / "bot.yaml").write_text(
        f'wiki: {{url: "{url or desk.wiki.url}", flavour: {desk.wiki.flavour}{user}, writes_per_minute: 600000, '
        f"tries: 2{wiki}}}\n"
        f"workspaces:\n  - {{name: ws2, data: ws2.yaml, {regions}{more}}}\n"
        "snapshots: {path: snapshots, signing_key: none}\n"
    )


@pytest.fixture
def ready(desk: Desk) -> Desk:
    """A home page that the bot has written once."""
    desk.wiki.add_page("Home", "<p>intro</p><p>end</p>")
    desk.wiki.add_page("Report", "<p>text</p>")
    desk.data.write_text(DATA)
    settings(desk)
    desk.ran("apply", "--yes")
    return desk


@pytest.fixture
def proxy(ready: Desk) -> Iterator[ScriptedProxy]:
    with scripted_proxy(ready.wiki.url) as running:
        settings(ready, url=running.url)
        yield running


def home(desk: Desk) -> int:
    return desk.wiki.find("Home").id


def body(desk: Desk) -> str:
    return desk.wiki.body(home(desk))


def put_fresh(desk: Desk) -> None:
    """Add a news item to the data file."""
    text = desk.data.read_text()
    desk.data.write_text(text.replace("items: [", "items: [{id: f, date: 2024-03-01, text: Fresh}, "))


def sent_body(text: str) -> Callable[[Answer], None]:
    """Return a change of answers: every body says *text*."""

    def change(answer: Answer) -> None:
        found = json.dumps(answer.json)
        answer.json = json.loads(found, object_hook=lambda item: item | ({"value": text} if "value" in item else {}))

    return change


class TestEmptied:
    @pytest.mark.parametrize("policy", ["report", "repair"])
    @pytest.mark.parametrize("sent", ["<p />", "", "<p>See the other page.</p>"])
    def test_a_body_without_what_the_history_says_is_never_written_over(
        self, ready: Desk, proxy: ScriptedProxy, policy: str, sent: str
    ) -> None:
        settings(ready, f", drift: {policy}", url=proxy.url)
        put_fresh(ready)
        before = body(ready)
        proxy.change("GET", rf"/{home(ready)}\b", sent_body(sent))

        for command in ("plan", "drift", "sync"):
            ran = ready.ran(command, code=3)
            assert "Home" in ran.out
            assert "the bot wrote" in ran.out
        ready.ran("apply", "--yes", code=3)
        assert body(ready) == before

    @pytest.mark.parametrize("policy", ["report", "repair"])
    @pytest.mark.parametrize("saved", ["<p />", "<p>intro</p>", ""])
    def test_a_page_that_people_emptied_is_no_drifted_region(self, ready: Desk, policy: str, saved: str) -> None:
        settings(ready, f", drift: {policy}")
        put_fresh(ready)
        ready.wiki.edit(home(ready), saved)
        before = body(ready)

        for command in ("plan", "drift", "sync"):
            ran = ready.ran(command, code=3)
            assert "Home" in ran.out
            assert "restore version 2" in ran.out
        assert body(ready) == before
        assert len(ready.wiki.versions(home(ready))) == 3

    def test_an_emptied_page_is_written_again_after_it_was_restored(self, ready: Desk) -> None:
        put_fresh(ready)
        ready.wiki.edit(home(ready), "<p />")
        ready.ran("sync", code=3)
        ready.wiki.edit(home(ready), ready.wiki.body(home(ready), 2))

        ready.ran("sync")

        assert "Fresh" in body(ready)

    def test_one_region_that_people_removed_is_repaired(self, ready: Desk) -> None:
        settings(ready, ", drift: repair")
        whole = body(ready)
        start = whole.rindex("<ac:structured-macro")
        ready.wiki.edit(home(ready), whole[:start])

        ready.ran("sync")

        assert "Read " in body(ready)

    def test_regions_that_were_never_there_are_missing_and_not_in_sync(self, desk: Desk) -> None:
        desk.wiki.add_page("Home", "<p>intro</p><p>end</p>")
        desk.wiki.add_page("Report", "<p>text</p>")
        desk.data.write_text(DATA)
        settings(desk, regions="regions: {status: {}, quick_links: {}, news: {}}")

        ran = desk.ran("drift", code=3)

        assert "in sync" not in ran.out
        assert ran.out.count("not on the page yet") == 3


class TestEmptyCapture:
    @pytest.mark.parametrize("number", [1, 2])
    def test_of_a_page_that_the_bot_wrote_is_a_shortfall(self, ready: Desk, number: int) -> None:
        ready.wiki.store.labels.add(home(ready), "archived")
        if number == 2:
            ready.ran("snapshot")
            put_fresh(ready)
            ready.ran("sync")
        ready.wiki.faults.add("empty@get+list*always")

        ran = ready.ran("snapshot", code=1)

        assert "Home" in ran.out + ran.err
        assert "sends an empty text" in ran.out + ran.err

    def test_of_a_live_document_is_a_shortfall(self, ready: Desk, proxy: ScriptedProxy, flavour: str) -> None:
        if flavour != "cloud":
            pytest.skip("Data Center has no live documents")
        page = ready.wiki.add_page("Doc", "<p>what people see</p>", labels=("archived",), is_live=True)
        ready.wiki.edit(page, "<p>what people see now</p>")
        ready.wiki.edit(page, "<p />")

        ran = ready.ran("snapshot", code=1)

        assert "live document" in ran.out + ran.err
        assert proxy.seen

    def test_of_an_empty_page_is_a_capture(self, ready: Desk) -> None:
        ready.wiki.add_page("Nothing", "", labels=("archived",))

        ready.ran("snapshot")


class TestDraft:
    def save_draft(self, desk: Desk, text: str) -> None:
        with desk.wiki.session("ana") as ana:
            page = home(desk)
            if desk.wiki.flavour == "cloud":
                ana.put(
                    f"{desk.wiki.url}/api/v2/pages/{page}",
                    json={
                        "id": str(page),
                        "status": "draft",
                        "title": "Home",
                        "body": {"representation": "storage", "value": text},
                        "version": {"number": 1},
                    },
                ).raise_for_status()
            else:
                ana.put(
                    f"{desk.wiki.url}/rest/api/content/{page}",
                    params={"status": "draft"},
                    json={
                        "type": "page",
                        "title": "Home",
                        "body": {"storage": {"representation": "storage", "value": text}},
                    },
                ).raise_for_status()

    def test_that_reads_the_same_prevents_nothing(self, ready: Desk) -> None:
        self.save_draft(ready, body(ready).replace("<p>intro</p>", '<p local-id="2f9">intro</p>'))
        put_fresh(ready)

        assert "unpublished" not in ready.ran("plan", code=2).out
        ready.ran("sync")
        assert "Fresh" in body(ready)

    def test_that_differs_is_named_by_every_command_with_person_and_date(self, ready: Desk) -> None:
        self.save_draft(ready, body(ready).replace("intro", "intro by Ana"))
        put_fresh(ready)
        who = ready.wiki.store.people.get("ana").display_name
        today = ready.wiki.store.clock().strftime("%Y-%m-%d")

        for command, code in (("plan", 2), ("sync", 3), ("check", 0)):
            out = ready.ran(command, code=code).out
            assert f"Home: {who} has unpublished changes on the page (last saved {today}" in out
        assert "Fresh" not in body(ready)


class TestFormerAccount:
    def become(self, desk: Desk, name: str, monkeypatch: pytest.MonkeyPatch, wiki: str = "") -> None:
        """Sign in as another account from now on."""
        settings(desk, wiki=wiki)
        if desk.wiki.flavour == "cloud":
            path = desk.folder / "bot.yaml"
            path.write_text(path.read_text().replace("user: bot,", f"user: {name},"))
        monkeypatch.setenv("WIKIBOT_WIKI__TOKEN", f"{name}-secret" if desk.wiki.flavour == "cloud" else f"{name}-token")

    def test_the_message_names_the_account_and_advises_nothing_that_deletes(
        self, ready: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        put_fresh(ready)
        before = (body(ready), ready.data.read_text())
        self.become(ready, "li", monkeypatch)

        out = ready.ran("sync", code=3).out

        assert "Wiki Bot wrote this as a bot" in out
        assert "former_accounts" in out
        assert "adopt" not in out
        assert "take-over" not in out
        assert (body(ready), ready.data.read_text()) == before

    def test_a_former_account_counts_as_the_bot(self, ready: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        put_fresh(ready)
        former = ready.wiki.account("bot") if ready.wiki.flavour == "cloud" else "bot"
        self.become(ready, "li", monkeypatch, wiki=f', former_accounts: ["{former}"]')

        ready.ran("sync")

        assert "Fresh" in body(ready)


class TestRefusal:
    def test_of_a_write_is_shown_in_the_words_of_the_wiki(self, ready: Desk, proxy: ScriptedProxy) -> None:
        put_fresh(ready)
        words = "ConflictException: Cannot save, there is a draft newer"
        proxy.instead("PUT", rf"/{home(ready)}\b", 409, words)

        out = ready.ran("sync", code=1).out

        assert "there is a draft newer" in out
        assert "saved" not in out

    def test_of_a_character_names_it(self, ready: Desk, proxy: ScriptedProxy) -> None:
        ready.data.write_text(ready.data.read_text().replace("All good.", "All good \U0001f389"))
        proxy.instead("PUT", rf"/{home(ready)}\b", 500, "could not execute statement")

        out = ready.ran("sync", code=1).out

        assert "could not execute statement" in out
        assert "U+1F389 PARTY POPPER" in out


class TestComments:
    @pytest.fixture
    def commented(self, ready: Desk) -> Desk:
        """Ana has commented on a word of the status and on one of the news; the status line is changed then."""
        comments = ready.wiki.store.comments
        for words in ("All good.", "Read"):
            comments.add_inline(home(ready), "<p>?</p>", author=ready.wiki.account("ana"), selection=words)
        ready.data.write_text(ready.data.read_text().replace("All good.", "All is bad now."))
        put_fresh(ready)
        return ready

    def test_that_lose_their_place_are_named_with_their_author(self, commented: Desk) -> None:
        who = commented.wiki.store.people.get("ana").display_name

        assert f"the inline comment of {who} on “All good.” loses its place" in commented.ran("plan", code=2).out
        ran = commented.ran("sync")

        assert f"the inline comment of {who} on “All good.” lost its place" in ran.out
        assert f"the inline comment of {who} on “All good.” lost its place" in ran.err
        assert re.search("<ac:inline-comment-marker[^>]*>Read<", body(commented))

    def test_hold_their_region_if_the_settings_say_so(self, commented: Desk) -> None:
        held = REGIONS.replace("status: {place: end}", "status: {place: end, comments: hold}")
        settings(commented, regions=held)

        out = commented.ran("sync", code=3).out

        assert "status: held, because the write removes words that people commented on" in out
        assert "Fresh" in body(commented)
        assert "All is bad now." not in body(commented)
        assert len(re.findall("<ac:inline-comment-marker", body(commented))) == 2

    def test_that_are_resolved_hold_nothing(self, commented: Desk) -> None:
        settings(commented, regions=REGIONS.replace("status: {place: end}", "status: {place: end, comments: hold}"))
        for comment in commented.wiki.store.comments.of(home(commented)):
            commented.wiki.store.comments.resolve(comment.id, is_resolved=True, by=commented.wiki.account("ana"))

        out = commented.ran("sync").out

        assert "lost its place" not in out
        assert "All is bad now." in body(commented)


class TestContentStatus:
    @pytest.fixture(autouse=True)
    def _on_cloud(self, flavour: str) -> None:
        if flavour != "cloud":
            pytest.skip("Data Center has no content status")

    def test_is_put_back_after_a_write(self, ready: Desk) -> None:
        address = f"{ready.wiki.url}/rest/api/content/{home(ready)}/state?status=current"
        with ready.wiki.session("ana") as ana:
            ana.put(address, json={"name": "In progress", "color": "#0052cc"}).raise_for_status()
            put_fresh(ready)

            out = ready.ran("sync").out

            assert "put back the content status “In progress”" in out
            assert ana.get(address).json()["contentState"]["name"] == "In progress"
        assert "Fresh" in body(ready)
        assert "in sync" in ready.ran("plan").out

    def test_that_cannot_be_put_back_is_said(self, ready: Desk, proxy: ScriptedProxy) -> None:
        address = f"{ready.wiki.url}/rest/api/content/{home(ready)}/state?status=current"
        with ready.wiki.session("ana") as ana:
            ana.put(address, json={"name": "In progress", "color": "#0052cc"}).raise_for_status()
        proxy.instead("PUT", "/state", 403, "States are switched off")
        put_fresh(ready)

        out = ready.ran("sync").out

        assert "“In progress” was removed by the write and could not be put back" in out
        assert "States are switched off" in out


class TestNotifications:
    def watch(self, desk: Desk) -> None:
        for name, kind, target in (("ana", "content", str(home(desk))), ("omar", "space", "WS2")):
            desk.wiki.store.watches.add(desk.wiki.account(name), kind, target)

    def notify(self, desk: Desk, policy: str, more: str = "") -> None:
        settings(desk, more, regions=REGIONS.replace("place: end", f"place: end, notify: {policy}"))

    @pytest.mark.parametrize(
        ("policy", "adds", "is_loud"),
        [
            ("never", True, False),
            ("news", True, True),
            ("news", False, False),
            ("always", True, True),
            ("always", False, True),
        ],
    )
    def test_are_sent_as_the_settings_say_where_the_platform_can(
        self, ready: Desk, policy: str, adds: bool, is_loud: bool
    ) -> None:
        self.watch(ready)
        self.notify(ready, policy)
        if adds:
            put_fresh(ready)
        else:
            ready.data.write_text(ready.data.read_text().replace("All good.", "All is good."))

        ready.ran("sync")

        number = len(ready.wiki.versions(home(ready)))
        everybody = [(number, "ana"), (number, "omar")]
        assert sorted(ready.wiki.mails(home(ready))) == (everybody if is_loud or ready.wiki.flavour == "cloud" else [])

    def test_check_reports_how_many_people_a_write_reaches(self, ready: Desk) -> None:
        self.watch(ready)
        self.notify(ready, "news")

        out = ready.ran("check").out

        if ready.wiki.flavour == "cloud":
            assert "each version of the home page sends a notification to 2 watchers; Cloud has no silent" in out
        else:
            assert "who watches the home page cannot be read" in out

    def test_check_says_that_nobody_is_notified(self, ready: Desk) -> None:
        self.notify(ready, "never")

        out = ready.ran("check").out

        assert ("no version sends a notification" in out) == (ready.wiki.flavour == "datacenter")

    def test_all_regions_of_a_page_are_written_as_one_version(self, ready: Desk) -> None:
        put_fresh(ready)
        ready.data.write_text(ready.data.read_text().replace("All good.", "All bad.").replace("Rep,", "Reports,"))

        ready.ran("sync")

        assert len(ready.wiki.versions(home(ready))) == 3

    @pytest.mark.parametrize("is_open", [True, False])
    @pytest.mark.parametrize("kind", ["repair", "expiry"])
    def test_repairs_and_expiries_wait_for_the_quiet_window(self, ready: Desk, kind: str, is_open: bool) -> None:
        now = ready.wiki.store.clock()
        hours = (0, 2) if is_open else (2, 4)
        start, end = ((now + dt.timedelta(hours=each - is_open)).strftime("%H:%M") for each in hours)
        settings(ready, f', drift: repair, quiet_window: "{start}-{end}"')
        if kind == "repair":
            ready.wiki.edit(home(ready), body(ready).replace("All good.", "All bad."))
        else:
            ready.data.write_text(ready.data.read_text().replace("id: a,", "id: a, expires_at: 2024-03-01T00:00:00Z,"))
        before = body(ready)

        out = ready.ran("sync").out

        assert (body(ready) == before) == (not is_open)
        assert (f"waits for the quiet window {start}-{end} (UTC)" in out) == (not is_open)

    def test_what_waits_is_written_with_what_does_not(self, ready: Desk) -> None:
        start, end = ((ready.wiki.store.clock() + dt.timedelta(hours=each)).strftime("%H:%M") for each in (2, 4))
        settings(ready, f', drift: repair, quiet_window: "{start}-{end}"')
        ready.wiki.edit(home(ready), body(ready).replace("All good.", "All bad."))
        put_fresh(ready)

        ready.ran("sync")

        assert "Fresh" in body(ready)
        assert "All good." in body(ready)
        assert len(ready.wiki.versions(home(ready))) == 4


def ana_rewords(desk: Desk) -> None:
    body = desk.wiki.body(home(desk))
    assert "Read " in body
    desk.wiki.edit(home(desk), body.replace("Read ", "Please read "), by="ana")


def test_an_adoption_keeps_the_content_status(ready: Desk) -> None:
    if ready.wiki.flavour == "datacenter":
        pytest.skip("Data Center has no content status")
    ana_rewords(ready)
    address = f"{ready.wiki.url}/rest/api/content/{home(ready)}/state?status=current"
    with ready.wiki.session("ana") as http:
        http.put(address, json={"name": "In progress", "color": "#0052cc"}, timeout=10).raise_for_status()

        ran = ready.ran("adopt", "--yes")

        assert http.get(address, timeout=10).json()["contentState"]["name"] == "In progress"
    assert "put back the content status “In progress”" in ran.err
    ready.ran("sync")


def test_an_adoption_keeps_a_comment_that_is_made_while_it_writes(ready: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    ana_rewords(ready)
    update = PageWriter.update
    refs: list[str] = []

    def commented(self: PageWriter, page: Page, body: str, *, message: str, is_minor: bool) -> Version:
        if not refs:
            comments = ready.wiki.store.comments
            comment = comments.add_inline(
                home(ready), "<p>Why?</p>", author=ready.wiki.account("omar"), selection="intro"
            )
            refs.append(comments.detail(comment.id).marker_ref or "")
        return update(self, page, body, message=message, is_minor=is_minor)

    monkeypatch.setattr(PageWriter, "update", commented)

    ran = ready.ran("adopt", "--yes")

    assert "put back 1 inline comment made during the write" in ran.err
    assert f'ac:ref="{refs[0]}"' in ready.wiki.body(home(ready))
    assert "Please read" in ready.data.read_text()
    assert "in sync" in ready.ran("plan").out
