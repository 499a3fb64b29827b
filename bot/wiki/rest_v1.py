"""The calls of REST v1 that both flavours share: the account, label writes, label search, restrictions."""

from collections.abc import Sequence

from pydantic import Field

from bot.errors import WikiAnswerError
from bot.plural import counted
from bot.wiki.answers import Id, Shape, TextOrEmpty, read_shape
from bot.wiki.dialect import Call, ConvertedBody, escape_part
from bot.wiki.gateway import ContentState, PageParts, PageRef, Restrictions, TreeKind, User
from bot.wiki.upload_form import UploadForm

V1 = "/rest/api"
NEWEST = 25
"""Number of pages in a list of those that changed last."""


class V1User(Shape):
    """A person: Cloud returns account ids, Data Center user keys and user names."""

    accountId: TextOrEmpty = ""  # noqa: N815 -- the API's name, here and below
    userKey: TextOrEmpty = ""  # noqa: N815
    username: TextOrEmpty = ""
    displayName: TextOrEmpty = ""  # noqa: N815
    publicName: TextOrEmpty = ""  # noqa: N815

    def value(self) -> User:
        """Return the person; a person without any id is anonymous."""
        identity = self.accountId or self.userKey or self.username
        name = self.displayName or self.publicName or self.username or identity
        return User(identity or "anonymous", name or "Anonymous", self.username or None)


def read_user(answer: object) -> User:
    """Read a person."""
    return read_shape(V1User, answer, "a user").value()


def current_user() -> Call[User]:
    """Return the account of the credentials (Cloud getCurrentUser, Data Center getCurrent)."""
    return Call(f"{V1}/user/current", "the bot's account", read_user, is_kept=False)


def labelled(space_key: str, label: str) -> Call[str]:
    """List the ids of pages with a label (Cloud searchContentByCQL, Data Center search).

    The search index may be stale, and it does not include archived pages.
    """
    query = f"type = page and space = {_quoted(space_key)} and label = {_quoted(label)}"
    about = f"pages labelled {label!r}"
    params: dict[str, str | int] = {"cql": query, "limit": 200}
    return Call(f"{V1}/content/search", about, lambda item: read_shape(_Found, item, about).id, params)


def counted_by_search(space_key: str) -> Call[int]:
    """Count the current pages of a space (Cloud searchByCQL, Data Center search_1; `/content/search` has no total).

    The document of Data Center names the field `totalCount`; servers send `totalSize`.
    """
    return _count(_pages_of(space_key), f"the number of pages of space {space_key}")


def counted_on_page(page_id: str, kind: str) -> Call[int]:
    """Count the attachments or comments of a page (same operations); *kind* is the type of content."""
    return _count(f"type = {kind} and container = {page_id}", f"the number of {kind}s of page {page_id}")


def _count(query: str, about: str) -> Call[int]:
    params: dict[str, str | int] = {"cql": query, "limit": 1}
    return Call(
        f"{V1}/search", about, lambda answer: read_shape(_Counted, answer, about).total(about), params, is_kept=False
    )


def found_by_search(space_key: str) -> Call[str]:
    """List the ids of the current pages of a space (same operations); the search index may be stale."""
    about = f"the pages of space {space_key}"
    params: dict[str, str | int] = {"cql": _pages_of(space_key), "limit": 200}
    return Call(f"{V1}/search", about, lambda item: read_shape(_SearchResult, item, about).content.id, params)


def newest_first(space_key: str) -> str:
    """Return the query for the pages of a space, newest change first."""
    return f"{_pages_of(space_key)} order by lastmodified desc"


def _pages_of(space_key: str) -> str:
    return f"type = page and space = {_quoted(space_key)}"


class _FoundNode(Shape):
    id: Id
    type: TreeKind = Field(strict=False)


def containers(space_key: str) -> Call[tuple[TreeKind, str]]:
    """List type and id of the nodes of a space that are not pages (Cloud searchContentByCQL).

    REST v2 lists them only below a node that is known. The search index may be stale.
    """
    kinds = ", ".join(kind for kind in TreeKind if kind is not TreeKind.PAGE)
    about = f"the folders and whiteboards of space {space_key}"

    def read(item: object) -> tuple[TreeKind, str]:
        node = read_shape(_FoundNode, item, about)
        return node.type, node.id

    params: dict[str, str | int] = {"cql": f"type in ({kinds}) and space = {_quoted(space_key)}", "limit": 200}
    return Call(f"{V1}/content/search", about, read, params)


READERS = "restrictions.read.restrictions.user,restrictions.read.restrictions.group"
"""What to expand in a listing, so that `read_is_restricted` can read each item."""
RESTRICTIONS = f"{READERS},{READERS.replace('read', 'update')}"
"""What to expand in a listing, so that `read_restrictions` can read each item."""


def readers(space_key: str) -> Call[tuple[str, bool | None]]:
    """List which current nodes of a space have a read restriction of their own (Cloud searchContentByCQL).

    The restrictions are those of the page, not those of the search index; a stale index omits pages. The expansion is
    not in Atlassian's document; observed: dust-tt/dust#10906.
    """
    params: dict[str, str | int] = {
        "cql": f"type in ({', '.join(TreeKind)}) and space = {_quoted(space_key)}",
        "expand": READERS,
        "limit": 200,
    }
    about = f"the restrictions in space {space_key}"
    return Call(f"{V1}/content/search", about, read_is_restricted, params, is_kept=False)


def parts_of(page_ids: Sequence[str], *, is_kept: bool) -> Call[tuple[str, PageParts, User | None]]:
    """List restrictions, labels and last author of current nodes by id (same operations and remarks as `readers`)."""
    query = f"id in ({', '.join(page_ids)})"
    params: dict[str, str | int] = {"cql": query, "expand": f"{RESTRICTIONS},metadata.labels,version", "limit": 200}
    about = f"restrictions and labels of {counted(len(page_ids), 'page')}"

    def read(item: object) -> tuple[str, PageParts, User | None]:
        page_id, restrictions = read_restrictions_in_listing(item, about)
        found = read_shape(_Labelled, item, about)
        labels, version = found.metadata.labels, found.version
        names = frozenset(label.name for label in labels.results) if labels and not labels.is_cut else None
        author = version.by.value() if version and version.by else None
        return page_id, PageParts(labels=names, restrictions=restrictions), author

    return Call(f"{V1}/content/search", about, read, params, is_kept=is_kept)


def titled_like(space_key: str, words: str) -> Call[str]:
    """List the titles of pages with words that start with *words*, from the search index (same operations)."""
    terms = [f"title ~ {_quoted(word + '*')}" for word in words.split()]
    query = " and ".join(["type = page", f"space = {_quoted(space_key)}", *terms])
    about = f"pages titled like {words!r}"
    params: dict[str, str | int] = {"cql": query, "limit": 25}
    return Call(f"{V1}/content/search", about, lambda item: read_shape(_Titled, item, about).title, params)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


class _Found(Shape):
    id: Id


def read_new_id(answer: object) -> str:
    """Return the id of what was created; v1 and v2 use the same shape."""
    return read_shape(_Found, answer, "what was created").id


class _SearchResult(Shape):
    content: _Found


class _Counted(Shape):
    results: list[dict[str, object]]
    totalSize: int | None = None  # noqa: N815 -- the API's name, here and below
    totalCount: int | None = None  # noqa: N815

    def total(self, about: str) -> int:
        total = self.totalSize if self.totalSize is not None else self.totalCount
        if total is None:
            raise WikiAnswerError(f"{about}: the wiki's answer does not match the API: it has no total")
        return total


class _Titled(Shape):
    title: str


def add_labels(page_id: str, labels: Sequence[str]) -> Call[None]:
    """Add labels to a page (Cloud addLabelsToContent, Data Center addLabels)."""
    return Call(
        f"{V1}/content/{escape_part(page_id)}/label",
        f"labels of page {page_id}",
        lambda _answer: None,
        method="POST",
        payload=[{"prefix": "global", "name": label} for label in labels],
        page_id=page_id,
    )


def upload(page_id: str, form: UploadForm, replaces: str | None = None) -> Call[None]:
    """Attach a file, or the next version of one (Cloud createAttachment, updateAttachmentData; Data Center the same).

    A POST without an id never replaces a file: the wiki answers 400 if the page has one of that name.
    """
    path = f"{V1}/content/{escape_part(page_id)}/child/attachment"
    return Call(
        path if replaces is None else f"{path}/{escape_part(replaces)}/data",
        f"file {form.name!r} of page {page_id}",
        lambda _answer: None,
        method="POST",
        payload=form,
        page_id=page_id,
    )


class _State(Shape):
    name: str
    color: str


class _StateAnswer(Shape):
    contentState: _State | None = None  # noqa: N815 -- the API's name


def state(page_id: str) -> Call[ContentState | None]:
    """Return the content status of the published page (Cloud getContentState)."""
    about = f"content status of page {page_id}"

    def read(answer: object) -> ContentState | None:
        found = read_shape(_StateAnswer, answer, about).contentState
        return None if found is None else ContentState(found.name, found.color)

    path = f"{V1}/content/{escape_part(page_id)}/state"
    return Call(path, about, read, {"status": "current"}, page_id=page_id)


def set_state(page_id: str, wanted: ContentState) -> Call[None]:
    """Set the content status of the published page (Cloud setContentState)."""
    return Call(
        f"{V1}/content/{escape_part(page_id)}/state",
        f"content status of page {page_id}",
        lambda _answer: None,
        {"status": "current"},
        method="PUT",
        payload={"name": wanted.name, "color": wanted.color},
        page_id=page_id,
    )


def read_watcher(answer: object) -> str:
    """Return the id of a watcher."""
    return read_user(answer).id


class _Converted(Shape):
    value: str


class _Task(Shape):
    asyncId: str  # noqa: N815 -- the API's name


class _TaskState(Shape):
    status: str
    value: str | None = None
    error: TextOrEmpty = ""


def read_conversion(answer: object) -> ConvertedBody:
    """Return the converted body."""
    return ConvertedBody(read_shape(_Converted, answer, "the converted body").value)


def convert_later(body: str, page: PageRef) -> Call[ConvertedBody]:
    """Convert a body to HTML in the background (Cloud asyncConvertContentBodyRequest)."""
    about = f"the rendering of page {page.id}"

    def read(answer: object) -> ConvertedBody:
        return ConvertedBody(task_id=read_shape(_Task, answer, about).asyncId)

    path, params = f"{V1}/contentbody/convert/async/export_view", {"contentIdContext": page.id}
    sent = {"value": body, "representation": "storage"}
    return Call(path, about, read, params, method="POST", payload=sent, page_id=page.id)


def conversion_result(task_id: str) -> Call[ConvertedBody]:
    """Return the state of a conversion (Cloud asyncConvertContentBodyResponse); its result is kept for 5 minutes."""
    about = "the rendering of a page"

    def read(answer: object) -> ConvertedBody:
        task = read_shape(_TaskState, answer, about)
        if task.status == "FAILED":
            raise WikiAnswerError(f"{about}: the wiki could not convert the text: {task.error or 'no reason given'}")
        return ConvertedBody(task.value if task.status in _HAS_VALUE else None, task_id)

    return Call(f"{V1}/contentbody/convert/async/{escape_part(task_id)}", about, read)


_HAS_VALUE = ("COMPLETED", "RERUNNING")


class _Label(Shape):
    name: str


def read_label(answer: object) -> str:
    """Return the name of a label; v1 and v2 use the same shape."""
    return read_shape(_Label, answer, "a label").name


class _ListedLabels(Shape):
    results: list[_Label]
    limit: int = 0

    @property
    def is_cut(self) -> bool:
        return 0 < self.limit <= len(self.results)


class _LabelMetadata(Shape):
    labels: _ListedLabels | None = None


class _Authored(Shape):
    by: V1User | None = None


class _Labelled(Shape):
    metadata: _LabelMetadata = _LabelMetadata()
    version: _Authored | None = None


class _Permitted(Shape):
    operation: str
    targetType: TextOrEmpty = ""  # noqa: N815 -- the API's name


class _PermittedOperations(Shape):
    operations: list[_Permitted] = Field(default_factory=list)


def read_operations(answer: object) -> frozenset[str]:
    """Read the operations that the account may perform; v1 and v2 use the same shape."""
    found = read_shape(_PermittedOperations, answer, "permitted operations").operations
    return frozenset(f"{one.operation} {one.targetType}".strip() for one in found)


def restrictions(page_id: str) -> Call[Restrictions]:
    """Return who may read and edit a page (Cloud getRestrictionsByOperation, Data Center byOperation).

    Data Center documents `read.restrictions.user`, Cloud `restrictions.user`; each ignores unknown expansions.
    """
    subjects = (f"{of}restrictions.{kind}" for of in ("read.", "update.", "") for kind in ("user", "group"))
    path = f"{V1}/content/{escape_part(page_id)}/restriction/byOperation"
    params = {"expand": ",".join(subjects)}
    about = f"restrictions of page {page_id}"
    return Call(path, about, _read_restrictions, params, page_id=page_id, is_kept=False)


class _Subject(V1User):
    name: TextOrEmpty = ""


class _Subjects(Shape):
    results: list[_Subject]


class _Kinds(Shape):
    user: _Subjects
    group: _Subjects


class _Operation(Shape):
    restrictions: _Kinds

    def names(self) -> tuple[str, ...]:
        users = (user.username or user.displayName or user.accountId for user in self.restrictions.user.results)
        groups = (f"group:{group.name}" for group in self.restrictions.group.results)
        return tuple(sorted((*users, *groups)))


class _Operations(Shape):
    """No field has a default: a missing expansion must not be read as "open to everyone"."""

    read: _Operation
    update: _Operation

    def value(self) -> Restrictions:
        return Restrictions(readers=self.read.names(), editors=self.update.names())


class _SomeSubjects(Shape):
    results: list[object]


class _SomeKinds(Shape):
    user: _SomeSubjects
    group: _SomeSubjects


class _SomeReaders(Shape):
    restrictions: _SomeKinds


class _SomeOperations(Shape):
    read: _SomeReaders


class _Restricted(Shape):
    id: Id
    restrictions: _SomeOperations | None = None


def read_is_restricted(item: object) -> tuple[str, bool | None]:
    """Return the id of a page, and whether it has a read restriction; None if the wiki ignored the expansion."""
    page = read_shape(_Restricted, item, "restrictions")
    if page.restrictions is None:
        return page.id, None
    named = page.restrictions.read.restrictions
    return page.id, bool(named.user.results or named.group.results)


class _ListedRestrictions(Shape):
    id: Id
    restrictions: _Operations | None = None


def read_restrictions_in_listing(item: object, about: str) -> tuple[str, Restrictions | None]:
    """Return the id of a page and its restrictions; None if the wiki ignored the expansion."""
    page = read_shape(_ListedRestrictions, item, about)
    return page.id, page.restrictions.value() if page.restrictions else None


def _read_restrictions(answer: object) -> Restrictions:
    return read_shape(_Operations, answer, "restrictions").value()
