"""No title, name or text of a wiki steers a terminal or reverses what a person reads, in any command."""

import json
import unicodedata
from pathlib import Path

import pytest

from bot.cli.main import _COMMANDS
from bot.escape import visible, visible_in_json
from bot.log import set_up_logging
from tests.journeys.conftest import Desk, both_flavours
from tests.scripted_proxy import Answer, scripted_proxy

UNSEEN = "a\u200db\ufe0f\u3164\u034f"
EVIL = f"\x1b[2J\x1b]0;x\x07\x9b2J\u202egnp.exe\u2066\x7f\u2028\U000e0041{UNSEEN}"
HOME, ARCHIVED = f"Home {EVIL}", f"Archived {EVIL}"
NEWS = f"Words \x9b2J\u202egnp.exe\u2066\x7f\u2028\U000e0041{UNSEEN}"
"""The body of a page is XML, which excludes most control characters."""
WITHOUT_TITLES = {"init", "wiki", "demo", "run", "stop", "resume", "settings", "serve", "user", "mcp"}
"""Commands that print no text of the wiki, or do what the others do."""
COMMANDS: dict[str, list[list[str]]] = {
    "check": [["--tree"]],
    "doctor": [[]],
    "tree": [[], ["--format", "markdown"], ["--format", "json"], ["--links-to", ARCHIVED]],
    "render": [[]],
    "plan": [[], ["--format", "json"], ["--format", "markdown"], ["--format", "html"], ["--source"]],
    "drift": [[], ["restore"]],
    "apply": [["--yes"], ["--yes", "--format", "json"]],
    "sync": [[]],
    "adopt": [["--dry-run"], [HOME, "--dry-run"]],
    "news": [["list"], ["edit", EVIL], ["add", EVIL], ["add", NEWS, "--id", "b", "--dry-run"]],
    "banner": [["list"], ["set", "--line", "1", EVIL, "--dry-run"]],
    "links": [["list"], ["add", NEWS, "--page", ARCHIVED, "--dry-run"]],
    "snapshot": [[], ["--format", "json"]],
    "verify": [[]],
    "history": [["ID"], ["ID", "--format", "json"], [EVIL]],
    "diff": [["ID"], ["ID", "--format", "html"], ["ID", "--format", "json"]],
    "search": [["Archived"], ["Archived", "--format", "json"]],
    "report": [[], ["--format", "json"]],
    "export": [["--out", "bag"]],
    "site": [["site"], ["site-2", "--format", "json"]],
    "convert": [["body.xml"]],
    "notify": [["test"]],
    "runs": [[], ["1"]],
    "status": [[], ["--format", "json"]],
    "revisions": [[], ["1"]],
    "find": [["Archived"], ["Archived", "--format", "json"]],
    "undo": [["--draft"]],
    "drafts": [["list"], ["show", "1"]],
    "redact": [["ID", "--reason", EVIL, "--yes"]],
    "evidence": [["new-log", "--reason", EVIL], ["trust", "--head", EVIL, "--reason", EVIL]],
    "hold": [["add", "ID", "--reason", EVIL], ["list"], ["list", "--format", "json"]],
}


def hidden_in(text: str) -> set[str]:
    """The characters that steer a terminal, reverse the direction of writing, or are not seen at all."""
    return {
        each
        for each in text
        if (unicodedata.category(each) in {"Cc", "Cf", "Zl", "Zp"} and each not in "\n\t") or each in UNSEEN[1:]
    } - {"b"}


@pytest.fixture
def hostile(desk: Desk) -> Desk:
    """A workspace in which titles, names, texts and comments are hostile, and one page is archived."""
    wiki = desk.wiki
    wiki.store.people.add("ana", display_name=f"Ana {EVIL}")
    home = wiki.add_page(HOME, f"<h2>News</h2><ul><li>{NEWS}</li></ul><h2>End</h2>")
    wiki.add_page("Archive", "<p>x</p>", parent=home)
    page = wiki.add_page(ARCHIVED, f"<p>{NEWS}</p>", parent=home, labels=("archived",))
    wiki.edit(page, f"<p>{NEWS} again</p>", message=EVIL)
    desk.data.write_text(
        f"workspace: {{space: WS2, home: '{home}'}}\nnews: {{items: [{{id: a, text: First.}}]}}\n", encoding="utf-8"
    )
    Path("body.xml").write_text("<p>a</p>", encoding="utf-8")
    return desk


def test_every_command_is_tried_below(seed: str) -> None:
    assert seed == "empty"
    assert {*COMMANDS, *WITHOUT_TITLES} >= {*_COMMANDS}


@both_flavours
def test_no_command_prints_what_steers_a_terminal(hostile: Desk) -> None:
    archived = str(hostile.wiki.find(ARCHIVED).id)
    shown = 0

    for name, variants in COMMANDS.items():
        for words in variants:
            if name == "history":
                hostile.wiki.edit(archived, f"<p>{NEWS} later</p>")
                hostile.ran("snapshot", code=None)
            ran = hostile.ran(name, *[archived if word == "ID" else word for word in words], code=None)
            assert hidden_in(ran.out + ran.err) == set(), (name, words)
            shown += "202e" in ran.out + ran.err
            if "json" in words:
                json.loads(ran.out or "null")

    assert shown > 10


@both_flavours
@pytest.mark.parametrize("form", ["text", "json", "markdown"])
def test_half_a_character_in_a_title_stops_no_command(hostile: Desk, form: str) -> None:
    settings = hostile.folder / "bot.yaml"
    with scripted_proxy(hostile.wiki.url) as proxy:
        settings.write_text(settings.read_text().replace(hostile.wiki.url, proxy.url))
        proxy.change("GET", "", halve_a_character, times=None)
        ran = hostile.ran("tree", "--format", form)

    assert "?rchived" in ran.out or "\\ud800rchived" in ran.out


def halve_a_character(answer: Answer) -> None:
    """Put a lone surrogate into a title: JSON can have it, no encoding can."""
    answer.body = answer.body.replace(b'"Archived', b'"\\ud800rchived')


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_a_log_line_shows_hidden_characters(seed: str, capsys: pytest.CaptureFixture[str], log_format: str) -> None:
    assert seed
    from loguru import logger

    from bot.log import finish_logging

    set_up_logging(log_format=log_format)
    try:
        raise ValueError(EVIL)  # noqa: TRY301
    except ValueError:
        logger.exception("page {} failed", EVIL)
    finish_logging()

    said = capsys.readouterr().err
    assert hidden_in(said) == set()
    assert "\\u202e" in said


def test_what_is_made_visible_in_json_means_the_same(seed: str) -> None:
    assert seed
    text = json.dumps({"title": EVIL + "é \u200d"}, ensure_ascii=False)

    shown = visible_in_json(text)

    assert hidden_in(shown) == set()
    assert json.loads(shown) == json.loads(text)
    assert "é" in shown
    assert visible("Zoë 👩\u200d💻") == "Zoë 👩\u200d💻"


pytestmark = pytest.mark.parametrize("seed", ["empty"])
