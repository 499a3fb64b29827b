"""The one room that reads storage format and Confluence addresses.

Pure: no network, clock, log or file. It may import `bot.errors` and `bot.splice`, and nothing else of the bot; every
other room may import it. The modules, from the bottom:

- `reader`: a body as a tree of elements and texts with their offsets. `read_strictly` and `check_well_formed` for what
  is written back, `read_leniently` for what is converted. `loose_markup` finds the tokens of a malformed body.
- `macros`: the vocabulary of macros: names, parameters, bodies, headings, which elements are content.
- `visible_text`: the text that a reader sees, on one line (`text_of`) or line by line with link targets (`lines_of`).
  `emoticons` knows the characters of emoticons and emoji.
- `meaning`: whether two fragments mean the same after the wiki's own rewriting.
- `markers`, `regions`, `placement`: how a region is marked, where it is found, where a new one goes.
- `comment_markers`: inline comments keep their place when the text around them is rewritten.
- `addresses`: which page an address leads to, and the address of a page.

How to use the reader:

    document = read_leniently(body)              # never raises; document.problems says what is wrong
    for macro in document.elements("ac:structured-macro"):
        name = macro.attributes.get("ac:name")   # attributes: a plain dict; names as written, prefix included
        title = macro.find_child("ac:parameter")
        macro.nodes                              # Element | Text, in document order; macro.children: elements only
        macro.span.of(body), macro.inner.of(body)

A `Text` has a `value` (entities resolved, line ends as line feeds) and a `kind`: PLAIN, CDATA, COMMENT or INSTRUCTION.
The last two are no content (`is_visible` is false). Texts that touch are not joined across a comment, a CDATA section
or a tag that was dropped. Nobody changes a tree: a change is a splice into the source.
"""
