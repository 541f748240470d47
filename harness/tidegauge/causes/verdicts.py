"""Which mechanism: the only place that decides it, by what units measured."""

from __future__ import annotations

from collections.abc import Sequence
from math import log

from tidegauge.findings import Checked, Links, Step, Weakened
from tidegauge.records import Information, Mechanism, Segment, Shape

SURE = 3.0
"""Standard errors from which information is taken to be there."""
LIKELY = 2.5
"""The same for what target or prediction add: held-out information is below zero without a
change, so that one run in a hundred passes it."""
TRIFLE = 0.05
"""Part of the features' information below which what the target or the prediction adds is no
finding: trees that know a far drift only roughly leave so much to anything related to it."""
FITS = 0.5
"""Part of a column's change that a shape must explain before it may decide."""
ALMOST_ALL = 0.9
"""Part of a column's change from which a shape leaves nothing else to think of."""
FAR = 0.5
"""Part of a bit that a column tells of the side, from which most values were hardly there before:
where the world moves so far, other columns move along."""
CERTAIN = 0.001
"""Corrected p-value of a segment's excess loss that shows by itself that the truth changed."""
NEARLY = 0.8
"""Part of what a loss rose by from which a segment is where it rose."""
UNLIKE = 0.001
"""Chance of correlations below which they did not all shrink by the same factor."""
FAULTS: tuple[Mechanism, ...] = ("distortion", "misaligned")
MOSTLY = 0.9
"""Probability of being first from which a feature is the one whose effect changed."""
SHUFFLED = ("shuffle", "lag")
NATURAL = ("bias", "scale", "noise", "unit", "merge", "new_level", "split", "log", "power")
"""Shapes that the world may take too, unless a constant is exactly met: the others are faults."""


def of_step(step: Step, shape: Shape | None, check: Checked | None = None) -> Mechanism:
    """Name what became of a column, or say that the data cannot tell.

    Values that are the old ones beside other rows were mixed up: all that went along with the
    column does so by the same part less. Else, where they can be repaired, the truth tells: it goes
    with the repaired ones after a fault and with the logged ones after a change of the world; but
    what others followed was no fault. Else, without the column the others do not differ: its values
    were changed after they were made, if a rule of values fits, and come about otherwise if none
    does. At equal values of it they do not differ: it moved in the world, and they with it. Where
    both hold nothing hangs on the column, and a shift of the world looks like a biased sensor; only
    a shape that nature would not have chosen tells, or values that were never there before.
    """
    marginal, weakened = step.ranked[0].marginal, step.weakened
    evenly = weakened is not None and is_even(weakened)
    unevenly = weakened is not None and is_uneven(weakened)
    shuffled = shape is not None and shape.name in SHUFFLED
    certainly = shape is not None and shuffled and shape.fit >= ALMOST_ALL and not unevenly
    if shuffled:
        shape, check = None, None
    fit = 0.0 if shape is None else shape.fit
    if marginal.z <= SURE and (certainly or (evenly and fit < FITS)):
        return "misaligned"
    if check is not None and (check.z > SURE or (check.z < -SURE and fit >= ALMOST_ALL)):
        fault = check.z > 0 and not (step.way == "through" and step.moved)
        return "distortion" if fault else "covariate"
    if step.way == "apart":
        return "distortion" if fit >= (FITS if marginal.z > SURE else ALMOST_ALL) else "covariate"
    if shape is not None and fit >= FITS and is_unnatural(shape):
        return "distortion"
    if not step.moved and marginal.value > FAR * log(2):
        return "distortion"
    if step.way == "through" or (unevenly and fit < FITS):
        return "covariate"
    return "undetermined"


def is_uneven(weakened: Weakened) -> bool:
    """Whether correlations turned over, or some shrank by more than others."""
    return weakened.p_value < UNLIKE or weakened.share - SURE * weakened.error > 1.0


def is_even(weakened: Weakened) -> bool:
    """Whether correlations shrank for sure, and all by the same factor."""
    return weakened.share > SURE * weakened.error and not is_uneven(weakened)


def is_unnatural(shape: Shape) -> bool:
    """Whether the world would not have changed a column so: a constant is met, a rule is kept.

    That more rows hold a value which many held before is what the world does, too.
    """
    known = shape.params.get("fresh") == 0.0
    merged = shape.name == "merge" and shape.fit >= ALMOST_ALL
    return shape.exact or merged or not (known or shape.name in NATURAL)


def is_label_shift(links: Links, total: Information) -> bool:
    """Whether the mix of truths changed, and the features only with it."""
    alone, beside, rest = (
        links.target, links.target_given_features, links.features_given_target,
    )  # fmt: skip
    if alone is None or beside is None or rest is None:
        return False
    stable = rest.z < SURE or rest.value < TRIFLE * max(total.value, 0.0)
    return alone.z > SURE and beside.z > SURE and stable


def adds(one: Information | None, total: Information) -> bool:
    """Whether target or prediction tell of the side what the features do not."""
    return one is not None and one.z > LIKELY and one.value > TRIFLE * max(total.value, 0.0)


def dearest(segments: Sequence[Segment], *, confined: bool = False) -> Segment | None:
    """Find the rows on which the loss at equal inputs rose most surely: ``confined`` to them."""
    certain = [
        (one.p_value, place)
        for place, one in enumerate(segments)
        if one.p_value is not None and one.p_value < CERTAIN and (not confined or is_confined(one))
    ]
    return segments[min(certain)[1]] if certain else None


def is_confined(segment: Segment) -> bool:
    """Whether the loss rose on the rows of a segment and hardly elsewhere."""
    return segment.share > NEARLY
