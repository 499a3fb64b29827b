"""`wikibot init`: set up."""

import os
import re
import shlex
import sys
from pathlib import Path

import click

from bot.cli import output
from bot.cli.adopt_commands import carry_out, confirm, propose
from bot.cli.app import App, pass_app
from bot.config.settings import DEFAULT_CONFIG
from bot.errors import BotError
from bot.operations.adoption import plan_adoption
from bot.operations.setup import Answers, set_up, write_bare_data_file

_TOKEN = "WIKIBOT_WIKI__TOKEN"  # noqa: S105 -- the name of a variable


@click.command()
@click.option("--url", help="Address of the wiki, such as https://NAME.atlassian.net/wiki.")
@click.option("--user", help="The account's e-mail address (Cloud); none for a personal access token (Data Center).")
@click.option("--space", "space_key", metavar="KEY", help="Key of the space.")
@click.option("--home", metavar="PAGE", help="Title or id of the home page.")
@click.option("--name", help="Short name of the workspace.  [default: from the space key]")
@click.option("--yes", "-y", is_flag=True, help="Do not ask before the page is written.")
@click.option("--no-adopt", is_flag=True, help="Write settings and a bare data file; leave the page alone.")
@pass_app
def init(
    app: App,
    *,
    url: str | None,
    user: str | None,
    space_key: str | None,
    home: str | None,
    name: str | None,
    yes: bool,
    no_adopt: bool,
) -> int:
    """Set up: ask for what is not given, try the wiki, write the settings file, adopt the home page."""
    path = app.config or Path(os.environ.get("WIKIBOT_CONFIG") or DEFAULT_CONFIG)
    url = _ask("Address of the wiki", url, "--url")
    if user is None and sys.stdin.isatty():
        user = (
            click.prompt("Account (empty for a personal access token)", default="", show_default=False, err=True)
            or None
        )
    _ask_for_token()
    space_key = _ask("Space key", space_key, "--space")
    home = _ask("Home page (title or id)", home, "--home")
    name = name or re.sub(r"[^a-z0-9_-]+", "-", space_key.lower()).strip("-_") or "workspace"
    app.set_up_logging()
    setup = set_up(path, Answers(url, user, space_key, home, name))
    output.say(f"{path} written; {setup.account} reaches {setup.home.title!r}")
    if no_adopt:
        output.say(f"{write_bare_data_file(setup)} written; `wikibot adopt` takes over what the page says")
        return 0
    adoption = plan_adoption(setup.runtime, setup.home.id)
    propose(adoption)
    if adoption.is_empty:
        output.say(f"{write_bare_data_file(setup)} written without regions; add them there")
        return 0
    try:
        confirm(yes=yes)
    except (click.UsageError, BotError):
        output.warn(f"the settings stay; `wikibot adopt {shlex.quote(setup.home.title)} --space {space_key}` goes on")
        raise
    carry_out(setup.runtime, adoption)
    return 0


def _ask(question: str, given: str | None, option: str) -> str:
    if given:
        return given
    if not sys.stdin.isatty():
        raise click.UsageError(f"say {option}")
    answer: str = click.prompt(question, err=True)
    return answer


def _ask_for_token() -> None:
    """Take the token from where it will be kept, or ask for it once; it is never written to a file."""
    has_secret = any((Path(os.environ.get("WIKIBOT_SECRETS_DIR") or "/run/secrets")).glob("wikibot_wiki__*"))
    has_dotenv = Path(".env").is_file() and _TOKEN in Path(".env").read_text(encoding="utf-8")
    if os.environ.get(_TOKEN) or os.environ.get("WIKIBOT_WIKI__PASSWORD") or has_secret or has_dotenv:
        return
    if not sys.stdin.isatty():
        raise click.UsageError(f"set {_TOKEN} to the token of the bot's account")
    os.environ[_TOKEN] = click.prompt("Token (it is not kept)", hide_input=True, err=True)
    output.warn(f"set {_TOKEN} to this token before you run the bot")
