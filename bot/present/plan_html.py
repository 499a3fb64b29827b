"""A plan as one self-contained HTML page (pure; everything from page and data file is escaped)."""

from collections.abc import Iterator, Sequence
from html import escape
from urllib.parse import urlsplit

from bot.present.plan_words import compare, describe_edit, describe_lost_comments, headline, summarise, visible
from bot.sync.plan import Action, Change, PagePlan, Plan
from bot.text_diff import DiffLine, Kind, near_changes

_CONTEXT = 3
_TAGS = {Kind.SAME: "span", Kind.REMOVED: "del", Kind.ADDED: "ins"}
_STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
h2 { margin-top: 2.5rem; } h3 { margin-bottom: 0; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(20rem, 1fr)); gap: 1rem; }
figure { margin: .75rem 0; } figcaption { color: GrayText; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; border: 1px solid GrayText; padding: .5rem; margin: 0; }
del { background: #f8514933; } ins { background: #2ea04333; text-decoration: none; }
.write, .create { color: #1a7f37; } .dispute, .problem { color: #b35900; }
"""


def plan_as_html(plan: Plan) -> str:
    """Return the plan as an HTML document that loads nothing from anywhere."""
    return "\n".join(_document(plan)) + "\n"


def _document(plan: Plan) -> Iterator[str]:
    yield '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
    yield f"<title>Plan: {_text(summarise(plan))}</title>\n<style>{_STYLE}</style>\n</head>\n<body>"
    yield from plan_body(plan)
    yield "</body>\n</html>"


def plan_body(plan: Plan) -> Iterator[str]:
    """Yield the elements that show a plan, for a page that has its own frame."""
    yield f"<h1>Plan</h1>\n<p><strong>{_text(summarise(plan))}</strong><br><small>{_text(plan.digest)}</small></p>"
    for page in plan.pages:
        yield from _page(page)
    if plan.problems:
        yield "<h2>Problems</h2>\n<ul>"
        for problem in plan.problems:
            region = f" ({problem.region})" if problem.region else ""
            yield f'<li class="problem">{_text(f"{problem.page}{region}: {problem.message}")}</li>'
        yield "</ul>"
    if plan.notices:
        yield from ("<h2>Notices</h2>\n<ul>", *(f"<li>{_text(notice)}</li>" for notice in plan.notices), "</ul>")


def _page(page: PagePlan) -> Iterator[str]:
    title = _text(page.title)
    is_address = urlsplit(page.url).scheme in {"http", "https"}
    link = f'<a href="{escape(page.url)}" rel="noreferrer">{title}</a>' if is_address else title
    first = "; the bot's first write here" if page.is_first_run else ""
    yield f"<section>\n<h2>{link}</h2>\n<p>Version {page.base_version}{first}</p>"
    for change in page.changes:
        yield from _change(change)
    yield "</section>"


def _change(change: Change) -> Iterator[str]:
    tone = change.action.value if change.action is not Action.NONE else "dispute" if change.needs_a_person else ""
    yield f'<h3>{_text(change.region)}</h3>\n<p class="{tone}">{_text(headline(change))}</p>'
    remarks = [f"by {describe_edit(edit)}" for edit in change.edits]
    remarks += [change.note] * bool(change.note) + describe_lost_comments(change)
    if remarks:
        yield from ("<ul>", *(f"<li>{_text(remark)}</li>" for remark in remarks), "</ul>")
    for comparison in compare(change):
        yield '<div class="pair">'
        yield _figure(f"{comparison.caption}, as readers see it", comparison.seen)
        yield _figure(f"{comparison.caption}, in the source", comparison.source)
        yield "</div>"


def _figure(caption: str, lines: Sequence[DiffLine]) -> str:
    rows = ("⋯" if line is None else _line(line) for line in near_changes(lines, context=_CONTEXT))
    return f"<figure><figcaption>{_text(caption)}</figcaption><pre>{chr(10).join(rows)}</pre></figure>"


def _line(line: DiffLine) -> str:
    return "".join(f"<{_TAGS[piece.kind]}>{_text(piece.text)}</{_TAGS[piece.kind]}>" for piece in line.pieces)


def _text(text: str) -> str:
    return escape(visible(text))
