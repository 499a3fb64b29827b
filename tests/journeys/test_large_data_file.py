"""A data file with many items is parsed once in each content, and the work grows with the change, not with the file."""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot import inline_parser
from bot.config import data_file
from bot.config.plain_yaml import read_plain
from bot.config.yaml_source import YamlSource, validate
from tests.cli.conftest import Ran
from tests.cli.conftest import wikibot as wikibot
from tests.large_workspace import write_workspace
from wikiserver.testing import Wiki

pytestmark = pytest.mark.parametrize("flavour", ["cloud"])
ITEMS = 300


@pytest.fixture
def data(tmp_path: Path, wiki: Wiki, monkeypatch: pytest.MonkeyPatch) -> Path:
    wiki.add_page("Home", "<p>Home.</p>")
    path = write_workspace(tmp_path, wiki.url, ITEMS)
    monkeypatch.setenv("WIKIBOT_CONFIG", str(tmp_path / "bot.yaml"))
    monkeypatch.setenv("WIKIBOT_WIKI__TOKEN", "bot-secret")
    (tmp_path / "no-secrets").mkdir(mode=0o700)
    monkeypatch.setenv("WIKIBOT_SECRETS_DIR", str(tmp_path / "no-secrets"))
    return path


class Work:
    """How often each content of the data file was parsed and validated, and how many texts were read as Markdown."""

    def __init__(self) -> None:
        self.parsed: Counter[str] = Counter()
        self.validated: Counter[str] = Counter()
        self.markdown = 0

    def begin(self) -> None:
        """Forget the counts, and what this process knows: each command has a process of its own."""
        data_file._known.clear()
        self.__init__()  # type: ignore[misc]


@pytest.fixture
def work(data: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Work]:
    work = Work()
    read = inline_parser._PARSER.parseInline

    def counting_parse(text: str, *rest: object, **named: object) -> object:
        work.parsed[text] += text.startswith("workspace:")
        return read_plain(text, *rest, **named)  # type: ignore[arg-type]

    def counting_validate(model: object, source: YamlSource, error: object) -> object:
        work.validated[source.text] += 1
        return validate(model, source, error)  # type: ignore[arg-type]

    def counting_read(text: str) -> object:
        work.markdown += 1
        return read(text)

    monkeypatch.setattr("bot.config.yaml_source.read_plain", counting_parse)
    monkeypatch.setattr("bot.config.data_file.validate", counting_validate)
    monkeypatch.setattr(inline_parser._PARSER, "parseInline", counting_read)
    assert data.exists()
    yield work
    data_file._known.clear()


def test_each_content_is_parsed_and_validated_once(data: Path, work: Work, wikibot: Callable[..., Ran]) -> None:
    assert wikibot("apply", "--yes").code == 0
    for words, contents in (
        (("plan",), 1),
        (("sync",), 1),
        (("news", "list"), 1),
        (("news", "add", "Fresh [news](page:Home)"), 2),
        (("sync",), 1),
        (("run", "--once"), 1),
        (("banner", "set", "All is well."), 2),
        (("news", "remove", "item-7"), 2),
        (("check",), 1),
    ):
        work.begin()

        assert wikibot(*words).code in (0, 1, 2), words

        texts = [text for text, count in work.parsed.items() if count]
        assert len(texts) == contents, words
        assert data.read_text() in texts, words
        assert max(work.parsed.values()) == 1, words
        assert max(work.validated.values()) == 1, words


def test_addition_reads_the_markdown_of_what_it_adds_only(work: Work, wikibot: Callable[..., Ran]) -> None:
    assert wikibot("news", "add", "Something [new](https://example.org/new)", "--offline").code == 0

    assert work.markdown < ITEMS / 4


def test_addition_still_finds_the_item_with_the_same_words_or_target(work: Work, wikibot: Callable[..., Ran]) -> None:
    words = wikibot("news", "add", "Read the report **7** of group 0.", "--offline").err
    target = wikibot("news", "add", "Other [words](https://example.org/8)", "--offline").err

    assert "'item-7' has the same text" in words
    assert "'item-8' links to the same target" in target
    assert work.markdown < ITEMS / 2
