"""Sign in with the accounts of an organisation (OpenID Connect): code flow with PKCE, state and nonce, by Authlib."""

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast

from authlib.integrations.flask_client import FlaskOAuth2App, OAuth
from authlib.integrations.requests_client import OAuth2Session
from flask import Flask, abort, current_app, render_template, request, session
from werkzeug import Response

from bot.config.policy import SingleSignOnSettings
from bot.desk.account import blueprint
from bot.desk.account.sign_in import begin_session, wanted_place
from bot.desk.desk import current_desk
from bot.desk.failure_pages import Answer
from bot.desk.language import gettext as _
from bot.desk.roles import EVERY_WORKSPACE, Role, public
from bot.log import logger
from bot.wiki.plain_request import ServiceAdapter

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_CLIENT, _NEXT = "desk", "next"
_EXTENSION = "authlib.integrations.flask_client"
_NAMES = ("preferred_username", "email", "name", "sub")


def install(app: Flask, settings: SingleSignOnSettings) -> None:
    """Register the provider; it is asked when the first person signs in."""
    secret = settings.client_secret
    oauth = OAuth(app)
    oauth.register(
        _CLIENT,
        client_cls=_client_of(settings.issuer),
        server_metadata_url=f"{settings.issuer}/.well-known/openid-configuration",
        client_id=settings.client_id,
        client_secret=secret.get_secret_value() if secret is not None else None,
        client_kwargs={
            "scope": " ".join(settings.scopes),
            "code_challenge_method": "S256",
            **({} if secret is not None else {"token_endpoint_auth_method": "none"}),
        },
    )


def _client_of(issuer: str) -> type[FlaskOAuth2App]:
    """Return Authlib's client whose requests obey the rules for outgoing requests.

    The addresses of the provider come from its own description, and Authlib would follow redirects from them.
    """

    class _Session(OAuth2Session):  # type: ignore[misc]  # Authlib has no types
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            self.trust_env = False  # `requests` would send credentials from a .netrc file
            for scheme in ("https://", "http://"):
                self.mount(scheme, ServiceAdapter(issuer))

    class _Client(FlaskOAuth2App):  # type: ignore[misc]  # as above
        client_cls = _Session

    return _Client


@blueprint.get("/sign-in/organisation")
@public
def sign_in_with_organisation() -> Response | Answer:
    """Send the person to the provider."""
    provider = _provider()
    session[_NEXT] = wanted_place()
    try:
        answer = provider.authorize_redirect(f"{current_desk().address.base}/sign-in/callback")
    except Exception as error:  # noqa: BLE001 -- the provider and the network fail in many ways
        logger.error("single sign-on: the provider cannot be asked: {}", error)
        return _refused(_("The provider does not answer."), HTTPStatus.BAD_GATEWAY)
    return cast("Response", answer)


@blueprint.get("/sign-in/callback")
@public
def come_back() -> Response | Answer:
    """Begin a session for the person whom the provider names."""
    provider, desk = _provider(), current_desk()
    settings = desk.single_sign_on
    assert settings is not None, "there is a provider"  # noqa: S101 -- a bug of the program
    try:
        token = provider.authorize_access_token()
        claims = dict(token["userinfo"])
        if settings.groups not in claims:
            claims |= provider.userinfo(token=token)
    except Exception as error:  # noqa: BLE001 -- forged state, wrong nonce, bad signature, no answer: never a session
        logger.warning("single sign-on from {} was refused: {}", request.remote_addr, error)
        return _refused(_("The answer of the provider could not be confirmed. Try again."), HTTPStatus.BAD_REQUEST)
    if str(claims.get("iss", "")).rstrip("/") != settings.issuer.rstrip("/"):
        return _refused(_("The answer is from another provider."), HTTPStatus.BAD_REQUEST)
    roles = roles_of(claims.get(settings.groups), settings)
    name = next((str(claims[key]) for key in _NAMES if claims.get(key)), "")
    account = desk.accounts.admit(settings.issuer, str(claims["sub"]), name, roles)
    if account is None:
        return _refused(_("Your groups have no access to this desk. Ask its administrator."), HTTPStatus.FORBIDDEN)
    return begin_session(account, place=session.get(_NEXT, ""))


def roles_of(groups: object, settings: SingleSignOnSettings) -> dict[str, Role]:
    """Return the roles that a person has by the groups, by workspace; of several, the highest."""
    names = [groups] if isinstance(groups, str) else list(cast("Iterable[Any]", groups or ()))
    found: dict[str, Role] = {}
    places: dict[str, Mapping[str, str]] = {EVERY_WORKSPACE: settings.roles, **settings.workspaces}
    for place, table in places.items():
        own = [Role.parse(table[name]) for name in names if isinstance(name, str) and name in table]
        if own:
            found[place] = max(own)
    return found


def _provider() -> Any:
    """Return Authlib's client of the provider; there is no such page without one."""
    if current_desk().single_sign_on is None:
        abort(HTTPStatus.NOT_FOUND)
    return current_app.extensions[_EXTENSION].create_client(_CLIENT)


def _refused(message: str, status: HTTPStatus) -> Answer:
    heading = _("You are not signed in")
    return render_template("problem.html.j2", heading=heading, message=message, typed=[]), status
