"""Where a fault is: the rule that rows which look wrong are confined to."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tidegauge.case import Case
from tidegauge.errors import NotApplicable, TooFewRows
from tidegauge.records import ExplainerCard, Interval, Segment
from tidegauge_evaluators._halves import Contrast, Half, contrast, halves
from tidegauge_evaluators._lattice import Lattice, Picked
from tidegauge_evaluators._slices import axes_of

CARD = ExplainerCard(
    title="Where a fault is confined to",
    explain="Is a column wrong everywhere, or on some rows only?",
    reference="Sagadeeva & Boehm 2021, SIGMOD (lattice search); Cox 1975, Biometrika 62 "
    "(search on one half, test on the other)",
)

Numbers = NDArray[np.float64]
Mask = NDArray[np.bool_]

FEWEST = 60
"""Current rows that are needed."""
LEFT = 0.15
"""Largest suspicion outside, as a part of that inside, of a fault that is confined."""
ALL = 0.95
"""Share of the current rows from which a rule is no confinement."""
SURE = 1e-3
"""Largest p-value of inside against outside."""
RULES = 3
"""Rules whose union may be the answer: "source = mobile or source = tablet"."""


def where(
    case: Case,
    column: str,
    suspicion: NDArray[np.generic],
    *,
    rng: np.random.Generator,
    confidence: float = 0.95,
    min_support: float = 0.01,
    names: Sequence[str] | None = None,
) -> Segment | None:
    """Find the rows that a fault of one column is confined to.

    Parameters
    ----------
    column
        The column at fault, which no rule may be about; empty = none.
    suspicion
        How wrong each row looks: a flag such as "missing" or "holds the sentinel", or a number
        such as the log odds of being a current row. Shape (rows,), or (current rows,) where
        nothing is known of the baseline; NaN = not known.
    rng
        Which rows search and which test.
    names
        Columns for rules; the features and the model version unless given.

    Returns
    -------
    The rule, its ``excess`` being the mean suspicion inside, less what it was before where that
    is known, and ``share`` the part of all suspicion that is inside; ``None`` where the fault is
    everywhere or follows no rule.

    Raises
    ------
    TooFewRows
        When fewer than 60 current rows have a suspicion.

    Examples
    --------
    >>> from tidegauge.case import case_of
    >>> rng = np.random.default_rng(0)
    >>> source, side = rng.choice(["web", "mobile"], 800), np.arange(800) >= 400
    >>> amount = np.where(side & (source == "mobile") & (rng.random(800) < 0.3), np.nan, 1.0)
    >>> case = case_of({"source": source, "amount": amount}, side)
    >>> where(case, "amount", np.isnan(amount), rng=rng).where
    'source = mobile'
    """
    values = _laid(case, suspicion)
    known = ~np.isnan(values)
    n = int(np.count_nonzero(known & case.current))
    if n < FEWEST:
        before = int(np.count_nonzero(known & ~case.current))
        raise TooFewRows(needed=FEWEST, n_baseline=before, n_current=n, of="with a suspicion")
    columns = [name for name in (names or _columns(case)) if name != column]
    axes = axes_of(case, columns)
    if not axes or np.nanstd(values[case.current]) == 0:
        return None
    search, test = halves(case, known, rng)
    lattice = Lattice(
        axes,
        search.now,
        values[search.now],
        search.then,
        values[search.then],
        least=max(15.0, min_support * len(search.now)),
    )
    found: list[Picked] = []
    for _ in range(RULES):
        one = lattice.best()
        if one is None or one.score <= 0:
            return None
        found.append(lattice.picked(one.rule, case))
        lattice.forget(found[-1].inside)
        whole = _union(found)
        if _confined(case, search, values, whole.inside) is not None:
            return _tested(case, test, values, whole, confidence)
    return None


def _laid(case: Case, suspicion: NDArray[np.generic]) -> Numbers:
    given = np.asarray(suspicion, dtype=np.float64)
    values = np.full(case.n, np.nan)
    if given.shape == (case.n,):
        values[:] = given
    elif given.shape == (case.n_current,):
        values[case.current] = given
    else:
        raise NotApplicable(f"a suspicion for each of {case.n_current:,} rows is needed")
    return np.where(np.isfinite(values), values, np.nan)


def _columns(case: Case) -> list[str]:
    version = [case.model_version] if case.model_version in case.variables else []
    return [*case.features, *(one for one in version if one not in case.features)]


def _union(found: Sequence[Picked]) -> Picked:
    inside = np.logical_or.reduce([one.inside for one in found])
    columns = tuple(dict.fromkeys(name for one in found for name in one.columns))
    said = " or ".join(
        f"({one.where})" if len(found) > 1 and len(one.columns) > 1 else one.where for one in found
    )
    return Picked(inside=inside, where=said, columns=columns)


def _confined(case: Case, half: Half, values: Numbers, inside: Mask) -> float | None:
    """Part of the suspicion that is inside; None where too much is outside."""
    parts = []
    for mask in (inside, ~inside):
        now, then = half.now[mask[half.now]], half.then[mask[half.then]]
        before = values[then].mean() if len(then) else 0.0
        parts.append((len(now), float(values[now].mean() - before) if len(now) else 0.0))
    (n_in, rate_in), (n_out, rate_out) = parts
    if rate_in <= 0 or rate_out > LEFT * rate_in or n_in > ALL * (n_in + n_out):
        return None
    return n_in * rate_in / (n_in * rate_in + n_out * max(rate_out, 0.0))


def _tested(
    case: Case, half: Half, values: Numbers, rule: Picked, confidence: float
) -> Segment | None:
    share = _confined(case, half, values, rule.inside)
    one: Contrast = contrast(case, half, values, rule.inside)
    if share is None or one.p_value > SURE:
        return None
    known = ~np.isnan(values)
    return Segment(
        where=rule.where,
        columns=rule.columns,
        excess=one.mean,
        interval=Interval(*one.around(confidence)),
        share=share,
        support=float(rule.inside[known & case.current].mean()),
        support_baseline=float(rule.inside[~case.current].mean()) if case.n_baseline else 0.0,
        p_value=one.p_value,
        n=one.n,
    )
