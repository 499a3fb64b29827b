"""Copies of the snapshots in S3-compatible object storage.

Imports `archive`, and of the wiki room only how requests are sent. `verify` knows nothing of it: a `StoredTree` is a
`Tree`. Only this room uses botocore, which the extra `wikibot[s3]` installs.
"""
