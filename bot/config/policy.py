"""Policy values: the sections of `bot.yaml`, also used directly by the other packages."""

import re
from collections.abc import Sequence
from datetime import date, time
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    field_validator,
    model_validator,
)

from bot.config.cadence import Cadence
from bot.config.data_model import REGION_NAMES
from bot.config.store_address import check_store_address
from bot.errors import SettingsError
from bot.site_address import with_scheme
from bot.storage.place import Place
from bot.suggestion import did_you_mean


class DriftPolicy(StrEnum):
    """What to do about a region that people changed while the data file stayed as it was."""

    REPORT = "report"
    REPAIR = "repair"
    IGNORE = "ignore"


class ApprovalPolicy(StrEnum):
    """Who has to agree to a draft before it is saved to the data file."""

    NONE = "none"
    MAINTAINER = "maintainer"


class MergePolicy(StrEnum):
    """Whether an unattended run takes what people changed on the page into the data file."""

    ASK = "ask"
    AUTO = "auto"


class NotifyPolicy(StrEnum):
    """Which versions of a region send notifications to the watchers of the page."""

    NEVER = "never"
    NEWS = "news"
    ALWAYS = "always"


class CommentPolicy(StrEnum):
    """What is done if a write removes words that people have commented on inline."""

    REPORT = "report"
    HOLD = "hold"


def _check_address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("must be the http or https address of the wiki, such as https://NAME.atlassian.net/wiki")
    if "@" in parts.netloc or parts.query or parts.fragment or not url.isprintable():
        raise ValueError("must be the bare address of the wiki, without account, query or fragment")
    place = _HOST_AND_PORT.fullmatch(parts.netloc)
    if place is None or not 0 < int(place["port"] or 1) <= _HIGHEST_PORT:
        raise ValueError("must name a host, and after a colon a port from 1 to 65535")
    return url.rstrip("/")


NAME = r"[a-z][a-z0-9]*(_[a-z0-9]+)*"
"""Small letters, digits and single `_`: a name that can be part of the name of an environment variable."""
WIKI_NAME = f"^{NAME}$"
_SECRET_CHARACTERS = 16
_HIGHEST_PORT = 65_535
_ADDRESS_WITH_PASSWORD = re.compile(r"^[a-z+]+://[^/@\s]*:[^/@\s]*@", re.IGNORECASE)
_HOST_AND_PORT = re.compile(r"(?:[\w.-]+|\[[0-9a-f:.]+(?:%\w+)?\])(?::(?P<port>[0-9]{1,5}))?", re.IGNORECASE)


def _check_remote(remote: str) -> str:
    if not remote.strip() or remote.startswith("-") or "::" in remote:
        raise ValueError("must be the address or the path of a git repository")
    if _ADDRESS_WITH_PASSWORD.match(remote):
        raise ValueError("must be without a password; use an SSH key (`key`)")
    return remote


def _complete(value: object) -> object:
    return with_scheme(value) if isinstance(value, str) else value


def _as_tuple(value: object) -> object:
    return (value,) if isinstance(value, str) else value


def _as_text(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


StoreLocation = Annotated[str, AfterValidator(check_store_address)]
"""A bucket of S3-compatible storage, and a prefix of keys in it."""

HttpAddress = Annotated[str, AfterValidator(_check_address)]
WikiAddress = Annotated[str, BeforeValidator(_complete, json_schema_input_type=str), AfterValidator(_check_address)]
NonEmptyText = Annotated[str, Field(min_length=1), BeforeValidator(_as_text, json_schema_input_type=str | int)]
Texts = Annotated[
    tuple[NonEmptyText, ...], BeforeValidator(_as_tuple, json_schema_input_type=str | tuple[NonEmptyText, ...])
]


class SettingsSection(BaseModel):
    """A part of the settings: frozen, and strict about unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class WikiSettings(SettingsSection):
    """Where the wiki is and how the bot signs in."""

    url: WikiAddress = Field(
        "http://127.0.0.1:8090",
        description="Address of the wiki. Cloud: `https://NAME.atlassian.net`, with or without `/wiki`; the address of "
        "the API gateway or a bare cloud id is accepted too. Data Center: with the context path, if there is one.",
        examples=["https://example.atlassian.net/wiki", "https://wiki.example.org/confluence"],
    )
    flavour: Literal["cloud", "datacenter"] | None = Field(
        None,
        description="The kind of Confluence. Absent: Cloud for host names of Atlassian, Data Center for all others. "
        "Set `cloud` for a Cloud site with its own domain.",
        examples=["datacenter"],
    )
    access: Literal["site", "gateway"] | None = Field(
        None,
        description="Cloud: where requests go. `site`: the address of the site, for classic API tokens. `gateway`: the "
        "API gateway, for scoped tokens. Absent: service accounts and OAuth use the gateway; for others, the gateway "
        "is tried after the site refuses the token.",
        examples=["gateway"],
    )
    gateway: HttpAddress | None = Field(
        None,
        description="Cloud: host of the API gateway. Absent: `https://api.atlassian.com`.",
        examples=["https://api.atlassian.com"],
    )
    public_url: HttpAddress | None = Field(
        None,
        description="Address of the wiki that people use, for links and evidence. Absent: what the wiki says.",
        examples=["https://wiki.example.org/confluence"],
    )
    user: str | None = Field(
        None,
        description="Account name for basic authentication. Cloud: the e-mail address of the account, used with an API "
        "token. Absent: the token is sent as a bearer token (Data Center personal access token).",
        examples=["wikibot@example.org"],
    )
    token: SecretStr | None = Field(
        None,
        description="API token or personal access token. A secret: set it in the environment or in the secrets folder. "
        "In `bot.yaml` it is refused.",
    )
    password: SecretStr | None = Field(
        None,
        description="Password of `user`, for a Data Center without personal access tokens. A secret, like `token`. "
        "If both are set, `token` is used.",
    )
    token_host: str | None = Field(
        None,
        description="The only host to which `token`, `password` or `client_secret` is sent, with the port unless it is "
        "443; several separated by commas. `wikibot init` stores it with the token, in the secrets folder. Absent: "
        "the host of `url`; an environment variable may not change that host while the token comes from a file.",
        examples=["wiki.example.org", "127.0.0.1:8090"],
    )
    former_accounts: Texts = Field(
        (),
        description="Accounts that the bot used on this wiki before: account ids (Cloud), user names or keys (Data "
        "Center). What they wrote as the bot counts as written by the bot.",
        examples=[["712020:0d1e2f3a-4b5c-6d7e-8f90-a1b2c3d4e5f6"]],
    )
    client_id: str | None = Field(
        None,
        description="Client id of an OAuth 2.0 credential of a service account. The bot fetches access tokens with it "
        "and renews them before they end.",
        examples=["eXaMpLe0client0id"],
    )
    client_secret: SecretStr | None = Field(
        None, description="Client secret that belongs to `client_id`. A secret, like `token`."
    )
    token_url: HttpAddress | None = Field(
        None,
        description="Where access tokens come from. Absent: `https://auth.atlassian.com/oauth/token` (Cloud), "
        "`/rest/oauth2/latest/token` of the wiki (Data Center 10).",
        examples=["https://auth.atlassian.com/oauth/token"],
    )
    token_expires: date | None = Field(
        None,
        description="Day on which `token` expires; no interface reports which day that is. Each "
        "command warns from 14 days before.",
        examples=["2027-01-31"],
    )
    writes_per_minute: float = Field(
        6, gt=0, description="Upper limit of write requests to this wiki in one minute.", examples=[12]
    )
    timeout_seconds: float = Field(
        30, gt=0, description="How long one request waits for an answer, in seconds.", examples=[60]
    )
    tries: int | None = Field(
        None,
        ge=1,
        le=20,
        description="How often a request is sent in total while the wiki does not answer. Absent: 5; at a keyboard 1, "
        "until the wiki has answered once.",
        examples=[3],
    )
    download_hosts: Texts = Field(
        (),
        description="Further hosts to which the wiki may redirect the download of an attachment, each with all names "
        "below it. Always allowed: the host of the wiki at its own port, and Atlassian's domains.",
        examples=[["files.example.org"]],
    )
    ca_bundle: Path | None = Field(
        None,
        description="PEM file with the certificates of a private certificate authority; no others are trusted then. "
        "Absent: the file in `REQUESTS_CA_BUNDLE` or `SSL_CERT_FILE`, else the system's trust store and Mozilla's.",
        examples=["/etc/ssl/certs/example-ca.pem"],
    )
    client_certificate: Path | None = Field(
        None,
        description="PEM file with a certificate, and usually its private key, for a server that demands one. It is "
        "used for the host of the wiki only.",
        examples=["wikibot.pem"],
    )
    client_key: Path | None = Field(
        None, description="PEM file with the private key of `client_certificate`.", examples=["wikibot.key"]
    )
    client_key_password: SecretStr | None = Field(
        None, description="Password of an encrypted private key. A secret, like `token`."
    )
    proxy: SecretStr | None = Field(
        None,
        description="Proxy for all requests, such as `http://NAME:PASSWORD@proxy.example.org:3128` or "
        "`socks5://HOST:1080`, except to the hosts in `NO_PROXY`. A secret, like `token`. Absent: `HTTPS_PROXY` and "
        "`HTTP_PROXY` of the environment.",
    )
    headers: dict[str, SecretStr] = Field(
        {},
        description="Headers that a company network demands in front of the wiki. They are sent to the wiki's host "
        "only. A secret, like `token`; in the environment as JSON.",
    )

    @field_validator("token")
    @classmethod
    def _without_scheme(cls, token: SecretStr | None) -> SecretStr | None:
        """Accept a token that was copied together with the name of its scheme, as documents show it."""
        if token is None:
            return None
        scheme, _, rest = token.get_secret_value().strip().partition(" ")
        return SecretStr(rest.strip()) if rest and scheme.lower() == "bearer" else token

    @field_validator("token", "password", "client_secret")
    @classmethod
    def _is_on_one_line(cls, secret: SecretStr | None) -> SecretStr | None:
        """Refuse what no header can contain, such as a file with a second line."""
        if secret is not None and not secret.get_secret_value().strip().isprintable():
            raise ValueError("must be one line without control characters; it has more")
        return secret and SecretStr(secret.get_secret_value().strip())

    @field_validator("headers")
    @classmethod
    def _check_headers(cls, headers: dict[str, SecretStr]) -> dict[str, SecretStr]:
        for name, value in headers.items():
            if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name):
                raise ValueError(f"{name!r} is not the name of a header")
            if name.lower() in {"authorization", "host", "content-length", "content-type", "transfer-encoding"}:
                raise ValueError(f"{name} is set by the bot and cannot be a header of its own")
            text = value.get_secret_value()
            if not text.isprintable() or max(text, default="") > "\xff":
                raise ValueError(f"the value of {name} has characters that a header cannot contain")
        return headers

    @field_validator("proxy")
    @classmethod
    def _check_proxy(cls, proxy: SecretStr | None) -> SecretStr | None:
        if proxy is not None:
            parts = urlsplit(proxy.get_secret_value())
            if parts.scheme not in {"http", "https", "socks4", "socks4a", "socks5", "socks5h"} or not parts.hostname:
                raise ValueError("must be the address of a proxy, such as http://proxy.example.org:3128")
        return proxy

    @model_validator(mode="after")
    def _has_one_sign_in(self) -> Self:
        if self.client_id is not None and self.user is not None:
            raise ValueError("client_id and user are two ways to sign in; set one of them")
        if self.user is None and self.token is not None and not self.token.get_secret_value().isascii():
            raise ValueError("token has characters that no token has; copy it again, or set `user` if it is a password")
        return self


class TargetSettings(SettingsSection):
    """Further pages that contain a region, in addition to the home page."""

    pages: Texts = Field(
        (),
        description="Titles or ids of single pages; `title:2024` is always a title.",
        examples=[["Implementation", "131080"]],
    )
    labels: Texts = Field((), description="Every page with one of these labels.", examples=[["has-banner"]])
    under: Texts = Field(
        (), description="Every page below one of these pages or folders (titles or ids).", examples=[["Subgroups"]]
    )


class DeadLinks(StrEnum):
    """What is done with a region that would publish a link to a page that does not exist."""

    HOLD = "hold"
    WARN = "warn"


class RegionSettings(SettingsSection):
    """How one region is marked on the page, and what is done about changes that people make in it."""

    marker: Literal["details", "anchors", "heading"] = Field(
        "details",
        description="How the region is marked. `details`: a Page Properties macro around it. `anchors`: an anchor "
        "before and after it. `heading`: no marker; the region is everything from a heading to the next one of the "
        "same level.",
        examples=["heading"],
    )
    heading: NonEmptyText | None = Field(
        None,
        description="Text of the heading above the region. Required for `marker: heading`, not used otherwise.",
        examples=["Latest news"],
    )
    drift: DriftPolicy | None = Field(
        None, description="Drift policy of this region. Absent: the policy of the workspace.", examples=["repair"]
    )
    merge: MergePolicy | None = Field(
        None, description="Merge policy of this region. Absent: the policy of the workspace.", examples=["auto"]
    )
    place: NonEmptyText | None = Field(
        None,
        description="Where a missing region is created: `start`, `end`, `before:HEADING` or `after:HEADING`. "
        "Absent: a missing region is reported and not created.",
        examples=["after:Quick Links"],
    )
    notify: NotifyPolicy = Field(
        NotifyPolicy.NEVER,
        description="Which versions send notifications to the watchers of the page. `never`: none. `news`: those that "
        "add something, but not corrections, expiries and repairs. `always`: all. Cloud has no silent writes: there "
        "every version sends notifications, regardless of this setting.",
        examples=["news"],
    )
    comments: CommentPolicy = Field(
        CommentPolicy.REPORT,
        description="What is done if a write removes words on which people have an open inline comment. `report`: "
        "write, and name comment and author in the report and the log. `hold`: do not write the region.",
        examples=["hold"],
    )
    notice: Annotated[str, Field(min_length=1, pattern=r"^[^\r\n]+$")] | None = Field(
        None,
        description="Last line of the region, for people who edit the page, as inline Markdown; `{address}` is the "
        "`edit_address` of the workspace. Absent: none. A new wording reaches the page with the next change of the "
        "region.",
        examples=["Kept by a bot. [Change it here]({address})."],
    )
    home: bool = Field(True, description="Whether the home page contains the region.", examples=[False])
    also: TargetSettings = Field(
        TargetSettings.model_construct(),
        description="Further pages that contain the region.",
        examples=[{"pages": ["Implementation"]}],
    )

    @field_validator("place")
    @classmethod
    def _is_a_place(cls, place: str | None) -> str | None:
        if place is not None:
            Place.parse(place)
        return place

    @model_validator(mode="after")
    def _knows_its_heading(self) -> Self:
        if self.marker == "heading" and self.heading is None:
            raise ValueError("marker: heading needs `heading`, the text of the heading that bounds the region")
        return self


class RestrictedPages(StrEnum):
    """What is done with pages that only some people may read."""

    SKIP = "skip"
    SEPARATE = "separate"
    INCLUDE = "include"


class HistoryMode(StrEnum):
    """Which versions of a page are captured: every one, those since the last capture, or the newest."""

    ALL = "all"
    CHANGES = "changes"
    LATEST = "latest"


class ArchivedSettings(SettingsSection):
    """Which pages count as archived. A page is archived if any condition matches."""

    status: bool = Field(
        True, description="Pages that the wiki itself marks as archived (Cloud only).", examples=[False]
    )
    labels: Texts = Field(
        ("archived",), description="Pages with one of these labels.", examples=[["archived", "outdated"]]
    )
    under: Texts = Field(
        (),
        description="Every page below one of these pages, or Cloud folders (titles or ids). A name or label that is "
        "written here and matches nothing is an error.",
        examples=[["Archive"]],
    )

    def describe(self) -> str:
        """Return the conditions as text for the snapshot events."""
        parts = ['status = "archived"'] if self.status else []
        parts += [f'label = "{label}"' for label in self.labels]
        parts += [f'ancestor = "{page}"' for page in self.under]
        return " or ".join(parts) or "nothing"

    def joined_with(self, other: Self) -> Self:
        """Return the union of the conditions: a page is archived if any condition of either matches."""
        return self.model_copy(
            update={
                "status": self.status or other.status,
                "labels": tuple(dict.fromkeys(self.labels + other.labels)),
                "under": tuple(dict.fromkeys(self.under + other.under)),
            }
        )


NO_RULES = ArchivedSettings(status=True, labels=(), under=())
"""For a reader of snapshots that does not know the settings."""


def parse_window(text: str) -> tuple[time, time]:
    """Parse two times of the day, `HH:MM-HH:MM`; raises `ValueError`."""
    match = re.fullmatch(r"(\d\d:\d\d)\s*[-–]\s*(\d\d:\d\d)", text)
    try:
        start, end = map(time.fromisoformat, match.groups() if match else ())
    except ValueError as error:
        raise ValueError(f"{text!r} is not a window of the day; write it as HH:MM-HH:MM") from error
    return start, end


class WorkspaceSettings(SettingsSection):
    """One workspace: a home page whose regions are synchronised with one data file."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")] = Field(
        description="Short name of the workspace in commands and messages. Small letters, digits, `-` and `_`.",
        examples=["ws2"],
    )
    data: Path = Field(description="The data file, relative to the folder of the settings file.", examples=["ws2.yaml"])
    wiki: Annotated[str, Field(pattern=WIKI_NAME)] | None = Field(
        None, description="The wiki of the workspace, a name of `wikis`. Absent: the one of `wiki`.", examples=["team"]
    )
    drift: DriftPolicy = Field(
        DriftPolicy.REPORT,
        description="What is done when people change a region on the page. `report`: report it and leave the page as "
        "it is. `repair`: write the region again. `ignore`: leave it without a report.",
        examples=["repair"],
    )
    merge: MergePolicy = Field(
        MergePolicy.ASK,
        description="With `drift: report`: what `wikibot sync` and the scheduled job do about changes of people. "
        "`ask`: nothing; `wikibot adopt` merges them. `auto`: merge what does not clash with the data file, into the "
        "data file and onto the page, and report the rest.",
        examples=["auto"],
    )
    regions: dict[str, RegionSettings] = Field(
        {name: RegionSettings.model_construct() for name in ("status", "quick_links", "news")},
        description="The regions that the bot manages, by name: `status`, `quick_links`, `news`, `page_index`. A "
        "region also needs its section in the data file.",
        examples=[{"status": {}, "news": {"drift": "repair"}}],
    )
    edit_address: Annotated[str, Field(pattern=r"^https?://[^\s<>()]+$")] | None = Field(
        None,
        description="Address where people change the data file, for `{address}` in `notice`.",
        examples=["https://git.example.org/team/wiki/edit/main/ws2.yaml"],
    )
    approval: ApprovalPolicy = Field(
        ApprovalPolicy.NONE,
        description="Whether a draft needs an approval before it is saved to the data file. `maintainer`: a maintainer "
        "who is not its author has to approve it; changes of editors in the desk are drafts.",
        examples=["maintainer"],
    )
    git: bool = Field(
        True,
        description="Whether each change that wikibot makes to the data file is also a commit, if git tracks the file. "
        "Only this file is committed; what is staged stays staged.",
        examples=[False],
    )
    quiet_window: NonEmptyText | None = Field(
        None,
        description="Times of the day between which repairs and expiries are written, as `HH:MM-HH:MM` in the time "
        "zone of the data file. Outside, they wait, unless the page is written anyway. Absent: they never wait.",
        examples=["20:00-06:00"],
    )
    dead_links: DeadLinks = Field(
        DeadLinks.HOLD,
        description="What is done when a region would publish a link to a page that does not exist. `hold`: the region "
        "is not written, and the message names the line of the link in the data file; the other regions are written. "
        "`warn`: the region is written, and the link is reported.",
        examples=["warn"],
    )
    archived: ArchivedSettings = Field(
        ArchivedSettings.model_construct(),
        description="Which pages count as archived; `wikibot snapshot` captures these.",
        examples=[{"labels": ["archived"], "under": ["Archive"]}],
    )

    @model_validator(mode="after")
    def _knows_its_address(self) -> Self:
        for name, region in self.regions.items():
            if region.notice and "{address}" in region.notice and self.edit_address is None:
                raise ValueError(f"the notice of {name} has {{address}}, so `edit_address` is needed")
        return self

    def notice_of(self, name: str) -> str | None:
        """Return the notice of a region, as inline Markdown; None if it has none."""
        notice = self.regions[name].notice if name in self.regions else None
        return notice and notice.replace("{address}", self.edit_address or "")

    @field_validator("quiet_window")
    @classmethod
    def _is_a_window(cls, window: str | None) -> str | None:
        if window is not None:
            parse_window(window)
        return window

    @field_validator("regions")
    @classmethod
    def _are_regions(cls, regions: dict[str, RegionSettings]) -> dict[str, RegionSettings]:
        for name in regions:
            if name not in REGION_NAMES:
                known = ", ".join(REGION_NAMES)
                raise ValueError(f"{name!r} is not a region{did_you_mean(name, REGION_NAMES)}; regions: {known}")
        return regions

    def region(self, name: str) -> RegionSettings:
        """Return the settings of a region; a policy that it does not have is that of the workspace."""
        region = self.regions[name]
        return region.model_copy(update={"drift": region.drift or self.drift, "merge": region.merge or self.merge})


JOB_KINDS = ("sync", "snapshot", "verify", "review")
"""What a job can do."""


class JobSettings(SettingsSection):
    """One job of `wikibot run`."""

    run: Literal["sync", "snapshot", "verify", "review"] = Field(
        description="What the job does. `sync`, `snapshot` and `verify` are also commands with that name. `review` "
        "sends the pages that nobody changed for long, and the entries whose `review_by` has come, through `notify`.",
        examples=["sync"],
    )
    every: NonEmptyText = Field(
        description="How often: a number and a unit (`30 seconds`, `10 minutes`, `hour`, `day`, `2 weeks`) or a "
        "weekday (`monday`).",
        examples=["10 minutes"],
    )
    at: NonEmptyText | None = Field(
        None,
        description="Time of the day, `HH:MM`, for days, weeks and weekdays. In quotes, because YAML reads 02:30 as a "
        "number.",
        examples=["02:30"],
    )
    timezone: NonEmptyText | None = Field(
        None, description="Time zone of `at`. Absent: UTC.", examples=["America/Los_Angeles"]
    )

    @model_validator(mode="after")
    def _is_a_cadence(self) -> Self:
        Cadence.parse(self.every, at=self.at, timezone=self.timezone)
        return self

    @property
    def cadence(self) -> Cadence:
        """The parsed cadence of the job."""
        return Cadence.parse(self.every, at=self.at, timezone=self.timezone)


def name_jobs(jobs: Sequence[JobSettings]) -> list[tuple[str, JobSettings]]:
    """Return each job with the name for its run records; a job with two cadences gets two names.

    Raises `SettingsError` if two jobs are the same.
    """
    runs = [job.run for job in jobs]
    named = [(job.run if runs.count(job.run) == 1 else f"{job.run} ({job.every})", job) for job in jobs]
    names = [name for name, _ in named]
    for name in names:
        if names.count(name) > 1:
            raise SettingsError(f"job {name} is in `jobs` twice with the same cadence; remove one")
    return named


class WitnessKind(StrEnum):
    """Kinds of places that confirm the head of the snapshots."""

    PAGE = "page"
    WEBHOOK = "webhook"
    GIT = "git"
    TIMESTAMP = "timestamp"


_WITNESS_KEYS = {
    WitnessKind.PAGE: ({"title"}, {"space"}),
    WitnessKind.WEBHOOK: ({"name"}, set[str]()),
    WitnessKind.GIT: ({"remote"}, {"branch", "key"}),
    WitnessKind.TIMESTAMP: ({"url", "ca"}, set[str]()),
}
"""By kind, the keys of a witness that are required, and the others that are allowed."""


class WitnessSettings(SettingsSection):
    """One place that confirms the head of the snapshots."""

    kind: WitnessKind = Field(
        description="`page`: a page of the wiki shows the head, its signature and the last 50 heads. `webhook`: the "
        "head is posted as signed JSON. `git`: a branch of a git remote gets a commit for each head. `timestamp`: an "
        "authority (RFC 3161) stamps the signature of the head.",
        examples=["page"],
    )
    title: NonEmptyText | None = Field(
        None, description="`page`: title of the page. It is created.", examples=["Snapshot checkpoints"]
    )
    space: NonEmptyText | None = Field(
        None, description="`page`: key of its space. Absent: the space of the first workspace.", examples=["WS2"]
    )
    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9]*(_[a-z0-9]+)*$", max_length=40)] | None = Field(
        None,
        description="`webhook`: its name in `snapshots.webhooks`. Small letters, digits and single `_`.",
        examples=["audit"],
    )
    remote: Annotated[str, AfterValidator(_check_remote)] | None = Field(
        None,
        description="`git`: address of the repository, without a password. It needs write access to one branch only.",
        examples=["git@audit.example.org:heads.git"],
    )
    branch: Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_/-]*$")] = Field(
        "main", description="`git`: the branch.", examples=["ws2"]
    )
    key: Path | None = Field(
        None, description="`git`: private SSH key for the remote. Absent: as `ssh` finds it.", examples=["git-key"]
    )
    url: HttpAddress | None = Field(
        None, description="`timestamp`: address of the authority.", examples=["https://tsa.example.org/tsr"]
    )
    ca: Path | None = Field(
        None,
        description="`timestamp`: PEM file with the root certificate of the authority; its answers are checked.",
        examples=["tsa-ca.pem"],
    )

    @model_validator(mode="after")
    def _has_its_keys(self) -> Self:
        required, allowed = _WITNESS_KEYS[self.kind]
        given = {name for name in self.model_fields_set - {"kind"} if getattr(self, name) is not None}
        for name in sorted(required - given):
            raise ValueError(f"a witness of kind `{self.kind}` needs `{name}`")
        for name in sorted(given - required - allowed):
            raise ValueError(f"a witness of kind `{self.kind}` has no `{name}`")
        return self


def _check_secret(secret: SecretStr) -> SecretStr:
    if len(secret.get_secret_value().strip()) < _SECRET_CHARACTERS:
        raise ValueError(f"must have at least {_SECRET_CHARACTERS} characters; make one with `openssl rand -hex 32`")
    return secret


class WebhookSecrets(SettingsSection):
    """Address and key of one webhook."""

    url: SecretStr = Field(
        description="Its address: https, or http on this machine.", examples=["https://audit.example.org/heads"]
    )
    secret: SecretStr = Field(
        description="The key of the signatures (HMAC-SHA256), at least 16 characters.",
        examples=["as many random characters as you like"],
    )

    @field_validator("secret")
    @classmethod
    def _is_long(cls, secret: SecretStr) -> SecretStr:
        return _check_secret(secret)


UNSIGNED = "none"
"""The value of `snapshots.signing_key` for snapshots without a signature."""


class SnapshotSettings(SettingsSection):
    """Where snapshots are written and how they are sealed."""

    path: Path = Field(
        Path("../snapshots"),
        description="Folder of the snapshots, relative to the folder of the settings file.",
        examples=["/var/lib/wikibot/snapshots"],
    )
    git: bool = Field(
        False,
        description="Whether the folder is a git repository, with a commit for each run that changed something.",
        examples=[True],
    )
    signing_key: Literal["none"] | Path | None = Field(
        None,
        description="Private SSH key (Ed25519, no passphrase) that signs the checkpoint; `init` makes one. `none`: the "
        "checkpoint is not signed, and nothing proves who wrote the snapshots. Absent: no run is written.",
        examples=["snapshots-key", "none"],
    )
    allowed_signers: Path | None = Field(
        None,
        description="File with the public keys that `wikibot verify` accepts, in the `allowed_signers` format of "
        "`ssh-keygen`.",
        examples=["allowed_signers"],
    )
    history: HistoryMode = Field(
        HistoryMode.CHANGES,
        description="Which versions of a page are captured. `all`: every version. `changes`: all since the last "
        "capture. `latest`: only the newest.",
        examples=["all"],
    )
    restricted: RestrictedPages = Field(
        RestrictedPages.SKIP,
        description="What is done with pages that only some people may read: those with a read restriction, and all "
        "pages below them. `skip`: they are left out of the snapshots, of included texts and lists on other pages, of "
        "the page index, of `wikibot tree` and of the news feed. `separate`: the same, and they are captured into the "
        "folder `restricted_path`. `include`: they are treated as all other pages.",
        examples=["separate"],
    )
    restricted_path: Path | None = Field(
        None,
        description="With `restricted: separate`: folder of the restricted pages, a set of snapshots of its own. "
        "Absent: the folder `path` with `-restricted` at the end of its name.",
        examples=["/var/lib/wikibot/snapshots-restricted"],
    )
    restricted_signing_key: Path | None = Field(
        None,
        description="With `restricted: separate`: private SSH key that signs the checkpoint of `restricted_path`. It "
        "must be another key than `signing_key`, and is required if that is set.",
        examples=["restricted-key"],
    )
    parallel_requests: int = Field(
        8,
        ge=1,
        le=16,
        description="Number of requests that a capture sends to the wiki at the same time. When the wiki says that its "
        "limit is near, all of them slow down.",
        examples=[4],
    )
    executor: Literal["serial", "processes", "dask"] | None = Field(
        None,
        description="Where pages are converted to Markdown. `serial`: in the bot's own process. `processes`: in "
        "`workers` processes. `dask`: on the workers of the Dask cluster at `scheduler`; needs `pip install "
        "'wikibot[dask]'`, and the same release of wikibot on each worker. The Markdown is the same. Absent: "
        "`processes` if `workers` is more than 1, else `serial`.",
        examples=["processes"],
    )
    workers: int = Field(
        1,
        ge=1,
        le=64,
        description="Number of processes that convert pages. 1: the bot's own process converts.",
        examples=[4],
    )
    scheduler: str | None = Field(
        None,
        pattern=r"^(tcp|tls|ws|wss)://[^\s/@]+(:[0-9]+)?$",
        description="With `executor: dask`: address of the scheduler. Page texts go to it, and who reaches it can run "
        "programs on its workers: use `tls://`, with the certificates in the configuration of Dask, or a closed "
        "network.",
        examples=["tls://scheduler.example.org:8786"],
    )
    roster: Path | None = Field(
        None,
        description="File with the ids of pages that must be captured, one per line, for example from the database of "
        "the wiki. Only such a list counts pages that the bot's account cannot see.",
        examples=["roster.txt"],
    )
    mirror: StoreLocation | None = Field(
        None,
        description="Bucket and prefix of S3-compatible storage to which `wikibot snapshot` copies the snapshots after "
        "each run. `object_store` says how it is reached.",
        examples=["s3://wiki-archive/ws2"],
    )
    restricted_mirror: StoreLocation | None = Field(
        None,
        description="With `restricted: separate`: the same for the folder of the restricted pages. Absent: it is not "
        "copied.",
        examples=["s3://wiki-archive-restricted/ws2"],
    )
    witnesses: tuple[WitnessSettings, ...] = Field(
        (),
        description="Places outside the folder that confirm the newest head, so that a rollback or a rewritten history "
        "is detectable. Each run reads them back, compares, writes and reads back again.",
        examples=[[{"kind": "page", "title": "Snapshot checkpoints"}, {"kind": "webhook", "name": "audit"}]],
    )
    webhooks: dict[str, WebhookSecrets] = Field(
        {},
        description="Addresses and keys of the witnesses of kind `webhook`, by name. They are secrets: set "
        "`WIKIBOT_SNAPSHOTS__WEBHOOKS__NAME__URL` and `WIKIBOT_SNAPSHOTS__WEBHOOKS__NAME__SECRET`, or use files with "
        "these names in the secrets folder.",
        examples=[
            {"audit": {"url": "https://audit.example.org/heads", "secret": "as many random characters as you like"}}
        ],
    )

    @model_validator(mode="after")
    def _executor_is_whole(self) -> Self:
        if (self.executor == "dask") != (self.scheduler is not None):
            raise ValueError("executor: dask and scheduler belong together; set both or none")
        if self.executor in ("serial", "dask") and self.workers > 1:
            raise ValueError(f"workers is for executor: processes, not for {self.executor}")
        return self

    @model_validator(mode="after")
    def _separates_restricted_pages(self) -> Self:
        if self.restricted is not RestrictedPages.SEPARATE:
            for name in ("restricted_path", "restricted_signing_key", "restricted_mirror"):
                if getattr(self, name) is not None:
                    raise ValueError(f"{name} is used only with `restricted: separate`; set that, or remove {name}")
            return self
        if self.separate_path in (self.path, *self.path.parents) or self.path in self.separate_path.parents:
            raise ValueError("restricted_path must be a folder outside `path`, because others read that one")
        if (self.key is None) != (self.restricted_signing_key is None):
            raise ValueError("signing_key and restricted_signing_key: set both, or none of them")
        if self.key is not None and self.key == self.restricted_signing_key:
            raise ValueError("restricted_signing_key must be another key than signing_key")
        return self

    @property
    def separate_path(self) -> Path:
        """The folder of the restricted pages."""
        return self.restricted_path or self.path.with_name(f"{self.path.name}-restricted")

    @property
    def hides_restricted(self) -> bool:
        """Whether restricted pages are left out of everything that others read."""
        return self.restricted is not RestrictedPages.INCLUDE

    @model_validator(mode="after")
    def _witnesses_are_different(self) -> Self:
        if len(set(self.witnesses)) < len(self.witnesses):
            raise ValueError("two entries of `witnesses` are the same; remove one")
        return self

    @property
    def key(self) -> Path | None:
        """The private key; None if there is none, or if the snapshots are not signed."""
        return None if self.signing_key is None or self.signing_key == UNSIGNED else Path(self.signing_key)


class ObjectStoreSettings(SettingsSection):
    """How S3-compatible storage is reached, for `snapshots.mirror` and `wikibot verify s3://…`."""

    endpoint: HttpAddress | None = Field(
        None,
        description="Address of the storage service; http is allowed on this machine only. Absent: Amazon S3 in "
        "`region`. Only an address in this setting may be inside a private network.",
        examples=["https://s3.example.org"],
    )
    region: Annotated[str, Field(pattern=r"^[a-z0-9-]+$")] = Field(
        "us-east-1", description="Region of the bucket.", examples=["eu-central-1"]
    )
    access_key_id: SecretStr | None = Field(
        None,
        description="Id of the access key. It is a secret: set `WIKIBOT_OBJECT_STORE__ACCESS_KEY_ID`, or use a file "
        "`wikibot_object_store__access_key_id` in the secrets folder.",
        examples=["AKIAEXAMPLE"],
    )
    secret_access_key: SecretStr | None = Field(
        None, description="The secret of the access key, likewise.", examples=["the secret of the key"]
    )
    session_token: SecretStr | None = Field(
        None, description="The session token of a temporary access key, likewise.", examples=["the token"]
    )
    retention_days: int | None = Field(
        None,
        ge=1,
        le=36_500,
        description="For how many days the storage refuses to delete what is uploaded. The bucket must have been made "
        "with object lock. Absent: what the bucket prescribes.",
        examples=[3650],
    )
    retention_mode: Literal["governance", "compliance"] = Field(
        "governance",
        description="With `retention_days`: who can shorten the time. `governance`: accounts with a special right. "
        "`compliance`: nobody.",
        examples=["compliance"],
    )


def _check_listen(place: str) -> str:
    host, colon, port = place.rpartition(":")
    if not colon or not host or not port.isdecimal() or int(port) > _HIGHEST_PORT:
        raise ValueError("must be an address and a port, such as 127.0.0.1:8091 or [::1]:8091")
    return place


def _split_place(listen: str) -> tuple[str, int]:
    host, _, port = listen.rpartition(":")
    return host.strip("[]"), int(port)


class SingleSignOnSettings(SettingsSection):
    """Signing in at the desk with the accounts of an organisation (OpenID Connect)."""

    issuer: HttpAddress = Field(
        description="Address of the provider; `/.well-known/openid-configuration` below it describes the provider.",
        examples=["https://login.example.org/realms/staff"],
    )
    client_id: NonEmptyText = Field(description="Id of the desk at the provider.", examples=["wikibot"])
    client_secret: SecretStr | None = Field(
        None,
        description="Secret of the desk at the provider. A secret, like `token`. Absent: a public client, which has "
        "PKCE only.",
    )
    scopes: Texts = Field(
        ("openid", "profile", "email"),
        description="What the desk asks the provider for.",
        examples=[["openid", "profile", "groups"]],
    )
    groups: NonEmptyText = Field(
        "groups", description="Name of the claim that has the groups of a person.", examples=["roles"]
    )
    roles: dict[NonEmptyText, Literal["auditor", "editor", "maintainer", "admin"]] = Field(
        description="The role that the members of a group have in all workspaces. Of several roles, the highest "
        "counts; a person in none of the groups has no access.",
        examples=[{"comms": "editor", "records": "auditor"}],
    )
    workspaces: dict[NonEmptyText, dict[NonEmptyText, Literal["auditor", "editor", "maintainer"]]] = Field(
        {},
        description="For each workspace, the role that the members of a group have in that workspace only.",
        examples=[{"ws2": {"ws2-team": "editor"}}],
    )


class DeskSettings(SettingsSection):
    """The web desk; with this section, `wikibot run` serves it too."""

    listen: Annotated[str, AfterValidator(_check_listen)] = Field(
        "127.0.0.1:8091",
        description="Address and port of the desk. Any address but this machine's own needs an account (or `oidc`) and "
        "an https `url`.",
        examples=["127.0.0.1:8100"],
    )
    url: HttpAddress | None = Field(
        None,
        description="Address under which people reach the desk, if it is behind a reverse proxy. It decides which "
        "`Host` and `Origin` are accepted, and whether cookies need https.",
        examples=["https://desk.example.org"],
    )
    trusted_proxies: int = Field(
        0,
        ge=0,
        le=10,
        description="Number of reverse proxies in front of the desk whose `X-Forwarded-For` and `X-Forwarded-Proto` "
        "are believed. 0: these headers are ignored.",
        examples=[1],
    )
    oidc: SingleSignOnSettings | None = Field(
        None,
        description="Single sign-on. Absent: people sign in with the accounts of `wikibot user`.",
        examples=[
            {"issuer": "https://login.example.org", "client_id": "wikibot", "roles": {"comms": "editor"}},
        ],
    )
    machine_accounts: dict[str, tuple[str, ...]] = Field(
        {},
        description="For each account of the bot's machine that edits by command, the accounts of the desk that the "
        "same people have; an empty list says that nobody at the desk uses it. With `approval: maintainer`, nobody "
        "approves at the desk what they proposed by command, or the reverse; an account that is not listed here "
        "cannot do one half of it.",
        examples=[{"ana": ["ana@example.org"], "deploy": []}],
    )

    @property
    def place(self) -> tuple[str, int]:
        """The address to listen on, and the port."""
        return _split_place(self.listen)

    @field_validator("url")
    @classmethod
    def _is_a_site(cls, url: str | None) -> str | None:
        if url is not None and urlsplit(url).path:
            raise ValueError("must be the address of a site without a path, such as https://desk.example.org")
        return url


class ServiceSettings(SettingsSection):
    """How others learn how the bot is doing."""

    listen: Annotated[str, AfterValidator(_check_listen)] | None = Field(
        None,
        description="Address and port on which `wikibot run` answers `/healthz`, `/readyz` and `/metrics`, without "
        "accounts and without encryption: choose an address that only monitoring reaches. Absent: none.",
        examples=["127.0.0.1:8092"],
    )
    hook_secret: SecretStr | None = Field(
        None,
        description="Secret that the wiki and the bot share, at least 16 characters. With it, `wikibot run` also "
        "answers `POST /hooks/wiki` at `listen`: the wiki reports a changed page, and the job `sync` runs now. A "
        "secret: set `WIKIBOT_SERVICE__HOOK_SECRET`, or use the secrets folder. Absent: no such address.",
    )
    heartbeats: dict[str, SecretStr] = Field(
        {},
        description="For each job (`sync`, `snapshot`, `verify`, `review`), an address that gets a POST at its end, "
        "with `/start` added at its start and `/fail` if it failed, in the manner of healthchecks.io. They are "
        "secrets: set `WIKIBOT_SERVICE__HEARTBEATS__SYNC`, or use files with such names in the secrets folder.",
        examples=[{"sync": "https://hc-ping.com/0d1e2f3a-4b5c-6d7e-8f90-a1b2c3d4e5f6"}],
    )

    @field_validator("hook_secret")
    @classmethod
    def _is_long(cls, secret: SecretStr | None) -> SecretStr | None:
        return secret if secret is None else _check_secret(secret)

    @field_validator("heartbeats")
    @classmethod
    def _are_addresses(cls, heartbeats: dict[str, SecretStr]) -> dict[str, SecretStr]:
        for job, url in heartbeats.items():
            if job not in JOB_KINDS:
                raise ValueError(f"{job!r} is not a job{did_you_mean(job, JOB_KINDS)}; jobs: {', '.join(JOB_KINDS)}")
            parts = urlsplit(url.get_secret_value())
            if parts.scheme not in ("http", "https") or not parts.hostname:
                raise ValueError(f"the address of {job} must be an http or https address")
        return heartbeats

    @property
    def place(self) -> tuple[str, int] | None:
        """The address to listen on, and the port."""
        return None if self.listen is None else _split_place(self.listen)


class DataGitSettings(SettingsSection):
    """A git remote with the data files."""

    remote: Annotated[str, AfterValidator(_check_remote)] = Field(
        description="Address of the repository, without a password.", examples=["git@git.example.org:team/wiki.git"]
    )
    branch: Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_/-]*$")] = Field(
        "main", description="The branch with the data files.", examples=["wiki"]
    )
    folder: Path = Field(
        Path("data"),
        description="Folder of the clone, relative to the folder of the settings file; the data files of the "
        "workspaces are in it. It is made when it is missing.",
        examples=["/var/lib/wikibot/data"],
    )
    key: Path | None = Field(
        None, description="Private SSH key for the remote. Absent: as `ssh` finds it.", examples=["git-key"]
    )
    commit_key: Path | None = Field(
        None,
        description="Private SSH key without passphrase that signs the commits of the bot. Absent: no signatures.",
        examples=["sign-key"],
    )


class NotifyEvent(StrEnum):
    """What a channel can be told about."""

    DRIFT = "drift"
    CONFLICT = "conflict"
    EDIT_WAR = "edit_war"
    HELD = "held"
    DEAD_LINK = "dead_link"
    STOPPED = "stopped"
    FAILED = "failed"
    LATE = "late"
    SHORTFALL = "shortfall"
    PROBLEM = "problem"
    """Anything else that needs a person: a missing page, bad settings, a channel that fails."""
    RECOVERED = "recovered"
    PUBLISHED = "published"
    EXPIRES = "expires"
    HELD_BACK = "held_back"
    PROPOSED = "proposed"
    APPROVED = "approved"
    SENT_BACK = "sent_back"
    """To the authors of a draft only."""
    REVIEW = "review"


FOR_OPERATORS = tuple(NotifyEvent)[: list(NotifyEvent).index(NotifyEvent.PUBLISHED)]
"""The events about the bot itself; the others are about what people write."""


class ChannelSettings(SettingsSection):
    """One place that gets messages. Its address is a secret: `notify.addresses`."""

    events: tuple[NotifyEvent, ...] = Field(
        FOR_OPERATORS,
        description="What is sent. About the bot: `drift`, `conflict`, `edit_war`, `held`, `dead_link`, `stopped`, "
        "`failed`, `late`, `shortfall`, `problem` (anything else that needs a person), `recovered`. About what people "
        "write: `published`, `expires`, `held_back`, `proposed`, `approved`, `review`. Absent: all about the bot.",
        examples=[["published"], ["failed", "late", "recovered"]],
    )
    workspaces: Texts = Field(
        (), description="Only what is about these workspaces. Absent: everything.", examples=[["ws2"]]
    )
    comment: bool = Field(
        False,
        description="Whether the channel is the wiki itself: a comment on the home page of the workspace for what is "
        "new, and an answer to it when it is over. Such a channel has no address. The comments notify those who watch "
        "the page. A token with scopes needs `write:comment:confluence`.",
        examples=[True],
    )
    mention: Texts = Field(
        (),
        description="With `comment`: accounts that each new comment mentions, so that the wiki notifies them: account "
        "ids (Cloud) or user keys (Data Center).",
        examples=[["712020:0d1e2f3a-4b5c-6d7e-8f90-a1b2c3d4e5f6"]],
    )

    @model_validator(mode="after")
    def _mentions_in_comments(self) -> Self:
        if self.mention and not self.comment:
            raise ValueError("mention is for channels with `comment: true`")
        return self

    @field_validator("events")
    @classmethod
    def _are_for_channels(cls, events: tuple[NotifyEvent, ...]) -> tuple[NotifyEvent, ...]:
        if NotifyEvent.SENT_BACK in events:
            raise ValueError("sent_back is for the authors only, never for a channel; see notify.people")
        return events


_CHANNEL_NAME = re.compile(NAME)


class NotifySettings(SettingsSection):
    """Who gets messages about what."""

    channels: dict[str, ChannelSettings] = Field(
        {},
        description="The channels by name: small letters, digits and single `_`.",
        examples=[{"operators": {}, "readers": {"events": ["published"]}}],
    )
    addresses: dict[str, SecretStr] = Field(
        {},
        description="For each channel, its address in the manner of [Apprise](https://appriseit.com). They are "
        "secrets: set `WIKIBOT_NOTIFY__ADDRESSES__OPERATORS`, or use files with such names in the secrets folder.",
        examples=[{"operators": "mailtos://USER:PASSWORD@mail.example.org?to=ops@example.org"}],
    )
    people: dict[str, SecretStr] = Field(
        {},
        description="For each account of the desk (or of the machine, for commands), the address of that person, for "
        "messages about what they wrote themselves. A secret, like `addresses`; as JSON.",
        examples=[{"ana": "mailtos://USER:PASSWORD@mail.example.org?to=ana@example.org"}],
    )
    desk: HttpAddress | None = Field(
        None,
        description="Address of the desk for links in messages. Absent: `desk.url`; if that is absent too, no links.",
        examples=["https://desk.example.org"],
    )
    review_days: float = Field(
        180, gt=0, description="For the job `review`: pages that nobody changed for so many days.", examples=[365]
    )
    expires_hours: float = Field(
        48, gt=0, description="How many hours before an entry expires `expires` is sent.", examples=[24]
    )

    @model_validator(mode="after")
    def _are_known(self) -> Self:
        for name in self.channels:
            if not _CHANNEL_NAME.fullmatch(name):
                raise ValueError(f"{name!r} is not the name of a channel: use small letters, digits and single `_`")
        for name, channel in self.channels.items():
            if channel.comment and name in self.addresses:
                raise ValueError(f"channel {name} has `comment: true`, so it has no address; remove one of them")
        for name in self.addresses:
            if name not in self.channels:
                known = ", ".join(self.channels) or "none"
                raise ValueError(
                    f"addresses: there is no channel {name!r}{did_you_mean(name, self.channels)}; channels: {known}"
                )
        return self


class SafetySettings(SettingsSection):
    """Limits of one run."""

    max_changed_share: float = Field(
        0.1,
        gt=0,
        le=1,
        description="Refuse an unattended run that changes more than this share of all managed regions, or of all "
        "workspaces, if the number is also more than `max_changed_regions`. One new text of a region is one change, "
        "on however many pages it is. Exempt: reviewed plans (`apply --plan`) and pages that the bot never wrote.",
        examples=[0.5],
    )
    max_changed_regions: int = Field(
        10,
        ge=0,
        description="Number of regions, and of workspaces, that may always change, regardless of their share.",
        examples=[20],
    )
    max_replaced_share: float = Field(
        0.8,
        gt=0,
        le=1,
        description="Refuse to write a workspace unattended if its data file replaces more than this share of the "
        "lines that its pages show, and at least 20 lines: it may be the wrong file. Other workspaces are written.",
        examples=[1],
    )
    max_writes: int = Field(
        200,
        ge=1,
        description="Number of pages that an unattended run writes. The others follow in the next runs.",
        examples=[50],
    )
    canary: float = Field(
        10,
        ge=0,
        description="Pause in seconds after the first page of a change that goes to three or more pages. Then the "
        "first page is read again. If it does not have the text any more, or if a page fails, the change is written on "
        "no further page.",
        examples=[300],
    )
    max_plan_age: float = Field(
        7,
        gt=0,
        description="Age in days from which `apply --plan` refuses a plan. The age is measured by the wiki's clock.",
        examples=[1],
    )
    max_repairs_a_day: int = Field(
        3,
        ge=1,
        description="With `drift: repair`: how often one region is repaired in 24 hours. After that it is reported.",
        examples=[1],
    )
    stop_label: NonEmptyText = Field(
        "wikibot-stop",
        description="Label on a home page that stops every write to the workspace.",
        examples=["bot-stop"],
    )
    exclude_label: NonEmptyText = Field(
        "wikibot-exclude", description="Label on a page that excludes this page from writing.", examples=["bot-exclude"]
    )
    draft_wait_seconds: float = Field(
        0,
        ge=0,
        description="How long a write waits for another person's unpublished draft to disappear, in seconds. "
        "After that the page is skipped.",
        examples=[120],
    )


class FurtherWikiSettings(WikiSettings):
    """One of several wikis: the same keys as `wiki`, and sections that replace those of the file for this wiki."""

    url: WikiAddress = Field(
        description="Address of the wiki, as `wiki.url`.", examples=["https://wiki.example.org/confluence"]
    )
    snapshots: SnapshotSettings | None = Field(
        None,
        description="Where the snapshots of this wiki are written and how they are sealed, with the keys of "
        "`snapshots`. Absent: as `snapshots` says, in folders with `-NAME` at the end. Mirrors, witnesses and a roster "
        "belong to one wiki, so with them each wiki needs this section.",
        examples=[{"path": "/var/lib/wikibot/snapshots-team"}],
    )
    jobs: tuple[JobSettings, ...] | None = Field(
        None,
        description="The jobs of this wiki, with the keys of `jobs`. Absent: those of `jobs`.",
        examples=[[{"run": "sync", "every": "hour"}]],
    )
    desk: DeskSettings | None = Field(
        None,
        description="The web desk of this wiki, with the keys of `desk`. Absent: none.",
        examples=[{"listen": "127.0.0.1:8101"}],
    )
    service: ServiceSettings = Field(
        ServiceSettings.model_construct(),
        description="How others learn how the bot is doing on this wiki, with the keys of `service`. Absent: not at "
        "all, apart from `wikibot status` and `notify`.",
        examples=[{"listen": "127.0.0.1:8102"}],
    )

    @property
    def connection(self) -> WikiSettings:
        """The keys of `wiki` alone."""
        names = WikiSettings.model_fields.keys()
        values = {name: getattr(self, name) for name in names}
        return WikiSettings.model_construct(self.model_fields_set & names, **values)
