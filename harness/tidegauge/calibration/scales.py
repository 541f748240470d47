"""Scales on which a measure's window-to-window variation is close to normal, and window sizes.

A rate varies by its binomial error, a duration by a factor, a distance like the root of a
chi-square: on its own scale each is close enough to normal for Student's t, and a smaller window
widens it by a known factor.
"""

from __future__ import annotations

import math
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from tidegauge.records import Card

Scale = Literal["plain", "log", "arcsine", "power 2/3", "power 1/3"]
"""``power 2/3`` and ``power 1/3`` are the cube root of a chi-square that the value is the root of,
or is itself (Wilson & Hilferty 1931, PNAS 17)."""
SCALES: tuple[Scale, ...] = get_args(Scale)
DISTANCES: tuple[Scale, ...] = ("power 2/3", "power 1/3")
POWERS: dict[str, float] = {"power 2/3": 2 / 3, "power 1/3": 1 / 3}


def scale_of(card: Card, values: NDArray[np.float64]) -> Scale:
    """Choose the scale of a measure that is no distance, by its range and its values.

    Examples
    --------
    >>> from tidegauge.catalog import evaluator
    >>> scale_of(evaluator("quality.missing_rate").card, np.array([0.0, 0.1]))
    'arcsine'
    >>> scale_of(evaluator("service.latency_p95").card, np.array([120.0, 180.0]))
    'log'
    """
    if card.range == (0.0, 1.0):
        return "arcsine"
    found = values[np.isfinite(values)]
    positive = len(found) > 0 and float(found.min()) > 0
    return "log" if positive and card.range[0] != -1.0 else "plain"


def onto(scale: Scale, values: Any) -> NDArray[np.float64]:
    """Lay values onto a scale; NaN where it has no place for them."""
    array = np.asarray(values, dtype=np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        if scale == "log":
            found = np.log(np.maximum(array, 1e-300))  # a count of 0 is as far down as can be
        elif scale == "arcsine":
            found = np.arcsin(np.sqrt(np.clip(array, 0.0, 1.0)))
            found = np.where(np.isnan(array), np.nan, found)
        elif scale in POWERS:
            found = np.maximum(array, 0.0) ** POWERS[scale]
        else:
            found = array
    return np.asarray(found, dtype=np.float64)


def back(scale: Scale, place: float) -> float:
    """Take one place on a scale back to the measure's own unit.

    Examples
    --------
    >>> round(back("arcsine", float(onto("arcsine", 0.2))), 6)
    0.2
    """
    if scale == "log":
        return math.exp(min(place, 700.0))
    if scale == "arcsine":
        return math.sin(min(max(place, 0.0), math.pi / 2)) ** 2
    if scale in POWERS:
        return float(max(place, 0.0) ** (1 / POWERS[scale]))
    return place


def student_tail(chance: Any, df: Any) -> Any:
    """Give the quantile of Student's t that is passed with a small probability.

    Examples
    --------
    >>> round(float(student_tail(0.025, 10)), 3)
    2.228
    """
    return -stdtrit(df, chance)


class Size(NamedTuple):
    """How windows of one size differ from those that were learned from."""

    middle: float
    """What a distance usually is, as a multiple in its chi-square form; 1 for all else."""
    reach: float
    """How far windows scatter, as a multiple: of a distance in its chi-square form, of all else
    on its scale."""


def size_of(
    scale: Scale,
    noise: float,
    surely: float,
    *,
    rows: float,
    usual_rows: float,
    reference: float = math.inf,
) -> Size:
    """Say what another number of rows does to a window's score.

    Parameters
    ----------
    noise
        Share of what windows scatter by (of a distance: of what it is) that comes from the
        chance of rows, as a variance.
    surely
        Share of the scatter of which this can be said with confidence: larger windows are
        narrowed by no more.
    rows, usual_rows
        Rows of the window, and of the windows that were learned from.
    reference
        Rows of the reference, which a distance's chance depends on too.

    Examples
    --------
    >>> size_of("plain", 1.0, 1.0, rows=25, usual_rows=100)
    Size(middle=1.0, reach=2.0)
    >>> size_of("plain", 1.0, 0.0, rows=400, usual_rows=100)
    Size(middle=1.0, reach=1.0)
    """
    here, usual = 1 / max(rows, 1.0), 1 / max(usual_rows, 1.0)
    if scale in DISTANCES:
        ratio = (here + 1 / reference) / (usual + 1 / reference)
        share = surely if ratio < 1 else max(noise, surely)
        return Size(1 - noise + noise * ratio, math.sqrt(1 - share + share * ratio**2))
    ratio = here / usual
    share = surely if ratio < 1 else noise
    return Size(1.0, math.sqrt(1 - share + share * ratio))


def resized(scale: Scale, usual: float, place: float, size: Size) -> float:
    """Take a place on the scale, as a window of usual size has it, to a window of another size.

    Examples
    --------
    >>> resized("plain", 5.0, 6.0, Size(1.0, 2.0))
    7.0
    """
    if scale in DISTANCES:
        middle = max(usual, 0.0) ** 3
        square = middle * size.middle + (max(place, 0.0) ** 3 - middle) * size.reach
        return float(max(square, 0.0) ** (1 / 3))
    return usual + (place - usual) * size.reach


def as_usual(scale: Scale, usual: float, place: float, size: Size) -> float:
    """Take a place on the scale to where a window of usual size would have it.

    Examples
    --------
    >>> as_usual("plain", 5.0, 7.0, Size(1.0, 2.0))
    6.0
    """
    if scale in DISTANCES:
        middle = max(usual, 0.0) ** 3
        square = middle + (max(place, 0.0) ** 3 - middle * size.middle) / size.reach
        return float(max(square, 0.0) ** (1 / 3))
    return usual + (place - usual) / size.reach
