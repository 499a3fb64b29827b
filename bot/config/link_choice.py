"""Select a quick link by text or number, optionally also by target and parent."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.config.data_model import QuickLink
from bot.config.yaml_source import Location
from bot.suggestion import did_you_mean

_ROOT: Location = ("quick_links", "links")
_MOST_CANDIDATES = 10


@dataclass(frozen=True, slots=True)
class LinkPlace:
    """A quick link and its place: *number* such as `2.1`, *location* in the data file, and *parent*."""

    number: str
    location: Location
    link: QuickLink
    parent: "LinkPlace | None"

    def __str__(self) -> str:
        """Return the link with its target and parent, for a list of candidates."""
        below = f", under {self.parent.link.name!r}" if self.parent else ""
        return f"{self.number}  {self.link.name} → {target_of(self.link) or 'no target'}{below}"


@dataclass(frozen=True, slots=True)
class LinkChoice:
    """A description of one quick link: *name* is its text or number; *target* and *under* are further conditions."""

    name: str
    target: str | None = None
    under: str | None = None


@dataclass(frozen=True, slots=True)
class LinkDestination:
    """New place of a link: before, after or below another link, at the top level, or among its siblings."""

    before: str | None = None
    after: str | None = None
    under: str | None = None
    is_top_level: bool = False
    is_first: bool = False


class LinkChoiceError(ValueError):
    """No link matches a choice, or more than one."""


def target_of(link: QuickLink) -> str | None:
    """Return the page, address or file that is the target of a link."""
    return link.page or link.url or link.attachment


def iter_places(
    links: Sequence[QuickLink], location: Location = _ROOT, parent: LinkPlace | None = None
) -> Iterator[LinkPlace]:
    """Yield the places of all links, depth first."""
    for index, link in enumerate(links):
        number = f"{parent.number}.{index + 1}" if parent else str(index + 1)
        place = LinkPlace(number, (*location, index), link, parent)
        yield place
        yield from iter_places(link.links, (*place.location, "links"), place)


def choose_link(links: Sequence[QuickLink], choice: LinkChoice) -> LinkPlace:
    """Return the link that matches *choice*; raises `LinkChoiceError` with the candidates."""
    places = list(iter_places(links))
    named = [place for place in places if place.link.name == choice.name]
    if not named and re.fullmatch(r"\d+(\.\d+)*", choice.name):
        named = [place for place in places if place.number == choice.name]
    if not named:
        hint = did_you_mean(choice.name, dict.fromkeys(place.link.name for place in places))
        raise LinkChoiceError(f"there is no link {choice.name!r}{hint}; `wikibot links list` shows them")
    fitting = [place for place in named if _fits(place, choice)]
    if len(fitting) == 1:
        return fitting[0]
    problem = (
        f"{len(fitting)} links have the text {choice.name!r}; give the number of one instead"
        if fitting
        else f"no link {choice.name!r} has that target or parent; there are"
    )
    candidates = fitting or named
    shown = [f"  {place}" for place in candidates[:_MOST_CANDIDATES]]
    if len(candidates) > _MOST_CANDIDATES:
        shown.append(f"  and {len(candidates) - _MOST_CANDIDATES} more; see `wikibot links list`")
    raise LinkChoiceError("\n".join([f"{problem}:", *shown]))


def _fits(place: LinkPlace, choice: LinkChoice) -> bool:
    has_target = choice.target is None or choice.target == target_of(place.link)
    parent = place.parent
    has_parent = choice.under is None or (parent is not None and choice.under in (parent.link.name, parent.number))
    return has_target and has_parent
