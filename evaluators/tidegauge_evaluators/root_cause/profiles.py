"""What moved by itself, from profiles alone: the first look, in every run that raised an alarm."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from tidegauge.profile import CategoricalProfile, DatasetProfile, NumericProfile
from tidegauge.records import Cause, ExplainerCard, Shape

CARD = ExplainerCard(
    title="Columns by their own drift",
    explain="Which columns tell most by themselves about the side a row is from?",
    reference="Lin 1991, IEEE Transactions on Information Theory 37(1) (Jensen-Shannon "
    "divergence); Miller 1955 (its bias)",
)

CELLS = 32
"""Cells of equal mass that a number is laid over."""
SURE = 3.3
"""Standard errors from which a column is listed."""
MOST = 8
NULLS = 0.02
"""Rise of the share of missing values that is named, where it carries half of the change."""
RATIO = 0.01
"""Relative difference within which quantiles have grown by one factor."""


def profiles(baseline: DatasetProfile, current: DatasetProfile) -> tuple[Cause, ...]:
    """Rank features by the information that each alone holds about the side.

    Nothing is said of why: columns that follow another move as well. A share is of the sum over
    all columns, which counts what they have in common more than once.

    Parameters
    ----------
    baseline, current
        Profiles over the same grids.

    Returns
    -------
    At most eight causes without a verdict, the most telling first; none where nothing moved.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from tidegauge.profile import Layout
    >>> rows = pa.table({"x": [float(i % 50) for i in range(500)]})
    >>> layout = Layout(kinds={"x": "numeric"}, features=("x",))
    >>> blank = DatasetProfile.freeze(rows, layout)
    >>> now = blank.lay(pa.table({"x": [float(i % 50) + 20 for i in range(500)]}))
    >>> [(cause.factor, cause.share) for cause in profiles(blank.lay(rows), now)]
    [('x', 1.0)]
    """
    told = dict(_told(baseline, current))
    whole = sum(value for value, _ in told.values())
    ranked = sorted(told.items(), key=lambda item: -item[1][0])[:MOST]
    causes = []
    for name, (value, z) in ranked:
        shape = _shape(baseline.columns[name], current.columns[name])
        said = f" ({shape.said})" if shape else ""
        causes.append(
            Cause(
                factor=name,
                verdict="undetermined",
                share=float(value / whole),
                columns=(name,),
                shape=shape,
                because=f"{name} moved by itself{said}: {value:.3g} nats a row, "
                f"{z:.1f} standard errors",
            )
        )
    return tuple(causes)


def _told(
    baseline: DatasetProfile, current: DatasetProfile
) -> Iterator[tuple[str, tuple[float, float]]]:
    """Features that hold information about the side: how much, and how sure."""
    for name in baseline.layout.features:
        before, now = baseline.columns.get(name), current.columns.get(name)
        if before is None or now is None:
            continue
        counts = _counts(before, now)
        if counts is None or min(counts.sum(axis=1)) < 30:
            continue
        value, z = _information(counts)
        if z > SURE and value > 0:
            yield name, (value, z)


def _counts(before: object, now: object) -> NDArray[np.float64] | None:
    """Rows of both sides over common cells, missing ones last: shape (2, cells)."""
    if isinstance(before, CategoricalProfile) and isinstance(now, CategoricalProfile):
        sides = [
            [*one.counts.tolist(), one.unseen_rows, one.n - int(one.counts.sum()) - one.unseen_rows]
            for one in (before, now)
        ]
        return np.array(sides, dtype=np.float64)
    if not (isinstance(before, NumericProfile) and isinstance(now, NumericProfile)):
        return None
    if before.instant or not before.finite or not len(before.cuts):
        return None
    wanted = np.linspace(0, before.finite, CELLS + 1)[1:-1]
    places = np.unique(np.minimum(np.searchsorted(before.upto, wanted), len(before.cuts) - 1))
    sides = []
    for one in (before, now):
        steps = np.concatenate([[0], one.upto[places], [one.finite]])
        sides.append([*np.diff(steps).tolist(), one.n - one.finite])
    return np.array(sides, dtype=np.float64)


def _information(counts: NDArray[np.float64]) -> tuple[float, float]:
    """Divergence of Jensen and Shannon, less its bias, and chi-square's p-value as a normal's z."""
    from scipy.special import chdtrc, ndtri

    kept = counts[:, counts.sum(axis=0) > 0]
    n = kept.sum(axis=1)
    shares = kept / n[:, None]
    middle = shares.mean(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = np.where(shares > 0, shares * np.log(shares / middle), 0.0)
    freedom = kept.shape[1] - 1
    value = float(parts.sum() / 2) - freedom * (1 / n[0] + 1 / n[1]) / 8
    pooled = kept.sum(axis=0) / n.sum()
    error = pooled * (1 / n[0] + 1 / n[1])
    chi_square = float((((shares[1] - shares[0]) ** 2) / error).sum())
    chance = float(chdtrc(freedom, chi_square)) if freedom else 1.0
    return value, -float(ndtri(np.clip(chance, 1e-300, 0.5)))


def _shape(before: object, now: object) -> Shape | None:
    """Name what profiles can tell: lost values, new levels, one factor on all quantiles."""
    if isinstance(before, CategoricalProfile) and isinstance(now, CategoricalProfile):
        if now.n and now.unseen_rows / now.n > NULLS:
            level = max(now.unseen, key=lambda name: now.unseen[name], default="")
            share = now.unseen_rows / now.n
            return Shape(name="new_level", said=f'{share:.1%} new, chiefly "{level}"', fit=1.0)
        return None
    if not (isinstance(before, NumericProfile) and isinstance(now, NumericProfile)):
        return None
    lost = now.missing / max(now.n, 1) - before.missing / max(before.n, 1)
    if lost > NULLS:
        return Shape(name="nulls", said=f"{lost:.1%} more values are missing", fit=1.0)
    return _factor(before, now)


def _factor(before: NumericProfile, now: NumericProfile) -> Shape | None:
    """Find one factor that takes the quartiles of one side to those of the other."""
    points = (0.25, 0.5, 0.75)
    if not now.finite:
        return None
    then = np.array([before.quantile(p) for p in points])
    today = np.array([now.quantile(p) for p in points])
    if not np.all(then != 0) or np.ptp(then) == 0:
        return None
    ratios = today / then
    factor = float(np.median(ratios))
    if abs(factor - 1) < 5 * RATIO or np.ptp(ratios) > RATIO * abs(factor):
        return None
    return Shape(name="unit", said=f"times {factor:.4g}", fit=1.0, params={"factor": factor})
