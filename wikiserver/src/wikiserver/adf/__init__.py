"""The Atlassian document format, as far as storage format can say the same."""

from .from_storage import storage_to_adf
from .to_storage import AdfError, adf_to_storage

__all__ = ["AdfError", "adf_to_storage", "storage_to_adf"]
