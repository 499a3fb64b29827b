"""What is known about the golden pages: people, captured pages, files, comments."""

from bot.convert import IncludedPage, InlineComment, ListedPage, Listing, PageContext, ReportRow

KNOWN_PAGE = PageContext(
    page_id="1001",
    title="Board meeting",
    space_key="WS2",
    base_url="https://wiki.example.org/wiki",
    users={"557058:ana": "Ana Lindqvist", "8a7f80": "Li Wei", "omar": "Omar Haddad"},
    pages={
        "1002": "../2026/final-report--1002.md",
        "Final Report": "../2026/final-report--1002.md",
        "OPS:Run book": "../../OPS/2025/run-book--2001.md",
        "Plan A/B (draft)": "../2026/plan a-b (draft)--1003.md",
    },
    attachments={
        "diagram.png": "../_attachments/1001/diagram.png",
        "minutes 2024.pdf": "../_attachments/1001/minutes 2024.pdf",
        "architecture.drawio.png": "../_attachments/1001/architecture.drawio.png",
        "architecture.drawio": "../_attachments/1001/architecture.drawio",
        "OPS:Run book/rack.png": "../_attachments/2001/rack.png",
        "flow.png": "../_attachments/1001/flow.png",
    },
    children=(
        ListedPage("Agenda", "agenda--1010.md"),
        ListedPage("Minutes", "minutes--1011.md", (ListedPage("Annex [1]", "annex--1012.md"),)),
    ),
    page_tree=(
        ListedPage("Home", "https://wiki.example.org/wiki/display/WS2/Home", (ListedPage("Board", "board.md"),)),
    ),
    listings={
        'detailssummary: firstcolumn: Review, headings: Status,Owner, cql: label = "x"': Listing(
            (
                ReportRow(ListedPage("Review 1", "review-1.md"), {"Status": "Done", "Owner": "Ana | Li"}),
                ReportRow(ListedPage("Review 2", "review-2.md"), {"Status": "Open"}),
            ),
            ("Status", "Owner"),
        ),
        'detailssummary: cql: label = "review", firstcolumn: Review | 2': Listing(
            (
                ReportRow(ListedPage("Review 1", "review-1.md"), {"Status": "🟢 Done", "Who, why": "@Ana *and* <Li>"}),
                ReportRow(ListedPage("Review 2", "https://wiki.example.org/wiki/x"), {"Status": "1. Open"}),
            ),
            ("Status", "Who, why"),
            left_out=12,
        ),
        "detailssummary: label: plan, showLastModified: true": Listing(
            (ReportRow(ListedPage("Plan", "plan.md"), {"Caf\u00e9": "yes"}),), ("Caf\u00e9",)
        ),
        "detailssummary: label: nothing": Listing(()),
        "contentbylabel: labels: caf\u00e9": Listing(
            (ReportRow(ListedPage("Plan [draft]", "plan.md"), {}),), is_partial=True
        ),
        "contentbylabel: labels: nothing": Listing((), is_partial=True),
    },
    comments={
        "c1": InlineComment(
            "Ana Lindqvist", "<p>Is this *final*?</p>", (InlineComment("Li Wei", "<p>Yes, see 1. below</p>"),)
        ),
        "c2": InlineComment("Omar Haddad", "<p>Please check</p><p>- the date</p>", is_resolved=True),
    },
    included={
        "Final Report": IncludedPage(
            "Final Report",
            "<h2>Summary</h2><p>All <strong>good</strong>.</p>"
            '<ac:structured-macro ac:name="excerpt"><ac:rich-text-body><p>In short: adopted.</p></ac:rich-text-body>'
            '</ac:structured-macro><ac:structured-macro ac:name="excerpt">'
            '<ac:parameter ac:name="name">costs</ac:parameter>'
            "<ac:rich-text-body>nothing at all</ac:rich-text-body></ac:structured-macro>",
            version=7,
            target="../2026/final-report--1002.md",
        ),
        "OPS:Run book": IncludedPage(
            "Run book",
            '<p><ac:image><ri:attachment ri:filename="rack.png" /></ac:image> <ac:image>'
            '<ri:attachment ri:filename="lost.png" /></ac:image> <ac:link><ri:page ri:content-title="Not here" />'
            "</ac:link> <ac:link><ri:attachment ri:filename='diagram.png' /></ac:link></p>",
        ),
        "Loop": IncludedPage(
            "Loop",
            '<p>before</p><ac:structured-macro ac:name="include"><ac:parameter ac:name=""><ac:link>'
            '<ri:page ri:content-title="Loop" /></ac:link></ac:parameter></ac:structured-macro>',
        ),
    },
    jira={"Company Jira": "https://jira.example.org/"},
)
