"""Both verifiers judge trees that were changed at random: what one finds, the other finds.

Only indexes may differ, and records that are no JSON: `verify` makes indexes again, the public tools do not.
"""

import hashlib
import random
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from bot.snapshot.archive.checkpoint import HEAD, SIGNATURE
from bot.snapshot.archive.events import EventType
from bot.snapshot.archive.instructions import load_instructions
from bot.snapshot.archive.signature import Signer
from bot.snapshot.verify.event_line import iter_events
from bot.snapshot.verify.verification import Verification, verify
from tests.machine import IS_NIGHTLY, need
from tests.snapshot.forger import Forger
from tests.snapshot.public_tools import run_instructions
from tests.snapshot.small_tree import tree_bytes

TREES = 2_000 if IS_NIGHTLY else 24
BYTES = 0 if IS_NIGHTLY else 12
"""How many bytes of the head are changed; 0 for each."""
NIGHT_LIMIT = 4 * 3600
"""Seconds: one tree takes about half a second of CPU, and other tests can take the other cores."""
VIEWS = ("is not what the captured pages make it", "is not a record of a captured page")


@pytest.mark.timeout(NIGHT_LIMIT)
def test_what_one_verifier_finds_in_a_changed_tree_the_other_finds(
    evidence: Path, signer: Signer, tmp_path: Path
) -> None:
    allowed = tmp_path / "allowed_signers"
    allowed.write_text(signer.allowed_signers())
    witness = hashlib.sha256((evidence / HEAD).read_bytes()).hexdigest()
    for seed in range(TREES):
        root = Path(shutil.copytree(evidence, tmp_path / f"tree-{seed}"))
        made = _mutate(root, random.Random(seed), signer)  # noqa: S311 -- nothing here is a secret

        checked = verify(root, allowed_signers=signer.allowed_signers(), witnesses=[witness])
        judged = run_instructions(root, allowed_signers=allowed, witness=witness)

        assert _agree(checked, judged), (seed, made, checked.findings, judged.stdout, judged.stderr)
        shutil.rmtree(root)


def _agree(checked: Verification, judged: subprocess.CompletedProcess[str]) -> bool:
    if judged.returncode:
        return not checked.is_clean
    return all(any(view in finding.message for view in VIEWS) for finding in checked.findings)


def _mutate(root: Path, chance: random.Random, signer: Signer) -> list[str]:
    """Change one to three files; in two of three trees the lists are made to fit, in one with a new run."""
    made = []
    for _ in range(chance.randint(1, 3)):
        path = chance.choice(sorted(path for path in root.rglob("*") if path.is_file()))
        how = chance.choice([_flip, _cut, _double_line, _drop_line, _swap_lines, _swap_words, _delete, _copy, _rename])
        how(path, chance)
        made.append(f"{how.__name__} {path.relative_to(root)}")
    how_sealed = chance.choice(["not", "head", "run"])
    try:
        if how_sealed == "head":
            Forger(root, signer).rewrite_head()
        elif how_sealed == "run":
            forger = Forger(root, signer)
            if chance.random() < 0.5:
                page = chance.choice(["101", "102", "103", "104", "900"])
                kind = chance.choice(["capture", "deletion", "redaction", "migration", "upgrade", "x"])
                forger.add_event(kind, [page], forger.state(page) if chance.random() < 0.7 else None)
            forger.append()
    except Exception as error:  # noqa: BLE001 -- a tree that cannot be sealed is judged as it is
        how_sealed += f": {error}"
    return [*made, how_sealed]


def _flip(path: Path, chance: random.Random) -> None:
    data = bytearray(path.read_bytes())
    if data:
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    path.write_bytes(bytes(data))


def _cut(path: Path, chance: random.Random) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: chance.randint(0, len(data))])


def _double_line(path: Path, chance: random.Random) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    if lines:
        at = chance.randrange(len(lines))
        path.write_bytes(b"".join([*lines[:at], lines[at], *lines[at:]]))


def _drop_line(path: Path, chance: random.Random) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    if lines:
        del lines[chance.randrange(len(lines))]
        path.write_bytes(b"".join(lines))


def _swap_lines(path: Path, chance: random.Random) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    chance.shuffle(lines)
    path.write_bytes(b"".join(lines))


def _swap_words(path: Path, chance: random.Random) -> None:
    old, new = chance.sample([b"101", b"102", b"103", b"null", b"true", b"false", b"keep", b"capture", b"WS2"], 2)
    path.write_bytes(path.read_bytes().replace(old, new, 1))


def _delete(path: Path, chance: random.Random) -> None:
    del chance
    path.unlink()


def _copy(path: Path, chance: random.Random) -> None:
    others = sorted(each for each in path.parent.iterdir() if each.is_file())
    shutil.copyfile(chance.choice(others), path.with_name(f"copy-{path.name}"))


def _rename(path: Path, chance: random.Random) -> None:
    path.rename(path.with_name(chance.choice([f"x{path.name}", path.name.upper() + "x", "copy"])))


@pytest.mark.timeout(NIGHT_LIMIT)
def test_both_verifiers_find_a_change_of_any_byte_of_the_head_and_its_signature(
    evidence: Path, signer: Signer, tmp_path: Path
) -> None:
    """All other files have a digest in a list; by day a sample of bytes is changed."""
    root = Path(shutil.copytree(evidence, tmp_path / "snapshots"))
    allowed = tmp_path / "allowed_signers"
    allowed.write_text(signer.allowed_signers())
    chance = random.Random(1)  # noqa: S311 -- nothing here is a secret
    for name in (HEAD, SIGNATURE):
        data = (evidence / name).read_bytes()
        for position in sorted(chance.sample(range(len(data)), BYTES)) if BYTES else range(len(data)):
            changed = data[:position] + bytes([data[position] ^ 1]) + data[position + 1 :]
            (root / name).write_bytes(changed)

            assert not verify(root, allowed_signers=signer.allowed_signers()).is_clean, (name, position)
            assert run_instructions(root, allowed_signers=allowed).returncode, (name, position)
        (root / name).write_bytes(data)
    assert tree_bytes(root) == tree_bytes(evidence)


def test_both_verifiers_read_the_same_facts(tmp_path: Path) -> None:
    """The end of an event, from the value of `by`: all are judged by one program."""
    chance = random.Random(1)  # noqa: S311 -- nothing here is a secret
    tails = [_make_tail(chance) for _ in range(20_000 if IS_NIGHTLY else 2_000)]
    (tmp_path / "tails").write_text("".join(f"{tail}\n" for tail in tails), encoding="ascii")
    function = re.search(r"^function is_tail.*?^}$", load_instructions(), re.MULTILINE | re.DOTALL)
    assert function
    program = function[0] + "{ print is_tail($0) }"

    judged = subprocess.run(["awk", program, tmp_path / "tails"], capture_output=True, text=True, check=True)

    start = f'{{"format": "wikibot-events/2", "id": "000001-000001", "type": "x", "outcome": "fail", "when": {WHEN}, '
    lines = [f'{start}"pages": [], "page": null, "by": {tail}\n' for tail in tails]
    read = [event for line in lines for event in iter_events(line.encode())]
    assert {True, False} == {row is not None for row in read}
    differing = [
        tail
        for tail, row, said in zip(tails, read, judged.stdout.split(), strict=True)
        if (row is not None) != (said == "1")
    ]
    assert differing == []
    assert all(isinstance(row.facts, dict) for row in read if row)


WHEN = '"2026-11-24T02:30:00Z"'
WORDS = (
    '"x"',
    '"x"',
    "0",
    "12",
    "-7",
    "true",
    "null",
    '"a b"',
    '"\\u00e4"',
    '"\\"y\\": 1"',
    '"\\n"',
    "[]",
    "[1, 2]",
    '["z"]',
    '{"7": "z"}',
    '{"8": "z", "name": 3}',
    '{"A-x.2": "z"}',
)
ODD_WORDS = (
    '{"1": "z", "1": "z"}',
    '{"1": "z", "verdict": "z"}',
    '{"1": "z", "A-x.2": "z", "A-x.2": "z"}',
    '{"1": {"2": "z"}}',
    '{"1": [2]}',
    '["z", {"1": 2}]',
    '{"a b": "z"}',
    '{"\\u00e4": "z"}',
    "-0",
    "07",
    "1.5",
    "1e5",
    "NaN",
    "N",
    "S",
    '"\\u0041"',
    '"\\/"',
    "{}",
    '{"x": 1}',
    '{"k": {"l": 1}}',
    '{"k": [1]}',
    '{"k": 1, "k": 1}',
    "[[]]",
    '"',
    "9" * 19,
    "9" * 18,
    " ",
)


def _make_tail(chance: random.Random) -> str:
    """Return what follows `by`: as wikibot writes it, or with one change."""
    by = ", ".join(chance.choices(['"bot"', '"\\u4f1a"', '"a], b"'], k=chance.randint(0, 2)))
    odd = chance.choice(WORDS + ODD_WORDS)
    names = chance.sample(["verdict", "name", "x", "y_1", "facts", "by"], chance.randint(0, 3))
    facts = ", ".join(f'"{name}": {chance.choice((*WORDS, odd))}' for name in names)
    tail = f'[{by}], "facts": {{{facts}}}}}'
    at = chance.randrange(len(tail))
    if chance.random() < 0.5:
        return tail
    return (
        tail[:at]
        + chance.choice(["", '"', ",", " ", "}", "[", '"x": 1, ', "\\", odd])
        + tail[at + chance.randint(0, 2) :]
    )


def test_the_instructions_know_the_same_kinds_of_events_as_the_program() -> None:
    known = re.search(r"types = \"\^\((.*)\)\$\"", load_instructions())

    assert known
    assert known[1].split("|") == [kind.value for kind in EventType]


@pytest.mark.parametrize("awk", ["gawk", "busybox", "original-awk", "mawk"])
def test_the_instructions_work_with_each_awk(awk: str, evidence: Path, signer: Signer, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/awk").symlink_to(need(awk))
    allowed = tmp_path / "allowed_signers"
    allowed.write_text(signer.allowed_signers())
    witness = hashlib.sha256((evidence / HEAD).read_bytes()).hexdigest()
    changed = Path(shutil.copytree(evidence, tmp_path / "changed"))
    Forger(changed, signer).append(log="f" * 32)
    replayed = Path(shutil.copytree(evidence, tmp_path / "replayed"))
    forger = Forger(replayed, signer)
    forger.set_state("103", tombstone=None)
    forger.append()

    judged, chained, followed = (
        run_instructions(root, allowed_signers=allowed, witness=witness, path=str(tmp_path / "bin"))
        for root in (evidence, changed, replayed)
    )

    assert (judged.returncode, judged.stdout.splitlines()[-1:]) == (0, ["INTACT"]), judged.stderr
    assert "belongs to another log" in chained.stderr
    assert "say different things of a page" in followed.stderr
