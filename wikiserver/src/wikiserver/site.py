"""One running wiki: its store, its flavour and its settings; and the caller of the current request."""

import base64
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NamedTuple, cast

from flask import g, request

from wikiserver.passwords import Passwords
from wikiserver.store import Content, NotFoundError, Space, Store, User
from wikiserver.tokens import Tokens

Flavour = Literal["cloud", "datacenter"]
SITE_KEY: Final = "wiki.site"
GATEWAY_KEY: Final = "wiki.gateway"
MAX_ID: Final = 2**63 - 1
CLOUD_ID: Final = "6b9c2f0e-52a1-4c41-9f0a-2b5f0e6c7a11"


class MediaFile(NamedTuple):
    """A file that a token of the media host gives access to; *version* is None for the newest version."""

    attachment_id: int
    version: int | None


@dataclass(slots=True)
class Site:
    """One served wiki. *max_page_size* caps the page size of every listing; 0 means no cap.

    *address* is the configured base address of links; if empty, the address of the request is used.
    *editor* is the editor in which people save: `cloud`, `datacenter`, or `none`; if empty, the one of the flavour.
    *sessions* are the accounts that are signed in with a browser, by session id. *has_gateway* turns
    the API gateway of Cloud on: `/ex/confluence/CLOUDID/wiki`. *media_port* is the port of the media
    host, *media_files* are the files that its tokens give access to.
    """

    store: Store
    flavour: Flavour
    max_page_size: int = 0
    is_read_only: bool = False
    answers_forbidden: bool = False
    refuses_over_drafts: bool = False
    refuses_nested_macros: bool = False
    omits_date: bool = False
    stale_search_seconds: float = 0.0
    address: str | None = None
    editor: str = ""
    conversions: dict[str, dict[str, Any]] = field(default_factory=dict)
    conversion_polls: int = 1
    sessions: dict[str, str] = field(default_factory=dict)
    has_gateway: bool = False
    tokens: Tokens = field(default_factory=Tokens)
    media_port: int = 0
    media_files: dict[str, MediaFile] = field(default_factory=dict)
    passwords: Passwords = field(default_factory=Passwords)

    @property
    def is_cloud(self) -> bool:
        """Return whether this wiki behaves like Confluence Cloud."""
        return self.flavour == "cloud"

    def capped(self, limit: int) -> int:
        """Return the page size of a listing for the requested *limit*."""
        return min(limit, self.max_page_size) if self.max_page_size else limit


def get_site() -> Site:
    """Return the wiki of the current request."""
    return cast(Site, request.environ[SITE_KEY])


def is_at_gateway() -> bool:
    """Return whether the current request came through the API gateway."""
    return GATEWAY_KEY in request.environ


def get_store() -> Store:
    """Return the store of the current request's wiki."""
    return get_site().store


def get_user() -> User:
    """Return the caller; only for authenticated requests."""
    return cast(User, g.user)


def base_url() -> str:
    """Return the configured address of the wiki, else the address of the request; `/wiki` included if it was used."""
    return (get_site().address or request.host_url).rstrip("/") + request.script_root


def authenticate(header: str | None, site: Site) -> User | None:
    """Return the account of an `Authorization` header, or None.

    On Cloud, the password is the API token of the account's email.
    """
    scheme, _, credentials = (header or "").partition(" ")
    match scheme.lower():
        case "bearer":
            name = site.passwords.find_account(credentials.strip())
            return None if name is None else site.store.people.find_by_name(name)
        case "basic":
            try:
                name, _, password = base64.b64decode(credentials, validate=True).decode().partition(":")
            except ValueError:  # not Base64, or not UTF-8
                return None
            return check_password(name, password, site)
    return None


def check_password(name: str, password: str, site: Site) -> User | None:
    """Return the account of that name or email if the password is right."""
    user = site.store.people.find(name)
    if user is None or not user.is_active or not site.passwords.is_right(user.name, password):
        return None
    return user


def space_of(content: Content) -> Space:
    """Return the space of a content."""
    return get_store().spaces.get(content.space_id)


def parse_id(text: str, *, what: str = "content") -> int:
    """Return the number in an id of the API (on Cloud, ids of attachments have the prefix `att`)."""
    digits = text.removeprefix("att")
    if not digits.isdecimal() or int(digits) > MAX_ID:
        raise NotFoundError(f"No {what} found with id: {text}")
    return int(digits)
