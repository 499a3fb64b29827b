"""Pages that only some people may read are in nothing that the bot publishes, unless the settings include them."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.journeys.conftest import HOME, Desk
from tests.machine import need
from tests.scripted_proxy import scripted_proxy

pytestmark = [
    pytest.mark.either_flavour,
    pytest.mark.parametrize("flavour", ["cloud", "datacenter"]),
    pytest.mark.parametrize("seed", ["demo"]),
]
TITLE, TEXT = "Zebra plan", "the zebra leaves at dawn"
INDEX = """\
workspace: {{space: WS2, home: {home}}}
page_index: {{heading: Pages}}
news:
  items:
    - {{id: zebras, text: "Zebras: [how we did it](page:{title})", date: 2026-01-02}}
    - {{id: open, text: "An open item", date: 2026-01-01}}
"""


def restrict(desk: Desk, page_id: int | str) -> None:
    """Let only the bot and the administrator read a page (case 12a)."""
    for name in ("bot", "admin"):
        desk.wiki.store.restrictions.add(int(page_id), "read", "user", desk.wiki.account(name))


def set_up(desk: Desk, **settings: str) -> str:
    """Write data file and settings; return the id of the restricted page, which is archived and below the home page."""
    page_id = desk.wiki.add_page(TITLE, f"<p>{TEXT}</p>", parent=desk.home_id, labels=("archived",))
    restrict(desk, page_id)
    desk.data.write_text(INDEX.format(home=HOME, title=TITLE))
    settings = {"signing_key": "none"} | settings
    more = "".join(f", {name}: {value}" for name, value in settings.items())
    path = desk.folder / "bot.yaml"
    text = path.read_text().replace("{path: snapshots, signing_key: none}", f"{{path: snapshots{more}}}")
    regions = "regions: {page_index: {place: end}, news: {place: end}}\n"
    path.write_text(text.replace("    archived:", f"    {regions}    archived:"))
    return page_id


def files_with(folder: Path, *words: str) -> list[str]:
    return [
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and any(word.encode() in path.read_bytes() for word in words)
    ]


def test_the_page_index_on_a_public_home_page_has_no_line_for_it(desk: Desk) -> None:
    set_up(desk)

    assert TITLE not in desk.ran("render", "page_index").out


def test_the_page_index_of_an_equally_restricted_home_page_has_its_line(desk: Desk) -> None:
    set_up(desk)
    restrict(desk, desk.home_id)
    desk.wiki.store.restrictions.clear(desk.wiki.find(TITLE).id)

    assert TITLE in desk.ran("render", "page_index").out


def test_the_page_index_has_it_where_the_settings_include_it(desk: Desk) -> None:
    set_up(desk, restricted="include")

    assert TITLE in desk.ran("render", "page_index").out


@pytest.mark.parametrize("form", ["text", "json", "markdown"])
def test_the_page_tree_counts_it_and_shows_it_on_request(desk: Desk, form: str) -> None:
    set_up(desk)

    shown = desk.ran("tree", "--format", form)
    everything = desk.ran("tree", "--format", form, "--restricted")

    assert TITLE not in shown.out
    assert "1 node left out" in shown.err
    assert TITLE in everything.out


def test_a_restriction_that_cannot_be_read_is_said_by_the_tree(desk: Desk) -> None:
    page_id = set_up(desk)
    settings = desk.folder / "bot.yaml"
    with scripted_proxy(desk.wiki.url) as proxy:
        settings.write_text(settings.read_text().replace(desk.wiki.url, proxy.url))
        proxy.instead("GET", "expand=restrictions", 400, "no")
        proxy.instead("GET", f"content/{page_id}/restriction", 403, "no")
        ran = desk.ran("tree", code=1)

    assert TITLE not in ran.out
    assert f"page {page_id} counts as restricted" in ran.err


def test_the_feed_has_no_item_that_links_to_it(desk: Desk) -> None:
    set_up(desk)

    desk.ran("apply", "--yes")

    feed = (desk.folder / "feeds" / "ws2.atom").read_text()
    assert "An open item" in feed
    assert "Zebras" not in feed
    assert TITLE not in feed


def test_a_feed_of_a_home_page_that_becomes_restricted_is_removed(desk: Desk) -> None:
    set_up(desk)
    desk.ran("apply", "--yes")
    assert (desk.folder / "feeds" / "ws2.atom").exists()
    restrict(desk, desk.home_id)

    desk.ran("apply", "--yes")

    assert not (desk.folder / "feeds" / "ws2.atom").exists()


def test_a_snapshot_says_how_many_pages_it_leaves_out(desk: Desk) -> None:
    set_up(desk)

    ran = desk.ran("snapshot", "--format", "json").json

    assert (ran["left_out"], ran["complete"]) == (1, True)
    assert files_with(desk.folder / "snapshots", TITLE, TEXT) == []
    assert desk.ran("search", "zebra", code=1).err.strip().endswith("nothing found")


def test_a_page_that_is_restricted_later_is_named_in_the_summary(desk: Desk) -> None:
    page_id = set_up(desk)
    desk.wiki.store.restrictions.clear(int(page_id))
    desk.ran("snapshot")
    restrict(desk, page_id)

    ran = desk.ran("snapshot")

    assert f"captured earlier: {TITLE} ({page_id}): only some people may read it now" in ran.err
    assert "restricted" in desk.ran("history", page_id).out


def test_separate_snapshots_have_their_own_folder_log_and_key(desk: Desk) -> None:
    need("ssh-keygen")
    for name in ("open_key", "closed_key"):
        key = str(desk.folder / name)
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", key], check=True)
    set_up(desk, restricted="separate", signing_key="open_key", restricted_signing_key="closed_key")

    ran = desk.ran("snapshot", "--format", "json").json

    separate = desk.folder / "snapshots-restricted"
    assert (ran["left_out"], ran["separate"]["captured"]) == (1, 1)
    assert files_with(desk.folder / "snapshots", TITLE, TEXT) == []
    assert files_with(separate, TEXT)
    heads = [(folder / "CHECKPOINT").read_text() for folder in (desk.folder / "snapshots", separate)]
    signers = [line for head in heads for line in head.splitlines() if "SHA256:" in line]
    assert len(set(signers)) == 2
    assert json.loads(desk.ran("verify", str(separate), "--format", "json").out)["findings"] == []


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"restricted_path": "elsewhere"}, "restricted_path is used only with"),
        ({"restricted": "separate", "restricted_path": "snapshots/closed"}, "outside `path`"),
        ({"restricted": "separate", "signing_key": "key"}, "set both"),
        (
            {"restricted": "separate", "signing_key": "key", "restricted_signing_key": "key"},
            "must be another key than signing_key",
        ),
    ],
)
def test_settings_that_would_mix_the_folders_are_refused(desk: Desk, settings: dict[str, str], said: str) -> None:
    set_up(desk, **settings)

    assert said in desk.ran("snapshot", code=1).err
