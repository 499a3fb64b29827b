"""Set up: settings for a wiki that was reached, and a data file for its home page."""

import json
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from bot.config.data_file import ContentDocument
from bot.config.data_model import Home, Workspace
from bot.config.schemas import SETTINGS_SCHEMA_NAME, write_schemas
from bot.config.settings import Settings, WikiSettings, WorkspaceSettings, load_settings
from bot.errors import PageNotFoundError, SettingsError, WikiError
from bot.runtime import Runtime
from bot.wiki.gateway import PageRef, WikiGateway
from bot.wiki.site_probe import guess_flavour, probe_site

_ARCHIVE = "Archive"


@dataclass(frozen=True, slots=True)
class Answers:
    """What a person says about the wiki; *home* is a title or an id."""

    url: str
    user: str | None
    space_key: str
    home: str
    name: str


@dataclass(frozen=True, slots=True)
class Setup:
    """Settings that were written and work."""

    runtime: Runtime
    account: str
    home: PageRef


def set_up(path: Path, answers: Answers) -> Setup:
    """Write the settings file and try it; where the wiki, space or page is not reached, no file is left behind."""
    if path.exists():
        raise SettingsError("exists already; edit it, or name another file with --config", path=path)
    _check(answers)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_compose(answers, has_archive=False), encoding="utf-8")
    try:
        gateway = _impatient(load_settings(path)).gateway()
        account = gateway.fetch_current_user().display_name
        gateway.fetch_space(answers.space_key)
        home = _find_home(gateway, answers)
        if gateway.find_page(answers.space_key, _ARCHIVE) is not None:
            path.write_text(_compose(answers, has_archive=True), encoding="utf-8")
    except BaseException:
        path.unlink()
        raise
    return Setup(Runtime(load_settings(path)), account, home)


def write_bare_data_file(setup: Setup) -> Path:
    """Write a data file without regions, for a page on which nothing was adopted."""
    runtime = setup.runtime
    path = runtime.data_path(runtime.workspace)
    home = Home(space=setup.home.space_key, home=setup.home.title)
    ContentDocument.create(Workspace(workspace=home), path).save()
    write_schemas(path.parent)
    return path


def _check(answers: Answers) -> None:
    """Refuse answers that no settings file may hold, before there is one to point at."""
    try:
        WikiSettings(url=answers.url)
        WorkspaceSettings(name=answers.name, data=Path(f"{answers.name}.yaml"))
    except ValidationError as problem:
        detail = problem.errors()[0]
        message = detail["msg"].removeprefix("Value error, ")
        if detail["type"] == "string_pattern_mismatch":
            message = "must begin with a small letter or digit and hold only those, _ and -"
        raise SettingsError(f"{detail['loc'][-1]} {detail['input']!r}: {message}") from problem


def _impatient(settings: Settings) -> Runtime:
    """Return a runtime that asks once: whoever mistyped an address need not wait for more tries."""
    return Runtime(settings.model_copy(update={"wiki": settings.wiki.model_copy(update={"tries": 1})}))


def _find_home(gateway: WikiGateway, answers: Answers) -> PageRef:
    ref = gateway.find_page(answers.space_key, answers.home)
    if ref is None and answers.home.isdecimal():
        ref = gateway.fetch_page(answers.home).ref
    if ref is None:
        raise PageNotFoundError(answers.home, space_key=answers.space_key)
    if ref.space_key != answers.space_key:
        raise WikiError(f"page {ref.title!r} is in space {ref.space_key}, not in {answers.space_key}")
    return ref


def _compose(answers: Answers, *, has_archive: bool) -> str:
    flavour = probe_site(answers.url).flavour or guess_flavour(answers.url)
    user = f"\n  user: {_quoted(answers.user)}" if answers.user else ""
    under = f", under: [{_ARCHIVE}]" if has_archive else ""
    return f"""\
# yaml-language-server: $schema={SETTINGS_SCHEMA_NAME}
# Settings of wikibot. Each key can be overridden by the environment as WIKIBOT_…, nested by two underscores.
# The token never stands here: set WIKIBOT_WIKI__TOKEN, or put it in the secrets folder.
wiki:
  url: {_quoted(answers.url)}
  flavour: {flavour}{user}
  writes_per_minute: 6

workspaces:
  - name: {answers.name}
    data: {answers.name}.yaml
    drift: report                     # report | repair | ignore
    regions: {{status: {{}}, quick_links: {{}}, news: {{}}}}
    archived: {{status: true, labels: [archived]{under}}}

jobs:
  - {{run: sync, every: 10 minutes}}
  - {{run: snapshot, every: day, at: "02:30", timezone: UTC}}

snapshots: {{path: ../snapshots, git: false, signing_key: null}}
"""


def _quoted(text: str | None) -> str:
    return json.dumps(text, ensure_ascii=False)  # a JSON string is a YAML string
