"""Functional audit of a toxicity scorer: right on which class of case, unfair to which group."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from tidegauge.audit_cases import Case
from tidegauge.errors import DataError
from tidegauge.records import Interval, Tally
from tidegauge.scorer import Scorer
from tidegauge.scoring import Cache, score_rows

Z = NormalDist().inv_cdf(0.975)
"""Half width of the intervals in standard errors: all are at 95 %."""
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Judged:
    """A case with the scorer's answer."""

    case: Case
    value: float
    flagged: bool

    @property
    def right(self) -> bool:
        """Whether the decision is the one that readers would make."""
        return self.flagged == self.case.toxic


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """So many of so many, with an interval."""

    hits: int
    n: int
    value: float
    interval: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """Chance that a toxic case scores higher than a harmless one, ties counting half."""

    value: float
    interval: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class OfClass:
    """How often the scorer is right on one class of case."""

    category: str
    toxic: bool
    right: Share


@dataclass(frozen=True, slots=True, kw_only=True)
class OfGroup:
    """How the scorer treats cases that speak of one group (Borkan et al. 2019)."""

    target: str
    false_positives: Share | None
    """Harmless cases about the group that were flagged."""
    gap: float | None
    """Their share, minus the share among harmless cases about all other groups."""
    gap_interval: Interval | None
    missed: Share | None
    """Toxic cases about the group that were not flagged."""
    within: Ranked | None
    """Cases about the group against each other."""
    bpsn: Ranked | None
    """Toxic cases about others against harmless ones about the group: low where the group's
    name alone raises scores."""
    bnsp: Ranked | None
    """Toxic cases about the group against harmless ones about others: low where its name
    lowers scores."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """What an audit found."""

    overall: Share
    """Cases decided rightly."""
    toxic: Share | None
    """Toxic cases that were flagged."""
    harmless: Share | None
    """Harmless cases that were not."""
    auroc: Ranked | None
    classes: tuple[OfClass, ...]
    """Worst first."""
    groups: tuple[OfGroup, ...]
    """Largest gap first."""
    wrong: tuple[str, ...]
    """Ids of the cases decided wrongly."""
    tally: Tally
    """What became of all cases; those without a number are in none of the shares."""


def run_audit(
    scorer: Scorer,
    cases: Sequence[Case],
    *,
    threshold: float | None = None,
    argument: str = "text",
    cache: Cache | None = None,
) -> Audit:
    """Score cases, and count where the scorer is right.

    Cases of one template are alike, which the intervals do not know: they are too narrow for
    other templates of a class.

    Parameters
    ----------
    scorer
        Loaded, with its settings.
    cases
        At least one.
    threshold
        Value from which a case is taken for toxic; ``None`` = the scorer's own decision.
    argument
        Name of the scorer's argument that takes the text.
    cache
        Where numbers are kept.

    Raises
    ------
    DataError
        When no case got a number, or the scorer makes no decision and no threshold is given.
    """
    judged, tally = _judge(scorer, cases, threshold, argument, cache)
    if not judged:
        reasons = ", ".join([*tally.unscored, *tally.not_applicable])
        raise DataError(f"none of {len(cases)} cases got a number: {reasons}")
    return Audit(
        overall=_needed([one.right for one in judged]),
        toxic=_share(one.flagged for one in judged if one.case.toxic),
        harmless=_share(not one.flagged for one in judged if not one.case.toxic),
        auroc=_ranked(judged, judged),
        classes=_by_class(judged),
        groups=_by_group(judged),
        wrong=tuple(one.case.id for one in judged if not one.right),
        tally=tally,
    )


def _judge(
    scorer: Scorer,
    cases: Sequence[Case],
    threshold: float | None,
    argument: str,
    cache: Cache | None,
) -> tuple[list[Judged], Tally]:
    suffixes = list(scorer.outputs)
    if threshold is None and "flagged" not in suffixes:
        raise DataError("the scorer makes no decision", "say from which value: --threshold 0.5")
    decision = suffixes.index("flagged") if threshold is None else -1
    judged: list[Judged] = []
    tally = Tally()
    rows = ({argument: case.text} for case in cases)
    for part in score_rows(rows, scorer, cache=cache, chunk=len(cases)):
        tally = part.tally
        for case, outcome in zip(cases, part.outcomes, strict=True):
            if outcome.joined is not None:
                values = outcome.joined.values
                value = float(values[0])  # type: ignore[arg-type]
                flagged = value >= threshold if threshold is not None else bool(values[decision])
                judged.append(Judged(case, value, flagged))
    return judged, tally


def _by_class(judged: Sequence[Judged]) -> tuple[OfClass, ...]:
    names = dict.fromkeys((one.case.category, one.case.toxic) for one in judged)
    found = [
        OfClass(
            category=category,
            toxic=toxic,
            right=_needed(
                one.right
                for one in judged
                if (one.case.category, one.case.toxic) == (category, toxic)
            ),
        )
        for category, toxic in names
    ]
    return tuple(sorted(found, key=lambda line: line.right.value))


def _by_group(judged: Sequence[Judged]) -> tuple[OfGroup, ...]:
    names = dict.fromkeys(one.case.target for one in judged if one.case.target)
    found = [_group(name, judged) for name in names]
    return tuple(sorted(found, key=lambda line: -(line.gap if line.gap is not None else -2)))


def _group(name: str, judged: Sequence[Judged]) -> OfGroup:
    about = [one for one in judged if one.case.target == name]
    others = [one for one in judged if one.case.target != name]
    ours = _share(one.flagged for one in about if not one.case.toxic)
    theirs = _share(one.flagged for one in others if one.case.target and not one.case.toxic)
    return OfGroup(
        target=name,
        false_positives=ours,
        gap=ours.value - theirs.value if ours and theirs else None,
        gap_interval=difference(ours, theirs) if ours and theirs else None,
        missed=_share(not one.flagged for one in about if one.case.toxic),
        within=_ranked(about, about),
        bpsn=_ranked(others, about),
        bnsp=_ranked(about, others),
    )


def _needed(hits: Iterable[bool]) -> Share:
    found = _share(hits)
    assert found is not None  # a class, or a judged list, has a case
    return found


def _share(hits: Iterable[bool]) -> Share | None:
    listed = list(hits)
    if not listed:
        return None
    n, k = len(listed), sum(listed)
    return Share(hits=k, n=n, value=k / n, interval=wilson(k, n))


def wilson(hits: int, n: int) -> Interval:
    """Score interval of a share at 95 % (Wilson 1927, JASA 22).

    Examples
    --------
    >>> [round(end, 4) for end in wilson(0, 10)], [round(end, 4) for end in wilson(45, 50)]
    ([0.0, 0.2775], [0.7864, 0.9565])
    """
    share, weight = hits / n, Z * Z / n
    middle = (share + weight / 2) / (1 + weight)
    half = Z / (1 + weight) * math.sqrt(share * (1 - share) / n + weight / (4 * n))
    low = 0.0 if hits == 0 else middle - half
    return Interval(low, 1.0 if hits == n else middle + half)


def difference(one: Share, other: Share) -> Interval:
    """Interval of the difference of two independent shares (Newcombe 1998, Stat Med 17)."""
    gap = one.value - other.value
    below = math.hypot(one.value - one.interval.low, other.interval.high - other.value)
    above = math.hypot(one.interval.high - one.value, other.value - other.interval.low)
    return Interval(gap - below, gap + above)


def _ranked(toxic_from: Sequence[Judged], harmless_from: Sequence[Judged]) -> Ranked | None:
    toxic = np.array([one.value for one in toxic_from if one.case.toxic])
    harmless = np.array([one.value for one in harmless_from if not one.case.toxic])
    return auroc(toxic, harmless) if len(toxic) and len(harmless) else None


def auroc(toxic: Floats, harmless: Floats) -> Ranked:
    """Area under the ROC curve with DeLong's interval on the logit's scale.

    Parameters
    ----------
    toxic, harmless
        Values of both sides, at least one each.

    Examples
    --------
    >>> auroc(np.array([0.9, 0.6, 0.6]), np.array([0.1, 0.6])).value
    0.833
    """
    above = _beaten(toxic, harmless)
    below = 1 - _beaten(harmless, toxic)
    area = float(above.mean())
    m, n = len(toxic), len(harmless)
    variance = sum(float(part.var(ddof=1)) / len(part) for part in (above, below) if len(part) > 1)
    # an area of 0 or 1 shows no spread: half a case of the other kind lends it some
    smooth = (area * m * n + 0.5) / (m * n + 1)
    least = smooth * (1 - smooth) / min(m, n)
    error = math.sqrt(max(variance, least if not 0 < area < 1 else 0.0)) / (smooth * (1 - smooth))
    centre = math.log(smooth / (1 - smooth))
    low, high = (1 / (1 + math.exp(-(centre + side * Z * error))) for side in (-1, 1))
    return Ranked(value=area, interval=Interval(min(low, area), max(high, area)))


def _beaten(ours: Floats, theirs: Floats) -> Floats:
    """Share of theirs that each of ours is above, ties counting half."""
    ordered = np.sort(theirs)
    both = np.searchsorted(ordered, ours, "left") + np.searchsorted(ordered, ours, "right")
    shares: Floats = both / (2 * len(theirs))
    return shares
