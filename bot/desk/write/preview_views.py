"""The preview in its frame, the search for link targets, and the cleaning of pasted text."""

import time
from dataclasses import dataclass
from typing import cast

from flask import Response, jsonify, render_template, request

from bot.desk.desk import current_desk, workspace_named
from bot.desk.framed import framed
from bot.desk.language import gettext as _
from bot.desk.roles import Role, requires
from bot.desk.visitor import signed_in
from bot.desk.write import blueprint
from bot.desk.write.link_finding import find, known_listing
from bot.desk.write.preview_panel import PreviewInput
from bot.desk.write.shown_content import load_content
from bot.desk.write.write_state import quick_runtime, write_state
from bot.operations.preview import Preview, preview
from bot.operations.target_search import shorten_addresses

_LIMIT = "30 per minute"


@dataclass(frozen=True, slots=True)
class Drawn:
    """A preview, and when it was drawn."""

    preview: Preview
    at: float


@blueprint.get("/w/<workspace>/preview/<digest>")
@requires(Role.EDITOR)
def preview_frame(workspace: str, digest: str) -> Response:
    """Show a region as the wiki draws it; the document loads its style sheet and nothing else."""
    wanted = cast("PreviewInput | None", write_state().previews.get(digest))
    if wanted is None or wanted.workspace != workspace:
        return framed(render_template("preview.html.j2", drawn=None, is_over=True, seconds=0, digest=digest), 410)
    drawn = cast("Drawn | None", write_state().drawn.get(digest))
    if drawn is None or (request.args.get("again") and not drawn.preview.is_drawn_by_wiki):
        if not current_desk().throttle.allows(_LIMIT, "preview", signed_in().name):
            return framed(render_template("preview.html.j2", drawn=None, is_over=False, seconds=0, digest=digest), 429)
        drawn = Drawn(_draw(wanted), time.monotonic())
        write_state().drawn.put(digest, drawn)
    seconds = int(time.monotonic() - drawn.at)
    return framed(render_template("preview.html.j2", drawn=drawn.preview, seconds=seconds, digest=digest))


def _draw(wanted: PreviewInput) -> Preview:
    return preview(
        quick_runtime().gateway,
        workspace_named(wanted.workspace),
        wanted.before,
        wanted.after,
        region=wanted.region,
        moment=wanted.moment,
        item_id=wanted.item_id,
    )


@blueprint.get("/w/<workspace>/find")
@requires(Role.EDITOR)
def find_target(workspace: str) -> str:
    """Search pages and files; `part=1` returns the list alone, for the picker of a form."""
    finding = find(load_content(workspace), request.args.get("q", ""))
    template = "_found.html.j2" if request.args.get("part") else "find.html.j2"
    return render_template(template, finding=finding, inserts=bool(request.args.get("part")))


@blueprint.post("/w/<workspace>/paste")
@requires(Role.EDITOR)
def clean_pasted(workspace: str) -> Response:
    """Return pasted rich text as Markdown, and what was dropped."""
    from bot.convert.pasted_html import clean_paste

    content = load_content(workspace)
    pasted = clean_paste(request.form.get("html", ""))
    listing = known_listing(content)
    markdown = pasted.markdown
    if listing is not None:
        markdown = shorten_addresses(markdown, quick_runtime().gateway(), listing)
    dropped = _("Not pasted: %(what)s.", what=", ".join(pasted.dropped)) if pasted.dropped else ""
    return jsonify(markdown=markdown, dropped=dropped)
