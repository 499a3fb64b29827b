"""`wikibot demo`: the whole job on an embedded wiki, through the very commands that a person would type."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import requests

from bot.cli import output
from bot.cli.app import App, pass_app
from bot.cli.wiki_commands import wikiserver_missing
from bot.errors import BotError, SettingsError
from bot.files import read_text_file, replace_file
from bot.resources import demo_dir
from bot.snapshot.archive.signature import Signer

if TYPE_CHECKING:
    from bot.config.settings import Settings

HOME = "WS2 - Enhancing ICANN Accountability Implementation"
_ARCHIVED = "Mailing Lists: How To"
_NEWS = "Read the [Q1 2024 outlook](page:Implementation): **two** recommendations left."
_MARK = ".wikibot-demo"
_KEY = "signing_key"


@click.command()
@click.option("--once", is_flag=True, help="Exit at the end instead of leaving the wiki running.")
@click.option("--flavour", type=click.Choice(["cloud", "datacenter"]), default="datacenter", show_default=True)
@click.option("--port", type=int, default=0, help="Port of the wiki.  [default: a free one]")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("demo-run"),
    show_default=True,
    help="Where settings, data file and snapshots of the demo go; an earlier demo there is replaced.",
)
@pass_app
def demo(app: App, *, once: bool, flavour: str, port: int, folder: Path) -> None:
    """Show the whole job on an embedded wiki: adopt, plan, apply, capture, verify."""
    try:
        from wikiserver.seed import seed_wiki
        from wikiserver.server import WikiServer
        from wikiserver.store import Store
    except ModuleNotFoundError as error:
        raise wikiserver_missing(error) from error
    folder = folder.absolute()
    _prepare(folder)
    with Store(folder / "wiki.db") as store:
        seed_wiki(store, "demo")
        with WikiServer(store, flavour=flavour, port=port) as wiki:  # type: ignore[arg-type]  # click gives a plain str
            address = wiki.url + ("/wiki" if flavour == "cloud" else "")
            with _environment(folder, address, flavour):
                _show(app, folder, address)
                if once:
                    _say_where_to_look(folder)
                else:
                    _stay_up(folder, address)


def _show(app: App, folder: Path, address: str) -> None:
    run = _Steps(app)
    plan = folder / "plan.json"
    run.chapter("The home page is made by hand. The bot takes it over: the page reads as before.")
    run("adopt", HOME, "--space", "WS2", "--yes")
    run("plan")
    run.chapter("A news item is added to the data file; the plan shows what readers will see.")
    run("news", "add", _NEWS, "--id", "q1-2024-outlook", "--date", "2024-04-02")
    run("plan", "--out", str(plan), expect=2)
    run.chapter("Meanwhile Ana edits the same page, outside the bot's regions. Her edit stays.")
    edited = _edit_as_ana(address)
    run("apply", "--plan", str(plan))
    run("plan")
    _check_edit_survived(address, edited)
    run.chapter("The archived pages are captured as Markdown, sealed, and checked.")
    run("snapshot")
    run("verify")
    run.chapter("Ana corrects an archived page. The next capture keeps both versions, to compare.")
    words = ("80 characters a line, please", "72 characters a line, please")
    _save_as_ana(address, _ARCHIVED, *words, message="As the mail program wants it")
    run("snapshot")
    run("verify")
    _judge_by_bagit(folder / "snapshots")


class _Steps:
    """Runs commands as a person would type them, and stops at the first that ends otherwise than it should."""

    def __init__(self, app: App) -> None:
        self._app = app

    def chapter(self, text: str) -> None:
        output.say()
        output.say_heading(text)

    def __call__(self, *words: str, expect: int = 0) -> None:
        from bot.cli.main import cli

        output.say()
        output.say_prompt(["wikibot", *words])
        app = App(is_verbose=self._app.is_verbose, log_format=self._app.log_format)
        code = cli.main(args=list(words), prog_name="wikibot", obj=app, standalone_mode=False) or 0
        if code != expect:
            raise BotError(f"`wikibot {words[0]}` ended with {code} where {expect} was due")


def _prepare(folder: Path) -> None:
    """Create the folder again; refuse to touch one that no demo made."""
    if folder.exists():
        if not (folder / _MARK).exists() and any(folder.iterdir()):
            raise SettingsError("exists and was not made by a demo; name another with --folder", path=folder)
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    (folder / _MARK).touch()
    text = (demo_dir() / "bot.yaml").read_text(encoding="utf-8")
    if shutil.which("ssh-keygen"):
        _make_key(folder)
        text = text.replace("signing_key: none", f"signing_key: {_KEY}\n  allowed_signers: allowed_signers")
    replace_file(folder / "bot.yaml", text.encode())


def _make_key(folder: Path) -> None:
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "wikibot demo", "-f", str(folder / _KEY)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)  # noqa: S603 -- nothing foreign in it
    replace_file(folder / "allowed_signers", Signer(folder / _KEY).allowed_signers().encode())


@contextmanager
def _environment(folder: Path, address: str, flavour: str) -> Iterator[None]:
    """Say through the environment where the wiki is and who the bot is, as one would for a service."""
    wanted = {
        "WIKIBOT_CONFIG": str(folder / "bot.yaml"),
        "WIKIBOT_WIKI__URL": address,
        "WIKIBOT_WIKI__FLAVOUR": flavour,
        "WIKIBOT_WIKI__TOKEN": "bot-token" if flavour == "datacenter" else "bot-secret",
    }
    if flavour == "cloud":
        wanted["WIKIBOT_WIKI__USER"] = "bot"
    settings = folder / "bot.yaml"
    text = read_text_file(settings)
    text = text.replace("http://127.0.0.1:8090", address).replace("flavour: datacenter", f"flavour: {flavour}")
    settings.write_text(text, encoding="utf-8")  # so that the commands can be tried by hand with --config
    before = {name: value for name, value in os.environ.items() if name.startswith("WIKIBOT_")}
    for name in before:
        del os.environ[name]
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name in wanted:
            os.environ.pop(name, None)
        os.environ.update(before)


def _edit_as_ana(address: str) -> str:
    """Change a word of the home page outside the regions."""
    edited = "Please use the page tree below"
    _save_as_ana(address, HOME, "Use the page tree below", edited, message="A little more polite")
    return edited


def _save_as_ana(address: str, title: str, old: str, new: str, *, message: str) -> None:
    """Change words of a page, as a person with a browser would."""
    with _session_of_ana() as session:
        page = _read_page(session, address, title)
        body, number = page["body"]["storage"]["value"], page["version"]["number"]
        payload = {
            "id": page["id"],
            "type": "page",
            "title": page["title"],
            "version": {"number": number + 1, "message": message},
            "body": {"storage": {"value": str(body).replace(old, new, 1), "representation": "storage"}},
        }
        session.put(f"{address}/rest/api/content/{page['id']}", json=payload, timeout=30).raise_for_status()
    output.say(f"ana saved version {number + 1}: “{new} …”")


def _check_edit_survived(address: str, edited: str) -> None:
    with _session_of_ana() as session:
        if edited not in _read_page(session, address, HOME)["body"]["storage"]["value"]:
            raise BotError("Ana's edit is gone")
    output.say("Ana's edit is still there.")


def _session_of_ana() -> requests.Session:
    session = requests.Session()
    session.auth = ("ana", "ana-secret")
    session.trust_env = False  # a proxy cannot reach the wiki on this machine
    return session


def _read_page(session: requests.Session, address: str, title: str) -> dict[str, Any]:
    query = {"spaceKey": "WS2", "title": title, "expand": "body.storage,version"}
    answer = session.get(f"{address}/rest/api/content", params=query, timeout=30)
    answer.raise_for_status()
    page: dict[str, Any] = answer.json()["results"][0]
    return page


def _judge_by_bagit(snapshots: Path) -> None:
    """Let the Library of Congress's own tool judge every bag."""
    for bag in sorted(path.parent for path in snapshots.glob("*/bagit.txt")):
        output.say()
        output.say_prompt(["bagit.py", "--validate", str(bag)])
        command = [sys.executable, "-m", "bagit", "--validate", str(bag)]
        judged = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 -- nothing foreign in it
        output.say(judged.stderr.strip().splitlines()[-1].partition(" - INFO - ")[2])
        if judged.returncode != 0:
            raise BotError(f"bagit.py finds {bag} invalid")


def _say_where_to_look(folder: Path, address: str = "", link: str = "") -> None:
    """Say what can be looked at; the wiki and the desk only while they go on."""
    output.say()
    output.say_heading("To look at:")
    if link:
        output.say(f"  the web desk    {link}   (signs you in once)")
    if address:
        output.say(f"  the wiki        {address}/spaces/WS2/overview   (sign in as ana, password ana-secret)")
    output.say(f"  the snapshots   {folder / 'snapshots'}")
    output.say(f"  the data file   {folder / 'ws2.yaml'}")


def _stay_up(folder: Path, address: str) -> None:
    """Serve the desk, and run the jobs, until a signal."""
    from bot.cli.serve_command import serving
    from bot.config.policy import DeskSettings
    from bot.config.settings import load_settings
    from bot.history import open_history
    from bot.live_schedule import LiveSchedule
    from bot.runtime import Runtime

    def load() -> "Settings":
        return load_settings(folder / "bot.yaml")

    runtime = Runtime(load())
    live = LiveSchedule(runtime, open_history(runtime.folders.state / "runs.db"), load)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: runtime.stop.set())
    with serving(runtime, DeskSettings(), ("127.0.0.1", 0), live) as desk:
        _say_where_to_look(folder, address, desk.link)
        output.say()
        output.say("The wiki, the desk and the jobs go on; press Ctrl-C to stop them.")
        live.scheduler.run_until(runtime.stop)
