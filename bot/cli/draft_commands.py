"""`wikibot drafts`: changes of the data file that are written down, and not made yet."""

import click

from bot.cli import output
from bot.cli.app import App, pass_app
from bot.cli.edit_report import format_option, say_saved
from bot.cli.usage_errors import SuggestingGroup
from bot.errors import BotError
from bot.operations.drafts import Draft, Drafts

_number = click.argument("number", metavar="N", type=click.IntRange(min=1))


@click.group(cls=SuggestingGroup)
def drafts() -> None:
    """Changes of the data file that are not made yet; `--draft` of an editing command and the web desk write them.

    With `approval: maintainer`, a draft is saved after somebody else approved it.
    """


@drafts.command("list")
@click.option("--all", "shows_all", is_flag=True, help="Also those that were saved or withdrawn.")
@format_option
@pass_app
def list_drafts(app: App, format_: str, *, shows_all: bool) -> None:
    """List the drafts, newest first."""
    found = list(_drafts(app).iter_newest_first(only_open=not shows_all))
    if format_ == "json":
        output.say_json([_as_dict(draft) for draft in found])
        return
    if not found:
        output.warn("there are no drafts; add --draft to a command such as `wikibot news add`")
        return
    rows = [(str(draft.number), _state(draft), ", ".join(draft.authors), draft.words) for draft in found]
    output.say_table(("draft", "state", "by", "what"), rows)


@drafts.command("show")
@_number
@format_option
@pass_app
def show_draft(app: App, number: int, format_: str) -> None:
    """Show a draft: what it changes in the data file of today, its remarks, and its digest."""
    draft = _drafts(app).load(number)
    shows_change = draft.is_open and draft.is_complete
    if format_ == "json":
        output.say_json(_as_dict(draft) | ({"diff": _drafts(app).preview(number).diff} if shows_change else {}))
        return
    output.say_heading(f"draft {number}, {_state(draft)}, by {', '.join(draft.authors)}: {draft.words}")
    for remark in draft.remarks:
        output.say(f"{remark.who}: {remark.text}")
    output.say(f"digest {draft.digest}")
    if shows_change:
        output.say_diff(_drafts(app).preview(number).diff)


@drafts.command("send")
@_number
@pass_app
def send_draft(app: App, number: int) -> None:
    """Propose a draft of your own."""
    output.warn(f"draft {number} is proposed; digest {_drafts(app).send(number).digest}")


@drafts.command("approve")
@_number
@click.option(
    "--digest", help="The digest of the draft that you read; without it, the draft is shown, with a question."
)
@pass_app
def approve_draft(app: App, number: int, *, digest: str | None) -> None:
    """Approve the proposal of somebody else, and save it to the data file."""
    found = _drafts(app)
    if digest is None:
        edit = found.preview(number)
        output.say_diff(edit.diff)
        digest = found.load(number).digest
        output.confirm(f"Approve draft {number} and save it?")
    desk = app.runtime.settings.desk
    found.approve(number, digest, links=desk.machine_accounts if desk else None)
    say_saved(app, found.save(number))


@drafts.command("save")
@_number
@pass_app
def save_draft(app: App, number: int) -> None:
    """Save a draft to the data file; with `approval: maintainer`, it needs an approval."""
    say_saved(app, _drafts(app).save(number))


@drafts.command("return")
@_number
@click.argument("remark")
@pass_app
def return_draft(app: App, number: int, remark: str) -> None:
    """Ask the author of a proposal for changes; REMARK says which."""
    if not remark.strip():
        raise BotError("the remark is empty; say what to change")
    _drafts(app).send_back(number, remark)
    output.warn(f"draft {number} is returned")


@drafts.command("remark")
@_number
@click.argument("remark")
@pass_app
def add_remark(app: App, number: int, remark: str) -> None:
    """Add a remark to a draft."""
    _drafts(app).remark(number, remark)
    output.warn(f"the remark is added to draft {number}")


@drafts.command("withdraw")
@_number
@pass_app
def withdraw_draft(app: App, number: int) -> None:
    """Give a draft of your own up."""
    _drafts(app).withdraw(number)
    output.warn(f"draft {number} is withdrawn")


def _drafts(app: App) -> Drafts:
    return Drafts(app.runtime.workspace, app.runtime.clock)


def _state(draft: Draft) -> str:
    return "approved" if draft.is_open and draft.is_approved else draft.state


def _as_dict(draft: Draft) -> dict[str, object]:
    return draft.content() | {"digest": draft.digest, "what": draft.words}
