"""A causal order that the baseline suggests, for a person to confirm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tidegauge.case import Case, Variable
from tidegauge.errors import MissingExtraError, NotApplicable, TooFewRows
from tidegauge.records import ExplainerCard

CARD = ExplainerCard(
    title="Suggested causal order",
    explain="Which columns seem to come before which, from the baseline alone.",
    reference="Shimizu et al. 2011, JMLR 12 (DirectLiNGAM); Spirtes & Glymour 1991, Social "
    "Science Computer Review 9 (PC)",
    extra="causal",
)

MOST = 30
"""Columns; with more it takes minutes and is mostly wrong."""
ROWS = 2_000
FEW = 100
"""Rows without a gap that are needed."""
GAPS = 0.2
"""Share of missing values from which a column is left out."""
TWINS = 0.999
"""Correlation from which two columns are one."""
WEAK = 0.05
"""Standardised effect under which an edge is passed over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SuggestedOrder:
    """An order that fits the baseline; others may fit it as well."""

    tiers: tuple[tuple[str, ...], ...]
    """Columns, causes first."""
    note: str
    """Where it comes from and what it assumes, for the reader."""
    left_out: tuple[str, ...] = ()
    """Columns that could not be placed."""


def order(
    case: Case,
    *,
    rng: np.random.Generator,
    method: Literal["direct_lingam", "pc"] = "direct_lingam",
    names: Sequence[str] | None = None,
) -> SuggestedOrder:
    """Suggest tiers by causal discovery on at most 30 columns and 2,000 baseline rows.

    Both methods are those of causal-learn. DirectLiNGAM needs linear effects and noise that is
    not normal; PC finds a class of graphs that data cannot tell apart, and one of them is taken.
    Neither sees causes that are not among the columns.

    Parameters
    ----------
    case
        Numbers and categories of two levels are used; the current rows are not looked at.
    method
        ``direct_lingam`` or ``pc``.
    names
        Columns, the most suspect first; the features unless given.

    Raises
    ------
    MissingExtraError
        When causal-learn is not installed.
    NotApplicable
        When fewer than two columns can be used.
    TooFewRows
        When fewer than 100 baseline rows are without a gap.

    Examples
    --------
    >>> from tidegauge.case import case_of
    >>> rng = np.random.default_rng(0)
    >>> visits = rng.exponential(size=800)
    >>> columns = {"sales": visits + rng.uniform(-1, 1, 800), "visits": visits}
    >>> order(case_of(columns, np.arange(800) >= 400), rng=rng).tiers  # doctest: +SKIP
    (('visits',), ('sales',))
    """
    asked = tuple(case.features if names is None else names)
    used, matrix = _matrix(case, asked[:MOST], rng)
    if len(used) < 2:
        raise NotApplicable("fewer than two columns of numbers that vary: nothing to order")
    edges, unsure = _lingam(matrix, rng) if method == "direct_lingam" else _pc(matrix)
    assumed = {
        "direct_lingam": "DirectLiNGAM, which assumes linear effects and noise that is not normal",
        "pc": f"the PC algorithm; {unsure} of its directions are a free choice",
    }[method]
    return SuggestedOrder(
        tiers=_tiers(used, edges),
        note=f"suggested by {assumed}, from {len(matrix):,} baseline rows of {len(used)} columns; "
        "it sees no cause outside them: confirm it before you rely on it",
        left_out=tuple(name for name in asked if name not in used),
    )


def _matrix(
    case: Case, names: Sequence[str], rng: np.random.Generator
) -> tuple[list[str], NDArray[np.float64]]:
    """Standardise usable columns over baseline rows without a gap."""
    columns = {name: case[name].values[~case.current] for name in names if _usable(case[name])}
    columns = {name: v for name, v in columns.items() if np.mean(~np.isfinite(v)) <= GAPS}
    matrix = np.column_stack([np.zeros((case.n_baseline, 0)), *columns.values()])
    matrix = matrix[np.isfinite(matrix).all(axis=1)]
    if len(matrix) < FEW:
        raise TooFewRows(needed=FEW, n_baseline=len(matrix), n_current=case.n_current)
    if len(matrix) > ROWS:
        matrix = matrix[np.sort(rng.choice(len(matrix), ROWS, replace=False))]
    kept: list[str] = []
    scaled: list[NDArray[np.float64]] = []
    for name, column in zip(columns, matrix.T, strict=True):
        spread = column.std()
        alone = spread > 0 and not any(
            abs(np.mean(other * (column - column.mean())) / spread) > TWINS for other in scaled
        )
        if alone:
            kept.append(name)
            scaled.append((column - column.mean()) / spread)
    return kept, np.column_stack([np.zeros((len(matrix), 0)), *scaled])


def _usable(variable: Variable) -> bool:
    return len(variable.levels) <= 2


def _lingam(matrix: NDArray[np.float64], rng: np.random.Generator) -> tuple[NDArray[np.bool_], int]:
    """Edges, cause by effect, of DirectLiNGAM."""
    try:
        from causallearn.search.FCMBased.lingam import DirectLiNGAM  # type: ignore[import-not-found, import-untyped, unused-ignore]
    except ImportError as problem:
        raise _missing() from problem
    model = DirectLiNGAM(random_state=int(rng.integers(2**31)))
    model.fit(matrix)
    return np.abs(np.asarray(model.adjacency_matrix_)).T > WEAK, 0


def _pc(matrix: NDArray[np.float64]) -> tuple[NDArray[np.bool_], int]:
    """Edges, cause by effect, of one graph of PC's class, and how many could be turned round."""
    try:
        from causallearn.search.ConstraintBased.PC import pc  # type: ignore[import-not-found, import-untyped, unused-ignore]
        from causallearn.utils.PDAG2DAG import pdag2dag  # type: ignore[import-not-found, import-untyped, unused-ignore]
    except ImportError as problem:
        raise _missing() from problem
    found = pc(matrix, alpha=0.01, indep_test="fisherz", show_progress=False).G
    unsure = int(np.count_nonzero((found.graph == -1) & (found.graph.T == -1)) // 2)
    graph = np.asarray(pdag2dag(found).graph)
    return (graph == -1) & (graph.T == 1), unsure


def _tiers(names: Sequence[str], edges: NDArray[np.bool_]) -> tuple[tuple[str, ...], ...]:
    """Put each column right after the last of its causes."""
    tier = np.zeros(len(names), np.int64)
    for _ in names:
        tier = np.maximum(tier, np.where(edges, tier[:, None] + 1, 0).max(axis=0))
    tier = np.unique(np.minimum(tier, len(names)), return_inverse=True)[1]
    return tuple(
        tuple(name for name, of in zip(names, tier, strict=True) if of == place)
        for place in range(int(tier.max()) + 1)
    )


def _missing() -> MissingExtraError:
    return MissingExtraError(
        "root_cause.order needs an optional dependency", 'pip install "tidegauge[causal]"'
    )
