"""Find pages and files for a text, and check the links of an edit, from what the desk knows of the wiki."""

from dataclasses import dataclass, field

from bot.desk.language import gettext as _
from bot.desk.write.shown_content import ShownContent
from bot.desk.write.write_state import LISTING_SECONDS, quick_runtime, write_state
from bot.errors import BotError
from bot.operations.content_advice import Advice, Topic, added_links
from bot.operations.edit import Edit
from bot.operations.target_search import FoundTargets, TargetListing, find_targets, judge_links

_FRESH_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class TargetFinding:
    """The answer to a search: what was found, or why nothing can be found."""

    query: str
    found: FoundTargets = field(default_factory=FoundTargets)
    problem: str = ""


def find(content: ShownContent, query: str) -> TargetFinding:
    """Return the pages and files for what a person typed or pasted."""
    if not query.strip():
        return TargetFinding(query)
    lookup = write_state().listings.get(content.workspace)
    if lookup.listing is None:
        reason = lookup.problem or _("the wiki has not answered yet; try again in a moment")
        return TargetFinding(query, problem=_("The pages of the wiki cannot be searched: %(reason)s", reason=reason))
    try:
        return TargetFinding(query, find_targets(quick_runtime().gateway(), lookup.listing, query))
    except BotError as error:
        return TargetFinding(query, problem=str(error))


def known_listing(content: ShownContent, *, max_age: float = LISTING_SECONDS) -> TargetListing | None:
    """Return the listing of the wiki, if the wiki has answered."""
    return write_state().listings.get(content.workspace, max_age=max_age).listing


def check_links(content: ShownContent, edit: Edit) -> list[Advice]:
    """Return advice about the links that *edit* adds; a page that seems to be missing is looked for again."""
    links = added_links(edit)
    if not links:
        return []
    listing = known_listing(content)
    advice = judge_links(listing, links) if listing is not None else []
    if any(each.topic is Topic.MISSING for each in advice):
        listing = known_listing(content, max_age=_FRESH_SECONDS) or listing
        advice = judge_links(listing, links) if listing is not None else advice
    if listing is None:
        names = ", ".join(dict.fromkeys(link.target for link in links))
        message = _(
            "The wiki does not answer, so %(names)s could not be checked. Links are checked again when due.",
            names=names,
        )
        return [Advice("text", message, topic=Topic.UNCHECKED)]
    return advice
