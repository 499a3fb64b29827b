"""What page and data file disagree on: listed, and decided by a person at a terminal."""

from collections.abc import Mapping

import click

from bot.adopt.entry_merge import Choice, Dispute
from bot.cli import output
from bot.escape import visible
from bot.operations.adoption import Adoption, ChooseInRegion
from bot.plural import counted

Decisions = dict[tuple[str, Dispute], Choice]
"""The decision about each dispute of each region."""


def decided_by(decisions: Decisions, *, otherwise: Choice = Choice.SKIP) -> ChooseInRegion:
    """Return a function that looks a decision up."""
    return lambda region, dispute: decisions.get((region, dispute), otherwise)


def say_open(adoption: Adoption) -> None:
    """List what nobody decided, and name the options that decide."""
    for region, disputes in adoption.open.items():
        for dispute in disputes:
            output.say(f"  {region}: waits for a decision: {dispute}")
    if adoption.open:
        output.say_advice(
            "    to decide: `wikibot adopt` at a terminal asks about each; --in-clash page takes what the page says, "
            "also where people removed an entry; --in-clash file takes what the data file says"
        )


def decide(adoption: Adoption) -> Decisions:
    """Ask about each dispute; Enter leaves it open."""
    questions = [(region, dispute) for region, disputes in adoption.open.items() for dispute in disputes]
    if not questions:
        return {}
    output.warn(f"\nPage and data file disagree on {counted(len(questions), 'point')}.")
    decisions = {}
    for number, (region, dispute) in enumerate(questions, start=1):
        decisions[region, dispute] = _ask(f"{number} of {len(questions)}", region, dispute)
    output.warn("")
    return decisions


def _ask(count: str, region: str, dispute: Dispute) -> Choice:
    options = _options(dispute)
    output.say_question(f"{count}  {_subject(region, dispute)}")
    output.say_side("page", visible(dispute.page or ""), absent="removed by people")
    output.say_side("file", visible(dispute.file or ""), absent="removed")
    for number, words in enumerate(options.values(), start=1):
        output.warn(f"    {number}  {words}")
    skip = list(options).index(Choice.SKIP) + 1
    answer = click.prompt("  Choice", default=skip, type=click.IntRange(1, len(options)), err=True)
    return list(options)[answer - 1]


def _subject(region: str, dispute: Dispute) -> str:
    where = f"{region}, {dispute.name}" if dispute.name else region
    if dispute.page is None:
        return f"{where}: removed on the page"
    if dispute.file is None:
        return f"{where}: reworded on the page, removed in the data file"
    return f"{where}: two wordings"


def _options(dispute: Dispute) -> Mapping[Choice, str]:
    if dispute.page is None:
        words = {Choice.PAGE: "remove it from the data file too", Choice.FILE: "put it back on the page"}
    elif dispute.file is None:
        words = {Choice.PAGE: "put it back into the data file", Choice.FILE: "remove it from the page too"}
    else:
        words = {Choice.PAGE: "take the wording of the page", Choice.FILE: "take the wording of the data file"}
    words |= {Choice.BOTH: "keep both, as two entries", Choice.SKIP: "skip: leave both as they are"}
    return {choice: words[choice] for choice in dispute.choices}
