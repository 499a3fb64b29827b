"""Names that differ between storage format and ADF."""

from typing import Final

PANELS: Final = {"info": "info", "note": "warning", "warning": "error", "tip": "success"}
"""Macro → panel type, as Cloud converts them; the purple ADF panel `note` has no macro."""

PANEL_MACROS: Final = {panel: macro for macro, panel in PANELS.items()}
