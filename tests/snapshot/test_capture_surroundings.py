"""What a page refers to: people, lists of pages, included pages; and the order of the work."""

import os
import re
from concurrent.futures import ProcessPoolExecutor
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from bot.errors import WikiError
from bot.snapshot.archive.git import GitRepository
from bot.snapshot.archive.library import load_library
from bot.snapshot.archive.writer import open_writer
from bot.snapshot.capture.selection import find_ancestors
from bot.snapshot.erasure.removal import redact
from bot.snapshot.erasure.traces import find_traces
from bot.snapshot.query.loss_lines import read_losses
from bot.snapshot.verify.verification import verify
from bot.wiki.dialect import Flavour
from bot.wiki.gateway import Attachment, PageRef, PageStatus, Sink, User, Version
from tests.snapshot.capturing import markdown_of, record_of, run_capture
from tests.snapshot.small_tree import CLOCK, SOFTWARE, state_of, tree_bytes
from tests.snapshot.small_wiki import ANA, LI, WHEN, SmallWiki, small_wiki
from tests.storage.inverses import tiny_address
from wikiserver.store.people import account_id_of

LATER = CLOCK + timedelta(days=2)
_SOAK_RUNS = 1_000 if os.environ.get("WIKIBOT_NIGHTLY") else 15


def test_people_who_are_mentioned_have_their_names(wiki: SmallWiki, tmp_path: Path) -> None:
    li = wiki.store.people.get(LI)
    attribute = f'ri:account-id="{LI}"' if wiki.flavour is Flavour.CLOUD else f'ri:userkey="{li.user_key}"'
    wiki.add("Mention", f"<p>Ask <ac:link><ri:user {attribute} /></ac:link>.</p>")

    run_capture(wiki, tmp_path)

    assert li.display_name in markdown_of(tmp_path, "Mention")


def test_a_link_by_any_address_leads_to_the_captured_page(wiki: SmallWiki, tmp_path: Path) -> None:
    wiki.add("Target & more", "<p>here</p>")
    target, base = str(wiki.ids["Target & more"]), urlsplit(wiki.gateway.base_url).path
    addresses = [
        f"{base}/pages/viewpage.action?spaceKey=WS2&amp;title=Target+%26+more",
        f"{base}/pages/viewpage.action?pageId={target}",
        f"{base}/display/WS2/Target+%26+more#the-end",
        f"{base}/spaces/WS2/pages/{target}/Target",
        tiny_address(base, target),
        f"{tiny_address(base, target)}?src=share",
    ]
    wiki.add("Linking", "".join(f'<p><a href="{address}">to it</a></p>' for address in addresses))

    run_capture(wiki, tmp_path)

    links = re.findall(r"\[to it\]\((.*?)\)", markdown_of(tmp_path, "Linking"))
    path = f"target-more--{target}.md"
    assert links == [path, path, f"{path}#the-end", path, path, path]


def test_a_link_by_the_address_that_the_bot_uses_is_a_link_to_the_wiki(wiki: SmallWiki, tmp_path: Path) -> None:
    wiki.server.site.address = "https://wiki.example.org"
    internal = wiki.server.url + ("/wiki" if wiki.flavour is Flavour.CLOUD else "")
    target = wiki.add("Target", "<p>here</p>")
    elsewhere = wiki.add("Elsewhere", "<p>not captured</p>", label="")
    links = "".join(
        f'<p><a href="{internal}/pages/viewpage.action?pageId={page}">to it</a></p>' for page in (target, elsewhere)
    )
    wiki.add("Linking", links)
    wiki.add("Plain", "<p>no link</p>")

    run_capture(wiki, tmp_path)

    found = re.findall(r"\[to it\]\((.*?)\)", markdown_of(tmp_path, "Linking"))
    assert found == [f"target--{target}.md", f"https://wiki.test/pages/viewpage.action?pageId={elsewhere}"]
    assert record_of(tmp_path, "Linking").surroundings.other_addresses == (internal,)
    assert record_of(tmp_path, "Plain").surroundings.other_addresses == ()


def test_a_list_of_children_is_the_one_of_the_capture(wiki: SmallWiki, tmp_path: Path) -> None:
    wiki.add("Parent", '<ac:structured-macro ac:name="children" />')
    wiki.add("Held", under="Parent")
    wiki.add("Not held", under="Parent", label="")

    run_capture(wiki, tmp_path)

    text = markdown_of(tmp_path, "Parent")
    assert f"[Held](held--{wiki.ids['Held']}.md)" in text
    assert f"/{wiki.ids['Not held']}/" in text or f"pageId={wiki.ids['Not held']}" in text


def test_a_page_tree_nests(wiki: SmallWiki, tmp_path: Path) -> None:
    wiki.add("Tree", '<ac:structured-macro ac:name="pagetree" />')

    run_capture(wiki, tmp_path)

    tree = record_of(tmp_path, "Tree").surroundings.page_tree
    assert tree is not None
    home = next(link for link in tree if link.title == "Home")
    assert [child.title for child in home.children] == ["Final report", "Minutes"]
    assert [child.title for child in home.children[0].children] == ["会议记录"]


def test_an_included_page_is_shown_as_it_was(wiki: SmallWiki, tmp_path: Path) -> None:
    page = '<ac:parameter ac:name=""><ac:link><ri:page ri:content-title="Minutes" /></ac:link></ac:parameter>'
    wiki.add("Including", f'<ac:structured-macro ac:name="include">{page}</ac:structured-macro>')

    run_capture(wiki, tmp_path)

    assert "version three" in markdown_of(tmp_path, "Including")
    wiki.edit("Minutes", "<p>version four</p>")
    assert run_capture(wiki, tmp_path, day=1).captured == 1  # Minutes; what it is included in has not changed


def test_a_cycle_of_parents_ends() -> None:
    version = Version(1, CLOCK, User("u", "U"))
    refs = {
        a: PageRef(a, a.upper(), "WS2", PageStatus.CURRENT, version, b, 0, "")
        for a, b in [("a", "b"), ("b", "c"), ("c", "a")]
    }

    assert [ancestor.id for ancestor in find_ancestors(refs, "a")] in (["c", "b"], ["a", "c", "b"])


def test_a_process_pool_writes_what_one_process_writes(tmp_path: Path) -> None:
    with small_wiki(Flavour.CLOUD) as wiki:
        run_capture(wiki, tmp_path / "serial")
        with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
            run_capture(wiki, tmp_path / "pool", executor=pool)

    assert tree_bytes(tmp_path / "pool") == tree_bytes(tmp_path / "serial")


def test_idle_runs_only_read_and_write_nothing(tmp_path: Path) -> None:
    with small_wiki(Flavour.DATA_CENTER) as wiki:
        run_capture(wiki, tmp_path)
        GitRepository(state_of(tmp_path)).commit("Run 1")
        before = tree_bytes(tmp_path)

        for day in range(1, _SOAK_RUNS):
            assert run_capture(wiki, tmp_path, day=day).checkpoint is None
            assert not GitRepository(state_of(tmp_path)).commit("nothing")

        assert {method for method, _ in wiki.server.requests} == {"GET"}
    assert tree_bytes(tmp_path) == before
    assert verify(tmp_path).is_clean


def test_prose_is_composed_and_code_is_kept_as_it_was_written(wiki: SmallWiki, tmp_path: Path) -> None:
    code = "<ac:plain-text-body><![CDATA[e\u0301 = 1]]></ac:plain-text-body>"
    wiki.add("Accents", f'<p>Cafe\u0301</p><ac:structured-macro ac:name="code">{code}</ac:structured-macro>')

    run_capture(wiki, tmp_path)

    text = markdown_of(tmp_path, "Accents")
    assert "Caf\u00e9" in text
    assert "e\u0301 = 1" in text


def include(title: str) -> str:
    page = f'<ac:parameter ac:name=""><ac:link><ri:page ri:content-title="{title}" /></ac:link></ac:parameter>'
    return f'<ac:structured-macro ac:name="include">{page}</ac:structured-macro>'


def test_what_included_pages_refer_to_is_resolved_at_every_level(wiki: SmallWiki, tmp_path: Path) -> None:
    li = wiki.store.people.get(LI)
    attribute = f'ri:account-id="{LI}"' if wiki.flavour is Flavour.CLOUD else f'ri:userkey="{li.user_key}"'
    person, link = (
        f"<ac:link><ri:user {attribute} /></ac:link>",
        '<ac:link><ri:page ri:content-title="Minutes"/></ac:link>',
    )
    wiki.add("Outer", include("Middle"), label="archived")
    wiki.add("Middle", include("Inner"), label="")
    wiki.add("Inner", f"<p>Ask {person} about {link}.</p>", label="")

    run_capture(wiki, tmp_path)

    assert f"Ask @{li.display_name} about [Minutes](minutes--" in markdown_of(tmp_path, "Outer")


def file_of(title: str) -> str:
    return f'<ri:attachment ri:filename="plan.png"><ri:page ri:content-title="{title}"/></ri:attachment>'


def picture_of(title: str) -> str:
    return f"<p><ac:image>{file_of(title)}</ac:image></p>"


def add_file(wiki: SmallWiki, title: str, name: str = "plan.png") -> None:
    data = b"\x89PNG\r\n\x1a\n" + title.encode()
    wiki.store.attachments.add(wiki.ids[title], name, data, author=ANA, media_type="image/png", when=WHEN)


def test_files_of_other_captured_pages_are_shown(wiki: SmallWiki, tmp_path: Path) -> None:
    wiki.add("Before", picture_of("Owner") + include("Owner"))
    wiki.add("Owner", '<p><ac:image><ri:attachment ri:filename="plan.png"/></ac:image></p>')
    add_file(wiki, "Owner")
    run_capture(wiki, tmp_path)
    wiki.add("After", f"<p><ac:link>{file_of('Owner')}</ac:link></p>{picture_of('Owner')}")
    run_capture(wiki, tmp_path, day=1)

    for title, count in (("Before", 2), ("Owner", 1), ("After", 1)):
        library = load_library(tmp_path)
        bag, entry = library.get_page(title)
        targets = re.findall(r"!\[plan\.png\]\((.*?)\)", markdown_of(tmp_path, title))
        assert len(targets) == count
        for target in targets:
            assert (tmp_path / bag.name / entry.path).parent.joinpath(target).read_bytes().endswith(b"Owner")
        assert not [
            loss for loss in read_losses(markdown_of(tmp_path, title).split("\n---\n")[0], ()) if loss.kind == "image"
        ]
    assert re.search(r"(?<!!)\[plan\.png\]\(\.\./_attachments/", markdown_of(tmp_path, "After"))
    assert verify(tmp_path).findings == ()


def test_a_page_that_is_named_by_its_id_is_that_page(wiki: SmallWiki, tmp_path: Path) -> None:
    wiki.add("Owner", "<p>Words of the owner.</p>")
    wiki.add("Loose", "<p>x</p>", label="")
    wiki.add("Closed", "<p>Words of few.</p>")
    for title in ("Owner", "Loose", "Closed"):
        add_file(wiki, title)
    wiki.store.restrictions.add(wiki.ids["Closed"], "read", "user", account_id_of("bot"))
    body = "".join(
        f"<p>{title}: <ac:image>{file}</ac:image> <ac:link>{file}</ac:link> <ac:link>{page}</ac:link></p>{include_of}"
        for title in ("Owner", "Loose", "Closed")
        for page in [f'<ri:page ri:content-id="{wiki.ids[title]}"/>']
        for file in [f'<ri:attachment ri:filename="plan.png">{page}</ri:attachment>']
        for include_of in [include("").replace('<ri:page ri:content-title="" />', page)]
    )
    wiki.add("Shows", body)
    add_file(wiki, "Shows")

    run_capture(wiki, tmp_path)

    text = markdown_of(tmp_path, "Shows")
    owner, loose, closed = (wiki.ids[title] for title in ("Owner", "Loose", "Closed"))
    bag, entry = load_library(tmp_path).get_page("Shows")
    folder = (tmp_path / bag.name / entry.path).parent
    pictures = re.findall(r"!\[plan\.png\]\((.*?)\)", text)
    assert f"_attachments/{owner}/" in pictures[0]
    assert [folder.joinpath(target).read_bytes()[8:] for target in pictures] == [b"Owner", b"Loose"]
    assert {file.owner_id for file in record_of(tmp_path, "Shows").surroundings.borrowed} == {str(loose)}
    assert len(re.findall(rf"\[plan\.png\]\([^)]*/attachments/{closed}/plan\.png\)", text)) == 2
    assert "Words of the owner." in text
    assert "Words of few." not in text
    assert "left out, because" in text
    assert verify(tmp_path).findings == ()

    with open_writer(state_of(tmp_path), origin="https://wiki.test", software=SOFTWARE, clock=lambda: CLOCK) as writer:
        redact(writer, find_traces(writer.library, "Owner"), reason="a request", by="Ana")

    assert "Words of the owner." not in markdown_of(tmp_path, "Shows")
    assert markdown_of(tmp_path, "Shows").count("![") == 1
    assert verify(tmp_path).findings == ()


def test_files_of_restricted_pages_are_links_and_losses(wiki: SmallWiki, tmp_path: Path) -> None:
    for title, label, under in (("Closed", "archived", ""), ("Loose", "", ""), ("Below", "", "Loose")):
        wiki.add(title, "<p>x</p>", label=label, under=under or None)
        add_file(wiki, title)
        address = f"{urlsplit(wiki.gateway.base_url).path}/download/attachments/{wiki.ids[title]}/plan.png"
        wiki.add(f"Shows {title}", f'{picture_of(title)}<p><a href="{address}">the plan</a></p>')
    for title in ("Closed", "Loose"):
        wiki.store.restrictions.add(wiki.ids[title], "read", "user", account_id_of("bot"))

    run_capture(wiki, tmp_path)

    for title in ("Closed", "Loose", "Below"):
        assert "![" not in markdown_of(tmp_path, f"Shows {title}")
        assert record_of(tmp_path, f"Shows {title}").surroundings.files == {}
        losses = read_losses(markdown_of(tmp_path, f"Shows {title}").split("\n---\n")[0], ())
        assert [loss.kind for loss in losses] == ["image"]
    assert not pictures_in(tmp_path)


def pictures_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and path.read_bytes().startswith(b"\x89PNG")]


def add_borrower(wiki: SmallWiki) -> None:
    """Add a page that shows and links to files of a page that is not captured, in four ways."""
    wiki.add("Loose", "<p>x</p>", label="")
    for name in ("plan.png", "deck a.pdf", "small.png", "not named.png"):
        add_file(wiki, "Loose", name)
    download = f"{urlsplit(wiki.gateway.base_url).path}/download"
    loose = wiki.ids["Loose"]
    wiki.add(
        "Shows",
        f"{picture_of('Loose')}<p><ac:link>{file_of('Loose')}<ac:link-body>it</ac:link-body></ac:link></p>"
        f'<p><a href="{download}/attachments/{loose}/deck%20a.pdf?version=1&amp;api=v2">deck</a></p>'
        f'<p><img src="{download}/thumbnails/{loose}/small.png?api=v2" /></p>',
    )


def test_files_of_pages_that_are_not_captured_are_captured_with_the_page(wiki: SmallWiki, tmp_path: Path) -> None:
    add_borrower(wiki)
    run_capture(wiki, tmp_path)
    wiki.edit("Shows", picture_of("Loose"))
    run_capture(wiki, tmp_path, day=1)

    library = load_library(tmp_path)
    bag, entry = library.get_page("Shows")
    first, second = (library.load_record_at(bag, path) for path in library.record_paths(bag, entry))
    assert [file.name for file in first.surroundings.borrowed] == ["plan.png", "deck a.pdf", "small.png"]
    assert [file.path for file in second.surroundings.borrowed] == [first.surroundings.borrowed[0].path]
    assert {file.owner_id for file in first.surroundings.borrowed} == {str(wiki.ids["Loose"])}
    for file in first.surroundings.borrowed:
        assert (tmp_path / bag.name / str(file.path)).read_bytes().endswith(b"Loose")
    (target,) = re.findall(r"!\[plan\.png\]\((.*?)\)", markdown_of(tmp_path, "Shows"))
    assert (tmp_path / bag.name / entry.path).parent.joinpath(target).read_bytes().endswith(b"Loose")
    assert len(pictures_in(tmp_path)) == 3
    assert verify(tmp_path).findings == ()


def test_links_to_files_of_other_pages_lead_to_the_captured_files(wiki: SmallWiki, tmp_path: Path) -> None:
    add_borrower(wiki)

    run_capture(wiki, tmp_path)

    text = markdown_of(tmp_path, "Shows")
    assert len(re.findall(r"\]\(\.\./_attachments/", text)) == 4
    assert "losses: []" in text


def test_a_file_of_another_page_that_cannot_be_read_makes_the_run_incomplete_until_it_can(
    wiki: SmallWiki, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_borrower(wiki)
    download = wiki.gateway.download

    def fail(attachment: Attachment, sink: Sink) -> None:
        if attachment.name == "plan.png":
            raise WikiError("the disk of the wiki is broken")
        download(attachment, sink)

    monkeypatch.setattr(wiki.gateway, "download", fail)
    outcomes = [run_capture(wiki, tmp_path), run_capture(wiki, tmp_path, day=1)]
    records = len([*tmp_path.rglob("record-*.json")])
    monkeypatch.undo()
    outcomes += [run_capture(wiki, tmp_path, day=2), run_capture(wiki, tmp_path, day=3)]

    assert [outcome.verdict.value for outcome in outcomes] == ["incomplete", "incomplete", "complete", "complete"]
    assert [outcome.captured for outcome in outcomes[1:]] == [0, 1, 0]
    assert len([*tmp_path.rglob("record-*.json")]) == records + 1
    assert "![plan.png](../_attachments/" in markdown_of(tmp_path, "Shows")


def test_a_redaction_removes_the_files_that_another_page_borrowed(wiki: SmallWiki, tmp_path: Path) -> None:
    add_borrower(wiki)
    run_capture(wiki, tmp_path)
    wiki.store.labels.add(wiki.ids["Loose"], "archived")
    run_capture(wiki, tmp_path, day=1)

    with open_writer(state_of(tmp_path), origin="https://wiki.test", software=SOFTWARE, clock=lambda: LATER) as writer:
        redact(writer, find_traces(writer.library, "Loose"), reason="a request", by="Ana")

    around = record_of(tmp_path, "Shows").surroundings
    assert (around.files, around.borrowed) == ({}, ())
    assert not pictures_in(tmp_path)
    assert verify(tmp_path).findings == ()


def test_a_redaction_removes_the_files_of_the_page_from_other_pages(wiki: SmallWiki, tmp_path: Path) -> None:
    wiki.add("Owner", "<p>x</p>")
    add_file(wiki, "Owner")
    wiki.add("Shows", picture_of("Owner"))
    run_capture(wiki, tmp_path)
    assert list(record_of(tmp_path, "Shows").surroundings.files) == ["Owner/plan.png"]

    with open_writer(state_of(tmp_path), origin="https://wiki.test", software=SOFTWARE, clock=lambda: LATER) as writer:
        redact(writer, find_traces(writer.library, "Owner"), reason="a request", by="Ana")

    assert record_of(tmp_path, "Shows").surroundings.files == {}
    assert "![" not in markdown_of(tmp_path, "Shows")
    assert verify(tmp_path).findings == ()
