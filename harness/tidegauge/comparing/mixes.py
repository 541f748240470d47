"""Metrics of two models that answered different rows, made comparable where that can be."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tidegauge.case import Case
from tidegauge.catalog import comparer
from tidegauge.causes.gathering import case_from
from tidegauge.comparing.contrasts import Form, Measured, certain, form_of, segments, unmeasured
from tidegauge.comparing.metrics import Metric, outputs, values_of
from tidegauge.comparing.reading import Sides
from tidegauge.comparing.redrawing import Drawing, redraw, weighed, within_reach
from tidegauge.comparison import Contrast, Mix, Unadjusted
from tidegauge.errors import CannotMeasure, TooFewRows
from tidegauge.freezing import Progress
from tidegauge.profile.arrays import as_array, coded
from tidegauge.suite.shape import Compare

Numbers = NDArray[np.float64]
Rows = NDArray[np.bool_]
Key = tuple[str, str]

FEWEST = 60
"""Rows of each side that a segment needs."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Weighted:
    """Metrics that are no means of rows, on rows drawn by weight."""

    values: dict[Key, tuple[float, float]]
    draws: dict[Key, Numbers]


def adjusted(
    metrics: Sequence[Metric],
    sides: Sides,
    settings: Compare,
    *,
    sliced: bool,
    progress: Progress,
    seed: int,
) -> tuple[tuple[Measured, ...], Mix | None, tuple[str, ...]]:
    """Measure every metric's difference on the inputs that both sides share.

    Returns
    -------
    measured, mix, notes
        ``mix`` is ``None`` where nothing could be adjusted; a note says why, and which segments
        are left out.
    """
    forms, found = [], []
    for metric in metrics:
        try:
            forms.append(_unrooted(form_of(metric, sides)))
        except Exception as error:
            found.append(unmeasured(metric, "", error))
    masks = {"": _everything(sides), **(dict(_segments(sides)) if sliced else {})}
    progress("weighing rows", 0, None)
    rng = np.random.default_rng([seed, 2])
    shared, notes = _shared(forms, sides, rng, settings)
    sizes = {label: int(np.count_nonzero(mask[0])) for label, mask in masks.items() if label}
    asked, left = within_reach([form.metric for form in forms if form.rows is None], sizes)
    drawn = _drawn(asked, sides, shared, rng, progress)
    for form in forms:
        for label, mask in masks.items():
            if form.rows is None and (form.metric.name, label) not in drawn.draws:
                continue
            found.append(_one(form, label, mask, sides, shared, drawn))
    return tuple(found), shared.mix if shared else None, (*notes, *left)


def _unrooted(form: Form) -> Form:
    """Take a root of a mean for no mean: it is drawn anew instead."""
    return replace(form, rows=None) if form.rows is not None and form.rows.root else form


def _everything(sides: Sides) -> tuple[Rows, Rows]:
    return np.ones(sides.before.num_rows, bool), np.ones(sides.now.num_rows, bool)


def _segments(sides: Sides) -> Iterator[tuple[str, tuple[Rows, Rows]]]:
    """Mask both sides' rows of each segment that holds enough of them on either side."""
    for label, mask in segments(sides):
        segment, _, level = label.partition("=")
        if segment in sides.now.column_names:
            codes = coded(as_array(sides.now.column(segment)), [level])
            if min(np.count_nonzero(mask), np.count_nonzero(codes == 0)) >= FEWEST:
                yield label, (mask, codes == 0)


def _shared(
    forms: Sequence[Form], sides: Sides, rng: np.random.Generator, settings: Compare
) -> tuple[Any, tuple[str, ...]]:
    """Weight both sides to the inputs they share; a note where that cannot be."""
    case, names = _case(sides, settings)
    if not names:
        return None, ("No inputs were logged, so nothing is adjusted for another mix of rows.",)
    rows = {
        form.metric.name: np.concatenate([form.rows.before, form.rows.now])
        for form in forms
        if form.rows is not None
    }
    try:
        found = comparer("comparison.reweighted").contrast(
            case, rows, rng=rng, confidence=sides.bench.policy.confidence
        )
    except CannotMeasure as error:
        return None, (f"Nothing is adjusted for another mix of rows: {error.message}.",)
    return found, ()


def _case(sides: Sides, settings: Compare) -> tuple[Case, tuple[str, ...]]:
    """Lay out what both models were given, and nothing that they answered."""
    layout = sides.layout
    spoken = outputs(layout, settings)
    prompt = layout.texts.get("prompt", "")
    asked = [name for name, made in layout.made.items() if prompt and made.source == prompt]
    wanted = settings.inputs if settings.inputs is not None else layout.features
    case, _ = case_from(sides.before, sides.now, layout)
    numbers = {name: one for name, one in case.variables.items() if not one.instant}
    given = [name for name in (*wanted, *layout.segments) if name not in spoken]
    names = tuple(
        name
        for name in dict.fromkeys([*given, *asked])
        if name in numbers and name != layout.model_version
    )
    blocks = None
    then, now = sides.groups
    if then is not None and now is not None:
        blocks = np.concatenate([then, now + int(then.max()) + 1])
    return replace(
        case,
        variables={name: numbers[name] for name in names},
        features=names,
        target="",
        prediction="",
        scores=(),
        timestamp="",
        model_version="",
        blocks=blocks,
        texts={},
    ), names


def _drawn(
    asked: Sequence[tuple[Metric, str]],
    sides: Sides,
    shared: Any,
    rng: np.random.Generator,
    progress: Progress,
) -> Weighted:
    """Draw for what is no mean of rows, each row as often as it counts on shared inputs."""
    if not asked:
        return Weighted(values={}, draws={})
    weights = None
    if shared is not None:
        n = sides.before.num_rows
        weights = (shared.chance[:n], 1 - shared.chance[n:])
    drawing = Drawing(
        before=sides.before, now=sides.now, groups=sides.groups, paired=False, weights=weights
    )
    values = dict(weighed(asked, sides.bench, drawing)) if weights else {}
    draws = redraw(asked, sides.bench, drawing, rng=rng, progress=progress)
    return Weighted(values=values, draws=draws)


def _one(
    form: Form,
    label: str,
    masks: tuple[Rows, Rows],
    sides: Sides,
    shared: Any,
    drawn: Weighted,
) -> Measured:
    metric, key = form.metric, (form.metric.name, label)
    try:
        plain = values_of(metric, sides.bench, label)
        if form.rows is None:
            values, contrast = _of_draws(key, plain, masks, sides, drawn)
            contrast = certain(contrast, metric, sides, label)
        elif shared is None:
            values, contrast = plain, _apart(form, masks, sides)
        else:
            then, now, contrast = shared.contrast(metric.name, np.concatenate(masks))
            values = (then, now)
        unadjusted = _plain(form, plain, masks, sides) if shared is not None else None
    except Exception as error:
        return unmeasured(metric, label, error)
    return Measured(
        metric=metric,
        slice=label,
        baseline=values[0],
        candidate=values[1],
        contrast=contrast,
        unadjusted=unadjusted,
    )


def _of_draws(
    key: Key,
    plain: tuple[float, float],
    masks: tuple[Rows, Rows],
    sides: Sides,
    drawn: Weighted,
) -> tuple[tuple[float, float], Contrast]:
    values = drawn.values.get(key, plain)
    n = int(sum(np.count_nonzero(mask) for mask in masks))
    if not all(math.isfinite(value) for value in values):
        raise TooFewRows(needed=FEWEST, n_baseline=n, n_current=n, of="after weighting")
    groups = n
    if sides.groups[0] is not None and sides.groups[1] is not None:
        groups = sum(
            len(np.unique(side[mask]))
            for side, mask in zip(sides.groups, masks, strict=True)
            if side is not None
        )
    part = Drawing(before=sides.before, now=sides.now, groups=sides.groups, paired=False).part
    found: Contrast = comparer("comparison.redrawn").contrast(
        values,
        drawn.draws[key],
        n=n,
        groups=groups,
        part=part,
        grouped=sides.groups[0] is not None,
        confidence=sides.bench.policy.confidence,
    )
    return values, replace(found, method=found.method.replace("paired ", ""))


def _apart(form: Form, masks: tuple[Rows, Rows], sides: Sides) -> Contrast:
    """Compare means of different rows as they are."""
    assert form.rows is not None
    groups = tuple(
        None if side is None else side[mask] for side, mask in zip(sides.groups, masks, strict=True)
    )
    found: Contrast = comparer("comparison.apart").contrast(
        form.rows.before[masks[0]],
        form.rows.now[masks[1]],
        groups=groups,
        confidence=sides.bench.policy.confidence,
    )
    return found


def _plain(
    form: Form, plain: tuple[float, float], masks: tuple[Rows, Rows], sides: Sides
) -> Unadjusted:
    """Keep the figures as both logs have them."""
    contrast = _apart(form, masks, sides) if form.rows is not None else None
    return Unadjusted(
        baseline=plain[0],
        candidate=plain[1],
        change=plain[1] - plain[0],
        interval=contrast.interval if contrast else None,
        p_value=contrast.p_value if contrast else None,
    )
