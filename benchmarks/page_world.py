"""Pages as people write them, the same ones at each call: for measurements that need a wiki or a corpus."""

import datetime as dt
import random
from collections.abc import Iterator

from wikiserver.testing import Wiki

WHEN = dt.datetime(2026, 1, 5, 9, tzinfo=dt.UTC)
_MINUTES_APART = 10  # as in a wiki that people write in; with one time for all, listings by time would say nothing
SPACE = "BIG"
_CHILDREN = 10
_WORDS = """the committee took note of this report and asked for a plan with costs before its next meeting in March
because members of both groups had doubts about scope budget dates and who will review what was agreed"""
_PEOPLE = ("ana", "li", "omar")


def make_body(number: int) -> str:
    """Return the text of page *number*: headings, paragraphs, lists, a table, macros, links to other pages; 6 kB."""
    chance = random.Random(number)  # noqa: S311 -- repeatable text, not a secret
    rows = "".join(f"<tr><td>{row}</td><td>{_sentence(chance)}</td></tr>" for row in range(8))
    return (
        f"<h1>Decisions of meeting {number}</h1>"
        + "".join(f"<p>{_sentence(chance)} <strong>{_sentence(chance)}</strong></p>" for _ in range(12))
        + f"<ul>{''.join(f'<li>{_sentence(chance)}</li>' for _ in range(8))}</ul>"
        + f"<table><tbody><tr><th>No</th><th>Action</th></tr>{rows}</tbody></table>"
        + f'<p><ac:link><ri:page ri:content-title="Page {max(1, number // 2)}" /></ac:link> and '
        + f'<a href="https://example.org/{number}?a=1&amp;b=2">the record</a></p>'
        + '<ac:structured-macro ac:name="info"><ac:rich-text-body>'
        + f"<p>{_sentence(chance)}</p></ac:rich-text-body></ac:structured-macro>"
        + '<ac:structured-macro ac:name="code"><ac:plain-text-body><![CDATA[if a < b:\n    print(a)]]>'
        + "</ac:plain-text-body></ac:structured-macro>"
    )


def _sentence(chance: random.Random) -> str:
    return " ".join(chance.choices(_WORDS.split(), k=12)).capitalize() + "."


def fill(wiki: Wiki, pages: int) -> list[int]:
    """Add a space with so many pages, ten below each; return their ids.

    A third of them has a second version, a quarter a file, a fifth comments, all have labels, a tenth `archived`.
    """
    store = wiki.store
    with store.transaction():
        space = store.spaces.create(SPACE, "Big space", creator=wiki.account("ana"), now=WHEN)
        ids = list(_add_pages(wiki, space.id, pages))
        store.spaces.update(space.id, homepage_id=ids[0])
    return ids


def _add_pages(wiki: Wiki, space_id: int, pages: int) -> Iterator[int]:
    store, ids = wiki.store, list[int]()
    for number in range(pages):
        when = WHEN - dt.timedelta(minutes=_MINUTES_APART * number)
        author = wiki.account(_PEOPLE[number % 3])
        parent = ids[(number - 1) // _CHILDREN] if number else None
        page = store.pages.create(
            space_id, f"Page {number}", make_body(number), author=author, parent_id=parent, position=number, when=when
        )
        ids.append(page.id)
        store.labels.add(page.id, f"topic-{number % 7}")
        if number % 10 == 0:
            store.labels.add(page.id, "archived")
        if number % 3 == 0:
            store.pages.update(page.id, author=author, body=make_body(number) + "<p>Approved.</p>", when=when)
        if number % 4 == 0:
            data = f"plan {number}\n".encode() * 2_000
            store.attachments.add(page.id, "plan.txt", data, media_type="text/plain", author=author, when=when)
        if number % 5 == 0:
            first = store.comments.add(page.id, f"<p>{number}: why?</p>", author=author, when=when)
            store.comments.add(page.id, "<p>See above.</p>", author=author, parent_id=first.id, when=when)
        yield page.id
