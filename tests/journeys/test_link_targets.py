"""What a text can link to, found as people search: by words of a title, or by an address that they paste."""

import pytest

from bot.config.settings import load_settings
from bot.operations.target_search import TargetListing, find_targets, judge_links, read_targets, shorten_addresses
from bot.runtime import Runtime
from bot.sync.data_links import DataLink, LinkKind
from bot.wiki.gateway import WikiGateway
from tests.journeys.conftest import Desk

pytestmark = [
    pytest.mark.either_flavour,
    pytest.mark.parametrize("seed", ["demo"]),
    pytest.mark.parametrize("flavour", ["cloud", "datacenter"]),
]


@pytest.fixture
def runtime(adopted: Desk) -> Runtime:
    wiki = adopted.wiki
    wiki.store.attachments.add(adopted.home_id, "dashboard.pdf", b"%PDF", author=wiki.account("ana"))
    wiki.add_page("Dashboard (2017)", parent=wiki.find("Implementation").id)
    wiki.add_page("2024")
    wiki.add_page("Elsewhere", space="OTHER")
    return Runtime(load_settings(adopted.folder / "bot.yaml"))


@pytest.fixture
def listing(runtime: Runtime) -> TargetListing:
    return read_targets(runtime.gateway(), runtime.workspace)


@pytest.fixture
def gateway(runtime: Runtime) -> WikiGateway:
    return runtime.gateway()


def test_pages_and_files_are_found_by_words_of_their_titles(listing: TargetListing) -> None:
    found = listing.search("DASH")

    assert {(each.kind, each.title) for each in found.targets} == {
        ("page", "Dashboard (2017)"),
        ("page", "Dashboard, June 2017"),
        ("file", "dashboard.pdf"),
    }
    page = found.targets[0]
    assert page.place.endswith("Implementation")
    assert page.markdown == r"[Dashboard (2017)](page:Dashboard \(2017\))"


def test_the_start_of_a_title_counts_most_and_few_are_shown(listing: TargetListing) -> None:
    found = listing.search("implementation", limit=3)

    assert found.targets[0].title.startswith("Implementation")
    assert found.total >= len(found.targets) <= 3


def test_a_title_that_looks_like_an_id_is_written_as_a_title(listing: TargetListing) -> None:
    assert listing.search("2024").targets[0].reference == "page:title:2024"


def test_nothing_is_found_for_nothing(listing: TargetListing) -> None:
    assert listing.search("  ").targets == ()


def test_the_nearest_title_is_offered(listing: TargetListing) -> None:
    assert listing.nearest("Implementaton")[0].title == "Implementation"


@pytest.mark.parametrize(
    "form", ["/pages/viewpage.action?pageId={id}", "/spaces/WS2/pages/{id}/Any", "/display/WS2/{title}"]
)
def test_an_address_of_the_wiki_becomes_a_page_by_its_id(
    adopted: Desk, gateway: WikiGateway, listing: TargetListing, form: str
) -> None:
    page = adopted.wiki.find("Implementation")
    address = gateway.base_url + form.format(id=page.id, title="Implementation")

    found = find_targets(gateway, listing, f" {address} ")

    assert [(each.title, each.reference) for each in found.targets] == [("Implementation", f"page:{page.id}")]
    assert shorten_addresses(f"[x]({address}) and [y](https://example.org)", gateway, listing) == (
        f"[x](page:{page.id}) and [y](https://example.org)"
    )


def test_a_page_of_another_space_is_found_by_its_address(
    adopted: Desk, gateway: WikiGateway, listing: TargetListing
) -> None:
    page = adopted.wiki.find("Elsewhere", space="OTHER")

    found = find_targets(gateway, listing, f"{gateway.base_url}/pages/viewpage.action?pageId={page.id}")

    assert found.targets[0].reference == f"page:{page.id}"


@pytest.mark.parametrize(
    ("path", "reason"),
    [("/pages/viewpage.action?pageId=999999", "there is no page"), ("/login.action", "not an address")],
)
def test_an_address_that_leads_nowhere_is_explained(
    gateway: WikiGateway, listing: TargetListing, path: str, reason: str
) -> None:
    found = find_targets(gateway, listing, gateway.base_url + path)

    assert found.targets == ()
    assert reason in found.problem


def test_a_file_is_found_by_its_address(adopted: Desk, gateway: WikiGateway, listing: TargetListing) -> None:
    address = f"{gateway.base_url}/download/attachments/{adopted.home_id}/dashboard.pdf?version=1"

    assert find_targets(gateway, listing, address).targets[0].reference == "attachment:dashboard.pdf"


def link(kind: LinkKind, target: str) -> DataLink:
    return DataLink(kind, target, ("news", "items", 0, "text"))


def test_links_are_judged_without_a_request(adopted: Desk, listing: TargetListing) -> None:
    before = len(adopted.wiki.requests)
    page = adopted.wiki.find("Implementation")
    good = [link(LinkKind.PAGE, each) for each in ("Implementation", str(page.id), "title:2024", "999999")]

    assert judge_links(listing, [*good, link(LinkKind.ATTACHMENT, "dashboard.pdf")]) == []
    missing = judge_links(listing, [link(LinkKind.PAGE, "Implementaton"), link(LinkKind.ATTACHMENT, "dashbord.pdf")])

    assert [(each.field, each.topic, each.weight, each.nearest[0]) for each in missing] == [
        ("text", "missing", "error", "Implementation"),
        ("text", "missing", "error", "dashboard.pdf"),
    ]
    assert len(adopted.wiki.requests) == before


@pytest.mark.usefixtures("runtime")
def test_the_command_prints_links_to_copy(adopted: Desk) -> None:
    found = adopted.ran("find", "dashboard", "2017").out
    nothing = adopted.ran("find", "no such page", code=1)

    assert r"[Dashboard (2017)](page:Dashboard \(2017\))" in found
    assert "nothing is called 'no such page'" in nothing.err


def test_the_command_prints_a_region_as_the_wiki_draws_it(adopted: Desk) -> None:
    drawn = adopted.ran("render", "news", "--html").out

    assert "<li>" in drawn
    assert "ac:link" not in drawn
    assert "no region 'nothing'" in adopted.ran("render", "nothing", "--html", code=1).err
