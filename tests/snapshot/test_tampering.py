"""Every change to the evidence is found, by `wikibot verify` and by the public tools."""

import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.snapshot.archive.bag import MANIFEST, TAG_MANIFEST, parse_manifest, render_manifest
from bot.snapshot.archive.checkpoint import HEAD, SIGNATURE, SUMS
from bot.snapshot.archive.file_tree import Tree
from bot.snapshot.archive.signature import Signer
from bot.snapshot.verify.verification import Verification, verify
from tests.machine import IS_NIGHTLY
from tests.snapshot.public_tools import bagit_accepts, run_instructions
from tests.snapshot.small_tree import copy_snapshots, tree_bytes

BAG = "WS2"
SOURCE = f"{BAG}/data/_source/101/v1.xml"
RECORD = f"{BAG}/data/_source/102/record-000002.json"
PAGE = f"{BAG}/data/2026/board-meeting--101.md"
OTHER_PAGE = f"{BAG}/data/2026/page--102.md"
ATTACHMENT = f"{BAG}/data/_attachments/101/att7-v1.pdf"
EVENTS = "log/2026/000001.events.jsonl"
OLD_HEAD = "log/2026/000001.checkpoint"


@pytest.fixture
def root(signed_original: Path, tmp_path: Path) -> Path:
    return copy_snapshots(signed_original, tmp_path / "snapshots")


def change(path: str) -> Callable[[Path], object]:
    def tamper(root: Path) -> None:
        data = (root / path).read_bytes()
        (root / path).write_bytes(data[:-2] + bytes([data[-2] ^ 1]) + data[-1:])

    return tamper


def remove(path: str) -> Callable[[Path], object]:
    return lambda root: (root / path).unlink()


def add(path: str) -> Callable[[Path], object]:
    def tamper(root: Path) -> None:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(b"planted\n")

    return tamper


def rewrite(path: str, edit: Callable[[bytes], bytes]) -> Callable[[Path], object]:
    return lambda root: (root / path).write_bytes(edit((root / path).read_bytes()))


def swap(a: str, b: str) -> Callable[[Path], object]:
    def tamper(root: Path) -> None:
        first, second = (root / a).read_bytes(), (root / b).read_bytes()
        (root / a).write_bytes(second)
        (root / b).write_bytes(first)

    return tamper


def rename(path: str, name: str) -> Callable[[Path], object]:
    return lambda root: (root / path).rename((root / path).with_name(name))


def link(path: str) -> Callable[[Path], object]:
    def tamper(root: Path) -> None:
        elsewhere = root.parent / "elsewhere"
        shutil.move(root / path, elsewhere)
        (root / path).symlink_to(elsewhere)

    return tamper


def as_folder(path: str) -> Callable[[Path], object]:
    def tamper(root: Path) -> None:
        (root / path).unlink()
        (root / path).mkdir()

    return tamper


def forge_up_to(level: int) -> Callable[[Path], object]:
    """Change a page, and make the digests above it fit: in the manifest, tag manifest, sums and head in turn."""

    def tamper(root: Path) -> None:
        change(PAGE)(root)
        chain = [
            (BAG, PAGE.removeprefix(f"{BAG}/"), MANIFEST),
            (BAG, MANIFEST, TAG_MANIFEST),
            ("", f"{BAG}/{TAG_MANIFEST}", SUMS),
            ("", SUMS, HEAD),
        ]
        for folder, path, manifest in chain[:level]:
            _refit(root / folder, path, manifest)

    return tamper


def _refit(folder: Path, path: str, manifest: str) -> None:
    target = folder / manifest
    lines = target.read_text().splitlines(keepends=True)
    digest = hashlib.sha256((folder / path).read_bytes()).hexdigest()
    target.write_text("".join(f"{digest}  {path}\n" if line.endswith(f"  {path}\n") else line for line in lines))


def remove_a_page_with_its_lines(root: Path) -> None:
    (root / PAGE).unlink()
    manifest = parse_manifest((root / BAG / MANIFEST).read_bytes(), name=MANIFEST)
    del manifest[PAGE.removeprefix(f"{BAG}/")]
    (root / BAG / MANIFEST).write_bytes(render_manifest(manifest))
    _refit(root / BAG, MANIFEST, TAG_MANIFEST)
    _refit(root, f"{BAG}/{TAG_MANIFEST}", SUMS)


def remove_a_bag_with_its_line(root: Path) -> None:
    shutil.rmtree(root / "OTHER")
    lines = (root / SUMS).read_text().splitlines(keepends=True)
    (root / SUMS).write_text("".join(line for line in lines if "OTHER/" not in line))


def cut_off_the_first_run(root: Path) -> None:
    for path in (root / "log").rglob("000001.*"):
        path.unlink()


def move_between_bags(root: Path) -> None:
    shutil.move(root / PAGE, root / "OTHER/data/2026/board-meeting--101.md")


TAMPERINGS: dict[str, tuple[Callable[[Path], object], str]] = {
    "a word in a page": (change(PAGE), PAGE),
    "a word in a source": (change(SOURCE), SOURCE),
    "a record": (change(RECORD), RECORD),
    "an attachment": (change(ATTACHMENT), ATTACHMENT),
    "a page is deleted": (remove(PAGE), PAGE),
    "a source is deleted": (remove(SOURCE), SOURCE),
    "an attachment is deleted": (remove(ATTACHMENT), ATTACHMENT),
    "a page is emptied": (rewrite(PAGE, lambda _: b""), PAGE),
    "a page is cut short": (rewrite(PAGE, lambda data: data[: len(data) // 2]), PAGE),
    "something is added to a page": (rewrite(PAGE, lambda data: data + b"\n"), PAGE),
    "line ends are translated": (rewrite(PAGE, lambda data: data.replace(b"\n", b"\r\n")), PAGE),
    "two pages change places": (swap(PAGE, OTHER_PAGE), PAGE),
    "a page is renamed": (rename(PAGE, "board-meeting--999.md"), PAGE),
    "a page is renamed in case only": (rename(PAGE, "Board-meeting--101.md"), PAGE),
    "a page is moved to another bag": (move_between_bags, PAGE),
    "a page becomes a link": (link(PAGE), PAGE),
    "a folder becomes a link": (link(f"{BAG}/data/2026"), PAGE),
    "a page becomes a folder": (as_folder(PAGE), PAGE),
    "a page is planted": (add(f"{BAG}/data/2026/planted--7.md"), f"{BAG}/data/2026/planted--7.md"),
    "a tag file is planted": (add(f"{BAG}/notes.txt"), f"{BAG}/notes.txt"),
    "a fetch list is planted": (add(f"{BAG}/fetch.txt"), f"{BAG}/fetch.txt"),
    "a weaker manifest is planted": (add(f"{BAG}/manifest-md5.txt"), f"{BAG}/manifest-md5.txt"),
    "a bag is planted": (add("WS3/bagit.txt"), "WS3/bagit.txt"),
    "a file is planted at the top": (add("notes.txt"), "notes.txt"),
    "a run is planted": (add("log/2026/000003.events.jsonl"), "log/2026/000003.events.jsonl"),
    "a hidden file is planted": (add(f"{BAG}/data/.hidden"), f"{BAG}/data/.hidden"),
    "a manifest line": (change(f"{BAG}/{MANIFEST}"), f"{BAG}/{MANIFEST}"),
    "a tag manifest line": (change(f"{BAG}/{TAG_MANIFEST}"), f"{BAG}/{TAG_MANIFEST}"),
    "digests in capitals": (
        rewrite(f"{BAG}/{TAG_MANIFEST}", lambda data: data[:64].upper() + data[64:]),
        f"{BAG}/{TAG_MANIFEST}",
    ),
    "a manifest is deleted": (remove(f"{BAG}/{MANIFEST}"), f"{BAG}/{MANIFEST}"),
    "a tag manifest is deleted": (remove(f"{BAG}/{TAG_MANIFEST}"), f"{BAG}/{TAG_MANIFEST}"),
    "bagit.txt": (change(f"{BAG}/bagit.txt"), f"{BAG}/bagit.txt"),
    "the list of pages": (change(f"{BAG}/pages.jsonl"), f"{BAG}/pages.jsonl"),
    "the index of a bag": (change(f"{BAG}/README.md"), f"{BAG}/README.md"),
    "the index": (change("README.md"), "README.md"),
    "the instructions": (change("VERIFY.md"), "VERIFY.md"),
    "the attributes are deleted": (remove(".gitattributes"), ".gitattributes"),
    "a page and its manifest": (forge_up_to(1), f"{BAG}/{MANIFEST}"),
    "a page and its tag manifest": (forge_up_to(2), f"{BAG}/{TAG_MANIFEST}"),
    "a page and all sums": (forge_up_to(3), SUMS),
    "a page and all sums and the head": (forge_up_to(4), SIGNATURE),
    "a page vanishes with its lines": (remove_a_page_with_its_lines, SUMS),
    "a bag is deleted": (lambda root: shutil.rmtree(root / "OTHER"), f"OTHER/{TAG_MANIFEST}"),
    "a bag vanishes with its line": (remove_a_bag_with_its_line, SUMS),
    "the sums are deleted": (remove(SUMS), SUMS),
    "an event": (change(EVENTS), EVENTS),
    "events are deleted": (remove(EVENTS), EVENTS),
    "an earlier head": (change(OLD_HEAD), OLD_HEAD),
    "an earlier head is deleted": (remove(OLD_HEAD), OLD_HEAD),
    "an earlier signature is deleted": (remove(f"{OLD_HEAD}.sig"), f"{OLD_HEAD}.sig"),
    "the first run is cut off": (cut_off_the_first_run, OLD_HEAD),
    "the signature": (change(SIGNATURE), SIGNATURE),
    "the signature is deleted": (remove(SIGNATURE), SIGNATURE),
    "the signature of an earlier head": (
        lambda root: shutil.copy(root / f"{OLD_HEAD}.sig", root / SIGNATURE),
        SIGNATURE,
    ),
    "the time of the head": (rewrite(HEAD, lambda data: data.replace(b"2026-11-25", b"2026-11-26")), SIGNATURE),
    "the head claims to be unsigned": (
        rewrite(HEAD, lambda data: data.replace(data.split(b"# key: ")[1].split(b"\n")[0], b"none")),
        HEAD,
    ),
    "the head is deleted": (remove(HEAD), HEAD),
}


def test_there_are_enough_classes_of_tampering() -> None:
    assert len(TAMPERINGS) >= 30


@pytest.mark.parametrize("what", TAMPERINGS)
def test_tampering_is_found_by_us_and_by_the_public_tools(
    root: Path, signer: Signer, tmp_path: Path, what: str
) -> None:
    tamper, culprit = TAMPERINGS[what]
    tamper(root)

    checked = _verify(root, signer)

    assert culprit in {finding.path for finding in checked.findings}, checked.findings
    allowed = tmp_path / "allowed_signers"
    allowed.write_text(signer.allowed_signers())
    assert run_instructions(root, allowed_signers=allowed).returncode != 0


@pytest.mark.parametrize("what", ["a word in a page", "a page is deleted", "a page is planted", "a page is renamed"])
def test_bagit_agrees_about_the_payload(root: Path, what: str) -> None:
    TAMPERINGS[what][0](root)

    assert not bagit_accepts(root)


def test_a_head_signed_by_a_stranger_is_found(root: Path, signer: Signer, stranger: Signer, tmp_path: Path) -> None:
    forge_up_to(4)(root)
    (root / SIGNATURE).write_bytes(stranger.sign((root / HEAD).read_bytes()))

    finding = next(each for each in _verify(root, signer).findings if each.path == SIGNATURE)

    assert "was made by the key" in finding.message
    allowed = tmp_path / "allowed_signers"
    allowed.write_text(signer.allowed_signers())
    assert run_instructions(root, allowed_signers=allowed).returncode != 0


def test_only_a_witness_reveals_an_older_state_put_back(tmp_path: Path, root: Path, signer: Signer) -> None:
    witness = hashlib.sha256((root / HEAD).read_bytes()).hexdigest()
    older = _older_state(root, tmp_path / "older", signer)

    assert verify(older, allowed_signers=signer.allowed_signers()).is_clean
    (finding,) = verify(older, witnesses=[witness]).findings
    assert finding.kind.value == "witness"
    assert run_instructions(older, witness=witness).returncode != 0


def test_every_earlier_head_is_a_witness(root: Path, signer: Signer) -> None:
    for path in (root / HEAD, root / OLD_HEAD):
        witness = hashlib.sha256(path.read_bytes()).hexdigest()
        assert verify(root, witnesses=[witness], allowed_signers=signer.allowed_signers()).is_clean
        assert run_instructions(root, witness=witness).returncode == 0


def test_touching_times_is_no_finding(root: Path, signer: Signer) -> None:
    for path in root.rglob("*"):
        os.utime(path, (0, 0))

    assert _verify(root, signer).is_clean


def test_a_week_of_rotating_checks_finds_what_one_day_may_miss(root: Path) -> None:
    change(PAGE)(root)

    found = [day for day in range(7) if not verify(root, portion=day).is_clean]

    assert len(found) == 1


def test_every_single_byte_of_a_small_tree_counts(root: Path, signer: Signer) -> None:
    """Each byte of each file is changed; where only the digest is read, it represents the file.

    By day every seventh byte of the files that are parsed.
    """
    files = tree_bytes(root)
    parsed = {HEAD, SIGNATURE}
    digests = {path: hashlib.sha256(data).hexdigest() for path, data in files.items()}

    for path, data in files.items():
        tree = _ChangedTree(root, path, digests)
        for position in range(0, len(data), 1 if IS_NIGHTLY else 7) if path in parsed else _sample(len(data)):
            tree.content = data[:position] + bytes([data[position] ^ 1]) + data[position + 1 :]
            checked = verify(root, allowed_signers=signer.allowed_signers() if path in parsed else None, tree=tree)
            assert any(f.path == path or path == HEAD for f in checked.findings), f"{path}, byte {position}"
        for position in range(len(data)):
            changed = data[:position] + bytes([data[position] ^ 0x80]) + data[position + 1 :]
            assert hashlib.sha256(changed).hexdigest() != digests[path]


def _sample(size: int) -> set[int]:
    return {0, size // 3, size // 2, size - 1}


class _ChangedTree(Tree):
    """The tree on disk but for one file; the digests of the others are known."""

    def __init__(self, root: Path, path: str, digests: dict[str, str]) -> None:
        super().__init__(root)
        self.path, self.digests, self.content = path, digests, b""

    def read(self, path: str) -> bytes:
        return self.content if path == self.path else super().read(path)

    def digest(self, path: str) -> str:
        return hashlib.sha256(self.content).hexdigest() if path == self.path else self.digests[path]


def _verify(root: Path, signer: Signer) -> Verification:
    return verify(root, allowed_signers=signer.allowed_signers())


def _older_state(root: Path, target: Path, signer: Signer) -> Path:
    from bot.snapshot.archive.disk import Disk
    from tests.snapshot.small_tree import capture_first

    del root
    capture_first(target, Disk(), signer=signer)
    return target
