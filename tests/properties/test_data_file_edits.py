"""Moves and edits of the data file change the values that were named, and no byte of any other line."""

from collections import Counter
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from bot.config.data_file import DataFile
from bot.config.data_model import QuickLink
from bot.config.link_choice import LinkChoice, LinkDestination, iter_places
from bot.errors import ContentError

HEAD = "# top\nworkspace: {space: WS2, home: Home}   # where\n\n"
PATH = Path("ws2.yaml")
WORD = st.text(st.characters(categories=("L", "N")), min_size=1, max_size=8)
NEWLINE = st.sampled_from(["\n", "\r\n"])


@st.composite
def news_files(draw: st.DrawFn) -> str:
    """A file with news in flow and block style, comments, blank lines, block scalars, perhaps no last line break."""
    lines = ["news:", "  items:"]
    for index in range(draw(st.integers(2, 6))):
        if draw(st.booleans()):
            lines.append(f"    # about {index}")
        style = draw(st.sampled_from(["flow", "block", "scalar"]))
        if style == "flow":
            lines.append(f"    - {{id: n{index}, text: Text {index}}}   # flow")
        elif style == "block":
            lines += [f"    - id: n{index}   # block", f"      text: 'Text {index}'"]
        else:
            lines += [f"    - id: n{index}", "      text: |", f"        Text {index}", "        more"]
        if draw(st.booleans()):
            lines.append("")
    newline = draw(NEWLINE)
    body = newline.join((HEAD + "\n".join(lines)).split("\n"))
    # A block scalar at the end of a file without a last line break has another value than anywhere else.
    return body + (newline if lines[-1] == "        more" or draw(st.booleans()) else "")


@given(text=news_files(), data=st.data())
def test_moving_news_permutes_lines_and_changes_no_item(text: str, data: st.DataObject) -> None:
    document = DataFile.parse(text, PATH)
    items = document.data.news.items if document.data.news else ()
    before, after = (data.draw(st.integers(0, len(items) - 1)) for _ in range(2))

    moved = document.move_news(items[before].id, after)

    wanted = list(items)
    wanted.insert(after, wanted.pop(before))
    assert moved.data.news is not None
    assert list(moved.data.news.items) == wanted
    assert line_counts(moved.text) == line_counts(text)
    assert moved.text.startswith(text[: text.index("news:")])


@given(text=news_files(), data=st.data())
def test_a_move_and_the_move_back_give_the_same_bytes(text: str, data: st.DataObject) -> None:
    document = DataFile.parse(text, PATH)
    items = document.data.news.items if document.data.news else ()
    before, after = (data.draw(st.integers(0, len(items) - 1)) for _ in range(2))

    back = document.move_news(items[before].id, after).move_news(items[before].id, before)

    assert back.data == document.data
    assert line_counts(back.text) == line_counts(text)


@given(count=st.integers(2, 6), data=st.data())
def test_moving_in_flow_style_keeps_the_separators(count: int, data: st.DataObject) -> None:
    entries = [f"{{id: n{index}, text: T{index}}}" for index in range(count)]
    separators = [data.draw(st.sampled_from([", ", ",", ",\n      ", "  ,  "])) for _ in range(count - 1)]
    flow = "".join(entry + separator for entry, separator in zip(entries, [*separators, ""], strict=True))
    text = f"{HEAD}news:\n  items: [ {flow} ]   # all\n"
    before, after = (data.draw(st.integers(0, count - 1)) for _ in range(2))

    moved = DataFile.parse(text, PATH).move_news(f"n{before}", after)

    entries.insert(after, entries.pop(before))
    wanted = "".join(entry + separator for entry, separator in zip(entries, [*separators, ""], strict=True))
    assert moved.text == f"{HEAD}news:\n  items: [ {wanted} ]   # all\n"


@st.composite
def link_lines(draw: st.DrawFn, depth: int = 0, prefix: str = "L") -> list[str]:
    """The lines of a `links:` list, nested up to three levels, in flow and block style."""
    pad = "  " * (2 * depth + 2)
    lines: list[str] = []
    for index in range(draw(st.integers(1, 3))):
        name = f"{prefix}{index}"
        if draw(st.booleans()):
            lines.append(f"{pad}# about {name}")
        children = draw(link_lines(depth + 1, name)) if depth < 2 and draw(st.booleans()) else []
        if children:
            lines += [f"{pad}- text: {name}   # block", f"{pad}  page: P {name}", f"{pad}  links:", *children]
        elif draw(st.booleans()):
            lines.append(f"{pad}- {{text: {name}, page: P {name}}}   # flow")
        else:
            lines += [f"{pad}- text: {name}", f"{pad}  page: 'P {name}'   # target"]
    return lines


@given(lines=link_lines(), newline=NEWLINE, data=st.data())
def test_moving_a_link_keeps_every_link_and_every_comment(lines: list[str], newline: str, data: st.DataObject) -> None:
    text = newline.join([*HEAD.split("\n")[:-1], "quick_links:", "  links:", *lines, "# end", ""])
    document = DataFile.parse(text, PATH)
    places = list(iter_places(links_of(document)))
    moved, other = (data.draw(st.sampled_from(places)) for _ in range(2))
    how = data.draw(st.sampled_from(["before", "after", "under"]))
    destination = LinkDestination(
        before=other.number if how == "before" else None,
        after=other.number if how == "after" else None,
        under=other.number if how == "under" else None,
    )

    try:
        after = document.move_link(LinkChoice(moved.number), destination)
    except ContentError as error:
        is_inside = other.location[: len(moved.location)] == moved.location
        assert is_inside, error  # noqa: PT017 -- the only reason to refuse
        return

    names = {place.link.text: place for place in iter_places(links_of(after))}
    assert set(names) == {place.link.text for place in places}
    assert names[moved.link.text].link == moved.link
    parent = names[moved.link.text].parent
    wanted_parent = other.link.text if how == "under" else other.parent and other.parent.link.text
    assert (parent and parent.link.text) == wanted_parent
    position, neighbour = names[moved.link.text].location[-1], names[other.link.text].location[-1]
    if how != "under":
        assert int(position) - int(neighbour) == (1 if how == "after" else -1)
    is_into_flow = how == "under" and not other.link.links and f"{{text: {other.link.text}," in text
    if not is_into_flow:  # a flow mapping is one line, which cannot contain the comments of the moved link
        assert comments(after.text) == comments(text)


@given(lines=link_lines(), newline=NEWLINE, new=WORD, data=st.data())
def test_editing_a_link_touches_only_the_lines_of_its_own_keys(
    lines: list[str], newline: str, new: str, data: st.DataObject
) -> None:
    text = newline.join([*HEAD.split("\n")[:-1], "quick_links:", "  links:", *lines, "# end", ""])
    document = DataFile.parse(text, PATH)
    place = data.draw(st.sampled_from(list(iter_places(links_of(document)))))

    after = document.edit_link(LinkChoice(place.number), {"text": new, "url": "https://example.org/"})

    found = next(each for each in iter_places(links_of(after)) if each.number == place.number)
    assert (found.link.text, found.link.page, found.link.url) == (new, None, "https://example.org/")
    assert found.link.links == place.link.links
    gone = line_counts(text) - line_counts(after.text)
    assert gone.total() <= 2
    assert all(place.link.text in line for line in gone)


@given(text=news_files(), heading=WORD, level=st.none() | st.integers(0, 6))
def test_a_heading_adds_at_most_two_lines_and_removes_none(text: str, heading: str, level: int | None) -> None:
    document = DataFile.parse(text, PATH)

    after = document.set_heading("news", heading, level=level)

    assert after.data.news is not None
    assert after.data.news.heading == heading
    assert line_counts(text) - line_counts(after.text) == Counter()
    assert after.set_heading("news", None).data.news is not None
    if level is None:
        assert after.set_heading("news", None).text == text


def links_of(document: DataFile) -> tuple[QuickLink, ...]:
    return document.data.quick_links.links if document.data.quick_links else ()


def line_counts(text: str) -> Counter[str]:
    return Counter(line for line in text.splitlines() if line.strip())


def comments(text: str) -> list[str]:
    return sorted("#" + line.partition("#")[2] for line in text.splitlines() if "#" in line)
