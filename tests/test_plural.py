import pytest

from bot.plural import counted


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0 pages"), (1, "1 page"), (2, "2 pages"), (1000, "1000 pages")], ids=str
)
def test_a_number_other_than_one_has_a_plural(number: int, text: str) -> None:
    assert counted(number, "page") == text
