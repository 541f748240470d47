"""Kolmogorov-Smirnov distance: the largest gap between two distribution functions."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from tidegauge.profile import NumericProfile
from tidegauge.records import Card, Interval, Part, Score
from tidegauge_evaluators._bins import require_rows
from tidegauge_evaluators._distributions import kolmogorov_quantile
from tidegauge_evaluators._kolmogorov import gap_p_value

CARD = Card(
    title="Kolmogorov-Smirnov distance",
    explain="The largest difference between the shares of rows below one and the same value, "
    "before and now: 0 is the same distribution, 1 no overlap.",
    reads=("numeric",),
    on="features",
    better="lower",
    unit="gap between two cumulative shares",
    range=(0.0, 1.0),
    reference="Massey 1951, JASA 46(253); Hodges 1958, Arkiv för Matematik 3(43)",
)

QUANTILES = 9
"""Values at which the gap is listed as evidence, besides the one where it is largest."""


def kolmogorov_smirnov(
    baseline: NumericProfile,
    current: NumericProfile,
    *,
    min_rows: int = 30,
    confidence: float = 0.95,
) -> Score:
    """Largest gap between both distribution functions, at a cut point or just below one.

    Weak in the tails and against a change of spread: ``lepage`` sees that. The p-value is exact
    for few rows, else Kolmogorov's limit; with ties both are too large rather than too small.
    The interval holds whatever the distributions are: the gap plus and minus what the gap of
    two samples of one population stays below at this confidence.

    Parameters
    ----------
    baseline, current
        Profiles over one grid; missing and infinite values are not compared.
    min_rows
        Fewer rows on either side are refused.
    confidence
        Level of the interval.

    Examples
    --------
    >>> baseline = NumericProfile.freeze([0.0, 1.0, 2.0, 3.0])
    >>> score = kolmogorov_smirnov(baseline, baseline.lay([2.0, 3.0, 4.0, 5.0]), min_rows=4)
    >>> score.value, score.parts[0].label
    (0.5, '≤ 1')
    """
    n, m = baseline.finite, current.finite
    require_rows(min_rows, n, m)
    before, now = _cumulative(baseline), _cumulative(current)
    gaps = now - before
    place = int(np.argmax(np.abs(gaps)))
    gap = float(abs(gaps[place]))
    resolution = max(0.0, _highest(before, now) - gap)
    reach = kolmogorov_quantile(confidence) / math.sqrt(n * m / (n + m))
    return Score(
        value=gap,
        interval=Interval(max(0.0, gap - reach), min(1.0, gap + resolution + reach)),
        p_value=gap_p_value(gap, n, m),
        n_baseline=n,
        n_current=m,
        resolution=resolution,
        parts=_parts(baseline.cuts, before, now, place),
        details={"at": float(baseline.cuts[(place - 1) // 2])} if gap else {},
    )


def _cumulative(profile: NumericProfile) -> NDArray[np.float64]:
    """Share of rows left of each point: 0, below and up to every cut point in turn, 1."""
    rows = np.zeros(2 * len(profile.cuts) + 2)
    rows[1:-1:2], rows[2:-1:2], rows[-1] = profile.below, profile.upto, profile.finite
    return rows / profile.finite


def _highest(before: NDArray[np.float64], now: NDArray[np.float64]) -> float:
    """Largest gap that rows inside open cells could have made, however they lie there.

    Within a cell one function may rise by all its rows before the other one rises at all.
    """
    left, right = slice(0, None, 2), slice(1, None, 2)
    return float(np.maximum(now[right] - before[left], before[right] - now[left]).max())


def _parts(
    cuts: NDArray[np.float64],
    before: NDArray[np.float64],
    now: NDArray[np.float64],
    place: int,
) -> tuple[Part, ...]:
    shares = np.arange(1, QUANTILES + 1) / (QUANTILES + 1)
    places = {place, *(np.searchsorted(before[2:-1:2], shares) * 2 + 2).tolist()}
    shown = sorted(
        (p for p in places if 0 < p < len(before) - 1),
        key=lambda p: (-abs(now[p] - before[p]), p != place, p),
    )
    return tuple(
        Part(
            label=f"{'<' if p % 2 else '≤'} {cuts[(p - 1) // 2]:.6g}",
            baseline=float(before[p]),
            current=float(now[p]),
            contribution=float(abs(now[p] - before[p])),
        )
        for p in shown
    )
