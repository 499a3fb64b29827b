"""What every command shares: the options that every command has, and the runtime that is made from them."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bot.advice import complete
from bot.cli.usage_errors import SuggestingChoice, SuggestingGroup

if TYPE_CHECKING:
    from bot.config.policy import ObjectStoreSettings
    from bot.config.settings import Settings
    from bot.runtime import Runtime

_SERVICE_FLUSH_SECONDS = 1.0


@dataclass
class App:
    """The options of every command; the settings are read when a command first asks for the runtime."""

    config: Path | None = None
    workspace: str | None = None
    wiki: str | None = None
    arguments: tuple[str, ...] = ()
    """The arguments of this process."""
    is_verbose: bool = False
    log_format: str = "text"
    _has_logging: bool = field(default=False, repr=False)
    _is_service: bool = field(default=False, repr=False)

    @cached_property
    def runtime(self) -> "Runtime":
        """Settings, gateway, renderer and paths; raises `SettingsError`."""
        from bot.runtime import Runtime, person_waits

        self.set_up_logging()
        settings = self.whole_settings
        chosen = settings.of_wiki(self._choose_wiki(settings))
        return Runtime(chosen, only=self.workspace, is_attended=person_waits())

    @cached_property
    def whole_settings(self) -> "Settings":
        """The settings with all their wikis, as they were at the start; raises `SettingsError`."""
        from bot.config.settings import load_settings

        return load_settings(self.config)

    @property
    def wikis(self) -> tuple[str, ...]:
        """The wikis that the command is for; several if neither --wiki nor --workspace chooses one."""
        settings = self.whole_settings
        if self.wiki is None and self.workspace is None:
            return settings.wiki_names
        return (self._choose_wiki(settings),)

    @property
    def settings_in_force(self) -> "Settings":
        """The settings of the chosen wiki; the whole file, if none is chosen."""
        wikis = self.wikis
        return self.whole_settings.of_wiki(wikis[0]) if len(wikis) == 1 else self.whole_settings

    def load_settings(self) -> "Settings":
        """Read the settings again, and return those of the chosen wiki; raises `SettingsError`."""
        from bot.config.settings import load_settings

        settings = load_settings(self.config)
        return settings.of_wiki(self._choose_wiki(settings))

    def complete_advice(self, text: str) -> str:
        """Return *text* with the options that choose settings and workspace in each command that it advises."""
        typed = {"--config": self.config, "--wiki": self.wiki, "--workspace": self.workspace}
        return complete(text, {option: str(value) for option, value in typed.items() if value})

    def _choose_wiki(self, settings: "Settings") -> str:
        from bot.errors import SettingsError
        from bot.suggestion import did_you_mean

        names = settings.wiki_names
        if self.wiki is not None and self.wiki not in names:
            known = f"{did_you_mean(self.wiki, names)}; the settings have: {', '.join(names)}"
            raise SettingsError(f"no wiki is named {self.wiki!r}{known}", path=settings.config_path)
        if self.wiki is not None or len(names) == 1:
            return self.wiki or names[0]
        if self.workspace is None:
            message = f"has several wikis ({', '.join(names)}); choose one with --wiki or --workspace"
            raise SettingsError(message, path=settings.config_path)
        from bot.config.several_wikis import DEFAULT_WIKI

        found = {each.name: each.wiki for each in settings.workspaces}
        if self.workspace not in found:
            hint = f"{did_you_mean(self.workspace, found)}; configured: {', '.join(found)}"
            raise SettingsError(f"no workspace is named {self.workspace!r}{hint}", path=settings.config_path)
        return found[self.workspace] or DEFAULT_WIKI

    @property
    def object_store(self) -> "ObjectStoreSettings":
        """How object storage is reached; without a settings file, as the environment and the secrets say."""
        from bot.config.settings import load_overrides, settings_path

        self.set_up_logging()
        path = settings_path(self.config)
        settings = load_overrides(path) if self.config is None and not path.is_file() else self.whole_settings
        return settings.object_store

    def set_up_logging(self, *, is_service: bool = False) -> None:
        """Log as the options say; a command that is no service prints for itself and logs only warnings."""
        from bot.log import set_up_logging

        self._is_service |= is_service
        if not self._has_logging:
            set_up_logging(
                log_format=self.log_format, is_verbose=self.is_verbose, is_quiet=not is_service, wiki=self.wiki or ""
            )
            self._has_logging = True

    def finish_logging(self) -> None:
        """Wait until the log is written; a service does not wait for a reader that is asleep."""
        if self._has_logging:
            from bot.log import finish_logging

            finish_logging(seconds=_SERVICE_FLUSH_SECONDS if self._is_service else None)


HELP_OPTIONS = ("-h", "--help")

pass_app = click.make_pass_decorator(App, ensure=True)


def add_common_options(command: click.Command) -> click.Command:
    """Give *command*, and all commands below it, the options of every command; let all choices suggest."""
    names = {name for parameter in command.params for name in parameter.opts}
    command.context_settings.setdefault("help_option_names", list(HELP_OPTIONS))  # however the command is reached
    command.params += [option for option in _common_options() if not names & set(option.opts)]
    for parameter in command.params:
        if type(parameter.type) is click.Choice:
            parameter.type = SuggestingChoice(parameter.type.choices)
    if isinstance(command, click.Group):
        for child in command.commands.values():
            add_common_options(child)
    return command


class LateGroup(SuggestingGroup):
    """A group whose commands are imported when they are asked for; *late* has `module:command` for each name."""

    def __init__(self, *args: Any, late: Mapping[str, str], **options: Any) -> None:
        super().__init__(*args, **options)
        self._late = late

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands, in the order of *late*."""
        del ctx
        return list(self._late)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command if that was not done yet."""
        del ctx
        if cmd_name not in self._late:
            return None
        if cmd_name not in self.commands:
            module, _, name = self._late[cmd_name].partition(":")
            self.commands[cmd_name] = add_common_options(getattr(import_module(module), name))
        return self.commands[cmd_name]


def _remember(context: click.Context, parameter: click.Parameter, value: object) -> None:
    if value not in (None, False):
        setattr(context.ensure_object(App), str(parameter.name), value)


def _complete_workspaces(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    del parameter
    return _complete(context, lambda settings: [each.name for each in settings.workspaces], incomplete)


def _complete_wikis(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    del parameter
    return _complete(context, lambda settings: settings.wiki_names, incomplete)


def _complete(context: click.Context, names: "Callable[[Settings], Iterable[str]]", incomplete: str) -> list[str]:
    from bot.errors import BotError

    try:
        return [name for name in names(context.ensure_object(App).whole_settings) if name.startswith(incomplete)]
    except BotError:
        return []


def _common_options() -> list[click.Option]:
    return [
        click.Option(
            ["--config"],
            type=click.Path(dir_okay=False, path_type=Path),
            help="Settings file.  [default: config/bot.yaml]",
            expose_value=False,
            callback=_remember,
        ),
        click.Option(
            ["--workspace"],
            help="Only this workspace.",
            expose_value=False,
            callback=_remember,
            shell_complete=_complete_workspaces,
        ),
        click.Option(
            ["--wiki"],
            help="Only this wiki, if the settings have several.",
            expose_value=False,
            callback=_remember,
            shell_complete=_complete_wikis,
        ),
        click.Option(
            ["-v", "--verbose", "is_verbose"],
            is_flag=True,
            help="Log more, and show the traceback of an error.",
            expose_value=False,
            callback=_remember,
        ),
        click.Option(
            ["--log-format"],
            type=click.Choice(["text", "json"]),
            help="How log lines look on standard error.",
            expose_value=False,
            callback=_remember,
        ),
    ]
