"""Makes the window of a run the baseline: frozen anew, or taken from what the history keeps."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from tidegauge.baseline import Baseline, declared, save_baseline
from tidegauge.errors import BaselineError, DataError, SuiteError
from tidegauge.freezing import Progress, freeze_baseline, untold
from tidegauge.records import Report, Side
from tidegauge.running import perform
from tidegauge.suite import Source, Suite, load_suite

if TYPE_CHECKING:
    from tidegauge.store import Store

MOST_KEPT = 10_000
"""Earlier baselines beside the present one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Promoted:
    """A window that became the baseline."""

    path: Path
    baseline: Baseline
    previous: Path | None
    """Where the baseline before it is kept."""
    lost_limits: bool
    """Whether the one before it was calibrated, which this one is not."""


def promote(
    report: Report,
    suite: Suite,
    *,
    target: Path,
    store: Store | None = None,
    by: str = "",
    force: bool = False,
    progress: Progress = untold,
) -> Promoted:
    """Make the window of a run the baseline.

    Its rows are read again and frozen anew; where they are gone, the history's profile of them
    is taken, which keeps the grid of the baseline before.

    Parameters
    ----------
    report
        The run.
    suite
        Its suite.
    target
        The baseline file to write; what is there is kept beside it as ``NAME.1.tgb``.
    store
        The history that keeps the run's profile.
    by
        Who promotes it.
    force
        Promote a run with critical findings too.

    Raises
    ------
    BaselineError
        When the run found something critical, or neither its rows nor its profile are left.
    """
    if report.outcome in ("critical", "error") and not force:
        raise BaselineError(
            f"run {report.run_id} ended {report.outcome}: {report.because}",
            "what is wrong now would be the norm; where you know that it is not, say --force",
        )
    frozen = _frozen(report, suite, store, progress)
    before = _digest_of(target)
    promoted = {
        "run": report.run_id,
        "suite": report.suite,
        "window": report.current.window,
        "outcome": report.outcome,
        "by": by or os.environ.get("USER", ""),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "previous": before[0],
    }
    found = replace(frozen, promoted={key: value for key, value in promoted.items() if value})
    kept = _keep(target)
    save_baseline(found, target)
    return Promoted(path=target, baseline=found, previous=kept, lost_limits=before[1])


def run_of(
    what: str, window: str | None, store: Store | None, *, progress: Progress = untold
) -> tuple[Report, Suite]:
    """Find the run that is meant: a run's id, or a suite with a window, which is run if it was not.

    Raises
    ------
    TidegaugeError
        When there is no such run or suite.
    """
    path = Path(what)
    if path.suffix in (".yaml", ".yml") or path.exists():
        suite = load_suite(path)
        return perform(suite, window=window, progress=progress).report, suite
    if window is not None:
        raise SuiteError(
            f'--window is for suites, and "{what}" is no suite file', "name one: suite.yaml"
        )
    if store is None:
        raise BaselineError("there is no history to find the run in", "name one: --history PLACE")
    report = store.report(what)
    if not report.suite_path or not Path(report.suite_path).is_file():
        raise BaselineError(
            f"run {report.run_id}: found no suite file {report.suite_path or '(it was in Python)'}",
            "promote by the suite's file: tidegauge promote suite.yaml --window W",
        )
    return report, load_suite(report.suite_path)


def _frozen(report: Report, suite: Suite, store: Store | None, progress: Progress) -> Baseline:
    source = suite.logs.current
    raw = replace(source, window=None, path=report.overrides.get("current", source.path))
    if raw.path != "frame":
        try:
            return freeze_baseline(
                _reading(suite, raw),
                window=report.current.window or None,
                progress=progress,
            )
        except DataError:
            if store is None:
                raise
    if store is None:
        raise BaselineError(
            f"run {report.run_id} read a frame, which is gone", "promote a run that read files"
        )
    profile = store.profile(report.run_id)
    return Baseline(
        profile=profile.sealed(),
        side=Side(
            source=report.current.source,
            n=profile.n,
            digest=report.current.digest,
            window=report.current.window,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
        ),
        declared=declared(suite.columns),
        rows=pa.table({}),
        notes=("made of the history's profile, since the rows are gone: no raw rows are kept",),
    )


def _reading(suite: Suite, raw: Source) -> Suite:
    return replace(suite, logs=replace(suite.logs, baseline=raw))


def _digest_of(target: Path) -> tuple[str, bool]:
    """Name the baseline that is there, and say whether it holds calibrated limits."""
    from tidegauge.baseline import load_baseline

    if not target.is_file():
        return "", False
    try:
        there = load_baseline(target)
    except BaselineError:
        return "", False
    named: Mapping[str, str] = there.promoted
    return named.get("run", "") or there.side.created, bool(there.calibration)


def _keep(target: Path) -> Path | None:
    """Keep what is at a path under the next free number; it stays where it is, too."""
    if not target.is_file():
        return None
    for number in range(1, MOST_KEPT):
        beside = target.with_name(f"{target.stem}.{number}{target.suffix}")
        try:
            os.link(target, beside)  # never overwrites
        except FileExistsError:
            continue
        except OSError:  # file systems without links
            if beside.exists():
                continue
            shutil.copy2(target, beside)
        return beside
    raise BaselineError(f"{target}: {MOST_KEPT:,} earlier baselines are kept already")
