"""Check how well the bot's own files and its token are protected."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from bot.config.policy import WikiSettings
from bot.file_trust import FileRisk, find_risks
from bot.wiki.endpoint import is_loopback


@dataclass(frozen=True, slots=True)
class OwnFiles:
    """The files that steer the bot.

    *steering* are settings, data files, templates and the state folder. *missing_secrets* is the folder in
    `WIKIBOT_SECRETS_DIR` if it does not exist. *unread* is a `.env` in the current folder that is not read.
    """

    secrets: tuple[Path, ...]
    steering: tuple[Path, ...]
    missing_secrets: Path | None = None
    unread: Path | None = None


def find_clear_text(wiki: WikiSettings) -> Iterator[str]:
    """Yield a warning for each address to which the token would go without encryption, except on this machine."""
    for key in ("url", "gateway", "token_url"):
        parts = urlsplit(getattr(wiki, key) or "")
        if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
            yield (
                f"wiki.{key} begins with http://: everyone between this machine and {parts.hostname} can read the "
                "token and the pages; use https"
            )


def find_warnings(files: OwnFiles) -> Iterator[tuple[str, str]]:
    """Yield the subject and the message of each warning about the bot's own files."""
    if files.missing_secrets is not None:
        yield (
            "secrets folder",
            f"WIKIBOT_SECRETS_DIR is {files.missing_secrets}, and there is no such folder: no secret is read",
        )
    if files.unread is not None:
        yield (
            str(files.unread),
            "is not read, because it is not next to the settings file; move it there, or delete its WIKIBOT_ variables",
        )
    risks: Iterable[FileRisk] = (*find_risks(files.secrets, are_secrets=True), *find_risks(files.steering))
    for risk in risks:
        yield f"file {risk.path}", risk.message
