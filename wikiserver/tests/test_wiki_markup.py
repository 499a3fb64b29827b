"""Wiki markup becomes the storage format that Confluence makes of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wikiserver.normalise import normalise
from wikiserver.wiki_markup import wiki_to_storage

PAIRS = {
    "h2. Title & more": "<h2>Title &amp; more</h2>",
    "one\ntwo\n\nthree": "<p>one<br />two</p><p>three</p>",
    "*bold* _it_ -gone- +new+ ??said??": (
        "<p><strong>bold</strong> <em>it</em> <del>gone</del> <u>new</u> <cite>said</cite></p>"
    ),
    "H~2~O x^2^ {{a < b}}": "<p>H<sub>2</sub>O x<sup>2</sup> <code>a &lt; b</code></p>",
    "*a _b_ c*": "<p><strong>a <em>b</em> c</strong></p>",
    r"\*no\* re-used well-known 2*3*4 snake_case_name": "<p>*no* re-used well-known 2*3*4 snake_case_name</p>",
    "a -- b --- c": "<p>a \u2013 b \u2014 c</p>",
    "bq. said\n----": "<blockquote><p>said</p></blockquote><hr />",
    "{quote}\nsaid\n{quote}": "<blockquote><p>said</p></blockquote>",
    "* a\n** b\n* c\n# d": "<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul><ol><li>d</li></ol>",
    "#* a": "<ul><li><ul><li>a</li></ul></li></ul>",
    "||A||\n|b|": "<table><tbody><tr><th><p>A</p></th></tr><tr><td><p>b</p></td></tr></tbody></table>",
    "|[x|http://e.org/?a=1&b=2]|": (
        '<table><tbody><tr><td><p><a href="http://e.org/?a=1&amp;b=2">x</a></p></td></tr></tbody></table>'
    ),
    "[Home]": '<p><ac:link><ri:page ri:content-title="Home" /></ac:link></p>',
    "[read on|WS2:Plan B#now]": (
        '<p><ac:link ac:anchor="now"><ri:page ri:space-key="WS2" ri:content-title="Plan B" />'
        "<ac:plain-text-link-body><![CDATA[read on]]></ac:plain-text-link-body></ac:link></p>"
    ),
    "[^a.txt] [~ana] [#top]": (
        '<p><ac:link><ri:attachment ri:filename="a.txt" /></ac:link> <ac:link><ri:user ri:username="ana" /></ac:link>'
        ' <ac:link ac:anchor="top"></ac:link></p>'
    ),
    "!x.png|alt=red, thumbnail! !http://e.org/y.png!": (
        '<p><ac:image ac:alt="red" ac:thumbnail="true"><ri:attachment ri:filename="x.png" /></ac:image>'
        ' <ac:image><ri:url ri:value="http://e.org/y.png" /></ac:image></p>'
    ),
    "{color:red}stop{color}": '<p><span style="color: red;">stop</span></p>',
    "{code:python|title=T}\nif a < b and ']]>':\n  *x*\n{code}": (
        '<ac:structured-macro ac:name="code"><ac:parameter ac:name="">python</ac:parameter>'
        '<ac:parameter ac:name="title">T</ac:parameter><ac:plain-text-body>'
        "<![CDATA[if a < b and ']]]]><![CDATA[>':\n  *x*]]></ac:plain-text-body></ac:structured-macro>"
    ),
    "{info}Mind {{it}}{info}": (
        '<ac:structured-macro ac:name="info"><ac:rich-text-body><p>Mind <code>it</code></p>'
        "</ac:rich-text-body></ac:structured-macro>"
    ),
    "{toc:maxLevel=2}": (
        '<p><ac:structured-macro ac:name="toc"><ac:parameter ac:name="maxLevel">2</ac:parameter>'
        "</ac:structured-macro></p>"
    ),
    "a { b } [ * _ ! | {": "<p>a { b } [ * _ ! | {</p>",
}


@pytest.mark.parametrize("markup", PAIRS)
def test_markup_becomes(markup: str) -> None:
    assert wiki_to_storage(markup) == PAIRS[markup]


pieces = st.sampled_from([*"ab \n*_-+^~{}[]!|#\\?:.<&>]\"'", "{code}", "{info}", "h1. ", "!x.png|", "|a=b", "* "])


@given(st.lists(pieces, max_size=40).map("".join))
def test_any_markup_becomes_storage_that_can_be_saved(markup: str) -> None:
    normalise(wiki_to_storage(markup), flavour="datacenter", level="light", new_id=lambda: "1")
