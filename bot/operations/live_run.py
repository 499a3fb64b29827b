"""The steps of a first live run: what a program can ask the wiki, and what a person has to do.

Each answer settles a question about the platform that Atlassian's documents leave open. The requests are reads.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from urllib.parse import urlencode

from bot.errors import BotError
from bot.operations.check import Check, CheckOutcome
from bot.operations.workspace import Connect, Workspace
from bot.plural import counted
from bot.wiki.gateway import PageRef, PageSelection, PageStatus, RawAnswer, WikiGateway

_ARCHIVED = PageSelection((PageStatus.ARCHIVED,))
_SCAN_SIZE = 500
_COUNTED = ("files", "archived files", "comments", "labels")


@dataclass(frozen=True, slots=True)
class _ManualStep:
    title: str
    instruction: str
    flavours: str = "CD"


_MANUAL = (
    _ManualStep(
        "wrong token",
        "ask for a page with a wrong token, on Cloud at the API gateway; expect 404 “Not Found” without the id. A "
        "program does not try this, because failed sign-ins can lock the account",
        "C",
    ),
    _ManualStep(
        "editor",
        "run `wikibot apply`, open the page in the editor, type a word outside the regions, publish, run `wikibot "
        "drift`; expect no drift and the regions still there",
    ),
    _ManualStep(
        "drift",
        "change one word inside a region, run `wikibot drift`; expect that word and the name of that person",
    ),
    _ManualStep(
        "live doc",
        "type in a live doc, wait a minute, run `wikibot doctor` with that page as home page; expect the warning about "
        "a live doc and the text in the body",
        "C",
    ),
    _ManualStep(
        "draft",
        "let a colleague leave unpublished changes, run `wikibot sync`; expect a page that waits. Let them publish, "
        "run it again; expect that it is written",
    ),
    _ManualStep(
        "rights",
        "let an account that may only view run `wikibot sync`; expect “may not edit” and no new version. The conflict "
        "of two writes is part of --write-test",
    ),
    _ManualStep(
        "notifications",
        "let a second account watch the page, run `wikibot sync` with a change; note whether a mail comes",
    ),
)


def list_manual_steps(*, is_cloud: bool) -> Iterator[Check]:
    """Return the steps that need a person at a browser or a second account."""
    steps = (step for step in _MANUAL if ("C" if is_cloud else "D") in step.flavours)
    for number, step in enumerate(steps, start=len(_CLOUD if is_cloud else _DATA_CENTER) + 1):
        yield Check(f"step {number}", CheckOutcome.BY_HAND, f"{step.title}: {step.instruction}")


def examine_platform(connect: Connect, workspace: Workspace) -> Iterator[Check]:
    """Ask what the documents leave open, about the home page and one archived page."""
    try:
        gateway = connect()
        data = workspace.load_data_file().data
        page = gateway.fetch_page(workspace.page_finder(gateway, data).get_id(data.workspace.home)).ref
    except BotError as error:
        yield Check("live run", CheckOutcome.NOT_TRIED, f"the home page cannot be read: {error}")
        return
    steps = _DATA_CENTER if gateway.has_silent_writes else _CLOUD
    for number, (title, examine) in enumerate(steps.items(), start=1):
        what = f"step {number}"
        try:
            check = examine(gateway, page, what)
        except BotError as error:
            check = Check(what, CheckOutcome.ERROR, str(error))
        yield replace(check, message=f"{title}: {check.message}")


def _examine_removed_operation(gateway: WikiGateway, page: PageRef, what: str) -> Check:
    if not gateway.is_at_gateway:
        message = "only at the API gateway (scoped tokens and client credentials); requests go to the site"
        return Check(what, CheckOutcome.NOT_APPLICABLE, message)
    answer = gateway.ask(f"/rest/api/content/{page.id}")
    return Check(what, CheckOutcome.OK, f"{answer} (410 is expected; the bot uses v2)")


def _examine_descendants(gateway: WikiGateway, page: PageRef, what: str) -> Check:
    answer = gateway.ask(f"/api/v2/pages/{page.id}/descendants?depth=10&limit=250")
    found = Counter(f"{node.get('type', 'node')} {node.get('status', '')}".strip() for node in answer.results)
    return _judge(what, answer, ", ".join(f"{count} {name}" for name, count in sorted(found.items())) or "no nodes")


def _examine_archived_page(gateway: WikiGateway, page: PageRef, what: str) -> Check:
    archived = next(iter(islice(gateway.iter_refs(page.space_key, _ARCHIVED), 1)), None)
    if archived is None:
        return Check(what, CheckOutcome.NOT_APPLICABLE, "the space has no page with the status archived")
    v2 = f"/api/v2/pages/{archived.id}"
    asked = {
        "page": v2,
        "files": f"{v2}/attachments",
        "archived files": f"{v2}/attachments?status=archived",
        "comments": f"{v2}/footer-comments",
        "labels": f"{v2}/labels",
        "restrictions": f"/rest/api/content/{archived.id}/restriction/byOperation",
    }
    answers = {name: gateway.ask(path) for name, path in asked.items()}
    found = (f"{name} {answer}" + _count(answer) * (name in _COUNTED) for name, answer in answers.items())
    return Check(what, CheckOutcome.OK, f"{archived.title!r} ({archived.id}): {', '.join(found)}")


def _count(answer: RawAnswer) -> str:
    return f" ({len(answer.results)})" if answer.is_ok else ""


def _examine_bulk_lists(gateway: WikiGateway, page: PageRef, what: str) -> Check:
    comments = gateway.ask("/api/v2/footer-comments?limit=250")
    replies = sum(bool(each.get("parentCommentId")) for each in comments.results)
    said = f"footer-comments: {comments}, {counted(len(comments.results), 'comment')}, {replies} of them replies"
    labels = gateway.ask(f"/api/v2/pages/{page.id}/labels?limit=1").results
    if not labels:
        return _judge(what, comments, f"{said}; the home page has no label to list the pages of")
    pages = gateway.ask(f"/api/v2/labels/{labels[0].get('id')}/pages?limit=250")
    statuses = Counter(str(each.get("status")) for each in pages.results)
    listed = ", ".join(f"{count} {status}" for status, count in sorted(statuses.items())) or "no pages"
    return _judge(what, comments, f"{said}; labels/ID/pages: {pages}, {listed}")


def _examine_scan(gateway: WikiGateway, page: PageRef, what: str) -> Check:
    query = urlencode({"spaceKey": page.space_key, "expand": "body.storage", "limit": _SCAN_SIZE})
    answer = gateway.ask(f"/rest/api/content/scan?{query}")
    return _judge(what, answer, f"asked for {_SCAN_SIZE} pages with bodies, {len(answer.results)} in one answer")


def _examine_history(gateway: WikiGateway, page: PageRef, what: str) -> Check:
    answer = gateway.ask(f"/rest/experimental/content/{page.id}/version?limit=1")
    return _judge(what, answer, "the history is listed" if answer.is_ok else "the bot reads each version separately")


def _judge(what: str, answer: RawAnswer, message: str) -> Check:
    outcome = CheckOutcome.OK if answer.is_ok else CheckOutcome.WARNING
    return Check(what, outcome, message if answer.is_ok else f"{answer}; {message}")


_Examine = Callable[[WikiGateway, PageRef, str], Check]
_CLOUD: dict[str, _Examine] = {
    "removed operations": _examine_removed_operation,
    "tree in one request": _examine_descendants,
    "archived page": _examine_archived_page,
    "bulk lists": _examine_bulk_lists,
}
_DATA_CENTER: dict[str, _Examine] = {
    "pages in one request": _examine_scan,
    "list of versions": _examine_history,
}
