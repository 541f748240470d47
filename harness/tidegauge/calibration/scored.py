"""Scores of the baseline's windows, each measured against all the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from tidegauge.calibration.windows import Cut, held_against, left_out
from tidegauge.judge import Measured
from tidegauge.measuring import Bench, measure
from tidegauge.profile import DatasetProfile
from tidegauge.records import Card, Check, Policy, Score

Floats = NDArray[np.float64]
Key = tuple[str, str, str]
"""Check's id, column and slice."""
Told = Callable[[int, int], None]
"""Told how many windows are scored, of how many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One check on one column of one slice, window by window; shape (K,), NaN for no score."""

    key: Key
    check: Check
    card: Card
    role: str
    values: Floats
    low: Floats
    """Lower end of the interval; NaN where there is none."""
    high: Floats
    rows: Floats
    distance: bool
    """Whether the value itself is the change, as a drift statistic is."""

    @property
    def scored(self) -> int:
        """Windows with a score."""
        return int((~np.isnan(self.values)).sum())


def score_windows(
    cut: Cut,
    checks: Sequence[Check],
    policy: Policy,
    *,
    told: Told = lambda done, of: None,
) -> dict[Key, Series]:
    """Measure every window against the others.

    Parameters
    ----------
    cut
        The windows.
    checks
        Measures over profiles.
    """
    found: dict[Key, list[tuple[int, Measured]]] = {}
    for done, (index, rest) in enumerate(left_out(cut.parts), 1):
        part, start = cut.parts[index], cut.starts[index]
        bench = _bench(*held_against(part, rest), start, cut.length, policy)
        for one in measure(checks, bench):
            if one.score is not None:
                key = (one.check.id, one.column, one.slice)
                found.setdefault(key, []).append((index, one))
        told(done, len(cut.parts))
    return {key: _series(key, scores, len(cut.parts)) for key, scores in found.items()}


def _bench(
    part: DatasetProfile, rest: DatasetProfile, start: datetime, length: timedelta, policy: Policy
) -> Bench:
    end = (start + length).timestamp()
    return Bench(baseline=rest, current=part, policy=policy, as_of=end)


def _series(key: Key, scores: Sequence[tuple[int, Measured]], windows: int) -> Series:
    values, low, high, rows = (np.full(windows, np.nan) for _ in range(4))
    for index, one in scores:
        score = one.score
        assert score is not None
        values[index], rows[index] = score.value, score.n_current
        if score.interval is not None:
            low[index], high[index] = score.interval
    first = scores[0][1]
    assert first.score is not None
    return Series(
        key=key,
        check=first.check,
        card=first.card,
        role=first.role,
        values=values,
        low=low,
        high=high,
        rows=rows,
        distance=is_distance(first.score, first.card),
    )


def is_distance(score: Score, card: Card) -> bool:
    """Say whether a score is a distance of two distributions rather than a level of one."""
    tested = score.p_value is not None and score.change is None
    return tested and score.baseline is None and not card.unit.startswith("share")
