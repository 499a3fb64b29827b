"""What Markdown cannot express is listed in the losses."""

import pytest

from bot.convert import Conversion, ListedPage, PageContext, convert_page
from tests.shared import shared_dir


def _macro(name: str, body: str = "", **parameters: str) -> str:
    written = "".join(f"<ac:parameter ac:name='{key}'>{value}</ac:parameter>" for key, value in parameters.items())
    return f"<ac:structured-macro ac:name='{name}'>{written}{body}</ac:structured-macro>"


def _losses(conversion: Conversion) -> list[str]:
    return [f"{loss.kind}: {loss.what}: {loss.detail}" for loss in conversion.losses]


_ADF = (
    '<ac:adf-extension><ac:adf-node type="{}"><ac:adf-attribute key="{}">{}</ac:adf-attribute></ac:adf-node>'
    "<ac:adf-fallback><p>x</p></ac:adf-fallback></ac:adf-extension>"
)
_CODE = "<ac:plain-text-body><![CDATA[x]]></ac:plain-text-body>"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<ol type='a'><li>x</li></ol>", ["counted with small letters"]),
        ("<ol type='I' start='4'><li>x</li></ol>", ["counted with Roman numbers"]),
        ("<ol start='-3'><li>x</li></ol>", ["start -3"]),
        ("<ol start='1000000000'><li>x</li></ol>", ["start 1000000000"]),
        ("<ol style='list-style-type: lower-alpha;'><li>x</li></ol>", ["counted with small letters"]),
        ("<ol style='color: red; list-style: inside upper-roman'><li>x</li></ol>", ["Roman numbers", "colour"]),
        ("<ol><li value='-2'>x</li></ol>", ["value -2"]),
        (f"<p><abbr title='{'long ' * 60}END'>x</abbr></p>", ["long END"]),
        (_ADF.format("poll", "question", "Tea or coffee?"), ["ADF poll: kept", "ADF poll question: Tea or coffee?"]),
        ("<ol reversed='reversed' start='5'><li>x</li></ol>", ["counted down from 5"]),
        ("<ol><li>x</li><li value='7'>x</li></ol>", ["value 7"]),
        (_macro("code", _CODE, firstline="42", collapse="true"), ["first line number 42", "collapsed code"]),
        ("<p dir='rtl'>x</p>", ["direction of the text"]),
        ("<p><abbr title='Hypertext'>x</abbr></p>", ["abbr title: Hypertext"]),
        ("<blockquote cite='https://e.example'>x</blockquote>", ["blockquote cite: https://e.example"]),
        ("<p><span title='a remark'>x</span></p>", ["span title: a remark"]),
        ("<p lang='fr'>x</p>", ["language of the text"]),
        ("<div style='text-align: right'>x</div>", ["alignment"]),
        ("<table><tbody><tr><td unheard-of='1'>x</td></tr></tbody></table>", ["td unheard-of: 1"]),
        (_macro("info", "<ac:rich-text-body>x</ac:rich-text-body>", owner="Ana"), ["info: owner: Ana"]),
        (_macro("expand", "<ac:rich-text-body>x</ac:rich-text-body>", unheard="1"), ["expand: unheard: 1"]),
    ],
)
def test_what_is_not_said_is_a_loss(body: str, expected: list[str]) -> None:
    conversion = convert_page(body)

    assert "x" in conversion.markdown
    losses = _losses(conversion)
    assert len(losses) == len(expected)
    assert all(any(each in loss for loss in losses) for each in expected)


def test_a_list_of_children_says_what_it_does_not_do() -> None:
    context = PageContext(children=(ListedPage("Child", "child.md"),))

    conversion = convert_page(_macro("children", all="true", depth="3", sort="modified"), context)

    assert "- [Child](child.md)" in conversion.markdown
    assert _losses(conversion) == ["macro: children: all: true, depth: 3, sort: modified"]


def test_every_attribute_of_real_pages_is_said_or_meaningless_or_one_of_these_losses() -> None:
    pages = [path.read_text("utf-8") for path in sorted(shared_dir("corpus").rglob("*.xhtml"))]
    lost = {loss.what for page in pages for loss in convert_page(page).losses if loss.kind == "attribute"}

    assert len(pages) > 400
    assert lost == {
        *("td title", "th title", "span param", "div namespaces", "div status", "div user"),
        *("ADF imaginarytypeforthetest imaginarytypeforthetest-type",),
        *("at:string at:name", "at:var at:name", "at:var at:rawxhtml", "ri:attachment ri:filename"),
    }


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("word " * 100 + "END", "END"),
        ("%C3%A4%20" * 90 + "END", "ä " * 90 + "END"),
        ("x" * 300 + "END", "x" * 300 + "END"),
        ("%7B%22a%22%3A%22" + "b" * 300 + "%22%7D", '{"a":"' + "b" * 300 + '"}'),
    ],
)
@pytest.mark.parametrize("name", ["acme", "chart", "info"])
def test_content_in_a_parameter_is_kept_whole(name: str, value: str, shown: str) -> None:
    conversion = convert_page(_macro(name, text=value))

    (loss,) = [loss for loss in conversion.losses if loss.kind == "macro" and loss.what == name]
    assert shown in conversion.markdown or shown in loss.detail


def test_all_people_in_a_parameter_are_named() -> None:
    people = "<ri:user ri:account-id='1'/><ri:user ri:account-id='2'/>"

    conversion = convert_page(_macro("acme", who=people), PageContext(users={"1": "Ana", "2": "Li"}))

    assert conversion.markdown == "*(macro acme; who: @Ana, @Li)*\n"


_PLAN = (
    '{"title":"Plan","timeline":{"startDate":"2026-06-01 00:00:00","endDate":"2026-12-31 00:00:00",'
    '"displayOption":"MONTH"},"lanes":[{"title":"Web","bars":[{"title":"Launch","description":"go live",'
    '"startDate":"2026-07-01 00:00:00","duration":2.5,"pageLink":{"title":"Notes"}},{"title":"Rest"}]}],'
    '"markers":[{"title":"Fair","markerDate":"2026-09-09"}]}'
)


@pytest.mark.parametrize("is_encoded", [True, False])
def test_a_roadmap_is_shown_as_a_list(*, is_encoded: bool) -> None:
    source = _PLAN.replace("%", "%25")
    if is_encoded:
        source = "".join(char if char.isalnum() else f"%{ord(char):02X}" for char in _PLAN)

    conversion = convert_page(_macro("roadmap", source=source.replace('"', "&quot;"), title="Plan"))

    assert conversion.markdown == (
        "**Plan** (2026-06-01 to 2026-12-31)\n\n"
        "- Web\n  - Launch: go live (2026-07-01, 2.5 months, Notes)\n  - Rest\n\n"
        "* Fair (2026-09-09)\n"
    )
    assert _losses(conversion) == ["macro: roadmap: the picture of the time line: shown as a list"]


@pytest.mark.parametrize("encoded", ["%7B%22title%22%3A%22Launch", "%257B%2522title%2522%253A%2522Launch"])
def test_a_roadmap_whose_plan_cannot_be_read_is_shown_as_it_is(encoded: str) -> None:
    conversion = convert_page(_macro("roadmap", source=encoded))

    assert ("Launch" in conversion.markdown, "%22" in conversion.markdown) == (True, False)
    assert "cannot be read" in str(_losses(conversion))


def test_no_text_of_a_caption_is_lost() -> None:
    caption = "<ac:caption>Fig. 1 <p>a map</p> of 1824</ac:caption>"

    markdown = convert_page(f'<ac:image><ri:url ri:value="https://e.example/m.png"/>{caption}</ac:image>').markdown

    assert [word for word in ("Fig. 1", "a map", "of 1824") if word not in markdown] == []
