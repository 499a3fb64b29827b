"""Settings and data files: their models, their sources, and edits that preserve every other byte.

`policy` has the policy values that `bot.yaml` consists of, `settings` reads them with their sources; `data_model` is
the model of a data file, `data_file` and `yaml_edit` edit its text. May import `storage`.
"""
