"""Pictures and files."""

from bs4 import Tag

from bot.convert.links import file_target
from bot.convert.lowering import Lowering
from bot.convert.macro import Macro
from bot.convert.tree import Node, attribute, find_child, make, plain, set_apart, stands_alone, text_of


def lower_image(lowering: Lowering, tag: Tag) -> list[Node]:
    """`ac:image`: with its size, as a link where it is one, its caption under it."""
    name, source, is_there = _image_source(lowering, tag)
    alt = attribute(tag, "ac:alt") or attribute(tag, "ac:title") or name
    if not is_there and tag.find_parent(["a", "ac:link"]) is None:
        shown = make("span", "🖼 ", make("a", plain(alt), href=source))
    else:
        size = {"width": attribute(tag, "ac:width"), "height": attribute(tag, "ac:height")}
        shown = _image(source, alt=alt, title=attribute(tag, "ac:title"), **size)
    if address := attribute(tag, "ac:href"):
        shown = make("a", shown, href=lowering.targets.address(address))
    caption = find_child(tag, "ac:caption")
    if caption is not None and plain(text_of(caption)):
        return [shown, make("br"), make("em", *_caption(lowering, caption)), make("br")]
    return [make("div", shown)] if stands_alone(tag) else set_apart(tag, shown)


def lower_html_image(lowering: Lowering, tag: Tag) -> list[Node]:
    """`img` as some editors paste it."""
    return [
        _image(
            lowering.targets.address(attribute(tag, "src")),
            alt=attribute(tag, "alt"),
            title=attribute(tag, "title"),
            width=attribute(tag, "width"),
            height=attribute(tag, "height"),
        )
    ]


def lower_view_file(lowering: Lowering, macro: Macro) -> list[Node]:
    """A previewed file: a link to it."""
    resource = macro.resource("ri:attachment")
    if resource is not None:
        name, target = file_target(lowering, resource)
    else:
        name = macro.get("name", "file", "")
        target = lowering.targets.attachment(name, title=_page_title(macro))
    if not name:
        lowering.lose("macro", macro.name, "names no file")
        return [lowering.note(f"{macro.name}: no file")]
    return [make("span", "📎 ", make("a", name, href=target))]


def lower_diagram(lowering: Lowering, macro: Macro) -> list[Node]:
    """draw.io and Gliffy keep a preview picture beside the drawing: show it where it was captured."""
    name = macro.get("diagramDisplayName", "diagramName", "displayName", "name", "filename")
    stem = macro.get("diagramName", "name", "filename") or name
    attachments = lowering.context.attachments
    if not stem:
        lowering.lose("macro", macro.name, "names no diagram")
        return [lowering.note(f"{macro.name} diagram")]
    bare = stem.removesuffix(".drawio").removesuffix(".gliffy")
    preview = next((file for file in (f"{stem}.png", f"{bare}.png", f"{stem}.svg") if file in attachments), None)
    source = next((file for file in (stem, f"{bare}.drawio", f"{bare}.gliffy") if file in attachments), None)
    if preview is None:
        lowering.lose("macro", macro.name, f"no preview of {name} is attached")
        label = [lowering.note(f"{macro.name} diagram: {name}")]
        return [make("a", *label, href=lowering.targets.attachment(source))] if source else [*label]
    image = _image(lowering.targets.attachment(preview), alt=name, width=macro.get("width"))
    return [make("a", image, href=lowering.targets.attachment(source)) if source else image]


def lower_attachment_list(lowering: Lowering, macro: Macro) -> list[Node]:
    """`attachments`: the files of the page, as captured."""
    names = _own_files(lowering)
    if not names:
        lowering.lose("macro", macro.name, "no attachments were captured")
        return [lowering.note("attachments of this page: not captured")]
    links = (make("a", name, href=lowering.targets.attachment(name)) for name in names)
    return [make("p", lowering.note("attachments, as captured")), make("ul", *(make("li", link) for link in links))]


def lower_gallery(lowering: Lowering, macro: Macro) -> list[Node]:
    """`gallery`: the pictures of the page, as captured."""
    suffixes = (".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp", ".bmp")
    names = [name for name in _own_files(lowering) if name.lower().endswith(suffixes)]
    if not names or macro.get("page", "includeLabel", "excludeLabel"):
        lowering.lose("macro", macro.name, "its pictures were not captured")
        return [lowering.note("gallery: not captured")]
    note = make("p", lowering.note("pictures attached to this page, as captured"))
    pictures = [_image(lowering.targets.attachment(name), alt=name, width="200") for name in names]
    return [note, make("p", *(node for picture in pictures for node in (picture, " ")))]


def _own_files(lowering: Lowering) -> list[str]:
    """Return the names of the page's own attachments; those of others bear their page's title and a slash."""
    return sorted(name for name in lowering.context.attachments if "/" not in name)


def _image(source: str, *, alt: str, title: str = "", width: str = "", height: str = "") -> Tag:
    attributes = {"src": source, "alt": plain(alt), "title": plain(title), "width": width, "height": height}
    return make("img", **{key: value for key, value in attributes.items() if value or key in ("src", "alt")})


def _image_source(lowering: Lowering, tag: Tag) -> tuple[str, str, bool]:
    """Return a picture's name and address, and whether there is a picture at that address."""
    file, url = find_child(tag, "ri:attachment"), find_child(tag, "ri:url")
    if file is not None:
        name, target = file_target(lowering, file)
        is_shown = target in map(lowering.targets.quoted, lowering.context.attachments.values())
        if (find_child(file, "ri:page", "ri:blog-post") or lowering.targets.owner) and not is_shown:
            # Another page's picture was not captured with this one; its address there is a page, not a picture.
            lowering.lose("image", name, "attached to another page: shown as a link")
            return name, target, False
        return name, target, True
    address = attribute(url, "ri:value") if url is not None else ""
    if not address:
        lowering.lose("image", attribute(tag, "ac:alt") or "image", "names no picture")
    return address.partition("?")[0].rpartition("/")[2], lowering.targets.address(address), True


def _caption(lowering: Lowering, caption: Tag) -> list[Node]:
    """Lower a caption's inline content; paragraphs in it are joined by breaks."""
    paragraphs = [child for child in caption.children if isinstance(child, Tag) and child.name == "p"]
    if not paragraphs:
        return lowering.children(caption)
    nodes: list[Node] = []
    for paragraph in paragraphs:
        nodes += [make("br"), *lowering.children(paragraph)] if nodes else lowering.children(paragraph)
    return nodes


def _page_title(macro: Macro) -> str:
    page = macro.resource("ri:page")
    return attribute(page, "ri:content-title") if page is not None else macro.get("page")
