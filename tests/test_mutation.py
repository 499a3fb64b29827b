"""Mutation testing itself: the table, the comparison with it, and a run on a small repository."""

import subprocess
from pathlib import Path

import pytest

from script.mutation import ROOT, Module, Survivor, compare, function_of, main, mutation_of, open_properties, read_table

TABLE = ROOT / "tests" / "mutants.toml"
SURVIVOR = Survivor("bot/size.py", "is_large", "- return size > 9\n+ return size >= 9")

SMALL_MODULE = """\
class Size:
    def __init__(self, size: int) -> None:
        self.size = size

    @property
    def is_large(self) -> bool:
        return self.size > 9
"""
SMALL_TEST = """\
from bot.size import Size


def test_sizes() -> None:
    assert Size(20).is_large
    assert not Size(2).is_large
"""
SMALL_TABLE = """\
[[module]]
path = "bot/size.py"
tests = ["tests/test_size.py"]
"""


def explained(mutated: str) -> str:
    """Return an entry of the table for `self.size > 9`."""
    return (
        "[[module.survivor]]\nfunction = 'Size.is_large'\nwhy = 'Nothing has this size.'\n"
        f"mutation = '''\n- return self.size > 9\n+ return {mutated}\n'''\n"
    )


def test_the_table_names_modules_and_tests_that_exist() -> None:
    modules = read_table(TABLE.read_text(encoding="utf-8"))

    assert modules
    assert all((ROOT / path).is_file() for module in modules for path in (module.path, *module.tests))


def test_a_survivor_needs_a_reason_and_one_entry() -> None:
    entry = explained("self.size >= 9")

    with pytest.raises(ValueError, match="listed twice or has no reason"):
        read_table(SMALL_TABLE + entry.replace("Nothing has this size.", " "))
    with pytest.raises(ValueError, match="listed twice or has no reason"):
        read_table(SMALL_TABLE + entry + entry)


def test_only_explained_survivors_that_exist_are_accepted() -> None:
    other = Survivor("bot/size.py", "is_large", "- return size > 9\n+ return size > 10")
    module = Module("bot/size.py", (), {SURVIVOR: "Nothing has this size."})

    assert list(compare([SURVIVOR, SURVIVOR], module)) == []
    assert "no test notices this mutant" in "".join(compare([SURVIVOR, other], module))
    assert "does not exist or is caught" in "".join(compare([], module))


def test_a_survivor_is_known_by_its_function_and_its_changed_lines() -> None:
    diff = "--- a.py\n+++ a.py\n@@ -1,2 +1,2 @@\n def is_large(size):\n-    return size > 9\n+    return size >= 9\n"

    assert mutation_of(diff) == SURVIVOR.mutation
    assert function_of("bot.size.x_is_large__mutmut_3") == "is_large"
    assert function_of("bot.size.x__is_large__mutmut_3") == "_is_large"
    assert function_of("bot.sync.plan.xǁPlanǁpage_writes__mutmut_12") == "Plan.page_writes"


def test_properties_remain_properties() -> None:
    names: dict[str, type] = {}

    exec(open_properties(SMALL_MODULE), names)  # noqa: S102 -- the text is above

    assert "@" not in open_properties(SMALL_MODULE)
    assert names["Size"](20).is_large is True


@pytest.mark.slow
def test_a_run_reports_what_no_test_notices(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = {
        "pyproject.toml": '[tool.pytest.ini_options]\npythonpath = ["."]\nmarkers = ["slow"]\n',
        "bot/__init__.py": "",
        "bot/size.py": SMALL_MODULE,
        "tests/test_size.py": SMALL_TEST,
        "tests/mutants.toml": SMALL_TABLE,
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)

    table = tmp_path / "tests/mutants.toml"

    assert main([], tmp_path) == 1
    assert "Size.is_large:\n- return self.size > 9\n+ return self.size >= 9" in capsys.readouterr().err

    table.write_text(SMALL_TABLE + explained("self.size >= 9") + explained("self.size > 10"), encoding="utf-8")
    assert main([], tmp_path) == 0

    table.write_text(table.read_text(encoding="utf-8") + explained("self.size < 9"), encoding="utf-8")
    assert main(["size"], tmp_path) == 1
    assert "caught; remove the entry:\nbot/size.py, Size.is_large:" in capsys.readouterr().err
    assert main(["weight"], tmp_path) == 1
    assert (tmp_path / "bot/size.py").read_text(encoding="utf-8") == SMALL_MODULE
