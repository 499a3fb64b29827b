"""`snapshot` and `verify`."""

import datetime as dt
from pathlib import Path

import click

from bot.cli import output
from bot.cli.app import App, pass_app
from bot.cli.each_wiki import for_each_wiki
from bot.cli.parameter_types import SnapshotPlace
from bot.config.policy import HistoryMode, SnapshotSettings
from bot.escape import visible_in_line
from bot.operations import capture, full_check, snapshot_check
from bot.plural import counted
from bot.present.archive_lists import findings_as_csv
from bot.runtime import Runtime
from bot.snapshot.archive.checkpoint import format_time
from bot.snapshot.archive.proof import Proof
from bot.snapshot.archive.verdict import RunVerdict
from bot.snapshot.capture.bulk_consent import BulkConsent
from bot.snapshot.capture.outcome import CaptureOutcome
from bot.snapshot.capture.rendition import CONVERTER
from bot.snapshot.mirror.mirror_report import MirrorReport
from bot.snapshot.verify.verification import Verification

_COMPLETE, _SHORTFALL, _FINDINGS = 0, 1, 3
_FORMAT = click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)


@click.command()
@click.option("--all", "everything", is_flag=True, help="Capture every page of the space, not only archived ones.")
@click.option(
    "--history",
    type=click.Choice([mode.value for mode in HistoryMode]),
    help="Versions to keep: all of them, those since the last capture, or the latest.  [default: from bot.yaml]",
)
@click.option(
    "--accept-gone",
    metavar="LIST_DIGEST",
    multiple=True,
    help="Accept that all pages of a list were deleted, or lost data. The run before printed the digest.",
)
@click.option(
    "--accept-deselected",
    metavar="LIST_DIGEST",
    multiple=True,
    help="Accept that all pages of a list are no longer archived; their captures stay.",
)
@click.option(
    "--rebuild", is_flag=True, help="Do not contact the wiki; render the captured pages again from the stored bodies."
)
@_FORMAT
@pass_app
@for_each_wiki(
    only_one=lambda options: (
        "--accept-gone" if options["accept_gone"] else "--accept-deselected" if options["accept_deselected"] else None
    )
)
def snapshot(
    app: App,
    everything: bool,
    history: str | None,
    accept_gone: tuple[str, ...],
    accept_deselected: tuple[str, ...],
    rebuild: bool,
    format_: str,
) -> int:
    """Capture archived pages as Markdown, together with the evidence.

    The verdict is `complete` (exit code 0), `unconfirmed` (exit code 0: nothing is known to be missing, but a second
    source does not confirm it) or `incomplete` (exit code 1). Nothing is written when nothing changed.
    """
    if rebuild:
        return _rebuild(app, format_)
    runtime = app.runtime
    consent = BulkConsent(frozenset(accept_gone), frozenset(accept_deselected))
    choices = capture.CaptureChoices(everything, HistoryMode(history) if history else None, consent)
    with output.progress("capturing") as step:
        outcome = capture.take_snapshot(
            runtime.gateway,
            runtime.workspaces,
            runtime.snapshots,
            choices,
            on_page=lambda title, total: step(title, total=total),
        )
    if format_ == "json":
        shown = _as_json(outcome, runtime.folders.snapshots)
        if outcome.separate:
            shown["separate"] = _as_json(outcome.separate, runtime.snapshots.separate.root)
        output.say_json(shown)
    else:
        _say_outcome(outcome, runtime.folders.snapshots)
        if outcome.separate:
            output.say("restricted pages:")
            _say_outcome(outcome.separate, runtime.snapshots.separate.root)
    return _SHORTFALL if outcome.has_shortfall or outcome.alarms or outcome.all_strays else _COMPLETE


@click.command()
@click.argument("path", required=False, type=SnapshotPlace(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--snapshots",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help="The same as PATH, as other commands that read snapshots have it.",
)
@click.option(
    "--witness",
    "digests",
    metavar="DIGEST",
    multiple=True,
    help="Require that the head descends from this one, published elsewhere. May be repeated.",
)
@click.option(
    "--allowed-signers",
    "signers",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File of the public keys that may sign (the format of ssh-keygen).  [default: from bot.yaml]",
)
@click.option(
    "--rotate",
    is_flag=True,
    help="Hash only today's seventh of the pages, and replay only what is new since a clean check; a week covers all.",
)
@click.option(
    "--witnesses", "asks", is_flag=True, help="Ask every witness in bot.yaml which head it shows, and compare."
)
@click.option(
    "--tsa-ca",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="PEM file of the authorities that may stamp the heads.  [default: from bot.yaml]",
)
@click.option("--renditions", is_flag=True, help="Render every page again and compare it with the Markdown file.")
@click.option("--format", "format_", type=click.Choice(["text", "json", "csv"]), default="text", show_default=True)
@pass_app
@for_each_wiki(
    only_one=lambda options: "--digest" if options["digests"] else None,
    is_single=lambda _app, options: bool(options["path"] or options["folder"]),
)
def verify(
    app: App,
    path: Path | str | None,
    folder: Path | None,
    digests: tuple[str, ...],
    signers: Path | None,
    rotate: bool,
    asks: bool,
    tsa_ca: Path | None,
    renditions: bool,
    format_: str,
) -> int:
    """Check the snapshots: every file, the chain of heads, the signature, the time stamps.

    PATH is a folder, or s3://BUCKET/PREFIX in object storage, which is read without a copy on disk.

    Ends with 3 when anything is wrong, and with 1 when something that was asked for could not be checked: a witness
    that does not answer, or Markdown that another converter made.
    """
    if path and folder:
        raise click.UsageError("give either PATH or --snapshots, not both")
    path = path or folder
    if isinstance(path, str):
        return _verify_store(
            app, path, digests, signers, tsa_ca, rotate=rotate, refused=asks or renditions, format_=format_
        )
    runtime = None if path and not asks else app.runtime
    now = runtime.clock() if runtime else dt.datetime.now(dt.UTC)
    further = _choose_checks(runtime, path, asks=asks, tsa_ca=tsa_ca, renditions=renditions)
    heads = (*digests, *further.confirmed)
    if path:
        basic = snapshot_check.verify_copy(path, now=now, witnesses=heads, signers=signers, rotate=rotate)
    else:
        basic = snapshot_check.verify_snapshots(app.runtime.snapshots, witnesses=heads, signers=signers, rotate=rotate)
    with output.progress("rendering") as step:
        checked = full_check.extend(basic, further, now=now, on_page=lambda title, total: step(title, total=total))
    return _say_checked(checked, format_)


def _verify_store(
    app: App,
    address: str,
    digests: tuple[str, ...],
    signers: Path | None,
    tsa_ca: Path | None,
    *,
    rotate: bool,
    refused: bool,
    format_: str,
) -> int:
    if refused:
        raise click.UsageError("--witnesses and --renditions need the snapshots on disk; verify s3:// without them")
    settings = app.object_store
    further = full_check.FurtherChecks(tsa_ca)
    now = dt.datetime.now(dt.UTC)
    checked = full_check.verify_store(
        address, settings, further, now=now, witnesses=digests, signers=signers, rotate=rotate
    )
    return _say_checked(checked, format_)


def _say_checked(checked: full_check.FullCheck, format_: str) -> int:
    if format_ == "json":
        output.say_json(checked.as_json())
    elif format_ == "csv":
        output.say_document(findings_as_csv(checked.basic))
    else:
        _say_further(checked)
        _say_verification(checked.basic)
        for question in checked.open_questions:
            output.warn(f"not checked: {question}")
    if not checked.basic.is_clean:
        return _FINDINGS
    return _SHORTFALL if checked.open_questions else _COMPLETE


def _choose_checks(
    runtime: Runtime | None, path: Path | None, *, asks: bool, tsa_ca: Path | None, renditions: bool
) -> full_check.FurtherChecks:
    if runtime is None:
        return full_check.FurtherChecks(tsa_ca, None, SnapshotSettings() if renditions else None)
    snapshots = runtime.snapshots
    root = path or snapshots.root
    said = full_check.ask_witnesses(runtime.gateway, runtime.workspaces, snapshots, root) if asks else None
    converter = snapshots.policy if renditions else None
    return full_check.FurtherChecks(tsa_ca or full_check.find_tsa_ca(snapshots), said, converter)


def _rebuild(app: App, format_: str) -> int:
    with output.progress("rendering") as step:
        made, mirrored = capture.rebuild_renditions(
            app.runtime.snapshots, on_page=lambda title, total: step(title, total=total)
        )
    code = _COMPLETE if mirrored is None or mirrored.is_fine else _SHORTFALL
    if format_ == "json":
        sequence = made.checkpoint.sequence if made.checkpoint else None
        output.say_json({"sequence": sequence, "converter": CONVERTER, "pages": made.pages, "mirror": mirrored})
        return code
    for page in made.pages:
        output.say(f"{page.path}: made by {page.old_converter or 'an unknown converter'}, now by {CONVERTER}")
    if made.checkpoint:
        output.say(f"run {made.checkpoint.sequence}: {counted(len(made.pages), 'page')} rendered again")
    else:
        output.say("the Markdown of every page is unchanged; nothing was written")
    _say_mirror(mirrored)
    return code


_LISTS = (
    "incomplete",
    "missing",
    "unknown",
    "unlisted",
    "unmatched",
    "unplaced",
    "deselected",
    "not_capturable",
    "doubts",
    "notes",
)


def _as_json(outcome: CaptureOutcome, root: Path) -> dict[str, object]:
    names = ("queries", "expected", "captured", "unchanged", "gone", "losses", "failed", "restricted", "skipped")
    shown: dict[str, object] = {name: getattr(outcome, name) for name in (*names, *_LISTS)}
    return shown | {
        "verdict": outcome.verdict,
        "complete": outcome.verdict is RunVerdict.COMPLETE,
        "left_out": outcome.left_out,
        "read_everything": outcome.reads_everything,
        "restrictions_read": outcome.restrictions_read,
        "requests": outcome.requests,
        "restricted_later": outcome.restricted_later,
        "sequence": outcome.checkpoint.sequence if outcome.checkpoint else None,
        "root": root,
        "strays": outcome.strays,
        "witnesses": outcome.witnesses,
        "mirror": outcome.mirror,
    }


def _say_verdict(outcome: CaptureOutcome) -> None:
    match outcome.verdict:
        case RunVerdict.COMPLETE:
            output.say("complete: every page that the wiki named was captured")
        case RunVerdict.UNCONFIRMED:
            output.warn(f"unconfirmed: nothing is known to be missing; {counted(len(outcome.doubts), 'doubt')} below")
        case RunVerdict.INCOMPLETE:
            output.warn(f"incomplete: {counted(len(outcome.shortfalls), 'shortfall')} below")


def _say_outcome(outcome: CaptureOutcome, root: Path) -> None:
    _say_verdict(outcome)
    if outcome.was_recovered:
        output.warn("the capture before this one had been interrupted; it was completed first")
    output.say(
        f"{counted(outcome.expected, 'page')} expected: {outcome.captured} captured, {outcome.unchanged} unchanged"
        f"{outcome.rest}"
    )
    if outcome.gone:
        output.say(f"{counted(outcome.gone, 'page')} deleted from the wiki; the captures stay")
    if outcome.losses:
        output.say(
            f"{counted(outcome.losses, 'element')} could not be converted to Markdown; see `losses` in each page"
        )
    _say_troubles(outcome)
    if outcome.checkpoint:
        output.say(f"run {outcome.checkpoint.sequence} is in {root}")
    else:
        output.say("nothing changed, nothing was written")
    _say_requests(outcome)
    for path in outcome.strays:
        output.warn(
            f"no list names {visible_in_line(path)}; find out who put it there, and remove it (see `wikibot verify`)"
        )
    for report in outcome.witnesses:
        (output.say if report.is_fine else output.warn)(str(report))
    _say_mirror(outcome.mirror)


def _say_mirror(report: MirrorReport | None) -> None:
    if report is not None:
        (output.say if report.is_fine else output.warn)(str(report))


def _say_requests(outcome: CaptureOutcome) -> None:
    if not outcome.reads_everything:
        output.say(
            "asked about changes since the last capture; the restrictions of "
            f"{outcome.restrictions_read} of {counted(outcome.expected, 'page')} were read"
        )
    kinds = ", ".join(f"{number} for {kind}" for kind, number in sorted(outcome.requests.items()))
    output.say(f"{counted(sum(outcome.requests.values()), 'request')} to the wiki: {kinds}")


def _say_troubles(outcome: CaptureOutcome) -> None:
    if outcome.left_out:
        output.say(f"left out: {counted(outcome.left_out, 'page')} that only some people may read")
    for trouble in outcome.restricted_later:
        output.warn(f"captured earlier: {trouble.title} ({trouble.page_id}): {trouble.reason}")
    for trouble in outcome.deselected:
        output.say(f"left the selection: {trouble.title} ({trouble.page_id}): {trouble.reason}")
    for trouble in outcome.not_capturable:
        output.warn(f"not captured: {trouble.title} ({trouble.page_id}): {trouble.reason}")
    for trouble in outcome.skipped:
        output.say(f"skipped: {trouble.title}: {trouble.reason}")
    for trouble in outcome.shortfalls:
        what = "" if trouble in outcome.unmatched else f"missing: {trouble.title} ({trouble.page_id}): "
        output.warn(f"{what or trouble.title + ': '}{trouble.reason}")
    for trouble in outcome.doubts:
        output.warn(f"not confirmed: {trouble.title} ({trouble.page_id}): {trouble.reason}")
    for trouble in outcome.notes:
        output.say(f"note: {trouble.title} ({trouble.page_id}): {trouble.reason}")


def _say_further(checked: full_check.FullCheck) -> None:
    for path, when in (checked.stamps.times or {}).items():
        expired = "; its certificate has expired since" if path in checked.stamps.expired else ""
        output.say(f"time stamp: {path} of {format_time(when)}{expired}")
    if checked.stamps.paths and checked.stamps.times is None:
        count = counted(len(checked.stamps.paths), "time stamp")
        output.say(f"{count} not checked; give --tsa-ca with the certificates of the authority")
    for report in checked.witnesses or ():
        if report.is_fine:
            output.say(str(report))
    if checked.renditions:
        output.say(f"{counted(checked.renditions.equal, 'page')} rendered again: the Markdown is the same")


def _say_verification(checked: Verification) -> None:
    for finding in checked.findings:
        output.say_advice(visible_in_line(f"{finding.kind.value}: {finding.path} {finding.message}"))
    share = "a seventh of the pages' files" if checked.is_partial else "every file"
    scope = ", ".join(
        [
            f"{counted(checked.hashed_files, 'file')} hashed",
            counted(checked.bags, "bag"),
            counted(checked.runs, "run"),
        ]
    )
    if not checked.is_clean:
        output.say(f"{counted(len(checked.findings), 'finding')} in {checked.root} ({scope})")
        return
    output.say(f"{checked.root}: {share} agrees with the lists and the log ({scope})")
    output.say(f"head: {checked.head_digest}")
    if checked.proof:
        output.say(f"{checked.proof}{_explain(checked)}")


def _explain(checked: Verification) -> str:
    """Return what the result does not prove, for the last line."""
    match checked.proof:
        case Proof.CONSISTENT if checked.head and checked.head.key:
            return ": give --allowed-signers to check who signed"
        case Proof.CONSISTENT:
            return ": nothing here proves who wrote it"
        case Proof.SIGNED if checked.is_partial:
            return "; not every file was hashed"
        case Proof.SIGNED if checked.head and checked.head.format == 1:
            return "; format 1 does not show whether the holder of the key removed pages"
        case Proof.SIGNED:
            return "; without a witness, or after lost runs, an older state cannot be excluded"
        case _:
            return ""
