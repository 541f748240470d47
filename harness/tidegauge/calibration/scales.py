"""Scales on which a measure's window-to-window variation is close to normal, and window sizes.

A rate varies by its binomial error, a duration by a factor, a distance like the root of a
chi-square: on its own scale each is close enough to normal for Student's t, and a smaller window
widens it by a known factor.
"""

from __future__ import annotations

import math
from typing import Any, Literal, get_args

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


def widening(
    scale: Scale, noise: float, *, rows: float, usual_rows: float, reference: float = math.inf
) -> float:
    """Say how much more a window of other size varies, on the scale.

    Parameters
    ----------
    noise
        Share of the variation (as a variance) that more rows would take away.
    rows, usual_rows
        Rows of the window, and of the windows that were learned from.
    reference
        Rows of the reference, which a distance's chance depends on too.

    Returns
    -------
    Factor of the deviation from what is usual; of a distance, of the whole value.

    Examples
    --------
    >>> round(widening("plain", 1.0, rows=25, usual_rows=100), 3)
    2.0
    >>> widening("plain", 0.0, rows=25, usual_rows=100)
    1.0
    """
    if scale in DISTANCES:
        here, usual = 1 / max(rows, 1.0) + 1 / reference, 1 / usual_rows + 1 / reference
        return float((1 - noise + noise * here / usual) ** (1 / 3))
    return math.sqrt(1 - noise + noise * usual_rows / max(rows, 1.0))
