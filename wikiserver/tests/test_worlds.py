"""World folders: import, export, and import of the export."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.shared import shared_dir
from wikiserver.application import normaliser
from wikiserver.export import export_world
from wikiserver.seed import DEMO_WORLD, WorldError, load_world
from wikiserver.store import Content, Selection, Store


@pytest.fixture
def store() -> Iterator[Store]:
    with Store() as store:
        yield store


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def tree_of(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_world_comes_back_from_its_own_export(tmp_path: Path) -> None:
    with Store() as first:
        load_world(first, DEMO_WORLD)
        export_world(first, tmp_path / "one")
    with Store() as second:
        load_world(second, tmp_path / "one")
        export_world(second, tmp_path / "two")

    assert len(tree_of(tmp_path / "one")) > 100
    assert tree_of(tmp_path / "one") == tree_of(tmp_path / "two")


def test_export_keeps_what_the_demo_says(tmp_path: Path, store: Store) -> None:
    load_world(store, DEMO_WORLD)
    export_world(store, tmp_path / "out", space_keys=["WS2"])

    with Store() as again:
        load_world(again, tmp_path / "out")
        pages = [
            {(page.title, page.status, page.version, one.contents.body(page.id)) for page in all_pages(one, "WS2")}
            for one in (store, again)
        ]

    assert pages[0] == pages[1]


def all_pages(store: Store, key: str) -> list[Content]:
    space = store.spaces.get_by_key(key)
    return store.contents.select(Selection(("space_id = ?", "type = 'page'"), (space.id,), limit=-1))


def test_bare_files_become_pages_under_the_home(tmp_path: Path, store: Store) -> None:
    write(
        tmp_path,
        {"DOC/space.yaml": "name: Documents\n", "DOC/one.xhtml": "<p>1</p>\n", "DOC/deep/one.xhtml": "<p>2</p>"},
    )

    load_world(store, tmp_path)

    space = store.spaces.get_by_key("DOC")
    home = store.contents.get(space.homepage_id or 0)
    assert home.title == "Documents Home"
    assert sorted(page.title for page in store.hierarchy.children(home.id)) == ["deep/one", "one"]
    page = store.contents.find_page(space.id, "one")
    assert page is not None
    assert store.contents.body(page.id) == "<p>1</p>"


def test_every_part_of_a_page_is_loaded(tmp_path: Path, store: Store) -> None:
    write(
        tmp_path,
        {
            "users.yaml": "- {name: eve, display_name: Eve E.}\n",
            "DOC/space.yaml": "{key: DOC, name: Documents, home: home}\n",
            "DOC/home.xhtml": "<p>new</p>",
            "DOC/home.v1.xhtml": "<p>old</p>",
            "DOC/home.yaml": (
                "title: Front\nlabels: [news]\nstatus: current\nauthor: ana\n"
                "versions:\n"
                "  - {number: 1, author: ana, when: '2024-01-02T03:04:05Z', message: first, body: home.v1.xhtml}\n"
                "  - {number: 2, author: eve, when: 2024-02-03, message: second}\n"
                "attachments: [{name: a.txt, media_type: text/x-notes, comment: c, author: li}]\n"
                "comments:\n"
                "  - {id: 1, author: li, body: <p>q</p>, inline: {ref: abc, text: new}, resolved: true}\n"
                "  - {id: 2, author: ana, body: <p>a</p>, parent: 1}\n"
                "restrictions: {read: [ana, eve]}\nproperties: {k: {a: [1]}}\ncontent_state: In progress\n"
            ),
            "DOC/home.files/a.txt": "hello",
            "DOC/old.xhtml": "",
            "DOC/old.yaml": "{title: Old, parent: home, status: archived}\n",
        },
    )

    load_world(store, tmp_path)

    space = store.spaces.get_by_key("DOC")
    page = store.contents.get(space.homepage_id or 0)
    assert (page.title, page.version, page.message) == ("Front", 2, "second")
    assert page.updater == store.people.get("eve").account_id
    assert page.created_at.isoformat() == "2024-01-02T03:04:05+00:00"
    assert [store.contents.body(page.id, number) for number in (1, 2)] == ["<p>old</p>", "<p>new</p>"]
    assert [label.name for label in store.labels.of(page.id)] == ["news"]
    (file,) = store.attachments.of(page.id)
    assert (store.attachments.data(file.id), store.attachments.file(file.id).media_type) == (b"hello", "text/x-notes")
    comment, reply = store.comments.all_of(page.id)
    assert store.comments.detail(comment.id).resolution == "resolved"
    assert (store.comments.detail(reply.id).location, reply.parent_id) == ("inline", comment.id)
    assert not store.restrictions.may_read(store.people.get("omar"), page.id)
    assert store.properties.get(page.id, "k").value == '{"a": [1]}'
    state = store.states.find(page.id)
    assert state is not None
    assert state.name == "In progress"
    (old,) = store.hierarchy.children(page.id, statuses=("archived",))
    assert old.title == "Old"


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        ({"readme.txt": ""}, "no space.yaml"),
        ({"A/space.yaml": "key: ONE", "B/space.yaml": "key: one"}, "already exists with key one"),
        ({"DOC/space.yaml": "home: nowhere"}, "nowhere"),
        ({"DOC/space.yaml": "", "DOC/a.xhtml": "", "DOC/a.yaml": "parent: b"}, "its parent 'b'"),
        ({"DOC/space.yaml": "", "DOC/a.xhtml": "", "DOC/a.yaml": "status: gone"}, "'gone' is not a status"),
        ({"DOC/space.yaml": "", "DOC/a.xhtml": "", "DOC/a.yaml": "title: [unclosed"}, "a.yaml"),
        ({"DOC/space.yaml": "", "DOC/a.xhtml": "", "DOC/a.yaml": "created: yesterday"}, "yesterday"),
        ({"DOC/space.yaml": "", "DOC/a.xhtml": "", "DOC/a.yaml": r'title: "x\ud83c"'}, "a.yaml"),
        ({"DOC/space.yaml": r'name: "\udf89 x"'}, "space.yaml"),
        ({"users.yaml": r'[{name: "x\udf89\ud83c"}]', "DOC/space.yaml": ""}, "users.yaml"),
        ({"DOC/space.yaml": "", "DOC/a.xhtml": "", "DOC/a.yaml": "attachments: [{name: x.png}]"}, "x.png"),
    ],
)
def test_a_world_that_does_not_fit_is_refused_whole(
    tmp_path: Path, store: Store, files: dict[str, str], problem: str
) -> None:
    write(tmp_path, files)

    with pytest.raises(WorldError, match=problem.replace("[", r"\[")):
        load_world(store, tmp_path)

    assert store.spaces.all() == []


def titles(store: Store) -> set[str]:
    return {page.title for space in store.spaces.all() for page in all_pages(store, space.key)}


def test_a_character_that_is_written_as_a_pair_of_surrogates_is_read_as_one(tmp_path: Path, store: Store) -> None:
    write(tmp_path, {"DOC/space.yaml": "", "DOC/a.xhtml": "", "DOC/a.yaml": r'title: "Party \ud83c\udf89"'})

    load_world(store, tmp_path)

    assert "Party \N{PARTY POPPER}" in titles(store)


def test_export_never_writes_into_a_folder_that_has_something(tmp_path: Path, store: Store) -> None:
    write(tmp_path, {"mine.txt": "keep"})

    with pytest.raises(WorldError, match="not an empty folder"):
        export_world(store, tmp_path)

    assert list(tree_of(tmp_path)) == ["mine.txt"]


@pytest.mark.parametrize("flavour", ["cloud", "datacenter"])
def test_a_heap_of_real_bodies_loads_as_one_space(store: Store, tmp_path: Path, flavour: str) -> None:
    corpus = shared_dir("corpus")
    store.normalise = normaliser("cloud" if flavour == "cloud" else "datacenter", "light")

    shutil.copytree(corpus, tmp_path / "CORPUS")
    (tmp_path / "CORPUS" / "space.yaml").write_text("name: Real pages\n", encoding="utf-8")

    load_world(store, tmp_path)

    assert len(all_pages(store, "CORPUS")) == len(list(corpus.rglob("*.xhtml"))) + 1
