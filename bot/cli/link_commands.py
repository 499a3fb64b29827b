"""`wikibot links`: edit the quick links in the data file."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import click

from bot.cli import output
from bot.cli.app import App, pass_app
from bot.cli.edit_report import dry_run_option, finish, format_option, offline_option
from bot.cli.entry_times import TIMES, clear_option, moment_in, state_at, time_options
from bot.cli.heading_command import add_heading_command
from bot.cli.parameter_types import complete_link_numbers
from bot.cli.usage_errors import SuggestingGroup
from bot.config.data_model import QuickLink
from bot.config.link_choice import LinkChoice, LinkDestination, LinkPlace, iter_places
from bot.config.news_selection import state_of
from bot.operations import edit

_link = click.argument("link", metavar="LINK", shell_complete=complete_link_numbers)
_TARGETS = ("page", "url", "attachment")


def _target_options(*helps: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        for name, text in reversed(list(zip(_TARGETS, helps, strict=True))):
            function = click.option(f"--{name}", help=text)(function)
        return function

    return decorate


_new_target = _target_options(
    "Title or id of a page of the wiki.", "An http, https or mailto address.", "Name of a file of the home page."
)
_narrowing_target = _target_options(
    "Of the links with that text, the one to this page.", "The one to this address.", "The one to this file."
)
_narrowing_parent = click.option(
    "--under", metavar="LINK", help="Of the links with that text, the one below this link."
)


@click.group(cls=SuggestingGroup)
def links() -> None:
    """Edit the quick links in the data file.

    LINK is the text of a link, or its number in `wikibot links list`, such as 2.1.
    """


@links.command("list")
@format_option
@pass_app
def list_links(app: App, format_: str) -> None:
    """List the quick links with their numbers, states and targets."""
    section, now = app.runtime.data_file().data.quick_links, app.runtime.clock()
    found = section.links if section else ()
    places = list(iter_places(found))
    if format_ == "json":
        output.say_json([_as_dict(place) | {"state": state_of(place.link, now)} for place in places])
        return
    if not places:
        output.warn("there are no quick links; `wikibot links add` adds one")
        return
    rows = [
        (
            place.number,
            "  " * place.number.count(".") + place.link.name,
            state_at(place.link, now),
            _describe_target(place.link),
        )
        for place in places
    ]
    output.say_table(("link", "text", "state", "target"), rows)


@links.command("add")
@click.argument("text")
@_new_target
@click.option("--under", metavar="LINK", shell_complete=complete_link_numbers, help="The link below which it goes.")
@click.option("--first", is_flag=True, help="Before its siblings instead of after them.")
@time_options
@offline_option
@dry_run_option
@pass_app
def add_link(
    app: App, /, text: str, *, under: str | None, first: bool, offline: bool, dry_run: bool, **given: object
) -> None:
    """Add a quick link with the words TEXT."""
    fields: dict[str, object] = {"text": text} | {name: value for name, value in given.items() if value is not None}
    finish(
        app,
        "quick_links",
        lambda: edit.add_link(app.runtime.data_file(), QuickLink.model_validate(fields), under=under, first=first),
        dry_run=dry_run,
        offline=offline,
        publish_at=moment_in(fields),
    )


@links.command("edit")
@_link
@click.option("--text", help="The new words.")
@_new_target
@click.option("--no-target", is_flag=True, help="Make it a caption without a target.")
@time_options
@clear_option(*TIMES)
@_narrowing_parent
@offline_option
@dry_run_option
@pass_app
def edit_link(
    app: App,
    /,
    link: str,
    *,
    text: str | None,
    no_target: bool,
    publish_at: dt.datetime | None,
    expires_at: dt.datetime | None,
    review_by: dt.date | None,
    clear: tuple[str, ...],
    under: str | None,
    offline: bool,
    dry_run: bool,
    **targets: str | None,
) -> None:
    """Change the words, the target or the times of LINK; a new target replaces the old one."""
    given = {name: value for name, value in targets.items() if value is not None}
    times: dict[str, object] = {"publish_at": publish_at, "expires_at": expires_at, "review_by": review_by}
    if len(given) + no_target > 1:
        raise click.UsageError("give one target: --page, --url, --attachment or --no-target")
    changes: dict[str, object] = dict(given)
    if no_target:
        changes = dict.fromkeys(_TARGETS)
    if text is not None:
        changes["text"] = text
    changes |= dict.fromkeys(clear) | {name: value for name, value in times.items() if value is not None}
    if not changes:
        raise click.UsageError("nothing to change; give an option such as --text or --page")
    choice = LinkChoice(link, under=under)
    finish(
        app,
        "quick_links",
        lambda: edit.edit_link(app.runtime.data_file(), choice, changes),
        dry_run=dry_run,
        offline=offline,
        publish_at=moment_in(changes),
    )


@links.command("move")
@_link
@click.option("--before", metavar="LINK", shell_complete=complete_link_numbers, help="Before this link.")
@click.option("--after", metavar="LINK", shell_complete=complete_link_numbers, help="After this link.")
@click.option("--under", metavar="LINK", shell_complete=complete_link_numbers, help="Below this link, as its last.")
@click.option("--top-level", "is_top_level", is_flag=True, help="To the top level, as the last.")
@click.option("--first", "is_first", is_flag=True, help="Before its siblings; also with --under and --top-level.")
@click.option("--last", "is_last", is_flag=True, help="After its siblings.")
@_narrowing_target
@dry_run_option
@pass_app
def move_link(
    app: App,
    /,
    link: str,
    *,
    before: str | None,
    after: str | None,
    under: str | None,
    is_top_level: bool,
    is_first: bool,
    is_last: bool,
    dry_run: bool,
    **targets: str | None,
) -> None:
    """Move LINK, with the links below it, to another place."""
    places = [before is not None, after is not None, under is not None, is_top_level]
    if sum(places) > 1 or (is_first and is_last) or not (any(places) or is_first or is_last):
        raise click.UsageError(
            "no destination; give one of --before, --after, --under, --top-level, --first and --last"
        )
    if (is_first or is_last) and (before is not None or after is not None):
        raise click.UsageError("--before and --after cannot be combined with --first or --last")
    destination = LinkDestination(before, after, under, is_top_level, is_first)
    choice = LinkChoice(link, target=_one_target(targets))
    finish(app, "quick_links", lambda: edit.move_link(app.runtime.data_file(), choice, destination), dry_run=dry_run)


@links.command("remove")
@_link
@_narrowing_target
@_narrowing_parent
@dry_run_option
@pass_app
def remove_link(app: App, /, link: str, *, under: str | None, dry_run: bool, **targets: str | None) -> None:
    """Remove LINK, and the links below it."""
    choice = LinkChoice(link, target=_one_target(targets), under=under)
    finish(app, "quick_links", lambda: edit.remove_link(app.runtime.data_file(), choice), dry_run=dry_run)


add_heading_command(links, "quick_links")


def _one_target(targets: dict[str, str | None]) -> str | None:
    given = [value for value in targets.values() if value is not None]
    if len(given) > 1:
        raise click.UsageError("give one of --page, --url and --attachment")
    return given[0] if given else None


def _describe_target(link: QuickLink) -> str:
    if link.page is not None:
        return f"page {link.page}"
    if link.attachment is not None:
        return f"file {link.attachment}"
    return link.url or ""


def _as_dict(place: LinkPlace) -> dict[str, object]:
    return {
        "number": place.number,
        "under": place.parent.number if place.parent else None,
        **{name: getattr(place.link, name) for name in ("text", *_TARGETS, *TIMES)},
    }
