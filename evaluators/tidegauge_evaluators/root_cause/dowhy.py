"""The same question put to dowhy, for comparison."""

from __future__ import annotations

import random
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tidegauge.case import Case
from tidegauge.errors import MissingExtraError, NotApplicable, TooFewRows
from tidegauge.records import Cause, Decomposition, ExplainerCard
from tidegauge_evaluators._causal_order import CausalOrder, causal_order

CARD = ExplainerCard(
    title="Attribution by dowhy",
    explain="What dowhy says that each causal mechanism did to a mean.",
    reference="Budhathoki et al. 2021, AISTATS; Quintas-Martinez et al. 2024, ICML; Sharma & "
    "Kiciman 2020, arXiv 2011.04216",
    needs="a causal order or graph",
    extra="causal",
)

FEW = 30


def dowhy(
    case: Case,
    functional: NDArray[np.float64] | None = None,
    *,
    of: str,
    rng: np.random.Generator,
    method: Literal["distribution_change", "distribution_change_robust"] = "distribution_change",
    names: Sequence[str] | None = None,
) -> Decomposition:
    """Ask ``dowhy.gcm`` to divide the change of a mean among all mechanisms.

    It takes seconds to minutes, gives no intervals, and cannot take gaps: rows with one are
    left out. ``root_cause.mechanisms`` answers the same question without either limit.

    Parameters
    ----------
    case
        With ``parents`` or ``order``.
    functional
        Shape (rows,): number of each row, which becomes a node that depends on all others;
        ``None`` = the mean of the column ``of`` is divided.
    of
        What the functional is, or a column of the order.
    method
        Which of its functions to ask.
    names
        Keep only these columns of the order.

    Returns
    -------
    Decomposition
        One part for each mechanism, the largest share first.

    Raises
    ------
    MissingExtraError
        When dowhy is not installed.
    NotApplicable
        When there is no order, or ``of`` is not in it.
    TooFewRows
        When a side has fewer than 30 rows without a gap.

    Examples
    --------
    >>> from tidegauge.case import case_of
    >>> rng = np.random.default_rng(0)
    >>> side = np.arange(600) >= 300
    >>> visits = rng.normal(10, 1, 600) + 2 * side
    >>> case = case_of({"visits": visits, "sales": visits / 2 + rng.normal(size=600)}, side,
    ...     order=(("visits",), ("sales",)))
    >>> dowhy(case, of="sales", rng=rng).parts[0].factor  # doctest: +SKIP
    'visits'
    """
    order = causal_order(case, names)
    if functional is None and of not in order.before:
        raise NotApplicable(f'the causal {order.basis} has no column "{of}"')
    frame, current = _frame(case, order, functional, of)
    parents = dict(order.before) | ({} if functional is None else {of: order.names})
    with _seeded(rng), warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        found = _asked(frame[~current], frame[current], parents, of, method)
    before, after = float(frame[of][~current].mean()), float(frame[of][current].mean())
    change = after - before
    parts = [
        Cause(
            factor=str(name),
            share=float(part) / change if change else 0.0,
            because=f"dowhy gives the mechanism of {name} {float(part):+.3g} of {change:+.3g} "
            f"in {of}",
            columns=(str(name),),
        )
        for name, part in found.items()
    ]
    lost = case.n - len(frame)
    thin = any("overlap" in str(one.message) for one in said)
    return Decomposition(
        of=of,
        baseline=before,
        current=after,
        parts=tuple(sorted(parts, key=lambda cause: -cause.share)),
        gap=1.0 - sum(part.share for part in parts) if change else 0.0,
        assumes=f"the causal {order.basis} is right and no common cause is missing from it"
        + (f"; {lost:,} rows with a gap were left out" if lost else "")
        + ("; dowhy warns that the sides hardly overlap" if thin else ""),
        method=f"dowhy.gcm.{method}",
    )


def _frame(
    case: Case, order: CausalOrder, functional: NDArray[np.float64] | None, of: str
) -> tuple[Any, NDArray[np.bool_]]:
    """Rows without a gap as a data frame, and which of them are current."""
    import pandas as pd

    columns: dict[str, Any] = {
        name: case[name].texts if case[name].categorical else case[name].values
        for name in order.names
    }
    if functional is not None:
        columns[of] = functional
    frame = pd.DataFrame(columns).replace([np.inf, -np.inf], np.nan)
    whole = frame.notna().all(axis=1).to_numpy()
    current = case.current[whole]
    if min(current.sum(), (~current).sum()) < FEW:
        raise TooFewRows(
            needed=FEW,
            n_baseline=int((~current).sum()),
            n_current=int(current.sum()),
            of="without a gap",
        )
    return frame[whole].reset_index(drop=True), current


def _asked(
    before: Any, after: Any, parents: Mapping[str, Sequence[str]], of: str, method: str
) -> Mapping[str, float]:
    try:
        import networkx as nx  # type: ignore[import-untyped, unused-ignore]
        from dowhy import gcm  # type: ignore[import-not-found, unused-ignore]
    except ImportError as problem:
        raise MissingExtraError(
            "root_cause.dowhy needs an optional dependency", 'pip install "tidegauge[causal]"'
        ) from problem
    gcm.config.disable_progress_bars()
    graph = nx.DiGraph([(cause, name) for name, causes in parents.items() for cause in causes])
    graph.add_nodes_from(parents)
    model = gcm.ProbabilisticCausalModel(graph)
    if method == "distribution_change_robust":
        robust: Mapping[str, float] = gcm.distribution_change_robust(model, before, after, of)
        return robust
    gcm.auto.assign_causal_mechanisms(model, before)
    found: Mapping[str, float] = gcm.distribution_change(
        model, before, after, of, difference_estimation_func=_rise
    )
    return found


def _rise(before: Any, after: Any) -> float:
    return float(np.mean(after) - np.mean(before))


@contextmanager
def _seeded(rng: np.random.Generator) -> Iterator[None]:
    """Seed the global generators that dowhy draws from, and put them back."""
    numbers, words = np.random.get_state(), random.getstate()
    seed = int(rng.integers(2**31))
    np.random.seed(seed)
    random.seed(seed)
    try:
        yield
    finally:
        np.random.set_state(numbers)
        random.setstate(words)
