"""The tables of scopes are what Atlassian's documents say about the calls that the bot makes."""

from pathlib import Path

import pytest

from bot.wiki.scopes import all_needed_scopes, needed_scopes, scoped_calls
from script.scopes import tables
from tests.shared import shared_dir
from tests.wiki.every_call import CLOUD, iter_calls


def test_the_tables_are_what_the_documents_say() -> None:
    for path, text in tables(shared_dir("spec")).items():
        assert path.read_text() == text, f"run python -m script.scopes ../shared/spec: {path}"


def test_every_call_of_the_bot_has_its_scopes() -> None:
    for call in iter_calls(CLOUD):
        assert needed_scopes(call.method, call.address), f"{call.method} {call.path}"


@pytest.mark.parametrize(
    ("method", "path", "scopes"),
    [
        ("GET", "/api/v2/pages/12?body-format=storage", ("read:page:confluence",)),
        ("PUT", "/api/v2/pages/12", ("write:page:confluence",)),
        ("GET", "/rest/api/user/current", ("read:content-details:confluence",)),
        ("POST", "/rest/api/content/12/label", ("read:label:confluence", "write:label:confluence")),
        ("DELETE", "/api/v2/pages/12", ()),
    ],
)
def test_scopes_of_a_request(method: str, path: str, scopes: tuple[str, ...]) -> None:
    assert needed_scopes(method, path) == scopes


def test_all_scopes_together_are_granular_and_no_more_than_needed() -> None:
    assert set(all_needed_scopes()) == {scope for call in scoped_calls() for scope in call.granular}
    assert not any(scope.startswith("delete:") for scope in all_needed_scopes())
    assert (Path(__file__).parents[2] / "docs/reference/scopes.md").read_text().count("write:page:confluence") >= 2
