"""Reading a page that people wrote as values of the data model."""
