"""The seal of a plan file: an HMAC with a key of the state folder, which shows that this bot wrote the file."""

import hashlib
import hmac
import json
import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Any

from bot.errors import BotError, SettingsError
from bot.escape import visible_in_json
from bot.files import PRIVATE_FOLDER_MODE, make_folders, read_file
from bot.sync.plan import Plan
from bot.sync.plan_file import PlanDocument, as_document, check_digest, load_plan

KEY_FILE = "plan.key"
_KEY_BYTES = 32


def write_plan(plan: Plan, state: Path) -> str:
    """Return the text of the plan file, sealed with the key in the folder *state*, which is made if necessary."""
    document = as_document(plan)
    document["seal"] = _seal(document, _load_key(state) or _make_key(state))
    return visible_in_json(json.dumps(document, indent=2, ensure_ascii=False)) + "\n"


def read_plan(text: str, state: Path, *, digest: str | None) -> Plan:
    """Parse a plan file; raises `BotError` unless the bot sealed it or *digest*, which a person reviewed, is its own.

    The seal covers the whole file. The digest does not cover the time of the plan and the messages.
    """
    plan = load_plan(text)
    if digest is not None:
        check_digest(plan, digest)
        return plan
    document = PlanDocument.parse(text).content()
    key = _load_key(state)
    if key is None or not hmac.compare_digest(str(document["seal"]).encode(), _seal(document, key).encode()):
        raise BotError(
            f"the plan file was not written by this bot, or was changed: its seal does not match {state / KEY_FILE}; "
            "plan again, or review the plan and give its digest with --digest"
        )
    return plan


def _seal(document: dict[str, Any], key: bytes) -> str:
    bound = {name: value for name, value in document.items() if name != "seal"}
    text = json.dumps(bound, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return "hmac-sha256:" + hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def _load_key(state: Path) -> bytes | None:
    path = state / KEY_FILE
    try:
        key = read_file(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SettingsError(f"cannot be read: {error.strerror}; plan files are sealed with it", path=path) from error
    if len(key) != _KEY_BYTES:
        raise SettingsError("is damaged; delete it, and plan again", path=path)
    return key


def _make_key(state: Path) -> bytes:
    """Write a new key; if another process was faster, return the key of that process."""
    path, key = state / KEY_FILE, secrets.token_bytes(_KEY_BYTES)
    try:
        make_folders(state, PRIVATE_FOLDER_MODE)
        temporary = state / f".{KEY_FILE}.{secrets.token_hex(4)}"
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(key)
            with suppress(FileExistsError):
                path.hardlink_to(temporary)
        finally:
            temporary.unlink()
    except OSError as error:
        raise SettingsError(f"cannot be written: {error.strerror}; plan files are sealed with it", path=path) from error
    return _load_key(state) or key
