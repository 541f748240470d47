"""Inside of a rule against outside of it: how far a number is higher there than before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

PRIOR = 20.0
"""Rows inside that the spread over all rows counts for."""
BELIEF = 5.0
"""Rows of the baseline that the belief "nothing was unexpected here before" counts for."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sums:
    """What is known of each of many rules; all arrays of one shape."""

    n: Numbers
    """Current rows inside."""
    sum: Numbers
    """Of the number over them."""
    square: Numbers
    """Of its square."""
    n_before: Numbers
    """Rows of the baseline inside."""
    sum_before: Numbers
    """Of the number over them."""

    def each(self, change: Callable[[Numbers], Any]) -> Sums:
        """Change all arrays alike."""
        return Sums(
            n=change(self.n),
            sum=change(self.sum),
            square=change(self.square),
            n_before=change(self.n_before),
            sum_before=change(self.sum_before),
        )

    def lowered(self, gap: float, inside: Sums) -> Sums:
        """Take a number off the current rows that are inside of a rule as well."""
        return Sums(
            n=self.n,
            sum=self.sum - gap * inside.n,
            square=self.square - 2 * gap * inside.sum + gap**2 * inside.n,
            n_before=self.n_before,
            sum_before=self.sum_before,
        )


def gap_of(inside: Sums, total: Sums) -> Numbers:
    """Mean inside less mean outside, less the same of the baseline."""
    outside = total.n - inside.n, total.sum - inside.sum
    now = inside.sum / np.maximum(inside.n, 1) - outside[1] / np.maximum(outside[0], 1)
    then_inside = inside.sum_before / (inside.n_before + BELIEF)
    then_outside = (total.sum_before - inside.sum_before) / (
        total.n_before - inside.n_before + BELIEF
    )
    return np.asarray(now - (then_inside - then_outside))


def z_of(inside: Sums, total: Sums, least: float) -> Numbers:
    """Put the gap over its standard error; -inf where fewer than ``least`` rows are on a side.

    The spread inside is shrunk towards that of all rows, so that a dozen rows that happen to be
    alike are no certainty; and a rule that holds no rows of the baseline is not taken for one
    whose loss was known exactly.
    """
    n, rest = np.maximum(inside.n, 1), np.maximum(total.n - inside.n, 1)
    mean = total.sum / total.n
    spread = np.maximum(total.square / total.n - mean**2, 0.0)
    within = inside.square - inside.sum**2 / n
    beyond = total.square - inside.square - (total.sum - inside.sum) ** 2 / rest
    within = np.maximum(within + PRIOR * spread, 0.0) / (n + PRIOR)
    beyond = np.maximum(beyond + PRIOR * spread, 0.0) / (rest + PRIOR)
    error = within / n + beyond / rest
    if float(np.max(total.n_before)) > 0:
        error = error + within / (inside.n_before + BELIEF)
        error = error + beyond / (total.n_before - inside.n_before + BELIEF)
    z = gap_of(inside, total) / np.sqrt(np.maximum(error, 1e-300))
    few = (inside.n < least) | (total.n - inside.n < least) | (spread <= 0)
    return np.where(few, -np.inf, z)
