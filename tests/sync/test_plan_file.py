import json
from pathlib import Path
from typing import Any

import pytest

from bot.errors import BotError
from bot.storage.regions import Marker, MarkerKind
from bot.sync.plan_file import PlanDocument, check_digest, dump_plan, load_plan, plan_digest
from tests.sync.plans import change, drifted, page, plan, problem

MADE = plan(
    page(
        change(lost_comments=("old",)),
        drifted(marker=Marker("status", MarkerKind.HEADING, "Project Status:")),
        change("quick_links", live=None, place="end", last_applied=None),
        is_first_run=True,
    ),
    problems=(problem(region="news"),),
    notices=("Überschrift",),
)


def test_a_plan_survives_the_file() -> None:
    assert load_plan(dump_plan(MADE)) == MADE


def test_the_file_reports_digests_and_base_versions() -> None:
    document = json.loads(dump_plan(MADE))

    assert document["format"] == "wikibot-plan/1"
    assert document["digest"] == plan_digest(MADE)
    assert document["pages"][0]["base_version"] == 4
    assert {"desired_digest", "live_digest"} <= document["pages"][0]["changes"][0].keys()
    assert document["summary"] == {
        "pages_to_write": 1,
        "regions_to_write": 2,
        "regions_in_dispute": 1,
        "problems": 1,
    }


def edited(**values: Any) -> str:
    return json.dumps(json.loads(dump_plan(MADE)) | values)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "not JSON"),
        ("[]", "does not state the format wikibot-plan/1"),
        (edited(format="wikibot-plan/9"), "newer wikibot.*update wikibot"),
        (edited(wiki="http://elsewhere.test"), "changed after it was written"),
        (edited(pages=[]), "changed after it was written"),
        (edited(pages=7), "damaged"),
        (edited(pages=[{"changes": [{"region": "x"}]}]), "damaged"),
        (edited(created="yesterday"), "damaged"),
    ],
)
def test_what_is_no_plan_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(BotError, match=complaint):
        load_plan(text)


def test_a_text_changed_by_hand_is_noticed() -> None:
    text = dump_plan(MADE).replace("new words", "new w0rds")

    with pytest.raises(BotError, match="changed after"):
        load_plan(text)


@pytest.mark.parametrize("key", ["pages", "desired", "title"])
def test_a_key_that_is_there_twice_is_refused(key: str) -> None:
    text = dump_plan(MADE).replace(f'"{key}": ', f'"{key}": "what a person reads first", "{key}": ', 1)

    with pytest.raises(BotError, match=f"has the key '{key}' twice"):
        load_plan(text)


def test_keys_of_a_later_program_are_kept_and_bound_by_the_digest() -> None:
    document = PlanDocument.parse(edited(approved_by="Ana"))

    assert document.content()["approved_by"] == "Ana"
    with pytest.raises(BotError, match="changed after"):
        load_plan(edited(approved_by="Ana"))


def test_the_digest_of_a_plan_does_not_depend_on_the_classes_in_memory() -> None:
    assert plan_digest(MADE) == "sha256:783175073409ddf0f4a90f3d7373190bd1e69f7848967bc8ae1343e0735f41bf"


def test_another_plan_than_the_reviewed_one_is_refused() -> None:
    other = plan(page(change(desired="<p>x</p>")))

    check_digest(MADE, plan_digest(MADE))
    check_digest(MADE, plan_digest(MADE).removeprefix("sha256:")[:12])
    for digest in (plan_digest(other), "", "sha256:", plan_digest(MADE)[:10]):
        with pytest.raises(BotError, match="not the plan that was reviewed"):
            check_digest(MADE, digest)


def test_the_documented_shape_is_that_of_the_file() -> None:
    text = (Path(__file__).resolve().parents[2] / "docs" / "reference" / "plan-file.md").read_text(encoding="utf-8")
    example = json.loads(text.partition("```json\n")[2].partition("```")[0])
    document = json.loads(dump_plan(plan(page(drifted()), problems=(problem(),))))

    assert shape(example) == shape(document)


def shape(value: object) -> object:
    """Return keys and nesting of a JSON value; of a list, the shape of its first item."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    return [shape(value[0])] if isinstance(value, list) and value and isinstance(value[0], dict) else None
