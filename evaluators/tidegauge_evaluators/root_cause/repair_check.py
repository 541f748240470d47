"""Whether the truth goes with a column's values as they were logged, or as they were repaired."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from tidegauge.case import Case
from tidegauge.errors import NotApplicable, TooFewRows
from tidegauge.findings import Checked
from tidegauge.records import ExplainerCard
from tidegauge_evaluators._boosted import Size, fit_class, fit_number, rows_of, seed_of
from tidegauge_evaluators._losses import classes_of, log_loss, task_of, truth_of
from tidegauge_evaluators._threads import one_thread

CARD = ExplainerCard(
    title="Check of a repair against the truth",
    explain="Does the truth go with the values as they were logged, or as they were repaired?",
    reference="Paired comparison of predictive accuracy: Diebold & Mariano 1995, JBES 13(3)",
    needs="labels on both sides",
)

Numbers = NDArray[np.float64]
FEW = 100
"""Labelled rows that each side needs."""
LEARNED = 20_000
"""Rows of each side that are read, at most."""
SIZE = Size(trees=120, leaves=15, stops=True)


def repair_check(
    case: Case,
    columns: Sequence[str],
    repaired: Mapping[str, Numbers],
    *,
    rng: np.random.Generator,
) -> Checked:
    """Foretell the current rows' truth from the features, as logged and repaired.

    Trees learn the truth from the baseline's features. Where values were changed on the way, the
    truth went with what they had been: the repaired ones foretell it better. Where the world
    changed, the truth went along: the repaired ones foretell it worse. Nothing is asked of the
    model that is watched.

    Parameters
    ----------
    columns
        Columns that are repaired together.
    repaired
        Column -> shape (current rows,), in the case's coding; NaN = not known, such rows and those
        that the repair leaves as they are tell nothing.

    Returns
    -------
    Mean loss as logged minus as repaired, over all current rows that have a label: log loss for
    classes, absolute error for numbers. Blocks of rows count once.

    Raises
    ------
    NotApplicable
        When there is no target, it never differs, or no repair is known.
    TooFewRows
        When fewer than 100 rows of a side have a label, or fewer than 100 are repaired.

    Examples
    --------
    >>> from tidegauge.case import case_of
    >>> rng = np.random.default_rng(0)
    >>> mass, side = rng.normal(size=4_000), np.arange(4_000) >= 2_000
    >>> logged = {"mass": mass + 1.0 * side, "y": mass + rng.normal(size=4_000)}
    >>> case = case_of(logged, side, target="y", task="regression")
    >>> found = repair_check(case, ["mass"], {"mass": mass[side]}, rng=rng)
    >>> found.gain > 0, found.z > 3
    (True, True)
    """
    if case.target not in case.variables:
        raise NotApplicable("a repair is checked against labels, and no column is the target")
    if not columns or any(name not in repaired for name in columns):
        raise NotApplicable("no repaired values are known")
    mended = _mended(case, columns, repaired)
    truth = case[case.target].values
    changed = np.any([_differs(case[n].values, mended[n].values) for n in columns], axis=0)
    known = np.isfinite(truth) & np.all([np.isfinite(mended[n].values) for n in columns], axis=0)
    then = rng.permutation(np.flatnonzero(np.isfinite(truth) & ~case.current))[:LEARNED]
    labelled = rng.permutation(np.flatnonzero(np.isfinite(truth) & case.current))[:LEARNED]
    now = np.sort(labelled[(known & changed)[labelled]])
    if min(len(then), len(now)) < FEW:
        raise TooFewRows(
            needed=FEW, n_baseline=len(then), n_current=len(now), of="with a label and a repair"
        )
    names = [name for name in case.features if np.isfinite(case[name].values[then]).any()]
    losses = _losses(case, mended, names, np.sort(then), now, seed_of(rng))
    return _checked(losses[0] - losses[1], now, len(labelled), case)


def _mended(case: Case, columns: Sequence[str], repaired: Mapping[str, Numbers]) -> Case:
    """Put repaired values of the current rows in their place."""
    for name in columns:
        values = np.array(case[name].values)
        values[case.current] = repaired[name]
        case = case.with_values(name, values)
    return case


def _differs(first: Numbers, second: Numbers) -> NDArray[np.bool_]:
    return np.asarray((first != second) & ~(np.isnan(first) & np.isnan(second)))


def _losses(
    case: Case,
    mended: Case,
    names: Sequence[str],
    then: NDArray[np.int64],
    now: NDArray[np.int64],
    seed: int,
) -> tuple[Numbers, Numbers]:
    """Lose on the current rows by what the baseline teaches, as logged and repaired."""
    both = [rows_of(one, names, now) for one in (case, mended)]
    if task_of(case) != "classification":
        wanted = case[case.target].values
        trees = fit_number(case, names, then, wanted[then], SIZE, seed)
        with one_thread():
            logged, repaired = (np.abs(wanted[now] - trees.predict(rows)) for rows in both)
        return logged, repaired
    truth = truth_of(case)
    codes = truth[then].astype(np.int64)
    if len(np.unique(codes)) < 2:
        raise NotApplicable("the baseline has one class only, so there is nothing to foretell")
    trees = fit_class(case, names, then, codes, SIZE, seed)
    with one_thread():
        logged, repaired = (
            log_loss(_spread(trees, rows, len(classes_of(case))), truth[now]) for rows in both
        )
    return logged, repaired


def _spread(trees: object, rows: Numbers, classes: int) -> Numbers:
    """Lay chances out over all classes; one that the baseline has not gets none."""
    chances = np.zeros((len(rows), classes))
    chances[:, trees.classes_.astype(int)] = trees.predict_proba(rows)  # type: ignore[attr-defined]
    return chances


def _checked(gains: Numbers, rows: NDArray[np.int64], labelled: int, case: Case) -> Checked:
    """Sum gains over blocks, which are independent of each other."""
    usable = np.isfinite(gains)
    gains, rows = gains[usable], rows[usable]
    place = rows if case.blocks is None else np.unique(case.blocks[rows], return_inverse=True)[1]
    sums = np.bincount(np.unique(place, return_inverse=True)[1], weights=gains)
    spread = sqrt(float(((sums - sums.mean()) ** 2).sum()) * len(sums) / max(len(sums) - 1, 1))
    return Checked(
        gain=float(gains.sum()) / labelled,
        z=float(sums.sum()) / spread if spread > 0 else 0.0,
        rows=len(gains),
    )
