"""`history`, `diff`, `search`, `export`, `site`, `report`, `redact`: what one does with snapshots."""

import datetime as dt
import getpass
from pathlib import Path

import click

from bot.cli import output
from bot.cli.app import App, pass_app
from bot.cli.archive_options import pass_reader
from bot.cli.outside_report import inform_outside, outside_of
from bot.errors import RedactedError
from bot.escape import visible
from bot.operations import archive
from bot.operations.archive_reader import ArchiveReader
from bot.operations.site import write_site
from bot.plural import counted
from bot.present.archive_lists import history_as_csv, hits_as_csv, report_as_csv
from bot.present.page_diff_view import page_diff_as_html, page_diff_as_text
from bot.present.period_report import report_as_html, report_as_markdown
from bot.snapshot.query.period import Period
from bot.snapshot.query.search import END, START, Hit

_DONE, _FINDINGS = 0, 3
_FORMAT = click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
_LIST_FORMAT = click.option(
    "--format", "format_", type=click.Choice(["text", "json", "csv"]), default="text", show_default=True
)
_DAY = click.DateTime(["%Y-%m-%d"])
_SINCE = click.option("--since", type=_DAY, metavar="YYYY-MM-DD", help="First day, in UTC.")
_UNTIL = click.option("--until", type=_DAY, metavar="YYYY-MM-DD", help="Last day, in UTC, included.")


@click.command()
@click.argument("page")
@_LIST_FORMAT
@pass_reader
def history(reader: ArchiveReader, page: str, format_: str) -> int:
    """Show the versions of a captured PAGE (id, title or path), and what each run saw happen to it."""
    timeline = archive.page_history(reader, page)
    if format_ == "json":
        output.say_json(timeline)
        return _DONE
    if format_ == "csv":
        output.say_document(history_as_csv(timeline))
        return _DONE
    output.say(f"{timeline.title} ({timeline.page_id}): {timeline.status}")
    output.say(f"{timeline.path}\n")
    output.say_table(
        ("version", "when", "author", "message", "captured"),
        (
            (
                str(held.version.number),
                _moment(held.version.when),
                held.version.author.display_name,
                held.version.message,
                "yes" if held.paths else "no",
            )
            for held in timeline.versions
        ),
    )
    if missing := [held.version.number for held in timeline.versions if not held.paths]:
        output.say(
            f"\nThe text of {counted(len(missing), 'version')} is not in the snapshots. With `history: all`, the next "
            "capture takes all earlier versions that the wiki still has."
        )
    output.say()
    output.say_table(
        ("run", "when", "event", "what"),
        ((str(event.run), _moment(event.when), event.type, event.detail) for event in timeline.happenings),
    )
    return _DONE


@click.command()
@click.argument("page")
@click.argument("before", required=False, metavar="[V1]")
@click.argument("after", required=False, metavar="[V2]")
@click.option("--format", "format_", type=click.Choice(["text", "html", "json"]), default="text", show_default=True)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write to this file.")
@pass_reader
def diff(
    reader: ArchiveReader, page: str, before: str | None, after: str | None, format_: str, out: Path | None
) -> int:
    """Show what changed in a captured PAGE: data about it, structure and words.

    V1 and V2 are versions (`17`) or runs (`run:124`); without them the last two states are compared.
    """
    made = archive.page_diff(reader, page, before, after)
    match format_:
        case "json":
            output.say_json(made.diff)
        case "html":
            _put_out(page_diff_as_html(made), out)
        case _:
            _put_out(page_diff_as_text(made.diff), out)
    return _DONE


@click.command()
@click.argument("words", nargs=-1, required=True)
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True)
@click.option("--rebuild", is_flag=True, help="Rebuild the index from the files first.")
@_LIST_FORMAT
@pass_reader
def search(reader: ArchiveReader, words: tuple[str, ...], limit: int, rebuild: bool, format_: str) -> int:
    """Find captured pages that contain all WORDS; quotes make a phrase, a leading minus excludes (after `--`).

    Ends with 1 if nothing is found.
    """
    if rebuild:
        archive.rebuild_search(reader)
    found = archive.search_pages(reader, " ".join(words), limit=limit)
    hits = found.hits
    if found.unreadable:
        pages = counted(found.unreadable, "page")
        output.warn(f"{pages} cannot be searched, because a file is missing or changed; see `wikibot verify`")
    code = _FINDINGS if found.unreadable else _DONE if hits else 1
    if format_ == "json":
        output.say_json([{**_as_dict(hit), "snippet": hit.plain_snippet} for hit in hits])
        return code
    if format_ == "csv":
        output.say_document(hits_as_csv(hits))
        return code
    for hit in hits:
        output.say_painted(f"{click.style(visible(hit.title), bold=True)}  {visible(hit.path)}  ({hit.status})")
        output.say_painted(f"    {_styled_snippet(hit.snippet)}")
    if not hits:
        output.warn("nothing found")
    return code


@click.command()
@_SINCE
@_UNTIL
@click.option(
    "--out",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="A new folder for the bag.",
)
@click.argument("pages", nargs=-1)
@_FORMAT
@pass_reader
def export(
    reader: ArchiveReader,
    since: dt.datetime | None,
    until: dt.datetime | None,
    out: Path,
    pages: tuple[str, ...],
    format_: str,
) -> int:
    """Copy what was captured in a period into a bag of its own, to hand over; only PAGES where some are named."""
    with output.progress("exporting") as step:
        made = archive.export_pages(
            reader,
            out,
            _period(since, until),
            wanted=pages,
            on_page=lambda title, total: step(title, total=total),
        )
    if format_ == "json":
        output.say_json(made)
    else:
        output.say(
            f"exported {counted(made.pages, 'page')} and {counted(made.files, 'file')} to {made.folder}; "
            "data/README.md in it explains how to verify them"
        )
    return _DONE


@click.command()
@click.argument("out", type=click.Path(file_okay=False, path_type=Path))
@_FORMAT
@pass_reader
def site(reader: ArchiveReader, out: Path, format_: str) -> int:
    """Write the snapshots to the new folder OUT as a site that a browser opens without a server.

    It has the page tree, indexes, a search, all versions with their differences, files, and what the check proves.
    Ends with 3 when the check of the snapshots finds anything; the site says what.
    """
    with output.progress("writing") as step:
        made = write_site(reader, out, on_page=lambda title, total: step(title, total=total))
    if format_ == "json":
        output.say_json(made)
    else:
        output.say(
            f"wrote {counted(made.pages, 'page')} and {counted(made.files, 'file')} to {made.folder}; "
            f"open {made.folder / 'index.html'} in a browser"
        )
    if made.findings:
        found = counted(made.findings, "finding")
        output.warn(f"the check of the snapshots has {found}; see `wikibot verify` and check.html in the site")
    return _FINDINGS if made.findings or made.unreadable else _DONE


@click.command()
@_SINCE
@_UNTIL
@click.option(
    "--format", "format_", type=click.Choice(["markdown", "html", "json", "csv"]), default="markdown", show_default=True
)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write to this file.")
@pass_reader
def report(
    reader: ArchiveReader, since: dt.datetime | None, until: dt.datetime | None, format_: str, out: Path | None
) -> int:
    """Report what was captured, changed, gone and missing in a period, and what the check proves.

    Ends with 3 when the check of the snapshots finds anything.
    """
    made = archive.report_period(reader, _period(since, until))
    match format_:
        case "json":
            output.say_json(made)
        case "html":
            _put_out(report_as_html(made), out)
        case "csv":
            _put_document(report_as_csv(made), out)
        case _:
            _put_out(report_as_markdown(made), out)
    return _DONE if made.is_consistent else _FINDINGS


@click.command()
@click.argument("page")
@click.option("--reason", required=True, help="The reason; it is recorded in the evidence.")
@click.option("--by", default=getpass.getuser, help="Who decided it.  [default: your account]")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@pass_app
def redact(app: App, page: str, reason: str, by: str, yes: bool) -> int:
    """Remove a captured PAGE for good, also from what other pages show of it; digests stay, and all still verifies.

    Says first where the page is shown and what cannot be removed. Ends with 1 if title or text is found afterwards,
    if a file of another page could not be searched, or if a witness or the mirror does not have the run.
    """
    outside = outside_of(app)
    try:
        planned = archive.find_redaction(app.runtime.snapshots, page)
    except RedactedError:
        outside.check()  # the redaction may have been interrupted before the copies had it
        archive.update_copy(app.runtime.snapshots)
        inform_outside(outside)
        raise
    _say_traces(planned)
    erasure = planned.erasure
    if not yes:
        output.confirm(f"Remove {erasure.title!r} ({erasure.page_id}) from {app.runtime.folders.snapshots} for good?")
    outside.check()
    done = archive.redact_page(app.runtime.snapshots, erasure, reason=reason, by=by)
    output.say(f"redacted page {erasure.page_id} in run {done.checkpoint.sequence}")
    for cleaned in done.cleaned:
        output.say(cleaned)
    for trace in done.leftovers:
        output.fail(f"{trace.place} still has the {trace.what} of the page")
    if planned.has_copies:
        output.fail("other pages or files have the text; see above")
    if erasure.unread:
        output.fail(f"{counted(len(erasure.unread), 'file')} could not be searched; see above")
    code = inform_outside(outside)
    return 1 if done.leftovers or planned.has_copies or erasure.unread else code


def _say_traces(planned: archive.PlannedRedaction) -> None:
    erasure = planned.erasure
    for trace in erasure.shown_by:
        output.say(f"cleaned and rendered again: {trace.place}: {trace.what}")
    for trace in erasure.said_by:
        words = "a page that it includes or lists has" if trace.is_quoted else "its own words or files have"
        output.warn(f"not changed: {trace.place}: {words} the {trace.what}; redact it too if needed")
    for trace in erasure.unread:
        output.warn(f"not searched: {trace.place}: {trace.what}; look at it yourself")
    for trace in planned.in_state:
        output.warn(
            f"not changed: {trace.place}: it has the {trace.what}, from the data file or from a page with regions"
        )
    for path in erasure.old_logs:
        output.warn(f"not changed: {path} of format 1 has the title, and a log cannot change")
    for copy in planned.copies:
        output.warn(f"not changed: {copy} may have a copy; remove it there")
    output.warn("not changed: sites, exports and backups that were made before")
    if erasure.guessable:
        texts = counted(erasure.guessable, "removed text")
        output.warn(f"{texts} of less than 200 bytes without a salt could be guessed from the digests, which stay")


def _period(since: dt.datetime | None, until: dt.datetime | None) -> Period:
    if since and until and until < since:
        raise click.UsageError(f"--until {until.date()} lies before --since {since.date()}")
    return Period(since.date() if since else None, until.date() if until else None)


def _put_out(text: str, out: Path | None) -> None:
    if out is None:
        output.say(text, newline=False)
        return
    out.write_text(text, encoding="utf-8")
    output.warn(f"written to {out}")


def _put_document(text: str, out: Path | None) -> None:
    if out is None:
        output.say_document(text)
    else:
        _put_out(text, out)


def _moment(when: dt.datetime) -> str:
    return when.strftime("%Y-%m-%d %H:%M")


def _as_dict(hit: Hit) -> dict[str, str]:
    return {"page_id": hit.page_id, "title": hit.title, "path": hit.path, "status": hit.status}


def _styled_snippet(snippet: str) -> str:
    first, *rest = snippet.split(START)
    found = (part.partition(END) for part in rest)
    return visible(first) + "".join(
        click.style(visible(word), fg="yellow", bold=True) + visible(after) for word, _, after in found
    )
