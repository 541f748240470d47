"""Whether a change stays inside one source, host, version or region."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tidegauge.case import Case, Variable
from tidegauge.errors import NotApplicable
from tidegauge.records import ExplainerCard, Interval, Segment
from tidegauge_evaluators._rates import two_sided_z
from tidegauge_evaluators._special import student_sf

CARD = ExplainerCard(
    title="Confined to one value",
    explain="Does the change touch only rows of one source, host, version or region?",
    reference="Fieller 1954, J. R. Stat. Soc. B 16; Liang & Zeger 1986, Biometrika 73",
    needs="a categorical column",
)

Floats = NDArray[np.float64]
Places = NDArray[np.int64]

FEWEST = 20
"""Current rows, or blocks of them, inside and outside, below which a value is not asked about."""
LEVELS = 200
"""Most values of a column that are asked about, those with the most current rows."""
MOSTLY = 0.8
"""Part of the change that must come from inside for the rest to pass for untouched."""


class _Sums(NamedTuple):
    """Sums over the rows of one side, for each value of a column."""

    rows: Floats
    units: Floats
    """Blocks, or rows where there are none."""
    mean: Floats
    variance: Floats
    """Of the mean; rows of a block count as one draw."""


class _Asked(NamedTuple):
    """One value of one column."""

    column: str
    level: str
    inside: float
    """Change of the mean inside."""
    share: float
    interval_of_share: Interval
    interval: Interval
    p_value: float
    rows: int
    support: float
    support_baseline: float


def confined_to(
    case: Case,
    suspicion: Floats,
    candidates: Sequence[str],
    *,
    confidence: float = 0.95,
) -> Segment | None:
    """Find the one value of one column that a change stays inside of.

    Every value of every candidate is asked about: whether the mean changed more inside than
    outside, how much of the whole change comes from inside, and whether what is outside can pass
    for untouched. Intervals and p-values hold for all that was asked (Bonferroni). Of several that
    pass, as a host and the region that it stands in, the one that leaves least unexplained is
    given.

    Parameters
    ----------
    case
        Rows of both sides; rows of one block count as one draw.
    suspicion
        Shape (rows,) of both sides: a number whose mean changed, such as a loss, a flag or a
        missing indicator; what it was in the baseline is taken off, value by value. Or shape
        (current rows,): how much more than expected, with mean 0 where nothing changed. NaN rows
        are left out.
    candidates
        Names of categorical columns; others are passed over.
    confidence
        One less the chance that an unconfined change is called confined.

    Returns
    -------
    Segment or None
        ``None`` where the change is not inside one value, or there is none. ``share`` is the part
        of the change that comes from inside, ``excess`` how far the mean changed there.

    Raises
    ------
    NotApplicable
        When ``suspicion`` has another number of rows than the case or its current side.

    Examples
    --------
    >>> from tidegauge.case import case_of
    >>> rng = np.random.default_rng(0)
    >>> host, now = rng.choice(["a", "b", "c"], 3_000), np.arange(3_000) >= 1_500
    >>> missing = (now & (host == "b") & (rng.random(3_000) < 0.2)).astype(float)
    >>> found = confined_to(case_of({"host": host}, now), missing, ["host"])
    >>> found.where, found.share
    ('host = b', 1.0)
    """
    before, now = _sides(case, np.asarray(suspicion, dtype=np.float64))
    named = [n for n in candidates if n in case.variables and case[n].categorical]
    levels = {name: _levels(case[name], case) for name in named}
    asked = sum(len(codes) for codes in levels.values())
    if not asked:
        return None
    level = 1.0 - (1.0 - confidence) / asked
    found = [
        one
        for name, codes in levels.items()
        for one in _asked(case, case[name], codes, before, now, level, asked)
    ]
    passing = [one for one in found if one.p_value <= 1.0 - confidence and _holds(one)]
    return _segment(max(passing, key=_explained)) if passing else None


def _sides(case: Case, suspicion: Floats) -> tuple[Floats | None, Floats]:
    """Numbers of both sides' rows; none of the baseline where they are what is beyond expected."""
    if len(suspicion) == case.n:
        return suspicion[~case.current], suspicion[case.current]
    if len(suspicion) == case.n_current:
        return None, suspicion
    raise NotApplicable(
        f"{len(suspicion):,} numbers for {case.n:,} rows, {case.n_current:,} of them current"
    )


def _levels(variable: Variable, case: Case) -> Places:
    """Codes that are asked about; one behind the last stands for missing."""
    rows = np.bincount(_coded(variable, case.current), minlength=len(variable.levels) + 1)
    often = np.argsort(-rows, kind="stable")[:LEVELS]
    return np.sort(often[(rows[often] >= FEWEST) & (rows[often] <= rows.sum() - FEWEST)])


def _coded(variable: Variable, side: NDArray[np.bool_]) -> Places:
    values = variable.values[side]
    return np.where(np.isnan(values), len(variable.levels), values).astype(np.int64)


def _asked(
    case: Case,
    variable: Variable,
    codes: Places,
    before: Floats | None,
    now: Floats,
    level: float,
    asked: int,
) -> Iterator[_Asked]:
    """Ask about each value of a column."""
    count = len(variable.levels) + 1
    blocks = case.blocks
    current = _sums(
        _coded(variable, case.current), now, None if blocks is None else blocks[case.current], count
    )
    past = None
    if before is not None:
        past = _sums(
            _coded(variable, ~case.current),
            before,
            None if blocks is None else blocks[~case.current],
            count,
        )
    for code in codes:
        one = _one(int(code), current, past, level)
        if one is not None:
            inside, interval, share, around, p_value = one
            yield _Asked(
                column=variable.name,
                level=variable.levels[code] if code < count - 1 else "missing",
                inside=inside,
                share=share,
                interval_of_share=around,
                interval=interval,
                p_value=min(1.0, p_value * asked),
                rows=int(current.rows[code]),
                support=float(current.rows[code] / current.rows.sum()),
                support_baseline=float(past.rows[code] / past.rows.sum()) if past else 0.0,
            )


def _sums(codes: Places, values: Floats, blocks: Places | None, count: int) -> _Sums:
    """Count, mean and variance of the mean for each value."""
    known = np.isfinite(values)
    codes, values = codes[known], values[known]
    rows = np.bincount(codes, minlength=count).astype(np.float64)
    mean = np.bincount(codes, values, count) / np.maximum(rows, 1.0)
    left = values - mean[codes]
    if blocks is None:
        units, squares = rows, np.bincount(codes, left * left, count)
    else:
        pair = np.unique(blocks[known], return_inverse=True)[1] * count + codes
        names, place = np.unique(pair, return_inverse=True)
        sums = np.bincount(place, left)
        units = np.bincount(names % count, minlength=count).astype(np.float64)
        squares = np.bincount(names % count, sums * sums, count)
    spare = units / np.maximum(units - 1.0, 1.0)
    return _Sums(rows, units, mean, squares * spare / np.maximum(rows, 1.0) ** 2)


def _one(
    code: int, now: _Sums, past: _Sums | None, level: float
) -> tuple[float, Interval, float, Interval, float] | None:
    """Change inside and its interval, its share of the whole and that one's, and the p-value."""
    inside, outside = _split(now, code)
    then_in, then_out = _split(past, code) if past else (_NOTHING, _NOTHING)
    needed = (inside, outside) if past is None else (inside, outside, then_in, then_out)
    if min(part.units for part in needed) < FEWEST:
        return None
    change_in, change_out = inside.mean - then_in.mean, outside.mean - then_out.mean
    variance_in = inside.variance + then_in.variance
    variance_out = outside.variance + then_out.variance
    spread = math.sqrt(variance_in + variance_out)
    if not spread > 0.0:
        return None
    spare = min(part.units for part in needed) - 1.0
    p_value = 2.0 * student_sf(abs(change_in - change_out) / spread, spare)
    z = two_sided_z(level)
    reach = z * math.sqrt(variance_in)
    a, b = inside.rows * change_in, outside.rows * change_out
    va, vb = inside.rows**2 * variance_in, outside.rows**2 * variance_out
    share = a / (a + b) if a + b else 0.0
    return (
        change_in,
        Interval(change_in - reach, change_in + reach),
        share,
        _part_interval(a, va, b, vb, z),
        p_value,
    )


class _Group(NamedTuple):
    rows: float
    units: float
    mean: float
    variance: float


_NOTHING = _Group(0.0, 0.0, 0.0, 0.0)


def _split(sums: _Sums, code: int) -> tuple[_Group, _Group]:
    """Rows of one value, and all others."""
    inside = _Group(*(float(part[code]) for part in sums))
    rest = np.arange(len(sums.rows)) != code
    rows = float(sums.rows[rest].sum())
    if not rows:
        return inside, _NOTHING
    weight = sums.rows[rest] / rows
    mean = float(weight @ sums.mean[rest])
    # Others have different means, and which of them a row is of is chance too.
    between = float(weight @ (sums.mean[rest] - mean) ** 2) / rows
    variance = float(weight**2 @ sums.variance[rest]) + between
    return inside, _Group(rows, float(sums.units[rest].sum()), mean, variance)


def _part_interval(a: float, va: float, b: float, vb: float, z: float) -> Interval:
    """Interval of ``a / (a + b)``, by those shares that the data do not rule out (Fieller).

    The share is ``s`` where ``(1 - s) a - s b`` is 0.
    """
    shares = np.linspace(-1.0, 2.0, 1_201)
    off = ((1.0 - shares) * a - shares * b) ** 2
    possible = shares[off <= z * z * ((1.0 - shares) ** 2 * va + shares**2 * vb)]
    if not len(possible):
        return Interval(a / (a + b), a / (a + b))
    return Interval(float(possible[0]), float(possible[-1]))


def _holds(one: _Asked) -> bool:
    """Whether all of the change may come from inside, and most of it certainly does."""
    return one.share >= MOSTLY and one.interval_of_share.high >= 1.0 and (
        one.interval_of_share.low > 0.5
    )  # fmt: skip


def _explained(one: _Asked) -> float:
    return one.rows * one.inside**2 * (1.0 - one.support)


def _segment(one: _Asked) -> Segment:
    return Segment(
        where=f"{one.column} = {one.level}",
        columns=(one.column,),
        excess=one.inside,
        interval=one.interval,
        share=min(1.0, one.share),
        support=one.support,
        support_baseline=one.support_baseline,
        p_value=one.p_value,
        n=one.rows,
    )
