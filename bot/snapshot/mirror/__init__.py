"""Copies of the snapshots in S3-compatible object storage.

Only this room uses botocore, which the extra `wikibot[s3]` installs. `verify` reads a store through a `StoredTree`, a
kind of `Tree`. May import `archive`, and `wiki` for the sending of requests.
"""
