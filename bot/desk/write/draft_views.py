"""The drafts of a workspace."""

from flask import flash, redirect, render_template, request, url_for
from werkzeug import Response

from bot.desk.language import gettext as _
from bot.desk.roles import Role, requires
from bot.desk.write import blueprint
from bot.desk.write.draft_store import FormDraft, discard_draft, list_drafts


@blueprint.get("/w/<workspace>/drafts")
@requires(Role.EDITOR)
def drafts(workspace: str) -> str:
    """List the drafts, the newest first."""
    return render_template("drafts.html.j2", drafts=list_drafts(workspace), address_of=draft_address)


@blueprint.post("/w/<workspace>/drafts")
@requires(Role.EDITOR)
def discard(workspace: str) -> Response:
    """Delete a draft."""
    number = request.form.get("number", "")
    if number.isdecimal():
        discard_draft(workspace, int(number))
        flash(_("The draft is discarded."), "ok")
    return redirect(url_for("write.drafts", workspace=workspace), 303)


def draft_address(draft: FormDraft) -> str:
    """Return the address of the form that a draft belongs to."""
    area, _slash, name = draft.place.partition("/")
    place, kept = draft.workspace, draft.number
    if area != "news":
        endpoint = "write.link_item" if area == "links" else "write.banner_line"
        return url_for(endpoint, workspace=place, number=name, draft=kept)
    if name == "new":
        return url_for("write.news_new", workspace=place, draft=kept)
    return url_for("write.news_item", workspace=place, item_id=name, draft=kept)
