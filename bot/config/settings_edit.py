"""Edit one value of `bot.yaml`; every other byte is preserved."""

from pathlib import Path

from bot.config import yaml_edit
from bot.config.policy import RegionSettings, WorkspaceSettings
from bot.config.settings import load_settings
from bot.config.yaml_source import YamlSource, load_yaml
from bot.errors import SettingsError
from bot.files import replace_file


def with_place(path: Path, workspace: str, region: str, place: str) -> str:
    """Return the text of the settings file *path* with *place* set for *region* of *workspace*.

    If the file does not contain `regions`, the default regions are written too.
    """
    source = load_yaml(path, SettingsError)
    location = ("workspaces", _index_of(source, workspace), "regions")
    if source.node_at(location) is None:
        default = WorkspaceSettings.model_fields["regions"].get_default(call_default_factory=True)
        names = [*default, *(() if region in default else (region,))]
        regions = {name: {"place": place} if name == region else {} for name in names}
        return yaml_edit.set_value(source, location, regions).text
    node = source.node_at((*location, region))
    if node is None or not node.value:
        return yaml_edit.set_value(source, (*location, region), {"place": place}).text
    return yaml_edit.set_value(source, (*location, region, "place"), place).text


def save_place(path: Path, workspace: str, region: str, place: str) -> None:
    """Save the place of *region* in the settings file; raises `SettingsError` if the environment overrides it."""
    text = with_place(path, workspace, region, place)
    try:
        replace_file(path, text.encode())
    except OSError as error:
        raise SettingsError(f"cannot be written: {error.strerror}", path=path) from error
    settings = load_settings(path)
    found = next(each for each in settings.workspaces if each.name == workspace)
    if found.regions.get(region, RegionSettings()).place != place:
        raise SettingsError(
            f"the place of {region} was written, but an environment variable overrides `workspaces`; unset it",
            path=path,
        )


def _index_of(source: YamlSource, workspace: str) -> int:
    value = source.value if isinstance(source.value, dict) else {}
    for index, each in enumerate(value.get("workspaces") or ()):
        if isinstance(each, dict) and each.get("name") == workspace:
            return index
    raise SettingsError(
        f"does not contain the workspace {workspace!r}, which is defined in the environment; set the place there",
        path=source.path,
    )
