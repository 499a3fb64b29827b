"""The only package that sends requests to a wiki.

Other packages import `gateway` (the port and its values), `page_tree`, `page_lookup` and `write_order`. Only
`bot.runtime` imports `confluence`, `session` and `dialect`, to build a gateway. Everything else is private to this
package; no JSON of the wiki leaves it.

    confluence      the gateway: one method for each request of the bot, composed of the parts below
    page_reader     listings, bulk reads, lookups      page_details   versions, attachments, comments, drafts
    write_order     the one order of every page write; reads that a write can be based on
    page_writer     writes, conflicts, lost answers    directory      spaces and people, cached
    dialect         a REST call as data; the calls in which REST v1 and v2 differ
    dialect_cloud, dialect_data_center, rest_v1        those calls, and the calls that both flavours share
    rest_client     sends calls, follows listings      answers        shape of an answer -> value or error
    failures        why a request failed, and what to do (one table)
    session         HTTP: sign-in, retries, rate limit, redirects     deadline   limit on the time of one exchange

May import `config` and `storage`.

Importing `gateway` or `page_tree` loads no network library. `requests` is loaded with `session`; `atlassian` when the
first request is sent.
"""
