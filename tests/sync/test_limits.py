from typing import Any

import pytest

from bot.config.policy import SafetySettings
from bot.errors import UnsafePlanError
from bot.sync.limits import find_excesses, raise_if_unsafe
from bot.sync.plan import PagePlan, Scope
from tests.sync.plans import change, page, plan


def changing(count: int, *, of: int, **values: Any) -> Any:
    pages = (page(change(str(number)), page_id=str(number), **values) for number in range(count))
    return plan(*pages, scopes=(Scope("ws2", "r", of, of, distinct_regions=of),))


@pytest.mark.parametrize(
    ("count", "of", "is_safe"), [(10, 10, True), (11, 20, False), (11, 110, True), (30, 300, True), (31, 300, False)]
)
def test_many_changes_and_a_large_share_are_refused_together(count: int, of: int, is_safe: bool) -> None:
    made = changing(count, of=of)

    if is_safe:
        assert raise_if_unsafe(made, SafetySettings()) == {}
    else:
        with pytest.raises(UnsafePlanError, match=f"{count} of {of}.*--force"):
            raise_if_unsafe(made, SafetySettings())


def test_one_text_on_many_pages_is_one_change() -> None:
    pages = [page(change("status"), page_id=str(number)) for number in range(500)]
    made = plan(*pages, scopes=(Scope("ws2", "r", 500, 502, distinct_regions=3),))

    assert raise_if_unsafe(made, SafetySettings()) == {}


def test_pages_that_the_bot_never_wrote_do_not_count() -> None:
    assert raise_if_unsafe(changing(50, of=50, is_first_run=True), SafetySettings()) == {}


def workspaces(changed: int, *, of: int) -> Any:
    names = [f"w{number}" for number in range(of)]
    pages = [PagePlan(name, name, name, "http://wiki.test", 1, (change(),), "r") for name in names[:changed]]
    return plan(*pages, scopes=tuple(Scope(name, "r", 1, 5, distinct_regions=5) for name in names))


@pytest.mark.parametrize(("changed", "of", "is_safe"), [(59, 200, False), (20, 200, True), (21, 200, False)])
def test_many_workspaces_are_refused_although_few_of_the_regions_change(changed: int, of: int, is_safe: bool) -> None:
    made = workspaces(changed, of=of)

    if is_safe:
        assert raise_if_unsafe(made, SafetySettings()) == {}
    else:
        with pytest.raises(UnsafePlanError, match=f"{changed} of {of} workspaces"):
            raise_if_unsafe(made, SafetySettings())


@pytest.mark.parametrize(
    ("live", "desired", "is_safe"), [(1000, 499, False), (1000, 500, True), (199, 0, True), (200, 0, False)]
)
def test_a_data_file_that_lost_half_of_what_it_said_is_refused(live: int, desired: int, is_safe: bool) -> None:
    made = plan(page(change()), scopes=(Scope("ws2", "r", 1, 3, live, desired, 3),))

    if is_safe:
        assert raise_if_unsafe(made, SafetySettings()) == {}
    else:
        with pytest.raises(UnsafePlanError, match="may be cut or empty"):
            raise_if_unsafe(made, SafetySettings())


@pytest.mark.parametrize(
    ("live", "replaced", "is_safe"), [(20, 20, False), (19, 19, True), (100, 80, True), (100, 81, False)]
)
def test_a_data_file_that_says_something_else_altogether_is_refused(live: int, replaced: int, is_safe: bool) -> None:
    made = plan(page(change()), scopes=(Scope("ws2", "r", 1, 3, 0, 0, 3, live, replaced),))

    if is_safe:
        assert raise_if_unsafe(made, SafetySettings()) == {}
    else:
        expected = (
            f"the data file of workspace 'ws2' replaces {replaced} of the {live} lines that its pages say, which is "
            "more than 80% (`safety.max_replaced_share`); it may be the wrong file"
        )
        assert [excess.message for excess in find_excesses(made, SafetySettings())] == [expected]


def test_one_workspace_that_exceeds_its_limit_leaves_the_others() -> None:
    made = workspaces(3, of=3)
    made = plan(*made.pages, scopes=(Scope("w0", "r", 1, 5, 1000, 0, 5, 20, 20), *made.scopes[1:]))

    refused = raise_if_unsafe(made, SafetySettings())

    assert list(refused) == ["w0"]
    assert "it may be cut or empty; the data file of workspace 'w0' replaces" in refused["w0"]
    assert "wikibot apply --plan FILE" in refused["w0"]


def test_all_reasons_against_a_plan_are_in_one_message_with_the_places_of_the_limits() -> None:
    made = plan(page(*[change(str(number)) for number in range(3)]), scopes=(Scope("ws2", "r", 1, 3, 1000, 0, 3),))

    with pytest.raises(UnsafePlanError) as refused:
        raise_if_unsafe(made, SafetySettings(max_changed_regions=2), lambda key: f"bot.yaml:7: {key}")

    assert str(refused.value).startswith(
        "3 of 3 managed regions would change, which is more than 2 (bot.yaml:7: max_changed_regions) and more than 10% "
        "(bot.yaml:7: max_changed_share); workspace 'ws2': "
    )
    assert "0 characters where its page says 1000; it may be cut or empty. Nothing was written" in str(refused.value)


def test_each_workspace_has_the_limit_of_its_own_regions() -> None:
    made = workspaces(1, of=20)

    excesses = find_excesses(made, SafetySettings(max_changed_regions=0))

    assert [(excess.workspace, excess.message.partition(", which")[0]) for excess in excesses] == [
        ("w0", "workspace 'w0': 1 of 5 regions would change")
    ]
