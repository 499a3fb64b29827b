"""The desk in another language than English."""

import io
import re
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from bot.config.data_model import Icon
from bot.desk.language import CATALOGUES, LANGUAGES, repetition
from bot.desk.roles import Role
from bot.desk.sentences import CONTEXT, begun, sentence
from bot.desk.shown_names import event_name, icon_name, job_name, node_name, status_name
from bot.desk.write.emoticon_drawings import DRAWINGS
from bot.snapshot.archive.events import EventType
from bot.wiki.gateway import PageStatus, TreeKind
from script.sentences import extract
from tests.desk.conftest import PASSWORD
from tests.desk.test_safety import BareDesk
from tests.machine import ROOT


@pytest.fixture
def bare(tmp_path: Path) -> BareDesk:
    made = BareDesk(tmp_path)
    made.desk.accounts.add("ana", PASSWORD, Role.ADMIN)
    return made


def test_the_desk_speaks_the_language_of_the_browser_and_else_english(bare: BareDesk) -> None:
    client = bare.client()

    german = client.get("/sign-in", headers={"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"}).text
    other = client.get("/sign-in", headers={"Accept-Language": "sw"}).text

    assert '<html lang="de" dir="ltr">' in german
    assert "<h1>Anmelden</h1>" in german
    assert '<html lang="en" dir="ltr">' in other
    assert "<h1>Sign in</h1>" in other


def test_the_language_of_the_account_counts_more_than_that_of_the_browser(bare: BareDesk) -> None:
    client = bare.signed_in()

    client.post("/account", {"language": "de", "zone": "Europe/Berlin"})
    page = client.get("/account", headers={"Accept-Language": "en"}).text

    assert "<h1>Ihr Konto</h1>" in page
    assert "heute, 13:00" in page  # 12:00 in UTC


@pytest.mark.parametrize("language", sorted(set(LANGUAGES) - {"en"}))
def test_a_translation_has_the_values_of_its_text_and_most_texts_have_one(language: str) -> None:
    catalogue = read_po(io.BytesIO((CATALOGUES / f"{language}.po").read_bytes()), locale=language)
    methods = [("bot/desk/**.py", "python"), ("templates/desk/**.j2", "jinja2")]
    texts = {
        found[2] if isinstance(found[2], str) else found[2][0]
        for folder in ("bot/desk", "templates/desk")
        for found in extract_from_dir(
            ROOT / folder, [(pattern.removeprefix(f"{folder}/"), how) for pattern, how in methods]
        )
    }

    assert [(message.id, list(message.check())) for message in catalogue if list(message.check())] == []
    translated = {
        message.id if isinstance(message.id, str) else message.id[0]
        for message in catalogue
        if message.id and (message.string if isinstance(message.string, str) else all(message.string or [""]))
    }
    assert len(texts) > 300
    assert len(texts - translated) < len(texts) / 4, sorted(texts - translated)


def test_a_job_is_said_to_repeat_in_the_language_of_the_person(bare: BareDesk) -> None:
    def say(language: str) -> list[str]:
        with bare.app.test_request_context(headers={"Accept-Language": language}):
            return [repetition(every) for every in ("10 minutes", "120 minutes", "day", "2 weeks", "7 days", "monday")]

    assert say("en") == [
        "every 10 minutes",
        "every 2 hours",
        "every day",
        "every 2 weeks",
        "every week",
        "every Monday",
    ]
    assert say("de") == [
        "alle 10 Minuten",
        "alle 2 Stunden",
        "jeden Tag",
        "alle 2 Wochen",
        "jede Woche",
        "jeden Montag",
    ]


@pytest.mark.parametrize(
    ("text", "german"),
    [
        (
            "news item 'a' added; link 'Help: all' removed; line 2 of the banner moved; and 4 more",
            "Meldung 'a' hinzugefügt; Link 'Help: all' entfernt; Zeile 2 des Statusbanners verschoben; und 4 weitere",
        ),
        ("news item 'text': text, publish_at changed", "Meldung 'text': Text, Erscheinen geändert"),
        ("revision 7 undone: news item 'a' removed", "Änderung 7 rückgängig gemacht: Meldung 'a' entfernt"),
        (
            "2 files; downloaded 'found' (1,200 bytes)",
            "2 Dateien; 'found' heruntergeladen (1,200 Byte)",
        ),
        (
            "H: news: drifted: people changed it; `wikibot adopt` takes their text into the data file",
            "H: Meldungen: abgewichen: von Menschen geändert; `wikibot adopt` übernimmt ihren Text in die Datendatei",
        ),
        ("a sentence of nobody {1}", "a sentence of nobody {1}"),
    ],
)
def test_a_sentence_of_an_operation_is_said_in_the_language_of_the_person(
    bare: BareDesk, text: str, german: str
) -> None:
    with bare.app.test_request_context(headers={"Accept-Language": "de"}):
        assert sentence(text) == german
    with bare.app.test_request_context(headers={"Accept-Language": "en"}):
        assert sentence(text) == text


@pytest.mark.parametrize(
    ("name", "values"),
    [(event_name, EventType), (status_name, PageStatus), (node_name, TreeKind), (icon_name, [*Icon, *DRAWINGS])],
)
def test_each_value_that_people_see_has_a_name_in_each_language(
    bare: BareDesk, name: Callable[[str], str], values: Iterable[str]
) -> None:
    same = {"Information", "Migration", "Minus", "Plus", "Whiteboard"}
    with bare.app.test_request_context(headers={"Accept-Language": "de"}):
        german = {value: name(value) for value in values}
    with bare.app.test_request_context(headers={"Accept-Language": "en"}):
        english = {value: name(value) for value in values}

    assert [value for value in values if german[value] == english[value]] == []
    assert {each for each in german.values() if each.lower() in english.values()} <= same
    assert name("of nobody") == "of nobody"


@pytest.mark.parametrize("joint", [", ", ": ", " and ", " ("])
def test_a_sentence_of_any_length_is_shown_soon(bare: BareDesk, joint: str) -> None:
    titles = joint.join(["Title"] * 1_000)

    with bare.app.test_request_context(headers={"Accept-Language": "de"}):
        assert sentence(titles) == titles
        assert sentence(f"revision 7 undone: {titles}") == f"Änderung 7 rückgängig gemacht: {titles}"


@pytest.mark.parametrize("language", sorted(set(LANGUAGES) - {"en"}))
def test_every_sentence_of_the_operations_has_a_translation_with_its_values(language: str) -> None:
    lines = (CATALOGUES / "babel.cfg").read_text("utf-8").splitlines()
    files = [line.removeprefix("[sentences: ").removesuffix("]") for line in lines if line.startswith("[sentences:")]
    catalogue = read_po(io.BytesIO((CATALOGUES / f"{language}.po").read_bytes()), locale=language)
    known = {str(each.id): str(each.string) for each in catalogue if each.context == CONTEXT}

    found = {text for file in files for _, _, (_, text), _ in extract(io.BytesIO((ROOT / file).read_bytes()), (), ())}

    assert len(found) > 200
    assert sorted(text for text in found if not known.get(text)) == ["{1} on {2} {3}"]  # a machine has no words
    assert sorted(text for text in found if _values(known[text]) != _values(text) and known[text]) == []


def _values(text: str) -> list[str]:
    return sorted(re.findall(r"\{\d\}", text))


def test_jobs_and_other_work_have_names_for_people(bare: BareDesk) -> None:
    with bare.app.test_request_context(headers={"Accept-Language": "de"}):
        assert [job_name(each) for each in ("sync", "snapshot (day)", "check ws2", "read pages of ws2", "own")] == [
            "Abgleich",
            "Sicherung (day)",
            "Prüfung von ws2",
            "Einlesen der Seiten von ws2",
            "own",
        ]
    assert begun("a bot") == "A bot"
