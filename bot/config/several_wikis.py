"""Several wikis in one settings file: nothing of two wikis is in the same place, and no wiki is there twice."""

import re
from collections.abc import Hashable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from bot.config.policy import WIKI_NAME, SnapshotSettings, WikiSettings
from bot.site_address import recognise
from bot.suggestion import did_you_mean

if TYPE_CHECKING:
    from bot.config.settings import Settings

DEFAULT_WIKI = "default"
"""How commands call the wiki of the section `wiki`, where there are several."""
_OF_ONE_WIKI = ("mirror", "restricted_mirror", "witnesses", "roster")


def check_wikis(settings: "Settings") -> None:
    """Raise `ValueError` if the wikis of *settings* would get into each other's way, or a name is wrong."""
    for problem in _find_problems(settings):
        raise ValueError(problem)


def with_folders_of(snapshots: SnapshotSettings, name: str) -> SnapshotSettings:
    """Return *snapshots* in folders of the wiki *name*."""
    return snapshots.model_copy(
        update={
            "path": _with_ending(snapshots.path, name),
            "restricted_path": snapshots.restricted_path and _with_ending(snapshots.restricted_path, name),
        }
    )


def _with_ending(path: Path, name: str) -> Path:
    return path.with_name(f"{path.name}-{name}")


def _find_problems(settings: "Settings") -> Iterator[str]:
    names = list(settings.wikis)
    for name in names:
        if not re.fullmatch(WIKI_NAME, name) or name == DEFAULT_WIKI:
            yield f"wikis: {name!r} cannot be the name of a wiki: use small letters, digits and single `_`"
    for workspace in settings.workspaces:
        if workspace.wiki is not None and workspace.wiki not in names:
            known = ", ".join(names) or "none"
            hint = did_you_mean(workspace.wiki, names)
            yield f"workspace {workspace.name}: no wiki is named {workspace.wiki!r}{hint}; `wikis` has: {known}"
    if not names:
        return
    used = {workspace.wiki for workspace in settings.workspaces}
    for name in names:
        if name not in used:
            yield f"wikis.{name}: no workspace names this wiki; add `wiki: {name}` to its workspaces"
    yield from _find_shared(settings)
    if None not in used and (settings.desk is not None or settings.service.model_fields_set):
        section = "desk" if settings.desk is not None else "service"
        yield f"{section}: belongs to the wiki of the section `wiki`, which no workspace has; move it into `wikis`"


def _find_shared(settings: "Settings") -> Iterator[str]:
    """Yield what two wikis would share: account, mirrors and witnesses, folders."""
    accounts: dict[Hashable, str] = {}
    folders: dict[Path, str] = {}
    for name in settings.wiki_names:
        own = settings.of_wiki(name)
        other = accounts.setdefault(_account(own.wiki), name)
        if other != name:
            yield f"wikis: {other} and {name} are the same wiki with the same account; use one name for its workspaces"
        if name != DEFAULT_WIKI and settings.wikis[name].snapshots is None:
            for key in _OF_ONE_WIKI:
                if getattr(settings.snapshots, key):
                    yield f"wikis.{name}: needs a section `snapshots`, because `snapshots.{key}` belongs to one wiki"
        for path in (own.snapshots.path, own.snapshots.separate_path):
            other = folders.setdefault(path, name)
            if other != name:
                yield f"wikis: {other} and {name} have the same folder for snapshots, {path}; name another"


def _account(wiki: WikiSettings) -> Hashable:
    secrets = (each and each.get_secret_value() for each in (wiki.token, wiki.password, wiki.client_secret))
    return (recognise(wiki.url).url, wiki.user, wiki.client_id, *secrets)
