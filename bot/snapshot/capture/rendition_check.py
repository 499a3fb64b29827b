"""Compare the Markdown of each captured page with what the converter makes of its body and record."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass, field
from pathlib import Path

from bot.errors import EvidenceError
from bot.snapshot.archive.bag import sha256
from bot.snapshot.archive.checkpoint import HEAD, Checkpoint, parse_checkpoint
from bot.snapshot.archive.folder import Folder
from bot.snapshot.archive.inspection import Finding, FindingKind
from bot.snapshot.archive.library import load_library
from bot.snapshot.capture.rendition import CONVERTER
from bot.snapshot.capture.renewal import render_again


@dataclass(frozen=True, slots=True)
class Uncheckable:
    """A rendition of another converter; *program* is the wikibot that has it, empty if no run names it."""

    path: str
    converter: str
    program: str

    def __str__(self) -> str:
        """Return what is needed to check it."""
        needs = self.program or f"a wikibot with {self.converter or 'its converter'}"
        return f"{self.path} is not checkable here: {self.converter or 'another converter'} made it; needs {needs}"


@dataclass(frozen=True, slots=True)
class RenditionReport:
    """The result: the number of equal files, false files as findings, and files of other converters."""

    equal: int = 0
    findings: tuple[Finding, ...] = ()
    uncheckable: tuple[Uncheckable, ...] = field(default=())


def check_renditions(
    root: Path, executor: Executor, *, on_page: Callable[[str, int], None] = lambda _title, _total: None
) -> RenditionReport:
    """Render each page again and compare byte by byte; `verify` must have checked the files before."""
    library = load_library(root)
    if library.head is None:
        raise EvidenceError(f"there are no snapshots in {root}; `wikibot snapshot` makes the first")
    equal, findings, others = 0, [], []
    for bag, entry, rendition in render_again(library, library.head.origin, executor, on_page=on_page):
        path = f"{bag.name}/{entry.path}"
        if sha256(rendition.markdown) == bag.manifest.get(entry.path):
            equal += 1
        elif entry.converter == CONVERTER:
            message = f"is not what {CONVERTER} makes of the captured body and record"
            findings.append(Finding(FindingKind.RENDITION, path, message))
        else:
            others.append((path, entry.converter))
    programs = _find_programs(root, library.head, {converter for _, converter in others}) if others else {}
    uncheckable = tuple(Uncheckable(path, name, programs.get(name, "")) for path, name in others)
    return RenditionReport(equal, tuple(findings), uncheckable)


def _find_programs(root: Path, head: Checkpoint, converters: set[str]) -> dict[str, str]:
    """Return the program that ran with each converter, from the events of the runs."""
    found: dict[str, str] = {}
    for line in _iter_lines(Folder(root), head):
        by = json.loads(line).get("by", [])
        for converter in converters.intersection(by) - found.keys():
            found[converter] = str(by[0])
        if len(found) == len(converters):
            break
    return found


def _iter_lines(folder: Folder, head: Checkpoint) -> Iterator[bytes]:
    """Yield the first event of each run, which names who took part; the newest run first."""
    named_by = HEAD
    while True:
        if head.events_path:
            data = folder.read_checked(head.events_path, head.digests[head.events_path], named_by=named_by)
            yield from data.splitlines()[:1]
        name = head.previous_path
        if name is None:
            return
        head, named_by = (
            parse_checkpoint(folder.read_checked(name, head.digests[name], named_by=named_by), name=name),
            name,
        )
