"""The end of every command that edits the data file: advice, save, diff, and what happens next."""

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click
from pydantic import ValidationError

from bot.cli import output
from bot.cli.app import App
from bot.errors import ContentError
from bot.operations.content_advice import check_targets, find_advice
from bot.operations.edit import Edit, regions_of
from bot.operations.news_files import NewFile
from bot.operations.publication import is_homeless, publication_of

_Made = TypeVar("_Made")

_DRAFT = "wikibot.draft"


def dry_run_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--dry-run` and `--draft` to a command that edits the data file."""
    function = click.option(
        "--draft",
        is_flag=True,
        expose_value=False,
        callback=_remember_draft,
        help="Do not change the file: write a draft for `wikibot drafts`.",
    )(function)
    return click.option("--dry-run", is_flag=True, help="Show the change of the file and write nothing.")(function)


def _remember_draft(context: click.Context, _parameter: click.Parameter, value: object) -> None:
    context.meta[_DRAFT] = bool(value)


offline_option = click.option("--offline", is_flag=True, help="Do not look up linked pages and the region in the wiki.")
format_option = click.option(
    "--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True
)


def finish(
    app: App,
    region: str | None,
    make: Callable[[], Edit],
    *,
    dry_run: bool,
    offline: bool = True,
    publish_at: dt.datetime | None = None,
    new_file: NewFile | None = None,
) -> None:
    """Make an edit, print warnings and the diff, save unless *dry_run*, and say what happens next.

    *region* is the region that it changes; None: what the edit changes decides. *new_file* is written next to the data
    file first.
    """
    edit = checked(make)
    runtime = app.runtime
    advice = find_advice(edit, runtime.clock())
    if not offline:
        advice += check_targets(runtime.trying_once().gateway, runtime.workspace, edit)
    path = edit.after.path
    if not edit.diff:
        output.warn(f"{path} already contains this; nothing was written")
        return
    is_draft = click.get_current_context().meta.get(_DRAFT, False)
    if new_file is not None and not dry_run:
        new_file.keep(path)
    if not dry_run and not is_draft:
        edit = edit.save(runtime.workspace.shared_data)
    output.say_diff(edit.diff)
    for each in advice:
        output.say_warning(each.message)
    if dry_run:
        output.warn(f"dry run: {path} would change as shown; nothing was written")
        return
    if is_draft:
        _write_draft(app, edit)
        return
    say_saved(app, edit, [region] if region else regions_of(edit), publish_at, offline=offline)


def _write_draft(app: App, edit: Edit) -> None:
    from bot.operations.drafts import Drafts

    if edit.operation is None:
        raise ContentError("this change cannot be a draft", path=edit.after.path)
    draft = Drafts(app.runtime.workspace, app.runtime.clock).add(edit.operation)
    output.warn(f"draft {draft.number} written; {edit.after.path} is unchanged")
    output.warn(
        f"next: `wikibot drafts send {draft.number}` proposes it, `wikibot drafts save {draft.number}` saves it"
    )


def say_saved(
    app: App,
    edit: Edit,
    regions: Sequence[str] | None = None,
    publish_at: dt.datetime | None = None,
    *,
    offline: bool = True,
) -> None:
    """Say what was saved, and what happens next; *regions* are by default those that the edit changes."""
    path = edit.after.path
    if edit.merged:
        output.warn(f"somebody else changed the file in the meantime ({edit.merged}); both changes are in it")
    number = f" as revision {edit.revision.number}" if edit.revision else ""
    output.warn(f"{path} saved{number}")
    for name in regions_of(edit) if regions is None else regions:
        output.warn(_next_step(app, name, publish_at, offline=offline))


def checked(make: Callable[[], _Made]) -> _Made:
    """Return what *make* makes; a value that the data file does not accept is a `ContentError`."""
    try:
        return make()
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        field = ".".join(str(step) for step in problem["loc"])
        raise ContentError(f"{field}: {problem['msg'].removeprefix('Value error, ')}".removeprefix(": ")) from error


def _next_step(app: App, region: str, publish_at: dt.datetime | None, *, offline: bool) -> str:
    runtime = app.runtime
    publication = publication_of(runtime.settings.jobs, runtime.workspace.settings, region)
    if not publication.is_managed:
        return (
            f"next: nothing; region {region!r} is not among the `regions` of workspace {runtime.workspace.name!r} in "
            f"{runtime.settings.config_path}"
        )
    lacks_region = None if offline else is_homeless(runtime.trying_once().gateway, runtime.workspace, region)
    if lacks_region:
        return (
            f"next: not published yet, because the page has no region {region!r}; choose its place with "
            f"`wikibot adopt --place {region}=end` (or start, before:HEADING, after:HEADING)"
        )
    cadence = f"sync: {publication.cadence}" if publication.cadence else "no `sync` job is configured"
    if publish_at is not None and publish_at > runtime.clock():
        return f"next: shown from {publish_at.astimezone(dt.UTC):%Y-%m-%d %H:%M} UTC on, when the bot runs ({cadence})"
    by_hand = "`wikibot plan` shows the page, `wikibot apply` publishes"
    if publication.cadence is None:
        return f"next: {by_hand}; {cadence}"
    condition = " if the page has the region" if lacks_region is None else ""
    return f"next: the scheduled bot publishes it ({cadence}){condition}; at once: {by_hand}"
