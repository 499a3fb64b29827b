"""Every route, with every role, with and without the token of a form: only what is declared is allowed."""

import re
from collections.abc import Iterator
from http import HTTPStatus

import pytest
from flask import Flask
from werkzeug.routing import Rule

from bot.desk.application import create_app
from bot.desk.roles import Role, least_role_of
from bot.desk.safety import raise_if_undeclared
from bot.errors import BotError
from tests.desk.conftest import BASE, DeskClient, DeskWorld

SIGN_IN = HTTPStatus.UNAUTHORIZED
HIDDEN = HTTPStatus.NOT_FOUND
REFUSED_FORM = HTTPStatus.BAD_REQUEST
# What a role may use answers in its own way; only these three answers mean that it may not.


def address_of(rule: Rule) -> str:
    """Return an address that the rule matches; the workspace is the one that exists."""
    return re.sub(r"<(?:(\w+):)?(\w+)>", lambda each: _value(each[1], each[2]), rule.rule)


def _value(converter: str | None, name: str) -> str:
    return "ws2" if name == "workspace" else "1" if converter == "int" else "desk.css" if name == "filename" else "x"


def routes(app: Flask) -> Iterator[tuple[str, str, Role | None]]:
    """Yield method, address and declared role of each route."""
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield method, address_of(rule), least_role_of(app.view_functions[rule.endpoint])


def send(client: DeskClient, method: str, path: str, token: str | None = None) -> HTTPStatus:
    headers = {"Origin": BASE}
    data = {"csrf_token": token} if token else {}
    return HTTPStatus(client.client.open(path, method=method, base_url=BASE, data=data, headers=headers).status_code)


def test_a_stranger_reaches_only_what_is_public(world: DeskWorld) -> None:
    client = world.client()
    token = client.token()

    answers = {
        (method, path): send(client, method, path, token)
        for method, path, least in routes(world.app)
        if least is not None
    }

    assert len(answers) > 5
    assert {key: answer for key, answer in answers.items() if answer is not SIGN_IN} == {}
    assert send(client, "GET", "/no-such-page") is SIGN_IN


@pytest.mark.parametrize("role", Role, ids=lambda role: role.word)
def test_a_role_reaches_what_is_declared_for_it_and_for_those_below(world: DeskWorld, role: Role) -> None:
    wrong = []
    client = world.client_as(role)
    token = client.token()

    for method, path, least in routes(world.app):
        if least is None:
            continue
        answer = send(client, method, path, token)
        if answer in {SIGN_IN, REFUSED_FORM}:  # the route before has ended the session
            client = world.client_as(role)
            token = client.token()
            answer = send(client, method, path, token)
        is_open = answer not in {SIGN_IN, HIDDEN}
        is_not_there = answer is HIDDEN and least <= role and _names_one_thing(path)
        if is_open != (least <= role) and not is_not_there:
            wrong.append((method, path, answer))

    assert wrong == []


def _names_one_thing(path: str) -> bool:
    """Return whether the address names something that this world need not have."""
    return any(part in {"x", "1"} or part[:1] == "v" for part in path.split("/"))


def test_no_form_is_accepted_without_its_token_or_from_another_site(world: DeskWorld) -> None:
    client = world.client_as(Role.ADMIN)
    token = client.token()
    others: tuple[dict[str, str], ...] = (
        {},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Referer": "https://evil.example/"},
    )
    wrong = []

    for method, path, _least in routes(world.app):
        if method == "GET":
            continue
        if send(client, method, path) is not REFUSED_FORM:
            wrong.append((method, path, "without token"))
        for headers in others:
            answer = client.client.open(path, method=method, base_url=BASE, data={"csrf_token": token}, headers=headers)
            if answer.status_code != REFUSED_FORM:
                wrong.append((method, path, str(headers)))

    assert wrong == []


def test_a_role_in_one_workspace_is_no_role_in_another(world: DeskWorld) -> None:
    client = world.client_as(Role.EDITOR, workspace="elsewhere")

    paths = [path for method, path, _ in routes(world.app) if method == "GET" and "/ws2" in path]

    assert [path for path in paths if send(client, "GET", path) is not HIDDEN] == []


def test_an_application_with_an_undeclared_view_does_not_start(world: DeskWorld) -> None:
    app = create_app(world.desk)
    app.view_functions["open"] = lambda: ""

    with pytest.raises(BotError, match="the view open is declared neither"):
        raise_if_undeclared(app)
