"""Values that went missing: how many, and whether in one segment of the rows only."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tidegauge.case import Case, Variable
from tidegauge_evaluators._shapes import Guess, Numbers, changed, percent, short


def nulls(
    case: Case, name: str, others: Sequence[str], charge: float, spread: float = 1.0
) -> Guess | None:
    """Guess that values were lost; ``None`` where no more are missing than were."""
    absent = ~np.isfinite(case[name].values)
    then, now = absent[~case.current], absent[case.current]
    before, after = float(then.mean()), float(now.mean())
    counts = [np.array([side.sum(), (~side).sum()], dtype=np.float64) for side in (then, now)]
    if after <= before or not changed(counts[0], counts[1], spread):
        return None
    where = segment(case, absent, others)
    params: dict[str, float | str] = {"before": before, "now": after}
    if where:
        params["where"] = where
    return Guess(
        name="nulls",
        said=f"{percent(after)} of values missing, {percent(before)} before"
        + (f", most of them where {where}" if where else ""),
        charge=charge,
        undo=lambda values: values,
        missing=after,
        undoable=False,
        params=params,
    )


def segment(case: Case, absent: NDArray[np.bool_], others: Sequence[str]) -> str:
    """Rows, by one other column, that hold most of what went missing; empty where none do."""
    from scipy.special import chdtrc

    best, found = 1e-4 / max(len(others), 1), ""
    for name in others:
        cells, said = _cells(case[name], case.current)
        k = len(said)
        n = np.bincount(cells[case.current], minlength=k).astype(np.float64)
        lost = np.bincount(cells[case.current & absent], minlength=k).astype(np.float64)
        n_then = np.bincount(cells[~case.current], minlength=k)
        usual = float(absent[~case.current].mean())
        lost_then = np.bincount(cells[~case.current & absent], minlength=k)
        excess = lost - n * (lost_then + 20.0 * usual) / (n_then + 20.0)
        rate = max(excess.sum() / n.sum(), 1e-9)
        expected = n * rate
        far = ((excess - expected) ** 2 / np.maximum(n * 0.25, lost).clip(1.0))[n > 0].sum()
        p = float(chdtrc(max(np.count_nonzero(n) - 1, 1), far))
        inside = (n >= 10) & (excess / np.maximum(n, 1.0) > 0.5 * _most(excess, n))
        caught = excess[inside].sum() / max(excess[excess > 0].sum(), 1e-9)
        if p < best and caught > 0.8 and n[inside].sum() < 0.7 * n.sum():
            best, found = p, _said(name, said, inside, case[name].categorical)
    return found


def _most(excess: Numbers, n: Numbers) -> float:
    return float((excess / np.maximum(n, 1.0))[n >= 10].max(initial=0.0))


def _cells(
    variable: Variable, current: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], list[tuple[str, str]]]:
    """Cell of each row, and the two ends of each in words; the last cell is "missing"."""
    values = variable.values
    there = np.isfinite(values)
    if variable.categorical:
        cells = np.where(there, values, len(variable.levels)).astype(np.int64)
        return cells, [(level, level) for level in variable.levels] + [("missing", "missing")]
    known = values[~current & there]
    cuts = np.unique(np.quantile(known, np.arange(1, 8) / 8)) if len(known) else np.empty(0)
    cells = np.where(there, np.searchsorted(cuts, values, side="right"), len(cuts) + 1)
    ends = ["", *[short(cut) for cut in cuts.tolist()], ""]
    said = [(ends[i], ends[i + 1]) for i in range(len(cuts) + 1)]
    return cells.astype(np.int64), [*said, ("missing", "missing")]


def _said(
    name: str, said: Sequence[tuple[str, str]], inside: NDArray[np.bool_], categorical: bool
) -> str:
    """Write the segment down as a rule."""
    chosen = np.flatnonzero(inside)
    if categorical or chosen[-1] == len(said) - 1:
        words = [said[i][0] or said[i][1] for i in chosen[:5]]
        return f"{name} = {' or '.join(words)}"
    low, high = said[chosen[0]][0], said[chosen[-1]][1]
    if not low:
        return f"{name} below {high}"
    return f"{name} from {low}" + (f" to {high}" if high else "")
