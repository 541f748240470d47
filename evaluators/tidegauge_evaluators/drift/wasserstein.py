"""Wasserstein distance: how far rows would have to move, tails included."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tidegauge.errors import NotApplicable
from tidegauge.profile import NumericProfile
from tidegauge.profile.arrays import distinct
from tidegauge.records import Card, Interval, Part, Score
from tidegauge_evaluators._bins import group_starts, interval_label, require_rows
from tidegauge_evaluators._chance import gap_errors
from tidegauge_evaluators._distributions import normal_quantile

CARD = Card(
    title="Wasserstein distance",
    explain="Mean distance that rows would have to move for both distributions to be the same, "
    "in interquartile ranges of the baseline.",
    reads=("numeric",),
    on="features",
    better="lower",
    unit="interquartile ranges of the baseline",
    range=(0.0, None),
    reference="Vallender 1974, Theory of Probability and Its Applications 18(4)",
)

Floats = NDArray[np.float64]

EXPECTED = 10.0
"""Rows that both sides must expect on either side of a cell before it counts as evidence."""
GROUPS = 10
"""Groups of the baseline's quantiles in which the distance is broken down as evidence."""


def wasserstein(
    baseline: NumericProfile,
    current: NumericProfile,
    *,
    min_rows: int = 30,
    confidence: float = 0.95,
) -> Score:
    """Area between both distribution functions, over the baseline's interquartile range.

    Rows beyond the baseline's range count with their actual mean, so one row of 1e6 moves the
    value; it moves neither the p-value, which looks only at cells with enough rows on either
    side of them, nor the lower end of the interval. Where the interquartile range is 0 the
    standard deviation takes its place, and 1 where that is 0 too: ``details["scale"]``. The
    interval takes this unit, ``details["unit"]``, as given.

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
    >>> score = wasserstein(baseline, baseline.lay([2.0, 3.0, 4.0, 5.0]), min_rows=4)
    >>> score.details["raw"], score.details["scale"]
    (2.0, 'interquartile range')
    """
    n, m = baseline.finite, current.finite
    require_rows(min_rows, n, m)
    scale, scale_name = _scale(baseline)
    with np.errstate(over="ignore", invalid="ignore"):
        area = _area(baseline, current)
        raw = float(np.abs(area.signed).sum())
        error = math.sqrt(_variance(baseline, area) / n + _variance(current, area) / m)
    if not math.isfinite(raw + error) or not math.isfinite(raw / scale):
        raise NotApplicable("the distances between its values are too large for a number")
    likely = normal_quantile(0.5 + confidence / 2.0) * error
    bulk = (area.heights * min(n, m) >= EXPECTED) & ((1 - area.heights) * min(n, m) >= EXPECTED)
    bulk &= area.widths > 0.0
    p_value, chance = 1.0, 0.0
    if bulk.any():
        errors = gap_errors(area.heights[bulk], area.widths[bulk], n * m / (n + m))
        p_value = errors.sf(float(np.abs(area.signed[bulk]).sum()))
        chance = errors.quantile(0.5 + confidence / 2.0)
    return Score(
        value=raw / scale,
        interval=Interval(
            max(0.0, raw - max(likely, chance)) / scale,
            (raw + likely + area.unresolved) / scale,
        ),
        p_value=p_value,
        n_baseline=n,
        n_current=m,
        resolution=area.unresolved / scale,
        parts=_parts(baseline, current, area, scale),
        details={"raw": raw, "unit": scale, "scale": scale_name},
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Area:
    """The area between two distribution functions, by open cell: shape (G + 1,) each."""

    signed: Floats
    """Integral of the baseline's function minus the current one."""
    widths: Floats
    """0 for the two outer cells."""
    heights: Floats
    """Share of all rows left of the middle of the cell."""
    unresolved: float
    """Most that is missed where the two functions cross inside a cell."""


def _scale(baseline: NumericProfile) -> tuple[float, str]:
    spread = baseline.quantile(0.75) - baseline.quantile(0.25)
    if spread > 0.0:
        return spread, "interquartile range"
    deviation = math.sqrt(baseline.moments.m2 / baseline.finite)
    return (deviation, "standard deviation") if deviation > 0.0 else (1.0, "1")


def _area(baseline: NumericProfile, current: NumericProfile) -> Area:
    n, m, cuts = baseline.finite, current.finite, baseline.cuts
    widths = np.append(np.append(0.0, np.diff(cuts)), 0.0)
    signed = _integral(baseline) - _integral(current)
    f, g = baseline.cells[0::2] / n, current.cells[0::2] / m
    left = np.append(0.0, baseline.upto / n - current.upto / m)
    rise, fall = np.maximum(0.0, left + f), np.maximum(0.0, g - left)
    extents = widths.copy()
    extents[0] = max(0.0, float(cuts[0]) - min(baseline.minimum, current.minimum))
    extents[-1] = max(0.0, max(baseline.maximum, current.maximum) - float(cuts[-1]))
    missed = np.minimum(
        2.0 * extents * np.minimum(rise, fall),
        np.maximum(0.0, extents * np.maximum(rise, fall) - np.abs(signed)),
    )
    both = np.append(0, baseline.upto + current.upto)
    heights = (both + 0.5 * (baseline.cells[0::2] + current.cells[0::2])) / (n + m)
    return Area(
        signed=signed,
        widths=widths,
        heights=heights,
        unresolved=float(missed[np.minimum(rise, fall) > 0.0].sum()),
    )


def _integral(profile: NumericProfile) -> Floats:
    """Integral of the distribution function over each open cell; of it less 1 above the last cut.

    Exact, because the sum of a cell's rows is known.
    """
    cuts, rows = profile.cuts, profile.cells[0::2]
    ends = np.append(cuts, cuts[-1])
    before = np.append(0, profile.upto)
    widths = np.append(np.append(0.0, np.diff(cuts)), 0.0)
    before[-1] = 0
    area: Floats = (before * widths + (rows * ends - profile.sums)) / profile.finite
    return area


def _variance(profile: NumericProfile, area: Area) -> float:
    """Variance of how much one more row changes the area.

    The change grows or falls along the axis with the sign of the gap; what rows of one cell
    differ among themselves is known from the variance of all rows.
    """
    cuts, rows = profile.cuts, profile.cells[0::2]
    signs = np.sign(area.signed)
    path = np.append(0.0, np.cumsum(signs[1:-1] * area.widths[1:-1]))
    starts = np.append(cuts[0], cuts)
    means = np.divide(profile.sums, rows, out=starts.copy(), where=rows > 0)
    inside = np.append(0.0, path) + signs * (means - starts)
    mass = np.concatenate([rows, profile.atom]) / profile.finite
    values = np.concatenate([inside, path])
    places = np.concatenate([means, cuts]) - profile.moments.mean
    values = values - float(mass @ values)
    within = profile.moments.m2 / profile.finite - float(mass @ (places * places))
    return float(mass @ (values * values)) + max(0.0, within)


def _parts(
    baseline: NumericProfile, current: NumericProfile, area: Area, scale: float
) -> tuple[Part, ...]:
    cells, others = baseline.cells, current.cells
    last = len(cells) - 1
    starts = distinct(np.sort(np.append(group_starts(cells, GROUPS), [1, last])))
    stops = np.append(starts[1:], len(cells)) - 1
    pieces = np.zeros(len(cells))
    pieces[0::2] = np.abs(area.signed) / scale
    found = zip(
        np.add.reduceat(pieces, starts).tolist(),
        (np.add.reduceat(cells, starts) / baseline.finite).tolist(),
        (np.add.reduceat(others, starts) / current.finite).tolist(),
        starts.tolist(),
        stops.tolist(),
        strict=True,
    )
    return tuple(
        Part(
            label=interval_label(baseline.cuts, first, stop),
            baseline=before,
            current=now,
            contribution=piece,
        )
        for piece, before, now, first, stop in sorted(found, key=lambda line: -line[0])[:20]
        if before or now
    )
