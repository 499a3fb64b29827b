"""Render a plan as text for the terminal, as Markdown for a review, or as a self-contained HTML page."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any
from urllib.parse import urlsplit

from bot.escape import visible
from bot.plural import counted
from bot.present.environment import paint, render
from bot.present.plan_words import Comparison, compare, describe_edit, describe_lost_comments, headline, summarise
from bot.sync.drift import Verdict
from bot.sync.plan import Action, Change, PagePlan, Plan, PlanProblem
from bot.sync.plan_file import plan_digest
from bot.text_diff import DiffLine, PieceKind, near_changes

_CONTEXT = 2
_COMMENT_CHARACTERS = 60_000
"""GitHub refuses a comment of more than 65,536 characters; GitLab accepts a million."""
_PLAIN_ADDRESS = re.compile(r"https?://[^\s<>\\]+")
_SIGNS = {Action.WRITE: "~", Action.CREATE: "+"}


@dataclass(frozen=True, slots=True)
class ChangeView:
    """One region of a page, as text."""

    region: str
    state: str
    headline: str
    tone: str
    sign: str
    remarks: tuple[str, ...]
    warnings: tuple[str, ...]
    comparisons: tuple[Comparison, ...]

    @property
    def is_shown(self) -> bool:
        """Whether there is anything to say about the region."""
        return self.state != Verdict.IN_SYNC.value or bool(self.remarks)


@dataclass(frozen=True, slots=True)
class PageView:
    """One page of a plan; *address* is empty if a browser should not open its URL."""

    id: str
    title: str
    url: str
    address: str
    version: int
    is_first_run: bool
    changes: tuple[ChangeView, ...]


def plan_as_text(plan: Plan, *, has_colour: bool = False, shows_source: bool = False) -> str:
    """Return the plan as text for a terminal; *shows_source* adds the storage format below the visible text."""
    return render(
        "plan.txt",
        **_values(plan),
        has_colour=has_colour,
        shows_source=shows_source,
        differs=_differs,
        rows=lambda lines: [_text_row(line, has_colour=has_colour) for line in near_lines(lines)],
    )


def plan_as_markdown(plan: Plan, *, limit: int = _COMMENT_CHARACTERS) -> str:
    """Return the plan as Markdown for a comment of at most about *limit* characters.

    All text from the page and the data file is escaped, so that it neither formats anything nor refers to anybody. A
    plan that is too long loses the source first, then pages, problems and notices; the text says how many.
    """
    values = _values(plan)
    named = {name: values[name] for name in ("pages", "problems", "notices")}
    most = max(map(len, named.values()))
    for shows_source, shown in [
        (True, most),
        *((False, most >> halvings) for halvings in range(most.bit_length() + 1)),
    ]:
        left_out = [
            f"{counted(len(each) - shown, 'more ' + name.removesuffix('s'))}"
            for name, each in named.items()
            if len(each) > shown
        ]
        text = render(
            "plan.md",
            **values | {name: each[:shown] for name, each in named.items()},
            shows_source=shows_source,
            left_out=", ".join(left_out if shows_source or left_out else ["the source"]),
            differs=_differs,
            words=_words,
            fence=_fence,
        )
        if len(text) <= limit:
            break
    return text


def plan_as_html(plan: Plan) -> str:
    """Return the plan as an HTML document that loads no external resources."""
    return render("plan.html", **_values(plan), near=near_lines)


def plan_pages(plan: Plan) -> list[PageView]:
    """Return the pages of a plan as texts, for a template."""
    return [_page(page) for page in plan.pages]


def _values(plan: Plan) -> dict[str, Any]:
    return {
        "pages": plan_pages(plan),
        "problems": [_describe_problem(problem) for problem in plan.problems],
        "notices": [visible(notice) for notice in (*plan.attention, *plan.notices, *plan.drafts)],
        "summary": summarise(plan),
        "digest": plan_digest(plan),
        "writes": bool(plan.page_writes),
    }


def _page(page: PagePlan) -> PageView:
    return PageView(
        page.id,
        visible(page.title),
        visible(page.url),
        page.url if _PLAIN_ADDRESS.fullmatch(page.url) and urlsplit(page.url).hostname else "",
        page.base_version,
        page.is_first_run,
        tuple(_change(change) for change in page.changes),
    )


def _change(change: Change) -> ChangeView:
    is_waiting = change.action is Action.NONE and change.needs_a_person
    return ChangeView(
        change.region,
        _state(change),
        visible(headline(change)),
        "waiting" if is_waiting else "" if change.action is Action.NONE else change.action.value,
        _SIGNS.get(change.action, "!" if change.needs_a_person else " "),
        tuple(visible(f"by {describe_edit(edit)}") for edit in change.edits)
        + tuple(visible(f"uploads first: {upload.words}") for upload in change.uploads),
        tuple(visible(line) for line in [change.note] * bool(change.note) + describe_lost_comments(change)),
        tuple(compare(change)),
    )


def _state(change: Change) -> str:
    """Return the state of a region in one word."""
    if change.is_waiting:
        return "waiting"
    if change.live is None and change.verdict is not Verdict.UNMANAGED:
        return "missing"
    is_held = change.verdict is Verdict.BEHIND and change.action is Action.NONE
    return "held" if is_held else change.verdict.value


def _describe_problem(problem: PlanProblem) -> str:
    region = f", region {problem.region}" if problem.region else ""
    return visible(f"{problem.page}{region}: {problem.message}")


def near_lines(lines: Sequence[DiffLine]) -> list[DiffLine | None]:
    """Return the changed lines and those near them; None in place of lines that are left out."""
    shown = near_changes([line.kind is not PieceKind.SAME for line in lines], context=_CONTEXT)
    return [None if index is None else lines[index] for index in shown]


def _differs(lines: Iterable[DiffLine]) -> bool:
    return any(line.kind is not PieceKind.SAME for line in lines)


def _text_row(line: DiffLine | None, *, has_colour: bool) -> str:
    if line is None:
        return paint("⋯", "faint", has_colour=has_colour)
    text = "".join(piece.text for piece in line.pieces)
    match line.kind:
        case PieceKind.SAME:
            return f"  {text}"
        case PieceKind.REMOVED:
            return paint(f"- {text}", "removed", has_colour=has_colour)
        case PieceKind.ADDED:
            return paint(f"+ {text}", "added", has_colour=has_colour)
        case None:
            return "~ " + "".join(_text_piece(piece.kind, piece.text, has_colour=has_colour) for piece in line.pieces)


def _text_piece(kind: PieceKind, text: str, *, has_colour: bool) -> str:
    if kind is PieceKind.SAME:
        return text
    if has_colour and text.strip():  # coloured white space is invisible
        return paint(text, kind.value, has_colour=True)
    return f"[-{text}-]" if kind is PieceKind.REMOVED else f"{{+{text}+}}"


def _words(lines: Sequence[DiffLine]) -> str:
    """Return a `<pre>` block with the changed words marked; in it, neither Markdown nor a mention has an effect."""
    return "\n".join(["<pre>", *map(_marked_row, near_lines(lines)), "</pre>"])


def _marked_row(line: DiffLine | None) -> str:
    if line is None:
        return "  ⋯"
    sign = {PieceKind.SAME: " ", PieceKind.REMOVED: "-", PieceKind.ADDED: "+", None: "~"}[line.kind]
    return f"{sign} " + "".join(_marked(piece.kind, piece.text.replace("\n", " ")) for piece in line.pieces)


def _marked(kind: PieceKind, text: str) -> str:
    shown = escape(text, quote=False)
    match kind:
        case PieceKind.REMOVED:
            return f"<del>{shown}</del>"
        case PieceKind.ADDED:
            return f"<ins>{shown}</ins>"
        case _:
            return shown


def _fence(lines: Sequence[DiffLine]) -> str:
    """Return a fenced block of type `diff`, with a fence longer than any run of backticks inside."""
    text = [row for line in near_lines(lines) for row in _diff_rows(line)]
    longest = max((len(run) for row in text for run in re.findall("`+", row)), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join((f"{fence}diff", *text, fence))


def _diff_rows(line: DiffLine | None) -> list[str]:
    if line is None:
        return ["  ⋯"]
    if line.kind is PieceKind.SAME:
        return [f"  {_join(line, PieceKind.SAME)}"]
    sides = ((PieceKind.REMOVED, "-"), (PieceKind.ADDED, "+"))
    return [f"{sign} {_join(line, PieceKind.SAME, kind)}" for kind, sign in sides if line.kind in (kind, None)]


def _join(line: DiffLine, *kinds: PieceKind) -> str:
    return "".join(piece.text for piece in line.pieces if piece.kind in kinds).replace("\n", " ")
