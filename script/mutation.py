"""Mutation testing with mutmut in a copy of the repository; the survivors are compared with tests/mutants.toml."""

import ast
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_TABLE = "tests/mutants.toml"
_CAUGHT = {"killed", "timeout", "segfault", "caught by type check"}
_ESCAPED = {"survived", "no tests"}
_RESULT = re.compile(r"^\s+(?P<mutant>\S+__mutmut_\d+): (?P<status>.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Survivor:
    """A mutant that no test notices. The key has no line number, so that it remains valid when code moves."""

    module: str
    function: str
    mutation: str

    def __str__(self) -> str:
        return f"{self.module}, {self.function}:\n{self.mutation}"


@dataclass(frozen=True)
class Module:
    """A module to mutate, the tests that must notice, and the reason for each survivor."""

    path: str
    tests: tuple[str, ...]
    explained: dict[Survivor, str]


def read_table(text: str) -> tuple[Module, ...]:
    """Return the modules of the table. Raises `ValueError` for a survivor that has no reason or is listed twice."""
    modules = []
    for entry in tomllib.loads(text)["module"]:
        explained: dict[Survivor, str] = {}
        for each in entry.get("survivor", ()):
            survivor = Survivor(entry["path"], each["function"], each["mutation"].strip("\n"))
            if survivor in explained or not each["why"].strip():
                raise ValueError(f"{_TABLE}: this survivor is listed twice or has no reason:\n{survivor}")
            explained[survivor] = each["why"]
        modules.append(Module(entry["path"], tuple(entry["tests"]), explained))
    return tuple(modules)


def compare(survivors: Sequence[Survivor], module: Module) -> Iterator[str]:
    """Yield a message for each survivor without an explanation and for each explanation without a survivor."""
    for survivor in dict.fromkeys(survivors):
        if survivor not in module.explained:
            yield f"no test notices this mutant; write the test, or explain the mutant in {_TABLE}:\n{survivor}"
    for survivor in module.explained:
        if survivor not in survivors:
            yield f"{_TABLE} explains a mutant that does not exist or is caught; remove the entry:\n{survivor}"


def open_properties(source: str) -> str:
    """Replace each `@property` by a call after the function, because mutmut does not change decorated functions."""
    lines = source.splitlines(keepends=True)
    functions = [each for each in ast.walk(ast.parse(source)) if isinstance(each, ast.FunctionDef)]
    for function in sorted(functions, key=lambda each: -each.lineno):
        if [ast.unparse(each) for each in function.decorator_list] == ["property"]:
            indent = " " * function.col_offset
            lines.insert(function.end_lineno or 0, f"{indent}{function.name} = property({function.name})\n")
            del lines[function.decorator_list[0].lineno - 1]
    return "".join(lines)


def mutation_of(diff: str) -> str:
    """Return the removed and the added lines of a unified diff, without indentation."""
    lines = [line for line in diff.splitlines() if line[:1] in "+-" and not line.startswith(("+++", "---"))]
    return "\n".join(f"{line[0]} {line[1:].strip()}" for line in lines)


def function_of(mutant: str) -> str:
    """Return the function that a mutant of mutmut changes: `a.b.xǁPlanǁwrites__mutmut_3` is in `Plan.writes`."""
    mangled = mutant.rpartition(".")[2].rpartition("__mutmut_")[0]
    return mangled.removeprefix("xǁ").replace("ǁ", ".") if mangled.startswith("xǁ") else mangled.removeprefix("x_")


def copy_repository(root: Path, target: Path, module: Module) -> None:
    """Copy the files that git knows or would add, with the settings of mutmut for one module."""
    listed = _run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], root).split("\0")
    for name in filter(None, listed):
        if (root / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / name, target / name)
    mutated = target / module.path
    mutated.write_text(open_properties(mutated.read_text(encoding="utf-8")), encoding="utf-8")
    also = sorted(each.name for each in target.iterdir() if each.name != "bot")
    with (target / "pyproject.toml").open("a", encoding="utf-8") as settings:
        settings.write(
            f"\n[tool.mutmut]\nsource_paths = ['bot']\nonly_mutate = ['{module.path}']\nalso_copy = {also}\n"
            "timeout_multiplier = 5.0\ntimeout_constant = 5.0\n"
            f"pytest_add_cli_args = ['-p', 'no:cacheprovider', '-p', 'no:xdist', '-m', 'not slow']\n"
            f"pytest_add_cli_args_test_selection = {list(module.tests)}\n"
        )


def find_survivors(root: Path, module: Module) -> Iterator[Survivor]:
    """Run mutmut on one module and yield the mutants that no test notices. Raises `RuntimeError` if mutmut fails."""
    with tempfile.TemporaryDirectory(prefix="wikibot-mutants-") as folder:
        copy = Path(folder)
        copy_repository(root, copy, module)
        mutmut = [sys.executable, "-m", "mutmut"]
        report = _run([*mutmut, "run", "--max-children", "1"], copy)
        results = _RESULT.findall(_run([*mutmut, "results", "--all", "true"], copy))
        if not results or not all(status in _CAUGHT | _ESCAPED for _, status in results):
            raise RuntimeError(f"mutmut has no clear result for {module.path}: {results}\n{report[-3000:]}")
        counts = Counter(status for _, status in results)
        print(f"{module.path}: {', '.join(f'{number} {status}' for status, number in counts.items())}", flush=True)
        for mutant, status in results:
            if status in _ESCAPED:
                diff = _run([*mutmut, "show", mutant], copy)
                yield Survivor(module.path, function_of(mutant), mutation_of(diff))


def _run(command: Sequence[str], folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout[-5000:]}")
    return done.stdout


def main(names: Sequence[str], root: Path = ROOT) -> int:
    """Test the named modules, or all; return the exit code."""
    modules = read_table((root / _TABLE).read_text(encoding="utf-8"))
    unknown = set(names) - {Path(each.path).stem for each in modules}
    if unknown:
        print(f"{_TABLE} has no module {', '.join(sorted(unknown))}", file=sys.stderr)
        return 1
    problems: list[str] = []
    for module in modules:
        if names and Path(module.path).stem not in names:
            continue
        try:
            problems += compare(tuple(find_survivors(root, module)), module)
        except RuntimeError as error:
            problems.append(str(error))
    for problem in problems:
        print(f"\n{problem}", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
