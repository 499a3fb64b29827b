"""Signing in with the accounts of an organisation, at a real provider (npm `oidc-provider`)."""

import json
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests
from bs4 import BeautifulSoup
from pydantic import SecretStr
from werkzeug.test import TestResponse

from bot.config.policy import DeskSettings, SingleSignOnSettings
from bot.desk.account.single_sign_on import roles_of
from bot.desk.roles import Role
from tests.desk.conftest import BASE, DeskClient
from tests.desk.test_safety import BareDesk
from tests.machine import need_npm

pytestmark = pytest.mark.needs("node")
_CALLBACK = f"{BASE}/sign-in/callback"


@dataclass
class Provider:
    """The provider, and the desk that trusts it."""

    process: subprocess.Popen[str]
    bare: BareDesk

    def set_groups(self, **groups: list[str]) -> None:
        """Change the groups of people."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(groups) + "\n")
        self.process.stdin.flush()

    def sign_in(self, client: DeskClient, name: str, path: str = "/account") -> TestResponse:
        """Go to the provider, sign in there as *name*, and come back."""
        return client.get(self.way_back(client, name, path))

    def way_back(self, client: DeskClient, name: str, path: str = "/account") -> str:
        """Return the address, with code and state, to which the provider sends the browser."""
        place = client.get(f"/sign-in/organisation?{urlencode({'next': path})}").location
        with requests.Session() as browser:
            while not place.startswith(_CALLBACK):
                answer = browser.get(place, allow_redirects=False, timeout=10)
                if answer.is_redirect:
                    place = requests.compat.urljoin(place, answer.headers["Location"])
                    continue
                form = BeautifulSoup(answer.text, "html.parser").find("form")
                assert form is not None, answer.text
                fields = {each["name"]: each.get("value", "") for each in form.find_all("input") if each.get("name")}
                fields |= {"login": name, "password": "any"} if "login" in fields else {}
                answer = browser.post(
                    requests.compat.urljoin(place, str(form["action"])), fields, allow_redirects=False, timeout=10
                )
                place = requests.compat.urljoin(place, answer.headers["Location"])
        parts = urlsplit(place)
        return f"{parts.path}?{parts.query}"


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    folder = need_npm("oidc-provider").parents[1]
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen(
        ["node", "provider.mjs", str(port), _CALLBACK],
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    settings = DeskSettings(
        oidc=SingleSignOnSettings(
            issuer=f"http://127.0.0.1:{port}",
            client_id="desk",
            client_secret=SecretStr("secret-of-the-desk"),
            scopes=("openid", "profile", "groups"),
            roles={"comms": "editor", "maintainers": "maintainer"},
        )
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "listening\n"
        yield Provider(process, BareDesk(tmp_path_factory.mktemp("desk"), settings=settings))
    finally:
        process.kill()
        process.communicate()


def test_a_person_has_the_role_of_the_groups_and_lands_on_the_wanted_page(provider: Provider) -> None:
    client = provider.bare.client()
    assert "Sign in with your organisation" in client.get("/account").text

    answer = provider.sign_in(client, "ana")

    assert (answer.status_code, answer.location) == (303, "/account")
    assert client.get("/account").status_code == 200
    account = provider.bare.desk.accounts.get("ana")
    assert (account.roles, account.has_password) == ({"*": Role.EDITOR}, False)
    assert client.get("/accounts").status_code == 404


def test_a_person_in_no_known_group_has_no_access(provider: Provider) -> None:
    client = provider.bare.client()

    answer = provider.sign_in(client, "eve")

    assert answer.status_code == 403
    assert "Your groups have no access" in answer.text
    assert client.get("/account").status_code == 401


def test_other_groups_mean_another_role_at_the_next_sign_in_and_end_earlier_sessions(provider: Provider) -> None:
    first, second = provider.bare.client(), provider.bare.client()
    provider.sign_in(first, "li")
    assert provider.bare.desk.accounts.get("li").roles == {"*": Role.MAINTAINER}

    provider.set_groups(li=["comms"])
    provider.sign_in(second, "li")

    assert provider.bare.desk.accounts.get("li").roles == {"*": Role.EDITOR}
    assert first.get("/account").status_code == 401
    assert second.get("/account").status_code == 200


def test_a_forged_state_or_the_answer_for_another_browser_is_refused(provider: Provider) -> None:
    client, stranger = provider.bare.client(), provider.bare.client()
    place = provider.way_back(client, "ana")
    code = parse_qs(urlsplit(place).query)["code"][0]

    forged = client.get(f"/sign-in/callback?{urlencode({'code': code, 'state': 'forged'})}")

    assert forged.status_code == 400
    assert stranger.get(place).status_code == 400
    assert stranger.get("/account").status_code == 401


def test_an_answer_works_once(provider: Provider) -> None:
    client = provider.bare.client()
    place = provider.way_back(client, "ana")

    assert client.get(place).status_code == 303
    assert provider.bare.client().get(place).status_code == 400


def test_a_provider_that_is_down_is_reported(tmp_path: Path) -> None:
    one = SingleSignOnSettings(issuer="http://127.0.0.1:9", client_id="desk", roles={"comms": "editor"})
    client = BareDesk(tmp_path, settings=DeskSettings(oidc=one)).client()

    answer = client.get("/sign-in/organisation")

    assert answer.status_code == 502
    assert "The provider does not answer" in answer.text


def test_the_highest_role_of_several_groups_counts_and_a_workspace_can_have_its_own() -> None:
    one = SingleSignOnSettings(
        issuer="https://login.example.org",
        client_id="desk",
        roles={"all": "auditor", "comms": "editor"},
        workspaces={"ws2": {"team": "maintainer"}},
    )

    assert roles_of(["all", "comms", "team", 7], one) == {"*": Role.EDITOR, "ws2": Role.MAINTAINER}
    assert roles_of("all", one) == {"*": Role.AUDITOR}
    assert roles_of(None, one) == {}
