import pytest

from bot.errors import MalformedBodyError, WikiError, WikiUnreachableError
from bot.storage.named_targets import name_targets
from bot.wiki.confluence import ConfluenceGateway
from bot.wiki.gateway import PageRef
from tests.wiki.conftest import Connect
from wikiserver.testing import Wiki

LINKS = (
    '<p><ac:link><ri:page ri:content-title="Report" /><ac:link-body>the report</ac:link-body></ac:link> and '
    '<ac:link><ri:attachment ri:filename="plan.pdf" /><ac:link-body>the plan</ac:link-body></ac:link></p>'
)


@pytest.fixture
def home(wiki: Wiki, gateway: ConfluenceGateway) -> PageRef:
    page_id = wiki.add_page("Home & more", "<p>old</p>")
    wiki.add_page("Report")
    wiki.store.attachments.add(int(page_id), "plan.pdf", b"%PDF", author=wiki.account("ana"))
    return gateway.fetch_page(page_id).ref


def test_links_of_a_text_that_is_not_written_lead_where_they_will(
    wiki: Wiki, gateway: ConfluenceGateway, home: PageRef
) -> None:
    shown = gateway.render_view(LINKS, home)

    assert f'data-linked-resource-id="{wiki.find("Report").id}"' in shown
    assert 'data-linked-resource-default-alias="plan.pdf"' in shown
    assert "createlink" not in shown
    assert wiki.body(home.id) == "<p>old</p>"


def test_a_read_only_run_may_look_and_needs_no_write_slot(connect: Connect, naps: list[float], home: PageRef) -> None:
    gateway = connect(is_dry_run=True, writes_per_minute=1)

    shown = [gateway.render_view("<p>x</p>", home) for _ in range(3)]

    assert shown == ["<p>x</p>"] * 3
    assert all(nap < 1 for nap in naps)


def test_a_conversion_in_the_background_is_awaited(
    wiki: Wiki, gateway: ConfluenceGateway, naps: list[float], home: PageRef
) -> None:
    wiki.site.conversion_polls = 3

    shown = gateway.render_view("<p>x</p>", home)

    assert shown == "<p>x</p>"
    assert naps == ([0.2, 0.4, 0.8, 1.6] if wiki.flavour == "cloud" else [])


def test_a_conversion_that_does_not_end_is_given_up_after_eight_seconds(
    wiki: Wiki, gateway: ConfluenceGateway, naps: list[float], home: PageRef
) -> None:
    if wiki.flavour == "datacenter":
        pytest.skip("Data Center converts at once")
    wiki.site.conversion_polls = 10_000

    with pytest.raises(WikiUnreachableError, match="did not finish within 8 s"):
        gateway.render_view("<p>x</p>", home)

    assert sum(naps) == pytest.approx(8.0)


def test_a_failure_of_the_wiki_is_passed_on(wiki: Wiki, gateway: ConfluenceGateway, home: PageRef) -> None:
    wiki.faults.add("403@post")

    with pytest.raises(WikiError):
        gateway.render_view("<p>x</p>", home)


def test_the_wiki_is_asked_again_after_an_overload(wiki: Wiki, gateway: ConfluenceGateway, home: PageRef) -> None:
    wiki.faults.add("503@post*1")

    assert gateway.render_view("<p>x</p>", home) == "<p>x</p>"


def test_a_login_page_is_not_taken_for_a_rendering(wiki: Wiki, gateway: ConfluenceGateway, home: PageRef) -> None:
    wiki.faults.add("login@post")

    with pytest.raises(WikiError):
        gateway.render_view("<p>x</p>", home)


def test_targets_that_name_their_space_are_left_alone() -> None:
    body = (
        '<ri:page ri:space-key="ABC" ri:content-title="T" /><ri:attachment ri:filename="f"><ri:page /></ri:attachment>'
    )

    named = name_targets(body, space_key="WS2", title='A "b"')

    assert named == body.replace("<ri:page />", '<ri:page ri:space-key="WS2" />')


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            '<ri:attachment ri:filename="f"/>',
            '<ri:attachment ri:filename="f">%s</ri:attachment>',
        ),
        (
            '<ri:attachment ri:filename="f"></ri:attachment>',
            '<ri:attachment ri:filename="f">%s</ri:attachment>',
        ),
        ('<ri:page ri:content-title="T"/>', '<ri:page ri:content-title="T" ri:space-key="WS2"/>'),
    ],
)
def test_each_spelling_of_a_target_gets_its_space(body: str, expected: str) -> None:
    owner = '<ri:page ri:space-key="WS2" ri:content-title="A &quot;b&quot;" />'

    assert name_targets(body, space_key="WS2", title='A "b"') == expected.replace("%s", owner)


def test_a_malformed_text_is_not_sent(wiki: Wiki, gateway: ConfluenceGateway, home: PageRef) -> None:
    before = len(wiki.requests)

    with pytest.raises(MalformedBodyError):
        gateway.render_view("<p>x", home)

    assert len(wiki.requests) == before
