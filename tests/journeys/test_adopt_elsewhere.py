"""A maintainer adopts home pages that differ from the demonstration's."""

import pytest

from bot.splice import splice
from bot.storage.regions import Marker, find_regions
from tests.journeys.conftest import HOME, Desk

pytestmark = [pytest.mark.parametrize("seed", ["demo"]), pytest.mark.parametrize("flavour", ["cloud", "datacenter"])]

MARKERS = [Marker("status"), Marker("quick_links"), Marker("news")]
LINK = '<ac:link><ri:page ri:content-title="Implementation" /></ac:link>'
REMARK = '<ac:inline-comment-marker ac:ref="5f949dcb-c93e-449b-b3d8-f108a5b788b0">{}</ac:inline-comment-marker>'
PAGES = {
    "headings": f"<h1>Welcome</h1><h2>Current status</h2><p>{REMARK.format('On hold')} for <strong>now</strong>.</p>"
    f"<h2>Useful links</h2><ol><li>{LINK}</li></ol><h2>Announcements</h2><p>2024-02-22: first</p><p>second</p>",
    "panels": '<ac:structured-macro ac:name="panel"><ac:parameter ac:name="title">News</ac:parameter>'
    '<ac:parameter ac:name="bgColor">#ffffee</ac:parameter><ac:rich-text-body><p><em>22 February 2024</em></p>'
    "<ul><li>first</li></ul><p>Write to us</p></ac:rich-text-body></ac:structured-macro>"
    '<ac:structured-macro ac:name="info"><ac:rich-text-body><p><strong>Status:</strong> '
    '<ac:emoticon ac:name="tick" /> Done</p></ac:rich-text-body></ac:structured-macro>',
    "table": "<table><tbody><tr><th>Status</th><td>Going on</td></tr>"
    f"<tr><th>Links</th><td><p>{LINK}</p></td></tr></tbody></table><p>x &amp; y</p>",
}


@pytest.mark.parametrize("page", list(PAGES))
def test_any_home_page_is_taken_over_and_kept_in_step(desk: Desk, page: str) -> None:
    desk.wiki.edit(desk.home_id, PAGES[page])
    before = desk.home_body

    desk.ran("adopt", HOME, "--space", "WS2", "--yes")

    adopted = desk.home_body
    regions = find_regions(adopted, MARKERS)
    assert len(regions) >= 2
    assert desk.ran("plan").out == f"in sync: {len(regions)} regions on 1 page\n"
    assert before.count("<ac:inline-comment-marker") == adopted.count("<ac:inline-comment-marker")

    desk.data.write_text(desk.data.read_text().replace("workspace:", "# touched\nworkspace:", 1))
    desk.ran("status", "set", "At last.")
    desk.ran("apply", "--yes")

    after = desk.home_body
    assert "At last." in after
    again = find_regions(after, MARKERS)
    assert splice(after, {again["status"].content: ""}) == splice(adopted, {regions["status"].content: ""})
