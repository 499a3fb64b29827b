"""The HTML of a page as the wiki draws it, made safe for a preview, with the entries of a list marked by position."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urljoin, urlsplit

import nh3
from bs4 import BeautifulSoup, Tag

from bot.storage.emoticons import CHARACTERS

_TAGS = {
    *(
        "p",
        "br",
        "hr",
        "b",
        "strong",
        "i",
        "em",
        "u",
        "s",
        "del",
        "sub",
        "sup",
        "small",
        "mark",
        "span",
        "font",
        "time",
    ),
    *("code", "pre", "blockquote", "ul", "ol", "li", "dl", "dt", "dd", "h1", "h2", "h3", "h4", "h5", "h6", "a", "div"),
    *("table", "thead", "tbody", "tfoot", "tr", "th", "td", "caption", "col", "colgroup"),
}
_ATTRIBUTES = {
    **{name: {"class"} for name in ("span", "div", "li", "p", "tr", "td", "th", "table")},
    "a": {"href", "title", "target", "class"},
    "font": {"color"},
    "ol": {"start"},
    "td": {"class", "colspan", "rowspan", "bgcolor"},
    "th": {"class", "colspan", "rowspan", "bgcolor"},
}
_OWN_CLASSES = re.compile(
    r"wiki-icon(?:-[a-z-]+)?|wiki-picture|wiki-tag|wiki-dead|wiki-new|wiki-moved|wiki-leaving|"
    r"wiki-lozenge(?:-(?:grey|red|yellow|green|blue|purple))?"
)
_LOZENGES = {
    "success": "green",
    "error": "red",
    "current": "yellow",
    "complete": "blue",
    "progress": "blue",
    "moved": "yellow",
    "new": "purple",
    "default": "grey",
} | {name: name for name in ("grey", "red", "yellow", "green", "blue", "purple")}
_COLOUR = re.compile(r"(?:^|;)\s*color\s*:\s*([^;]+)", re.IGNORECASE)
_GROUND = re.compile(r"(?:^|;)\s*background(?:-color)?\s*:\s*([^;]+)", re.IGNORECASE)
_RGB = re.compile(r"rgba?\(\s*(\d{1,3})[\s,]+(\d{1,3})[\s,]+(\d{1,3})")
_PLAIN_COLOUR = re.compile(r"#[0-9a-fA-F]{3,6}|[a-zA-Z]{3,24}")


class EntryMark(StrEnum):
    """What a change does with an entry; the value is also the end of the name of its style."""

    NEW = "new"
    MOVED = "moved"
    LEAVING = "leaving"


@dataclass(frozen=True, slots=True)
class ShownHtml:
    """Safe HTML; *is_marked* is False if the entries could not be matched with the marks."""

    html: str
    is_marked: bool


def make_safe(
    html: str, base_url: str, *, marks: Sequence[EntryMark | None] = (), words: dict[EntryMark, str]
) -> ShownHtml:
    """Return *html* without scripts, styles, pictures and relative addresses; *words* are shown at marked entries.

    *marks* has one value for each entry of the list. The entries are marked only if the list has as many of them.
    """
    soup = BeautifulSoup(html, "html.parser")
    _replace_pictures(soup)
    _replace_styles(soup)
    for link in soup.find_all("a"):
        _settle_link(link, base_url)
    is_marked = _mark(soup, marks, words)
    clean = nh3.clean(
        str(soup), tags=_TAGS, attributes=_ATTRIBUTES, attribute_filter=_keep, link_rel="noopener noreferrer"
    )
    return ShownHtml(clean, is_marked)


def _keep(element: str, name: str, value: str) -> str | None:
    del element
    if name == "class":
        return " ".join(each for each in value.split() if _OWN_CLASSES.fullmatch(each)) or None
    if name == "target":
        return value if value == "_blank" else None
    return value


def _replace_pictures(soup: BeautifulSoup) -> None:
    """Replace emoticons by characters, and all other pictures by words: nothing is loaded from anywhere."""
    for picture in soup.find_all(("img", "ac:emoticon", "ac:image")):
        name = str(picture.get("data-emoticon-name") or picture.get("ac:name") or "")
        classes = " ".join(picture.get("class") or [])
        named = re.search(r"emoticon-([a-z-]+)", classes)
        name = name or (named[1] if named else "")
        shown = soup.new_tag("span")
        if name in CHARACTERS:
            shown["class"], shown.string = f"wiki-icon wiki-icon-{name}", CHARACTERS[name]
        elif "emoticon" in classes:
            shown["class"], shown.string = "wiki-icon", str(picture.get("alt") or "•")
        else:
            shown["class"], shown.string = "wiki-picture", _words_for(picture)
        picture.replace_with(shown)


def _words_for(picture: Tag) -> str:
    file = picture.get("data-linked-resource-default-alias") or urlsplit(str(picture.get("src") or "")).path
    name = str(picture.get("alt") or "") or str(file).rpartition("/")[2]
    return f"[{name}]" if name else "[picture]"


def _replace_styles(soup: BeautifulSoup) -> None:
    """Turn styles, which the preview does not allow, into elements of the same look: colours and lozenges."""
    for tag in soup.find_all(class_=re.compile("status-macro|lozenge")):
        classes = " ".join(tag.get("class") or [])
        colour = next((colour for word, colour in _LOZENGES.items() if re.search(rf"-{word}\b", classes)), "grey")
        tag["class"] = f"wiki-lozenge wiki-lozenge-{colour}"
    for tag in soup.find_all(style=True):
        style = str(tag["style"])
        if colour := _as_attribute(_COLOUR.search(style)):
            _wrap(soup, tag, "font", color=colour)
        if ground := _as_attribute(_GROUND.search(style)):
            if tag.name in ("td", "th"):
                tag["bgcolor"] = ground
            else:
                _wrap(soup, tag, "mark")


def _as_attribute(match: re.Match[str] | None) -> str:
    if match is None:
        return ""
    value = match[1].strip()
    if rgb := _RGB.match(value):
        return "#" + "".join(f"{min(int(part), 255):02x}" for part in rgb.groups())
    return value if _PLAIN_COLOUR.fullmatch(value) else ""


def _wrap(soup: BeautifulSoup, tag: Tag, name: str, **attributes: str) -> None:
    wrapper = soup.new_tag(name, attrs=attributes)
    for child in list(tag.contents):
        wrapper.append(child.extract())
    tag.append(wrapper)


def _settle_link(link: Tag, base_url: str) -> None:
    """Make the address of a link absolute; a link to a page that does not exist is drawn as such."""
    href = str(link.get("href") or "")
    is_dead = "createlink" in (link.get("class") or [])
    address = _absolute(href, base_url)
    if is_dead or not address:
        link.name, link.attrs = "span", {"class": "wiki-dead"} if is_dead else {}
        return
    link.attrs = {"href": address, "target": "_blank"}


def _absolute(href: str, base_url: str) -> str:
    if not href or href.startswith("#"):
        return ""
    try:
        address = urljoin(base_url.rstrip("/") + "/", href)
        return address if urlsplit(address).scheme in ("http", "https", "mailto") else ""
    except ValueError:
        return ""


def _mark(soup: BeautifulSoup, marks: Sequence[EntryMark | None], words: dict[EntryMark, str]) -> bool:
    entries = _find_entries(soup, len(marks))
    if not marks or entries is None:
        return not any(marks)
    for entry, mark in zip(entries, marks, strict=True):
        if mark is not None:
            entry["class"] = f"wiki-{mark}"
            tag = soup.new_tag("span", attrs={"class": "wiki-tag"})
            tag.string = words[mark]
            _end_of_words(entry).append(tag)
    return True


def _end_of_words(entry: Tag) -> Tag:
    """Return the element of an entry to whose end a note belongs: its only paragraph or last cell, or itself."""
    cells = entry.find_all(("td", "th"), recursive=False)
    inner = cells[-1] if cells else entry
    paragraphs = inner.find_all("p", recursive=False)
    return paragraphs[0] if paragraphs else inner


def _find_entries(soup: BeautifulSoup, count: int) -> list[Tag] | None:
    """Return the elements that show the entries, in order, if there are *count* of exactly one kind."""
    items = [item for item in soup.find_all("li") if item.find_parent("li") is None]
    rows = [row for row in soup.find_all("tr") if row.find("td") is not None and row.find_parent("td") is None]
    for found in (items, rows):
        if found:
            return found if len(found) == count else None
    paragraphs = soup.find_all("p", recursive=False)
    return paragraphs[-count:] if count and len(paragraphs) in (count, count + 1) else None
