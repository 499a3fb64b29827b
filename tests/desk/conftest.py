"""A desk over a real embedded wiki: for the test client of Flask, and for a browser."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from bot.cli.app import App
from bot.cli.main import cli
from bot.cli.serve_command import make_desk
from bot.config.policy import DeskSettings
from bot.config.revision_journal import account_name
from bot.config.settings import load_settings
from bot.desk.application import create_app
from bot.desk.desk import Desk
from bot.desk.roles import EVERY_WORKSPACE, Role
from bot.desk.server import DeskServer, open_port
from bot.runtime import Runtime
from tests.chromium import browser, chromium
from wikiserver.testing import Wiki, running_wiki

__all__ = ["browser", "chromium"]

PORT = 8091
BASE = f"http://127.0.0.1:{PORT}"
PASSWORD = "a long enough password"
HOME = "WS2 - Enhancing ICANN Accountability Implementation"
SETTINGS = """\
wiki: {{url: "{url}", flavour: {flavour}{user}, writes_per_minute: 6000}}
workspaces:
  - name: ws2
    data: ws2.yaml
    approval: {approval}
    archived: {{status: true, labels: [archived], under: [Archive]}}
jobs:
  - {{run: sync, every: 10 minutes}}
  - {{run: snapshot, every: day, at: "02:30", timezone: UTC}}
snapshots: {{path: snapshots, signing_key: none}}
safety: {{canary: 0}}
"""
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


class DeskClient:
    """A browser without JavaScript: it keeps cookies, and sends `Origin` and the token of forms."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.client.get(path, base_url=BASE, **options)

    def post(self, path: str, data: dict[str, Any] | None = None, **options: Any) -> TestResponse:
        """Send a form as a page of the desk would; `token=None` leaves the token out."""
        token = options.pop("token", "") or (self.token() if "token" not in options else "")
        headers = {"Origin": BASE, **options.pop("headers", {})}
        fields = {**(data or {}), **({"csrf_token": token} if token else {})}
        return self.client.post(path, data=fields, base_url=BASE, headers=headers, **options)

    def token(self) -> str:
        """The token that the forms of this session have."""
        for path in ("/", "/a", "/sign-in"):
            if found := _TOKEN.search(self.get(path).text):
                return found[1]
        raise AssertionError("no form on the page")


@pytest.fixture(autouse=True, scope="session")
def _cheap_passwords() -> Iterator[None]:
    """Hash passwords with little work; a test of the accounts uses what argon2 does otherwise."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("argon2.PasswordHasher", partial(PasswordHasher, time_cost=1, memory_cost=64, parallelism=1))
        yield


@dataclass
class DeskWorld:
    """A wiki, the folder of its bot, and a desk."""

    wiki: Wiki
    folder: Path
    desk: Desk
    app: Flask

    def run(self, *words: str) -> str:
        """Run a command of the bot; it has to end with 0."""
        app = App(config=self.folder / "bot.yaml")
        ran = CliRunner().invoke(cli, list(words), obj=app, catch_exceptions=False)
        assert ran.exit_code == 0, ran.output
        return ran.output

    def link_machine_account(self, *names: str) -> None:
        """Say which accounts of the desk the person has who runs the commands of the test."""
        runtime = self.desk.runtime
        desk = DeskSettings(machine_accounts={account_name(): names})
        settings = runtime.settings.model_copy(update={"desk": desk})
        self.desk.load_runtime = lambda: replace(runtime, settings=settings)

    def client(self) -> DeskClient:
        """A browser that is not signed in."""
        return DeskClient(self.app.test_client())

    def client_as(self, role: Role | str, *, workspace: str = EVERY_WORKSPACE) -> DeskClient:
        """A browser that is signed in as a person with *role*; the person has the name of the role."""
        role = Role.parse(role) if isinstance(role, str) else role
        name = role.word if workspace == EVERY_WORKSPACE else f"{role.word} of {workspace}"
        if name not in {each.name for each in self.desk.accounts.all()}:
            self.desk.accounts.add(name, PASSWORD, role, workspace)
        client = self.client()
        account = self.desk.accounts.get(name)
        token = self.desk.sessions.begin(account, address="127.0.0.1", agent="test")
        client.client.set_cookie(f"wikibot-session-{PORT}", token, domain="127.0.0.1")
        return client


@contextmanager
def desk_world(
    folder: Path, *, flavour: str = "datacenter", has_account: bool = True, approval: str = "none"
) -> Iterator[DeskWorld]:
    """A wiki with the demo workspace, whose home page the bot took over, and a desk for it with an account."""
    with running_wiki(flavour, "demo") as wiki, pytest.MonkeyPatch.context() as patch:  # type: ignore[arg-type]
        patch.setenv("WIKIBOT_WIKI__TOKEN", "bot-token" if flavour == "datacenter" else "bot-secret")
        user = ", user: bot" if flavour == "cloud" else ""
        text = SETTINGS.format(url=wiki.url, flavour=flavour, user=user, approval=approval)
        (folder / "bot.yaml").write_text(text, encoding="utf-8")
        runtime = Runtime(load_settings(folder / "bot.yaml"))
        desk = make_desk(runtime, DeskSettings(), "127.0.0.1", PORT)
        world = DeskWorld(wiki, folder, desk, create_app(desk))
        world.run("adopt", HOME, "--space", "WS2", "--yes")
        if has_account:
            desk.accounts.add("keeper", PASSWORD, Role.ADMIN)
        yield world


def home_body(world: DeskWorld) -> str:
    return world.wiki.body(world.wiki.find(HOME).id)


def edit_home(world: DeskWorld, old: str, new: str) -> None:
    body = home_body(world)
    assert old in body
    world.wiki.edit(world.wiki.find(HOME).id, body.replace(old, new, 1))


def wait_for_run(world: DeskWorld, location: str) -> str:
    """Wait until the run of a page ends; returns its outcome."""
    number = int(location.rpartition("/")[2])
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        run = world.desk.errands.history.find(number)
        assert run is not None
        if run.outcome is not None:
            return run.outcome.value
        time.sleep(0.05)
    raise AssertionError(f"run {number} did not end")


def checked(world: DeskWorld, client: DeskClient) -> str:
    """Check now, and return the page of the plan."""
    answer = client.post("/w/ws2/plan/check")
    assert answer.status_code == 302
    wait_for_run(world, answer.location)
    return client.get("/w/ws2/plan").text


def make_conflict(world: DeskWorld) -> None:
    """Let two news items be changed in the data file and, in another way, on the wiki."""
    world.run("news", "add", "Alpha news.", "--id", "alpha")
    world.run("news", "add", "Beta news.", "--id", "beta")
    world.run("sync")
    edit_home(world, "Alpha news.", "Alpha news, as Ana says.")
    edit_home(world, "Beta news.", "Beta news, as Ana says.")
    world.run("news", "edit", "alpha", "--text", "Alpha news, as the file says.")
    world.run("news", "edit", "beta", "--text", "Beta news, as the file says.")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskWorld]:
    """One world for the tests of a module that change nothing for each other."""
    with desk_world(tmp_path_factory.mktemp("desk")) as made:
        yield made


@pytest.fixture
def own_world(tmp_path: Path) -> Iterator[DeskWorld]:
    """A world for one test."""
    with desk_world(tmp_path) as made:
        yield made


@pytest.fixture
def client_as(world: DeskWorld) -> Callable[[Role | str], DeskClient]:
    """A browser that is signed in with a role."""
    return world.client_as


@pytest.fixture(scope="module")
def live(world: DeskWorld) -> Iterator[str]:
    """The address of a desk for a real browser, on the same world; `sign_in_browser` signs in."""
    with listening(world) as address:
        yield address


@contextmanager
def listening(world: DeskWorld) -> Iterator[str]:
    """Let a desk on *world* listen for a real browser; the value is its address."""
    with open_port("127.0.0.1", 0) as listener:
        desk = make_desk(world.desk.runtime, DeskSettings(), "127.0.0.1", listener.getsockname()[1])
        with DeskServer(desk, listener):
            yield desk.address.base


def sign_in_browser(browser: Any, world: DeskWorld, address: str, role: Role | str, path: str = "/") -> None:
    """Let a real browser sign in as a person with *role* (no form is filled in), and open *path*."""
    world.client_as(role)
    name = role.word if isinstance(role, Role) else role
    token = world.desk.sessions.begin(world.desk.accounts.get(name), address="127.0.0.1", agent="test")
    port = address.rpartition(":")[2]
    browser.get(f"{address}/healthz")
    browser.add_cookie({"name": f"wikibot-session-{port}", "value": token, "path": "/"})
    browser.get(f"{address}{path}")
