"""Export a wiki to a world folder, from which the same wiki can be loaded."""

import json
import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML

from wikiserver.moments import iso
from wikiserver.seed import BODY_SUFFIX, SPACE_FILE, USERS_FILE, WorldError
from wikiserver.store import IN_TREE, Content, NotFoundError, Selection, Space, Store

Json = dict[str, Any]

_ALL_PAGES: Final = ("space_id = ?", f"type IN {(*IN_TREE, 'blogpost')}")
_MAX_SLUG: Final = 80


def export_world(store: Store, folder: Path, *, space_keys: Sequence[str] = ()) -> int:
    """Write the named spaces (by default all) to *folder*, new or empty; return the number of pages written."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise WorldError(f"{folder}: is not an empty folder; name a new one")
    try:
        spaces = [store.spaces.get_by_key(key) for key in space_keys] or store.spaces.all()
    except NotFoundError as error:
        raise WorldError(str(error)) from error
    folder.mkdir(parents=True, exist_ok=True)
    users = [
        {
            "name": user.name,
            "display_name": user.display_name,
            "email": user.email,
            "account_id": user.account_id,
            "admin": user.is_admin,
        }
        for user in store.people.all()
    ]
    _write_yaml(folder / USERS_FILE, users)
    return sum(_SpaceExporter(store, space, folder / space.key).export() for space in spaces)


class _SpaceExporter:
    """Exports one space."""

    def __init__(self, store: Store, space: Space, folder: Path) -> None:
        self._store, self._space, self._folder = store, space, folder
        self._slugs: dict[int, str] = {}

    def export(self) -> int:
        self._folder.mkdir()
        pages = self._store.contents.select(Selection(_ALL_PAGES, (self._space.id,), limit=-1))
        for page in sorted(pages, key=lambda one: (one.title, one.created_at)):
            self._slugs[page.id] = self._new_slug(page)
        settings: Json = {"key": self._space.key, "name": self._space.name, "creator": self._name(self._space.creator)}
        if self._space.homepage_id in self._slugs:
            settings["home"] = self._slugs[self._space.homepage_id]
        if self._space.description:
            settings["description"] = self._space.description
        if permissions := self._permissions():
            settings["permissions"] = permissions
        _write_yaml(self._folder / SPACE_FILE, settings)
        for page in pages:
            self._export_page(page)
        return len(pages)

    def _permissions(self) -> Json:
        """Return who may do each single operation; nothing if the space has the permissions of a new space."""
        store, found = self._store, dict[str, list[str]]()
        grants = store.space_permissions.of(self._space.id)
        if {one[2:] for one in grants} == store.space_permissions.defaults(self._space.creator):
            return {}
        for grant in grants:
            group = store.people.find_group(grant.subject) if grant.subject_type == "group" else None
            name = group.name if group is not None else self._name(grant.subject)
            found.setdefault(" ".join(grant.operation), []).append(name)
        return dict(found)

    def _new_slug(self, page: Content) -> str:
        plain = unicodedata.normalize("NFKD", page.title).encode("ascii", "ignore").decode().lower()
        slug = re.sub(r"[^a-z0-9]+", "-", plain)[:_MAX_SLUG].strip("-")
        slug = slug if slug not in {"", "space"} else "page"
        taken, number, unique = set(self._slugs.values()), 1, slug
        while unique in taken:
            number += 1
            unique = f"{slug}-{number}"
        return unique

    def _name(self, account_id: str) -> str:
        user = self._store.people.find(account_id)
        return user.name if user is not None else account_id

    def _export_page(self, page: Content) -> None:
        slug = self._slugs[page.id]
        _write_body(self._folder / f"{slug}{BODY_SUFFIX}", self._store.contents.body(page.id))
        metadata: Json = {"title": page.title, "parent": self._slugs.get(page.parent_id or 0)}
        metadata |= {"position": page.position, "status": page.status}
        if page.type != "page":
            metadata["type"] = page.type
        metadata |= {"created": iso(page.created_at), "author": self._name(page.creator)}
        parts: Json = {
            "labels": [label.name for label in self._store.labels.of(page.id)],
            "versions": self._export_versions(page, slug),
            "attachments": self._export_files(page, slug),
            "comments": self._comments(page),
            "restrictions": self._restrictions(page),
            "properties": {one.key: json.loads(one.value) for one in self._store.properties.of(page.id)},
        }
        state = self._store.states.find(page.id)
        parts["content_state"] = state.name if state is not None else None
        metadata |= {name: part for name, part in parts.items() if part}
        _write_yaml(self._folder / f"{slug}.yaml", metadata)

    def _export_versions(self, page: Content, slug: str) -> list[Json]:
        versions = self._store.contents.versions(page.id, is_ascending=True)
        if len(versions) == 1 and not versions[0].message:
            return []
        found = []
        for version in versions:
            one: Json = {"number": version.number, "author": self._name(version.author)}
            one |= {"when": iso(version.created_at), "message": version.message}
            if version.number != page.version:
                name = f"{slug}.v{version.number}{BODY_SUFFIX}"
                _write_body(self._folder / name, self._store.contents.body(page.id, version.number))
                one["body"] = name
            found.append(one)
        return found

    def _export_files(self, page: Content, slug: str) -> list[Json]:
        found = []
        for content in self._store.attachments.of(page.id):
            folder = self._folder / f"{slug}.files"
            folder.mkdir(exist_ok=True)
            (folder / content.title).write_bytes(self._store.attachments.data(content.id))
            file = self._store.attachments.file(content.id)
            one: Json = {"name": content.title, "media_type": file.media_type, "author": self._name(content.creator)}
            found.append(one | {"when": iso(content.created_at), "comment": file.comment})
        return found

    def _comments(self, page: Content) -> list[Json]:
        comments, found = self._store.comments.all_of(page.id), []
        numbers = {comment.id: number for number, comment in enumerate(comments, start=1)}
        for comment in comments:
            detail = self._store.comments.detail(comment.id)
            one: Json = {
                "id": numbers[comment.id],
                "author": self._name(comment.creator),
                "when": iso(comment.created_at),
            }
            one["body"] = self._store.contents.body(comment.id)
            if comment.parent_id is not None:
                one["parent"] = numbers[comment.parent_id]
            if detail.marker_ref is not None:
                one["inline"] = {"ref": detail.marker_ref, "text": detail.selection}
            if detail.resolution == "resolved":
                one["resolved"] = True
            found.append(one)
        return found

    def _restrictions(self, page: Content) -> Json:
        named = self._store.restrictions.of(page.id)
        found = {operation: [self._name(one) for one in who["user"]] for operation, who in named.items()}
        return {operation: names for operation, names in found.items() if names}


def _write_body(path: Path, body: str) -> None:
    path.write_text(f"{body}\n", encoding="utf-8", newline="")


def _write_yaml(path: Path, value: object) -> None:
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.allow_unicode = True
    yaml.width = 110
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]  # typed as None in ruamel
    with path.open("w", encoding="utf-8", newline="\n") as file:
        yaml.dump(value, file)
