"""A measure of performance where labels are missing: value, intervals, and what it rests on.

The measure on expected outcomes is corrected by what the labelled rows say of the expectation,
each weighted by how common rows like it have become. To first order a fault of the expectation
then cancels as long as the weights are right, and the other way about (Robins, Rotnitzky & Zhao
1994, JASA 89).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tidegauge.records import Card, Interval, Score
from tidegauge_evaluators._domain import standard_error
from tidegauge_evaluators._intervals import quantile, two_sided
from tidegauge_evaluators.performance._estimation_rows import Ground

Numbers = NDArray[np.float64]

TINY = 1e-300


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pieces:
    """A measure of the current rows, worked out from what is expected of them."""

    value: float
    influence: Numbers
    """Shape (current rows,), mean zero: what each adds to the value."""
    residuals: Numbers
    """Shape (labelled rows,): found minus expected, by what the difference does to the value."""
    noise: float
    """Variance that one current row's true outcome adds to the value."""
    realised: Numbers
    """Shape (labelled rows,), mean zero: what each adds to the measure on the baseline."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Variances of an estimate, by where they come from."""

    learned: float
    """Of the correction by labelled rows."""
    rows: float
    """Of the draw of current rows."""
    outcomes: float
    """Of the outcomes of those rows, were they known."""
    baseline: float
    """Of the measure on the baseline."""
    shared: float
    """Covariance of correction and baseline, which are of the same rows."""
    unread: float
    """Of having read a part of the current rows only."""

    @property
    def realised(self) -> float:
        """Variance of the estimate around what the labels will say."""
        return self.learned + self.outcomes + self.unread

    @property
    def moved(self) -> float:
        """Variance of the change around that which the labels will say."""
        return max(self.realised + self.baseline - 2 * self.shared, self.outcomes + self.unread)

    @property
    def unchanged(self) -> float:
        """Variance of the change if both sides were drawn alike."""
        return max(self.learned + self.rows + self.baseline - 2 * self.shared, self.rows)


def assembled(
    pieces: Pieces,
    ground: Ground,
    card: Card,
    *,
    realised: float | None,
    seen: tuple[int, int],
    confidence: float,
    details: Mapping[str, float | str],
    squared: bool = False,
) -> Score:
    """Correct a measure by the labelled rows, and put intervals around it.

    Parameters
    ----------
    pieces
        The measure on expected outcomes.
    realised
        The same measure on the baseline's labels; ``None`` = unknown.
    seen
        Rows of the baseline and of the current log, of which some were read.
    squared
        Whether the measure is the root of what the pieces are about.

    Returns
    -------
    The interval is where the realised value is expected once labels arrive.
    """
    corrections = {
        weights: _correction(pieces.residuals, getattr(ground, weights), ground)
        for weights in ("flattened", "full")
    }
    lowest, highest = card.range
    ends = (-math.inf if lowest is None else lowest, math.inf if highest is None else highest)
    base = None if realised is None else (realised**2 if squared else realised)
    spreads = {name: _spread(pieces, ground, rows, seen) for name, (_, rows) in corrections.items()}
    values = {name: pieces.value + moved for name, (moved, _) in corrections.items()}
    z = quantile(confidence)
    reach = {name: z * math.sqrt(one.realised) for name, one in spreads.items()}
    around = _over(values, reach, ends)
    middle = min(max(values["flattened"], ends[0]), ends[1])
    change, p_value = None, None
    if base is not None:
        moves = {name: z * math.sqrt(one.moved) for name, one in spreads.items()}
        change = _over({name: at - base for name, at in values.items()}, moves)
        error = math.sqrt(spreads["flattened"].unchanged)
        p_value = two_sided((values["flattened"] - base) / error) if error > 0 else 1.0
    score = Score(
        value=middle,
        interval=around,
        p_value=p_value,
        baseline=base,
        change=change,
        n_baseline=ground.case.n_baseline,
        n_current=ground.case.n_current,
        details={
            "assumes": card.assumes,
            "support overlap": ground.overlap,
            "effective sample size": ground.effective,
            **_errors(spreads["flattened"], 2 * math.sqrt(max(middle, TINY)) if squared else 1.0),
            **details,
        },
    )
    return _rooted(score) if squared else score


def _errors(spread: Spread, scale: float) -> dict[str, float | str]:
    """Name the standard errors by where they come from."""
    return {
        "error of calibration": math.sqrt(spread.learned) / scale,
        "error of sampling": math.sqrt(spread.outcomes + spread.unread) / scale,
    }


def _correction(residuals: Numbers, weights: Numbers, ground: Ground) -> tuple[float, Numbers]:
    """Weighted mean of the residuals, and what each row adds to it."""
    load = weights[ground.known]
    load = load / load.mean()
    value = float((load * residuals).mean())
    return value, np.asarray(load * (residuals - value))


def _spread(pieces: Pieces, ground: Ground, rows: Numbers, seen: tuple[int, int]) -> Spread:
    case = ground.case
    blocks = case.blocks
    before = None if blocks is None else blocks[ground.known]
    now = None if blocks is None else blocks[case.current]
    n_before, n_now = case.n_baseline, case.n_current
    whole = max(seen[1], n_now)
    together = standard_error(pieces.residuals, before) ** 2
    apart = standard_error(pieces.residuals, None) ** 2
    clumped = together / apart if before is not None and apart > 0 else 1.0
    drawn = standard_error(pieces.influence, now) ** 2
    kept = max(seen[0], n_before)
    return Spread(
        learned=standard_error(rows, before) ** 2,
        rows=drawn,
        outcomes=max(pieces.noise * clumped / whole, (0.5 / whole) ** 2),
        baseline=standard_error(pieces.realised, before) ** 2 * n_before / kept,
        shared=float((rows * pieces.realised).mean()) / kept,
        unread=drawn * (1 - n_now / whole),
    )


def _over(
    values: Mapping[str, float],
    reach: Mapping[str, float],
    ends: tuple[float, float] = (-math.inf, math.inf),
) -> Interval:
    """Reach over what flattened and full weights say."""
    low = min(at - reach[name] for name, at in values.items())
    high = max(at + reach[name] for name, at in values.items())
    return Interval(min(max(low, ends[0]), ends[1]), max(min(high, ends[1]), ends[0]))


def _rooted(score: Score) -> Score:
    """Take the root of a mean of squares, of its ends, and of the baseline's."""
    assert score.interval is not None
    value = math.sqrt(max(score.value, 0.0))
    interval = Interval(*(math.sqrt(max(end, 0.0)) for end in score.interval))
    if score.baseline is None or score.change is None:
        return replace(score, value=value, interval=interval)
    base = math.sqrt(score.baseline)
    ends = (math.sqrt(max(score.baseline + end, 0.0)) - base for end in score.change)
    return replace(score, value=value, interval=interval, baseline=base, change=Interval(*ends))
