"""Pages that nobody changed for long and entries to review: listed, and sent by person."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from bot.history import JobRequest
from tests.service.conftest import Service
from tests.service.mailbox import running_mailbox

pytestmark = pytest.mark.parametrize("flavour", ["cloud"])


def test_old_pages_and_entries_are_listed_and_sent_to_their_people(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    wiki = service.wiki
    old = datetime.now(UTC) - timedelta(days=400)
    for title, by in (("Old minutes", "ana"), ("Old rules", "li")):
        page = wiki.add_page(title)
        wiki.store.pages.update(int(page), body="<p>Old.</p>", author=wiki.account(by), when=old)
    wiki.add_page("Old and archived", labels=("archived",))
    name = wiki.store.people.get("ana").display_name
    (service.folder / "ws2.yaml").write_text(
        "workspace: {space: WS2, home: Home}\n"
        "status:\n  lines:\n    - {text: All is well., review_by: 2024-01-31}\n"
        "    - {text: New., review_by: 2999-01-01}\n"
    )
    service.add_settings("notify: {channels: {editors: {events: [review]}}}")
    settings = service.folder / "bot.yaml"
    settings.write_text(settings.read_text().replace("{run: sync, every: hour}", "{run: review, every: monday}"))
    before = list(wiki.requests)

    code, text = service.wikibot("tree", "--unchanged-for", "180d")
    _, table = service.wikibot("tree", "--unchanged-for", "1y", "--format", "csv")
    titles = [each["title"] for each in service.json("tree", "--unchanged-for", "52w")]
    _, none = service.wikibot("tree", "--unchanged-for", "500d", "--format", "csv")
    bad = service.wikibot("tree", "--unchanged-for", "soon")[0]
    with running_mailbox() as mailbox:
        monkeypatch.setenv("WIKIBOT_NOTIFY__ADDRESSES__EDITORS", mailbox.address())
        monkeypatch.setenv("WIKIBOT_NOTIFY__PEOPLE", json.dumps({name: mailbox.address("ana@example.org")}))
        service.bot.history.ask_for(JobRequest("review", "ana", datetime.now(UTC)))
        ran = service.wikibot("run", "--once")[0]

    assert (code, bad, ran) == (0, 1, 0), service.err
    assert titles == ["Old minutes", "Old rules"]
    assert f"{old:%Y-%m-%d}  {name}" in text
    assert table.splitlines()[0] == "id,title,changed,by,archived,url"
    assert len(table.splitlines()) == 3
    assert len(none.splitlines()) == 1
    everything, own = sorted(mailbox.mails, key=lambda mail: -len(mail[2]))
    assert everything[:2] == (["ops@example.org"], "wikibot: 3 to review")
    assert f"{name} (ws2)\n  - page “Old minutes”, last changed {old:%Y-%m-%d} http" in everything[2]
    assert "nobody known (ws2)\n  - banner: “All is well.”, review by 2024-01-31" in everything[2]
    assert own[:2] == (["ana@example.org"], "wikibot: 1 to review")
    assert "Old rules" not in own[2]
    assert {method for method, _ in wiki.requests[len(before) :]} == {"GET"}
