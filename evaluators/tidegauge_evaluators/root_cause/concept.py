"""Concept shift: whether the target given the features changed, and which feature's effect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tidegauge.case import Case
from tidegauge.errors import NotApplicable, TooFewRows
from tidegauge.records import Cause, ExplainerCard, Information
from tidegauge_evaluators._domain import Domain
from tidegauge_evaluators._effects import Binned, Change, binned, changes, drawn_rows, losses
from tidegauge_evaluators._estimates import Drawn, Estimated, drawn
from tidegauge_evaluators._halves import corrected
from tidegauge_evaluators._losses import task_of, truth_of
from tidegauge_evaluators._slices import axes_of

CARD = ExplainerCard(
    title="Concept shift by feature",
    explain="Did the truth given the inputs change, and the effect of which input?",
    reference="Nie & Wager 2021, Biometrika 108 (change given the inputs); Lei et al. 2018, "
    "JASA 113 (leaving one column out)",
    needs="labels on both sides",
)

Numbers = NDArray[np.float64]

FEWEST = 100
"""Labelled rows that each side needs."""
SUSPECTS = 5
"""Columns that are left out one by one."""
COMPANY = 12
"""Columns that the change is learned from, the suspects among them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConceptShift:
    """Whether and where the target given the features changed."""

    information: Information
    """What the target adds about the side once the features are known."""
    level: Information
    """Whether the target changed alike at all inputs."""
    effects: tuple[Information, ...]
    """For each feature whether the change of the target differs over its values, corrected for
    their number; the surest first. ``value`` is chi-square over its degrees of freedom."""
    causes: tuple[Cause, ...]
    """Features without which the change cannot be told as well, and the target itself where the
    change is the same at all inputs; the largest share first."""


def concept(
    case: Case,
    *,
    rng: np.random.Generator,
    confidence: float = 0.95,
    domain: Domain | None = None,
) -> ConceptShift:
    """Find the features whose effect on the target changed.

    Residuals of the target are compared between the sides at the same inputs, so that another mix
    of inputs is not taken for another concept. First over the cells of each feature; where that,
    or the target as a whole, tells of a change, the change is learned and each suspect left out.

    Parameters
    ----------
    domain
        Answers about the sides for the same rows; made anew where some have no label.

    Raises
    ------
    NotApplicable
        When there is no target, or it never varies.
    TooFewRows
        When a side has fewer than 100 labelled rows.

    Examples
    --------
    >>> from tidegauge.case import case_of
    >>> rng = np.random.default_rng(0)
    >>> x, z, side = *rng.normal(size=(2, 4_000)), np.arange(4_000) >= 2_000
    >>> chance = 1 / (1 + np.exp(-np.where(side, -1, 1) * x - z))
    >>> y = (rng.random(4_000) < chance).astype(float)
    >>> case = case_of({"x": x, "z": z, "y": y}, side, target="y", task="classification")
    >>> concept(case, rng=rng).causes[0].factor
    'x'
    """
    case, domain = _labelled(case, domain, rng)
    told = domain.information([case.target], given=case.features)
    information = Information(about="side and target, features known", value=told.value, z=told.z)
    found = changes(case, domain, rng)
    tested = _binned(case, found)
    adjusted = corrected([one.p_value for one, _ in tested])
    effects = sorted(
        ((p, one, change) for p, (one, change) in zip(adjusted, tested, strict=True)),
        key=lambda each: (each[0], -each[1].chi2),
    )
    change = effects[0][2] if effects and effects[0][0] <= 1 - confidence else _strongest(found)
    level = _level(change, domain)
    sure = told.z > 2 or level.z**2 > 4 or any(p <= 1 - confidence for p, _, _ in effects)
    suspects = [one for _, one, own in effects if own.said == change.said]
    return ConceptShift(
        information=information,
        level=level,
        effects=tuple(
            Information(
                about=f"{one.name} and the change of {case.target}",
                value=one.chi2 / max(one.df, 1),
                z=_normal(one.p_value),
                p_value=p,
            )
            for p, one, _ in effects
        ),
        causes=_causes(case, change, suspects, domain, rng, confidence) if sure else (),
    )


def _labelled(case: Case, domain: Domain | None, rng: np.random.Generator) -> tuple[Case, Domain]:
    if case.target not in case.variables:
        raise NotApplicable("concept shift needs a target, and no column is one")
    kind = task_of(case)
    truth = case[case.target].values if kind == "regression" else truth_of(case)
    known = np.isfinite(truth)
    n_before, n_now = (int(np.count_nonzero(known & (case.current == side))) for side in (0, 1))
    if min(n_before, n_now) < FEWEST:
        raise TooFewRows(needed=FEWEST, n_baseline=n_before, n_current=n_now, of="with a label")
    if len(np.unique(truth[known])) < 2:
        raise NotApplicable(f"{case.target} has one value only")
    if known.all() and domain is not None:
        return case, domain
    case = replace(case, texts={}).only(known)
    return case, Domain(case, rng=rng)


def _binned(case: Case, found: Sequence[Change]) -> list[tuple[Binned, Change]]:
    """Test each feature on the class that is surest, corrected for the number of classes."""
    kept = []
    for axis in axes_of(case, case.features):
        each = [(binned(change, axis, case.blocks), change) for change in found]
        best, change = min(each, key=lambda one: one[0].p_value)
        kept.append((replace(best, p_value=min(1.0, len(each) * best.p_value)), change))
    return kept


def _strongest(found: Sequence[Change]) -> Change:
    return max(found, key=lambda change: abs(_pushed(change)[0]))


def _pushed(change: Change) -> tuple[float, Numbers, float]:
    """Change that is the same at all inputs: z over independent rows, row sums, its size."""
    push = change.weights * change.side * change.residual
    size = float(push.sum() / (change.weights * change.side**2).sum())
    noise = push - change.weights * change.side**2 * size
    return float(push.sum() / max(np.sqrt((noise**2).sum()), 1e-300)), noise, size


def _level(change: Change, domain: Domain) -> Information:
    _, noise, size = _pushed(change)
    error = domain.error(noise) / float((change.weights * change.side**2).mean())
    return Information(
        about=f"change of the {change.said} at the same inputs",
        value=size,
        z=size / error if error > 0 else 0.0,
    )


def _normal(p_value: float) -> float:
    from scipy.special import ndtri

    return float(-ndtri(min(max(p_value, 1e-300), 1 - 1e-16)))


def _causes(
    case: Case,
    change: Change,
    suspects: Sequence[Binned],
    domain: Domain,
    rng: np.random.Generator,
    confidence: float,
) -> tuple[Cause, ...]:
    """Features by what the held-out change loses without them."""
    rows, folds = drawn_rows(case, rng)
    names = [one.name for one in suspects[:COMPANY]]
    blocks = None if case.blocks is None else case.blocks[rows]

    def loss(columns: Sequence[str]) -> Numbers:
        return losses(case, change, columns, domain, rows, folds)

    whole, one_number = loss(names), loss([])
    nothing = change.ground[rows] * change.change[rows] ** 2 / 2
    gains = {case.target: nothing - one_number}
    for suspect in names[:SUSPECTS]:
        gains[suspect] = loss([name for name in names if name != suspect]) - whole
    kept = {
        name: Estimated(value=float(rows_.mean()), influence=rows_ - rows_.mean())
        for name, rows_ in gains.items()
        if rows_.mean() > 0
    }
    if not kept:
        return ()
    total = Estimated(
        value=sum(one.value for one in kept.values()),
        influence=np.sum([one.influence for one in kept.values()], axis=0),
    )
    redrawn = drawn({**kept, "": total}, rng=rng, confidence=confidence, blocks=blocks)
    said = {one.name: one.because for one in suspects}
    # suspects are the surest of all features on the same rows, so all features are corrected for
    unasked = [1.0] * max(len(case.features) + 1 - len(kept), 0)
    sure = corrected([*(_chance(redrawn, name) for name in kept), *unasked])[: len(kept)]
    found = [
        _cause(case, change, name, said.get(name, ""), redrawn, tuple(kept))
        for name, p in zip(kept, sure, strict=True)
        if p <= 1 - confidence
    ]
    return tuple(sorted(found, key=lambda one: -one.share))


def _chance(redrawn: Drawn, name: str) -> float:
    """Chance that a column which adds nothing adds as much."""
    from scipy.special import ndtr

    return float(ndtr(-redrawn.values[name] / max(float(redrawn.draws[name].std()), 1e-300)))


def _cause(
    case: Case, change: Change, name: str, because: str, redrawn: Drawn, among: tuple[str, ...]
) -> Cause:
    z = redrawn.values[name] / max(float(redrawn.draws[name].std()), 1e-300)
    if name == case.target:
        size = _pushed(change)[2]
        because = f"at the same inputs the {change.said} changed by {size:+.3g} (z = {z:.1f})"
    else:
        because = f"{because}; without {name} the change cannot be told as well (z = {z:.1f})"
    return Cause(
        factor=name,
        verdict="concept",
        share=redrawn.share(name, ""),
        interval=redrawn.share_interval(name, ""),
        rank_one=redrawn.first(name, among),
        because=because,
        columns=(name,),
    )
