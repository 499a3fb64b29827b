"""Operations without sign-in: the state of the server, the cloud id, and access tokens for OAuth 2.0 clients."""

from typing import Any, Final

from flask import Blueprint, abort, jsonify, request

from wikiserver.site import CLOUD_ID, get_site

platform: Final = Blueprint("platform", __name__)


@platform.get("/status")
def get_status() -> Any:
    """Report that the server runs, as Data Center's health check does."""
    if get_site().is_cloud:
        abort(404)
    return jsonify({"state": "RUNNING"})


@platform.get("/_edge/tenant_info")
def get_tenant() -> Any:
    """Return the id of the site, which Cloud returns to everyone."""
    if not get_site().is_cloud:
        abort(404)
    return jsonify({"cloudId": CLOUD_ID})


@platform.post("/oauth/token")
def grant_cloud_token() -> Any:
    """Return an access token for client credentials, as auth.atlassian.com does: JSON in, no refresh token."""
    if not (get_site().is_cloud and get_site().has_gateway):
        abort(404)
    sent = request.get_json(silent=True)
    return _grant(sent if isinstance(sent, dict) else {})


@platform.post("/rest/oauth2/latest/token")
def grant_server_token() -> Any:
    """Return an access token for client credentials, as Data Center 10 does: a form."""
    if get_site().is_cloud:
        abort(404)
    return _grant(request.form.to_dict())


def _grant(sent: dict[str, Any]) -> Any:
    if sent.get("grant_type") != "client_credentials":
        return {"error": "unsupported_grant_type", "error_description": "Unsupported grant type"}, 400
    tokens = get_site().tokens
    granted = tokens.grant(str(sent.get("client_id", "")), str(sent.get("client_secret", "")))
    if granted is None:
        return {"error": "access_denied", "error_description": "Unauthorized"}, 401
    text, client = granted
    answer = {"access_token": text, "token_type": "Bearer", "expires_in": int(tokens.lifetime_seconds)}
    return answer | ({"scope": " ".join(sorted(client.scopes))} if client.scopes is not None else {})
