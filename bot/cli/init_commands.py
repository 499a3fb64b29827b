"""`wikibot init`: set up."""

import os
import shlex
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import FrameType

import click

from bot.cli import output
from bot.cli.adopt_commands import carry_out, confirm, propose_and_ask
from bot.cli.app import App, pass_app
from bot.cli.interview import Interview
from bot.cli.merge_questions import decided_by
from bot.cli.place_questions import PLACE_OPTION, parse_places, save_places, say_homeless
from bot.cli.signal_handlers import handling
from bot.config.policy import HistoryMode
from bot.config.settings import DEFAULT_CONFIG
from bot.errors import BotError, SettingsError, WikiError
from bot.operations import setup
from bot.operations.adoption import plan_adoption
from bot.operations.setup import Answers
from bot.plural import counted
from bot.runtime import Runtime, person_waits
from bot.wiki.gateway import PageRef, WikiGateway


@click.command()
@click.option("--url", help="Address of the wiki, or of any page of it, such as https://NAME.atlassian.net/wiki.")
@click.option("--flavour", type=click.Choice(["cloud", "datacenter"]), help="Overrides the detected kind of wiki.")
@click.option("--ca-bundle", metavar="FILE", help="Certificates of a private certificate authority (PEM).")
@click.option("--user", help="The account's e-mail address (Cloud); none for a personal access token (Data Center).")
@click.option("--client-id", metavar="ID", help="OAuth 2.0 client of a service account, instead of user and token.")
@click.option("--save-token/--no-save-token", default=None, help="Save the token in the secrets folder, mode 0600.")
@click.option("--space", "space_key", metavar="KEY", help="Key of the space.")
@click.option("--home", metavar="PAGE", help="Title or id of the home page.")
@click.option("--name", help="Short name of the workspace.  [default: from the space key]")
@click.option(
    "--signing-key/--no-signing-key", default=None, help="Make a key that signs the snapshots.  [default: yes]"
)
@click.option(
    "--history",
    type=click.Choice([mode.value for mode in HistoryMode]),
    help="Versions that the snapshots have: all, those since the last capture, or the newest.  [default: all]",
)
@click.option("--replace", "replaces", is_flag=True, help="Replace the settings file; the old one is kept next to it.")
@click.option(
    "--yes",
    "-y",
    is_flag=True,
    help="Do not ask for confirmation; see also --save-token and --signing-key.",
)
@click.option(
    "--no-adopt", is_flag=True, help="Write the settings and a data file without regions; do not adopt the page."
)
@PLACE_OPTION
@pass_app
def init(
    app: App,
    *,
    url: str | None,
    flavour: str | None,
    ca_bundle: str | None,
    user: str | None,
    client_id: str | None,
    save_token: bool | None,
    space_key: str | None,
    home: str | None,
    name: str | None,
    signing_key: bool | None,
    history: str | None,
    replaces: bool,
    yes: bool,
    no_adopt: bool,
    places: tuple[str, ...],
) -> int:
    """Set up: find the wiki, sign in, choose space and home page, write the settings file, adopt the page.

    At a terminal it asks for what is not given and tries each answer at once; elsewhere every answer has an option, and
    the token comes from WIKIBOT_WIKI__TOKEN or the secrets folder.
    """
    asks = person_waits()
    app.set_up_logging()
    config = app.config or Path(os.environ.get("WIKIBOT_CONFIG") or DEFAULT_CONFIG)
    confirms = asks and not yes
    config, replaces = _choose_file(config, replaces=replaces, asks=confirms)
    given_places = parse_places(places)
    bundle = str(Path(ca_bundle).expanduser().absolute()) if ca_bundle else None
    given = Answers(
        url=url,
        flavour=flavour,
        ca_bundle=bundle,
        user=user,
        client_id=client_id,
        space_key=space_key,
        home=home,
        name=name,
    )
    kept = Answers.recall(config) if asks else Answers()
    if asks:
        output.warn("Press Ctrl-C to stop at any question; the next `wikibot init` continues with your answers.\n")
    interview = Interview(config, given, kept, asks=asks)
    with _keeping_answers(interview, kept, config) if asks else nullcontext():
        found = _interview(interview, config, save_token=False if save_token is None and yes else save_token)
        is_signed = _settle_key(config, signing_key, asks=confirms)
        archived = setup.find_archive_rules(found[0].gateway(), found[1].space_key)
        mode = _settle_history(found[0].gateway(), found[1].space_key, archived, history, asks=confirms)
        if replaces and config.exists():
            output.say_step(f"the old settings are in {setup.set_aside(config)}")
        settings = setup.write_settings(config, interview.answers, archived=archived, is_signed=is_signed, history=mode)
        runtime = Runtime(settings, is_attended=True)
    Answers.forget(config)
    output.say_step(f"{config} written")
    _adopt(runtime, found[1], given_places, yes=yes, no_adopt=no_adopt, asks=asks)
    _say_next(config, adopts=no_adopt)
    return 0


def _choose_file(config: Path, *, replaces: bool, asks: bool) -> tuple[Path, bool]:
    """Return which settings file to write, and whether to replace it; asked before anything else."""
    while config.exists() and not replaces:
        if not asks:
            raise SettingsError(
                "exists already; edit it, name another file with --config, or add --replace (the old one is kept)",
                path=config,
            )
        output.warn(f"{config} exists already: the bot is set up here. `wikibot check` tests whether it works.")
        answer = click.prompt(
            "Keep it and stop (k), replace it and keep the old one next to it (r), or name another file",
            default="k",
            err=True,
        ).strip()
        if answer.lower() in {"k", "keep"}:
            raise BotError(f"nothing was changed; {config} stays as it is")
        if answer.lower() in {"r", "replace"}:
            return config, True
        config = Path(answer).expanduser()
        if config.suffix not in {".yaml", ".yml"}:
            output.warn("  a settings file ends with .yaml")
            config = config.with_suffix(".yaml")
    return config, replaces


def _interview(interview: Interview, config: Path, *, save_token: bool | None) -> tuple[Runtime, PageRef]:
    interview.settle_site()
    runtime = interview.settle_account()
    _settle_token(interview, config, save_token)
    space = interview.settle_space(runtime.gateway())
    home = interview.settle_home(runtime.gateway(), space)
    interview.settle_name(home)
    return runtime, home


def _settle_token(interview: Interview, config: Path, wanted: bool | None) -> None:
    """Save the token where the next command finds it, if the user wants that."""
    is_client = interview.answers.client_id is not None
    path = setup.token_path(config, is_client=is_client)
    variable = "WIKIBOT_WIKI__CLIENT_SECRET" if is_client else setup.TOKEN_VARIABLE
    if wanted is None:
        wanted = interview.is_token_typed and click.confirm(
            f"Keep the token in {_relative(path)}, readable by you only?", default=True, err=True
        )
    if wanted:
        url = interview.answers.url or ""
        kept = setup.keep_token(config, interview.token, url=url, is_client=is_client)
        output.say_step(f"the token is in {_relative(kept)}")
        if os.environ.get(variable, interview.token) != interview.token:
            output.warn(f"  {variable} contains another token and has priority: unset it")
    elif interview.is_token_typed:
        output.warn(f"  The token is not saved. Before you run the bot: export {variable}=…")


def _settle_key(config: Path, wanted: bool | None, *, asks: bool) -> bool:
    if not setup.has_keygen():
        if wanted:
            raise SettingsError("ssh-keygen was not found; install OpenSSH, or omit --signing-key")
        output.warn("  Snapshots will not be signed (signing_key: none): ssh-keygen (OpenSSH) is not installed.")
        return False
    if wanted is None:
        wanted = not asks or click.confirm(
            "Make a key that signs the snapshots? Without one, nothing proves who wrote them", default=True, err=True
        )
    if not wanted:
        output.warn("  Snapshots will not be signed (signing_key: none): nothing will prove who wrote them.")
    if wanted:
        key = setup.make_signing_key(config)
        output.say_step(f"the key is {_relative(key)}; give {_relative(key.with_name('allowed_signers'))} to auditors")
    return wanted


def _settle_history(
    gateway: WikiGateway, space_key: str, archived: Mapping[str, str], wanted: str | None, *, asks: bool
) -> HistoryMode:
    """Return which versions the archive has; say first how many there are."""
    if wanted is not None:
        return HistoryMode(wanted)
    try:
        found = setup.estimate_history(gateway, space_key, archived)
    except WikiError as error:
        output.warn(f"  The versions of the archived pages could not be counted: {error}")
    else:
        number, versions = counted(found.pages, "page"), counted(found.versions, "version")
        cost = f"{counted(found.requests, 'request')}, about {_in_words(found)}"
        output.say_step(
            f"{number} {'counts' if found.pages == 1 else 'count'} as archived now, with {versions}; "
            f"the earlier versions cost the first capture {cost}, once"
        )
    if not asks:
        return HistoryMode.ALL
    output.warn("  all: every version. changes: the present one, and all from now on. latest: only the newest.")
    choice = click.Choice([mode.value for mode in HistoryMode])
    return HistoryMode(
        click.prompt("Versions that the snapshots have", type=choice, default=HistoryMode.ALL.value, err=True)
    )


def _in_words(found: setup.HistoryEstimate) -> str:
    """Return size and time of an estimate, rounded."""
    size, minutes = found.size_bytes / 1_000_000, round(found.seconds / 60)
    return f"{size:,.1f} MB and {counted(minutes, 'minute') if minutes else 'less than a minute'}"


@contextmanager
def _keeping_answers(interview: Interview, before: Answers, config: Path) -> Iterator[None]:
    """Save the answers if the block fails or is interrupted, also by a terminal that is closed."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    try:
        with handling({signal.SIGHUP: interrupt, signal.SIGTERM: interrupt}):
            yield
    except (Exception, KeyboardInterrupt):
        _keep(interview.answers, before, config)
        raise


def _keep(answers: Answers, before: Answers, config: Path) -> None:
    known = {key: value for key, value in answers.iter_known() if value is not None}
    path = before.replaced(**known).keep(config)
    if path is not None:
        output.warn(
            f"\nYour answers are saved in {_relative(path)} (the token is not): `wikibot init` continues from there."
        )


def _adopt(runtime: Runtime, home: PageRef, places: dict[str, str], *, yes: bool, no_adopt: bool, asks: bool) -> None:
    if no_adopt:
        path = setup.write_bare_data_file(runtime.workspace.data_path, home)
        output.say_step(f"{path} is there; `wikibot adopt` takes over the page")
        return
    gateway = runtime.gateway()
    output.say()
    adoption, chosen = propose_and_ask(
        lambda named, decisions: plan_adoption(
            gateway,
            runtime.workspace,
            home.id,
            named=named,
            choose=decided_by(decisions),
            now=runtime.clock(),
        ),
        {},
        places,
        asks=asks and not yes,
    )
    if adoption.is_empty:
        output.say_step(f"{setup.write_bare_data_file(runtime.workspace.data_path, home)} is there, without regions")
    else:
        try:
            confirm(yes=yes)
        except (click.UsageError, BotError):
            again = f"wikibot adopt {shlex.quote(home.title)} --space {shlex.quote(home.space_key)}"
            output.warn(f"the settings are saved; `{again}` continues")
            raise
        carry_out(runtime, adoption)
    save_places(runtime.settings.config_path, adoption, chosen)
    say_homeless([region for region in adoption.homeless if region not in chosen], adoption.headings)


def _say_next(config: Path, *, adopts: bool) -> None:
    option = (
        "" if config == DEFAULT_CONFIG or os.environ.get("WIKIBOT_CONFIG") == str(config) else f" --config {config}"
    )
    output.say("\nNext:")
    for command, does in (
        *([("adopt", "takes over the page")] if adopts else []),
        ("check", "looks for mistakes"),
        ("plan", "shows what would change"),
        ("apply", "writes it"),
        ("run", "does all this from now on, as the settings say"),
    ):
        output.say(f"  wikibot {command}{option:<{len(option) + 6 - len(command)}}  {does}")


def _relative(path: Path) -> Path:
    """Return a path as people would type it from here."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path
