"""What only the wiki knows is kept as it was shown at the capture, without what the readers may not see."""

import re
from hashlib import sha256
from pathlib import Path

import pytest

from bot.convert import PageContext, ShownView, convert_page, find_fragments, find_live_macros
from bot.snapshot.archive.writer import open_writer
from bot.snapshot.erasure.removal import redact
from bot.snapshot.erasure.traces import find_traces
from bot.snapshot.verify.verification import verify
from bot.storage.reader import read_leniently
from tests.snapshot.capturing import markdown_of, record_of, run_capture
from tests.snapshot.small_tree import CLOCK, SOFTWARE, state_of
from tests.snapshot.small_wiki import SmallWiki
from wikiserver.store.people import account_id_of


def macro(name: str, **parameters: str) -> str:
    written = "".join(f'<ac:parameter ac:name="{key}">{value}</ac:parameter>' for key, value in parameters.items())
    return f'<ac:structured-macro ac:name="{name}">{written}</ac:structured-macro>'


RECENT = macro("recently-updated", max="9")


def test_a_live_list_is_kept_as_it_was_shown_and_changes_no_more(wiki: SmallWiki, tmp_path: Path) -> None:
    wiki.add("Live", f"<p>Before</p>{RECENT}<p>After</p>")

    run_capture(wiki, tmp_path)
    wiki.edit("Minutes", "<p>version four</p>")
    run_capture(wiki, tmp_path, day=1)

    (view,) = record_of(tmp_path, "Live").surroundings.views.values()
    text = markdown_of(tmp_path, "Live")
    assert re.search(
        r"Before\n\n\*\(recently updated pages, as shown on 2026-11-24\)\*\n\n- .*\[Minutes\]\(minutes--\d+\.md\)",
        text,
        re.DOTALL,
    )
    assert text.index("After") > text.index("[Minutes]")
    assert view.view_sha256 != sha256(view.html.encode()).hexdigest()
    assert re.fullmatch("[0-9a-f]{64}", view.view_sha256)
    assert "losses: []" in text
    assert verify(tmp_path).findings == ()


def test_an_issue_leads_to_the_address_that_the_wiki_shows(wiki: SmallWiki, tmp_path: Path) -> None:
    issue = macro("jira", key="AB-7", server="Tracker", baseurl="https://jira.example")
    wiki.add(
        "Issue", f"<p>See {issue} and {macro('jira', key='AB-8', server='Tracker', baseurl='javascript:x//')}.</p>"
    )

    run_capture(wiki, tmp_path)

    text = markdown_of(tmp_path, "Issue")
    assert re.search(
        r"See \[AB-7\]\(https://jira\.example/browse/AB-7\) and \[AB-8\]\(http[^)]*/jira/browse/AB-8\)", text
    )
    assert verify(tmp_path).findings == ()


def test_pages_without_live_macros_are_not_asked_about(
    wiki: SmallWiki, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    fetch = wiki.gateway.fetch_view

    def note_and_fetch(page_id: str) -> str:
        asked.append(page_id)
        return fetch(page_id)

    monkeypatch.setattr(wiki.gateway, "fetch_view", note_and_fetch)
    wiki.add("Live", RECENT + macro("contributors") + macro("acme-unknown", colour="red"))

    run_capture(wiki, tmp_path)

    assert asked == [str(wiki.ids["Live"])]
    assert "*(macro acme-unknown; colour: red)*" in markdown_of(tmp_path, "Live")  # the wiki shows only its name


def test_a_live_list_does_not_name_restricted_pages(wiki: SmallWiki, tmp_path: Path) -> None:
    wiki.add("Zebra plan", "<p>hush-hush</p>")
    wiki.store.restrictions.add(wiki.ids["Zebra plan"], "read", "user", account_id_of("bot"))
    wiki.add("Live", RECENT + macro("acme-unknown"))

    run_capture(wiki, tmp_path)

    assert "*(macro acme-unknown)*" in markdown_of(tmp_path, "Live")
    assert "[Minutes](" in markdown_of(tmp_path, "Live")
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or not re.search(b"Zebra", path.read_bytes()), path


def test_a_redaction_removes_a_list_that_names_the_page(wiki: SmallWiki, tmp_path: Path) -> None:
    wiki.add("Live", RECENT)
    run_capture(wiki, tmp_path)

    with open_writer(state_of(tmp_path), origin="https://wiki.test", software=SOFTWARE, clock=lambda: CLOCK) as writer:
        redact(writer, find_traces(writer.library, "Minutes"), reason="a request", by="Ana")

    assert record_of(tmp_path, "Live").surroundings.views == {}
    assert "recently updated pages: not part of a snapshot" in markdown_of(tmp_path, "Live")
    assert verify(tmp_path).findings == ()


_VIEW = (
    '<div data-macro-name="contributors" data-macro-id="b"><ul><li><a href="/open">Open</a></li>'
    '<li><a href="/closed">Closed</a></li></ul></div><div data-macro-name="contributors" data-macro-id="a">first'
    "<form><button>Go</button></form><script>alert(1)</script></div>"
)


@pytest.mark.parametrize(
    ("view", "kept"),
    [
        (_VIEW, {"contributors: order: 1": "first", "contributors: order: 2": "- [Open](https://wiki.test/open)"}),
        (_VIEW.replace("<li>", "<p>").replace("</li>", "</p>"), {"contributors: order: 1": "first"}),
        (_VIEW.replace("first", "of Hidden title"), {"contributors: order: 2": "- [Open](https://wiki.test/open)"}),
        ('<div data-macro-name="contributors">one for two</div>', {}),
        ("<p>nothing", {}),
    ],
)
def test_fragments_are_found_by_macro_and_without_what_is_hidden(view: str, kept: dict[str, str]) -> None:
    body = macro("contributors", order="1").replace('">', '" ac:macro-id="a">', 1)
    body += macro("contributors", order="2").replace('">', '" ac:macro-id="b">', 1)

    found = find_fragments(
        view, find_live_macros(read_leniently(body)), lambda address: address != "/closed", ["Hidden title"]
    )

    shown = {asked: ShownView(html, "2026-11-24") for asked, html in found.items()}
    markdown = convert_page(body, PageContext(base_url="https://wiki.test", views=shown)).markdown
    assert set(found) == set(kept)
    assert all(text in markdown for text in kept.values())
    assert not re.search("Closed|Hidden|alert|Go", markdown)
