"""Every kind of credential, at the address where the platform takes it: the site, the gateway, Data Center."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.errors import AuthenticationError, WikiAnswerError
from bot.wiki.credentials import ClientCredentials, Credentials
from tests.wiki.conftest import Connect
from tests.wiki.memory_sink import MemorySink
from wikiserver.site import Flavour as ServedFlavour
from wikiserver.testing import Wiki

ALL_READING = frozenset(
    f"read:{kind}:confluence" for kind in ("page", "space", "attachment", "comment", "label", "content-details")
)


@pytest.fixture
def flavour() -> ServedFlavour:
    return "cloud"


@pytest.fixture
def client(wiki: Wiki) -> ClientCredentials:
    wiki.open_gateway()
    client_id, secret = wiki.add_service_account("robot")
    return ClientCredentials(client_id, secret, f"{wiki.server.url}/oauth/token")


def scoped(wiki: Wiki, scopes: frozenset[str] | None = None) -> Credentials:
    wiki.open_gateway()
    return Credentials(wiki.issue_token("bot", scopes), "bot@example.org")


def paths(wiki: Wiki) -> list[str]:
    return [path for _method, path in wiki.requests]


def test_classic_token_is_used_at_the_site(wiki: Wiki, connect: Connect) -> None:
    wiki.open_gateway()
    gateway = connect(credentials=Credentials("bot-secret", "bot@example.org"))

    assert gateway.fetch_current_user().display_name == "Wiki Bot"
    assert gateway.sign_in == "classic API token of bot@example.org"
    assert paths(wiki) == ["/wiki/rest/api/user/current"]


def test_scoped_token_is_recognised_by_the_refusal_of_the_site(wiki: Wiki, connect: Connect) -> None:
    gateway = connect(credentials=scoped(wiki))

    assert gateway.fetch_space("WS2").key == "WS2"

    assert gateway.sign_in == f"scoped API token of bot@example.org, at the API gateway {wiki.gateway_url}"
    assert [path for path in paths(wiki) if not path.startswith("/ex/confluence/")] == [
        "/wiki/api/v2/spaces",
        "/_edge/tenant_info",
    ]
    assert gateway.base_url == wiki.url


@pytest.mark.parametrize("form", ["", "/wiki"])
def test_gateway_address_is_enough(wiki: Wiki, connect: Connect, form: str) -> None:
    page_id = wiki.add_page("Page", "<p>x</p>", space="WS2")
    url = wiki.gateway_url.removesuffix("/wiki") + form
    gateway = connect(url=url, credentials=scoped(wiki))

    page = gateway.fetch_page(page_id)

    assert page.ref.url.startswith(f"{wiki.url}/spaces/WS2/")
    assert gateway.base_url == wiki.url
    assert gateway.addresses == (wiki.url, wiki.gateway_url)
    assert all(path.startswith("/ex/confluence/") for path in paths(wiki))


def test_listings_writes_and_downloads_work_at_the_gateway(wiki: Wiki, connect: Connect) -> None:
    ids = [wiki.add_page(f"Page {number}", "<p>x</p>") for number in range(5)]
    wiki.site.max_page_size = 2
    wiki.store.attachments.add(int(ids[0]), "a.txt", b"text", author=wiki.account("ana"))
    gateway = connect(url=wiki.gateway_url, credentials=scoped(wiki))

    refs = list(gateway.iter_refs("WS2"))
    written = gateway.update_page(gateway.fetch_page(ids[0]), "<p>y</p>", message="m")
    sink = MemorySink()
    gateway.download(gateway.fetch_attachments(ids[0])[0], sink)

    assert [ref.id for ref in refs] == ids
    assert (written.number, sink.content) == (2, b"text")
    assert "<p>y</p>" in wiki.body(ids[0])


def test_client_credentials_are_used_at_the_gateway(wiki: Wiki, connect: Connect, client: ClientCredentials) -> None:
    gateway = connect(credentials=client)

    assert gateway.fetch_current_user().display_name == "Robot"
    assert gateway.sign_in.startswith("OAuth 2.0 client robot-client of a service account, at the API gateway")
    assert paths(wiki).count("/oauth/token") == 1


def test_access_token_is_renewed_before_it_ends(wiki: Wiki, connect: Connect, client: ClientCredentials) -> None:
    start = datetime(2026, 1, 2, 12, tzinfo=UTC)
    moment = [start]
    client.now = lambda: moment[0]
    wiki.site.tokens.clock = lambda: (moment[0] - start).total_seconds()
    gateway = connect(credentials=client)

    for minutes in (0, 58, 59, 90, 119):
        moment[0] = start + timedelta(minutes=minutes)
        gateway.fetch_current_user()

    assert paths(wiki).count("/oauth/token") == 3


def test_access_token_that_ends_early_is_renewed_once(wiki: Wiki, connect: Connect, client: ClientCredentials) -> None:
    gateway = connect(credentials=client)
    page_id = wiki.add_page("Page", "<p>x</p>")
    page = gateway.fetch_page(page_id)
    wiki.site.tokens.issued.clear()

    gateway.update_page(page, "<p>y</p>", message="m")

    assert paths(wiki).count("/oauth/token") == 2
    assert len(wiki.versions(page_id)) == 2


def test_dry_run_may_fetch_a_token(wiki: Wiki, connect: Connect, client: ClientCredentials) -> None:
    assert connect(credentials=client, is_dry_run=True).fetch_current_user().display_name == "Robot"
    assert wiki.requests


def test_wrong_client_secret_is_explained(wiki: Wiki, connect: Connect, client: ClientCredentials) -> None:
    client.secret = "wr0ng-secret"

    with pytest.raises(AuthenticationError, match=r"client robot-client: answer 401 \(Unauthorized\); check") as caught:
        connect(credentials=client).fetch_current_user()

    assert "wr0ng" not in str(caught.value)
    assert wiki.requests


@pytest.mark.parametrize("flavour", ["datacenter"])
def test_service_account_of_data_center(wiki: Wiki, connect: Connect) -> None:
    client_id, secret = wiki.add_service_account("robot")
    token_url = f"{wiki.url}/rest/oauth2/latest/token"
    credentials = ClientCredentials(client_id, secret, token_url, is_cloud=False)

    assert connect(credentials=credentials).fetch_current_user().display_name == "Robot"


@pytest.mark.parametrize("flavour", ["datacenter"])
@pytest.mark.parametrize(
    ("credentials", "kind"),
    [(Credentials("bot-token"), "personal access token"), (Credentials("bot-secret", "bot"), "password of bot")],
)
def test_token_and_password_of_data_center(wiki: Wiki, connect: Connect, credentials: Credentials, kind: str) -> None:
    gateway = connect(credentials=credentials)

    assert gateway.fetch_current_user().display_name == "Wiki Bot"
    assert (gateway.sign_in, gateway.find_missing_scopes()) == (kind, [])
    assert wiki.requests


@pytest.mark.parametrize(
    ("action", "scope"),
    [
        (lambda gateway: gateway.fetch_space("WS2"), "read:space:confluence"),
        (lambda gateway: gateway.fetch_page("1"), "read:page:confluence"),
        (lambda gateway: gateway.add_labels("1", ["x"]), "write:label:confluence"),
        (lambda gateway: gateway.fetch_current_user(), "read:content-details:confluence"),
    ],
)
def test_missing_scope_is_named(wiki: Wiki, connect: Connect, action: Any, scope: str) -> None:
    has = ALL_READING - {scope}
    gateway = connect(url=wiki.gateway_url, credentials=scoped(wiki, has))

    with pytest.raises(AuthenticationError, match=f"scope.*{scope}"):
        action(gateway)


def test_missing_scopes_are_found_without_changing_anything(wiki: Wiki, connect: Connect) -> None:
    page_id = wiki.add_page("Page", "<p>x</p>")
    some = frozenset({"read:page:confluence", "read:space:confluence", "read:content-details:confluence"})
    gateway = connect(credentials=scoped(wiki, some), is_dry_run=True)
    gateway.fetch_current_user()

    missing = gateway.find_missing_scopes()

    assert {"write:page:confluence", "write:label:confluence", "read:attachment:confluence"} <= set(missing)
    assert not some & set(missing)
    assert len(wiki.versions(page_id)) == 1
    full = connect(url=wiki.gateway_url, credentials=scoped(wiki))
    assert full.find_missing_scopes() == []


def test_token_that_nobody_takes_is_refused_with_both_possibilities(wiki: Wiki, connect: Connect) -> None:
    wiki.open_gateway()
    gateway = connect(credentials=Credentials("wrong", "bot@example.org"))

    with pytest.raises(AuthenticationError, match=r"401.*check user and token"):
        gateway.fetch_current_user()
    with pytest.raises(AuthenticationError):
        gateway.fetch_current_user()

    assert paths(wiki).count("/_edge/tenant_info") == 1


def test_scoped_token_that_is_bound_to_the_site_is_explained(wiki: Wiki, connect: Connect) -> None:
    gateway = connect(credentials=scoped(wiki), access="site")

    with pytest.raises(AuthenticationError, match="scoped token works at the API gateway only"):
        gateway.fetch_current_user()


def test_classic_token_at_the_gateway_is_explained(wiki: Wiki, connect: Connect) -> None:
    wiki.open_gateway()
    gateway = connect(url=wiki.gateway_url, credentials=Credentials("bot-secret", "bot@example.org"))

    with pytest.raises(AuthenticationError, match="classic API token works at the address of the site only"):
        gateway.fetch_current_user()


def test_site_without_a_cloud_id_is_explained(wiki: Wiki, connect: Connect) -> None:
    gateway = connect(url=f"{wiki.server.url}/wiki", credentials=scoped(wiki), access="gateway")
    wiki.site.flavour = "datacenter"  # answers 404 to the question

    with pytest.raises(WikiAnswerError, match="has no cloud id"):
        gateway.fetch_current_user()
