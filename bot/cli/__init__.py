"""The commands: parse the arguments, call one operation, print the result, return an exit code.

`app` has the options of every command, `output` is the only module that prints. Nothing imports this package. May
import `runtime`, `live_schedule`, `desk`, `examination`, `operations`, `present`, `adopt`, `sync`, `snapshot`,
`notify`, `render`, `convert`, `inline`, `wiki`, `config` and `storage`, the rooms below `operations` for their values
only.
"""
