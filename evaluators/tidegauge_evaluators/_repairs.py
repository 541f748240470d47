"""What a column should have held: repairs where no rule is known by which it was changed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tidegauge.case import Case
from tidegauge.errors import NotApplicable, TooFewRows
from tidegauge_evaluators._boosted import (
    Size,
    fit_class,
    fit_number,
    rows_of,
    seed_of,
)
from tidegauge_evaluators._threads import one_thread

Numbers = NDArray[np.float64]
Rows = NDArray[np.int64]
FEW = 30
"""Rows with a value that each side needs."""
LEARNED = 20_000
"""Baseline rows that a repair learns from, and as many to draw from."""
NEAREST = 5
"""Rows among which a value is drawn: few enough to be alike, enough to differ."""
LEVELS = 15
"""Most frequent levels that are told apart; the rest is drawn as the baseline has it."""
BURST = 0.02
"""So much larger a share of missing values is taken for the fault."""
MOVED = 0.01
"""Level at which a distribution is taken for another one."""
DRAWN = "drawn from like rows of the baseline, which loses what it alone knew"
FILLED = f"gaps {DRAWN}"
RANKED = "given the baseline's values of the same ranks"
SMALL = Size(trees=100, leaves=15, stops=True)


def repair_by_quantiles(case: Case, column: str) -> Numbers:
    """Give each current value the baseline's value of the same rank.

    It undoes every change that keeps the order of the values, without a name for it. Equal
    values stay equal: a sentinel becomes one value in the middle of its ranks.

    Returns
    -------
    NDArray
        Shape (current rows,), in their order; missing where the value is missing.

    Raises
    ------
    NotApplicable
        When the column holds categories.
    TooFewRows
        When fewer than 30 rows of a side hold a value.

    Examples
    --------
    >>> from tidegauge.case import case_of
    >>> x = np.arange(60.0)
    >>> pounds = case_of({"x": np.concatenate([x, x * 2.2046])}, np.arange(120) >= 60)
    >>> bool(np.allclose(repair_by_quantiles(pounds, "x"), x))
    True
    """
    if case[column].categorical:
        raise NotApplicable(f"{column} holds categories, which have no ranks")
    values = case[column].values
    now, then = values[case.current], values[~case.current]
    known, donors = np.isfinite(now), np.sort(then[np.isfinite(then)])
    _need(len(donors), int(known.sum()), column)
    ranks = _middle_ranks(now[known])
    repaired = np.full(len(now), np.nan)
    # Hazen's positions, by which a side against itself is left as it is; np.quantile takes
    # seconds for so many of them.
    places = ranks / len(ranks) * len(donors) - 0.5
    repaired[known] = np.interp(places, np.arange(len(donors)), donors)
    return repaired


def _middle_ranks(values: Numbers) -> Numbers:
    """Rank of each value minus a half, ties at their middle, shape (values,)."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(counts) - counts / 2.0)[place])


def repair_by_neighbours(
    case: Case,
    column: str,
    rng: np.random.Generator,
    *,
    without: Sequence[str] = (),
    observed: bool = False,
) -> Numbers:
    """Draw for each current row a baseline value of a row like it.

    Alike are rows of which the other columns, through boosted trees, foretell the same value
    (predictive mean matching, Little 1988, J. Bus. Econ. Stat. 6); categories are drawn with the
    chances that the trees give them. Values are drawn from rows that the trees did not learn
    from. What the column alone knew is lost, so that a model recovers less by it than by the
    true values.

    Parameters
    ----------
    without
        Further columns that are not to be believed, because they are repaired too.
    observed
        Never draw a missing value, for models that refuse one.

    Returns
    -------
    NDArray
        Shape (current rows,), in their order.

    Raises
    ------
    TooFewRows
        When too few rows of the baseline hold a value, or there is no current row.
    """
    values = case[column].values
    known = np.isfinite(values)
    baseline = rng.permutation(np.flatnonzero(~case.current & (known | (not observed))))
    learned, donors = np.array_split(baseline[: 2 * LEARNED], 2)
    learned = learned[known[learned]]
    _need(len(learned), case.n_current, column, needed_now=1)
    others = [name for name in case.features if name != column and name not in without]
    others = [name for name in others if np.isfinite(case[name].values[learned]).any()]
    if not others:
        return np.asarray(values[rng.choice(donors, case.n_current)])
    if case[column].categorical:
        return _drawn_levels(case, column, others, learned, donors, rng)
    trees = fit_number(case, others, learned, values[learned], SMALL, seed_of(rng))
    with one_thread():
        foretold = trees.predict(rows_of(case, others, np.flatnonzero(case.current)))
        theirs = trees.predict(rows_of(case, others, donors))
    return np.asarray(values[donors[_among_nearest(foretold, theirs, rng)]])


def _among_nearest(foretold: Numbers, theirs: Numbers, rng: np.random.Generator) -> Rows:
    """Draw for each number one of the nearest of theirs, by its place."""
    order = np.lexsort((rng.random(len(theirs)), theirs))  # ties in random order
    many = min(NEAREST, len(theirs))
    low = np.searchsorted(theirs[order], foretold, side="left")
    ties = np.searchsorted(theirs[order], foretold, side="right") - low
    width = np.maximum(ties, many)
    first = np.clip(np.where(ties >= many, low, low - many // 2), 0, len(theirs) - width)
    return np.asarray(order[first + (rng.random(len(foretold)) * width).astype(np.int64)])


def _drawn_levels(
    case: Case,
    column: str,
    others: Sequence[str],
    learned: Rows,
    donors: Rows,
    rng: np.random.Generator,
) -> Numbers:
    """Draw a level for each current row with the chances that trees give it."""
    values = case[column].values
    levels, counts = np.unique(values[learned], return_counts=True)
    frequent = levels[np.argsort(-counts, kind="stable")][:LEVELS]
    absent = donors[~np.isfinite(values[donors])]
    rest = values[learned][~np.isin(values[learned], frequent)]
    kind = np.searchsorted(np.sort(frequent), values[learned])
    kind = np.where(np.isin(values[learned], frequent), kind, len(frequent))
    now = np.flatnonzero(case.current)
    if len(np.unique(kind)) < 2:
        drawn = np.zeros(len(now), dtype=np.int64)
    else:
        trees = fit_class(case, others, learned, kind, SMALL, seed_of(rng))
        with one_thread():
            steps = np.cumsum(trees.predict_proba(rows_of(case, others, now)), axis=1)
        place = (rng.random((len(now), 1)) * steps[:, -1:] > steps).sum(axis=1)
        drawn = trees.classes_[np.minimum(place, steps.shape[1] - 1)]
    pool = rest if len(rest) else frequent[:1]
    found = np.append(np.sort(frequent), np.nan)[drawn]
    found = np.where(np.isnan(found), rng.choice(pool, len(now)), found)
    gone = rng.random(len(now)) < len(absent) / max(len(donors), 1)
    return np.where(gone, np.nan, found)


def _need(then: int, now: int, column: str, needed_now: int = FEW) -> None:
    if then < FEW or now < needed_now:
        raise TooFewRows(
            needed=FEW, n_baseline=then, n_current=now, of=f"that hold a value of {column}"
        )


def likeliest_repairs(
    case: Case, names: Sequence[str], columns: Sequence[str], rng: np.random.Generator
) -> tuple[dict[str, Numbers], str]:
    """Repair columns without a rule, and say how; none of ``columns`` is believed."""
    found, ways = {}, []
    for name in names:
        known = np.isfinite(case[name].values)
        there = known[case.current]
        burst = np.mean(known[~case.current]) - np.mean(there) > BURST
        if burst or case[name].categorical or not _moved(case, name):
            found[name] = repair_by_neighbours(case, name, rng, without=columns)
            ways.append(DRAWN)
        else:
            found[name] = repair_by_quantiles(case, name)
            ways.append(RANKED)
        if burst:
            found[name] = np.where(there, case[name].values[case.current], found[name])
            ways[-1] = FILLED
    return found, " and ".join(dict.fromkeys(ways))


def _moved(case: Case, name: str) -> bool:
    """Whether the values of a number are distributed otherwise than they were."""
    from scipy.stats import ks_2samp

    values = case[name].values
    then, now = (values[side & np.isfinite(values)] for side in (~case.current, case.current))
    if not min(len(then), len(now)):
        return True
    return bool(ks_2samp(then, now, method="asymp").pvalue < MOVED)
