"""Usage errors in one or two lines: what is wrong, what was probably meant, and where the help is."""

import click

from bot.suggestion import did_you_mean, similar_words

_MOST_CHOICES_LISTED = 8
_LONGEST_SUMMARY = 300


class SuggestingGroup(click.Group):
    """A group of commands that suggests the command that was meant."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; an unknown one is a usage error with a suggestion."""
        name = args[0]
        if not ctx.resilient_parsing and not name.startswith("-") and self.get_command(ctx, name) is None:
            visible = self.visible_commands(ctx)
            hint = did_you_mean(name, visible) or (f"; commands: {', '.join(visible)}" if visible else "")
            raise click.UsageError(f"there is no command `{ctx.command_path} {name}`{hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands with the whole first sentence of their help, which may need several lines."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, self._summary(ctx, name)) for name in self.visible_commands(ctx)])

    def _summary(self, ctx: click.Context, name: str) -> str:
        command = self.get_command(ctx, name)
        return command.get_short_help_str(_LONGEST_SUMMARY) if command else ""

    def visible_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands that are not hidden."""
        found = {name: self.get_command(ctx, name) for name in self.list_commands(ctx)}
        return [name for name, command in found.items() if command is not None and not command.hidden]


class SuggestingChoice(click.Choice[str]):
    """One of a fixed set of words; suggests the word that was meant."""

    def get_invalid_choice_message(self, value: object, ctx: click.Context | None) -> str:
        """Say which words there are; only the similar ones when there are many."""
        del ctx
        hint = did_you_mean(str(value), self.choices)
        listed = self.choices if len(self.choices) <= _MOST_CHOICES_LISTED or not hint else ()
        return f"{value!r} is not a choice{hint}" + (f"; choices: {', '.join(listed)}" if listed else "")


def describe_usage_error(error: click.ClickException) -> str:
    """Return the message of a usage error for a person: one line, or two with a pointer to the help."""
    message = _message(error)
    context = error.ctx if isinstance(error, click.UsageError) else None
    if context is None or "did you mean" in message:
        return message
    return f"{message}\nsee `{context.command_path} --help`"


def _message(error: click.ClickException) -> str:
    match error:
        case click.exceptions.NoArgsIsHelpError(ctx=click.Context(command=SuggestingGroup() as group) as context):
            return f"`{context.command_path}` needs a command: {', '.join(group.visible_commands(context))}"
        case click.NoSuchOption():
            return _no_such_option(error)
        case click.MissingParameter():
            return _missing(error)
        case click.BadParameter(param=param) if param is not None:
            return f"{_name(param, error.ctx)}: {error.message}".rstrip(".")
        case _:
            return error.format_message().rstrip(".")


def _no_such_option(error: click.NoSuchOption) -> str:
    if error.ctx is None:
        return error.format_message().rstrip(".")
    known = [name.removeprefix("--") for name in _options(error.ctx.command)]
    found = similar_words(error.option_name.lstrip("-"), known, limit=2)
    hint = f" (did you mean {' or '.join('--' + name for name in found)}?)" if found else ""
    return f"{error.option_name} is not an option of `{error.ctx.command_path}`{hint}"


def _missing(error: click.MissingParameter) -> str:
    if error.param is None:
        return error.format_message().rstrip(".").replace("\n\t", " ")
    choices = ""
    if isinstance(error.param.type, click.Choice):
        choices = f": one of {', '.join(map(str, error.param.type.choices))}"
    return f"{_name(error.param, error.ctx)} is missing{choices}"


def _name(parameter: click.Parameter, context: click.Context | None) -> str:
    if isinstance(parameter, click.Option):
        return max(parameter.opts, key=len)
    name = parameter.make_metavar(context) if context else parameter.human_readable_name
    return name.strip("[].")


def _options(command: click.Command) -> list[str]:
    return [
        name
        for parameter in command.params
        if isinstance(parameter, click.Option) and not parameter.hidden
        for name in (*parameter.opts, *parameter.secondary_opts)
        if name.startswith("--")
    ] + ["--help"]
