"""Operations without sign-in: the state of the server, and the cloud id."""

from typing import Any, Final

from flask import Blueprint, abort, jsonify

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
