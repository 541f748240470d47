"""What follows from counts of target by prediction."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tidegauge.profile.classification import ClassificationProfile
from tidegauge.records import Part

Counts = NDArray[np.int64]


def hits(profile: ClassificationProfile) -> Counts:
    """Rows of each known class that were predicted as that class, shape (k,).

    A class never seen before is always wrong: nothing says that two such labels are one.
    """
    right: Counts = np.diag(profile.confusion)[:-1]
    return right


def targets(profile: ClassificationProfile) -> Counts:
    """Rows that are of each known class, shape (k,)."""
    rows: Counts = profile.confusion.sum(axis=1)[:-1]
    return rows


def predictions(profile: ClassificationProfile) -> Counts:
    """Rows that were predicted as each known class, shape (k,)."""
    rows: Counts = profile.confusion.sum(axis=0)[:-1]
    return rows


def class_parts(
    classes: Sequence[str],
    baseline: tuple[Counts, Counts],
    current: tuple[Counts, Counts],
    total: float,
) -> list[Part]:
    """One line a class that occurs on both sides: its rate, and what it adds to the whole.

    Parameters
    ----------
    classes
        Their names.
    baseline, current
        Numerators and denominators, both of shape (k,).
    total
        What the current numerators are divided by in the whole.
    """
    shown = np.flatnonzero((baseline[1] > 0) & (current[1] > 0)).tolist()
    parts = [
        Part(
            label=classes[i],
            baseline=float(baseline[0][i] / baseline[1][i]),
            current=float(current[0][i] / current[1][i]),
            contribution=float(current[0][i] / total),
        )
        for i in shown
    ]
    return sorted(parts, key=lambda part: -part.contribution)
