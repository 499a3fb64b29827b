"""The witnesses in the settings: publish the head of the snapshots to them, and compare with what they show."""

from collections.abc import Iterable, Sequence

from bot.config.policy import WitnessKind, WitnessSettings
from bot.errors import SettingsError
from bot.log import logger, redact
from bot.operations.workspace import Connect, Snapshots, Workspace
from bot.snapshot.witness.git_branch import GitBranch
from bot.snapshot.witness.rounds import Witness, WitnessReport, inform
from bot.snapshot.witness.time_stamp import TimeStamps
from bot.snapshot.witness.webhook import Webhook
from bot.snapshot.witness.wiki_page import WikiPage


def make_witnesses(connect: Connect, workspaces: Sequence[Workspace], snapshots: Snapshots) -> list[Witness]:
    """Return the witnesses of the settings; raises `SettingsError` if a secret is missing or an address is wrong."""
    return [_make(each, connect, workspaces, snapshots) for each in snapshots.policy.witnesses]


def inform_witnesses(snapshots: Snapshots, witnesses: Sequence[Witness]) -> tuple[WitnessReport, ...]:
    """Publish the head to each witness, and log what a person has to know."""
    reports = inform(snapshots.state, witnesses)
    for report in reports:
        logger.log("INFO" if report.is_fine else "WARNING", "{}", report)
    return reports


def space_of(witness: WitnessSettings, workspaces: Iterable[Workspace]) -> str:
    """Return the key of the space of a page that is a witness."""
    return witness.space or next(iter(workspaces)).load_data_file().data.workspace.space


def _make(witness: WitnessSettings, connect: Connect, workspaces: Sequence[Workspace], snapshots: Snapshots) -> Witness:
    match witness.kind:
        case WitnessKind.PAGE:
            space_key = space_of(witness, workspaces)
            return WikiPage(lambda may_write: connect(may_write=may_write), space_key, witness.title or "")
        case WitnessKind.WEBHOOK:
            return _make_webhook(witness.name or "", snapshots)
        case WitnessKind.GIT:
            home = snapshots.state.folder / "git-home"
            return GitBranch(witness.remote or "", witness.branch, home, witness.key)
        case WitnessKind.TIMESTAMP:
            if witness.url is None or witness.ca is None:
                raise SettingsError("snapshots.witnesses: a witness of kind `timestamp` needs `url` and `ca`")
            return TimeStamps(witness.url, witness.ca, snapshots.state, snapshots.clock)


def _make_webhook(name: str, snapshots: Snapshots) -> Webhook:
    secrets = snapshots.policy.webhooks.get(name)
    if secrets is None:
        variable = f"WIKIBOT_SNAPSHOTS__WEBHOOKS__{name.upper()}"
        raise SettingsError(
            f"snapshots.witnesses: the webhook {name!r} has no address; set {variable}__URL and {variable}__SECRET, or "
            "use files with these names in the secrets folder"
        )
    url, secret = secrets.url.get_secret_value().strip(), secrets.secret.get_secret_value().strip()
    redact.add([url, secret])
    return Webhook(name, url, secret, snapshots.clock)
