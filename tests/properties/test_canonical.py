import itertools
import random
from collections.abc import Iterator

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.splice import Span, splice
from bot.storage.meaning import canonical, is_same
from bot.storage.reader import Element, Text, TextKind, read_strictly
from bot.storage.visible_text import text_of
from tests.storage.corpus import real_bodies
from tests.storage.fragments import bodies
from wikiserver.editor.resave import resave
from wikiserver.normalise import Flavour, Level, normalise

FLAVOURS: list[Flavour] = ["cloud", "datacenter"]
LEVELS: list[Level] = ["none", "light", "full"]
SEEN = {
    *("href", "ac:name", "ac:anchor", "ri:content-title", "ri:space-key", "ri:filename", "ri:account-id", "ri:userkey"),
    *("datetime", "data-highlight-colour", "colspan", "rowspan", "ac:width", "ac:height", "ac:type"),
}
"""Attributes that a reader sees the effect of."""
TRANSPARENT = {
    *("ac:inline-comment-marker", "ac:task-id", "ac:task-uuid", "ac:parameter"),
    *("ac:link-body", "ac:plain-text-link-body"),
}
OBJECTS = {"hr", "time", "ac:emoticon", "ac:image", "img", "ac:structured-macro"}


def saved(body: str, flavour: Flavour, level: Level) -> str:
    counter = itertools.count(1)
    return normalise(body, flavour=flavour, level=level, new_id=lambda: f"id-{next(counter)}")


@pytest.mark.parametrize("flavour", FLAVOURS)
@pytest.mark.parametrize("level", LEVELS)
def test_a_save_of_any_real_page_is_ignored(flavour: Flavour, level: Level) -> None:
    for name, body in real_bodies():
        if "<?xml" not in body:  # an export's declaration, which no wiki accepts
            assert is_same(body, saved(body, flavour, level)), name


@given(bodies, st.sampled_from(FLAVOURS), st.sampled_from(LEVELS))
def test_a_save_of_any_page_is_ignored(body: str, flavour: Flavour, level: Level) -> None:
    once = saved(body, flavour, level)

    assert is_same(body, once)
    assert is_same(body, saved(once, "datacenter", "full"))


def respellings(body: str) -> Iterator[str]:
    """Yield *body* with each plain text spelled in numbers, and with each commented upon."""
    texts = [each for each in read_strictly(body).root.walk() if isinstance(each, Text) and each.kind is TextKind.PLAIN]
    visible = [each for each in texts if each.value.strip()]
    yield splice(body, {each.span: "".join(f"&#{ord(char)};" for char in each.value) for each in visible})
    marker = '<ac:inline-comment-marker ac:ref="r">{}</ac:inline-comment-marker>'
    yield splice(body, {each.span: marker.format(each.span.of(body)) for each in visible})


@given(bodies)
def test_spelling_and_comments_are_ignored(body: str) -> None:
    for respelled in respellings(body):
        assert is_same(body, respelled)


def mutations(body: str) -> Iterator[tuple[str, str]]:
    """Yield pages that mean something else, with what was done."""
    root = read_strictly(body).root
    for node in root.walk():
        owner = node if isinstance(node, Element) else None
        if isinstance(node, Text):
            yield from text_mutations(body, node)
        elif owner is not None and owner.name not in TRANSPARENT and is_seen(owner):
            yield "removed an element", splice(body, {owner.span: ""})
            yield from attribute_mutations(body, owner)
    for parent in [root, *root.elements()]:
        for a, b in itertools.pairwise(parent.children):
            if not {a.name, b.name} & {*TRANSPARENT, "colgroup"} and is_seen(a) and is_seen(b):
                first, second = a.span.of(body), b.span.of(body)
                if not is_same(first, second):
                    yield "swapped elements", splice(body, {a.span: second, b.span: first})


def is_unseen_parameter(node: Text) -> bool:
    name = "" if node.parent is None else node.parent.attributes.get("ac:name", "")
    return name in ("colour", "color", "atlassian-macro-output-type", "breakoutMode", "breakoutWidth")


def is_seen(element: Element) -> bool:
    """Return whether a reader sees anything of *element*: words, or an object without words."""
    return element.name in OBJECTS or bool(text_of(element)) or any(True for _ in element.elements(*OBJECTS))


def text_mutations(body: str, node: Text) -> Iterator[tuple[str, str]]:
    if not node.is_visible or not node.value.strip() or is_unseen_parameter(node):
        return
    source = node.span.of(body)
    for at, char in enumerate(source):
        if char.isalpha() and "&" not in source and "CDATA" not in source:
            here = Span(node.span.start + at, node.span.start + at + 1)
            if char.swapcase() != char:
                yield "changed case", splice(body, {here: char.swapcase()})
            yield "changed a letter", splice(body, {here: "Ж"})
            break
    inner = source.strip(" \r\n\t")
    if " " in inner and "CDATA" not in source and "&nbsp;" not in source:
        yield "no space", splice(body, {node.span: source.replace(inner, inner.replace(" ", ""))})
    if node.kind is TextKind.CDATA and node.parent is not None and node.parent.name == "ac:plain-text-body":
        yield "a space in CDATA", splice(body, {node.span: source.replace("<![CDATA[", "<![CDATA[ ", 1)})


def attribute_mutations(body: str, element: Element) -> Iterator[tuple[str, str]]:
    tag = body[element.span.start : element.inner.start]
    for name in element.attributes:
        if name not in SEEN or not is_seen(element) or any(True for _ in element.elements("a", "ac:link")):
            continue  # of two links around a word, a reader follows the inner one
        for quote in "\"'":
            before, found, after = tag.partition(f" {name}={quote}")
            if found:
                start = element.span.start
                changed = f"{before}{found}Ж{after}"
                yield f"changed {name}", splice(body, {Span(start, start + len(tag)): changed})
                break


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_any_number_of_saves_in_an_editor_is_ignored(flavour: Flavour) -> None:
    for name, body in real_bodies():
        if "<?xml" in body or len(body) > 30_000:
            continue
        before = canonical(body, space_key="KEY")
        for seed in range(2):
            body = resave(body, flavour, seed=f"{name} {seed}", space_key="KEY")
            assert canonical(body, space_key="KEY") == before, (name, seed)


@given(bodies, st.sampled_from(FLAVOURS), st.integers(0, 1_000))
def test_a_save_of_any_page_in_an_editor_is_ignored(body: str, flavour: Flavour, seed: int) -> None:
    once = resave(body, flavour, seed=seed, space_key="DS")

    assert is_same(body, once, space_key="DS")
    assert is_same(body, resave(saved(once, flavour, "full"), flavour, seed=seed + 1, space_key="DS"), space_key="DS")


def is_numbered(body: str) -> bool:
    return "ac:task-id" in body or "ac:task-uuid" in body


@given(bodies, st.randoms(use_true_random=False))
def test_no_change_of_meaning_is_ignored(body: str, chance: random.Random) -> None:
    changed = list(mutations(body))
    assume(changed)

    for what, mutation in chance.sample(changed, min(len(changed), 6)):
        assert not is_same(body, mutation), what


def test_no_change_of_meaning_on_a_real_page_is_ignored() -> None:
    chance = random.Random(20240222)  # noqa: S311 -- a choice of samples
    tried = 0
    for name, body in real_bodies():
        if len(body) > 20_000 or is_numbered(body):
            continue
        original = canonical(body)
        changed = list(mutations(body))
        for what, mutation in chance.sample(changed, min(len(changed), 4)):
            assert canonical(mutation) != original, (name, what)
            tried += 1
    assert tried > 500
