"""Rules that say of a window whether it alarms: calibrated limits, and what others use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from _alert_series import Floats, Stream
from tidegauge.calibration.applying import with_calibrated
from tidegauge.calibration.learning import Study, limits_at, study
from tidegauge.calibration.rates import share_of
from tidegauge.judge import Measured, judge
from tidegauge.measuring import Bench, measure
from tidegauge.records import Policy
from tidegauge.suite import parse_checks

CHECKS = parse_checks(
    [
        {"drift.wasserstein": {"min_rows": 5, "warn": "calibrated", "slices": False}},
        {"drift.kolmogorov_smirnov": {"min_rows": 5, "warn": "calibrated", "slices": False}},
    ]
)
POLICY = 0.05
"""Rate at which limits are learned by default."""
RATES = (0.5, 0.3, 0.2, 0.15, 0.1, 0.07, POLICY, 0.02, 0.01, 3e-3, 1e-3, 1e-4, 1e-5, 1e-6, 1e-8)
"""Those below the policy's are reached as paging reaches them: an alarm at the policy's limits
whose chance is no larger."""
SIGMAS = (1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0, 6.0, 8.0, 12.0, 16.0)
DISTANCES = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """What the rules know of a stretch: windows that were learned from, windows to be judged."""

    learned: Floats
    """Scores of the windows that were learned from, shape (K, C)."""
    judged: Floats
    """Scores of the windows to be judged, shape (M, C)."""


Alarms = NDArray[np.bool_]


def sigma(scored: Scored, constant: float, *, both: bool) -> Alarms:
    """Mean plus so many standard deviations of the windows (Shewhart 1931)."""
    middle, wide = np.nanmean(scored.learned, 0), np.nanstd(scored.learned, 0, ddof=1)
    return _beyond(scored.judged - middle, constant * wide, both=both)


def moving_range(scored: Scored, constant: float, *, both: bool) -> Alarms:
    """XmR: mean plus so many times the mean moving range over 1.128 (Wheeler 1993)."""
    middle = np.nanmean(scored.learned, 0)
    wide = np.nanmean(np.abs(np.diff(scored.learned, axis=0)), 0) / 1.128
    return _beyond(scored.judged - middle, constant * wide, both=both)


def fixed(scored: Scored, constant: float) -> Alarms:
    """One threshold for every series."""
    return np.asarray((np.nan_to_num(scored.judged) > constant).any(1))


def _beyond(away: Floats, reach: Floats, *, both: bool) -> Alarms:
    away = np.nan_to_num(np.abs(away) if both else away)
    return np.asarray((away > np.maximum(reach, 1e-12)).any(1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Windows to be judged by windows before them."""

    stream: Stream
    before: tuple[int, ...]
    after: tuple[int, ...]


def judged(stretch: Stretch, rates: Sequence[float]) -> dict[str, dict[float, Alarms]]:
    """Let every rule judge a stretch, at each of its constants."""
    stream, after = stretch.stream, list(stretch.after)
    frozen, cut = stream.frozen(stretch.before)
    laid = [frozen.profile.blank().lay(stream.tables[i]) for i in after]
    asked = Policy(seed=1)
    benches = [Bench(baseline=frozen.profile, current=one, policy=asked, as_of=0.0) for one in laid]
    measured = [list(measure(CHECKS, bench)) for bench in benches]
    means = stream.means()
    by_mean = Scored(learned=means[list(stretch.before)], judged=means[after])
    found: dict[str, dict[float, Alarms]] = {
        "mean, k sigma": {k: sigma(by_mean, k, both=True) for k in SIGMAS},
        "mean, moving range": {k: moving_range(by_mean, k, both=True) for k in SIGMAS},
    }
    known = study(cut, CHECKS, asked, grid=frozen.profile, rows=frozen.rows)
    scores = _distances(known, measured, len(stream.columns))
    found |= {
        "distance, fixed": {c: fixed(scores, c) for c in DISTANCES},
        "distance, k sigma": {k: sigma(scores, k, both=False) for k in SIGMAS},
        "distance, moving range": {k: moving_range(scores, k, both=False) for k in SIGMAS},
    }
    starts = [stream.starts[at] for at in after]
    odds = {
        rate: least_chances(known, rate, measured, starts)
        for rate in {max(rate, POLICY) for rate in rates}
    }
    mine = {rate: odds[max(rate, POLICY)] <= rate for rate in rates}
    return {"calibrated": mine, **found}


def least_chances(
    known: Study, rate: float, measured: Sequence[Sequence[Measured]], starts: Sequence[datetime]
) -> Floats:
    """Judge windows by calibrated limits: the least adjusted p of an alarm; 1 without one."""
    policy = Policy(seed=1, false_alarms=rate)
    limits = limits_at(known, rate, length="", achieved=share_of(np.zeros(1, dtype=bool)))
    least = []
    for start, one in zip(starts, measured, strict=True):
        verdicts = judge(with_calibrated(one, limits, policy, start=start, source=""), policy)
        least.append(min((v.adjusted_p or 0.0 for v in verdicts if v.outcome == "warn"), default=1))
    return np.array(least, dtype=float)


def _distances(known: Study, measured: Sequence[Sequence[Measured]], columns: int) -> Scored:
    """Kolmogorov-Smirnov distances, of windows that were held out and of those to be judged."""
    mine = [
        one.series.values for one in known.laid if one.series.key[0] == "drift.kolmogorov_smirnov"
    ]
    now = [
        [
            one.score.value if one.score else np.nan
            for one in each
            if one.check.id == "drift.kolmogorov_smirnov"
        ]
        for each in measured
    ]
    return Scored(learned=np.column_stack(mine), judged=np.array(now).reshape(-1, columns))
