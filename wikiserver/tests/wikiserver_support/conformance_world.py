"""A space with one of everything, for the calls that are checked against Atlassian's documents."""

from typing import Any

from wikiserver.testing import Wiki

BODY = (
    '<p>Some words.</p><ac:structured-macro ac:name="info" ac:macro-id="m-1"><ac:rich-text-body><p>x</p>'
    "</ac:rich-text-body></ac:structured-macro><ac:task-list><ac:task><ac:task-id>1</ac:task-id>"
    "<ac:task-status>incomplete</ac:task-status><ac:task-body>ring</ac:task-body></ac:task></ac:task-list>"
)


def build_world(wiki: Wiki) -> dict[str, str]:
    """A space with one of everything; the ids that calls refer to."""
    store, ana = wiki.store, wiki.account("ana")
    home = wiki.add_page("Home", "<p>Welcome.</p>", space="DOC")
    page = wiki.add_page("Page", BODY, space="DOC", parent=home, labels=("one",))
    leaf = wiki.add_page("Leaf", "<p>leaf</p>", space="DOC", parent=page)
    wiki.add_page("Old", "<p>old</p>", space="DOC", parent=home, status="archived")
    wiki.edit(page, BODY.replace("Some", "More"), message="changed")
    store.pages.save_draft(int(page), title=None, body="<p>Some words.</p>", author=ana)
    space = store.spaces.get_by_key("DOC")
    store.spaces.update(space.id, description="All documents")
    store.labels.add_to_space(space.id, "team")
    blog = store.pages.create(space.id, "News", "<p>n</p>", author=ana, kind="blogpost")
    store.labels.add(blog.id, "one")
    file = store.attachments.add(int(page), "a.png", b"\x89PNG", author=ana, comment="first")
    comment = store.comments.add(int(page), "<p>Fine.</p>", author=ana)
    store.comments.add(int(page), "<p>Indeed.</p>", author=ana, parent_id=comment.id)
    store.comments.add_inline(int(page), "<p>Which?</p>", author=ana, selection="words")
    store.properties.create(int(page), "k", {"a": [1]}, author=ana)
    store.space_properties.create(space.id, "k", {"a": 1}, author=ana)
    store.watches.add(ana, "content", page)
    store.watches.add(ana, "space", "DOC")
    label = store.labels.find("one")
    group = store.people.get_group("confluence-users")
    assert label is not None
    return {
        "home": home,
        "page": page,
        "leaf": leaf,
        "blog": str(blog.id),
        "comment": str(comment.id),
        "file": f"att{file.id}" if wiki.flavour == "cloud" else str(file.id),
        "space_id": str(space.id),
        "label": str(label.id),
        "group": group.id,
        "admin": wiki.account("admin"),
        "macro": "m-1",
        "reader": wiki.account("omar"),
        "inline_task": str(store.inline_tasks.all()[0].id),
    }


def fill(value: Any, ids: dict[str, str]) -> Any:
    if isinstance(value, str):
        for name, text in ids.items():
            value = value.replace(f"{{{name}}}", text)
        return value
    if isinstance(value, dict):
        return {key: fill(one, ids) for key, one in value.items()}
    return [fill(one, ids) for one in value] if isinstance(value, list) else value
