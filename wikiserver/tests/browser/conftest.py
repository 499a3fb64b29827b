"""The browser of the tests."""

from tests.chromium import browser, chromium

__all__ = ["browser", "chromium"]
