"""`wikibot tree` and `render`: look at the workspace."""

from dataclasses import replace
from datetime import datetime, timedelta

import click

from bot.cli import output
from bot.cli.app import App, pass_app
from bot.cli.each_wiki import for_each_wiki
from bot.cli.parameter_types import DayCount, Moment, complete_regions
from bot.errors import BotError, ContentError, SettingsError
from bot.operations import view
from bot.operations.tree_links import find_links_to
from bot.operations.view import TreePage, unchanged_since, with_names
from bot.plural import counted
from bot.present.csv_table import csv_table
from bot.render import section_of
from bot.wiki.gateway import TreeKind


@click.command()
@click.option("--archived", is_flag=True, help="Only archived pages.")
@click.option("--restricted", is_flag=True, help="Also pages that only some people may read.")
@click.option("--links-to", metavar="PAGE", help="List the links of active pages to PAGE, before PAGE is archived.")
@click.option(
    "--unchanged-for", type=DayCount(), metavar="SPAN", help="Only active pages that nobody changed for 180d, 26w, 1y."
)
@click.option(
    "--format", "fmt", type=click.Choice(["text", "json", "markdown", "csv"]), default="text", show_default=True
)
@pass_app
@for_each_wiki(only_one=lambda options: "--links-to" if options["links_to"] else None)
def tree(
    app: App, *, archived: bool, restricted: bool, links_to: str | None, unchanged_for: timedelta | None, fmt: str
) -> int:
    """Show the page tree of the space, with folders and status.

    Pages that only some people may read are left out and counted, unless `snapshots.restricted` is `include`.

    With --unchanged-for, the page that was changed longest ago is first, with the day and who changed it.

    Ends with 1 when the place of a page is not certain: its parent is hidden or gone, or the page is above itself.
    """
    if links_to is not None:
        return _say_links_to(app, links_to, fmt)
    found = view.read_tree(
        app.runtime.gateway(), app.runtime.workspace, archived_only=archived, shows_restricted=restricted
    )
    if unchanged_for is not None:
        pages = unchanged_since(found, app.runtime.clock() - unchanged_for)
        named = with_names(app.runtime.gateway(), pages)
        found = replace(found, pages=tuple(replace(page, depth=0) for page in named))
    if fmt == "json":
        output.say_json(found.pages)
    elif fmt == "csv":
        rows = [(page.id, page.title, *_last_change(page), page.is_archived, page.url) for page in found.pages]
        output.say_document(csv_table(("id", "title", "changed", "by", "archived", "url"), rows))
    elif unchanged_for is not None and fmt == "text":
        lines = [(*_last_change(page), page.title, f"#{page.id}") for page in found.pages]
        output.say_table(("changed", "by", "page", "id"), lines)
    else:
        for page in found.pages:
            output.say(_as_markdown(page) if fmt == "markdown" else _as_text(page))
    if found.left_out:
        nodes = counted(found.left_out, "node")
        output.warn(f"{nodes} left out, because only some people may read them; --restricted shows them")
    for problem in found.problems:
        output.warn(problem)
    return 1 if found.problems else 0


@click.command()
@click.argument("region", required=False, shell_complete=complete_regions)
@click.option("--offline", is_flag=True, help="Use page references as titles instead of asking the wiki.")
@click.option("--html", is_flag=True, help="Print how the wiki draws REGION, as HTML without scripts and pictures.")
@click.option("--at", type=Moment(), help="With --html: as of this moment.  [default: now]")
@pass_app
def render(app: App, *, region: str | None, offline: bool, html: bool, at: datetime | None) -> None:
    """Print the storage format that would be written, of REGION or of all regions."""
    runtime = app.runtime
    if html:
        _say_html(app, region, at)
        return
    try:
        gateway = None if offline else runtime.gateway()
    except SettingsError as error:
        raise SettingsError(f"{error}; or add --offline to render without the wiki") from error
    rendered = view.render_regions(runtime.workspace, gateway, region, now=runtime.clock())
    for name, text in rendered.items():
        if region is None:
            output.say(f"<!-- {name} -->")
        output.say_document(text + "\n")


def _last_change(page: TreePage) -> tuple[str, str]:
    return (f"{page.changed:%Y-%m-%d}" if page.changed else "", page.changed_by)


def _say_html(app: App, region: str | None, at: datetime | None) -> None:
    from bot.operations.preview import preview  # the libraries for HTML are slow to import

    if region is None:
        raise click.UsageError("--html needs a REGION")
    runtime = app.runtime
    data = runtime.data_file().data
    if getattr(data, section_of(region), None) is None:
        raise ContentError(f"has no region {region!r}", path=runtime.workspace.data_path)
    shown = preview(runtime.gateway, runtime.workspace, data, data, region=region, moment=at or runtime.clock())
    if shown.reason:
        raise BotError(f"the wiki has not drawn the region: {shown.reason}")
    output.say_document(shown.html + "\n")


def _say_links_to(app: App, reference: str, fmt: str) -> int:
    target, links = find_links_to(app.runtime.gateway(), app.runtime.workspace, reference)
    if fmt == "json":
        shown = [
            {"id": each.page.id, "title": each.page.title, "words": each.words, "url": each.page.url} for each in links
        ]
        output.say_json(shown)
        return 0
    for link in links:
        output.say(f"- {link.page.title}  #{link.page.id}: {link.words}  {link.page.url}")
    pages = len({link.page.id for link in links})
    output.say(
        f"links to {target.title!r} (#{target.id}): {counted(len(links), 'link')} on {counted(pages, 'active page')}"
    )
    return 0


def _as_text(page: TreePage) -> str:
    marks = "".join(f"  ({mark})" for mark in _marks(page))
    return f"{'  ' * page.depth}{page.title}  #{page.id}{marks}"


def _as_markdown(page: TreePage) -> str:
    title = page.title.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")
    marks = "".join(f" *({mark})*" for mark in _marks(page))
    return f"{'  ' * page.depth}- [{title}]({page.url}){marks}"


def _marks(page: TreePage) -> list[str]:
    kind = [page.kind.value] if page.kind is not TreeKind.PAGE else []
    return [*kind, *(["archived"] if page.is_archived else [])]
