"""Both verifiers judge trees that were changed at random: what one finds, the other finds.

Only indexes may differ: `verify` makes them again, the public tools do not.
"""

import hashlib
import os
import random
import re
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.snapshot.archive.checkpoint import HEAD, SIGNATURE
from bot.snapshot.archive.events import EventType
from bot.snapshot.archive.instructions import load_instructions
from bot.snapshot.archive.record import (
    Ancestor,
    BorrowedFile,
    RecordedComment,
    RecordedFile,
    RecordedInclude,
    RecordedLink,
    RecordedListing,
    RecordedPerson,
    RecordedRestrictions,
    RecordedRow,
    RecordedVersion,
    RecordedView,
    Surroundings,
    dump_record,
    parse_record,
)
from bot.snapshot.archive.signature import Signer
from bot.snapshot.verify.event_line import iter_events
from bot.snapshot.verify.record_grammar import render_types
from bot.snapshot.verify.record_reader import parse_as_written
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
VIEW = "is not what the captured pages make it"


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
    return all(VIEW in finding.message for finding in checked.findings)


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


def test_both_verifiers_read_the_same_records(evidence: Path, tmp_path: Path) -> None:
    """Records with one change; all are judged by one program."""
    chance = random.Random(2)  # noqa: S311 -- nothing here is a secret
    good = _rich_record(evidence)
    made = [good.replace(old, new, 1) for old, new in (*WRONG_RECORDS, *RIGHT_RECORDS)]
    assert good not in made
    made += [_mutate_record(good, chance) for _ in range(20_000 if IS_NIGHTLY else 400)]
    for number, content in enumerate(made):
        (tmp_path / f"{number:06}").write_bytes(content)

    judged = _judge_records(tmp_path, len(made))

    read = [parse_as_written(content) is not None for content in made]
    assert read[: len(WRONG_RECORDS) + len(RIGHT_RECORDS)] == [False] * len(WRONG_RECORDS) + [True] * len(RIGHT_RECORDS)
    assert [content for content, one, other in zip(made, read, judged, strict=True) if one != other] == []


def _rich_record(evidence: Path) -> bytes:
    """Return a record with a value of each kind."""
    person = RecordedPerson(id="u1", display_name="Ana")
    version = RecordedVersion(number=3, when=datetime(2026, 11, 24, tzinfo=UTC), author=person, message='a "b"\n\x1f')
    file = RecordedFile(
        id="7",
        name="ä.pdf",
        media_type="x/y",
        size_bytes=3,
        version=version,
        comment="",
        path="data/x",
        sha256="a" * 64,
    )
    link = RecordedLink(title="t", target="x", children=(RecordedLink(title="t", target="y"),))
    row = RecordedRow(page=link.replaced(children=()), values={"number": "1"})
    record = parse_record((evidence / "WS2/data/_source/101/record-000001.json").read_bytes())
    return dump_record(
        record.replaced(
            labels=(),
            salt=None,
            position=-7,
            versions=(version, version),
            attachments=(file,),
            ancestors=(Ancestor(id="1", title="T"),),
            restrictions=RecordedRestrictions(readers=("all",)),
            comments=(RecordedComment(id="c", body="<p>\\</p>", version=version),),
            surroundings=Surroundings(
                borrowed=(BorrowedFile(**vars(file), owner_id="8"),),
                page_tree=(link,),
                included={"K:T": RecordedInclude(title="t", body="b")},
                listings={"x": RecordedListing(rows=(row,))},
                views={"v": RecordedView(html="<p>", view_sha256="b" * 64, when=version.when)},
                withheld={"c" * 64: "restricted"},
                users={"u1": "Ana"},
            ),
        )
    )


def _judge_records(folder: Path, count: int) -> list[bool]:
    """Return what the functions of `VERIFY.md` say about the files 000000 and so on, and `grep` about their bytes."""
    text = load_instructions()
    types, time, start = (
        re.search(pattern, text, re.MULTILINE | re.DOTALL)
        for pattern in (
            r"<<'TYPES'\n(.*?)^TYPES",
            r"time\.awk\" <<'AWK'\n(.*?)^AWK",
            r"^BEGIN \{\n(  text_ =.*?)^  name = ",
        )
    )
    functions = re.findall(
        r"^function (?:is_record_line|type_of_value|can_be|is_scalar)\(.*?^\}$", text, re.MULTILINE | re.DOTALL
    )
    assert types
    assert time
    assert start
    assert len(functions) == 4
    assert types[1] == render_types()
    (folder / "record.types").write_text(types[1])
    program = f"""{time[1]}{chr(10).join(functions)}
function judge(file,  good) {{
  before = ""; number = depth = 0; good = 1
  while (good && (getline line < file) > 0) {{ number++; good = is_record_line(line) }}
  close(file); return good && before == "}}"
}}
BEGIN {{
{start[1]}
  for (each = 0; each < {count}; each++) print judge(sprintf("%s/%06d", W, each))
}}"""
    (folder / "program.awk").write_text(program)
    environment = os.environ | {"LC_ALL": "C"}
    judged = subprocess.run(
        ["awk", "-v", f"W={folder}", "-f", folder / "program.awk"],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    )
    names = "".join(f"{folder}/{number:06}\n" for number in range(count))
    bad = subprocess.run(
        ["xargs", "grep", "-laxv", ".*"],
        input=names,
        capture_output=True,
        text=True,
        env=os.environ | {"LC_ALL": "C.UTF-8"},
        check=False,
    )
    no_text = {int(Path(name).name) for name in bad.stdout.split()}
    for number, content in enumerate(map(Path.read_bytes, map(Path, names.split()))):
        if b"\0" in content or not content.endswith(b"\n"):
            no_text.add(number)
    return [said == "1" and number not in no_text for number, said in enumerate(judged.stdout.split())]


WRONG_RECORDS = (
    (b'"labels": []', b'"labels":[]'),
    (b'"labels": []', b'"labels": [\n ]'),
    (b'"labels": [],', b'"labels": [], '),
    (b'"labels": []', b'"labels": [\n  "\\u00e9"\n ]'),
    (b'"labels": []', b'"labels": [\n  "a\\/b"\n ]'),
    (b'"labels": []', b'"labels": [\n  "\\ud800"\n ]'),
    (b'"labels": []', b'"labels": [\n  "a\tb"\n ]'),
    (b'"labels": []', b'"labels": [\n  "a\0b"\n ]'),
    (b'"labels": []', b'"labels": [\n  1\n ]'),
    (b'"labels": []', b'"labels": {}'),
    (b'"labels": []', b'"labels": null'),
    (b'\n "title": ', b'\n  "title": "Forged",\n "title": '),
    (b'\n "title": ', b'\n "title": "Forged",\n "title": '),
    (b'\n  "is_minor": false,', b'\n  "is_minor": true,\n  "is_minor": false,'),
    (b'\n  "is_minor": false,\n  "message": "",', b'\n  "message": "",\n  "is_minor": false,'),
    (b'"is_minor": false', b'"is_minor": 0'),
    (b'\n   "display_name": "Ana",', b""),
    (b'"position": -7', b'"position": -0'),
    (b'"position": -7', b'"position": 1e3'),
    (b'"position": -7', b'"position": 9999999999999999999'),
    (b"wikibot-record/3", b"wikibot-record/4"),
    (b"wikibot-record/3", b"wikibot-record/03"),
    (b"wikibot-record/3", b"wikibot-page/3"),
    (b'\n "format": "wikibot-record/3",', b""),
    (b"{", b"\xef\xbb\xbf{"),
    (b"\n}\n", b"\n}\n\n"),
    (b"\n}\n", b"\n}"),
    (b"\n}\n", b"\r\n}\r\n"),
    (b"\n}\n", b"\n} \n"),
    (b"\n}\n", b"\n}\n{\n}\n"),
    (b'"captured_at": "2026-', b'"captured_at": "2026-02-3'),
    (b'"captured_at": "2026-11-24T', b'"captured_at": "2026-02-29T'),
    (b'"captured_at": "2026-11-24T', b'"captured_at": "2026-11-24 '),
    (b'"unread_files": []', b'"unread_files": [\n   null\n  ]'),
    (b': "restricted"', b': "y"'),
)
"""What is replaced in a record, and by what: no reader takes it, or wikibot does not write it so."""
RIGHT_RECORDS = (
    (b'\n "labels": []', b'\n "labelled": {\n  "b": 1.5e3,\n  "a": [\n   {}\n  ]\n },\n "labels": []'),
    (b'\n "labels": [],', b""),
    (b'"labels": []', b'"labels": [\n  "a\xcc\x88\x7f\\u001f\\n\\"\\\\"\n ]'),
    (b'{\n   "%s": "restricted"\n  }' % (b"c" * 64), b'[\n   "KEY:Title"\n  ]'),
    (b'"captured_at": "2026-11-24T', b'"captured_at": "2024-02-29T'),
)
"""What earlier and later versions of the format have."""


def _mutate_record(good: bytes, chance: random.Random) -> bytes:
    lines = good.split(b"\n")
    at, other = chance.randrange(len(lines)), chance.randrange(len(lines))
    match chance.randrange(8):
        case 0:
            del lines[at]
        case 1:
            lines[at:at] = [lines[other]]
        case 2:
            lines[at], lines[other] = lines[other], lines[at]
        case 3:
            lines[at] = lines[at].partition(b": ")[0] + b": " + lines[other].partition(b": ")[2]
        case 4:
            odd = chance.choice(
                [b"0", b"-0", b"01", b"1.5", b"null", b"true", b"{}", b"[]", b"{", b"[", b'"x"', b"NaN", b""]
            )
            lines[at] = lines[at].partition(b": ")[0] + b": " + odd + chance.choice([b"", b","])
        case 5:
            lines[at] = chance.choice(
                [b" " + lines[at], lines[at][1:], lines[at] + b" ", lines[at] + b"\r", lines[at] + b","]
            )
        case 6:
            place = chance.randrange(len(lines[at]) + 1)
            odd = chance.choice(
                [
                    b"\\",
                    b'"',
                    b"\\u0041",
                    b"\\n",
                    b"\0",
                    b"\xff",
                    b"\xed\xa0\x80",
                    b"\xf4\x90\x80\x80",
                    b"\x7f",
                    b"\t",
                    b",",
                    b"}",
                ]
            )
            lines[at] = lines[at][:place] + odd + lines[at][place:]
        case _:
            data = bytearray(good)
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
            return bytes(data)
    return b"\n".join(lines)


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
