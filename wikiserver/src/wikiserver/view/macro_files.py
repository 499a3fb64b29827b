"""Macros that show files (previews, attachment lists, galleries), and Jira issues."""

from collections.abc import Iterator

from wikiserver.storage_tree import Element
from wikiserver.view import html
from wikiserver.view.context import LinkedFile, PageName
from wikiserver.view.links import file_attributes, file_link, page_name
from wikiserver.view.render import Rendering, macro


def readable_size(size_bytes: int) -> str:
    """Return a readable size: `3 kB`, `1.2 MB`."""
    if size_bytes < 1000:
        return f"{size_bytes} B"
    if size_bytes < 1_000_000:
        return f"{size_bytes / 1000:.0f} kB"
    return f"{size_bytes / 1_000_000:.1f} MB"


def _named_file(view: Rendering, node: Element) -> tuple[str, LinkedFile | None]:
    target = next((child for child in node.walk() if child.name == "ri:attachment"), None)
    if target is not None:
        owner = target.find("ri:page")
        name = target.get("ri:filename")
        return name, view.context.find_file(name, page_name(owner) if owner is not None else None)
    name = node.parameter("name") or node.parameter("")
    owner_title = node.parameter("page")
    return name, view.context.find_file(name, PageName(owner_title) if owner_title else None)


@macro("view-file", "viewpdf", "viewdoc", "viewxls", "viewppt", "multimedia", "video", "profile-picture")
def view_file(view: Rendering, node: Element) -> str:
    """A card for one attachment."""
    name, file = _named_file(view, node)
    if file is None:
        return html.tag(
            "span", view.macro_attributes(node, "missing-file", inline=True), f"{html.text(name)} is missing"
        )
    card = html.tag(
        "a",
        {
            "class": "confluence-embedded-file",
            "href": view.url(file.path),
            "data-nice-type": _nice_type(file),
            "data-file-src": view.url(file.path),
            **file_attributes(view, file),
        },
        html.tag("span", {"class": "title"}, html.text(file.name)),
    )
    return html.tag("span", view.macro_attributes(node, "confluence-embedded-file-wrapper"), card)


def _nice_type(file: LinkedFile) -> str:
    known = {"application/pdf": "PDF Document", "text/plain": "Text File", "text/csv": "CSV File"}
    main, _, kind = file.media_type.partition("/")
    return known.get(file.media_type) or (f"{kind.upper()} Image" if main == "image" else "File")


@macro("attachments", "space-attachments")
def attachments(view: Rendering, node: Element) -> str:
    """A table of the page's attachments."""
    name = node.parameter("page")
    owner = PageName(name) if name else None
    header = "".join(
        html.tag("th", {"class": f"{css} confluenceTh"}, words)
        for css, words in (("filename-column", "File"), ("size-column", "Size"), ("modified-column", "Modified"))
    )
    rows = "".join(_file_row(view, file) for file in view.context.list_files(owner))
    body = html.tag("thead", {}, html.tag("tr", {}, header)) + html.tag("tbody", {}, rows)
    content = html.tag("table", {"class": "attachments aui confluenceTable"}, body)
    if not rows:
        content = html.tag("p", {}, "No files shared here yet.")
    container = html.tag("div", {"class": "plugin_attachments_container"}, content)
    return html.tag("div", view.macro_attributes(node, ""), container)


def _file_row(view: Rendering, file: LinkedFile) -> str:
    when = f"{file.updated_at:%Y-%m-%d}" if file.updated_at else ""
    by = f" by {file.updated_by}" if file.updated_by else ""
    cells = (file_link(view, file), readable_size(file.size_bytes), html.text(when + by))
    return html.tag("tr", {}, "".join(html.tag("td", {"class": "confluenceTd"}, cell) for cell in cells))


@macro("gallery")
def gallery(view: Rendering, node: Element) -> str:
    """The images of the page, side by side."""
    shown = "".join(_thumbnail(view, file) for file in _chosen_images(view, node))
    title = node.parameter("title")
    heading = html.tag("p", {"class": "gallery-title"}, html.text(title)) if title else ""
    content = html.tag("div", {"class": "gallery"}, shown) if shown else html.tag("p", {}, "There are no images here.")
    return html.tag("div", view.macro_attributes(node, ""), heading + content)


def _chosen_images(view: Rendering, node: Element) -> Iterator[LinkedFile]:
    included = _names(node.parameter("include"))
    excluded = _names(node.parameter("exclude"))
    for file in view.context.list_files():
        if (
            file.media_type.startswith("image/")
            and file.name not in excluded
            and (not included or file.name in included)
        ):
            yield file


def _names(listed: str) -> set[str]:
    return {name.strip() for name in listed.split(",") if name.strip()}


def _thumbnail(view: Rendering, file: LinkedFile) -> str:
    attributes = {"src": view.absolute(file.path), "alt": file.name, "loading": "lazy"}
    return file_link(view, file, html.tag("img", {**attributes, **file_attributes(view, file)}))


@macro("jira", "jiraissues")
def jira(view: Rendering, node: Element) -> str:
    """An issue, or a query: this wiki has no Jira, so the parameters are shown."""
    key = node.parameter("key")
    server = node.parameter("server") or "Jira"
    if not key:
        query = node.parameter("jqlQuery") or node.parameter("url") or node.parameter("")
        words = html.tag("p", {}, f"Issues in {html.text(server)} that match {html.tag('code', {}, html.text(query))}")
        return html.tag("div", view.macro_attributes(node, "jira-table"), words)
    base = node.parameter("baseurl")
    address = f"{base}/browse/{key}" if base and html.is_safe_address(base) else view.url(f"/jira/browse/{key}")
    link = html.tag("a", {"href": address, "class": "jira-issue-key"}, html.text(key))
    attributes = view.macro_attributes(
        node, "confluence-jim-macro jira-issue", inline=True, extra={"data-jira-key": key}
    )
    return html.tag("span", attributes, link)


@macro("widget")
def widget(view: Rendering, node: Element) -> str:
    """Content from another site: a link, never its script."""
    address = node.parameter("url")
    if not html.is_safe_address(address):
        return html.tag("span", view.macro_attributes(node, "", inline=True), html.text(address))
    link = html.tag("a", {"class": "external-link", "href": address}, html.text(address))
    return html.tag("div", view.macro_attributes(node, "embed"), link)


@macro("drawio", "gliffy")
def diagram(view: Rendering, node: Element) -> str:
    """A diagram: the preview image that its editor saves."""
    name = node.parameter("diagramDisplayName") or node.parameter("diagramName") or node.parameter("name")
    file = view.context.find_file(f"{node.parameter('diagramName') or node.parameter('name')}.png")
    attributes = view.macro_attributes(node, "diagram")
    if file is None:
        return html.tag("div", attributes, html.tag("p", {}, f"Diagram: {html.text(name)}"))
    image = html.tag("img", {"src": view.absolute(file.path), "alt": name, **file_attributes(view, file)})
    return html.tag("div", attributes, image)
