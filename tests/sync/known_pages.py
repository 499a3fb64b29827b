"""The pages of a wiki as a table that implements `Pages`."""

from bot.inline import PageTarget


class KnownPages:
    """Pages by id; those of another space are named by id, as the data file does."""

    def __init__(self, pages: dict[str, PageTarget] | None = None, *, prefer_ids: bool = False) -> None:
        self.base_url, self.space_key = "https://wiki.example.org/wiki", "WS2"
        self.addresses: tuple[str, ...] = (self.base_url,)
        self._by_id = pages or {}
        self._prefers_ids = prefer_ids

    def name_page(self, title: str, space_key: str) -> str | None:
        space = None if space_key == self.space_key else space_key
        page_id = next((key for key, page in self._by_id.items() if page == PageTarget(title, space)), None)
        if space is None and (page_id is None or not self._prefers_ids):
            return title
        return page_id

    def name_page_id(self, page_id: str) -> str | None:
        page = self._by_id.get(page_id)
        return None if page is None else self.name_page(page.title, page.space_key or self.space_key)

    def find_target(self, reference: str) -> PageTarget | None:
        if reference in self._by_id:
            return self._by_id[reference]
        return next((page for page in self._by_id.values() if page == PageTarget(reference)), None)

    def name_user(self, user_id: str) -> str:
        return {"712020:1": "Ana Souza"}.get(user_id, user_id)
