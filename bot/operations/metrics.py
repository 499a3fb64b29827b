"""The health of the bot as metrics, in the text format of Prometheus."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from bot.history import RunOutcome
from bot.operations.health import Health
from bot.sync.drift import Verdict
from bot.wiki.traffic import TRAFFIC

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class _Answer(Collector):
    def __init__(self, health: Health, *, has_traffic: bool) -> None:
        self._health, self._has_traffic = health, has_traffic

    def collect(self) -> Iterator[Metric]:
        yield from _overall(self._health)
        yield from _jobs(self._health)
        yield from _workspaces(self._health)
        yield from _archive(self._health)
        if self._has_traffic:
            yield from _traffic()


def render_metrics(health: Health, *, has_traffic: bool = True) -> bytes:
    """Return the metrics; the traffic of this process is left out where no job runs in it."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Answer(health, has_traffic=has_traffic))
    return generate_latest(registry)


def _gauge(name: str, what: str, labels: tuple[str, ...] = ()) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"wikibot_{name}", what, labels=labels)


def _overall(health: Health) -> Iterator[Metric]:
    yield GaugeMetricFamily(
        "wikibot_health", "0 well, 1 attention, 2 failing, 3 stale; as the exit code of `wikibot status`", health.level
    )
    yield GaugeMetricFamily("wikibot_running", "1 while a process runs the jobs.", int(health.is_running))
    concerns = _gauge("concerns", "Things that need a person.", ("kind", "workspace"))
    kinds = [(concern.kind, concern.workspace) for concern in health.concerns]
    for kind in dict.fromkeys(kinds):
        concerns.add_metric(kind, kinds.count(kind))
    yield concerns


def _jobs(health: Health) -> Iterator[Metric]:
    label = ("job",)
    success = _gauge(
        "job_last_success_timestamp_seconds", "Start of the last run that succeeded; 0 if none did.", label
    )
    started = _gauge("job_last_run_timestamp_seconds", "Start of the last run that ended.", label)
    took = _gauge("job_last_duration_seconds", "Duration of the last run that ended.", label)
    outcome = _gauge("job_last_outcome", "1 for the outcome of the last run that ended.", ("job", "outcome"))
    late = _gauge("job_late", "1 if the job did not run for two of its intervals.", label)
    counts = _gauge("job_last_counted", "What the last run that ended counted.", ("job", "what"))
    for job in health.jobs:
        success.add_metric([job.name], job.last_success.timestamp() if job.last_success else 0)
        late.add_metric([job.name], int(job.level.word == "stale"))
        if job.last is None:
            continue
        started.add_metric([job.name], job.last.started.timestamp())
        if job.last.finished is not None:
            took.add_metric([job.name], (job.last.finished - job.last.started).total_seconds())
        for each in RunOutcome:
            outcome.add_metric([job.name, each.value], int(job.last.outcome is each))
        for what, number in job.last.counts.items():
            counts.add_metric([job.name, what], number)
    yield from (success, started, took, outcome, late, counts)


def _workspaces(health: Health) -> Iterator[Metric]:
    regions = _gauge("regions", "Regions by the verdict of the last check.", ("workspace", "verdict"))
    checked = _gauge("last_check_timestamp_seconds", "Time of the last comparison with the wiki.", ("workspace",))
    stopped = _gauge("stopped", "1 while a person has stopped the bot.", ("workspace",))
    for workspace in health.workspaces:
        stopped.add_metric([workspace.name], int(workspace.stopped is not None))
        if workspace.checked is None:
            continue
        checked.add_metric([workspace.name], workspace.checked.timestamp())
        for verdict in Verdict:
            regions.add_metric([workspace.name, verdict.value], workspace.regions.get(verdict.value, 0))
    yield from (regions, checked, stopped)


def _archive(health: Health) -> Iterator[Metric]:
    archive = health.archive
    yield GaugeMetricFamily("wikibot_checkpoint_sequence", "Number of the newest checkpoint.", archive.sequence)
    if archive.at is not None:
        yield GaugeMetricFamily(
            "wikibot_checkpoint_timestamp_seconds", "Time of the newest checkpoint.", archive.at.timestamp()
        )
    pages = _gauge("capture_pages", "Pages of the last capture.", ("state",))
    for state in ("expected", "captured", "unchanged", "gone"):
        if state in archive.counts:
            pages.add_metric([state], archive.counts[state])
    yield pages
    expected = archive.counts.get("expected", 0)
    if expected:
        share = (archive.counts.get("captured", 0) + archive.counts.get("unchanged", 0)) / expected
        yield GaugeMetricFamily(
            "wikibot_capture_completeness", "Share of the expected pages that the archive has.", share
        )


def _traffic() -> Iterator[Metric]:
    requests = CounterMetricFamily("wikibot_wiki_requests", "Requests to the wiki.", labels=("method", "code"))
    for (method, code), number in sorted(TRAFFIC.requests.items()):
        requests.add_metric([method, code], number)
    yield requests
    yield CounterMetricFamily("wikibot_wiki_pauses", "Pauses before a request, such as after a 429.", TRAFFIC.pauses)
    yield CounterMetricFamily(
        "wikibot_wiki_pause_seconds", "Length of these pauses in seconds.", TRAFFIC.waited_seconds
    )
