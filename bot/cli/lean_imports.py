"""Keep libraries from importing what no command of wikibot uses; such imports take longer than most commands."""

import importlib
import sys
from types import ModuleType
from typing import Any


def prepare_imports() -> None:
    """Arrange the imports of libraries that are not loaded yet; call this before anything else is imported."""
    if "asyncio" not in sys.modules:  # pydantic-settings and loguru import it for programs that are asynchronous
        sys.modules["asyncio"] = _LateModule("asyncio")
    _omit_plugins_of_pydantic()
    _delay_html_blocks()


class _LateModule(ModuleType):
    """Stands for a module that is imported when one of its names is used first.

    `importlib.util.LazyLoader` does not help: Python 3.11 looks up `__spec__` at each import, which loads the module.
    """

    def __getattr__(self, name: str) -> Any:
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(importlib.import_module(self.__name__), name)


def _omit_plugins_of_pydantic() -> None:
    """Let pydantic not look for plugins: it would read the metadata of every installed package.

    `PYDANTIC_DISABLE_PLUGINS` omits the search, but not the import of `importlib.metadata`.
    """
    finder = ModuleType("pydantic.plugin._loader")
    finder.get_plugins = tuple  # type: ignore[attr-defined]
    sys.modules.setdefault(finder.__name__, finder)


def _delay_html_blocks() -> None:
    """Let markdown-it-py compile the patterns of HTML blocks when a text is parsed that may have some.

    Inline Markdown has none, and the patterns take longer to compile than a text to parse.
    """
    name = "markdown_it.rules_block.html_block"

    def html_block(*arguments: Any) -> Any:
        if sys.modules.get(name) is rule:
            del sys.modules[name]
        return importlib.import_module(name).html_block(*arguments)

    rule = ModuleType(name)
    rule.html_block = html_block  # type: ignore[attr-defined]
    sys.modules.setdefault(name, rule)
