"""Archived pages as Markdown, with the evidence beside it that public tools can check."""
