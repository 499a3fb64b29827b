"""A wiki with secrets of every kind, each with words of its own, that one account must never be shown."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import count

from wikiserver.store import Store
from wikiserver.testing import Wiki
from wikiserver_support.conformance_world import build_world

NODES = ("folder", "whiteboard", "database", "embed")
_OWNED = (
    ("content", "id"),
    ("content", "container_id"),
    ("versions", "content_id"),
    ("drafts", "content_id"),
    ("files", "content_id"),
    ("comments", "content_id"),
    ("content_labels", "content_id"),
    ("properties", "owner_id"),
    ("restrictions", "content_id"),
    ("states", "content_id"),
    ("inline_tasks", "content_id"),
    ("watches", "target"),
)


@dataclass
class Secrets:
    """The secrets of one wiki: their words, and by family what takes the place of an ordinary id."""

    words: list[str] = field(default_factory=list)
    families: dict[str, dict[str, str]] = field(default_factory=dict)
    content_ids: list[int] = field(default_factory=list)
    space_ids: list[int] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def word(self) -> str:
        """A new word that occurs nowhere else."""
        self.words.append(f"zq{next(self._numbers)}zq")
        return self.words[-1]

    def digest(self, store: Store) -> str:
        """A digest of all that the database has of the secrets."""
        marks = ",".join(str(one) for one in self.content_ids)
        spaces = ",".join(str(one) for one in self.space_ids)
        statements = [f"SELECT * FROM {table} WHERE {column} IN ({marks})" for table, column in _OWNED]
        statements += [f"SELECT * FROM spaces WHERE id IN ({spaces})"]
        statements += [
            f"SELECT * FROM {name} WHERE space_id IN ({spaces})" for name in ("content", "space_permissions")
        ]
        statements += [f"SELECT * FROM {name} WHERE space_id IN ({spaces})" for name in ("templates", "space_labels")]
        statements += [f"SELECT * FROM properties WHERE owner = 'space' AND owner_id IN ({spaces})"]
        rows = [[tuple(row) for row in store._database.rows(statement)] for statement in statements]
        return sha256(repr(rows).encode()).hexdigest()


def build_open(wiki: Wiki) -> dict[str, str]:
    """Build the world without secrets: that of the conformance test, and what its calls make; return the ids."""
    ids = build_world(wiki)
    _open_things(wiki, ids)
    return ids


def build(wiki: Wiki) -> tuple[dict[str, str], Secrets]:
    """Add secrets to the open world; return the ids of open things, and the secrets."""
    ids, secrets = build_open(wiki), Secrets()
    parent = int(ids["page"])
    restricted = _family(wiki, secrets, "restricted", "DOC", parent, secret_blog=True)
    wiki.store.restrictions.add(int(restricted["page"]), "read", "user", wiki.account("admin"))
    wiki.store.restrictions.add(int(restricted["blog"]), "read", "user", wiki.account("admin"))
    for kind in NODES if wiki.flavour == "cloud" else ():
        wiki.store.restrictions.add(int(restricted[kind]), "read", "user", wiki.account("admin"))
    for status in ("archived", "trashed", "draft"):
        family = _family(wiki, secrets, status, "DOC", parent)
        wiki.store.pages.set_status(int(family["page"]), status)
        if status != "draft":
            wiki.store.restrictions.add(int(family["page"]), "read", "user", wiki.account("admin"))
    hidden = wiki.store.spaces.create(
        "SEC", secrets.word(), creator=wiki.account("admin"), now=wiki.store.clock(), description=secrets.word()
    )
    wiki.store.space_permissions.revoke(
        hidden.id,
        wiki.store.people.get_group("confluence-users").id,
        [one.operation for one in wiki.store.space_permissions.of(hidden.id)],
    )
    secrets.space_ids.append(hidden.id)
    family = _family(wiki, secrets, "space", "SEC", None, secret_blog=True)
    wiki.store.spaces.update(hidden.id, homepage_id=int(family["page"]))
    wiki.store.labels.add_to_space(hidden.id, secrets.word())
    wiki.store.space_properties.create(hidden.id, "k", secrets.word(), author=wiki.account("admin"))
    template = wiki.store.templates.create(hidden.id, secrets.word(), secrets.word(), f"<p>{secrets.word()}</p>")
    family |= {"space_id": str(hidden.id), "DOC": "SEC", "template": str(template.id)}
    family["property:space_id"] = str(wiki.store.space_properties.of(hidden.id)[0].id)
    return ids, secrets


def _open_things(wiki: Wiki, ids: dict[str, str]) -> None:
    """What the calls of the conformance test make for themselves; here it is there from the start."""
    store, omar = wiki.store, wiki.account("omar")
    page, space = int(ids["page"]), store.spaces.get_by_key("DOC")
    ids["made"] = ids["template_page"] = wiki.add_page("Made", "<p>m</p>", space="DOC", parent=ids["home"], by="omar")
    ids["new"] = str(store.comments.add(page, "<p>own</p>", author=omar).id)
    ids["new:inline"] = str(store.comments.add_inline(page, "<p>own</p>", author=omar, selection="words").id)
    for kind in NODES if wiki.flavour == "cloud" else ():
        node = store.pages.create(space.id, f"A {kind}", "", author=omar, parent_id=int(ids["home"]), kind=kind)
        ids[kind] = str(node.id)
    for owner in ("page", "blog", "file", "new", *(one for one in NODES if one in ids)):
        one = store.properties.create(int(ids[owner].removeprefix("att")), "w", 1, author=omar)
        ids[f"property:{owner}"] = str(one.id)
    ids["property:space_id"] = str(store.space_properties.of(space.id)[0].id)
    ids["template"] = str(store.templates.create(space.id, "T", "", "<p>t</p>").id)
    ids["writers"] = store.people.add_group("writers").id
    ids["task"] = store.long_tasks.record("com.atlassian.confluence.test").id
    ids["async"], ids["DOC"], ids["name"], ids["omar"] = "none", "DOC", "a.png", omar
    ids["file_number"] = ids["file"].removeprefix("att")
    ids["permission"] = "1"
    ids["title"], ids["word"], ids["tiny"] = "Page", "words", "AgB"


def _family(
    wiki: Wiki, secrets: Secrets, name: str, key: str, parent: int | None, *, secret_blog: bool = False
) -> dict[str, str]:
    """A page with everything that a page can have, all of it in words of its own."""
    store, word, admin = wiki.store, secrets.word, wiki.account("admin")
    space = store.spaces.get_by_key(key)
    body = (
        f"<p>{word()} sentence</p><ac:structured-macro ac:name='info' ac:macro-id='m-1'><ac:rich-text-body>"
        f"<p>{word()}</p></ac:rich-text-body></ac:structured-macro><ac:task-list><ac:task><ac:task-id>1</ac:task-id>"
        f"<ac:task-status>incomplete</ac:task-status><ac:task-body>{word()}</ac:task-body></ac:task></ac:task-list>"
    )
    page = store.pages.create(space.id, word(), body, author=admin, parent_id=parent, message=word())
    store.pages.update(page.id, body=body.replace("sentence", word()), author=admin, message=word())
    leaf = store.pages.create(space.id, word(), f"<p>{word()}</p>", author=admin, parent_id=page.id)
    file = store.attachments.add(page.id, f"{word()}.png", word().encode(), author=admin, comment=word())
    comment = store.comments.add(page.id, f"<p>{word()}</p>", author=admin)
    reply = store.comments.add(page.id, f"<p>{word()}</p>", author=admin, parent_id=comment.id)
    selection = secrets.words[0] if name == "restricted" else body[3 : body.index(" sentence")]
    inline = store.comments.add_inline(page.id, f"<p>{word()}</p>", author=admin, selection=selection)
    nested = store.comments.add(file.id, f"<p>{word()}</p>", author=admin)
    label = store.labels.add(page.id, word())
    store.states.set(page.id, state_id=1, name=word(), color="#2684ff", by=admin)
    store.pages.save_draft(page.id, title=word(), body=f"<p>{word()}</p>", author=admin)
    held = [page, leaf, file, comment, reply, inline, nested]
    prefix = "att" if wiki.flavour == "cloud" else ""
    found = {"page": str(page.id), "home": str(page.id), "made": str(leaf.id), "leaf": str(leaf.id)}
    found |= {"comment": str(reply.id), "new": str(nested.id), "new:inline": str(inline.id)}
    found |= {"file": f"{prefix}{file.id}", "file_number": str(file.id)}
    found |= {"label": str(label.id), "name": file.title, "title": page.title, "word": secrets.words[-1]}
    found["inline_task"] = str(store.inline_tasks.all(content_id=page.id)[0].id)
    if secret_blog:
        blog = store.pages.create(space.id, word(), f"<p>{word()}</p>", author=admin, kind="blogpost")
        found["blog"] = str(blog.id)
        held.append(blog)
        for kind in NODES if wiki.flavour == "cloud" else ():
            node = store.pages.create(space.id, word(), word(), author=admin, parent_id=parent, kind=kind, as_is=True)
            found[kind] = str(node.id)
            held.append(node)
    secrets.content_ids += [one.id for one in held]
    for owner, text in list(found.items()):
        number = text.removeprefix("att")
        if number.isdecimal() and owner not in {"label", "inline_task"}:
            known = store.properties.find(int(number), "w")
            one = known or store.properties.create(int(number), "w", word(), author=admin)
            found[f"property:{owner}"] = str(one.id)
    secrets.families[name] = found
    return found
