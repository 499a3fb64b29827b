import json
import logging
from collections.abc import Iterator

import pytest
from loguru import logger

from bot.log import Redactor, redact, set_up_logging


@pytest.fixture(autouse=True)
def _leave_no_sinks() -> Iterator[None]:
    root = logging.getLogger()
    before = (root.level, root.handlers[:])
    yield
    logger.remove()
    root.setLevel(before[0])
    root.handlers[:] = before[1]


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer abcd1234efgh",
        "sent Bearer abcd1234efgh5678 to the wiki",
        "authorization: 'Basic abcd1234efgh'",
        '{"token": "abcd1234efgh"}',
        "WIKIBOT_WIKI__TOKEN=abcd1234efgh",
        "password = abcd1234efgh",
        "https://bot:abcd1234efgh@wiki.example.org/x",
        "GET /x?access_token=abcd1234efgh&y=1",
    ],
)
def test_whatever_looks_like_a_secret_is_taken_out(text: str) -> None:
    cleaned = Redactor()(text)

    assert "abcd1234efgh" not in cleaned
    assert "***" in cleaned


def test_known_secrets_are_taken_out_wherever_they_stand() -> None:
    redactor = Redactor()
    redactor.add_account("bot@example.org", "s3cr3t-value")

    cleaned = redactor("a s3cr3t-value and Ym90QGV4YW1wbGUub3JnOnMzY3IzdC12YWx1ZQ== in words")

    assert cleaned == "a *** and *** in words"


def test_explanation_about_a_token_keeps_its_words() -> None:
    redactor = Redactor()
    redactor.add(["s3cr3t-value"])

    assert redactor.known("WIKIBOT_WIKI__TOKEN: Input is no s3cr3t-value") == "WIKIBOT_WIKI__TOKEN: Input is no ***"


def test_plain_words_stay_as_they_are() -> None:
    text = "page 12 (Basic information of the secretariat, tokens: see below) moved on from version 3; plan again"

    assert Redactor()(text) == text


def test_text_lines_go_to_standard_error_without_secrets(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logging()
    redact.add(["very-secret-1"])

    logger.info("hello very-secret-1")
    logger.debug("too much")

    captured = capsys.readouterr()
    assert captured.out == ""
    assert "INFO    hello ***" in captured.err
    assert "too much" not in captured.err


def test_json_lines_are_one_object_each_with_the_traceback_inside(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logging(log_format="json")

    try:
        int("token=abcdefgh1234")
    except ValueError:
        logger.exception("job {} crashed\nbadly", "sync")

    (line,) = capsys.readouterr().err.splitlines()
    entry = json.loads(line)
    assert (entry["level"], entry["message"]) == ("ERROR", "job sync crashed\nbadly")
    assert "ValueError" in entry["exception"]
    assert "abcdefgh1234" not in line


def test_foreign_loggers_are_caught_under_their_own_name(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logging(log_format="json")

    logging.getLogger("some.library").warning("careful: %s", "{braces}")

    entry = json.loads(capsys.readouterr().err)
    assert (entry["logger"], entry["message"]) == ("some.library", "careful: {braces}")


def test_api_client_never_logs_bodies_even_when_verbose(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logging(is_verbose=True)

    logging.getLogger("atlassian.rest_client").debug("HTTP: Response text -> <p>private</p>")

    assert capsys.readouterr().err == ""


def test_traceback_does_not_show_the_values_of_variables(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logging()
    body = "<p>a private page body</p>"

    try:
        int(body.replace("private", "p" + "rivate")[:0] + "x")
    except ValueError:
        logger.exception("failed")

    assert "private page body" not in capsys.readouterr().err
