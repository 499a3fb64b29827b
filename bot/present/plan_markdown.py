"""A plan as Markdown, for a pull request or a chat (pure; everything from page and data file is escaped)."""

import re
from collections.abc import Iterator, Sequence

from bot.present.plan_words import compare, describe_edit, describe_lost_comments, headline, summarise, visible
from bot.sync.plan import Change, PagePlan, Plan
from bot.text_diff import DiffLine, Kind, near_changes

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#!|~&])")
_PLAIN_ADDRESS = re.compile(r"https?://[^\s<>\\]+")
_CONTEXT = 2


def plan_as_markdown(plan: Plan) -> str:
    """Return the plan as a Markdown document."""
    return "\n".join(_plan(plan)) + "\n"


def _plan(plan: Plan) -> Iterator[str]:
    yield from ("# Plan", "", f"{_escape(summarise(plan))}.", "")
    for page in plan.pages:
        yield from _page(page)
    if plan.problems:
        yield from ("## Problems", "")
        for problem in plan.problems:
            region = f" ({problem.region})" if problem.region else ""
            yield _escape(f"{problem.page}{region}: {problem.message}").join(("- ", ""))
        yield ""
    if plan.notices:
        yield from ("## Notices", "", *(f"- {_escape(notice)}" for notice in plan.notices), "")
    yield f"Digest: `{plan.digest}`"


def _page(page: PagePlan) -> Iterator[str]:
    first = "; the bot's first write here" if page.is_first_run else ""
    yield from (f"## {_escape(page.title)}", "", f"{_address(page.url)} — version {page.base_version}{first}", "")
    for change in page.changes:
        yield from _change(change)


def _change(change: Change) -> Iterator[str]:
    yield from (f"### {_escape(change.region)}: {_escape(headline(change))}", "")
    remarks = [f"by {describe_edit(edit)}" for edit in change.edits]
    remarks += [change.note] * bool(change.note) + describe_lost_comments(change)
    if remarks:
        yield from (*(f"- {_escape(remark)}" for remark in remarks), "")
    for comparison in compare(change):
        yield from (f"{comparison.caption.capitalize()}:", "", *_fence(comparison.seen), "")
        yield from ("<details><summary>Source</summary>", "", *_fence(comparison.source), "", "</details>", "")


def _fence(lines: Sequence[DiffLine]) -> Iterator[str]:
    text = [row for line in near_changes(lines, context=_CONTEXT) for row in _rows(line)]
    longest = max((len(run) for row in text for run in re.findall("`+", row)), default=0)
    fence = "`" * max(3, longest + 1)
    yield from (f"{fence}diff", *text, fence)


def _rows(line: DiffLine | None) -> list[str]:
    if line is None:
        return ["  ⋯"]
    if line.kind is Kind.SAME:
        return [f"  {_join(line, Kind.SAME)}"]
    rows = []
    if any(piece.kind is Kind.REMOVED for piece in line.pieces) or line.kind is None:
        rows.append(f"- {_join(line, Kind.SAME, Kind.REMOVED)}")
    if any(piece.kind is Kind.ADDED for piece in line.pieces) or line.kind is None:
        rows.append(f"+ {_join(line, Kind.SAME, Kind.ADDED)}")
    return rows


def _join(line: DiffLine, *kinds: Kind) -> str:
    return "".join(piece.text for piece in line.pieces if piece.kind in kinds).replace("\n", " ")


def _address(url: str) -> str:
    return f"<{visible(url)}>" if _PLAIN_ADDRESS.fullmatch(url) else _escape(url)


def _escape(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", visible(text).replace("\n", " "))
