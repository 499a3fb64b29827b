"""Hypothesis strategies for storage format as people and editors write it."""

from hypothesis import strategies as st

words = st.sampled_from(
    [
        "word",
        "Word",
        "naïve",
        "m²",
        "😀",
        "日本語",
        "a &amp; b",
        "&nbsp;",
        "&rarr;",
        "&#8364;",
        "]]&gt;",
        "x y",
        "«»",
        "'",
        '"',
    ]
)
texts = st.lists(words, min_size=1, max_size=4).map(" ".join)
_cdata = st.sampled_from(
    ["x", "<b>&</b>", "]]]]><![CDATA[>", "  two  spaces\n", '<ac:structured-macro ac:name="details">']
)
_inline_macros = st.sampled_from(
    [
        '<ac:emoticon ac:name="tick" />',
        '<ac:link><ri:page ri:content-title="A &amp; B" /></ac:link>',
        (
            '<ac:link ac:anchor="top"><ri:page ri:space-key="DS" ri:content-title="Home" />'
            "<ac:plain-text-link-body><![CDATA[go <home>]]></ac:plain-text-link-body></ac:link>"
        ),
        '<ac:image ac:width="40"><ri:attachment ri:filename="a b.png" /></ac:image>',
        (
            '<ac:structured-macro ac:name="status"><ac:parameter ac:name="title">ON</ac:parameter>'
            '<ac:parameter ac:name="colour">Green</ac:parameter></ac:structured-macro>'
        ),
        '<time datetime="2024-02-22" />',
        "<br/>",
    ]
)


def _wrap(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    tags = st.sampled_from(["strong", "em", "u", "code", "sub", "span"])
    marked = st.builds('<ac:inline-comment-marker ac:ref="{}">{}</ac:inline-comment-marker>'.format, st.uuids(), inner)
    linked = st.builds('<a href="https://example.org/?a=1&amp;b=2">{}</a>'.format, inner)
    return st.one_of(st.builds("<{0}>{1}</{0}>".format, tags, inner), marked, linked)


inlines = st.recursive(
    st.one_of(texts, _inline_macros),
    lambda inner: st.one_of(_wrap(inner), st.tuples(inner, inner).map("".join)),
    max_leaves=5,
)
_code = st.builds(
    '<ac:structured-macro ac:name="code"><ac:parameter ac:name="language">py</ac:parameter>'
    "<ac:plain-text-body><![CDATA[{}]]></ac:plain-text-body></ac:structured-macro>".format,
    _cdata,
)
_leaf_blocks = st.one_of(
    st.builds("<p>{}</p>".format, inlines),
    st.builds("<h{0}>{1}</h{0}>".format, st.integers(1, 6), inlines),
    st.builds("<pre>{}</pre>".format, texts),
    _code,
    st.sampled_from(["<hr />", "<p />", "<p><br /></p>", "<!-- note -->"]),
)


def _around(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    gap = st.sampled_from(["", "\n", "\r\n  "])
    several = st.tuples(inner, gap, inner).map("".join)
    macro = (
        '<ac:structured-macro ac:name="{}"><ac:parameter ac:name="title">T</ac:parameter>'
        "<ac:rich-text-body>{}</ac:rich-text-body></ac:structured-macro>"
    )
    return st.one_of(
        several,
        st.builds("<ul><li>{}</li><li>{}</li></ul>".format, inlines, inner),
        st.builds("<table><tbody><tr><td>{}</td><th>{}</th></tr></tbody></table>".format, inner, inner),
        st.builds(macro.format, st.sampled_from(["panel", "info", "expand"]), inner),
    )


fragments = st.recursive(_leaf_blocks, _around, max_leaves=6)
_cells = st.builds("<ac:layout-cell>{}</ac:layout-cell>".format, fragments)
_layouts = st.builds(
    '<ac:layout><ac:layout-section ac:type="two_equal">{}{}</ac:layout-section></ac:layout>'.format, _cells, _cells
)
bodies = st.one_of(fragments, _layouts, st.just(""))
