"""Accounts, sessions and forms of the desk. No wiki is needed: nothing here asks one."""

import json
import multiprocessing
import re
import sqlite3
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from multiprocessing.synchronize import Barrier
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from argon2 import PasswordHasher
from flask import g

from bot.cli.serve_command import make_desk
from bot.config.policy import DeskSettings
from bot.config.settings import load_settings
from bot.desk.application import create_app
from bot.desk.carried_text import carried_form
from bot.desk.database import DeskDatabase
from bot.desk.desk import Desk, DeskAddress
from bot.desk.roles import Role
from bot.desk.server import raise_if_exposed
from bot.desk.visitor import Visitor
from bot.errors import BotError, SettingsError
from bot.runtime import Runtime
from tests.desk.conftest import BASE, PASSWORD, PORT, DeskClient

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
EVERYWHERE = "0.0.0.0"  # noqa: S104 -- nothing listens there
COOKIE = f"wikibot-session-{PORT}"


@dataclass
class BareDesk:
    """A desk whose wiki does not exist, and a clock that the test moves."""

    folder: Path
    now: list[datetime] = field(default_factory=lambda: [NOW])
    settings: DeskSettings = field(default_factory=DeskSettings)

    def __post_init__(self) -> None:
        (self.folder / "bot.yaml").write_text(
            "wiki: {url: 'http://127.0.0.1:9', flavour: datacenter}\nworkspaces: [{name: ws2, data: ws2.yaml}]\n"
        )
        runtime = Runtime(load_settings(self.folder / "bot.yaml"), clock=lambda: self.now[0])
        self.desk: Desk = make_desk(runtime, self.settings, "127.0.0.1", PORT)
        self.app = create_app(self.desk)

    def client(self) -> DeskClient:
        return DeskClient(self.app.test_client())

    def signed_in(self, name: str = "ana") -> DeskClient:
        client = self.client()
        answer = client.post("/sign-in", {"name": name, "password": PASSWORD})
        assert answer.status_code == 303, answer.text
        return client


@pytest.fixture
def bare(tmp_path: Path) -> BareDesk:
    made = BareDesk(tmp_path)
    made.desk.accounts.add("ana", PASSWORD, Role.ADMIN)
    return made


def test_every_page_has_the_headers_that_limit_what_it_may_do(bare: BareDesk) -> None:
    client = bare.signed_in()

    for answer in (client.get("/account"), client.get("/nowhere"), bare.client().get("/"), client.get("/healthz")):
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; base-uri 'none'")
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"


def test_no_page_has_a_script_or_a_style_inside(bare: BareDesk) -> None:
    client = bare.signed_in()

    for path in ("/", "/account", "/accounts", "/audit", "/nowhere"):
        page = client.get(path).text
        assert re.findall(r"<script(?![^>]*src=)|<style|\sstyle=|\son\w+=", page) == []


def test_another_host_is_not_answered(bare: BareDesk) -> None:
    client = bare.client().client

    assert client.get("/", base_url="http://evil.example:8091").status_code == 421
    assert client.get("/", base_url="http://127.0.0.1:1").status_code == 421
    assert client.get("/", base_url=f"http://localhost:{PORT}").status_code == 401
    assert client.get("/healthz", base_url="http://10.0.0.1").text == "ok\n"


def test_the_database_belongs_to_its_owner_and_has_neither_password_nor_token(bare: BareDesk) -> None:
    client = bare.signed_in()
    cookie = client.client.get_cookie(COOKIE, domain="127.0.0.1")
    assert cookie is not None

    path = bare.desk.database.path

    assert path.stat().st_mode & 0o777 == 0o600
    content = path.read_bytes()
    assert PASSWORD.encode() not in content
    assert cookie.value.encode() not in content
    assert b"$argon2id$" in content


def test_a_password_costs_a_guesser_as_much_as_argon2_advises(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("argon2.PasswordHasher", PasswordHasher)
    made = BareDesk(tmp_path)

    made.desk.accounts.add("ana", PASSWORD, Role.ADMIN)

    assert b"$argon2id$v=19$m=65536,t=3,p=4$" in made.desk.database.path.read_bytes()
    assert made.desk.accounts.check_password("ana", PASSWORD)


def test_the_cookie_of_a_session_is_for_this_host_and_no_script(tmp_path: Path) -> None:
    made = BareDesk(tmp_path, settings=DeskSettings(url="https://desk.example.org"))
    made.desk.accounts.add("ana", PASSWORD, Role.ADMIN)
    base, client = "https://desk.example.org", made.app.test_client()
    token = re.search(r'csrf_token" value="([^"]+)', client.get("/sign-in", base_url=base).text)
    assert token is not None
    fields = {"name": "ana", "password": PASSWORD, "csrf_token": token[1]}

    answer = client.post("/sign-in", data=fields, base_url=base, headers={"Origin": base})

    (cookie,) = [each for each in answer.headers.getlist("Set-Cookie") if "session" in each]
    assert cookie.startswith("__Host-wikibot-session=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))
    assert "max-age" in answer.headers["Strict-Transport-Security"]


def test_an_unknown_name_is_answered_like_a_wrong_password(bare: BareDesk) -> None:
    client = bare.client()

    wrong = client.post("/sign-in", {"name": "ana", "password": "x" * 20})
    unknown = client.post("/sign-in", {"name": "eve", "password": "x" * 20})

    assert (wrong.status_code, unknown.status_code) == (401, 401)
    hidden = re.compile(r'value="[^"]*"')
    assert hidden.sub("", wrong.text) == hidden.sub("", unknown.text)


def test_the_sixth_try_for_a_name_in_a_minute_is_refused_even_with_the_password(bare: BareDesk) -> None:
    client = bare.client()
    for _ in range(5):
        client.post("/sign-in", {"name": "ana", "password": "wrong"})

    answer = client.post("/sign-in", {"name": "Ana", "password": PASSWORD})

    assert answer.status_code == 429
    assert "Too many tries" in answer.text


def test_a_session_ends_after_eight_idle_hours_and_after_seven_days(bare: BareDesk) -> None:
    idle, busy = bare.signed_in(), bare.signed_in()

    for _ in range(8):
        bare.now[0] += timedelta(hours=1, minutes=1)
        assert busy.get("/account").status_code == 200
    assert idle.get("/account").status_code == 401

    while bare.now[0] < NOW + timedelta(days=7):
        assert busy.get("/account").status_code == 200
        bare.now[0] += timedelta(hours=7)
    assert busy.get("/account").status_code == 401


@pytest.mark.parametrize("change", ["password", "role", "remove", "sign out", "everywhere"])
def test_a_change_of_the_account_ends_its_sessions_at_the_next_request(bare: BareDesk, change: str) -> None:
    bare.desk.accounts.add("li", PASSWORD, Role.ADMIN)
    client = bare.signed_in("li")
    assert client.get("/account").status_code == 200

    match change:
        case "password":
            bare.desk.accounts.set_password("li", "another long password")
        case "role":
            bare.desk.accounts.set_role("li", Role.AUDITOR)
        case "remove":
            bare.desk.accounts.remove("li")
        case "sign out":
            client.post("/sign-out")
        case _:
            client.post("/account/sessions")

    assert client.get("/account").status_code == 401


def test_the_last_administrator_cannot_be_removed(bare: BareDesk) -> None:
    answer = bare.signed_in().post("/accounts", {"action": "remove", "name": "ana"})

    assert answer.status_code == 422
    assert "ana is the last administrator" in answer.text
    assert bare.desk.accounts.get("ana").name == "ana"


def test_a_short_password_is_refused_with_the_reason(bare: BareDesk) -> None:
    fields = {"action": "add", "name": "omar", "new_password": "short", "role": "editor", "workspace": "*"}

    answer = bare.signed_in().post("/accounts", fields)

    assert answer.status_code == 422
    assert "a password has 12 to 1000 characters; this one has 5" in answer.text
    assert 'value="omar"' in answer.text


def test_the_link_works_once_and_only_without_accounts(tmp_path: Path) -> None:
    made = BareDesk(tmp_path)
    link = urlsplit(made.desk.link).path
    first, second = made.client(), made.client()
    token = re.search(r'csrf_token" value="([^"]+)', first.get(link).text)
    assert token is not None
    assert first.get(link).status_code == 200  # looking at it changes nothing

    assert first.post(link, token=token[1]).status_code == 303
    assert first.get("/accounts").status_code == 200
    assert second.get(link).status_code == 410

    made.desk.accounts.add("ana", PASSWORD, Role.ADMIN)
    assert first.get("/accounts").status_code == 401
    assert made.client().get(urlsplit(made.desk.link).path).status_code == 410


def test_the_first_account_is_an_administrator_and_then_the_link_is_void(tmp_path: Path) -> None:
    made = BareDesk(tmp_path)
    link, client = urlsplit(made.desk.link).path, made.client()
    token = re.search(r'csrf_token" value="([^"]+)', client.get(link).text)
    assert token is not None
    client.post(link, token=token[1])
    fields = {"action": "add", "name": "ana", "new_password": PASSWORD, "workspace": "*"}

    assert client.post("/accounts", {**fields, "role": "editor"}).status_code == 422
    assert client.post("/accounts", {**fields, "role": "admin"}).location == "/sign-in"

    assert client.get("/accounts").status_code == 401


@pytest.mark.parametrize(
    ("address", "has_account", "missing"),
    [
        (DeskAddress(EVERYWHERE, 8091), False, ["make an account", "`desk.url`"]),
        (DeskAddress(EVERYWHERE, 8091, "https://desk.example.org"), False, ["make an account"]),
        (DeskAddress(EVERYWHERE, 8091), True, ["`desk.url`"]),
        (DeskAddress("127.0.0.1", 8091, "http://desk.example.org"), True, ["`desk.url`"]),
    ],
)
def test_others_are_not_served_before_it_is_safe(
    tmp_path: Path, address: DeskAddress, has_account: bool, missing: list[str]
) -> None:
    made = BareDesk(tmp_path)
    if has_account:
        made.desk.accounts.add("ana", PASSWORD, Role.ADMIN)

    with pytest.raises(SettingsError) as refused:
        raise_if_exposed(address, made.desk.accounts, has_single_sign_on=False)

    assert all(words in str(refused.value) for words in missing)


def test_what_was_typed_survives_the_end_of_the_session_and_nothing_is_saved(bare: BareDesk) -> None:
    client = bare.signed_in()
    token = client.token()
    bare.now[0] += timedelta(hours=9)
    typed = {"zone": "Europe/Berlin", "language": "de", "note": 'a "quoted" <b>text</b>\nin two lines'}

    refused = client.post("/account", typed, token=token)
    assert refused.status_code == 401
    assert "Nothing you typed is lost" in refused.text
    fields = dict(re.findall(r'name="(carried\.\w+|next)" value="([^"]*)"', refused.text))
    assert fields["next"] == "/account"
    carried = {name: typed[name.removeprefix("carried.")] for name in fields if name != "next"}
    assert set(carried) == {"carried.zone", "carried.language", "carried.note"}

    wrong = client.post("/sign-in", {"name": "ana", "password": "x", "next": "/account", **carried})
    assert "carried.note" in wrong.text
    back = client.post("/sign-in", {"name": "ana", "password": PASSWORD, "next": "/account", **carried})

    assert back.location.startswith("/account?carried=")
    assert bare.desk.accounts.get("ana").zone is None
    with bare.app.test_request_context(back.location, base_url=BASE):
        g.visitor = Visitor("ana", {}, "")
        found = carried_form()
        assert found is not None
        assert found.to_dict() == typed
        g.visitor = Visitor("eve", {}, "")
        assert carried_form() is None


@pytest.mark.parametrize("place", ["//evil.example", "https://evil.example", "/\\evil.example", "/sign-out", "\n/x"])
def test_signing_in_leads_to_no_other_site(bare: BareDesk, place: str) -> None:
    answer = bare.client().post("/sign-in", {"name": "ana", "password": PASSWORD, "next": place})

    assert answer.location == "/"


def test_a_role_that_does_not_reach_a_page_sees_what_it_sees_where_there_is_none(bare: BareDesk) -> None:
    bare.desk.accounts.add("li", PASSWORD, Role.AUDITOR)
    client = bare.signed_in("li")

    hidden, absent = client.get("/accounts"), client.get("/no-such-page")

    assert hidden.status_code == absent.status_code == 404
    assert re.sub(r'value="[^"]+"', "", hidden.text) == re.sub(r'value="[^"]+"', "", absent.text)


def test_every_change_is_a_line_of_the_audit_log_and_a_changed_line_breaks_the_chain(bare: BareDesk) -> None:
    client = bare.signed_in()
    fields = {"action": "add", "name": "omar", "new_password": PASSWORD, "role": "editor", "workspace": "ws2"}
    client.post("/accounts", fields)
    client.post("/accounts", {"action": "role", "name": "omar", "role": "maintainer", "workspace": "ws2"})
    (path,) = bare.desk.audit.months()

    lines = [json.loads(line) for line in path.read_text().splitlines()]

    assert [(line["who"], line["action"], line["subject"]) for line in lines] == [
        ("ana", "sign in", "ana"),
        ("ana", "add account", "omar"),
        ("ana", "set role", "omar"),
    ]
    assert (lines[2]["before"], lines[2]["after"]) == ("editor in ws2", "maintainer in ws2")
    assert PASSWORD not in path.read_text()
    assert bare.desk.audit.find_break() is None
    path.write_text(path.read_text().replace('"subject": "omar"', '"subject": "eve"', 1))
    assert bare.desk.audit.find_break() == f"{path.name}:3: the line before was changed or removed"
    assert "The log was changed outside the desk" in client.get("/audit").text


def test_a_newer_database_is_refused_with_what_to_do(tmp_path: Path) -> None:
    made = BareDesk(tmp_path)
    with sqlite3.connect(made.desk.database.path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()

    with pytest.raises(SettingsError, match="has format 99, written by a newer wikibot"):
        BareDesk(tmp_path)


def test_several_processes_can_make_the_database_at_once(tmp_path: Path) -> None:
    fork = multiprocessing.get_context("fork")
    for number in range(8):
        start = fork.Barrier(4)
        made = [fork.Process(target=_make_database, args=(tmp_path / f"{number}.sqlite", start)) for _ in range(4)]
        for process in made:
            process.start()
        for process in made:
            process.join()

        assert [process.exitcode for process in made] == [0] * 4


def _make_database(path: Path, start: Barrier) -> None:
    start.wait()
    DeskDatabase(path)


def test_an_unknown_account_is_suggested(bare: BareDesk) -> None:
    with pytest.raises(BotError, match=r"no account is named 'anna' \(did you mean 'ana'\?\)"):
        bare.desk.accounts.get("anna")
