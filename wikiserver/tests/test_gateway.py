"""Cloud's API gateway: scoped tokens, OAuth clients, removed operations."""

from typing import Any

import pytest
import requests

from wikiserver.testing import Wiki

READ_PAGES = frozenset({"read:page:confluence"})
USER_PATH = "/rest/api/user/current"


@pytest.fixture
def gateway(wiki: Wiki) -> str:
    wiki.open_gateway()
    return wiki.gateway_url


def ask(url: str, auth: Any = None, **options: Any) -> requests.Response:
    return requests.request(options.pop("method", "GET"), url, auth=auth, timeout=10, **options)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_scoped_token_signs_in_at_the_gateway_and_not_at_the_site(wiki: Wiki, gateway: str) -> None:
    auth = ("bot@example.org", wiki.issue_token("bot"))

    at_gateway, at_site = ask(gateway + USER_PATH, auth), ask(wiki.url + USER_PATH, auth)

    assert at_gateway.json()["displayName"] == "Wiki Bot"
    assert (at_site.status_code, at_site.headers["Content-Type"]) == (401, "text/html; charset=utf-8")


def test_classic_token_signs_in_at_the_site_only(wiki: Wiki, gateway: str) -> None:
    assert ask(wiki.url + USER_PATH, ("bot", "bot-secret")).ok
    assert ask(gateway + USER_PATH, ("bot", "bot-secret")).status_code == 401


@pytest.mark.parametrize(
    ("method", "path", "scope", "is_allowed"),
    [
        ("GET", "/api/v2/pages", "read:page:confluence", True),
        ("GET", "/api/v2/pages", "read:confluence-content.all", False),  # no classic scope opens v2
        ("GET", "/api/v2/spaces", "read:page:confluence", False),
        ("PUT", "/api/v2/pages/0", "read:page:confluence", False),
        ("PUT", "/api/v2/pages/0", "write:page:confluence", True),
        ("GET", USER_PATH, "read:content-details:confluence", True),
        ("GET", USER_PATH, "read:confluence-user", True),
        ("GET", USER_PATH, "read:page:confluence", False),
    ],
)
def test_scopes_are_enforced(wiki: Wiki, gateway: str, method: str, path: str, scope: str, is_allowed: bool) -> None:
    auth = ("bot", wiki.issue_token("bot", frozenset({scope})))

    answer = ask(gateway + path, auth, method=method, json={} if method == "PUT" else None)

    assert (answer.status_code == 401) is not is_allowed
    if not is_allowed:
        assert answer.json()["message"] == "Unauthorized; scope does not match"
        assert answer.headers["X-Failure-Category"] == "FAILURE_CLIENT_SCOPE_CHECK"


def test_removed_operations_answer_410_at_the_gateway_only(wiki: Wiki, gateway: str) -> None:
    page_id = wiki.add_page("Page")
    path = f"/rest/api/content/{page_id}"

    assert ask(gateway + path, ("bot", wiki.issue_token("bot"))).status_code == 410
    assert ask(wiki.url + path, ("bot", "bot-secret")).ok


def test_another_cloud_id_and_a_missing_wiki_part_are_not_found(wiki: Wiki, gateway: str) -> None:
    auth = ("bot", wiki.issue_token("bot"))

    assert ask(gateway.replace("6b9c", "0000") + USER_PATH, auth).status_code == 404
    assert ask(gateway.removesuffix("/wiki") + USER_PATH, auth).status_code == 404
    assert ask(f"{wiki.server.url}/_edge/tenant_info").json()["cloudId"] in gateway


def test_access_tokens_of_a_client_end(wiki: Wiki, gateway: str) -> None:
    client_id, secret = wiki.add_service_account("robot")
    now = [0.0]
    wiki.site.tokens.clock = lambda: now[0]
    sent = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}

    granted = ask(f"{wiki.server.url}/oauth/token", method="POST", json=sent).json()
    early = ask(gateway + USER_PATH, headers=bearer(granted["access_token"]))
    now[0] = 3600.0
    late = ask(gateway + USER_PATH, headers=bearer(granted["access_token"]))

    assert granted["expires_in"] == 3600
    assert "refresh_token" not in granted
    assert early.json()["displayName"] == "Robot"
    assert late.status_code == 401


def test_wrong_secret_gets_no_token(wiki: Wiki, gateway: str) -> None:
    client_id, _ = wiki.add_service_account("robot")
    sent = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": "wrong"}

    answer = ask(f"{wiki.server.url}/oauth/token", method="POST", json=sent)

    assert (answer.status_code, answer.json()["error"]) == (401, "access_denied")
    assert ask(wiki.url + USER_PATH, ("robot", "robot-secret")).status_code == 401  # no classic token either
    assert gateway


@pytest.mark.parametrize("flavour", ["datacenter"])
def test_service_account_of_data_center_gets_its_token_from_the_wiki(wiki: Wiki) -> None:
    client_id, secret = wiki.add_service_account("robot")
    sent = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}

    granted = ask(f"{wiki.url}/rest/oauth2/latest/token", method="POST", data=sent).json()

    assert ask(wiki.url + USER_PATH, headers=bearer(granted["access_token"])).json()["displayName"] == "Robot"


def test_without_the_mode_there_is_no_gateway(wiki: Wiki) -> None:
    auth = ("bot", wiki.issue_token("bot"))

    assert ask(wiki.gateway_url + USER_PATH, auth).status_code == 404
    assert ask(f"{wiki.server.url}/oauth/token", method="POST", json={}).status_code == 404
