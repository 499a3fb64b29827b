"""Parse, compare and edit storage format, and parse and build Confluence addresses.

Pure: no network, clock, log or file. May import `bot.errors` and `bot.splice`, and nothing else of the bot; every
other package may import this one. The modules, from the bottom:

- `reader`: a body as a tree of elements and texts with their offsets. `read_strictly` and `check_well_formed` are for
  bodies that are written back, `read_leniently` for bodies that are converted. `loose_markup` tokenizes a malformed
  body.
- `macros`: macro names, parameters, bodies, headings, and which elements are content.
- `visible_text`: the text that a reader sees, on one line (`text_of`) or line by line with link targets (`lines_of`).
  `emoticons` maps emoticons and emoji to Unicode characters.
- `meaning`: whether a reader sees the same in two fragments, however the editors and the server spell them.
  `appearance` says which attributes and styles a reader sees.
- `cloud_spelling`: spells a fragment as the editor of Cloud stores it.
- `markers`, `regions`, `placement`: how a region is marked, where a region is found, where a new region is inserted.
- `comment_markers`: preserves inline comment markers when the text around them is rewritten.
- `page_links`: the links of a body to other pages, with their words.
- `addresses`: parses the address of a page, and builds one; reads the references to pages in settings and data.

How to use the reader:

    document = read_leniently(body)              # never raises; document.problems says what is wrong
    for macro in document.elements("ac:structured-macro"):
        name = macro.attributes.get("ac:name")   # attributes: a plain dict; names as written, prefix included
        title = macro.find_child("ac:parameter")
        macro.nodes                              # Element | Text, in document order; macro.children: elements only
        macro.span.of(body), macro.inner.of(body)

A `Text` has a `value` (entities resolved, line ends as line feeds) and a `kind`: PLAIN, CDATA, COMMENT or INSTRUCTION.
COMMENT and INSTRUCTION are not content (`is_visible` is false). Adjacent texts are not joined across a comment, a CDATA
section or a dropped tag. To change a body, splice its source; do not modify the tree.
"""
