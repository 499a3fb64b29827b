"""`wikibot adopt`: take over what a page says."""

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import click

from bot.adopt.entry_merge import Choice
from bot.adopt.proposal import OPTIONS, Refusal
from bot.cli import output
from bot.cli.app import App, pass_app
from bot.cli.merge_questions import Decisions, decide, decided_by, say_open
from bot.cli.place_questions import (
    BELOW,
    PLACE_OPTION,
    choose_labels,
    choose_places,
    parse_places,
    save_places,
    say_homeless,
)
from bot.errors import SettingsError
from bot.operations.adoption import Adoption, plan_adoption, start_data_file
from bot.operations.adoption_commit import carry_out_adoption
from bot.runtime import Runtime, person_waits
from bot.suggestion import did_you_mean

F = TypeVar("F", bound=Callable[..., object])
_DONE, _FAILED, _DISPUTED = 0, 1, 3
_REGIONS = {option.removeprefix("--"): region for region, option in OPTIONS.items()}


def _label_option(name: str) -> Callable[[F], F]:
    return click.option(
        f"--{name}",
        metavar="WORDS",
        help=f"The {name} of the page begin here: a heading, a bold line, or the first words of the section.",
    )


@click.command()
@click.argument("page", required=False)
@click.option("--space", "space_key", metavar="KEY", help="The page's space, where there is no data file yet.")
@click.option("--dry-run", is_flag=True, help="Show the proposal and write nothing.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@click.option(
    "--in-clash",
    type=click.Choice(["page", "file"]),
    help="What counts where page and data file disagree on an entry, also where one of them removed it. Absent: at a "
    "terminal the command asks; elsewhere these entries stay as they are.",
)
@click.option(
    "--region", "regions", metavar="NAME", multiple=True, help="Only this region; repeatable.  [default: all]"
)
@_label_option("status")
@_label_option("links")
@_label_option("news")
@PLACE_OPTION
@pass_app
def adopt(
    app: App,
    /,
    page: str | None,
    *,
    space_key: str | None,
    dry_run: bool,
    yes: bool,
    in_clash: str | None,
    regions: tuple[str, ...],
    places: tuple[str, ...],
    **labels: str | None,
) -> int:
    """Take over PAGE, by default the home page: its status, links and news become data file and marked regions.

    The page reads as before. In a region that is marked already, what people wrote there goes into the data file, entry
    by entry: what is new in the data file stays there. Where both changed an entry, or people removed one, the command
    asks. What the data file cannot represent is reported and left alone.

    A section whose heading is not known is named with --status, --links or --news. For a region that the page lacks,
    --place chooses where `apply` creates it. At a terminal both are asked for.
    """
    given = parse_places(places)
    runtime = app.runtime
    _raise_if_unknown(regions, runtime)
    gateway, asks = runtime.gateway(), person_waits() and not (yes or dry_run)
    named = {_REGIONS[name]: label for name, label in labels.items() if label is not None}

    def plan(known: Mapping[str, str], decisions: Decisions) -> Adoption:
        return plan_adoption(
            gateway,
            runtime.workspace,
            page,
            space_key=space_key,
            named=known,
            choose=decided_by(decisions, otherwise=Choice(in_clash or Choice.SKIP)),
            only=regions or None,
            now=runtime.clock(),
        )

    adoption, chosen = propose_and_ask(plan, named, given, asks=asks)
    homeless = [region for region in adoption.homeless if region not in chosen]
    is_nothing = adoption.is_empty and not chosen
    code = _FAILED if is_nothing and adoption.refusals else _code(adoption)
    if dry_run:
        say_homeless(homeless, adoption.headings)
        output.warn("nothing was written")
        return code
    if not adoption.is_empty:
        confirm(yes=yes)
        carry_out(runtime, adoption)
    elif start_data_file(adoption):
        output.say(f"{adoption.edit.after.path} written without regions")
    save_places(runtime.settings.config_path, adoption, chosen)
    say_homeless(homeless, adoption.headings)
    if is_nothing:
        output.warn("nothing was adopted" if adoption.refusals or adoption.open else "nothing to adopt")
    return code


def _raise_if_unknown(regions: Sequence[str], runtime: Runtime) -> None:
    known = list(runtime.workspace.settings.regions)
    for name in regions:
        if name not in known:
            raise SettingsError(
                f"workspace {runtime.workspace.name!r} has no region {name!r}{did_you_mean(name, known)}; it has: "
                f"{', '.join(known)}"
            )


def _code(adoption: Adoption) -> int:
    """Return the exit code: 1 if a section of the page was left alone, 3 if a decision is open."""
    if any(not refusal.is_absent for refusal in adoption.refusals):
        return _FAILED
    return _DISPUTED if adoption.open else _DONE


Replan = Callable[[Mapping[str, str], Decisions], Adoption]


def propose_and_ask(
    plan: Replan, named: Mapping[str, str], places: Mapping[str, str], *, asks: bool
) -> tuple[Adoption, dict[str, str]]:
    """Print the proposal and, if *asks*, ask for what is open; return the final proposal and the chosen places."""
    adoption = plan(named, {})
    propose(adoption)
    answers, decisions = (choose_labels(adoption), decide(adoption)) if asks else ({}, {})
    if answers or any(choice is not Choice.SKIP for choice in decisions.values()):
        adoption = plan(named := {**named, **answers}, decisions)
        propose(adoption)
    chosen = choose_places(adoption, places, asks=asks)
    below = {region: place.removeprefix(BELOW) for region, place in chosen.items() if place.startswith(BELOW)}
    if below:
        adoption = plan({**named, **below}, decisions)
        propose(adoption)
    return adoption, {region: place for region, place in chosen.items() if region not in below}


def propose(adoption: Adoption) -> None:
    """Print what would be done."""
    output.say_heading(f"{adoption.page.title} (version {adoption.page.version})")
    _say_taken(adoption)
    say_open(adoption)
    _say_refusals(adoption.refusals)
    for region, place in adoption.missing.items():
        output.say_advice(f"  {region}: not on the page{f'; `wikibot apply` creates it: {place}' if place else ''}")
    for text in adoption.lost_comments:
        output.say(f"  the inline comment on “{text}” loses its place")
    if not adoption.is_empty:
        output.say_diff(adoption.edit.diff)


def _say_taken(adoption: Adoption) -> None:
    for claim in adoption.claims:
        output.say(f"  {claim.region}: found by {claim.how}; becomes a region")
        for note in claim.notes:
            output.say(f"    {note}")
    for region, notes in adoption.read.items():
        output.say(f"  {region}: what the page says goes into the data file")
        for note in notes:
            output.say(f"    {note}")
        for words in adoption.taken.get(region, ()):
            output.say(f"    {words}")
    for region in adoption.recorded:
        output.say(f"  {region}: page and data file agree; the history of the page gets a record of it")


def _say_refusals(refusals: Sequence[Refusal]) -> None:
    for refusal in refusals:
        if not refusal.is_absent:
            output.say(f"  {refusal.region}: not adopted: {refusal.reason}")
        if refusal.way_on:
            output.say(f"    {refusal.way_on}")


def confirm(*, yes: bool) -> None:
    """Ask whether to go on; where nobody can be asked, demand --yes."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.UsageError("the page is unchanged; check the proposal above, then add --yes")
    output.confirm("Write this to the wiki and the data file?")


def carry_out(runtime: Runtime, adoption: Adoption) -> None:
    """Do it, and say what was done."""
    version = carry_out_adoption(runtime.gateway(may_write=True), runtime.settings.safety, adoption)
    if version is not None:
        output.say(f"{adoption.page.title} is version {version.number} now; {adoption.edit.after.path} saved")
