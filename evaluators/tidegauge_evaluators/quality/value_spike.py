"""A single value whose share jumped: a sentinel, a default, a stuck sensor."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tidegauge.profile import CategoricalProfile, NumericProfile
from tidegauge.records import Card, Interval, Part, Score
from tidegauge_evaluators._levels import unnamed_at_most
from tidegauge_evaluators._rates import LEAST, Rate, difference_interval, need_rows, rose_p

CARD = Card(
    title="Value spike",
    explain="Largest rise in the share of rows that hold one and the same value.",
    reads=("numeric", "categorical", "boolean"),
    on="features",
    better="lower",
    unit="share of the rows that hold a value",
    reference="Holm 1979, Scand. J. Statist. 6(2), on weighted tests",
    range=(0.0, 1.0),
)

FEWEST = 3
"""Rows that make a value repeat."""
TRIED = 3
"""Values tested exactly: those that stand out most."""

Counts = NDArray[np.int64]


class _Repeated(NamedTuple):
    """Values that are frequent now, with their rows on both sides; arrays of one length."""

    names: NDArray[np.object_]
    then: Counts
    """At most so many."""
    now: Counts
    """At least so many."""
    surely: Counts
    """Baseline rows at least."""
    error: Counts
    """Rows by which the two may be off."""


def value_spike(
    baseline: NumericProfile | CategoricalProfile,
    current: NumericProfile | CategoricalProfile,
    *,
    share: float = 0.005,
    min_rows: int = 20,
    confidence: float = 0.95,
) -> Score:
    """Find the value whose share of rows rose most, and test that it rose.

    Looks at every cut point of the grid and every value that repeats now, so a sentinel counts
    wherever it lies, inside the range or out. Many values are looked at: a value with a share w
    of the rows of both logs has its p-value divided by w, which keeps the whole honest since
    the w add up to at most 1. The interval is that of the value found, as if no other had been
    looked at. Slow growth of many values together is for the drift measures.

    Parameters
    ----------
    baseline, current
        Profiles over the same grid.
    share
        Values rarer than this now are passed over.
    min_rows
        Fewer rows with a value on either side are refused rather than judged.
    confidence
        Level of the interval.

    Examples
    --------
    >>> baseline = NumericProfile.freeze([i / 1000 for i in range(1000)])
    >>> current = baseline.lay([i / 970 for i in range(970)] + [-999.0] * 30)
    >>> score = value_spike(baseline, current)
    >>> score.value, score.details["value"], score.p_value < 1e-6
    (0.03, -999.0, True)
    """
    n, m = _filled(baseline), _filled(current)
    need_rows(n, m, min_rows)
    found = _repeated(baseline, current, max(FEWEST, share * m))
    rises = found.now / m - found.then / n
    if not len(rises) or rises.max() <= 0.0:
        tested = _could_spike(baseline, current, max(FEWEST, share * m))
        return Score(value=0.0, p_value=1.0 if tested else None, n_baseline=n, n_current=m)
    top = int(np.argmax(rises))
    return Score(
        value=float(rises[top]),
        interval=_interval(found, top, n, m, confidence),
        p_value=_p_value(found, n, m),
        n_baseline=n,
        n_current=m,
        resolution=float(found.error[top]) / min(n, m),
        parts=_parts(found, rises, n, m),
        details={
            "value": _plain(found.names[top]),
            "share then": float(found.then[top]) / n,
            "share now": float(found.now[top]) / m,
        },
    )


def _filled(profile: NumericProfile | CategoricalProfile) -> int:
    return profile.finite if isinstance(profile, NumericProfile) else profile.present


def _repeated(
    baseline: NumericProfile | CategoricalProfile,
    current: NumericProfile | CategoricalProfile,
    fewest: float,
) -> _Repeated:
    if isinstance(baseline, NumericProfile) and isinstance(current, NumericProfile):
        return _repeated_numbers(baseline, current, fewest)
    assert isinstance(baseline, CategoricalProfile)
    assert isinstance(current, CategoricalProfile)
    return _repeated_levels(baseline, current, fewest)


def _repeated_numbers(
    baseline: NumericProfile, current: NumericProfile, fewest: float
) -> _Repeated:
    """Cut points by their exact counts, and values between them by what is known of both."""
    cuts = current.cuts
    atom = np.flatnonzero(current.atom >= fewest)
    values, counts = current.heavy.values, current.heavy.counts
    place = np.searchsorted(cuts, values, "left")
    at_cut = np.append(cuts, np.nan)[place] == values
    between = ~at_cut & (counts >= fewest)
    values, counts, place = values[between], counts[between], place[between]
    surely, most = _in_baseline(baseline, values, place)
    exact = baseline.atom[atom]
    return _Repeated(
        names=np.append(cuts[atom], values).astype(object),
        then=np.append(exact, most),
        now=np.append(current.atom[atom], counts),
        surely=np.append(exact, surely),
        error=np.append(np.zeros_like(exact), most - surely + current.heavy.slack),
    )


def _in_baseline(
    baseline: NumericProfile, values: NDArray[np.float64], place: Counts
) -> tuple[Counts, Counts]:
    """Fewest and most baseline rows of values between cut points."""
    heavy = baseline.heavy
    near = np.searchsorted(heavy.values, values, "left")
    listed = np.append(heavy.values, np.nan)[near] == values
    surely = np.where(listed, np.append(heavy.counts, 0)[near], 0)
    most = np.minimum(surely + heavy.slack, baseline.cells[0::2][place])
    beyond = (values < baseline.minimum) | (values > baseline.maximum)
    return surely, np.where(beyond, 0, most)


def _repeated_levels(
    baseline: CategoricalProfile, current: CategoricalProfile, fewest: float
) -> _Repeated:
    known = np.flatnonzero(current.counts >= fewest)
    others = {level: rows for level, rows in current.unseen.items() if rows >= fewest}
    surely = [baseline.unseen.get(level, 0) for level in others]
    unknown = unnamed_at_most(baseline)
    most = [baseline.unseen.get(level, unknown) for level in others]
    then = baseline.counts[known]
    gaps = np.array(most, dtype=np.int64) - np.array(surely, dtype=np.int64)
    return _Repeated(
        names=np.array([current.levels[i] for i in known] + list(others), dtype=object),
        then=np.append(then, np.array(most, dtype=np.int64)),
        now=np.append(current.counts[known], np.array(list(others.values()), dtype=np.int64)),
        surely=np.append(then, np.array(surely, dtype=np.int64)),
        error=np.append(np.zeros_like(then), gaps),
    )


def _weights(found: _Repeated, n: int, m: int) -> NDArray[np.float64]:
    """Share of all rows of both logs, at least; fixed by what both hold, not by who holds it."""
    return np.asarray((found.surely + found.now) / (n + m))


def _interval(found: _Repeated, top: int, n: int, m: int, confidence: float) -> Interval:
    then, now = Rate(int(found.then[top]), n), Rate(int(found.now[top]), m)
    low, high = difference_interval(then, now, confidence)
    return Interval(max(0.0, low), min(1.0, high))


def _p_value(found: _Repeated, n: int, m: int) -> float:
    """Smallest weighted p-value among the values that stand out most.

    Leaving the others untested can only make it larger, so it stays honest.
    """
    pooled = (found.then + found.now) / (n + m)
    spread = np.sqrt(np.maximum(pooled * (1.0 - pooled), LEAST))
    order = np.argsort((found.then / n - found.now / m) / spread)[:TRIED]
    weights = _weights(found, n, m)
    tests = [
        rose_p(Rate(int(found.then[i]), n), Rate(int(found.now[i]), m)) / weights[i] for i in order
    ]
    return min(1.0, float(min(tests)))


def _could_spike(
    baseline: NumericProfile | CategoricalProfile,
    current: NumericProfile | CategoricalProfile,
    fewest: float,
) -> bool:
    """Whether a value repeats enough, over both sides, to have been reported as a spike.

    It was open to chance then, so its test counts though nothing rose; a column of numbers that
    hardly repeat has no test.
    """
    n, m = _filled(baseline), _filled(current)
    if isinstance(baseline, NumericProfile) and isinstance(current, NumericProfile):
        both = baseline.atom + current.atom
    else:
        assert isinstance(baseline, CategoricalProfile)
        assert isinstance(current, CategoricalProfile)
        both = baseline.counts + current.counts
    most = int(both.max(initial=0))
    if most < fewest:
        return False
    rows = min(most, m)
    return rose_p(Rate(most - rows, n), Rate(rows, m)) * (n + m) / most < 1.0


def _parts(found: _Repeated, rises: NDArray[np.float64], n: int, m: int) -> tuple[Part, ...]:
    order = np.argsort(-rises, kind="stable")[:10]
    return tuple(
        Part(
            label=str(_plain(found.names[i])),
            baseline=float(found.then[i]) / n,
            current=float(found.now[i]) / m,
            contribution=float(rises[i]),
        )
        for i in order
        if rises[i] > 0.0
    )


def _plain(name: object) -> float | str:
    return name if isinstance(name, str) else float(name)  # type: ignore[arg-type]
