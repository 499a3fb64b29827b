"""Where a region goes that the page lacks: asked of a person, or taken from `--place`."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from bot.adopt.proposal import OPTIONS, Refusal
from bot.cli import output
from bot.config.settings_edit import save_place
from bot.errors import BotError
from bot.operations.adoption import Adoption, check_place, has_data

PLACE_OPTION = click.option(
    "--place",
    "places",
    metavar="REGION=PLACE",
    multiple=True,
    help="Create a region that the page lacks there: start, end, before:HEADING, after:HEADING; repeatable.",
)
BELOW = "below:"
_FIRST_WORDS = {
    "news": '`wikibot news add "TEXT"`',
    "quick_links": '`wikibot links add "TEXT" --page "TITLE"`',
    "status": '`wikibot banner set "TEXT"`',
}
_MAX_HEADINGS = 12


def parse_places(given: Sequence[str]) -> dict[str, str]:
    """Read `--place`, as often as it was given."""
    places = {}
    for each in given:
        region, sign, place = each.partition("=")
        if not sign or not region.strip() or not place.strip():
            raise click.UsageError(f"--place {each!r}: write it as REGION=PLACE, such as news=end")
        places[region.strip()] = place.strip()
    return places


def choose_places(adoption: Adoption, given: Mapping[str, str], *, asks: bool) -> dict[str, str]:
    """Return where the regions go that the page lacks; those that nobody chose a place for are left out.

    A place that begins with `BELOW` names a heading of the page: the region is there already, and is to be adopted.
    """
    for region, place in given.items():
        check_place(adoption, region, place)
    chosen = dict(given)
    homeless = [region for region in adoption.homeless if region not in given]
    if homeless and asks:
        _show_places(homeless, adoption.headings)
        answers = {region: _ask(adoption, region) for region in homeless}
        chosen |= {region: place for region, place in answers.items() if place is not None}
    return chosen


def choose_labels(adoption: Adoption) -> dict[str, str]:
    """Ask for the heading of each region that several places look like."""
    return {
        refusal.region: label
        for refusal in adoption.refusals
        if refusal.choices and (label := _ask_label(refusal)) is not None
    }


def _ask_label(refusal: Refusal) -> str | None:
    choices = refusal.choices[:_MAX_HEADINGS]
    output.warn(f"\nWhich of these begins the region {refusal.region}?")
    for number, label in enumerate(choices, start=1):
        output.warn(f"    {number:>2}  {label}")
    while True:
        answer = click.prompt("Number or words (Enter: none of them)", default="", show_default=False, err=True).strip()
        if not answer.isdecimal():
            return answer or None
        if 1 <= int(answer) <= len(choices):
            return choices[int(answer) - 1]
        output.warn(f"  there is no number {answer}")


def save_places(path: Path, adoption: Adoption, places: Mapping[str, str]) -> None:
    """Write the places into the settings file at *path*, and say what happens next."""
    for region, place in places.items():
        save_place(path, adoption.workspace.name, region, place)
        output.say(f"{path}: {region} goes to this place of the page: {place}")
        if not has_data(adoption, region):
            words = _FIRST_WORDS.get(region, f"write {region} into {adoption.edit.after.path}")
            output.say_advice(f"  the data file has nothing for it yet: {words}")
    if places:
        output.say_advice("  `wikibot apply` creates what is missing")


def say_homeless(regions: Sequence[str], headings: Sequence[str]) -> None:
    """Say how to choose a place later."""
    if not regions:
        return
    shown = ", ".join(f"“{text}”" for text in headings[:_MAX_HEADINGS]) or "none"
    options = " ".join(f"--place {region}=end" for region in regions)
    output.warn(f"the page has no place for {', '.join(regions)}; to choose one: `wikibot adopt {options}`")
    output.warn(f"  a place is start, end, before:HEADING or after:HEADING; headings of the page: {shown}")
    named = " ".join(f'{OPTIONS[region]} "HEADING"' for region in regions if region in OPTIONS)
    if named and headings:
        output.warn(f"  if the page has it under another heading: `wikibot adopt {named}`")


def _show_places(regions: Sequence[str], headings: Sequence[str]) -> None:
    output.warn(f"\nThe page has nothing like {_listed(regions)} yet. The bot can create it:")
    output.warn("  start, end          at the start or the end of the page")
    if headings:
        output.warn("  N                   it is there: the section below one of these headings")
        output.warn("  before N, after N   before or after one of these headings:")
    for number, heading in enumerate(headings[:_MAX_HEADINGS], start=1):
        output.warn(f"    {number:>2}  {heading}")
    if len(headings) > _MAX_HEADINGS:
        output.warn(f"        … and {len(headings) - _MAX_HEADINGS} more: before:HEADING, after:HEADING")


def _ask(adoption: Adoption, region: str) -> str | None:
    while True:
        answer = click.prompt(f"Place of {region} (Enter: not now)", default="", show_default=False, err=True).strip()
        if not answer or answer.lower() in {"no", "none", "not now"}:
            return None
        if answer.isdecimal() and 1 <= int(answer) <= len(adoption.headings):
            return BELOW + adoption.headings[int(answer) - 1]
        place = _with_heading(answer, adoption.headings)
        try:
            check_place(adoption, region, place)
        except BotError as error:
            output.warn(f"  {error}")
            continue
        return place


def _with_heading(answer: str, headings: Sequence[str]) -> str:
    """Return the place with the text of a heading where its number was typed."""
    found = re.fullmatch(r"(before|after)[\s:]+(\d+)", answer, re.IGNORECASE)
    if found and 1 <= int(found[2]) <= len(headings):
        return f"{found[1].lower()}:{headings[int(found[2]) - 1]}"
    spaced = re.fullmatch(r"(before|after)\s+(?!heading\s)(.+)", answer, re.IGNORECASE | re.DOTALL)
    return f"{spaced[1].lower()}:{spaced[2]}" if spaced else answer


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
