import pytest

from bot.wiki.gateway import Page, User
from bot.wiki.page_writer import is_our_write
from tests.wiki.refs import BOT, make_page

BASE = make_page("7", "<p>old</p>", version=3)
SENT = '<p>a <b>new</b> text &amp; more</p><ac:structured-macro ac:name="info"><ac:parameter ac:name="a">1</ac:parameter><ac:parameter ac:name="b">2</ac:parameter></ac:structured-macro>'  # noqa: E501 -- one body
SAVED = '<p local-id="1">a <strong>new</strong> text &amp; more</p><ac:structured-macro ac:macro-id="9" ac:name="info"><ac:parameter ac:name="b">2</ac:parameter><ac:parameter ac:name="a">1</ac:parameter></ac:structured-macro>'  # noqa: E501 -- one body


def judge(found: Page) -> bool:
    return is_our_write(found, base=BASE, body=SENT, message="bot: status", author_id=BOT.id)


def test_our_write_is_known_through_the_rewriting_of_the_server() -> None:
    assert judge(make_page("7", SAVED, version=4, message="bot: status"))


@pytest.mark.parametrize(
    "found",
    [
        make_page("8", SAVED, version=4, message="bot: status"),
        make_page("7", SAVED, version=5, message="bot: status"),
        make_page("7", SAVED, version=4, message="by hand"),
        make_page("7", SAVED, version=4, message="bot: status", author=User("ana-id", "Ana")),
        make_page("7", SAVED.replace("new", "newer"), version=4, message="bot: status"),
    ],
    ids=["page", "version", "message", "author", "words"],
)
def test_anything_else_is_not_our_write(found: Page) -> None:
    assert not judge(found)
