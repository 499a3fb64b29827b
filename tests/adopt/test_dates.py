import datetime as dt

import pytest

from bot.adopt.dates import find_day, find_format, parse_day, split_leading_day
from bot.adopt.labels import LANGUAGES, guess_language, is_label_of, suggests
from bot.config.data_model import News
from bot.render import print_day

DAY = dt.date(2024, 5, 13)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_day_is_read_as_people_write_it_in_each_language(language: str) -> None:
    for pattern in ("long",) if language in ("ja", "ko", "zh") else ("long", "d MMMM y"):
        written = print_day(DAY, News(date_format=pattern, language=language))
        assert find_day(f"{written} x", language) == DAY, written


@pytest.mark.parametrize(
    ("text", "language", "day"),
    [
        ("13. Mai 2024", "de", DAY),
        ("le 13 mai 2024 : version", "fr", DAY),
        ("13 de mayo de 2024", "es", DAY),
        ("2024年5月13日:发布", "zh", DAY),
        ("2024년 5월 13일", "ko", DAY),
        ("13/05/2024", "pt", DAY),
        ("13/05/2024", "en", DAY),
        ("03/05/2024", "en", None),
        ("03/05/2024", "it", dt.date(2024, 5, 3)),
        ("3.5.2024", "en", dt.date(2024, 5, 3)),
        ("2024/05/13", "en", DAY),
        ("5 May", "en", None),
        ("May 2024", "en", None),
        ("11–13 May 2024", "en", None),
        ("11 to 13 May 2024", "en", None),
        ("vom 11. bis 13. Mai 2024", "de", None),
        ("11 au 13 mai 2024", "fr", None),
        ("version 2 on 13 May 2024", "en", DAY),
        ("13 May 2024 and 14 May 2024", "en", None),
        ("31 June 2024", "en", None),
        ("room 13/05/2024/7", "en", None),
        ("13 listopada 2024", "pl", dt.date(2024, 11, 13)),
        ("13 listopada 2024", "hr", dt.date(2024, 10, 13)),
        ("13 listopada 2024", "en", None),
    ],
)
def test_a_day_is_found_only_if_it_can_be_read_in_one_way(text: str, language: str, day: dt.date | None) -> None:
    assert find_day(text, language) == day


def test_a_day_alone_is_a_day_and_words_with_it_are_not() -> None:
    assert parse_day(" 13 May 2024: ") == DAY
    assert parse_day("On 13 May 2024") is None


@pytest.mark.parametrize(
    ("words", "language"),
    [
        (["13.05.2024", "02.04.2024"], "de"),
        (["2024-05-13"], "en"),
        (["13 mai 2024", "1 avril 2024"], "fr"),
        (["May 13, 2024"], "en"),
        (["13/05/2024"], "pt"),
    ],
)
def test_the_format_of_a_column_of_days_prints_the_same_words(words: list[str], language: str) -> None:
    found = find_format(words, language)

    assert found is not None
    news = News(date_format=found[0], language=found[1])
    assert [print_day(parse_day(each, language) or DAY, news) for each in words] == words
    assert find_format([*words, "soon"], language) is None


def test_a_day_is_taken_off_a_text_only_if_it_is_printed_in_the_same_words() -> None:
    german = News(date_format="d. MMMM y", language="de")

    assert split_leading_day("13. Mai 2024: neu", "de", german) == (DAY, "neu")
    assert split_leading_day("13.5.2024: neu", "de", german) == (None, "13.5.2024: neu")
    assert split_leading_day("[2024-05-13](date:2024-05-13): a", "en", News(date_format="calendar")) == (DAY, "a")


@pytest.mark.parametrize(
    ("region", "label"),
    [
        ("news", "📰 NEWS:"),
        ("news", "What’s new"),
        ("news", "Actualites"),
        ("news", "최신 소식"),
        ("news", "Ostatnie wiadomości"[8:]),
        ("quick_links", "Quick-Links"),
        ("quick_links", "Nützliche Links"),
        ("status", "Stav projektu"),
        ("status", "الحالة"),
    ],
)
def test_a_label_is_known_whatever_its_case_accents_and_icons(region: str, label: str) -> None:
    assert is_label_of(region, label)


def test_a_heading_that_contains_a_label_is_a_suggestion_only() -> None:
    assert not is_label_of("news", "Phoenix news")
    assert suggests("news", "Phoenix news")
    assert not suggests("news", "Newspapers")


def test_the_language_is_that_of_most_labels() -> None:
    assert guess_language(["Status", "Neuigkeiten", "Nützliche Links"]) == "de"
    assert guess_language(["Status", "News"]) == "en"
    assert guess_language(["Foo"]) == "en"
