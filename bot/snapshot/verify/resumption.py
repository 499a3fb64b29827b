"""Continue the replay of a remembered check: only the runs after it, and only the bags that they or anyone changed.

What is not as remembered is not decided here: the caller replays everything.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from bot.snapshot.archive.change_list import is_rendition, page_of
from bot.snapshot.archive.inspection import Inspection
from bot.snapshot.verify.chain import Chain
from bot.snapshot.verify.replay import Replay
from bot.snapshot.verify.replay_memory import BagMark, BagState, Replayed, ReplayMemory, bit_of


@dataclass(frozen=True, slots=True)
class Resumption:
    """A replay that begins behind a remembered head.

    *settled* bags are as they were, and the records that are due were compared with their lists of pages.
    """

    replay: Replay
    settled: frozenset[str]


def resume(
    inspection: Inspection,
    chain: Chain,
    manifests: Mapping[str, dict[str, str]],
    tags: Mapping[str, str],
    memory: ReplayMemory,
    portion: int | None,
) -> Resumption | None:
    """Return the replay of the runs after the remembered head; None if all runs must be replayed.

    *tags* has the digest of the tag manifest of each bag. The chain proves that the log of the earlier runs has not
    changed, and equal tag manifests prove that bags have not.
    """
    known = memory.load()
    if known is None or known.head not in chain.digests or known.bags.keys() - manifests.keys():
        return None
    settled = {
        name for name, mark in known.bags.items() if mark.tags == tags.get(name) and mark.covers(portion)
    } & manifests.keys()
    before = len(inspection.findings)
    while True:
        replay = _replay(inspection, chain, known, memory, known.bags.keys() - settled)
        if replay is None or inspection.findings:
            del inspection.findings[before:]  # the replay of all runs finds them again
            return None
        touched = _bags_of(replay) & settled
        if not touched:
            break
        settled -= touched
    is_twice = bool(replay.pages) and any(_has_page(manifests[name], replay.pages) for name in settled)
    return None if is_twice else Resumption(replay, frozenset(settled))


def remember(
    memory: ReplayMemory,
    head: str,
    tags: Mapping[str, str],
    replay: Replay,
    portion: int | None,
    settled: Collection[str],
) -> None:
    """Save what a clean check replayed, up to the head with the digest *head*."""
    known = memory.load()
    before = known.bags if known else {}
    marks = {}
    for name, digest in tags.items():
        old = before.get(name)
        earlier = old.portions if old and old.tags == digest else 0
        marks[name] = BagMark(digest, earlier | bit_of(portion))
    changed = {name for name, digest in tags.items() if name not in before or before[name].tags != digest}
    removals = [(each.run, each.path, each.digest) for each in replay.removals]
    held = {page: sorted(names) for page, names in replay.held.items() if names}
    memory.save(Replayed(head, marks, held, removals), _states(replay, changed - set(settled)))


def _replay(
    inspection: Inspection, chain: Chain, known: Replayed, memory: ReplayMemory, bags: Collection[str]
) -> Replay | None:
    replay = Replay(inspection)
    for name in bags:
        state = memory.load_bag(name)
        if state is None or not replay.restore_bag(state.kept, state.gone, state.views, state.pages):
            return None
    place = chain.digests.index(known.head)
    replay.restore_runs(chain.heads[place], known.held, known.removals)
    for head in reversed(chain.heads[:place]):
        replay.add_run(head)
    return replay if replay.is_whole else None


def _bags_of(replay: Replay) -> set[str]:
    """Return the bags of all files and pages of a replay."""
    files = {path.partition("/")[0] for paths in (replay.kept, replay.gone) for path in paths}
    return files | {page.bag for page in replay.pages.values()}


def _has_page(manifest: Mapping[str, str], pages: Collection[str]) -> bool:
    """Return whether a bag has Markdown of one of the pages, which belong to other bags."""
    return any(is_rendition(path) and page_of(path) in pages for path in manifest)


def _states(replay: Replay, bags: Collection[str]) -> dict[str, BagState]:
    """Return what a replay says about each of the bags."""
    states = {name: BagState() for name in bags}
    for path, digest in replay.kept.items():
        if state := states.get(path.partition("/")[0]):
            state.kept[path] = digest
    for path in replay.gone:
        if state := states.get(path.partition("/")[0]):
            state.gone.append(path)
    for page, at in replay.pages.items():
        if state := states.get(at.bag):
            state.pages[page], state.views[page] = at.text, replay.views[page]
    return states
