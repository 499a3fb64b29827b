"""Compare the pages of the wiki with the data file, and write the regions that differ.

`survey` reads the pages, `drift` judges each region, `plan` decides, `guard` checks for obstacles, `apply` writes, and
`ledger` reads from the version history what the bot wrote last. May import `render`, `inline`, `wiki`, `config` and
`storage`.
"""
