import pytest

from bot.errors import MalformedBodyError
from bot.storage.reader import check_well_formed
from tests.storage.corpus import real_bodies


@pytest.mark.parametrize(
    "body",
    [
        "<p>text</p>",
        "words alone",
        "<p>&nbsp;&rarr;&hellip;</p>",
        "<ac:plain-text-body><![CDATA[a < b]]></ac:plain-text-body>",
    ],
)
def test_storage_format_is_accepted_as_it_is(body: str) -> None:
    check_well_formed(body)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "  \n",
        "<p>",
        "<p></div>",
        "a & b",
        "</body><body>",
        "<p>\x00</p>",
        "<!DOCTYPE x><p/>",
        "<p a=b>x</p>",
        "<?xml version='1.0'?><p/>",
        "<p>&euros;</p>",
        "<p>\ud83d</p>",
    ],
)
def test_anything_else_is_refused(body: str) -> None:
    with pytest.raises(MalformedBodyError):
        check_well_formed(body)


def test_a_refusal_names_the_page_and_the_place() -> None:
    with pytest.raises(MalformedBodyError, match=r"page 'Home': .* line 2, column 1: unknown entity &euros;") as caught:
        check_well_formed("<p>5</p>\n&euros;", what="page 'Home'")

    assert caught.value.offset == 9


def test_every_real_body_is_accepted() -> None:
    bodies = [body for _, body in real_bodies() if body.strip() and not body.startswith("<?xml")]

    for body in bodies:
        check_well_formed(body)

    assert len(bodies) > 130
