"""A rate by labels as a score: with its evidence, and how far the cheap scorer agrees."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from tidegauge.errors import TooFewRows
from tidegauge.profile import LabelSample
from tidegauge.records import Score
from tidegauge_evaluators._agreement import agreement
from tidegauge_evaluators._survey import (
    Estimate,
    Use,
    change_interval,
    change_p,
    estimate_rate,
    rate_interval,
)


def labelled_score(
    baseline: LabelSample | None,
    current: LabelSample,
    *,
    use: Use,
    min_labels: int,
    confidence: float,
) -> Score:
    """Score of the rate that labels show.

    Raises
    ------
    TooFewRows
        With fewer labels of the current log than asked for; a baseline with fewer is left out.
    """
    labels, then_labels = _labels(current), _labels(baseline)
    if labels < max(min_labels, 2):
        raise TooFewRows(
            needed=max(min_labels, 2),
            n_baseline=then_labels,
            n_current=labels,
            of="with a label",
        )
    now = estimate_rate(current, use=use)
    then = None
    if baseline is not None and then_labels >= max(min_labels, 2):
        then = estimate_rate(baseline, use=use)
    return Score(
        value=now.value,
        interval=rate_interval(now, confidence),
        baseline=None if then is None else then.value,
        change=None if then is None else change_interval(now, then, confidence),
        p_value=None if then is None else change_p(now, then),
        n_baseline=0 if then is None else then.labelled,
        n_current=now.labelled,
        details={
            **_details(current, now, confidence),
            **agreement_details(current, confidence),
        },
    )


def agreement_details(sample: LabelSample, confidence: float) -> dict[str, float | str]:
    """Say how far the scorer's decisions, and the judge's, agree with the labels."""
    details: dict[str, float | str] = {}
    if not math.isnan(sample.threshold):
        scorer = np.where(np.isnan(sample.scores), np.nan, sample.scores >= sample.threshold)
        details |= _agreement(sample, scorer, "scorer", confidence)
    if len(sample.judged) and not sample.by_judge:
        details |= _agreement(sample, sample.judged, "judge", confidence)
    return details


def _agreement(
    sample: LabelSample, called: NDArray[np.float64], who: str, confidence: float
) -> dict[str, float | str]:
    """Kappa of decisions and labels, each row weighing what it stands for."""
    seen = np.isfinite(sample.labels) & np.isfinite(called)
    if int(seen.sum()) < 2:
        return {}
    masses = 1.0 / sample.probabilities[seen]
    found = agreement(called[seen], sample.labels[seen], masses=masses, confidence=confidence)
    if found.interval is None:
        return {f"kappa of {who} and labels": "unknown: both always say the same one thing"}
    return {
        f"kappa of {who} and labels": found.kappa,
        f"kappa of {who} and labels, low": found.interval.low,
        f"kappa of {who} and labels, high": found.interval.high,
        f"{who} and labels agree, chance included": found.share,
        f"share that the {who} flags": float(called[seen] @ masses / masses.sum()),
    }


def _details(sample: LabelSample, found: Estimate, confidence: float) -> dict[str, float | str]:
    details: dict[str, float | str] = {
        "labels": float(found.labelled),
        "of them positive": float(found.positives),
        "effective labels": found.effective,
        "interval": found.method,
        "rows in the log": float(sample.n),
        "mean score of all rows": float(
            sample.stratum_rows @ np.nan_to_num(sample.stratum_means) / sample.n
        ),
        "further labels for half the width": float(3 * found.labelled),
    }
    if found.missing:
        details["further labels until ten of the rarer kind"] = float(found.missing)
    unlabelled = int(np.isnan(sample.labels).sum()) - sample.undecided
    if unlabelled:
        details["drawn rows without a label"] = float(unlabelled)
    if sample.undecided:
        details["drawn rows that could not be decided"] = float(sample.undecided)
    if found.weight:
        details["weight of the scores as predictions"] = found.weight
    if sample.by_judge:
        details["labels are by"] = "the judge alone: the rate is as true as its verdicts"
    if sample.carried:
        details["labels are of"] = "another log; the rate at each score is taken to be unchanged"
    return details


def _labels(sample: LabelSample | None) -> int:
    return 0 if sample is None else int(np.isfinite(sample.labels).sum())
