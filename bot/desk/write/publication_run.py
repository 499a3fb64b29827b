"""Publish a plan that a person has seen: in the background, under the usual lock and within the usual limits."""

import threading
import time
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.desk.errand import Errands
from bot.errors import LockedError, StoppedError
from bot.history import JobResult
from bot.jobs import judge_sync
from bot.log import logger
from bot.operations.sync import carry_out
from bot.runtime import Runtime
from bot.sync.apply import ApplyReport
from bot.sync.plan import Plan

_TRY_AGAIN_SECONDS = 1.0
_LONGEST_WAIT_SECONDS = 900.0


class PublicationStage(StrEnum):
    """The stage of a publication."""

    RUNNING = "running"
    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass
class PublicationRun:
    """One plan that is carried out by a thread; *reason* says why it waits or failed."""

    number: str
    workspace: str
    plan: Plan
    who: str
    began: datetime
    stage: PublicationStage = PublicationStage.RUNNING
    reason: str = ""
    report: ApplyReport | None = None
    ended: datetime | None = None
    cancelled: threading.Event = field(default_factory=threading.Event)

    @property
    def is_over(self) -> bool:
        """Whether nothing more happens."""
        return self.stage in (PublicationStage.DONE, PublicationStage.FAILED, PublicationStage.CANCELLED)

    def start(self, runtime: Runtime, errands: Errands, *, is_reviewed: bool) -> None:
        """Begin; with *is_reviewed* pages may be written that the bot has never written before."""
        name = f"publish {self.workspace}"
        errands.begin(name, self.who, lambda: self._run(runtime, is_reviewed), is_single=False)

    def _run(self, runtime: Runtime, is_reviewed: bool) -> JobResult:
        try:
            self._try_until_free(runtime, is_reviewed)
        except Exception as error:
            self.stage, self.reason = PublicationStage.FAILED, str(error)
            raise
        finally:
            self.ended = runtime.clock()
        if self.report is None:
            raise StoppedError(f"{self.who} did not want to wait any more")
        return judge_sync(self.plan, self.report)

    def _try_until_free(self, runtime: Runtime, is_reviewed: bool) -> None:
        waited_until = time.monotonic() + _LONGEST_WAIT_SECONDS
        while True:
            try:
                self.report = self._carry_out(runtime, is_reviewed)
            except LockedError as error:
                if time.monotonic() > waited_until:
                    raise
                if self.stage is not PublicationStage.WAITING:
                    logger.info("waits: {}", error)
                self.stage, self.reason = PublicationStage.WAITING, str(error)
                if self.cancelled.wait(_TRY_AGAIN_SECONDS):
                    self.stage, self.reason = PublicationStage.CANCELLED, ""
                    return
                continue
            self.stage, self.reason = PublicationStage.DONE, ""
            return

    def _carry_out(self, runtime: Runtime, is_reviewed: bool) -> ApplyReport:
        logger.info("{} publishes {} page(s) of {}", self.who, len(self.plan.page_writes), self.workspace)
        return carry_out(
            runtime.gateway(may_write=True),
            runtime.configured_workspaces,
            runtime.settings.safety,
            self.plan,
            folders=runtime.folders,
            now=runtime.clock(),
            is_reviewed=is_reviewed,
            is_loaded=True,
            locate_limit=runtime.settings.locate_limit,
            sleep=runtime.sleep,
        )
