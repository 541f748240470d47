"""Expected calibration error: how far probabilities lie from what comes true."""

from __future__ import annotations

import numpy as np

from tidegauge.profile.classification import ClassificationProfile
from tidegauge.records import Card, Part, Score
from tidegauge_evaluators._calibration import (
    Bins,
    bin_places,
    binned,
    cells_of,
    compare_gaps,
)
from tidegauge_evaluators._outcomes import labelled, require_rows, scored
from tidegauge_evaluators._probabilities import probabilistic, stray_share
from tidegauge_evaluators._ranks import scored_classes

CARD = Card(
    title="Expected calibration error",
    explain="Mean distance of the probabilities given from the shares that came true, "
    "beyond what chance makes of so few rows.",
    reads=("classification",),
    on="outcome",
    better="lower",
    unit="probability",
    reference="Naeini, Cooper & Hauskrecht 2015, AAAI; Kumar, Liang & Ma 2019, NeurIPS",
    range=(0.0, 1.0),
)


def expected_calibration_error(
    baseline: ClassificationProfile | None,
    current: ClassificationProfile,
    *,
    bins: int = 10,
    min_rows: int = 100,
    confidence: float = 0.95,
) -> Score:
    """Mean gap of score and outcome over bins of equal mass, noise taken off.

    The plain estimate is far above zero for a perfectly calibrated model with few rows, by
    about 0.08 with 200. Here each bin's gap is lowered by its mean size under calibration
    where the gap is within its noise, and by nothing where it is well beyond; the sum is cut
    at 0. So a calibrated model scores 0, give or take; a gap about as large as its noise is
    understated by up to half of the noise, and the interval's upper end allows for that.
    ``details`` hold the plain estimate and its mean for a calibrated model. With more than two
    classes the mean over the classes, each against all others.

    Opposite gaps within one bin cancel, so it is a lower bound of the miscalibration; a model
    that always answers the base rate is perfect by it.

    Parameters
    ----------
    baseline, current
        Profiles over the same grid; the baseline's may be absent.
    bins
        How many, of about equal mass in the baseline. More see finer gaps and more noise.
    min_rows
        Fewer labelled rows on either side are refused.
    confidence
        Level of the intervals.

    Examples
    --------
    >>> from tidegauge.profile import NumericProfile
    >>> scores = [0.1, 0.9] * 500
    >>> grid = ClassificationProfile.over_grid(
    ...     ("no", "yes"), {"yes": NumericProfile.freeze(scores)}
    ... )
    >>> always_yes = grid.lay(["yes"] * 1000, scores={"yes": scores})
    >>> round(expected_calibration_error(None, always_yes).value, 4)
    0.5
    """
    before = probabilistic(labelled(baseline, current, min_rows))
    strays = stray_share(current)
    then, now = _binned_sides(before, current, bins)
    n_baseline, n_current = (_rows(side) for side in (then, now))
    require_rows(min_rows, n_baseline if then else None, n_current, of="with label and score")
    compared, gap = compare_gaps(now, then, confidence)
    details: dict[str, float | str] = {
        "plug_in": gap.plug_in,
        "plug_in_if_calibrated": gap.if_calibrated,
    }
    return scored(
        compared,
        current,
        n_baseline=n_baseline,
        n_current=n_current,
        parts=_bin_parts(then[0], now[0]) if then and len(now) == 1 else (),
        details=details | ({"outside_0_to_1": strays} if strays else {}),
    )


def _binned_sides(
    baseline: ClassificationProfile | None, current: ClassificationProfile, bins: int
) -> tuple[list[Bins] | None, list[Bins]]:
    """Bins of each class on both sides, laid by the baseline's mass where there is one."""
    then: list[Bins] = []
    now: list[Bins] = []
    for name in scored_classes(current):
        cells = cells_of(current.scores[name])
        before = cells_of(baseline.scores[name]) if baseline else None
        places = bin_places(before or cells, bins)
        now.append(binned(cells, places, bins))
        if before:
            then.append(binned(before, places, bins))
    return then or None, now


def _rows(side: list[Bins] | None) -> int:
    return int(max(bins.rows.sum() for bins in side)) if side else 0


def _bin_parts(then: Bins, now: Bins) -> list[Part]:
    """Mean gap of each bin, named by the mean score that it has now."""
    total = now.rows.sum()
    filled = np.flatnonzero((then.rows > 0) & (now.rows > 0)).tolist()
    parts = [
        Part(
            label=f"scores near {now.scores[i] / now.rows[i]:.3g}",
            baseline=float(then.gap[i] / then.rows[i]),
            current=float(now.gap[i] / now.rows[i]),
            contribution=float(abs(now.gap[i]) / total),
        )
        for i in filled
    ]
    return sorted(parts, key=lambda part: -part.contribution)
