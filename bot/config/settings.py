"""Settings: `bot.yaml`, overridden by the environment, `.env` and the secrets folders (pydantic-settings)."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from pydantic import Field, PrivateAttr, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    NestedSecretsSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from pydantic_settings import (
    SettingsError as SourceError,
)

from bot.config.policy import (
    DataGitSettings,
    DeskSettings,
    FurtherWikiSettings,
    JobSettings,
    NotifySettings,
    ObjectStoreSettings,
    SafetySettings,
    ServiceSettings,
    SnapshotSettings,
    WikiSettings,
    WorkspaceSettings,
)
from bot.config.secret_binding import WikiOrigins, check_binding
from bot.config.several_wikis import DEFAULT_WIKI, check_wikis, with_folders_of
from bot.config.yaml_source import Location, YamlSource, describe_problems, load_yaml, parse_yaml
from bot.errors import SettingsError
from bot.file_trust import raise_if_writable_by_all
from bot.files import STATE_FOLDER, raise_if_irregular, read_text_file

DEFAULT_CONFIG = Path("config/bot.yaml")
DOTENV = ".env"
"""Name of the file with environment variables; it is read in the folder of the settings file only."""
ANY_NAME = "NAME"
"""Stands in a location for each key of a mapping."""
_WIKI_SECRETS = ("token", "password", "client_secret", "client_key_password", "proxy", "headers")
_SECTION_SECRETS = (
    ("snapshots", "webhooks"),
    ("desk", "oidc", "client_secret"),
    ("service", "heartbeats"),
    ("service", "hook_secret"),
)
SECRETS: tuple[tuple[str, ...], ...] = (
    *(("wiki", key) for key in _WIKI_SECRETS),
    *(("wikis", ANY_NAME, key) for key in _WIKI_SECRETS),
    *_SECTION_SECRETS,
    *(("wikis", ANY_NAME, *location) for location in _SECTION_SECRETS),
    *(("notify", key) for key in ("addresses", "people")),
    *(("object_store", key) for key in ("access_key_id", "secret_access_key", "session_token")),
)
"""Keys that are refused in the settings file."""
SECRET_PREFIX = "wikibot_"  # noqa: S105 -- the beginning of a file name


class Settings(BaseSettings):
    """All settings of the bot; every key also as `WIKIBOT_…`, nested by `__`."""

    model_config = SettingsConfigDict(
        env_prefix="WIKIBOT_",
        env_nested_delimiter="__",
        env_ignore_empty=True,  # a pipeline gives an empty value for a variable that nobody set
        env_file_encoding="utf-8",
        extra="forbid",
        frozen=True,
        defer_build=True,
    )

    wiki: WikiSettings = Field(
        WikiSettings.model_construct(),
        description="The wiki and the account.",
        examples=[{"url": "https://example.atlassian.net/wiki"}],
    )
    wikis: dict[str, FurtherWikiSettings] = Field(
        {},
        description="Further wikis by name: small letters, digits and single `_`. A workspace names its wiki with "
        "`wiki`. Each wiki has an account, a rate limit, a state and snapshots of its own, and `wikibot run` runs a "
        "process for each.",
        examples=[{"team": {"url": "https://wiki.example.org/confluence"}}],
    )
    workspaces: tuple[WorkspaceSettings, ...] = Field(
        (),
        description="The workspaces, each with its own data file.",
        examples=[[{"name": "ws2", "data": "ws2.yaml"}]],
    )
    jobs: tuple[JobSettings, ...] = Field(
        (),
        description="The jobs that `wikibot run` runs, and when.",
        examples=[[{"run": "sync", "every": "10 minutes"}]],
    )
    snapshots: SnapshotSettings = Field(
        SnapshotSettings.model_construct(),
        description="Where snapshots are written and how they are sealed.",
        examples=[{"git": True}],
    )
    object_store: ObjectStoreSettings = Field(
        ObjectStoreSettings.model_construct(),
        description="How S3-compatible storage is reached.",
        examples=[{"endpoint": "https://s3.example.org"}],
    )
    desk: DeskSettings | None = Field(
        None,
        description="The web desk. With this section, even an empty one (`{}`), `wikibot run` serves it; `wikibot "
        "serve` needs no section.",
        examples=[{"listen": "127.0.0.1:8091"}],
    )
    service: ServiceSettings = Field(
        ServiceSettings.model_construct(),
        description="How others learn how the bot is doing.",
        examples=[{"listen": "127.0.0.1:8092"}],
    )
    data_git: DataGitSettings | None = Field(
        None,
        description="A git remote with the data files: fetched before each scheduled run, and commits of the bot are "
        "pushed. Absent: the data files are only on this machine.",
        examples=[{"remote": "git@git.example.org:team/wiki.git"}],
    )
    notify: NotifySettings = Field(
        NotifySettings.model_construct(),
        description="Messages by mail, chat or webhook.",
        examples=[{"channels": {"operators": {}}}],
    )
    safety: SafetySettings = Field(
        SafetySettings.model_construct(), description="Limits of one run.", examples=[{"max_writes": 50}]
    )
    templates: Path | None = Field(
        None,
        description="Folder with your own templates: `wiki/REGION.xml.j2` in it replaces the template of that region.",
        examples=["templates"],
    )
    state: Path = Field(
        Path(STATE_FOLDER),
        description="Folder of the run records and locks, relative to the folder of the settings file.",
        examples=["/var/lib/wikibot/state"],
    )

    _config: Path = PrivateAttr(default=DEFAULT_CONFIG)
    _source: YamlSource | None = PrivateAttr(default=None)
    _origins: WikiOrigins = PrivateAttr(default=WikiOrigins())
    _wiki_name: str = PrivateAttr(default="")
    _places: tuple[int, ...] | None = PrivateAttr(default=None)

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        names = [workspace.name for workspace in self.workspaces]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two workspaces are named {name!r}")
        return self

    @model_validator(mode="after")
    def _wikis_are_apart(self) -> Self:
        check_wikis(self)
        return self

    @property
    def wiki_names(self) -> tuple[str, ...]:
        """The wikis that have workspaces; that of the section `wiki` is the first, also if there is no workspace."""
        has_default = not self.wikis or any(workspace.wiki is None for workspace in self.workspaces)
        return (*([DEFAULT_WIKI] if has_default else []), *self.wikis)

    @property
    def wiki_name(self) -> str:
        """The name of the wiki that these settings are for; empty if the file has only one."""
        return self._wiki_name

    @property
    def common_state(self) -> Path:
        """The folder for what the processes of several wikis share."""
        return self.state.parent.parent if self._is_further else self.state

    def of_wiki(self, name: str) -> Self:
        """Return the settings for one of `wiki_names`, as if the file had no other wiki."""
        if not self.wikis:
            return self
        places = [index for index, each in enumerate(self.workspaces) if (each.wiki or DEFAULT_WIKI) == name]
        changes: dict[str, object] = {"wikis": {}, "workspaces": tuple(self.workspaces[index] for index in places)}
        if name != DEFAULT_WIKI:
            own = self.wikis[name]
            changes |= {
                "wiki": own.connection,
                "snapshots": own.snapshots or with_folders_of(self.snapshots, name),
                "jobs": self.jobs if own.jobs is None else own.jobs,
                "desk": own.desk,
                "service": own.service,
                "state": self.state / "wikis" / name,
            }
        found = self.model_copy(update=changes)
        found._wiki_name, found._places = name, tuple(places)  # noqa: SLF001 -- the same class
        return found

    @property
    def config_path(self) -> Path:
        """The file from which these settings were loaded."""
        return self._config

    def read_from(self, config: Path, source: YamlSource | None = None, origins: WikiOrigins | None = None) -> Self:
        """Set the file from which these settings were loaded, and return the settings."""
        self._config, self._source, self._origins = config.absolute(), source, origins or WikiOrigins()
        return self

    @property
    def wiki_section(self) -> str:
        """The section of the settings that has the address and the account of the wiki, for messages."""
        return ".".join(map(str, self._place_of(("wiki",))))

    def check_secret_binding(self) -> None:
        """Raise `SettingsError` if the secrets of the wiki would be sent to another host than their own."""
        check_binding(self.wiki, self._origins.below(self._place_of(("wiki",))), self.wiki_section)

    def _place_of(self, location: Location) -> Location:
        """Return where a key of the settings of one wiki is in the file."""
        match location:
            case ("workspaces", int(index), *rest) if self._places is not None:
                return ("workspaces", self._places[index], *rest)
            case ("wiki", *rest) if self._is_further:
                return ("wikis", self._wiki_name, *rest)
            case ("snapshots" | "jobs" | "desk" | "service", *_) if self._is_further:
                inner = ("wikis", self._wiki_name, *location)
                return inner if self._source is not None and self._source.node_at(inner) is not None else location
        return location

    @property
    def _is_further(self) -> bool:
        return self._wiki_name not in ("", DEFAULT_WIKI)

    def locate(self, above: Location, below: Location) -> str:
        """Return the file and line of the key *below* the key *above*, or the environment variable that sets it."""
        location = self._place_of((*above, *below))
        keys = [length for length in range(len(location), 0, -1) if not isinstance(location[length - 1], int)]
        key = location[: keys[0]] if keys else location
        if self._source is None or self._source.node_at(key) is None:
            return _name_variable(key)
        return f"{self._config}:{self._source.line_of(location)}"

    def locate_limit(self, key: str) -> str:
        """Return the name of a key of `safety` and where it is set, for messages."""
        if key not in self.safety.model_fields_set:
            return f"`safety.{key}`, which {self._config} does not set"
        return f"`safety.{key}`, {self.locate(('safety',), (key,))}"

    def resolve(self, path: Path) -> Path:
        """Return *path* as an absolute path; relative paths start at the folder of the settings file."""
        return (self._config.parent / path.expanduser()).resolve()

    def place(self, path: Path) -> Path:
        """Return *path* as `resolve` does, but do not follow a link in its place, so that another link is noticed."""
        whole = self._config.parent / path.expanduser()
        return self.resolve(path) if whole.name in ("", "..") else whole.parent.resolve() / whole.name


def load_settings(config: Path | None = None) -> Settings:
    """Load the settings file and all overrides; raises `SettingsError` with file and line."""
    path = settings_path(config)
    if not path.exists():
        raise SettingsError("does not exist; make one with `wikibot init`, or name another with --config", path=path)
    source = load_yaml(path, SettingsError)
    _refuse_secrets(source)
    try:
        settings, origins = _read_all(source)
    except ValidationError as problem:
        raise describe_problems(problem, source, Settings, SettingsError, elsewhere=_name_variable) from problem
    return settings.read_from(path, source, origins)


def settings_path(config: Path | None) -> Path:
    """Return the path of the settings file: *config*, the one of `WIKIBOT_CONFIG`, or the default."""
    return config or Path(os.environ.get("WIKIBOT_CONFIG") or DEFAULT_CONFIG)


def load_overrides(config: Path) -> Settings:
    """Return the settings from environment, `.env` and secrets; the settings file *config* does not exist yet."""
    source = parse_yaml("{}", path=config, error=SettingsError)
    try:
        settings, origins = _read_all(source)
        return settings.read_from(config, origins=origins)
    except ValidationError as problem:
        details = "; ".join(f"{_name_variable(each['loc'])}: {each['msg']}" for each in problem.errors())
        raise SettingsError(f"the environment, .env or the secrets folder: {details}") from problem


def secrets_folders(config: Path) -> list[Path]:
    """Return the folders from which secrets are read; the first is the place for secrets that people store.

    The value of `WIKIBOT_SECRETS_DIR`; if it is not set, `secrets` in the folder of the settings file, and
    `/run/secrets` of a container.
    """
    chosen = os.environ.get("WIKIBOT_SECRETS_DIR")
    return [Path(chosen)] if chosen else [config.absolute().parent / "secrets", Path("/run/secrets")]


def dotenv_file(config: Path) -> Path:
    """Return the file of environment variables that belongs to the settings file *config*."""
    return config.absolute().parent / DOTENV


def secret_files(config: Path) -> list[Path]:
    """Return the files that contain secrets: `.env`, and those in the secrets folders; `.env` may not exist."""
    files = (path for folder in secrets_folders(config) for path in _files_in(folder))
    return [dotenv_file(config), *(path for path in files if path.name.lower().startswith(SECRET_PREFIX))]


def missing_secrets_folder() -> Path | None:
    """Return the folder that `WIKIBOT_SECRETS_DIR` names, if it does not exist."""
    chosen = os.environ.get("WIKIBOT_SECRETS_DIR")
    return Path(chosen) if chosen and not Path(chosen).is_dir() else None


def _files_in(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []  # the same as no folder; `wikibot check` reports it


def _name_variable(location: Location) -> str:
    return "WIKIBOT_" + "__".join(str(step).upper() for step in location)


def _refuse_secrets(source: YamlSource) -> None:
    wikis = source.value.get("wikis") if isinstance(source.value, dict) else None
    names = [name for name in wikis if isinstance(name, str)] if isinstance(wikis, dict) else []
    for location in (each for secret in SECRETS for each in _with_names(secret, names)):
        if source.node_at(location) is not None:
            raise SettingsError(
                f"{'.'.join(location)} is a secret and must not be in this file; set {_name_variable(location)} or use "
                "the secrets folder",
                path=source.path,
                line=source.line_of(location),
            )


def _with_names(location: tuple[str, ...], names: list[str]) -> list[tuple[str, ...]]:
    """Return *location* for each of *names*, if it has `ANY_NAME`."""
    if ANY_NAME not in location:
        return [location]
    return [tuple(name if step == ANY_NAME else step for step in location) for name in names]


class _YamlSettingsSource(PydanticBaseSettingsSource):
    def __init__(self, settings_cls: type[BaseSettings], values: dict[str, Any]) -> None:
        super().__init__(settings_cls)
        self._values = values

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
        del field
        return self._values.get(field_name), field_name, False

    def __call__(self) -> dict[str, Any]:
        return self._values


def _read_all(source: YamlSource) -> tuple[Settings, WikiOrigins]:
    """Read *source* with lower precedence than environment, `.env` and secrets; say where the keys of `wiki` are set.

    Raises `SettingsError` if every account of the machine can write one of the files.
    """
    for path in secret_files(source.path):
        raise_if_irregular(path, SettingsError)
        raise_if_writable_by_all(path, SettingsError, is_secret=True)
        _raise_if_not_read(path, dotenv_file(source.path))
    sources: list[PydanticBaseSettingsSource] = []
    try:
        settings = _bound_to(source, sources)(_env_file=dotenv_file(source.path))
    except SourceError as error:  # a folder that is too large or none, or JSON that is none
        raise SettingsError(f"the environment, .env or the secrets folder: {error}") from error
    return settings, WikiOrigins(*(each() for each in sources))


def _raise_if_not_read(path: Path, dotenv: Path) -> None:
    """Raise `SettingsError` for a file that cannot be read, or that the library would skip silently."""
    folder, target = path.parent.resolve(), path.resolve()
    if path != dotenv and not target.is_relative_to(folder):
        raise SettingsError(
            f"is a link to {target}, outside the folder of the secrets, and is not followed; put the secret itself "
            "there, or let WIKIBOT_SECRETS_DIR name the folder of the target",
            path=path,
        )
    if not path.exists() and not path.is_symlink():
        return
    try:
        read_text_file(path)
    except OSError as error:
        raise SettingsError(f"cannot be read: {error.strerror}", path=path) from error
    except UnicodeDecodeError as error:
        raise SettingsError("is not text in UTF-8; store it again as plain text", path=path) from error


def _raise_if_unnamed(source: YamlSource, values: Mapping[Any, Any]) -> None:
    """Raise `SettingsError` for a key that is no text, for example a line with only a colon."""
    for key in values:
        if not isinstance(key, str):
            nodes = source.root.value if source.root is not None else ()
            line = next((node.start_mark.line + 1 for node, _ in nodes if not node.tag.endswith(":str")), None)
            shown = "an empty key" if key is None else f"the key {key!r}"
            raise SettingsError(f"{shown} is not the name of a setting", path=source.path, line=line)


def _bound_to(source: YamlSource, sources: list[PydanticBaseSettingsSource]) -> type[Settings]:
    """Return a settings class that reads *source* with the lowest precedence.

    It fills *sources* with its sources: environment, `.env`, secrets folder, settings file.
    """
    if not isinstance(source.value, dict | None):
        raise SettingsError("must be a mapping of keys to values", path=source.path, line=1)
    values: dict[str, Any] = source.value or {}
    _raise_if_unnamed(source, values)
    secrets = secrets_folders(source.path)

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
            sources[:] = [env_settings, dotenv_settings, nested, in_file]
            return init_settings, *sources

    return Bound
