"""The scheduler of the daemon on settings that can change: good new settings replace the old ones, bad ones do not."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from bot.config.settings import Settings
from bot.config.watched_files import (
    FilesChangingError,
    changed_files,
    raise_if_cut_off,
    read_contents,
    read_settled,
)
from bot.errors import BotError, ContentError, NotifyError, SettingsError
from bot.history import RunHistory
from bot.jobs import make_jobs, next_news_moment
from bot.log import logger, redact
from bot.notify.heartbeat import Heartbeats
from bot.notify.outbox import Outbox
from bot.operations.view import render_regions
from bot.runtime import Runtime
from bot.scheduler import JobScheduler, NextMoment

_MESSAGES_SECONDS = 30.0


class LiveSchedule:
    """A scheduler whose settings, secrets and templates are read again when their files change, and on request.

    The data files are not part of this: each run reads them. *load* reads the settings, which need a job only if this
    process *runs_jobs*.
    """

    def __init__(
        self, runtime: Runtime, history: RunHistory, load: Callable[[], Settings], *, runs_jobs: bool = True
    ) -> None:
        self._load, self._history = load, history
        self._seen = self._in_force = read_contents(runtime.settings)
        """The contents at the last look, and those that the settings in force were made from."""
        settings, self._trouble = _with_state_of(runtime, load())
        self._candidate = settings
        self._runtime = runtime = replace(runtime, settings=settings)
        self._is_asked = False
        self._outbox = Outbox()
        _register_secrets(settings)
        _try_templates(runtime)
        self.scheduler = JobScheduler(
            settings.jobs,
            make_jobs(runtime),
            history,
            next_moments=_next_moments(runtime),
            now=runtime.clock,
            refresh=self.refresh,
            watchers=(Heartbeats(self._find_heartbeat, self._outbox),),
            find_attention=lambda: (self._trouble,) if self._trouble else (),
            may_be_empty=not runs_jobs,
            choice=runtime.choice,
        )

    @property
    def runtime(self) -> Runtime:
        """The runtime with the settings in force."""
        return self._runtime

    @property
    def trouble(self) -> str:
        """Why the settings on the disk are not used; empty if they are."""
        return self._trouble

    def _find_heartbeat(self, job: str) -> str | None:
        secret = self._runtime.settings.service.heartbeats.get(job)
        return None if secret is None else secret.get_secret_value()

    def begin_messages(self) -> None:
        """Take what happened so far as known to those who get messages for the first time."""
        announcements = self._runtime.announcements
        if announcements is not None:
            try:
                announcements.begin(self._runtime.clock())
            except NotifyError as error:
                logger.error("{}", error)

    def send_messages(self) -> None:
        """Have the messages about what is new sent soon; errors are logged."""
        announcements, now, trouble = self._runtime.announcements, self._runtime.clock(), self._trouble
        if announcements is not None:
            self._outbox.put(lambda: announcements.send(self._history, now, trouble=trouble))

    @property
    def has_failing_channel(self) -> bool:
        """Whether the last message to a channel or a person was not sent."""
        announcements = self._runtime.announcements
        return announcements is not None and announcements.has_failure

    @contextmanager
    def sending_messages(self) -> Iterator[None]:
        """Send messages now and then while the block runs, also during a job that goes on for long."""
        is_over = threading.Event()

        def work() -> None:
            while not is_over.wait(_MESSAGES_SECONDS):
                self.send_messages()

        self.begin_messages()
        thread = threading.Thread(target=work, name="messages", daemon=True)
        thread.start()
        try:
            yield
        finally:
            is_over.set()
            thread.join()

    def finish(self, seconds: float) -> None:
        """Wait until messages to other services are sent, but no longer than *seconds*."""
        self._outbox.finish(seconds)

    def ask(self) -> None:
        """Ask for the settings to be read again before the next job, changed or not; for a signal handler."""
        self._is_asked = True

    def refresh(self) -> None:
        """Use the settings on the disk if they changed or on request; errors are logged and leave the old settings."""
        if not self._is_asked and read_contents(self._runtime.settings, self._candidate) == self._seen:
            return
        self._is_asked = False
        try:
            self._seen = read_settled(
                lambda: read_contents(self._runtime.settings, self._candidate), self._runtime.stop.wait
            )
            self._use_new()
        except FilesChangingError as error:
            logger.warning("{}", error)
        except BotError as error:
            self._refuse(str(error))
        except Exception as error:  # noqa: BLE001 -- no content of a file may end the daemon
            self._refuse(f"{type(error).__name__}: {error}")

    def _use_new(self) -> None:
        """Use the settings on the disk; raises `BotError` if they are bad, and then the old ones stay in force."""
        raise_if_cut_off(self._in_force, self._seen)
        self._candidate = self._load()
        self._seen = {**read_contents(self._candidate), **self._seen}
        settings, remark = _with_state_of(self._runtime, self._candidate)
        runtime = replace(self._runtime, settings=settings, _gateways={})
        _check(runtime)
        self.scheduler.replace_jobs(settings.jobs, make_jobs(runtime), _next_moments(runtime))
        files = ", ".join(map(str, changed_files(self._in_force, self._seen)))
        self._runtime, self._trouble = runtime, remark
        watched = read_contents(settings)
        self._seen = self._in_force = {path: content for path, content in self._seen.items() if path in watched}
        logger.info("the settings were read again; changed: {}", files or "nothing")
        if remark:
            logger.warning("{}", remark)

    def _refuse(self, reason: str) -> None:
        self._trouble = redact.known(f"{reason}; the settings from before this change stay in force")
        logger.error("the changed settings are not used: {}", self._trouble)


def _with_state_of(runtime: Runtime, settings: Settings) -> tuple[Settings, str]:
    """Return *settings* with the state folder of *runtime*, which has the lock of this process, and a remark if new."""
    now, new = (each.resolve(each.state) for each in (runtime.settings, settings))
    if now == new:
        return settings, ""
    remark = f"{settings.locate((), ('state',))}: `state` takes effect at the next start; {now} stays in use"
    return settings.model_copy(update={"state": now}), remark


def _check(runtime: Runtime) -> None:
    """Raise `BotError` if the runtime cannot work: no way to sign in, a missing file, a bad template."""
    _register_secrets(runtime.settings)
    runtime.gateway()
    runtime.renderer.load_templates()
    for workspace in runtime.workspaces:
        try:
            render_regions(workspace, None, now=runtime.clock())
        except ContentError:
            continue  # the data file is bad; the next sync reports it


def _try_templates(runtime: Runtime) -> None:
    """Read the templates, so that later changes have no effect before they are checked; the jobs report bad ones."""
    try:
        runtime.renderer.load_templates()
    except SettingsError:
        return


def _register_secrets(settings: Settings) -> None:
    wiki = settings.wiki
    for secret in (wiki.token, wiki.password):
        if secret is not None:
            redact.add_account(wiki.user, secret.get_secret_value().strip())
    notify = settings.notify
    if settings.service.hook_secret is not None:
        redact.add([settings.service.hook_secret.get_secret_value().strip()])
    for secrets in (settings.service.heartbeats, notify.addresses, notify.people):
        redact.add(secret.get_secret_value().strip() for secret in secrets.values())


def _next_moments(runtime: Runtime) -> Mapping[str, NextMoment]:
    return {"sync": lambda after: next_news_moment(runtime, after)}
