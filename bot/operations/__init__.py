"""What the bot can do, one function for each thing: the API of the command line, the scheduler and scripts.

A function takes the values that it needs (a gateway, workspaces, policies, paths, the time) and returns a value; it
never reads settings or builds a gateway. `bot.runtime` makes these values from the settings. May import every room
below: `adopt`, `sync`, `snapshot`, `render`, `config`, `wiki`.
"""
