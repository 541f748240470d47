"""Share of texts that are toxic, by labels of a sample and scores of all rows."""

from __future__ import annotations

from typing import Literal

from tidegauge.profile import LabelSample
from tidegauge.records import Card, Score
from tidegauge_evaluators._labelled import labelled_score

CARD = Card(
    title="Toxicity rate, corrected by labels",
    explain="Share of texts that are toxic, as labels of a drawn sample show.",
    reads=("labels",),
    over="sample",
    on="toxicity",
    better="lower",
    unit="share of all rows of the log",
    reference="Korn & Graubard 1998, Survey Methodology 24; Fay & Feuer 1997, Stat Med 16",
    range=(0.0, 1.0),
)


def corrected_rate(
    baseline: LabelSample | None,
    current: LabelSample,
    *,
    use: Literal["strata", "difference", "tuned"] = "strata",
    min_labels: int = 20,
    confidence: float = 0.95,
) -> Score:
    """Estimate the true rate over all rows from labels of a few.

    The scorer's errors do not bias it: they only make its interval wider. What the labels say is
    taken for the truth, so it is as good as whoever gave them, people or a judge. With fewer
    than ten labelled rows of the rarer kind the interval is a cautious one, and not narrower
    than that of a plain sample; the details say how many labels would help. Drawn rows that were
    not labelled are taken to be like the others of their stratum.

    Parameters
    ----------
    baseline, current
        Samples drawn by ``tidegauge label``; the baseline's may be absent.
    use
        How the scores serve: ``strata`` = to draw more of the rare kind, ``difference`` = as
        predictions, too, which pays where they are calibrated probabilities, ``tuned`` = as
        predictions with the weight that the labels support.
    min_labels
        Fewer labels are refused rather than judged.
    confidence
        Level of the intervals.

    Examples
    --------
    >>> import numpy as np
    >>> sample = LabelSample(  # 20 labels of 900 rows with low scores, 20 of 100 with high ones
    ...     labels=np.repeat([0.0, 1.0, 0.0, 1.0], [19, 1, 8, 12]),
    ...     scores=np.repeat([0.1, 0.8], 20),
    ...     probabilities=np.repeat([20 / 900, 20 / 100], 20),
    ...     strata=np.repeat([0, 1], 20),
    ...     stratum_rows=np.array([900, 100]),
    ...     stratum_means=np.array([0.1, 0.8]),
    ... )
    >>> score = corrected_rate(None, sample)
    >>> score.value, score.interval.low, score.interval.high  # 0.9 of 1/20 and 0.1 of 12/20
    (0.105, 0.043, 0.236)
    """
    return labelled_score(baseline, current, use=use, min_labels=min_labels, confidence=confidence)
