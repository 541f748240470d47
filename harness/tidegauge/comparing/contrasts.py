"""Each metric's difference, on all rows and in segments, by the method that fits it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from tidegauge.catalog import comparer
from tidegauge.comparing.metrics import Metric, problem_of, score_of, values_of
from tidegauge.comparing.reading import Sides
from tidegauge.comparing.redrawing import Drawing, redraw, within_reach
from tidegauge.comparing.rowwise import Rowwise, judged, rowwise
from tidegauge.comparison import Contrast, Unadjusted
from tidegauge.errors import CannotMeasure
from tidegauge.freezing import Progress
from tidegauge.profile.arrays import as_array, coded
from tidegauge.records import Interval

Numbers = NDArray[np.float64]
Rows = NDArray[np.bool_]

FEWEST = 30
"""Pairs that a segment needs to be looked at."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Measured:
    """A metric on all rows or in a segment, measured or not, before judgement."""

    metric: Metric
    slice: str = ""
    baseline: float | None = None
    candidate: float | None = None
    contrast: Contrast | None = None
    unadjusted: Unadjusted | None = None
    problem: str = ""
    """Why there is no difference."""
    few: bool = False
    """Whether more rows would help."""
    broken: bool = False
    """Whether a measure failed."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Form:
    """A metric with its rows' numbers, or with their scores, or with neither."""

    metric: Metric
    rows: Rowwise | None = None
    scores: tuple[NDArray[np.bool_], Numbers, Numbers] | None = None
    """Whether each row is of each class, and both sides' scores for it: (rows, classes)."""

    @property
    def drawn(self) -> bool:
        """Whether its error can only be told by drawing rows anew."""
        return self.rows is None and self.scores is None


def contrasts(
    metrics: Sequence[Metric],
    sides: Sides,
    *,
    sliced: bool,
    progress: Progress,
    seed: int,
) -> tuple[tuple[Measured, ...], tuple[str, ...]]:
    """Measure every metric's difference over the same rows.

    Returns
    -------
    measured, notes
        A note says which segments are left out.
    """
    confidence = sides.bench.policy.confidence
    forms: list[Form] = []
    found: list[Measured] = []
    for metric in metrics:
        progress("comparing", len(forms), len(metrics))
        try:
            forms.append(form_of(metric, sides))
        except Exception as error:
            found.append(unmeasured(metric, "", error))
    masks = dict(segments(sides)) if sliced else {}
    sizes = {label: int(np.count_nonzero(mask)) for label, mask in masks.items()}
    asked, notes = within_reach([form.metric for form in forms if form.drawn], sizes)
    drawing = _drawing(sides)
    rng = np.random.default_rng([seed, 1])
    draws = redraw(asked, sides.bench, drawing, rng=rng, progress=progress) if asked else {}
    everything = np.ones(sides.before.num_rows, bool)
    for form in forms:
        for label, mask in {"": everything, **masks}.items():
            if form.drawn and (form.metric.name, label) not in draws:
                continue
            found.append(
                _one(form, label, mask, sides, draws.get((form.metric.name, label)), confidence)
            )
    return tuple(found), notes


def form_of(metric: Metric, sides: Sides) -> Form:
    """Find in what form a metric's rows can be had."""
    values = values_of(metric, sides.bench)
    rows = rowwise(metric, sides.before, sides.now, sides.bench, values)
    if rows is not None:
        return Form(metric=metric, rows=rows)
    return Form(metric=metric, scores=_scores(metric, sides, values))


def _scores(
    metric: Metric, sides: Sides, values: tuple[float, float]
) -> tuple[NDArray[np.bool_], Numbers, Numbers] | None:
    """Scores of each class, where the metric is the area under the ROC curve of them."""
    if metric.evaluator != "performance.roc_auc" or not sides.paired:
        return None
    then, today = (judged(sides.bench.baseline, table) for table in (sides.before, sides.now))
    outcome = sides.bench.baseline.outcome
    if then is None or today is None or outcome is None:
        return None
    classes = getattr(outcome, "classes", ())
    names = [name for name in then.scores if name in today.scores]
    names = names if len(classes) > 2 else names[-1:]
    places = [classes.index(name) for name in names]
    truth = np.column_stack([then.truth == place for place in places])
    known = (then.truth >= 0)[:, None]
    scored = [
        np.where(known, np.column_stack([side.scores[name] for name in names]), np.nan)
        for side in (then, today)
    ]
    try:
        found = comparer("comparison.areas").contrast(truth, *scored)
    except CannotMeasure:
        return None
    apart = abs(found.change - (values[1] - values[0]))
    return (truth, scored[0], scored[1]) if apart <= max(0.25 * found.error, 1e-3) else None


def segments(sides: Sides) -> Iterator[tuple[str, Rows]]:
    """Mask the rows of each segment that holds enough of them."""
    layout = sides.layout
    for segment in layout.segments:
        if segment == layout.model_version or segment not in sides.before.column_names:
            continue
        labels = [x for x in sides.bench.baseline.slices if x.startswith(f"{segment}=")]
        levels = [label.partition("=")[2] for label in labels]
        codes = coded(as_array(sides.before.column(segment)), levels)
        for place, label in enumerate(labels):
            mask = codes == place
            if np.count_nonzero(mask) >= FEWEST:
                yield label, mask


def _one(
    form: Form, label: str, mask: Rows, sides: Sides, draws: Numbers | None, confidence: float
) -> Measured:
    try:
        values = values_of(form.metric, sides.bench, label)
        if not all(math.isfinite(value) for value in values):
            raise ArithmeticError(f"its values are {values[0]} and {values[1]}")
        contrast = _contrast(form, mask, sides, values, draws, confidence)
        if form.rows is None:
            contrast = certain(contrast, form.metric, sides, label)
    except Exception as error:
        return unmeasured(form.metric, label, error)
    return Measured(
        metric=form.metric,
        slice=label,
        baseline=values[0],
        candidate=values[1],
        contrast=replace(contrast, change=values[1] - values[0]),
    )


def _contrast(
    form: Form,
    mask: Rows,
    sides: Sides,
    values: tuple[float, float],
    draws: Numbers | None,
    confidence: float,
) -> Contrast:
    members = None if sides.groups[0] is None else sides.groups[0][mask]
    if form.rows is not None:
        return of_rows(form.rows, mask, members, confidence)
    if form.scores is not None:
        truth, before, now = (part[mask] for part in form.scores)
        found: Contrast = comparer("comparison.areas").contrast(
            truth, before, now, groups=members, confidence=confidence
        )
        return _moved(found, values[1] - values[0])
    assert draws is not None
    n = int(np.count_nonzero(mask))
    drawn: Contrast = comparer("comparison.redrawn").contrast(
        values,
        draws,
        n=n,
        groups=n if members is None else len(np.unique(members)),
        part=_drawing(sides).part,
        grouped=members is not None,
        confidence=confidence,
    )
    return drawn


def certain(found: Contrast, metric: Metric, sides: Sides, label: str) -> Contrast:
    """Rows that never vary do not make a number certain: take the measure's own word then.

    A precision of 1 on both sides varies in no draw; the measure says how far twenty rows bear
    it out, as of two samples.
    """
    score = None if found.error > 0 else score_of(metric, sides.bench, label)
    if score is None or score.change is None:
        return found
    reach = NormalDist().inv_cdf(0.5 + sides.bench.policy.confidence / 2)
    error = (score.change.high - score.change.low) / (2 * reach)
    return replace(
        found,
        interval=score.change,
        p_value=1.0 if score.p_value is None else score.p_value,
        error=error,
        method=f"{found.method} does not vary; as of two samples",
    )


def _drawing(sides: Sides) -> Drawing:
    return Drawing(before=sides.before, now=sides.now, groups=sides.groups, paired=sides.paired)


def of_rows(
    rows: Rowwise, mask: Rows, groups: NDArray[np.int64] | None, confidence: float
) -> Contrast:
    """Hold means over rows against each other, by McNemar's test where they are shares."""
    before, now = rows.before[mask], rows.now[mask]
    part = replace(rows, before=before, now=now)
    neither = np.isnan(before) & np.isnan(now)
    if neither.any():
        before, now = before[~neither], now[~neither]
        groups = None if groups is None else groups[~neither]
        part = replace(rows, before=before, now=now)
    method = "comparison.shares" if part.shares else "comparison.means"
    found: Contrast = comparer(method).contrast(before, now, groups=groups, confidence=confidence)
    return _rooted(found, part) if rows.root else found


def _rooted(found: Contrast, rows: Rowwise) -> Contrast:
    """From means of squares to their roots: the error of a root by the delta method."""
    slopes = [0.5 / max(math.sqrt(np.nanmean(side)), 1e-300) for side in (rows.before, rows.now)]
    errors = (found.errors[0] * slopes[0], found.errors[1] * slopes[1])
    variance = errors[0] ** 2 + errors[1] ** 2 - 2 * found.correlation * errors[0] * errors[1]
    error = math.sqrt(max(variance, 0.0))
    change = 0.5 / slopes[1] - 0.5 / slopes[0]
    scale = error / found.error if found.error > 0 else 0.0
    half = (found.interval.high - found.interval.low) / 2 * scale if found.interval else math.nan
    return replace(
        found,
        change=change,
        error=error,
        errors=errors,
        interval=Interval(change - half, change + half) if found.interval else None,
        method=f"{found.method} of squares, delta method",
    )


def _moved(found: Contrast, change: float) -> Contrast:
    """Centre on the measure's own values, which read scores over a grid."""
    if found.interval is None:
        return found
    shift = change - found.change
    low, high = found.interval
    return replace(found, change=change, interval=Interval(low + shift, high + shift))


def unmeasured(metric: Metric, label: str, error: Exception) -> Measured:
    """Say why a metric has no difference."""
    said, few = problem_of(error)
    broken = not isinstance(error, CannotMeasure)
    return Measured(metric=metric, slice=label, problem=said, few=few, broken=broken)
