"""Samples of a whole history: a page to scrape, a file for node_exporter, a push gateway."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from tidegauge import __version__
from tidegauge.errors import MissingExtraError, TidegaugeError
from tidegauge.exposition import (
    SERIES,
    Sample,
    exposed,
    last_success,
    result_samples,
    run_samples,
)
from tidegauge.records import Severity

if TYPE_CHECKING:
    from tidegauge.store import Store
    from tidegauge.store.records import RunRow, SuiteRow

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""What a server says of the page."""
TOTAL = 5_000
"""Results that are exposed over all suites together."""
STALE = timedelta(days=7)
"""Age from which a run's scores are no longer shown, unless its windows are longer than a third
of that."""
SEARCHED = 500
"""Runs of a suite that are searched for one that succeeded."""
SECONDS = 10.0
"""Time that a push gateway may take."""
SEVERITIES: tuple[Severity, ...] = ("info", "warn", "critical")
REMEMBERED = 256
"""Runs whose samples are kept between two scrapes."""

Samples = tuple[tuple[Sample, ...], tuple[Sample, ...]]
"""Those of a run as a whole, and those of its results."""
_read: dict[tuple[str, int], Samples] = {}


def metrics(store: Store, *, series: int = SERIES, now: datetime | None = None) -> bytes:
    """Write the page that Prometheus scrapes: the newest run of every suite.

    A suite that was not run for a week (or for three of its windows, where that is longer) keeps
    the samples that say so, and loses its scores: an old score would look like a new one.

    Parameters
    ----------
    store
        The history.
    series
        Results of one suite that are exposed at most; over all suites together it is ``TOTAL``.
        What is left out is counted in ``tidegauge_results_dropped``.
    now
        Moment of the scrape.

    Returns
    -------
    bytes
        UTF-8 text in the format 0.0.4, see ``CONTENT_TYPE``.

    Raises
    ------
    TidegaugeError
        When the history cannot be read.
    """
    return exposed(_samples(store, series, now or datetime.now(UTC))).encode("utf-8", "replace")


def write_textfile(page: bytes, path: str | Path) -> Path:
    """Put a page where node_exporter's textfile collector finds it, whole or not at all.

    Raises
    ------
    TidegaugeError
        When the name does not end in ``.prom``, which the collector demands, or the file cannot
        be written.
    """
    path = Path(path)
    if path.suffix != ".prom":
        raise TidegaugeError(
            f"{path}: node_exporter reads only files that end in .prom",
            f"write to {path.with_suffix('.prom')}",
        )
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_bytes(page)
        draft.chmod(0o644)  # the collector runs as another user
        draft.replace(path)
    except OSError as error:
        raise TidegaugeError(
            f"{path}: cannot be written: {error.strerror}",
            "name a file in the folder of --collector.textfile.directory",
        ) from error
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
    return path


def push(page: bytes, gateway: str, *, job: str = "tidegauge", seconds: float = SECONDS) -> None:
    """Send a page to a Prometheus push gateway, in place of what the job sent before.

    Parameters
    ----------
    page
        What ``metrics`` wrote.
    gateway
        Its address: ``http://gateway:9091``.
    job
        Label under which the gateway keeps it; each history needs its own.
    seconds
        Time that the gateway may take.

    Raises
    ------
    MissingExtraError
        When ``prometheus-client`` is not installed.
    TidegaugeError
        When the gateway cannot be reached, or refuses.
    """
    try:
        from prometheus_client import CollectorRegistry, push_to_gateway
        from prometheus_client.parser import text_string_to_metric_families
    except ImportError:
        raise MissingExtraError(
            "pushing to a gateway needs an optional dependency",
            'pip install "tidegauge[prometheus]"',
        ) from None

    class Page:
        """The page as what the client library collects."""

        def collect(self) -> Iterator[object]:
            """Give every family."""
            yield from text_string_to_metric_families(page.decode())

    registry = CollectorRegistry(auto_describe=False)
    registry.register(Page())  # type: ignore[arg-type]
    try:
        push_to_gateway(gateway, job=job, registry=registry, timeout=seconds)
    except (OSError, ValueError) as error:
        raise TidegaugeError(
            f"{gateway}: the push gateway did not take the page: {getattr(error, 'reason', error)}",
            "check the address, for example http://localhost:9091",
        ) from error


def _samples(store: Store, series: int, now: datetime) -> Iterator[Sample]:
    yield Sample(metric="tidegauge_build_info", value=1, labels={"version": __version__})
    suites = store.suites()
    each = max(1, min(series, TOTAL // max(1, len(suites))))
    for suite in suites:
        yield from _of_suite(store, suite, each, now)
    yield from _incident_samples(store, [suite.name for suite in suites])


def _of_suite(store: Store, suite: SuiteRow, series: int, now: datetime) -> Iterator[Sample]:
    latest = suite.latest
    labels = {"suite": suite.name}
    stale = now - latest.created > _patience(latest)
    yield Sample(metric="tidegauge_stale", value=stale, labels=labels)
    succeeded = _last_success(store, latest)
    if succeeded is not None:
        yield last_success(suite.name, succeeded.created.isoformat())
    try:
        general, particular = _of_run(store, latest.id, series)
    except TidegaugeError:  # one report that cannot be read must not blind the others
        yield Sample(metric="tidegauge_unreadable", value=1, labels=labels)
        return
    yield Sample(metric="tidegauge_unreadable", value=0, labels=labels)
    yield from general
    if not stale:
        yield from particular


def _of_run(store: Store, run: str, series: int) -> Samples:
    """Give the samples of a run, which never changes once it is kept: each is read once."""
    found = _read.get((run, series))
    if found is None:
        report = store.report(run)
        found = tuple(run_samples(report)), tuple(result_samples(report, series=series))
        while len(_read) >= REMEMBERED:
            _read.pop(next(iter(_read)), None)
        _read[run, series] = found
    return found


def _patience(run: RunRow) -> timedelta:
    if run.window_start is None or run.window_end is None:
        return STALE
    return max(STALE, 3 * (run.window_end - run.window_start))


def _last_success(store: Store, latest: RunRow) -> RunRow | None:
    if latest.outcome != "error":
        return latest
    rows = store.runs(latest.suite, limit=SEARCHED, superseded=True)
    return next((row for row in rows if row.outcome != "error"), None)


def _incident_samples(store: Store, suites: Sequence[str]) -> Iterator[Sample]:
    """Count unresolved incidents by severity; a suite without any says so."""
    from tidegauge.store.incidents import UNRESOLVED, incidents

    found = Counter(
        (one.suite, one.severity) for one in incidents(store, state=UNRESOLVED, limit=None)
    )
    for suite in suites:
        for severity in SEVERITIES:
            yield Sample(
                metric="tidegauge_incidents_open",
                value=found[suite, severity],
                labels={"suite": suite, "severity": severity},
            )
