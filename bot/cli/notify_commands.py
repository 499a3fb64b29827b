"""`wikibot notify`: try the addresses that messages go to."""

import click

from bot.cli import output
from bot.cli.app import App, pass_app
from bot.cli.usage_errors import SuggestingGroup
from bot.errors import SettingsError
from bot.suggestion import did_you_mean


@click.group(cls=SuggestingGroup)
def notify() -> None:
    """Messages by mail, chat or webhook: `notify` in bot.yaml."""


@notify.command()
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
@pass_app
def test(app: App, names: tuple[str, ...], format_: str) -> int:
    """Send a test message to each channel and person, or to the named ones; ends with 1 if one was not sent."""
    from bot.operations.announcement import send_test
    from bot.runtime import Runtime

    app.set_up_logging()
    runtime = Runtime(app.whole_settings)
    policy = runtime.settings.notify
    known = [*policy.channels, *policy.people]
    if not known:
        where = runtime.settings.config_path
        raise SettingsError("there is no channel; add one under `notify: channels:`", path=where)
    for name in names:
        if name not in known:
            message = f"there is no channel or person {name!r}{did_you_mean(name, known)}; known: {', '.join(known)}"
            raise SettingsError(message, path=runtime.settings.config_path)
    places = [Runtime(app.whole_settings.of_wiki(wiki)).home_comments for wiki in app.wikis]
    tried = send_test(policy, names, runtime.desk_address, places)
    if format_ == "json":
        output.say_json(tried)
    else:
        for each in tried:
            output.say_outcome("error" if each.failure else "ok", f"{each.receiver}: {each.failure or each.service}")
    return int(any(each.failure for each in tried))
