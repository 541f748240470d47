"""Label shift: whether the mix of classes changed and what is seen of each class did not."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tidegauge.case import Case
from tidegauge.errors import NotApplicable, TooFewRows
from tidegauge.records import ExplainerCard, Information, Interval
from tidegauge_evaluators._domain import Domain
from tidegauge_evaluators._losses import classes_of, decisions, task_of, truth_of
from tidegauge_evaluators._mixes import Mix, compared, estimated
from tidegauge_evaluators._rates import Rate, share_interval

CARD = ExplainerCard(
    title="Label shift",
    explain="Did the mix of classes change, each class looking as before?",
    reference="Lipton, Wang & Smola 2018, ICML (arXiv 1802.03916)",
    needs="labels of the baseline, and decisions or labels of the current log",
)

Numbers = NDArray[np.float64]

FEWEST = 60
"""Labelled rows of the baseline, and rows of the current log, that are needed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassShare:
    """One class's share of the rows."""

    label: str
    baseline: float
    current: float | None
    """By the labels of the current log; None where none has arrived."""
    interval: Interval | None
    """Confidence interval of ``current``."""
    foreseen: float | None
    """By what was decided and how the baseline's decisions erred; None where the errors leave
    it open."""
    foreseen_interval: Interval | None
    """Confidence interval of ``foreseen``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelShift:
    """What speaks for and against a change of the mix of classes alone."""

    target: Information | None
    """What the target tells about the side; None without current labels."""
    given_target: Information | None
    """What the features tell about the side once the target is known: nothing under label
    shift."""
    classes: tuple[ClassShare, ...]
    agreement: float | None
    """p-value of the shares by labels against those by decisions, which agree when each class
    looks as before; None where one of them is not known."""
    shifted: float | None
    """p-value of the current shares against the baseline's, by labels or else by decisions."""
    because: str
    """One sentence with the numbers."""

    @property
    def stable(self) -> bool | None:
        """Whether each class looks as before, as far as labels tell."""
        if self.given_target is None:
            return None
        return self.given_target.z < 2 and (self.agreement is None or self.agreement > 0.01)


def label_shift(
    case: Case,
    *,
    rng: np.random.Generator,
    confidence: float = 0.95,
    domain: Domain | None = None,
) -> LabelShift:
    """Compare the mix of classes, by labels and by decisions, and what each class looks like.

    The current shares are those that, with the baseline's rates of deciding for one class when
    another is true, give the decisions that were made. That holds where each class looks as it
    did; where labels say otherwise, it does not hold.

    Parameters
    ----------
    domain
        Answers about the sides for the same rows; made anew where some have no label.

    Raises
    ------
    NotApplicable
        When the target is a number, has one class, or nothing is known of the current classes.
    TooFewRows
        When fewer than 60 rows of the baseline are labelled.

    Examples
    --------
    >>> from tidegauge.case import case_of
    >>> rng = np.random.default_rng(0)
    >>> side = np.arange(4_000) >= 2_000
    >>> y = (rng.random(4_000) < np.where(side, 0.6, 0.3)).astype(float)
    >>> x = y + rng.normal(size=4_000)
    >>> case = case_of({"x": x, "y": y, "d": (x > 0.5).astype(float)}, side,
    ...     target="y", prediction="d", task="classification")
    >>> found = label_shift(case, rng=rng)
    >>> [round(one.foreseen, 1) for one in found.classes], found.stable
    ([0.4, 0.6], True)
    """
    if case.target not in case.variables or task_of(case) == "regression":
        raise NotApplicable("label shift needs a target of classes")
    truth, labels = truth_of(case), classes_of(case)
    known = ~np.isnan(truth)
    n_before = int(np.count_nonzero(known & ~case.current))
    if n_before < FEWEST or case.n_current < FEWEST:
        raise TooFewRows(needed=FEWEST, n_baseline=n_before, n_current=case.n_current)
    if len(np.unique(truth[known])) < 2:
        raise NotApplicable(f"{case.target} has one class only")
    decided = _decided(case)
    labelled = int(np.count_nonzero(known & case.current)) >= FEWEST
    if not labelled and decided is None:
        raise NotApplicable("neither labels nor decisions of the current log are known")
    mix = None if decided is None else estimated(case, truth, decided, len(labels), rng, confidence)
    told, given = _informed(case, known, domain, rng) if labelled else (None, None)
    shares = _shares(case, truth, labels, mix, labelled, confidence)
    shifted, agreement = compared(case, truth, mix, len(labels), labelled)
    return LabelShift(
        target=told,
        given_target=given,
        classes=shares,
        agreement=agreement,
        shifted=shifted,
        because=_because(shares, given, agreement),
    )


def _decided(case: Case) -> Numbers | None:
    try:
        decided = decisions(case)
    except NotApplicable:
        return None
    sides = [np.count_nonzero(~np.isnan(decided[case.current == side])) for side in (False, True)]
    return decided if min(sides) >= FEWEST else None


def _informed(
    case: Case, known: NDArray[np.bool_], domain: Domain | None, rng: np.random.Generator
) -> tuple[Information, Information]:
    if not known.all() or domain is None:
        domain = Domain(replace(case, texts={}).only(known), rng=rng)
    told = domain.information([case.target])
    given = domain.information(case.features, given=[case.target])
    return (
        Information(about="side and target", value=told.value, z=told.z),
        Information(about="side and features, target known", value=given.value, z=given.z),
    )


def _shares(
    case: Case,
    truth: Numbers,
    labels: tuple[str, ...],
    mix: Mix | None,
    labelled: bool,
    confidence: float,
) -> tuple[ClassShare, ...]:
    then, now = (truth[~np.isnan(truth) & (case.current == side)] for side in (False, True))
    shares = []
    for place, label in enumerate(labels):
        rate = Rate(int(np.count_nonzero(now == place)), max(len(now), 1))
        open_ = mix is None or not np.isfinite(mix.shares[place])
        shares.append(
            ClassShare(
                label=label,
                baseline=float((then == place).mean()),
                current=float((now == place).mean()) if labelled else None,
                interval=share_interval(rate, confidence) if labelled else None,
                foreseen=None if open_ or mix is None else float(mix.shares[place]),
                foreseen_interval=None if open_ or mix is None else mix.interval(place),
            )
        )
    return tuple(shares)


def _because(
    shares: tuple[ClassShare, ...], given: Information | None, agreement: float | None
) -> str:
    def now(one: ClassShare) -> float:
        known = one.current if one.current is not None else one.foreseen
        return one.baseline if known is None else known

    most = max(shares, key=lambda one: abs(now(one) - one.baseline))
    said = f"the share of {most.label} went from {most.baseline:.1%} to {now(most):.1%}"
    if most.current is None:
        return f"{said} by what was decided, if each class looks as before"
    if most.foreseen is not None and agreement is not None:
        agrees = "agree" if agreement > 0.01 else "do not agree"
        said += f"; decisions foretell {most.foreseen:.1%}, which {agrees} (p = {agreement:.2g})"
    if given is not None:
        looks = "looks as before" if given.z < 2 else "looks different"
        said += f"; each class {looks} (z = {given.z:.1f})"
    return said
