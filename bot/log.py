"""Log sinks: text or JSON on standard error, foreign loggers caught, secrets taken out of every line."""

import base64
import json
import logging
import os
import re
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

from loguru import logger

if TYPE_CHECKING:
    from loguru import Message

_TEXT_FORMAT = "<dim>{time:YYYY-MM-DD HH:mm:ss!UTC}Z</dim> <level>{level: <7}</level> {message}"
_SECRETS = re.compile(
    r"""(?ix)
    (?P<before>
        \b(?:bearer|basic)\s+(?=[\w+/=.~-]{16})             # an Authorization header
      | (?:authorization|api[_-]?key|[a-z_-]*token|[a-z_-]*secret|passw(?:or)?d)
        ["']?\s*[:=]\s*["']?(?:bearer\s+|basic\s+)?["']?     # a name and its value
      | ://[^\s/:@]*:(?=[^\s/@]+@)                          # an account in an address
    )
    (?P<secret>[^\s"',;&@)\]}]{4,})
    """
)
_QUIET = {
    "atlassian": logging.WARNING,
    "urllib3": logging.WARNING,
    "waitress": logging.WARNING,
    "werkzeug": logging.WARNING,
}
"""Foreign loggers that say too much: at DEBUG the API client logs whole page bodies."""


class Redactor:
    """Takes secrets out of text: those it was told, and whatever looks like one."""

    def __init__(self) -> None:
        self._known: tuple[str, ...] = ()

    def add(self, secrets: Iterable[str]) -> None:
        """Remember secrets, and the shapes in which they travel; very short ones would blot out plain words."""
        for secret in secrets:
            if len(secret) >= 4 and secret not in self._known:
                self._known = (*self._known, secret)
        self._known = tuple(sorted(self._known, key=len, reverse=True))

    def add_account(self, user: str | None, secret: str) -> None:
        """Remember a secret and, with *user*, the basic header made of both."""
        self.add([secret])
        if user:
            self.add([base64.b64encode(f"{user}:{secret}".encode()).decode()])

    def __call__(self, text: str) -> str:
        """Return *text* without secrets, known or apparent."""
        return _SECRETS.sub(r"\g<before>***", self.known(text))

    def known(self, text: str) -> str:
        """Return *text* without the secrets we hold; for our own texts, where `TOKEN: …` explains something."""
        for secret in self._known:
            text = text.replace(secret, "***")
        return text


redact = Redactor()
"""The one redactor of this process; tell it every secret that was read from the settings."""


def set_up_logging(*, log_format: str = "text", is_verbose: bool = False, is_quiet: bool = False) -> None:
    """Send all logging of this process to standard error, as *text* lines or one JSON object a line.

    *is_quiet* keeps what a command prints anyway out of the log.
    """
    level = "DEBUG" if is_verbose else "WARNING" if is_quiet else "INFO"
    logger.remove()
    if log_format == "json":
        logger.add(_write_json, level=level, format="{message}", backtrace=False, diagnose=False)
    else:
        has_colour = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
        # `diagnose` would print the values of variables: bodies and tokens
        logger.add(_write_text, level=level, format=_TEXT_FORMAT, colorize=has_colour, backtrace=False, diagnose=False)
    logging.basicConfig(handlers=[_Intercept()], level=logging.NOTSET if is_verbose else logging.INFO, force=True)
    for name, least in _QUIET.items():
        logging.getLogger(name).setLevel(least)


def _write_text(message: "Message") -> None:
    sys.stderr.write(redact(str(message)))


def _write_json(message: "Message") -> None:
    record = message.record
    entry: dict[str, object] = {
        "time": record["time"].isoformat(timespec="milliseconds"),
        "level": record["level"].name,
        "logger": record["name"],
        "message": redact(record["message"]),
    }
    if record["extra"]:
        entry["extra"] = {key: redact(str(value)) for key, value in record["extra"].items()}
    if record["exception"] is not None:
        entry["exception"] = redact(str(message).removeprefix(record["message"]).strip())
    sys.stderr.write(json.dumps(entry, ensure_ascii=False) + "\n")


class _Intercept(logging.Handler):
    """Hand what foreign libraries log to our sinks, under their own logger's name."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            text = record.getMessage()
        except Exception as error:  # noqa: BLE001 -- a library's faulty log call must not end the work that it reports on
            text = f"{record.msg} (its arguments could not be formatted: {type(error).__name__}: {error})"
        try:
            level: str | int = logger.level(record.levelname).name
        except ValueError:
            level = record.levelno
        named = logger.patch(lambda ours: ours.__setitem__("name", record.name))
        named.opt(exception=record.exc_info).log(level, "{}", text)
