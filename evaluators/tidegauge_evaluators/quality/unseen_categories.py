"""Share of rows with a level that the baseline never held."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from tidegauge.errors import NotApplicable
from tidegauge.profile import CategoricalProfile
from tidegauge.records import Card, Part, Score
from tidegauge_evaluators._levels import new_levels, unnamed
from tidegauge_evaluators._rates import (
    Rate,
    need_rows,
    share_interval,
    smallest_p,
)
from tidegauge_evaluators._special import beta_cdf

CARD = Card(
    title="Unseen categories",
    explain="Share of rows with a level that never occurred in the baseline.",
    reads=("categorical", "boolean"),
    on="features",
    better="lower",
    unit="share of the rows that hold a level",
    reference="Good 1953, Biometrika 40(3-4)",
    range=(0.0, 1.0),
)

NEVER = 1e-5
"""A chance of any unseen level below this makes no test."""
HARDLY = 1e-9
"""Levels this unlikely to be unseen are added up one by one: they would blur the rest."""


def unseen_categories(
    baseline: CategoricalProfile,
    current: CategoricalProfile,
    *,
    min_rows: int = 20,
    confidence: float = 0.95,
) -> Score:
    """Rows whose level is new, against those that a small baseline is bound to have missed.

    A baseline misses rare levels: by Good and Turing, the share of rows it misses is about that
    of the levels it held once, which is the score's ``baseline``. Put limits on the rise above
    it where levels are many. The p-value takes levels, not rows, as events, for the rows of a
    level are new together: given how often each level occurs in both logs, it asks how many
    levels fall wholly into the current one by chance, and whether one that frequent does. Levels
    that arrive with time (the code of a new month) are new indeed and are reported.

    Parameters
    ----------
    baseline, current
        Profiles over the same grid.
    min_rows
        Fewer rows with a level on either side are refused rather than judged.
    confidence
        Level of the intervals.

    Examples
    --------
    >>> baseline = CategoricalProfile.freeze(["a", "b"] * 50)
    >>> score = unseen_categories(baseline, baseline.lay(["a", "b", "b", "new"] * 5))
    >>> score.value, score.baseline, score.p_value, score.parts[0].label
    (0.25, 0.0, 0.00026, 'new')
    """
    if not baseline.present and not current.present:
        raise NotApplicable("no row on either side holds a level")
    need_rows(baseline.present, current.present, min_rows)
    new = new_levels(baseline, current)
    missed = unnamed(current) if not unnamed(baseline) else 0
    now = Rate(sum(new.values()) + missed, current.present)
    return Score(
        value=now.share,
        interval=share_interval(now, confidence),
        p_value=_p_value(baseline, current, new, missed),
        baseline=_missed_mass(baseline),
        n_baseline=baseline.present,
        n_current=current.present,
        parts=_parts(new, current.present),
        details={"unseen levels": float(len(new)), "rows of further levels": float(missed)},
    )


def _missed_mass(baseline: CategoricalProfile) -> float:
    """Share of rows whose level the baseline misses, after Good and Turing."""
    named = sum(rows == 1 for rows in baseline.unseen.values())
    once = int((baseline.counts == 1).sum()) + named + unnamed(baseline)
    return min(once, baseline.present) / baseline.present


def _p_value(
    baseline: CategoricalProfile,
    current: CategoricalProfile,
    new: Mapping[str, int],
    missed: int,
) -> float | None:
    """Probability of so many new levels, or of one so frequent, when nothing changed.

    A level with K rows in both logs is new with chance (m / N)^K at most. Their number is no
    more dispersed than a binomial of the same mean (Hoeffding 1956, Ann. Math. Statist. 27).
    The most frequent new level is tested by the chance that any level as frequent is new.
    """
    n, m = baseline.present, current.present
    # Levels without a name: no fewer than if each had the rows of the rarest named one.
    further = math.ceil(missed / min(new.values(), default=1))
    once, found = unnamed(baseline) + further, len(new) + further
    rows = _rows_in_both(baseline, current, new)
    chances = np.exp(rows * math.log(m / (n + m)))
    expected = float(chances.sum()) + once * m / (n + m)
    if not found:
        return 1.0 if expected > NEVER else None
    likely = chances > HARDLY
    hardly = float(chances[~likely].sum())
    many = _at_least(found, expected - hardly, int(likely.sum()) + once) + hardly
    largest = max(new.values(), default=1)
    frequent = float(chances[rows >= largest].sum()) if largest > 1 else many
    return smallest_p([many, frequent])


def _at_least(found: int, expected: float, events: int) -> float:
    """Bound the probability that so many of these events happen, given how many are expected."""
    if found > events:
        return 0.0
    if found <= expected + 1.0:  # below, the binomial is no bound; Markov's always is
        return min(1.0, expected / found)
    return beta_cdf(found, events - found + 1, expected / events)


def _rows_in_both(
    baseline: CategoricalProfile, current: CategoricalProfile, new: Mapping[str, int]
) -> NDArray[np.float64]:
    """Rows of each level with a name in both logs together."""
    known = (baseline.counts + current.counts)[baseline.counts + current.counts > 0]
    rest = [rows + current.unseen.get(level, 0) for level, rows in baseline.unseen.items()]
    return np.concatenate([known, rest, list(new.values())]).astype(np.float64)


def _parts(new: Mapping[str, int], n_current: int) -> tuple[Part, ...]:
    order = sorted(new, key=lambda level: (-new[level], level))[:20]
    return tuple(
        Part(label=level, baseline=0, current=new[level], contribution=new[level] / n_current)
        for level in order
    )
