"""Images and files."""

from bot.convert.document import Apart, Break, InlineImage, Inlines, Item, List, Node, Paragraph, Styled, flow, wrap
from bot.convert.link_targets import is_unsafe
from bot.convert.links import file_of, file_target, link, link_to
from bot.convert.page_builder import PageBuilder, paragraph
from bot.storage.macros import Macro
from bot.storage.reader import Element

_PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp", ".bmp")


def build_image(page: PageBuilder, element: Element, is_alone: bool) -> list[Node]:
    """Convert `ac:image`: with its size and link, its caption below."""
    nodes = _picture(page, element)
    if address := element.attributes.get("ac:href"):
        nodes = link(page, nodes, address)
    caption = element.find_child("ac:caption")
    if caption is not None and caption.text.strip():
        nodes = [*nodes, Break(), *wrap(_caption(page, caption), _emphasised)]
        return [*flow(nodes)] if is_alone else [*nodes, Break()]
    if is_alone:
        return [*flow(nodes)]
    return [Apart(tuple(nodes), is_picture=True)]  # type: ignore[arg-type] # an image or a link, no block


def _emphasised(run: Inlines) -> Styled:
    return Styled("em", run)


def _picture(page: PageBuilder, element: Element) -> list[Node]:
    attributes = element.attributes
    name, source, is_there = _image_source(page, element)
    alt = " ".join((attributes.get("ac:alt") or attributes.get("ac:title") or name).split())
    if is_unsafe(source, is_picture=True):
        return [alt, *page.unsafe(source, "image")]
    if not is_there and not any(parent.name in ("a", "ac:link") for parent in element.ancestors()):
        return ["🖼 ", *link_to([alt], source)]
    title = " ".join(attributes.get("ac:title", "").split())
    return [InlineImage(source, alt, title, attributes.get("ac:width", ""), attributes.get("ac:height", ""))]


def build_html_image(page: PageBuilder, element: Element) -> list[Node]:
    """Convert `img`, as some editors paste it."""
    attributes = element.attributes
    source, alt = page.targets.address(attributes.get("src", "")), " ".join(attributes.get("alt", "").split())
    if is_unsafe(source, is_picture=True):
        return [alt, *page.unsafe(source, "image")]
    title = " ".join(attributes.get("title", "").split())
    return [InlineImage(source, alt, title, attributes.get("width", ""), attributes.get("height", ""))]


def build_media(page: PageBuilder, element: Element) -> list[Node]:
    """Convert `video`, `audio`, `iframe`, …: to a link."""
    source = element.find_child("source")
    nodes = [] if source else page.nodes(element)
    address = element.attributes.get("src") or (source.attributes.get("src", "") if source else "")
    address = address or element.attributes.get("data", "")
    page.lose("element", element.name, address)
    return link(page, nodes if flow(nodes) else [element.name], address) if address else nodes


def build_view_file(page: PageBuilder, macro: Macro) -> list[Node]:
    """Convert a file preview to a link."""
    resource = macro.resource("ri:attachment")
    if resource is not None:
        name, target = file_target(page, resource)
    else:
        name = macro.get("name", "file", "")
        owner = macro.resource("ri:page")
        target = page.targets.attachment(name, title=macro.get("page")) if owner is None else file_of(page, name, owner)
    if not name:
        page.lose("macro", macro.name, "names no file")
        return [page.note(f"{macro.name}: no file")]
    return ["📎 ", *link_to([name], target)]


def build_diagram(page: PageBuilder, macro: Macro) -> list[Node]:
    """Convert draw.io and Gliffy diagrams: show their preview image if it was captured."""
    name = macro.get("diagramDisplayName", "diagramName", "displayName", "name", "filename")
    stem = macro.get("diagramName", "name", "filename") or name
    attachments = page.context.attachments
    if not stem:
        page.lose("macro", macro.name, "names no diagram")
        return [page.note(f"{macro.name} diagram")]
    bare = stem.removesuffix(".drawio").removesuffix(".gliffy")
    preview = next((file for file in (f"{stem}.png", f"{bare}.png", f"{stem}.svg") if file in attachments), None)
    source = next((file for file in (stem, f"{bare}.drawio", f"{bare}.gliffy") if file in attachments), None)
    if preview is None:
        page.lose("macro", macro.name, f"no preview of {name} is attached")
        label = page.note(f"{macro.name} diagram: {name}")
        return link_to([label], page.targets.attachment(source)) if source else [label]
    image = InlineImage(page.targets.attachment(preview), " ".join(name.split()), width=macro.get("width"))
    return link_to([image], page.targets.attachment(source)) if source else [image]


def build_attachment_list(page: PageBuilder, macro: Macro) -> list[Node]:
    """Convert `attachments`: list the captured attachments of the page."""
    if not page.may_show(macro.name, "list of attachments"):
        return [page.note("attachments: shown before")]
    names = _own_files(page)
    if not names:
        page.lose("macro", macro.name, "no attachments were captured")
        return [page.note("attachments of this page: not captured")]
    items = tuple(Item(flow(link_to([name], page.targets.attachment(name)))) for name in names)
    return [paragraph(page.note("attachments, as captured")), List(items)]


def build_gallery(page: PageBuilder, macro: Macro) -> list[Node]:
    """Convert `gallery`: show the captured images of the page."""
    if not page.may_show(macro.name, "gallery"):
        return [page.note("gallery: shown before")]
    names = [name for name in _own_files(page) if name.lower().endswith(_PICTURES)]
    if not names or macro.get("page", "includeLabel", "excludeLabel"):
        page.lose("macro", macro.name, "its pictures were not captured")
        return [page.note("gallery: not captured")]
    pictures: list[Node] = []
    for name in names:
        pictures += [InlineImage(page.targets.attachment(name), " ".join(name.split()), width="200"), " "]
    return [paragraph(page.note("pictures attached to this page, as captured")), paragraph(*pictures)]


def _own_files(page: PageBuilder) -> list[str]:
    """Return the names of the page's own attachments; other names start with a page title and a slash."""
    return sorted(name for name in page.context.attachments if "/" not in name)


def _image_source(page: PageBuilder, element: Element) -> tuple[str, str, bool]:
    """Return the name and address of an image, and whether the address is an image."""
    file, url = element.find_child("ri:attachment"), element.find_child("ri:url")
    if file is not None:
        name, target = file_target(page, file)
        if (page.targets.owner or file.children) and not page.targets.is_captured(target):
            # The image of another page was not captured with this page; its address is a page, not an image.
            page.lose("image", name, "attached to another page: shown as a link")
            return name, target, False
        return name, target, True
    address = url.attributes.get("ri:value", "") if url is not None else ""
    if not address:
        page.lose("image", element.attributes.get("ac:alt") or "image", "names no picture")
    return address.partition("?")[0].rpartition("/")[2], page.targets.address(address), True


def _caption(page: PageBuilder, caption: Element) -> list[Node]:
    """Return the content of a caption; paragraphs are joined by line breaks."""
    nodes = page.nodes(caption)
    lines = flow(nodes)
    paragraphs = [line for line in lines if isinstance(line, Paragraph)]
    if len(paragraphs) < len(lines):
        return nodes
    joined: list[Node] = []
    for line in paragraphs:
        joined += [Break(), *line.content] if joined else line.content
    return joined
