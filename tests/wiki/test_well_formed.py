import pytest

from bot.errors import MalformedBodyError
from bot.wiki.well_formed import check_well_formed
from tests.shared import shared_dir

NOT_BALANCED = {"confluence80tags_Page_720904.xhtml"}


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
    ["", "  \n", "<p>", "<p></div>", "a & b", "</body><body>", "<p>\x00</p>", "<!DOCTYPE x><p/>", "<p a=b>x</p>"],
)
def test_anything_else_is_refused(body: str) -> None:
    with pytest.raises(MalformedBodyError):
        check_well_formed(body)


def test_every_real_body_is_accepted() -> None:
    paths = [path for path in shared_dir("corpus").rglob("*.xhtml") if path.name not in NOT_BALANCED]

    for path in paths:
        body = path.read_bytes().decode()
        if body.strip() and not body.startswith("<?xml"):  # a document rather than the fragment that a page holds
            check_well_formed(body)

    assert len(paths) > 400
