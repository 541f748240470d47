"""From differences to verdicts and to the gate: the only place of a comparison that decides.

Two gates, as in a run: what is called worse must be worse by the near bound of its interval, and
the evidence must survive Holm's correction (1979, Scandinavian Journal of Statistics 6), half of
the budget spent on all rows and half on segments. Holm's and not Benjamini & Hochberg's, because
one metric wrongly called worse stops a release: the chance of any such mistake is what is bounded,
whatever the metrics have to do with each other.

A margin turns the question round. Within it a loss is accepted; and it is for the candidate to
show, by the far bound of the interval, that its loss keeps within.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

from tidegauge.comparing.contrasts import Measured
from tidegauge.comparison import Contrast, Decision, Difference, Margin
from tidegauge.records import Interval, Policy
from tidegauge.wording import amount, chance, counted, listed, number

Outcome = Literal["pass", "critical", "inconclusive", "error"]
ORDER: tuple[Decision, ...] = (
    "worse", "error", "not_shown", "too_few", "better", "no_worse", "not_compared",
)  # fmt: skip
"""Decisions in the order in which a reader wants to see them."""
POWER = 0.8
"""Chance of showing the smallest difference that is called detectable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """A difference seen as a loss: above zero where the candidate is worse."""

    value: float
    low: float
    high: float


def decide(measured: Sequence[Measured], policy: Policy) -> tuple[Difference, ...]:
    """Judge every difference together, worst first, all rows before segments."""
    adjusted = holm(measured)
    found = [_decided(one, p, policy) for one, p in zip(measured, adjusted, strict=True)]
    return tuple(sorted(found, key=_attention))


def holm(measured: Sequence[Measured]) -> list[float | None]:
    """Adjust p-values for all others, those of all rows and those of segments by half each.

    Examples
    --------
    >>> holm([])
    []
    """
    found = [one.contrast.p_value if one.contrast else None for one in measured]
    tested = [place for place, p in enumerate(found) if p is not None]
    families = {bool(measured[place].slice) for place in tested}
    adjusted: list[float | None] = [None] * len(measured)
    for sliced in families:
        family = [place for place in tested if bool(measured[place].slice) is sliced]
        family.sort(key=lambda place: found[place] or 0.0)
        most = 0.0
        for rank, place in enumerate(family):
            p = found[place] or 0.0
            most = max(most, p * (len(family) - rank) * len(families))
            adjusted[place] = min(1.0, most)
    return adjusted


def gate(differences: Sequence[Difference], segments: str) -> tuple[Outcome, str]:
    """Decide whether the candidate may go on, and say why in one or two sentences."""
    counting = [one for one in differences if not one.slice or segments == "gate"]
    tally = Counter(one.decision for one in differences if not one.slice)
    worse = [one for one in counting if one.decision == "worse"]
    overall = [one for one in differences if not one.slice]
    broken = [one for one in overall if one.decision == "error"]
    missing = [one for one in overall if _lacks(one)]
    better = [one for one in overall if one.decision == "better"]
    said = _tally(tally, len(overall))
    if worse:
        return "critical", f"The candidate is worse: {_named(worse)}. {said}"
    if broken:
        return "error", f"{_named(broken)} could not be compared. {said}"
    if missing:
        return "inconclusive", (
            f"The rows are not evidence enough for {_named(missing)}, on which it is demanded. "
            f"{said}"
        )
    if better:
        return "pass", f"The candidate is better: {_named(better)}. {said}"
    if any(one.decision == "no_worse" for one in overall):
        return "pass", f"The candidate is no worse than the margins allow. {said}"
    return "pass", f"Nothing shows that the candidate is worse, or better. {said}"


def _lacks(one: Difference) -> bool:
    """Whether evidence is demanded and not there."""
    demanded = one.required or one.margin is not None
    return demanded and one.decision in ("not_shown", "too_few", "not_compared")


def _tally(tally: Counter[Decision], total: int) -> str:
    words = (
        ("worse", "worse"), ("better", "better"), ("no_worse", "within its margin"),
        ("not_shown", "not shown to differ"), ("too_few", "with too few rows"),
        ("not_compared", "not comparable"), ("error", "failed"),
    )  # fmt: skip
    parts = [f"{tally[key]} {word}" for key, word in words if tally[key]]  # type: ignore[index]
    return f"Of {counted(total, 'metric')}: {', '.join(parts)}."


def _named(found: Sequence[Difference]) -> str:
    """Name metrics; where all rows show it, segments need not be named as well."""
    whole = {one.metric for one in found if not one.slice}
    inner = [
        f"{one.metric} in {one.slice}" for one in found if one.slice and one.metric not in whole
    ]
    return listed([*(one.metric for one in found if not one.slice), *inner], 4)


def _attention(one: Difference) -> tuple[bool, int, float]:
    p = 1.0 if one.adjusted_p is None else one.adjusted_p
    return bool(one.slice), ORDER.index(one.decision), p


def _decided(one: Measured, adjusted: float | None, policy: Policy) -> Difference:
    metric, contrast = one.metric, one.contrast
    if contrast is None or one.baseline is None or one.candidate is None:
        decision: Decision = "error" if one.broken else "too_few" if one.few else "not_compared"
        where = f" in {one.slice}" if one.slice else ""
        return Difference(
            metric=metric.name,
            evaluator=metric.evaluator,
            column=metric.subject.column,
            slice=one.slice,
            margin=metric.margin,
            decision=decision,
            because=f"{metric.card.title}{where}: {one.problem}",
            required=metric.required,
        )
    loss = loss_of(contrast, metric.sign)
    allowed = _allowed(metric.margin, one.baseline)
    reach = _against_margin(one, contrast, metric.margin, loss, policy)
    decision = _decision(loss, reach, allowed, adjusted, policy)
    detectable = smallest_shown(contrast, policy)
    return Difference(
        metric=metric.name,
        evaluator=metric.evaluator,
        column=metric.subject.column,
        slice=one.slice,
        baseline=one.baseline,
        candidate=one.candidate,
        contrast=contrast,
        adjusted_p=adjusted,
        margin=metric.margin,
        allowed=allowed,
        worst=reach.high if math.isfinite(reach.high) else None,
        detectable=detectable,
        unadjusted=one.unadjusted,
        decision=decision,
        because=_sentence(one, decision, allowed, adjusted, detectable, policy),
        required=metric.required,
    )


def loss_of(contrast: Contrast, sign: float) -> Loss:
    """See a difference as a loss."""
    low, high = contrast.interval or Interval(-math.inf, math.inf)
    if sign < 0:
        return Loss(value=contrast.change, low=low, high=high)
    return Loss(value=-contrast.change, low=-high, high=-low)


def _allowed(margin: Margin | None, baseline: float) -> float | None:
    if margin is None:
        return None
    return margin.bound * abs(baseline) if margin.share else margin.bound


def _against_margin(
    one: Measured, contrast: Contrast, margin: Margin | None, loss: Loss, policy: Policy
) -> Loss:
    """Interval of the loss that is held against the margin.

    A margin that is a share of the baseline's value is as uncertain as that value: its bound is
    that of candidate minus (1 +- share) baseline, moved so that it can be read as a loss.
    """
    if margin is None or not margin.share or contrast.interval is None or not contrast.error:
        return loss
    scale = 1.0 - one.metric.sign * margin.bound * (1.0 if (one.baseline or 0.0) >= 0 else -1.0)
    then, now = contrast.errors
    variance = now**2 + (scale * then) ** 2 - 2.0 * scale * contrast.correlation * then * now
    wider = max(math.sqrt(max(variance, 0.0)) / contrast.error, 0.0)
    return Loss(
        value=loss.value,
        low=loss.value - (loss.value - loss.low) * wider,
        high=loss.value + (loss.high - loss.value) * wider,
    )


def _decision(
    loss: Loss, reach: Loss, allowed: float | None, adjusted: float | None, policy: Policy
) -> Decision:
    stands = adjusted is not None and adjusted <= policy.false_alarms
    if stands and loss.high < 0:
        return "better"
    if stands and loss.low > 0 and (allowed is None or reach.low > allowed):
        return "worse"
    if allowed is not None and reach.high <= allowed:
        return "no_worse"
    return "not_shown"


def smallest_shown(contrast: Contrast, policy: Policy) -> float | None:
    """Smallest true difference that such a sample would have shown in 4 of 5 trials.

    Examples
    --------
    >>> found = Contrast(change=0.0, interval=None, p_value=1.0, error=0.01, errors=(0.0, 0.0),
    ...     n=100, groups=100, method="")
    >>> round(smallest_shown(found, Policy()), 4)
    0.028
    """
    if not contrast.error or not math.isfinite(contrast.error):
        return None
    normal = NormalDist()
    reach = normal.inv_cdf(0.5 + policy.confidence / 2) + normal.inv_cdf(POWER)
    few = 1.0 if contrast.df is None else 1.0 + 1.0 / max(contrast.df, 1.0)  # t over normal, nearly
    return reach * few * contrast.error


def _sentence(
    one: Measured,
    decision: Decision,
    allowed: float | None,
    adjusted: float | None,
    detectable: float | None,
    policy: Policy,
) -> str:
    """State both values, the difference with its interval, and what it comes to."""
    card, contrast = one.metric.card, one.contrast
    assert contrast is not None
    assert one.baseline is not None
    assert one.candidate is not None
    where = f" in {one.slice}" if one.slice else ""
    values = f"{amount(one.candidate, card.unit)} against {amount(one.baseline, card.unit)}"
    ground = " on shared inputs" if one.unadjusted is not None else ""
    said = f"{card.title}{where} {values}{ground}"
    gap = change(contrast.change, card.unit)
    around = f" ({_ends(contrast.interval, card.unit)})" if contrast.interval else ""
    odds = f"; p {chance(adjusted)} after correction" if adjusted is not None else ""
    margin = "" if allowed is None else f" the margin of {size(allowed, card.unit)}"
    reach = (
        f"; {_rows(contrast)} would have shown a difference of {size(detectable, card.unit)}"
        if detectable is not None
        else ""
    )
    if decision == "better":
        return f"{said}: better by {size(contrast.change, card.unit)}{around}{odds}"
    if decision == "worse":
        beyond = f", beyond{margin}" if margin else ""
        return f"{said}: worse by {size(contrast.change, card.unit)}{around}{beyond}{odds}"
    if decision == "no_worse":
        return f"{said}: {gap}{around}, no worse than{margin} allows"
    unshown = _unshown(contrast, adjusted, policy)
    if margin:
        stands = adjusted is not None and adjusted <= policy.false_alarms
        shown = stands and loss_of(contrast, one.metric.sign).low > 0
        unshown = f"{'worse, and ' if shown else ''}not shown to keep within{margin}"
    return f"{said}: {gap}{around}, {unshown}{reach}"


def _unshown(contrast: Contrast, adjusted: float | None, policy: Policy) -> str:
    """Say whether it is the correction for all other metrics that leaves a difference unshown."""
    p = contrast.p_value
    if p is None or adjusted is None or not p <= policy.false_alarms < adjusted:
        return "no difference is shown"
    return f"no difference that survives the correction for all metrics (p {chance(adjusted)})"


def change(value: float, unit: str) -> str:
    """Write a signed difference; between shares it is points.

    Examples
    --------
    >>> change(0.012, "share of rows"), change(-3.0, "milliseconds"), change(0.0, "")
    ('+1.2 points', '-3 ms', 'no change')
    """
    if not value:
        return "no change"
    return ("+" if value > 0 else "-") + size(value, unit)


def size(value: float, unit: str) -> str:
    """Write a difference without its sign.

    Examples
    --------
    >>> size(-0.012, "share of rows"), size(0.5, "nats a row")
    ('1.2 points', '0.5')
    """
    if unit.startswith("share"):
        points = number(100 * abs(value))
        return f"{points} point" + ("" if points == "1" else "s")
    return amount(abs(value), unit)


def _ends(interval: Interval, unit: str) -> str:
    if unit.startswith("share"):
        return f"{100 * interval.low:+.3g} to {100 * interval.high:+.3g}"
    return f"{_signed(interval.low)} to {_signed(interval.high)}"


def _signed(value: float) -> str:
    return ("+" if value > 0 else "-" if value < 0 else "") + number(abs(value))


def _rows(contrast: Contrast) -> str:
    if contrast.groups < contrast.n:
        return f"{contrast.n:,} rows of {contrast.groups:,} groups"
    return counted(contrast.n, "row")
