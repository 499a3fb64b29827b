"""Convert a page that people wrote into values of the data model."""
