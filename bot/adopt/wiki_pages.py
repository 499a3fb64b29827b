"""Map between pages of a wiki and references in the data file; pages are looked up on demand."""

from bot.errors import WikiError
from bot.inline import PageTarget
from bot.sync.page_finder import PageFinder
from bot.wiki.gateway import WikiGateway


class WikiPages:
    """Names pages of the workspace's space by title and other pages by id."""

    def __init__(self, gateway: WikiGateway, finder: PageFinder) -> None:
        self.base_url, self.addresses = gateway.base_url, gateway.addresses
        self.space_key = finder.space_key
        self._gateway, self._finder = gateway, finder
        self._users: dict[str, str] = {}
        self._targets: dict[str, PageTarget] = {}
        self._references: dict[PageTarget, str] = {}

    def name_page(self, title: str, space_key: str) -> str | None:
        """Return the reference of a page; in the workspace's own space the title, even if no such page exists.

        A link may have a title that the page had before; the data file gets what names the page now.
        """
        target = PageTarget(title, None if space_key == self.space_key else space_key)
        if target in self._references:
            return self._references[target]
        if space_key == self.space_key:
            renamed = self._finder.find_renamed(title)
            if renamed is None:
                return title
            return self._references.get(PageTarget(renamed.title, None), renamed.title)
        ref = self._gateway.find_page(space_key, title)
        if ref is None:
            return None
        return self._remember(ref.id, target)

    def name_page_id(self, page_id: str) -> str | None:
        """Return the reference of the page with that id; None if unknown."""
        found = self._finder.find(page_id)
        if found is None or found.ref.id != page_id:
            return None
        return self.name_page(found.ref.title, found.ref.space_key)

    def find_target(self, reference: str) -> PageTarget | None:
        """Return the page that a reference names, as a link target; None if unknown."""
        if reference not in self._targets:
            found = self._finder.find(reference)
            if found is None:
                return None
            space_key = found.ref.space_key
            target = PageTarget(found.ref.title, None if space_key == self.space_key else space_key)
            self._remember(reference, target)
        return self._targets[reference]

    def name_user(self, user_id: str) -> str:
        """Return the name of the person with that id; the id if the person is unknown."""
        if user_id not in self._users:
            try:
                self._users[user_id] = self._gateway.fetch_user(user_id).display_name
            except WikiError:
                self._users[user_id] = user_id
        return self._users[user_id]

    def _remember(self, reference: str, target: PageTarget) -> str:
        self._targets[reference] = target
        return self._references.setdefault(target, reference)
