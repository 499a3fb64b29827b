"""Which page a title stood for when it was last seen, so that a page that is renamed is still known."""

import contextlib
import json
from pathlib import Path

from bot.files import replace_file


class PageMemory:
    """Titles and page ids of one wiki and space, kept in a small file that may be lost without harm."""

    def __init__(self, path: Path, *, wiki: str, space_key: str) -> None:
        self._path, self._key = path, f"{wiki} {space_key}"
        self._ids: dict[str, str] = self._load().get(self._key, {})
        self._is_changed = False

    def recall(self, title: str) -> str | None:
        """Return the id of the page that bore *title* when it was last seen."""
        return self._ids.get(title)

    def remember(self, title: str, page_id: str) -> None:
        """Note which page bears *title*."""
        if self._ids.get(title) != page_id:
            self._ids[title] = page_id
            self._is_changed = True

    def save(self) -> None:
        """Write what was learnt, in one step; a folder that cannot be written costs some requests and nothing else."""
        if not self._is_changed:
            return
        content = self._load() | {self._key: self._ids}
        text = json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
        with contextlib.suppress(OSError):
            replace_file(self._path, text.encode())
            self._is_changed = False

    def _load(self) -> dict[str, dict[str, str]]:
        try:
            content = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        if not isinstance(content, dict):
            return {}
        return {
            str(key): {str(title): str(page_id) for title, page_id in ids.items()}
            for key, ids in content.items()
            if isinstance(ids, dict)
        }
