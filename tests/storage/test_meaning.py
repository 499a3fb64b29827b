import sys

import pytest

from bot.errors import MalformedBodyError
from bot.storage.meaning import canonical, is_inline, is_same
from bot.storage.reader import read_strictly

CODE = (
    '<ac:structured-macro ac:name="code"><ac:parameter ac:name="language">py</ac:parameter>'
    "<ac:plain-text-body><![CDATA[{}]]></ac:plain-text-body></ac:structured-macro>"
)
PANEL = '<ac:structured-macro ac:name="panel"{}>{}<ac:rich-text-body><p>x</p></ac:rich-text-body></ac:structured-macro>'
LINK = '<ac:link{}><ri:page ri:content-title="B" />{}</ac:link>'
TABLE = (
    '<table class="wrapped" data-layout="default" data-table-width="760"><colgroup><col style="width: 340.0px;" />'
    '</colgroup><tbody><tr><td colspan="1"><p>a</p></td></tr></tbody></table>'
)
STATUS = '<ac:structured-macro ac:name="status"><ac:parameter ac:name="title">T</ac:parameter>{}</ac:structured-macro>'
MENTION = '<p>by <ac:link><ri:user ri:account-id="1:2"{} /></ac:link></p>'
EMOJI = '<ac:emoticon ac:name="blue-star" ac:emoji-id="{}" ac:emoji-shortname=":x:" ac:emoji-fallback="x" />'
PARAMETER = '<ac:parameter ac:name="{}">{}</ac:parameter>'
TITLE, COLOUR = (
    '<ac:parameter ac:name="title">T</ac:parameter>',
    '<ac:parameter ac:name="borderColor">red</ac:parameter>',
)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("<p><b>x</b><i>y</i></p>", "<p><strong>x</strong><em>y</em></p>"),
        (
            PANEL.format("", TITLE + COLOUR),
            PANEL.format(' ac:schema-version="1" ac:macro-id="a-b" ac:local-id="c"', COLOUR + TITLE),
        ),
        ("<p>x</p>", '<p local-id="2e">x</p>'),
        (
            '<ac:link><ri:page ri:space-key="A" ri:content-title="B" /></ac:link>',
            '<ac:link><ri:page ri:content-title="B" ri:version-at-save="7" ri:space-key="A"></ri:page></ac:link>',
        ),
        ('<span style="color: #ff0000;">x</span>', '<span style="color:rgb(255, 0,0)">x</span>'),
        ('<td data-highlight-colour="#F0B">x</td>', '<td data-highlight-colour="rgb(255,0,187)">x</td>'),
        ("<p>a&nbsp;b&rarr;c&eacute;</p>", "<p>a\u00a0b→c&#233;</p>"),
        ("<p>a &gt; b \"c\" 'd'</p>", "<p>a > b &quot;c&quot; &#39;d&apos;</p>"),
        ("<p title='a\"b'>x</p>", '<p title="a&quot;b">x</p>'),
        ("<p/><hr/><br/>", "<p></p><hr />\n<br></br>"),
        ("<ul>\n  <li> x </li>\r\n  <li>y</li></ul>\n", "<ul><li>x</li><li>y</li></ul>"),
        ("<p>a\n   b</p>", "<p>a b</p>"),
        ("<p>a<br />\n b</p>", "<p>a<br />b</p>"),
        ("<table> <tbody>\n<tr> <td>x</td></tr></tbody></table>", "<table><tbody><tr><td>x</td></tr></tbody></table>"),
        (PANEL.format("", TITLE) + "\n" + PANEL.format("", ""), PANEL.format("", TITLE) + PANEL.format("", "")),
        (
            '<a href="https://x.org/?a=1&amp;b=2" target="_blank" rel="nofollow" id="q">x</a>',
            '<a href="https://x.org/?a=1&#38;b=2">x</a>',
        ),
        ('<p onclick="x()">y</p>', "<p>y</p>"),
        ("<p>a<!-- note -->b</p>", "<p>ab</p>"),
        (CODE.format("a]]]]><![CDATA[>b"), CODE.format("a]]]]><![CDATA[>").replace("</ac:plain", "b</ac:plain")),
        (
            "<ac:task-list><ac:task><ac:task-status>complete</ac:task-status><ac:task-body>x</ac:task-body></ac:task></ac:task-list>",
            (
                "<ac:task-list>\n<ac:task>\n<ac:task-id>7</ac:task-id><ac:task-uuid>a</ac:task-uuid>"
                "<ac:task-status>complete</ac:task-status>\n<ac:task-body>x</ac:task-body></ac:task></ac:task-list>"
            ),
        ),
        (
            "<p>The quick <strong>brown</strong> fox</p>",
            (
                '<p>The <ac:inline-comment-marker ac:ref="a">qu<ac:inline-comment-marker ac:ref="b">ick '
                "</ac:inline-comment-marker></ac:inline-comment-marker>"
                '<strong><ac:inline-comment-marker ac:ref="b">brown</ac:inline-comment-marker></strong> fox</p>'
            ),
        ),
        ('<p><ac:inline-comment-marker ac:ref="a"> x</ac:inline-comment-marker> y</p>', "<p>x y</p>"),
        # what the editors do
        (
            "<ul><li>a</li><li>b</li></ul>",
            '<ul local-id="1"><li local-id="2"><p local-id="3">a</p></li><li><p>b</p></li></ul>',
        ),
        ("<ul><li>a<ul><li>b</li></ul></li></ul>", "<ul><li><p>a</p><ul><li><p>b</p></li></ul></li></ul>"),
        ("<table><tbody><tr><td>a</td></tr></tbody></table>", TABLE),
        ("<p>a</p>", "<p />\n<p>a</p><p><br /></p><p>&nbsp;</p>"),
        ("<ul><li>a</li></ul>", "<ul><li><p>a</p><p><br /></p></li></ul>"),
        ("<p>a</p>", "<p>a<br /></p>"),
        ("<p>a b</p>", "<p>a&nbsp;b</p>"),
        ("<p>a b</p>", "<p> a &nbsp;b&nbsp;</p>"),
        ("<p>a b</p>", "<p>a\u200b b\ufeff</p>"),
        ("<p>a b</p>", "<p><span>a</span> <span style='letter-spacing: 0.0px;'>b</span></p>"),
        ("<p>a</p>", "<p class='auto-cursor-target' style='text-align: left;'>a</p>"),
        ("<p>a</p>", "<p style='text-align: start; letter-spacing: 0px'>a</p>"),
        ("<ol><li>a</li></ol>", '<ol start="1" class="x"><li>a</li></ol>'),
        ("<p><strong><em>a</em></strong></p>", "<p><em><strong>a</strong></em></p>"),
        ("<p><strong>a b</strong></p>", "<p><strong>a</strong><strong> b</strong></p>"),
        ("<p><strong>a</strong> b</p>", "<p><strong>a </strong>b</p>"),
        ("<p><del>a</del> <ins>b</ins></p>", "<p><s>a</s> <u>b</u></p>"),
        (
            '<p><a href="https://x.org"><strong>a</strong></a></p>',
            '<p><strong><a href="https://x.org">a</a></strong></p>',
        ),
        (
            '<a href="https://x.org">x</a>',
            '<a class="external-link" rel="nofollow" href="https://x.org" style="text-decoration: none;">x</a>',
        ),
        (
            '<a href="https://x.org">https://x.org</a>',
            '<a href="https://x.org" data-card-appearance="inline">https://x.org</a>',
        ),
        (LINK.format("", "<ac:link-body>B</ac:link-body>"), LINK.format("", "")),
        (
            LINK.format("", "<ac:link-body>x</ac:link-body>"),
            LINK.format("", "<ac:plain-text-link-body><![CDATA[x]]></ac:plain-text-link-body>"),
        ),
        (
            LINK.format("", ""),
            LINK.format(' ac:card-appearance="inline" ac:local-id="7"', "<ac:link-body>B</ac:link-body>"),
        ),
        (
            LINK.format("", "<ac:link-body><strong>x</strong></ac:link-body>"),
            f"<strong>{LINK.format('', '<ac:link-body>x</ac:link-body>')}</strong>",
        ),
        (
            '<ac:emoticon ac:name="tick" />',
            '<ac:emoticon ac:name="tick" ac:emoji-shortname=":check_mark:" ac:emoji-id="atlassian-check_mark" />',
        ),
        (
            '<ac:emoticon ac:name="smile" />',
            '<ac:emoticon ac:name="blue-star" ac:emoji-shortname=":slight_smile:" ac:emoji-id="1f642" />',
        ),
        (
            '<ac:emoticon ac:name="blue-star" />',
            '<ac:emoticon ac:name="blue-star" ac:emoji-shortname=":blue_star:" ac:emoji-id="atlassian-blue_star" />',
        ),
        (
            CODE.format("x"),
            CODE.format("x")
            .replace('ac:name="code"', 'ac:name="code" data-layout="default"')
            .replace("<ac:plain", '<ac:parameter ac:name="breakoutMode">wide</ac:parameter><ac:plain'),
        ),
        (
            CODE.format("x") + CODE.format("y"),
            CODE.format("x") + '<p class="auto-cursor-target"><br /></p>' + CODE.format("y"),
        ),
        (
            '<td data-highlight-colour="#F4F5F7">x</td>',
            '<td data-highlight-colour="var(--ds-background-accent-gray-subtlest, #f4f5f7)">x</td>',
        ),
        (
            '<td data-highlight-colour="grey">x</td>',
            '<td class="highlight-grey" data-highlight-colour="grey" title="Background colour : Grey">x</td>',
        ),
        ("<p><ac:emoticon ac:name='tick' /></p>", "<p><strong><ac:emoticon ac:name='tick' /></strong></p>"),
        ("<hr /><p>a</p>", "<strong><hr /></strong><p>a</p>"),
        (MENTION.format(""), MENTION.format(' ri:local-id="9f"')),
        *(
            ("<p>a b</p>", f"<p><span style='color: {colour};'>a</span> b</p>")
            for colour in ("rgb(23,43,77)", "rgb(9, 30, 66)", "rgb(41,42,46)", "#333333", "black", "windowtext")
        ),
        ("<p>a b</p>", "<p><span style='color: var(--ds-text, #172B4D);'>a</span> b</p>"),
        ("<p><span style='color: red;'>a</span></p>", '<p><font color="#ff0000">a</font></p>'),
        ("<p>a</p>", '<p><font color="#000000">a</font></p>'),
        ("<ul><li>a</li></ul>", '<ul style="list-style-type: disc;" role="list"><li role="listitem">a</li></ul>'),
        ("<ol><li>a</li></ol>", '<ol style="list-style-type: decimal;"><li>a</li></ol>'),
        ("<p>a</p>", '<p lang="en-GB" xml:lang="en-GB">a</p>'),
        ("<table><tr><td>a</td></tr></table>", '<table><tr><td valign="top" nowrap="nowrap">a</td></tr></table>'),
        ("<ac:task-list><p>a</p></ac:task-list>", '<ac:task-list ac:task-list-id="7"><p>a</p></ac:task-list>'),
        (
            '<p><ac:link ac:anchor="there"><ac:link-body>a</ac:link-body></ac:link></p>',
            '<p><a href="#there">a</a></p>',
        ),
        ("<p>🎉 a</p>", f"<p>{EMOJI.format('1f389')} a</p>"),
        ("<p>⚠️</p>", f"<p>{EMOJI.format('26a0-fe0f')}</p>"),
        *(
            (STATUS.format(""), STATUS.format(PARAMETER.format("colour", grey)))
            for grey in ("", "Grey", "gray ", "Neutral")
        ),
        (STATUS.format(""), STATUS.format(PARAMETER.format("color", "grey") + PARAMETER.format("subtle", " false"))),
        (
            STATUS.format(PARAMETER.format("colour", "Green")),
            STATUS.format(PARAMETER.format("colour", " green ") + PARAMETER.format("subtle", "false")),
        ),
    ],
)
def test_what_a_save_does_is_ignored(a: str, b: str) -> None:
    assert canonical(a) == canonical(b)
    assert is_same(a, b)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("<p>open</p>", "<p>Open</p>"),
        ("<p>🎉</p>", f"<p>{EMOJI.format('1f38a')}</p>"),
        ("<p>:x:</p>", f"<p>{EMOJI.format('8f2b1c40-22aa-4f0e-9d3e-5f0c7a9b1e11')}</p>"),
        ("<p>✅</p>", "<p><ac:emoticon ac:name='tick' /></p>"),
        ("<p>a b</p>", "<p><span style='color: rgb(23,43,78);'>a</span> b</p>"),
        ("<p>a</p>", "<p><span style='background-color: black;'>a</span></p>"),
        ("<p><span style='color: red;'>a</span></p>", "<p><span style='color: black;'>a</span></p>"),
        ("<ul><li>a</li></ul>", '<ul style="list-style-type: square;"><li>a</li></ul>'),
        ("<ul><li>a</li></ul>", '<ul style="list-style-type: decimal;"><li>a</li></ul>'),
        ("<ol><li>a</li></ol>", '<ol style="list-style-type: lower-roman;"><li>a</li></ol>'),
        ("<p>a</p>", '<p dir="rtl">a</p>'),
        ('<p><a href="#there">a</a></p>', '<p><a href="#here">a</a></p>'),
        ("<p>a b</p>", "<p>ab</p>"),
        ("<p>a</p><p>b</p>", "<p>b</p><p>a</p>"),
        ("<p>a</p><p>b</p>", "<p>a</p><p />\n<p>b</p>"),
        ("<p>a</p><p /><p>b</p>", "<p>a</p><p /><p><br /></p><p>b</p>"),
        ("<p>a</p>", "<p><strong>a</strong></p>"),
        ("<p><strong>a</strong> b</p>", "<p><strong>a b</strong></p>"),
        ("<p>x<br />y</p>", "<p>x y</p>"),
        ('<a href="https://x.org/a">x</a>', '<a href="https://x.org/A">x</a>'),
        ('<ri:page ri:content-title="A" />', '<ri:page ri:content-title="a" />'),
        ('<ri:page ri:content-title="A" />', '<ri:page ri:content-title="A" ri:space-key="B" />'),
        ('<ac:link ac:anchor="a"><ri:page /></ac:link>', "<ac:link><ri:page /></ac:link>"),
        ('<ac:emoticon ac:name="tick" />', '<ac:emoticon ac:name="cross" />'),
        (
            '<ac:emoticon ac:name="blue-star" ac:emoji-id="1f600" />',
            '<ac:emoticon ac:name="blue-star" ac:emoji-id="1f601" />',
        ),
        ('<ac:emoticon ac:name="blue-star" />', '<ac:emoticon ac:name="blue-star" ac:emoji-id="2705" />'),
        ('<ac:emoticon ac:name="tick" />', '<ac:emoticon ac:name="tick" ac:emoji-id="atlassian-cross_mark" />'),
        (LINK.format("", "<ac:link-body>B</ac:link-body>"), LINK.format("", "<ac:link-body>b</ac:link-body>")),
        ("<ul><li>a</li></ul>", "<p>a</p>"),
        ("<ul><li>a</li></ul>", "<ol><li>a</li></ol>"),
        ("<ul><li>a</li><li>b</li></ul>", "<ul><li>a</li></ul><ul><li>b</li></ul>"),
        ("<ul><li>a</li></ul>", "<ul><li>a</li><li><p /></li></ul>"),
        ("<ol><li>a</li></ol>", '<ol start="2"><li>a</li></ol>'),
        ("<h2>a</h2>", "<h3>a</h3>"),
        ("<p>a</p>", '<p style="text-align: center;">a</p>'),
        ("<p>a</p>", '<p style="margin-left: 30.0px;">a</p>'),
        ("<p>a</p>", '<p><span style="background-color: rgb(255,240,0);">a</span></p>'),
        ("<p>a</p>", '<p style="color: red;">a</p>'),
        ("<td>a</td>", "<th>a</th>"),
        ("<td>a</td>", '<td class="highlight-red">a</td>'),
        ("<p><code>a b</code></p>", "<p><code>a  b</code></p>"),
        ("<p><code>a b</code></p>", "<p><code>a</code> <code>b</code></p>"),
        ("<p>a <u>b</u></p>", "<p>a b</p>"),
        ("<p>x<sup>2</sup></p>", "<p>x<sub>2</sub></p>"),
        (PANEL.format("", TITLE), PANEL.format("", TITLE.replace("T<", "t<"))),
        (PANEL.format("", TITLE), PANEL.format("", COLOUR)),
        (PANEL.format("", ""), PANEL.format("", "").replace('"panel"', '"note"')),
        (CODE.format("a\n  b"), CODE.format("a\n b")),
        (CODE.format("a"), CODE.format("a\n")),
        (CODE.format(" a"), CODE.format("a")),
        ("<pre>a  b</pre>", "<pre>a b</pre>"),
        ("<pre> <span>a  b</span></pre>", "<pre> <span>a b</span></pre>"),
        ('<time datetime="2024-02-22" />', '<time datetime="2024-02-23" />'),
        ('<span style="color: #ff0000;">x</span>', '<span style="color: #ff0001;">x</span>'),
        ("<ul><li>a<ul><li>b</li></ul></li></ul>", "<ul><li>a</li><li>b</li></ul>"),
        ("<p>&lt;b&gt;a&lt;/b&gt;</p>", "<p><b>a</b></p>"),
        ('<p title="&quot; b=&quot;c">x</p>', '<p b="c" title="">x</p>'),
        ("<p>naïve</p>", "<p>nai\u0308ve</p>"),
        (
            "<ac:task><ac:task-status>complete</ac:task-status></ac:task>",
            "<ac:task><ac:task-status>incomplete</ac:task-status></ac:task>",
        ),
        (
            '<td>x <ac:structured-macro ac:name="status" /> y</td>',
            '<td>x<ac:structured-macro ac:name="status" />y</td>',
        ),
        ("<p>a</p>", "<p>\u2003a</p>"),
        *((STATUS.format(""), STATUS.format(PARAMETER.format("subtle", value))) for value in ("true", "grey")),
        *(
            (PANEL.format("", ""), PANEL.format("", PARAMETER.format(name, value)))
            for name, value in (("colour", "grey"), ("color", "Red"), ("subtle", "false"))
        ),
        *(
            (STATUS.format("").replace("T<", f"{word}<"), STATUS.format("").replace(PARAMETER.format("title", "T"), ""))
            for word in ("grey", "false")
        ),
        (PANEL.format("", PARAMETER.format("colour", "Red")), PANEL.format("", PARAMETER.format("colour", "red"))),
    ],
)
def test_a_change_of_meaning_is_a_difference(a: str, b: str) -> None:
    assert not is_same(a, b)


def test_no_depth_of_nesting_breaks_the_comparison() -> None:
    deep = "<div>" * 20_000 + "x" + "</div>" * 20_000

    assert is_same(deep, deep.replace("x", " x "))
    assert not is_same(deep, deep.replace("x", "y"))


def test_a_malformed_fragment_is_refused() -> None:
    with pytest.raises(MalformedBodyError):
        is_same("<p>a</p>", "<p>a")


def test_the_key_of_the_own_space_is_the_same_as_none() -> None:
    bare, own, foreign = (
        LINK.format("", "").replace(" ri:content", f"{key} ri:content")
        for key in ("", ' ri:space-key="WS2"', ' ri:space-key="X"')
    )

    assert is_same(bare, own, space_key="WS2")
    assert is_same(own, bare, space_key="WS2")
    assert not is_same(bare, own, space_key="X")
    assert not is_same(bare, foreign, space_key="WS2")


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("<p>word <strong>x</strong></p>", ""),
        ("<em>x", "</em>"),
        ('<span style="color: red">x', "</span>"),
        ("<p/>", ""),
    ],
)
def test_the_comparison_is_linear(start: str, end: str) -> None:
    def count_calls(repetitions: int) -> int:
        calls = 0

        def count(*_: object) -> None:
            nonlocal calls
            calls += 1

        body = start * repetitions + end * repetitions + "<p>.</p>"
        sys.setprofile(count)
        try:
            canonical(body)
        finally:
            sys.setprofile(None)
        return calls

    assert count_calls(4_000) < 4.2 * count_calls(1_000)


# Version messages contain digests of these texts: if one changed, each region of that kind would count as edited.
@pytest.mark.parametrize(
    ("fragment", "form"),
    [
        (
            "text <b>x</b><hr /><!-- c --><p>a<br /><br />b<br /></p>",
            "<p>text <@strong=on>x</p><hr></hr><p><@strong=>a<br><br>b</p>",
        ),
        ('<p>a &amp; b &lt;c&gt; "d"</p>', "<p>a &amp; b &lt;c&gt; &quot;d&quot;</p>"),
        ("<p>X ray X</p>", "<p>X ray X</p>"),
        (
            '<p><span style="background-color: yellow">a <em>b</em></span></p>',
            "<p><@background-color=rgb(255,255,0)>a <@em=on>b</p>",
        ),
        (
            STATUS.format(PARAMETER.format("n", "2") + PARAMETER.format("n", "1")),
            (
                '<p><macro ac:name="status"><ac:parameter ac:name="n">2</ac:parameter><ac:parameter ac:name="n">1'
                '</ac:parameter><ac:parameter ac:name="title">T</ac:parameter></macro></p>'
            ),
        ),
        (
            '<p><strong>a</strong> <a href="https://x.org/?a=1&amp;b=2">b <em>c</em></a></p>',
            "<p><@strong=on>a <@link=href https://x.org/?a=1&amp;b=2><@strong=>b <@em=on>c</p>",
        ),
        (
            ('<p><font color="RED">a</font> <font face="x">b</font> <span color="red">c</span><a name="n">d</a></p>'),
            "<p><@color=rgb(255,0,0)>a <@color=>b cd</p>",
        ),
        (
            (
                '<p>a <ac:link ac:anchor="x"><ri:page ri:content-title="B" /></ac:link> <ac:link ac:anchor="y">t</ac:'
                "link></p>"
            ),
            "<p>a <@link=&lt;ri:page ri:content-title=&quot;B&quot;&gt;&lt;/ri:page&gt;#x>B <@link=#y>t</p>",
        ),
        (
            (
                '<p><ac:link><ri:attachment ri:filename="f.pdf" /></ac:link> <ac:link><ri:user ri:account-id="7" /></'
                "ac:link></p>"
            ),
            (
                "<p><@link=&lt;ri:attachment ri:filename=&quot;f.pdf&quot;&gt;&lt;/ri:attachment&gt;#>f.pdf <@link=&l"
                "t;ri:user ri:account-id=&quot;7&quot;&gt;&lt;/ri:user&gt;#><target></p>"
            ),
        ),
        (
            ('<p>a <img src="u" alt="v" /> b <ac:image><ac:caption> <p>c <b>d</b></p> </ac:caption></ac:image> c</p>'),
            '<p>a<img alt="v" src="u"></img>b<ac:image><ac:caption><p>c <b>d</b></p></ac:caption></ac:image>c</p>',
        ),
        (
            (
                '<p>a <ac:emoticon ac:name="tick" /> <ac:hipchat-emoticon ac:name="x" /><time datetime="2024-02-22" /'
                "> b</p>"
            ),
            '<p>a <icon tick> <icon x><time datetime="2024-02-22"></time> b</p>',
        ),
        (
            "<p>a</p><p /><p /><p>b</p><p /><p>c</p><h2 /><p>d</p><p><br /><br /></p><p>e</p>",
            "<p>a</p><p></p><p></p><p>b</p><p></p><p>c</p><h2></h2><p>d</p><p></p><p></p><p>e</p>",
        ),
        (
            ('<p title="t" style="text-align: center; margin-left: 30.0px; background-color: red; color: blue;">d</p>'),
            (
                '<p style="background-color:rgb(255,0,0);margin-left:30px;text-align:center" title="t"><@color=rgb(0,'
                "0,255)>d</p>"
            ),
        ),
        (
            '<div>a<div style="color: red">b</div><div>c</div></div><div style="margin-left: 30px">d</div>',
            (
                '<p>a</p><div><p><@color=rgb(255,0,0)>b</p></div><p><@color=>c</p><div style="margin-left:30px"><p>d<'
                "/p></div>"
            ),
        ),
        (
            '<p style="background-color: transparent">a</p><blockquote><p>e</p></blockquote>',
            "<p>a</p><blockquote><p>e</p></blockquote>",
        ),
        (
            (
                '<ac:structured-macro ac:name="panel"><ac:parameter ac:name="a">1</ac:parameter><ac:parameter>0</ac:p'
                'arameter><ac:parameter ac:name="A"><ri:user ri:account-id="7" /></ac:parameter><ac:rich-text-body><p'
                ">x</p></ac:rich-text-body></ac:structured-macro><p>y</p>"
            ),
            (
                '<macro ac:name="panel"><ac:parameter>0</ac:parameter><ac:parameter ac:name="A"><ri:user ri:account-i'
                'd="7"></ri:user></ac:parameter><ac:parameter ac:name="a">1</ac:parameter><ac:rich-text-body><p>x</p>'
                "</ac:rich-text-body></macro><p>y</p>"
            ),
        ),
        (
            (
                '<p>s <ac:structured-macro ac:name="status"><ac:parameter ac:name="title">T</ac:parameter><ac:paramet'
                'er ac:name="colour"> Green </ac:parameter><ac:parameter ac:name="subtle">true</ac:parameter></ac:str'
                "uctured-macro> t</p>"
            ),
            (
                '<p>s <macro ac:name="status"><colour>green</colour><ac:parameter ac:name="subtle">true</ac:parameter'
                '><ac:parameter ac:name="title">T</ac:parameter></macro> t</p>'
            ),
        ),
        (
            (
                '<ac:structured-macro ac:name="status"><ac:parameter ac:name="color">Red</ac:parameter></ac:structure'
                "d-macro>"
            ),
            '<p><macro ac:name="status"><colour>red</colour></macro></p>',
        ),
        (
            '<p>x <ac:structured-macro ac:name="toc" /> y</p><ac:structured-macro ac:name="toc" />',
            '<p>x <macro ac:name="toc"></macro> y</p><macro ac:name="toc"></macro>',
        ),
        (
            (
                '<p><span style="background-color: yellow">a b</span> c <code>d\n e</code> <strong>f <br /> g</strong>'
                "</p>"
            ),
            (
                "<p><@background-color=rgb(255,255,0)>a b<@background-color=> c <@code=on>d  e<@code=> <@strong=on>f<"
                "br>g</p>"
            ),
        ),
        (
            '<table><tbody><tr><td style="background-color: red; color: blue">x</td></tr></tbody></table>',
            '<table><tr><td style="background-color:rgb(255,0,0)"><p><@color=rgb(0,0,255)>x</p></td></tr></table>',
        ),
        (
            (
                '<pre>a<!-- n --> <span style="color: red">b</span>\n <ac:inline-comment-marker ac:ref="r">c</ac:inlin'
                "e-comment-marker></pre>"
            ),
            '<pre>a <span style="color:rgb(255,0,0)">b</span>\n c</pre>',
        ),
    ],
)
def test_the_form_that_digests_are_made_of_does_not_change(fragment: str, form: str) -> None:
    assert canonical(fragment) == form


@pytest.mark.parametrize(
    ("element", "expected"),
    [
        ("<strong>a</strong>", True),
        ("<a href='x'><em>a</em></a>", True),
        ("<span>a<ul><li>b</li></ul></span>", False),
        ("<p>a</p>", False),
        (STATUS.format(""), True),
        (CODE.format("a"), False),
    ],
)
def test_an_element_is_inline_if_it_is_part_of_a_line(element: str, expected: bool) -> None:
    (found,) = read_strictly(element).root.children

    assert is_inline(found) is expected
