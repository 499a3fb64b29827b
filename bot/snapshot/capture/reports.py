"""What report macros showed at the capture: which labels they ask for, and the properties that pages state."""

import re
from collections.abc import Sequence
from html import unescape

from bs4 import BeautifulSoup, Tag

_MACRO = r'<ac:structured-macro[^>]*\bac:name="{name}"[^>]*?(?:/>|>(.*?)</ac:structured-macro>)'
_PARAMETER = re.compile(r'<ac:parameter ac:name="(\w+)">([^<]*)</ac:parameter>')
_LABEL = re.compile(r'label\s*(?:=\s*("[^"]*"|[\w-]+)|in\s*\(([^()]*)\))', re.IGNORECASE)
_HARMLESS = r'(?:space\s*=\s*(?:currentSpace\(\s*\)|"?{key}"?)|type\s*=\s*"?page"?|\band\b)'


def find_reports(body: str, macro: str) -> list[dict[str, str]]:
    """Return the parameters of every macro of that name in *body*."""
    found = re.finditer(_MACRO.format(name=re.escape(macro)), body, re.DOTALL)
    return [{name: unescape(value) for name, value in _PARAMETER.findall(each[1] or "")} for each in found]


def read_labels(parameters: dict[str, str], space_key: str) -> tuple[str, ...] | None:
    """Return the labels of which a page must bear one; None where the macro asks for more than that."""
    plain = parameters.get("label") or parameters.get("labels")
    if plain:
        asks_more = re.search(r"(?:^|[\s,])[+-]", plain) or parameters.get("spaces", space_key) not in (
            "@self",
            space_key,
        )
        return None if asks_more else _split(plain)
    query = parameters.get("cql", "")
    asked = _LABEL.findall(query)
    rest = _LABEL.sub("", query)
    rest = re.sub(_HARMLESS.format(key=re.escape(space_key)), "", rest, flags=re.IGNORECASE)
    if len(asked) != 1 or rest.strip():
        return None
    return _split(asked[0][0] or asked[0][1])


def read_properties(body: str, *, wanted_id: str = "", users: dict[str, str] | None = None) -> dict[str, str]:
    """Return the properties that a page states in its Page Properties blocks, as plain text by name.

    With *wanted_id*, only blocks of that id count. A table may run downwards (a name, then its value) or sideways.
    """
    properties: dict[str, str] = {}
    soup = BeautifulSoup(body, "html.parser")
    for block in soup.find_all("ac:structured-macro", attrs={"ac:name": "details"}):
        marks = {str(p.get("ac:name")): p.get_text() for p in block.find_all("ac:parameter", recursive=False)}
        if wanted_id and marks.get("id") != wanted_id:
            continue
        for table in block.find_all("table"):
            rows = [row.find_all(["th", "td"]) for row in table.find_all("tr")]
            for name, value in _pairs(rows):
                key = _words(name, users or {})
                if key:
                    properties.setdefault(key, _words(value, users or {}))
    return properties


def _pairs(rows: Sequence[Sequence[Tag]]) -> list[tuple[Tag, Tag]]:
    is_sideways = len(rows) >= 2 and len(rows[0]) > 1 and all(cell.name == "th" for cell in rows[0])
    if is_sideways:
        return list(zip(rows[0], rows[1], strict=False))
    return [(row[0], row[1]) for row in rows if len(row) > 1]


def _words(cell: Tag, users: dict[str, str]) -> str:
    """Return what a reader sees of a cell, on one line."""
    for parameter in cell.find_all("ac:parameter"):
        if parameter.get("ac:name") != "title":
            parameter.decompose()
    for moment in cell.find_all("time"):
        moment.replace_with(str(moment.get("datetime", "")))
    for user in cell.find_all("ri:user"):
        key = str(user.get("ri:account-id") or user.get("ri:userkey") or user.get("ri:username") or "")
        user.replace_with(f"@{users.get(key) or key}")
    for page in cell.find_all("ri:page"):
        link = page.find_parent("ac:link")
        if link is None or not link.get_text(strip=True):
            page.replace_with(str(page.get("ri:content-title", "")))
    return " ".join(cell.get_text(" ").split())


def _split(labels: str) -> tuple[str, ...]:
    return tuple(sorted({label.strip().strip('"').lower() for label in labels.split(",") if label.strip()}))
