"""The demonstration's world as its files say: pages with their metadata, and their bodies parsed."""

import hashlib
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from html.entities import name2codepoint
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from wikiserver.seed import DEMO_WORLD

SPACES = ("WS2", "COMMS")

AC, RI = "{http://atlassian.com/content}", "{http://atlassian.com/resource/identifier}"
_DOCTYPE = (
    "<!DOCTYPE r ["
    + "".join(
        f'<!ENTITY {name} "&#{code};">'
        for name, code in name2codepoint.items()
        if name not in {"amp", "lt", "gt", "quot"}
    )
    + "]>"
)


@dataclass(frozen=True)
class DemoPage:
    """One page of the world, as its files say."""

    space: str
    slug: str
    metadata: dict[str, Any]
    body: str
    earlier: dict[str, str]

    @property
    def bodies(self) -> dict[str, str]:
        return {f"{self.slug}.xhtml": self.body, **self.earlier}

    @property
    def files(self) -> Path:
        return DEMO_WORLD / self.space / f"{self.slug}.files"


@cache
def load_yaml(path: Path) -> Any:
    return YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))


@cache
def load_pages() -> tuple[DemoPage, ...]:
    return tuple(_load_page(path) for space in SPACES for path in sorted((DEMO_WORLD / space).glob("*.xhtml"))
                 if not re.search(r"\.v\d+\.xhtml$", path.name))  # fmt: skip


def _load_page(path: Path) -> DemoPage:
    earlier = {p.name: p.read_text(encoding="utf-8") for p in path.parent.glob(f"{path.stem}.v*.xhtml")}
    metadata = load_yaml(path.with_suffix(".yaml"))
    return DemoPage(path.parent.name, path.stem, metadata, path.read_text(encoding="utf-8"), earlier)


def parse(body: str) -> ET.Element:
    return ET.fromstring(  # noqa: S314 -- our own files
        f'{_DOCTYPE}<r xmlns:ac="{AC[1:-1]}" xmlns:ri="{RI[1:-1]}">{body}</r>'
    )


def all_bodies() -> Iterator[tuple[DemoPage, str, ET.Element]]:
    for page in load_pages():
        for name, body in page.bodies.items():
            yield page, name, parse(body)


def managed_pages() -> list[DemoPage]:
    return [page for page in load_pages() if page.space == "WS2"]


def page_ids(page: DemoPage) -> str:
    return f"{page.space}/{page.slug}"


def known_users() -> set[str]:
    """Return every way the wiki's accounts may be named; the embedded wiki derives user keys from the names."""
    users = load_yaml(DEMO_WORLD / "users.yaml")
    keys = {hashlib.sha256(user["name"].encode()).hexdigest()[:32] for user in users}
    return keys | {user["name"] for user in users} | {user["account_id"] for user in users}


def user_key(user: ET.Element) -> str:
    return next(
        user.get(f"{RI}{name}", "") for name in ("account-id", "userkey", "username") if user.get(f"{RI}{name}")
    )
