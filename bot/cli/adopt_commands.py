"""`wikibot adopt`: take over what a page says."""

import sys

import click

from bot.cli import output
from bot.cli.app import App, pass_app
from bot.cli.place_questions import PLACE_OPTION, choose_places, parse_places, save_places, say_homeless
from bot.escape import visible
from bot.operations.adoption import Adoption, plan_adoption, start_data_file
from bot.operations.adoption_commit import carry_out_adoption
from bot.runtime import Runtime, person_waits


@click.command()
@click.argument("page", required=False)
@click.option("--space", "space_key", metavar="KEY", help="The page's space, where there is no data file yet.")
@click.option("--dry-run", is_flag=True, help="Show the proposal and write nothing.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@PLACE_OPTION
@pass_app
def adopt(
    app: App, page: str | None, *, space_key: str | None, dry_run: bool, yes: bool, places: tuple[str, ...]
) -> int:
    """Take over PAGE, by default the home page: its status, links and news become data file and marked regions.

    The page reads as before. In a region that is marked already, what people wrote there goes into the data file. What
    the data file cannot say is reported and left alone. For a region that the page lacks, --place chooses where `apply`
    creates it; at a terminal it is asked for.
    """
    given = parse_places(places)
    runtime = app.runtime
    adoption = plan_adoption(runtime.gateway(), runtime.workspace, page, space_key=space_key, now=runtime.clock())
    propose(adoption)
    chosen = choose_places(adoption, given, asks=person_waits() and not (yes or dry_run))
    if dry_run:
        output.warn("nothing was written")
        return 0
    if not adoption.is_empty:
        confirm(yes=yes)
        carry_out(runtime, adoption)
    elif start_data_file(adoption):
        output.say(visible(f"{adoption.edit.after.path} written without regions"))
    save_places(runtime.settings.config_path, adoption, chosen)
    say_homeless([region for region in adoption.homeless if region not in chosen], adoption.headings)
    if adoption.is_empty and not chosen:
        output.warn("nothing to adopt" if not adoption.refusals else "nothing was adopted")
        return 1 if adoption.refusals else 0
    return 0


def propose(adoption: Adoption) -> None:
    """Print what would be done."""
    output.say_heading(visible(f"{adoption.page.title} (version {adoption.page.version})"))
    _say_taken(adoption)
    for refusal in adoption.refusals:
        if not refusal.is_absent:
            output.say(visible(f"  {refusal.region}: not adopted: {refusal.reason}"))
    for region, place in adoption.missing.items():
        output.say(visible(f"  {region}: not on the page{f'; `wikibot apply` creates it: {place}' if place else ''}"))
    for text in adoption.lost_comments:
        output.say(visible(f"  the inline comment on “{text}” loses its place"))
    if not adoption.is_empty:
        output.say_diff(adoption.edit.diff)


def _say_taken(adoption: Adoption) -> None:
    for claim in adoption.claims:
        output.say(visible(f"  {claim.region}: found by {claim.how}; becomes a region"))
        for note in claim.notes:
            output.say(visible(f"    {note}"))
    for region, notes in adoption.read.items():
        output.say(visible(f"  {region}: what the page says goes into the data file"))
        for note in notes:
            output.say(visible(f"    {note}"))
    for region in adoption.recorded:
        output.say(visible(f"  {region}: page and data file agree; the history of the page gets a record of it"))


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
        output.say(visible(f"{adoption.page.title} is version {version.number} now; {adoption.edit.after.path} saved"))
