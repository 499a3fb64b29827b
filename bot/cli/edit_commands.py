"""`wikibot news`, `status` and `links`: edit the data file where it stands."""

import datetime as dt
from collections.abc import Callable

import click
from pydantic import ValidationError

from bot.cli import output
from bot.cli.app import App, pass_app
from bot.config.data_model import Icon, NewsItem, QuickLink, StatusLine
from bot.config.news_selection import older_news
from bot.errors import ContentError
from bot.operations import edit
from bot.operations.edit import Edit

_dry_run = click.option("--dry-run", is_flag=True, help="Show the change of the file and write nothing.")
_as_json = click.option("--format", "fmt", type=click.Choice(["text", "json"]), default="text", show_default=True)


class _Moment(click.ParamType[dt.datetime]):
    name = "moment"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> dt.datetime:
        if isinstance(value, dt.datetime):
            return value
        try:
            moment = dt.datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is not a moment such as 2026-03-01T09:00Z", param, ctx)
        if moment.tzinfo is None:
            self.fail(f"{value!r} lacks a time zone; write 2026-03-01T09:00Z or 2026-03-01T09:00+01:00", param, ctx)
        return moment


class _Day(click.ParamType[dt.date]):
    name = "day"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> dt.date:
        if isinstance(value, dt.date):
            return value
        try:
            return dt.date.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is not a day such as 2026-03-01", param, ctx)


@click.group()
def news() -> None:
    """Edit the news in the data file."""


@news.command("add")
@click.argument("text")
@click.option("--id", "item_id", help="Made from the text when absent.")
@click.option("--date", type=_Day(), help="The day of the news.")
@click.option("--publish-at", type=_Moment(), help="Not shown before this moment.")
@click.option("--expires-at", type=_Moment(), help="Not shown from this moment on.")
@click.option("--pinned", is_flag=True, help="Stands before all others.")
@_dry_run
@pass_app
def add_news(app: App, /, text: str, *, dry_run: bool, **fields: object) -> None:
    """Add a news item, as the newest. TEXT may hold **bold**, *italic*, `code` and [links](page:TITLE)."""
    _finish(lambda: edit.add_news(app.runtime, text, **fields), dry_run=dry_run)  # type: ignore[arg-type] # click's


@news.command("list")
@_as_json
@pass_app
def list_news(app: App, fmt: str) -> None:
    """List the news in the order of the data file, and what becomes of each."""
    section = app.runtime.document(app.runtime.workspace).workspace.news
    items: tuple[NewsItem, ...] = section.items if section else ()
    if fmt == "json":
        output.say_json(items)
        return
    now = app.runtime.clock()
    older = older_news(section, now) if section else ()
    states = ("older" if item in older else _state(item, now) for item in items)
    rows = [
        (item.id, str(item.date or ""), state, item.text.strip()) for item, state in zip(items, states, strict=True)
    ]
    output.say_table(("id", "date", "state", "text"), rows)


@news.command("edit")
@click.argument("item_id", metavar="ID")
@click.option("--text")
@click.option("--date", type=_Day())
@click.option("--publish-at", type=_Moment())
@click.option("--expires-at", type=_Moment())
@click.option("--pinned/--not-pinned", default=None)
@click.option(
    "--clear", multiple=True, type=click.Choice(["date", "publish_at", "expires_at", "pinned"]), help="Remove a field."
)
@_dry_run
@pass_app
def edit_news(app: App, /, item_id: str, *, clear: tuple[str, ...], dry_run: bool, **fields: object) -> None:
    """Change fields of the news item ID."""
    changes = {name: value for name, value in fields.items() if value is not None} | dict.fromkeys(clear)
    if not changes:
        raise click.UsageError("say what to change, such as --text or --date")
    _finish(lambda: edit.edit_news(app.runtime, item_id, changes), dry_run=dry_run)


@news.command("remove")
@click.argument("item_id", metavar="ID")
@_dry_run
@pass_app
def remove_news(app: App, item_id: str, *, dry_run: bool) -> None:
    """Remove the news item ID."""
    _finish(lambda: edit.remove_news(app.runtime, item_id), dry_run=dry_run)


@click.group()
def status() -> None:
    """Edit the status banner in the data file."""


@status.command("list")
@_as_json
@pass_app
def list_status(app: App, fmt: str) -> None:
    """List the lines of the status banner."""
    banner = app.runtime.document(app.runtime.workspace).workspace.status
    if fmt == "json":
        output.say_json(banner)
        return
    lines = banner.lines if banner else ()
    rows = [(str(number), str(line.icon or ""), line.text.strip()) for number, line in enumerate(lines, start=1)]
    output.say_table(("line", "icon", "text"), rows)


@status.command("set")
@click.argument("texts", metavar="[TEXT]...", nargs=-1)
@click.option("--line", "number", type=int, help="Change only this line, counted from 1.")
@click.option("--icon", type=click.Choice([icon.value for icon in Icon]), help="The icon of the line.")
@click.option("--heading", help="The words above the lines.")
@_dry_run
@pass_app
def set_status(
    app: App, texts: tuple[str, ...], *, number: int | None, icon: str | None, heading: str | None, dry_run: bool
) -> None:
    """Set the status banner.

    Each TEXT becomes a line, and may begin with an icon: "tick: Adopted." With --line only that line changes.
    """
    if number is not None:
        if len(texts) > 1 or heading is not None or not (texts or icon):
            raise click.UsageError("--line goes with one TEXT, with --icon, or with both")
        given = {"text": texts[0] if texts else None, "icon": icon}
        changes = {name: value for name, value in given.items() if value is not None}
        _finish(lambda: edit.edit_status_line(app.runtime, number, changes), dry_run=dry_run)
        return
    if icon and len(texts) != 1:
        raise click.UsageError("--icon goes with one TEXT; several begin with their icons, such as 'tick: Adopted.'")
    if not texts and heading is None:
        raise click.UsageError("say what to set: a TEXT for each line, or --heading")
    _finish(lambda: edit.set_status(app.runtime, _lines(texts, icon), heading=heading), dry_run=dry_run)


@click.group()
def links() -> None:
    """Edit the quick links in the data file."""


@links.command("list")
@_as_json
@pass_app
def list_links(app: App, fmt: str) -> None:
    """List the quick links."""
    section = app.runtime.document(app.runtime.workspace).workspace.quick_links
    found = section.links if section else ()
    if fmt == "json":
        output.say_json(found)
        return
    output.say_table(("text", "target"), _link_rows(found, depth=0))


@links.command("add")
@click.argument("text")
@click.option("--page", help="Title or id of a page of the wiki.")
@click.option("--url", help="An http, https or mailto address.")
@click.option("--attachment", help="Name of a file attached to the home page.")
@click.option("--under", help="Text of the link below which it goes.")
@click.option("--first", is_flag=True, help="Before its siblings instead of after them.")
@_dry_run
@pass_app
def add_link(app: App, /, text: str, *, under: str | None, first: bool, dry_run: bool, **targets: str | None) -> None:
    """Add a quick link with the words TEXT."""
    fields = {"text": text} | {name: value for name, value in targets.items() if value is not None}

    def add() -> Edit:
        return edit.add_link(app.runtime, QuickLink.model_validate(fields), under=under, first=first)

    _finish(add, dry_run=dry_run)


@links.command("remove")
@click.argument("text")
@_dry_run
@pass_app
def remove_link(app: App, text: str, *, dry_run: bool) -> None:
    """Remove the quick link with the words TEXT, and those below it."""
    _finish(lambda: edit.remove_link(app.runtime, text), dry_run=dry_run)


def _finish(make: Callable[[], Edit], *, dry_run: bool) -> None:
    try:
        change = make()
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        field = ".".join(str(step) for step in problem["loc"])
        raise ContentError(f"{field}: {problem['msg'].removeprefix('Value error, ')}".removeprefix(": ")) from error
    if not dry_run:
        change.save()
    output.say_diff(change.diff)
    path = change.after.path
    output.warn(
        f"{path} would change so; nothing was written" if dry_run else f"{path} saved; `wikibot plan` shows the page"
    )


def _lines(texts: tuple[str, ...], icon: str | None) -> list[StatusLine]:
    lines = []
    for text in texts:
        name, colon, rest = text.partition(":")
        if icon is None and colon and name in set(Icon):
            lines.append(StatusLine(icon=Icon(name), text=rest.strip()))
        else:
            lines.append(StatusLine(icon=Icon(icon), text=text) if icon else StatusLine(text=text))
    return lines


def _link_rows(found: tuple[QuickLink, ...], *, depth: int) -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    for link in found:
        rows.append(("  " * depth + link.text, link.page or link.url or link.attachment or ""))
        rows += _link_rows(link.links, depth=depth + 1)
    return rows


def _state(item: NewsItem, now: dt.datetime) -> str:
    if item.publish_at and now < item.publish_at:
        return f"from {item.publish_at.astimezone(dt.UTC):%Y-%m-%d %H:%M} UTC"
    if item.expires_at and item.expires_at <= now:
        return "expired"
    return "pinned" if item.pinned else "shown"
