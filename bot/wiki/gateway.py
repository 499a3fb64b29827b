"""The port to a wiki: the requests that the bot can make, and the values that they return."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from http import HTTPStatus
from typing import Generic, Literal, Protocol, TypeAlias, TypeVar

T = TypeVar("T")


class PageStatus(StrEnum):
    """The status of a page, as the REST API names it."""

    CURRENT = "current"
    ARCHIVED = "archived"
    TRASHED = "trashed"
    DRAFT = "draft"


class TreeKind(StrEnum):
    """The types of nodes of the page tree. Data Center has pages only."""

    PAGE = "page"
    FOLDER = "folder"
    WHITEBOARD = "whiteboard"
    DATABASE = "database"
    EMBED = "embed"


@dataclass(frozen=True, slots=True)
class User:
    """A person or a technical account; *id* is an account id (Cloud) or a user key (Data Center)."""

    id: str
    display_name: str
    username: str | None = None


@dataclass(frozen=True, slots=True)
class Version:
    """One entry of a page's version history."""

    number: int
    when: datetime
    author: User
    message: str = ""
    is_minor: bool = False


@dataclass(frozen=True, slots=True)
class Space:
    """A space; REST v2 identifies a space by *id*, v1 by key."""

    id: str
    key: str
    name: str
    homepage_id: str | None = None


@dataclass(frozen=True, slots=True)
class PageRef:
    """A page without its body, as in a listing."""

    id: str
    title: str
    space_key: str
    status: PageStatus
    version: Version
    parent_id: str | None
    position: int | None
    url: str
    parent_kind: TreeKind | None = None
    is_live: bool = False
    """Whether the page is a live document (Cloud): people write in it without drafts and without publishing."""

    @property
    def kind(self) -> Literal[TreeKind.PAGE]:
        """The type of node."""
        return TreeKind.PAGE


@dataclass(frozen=True, slots=True)
class Container:
    """A node of the page tree that is not a page. It has a title and a place, and no body that can be captured."""

    id: str
    kind: TreeKind
    title: str
    status: PageStatus
    parent_id: str | None
    position: int | None
    url: str
    parent_kind: TreeKind | None = None


TreeItem: TypeAlias = PageRef | Container
"""A node of the page tree."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page at the time of reading; *body* is in storage format."""

    ref: PageRef
    body: str

    @property
    def id(self) -> str:
        """The page id."""
        return self.ref.id

    @property
    def title(self) -> str:
        """The title, unique among the current pages of a space."""
        return self.ref.title

    @property
    def version(self) -> int:
        """The number of the version that this body belongs to."""
        return self.ref.version.number


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file on a page; *download_path* is relative to the wiki's base address."""

    id: str
    name: str
    media_type: str
    size_bytes: int
    version: Version
    download_path: str
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment on a page; an inline comment has the *ref* of its marker in the body and the commented text."""

    id: str
    body: str
    version: Version
    parent_id: str | None = None
    inline_ref: str | None = None
    inline_text: str | None = None
    is_resolved: bool = False


@dataclass(frozen=True, slots=True)
class Restrictions:
    """The users and groups that may read and edit; empty means everyone with access to the space."""

    readers: tuple[str, ...] = ()
    editors: tuple[str, ...] = ()


class PagePart(StrEnum):
    """What a page has besides its body and its versions."""

    LABELS = "labels"
    ATTACHMENTS = "attachments"
    COMMENTS = "comments"
    RESTRICTIONS = "restrictions"


@dataclass(frozen=True, slots=True)
class PageParts:
    """What a listing says about one page besides its body. None: the listing does not say it."""

    labels: frozenset[str] | None = None
    attachments: tuple[Attachment, ...] | None = None
    comments: tuple[Comment, ...] | None = None
    """Footer and inline comments with replies, in any order."""
    restrictions: Restrictions | None = None


@dataclass(frozen=True, slots=True)
class ListingEntry:
    """A page in a listing of a space, with the parts that the listing includes; comments have no bodies there."""

    ref: PageRef
    parts: PageParts = PageParts()


@dataclass(frozen=True, slots=True)
class Newest(Generic[T]):
    """The newest items of a whole wiki, each with the id of its page; None if the wiki does not name the page."""

    items: tuple[tuple[str | None, T], ...]
    is_all: bool
    """Whether there are no older ones."""
    is_certain: bool = True
    """Whether none that was changed since the time asked for is left out."""


@dataclass(frozen=True, slots=True)
class ContentState:
    """The content status of a Cloud page: the lozenge next to the title."""

    name: str
    color: str


@dataclass(frozen=True, slots=True)
class PageSelection:
    """The pages that a listing of a space includes."""

    statuses: tuple[PageStatus, ...] = (PageStatus.CURRENT,)
    labels: tuple[str, ...] = field(default=())
    """Only pages with one of these labels; empty for all pages."""


CURRENT_PAGES = PageSelection()


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """The answer to a request of `wikibot doctor`: the HTTP status, the wiki's words, the items of a listing."""

    status: int
    said: str = ""
    results: tuple[Mapping[str, object], ...] = ()

    @property
    def is_ok(self) -> bool:
        """Whether the wiki answered as asked."""
        return self.status < HTTPStatus.BAD_REQUEST

    def __str__(self) -> str:
        """Return the status and, for a refusal, the wiki's words."""
        return f"{self.status} ({self.said})" if self.said and not self.is_ok else str(self.status)


class Sink(Protocol):
    """Where a download is written to, piece by piece."""

    def restart(self) -> None:
        """Discard what was written: a download begins, or begins again."""

    def write(self, data: bytes) -> object:
        """Add *data*."""


class AnswerStore(Protocol):
    """Keeps answers of the wiki, so that the same question need not be asked again; thread-safe."""

    def find(self, address: str) -> bytes | None:
        """Return the answer to use instead of a request; None if the wiki has to be asked."""

    def keep(self, address: str, data: bytes) -> None:
        """Add an answer."""


class WikiGateway(Protocol):
    """A Confluence-style wiki.

    Every method may raise `WikiUnreachableError`, `RateLimitedError`, `AuthenticationError`, `PermissionDeniedError` or
    `WikiAnswerError` (the answer does not conform to the API). With a page id or a space key it may raise
    `PageNotFoundError`: absent or hidden. An error has the message of the wiki and the HTTP `status`. Iterators send
    their requests lazily and raise during iteration. Sizes are in bytes; times have a zone.

    The operations named here are those of Atlassian's OpenAPI documents: first Cloud (v2 unless v1 is stated), then
    Data Center.
    """

    @property
    def base_url(self) -> str:
        """The public address of the wiki, without a trailing slash; the first time, this may need a request."""

    @property
    def addresses(self) -> tuple[str, ...]:
        """All addresses under which the bot knows the wiki, the public one first."""

    @property
    def sign_in(self) -> str:
        """Which kind of sign-in is used, and where; after the first request, this is certain."""

    @property
    def is_at_gateway(self) -> bool:
        """Whether requests go to the API gateway of Cloud."""

    def fetch_headers(self) -> Mapping[str, str]:
        """Return the headers of an answer of the wiki, with its clock and its rate limits; v1 getCurrentUser."""

    @property
    def wiki_time(self) -> datetime | None:
        """The time on the wiki's clock, as its answers so far said; None if there was none with a date."""

    def ask(self, path: str) -> RawAnswer:
        """Send a GET that the bot needs for nothing else, for `wikibot doctor`; returns the answer with any status."""

    def delete_page(self, page_id: str) -> None:
        """Move a page to the trash. deletePage; delete_2."""

    def find_missing_scopes(self) -> list[str]:
        """Return the scopes that a scoped token lacks; one request for each set of scopes that the bot needs.

        Empty for all other kinds of sign-in.
        """

    answers: AnswerStore | None
    """Where answers are kept; None, if each question is asked."""

    tries: int
    """How often a request is sent in total while the wiki does not answer."""

    @property
    def requests(self) -> Mapping[str, int]:
        """The number of requests so far, by what they were about."""

    @property
    def waits(self) -> int:
        """How often this gateway has waited for the wiki so far."""

    def fetch_current_user(self) -> User:
        """Return the account of the credentials; raises `AuthenticationError` for an anonymous one.

        v1 getCurrentUser; getCurrent.
        """

    @property
    def current_user(self) -> User:
        """The account of the credentials; only the first time, this needs a request."""

    def is_own_account(self, user: User) -> bool:
        """Return whether *user* is the account of the credentials, or a former account of the bot."""

    def fetch_user(self, user_id: str) -> User:
        """Return a person by the author id of a version; a deleted person has the id as name.

        Listings of a Cloud wiki contain ids only, so there `display_name` is the id; versions and comments have names.
        v1 getUser; getUser. One request for each person during the lifetime of a gateway.
        """

    @property
    def people(self) -> tuple[User, ...]:
        """All that `fetch_user` has returned so far, each once."""

    def fetch_space(self, key: str) -> Space:
        """Return the current state of the space. getSpaces; space."""

    def iter_spaces(self) -> Iterator[Space]:
        """List the current spaces that the account can see, 250 (Cloud) or 200 per request. getSpaces; spaces."""

    def find_titles(self, space_key: str, words: str) -> list[str]:
        """Return up to 25 titles of current pages in which each of *words* is a word prefix, from the search index.

        v1 searchContentByCQL; search.
        """

    def iter_refs(self, space_key: str, selection: PageSelection = CURRENT_PAGES) -> Iterator[PageRef]:
        """List the pages of a space without bodies: one request for each 250 pages (Cloud) or 200 (Data Center).

        One more request for the space. With labels, one more for each page that is not current, because the search
        index does not include those. getPagesInSpace; getContent.
        """

    def iter_listed(self, space_key: str, *, again: bool = False) -> Iterator[ListingEntry]:
        """List the current and archived pages of a space without bodies, with all parts that a listing can have.

        One request for the space, unless it is read *again*, then one for each 250 pages (Cloud, without parts) or 200
        (Data Center, with all parts). A nested list that is cut, mostly after 25 entries, is read by itself.
        getPagesInSpace; getContent.
        """

    def list_labels(
        self, space_key: str, only: Collection[str] | None = None, fetchers: Executor | None = None
    ) -> dict[str, frozenset[str]] | None:
        """Return the ids of the pages with each label of a space, or with each label in *only*.

        None if `iter_listed` has the labels (Data Center). One request for each 250 labels of the space, and one for
        each 250 pages with a label; *fetchers* are threads for these. getSpaceContentLabels, getLabelPages.
        """

    def fetch_newest_attachments(self, since: datetime | None, max_requests: int) -> Newest[Attachment] | None:
        """Return the attachments of the whole wiki that were changed after *since*, and some older ones (Cloud).

        One request for each 250, at most *max_requests*. Deleted ones are not in the answer. None if `iter_listed` has
        the attachments (Data Center). getAttachments.
        """

    def fetch_newest_comments(self, since: datetime | None, max_requests: int) -> Newest[Comment] | None:
        """Return comments as `fetch_newest_attachments` does attachments, with bodies; authors have ids only.

        At most *max_requests* for footer comments and as many for inline comments. getFooterComments,
        getInlineComments.
        """

    def find_parts(self, page_ids: Sequence[str], again: Collection[str] = ()) -> dict[str, PageParts]:
        """Return restrictions and labels of current nodes of the page tree, 200 per request.

        They are those of the page, not those of the search index; but pages that the index does not have are omitted.
        For pages in *again*, an answer to an interrupted capture does not count.
        v1 searchContentByCQL; search.
        """

    def iter_refs_again(self, space_key: str, statuses: Sequence[PageStatus]) -> Iterator[PageRef]:
        """List the pages of a space as `iter_refs` does, by another operation: as many requests.

        getPages; contentsWithType_1.
        """

    def count_pages(self, space_key: str) -> int:
        """Return the number of current pages that the search index knows, one request. v1 searchByCQL; search_1."""

    def count_on_page(self, page_id: str, kind: Literal["attachment", "comment"]) -> int:
        """Return the number of attachments or comments of a page that the search index knows, one request.

        v1 searchByCQL; search_1.
        """

    def fetch_newest_pages(self, space_key: str) -> list[PageRef]:
        """Return the pages of a space that changed last, the newest change first; always asks the wiki.

        One request. getPages; search, which may be stale.
        """

    def find_pages(self, space_key: str) -> list[str]:
        """Return the ids of the current pages that the search index knows, 200 per request.

        v1 searchByCQL; search_1.
        """

    def fetch_containers_above(self, refs: Sequence[PageRef]) -> list[Container]:
        """Return the nodes that are not pages and are above one of *refs*, all pages of a space (Cloud).

        One request for each of them: the listing of the pages names the type of each parent. A parent that is neither
        in *refs* nor in the result is gone or hidden. getFolderById, getWhiteboardById, getDatabaseById,
        getSmartLinkById.
        """

    def fetch_containers_below(self, node: TreeItem) -> list[Container]:
        """Return the nodes that are not pages and are below *node*, at any depth (Cloud).

        One request for each 250 nodes below, and one for each node at a depth that is a multiple of 10. The results
        include nodes without children. getPageDescendants, getFolderDescendants, getWhiteboardDescendants,
        getDatabaseDescendants, getSmartLinkDescendants.
        """

    def find_pages_below(self, page_id: str) -> frozenset[str]:
        """Return the ids of the pages below a page at any depth, archived ones included; none on Data Center.

        One request for each 250 nodes, and one for each node at a depth that is a multiple of 10.
        getPageDescendants (Cloud).
        """

    def fetch_containers_in(self, space_key: str, known: Collection[str]) -> list[Container]:
        """Return the nodes of a space that are not pages, except those in *known* outside the tree of the home page.

        The nodes below the home page are certain, at one request for each 250. The others come from the search index,
        which may be stale: one request for each 200, and one for each node that is not in *known*. getPageDescendants,
        v1 searchContentByCQL, getFolderById and the operations of the other types.
        """

    def iter_pages(self, space_key: str, selection: PageSelection = CURRENT_PAGES) -> Iterator[Page]:
        """List the pages of a space with bodies: one request for each 250 pages (Cloud) or 50 (Data Center).

        getPagesInSpace; getContent.
        """

    def fetch_captures(self, page_ids: Sequence[str]) -> dict[str, tuple[Page, PageParts]]:
        """Read pages by id as `fetch_pages` does, with all parts that the same answer can have.

        Data Center has all parts, comments with bodies; Cloud has none. A nested list that is cut is read by itself.
        """

    def fetch_pages(self, page_ids: Sequence[str]) -> dict[str, Page]:
        """Read pages by id, 250 (Cloud) or 50 (Data Center) per request, in the given order.

        Absent and hidden pages are omitted. If a Data Center wiki cannot read by ids, each page is read separately.
        getPages; getContent.
        """

    def fetch_page(self, page_id: str, *, version: int | None = None) -> Page:
        """Read one page, the newest published version or an earlier one. getPageById; getContentById."""

    def fetch_view(self, page_id: str) -> str:
        """Return the newest published version as HTML, as people see it. getPageById; getContentById."""

    def render_view(self, body: str, page: PageRef) -> str:
        """Return *body*, which is not written, as HTML as the wiki would show it on *page*.

        Data Center converts at once; Cloud in the background, for which this method waits up to 8 seconds and then
        raises `WikiUnreachableError`. Raises `WikiError` if the wiki cannot convert the body, and
        `MalformedBodyError` before any request. v1 asyncConvertContentBodyRequest and
        asyncConvertContentBodyResponse; convert.
        """

    def find_page(self, space_key: str, title: str) -> PageRef | None:
        """Find a current page by its exact title, or else an archived page (Cloud only). getPages; getContent."""

    def find_trashed(self, space_key: str, title: str) -> PageRef | None:
        """Find a page in the trash by its exact title. getPages; getContent."""

    def find_labelled(self, space_key: str, label: str) -> list[str]:
        """Return the ids of current pages with a label, from the search index. Do not base a write on this listing.

        The search index may be stale. v1 searchContentByCQL; search.
        """

    def fetch_versions(self, page_id: str) -> Iterator[Version]:
        """List the version history, newest first, with names: one request for each 50 versions (Cloud).

        getPageVersions; Data Center documents no listing. If the wiki has none, each version is read separately.
        """

    def fetch_space_labels(self, space_key: str) -> frozenset[str]:
        """Return the labels that any content of the space has, in any status. getSpaceContentLabels; index_3."""

    def fetch_labels(self, page_id: str) -> frozenset[str]:
        """Return the labels of a page. getPageLabels; labels."""

    def fetch_attachments(self, page_id: str) -> list[Attachment]:
        """List the attachments of a page, by name. getPageAttachments; getAttachments."""

    def download(self, attachment: Attachment, sink: Sink) -> None:
        """Write the bytes of a file to *sink*; raises `WikiAnswerError` for a refusal or another size than listed.

        v1 downloadAttatchment; Data Center: the address in the listing. A redirect is followed without credentials, and
        only to a host that `bot.egress` allows.
        """

    def upload(self, page_id: str, name: str, content: bytes, *, comment: str, replaces: str | None = None) -> None:
        """Attach a file to a page, or save it as the next version of the attachment with the id *replaces*.

        A new file of a name that the page has already is refused by the wiki. If the answer is lost, the upload is
        successful if the page has the file with *comment*. v1 createAttachment, updateAttachmentData.
        """

    def create_comment(self, page_id: str, body: str, *, parent_id: str | None = None) -> str:
        """Add a footer comment to a page, or an answer to the comment *parent_id*; returns its id.

        If the answer is lost, the comment counts as made if the page has a new one of this account with these words.
        createFooterComment; createContent.
        """

    def fetch_comments(self, page_id: str) -> list[Comment]:
        """List all comments of a page, footer and inline, including resolved ones; replies follow their parent.

        getPageFooterComments, getPageInlineComments and one request for the replies to each comment;
        commentsOfContent.
        """

    def fetch_restrictions(self, page_id: str) -> Restrictions:
        """Return the users and groups that may read and edit a page. v1 getRestrictionsByOperation; byOperation."""

    def fetch_read_restricted(self, space_key: str) -> dict[str, bool]:
        """Return for current pages of a space whether each has a read restriction of its own: page id → answer.

        One request for each 200 pages. A page that the search index (Cloud) does not have, or for which the wiki does
        not say it, is omitted; ask `fetch_restrictions` about it. v1 searchContentByCQL; getContent.
        """

    def fetch_operations(self, page_id: str) -> frozenset[str]:
        """Return what the account may do to a page and below it, such as `update page`; empty if this is unknown.

        getPageOperations; getContentById.
        """

    def fetch_draft(self, page_id: str) -> Page | None:
        """Return the unpublished changes of a page, with the name of their author and their time; None without any.

        The draft may read the same as the published page. getPageById with `get-draft`; getContentById with
        `status=draft`.
        """

    def await_write_slot(self) -> None:
        """Wait until the write limit permits a write; the next write of this thread is then sent without waiting.

        Requests everything that a write needs to know about the account, so that no request is left for later.
        """

    def wait(self, seconds: float) -> None:
        """Sleep, and count the wait; raises `StoppedError` if the bot is asked to stop."""

    def finishing(self) -> AbstractContextManager[None]:
        """Send the requests of the block also when the bot is asked to stop, because they belong to a write.

        Waits still end with `StoppedError`.
        """

    def update_page(self, page: Page, body: str, *, message: str, is_minor: bool = True) -> Version:
        """Write *body* as the version that directly follows the version in *page*.

        updatePage; update_2. Cloud has no minor edits: *is_minor* is ignored there. If the answer is lost or
        unreadable, the page is read again; the write is successful if the live page matches the request. Raises
        `PageConflictError` if the page has a newer version, `WikiError` with the wiki's message if the wiki
        refuses (draft, title, state, size), `PermissionDeniedError` if the account has read access only,
        `MalformedBodyError` before any request is sent, `WritesForbiddenError` in a dry run. After
        `await_write_slot`, a 429 is raised at once, because the page has to be read again after the wait.
        """

    def create_page(self, space_key: str, *, title: str, body: str, parent_id: str | None, message: str) -> PageRef:
        """Create a page; if *parent_id* is None, the wiki chooses the parent. createPage; createContent.

        If the answer is lost, the write is successful if the wiki has the page as version 1 by this account. Raises
        `WikiError`, `MalformedBodyError` and `WritesForbiddenError` as `update_page` does.
        """

    def fetch_state(self, page_id: str) -> ContentState | None:
        """Return the content status of a page; None if there is none, or on Data Center. v1 getContentState."""

    def set_state(self, page_id: str, state: ContentState) -> None:
        """Set the content status of a Cloud page, which makes a new version. v1 setContentState."""

    def fetch_watchers(self, page_id: str) -> frozenset[str]:
        """Return the ids of those who get a notification for a version of the page: watchers of page and space.

        v1 getWatchesForPage, getWatchesForSpace; the watchers of a content, which only administrators may list.
        """

    @property
    def has_silent_writes(self) -> bool:
        """Whether a write can be marked as a minor edit, which sends no notification: on Data Center only."""

    def add_labels(self, page_id: str, labels: Sequence[str]) -> None:
        """Add labels to a page; idempotent. v1 addLabelsToContent; addLabels."""
