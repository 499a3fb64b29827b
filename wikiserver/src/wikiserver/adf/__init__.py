"""Convert between the Atlassian document format (ADF) and storage format. May import `view` and `storage_tree`."""

from wikiserver.adf.from_storage import storage_to_adf
from wikiserver.adf.to_storage import AdfError, adf_to_storage

__all__ = ["AdfError", "adf_to_storage", "storage_to_adf"]
