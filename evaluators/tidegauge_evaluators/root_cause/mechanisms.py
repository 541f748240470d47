"""Which mechanisms of a causal order changed, and what each did to a number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tidegauge.case import Case
from tidegauge.records import Decomposition, ExplainerCard, Information
from tidegauge_evaluators._causal_order import CausalOrder, causal_order
from tidegauge_evaluators._domain import Domain, Estimate
from tidegauge_evaluators._marginals import evidence
from tidegauge_evaluators._mechanism_parts import parts_of_information, parts_of_mean
from tidegauge_evaluators._redundancy import association

CARD = ExplainerCard(
    title="Attribution to causal mechanisms",
    explain="Which columns changed in how they follow from their causes, and what each such "
    "change did to a mean.",
    reference="Budhathoki, Janzing, Bloebaum & Ng 2021, AISTATS; Quintas-Martinez et al. 2024, "
    "ICML, arXiv 2404.08839; Zhang, Singh, Ghassemi & Joshi 2023, ICML",
    needs="a causal order or graph",
)

STEADY = 2.0
"""Standard errors below which a mechanism shows no sign of a change."""
MOVED = 3.0
"""Standard errors from which a column has moved."""
FOLLOWED = 3
"""Columns whose rank is followed through other orders."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mechanisms:
    """Which mechanisms changed and what they did."""

    decomposition: Decomposition | None
    """The change by mechanism, the largest share first; ``None`` where none changed."""
    tests: tuple[Information, ...]
    """For each column, causes first: whether its mechanism changed; p-values are corrected."""
    ranking: tuple[str, ...]
    """Columns whose mechanism changed, the surest first."""
    moved: Mapping[str, tuple[str, ...]]
    """Column in ``ranking`` -> others that changed only along with it."""
    steady: tuple[str, ...]
    """Columns whose mechanism shows no sign of a change: if they moved, others moved them."""
    basis: Literal["order", "graph"]
    """What was given."""
    survives: float | None = None
    """How often the first of ``ranking`` stays first in other orders that agree with what was
    given; ``None`` unless asked for."""
    notes: tuple[str, ...] = ()
    """What a reader must know."""


def mechanisms(
    case: Case,
    functional: NDArray[np.float64] | None = None,
    *,
    of: str = "drift",
    names: Sequence[str] | None = None,
    rng: np.random.Generator,
    confidence: float = 0.95,
    alpha: float = 0.05,
    orders: int = 0,
    domain: Domain | None = None,
) -> Mechanisms:
    """Test each mechanism of a causal order; attribute a change of a mean to those that changed.

    A mechanism is how a column follows from its causes. It changed if the column still tells the
    sides apart when its causes are known. The change of the functional's mean is divided by
    Shapley's rule among the mechanisms that changed, each coalition's mean being found by nested
    regression with importance weights on what it leaves. An order is an assumption that data
    cannot prove: a wrong one gives wrong answers that look sure.

    Parameters
    ----------
    case
        With ``parents`` or ``order``.
    functional
        Shape (rows,): loss, score or other number of each row; NaN where there is none, and
        such rows are passed over. ``None`` = divide the information about the side instead.
    of
        What the functional is, in words.
    names
        Keep only these columns of the order.
    confidence
        Level of the intervals.
    alpha
        False discoveries that are accepted among the mechanisms (Benjamini & Hochberg 1995).
    orders
        How many other full orders to try on the first few mechanisms.
    domain
        Of this case, where there is one already.

    Raises
    ------
    NotApplicable
        When the case has neither order nor graph, or the graph runs in a circle.
    TooFewRows
        When a side has fewer than 30 rows with a functional.

    Examples
    --------
    >>> from tidegauge.case import case_of
    >>> rng = np.random.default_rng(1)
    >>> side = np.arange(2_000) >= 1_000
    >>> demand = rng.normal(size=2_000) + 2 * side
    >>> sales = demand + rng.normal(size=2_000)
    >>> case = case_of({"demand": demand, "sales": sales}, side, order=(("demand",), ("sales",)))
    >>> found = mechanisms(case, sales, of="mean sales", rng=rng)
    >>> [(part.factor, part.verdict, round(part.share, 1)) for part in found.decomposition.parts]
    [('demand', 'covariate', 1.0)]
    """
    order = causal_order(case, names)
    rows = _known(case, functional, order)
    if not rows.all():
        case, domain = case.only(rows), None
        functional = functional if functional is None else functional[rows]
    domain = domain or Domain(case, rng=rng)
    found = {name: domain.information([name], order.before[name]) for name in order.names}
    adjusted = _adjusted(found)
    changed = sorted(
        (name for name in found if adjusted[name] <= alpha), key=lambda name: -found[name].z
    )
    ranking, moved = _without_followers(domain, order, changed, alpha)
    steady = tuple(name for name in order.names if found[name].z < STEADY)
    moved = _with_followers(domain, steady, ranking, moved)
    notes = [*_left_out(order, rows), *_sparse(ranking, order)]
    decomposition = None
    if ranking and functional is None:
        decomposition = parts_of_information(domain, order, ranking, moved, found, rng, confidence)
    elif ranking and functional is not None:
        decomposition, more = parts_of_mean(
            domain, order, ranking, moved, found, functional, of, rng, confidence
        )
        notes += more
    return Mechanisms(
        decomposition=decomposition,
        tests=tuple(_told(name, order, found[name], adjusted[name]) for name in order.names),
        ranking=tuple(ranking),
        moved=moved,
        steady=steady,
        basis=order.basis,
        survives=_survives(domain, order, ranking, orders, rng) if ranking and orders else None,
        notes=tuple(notes),
    )


def _known(
    case: Case, functional: NDArray[np.float64] | None, order: CausalOrder
) -> NDArray[np.bool_]:
    """Rows with a functional, and with a truth where its mechanism is asked about.

    Truths that arrive late are missing from the newest rows, which is no change of a mechanism.
    """
    rows = np.ones(case.n, bool) if functional is None else np.isfinite(functional)
    if case.target in order.before:
        rows &= np.isfinite(case[case.target].values)
    return rows


def _adjusted(found: Mapping[str, Estimate]) -> dict[str, float]:
    from scipy.special import ndtr
    from scipy.stats import false_discovery_control

    raw = ndtr([-one.z for one in found.values()])
    return dict(zip(found, false_discovery_control(raw).tolist(), strict=True))


def _without_followers(
    domain: Domain, order: CausalOrder, changed: Sequence[str], alpha: float
) -> tuple[list[str], dict[str, tuple[str, ...]]]:
    """Set columns apart that tell nothing more once the surer ones of their tier are known."""
    if order.basis == "graph":
        return list(changed), {}
    from scipy.special import ndtr

    kept: list[str] = []
    moved: dict[str, tuple[str, ...]] = {}
    for name in changed:
        tier = next(tier for tier in order.tiers if name in tier)
        surer = [one for one in kept if one in tier]
        beyond = domain.information([name], [*order.before[name], *surer])
        if surer and ndtr(-beyond.z) > alpha:
            moved[surer[0]] = (*moved.get(surer[0], ()), name)
        else:
            kept.append(name)
    return kept, moved


def _with_followers(
    domain: Domain,
    steady: Sequence[str],
    ranking: Sequence[str],
    moved: Mapping[str, tuple[str, ...]],
) -> dict[str, tuple[str, ...]]:
    """Give each column that moved by no change of its own to the one it goes with most closely."""
    found = dict(moved)
    taken = {name for names in moved.values() for name in names}
    shown = evidence(domain, tuple(name for name in steady if name not in taken))
    for name in [name for name, z in shown.items() if z > MOVED] if ranking else ():
        first = max(ranking, key=lambda one: association(domain.case, name, one))
        found[first] = (*found.get(first, ()), name)
    return found


def _survives(
    domain: Domain,
    order: CausalOrder,
    ranking: Sequence[str],
    orders: int,
    rng: np.random.Generator,
) -> float:
    """Rank the first few again, given all that comes before them in other full orders."""
    first = 0
    for _ in range(orders):
        full = order.redrawn(rng)
        z = {
            name: domain.information([name], full[: full.index(name)]).z
            for name in ranking[:FOLLOWED]
        }
        first += max(z, key=lambda name: z[name]) == ranking[0]
    return first / orders


def _told(name: str, order: CausalOrder, found: Estimate, p_value: float) -> Information:
    before = order.before[name]
    known = ", ".join(before) if len(before) <= 3 else f"{len(before)} columns before it"
    return Information(
        about=f"side and {name}" + (f", given {known}" if before else ""),
        value=found.value,
        z=found.z,
        p_value=p_value,
    )


def _left_out(order: CausalOrder, rows: NDArray[np.bool_]) -> list[str]:
    notes = []
    if order.left_out:
        what = ", ".join(order.left_out[:5]) + (" and more" if len(order.left_out) > 5 else "")
        notes.append(f"not in the causal {order.basis}, so not asked about: {what}")
    if not rows.all():
        without = int(np.count_nonzero(~rows))
        notes.append(f"{without:,} rows without a truth or a value were passed over")
    return notes


def _sparse(ranking: Sequence[str], order: CausalOrder) -> list[str]:
    """Most incidents change few mechanisms; under a wrong order most seem to have changed."""
    if len(ranking) < 3 or len(ranking) <= len(order.names) / 2:
        return []
    return [
        f"{len(ranking)} of {len(order.names)} mechanisms changed at once, which is rare: "
        f"the {order.basis} may be wrong"
    ]
