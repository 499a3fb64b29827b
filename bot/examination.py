"""Examine machine, account and wiki with the settings in force: for `wikibot doctor` and the desk."""

from collections.abc import Iterator
from dataclasses import replace

from pydantic import SecretStr

from bot.log import redact
from bot.operations import doctor, live_run
from bot.operations.check import Check, CheckOutcome, run_checks
from bot.runtime import Runtime


def examine(runtime: Runtime, *, write_test: bool = False) -> Iterator[Check]:
    """Yield every finding, without secrets; writes nothing to the wiki unless a *write_test* is asked for."""
    _register_secrets(runtime)
    for check in _examine(runtime, write_test=write_test):
        yield replace(check, what=redact(check.what), message=redact(check.message))


def is_flaw(check: Check) -> bool:
    """Return whether a finding needs a person: not as it should be, or not tried because something else failed."""
    if check.outcome is CheckOutcome.NOT_TRIED:
        return check.what not in ("attachments", "write test")  # no file to try it with is no fault
    return check.outcome in (CheckOutcome.ERROR, CheckOutcome.WARNING)


def _examine(runtime: Runtime, *, write_test: bool) -> Iterator[Check]:
    settings = runtime.settings
    templates = settings.resolve(settings.templates) if settings.templates else None
    yield from doctor.examine_machine(doctor.Machine(runtime.folders, runtime.snapshots.policy, templates))
    checked = run_checks(
        runtime.gateway,
        runtime.workspaces,
        settings.safety,
        config_path=settings.config_path,
        now=runtime.clock(),
        snapshots=runtime.snapshots,
        wiki=settings.wiki,
        own_files=runtime.own_files,
        notify=settings.notify,
    )
    yield from map(doctor.as_finding, checked)
    yield from doctor.examine_wiki(runtime.gateway, now=runtime.clock)
    for workspace in runtime.workspaces:
        yield from doctor.examine_home(runtime.gateway, workspace)
        yield from live_run.examine_platform(runtime.gateway, workspace)
        if write_test:
            yield from doctor.try_writing(runtime.gateway, workspace, now=runtime.clock())
    if not write_test:
        yield Check("write test", CheckOutcome.NOT_TRIED, "add --write-test to try it on a page of its own")
    yield from live_run.list_manual_steps(is_cloud=runtime.flavour == "cloud")


def _register_secrets(runtime: Runtime) -> None:
    wiki = runtime.settings.wiki
    for value in (*dict(wiki).values(), *wiki.headers.values()):
        if isinstance(value, SecretStr):
            redact.add_account(wiki.user, value.get_secret_value().strip())
