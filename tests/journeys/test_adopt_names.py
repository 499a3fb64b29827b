"""What people change about a link does not change how the data file names its page."""

import pytest

from tests.journeys.conftest import Desk

pytestmark = [pytest.mark.parametrize("seed", ["demo"]), pytest.mark.parametrize("flavour", ["cloud", "datacenter"])]


def test_a_page_named_by_its_id_stays_so_when_people_change_the_words_of_the_link(adopted: Desk) -> None:
    page_id = adopted.wiki.find("Implementation").id
    named = adopted.data.read_text().replace("page:Implementation", f"page:{page_id}")
    adopted.data.write_text(named)
    adopted.wiki.edit(adopted.home_id, adopted.home_body.replace("implementation page", "page of the implementation"))

    adopted.ran("adopt", "--yes")

    assert f"[page of the implementation](page:{page_id})" in adopted.data.read_text()
    adopted.ran("plan")
