"""A browser without a screen: it follows links and fills in the forms of a page."""

from typing import Protocol
from urllib.parse import urljoin

from bs4 import BeautifulSoup, Tag
from requests import Response, Session

from wikiserver.testing import Wiki


class Browser:
    """Someone's session, and the page it is on."""

    def __init__(self, wiki: Wiki, session: Session, name: str | None) -> None:
        self.wiki, self.session = wiki, session
        if name is not None:
            self.open("/login")
            self.submit("form.login", name=name, password=f"{name}-secret")

    def open(self, address: str, *, status: int = 200) -> BeautifulSoup:
        path = address if address.startswith("http") else self.wiki.url + address
        return self._read(self.session.get(path, headers={"Accept": "text/html"}), status)

    def submit(self, form_css: str, *, status: int = 200, button: str = "", **values: str) -> BeautifulSoup:
        """Send a form of the current page, with *values* in place of the values of its fields."""
        form = self.page.select_one(form_css)
        assert form is not None, f"no {form_css} on {self.url}"
        action = str(form.get("action") or self.url)
        fields = fields_of(form)
        if button:
            chosen = next(b for b in form.select("button") if b.get_text(strip=True) == button)
            action = str(chosen.get("formaction") or action)
            fields |= {str(chosen["name"]): str(chosen["value"])} if chosen.get("name") else {}
        unknown = set(values) - set(fields)
        assert not unknown, f"{form_css} has no field {unknown}"
        return self._read(self.session.post(urljoin(self.url, action), data=fields | values), status)

    def post(self, address: str, *, status: int = 200, **values: object) -> BeautifulSoup:
        meta = self.page.select_one("meta[name=csrf]")
        token = str(meta["content"]) if meta else ""
        return self._read(self.session.post(self.wiki.url + address, data={"csrf": token, **values}), status)

    def _read(self, answer: Response, status: int) -> BeautifulSoup:
        assert answer.status_code == status, f"{answer.status_code} {answer.url}\n{answer.text[:3000]}"
        self.answer, self.url = answer, answer.url
        self.page = BeautifulSoup(answer.text, "html.parser")
        return self.page

    @property
    def title(self) -> str:
        head = self.page.select_one("h1")
        return head.get_text(strip=True) if head else ""

    @property
    def content(self) -> str:
        found = self.page.select_one("#content")
        assert found is not None, self.url
        return found.get_text(" ", strip=True)


def fields_of(form: Tag) -> dict[str, str]:
    fields: dict[str, str] = {}
    for field in form.select("input[name], textarea[name], select[name]"):
        name, kind = str(field["name"]), field.get("type")
        if kind in {"radio", "checkbox"} and not field.has_attr("checked"):
            continue
        text = field.get_text().removeprefix("\n") if field.name == "textarea" else str(field.get("value") or "")
        fields[name] = text
    return fields


class Browse(Protocol):
    """Opens a browser for someone; None is a stranger."""

    def __call__(self, name: str | None = "ana") -> Browser: ...
