"""Mean of a column that stands in for a measure of performance."""

from __future__ import annotations

from tidegauge.errors import NotApplicable
from tidegauge.profile import CategoricalProfile, NumericProfile
from tidegauge.records import Card, Score
from tidegauge_evaluators._intervals import Compared, compare_means, compare_rates
from tidegauge_evaluators._outcomes import require_rows
from tidegauge_evaluators._rates import Rate

CARD = Card(
    title="Proxy of performance, no measurement of it",
    explain="Mean of a column that is said to move with a measure of performance, or the share of "
    "one of its values.",
    reads=("numeric", "boolean", "categorical"),
    on="feature",
    better="none",
    unit="mean or share of rows",
    reference="Prentice 1989, Statistics in Medicine 8(4) (surrogate endpoints)",
)


def proxy(
    baseline: CategoricalProfile | NumericProfile,
    current: CategoricalProfile | NumericProfile,
    *,
    stands_for: str = "performance",
    value: str = "",
    min_rows: int = 30,
    confidence: float = 0.95,
) -> Score:
    """Take the mean of a column that somebody says moves with a measure whose labels come late.

    A click, an override by a clerk, a complaint. That the two move together is the suite's claim:
    reports say that it is a proxy, and, once labels of enough windows are there, how closely it
    followed what it stands for.

    Parameters
    ----------
    baseline, current
        The column's profiles.
    stands_for
        The measure: ``accuracy``, or ``performance.accuracy``.
    value
        Of a column of categories the value whose share is meant; of two the later in the
        alphabet unless given.
    min_rows
        Fewer rows on either side are refused.
    confidence
        Level of the interval.

    Examples
    --------
    >>> before = CategoricalProfile.freeze(["false", "true"] * 50)
    >>> score = proxy(before, before.lay(["true"] * 40 + ["false"] * 10), stands_for="accuracy")
    >>> score.value, score.baseline
    (0.8, 0.5)
    """
    compared, rows = _compared(baseline, current, value, min_rows, confidence)
    return Score(
        value=compared.value,
        interval=compared.interval,
        p_value=compared.p_value,
        baseline=compared.baseline,
        change=compared.change,
        n_baseline=rows[0],
        n_current=rows[1],
        details={"stands for": stands_for},
    )


def _compared(
    baseline: CategoricalProfile | NumericProfile,
    current: CategoricalProfile | NumericProfile,
    value: str,
    min_rows: int,
    confidence: float,
) -> tuple[Compared, tuple[int, int]]:
    if isinstance(baseline, NumericProfile) and isinstance(current, NumericProfile):
        then, now = baseline.moments, current.moments
        require_rows(min_rows, then.n, now.n)
        return compare_means(now, then, confidence), (then.n, now.n)
    assert isinstance(baseline, CategoricalProfile)
    assert isinstance(current, CategoricalProfile)
    chosen = value or (max(baseline.levels) if len(baseline.levels) == 2 else "")
    if chosen not in baseline.levels:
        allowed = ", ".join(baseline.levels[:5])
        raise NotApplicable(f'value: found "{chosen}"; allowed: {allowed}')
    before, after = (_rate(side, baseline.levels.index(chosen)) for side in (baseline, current))
    require_rows(min_rows, before.of, after.of)
    return compare_rates(after, before, confidence), (before.of, after.of)


def _rate(side: CategoricalProfile, place: int) -> Rate:
    hits = int(side.counts[place])
    return Rate(hits, int(side.counts.sum()) + side.unseen_rows)
