"""Log sinks: text or JSON on standard error, other loggers intercepted, secrets redacted in every line."""

import base64
import json
import logging
import os
import re
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from bot.escape import visible, visible_but_colours, visible_in_json
from bot.log_queue import LogQueue, write_to_stderr
from bot.plural import counted

if TYPE_CHECKING:
    from loguru import Logger, Message

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
"""Minimum levels of verbose third-party loggers: at DEBUG the API client logs whole page bodies."""


class Redactor:
    """Replaces secrets in text: registered secrets, and text that looks like a secret."""

    def __init__(self) -> None:
        self._known: tuple[str, ...] = ()

    def add(self, secrets: Iterable[str]) -> None:
        """Register secrets. Secrets shorter than 4 characters are ignored: they would also match normal words."""
        for secret in secrets:
            if len(secret) >= 4 and secret not in self._known:
                self._known = (*self._known, secret)
        self._known = tuple(sorted(self._known, key=len, reverse=True))

    def add_account(self, user: str | None, secret: str) -> None:
        """Register a secret and, with *user*, the value of the basic authentication header."""
        self.add([secret])
        if user:
            self.add([base64.b64encode(f"{user}:{secret}".encode()).decode()])

    def __call__(self, text: str) -> str:
        """Return *text* without registered secrets and without text that looks like a secret."""
        return _SECRETS.sub(r"\g<before>***", self.known(text))

    def known(self, text: str) -> str:
        """Return *text* without registered secrets; for texts of the bot, where `TOKEN: …` can be an explanation."""
        for secret in self._known:
            text = text.replace(secret, "***")
        return text


redact = Redactor()
"""The redactor of this process; every secret from the settings must be registered."""


def _gap_as_text(count: int) -> str:
    return f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}Z WARNING {_describe_gap(count)}\n"


def _gap_as_json(count: int) -> str:
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    entry = {"time": now, "level": "WARNING", "logger": __name__, "message": _describe_gap(count)}
    return json.dumps(entry) + "\n"


def _describe_gap(count: int) -> str:
    return f"{counted(count, 'log line')} missing here: the log was not read in time, or could not be written"


_queue = LogQueue(write_to_stderr, _gap_as_text)


class _LateLogger:
    """Imports loguru, and prepares its sinks, when something is logged: the import is slow."""

    def __init__(self) -> None:
        self._prepare: Callable[[Logger], None] | None = None
        self._lock = threading.Lock()

    def prepare_with(self, prepare: "Callable[[Logger], None]") -> None:
        """Call *prepare* before the next log record; at once if loguru is loaded."""
        self._prepare = prepare
        if "loguru" in sys.modules:
            self._loaded()

    def _loaded(self) -> "Logger":
        from loguru import logger as loaded

        with self._lock:
            if self._prepare is not None:
                self._prepare(loaded)
                self._prepare = None
        return loaded

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loaded(), name)


_late = _LateLogger()
if TYPE_CHECKING:
    logger: Logger
else:
    logger = _late
"""The logger of the program; it has the methods of the logger of loguru."""


def set_up_logging(
    *, log_format: str = "text", is_verbose: bool = False, is_quiet: bool = False, wiki: str = ""
) -> None:
    """Send all logging of this process to standard error, as text lines or as one JSON object per line.

    *is_quiet* omits messages below WARNING, for commands that print their own results. Each line names *wiki*, if it is
    given.
    """
    level = "DEBUG" if is_verbose else "WARNING" if is_quiet else "INFO"
    _queue.describe_gap = _gap_as_json if log_format == "json" else _gap_as_text

    def prepare(loaded: "Logger") -> None:
        loaded.remove()
        loaded.configure(extra={"wiki": wiki} if wiki else {})
        text_format = _TEXT_FORMAT.replace("{message}", "{extra[wiki]}: {message}") if wiki else _TEXT_FORMAT
        # `diagnose` would log the values of variables, such as bodies and tokens
        if log_format == "json":
            loaded.add(_write_json, level=level, format="{message}", backtrace=False, diagnose=False)
        else:
            colours = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
            loaded.add(_write_text, level=level, format=text_format, colorize=colours, backtrace=False, diagnose=False)

    _late.prepare_with(prepare)
    logging.basicConfig(handlers=[_Intercept()], level=logging.NOTSET if is_verbose else logging.INFO, force=True)
    for name, least in _QUIET.items():
        logging.getLogger(name).setLevel(least)


@contextmanager
def collecting(add: Callable[[datetime, str, str], None], *, only: Callable[[str], bool]) -> Iterator[None]:
    """Call *add* with time, level and text of each message from INFO up while the block runs, without secrets.

    *only* says from which threads, by name.
    """

    def write(message: "Message") -> None:
        record = message.record
        if only(record["thread"].name):
            add(record["time"], record["level"].name, redact(record["message"]))

    number = logger.add(write, level="INFO", format="{message}", backtrace=False, diagnose=False, catch=True)
    try:
        yield
    finally:
        logger.remove(number)


def finish_logging(*, seconds: float | None = None) -> None:
    """Wait until the log is written, at most so many *seconds*; call this before the process ends."""
    _queue.flush(seconds)


def _write_text(message: "Message") -> None:
    said = message.record["message"]
    text = str(message).replace(said, visible(said), 1) if said else str(message)
    _queue.put(redact(visible_but_colours(text)))


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
    _queue.put(visible_in_json(json.dumps(entry, ensure_ascii=False)) + "\n")


class _Intercept(logging.Handler):
    """Forwards log records of libraries to the sinks of the bot, with the name of the original logger."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            text = record.getMessage()
        except Exception as error:  # noqa: BLE001 -- a faulty log call in a library must not end the logged work
            text = f"{record.msg} (its arguments could not be formatted: {type(error).__name__}: {error})"
        try:
            level: str | int = logger.level(record.levelname).name
        except ValueError:
            level = record.levelno
        named = logger.patch(lambda ours: ours.__setitem__("name", record.name))
        named.opt(exception=record.exc_info).log(level, "{}", text)
