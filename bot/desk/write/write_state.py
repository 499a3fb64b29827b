"""What the pages for writing remember in memory: listings of the wiki, drawn previews, who is where, publications."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Generic, TypeVar, cast

from flask import current_app

from bot.desk.desk import current_desk
from bot.errors import BotError
from bot.log import logger
from bot.operations.target_search import TargetListing, read_targets
from bot.operations.workspace import Workspace

if TYPE_CHECKING:
    from bot.desk.write.publication_run import PublicationRun
    from bot.runtime import Runtime

EXTENSION = "write"
LISTING_SECONDS = 300.0
PREVIEW_SECONDS = 300.0
_PATIENCE_SECONDS = 0.8
_MAX_PREVIEWS = 200
_PRESENT = timedelta(minutes=10)
V = TypeVar("V")


class RecentValues(Generic[V]):
    """Values by name, of which each is forgotten after some time; thread-safe."""

    def __init__(self, seconds: float, most: int = _MAX_PREVIEWS) -> None:
        self._seconds, self._most = seconds, most
        self._values: OrderedDict[str, tuple[float, V]] = OrderedDict()
        self._lock = threading.Lock()

    def put(self, name: str, value: V) -> None:
        """Remember a value."""
        with self._lock:
            self._values[name] = (time.monotonic(), value)
            self._values.move_to_end(name)
            while len(self._values) > self._most:
                self._values.popitem(last=False)

    def get(self, name: str) -> V | None:
        """Return a value that is not too old."""
        with self._lock:
            at, value = self._values.get(name, (0.0, None))
            return value if value is not None and time.monotonic() - at < self._seconds else None

    def age(self, name: str) -> float:
        """Return how many seconds ago a value was remembered."""
        with self._lock:
            at, _ = self._values.get(name, (time.monotonic(), None))
            return time.monotonic() - at


@dataclass(slots=True)
class ListingLookup:
    """The listing of a workspace that a thread reads; *problem* says why there is none."""

    begun: float
    done: threading.Event = field(default_factory=threading.Event)
    listing: TargetListing | None = None
    problem: str = ""


class TargetListings:
    """The pages and files to which texts can link, read in the background: no page of the desk waits for the wiki."""

    def __init__(self) -> None:
        self._lookups: dict[str, ListingLookup] = {}
        self._lock = threading.Lock()

    def begin(self, workspace: Workspace, *, max_age: float = LISTING_SECONDS) -> ListingLookup:
        """Return the listing that is read, or was read at most *max_age* seconds ago."""
        with self._lock:
            known = self._lookups.get(workspace.name)
            is_old = known is not None and time.monotonic() - known.begun > max_age
            if known is not None and not (known.done.is_set() and (is_old or known.problem)):
                return known
            lookup = self._lookups[workspace.name] = ListingLookup(time.monotonic())
        load = _loader(workspace)
        threading.Thread(target=_read, args=(lookup, load), daemon=True, name="link targets").start()
        return lookup

    def get(self, workspace: Workspace, *, max_age: float = LISTING_SECONDS) -> ListingLookup:
        """Return the listing; waits less than a second for it."""
        lookup = self.begin(workspace, max_age=max_age)
        lookup.done.wait(_PATIENCE_SECONDS)
        return lookup


def _loader(workspace: Workspace) -> Callable[[], TargetListing]:
    runtime = quick_runtime()
    return lambda: read_targets(runtime.gateway(), workspace)


def _read(lookup: ListingLookup, load: Callable[[], TargetListing]) -> None:
    try:
        lookup.listing = load()
    except BotError as error:
        lookup.problem = str(error)
    except Exception as error:  # noqa: BLE001 -- a thread of its own: the page says that there is no listing
        logger.opt(exception=error).error("the pages of the wiki could not be listed")
        lookup.problem = str(error)
    lookup.done.set()


class Presence:
    """Who looked at which page for writing in the last minutes."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], dict[str, datetime]] = {}
        self._lock = threading.Lock()

    def note(self, workspace: str, place: str, person: str, now: datetime) -> list[tuple[str, datetime]]:
        """Note that *person* is at *place*; return the others who are there, with the time when each came."""
        with self._lock:
            people = self._seen.setdefault((workspace, place), {})
            for name in [each for each, at in people.items() if now - at > _PRESENT]:
                del people[name]
            others = sorted((name, at) for name, at in people.items() if name != person)
            people[person] = now
            return others

    def leave(self, workspace: str, place: str, person: str) -> None:
        """Note that *person* has finished at *place*."""
        with self._lock:
            self._seen.get((workspace, place), {}).pop(person, None)


@dataclass
class WriteState:
    """The memory of one desk."""

    listings: TargetListings = field(default_factory=TargetListings)
    presence: Presence = field(default_factory=Presence)
    previews: RecentValues[object] = field(default_factory=lambda: RecentValues(PREVIEW_SECONDS))
    drawn: RecentValues[object] = field(default_factory=lambda: RecentValues(PREVIEW_SECONDS))
    publications: dict[str, "PublicationRun"] = field(default_factory=dict)
    quick: "tuple[object, Runtime] | None" = None


def write_state() -> WriteState:
    """Return the memory of the desk of the request."""
    return cast("WriteState", current_app.extensions.setdefault(EXTENSION, WriteState()))


def quick_runtime() -> "Runtime":
    """Return a runtime with one try per request and a short timeout; connections to the wiki are kept."""
    state, runtime = write_state(), current_desk().runtime
    if state.quick is None or state.quick[0] is not runtime.settings:
        state.quick = (runtime.settings, runtime.trying_once())
    return state.quick[1]


def next_run() -> datetime | None:
    """Return when the next scheduled run is due; None if none is."""
    return current_desk().next_due().get("sync")
