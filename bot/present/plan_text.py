"""A plan for the terminal: plain, or with colours (pure)."""

from collections.abc import Iterator, Sequence

from bot.present.plan_words import compare, describe_edit, describe_lost_comments, headline, summarise, visible
from bot.sync.plan import Action, Change, PagePlan, Plan
from bot.text_diff import DiffLine, Kind, near_changes

_RESET = "\x1b[0m"
_STYLES = {"removed": "\x1b[31m", "added": "\x1b[32m", "title": "\x1b[1m", "faint": "\x1b[2m", "warning": "\x1b[33m"}
_CONTEXT = 2


def plan_as_text(plan: Plan, *, has_colour: bool = False, shows_source: bool = False) -> str:
    """Return the plan as lines; *shows_source* adds the storage format under what a reader sees."""
    return "\n".join(_Text(has_colour=has_colour, shows_source=shows_source).plan(plan)) + "\n"


class _Text:
    def __init__(self, *, has_colour: bool, shows_source: bool) -> None:
        self._has_colour, self._shows_source = has_colour, shows_source

    def _paint(self, style: str, text: str) -> str:
        return f"{_STYLES[style]}{text}{_RESET}" if self._has_colour and text else text

    def plan(self, plan: Plan) -> Iterator[str]:
        for page in plan.pages:
            yield from self._page(page)
            yield ""
        for problem in plan.problems:
            region = f", region {problem.region}" if problem.region else ""
            yield self._paint("warning", visible(f"problem: {problem.page}{region}: {problem.message}"))
        for notice in plan.notices:
            yield self._paint("warning", visible(f"notice: {notice}"))
        yield self._paint("title", summarise(plan))
        if plan.page_writes:
            yield self._paint("faint", f"digest {plan.digest}")

    def _page(self, page: PagePlan) -> Iterator[str]:
        first = "; the bot's first write here" if page.is_first_run else ""
        yield self._paint("title", visible(f"{page.title} (version {page.base_version}{first})"))
        yield self._paint("faint", visible(page.url))
        for change in page.changes:
            yield from self._change(change)

    def _change(self, change: Change) -> Iterator[str]:
        sign = {Action.WRITE: "~", Action.CREATE: "+"}.get(change.action, "!" if change.needs_a_person else " ")
        yield f"  {sign} {self._paint('title', change.region)}: {headline(change)}"
        for edit in change.edits:
            yield f"      by {visible(describe_edit(edit))}"
        for line in [change.note] * bool(change.note) + describe_lost_comments(change):
            yield self._paint("warning", f"      {visible(line)}")
        for comparison in compare(change):
            yield self._paint("faint", f"      {comparison.caption}:")
            is_seen = any(line.kind is not Kind.SAME for line in comparison.seen)
            if is_seen:
                yield from self._diff(comparison.seen)
            if self._shows_source or not is_seen:
                yield self._paint("faint", "      in the source:")
                yield from self._diff(comparison.source)

    def _diff(self, lines: Sequence[DiffLine]) -> Iterator[str]:
        for line in near_changes(lines, context=_CONTEXT):
            yield "        " + (self._paint("faint", "⋯") if line is None else self._line(line))

    def _line(self, line: DiffLine) -> str:
        text = "".join(piece.text for piece in line.pieces)
        match line.kind:
            case Kind.SAME:
                return f"  {text}"
            case Kind.REMOVED:
                return self._paint("removed", f"- {text}")
            case Kind.ADDED:
                return self._paint("added", f"+ {text}")
            case None:
                return "~ " + "".join(self._word(piece.kind, piece.text) for piece in line.pieces)

    def _word(self, kind: Kind, text: str) -> str:
        match kind:
            case Kind.REMOVED:
                return self._paint("removed", text if self._has_colour and text.strip() else f"[-{text}-]")
            case Kind.ADDED:
                return self._paint("added", text if self._has_colour and text.strip() else f"{{+{text}+}}")
            case Kind.SAME:
                return text
