"""Values that pile up: sentinels and defaults, saturation, a sensor that is stuck."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np

from tidegauge_evaluators._shapes import Guess, Numbers, atoms, counted, near, percent, short
from tidegauge_evaluators._shapes_column import Column

SENTINELS = frozenset(
    {
        0.0, -1.0, -2.0, -9.0, -99.0, -999.0, -9999.0, -99999.0, -999999.0, 9.0, 99.0, 999.0,
        9999.0, 99999.0, 999999.0, 9999999.0, 99999999.0, 999999999.0, 9.99, 99.99, 999.99,
        -99.9, -999.9, 88.0, 888.0, 8888.0, -8.0, -88.0, -888.0, 77.0, 777.0, -77.0, -777.0,
        1e6, 1e9, 1e10, 1e12, 1e15, 1e20, 1e30, 1e36, -1e6, -1e9, -1e20, -1e30,
        127.0, 128.0, -128.0, 255.0, 32767.0, -32768.0, 65535.0,
        2147483647.0, -2147483648.0, 4294967295.0, 9223372036854775807.0, -9223372036854775808.0,
    }
)  # fmt: skip
"""Numbers that programs put where they have none, the ends of integer types among them."""


def spikes(column: Column) -> Iterator[Guess]:
    """One value that is far more frequent than it was: a sentinel, a default, an imputed mean."""
    now = len(column.ordered)
    for value in _grown(column):
        cell = int(np.searchsorted(column.edges, value, side="right"))
        had = column.counts_then[cell] / max(len(column.then), 1)
        has = column.counts_now[cell] / now
        share = float((has - had) / max(1.0 - had, 1e-9))
        if share <= 0.0 or (share > 0.97 and len(np.unique(column.ordered[::97])) == 1):
            continue
        counts = (1.0 - share) * column.counts_then
        counts[cell] += share * len(column.then)
        own = _share_of(column.then, value)
        fresh = own < 0.1 * _share_of(column.ordered, value)
        why = _known(column, value) if fresh else ""
        filled = _filled(column, share)
        alike = coincidence(column, value)
        said = f"{percent(share)} of rows are {short(value)}{why and f' ({why})'}"
        yield Guess(
            name="sentinel",
            said=f"{said}{' in place of missing values' if filled else ''}",
            charge=column.charge + 2.0 * math.log(20.0) + (0.0 if why else column.charge) - alike,
            undo=_without(value) if own < 0.5 * has else same,
            counts=counts,
            missing=float(column.missing_now[0] / column.missing_now.sum()) if filled else None,
            exact=bool(why),
            undoable=False,
            even=True,
            params={"value": value, "share": share, "fresh": float(fresh)},
        )


def coincidence(column: Column, value: float) -> float:
    """Twice the nats by which rows that hold one new value speak against chance.

    Asked only where equal values are none of the column's habits, or where the value is one that
    programs put, far outside of what the baseline holds.
    """
    rows = int(np.count_nonzero(column.ordered == value))
    first = np.searchsorted(column.then, value)
    if rows < 3 or column.cut or (first < len(column.then) and column.then[first] == value):
        return 0.0
    wide = 0.5 * float(column.then[-1] - column.then[0])
    outside = not column.then[0] - wide <= value <= column.then[-1] + wide
    tied = np.count_nonzero(np.diff(column.then) == 0.0) > 0.01 * len(column.then)
    if tied and not (outside and (value in SENTINELS or _all_nines(value))):
        return 0.0
    # enough to pay for what describes it, so that few rows can speak; the cells count the rest
    return min(2.0 * (rows - 1) * math.log(len(column.ordered)), 4.0 * column.charge)


def repeated(column: Column) -> bool:
    """Whether some rows share a new value that chance would hardly have given them."""
    if len(column.then) < 2 or not len(column.ordered):
        return False
    often = atoms(column.ordered, 3.0)
    return len(often) < 50 and any(coincidence(column, value) > 0.0 for value in often.tolist())


def _grown(column: Column) -> list[float]:
    """Values whose share rose most, at most four."""
    now = len(column.ordered)
    often = atoms(column.ordered, max(0.004 * now, 3.0))
    rise = {
        value: _share_of(column.ordered, value) - _share_of(column.then, value)
        for value in often[:400].tolist()
    }
    return sorted((v for v in rise if rise[v] > 0.0), key=lambda v: -rise[v])[:4]


def _share_of(ordered: Numbers, value: float) -> float:
    first = np.searchsorted(ordered, value)
    return float(np.searchsorted(ordered, value, side="right") - first) / max(len(ordered), 1)


def _known(column: Column, value: float) -> str:
    """Why somebody would have put this number there; empty where no reason shows."""
    spread = float(np.std(column.then))
    error = min(2.5 * spread * len(column.then) ** -0.5, 0.03 * spread)
    if not _inside(column, value) and (value in SENTINELS or _all_nines(value)):
        return "a number that stands for none"
    gaps = {
        "the baseline's mean": abs(value - float(column.then.mean())),
        "the baseline's median": abs(value - float(np.median(column.then))),
    }
    said = min(gaps, key=lambda what: gaps[what])
    if gaps[said] <= error:
        return said
    return "a number that stands for none" if value in SENTINELS else ""


def _all_nines(value: float) -> bool:
    digits = f"{abs(value):.0f}"
    return len(digits) > 2 and set(digits) == {"9"}


def _inside(column: Column, value: float) -> bool:
    return bool(column.then[0] < value < column.then[-1])


def _filled(column: Column, share: float) -> bool:
    """Whether as many missing values went as rows of the point mass came."""
    then = float(column.missing_then[0] / column.missing_then.sum())
    now = float(column.missing_now[0] / column.missing_now.sum())
    lost, came = then - now, share * (1.0 - now)
    error = (then * (1.0 - then) / column.missing_then.sum()) ** 0.5 + 1e-9
    return bool(lost > 4.0 * error and 0.5 * lost < came < 2.0 * lost + 3.0 * error)


def _without(value: float) -> Callable[[Numbers], Numbers]:
    return lambda values: np.where(np.isclose(values, value, rtol=1e-9, atol=0.0), np.nan, values)


def same(values: Numbers) -> Numbers:
    """Leave values as they are."""
    return values


def clips(column: Column) -> Iterator[Guess]:
    """Point mass at an end and nothing beyond it."""
    low, high = float(column.ordered[0]), float(column.ordered[-1])
    ends = {"above": high, "below": low}
    for kept in (("above",), ("below",), ("above", "below")):
        if all(_saturated(column, end, ends[end]) for end in kept):
            yield _clip(column, {end: ends[end] for end in kept})


def _saturated(column: Column, end: str, at: float) -> bool:
    beyond = column.then > at if end == "above" else column.then < at
    mass = _share_of(column.ordered, at)
    tail, had = float(beyond.mean()), _share_of(column.then, at)
    return tail > 0.002 and mass > 4.0 / len(column.ordered) and mass - had > 0.5 * tail


def _clip(column: Column, ends: dict[str, float]) -> Guess:
    low, high = ends.get("below", -math.inf), ends.get("above", math.inf)

    def undo(values: Numbers) -> Numbers:
        return np.where((values <= low) | (values >= high), np.nan, values)

    at = " and ".join(f"nothing {end} {short(value)}" for end, value in ends.items())
    share = float(np.mean((column.ordered <= low) | (column.ordered >= high)))
    return Guess(
        name="clip",
        said=f"{at}, where {percent(share)} of rows are",
        charge=len(ends) * (column.charge + 2.0)
        - sum(coincidence(column, v) for v in ends.values()),
        undo=undo,
        counts=counted(np.clip(column.then, low, high), column.edges),
        even=True,
        exact=True,
        undoable=False,
        params={**ends, "share": share},
    )


def stuck(column: Column) -> Iterator[Guess]:
    """One value only, or values that stay the same from row to row for long."""
    first = column.ordered[0]
    if near(first, column.ordered[-1]) and not near(column.then[0], column.then[-1]):
        yield _stale(column, np.isfinite(column.now), f"always {short(first)}", 1)
        return
    again = np.r_[False, column.now[1:] == column.now[:-1]]
    usual = float(column.runs_then[0] / max(column.runs_then.sum(), 1.0))
    share = float(again.mean())
    rises = np.mean(np.diff(column.now[np.isfinite(column.now)]) >= 0.0)
    if usual > 0.6 or share < usual + 0.01 or rises > 0.99 or rises < 0.01:
        return
    values = len(np.unique(column.now[again]))
    yield _stale(column, again, f"{percent(share)} of rows repeat the row before", values)


def _commonest(column: Column) -> float:
    grown = _grown(column)
    return coincidence(column, grown[0]) if grown else 0.0


def _stale(column: Column, again: np.typing.NDArray[np.bool_], said: str, values: int) -> Guess:
    share = float(again.mean())
    repeated = counted(np.sort(column.now[again]), column.edges)
    counts = (1.0 - share) * column.counts_then + repeated * (
        len(column.then) / max(len(column.ordered), 1)
    )
    return Guess(
        name="stale",
        said=said,
        charge=column.charge * (1 + min(values, 50)) - _commonest(column),
        undo=lambda rows: np.where(again, np.nan, rows),
        counts=counts,
        even=True,
        runs=True,
        exact=True,
        undoable=False,
        params={"share": share, "values": float(values)},
    )
