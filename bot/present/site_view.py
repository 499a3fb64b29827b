"""The pages of the static site: HTML with one style sheet and one script, and nothing from outside (pure)."""

import json
import posixpath
import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from urllib.parse import quote, unquote, urlsplit

from markupsafe import Markup

from bot.escape import escape_markdown, visible
from bot.present.environment import render
from bot.present.page_diff_view import rendered_changes
from bot.present.period_report import state_verdicts
from bot.present.rendered_page import ID_PREFIX, Resolver, render_markdown, split_rendition
from bot.snapshot.archive import paths
from bot.snapshot.archive.indexes import indexed, iter_tree
from bot.snapshot.query.page_diff import PageComparison
from bot.snapshot.query.page_lists import UNSTATED, State, sort_key, state_of_page
from bot.snapshot.query.page_view import CapturedPageView
from bot.snapshot.query.plain_text import body_of, plain_text
from bot.snapshot.query.report import Report
from bot.snapshot.query.site_map import SiteMap, SitePlace
from bot.snapshot.verify.verification import Verification

_LETTERS = frozenset({"LATIN", "GREEK", "CYRILLIC", "ARMENIAN", "HEBREW", "ARABIC", "GEORGIAN"})
"""Scripts whose titles are listed letter by letter; those of other scripts are listed together."""
_NUMBER = re.compile(r"[0-9]+")
_TARGET = re.compile(r'(\]\(|\b(?:src|href)=")([A-Za-z0-9._/-]+)((?:#[^\s)"]*)?[)"\s])')
"""A relative target in a rendition; the names of the snapshots have no other characters."""
_EVIDENCE = re.compile(r'^evidence: "[^"]*"$', re.MULTILINE)
README = "README.md"
_OPEN_LEVELS = 3
_SHARD_CHARACTERS = 2_000_000


@dataclass(frozen=True, slots=True)
class SiteState:
    """One kept body of a page in the site, oldest first; *path* is None for the newest, which is the page itself."""

    name: str
    source: str
    version: int
    path: str
    changes_path: str = ""
    """The comparison with the body before; empty for the first."""


@dataclass(frozen=True, slots=True)
class SitePages:
    """What all pages of the site share."""

    site: SiteMap
    origin: str
    title: str

    def show(self, name: str, path: str, **values: object) -> bytes:
        """Return the page at *path* in the site, from the template *name*."""
        home = "../" * path.count("/")
        html = render(
            f"site_{name}.html",
            home=home,
            site_title=self.title,
            origin=self.origin,
            here=path,
            to=lambda target: relative(target, path),
            **values,
        )
        return html.encode("utf-8", "replace")

    def resolver(self, view: CapturedPageView, path: str) -> Resolver:
        """Return what leads from the text of a page to the other pages and files of the site."""
        folder = posixpath.dirname(view.path)

        def find(target: str) -> tuple[str, str]:
            parts = urlsplit(target)
            full = posixpath.normpath(posixpath.join(folder, unquote(parts.path)))
            return self.site.targets.get(full, ""), parts.fragment

        def link(target: str) -> str | None:
            found, anchor = find(target)
            return relative(found, path) + (f"#{ID_PREFIX}{anchor}" if anchor else "") if found else None

        def picture(target: str) -> str | None:
            found, _anchor = find(target)
            return relative(found, path) if found and is_picture(found) else None

        return Resolver(link, picture)

    def page(
        self,
        place: SitePlace,
        view: CapturedPageView,
        path: str,
        *,
        states: Sequence[SiteState],
        around: tuple[SitePlace | None, SitePlace | None],
        above: Sequence[tuple[str, str]],
        is_changed: bool,
    ) -> bytes:
        """Return the page of one version; *above* are title and path of its ancestors, *is_changed* is a finding."""
        body = split_rendition(view.markdown)[1] if view.markdown else ""
        title = view.record.title if view.record else view.entry.title
        html = render_markdown(body, self.resolver(view, path), title=title)
        names = {file.source: file for file in place.files}
        kept = [names[file.path] for file in view.files if file.path in names]
        return self.show(
            "page",
            path,
            place=place,
            view=view,
            entry=view.entry,
            record=view.record,
            title=title,
            content=Markup(html),  # noqa: S704 -- sanitised
            states=[*reversed(states)],
            before=around[0],
            after=around[1],
            above=above,
            files=kept,
            lost_files=[file for file in view.files if file.path is None],
            older_files=[file for file in place.files if file not in kept] if view.is_newest else [],
            is_changed=is_changed,
            size_of=_size,
            unstated=UNSTATED,
        )

    def markdown(self, place: SitePlace, view: CapturedPageView) -> bytes:
        """Return the Markdown of the newest version, whose links and pictures lead to the files of the site."""
        pages = {each.path: each.markdown_path for each in self.site.places.values()}
        folder = posixpath.dirname(view.path)

        def moved(found: re.Match[str]) -> str:
            full = posixpath.normpath(posixpath.join(folder, found[2]))
            target = README if full == f"{place.bag.name}/README.md" else self.site.targets.get(full)
            if target is None:
                return found[0]
            return f"{found[1]}{relative(pages.get(target, target), place.markdown_path)}{found[3]}"

        front, body = split_rendition(view.markdown or "")
        evidence = f"{place.bag.name}/{paths.source_folder(place.entry.page_id)}"
        front = _EVIDENCE.sub(f'evidence: "{evidence}"', front)
        text = f"{front}\n---\n{body}" if front else body
        return _TARGET.sub(moved, text).encode("utf-8", "replace")

    def readme(self, path: str, written: Collection[str]) -> bytes:
        """Return the page trees as Markdown; *written* are the ids of the pages that are there as Markdown."""
        origin = escape_markdown(self.origin)
        lines = [
            f"# {escape_markdown(self.title)}",
            "",
            f"Captured pages of {origin}, also [for a browser](index.html).",
        ]
        for key, places in self._spaces():
            lines += ["", f"## {escape_markdown(key)}", ""]
            for depth, node in iter_tree(indexed(place.entry) for place in places):
                title, page = escape_markdown(node.title) or "untitled", node.page
                place = self.site.places[page.page_id] if page else None
                if place and place.entry.page_id in written:
                    title = f"[{title}]({relative(place.markdown_path, path)})"
                remark = _remark(place) if place else "not captured"
                lines.append(f"{'  ' * depth}- {title}{f' ({remark})' if remark else ''}")
        return ("\n".join(lines) + "\n").encode("utf-8", "replace")

    def _spaces(self) -> list[tuple[str, list[SitePlace]]]:
        """Return the pages of each space, by its key."""
        places = sorted(self.site.places.values(), key=lambda place: place.entry.space_key)
        return [(key, [*found]) for key, found in groupby(places, lambda place: place.entry.space_key)]

    def changes(self, place: SitePlace, view: CapturedPageView, path: str, compared: PageComparison) -> bytes:
        """Return the page that compares two versions."""
        html = rendered_changes(compared, self.resolver(view, path))
        return self.show("changes", path, place=place, diff=compared.diff, content=Markup(html))  # noqa: S704 -- sanitised

    def tree(self, path: str, *, report: Report, checked: Verification) -> bytes:
        """Return the first page: all spaces with their trees."""
        spaces = [(key, [*self._rows(found)], len(found)) for key, found in self._spaces()]
        total = len(self.site.places)
        return self.show("tree", path, spaces=spaces, total=total, verdicts=state_verdicts(report), checked=checked)

    def _rows(self, places: Sequence[SitePlace]) -> Iterator[dict[str, object]]:
        """Yield the rows of a tree: each says how many lists end behind it."""
        nodes = [*iter_tree(indexed(place.entry) for place in places)]
        for index, (depth, node) in enumerate(nodes):
            following = nodes[index + 1][0] if index + 1 < len(nodes) else 0
            place = self.site.places[node.page.page_id] if node.page else None
            yield {
                "title": node.title,
                "place": place,
                "has_children": following > depth,
                "is_open": depth < _OPEN_LEVELS - 1,
                "ends": max(depth - following, 0),
                "remark": _remark(place) if place else "not captured",
            }

    def titles(self, path: str) -> bytes:
        """Return the list by title."""
        places = sorted(self.site.places.values(), key=lambda place: (_heading(place), _by_title(place)))
        groups = [(heading, [*found]) for heading, found in groupby(places, _heading)]
        return self.show("list", path, heading="Titles", groups=groups, remark_of=_remark, is_dated=False)

    def dates(self, path: str) -> bytes:
        """Return the list by the date of the newest version, the newest first."""
        places = sorted(self.site.places.values(), key=_by_title)
        places.sort(key=lambda place: place.entry.version_when, reverse=True)
        groups = [
            (month, [*found])
            for month, found in groupby(places, lambda place: place.entry.version_when.strftime("%Y-%m"))
        ]
        return self.show("list", path, heading="Dates", groups=groups, remark_of=_remark, is_dated=True)

    def labels(self, path: str, labels: Mapping[str, Sequence[str]]) -> bytes:
        """Return the list by label; *labels* are those of each page id."""
        found: dict[str, list[SitePlace]] = {}
        for place in sorted(self.site.places.values(), key=_by_title):
            for label in labels.get(place.entry.page_id, ()):
                found.setdefault(label, []).append(place)
        groups = sorted(found.items(), key=lambda group: sort_key(group[0]))
        return self.show("list", path, heading="Labels", groups=groups, remark_of=_remark, is_dated=False)

    def missing(self, path: str, report: Report, unreadable: Sequence[tuple[SitePlace, str]]) -> bytes:
        """Return the list of what is not in the archive, or no longer in the wiki."""
        by_state: dict[State, list[SitePlace]] = {state: [] for state in State}
        for place in sorted(self.site.places.values(), key=_by_title):
            by_state[state_of_page(place.entry)].append(place)
        return self.show(
            "missing",
            path,
            gone=by_state[State.GONE],
            left=by_state[State.LEFT],
            redacted=by_state[State.REDACTED],
            report=report,
            failed=last_failures(report),
            unreadable=unreadable,
        )

    def check(self, path: str, report: Report, checked: Verification) -> bytes:
        """Return what the verification proves."""
        return self.show("check", path, report=report, checked=checked, verdicts=state_verdicts(report))


def last_failures(report: Report) -> list[object]:
    """Return what the last capture could not read; a capture can have several runs."""
    numbers = [line.run for line in report.runs]
    first = numbers[-2] if len(numbers) > 1 else 0
    return [line for line in report.troubles if line.run > first]


def texts_as_script(pages: Iterable[tuple[SitePlace, str, Sequence[str]]]) -> Iterator[bytes]:
    """Yield the scripts with the words of all pages: data in JSON, which a page from a USB stick can load.

    A browser allows no page from a file to read another file, except as a script.
    """
    waiting: list[list[object]] = []
    size = 0
    for place, markdown, labels in pages:
        text = visible(" ".join(plain_text(body_of(markdown)).split()))
        day = place.entry.version_when.date().isoformat()
        waiting.append(
            [place.path, visible(place.entry.title), place.entry.space_key, day, _remark(place), [*labels], text]
        )
        size += len(text)
        if size >= _SHARD_CHARACTERS:
            yield _script(waiting)
            waiting, size = [], 0
    if waiting:
        yield _script(waiting)


def _script(rows: list[list[object]]) -> bytes:
    return f"archive({json.dumps(rows, separators=(',', ':'))});\n".encode()


def relative(target: str, path: str) -> str:
    """Return the address of *target* as seen from *path*, both in the site."""
    return quote(posixpath.relpath(target, posixpath.dirname(path) or "."), safe="/!$&'()*,;=@~-._")


def is_picture(path: str) -> bool:
    """Return whether a file of the site is shown as a picture."""
    return path.endswith((".png", ".jpg", ".jpeg", ".gif", ".webp"))


def _remark(place: SitePlace) -> str:
    state = state_of_page(place.entry)
    return "" if state is State.IN_WIKI else state.value


def _by_title(place: SitePlace) -> str:
    """Return the key of a title; numbers in it are in order: 2 comes before 10."""
    return _NUMBER.sub(lambda number: number[0].zfill(20), sort_key(place.entry.title))


def _heading(place: SitePlace) -> str:
    first = sort_key(place.entry.title)[:1]
    if not first.isalpha():
        return "#"
    script = unicodedata.name(first, "OTHER").partition(" ")[0]
    return first.upper() if script in _LETTERS else script if script == "CJK" else script.capitalize()


def _size(size_bytes: int) -> str:
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size_bytes >= factor:
            return f"{size_bytes / factor:.1f} {unit}"
    return f"{size_bytes} bytes"
