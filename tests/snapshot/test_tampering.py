"""Every change to the evidence is found, by `wikibot verify` and by the public tools."""

import hashlib
import os
import re
import shutil
import socket
import stat
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import pytest

from bot.snapshot.archive.bag import MANIFEST, TAG_MANIFEST, parse_manifest, render_manifest
from bot.snapshot.archive.checkpoint import HEAD, SIGNATURE, SUMS
from bot.snapshot.archive.file_tree import Tree
from bot.snapshot.archive.signature import Signer
from bot.snapshot.verify.verification import Verification, verify
from tests.machine import IS_NIGHTLY
from tests.snapshot.public_tools import bagit_accepts, run_instructions
from tests.snapshot.small_tree import tree_bytes

BAG = "WS2"
SOURCE = f"{BAG}/data/_source/101/v1.xml"
RECORD = f"{BAG}/data/_source/102/record-000002.json"
PAGE = f"{BAG}/data/2026/board-meeting--101.md"
OTHER_PAGE = f"{BAG}/data/2026/page--102.md"
ATTACHMENT = f"{BAG}/data/_attachments/101/att7-v1.pdf"
EVENTS = "log/2026/000001.events.jsonl"
OLD_HEAD = "log/2026/000001.checkpoint"


@pytest.fixture
def root(evidence: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(evidence, tmp_path / "snapshots", symlinks=True))


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


def plant_folder(path: str) -> Callable[[Path], object]:
    return lambda root: (root / path).mkdir(parents=True)


def link_folder(path: str) -> Callable[[Path], object]:
    def tamper(root: Path) -> None:
        target = root.parent / "planted"
        target.mkdir()
        (root / path).symlink_to(target)

    return tamper


def edit_head(old: bytes, new: bytes) -> Callable[[Path], object]:
    def tamper(root: Path) -> None:
        data = (root / HEAD).read_bytes()
        assert re.search(old, data, re.MULTILINE)
        (root / HEAD).write_bytes(re.sub(old, new, data, count=1, flags=re.MULTILINE))

    return tamper


def forge_stray_bits(root: Path) -> None:
    """Change the bits of the last base64 character that the decoder ignores."""
    data = (root / SIGNATURE).read_bytes()
    head, _, tail = data.rpartition(b"==\n")
    letter = {b"A": b"B", b"Q": b"R", b"g": b"h", b"w": b"x"}[head[-1:]]
    (root / SIGNATURE).write_bytes(head[:-1] + letter + b"==\n" + tail)


def plant_rogue_head(root: Path) -> None:
    """A head that no head names, in a folder whose name has a newline, and a page that it names."""
    (root / "FORGED-PAGE.md").write_bytes(b"forged")
    folder = root / "log" / "2026\nx"
    folder.mkdir()
    digest = hashlib.sha256(b"forged").hexdigest()
    (folder / "000009.checkpoint").write_text(f"{digest}  FORGED-PAGE.md\n")


def plant_consistent_bag(root: Path) -> None:
    shutil.copytree(root / "OTHER", root / "WS9")


def swap_lines_of_head(root: Path) -> None:
    *lines, one, two = (root / HEAD).read_bytes().splitlines(keepends=True)
    (root / HEAD).write_bytes(b"".join([*lines, two, one]))


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


def plant_device(path: str, number: tuple[int, int] = (1, 3)) -> Callable[[Path], object]:
    """Plant a device, or a pipe where only root may make a device."""

    def tamper(root: Path) -> None:
        (root / path).unlink(missing_ok=True)
        try:
            os.mknod(root / path, 0o600 | stat.S_IFCHR, os.makedev(*number))
        except PermissionError:
            os.mkfifo(root / path)

    return tamper


def plant_socket(path: str) -> Callable[[Path], object]:
    def tamper(root: Path) -> None:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(f"{os.path.relpath(root)}/{path}")

    return tamper


def plant_deep_folders(root: Path) -> None:
    (root / BAG / "/".join("a" * 60)).mkdir(parents=True)


def plant_hard_link(path: str, name: str) -> Callable[[Path], object]:
    return lambda root: os.link(root / path, (root / path).with_name(name))


def share_with_a_file_outside(root: Path) -> None:
    """A page that somebody else can change later through another name, and does."""
    outside = root.parent / "outside"
    shutil.move(root / PAGE, outside)
    os.link(outside, root / PAGE)
    outside.write_bytes(b"# Changed through the other name\n")


def plant_shifted_stamp(root: Path) -> None:
    """Plant a time stamp in which the digest of the signature begins in the middle of a byte."""
    digest = hashlib.sha256((root / SIGNATURE).read_bytes()).hexdigest()
    (root / "CHECKPOINT.tsr").write_bytes(bytes.fromhex(f"0{digest}0"))


def extend(path: str, size: int) -> Callable[[Path], object]:
    """Make a file large without using the disk."""
    return lambda root: os.truncate(root / path, size)


def plant_large(path: str, size: int) -> Callable[[Path], object]:
    """Plant a large file without using the disk."""

    def tamper(root: Path) -> None:
        (root / path).touch()
        os.truncate(root / path, size)

    return tamper


def replace_the_log(root: Path) -> None:
    shutil.rmtree(root / "log")
    (root / "log").write_bytes(b"x")


def plant_bytes_as_name(root: Path) -> None:
    os.close(os.open(os.fsencode(root) + b"/\xff\xfe.md", os.O_CREAT | os.O_WRONLY))


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
    "the time of the head": (rewrite(HEAD, lambda data: data.replace(b"2026-11-28", b"2026-11-29")), SIGNATURE),
    "the head claims to be unsigned": (
        rewrite(HEAD, lambda data: data.replace(data.split(b"# key: ")[1].split(b"\n")[0], b"none")),
        HEAD,
    ),
    "the head is deleted": (remove(HEAD), HEAD),
    "the head is emptied": (rewrite(HEAD, lambda _: b""), HEAD),
    "the head has no line feed at the end": (rewrite(HEAD, lambda data: data[:-1]), HEAD),
    "the head has another line feed": (rewrite(HEAD, lambda data: data + b"\n"), HEAD),
    "the head has other line ends": (rewrite(HEAD, lambda data: data.replace(b"\n", b"\r\n")), HEAD),
    "a NUL in the head": (rewrite(HEAD, lambda data: data.replace(b"# log", b"\0# log")), HEAD),
    "the lines of the head in another order": (swap_lines_of_head, HEAD),
    "a line of the head twice": (edit_head(rb"^(.*SHA256SUMS)$", rb"\1\n\1"), HEAD),
    "the head claims another log": (edit_head(rb"^# log: .*$", b"# log: " + b"f" * 32), SIGNATURE),
    "the head claims another origin": (edit_head(rb"^# origin: .*$", b"# origin: https://other.example"), HEAD),
    "the head claims another number": (edit_head(rb"^# sequence: 5$", b"# sequence: 6"), HEAD),
    "the head claims to be the first": (edit_head(rb"^# sequence: 5$", b"# sequence: 1"), HEAD),
    "the head claims an impossible time": (edit_head(rb"^# time: .*$", b"# time: 2026-02-30T00:00:00Z"), HEAD),
    "the head claims another key": (edit_head(rb"^# key: .*$", b"# key: SHA256:" + b"A" * 43), SIGNATURE),
    "the head announces a key": (edit_head(rb"^# next-key: none$", b"# next-key: SHA256:" + b"A" * 43), SIGNATURE),
    "the head claims lost runs": (edit_head(rb"^# lost: none$", b"# lost: 3-4 " + b"a" * 64), HEAD),
    "the head claims impossible lost runs": (edit_head(rb"^# lost: none$", b"# lost: 9-3 " + b"a" * 64), HEAD),
    "the head claims another verdict": (edit_head(rb"^# verdict: .*$", b"# verdict: unconfirmed"), SIGNATURE),
    "the head claims an unknown verdict": (edit_head(rb"^# verdict: .*$", b"# verdict: perfect"), HEAD),
    "the head claims format 1": (edit_head(rb"^# wikibot checkpoint 2$", b"# wikibot checkpoint 1"), HEAD),
    "the head claims format 3": (edit_head(rb"^# wikibot checkpoint 2$", b"# wikibot checkpoint 3"), HEAD),
    "the head lists a file of the tree": (edit_head(rb"^(.*  )SHA256SUMS$", rb"\1README.md"), HEAD),
    "data after the signature": (rewrite(SIGNATURE, lambda data: data + b"more\n"), SIGNATURE),
    "the signature twice": (rewrite(SIGNATURE, lambda data: data + data), SIGNATURE),
    "a blank line before the signature": (rewrite(SIGNATURE, lambda data: b"\n" + data), SIGNATURE),
    "a blank line in the signature": (rewrite(SIGNATURE, lambda data: data.replace(b"U1NI", b"\nU1NI")), SIGNATURE),
    "other line ends in the signature": (rewrite(SIGNATURE, lambda data: data.replace(b"\n", b"\r\n")), SIGNATURE),
    "stray bits in the signature": (forge_stray_bits, SIGNATURE),
    "the signature without line feed": (rewrite(SIGNATURE, lambda data: data[:-1]), SIGNATURE),
    "a list of changes": (change("log/2026/000002.changes"), "log/2026/000002.changes"),
    "a list of changes is deleted": (remove("log/2026/000001.changes"), "log/2026/000001.changes"),
    "the newest list of changes is deleted": (remove("log/2026/000005.changes"), "log/2026/000005.changes"),
    "the newest events are deleted": (remove("log/2026/000005.events.jsonl"), "log/2026/000005.events.jsonl"),
    "an event is added": (
        rewrite(EVENTS, lambda data: data + data.splitlines(keepends=True)[-1]),
        EVENTS,
    ),
    "an event without its facts": (
        rewrite(EVENTS, lambda data: re.sub(rb', "facts": {.*?}}', b"}", data, count=1)),
        EVENTS,
    ),
    "an event with a list of facts": (
        rewrite(EVENTS, lambda data: re.sub(rb'"facts": {.*?}}', b'"facts": [1]}', data, count=1)),
        EVENTS,
    ),
    "an event is taken away": (
        rewrite("log/2026/000003.events.jsonl", lambda data: b"".join(data.splitlines(keepends=True)[:-1])),
        "log/2026/000003.events.jsonl",
    ),
    "a line of a list of changes is taken away": (
        rewrite("log/2026/000004.changes", lambda data: b"".join(data.splitlines(keepends=True)[:-1])),
        "log/2026/000004.changes",
    ),
    "the whole log is deleted": (lambda root: shutil.rmtree(root / "log"), "log/2026/000004.checkpoint"),
    "a head is planted": (add("log/2026/000004.checkpoint.tsr"), "log/2026/000004.checkpoint.tsr"),
    "a head of another year is planted": (add("log/2025/000004.checkpoint"), "log/2025/000004.checkpoint"),
    "a rogue head below a name with a newline": (plant_rogue_head, "FORGED-PAGE.md"),
    "a bag that fits itself is planted": (plant_consistent_bag, "WS9/bagit.txt"),
    "a twin in another case is planted": (
        lambda root: shutil.copy(root / PAGE, root / PAGE.replace("board", "Board")),
        PAGE.replace("board", "Board"),
    ),
    "a name with another Unicode form is planted": (
        add(f"{BAG}/data/2026/a\u0308--7.md"),
        f"{BAG}/data/2026/a\u0308--7.md",
    ),
    "a name with a newline is planted": (add(f"{BAG}/data/2026/a\nb.md"), f"{BAG}/data/2026/a\nb.md"),
    "a name with a space is planted": (add("a b"), "a b"),
    "a name like an option is planted": (add("-n"), "-n"),
    "a hidden folder is planted": (add(".config/x"), ".config/x"),
    "an empty folder is planted": (plant_folder(f"{BAG}/data/2031"), f"{BAG}/data/2031"),
    "a folder of the bot is planted": (add(".wikibot/staging/journal.json"), ".wikibot/staging/journal.json"),
    "a folder of the bot that is a link": (link_folder(".wikibot"), ".wikibot"),
    "a git folder that is a link": (link_folder(".git"), ".git"),
    "a staging folder is planted": (add("staging-0123456789abcdef/0000001"), "staging-0123456789abcdef"),
    "a pipe is planted": (lambda root: os.mkfifo(root / "pipe"), "pipe"),
    "the log becomes a link": (link("log"), "log"),
    "a bag becomes a link": (link("OTHER"), "OTHER"),
    "the head becomes a link": (link(HEAD), HEAD),
    "the title of a page in the list": (
        rewrite(f"{BAG}/pages.jsonl", lambda data: data.replace(b"Board", b"Bored")),
        f"{BAG}/pages.jsonl",
    ),
    "a page twice in the list": (
        rewrite(f"{BAG}/pages.jsonl", lambda data: data.splitlines(keepends=True)[0] + data),
        f"{BAG}/pages.jsonl",
    ),
    "a page is taken from the list": (
        rewrite(f"{BAG}/pages.jsonl", lambda data: b"".join(data.splitlines(keepends=True)[1:])),
        f"{BAG}/pages.jsonl",
    ),
    "a tombstone is taken away": (
        rewrite(f"{BAG}/pages.jsonl", lambda data: re.sub(rb'"tombstone": "[^"]*"', b'"tombstone": null', data)),
        f"{BAG}/pages.jsonl",
    ),
    "a redaction is taken away": (
        rewrite(f"{BAG}/pages.jsonl", lambda data: re.sub(rb'"redacted_at": "[^"]*"', b'"redacted_at": null', data)),
        f"{BAG}/pages.jsonl",
    ),
    "the record of a redaction": (
        change(f"{BAG}/data/_source/104/redaction-000004.json"),
        f"{BAG}/data/_source/104/redaction-000004.json",
    ),
    "a redacted body is put back": (add(f"{BAG}/data/_source/104/v1.xml"), f"{BAG}/data/_source/104/v1.xml"),
    "the size in bag-info.txt": (change(f"{BAG}/bag-info.txt"), f"{BAG}/bag-info.txt"),
    "the attributes translate line ends": (rewrite(".gitattributes", lambda _: b"* text\n"), ".gitattributes"),
    "the sums without a bag": (
        rewrite(SUMS, lambda data: b"".join(line for line in data.splitlines(keepends=True) if b"OTHER" not in line)),
        SUMS,
    ),
    "a git folder that is a pipe": (lambda root: os.mkfifo(root / ".git"), ".git"),
    "a git folder that is a device": (plant_device(".git"), ".git"),
    "a git folder that is a socket": (plant_socket(".git"), ".git"),
    "a git folder in a bag": (add(f"{BAG}/.git/config"), f"{BAG}/.git/config"),
    "a device is planted": (plant_device("null"), "null"),
    "a socket is planted": (plant_socket(f"{BAG}/s"), f"{BAG}/s"),
    "the sums become an endless device": (plant_device(SUMS, (1, 5)), SUMS),
    "folders in folders": (plant_deep_folders, f"{BAG}/{'a/' * 31}a"),
    "a record of endless JSON": (rewrite(RECORD, lambda _: b"[" * 200_000), RECORD),
    "a record of 100 MB": (extend(RECORD, 100 << 20), RECORD),
    "a head of 4 MB": (extend(HEAD, 4 << 20), HEAD),
    "a signature of 4 MB": (extend(SIGNATURE, 4 << 20), SIGNATURE),
    "a NUL after a page": (rewrite(PAGE, lambda data: data + b"\0"), PAGE),
    "a name as long as can be": (add("x" * 255), "x" * 255),
    "a name that is no text": (plant_bytes_as_name, os.fsdecode(b"\xff\xfe.md")),
    "a name that Windows reserves": (add(f"{BAG}/data/2026/con.md"), f"{BAG}/data/2026/con.md"),
    "a second name of a page": (plant_hard_link(PAGE, "other--7.md"), f"{BAG}/data/2026/other--7.md"),
    "a page shared with a file outside": (share_with_a_file_outside, PAGE),
    "the log becomes a file": (replace_the_log, "log"),
    "the signature becomes a folder": (as_folder(SIGNATURE), SIGNATURE),
    "kind instructions": (rewrite("VERIFY.md", lambda _: b"```sh\necho INTACT\n```\n"), "VERIFY.md"),
    "the newest changes are deleted": (remove("log/2026/000005.changes"), "log/2026/000005.changes"),
    "a time stamp of nothing": (add("CHECKPOINT.tsr"), "CHECKPOINT.tsr"),
    "a time stamp with the digest half a byte off": (plant_shifted_stamp, "CHECKPOINT.tsr"),
    "a time stamp of 200 MB": (plant_large("CHECKPOINT.tsr", 200_000_000), "CHECKPOINT.tsr"),
    "a byte order mark before the head": (rewrite(HEAD, lambda data: b"\xef\xbb\xbf" + data), HEAD),
    "a line of the head as binary": (edit_head(rb"  SHA256SUMS", b" *SHA256SUMS"), HEAD),
    "a path of the head with a dot": (edit_head(rb"  SHA256SUMS", b"  ./SHA256SUMS"), HEAD),
    "the sums with another file": (rewrite(SUMS, lambda data: data + data[:66] + b"WS9/x\n"), SUMS),
}


def test_there_are_enough_classes_of_tampering() -> None:
    assert len(TAMPERINGS) >= 130


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
    judged = run_instructions(root, allowed_signers=allowed)
    assert judged.returncode != 0
    last = judged.stderr.splitlines()[-1]
    assert last.startswith("FOUND: "), judged.stderr
    if ": FAILED" in judged.stderr or last.endswith((" is missing", " is in no list")):
        named = PurePosixPath(re.split(r" is missing| is in no list", last.removeprefix("FOUND: "))[0])
        found = {finding.path for finding in checked.findings}
        assert found & {str(named), *map(str, named.parents)}, (last, checked.findings)


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


def test_allowed_signers_that_cannot_be_read_are_no_forgery(root: Path, tmp_path: Path) -> None:
    for place in (tmp_path / "nowhere", tmp_path):
        judged = run_instructions(root, allowed_signers=place)

        assert judged.returncode == 1
        assert judged.stderr == f"FOUND: ALLOWED_SIGNERS, TSA_CA: {place} is not a file that can be read\n"


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


@pytest.mark.parametrize("spell", [str.upper, "sha256:{}".format, " {}\n".format])
def test_a_witness_may_be_spelt_in_each_usual_way(root: Path, signer: Signer, spell: Callable[[str], str]) -> None:
    witness = spell(hashlib.sha256((root / HEAD).read_bytes()).hexdigest())

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


@pytest.mark.slow
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

    def digest(self, path: str, take: Callable[[bytes], None] | None = None) -> str:
        if take is not None:
            take(self.read(path))
        return hashlib.sha256(self.content).hexdigest() if path == self.path else self.digests[path]


def _verify(root: Path, signer: Signer) -> Verification:
    return verify(root, allowed_signers=signer.allowed_signers())


def _older_state(root: Path, target: Path, signer: Signer) -> Path:
    from bot.snapshot.archive.disk import Disk
    from tests.snapshot.small_tree import capture_first

    del root
    capture_first(target, Disk(), signer=signer)
    return target
