"""The operations of the bot, one function each: the API of the command line, the scheduler and scripts.

A function takes the values that it needs (a gateway, workspaces, policies, paths, the time) and returns a value; it
never reads settings or builds a gateway. `bot.runtime` builds these values from the settings. May import the
rooms below: `present` (for the files of a site), `adopt`, `sync`, `snapshot`, `notify`, `render`, `convert`, `item_id`,
`inline`, `wiki`, `config` and `storage`.
"""
