"""Users and groups in the shape of v1: by account id on Cloud, by name and key on Data Center."""

from wikiserver.rest.arguments import Json
from wikiserver.rest.v1.expand import Expand
from wikiserver.site import base_url, get_site, get_store
from wikiserver.store import Group, User


def user_json(user: User, expand: Expand | None = None) -> Json:
    """Return one user."""
    expand = expand or Expand()
    if get_site().is_cloud:
        return {
            "type": "known",
            "accountId": user.account_id,
            "accountType": "atlassian",
            "email": user.email,
            "publicName": user.display_name,
            "profilePicture": _picture(),
            "displayName": user.display_name,
            "isExternalCollaborator": False,
            "externalCollaborator": False,
            "isGuest": False,
            **({"operations": []} if "operations" in expand else {}),
            "_expandable": expand.split({"operations": "", "personalSpace": ""}),
            "_links": {"self": f"{base_url()}/rest/api/user?accountId={user.account_id}"},
        }
    return {
        "type": "known",
        "username": user.name,
        "userKey": user.user_key,
        "profilePicture": _picture(),
        "displayName": user.display_name,
        **({"status": "current"} if "status" in expand else {}),
        "_links": {"self": f"{base_url()}/rest/api/user?key={user.user_key}"},
        "_expandable": expand.split({"status": ""}),
    }


def user_by_id(account_id: str, expand: Expand | None = None) -> Json:
    """Return the user of an account id; an unknown user is shown as a former user, as deleted users in Confluence."""
    user = get_store().people.find(account_id)
    if user is not None:
        return user_json(user, expand)
    who = {"accountId": account_id} if get_site().is_cloud else {"username": account_id, "userKey": account_id}
    return {"type": "unknown", **who, "profilePicture": _picture(), "displayName": "Former user", "_links": {}}


def anonymous_json() -> Json:
    """Return the anonymous user."""
    return {
        "type": "anonymous",
        "profilePicture": _picture(),
        "displayName": "Anonymous",
        "_links": {"self": f"{base_url()}/rest/api/user/anonymous"},
    }


def group_json(group: Group) -> Json:
    """Return one group."""
    if get_site().is_cloud:
        link = f"{base_url()}/rest/api/group/by-id?id={group.id}"
        return {"type": "group", "name": group.name, "id": group.id, "_links": {"self": link}}
    return {
        "type": "group",
        "name": group.name,
        "_links": {"self": f"{base_url()}/rest/api/group/{group.name}"},
    }


def _picture() -> Json:
    path = "/images/icons/profilepics/default.svg"
    return {"path": path, "width": 48, "height": 48, "isDefault": True}
