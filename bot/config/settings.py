"""Settings: `bot.yaml`, overridden by environment, `.env` and a secrets folder (pydantic-settings)."""

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    NestedSecretsSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from bot.config.cadence import Cadence
from bot.config.yaml_source import Location, YamlSource, describe_problems, load_yaml
from bot.errors import SettingsError

DEFAULT_CONFIG = Path("config/bot.yaml")


class DriftPolicy(StrEnum):
    """What to do about a region that people changed while the data file stayed as it was."""

    REPORT = "report"
    REPAIR = "repair"
    IGNORE = "ignore"


def _check_address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("must be the http or https address of the wiki, such as https://NAME.atlassian.net/wiki")
    if parts.username or parts.query or parts.fragment:
        raise ValueError("must be the bare address of the wiki, without account, query or fragment")
    return url.rstrip("/")


def _as_tuple(value: object) -> object:
    return (value,) if isinstance(value, str) else value


def _as_text(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Address = Annotated[str, AfterValidator(_check_address)]
Text = Annotated[str, BeforeValidator(_as_text), Field(min_length=1)]
Texts = Annotated[tuple[Text, ...], BeforeValidator(_as_tuple)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class WikiSettings(_Section):
    """Where the wiki is and how the bot signs in."""

    url: Address = "http://127.0.0.1:8090"
    flavour: Literal["cloud", "datacenter"] | None = Field(None, description="Guessed from the address when absent.")
    user: str | None = Field(
        None, description="With a token or password: basic authentication; without: a bearer token."
    )
    token: SecretStr | None = None
    password: SecretStr | None = None
    writes_per_minute: float = Field(6, gt=0)
    timeout_seconds: float = Field(30, gt=0)
    tries: int | None = Field(
        None,
        ge=1,
        le=20,
        description="How often a request is sent while the wiki does not answer. Absent: 5; at a keyboard 1, until the "
        "wiki has answered once.",
    )
    ca_bundle: Path | None = None


class TargetSettings(_Section):
    """The pages that bear a region, beside the home page."""

    pages: Texts = ()
    labels: Texts = ()
    under: Texts = Field((), description="Every page below these pages.")


class RegionSettings(_Section):
    """How one region is marked on the page, and what becomes of changes that people make in it."""

    marker: Literal["details", "anchors", "heading"] = "details"
    heading: Text | None = Field(None, description="The heading that bounds the region, for marker: heading.")
    drift: DriftPolicy | None = Field(None, description="Absent: the workspace's.")
    place: Text | None = Field(
        None, description="Where a missing region is created: start, end, before:HEADING, after:HEADING."
    )
    home: bool = Field(True, description="Whether the home page bears it.")
    also: TargetSettings = TargetSettings()

    @model_validator(mode="after")
    def _knows_its_heading(self) -> Self:
        if self.marker == "heading" and self.heading is None:
            raise ValueError("marker: heading needs `heading`, the text of the heading that bounds the region")
        return self


class ArchivedSettings(_Section):
    """Which pages count as archived; any of the three makes one so."""

    status: bool = True
    labels: Texts = ("archived",)
    under: Texts = Field((), description="Every page below pages of these titles or ids.")


class WorkspaceSettings(_Section):
    """One workspace: a home page kept in step with one data file."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]
    data: Path
    drift: DriftPolicy = DriftPolicy.REPORT
    regions: dict[str, RegionSettings] = Field(
        default_factory=lambda: {name: RegionSettings() for name in ("status", "quick_links", "news")}
    )
    archived: ArchivedSettings = ArchivedSettings()

    def drift_policy(self, region: str) -> DriftPolicy:
        """Return what becomes of drift in *region*."""
        return self.regions[region].drift or self.drift


class JobSettings(_Section):
    """One scheduled job."""

    run: Literal["sync", "snapshot", "verify"]
    every: Text
    at: Text | None = None
    timezone: Text | None = None

    @model_validator(mode="after")
    def _is_a_cadence(self) -> Self:
        Cadence.parse(self.every, at=self.at, timezone=self.timezone)
        return self


class SnapshotSettings(_Section):
    """Where snapshots are written and how they are sealed."""

    path: Path = Path("../snapshots")
    git: bool = False
    signing_key: Path | None = None
    allowed_signers: Path | None = None
    history: Literal["all", "changes", "latest"] = "changes"
    workers: int = Field(1, ge=1, le=64, description="Processes that convert pages; 1 converts in the bot's own.")
    publish_url: Address | None = Field(None, description="Where the head of the chain is posted after each capture.")
    publish_page: Text | None = Field(None, description="Title of a wiki page that the bot keeps to show that head.")


class SafetySettings(_Section):
    """Limits on what one run may do by itself."""

    max_changed_share: float = Field(0.3, gt=0, le=1)
    max_changed_regions: int = Field(10, ge=0)
    max_writes: int = Field(200, ge=1)
    max_repairs_a_day: int = Field(3, ge=1)
    stop_label: Text = Field("wikibot-stop", description="On a home page: nothing of its workspace is written.")
    exclude_label: Text = Field("wikibot-exclude", description="On a page: that page is left alone.")
    draft_wait_seconds: float = Field(
        0, ge=0, description="How long a write waits for an unpublished draft to go away."
    )


class Settings(BaseSettings):
    """All settings of the bot; every key also as `WIKIBOT_…`, nested by `__`."""

    model_config = SettingsConfigDict(
        env_prefix="WIKIBOT_",
        env_nested_delimiter="__",
        env_file=".env",
        env_file_encoding="utf-8",
        extra="forbid",
        frozen=True,
    )

    wiki: WikiSettings = WikiSettings()
    workspaces: tuple[WorkspaceSettings, ...] = ()
    jobs: tuple[JobSettings, ...] = ()
    snapshots: SnapshotSettings = SnapshotSettings()
    safety: SafetySettings = SafetySettings()
    templates: Path | None = Field(
        None, description="A folder whose `wiki/REGION.xml.j2` go before those that come with the program."
    )
    state: Path = Field(Path(".wikibot"), description="Run records and locks.")

    _config: Path = PrivateAttr(default=DEFAULT_CONFIG)

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        names = [workspace.name for workspace in self.workspaces]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two workspaces are named {name!r}")
        return self

    @property
    def config_path(self) -> Path:
        """The file that these settings were read from."""
        return self._config

    def read_from(self, config: Path) -> Self:
        """Remember which file these settings were read from."""
        self._config = config.absolute()
        return self

    def resolve(self, path: Path) -> Path:
        """Return *path* as an absolute path; relative ones are seen from the folder of the settings file."""
        return (self._config.parent / path.expanduser()).resolve()


def load_settings(config: Path | None = None) -> Settings:
    """Read the settings file and what overrides it; raises `SettingsError` with file and line."""
    path = config or Path(os.environ.get("WIKIBOT_CONFIG") or DEFAULT_CONFIG)
    if not path.is_file():
        raise SettingsError("does not exist; make one with `wikibot init`, or name another with --config", path=path)
    source = load_yaml(path, SettingsError)
    _refuse_secrets(source)
    try:
        settings = _bound_to(source)()
    except ValidationError as problem:
        raise describe_problems(problem, source, SettingsError, elsewhere=_name_variable) from problem
    return settings.read_from(path)


def _name_variable(location: Location) -> str:
    return "WIKIBOT_" + "__".join(str(step).upper() for step in location)


def _refuse_secrets(source: YamlSource) -> None:
    for name in ("token", "password"):
        if source.node_at(("wiki", name)) is not None:
            variable = f"WIKIBOT_WIKI__{name.upper()}"
            raise SettingsError(
                f"wiki.{name} is a secret, and this file is no place for it; set {variable} or use the secrets folder",
                path=source.path,
                line=source.line_of(("wiki", name)),
            )


class _YamlSettingsSource(PydanticBaseSettingsSource):
    def __init__(self, settings_cls: type[BaseSettings], values: dict[str, Any]) -> None:
        super().__init__(settings_cls)
        self._values = values

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
        del field
        return self._values.get(field_name), field_name, False

    def __call__(self) -> dict[str, Any]:
        return self._values


def _bound_to(source: YamlSource) -> type[Settings]:
    """Return the settings class that reads *source* beneath environment, `.env` and secrets."""
    if not isinstance(source.value, dict | None):
        raise SettingsError("must hold keys and values", path=source.path, line=1)
    values: dict[str, Any] = source.value or {}
    secrets = Path(os.environ.get("WIKIBOT_SECRETS_DIR") or "/run/secrets")

    class Bound(Settings):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            nested = NestedSecretsSettingsSource(
                file_secret_settings, secrets_dir=secrets, secrets_dir_missing="ok", secrets_nested_delimiter="__"
            )
            in_file = _YamlSettingsSource(settings_cls, values)
            return init_settings, env_settings, dotenv_settings, nested, in_file

    return Bound
