"""`wikibot news`: edit the news in the data file."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from bot.cli import output
from bot.cli.app import App, pass_app
from bot.cli.edit_report import dry_run_option, finish, format_option, offline_option
from bot.cli.entry_times import TIMES, clear_option, describe_state, moment_in, time_options
from bot.cli.heading_command import add_heading_command
from bot.cli.parameter_types import Day, complete_news_ids
from bot.cli.usage_errors import SuggestingGroup
from bot.config.data_model import NewsFile
from bot.config.news_selection import news_states
from bot.inline import plain_text
from bot.operations import edit
from bot.operations.news_files import FileExistsOnPageError, NewFile, read_new_file, with_link

_item_id = click.argument("item_id", metavar="ID", shell_complete=complete_news_ids)


def file_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of a file to a command that writes a news item."""
    options = (
        click.option("--file", "path", type=click.Path(path_type=Path), help="A file that is uploaded with the item."),
        click.option("--file-name", metavar="NAME", help="Name of the file on the page; absent: as it is called."),
        click.option("--replace", is_flag=True, help="The file may replace one of the same name on the page."),
    )
    for option in reversed(options):
        function = option(function)
    return function


def _read_file(
    app: App, old: NewsFile | None, *, path: Path | None, name: str | None, replaces: bool, offline: bool
) -> NewFile | None:
    """Return the file of the options; raises `ContentError` if the page has another one of that name."""
    if path is None:
        if name or replaces:
            raise click.UsageError("no file; --file-name and --replace need --file PATH")
        return None
    if replaces and offline:
        raise click.UsageError("--replace has to look at the page; leave out --offline")
    new_file = read_new_file(path, name).after(old)
    if offline:
        return new_file
    try:
        return new_file.checked(app.runtime.trying_once().gateway(), app.runtime.workspace, replaces=replaces)
    except FileExistsOnPageError as error:
        raise FileExistsOnPageError(f"{error}: give --replace, or another name with --file-name NAME") from error


@click.group(cls=SuggestingGroup)
def news() -> None:
    """Edit the news in the data file."""


@news.command("add")
@click.argument("text")
@click.option("--id", "item_id", help="Made from the text when absent.")
@click.option("--date", type=Day(), help="The day of the news.")
@time_options
@click.option("--pinned", is_flag=True, help="Shown before all others.")
@file_options
@offline_option
@dry_run_option
@pass_app
def add_news(
    app: App,
    /,
    text: str,
    *,
    path: Path | None,
    file_name: str | None,
    replace: bool,
    dry_run: bool,
    offline: bool,
    **fields: object,
) -> None:
    """Add a news item, as the newest. TEXT may contain **bold**, *italic*, `code` and [links](page:TITLE).

    Warns about likely mistakes; refuses a link to a page that the wiki does not have. A file is uploaded when the item
    is published, not before; a link to it is added to TEXT if it has none.
    """
    new_file = _read_file(app, None, path=path, name=file_name, replaces=replace, offline=offline)
    if new_file is not None:
        text = with_link(text, new_file.value.name)
        fields |= {"file": new_file.value}
    finish(
        app,
        "news",
        lambda: edit.add_news(app.runtime.data_file(), text, **fields),  # type: ignore[arg-type]  # click's
        dry_run=dry_run,
        offline=offline,
        publish_at=moment_in(fields),
        new_file=new_file,
    )


@news.command("list")
@format_option
@pass_app
def list_news(app: App, format_: str) -> None:
    """List the news in the order of the data file: scheduled, live, pinned, expired or older."""
    section = app.runtime.data_file().data.news
    items = section.items if section else ()
    states = news_states(section, app.runtime.clock()) if section else []
    if format_ == "json":
        output.say_json([{**dict(item), "state": state} for item, state in zip(items, states, strict=True)])
        return
    if not items:
        output.warn("there are no news; `wikibot news add` adds an item")
        return
    rows = [
        (item.id, str(item.date or ""), describe_state(item, state), plain_text(item.text))
        for item, state in zip(items, states, strict=True)
    ]
    output.say_table(("id", "date", "state", "text"), rows)


@news.command("edit")
@_item_id
@click.option("--text")
@click.option("--date", type=Day())
@time_options
@click.option("--pinned/--not-pinned", default=None)
@file_options
@clear_option("date", *TIMES, "pinned", "file")
@offline_option
@dry_run_option
@pass_app
def edit_news(
    app: App,
    /,
    item_id: str,
    *,
    path: Path | None,
    file_name: str | None,
    replace: bool,
    clear: tuple[str, ...],
    dry_run: bool,
    offline: bool,
    **fields: object,
) -> None:
    """Change fields of the news item ID."""
    changes = {name: value for name, value in fields.items() if value is not None} | dict.fromkeys(clear)
    document = app.runtime.data_file()
    old = document.data.news.items[document.news_index(item_id)] if document.data.news else None
    new_file = _read_file(app, old.file if old else None, path=path, name=file_name, replaces=replace, offline=offline)
    if new_file is not None:
        words = str(changes.get("text", old.text if old else ""))
        changes |= {"file": new_file.value, "text": with_link(words, new_file.value.name)}
    if not changes:
        raise click.UsageError("nothing to change; give an option such as --text or --date")
    finish(
        app,
        "news",
        lambda: edit.edit_news(app.runtime.data_file(), item_id, changes),
        dry_run=dry_run,
        offline=offline,
        publish_at=moment_in(changes),
        new_file=new_file,
    )


@news.command("pin")
@_item_id
@dry_run_option
@pass_app
def pin_news(app: App, item_id: str, *, dry_run: bool) -> None:
    """Show the news item ID before all others."""
    finish(app, "news", lambda: edit.edit_news(app.runtime.data_file(), item_id, {"pinned": True}), dry_run=dry_run)


@news.command("unpin")
@_item_id
@dry_run_option
@pass_app
def unpin_news(app: App, item_id: str, *, dry_run: bool) -> None:
    """Show the news item ID at its place in the file."""
    finish(app, "news", lambda: edit.edit_news(app.runtime.data_file(), item_id, {"pinned": None}), dry_run=dry_run)


@news.command("duplicate")
@_item_id
@dry_run_option
@pass_app
def duplicate_news(app: App, item_id: str, *, dry_run: bool) -> None:
    """Add a copy of the news item ID as the newest, without its day, its times and its pin."""
    finish(app, "news", lambda: edit.duplicate_news(app.runtime.data_file(), item_id), dry_run=dry_run)


@news.command("move")
@_item_id
@click.option("--first", "index", flag_value=0, type=int, default=None, help="Before all others: as the newest.")
@click.option("--last", "index", flag_value=-1, type=int, help="After all others.")
@click.option("--before", metavar="ID", shell_complete=complete_news_ids, help="Before this news item.")
@click.option("--after", metavar="ID", shell_complete=complete_news_ids, help="After this news item.")
@dry_run_option
@pass_app
def move_news(
    app: App, item_id: str, *, index: int | None, before: str | None, after: str | None, dry_run: bool
) -> None:
    """Move the news item ID; pinned items are shown before the others, at any position."""
    if sum(each is not None for each in (index, before, after)) != 1:
        raise click.UsageError("no destination; give one of --first, --last, --before ID and --after ID")
    finish(
        app,
        "news",
        lambda: edit.move_news(app.runtime.data_file(), item_id, before=before, after=after, index=index or 0),
        dry_run=dry_run,
    )


@news.command("remove")
@_item_id
@dry_run_option
@pass_app
def remove_news(app: App, item_id: str, *, dry_run: bool) -> None:
    """Remove the news item ID."""
    finish(app, "news", lambda: edit.remove_news(app.runtime.data_file(), item_id), dry_run=dry_run)


add_heading_command(news, "news")
