"""What happened to a text that somebody wrote, as a value: it was published, expires soon, is held back, and so on."""

from collections.abc import Callable
from dataclasses import dataclass

from bot.config.policy import NotifyEvent


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One thing that happened; each receiver is told of a *key* once.

    *find_people* returns the accounts that it is about; None if it came from the page itself and nobody is told. It may
    read files, so it is called only for what is new. A *personal* one goes to these accounts only. One that is *past*
    is no news to a receiver that is new.
    """

    event: NotifyEvent
    key: str
    workspace: str
    about: str
    text: str
    find_people: Callable[[], tuple[str, ...] | None]
    url: str = ""
    path: str = ""
    """The page of the desk about it, below the address of the desk."""
    is_personal: bool = False
    is_past: bool = False
