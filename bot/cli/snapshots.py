"""`snapshot`, `verify`, `history`, `diff`, `search`, `export`, `report`, `redact`."""

import datetime as dt
import getpass
from pathlib import Path

import click

from bot.cli import output
from bot.cli.app import App, pass_app
from bot.operations import archive, snapshots
from bot.snapshot.observe import HistoryMode
from bot.snapshot.outcome import CaptureOutcome
from bot.snapshot.present_diff import diff_as_html, diff_as_text
from bot.snapshot.search import END, START, Hit
from bot.snapshot.verify import Verification

_COMPLETE, _SHORTFALL, _FINDINGS = 0, 1, 3
_FORMAT = click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)


@click.command()
@click.option("--all", "everything", is_flag=True, help="Capture every page of the space, not only archived ones.")
@click.option(
    "--history",
    type=click.Choice([mode.value for mode in HistoryMode]),
    help="Versions to keep: all of them, those since the last capture, or the latest.  [default: from bot.yaml]",
)
@_FORMAT
@pass_app
def snapshot(app: App, everything: bool, history: str | None, format_: str) -> int:
    """Capture archived pages as Markdown, with the evidence beside it.

    Ends with 0 when every expected page is there, 1 when any is missing. Nothing is written when nothing changed.
    """
    choices = snapshots.CaptureChoices(everything, HistoryMode(history) if history else None)
    with output.progress("capturing") as step:
        outcome = snapshots.take_snapshot(app.runtime, choices, on_page=lambda title, total: step(title, total=total))
    if format_ == "json":
        output.say_json(_as_json(outcome, app.runtime.snapshots_dir))
    else:
        _say_outcome(outcome, app.runtime.snapshots_dir)
    return _SHORTFALL if outcome.has_shortfall else _COMPLETE


@click.command()
@click.argument("path", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--witness", metavar="DIGEST", help="Demand that the head descends from this one, published elsewhere.")
@click.option(
    "--allowed-signers",
    "signers",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Whose signatures count (the format of ssh-keygen).  [default: from bot.yaml]",
)
@click.option("--rotate", is_flag=True, help="Hash only today's seventh of the pages; a week covers all.")
@_FORMAT
@pass_app
def verify(app: App, path: Path | None, witness: str | None, signers: Path | None, rotate: bool, format_: str) -> int:
    """Check the snapshots: every file, the chain of heads, the signature. Ends with 3 when anything is wrong."""
    runtime = None if path else app.runtime
    checked = snapshots.verify_snapshots(runtime, path, witness=witness, signers=signers, rotate=rotate)
    if format_ == "json":
        output.say_json(checked)
    else:
        _say_verification(checked)
    return _COMPLETE if checked.is_clean else _FINDINGS


def _as_json(outcome: CaptureOutcome, root: Path) -> dict[str, object]:
    names = ("queries", "expected", "captured", "unchanged", "gone", "losses", "failed", "restricted", "skipped")
    shown: dict[str, object] = {name: getattr(outcome, name) for name in (*names, "incomplete", "unknown")}
    return shown | {
        "complete": not outcome.has_shortfall,
        "sequence": outcome.checkpoint.sequence if outcome.checkpoint else None,
        "root": root,
    }


def _say_outcome(outcome: CaptureOutcome, root: Path) -> None:
    if outcome.was_recovered:
        output.warn("the capture before this one had been interrupted; it was completed first")
    output.say(f"{outcome.expected} page(s) expected: {outcome.captured} captured, {outcome.unchanged} unchanged")
    if outcome.gone:
        output.say(f"{outcome.gone} page(s) gone from the wiki; their captures stay")
    if outcome.losses:
        output.say(f"{outcome.losses} thing(s) that Markdown cannot say; each page lists its own under `losses`")
    for trouble in outcome.skipped:
        output.say(f"skipped {trouble.title} ({trouble.page_id}): {trouble.reason}")
    for trouble in outcome.shortfalls:
        output.warn(f"missing: {trouble.title} ({trouble.page_id}): {trouble.reason}")
    if outcome.checkpoint:
        output.say(f"run {outcome.checkpoint.sequence} is in {root}")
    else:
        output.say("nothing changed, nothing was written")


def _say_verification(checked: Verification) -> None:
    for finding in checked.findings:
        output.say(f"{finding.kind.value}: {finding.path} {finding.message}")
    share = "a seventh of the pages' files" if checked.is_partial else "every file"
    counted = f"{checked.hashed_files} file(s) hashed, {checked.bags} bag(s), {checked.runs} run(s)"
    if not checked.is_clean:
        output.say(f"{len(checked.findings)} finding(s) in {checked.root} ({counted})")
        return
    output.say(f"{checked.root} is intact: {share} is as it was captured ({counted})")
    output.say(f"head: {checked.head_digest}")
    if checked.head and not checked.head.signed_by:
        output.say("not signed: nothing here proves who wrote it")
    elif not checked.is_signer_checked:
        output.say("signed, but by whom was not checked; give --allowed-signers")


@click.command()
@click.argument("page")
@_FORMAT
@pass_app
def history(app: App, page: str, format_: str) -> int:
    """Show the versions of a captured PAGE (id, title or path), and what each run saw happen to it."""
    timeline = archive.page_history(app.runtime, page)
    if format_ == "json":
        output.say_json(timeline)
        return _COMPLETE
    output.say(f"{timeline.title} ({timeline.page_id}): {timeline.status}")
    output.say(f"{timeline.path}\n")
    output.say_table(
        ("version", "when", "author", "message", "held"),
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
    output.say()
    output.say_table(
        ("run", "when", "event", "what"),
        ((str(event.run), _moment(event.when), event.type, event.detail) for event in timeline.happenings),
    )
    return _COMPLETE


@click.command()
@click.argument("page")
@click.argument("before", required=False, metavar="[V1]")
@click.argument("after", required=False, metavar="[V2]")
@click.option("--format", "format_", type=click.Choice(["text", "html", "json"]), default="text", show_default=True)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write to this file.")
@pass_app
def diff(app: App, page: str, before: str | None, after: str | None, format_: str, out: Path | None) -> int:
    """Show what changed in a captured PAGE: data about it, structure and words.

    V1 and V2 are versions (`17`) or runs (`run:124`); without them the last two states are compared.
    """
    made = archive.page_diff(app.runtime, page, before, after)
    match format_:
        case "json":
            output.say_json(made)
        case "html":
            _put_out(diff_as_html(made), out)
        case _:
            _put_out(diff_as_text(made), out)
    return _COMPLETE


@click.command()
@click.argument("words", nargs=-1, required=True)
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True)
@click.option("--rebuild", is_flag=True, help="Make the index anew from the files first.")
@_FORMAT
@pass_app
def search(app: App, words: tuple[str, ...], limit: int, rebuild: bool, format_: str) -> int:
    """Find captured pages that hold all WORDS; quotes make a phrase, a leading minus excludes (after `--`)."""
    if rebuild:
        archive.rebuild_search(app.runtime)
    hits = archive.search_pages(app.runtime, " ".join(words), limit=limit)
    if format_ == "json":
        output.say_json([{**_as_dict(hit), "snippet": _plain_snippet(hit.snippet)} for hit in hits])
        return _COMPLETE
    for hit in hits:
        output.say(f"{click.style(hit.title, bold=True)}  {hit.path}  ({hit.status})")
        output.say(f"    {_styled_snippet(hit.snippet)}")
    if not hits:
        output.warn("nothing found")
    return _COMPLETE


@click.command()
@click.argument("page")
@click.option("--reason", required=True, help="Why; it stays in the evidence.")
@click.option("--by", default=getpass.getuser, help="Who decided it.  [default: your account]")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@pass_app
def redact(app: App, page: str, reason: str, by: str, yes: bool) -> int:
    """Remove the content of a captured PAGE for good; its digests stay, and everything still verifies."""
    if not yes:
        click.confirm(
            f"Remove the content of {page!r} from {app.runtime.snapshots_dir} for good?", abort=True, err=True
        )
    done = archive.redact_page(app.runtime, page, reason=reason, by=by)
    output.say(f"redacted {page!r} in run {done.checkpoint.sequence}")
    output.warn("its title stays, in its file name, in the indexes and in the events of earlier runs")
    if done.has_git:
        output.warn("earlier commits of the git repository still hold the content; rewrite them with `git filter-repo`")
    return _COMPLETE


def _put_out(text: str, out: Path | None) -> None:
    if out is None:
        output.say(text, newline=False)
        return
    out.write_text(text, encoding="utf-8")
    output.warn(f"written to {out}")


def _moment(when: dt.datetime) -> str:
    return when.strftime("%Y-%m-%d %H:%M")


def _as_dict(hit: Hit) -> dict[str, str]:
    return {"page_id": hit.page_id, "title": hit.title, "path": hit.path, "status": hit.status}


def _plain_snippet(snippet: str) -> str:
    return snippet.replace(START, "").replace(END, "")


def _styled_snippet(snippet: str) -> str:
    first, *rest = snippet.split(START)
    found = (part.partition(END) for part in rest)
    return first + "".join(click.style(word, fg="yellow", bold=True) + after for word, _, after in found)
