import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from bot.config.policy import ArchivedSettings, HistoryMode
from bot.snapshot.archive import paths
from bot.snapshot.archive.library import load_library
from bot.snapshot.archive.record import RecordedStatus
from bot.snapshot.archive.salt import split_body
from bot.snapshot.capture.rendition import render_page
from bot.snapshot.verify.verification import verify
from bot.wiki.dialect import Flavour
from tests.snapshot.capturing import consent_to, details_of, events_of, markdown_of, record_of, run_capture
from tests.snapshot.public_tools import bagit_accepts, run_instructions
from tests.snapshot.small_tree import tree_bytes
from tests.snapshot.small_wiki import ANA, LI, OMAR, SmallWiki, small_wiki


def test_a_capture_satisfies_the_public_tools(wiki: SmallWiki, tmp_path: Path) -> None:
    outcome = run_capture(wiki, tmp_path)

    assert (outcome.expected, outcome.captured, outcome.has_shortfall) == (3, 3, False)
    judged = run_instructions(tmp_path)
    assert judged.returncode == 0, judged.stdout + judged.stderr
    assert bagit_accepts(tmp_path)
    assert verify(tmp_path).findings == ()


def test_the_source_is_what_the_wiki_contains_byte_for_byte(wiki: SmallWiki, tmp_path: Path) -> None:
    run_capture(wiki, tmp_path)

    page = wiki.ids["会议记录"]
    source, body = (tmp_path / f"WS2/data/_source/{page}/v1.xml").read_text(), wiki.store.contents.body(page)
    assert re.fullmatch(re.escape(body) + "\n<!-- salt [0-9a-f]{32} -->\n", source)
    assert record_of(tmp_path, "会议记录").source_bytes == len(body.encode())


def test_only_a_body_that_could_be_guessed_or_taken_for_one_with_a_salt_has_a_salt(
    wiki: SmallWiki, tmp_path: Path
) -> None:
    fake = f"<p>{'long ' * 60}</p>\n<!-- salt {'0' * 32} -->\n"
    bodies = {"Long": f"<p>{'long ' * 60}</p>", "Fake": fake}
    for title, body in bodies.items():
        wiki.add(title, body)
    run_capture(wiki, tmp_path)

    stored = {title: wiki.store.contents.body(wiki.ids[title]).encode() for title in bodies}
    sources = {title: (tmp_path / f"WS2/data/_source/{wiki.ids[title]}/v1.xml").read_bytes() for title in bodies}
    assert sources["Long"] == stored["Long"]
    assert "\nsalt: " not in markdown_of(tmp_path, "Long")
    library = load_library(tmp_path)
    for title, expected in stored.items():
        bag, entry = library.get_page(title)
        assert library.read_body(bag, entry.source_path) == expected
    assert verify(tmp_path).findings == ()


def test_front_matter_says_where_a_page_comes_from(wiki: SmallWiki, tmp_path: Path) -> None:
    run_capture(wiki, tmp_path)

    text = markdown_of(tmp_path, "Minutes")
    front = YAML(typ="safe").load(text.split("---\n")[1])
    assert list(front) == [
        "title", "url", "status", "archived_because", "version", "author", "saved", "message", "captured", "labels",
        "space", "page_id", "evidence", "converter", "losses",
    ]  # fmt: skip
    assert (front["title"], front["version"], front["message"]) == ("Minutes", 3, "third")
    assert front["archived_because"] == ["label archived"]
    assert front["labels"] == ["archived", "board"]
    assert front["author"] == wiki.store.people.get(LI).display_name
    library = load_library(tmp_path)
    bag, entry = library.get_page("Minutes")
    folder = (tmp_path / bag.name / entry.path).parent / front["evidence"]
    assert (folder / Path(entry.record_path).name).is_file()
    assert split_body((folder / "v3.xml").read_bytes())[0] == b"<p>version three</p>"


def test_a_page_begins_with_the_way_to_it_and_lists_its_files(wiki: SmallWiki, tmp_path: Path) -> None:
    run_capture(wiki, tmp_path)

    body = markdown_of(tmp_path, "会议记录").split("---\n")[2]
    report = f"final-report--{wiki.ids['Final report']}.md"
    assert body.startswith(f"\n[WS2](../../README.md) › Home › [Final report]({report})\n\n# 会议记录\n\n")
    (target,) = re.findall(r"\n## Files\n\n- \[Résumé \(v2\).pdf\]\((.*)\)\n", markdown_of(tmp_path, "Minutes"))
    assert (tmp_path / "WS2/data/2024" / target).read_bytes() == b"%PDF-1"


def test_a_page_says_by_which_page_above_it_is_archived(wiki: SmallWiki, tmp_path: Path) -> None:
    run_capture(wiki, tmp_path, rule=ArchivedSettings(status=False, labels=(), under=("Home",)))

    assert record_of(tmp_path, "Minutes").archived_by == (f"under {wiki.ids['Home']}",)
    assert 'archived_because:\n  - "below Home"\n' in markdown_of(tmp_path, "Minutes")


def test_comments_are_kept_in_their_threads(wiki: SmallWiki, tmp_path: Path) -> None:
    run_capture(wiki, tmp_path)

    comments = record_of(tmp_path, "Minutes").comments
    assert [(c.body, c.parent_id == comments[0].id) for c in comments] == [
        ("<p>Is this <strong>final</strong>?</p>", False),
        ("<p>It is.</p>", True),
    ]
    assert "Is this **final**?" in markdown_of(tmp_path, "Minutes").partition("## Comments")[2]
    assert "Which?" in markdown_of(tmp_path, "Final report")


def test_links_between_captured_pages_lead_to_each_other(wiki: SmallWiki, tmp_path: Path) -> None:
    run_capture(wiki, tmp_path)

    assert f"](minutes--{wiki.ids['Minutes']}.md)" in markdown_of(tmp_path, "Final report")


def test_restrictions_and_attachments_are_evidence_too(wiki: SmallWiki, tmp_path: Path) -> None:
    run_capture(wiki, tmp_path)

    record = record_of(tmp_path, "Minutes")
    assert len(record.restrictions.editors) == 1
    (file,) = record.attachments
    assert file.path is not None
    assert (tmp_path / "WS2" / file.path).read_bytes() == b"%PDF-1"


def test_a_second_run_with_nothing_new_writes_nothing(wiki: SmallWiki, tmp_path: Path) -> None:
    run_capture(wiki, tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}

    outcome = run_capture(wiki, tmp_path, day=1)

    assert (outcome.captured, outcome.unchanged, outcome.checkpoint) == (0, 3, None)
    assert {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*")} == before


def test_every_version_since_the_last_capture_is_kept(wiki: SmallWiki, tmp_path: Path) -> None:
    run_capture(wiki, tmp_path)
    wiki.edit("Minutes", "<p>version four</p>")
    wiki.edit("Minutes", "<p>version five</p>")

    run_capture(wiki, tmp_path, day=1)

    folder = tmp_path / f"WS2/data/_source/{wiki.ids['Minutes']}"
    assert sorted(path.name for path in folder.glob("v*")) == ["v3.xml", "v4.xml", "v5.xml"]
    assert split_body((folder / "v4.xml").read_bytes())[0] == b"<p>version four</p>"
    assert [version.number for version in record_of(tmp_path, "Minutes").versions] == [5, 4, 3, 2, 1]


def test_records_in_the_folders_of_an_earlier_version_go_on_outside_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before, the folder was that of the run, and not that of the number of records of the page."""
    with small_wiki(Flavour.CLOUD) as wiki:
        with monkeypatch.context() as earlier:
            earlier.setattr(
                paths, "record_path", lambda page, run, **_: f"data/_source/{page}/000200/record-{run:06}.json"
            )
            run_capture(wiki, tmp_path)
        wiki.edit("Minutes", "<p>version four</p>")

        run_capture(wiki, tmp_path, day=1)

        page = str(wiki.ids["Minutes"])
    library = load_library(tmp_path)
    records = library.record_paths(*library.get_page(page))
    folder = f"data/_source/{page}"
    assert records == [f"{folder}/000200/record-000001.json", f"{folder}/record-000002.json"]
    assert verify(tmp_path).findings == ()
    assert run_instructions(tmp_path).returncode == 0


def test_the_whole_history_is_fetched_when_asked_for(wiki: SmallWiki, tmp_path: Path) -> None:
    run_capture(wiki, tmp_path)

    outcome = run_capture(wiki, tmp_path, history=HistoryMode.ALL, day=1)

    folder = tmp_path / f"WS2/data/_source/{wiki.ids['Minutes']}"
    assert sorted(path.name for path in folder.glob("v*")) == ["v1.xml", "v2.xml", "v3.xml"]
    assert outcome.captured == 1
    assert run_capture(wiki, tmp_path, history=HistoryMode.ALL, day=2).checkpoint is None
    assert verify(tmp_path).is_clean


def test_only_the_newest_version_is_fetched_when_asked_for(wiki: SmallWiki, tmp_path: Path) -> None:
    run_capture(wiki, tmp_path)
    wiki.edit("Minutes", "<p>version four</p>")
    wiki.edit("Minutes", "<p>version five</p>")

    run_capture(wiki, tmp_path, history=HistoryMode.LATEST, day=1)

    folder = tmp_path / f"WS2/data/_source/{wiki.ids['Minutes']}"
    assert sorted(path.name for path in folder.glob("v*")) == ["v3.xml", "v5.xml"]


def _detail_after(wiki: SmallWiki, root: Path) -> str:
    outcome = run_capture(wiki, root, day=1)
    assert outcome.captured >= 1
    assert verify(root).is_clean
    return "\n".join(details_of(root, 2))


def test_a_new_label_is_noticed_without_a_new_version(wiki: SmallWiki, tmp_path: Path) -> None:
    run_capture(wiki, tmp_path)
    wiki.store.labels.add(wiki.ids["Minutes"], "final")

    assert "Minutes: label final added" in _detail_after(wiki, tmp_path)
    assert '  - "final"' in markdown_of(tmp_path, "Minutes")


def test_a_new_attachment_is_noticed_without_a_new_version(wiki: SmallWiki, tmp_path: Path) -> None:
    run_capture(wiki, tmp_path)
    wiki.store.attachments.add(wiki.ids["Minutes"], "late.txt", b"late", author=LI)

    assert "Minutes: attachment late.txt added" in _detail_after(wiki, tmp_path)


def test_a_replaced_attachment_is_noticed_and_the_old_one_stays(wiki: SmallWiki, tmp_path: Path) -> None:
    run_capture(wiki, tmp_path)
    attachment = wiki.store.attachments.of(wiki.ids["Minutes"])[0]
    wiki.store.attachments.replace(attachment.id, b"%PDF-2", author=LI)

    assert "attachment Résumé (v2).pdf changed" in _detail_after(wiki, tmp_path)
    held = sorted((tmp_path / f"WS2/data/_attachments/{wiki.ids['Minutes']}").iterdir())
    assert [path.read_bytes() for path in held] == [b"%PDF-1", b"%PDF-2"]


def test_a_new_comment_is_noticed_without_a_new_version(wiki: SmallWiki, tmp_path: Path) -> None:
    run_capture(wiki, tmp_path)
    wiki.store.comments.add(wiki.ids["会议记录"], "<p>同意</p>", author=OMAR)

    assert "会议记录: 1 comment added" in _detail_after(wiki, tmp_path)
    assert "同意" in markdown_of(tmp_path, "会议记录")


def test_an_inline_comment_changes_the_body_under_the_same_version(wiki: SmallWiki, tmp_path: Path) -> None:
    run_capture(wiki, tmp_path)
    wiki.store.comments.add_inline(wiki.ids["Minutes"], "<p>why three?</p>", author=OMAR, selection="three")

    assert "the body changed while its version stayed 3" in _detail_after(wiki, tmp_path)
    folder = tmp_path / f"WS2/data/_source/{wiki.ids['Minutes']}"
    assert "ac:inline-comment-marker" not in (folder / "v3.xml").read_text()
    assert "ac:inline-comment-marker" in (folder / "v3-editions/2.xml").read_text()


def test_an_inline_comment_is_kept_with_its_people_links_and_code(wiki: SmallWiki, tmp_path: Path) -> None:
    mention = f'<ac:link><ri:user ri:account-id="{LI}" /></ac:link>'
    body = f'<p>Ask {mention}, see <a href="https://e.example/x">doc</a> and <code>a[0]</code></p>'
    wiki.store.comments.add_inline(wiki.ids["Minutes"], body, author=OMAR, selection="three")

    run_capture(wiki, tmp_path)

    name = wiki.gateway.fetch_user(LI).display_name
    assert f": Ask @{name}, see [doc](https://e.example/x) and `a[0]`\n" in markdown_of(tmp_path, "Minutes")


def test_what_a_comment_loses_is_among_the_losses_of_its_page(wiki: SmallWiki, tmp_path: Path) -> None:
    wiki.store.comments.add(wiki.ids["Minutes"], '<ol type="a"><li>x</li></ol>', author=OMAR)

    run_capture(wiki, tmp_path)

    assert "counted with small letters: shown with numbers" in markdown_of(tmp_path, "Minutes")


def test_a_resolved_comment_is_noticed_and_kept(wiki: SmallWiki, tmp_path: Path) -> None:
    run_capture(wiki, tmp_path)
    comment = wiki.store.comments.of(wiki.ids["Final report"])[0]
    wiki.store.comments.resolve(comment.id, is_resolved=True, by=ANA)

    assert "1 comment resolved or reopened" in _detail_after(wiki, tmp_path)


def test_a_restriction_is_noticed_without_a_new_version(wiki: SmallWiki, tmp_path: Path) -> None:
    run_capture(wiki, tmp_path)
    wiki.store.restrictions.add(wiki.ids["会议记录"], "update", "user", LI)

    assert "会议记录: editors restricted to" in _detail_after(wiki, tmp_path)


def test_a_move_is_noticed_and_the_path_stays(wiki: SmallWiki, tmp_path: Path) -> None:
    run_capture(wiki, tmp_path)
    path = load_library(tmp_path).get_page("会议记录")[1].path
    wiki.store.pages.set_parent(wiki.ids["会议记录"], wiki.ids["Home"])

    assert "moved from under 'Final report' to under 'Home'" in _detail_after(wiki, tmp_path)
    assert load_library(tmp_path).get_page("会议记录")[1].path == path


def test_a_rename_changes_the_title_and_not_the_path(wiki: SmallWiki, tmp_path: Path) -> None:
    run_capture(wiki, tmp_path)
    path = load_library(tmp_path).get_page("Minutes")[1].path
    wiki.store.pages.update(wiki.ids["Minutes"], author=LI, title="Minutes of 2024")

    assert "renamed from 'Minutes' to 'Minutes of 2024'" in _detail_after(wiki, tmp_path)
    assert load_library(tmp_path).get_page("Minutes of 2024")[1].path == path


def test_a_deleted_page_gets_a_tombstone_once_and_its_capture_stays(wiki: SmallWiki, tmp_path: Path) -> None:
    run_capture(wiki, tmp_path)
    before = tree_bytes(tmp_path / "WS2/data")
    wiki.store.pages.trash(wiki.ids["会议记录"])

    outcome = run_capture(wiki, tmp_path, day=1)

    assert (outcome.gone, outcome.has_shortfall) == (1, False)
    assert tree_bytes(tmp_path / "WS2/data") == before
    assert [e["type"] for e in events_of(tmp_path, 2)] == ["ingestion", "deletion"]
    assert "gone from the wiki since 2026-11-25" in (tmp_path / "WS2/README.md").read_text()
    assert run_capture(wiki, tmp_path, day=2).checkpoint is None
    assert verify(tmp_path).is_clean


def test_many_pages_gone_at_once_are_a_shortfall_until_a_person_accepts_them(wiki: SmallWiki, tmp_path: Path) -> None:
    for number in range(8):
        wiki.add(f"Old {number}")
    run_capture(wiki, tmp_path)
    for number in range(6):
        wiki.store.pages.purge(wiki.ids[f"Old {number}"])

    outcome = run_capture(wiki, tmp_path, day=1)

    assert (outcome.gone, len(outcome.unknown), outcome.has_shortfall) == (0, 6, True)
    assert "6 of 11 captured pages are gone from the wiki at once" in outcome.unknown[0].reason
    assert not any(entry.tombstone for _, entry in load_library(tmp_path).iter_entries())
    accepted = run_capture(wiki, tmp_path, day=2, consent=consent_to(outcome))
    assert (accepted.gone, accepted.has_shortfall) == (6, False)
    assert verify(tmp_path).is_clean


def test_a_page_hidden_from_the_account_gets_a_tombstone(wiki: SmallWiki, tmp_path: Path) -> None:
    run_capture(wiki, tmp_path)
    wiki.store.restrictions.add(wiki.ids["会议记录"], "read", "user", LI)

    outcome = run_capture(wiki, tmp_path, day=1)

    assert outcome.gone == 1
    assert load_library(tmp_path).get_page("会议记录")[1].tombstone is not None
    wiki.store.restrictions.clear(wiki.ids["会议记录"])
    run_capture(wiki, tmp_path, day=2)
    assert load_library(tmp_path).get_page("会议记录")[1].tombstone is None
    assert verify(tmp_path).is_clean


def test_a_page_that_is_no_longer_archived_keeps_its_capture(wiki: SmallWiki, tmp_path: Path) -> None:
    run_capture(wiki, tmp_path)
    wiki.store.labels.remove(wiki.ids["Minutes"], "archived")

    run_capture(wiki, tmp_path, day=1)

    assert [e["type"] for e in events_of(tmp_path, 2)] == ["ingestion", "deaccession"]
    assert not load_library(tmp_path).get_page("Minutes")[1].is_selected
    assert run_capture(wiki, tmp_path, day=2).checkpoint is None


def test_capturing_everything_does_not_count_current_pages_as_archived(wiki: SmallWiki, tmp_path: Path) -> None:
    assert run_capture(wiki, tmp_path, everything=True).captured == 4

    assert run_capture(wiki, tmp_path, day=1).checkpoint is None
    assert verify(tmp_path).is_clean


def test_pages_below_a_named_page_count_as_archived(wiki: SmallWiki, tmp_path: Path) -> None:
    wiki.add("Folder", under="Home", label="")
    wiki.add("Deep", under="Folder", label="")
    wiki.add("Deeper", under="Deep", label="")

    outcome = run_capture(wiki, tmp_path, rule=ArchivedSettings(status=False, labels=(), under=("Folder",)))

    assert sorted(entry.title for _, entry in load_library(tmp_path).iter_entries()) == ["Deep", "Deeper"]
    assert outcome.queries == ('space = "WS2" and (ancestor = "Folder")',)


def test_a_page_archived_by_status_is_captured(wiki: SmallWiki, tmp_path: Path) -> None:
    if wiki.flavour is not Flavour.CLOUD:
        return  # Data Center archives spaces, not pages
    wiki.add("Old", under="Home", label="")
    wiki.store.pages.archive([wiki.ids["Old"]])

    run_capture(wiki, tmp_path, rule=ArchivedSettings(status=True, labels=()))

    ((_, entry),) = load_library(tmp_path).iter_entries()
    assert (entry.title, entry.status) == ("Old", RecordedStatus.ARCHIVED)


def test_pages_whose_titles_look_alike_do_not_collide(wiki: SmallWiki, tmp_path: Path) -> None:
    for title in ("Plan A/B", "Plan A?B", "plan a b", "计划", "計劃", "x" * 254, "CON", "..", "a\u0301", "á"):
        wiki.add(title)

    assert run_capture(wiki, tmp_path).captured == 13

    paths = [f"{bag.name}/{entry.path}".lower() for bag, entry in load_library(tmp_path).iter_entries()]
    assert len(set(paths)) == len(paths)
    assert verify(tmp_path).is_clean


def test_a_rendition_can_be_made_again_from_what_is_held(wiki: SmallWiki, tmp_path: Path) -> None:
    run_capture(wiki, tmp_path)

    library = load_library(tmp_path)
    for bag, entry in library.iter_entries():
        record = library.load_record(bag, entry)
        body = library.read_body(bag, entry.source_path).decode()
        again = render_page(record, body, entry.path, bag.origin)
        assert again.markdown == library.read(bag, entry.path)


def test_the_index_shows_the_tree_with_status_and_links(wiki: SmallWiki, tmp_path: Path) -> None:
    run_capture(wiki, tmp_path)

    lines = (tmp_path / "WS2/README.md").read_text(encoding="utf-8").splitlines()
    tree = [line for line in lines if line.lstrip().startswith("- ")]
    assert tree[0] == "- Home"
    assert tree[1].startswith("  - [Final report](data/2024/final-report--")
    assert tree[2].startswith("    - [会议记录](data/2024/page--")
    assert "current, version 1 of 2024-03-01" in tree[2]
