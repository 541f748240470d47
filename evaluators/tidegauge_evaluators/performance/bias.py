"""Mean error of numeric predictions, with its sign."""

from __future__ import annotations

from tidegauge.profile.regression import RegressionProfile
from tidegauge.records import Card, Score
from tidegauge_evaluators._intervals import compare_means
from tidegauge_evaluators._outcomes import labelled, scored

CARD = Card(
    title="Bias",
    explain="How far predictions lie above the target on average; negative where they lie below.",
    reads=("regression",),
    on="outcome",
    better="none",
    unit="units of the target",
    reference="Willmott & Matsuura 2005, Climate Research 30",
    range=(None, None),
)


def bias(
    baseline: RegressionProfile | None,
    current: RegressionProfile,
    *,
    min_rows: int = 30,
    confidence: float = 0.95,
) -> Score:
    """Mean of prediction minus target, with Student's interval.

    Errors of both signs cancel: a bias of zero says nothing about their size.

    Parameters
    ----------
    baseline, current
        Profiles of residuals; the baseline's may be absent.
    min_rows
        Fewer labelled rows on either side are refused.
    confidence
        Level of the intervals.

    Examples
    --------
    >>> profile = RegressionProfile().lay([0.0, 1.0] * 15, [0.5, 0.0] * 15)
    >>> bias(None, profile).value
    -0.25
    """
    before = labelled(baseline, current, min_rows)
    return scored(
        compare_means(current.residual, before.residual if before else None, confidence),
        current,
        n_baseline=before.labelled if before else 0,
        n_current=current.labelled,
    )
