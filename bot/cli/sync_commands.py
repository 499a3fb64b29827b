"""`plan`, `apply`, `sync`, `drift`."""

import sys
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.cli import output
from bot.cli.app import App, LateGroup, pass_app
from bot.cli.each_wiki import for_each_wiki
from bot.cli.parameter_types import complete_regions
from bot.errors import BotError, ContentError
from bot.file_trust import raise_if_writable_by_all
from bot.files import read_text_file
from bot.operations import sync as operation
from bot.plural import counted
from bot.sync.apply import ApplyReport, PageReport, Result
from bot.sync.limits import find_excesses
from bot.sync.plan import Plan

if TYPE_CHECKING:
    from bot.operations.unattended_merge import PageMerge
    from bot.runtime import Runtime

_IN_SYNC, _FAILED, _CHANGES, _DISPUTED, _REFUSED, _STOPPED = 0, 1, 2, 3, 4, 6
_NAMED_PAGES = 5
_TAKE_OVER = click.option(
    "--take-over",
    metavar="REGION",
    multiple=True,
    shell_complete=complete_regions,
    help="Replace what the page says in this region, although people changed it or its history is unknown; or `all`.",
)
_FORMAT = click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
_FORCE = click.option("--force", is_flag=True, help="Exceed the safety limits.")


@click.command()
@click.option("--format", "format_", type=click.Choice(["text", "json", "markdown", "html"]), help="[default: text]")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the plan to this file, in the format given, or as JSON for `apply --plan`.",
)
@click.option("--source", is_flag=True, help="Also show the storage format (text only).")
@_TAKE_OVER
@pass_app
@for_each_wiki(only_one=lambda options: "--out" if options["out"] else None)
def plan(app: App, format_: str | None, out: Path | None, source: bool, take_over: tuple[str, ...]) -> int:
    """Show what would change, region by region; writes nothing to the wiki.

    Ends with 0 when all is in sync, 2 when there are changes, 3 when people changed a region and the bot waits for a
    decision, 1 when a page could not be judged.
    """
    made = _make_plan(app.runtime, take_over)
    settings = app.runtime.settings
    for excess in find_excesses(made, settings.safety, settings.locate_limit):
        output.warn(f"unattended runs refuse this: {excess.message}; `wikibot apply --plan FILE` writes it")
    if out is None:
        output.say_painted(_render(app.runtime, made, format_ or "text", shows_source=source), newline=False)
        return _plan_code(made)
    _save(out, _render(app.runtime, made, format_ or "json", shows_source=source))
    if format_ is None:
        output.say_painted(_render(app.runtime, made, "text", shows_source=source), newline=False)
    output.warn(f"the plan is in {out}")
    return _plan_code(made)


@click.command()
@click.option("--plan", "plan_path", type=click.Path(dir_okay=False, path_type=Path), help="The reviewed plan's file.")
@click.option("--digest", help="Refuse unless the plan has this digest (the first 12 digits are sufficient).")
@click.option("--yes", "-y", is_flag=True, help="Do not ask; also write pages that the bot has never written.")
@click.option("--over-drafts", is_flag=True, help="Also write pages on which somebody has unpublished changes.")
@_FORCE
@_TAKE_OVER
@_FORMAT
@pass_app
@for_each_wiki(
    asks=lambda options: not options["yes"] and _is_at_terminal(),
    only_one=lambda options: "--digest" if options["digest"] and not options["plan_path"] else None,
    is_single=lambda app, options: _chooses_wiki(app, options["plan_path"]),
)
def apply(
    app: App,
    plan_path: Path | None,
    digest: str | None,
    yes: bool,
    over_drafts: bool,
    force: bool,
    take_over: tuple[str, ...],
    format_: str,
) -> int:
    """Carry out the reviewed plan and nothing else; without --plan, what `plan` shows now.

    A region that somebody changed since the plan was made is skipped. On a terminal it asks first, unless --yes.
    """
    if plan_path is not None and take_over:
        raise click.UsageError(
            "--take-over is an option of `wikibot plan`; the plan file already contains this decision"
        )
    if plan_path is not None:
        from bot.operations.plan_seal import read_plan

        chosen = read_plan(_read(plan_path), app.runtime.folders.state, digest=digest)
    else:
        chosen = _make_plan(app.runtime, take_over)
        if digest is not None:
            from bot.sync.plan_file import check_digest

            check_digest(chosen, digest)
    runtime = app.runtime
    is_reviewed = yes or plan_path is not None or digest is not None
    if not is_reviewed and chosen.page_writes and _is_at_terminal():
        output.say_painted(_render(app.runtime, chosen, "text"), newline=False)
        output.confirm("Write this to the wiki?")
        is_reviewed = True
    with output.progress("writing", total=len(chosen.page_writes)) as step:
        report = operation.carry_out(
            runtime.gateway(may_write=True),
            runtime.configured_workspaces,
            runtime.settings.safety,
            chosen,
            folders=runtime.folders,
            now=runtime.clock(),
            sleep=runtime.sleep,
            is_reviewed=is_reviewed,
            is_loaded=plan_path is not None,
            force=force or plan_path is not None or digest is not None,
            locate_limit=runtime.settings.locate_limit,
            writes_over_drafts=over_drafts,
            on_page=lambda page: step(page.title),
        )
    return _tell(chosen, report, format_)


@click.command()
@_FORCE
@_FORMAT
@pass_app
@for_each_wiki()
def sync(app: App, force: bool, format_: str) -> int:
    """Plan and apply unattended; pages that the bot has never written are only planned.

    With `merge: auto` in the settings, what people changed is first merged into the data file, as far as it does not
    clash with the data file.
    """
    runtime = replace(app.runtime, is_attended=False)
    outcome = operation.sync(
        runtime.gateway,
        runtime.workspaces,
        runtime.settings.safety,
        folders=runtime.folders,
        now=runtime.clock(),
        force=force,
        locate_limit=runtime.settings.locate_limit,
        sleep=runtime.sleep,
    )
    return _tell(outcome.plan, outcome.report, format_, outcome.merges)


@click.group(cls=LateGroup, invoke_without_command=True, late={"restore": "bot.cli.restore_command:restore"})
@click.option("--source", is_flag=True, help="Also show the storage format (text only).")
@_FORMAT
@pass_app
@click.pass_context
@for_each_wiki()
def drift(context: click.Context, app: App, source: bool, format_: str) -> int:
    """Show only what people changed inside regions, with who and when; ends with 3 when there is something."""
    if context.invoked_subcommand is not None:
        return _IN_SYNC
    runtime = app.runtime
    found = operation.find_drift(runtime.gateway(), runtime.workspaces, runtime.settings.safety, now=runtime.clock())
    output.say_painted(_render(runtime, found, format_, shows_source=source), newline=False)
    return _FAILED if found.problems else _DISPUTED if found.pages or found.attention else _IN_SYNC


def _is_at_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()


def _chooses_wiki(app: App, plan_path: Path | None) -> bool:
    """Choose the wiki of a plan file, if there is one; return whether that was done."""
    if plan_path is None or len(app.wikis) == 1:
        return False
    from bot.site_address import recognise
    from bot.sync.plan_file import load_plan

    wanted = load_plan(_read(plan_path)).wiki
    settings = app.whole_settings
    found = [name for name in app.wikis if recognise(settings.of_wiki(name).wiki.url).url == wanted]
    if len(found) != 1:
        reason = "several wikis" if found else "no wiki"
        raise BotError(f"{plan_path} is for {wanted}, and the settings have {reason} at this address; add --wiki")
    app.wiki = found[0]
    return True


def _make_plan(runtime: "Runtime", take_over: tuple[str, ...]) -> Plan:
    return operation.make_plan(
        runtime.gateway(),
        runtime.workspaces,
        runtime.settings.safety,
        now=runtime.clock(),
        take_over=frozenset(take_over),
    )


def _render(runtime: "Runtime", plan: Plan, format_: str, *, shows_source: bool = False) -> str:
    from bot.operations.plan_seal import write_plan
    from bot.present.plan_view import plan_as_html, plan_as_markdown, plan_as_text

    match format_:
        case "json":
            return write_plan(plan, runtime.folders.state)
        case "markdown":
            return plan_as_markdown(plan)
        case "html":
            return plan_as_html(plan)
        case _:
            return plan_as_text(plan, has_colour=output.has_colour(sys.stdout), shows_source=shows_source)


def _plan_code(plan: Plan) -> int:
    if plan.problems:
        return _FAILED
    if plan.disputed or plan.attention:
        return _DISPUTED
    return _CHANGES if plan.page_writes else _IN_SYNC


def _tell(plan: Plan, report: ApplyReport, format_: str, merges: "Sequence[PageMerge]" = ()) -> int:
    """Print what became of a plan, and return the exit code."""
    if format_ == "json":
        from bot.sync.plan_file import as_document

        document = as_document(plan)
        what_happened = {"digest": document["digest"]} | {
            each.name: getattr(report, each.name) for each in fields(report)
        }
        output.say_json({"plan": document, "report": what_happened, "merges": merges})
    else:
        for merge in merges:
            output.say(str(merge))
        for line in _describe(plan, report):
            output.say_advice(line)
        for notice in plan.notices:
            output.warn(f"notice: {notice}")
    if report.stopped:
        return _STOPPED
    if report.refused:
        return _REFUSED
    if report.has_failed or plan.problems:
        return _FAILED
    return _DISPUTED if report.has_left_undone or plan.disputed or plan.attention else _IN_SYNC


def _describe(plan: Plan, report: ApplyReport) -> list[str]:
    lines = [_describe_page(page) for page in report.pages]
    lines += [f"problem: {each.page}: {each.message}" for each in plan.problems]
    lines += [f"{page.title}: {change.region}: {change.note}" for page, change in plan.disputed]
    lines += [
        f"{page.title}: {change.region}: {change.note}"
        for page in plan.pages
        for change in page.changes
        if change.is_waiting
    ]
    lines += [f"attention: {message}" for message in plan.attention]
    lines += [f"stopped: {reason}" for reason in report.stopped]
    lines += [f"refused: {reason}" for reason in report.refused]
    lines += [f"halted: {reason}" for reason in report.halted]
    lines += _list_pages("not tried", report.not_tried)
    lines += _list_pages("left for the next run (`safety.max_writes`)", report.postponed)
    if not lines:
        lines.append(f"in sync: {counted(plan.managed_regions, 'region')}, nothing to write")
    return lines


def _list_pages(what: str, titles: Sequence[str]) -> list[str]:
    more = len(titles) - _NAMED_PAGES
    named = [f"{what}: {title}" for title in titles[:_NAMED_PAGES]]
    return named + ([f"{what}: {counted(more, 'more page')}"] if more > 0 else [])


def _describe_page(page: PageReport) -> str:
    reasons = "; ".join((*page.reasons, *page.remarks))
    match page.result:
        case Result.WRITTEN:
            rest = f"; {reasons}" if reasons else ""
            return f"wrote {', '.join(page.regions)} on {page.title} (version {page.version}){rest}"
        case Result.UNCHANGED:
            return f"{page.title}: already in sync"
        case result:
            return f"{result}: {page.title}: {reasons}"


def _save(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise BotError(f"{path}: cannot be written: {error.strerror}") from error


def _read(path: Path) -> str:
    raise_if_writable_by_all(path, ContentError)
    try:
        return read_text_file(path)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        is_other = str(path) == "-" or (path.exists() and not path.is_file())
        advice = f"write a plan into a file with `wikibot plan --out {'plan.json' if is_other else path}`"
        raise BotError(f"{path}: cannot be read: {reason}; {advice}") from error
