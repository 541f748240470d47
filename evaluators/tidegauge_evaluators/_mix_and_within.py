"""A change of a mean over groups: how much is of the groups' shares, how much of their own means.

Kitagawa 1955, JASA 50(272): with p, q the shares and m, M the means of a group before and now,
the change is the sum of (q - p) (m + M) / 2, the mix, and of (M - m) (p + q) / 2, within groups.
Standard errors are those of the linearised statistic, rows of a block as one draw.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Places = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Grouped:
    """Rows in groups, on two sides."""

    codes: Places
    """Shape (rows,)."""
    values: Floats
    """Shape (rows,): finite."""
    current: Flags
    weights: Floats
    """Shape (rows,)."""
    blocks: Places | None
    count: int
    """Groups."""

    def side(self, now: bool) -> tuple[Floats, Floats]:
        """Shares and means of the groups; the mean of none is 0."""
        here = self.current == now
        weight = np.bincount(self.codes[here], self.weights[here], self.count)
        sums = np.bincount(self.codes[here], (self.weights * self.values)[here], self.count)
        return weight / weight.sum(), np.where(weight > 0.0, sums / np.maximum(weight, 1e-300), 0.0)

    def error(self, leans: Floats) -> float:
        """Work out the standard error of a statistic from what each row adds to it.

        Parameters
        ----------
        leans
            Shape (rows,): influence of each row on the statistic, of mean 0 on each side.
        """
        total = 0.0
        for now in (False, True):
            here = self.current == now
            each = leans[here] * self.weights[here] / self.weights[here].sum()
            if self.blocks is not None:
                each = np.bincount(np.unique(self.blocks[here], return_inverse=True)[1], each)
            if len(each) > 1:
                total += float(each @ each) * len(each) / (len(each) - 1)
        return float(np.sqrt(total))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Split:
    """A change of a mean, and what each group adds to it by its share and by its own mean."""

    then: Floats
    """Shape (groups,): shares before."""
    now: Floats
    mean_then: Floats
    """Shape (groups,)."""
    mean_now: Floats
    mix: Floats
    """Shape (groups,): beyond what rows of the average group in their place would have added."""
    within: Floats
    total: float
    leans_mix: Floats
    """Shape (rows,): influence on the sum of ``mix``."""
    leans_within: Floats


def split(rows: Grouped) -> Split:
    """Split the change of a mean; a group that one side lacks changes the mix only."""
    (p, m), (q, big) = rows.side(False), rows.side(True)
    both = (p > 0.0) & (q > 0.0)
    middle = np.where(both, (m + big) / 2.0, m + big)
    own = np.where(both, big - m, 0.0)
    center = float(((p + q) / 2.0) @ middle)
    off = np.where(rows.current, rows.values - big[rows.codes], rows.values - m[rows.codes])
    share = np.where(rows.current, q[rows.codes], p[rows.codes])
    sign = np.where(rows.current, 1.0, -1.0)
    half = np.where(both, 0.5, 1.0)

    def lean(by_share: Floats, by_mean: Floats, sided: bool) -> Floats:
        around = np.where(rows.current, by_share @ q, by_share @ p)
        found: Floats = (by_share[rows.codes] - around) * (sign if sided else 1.0)
        return found + by_mean[rows.codes] / share * off * (1.0 if sided else sign)

    return Split(
        then=p,
        now=q,
        mean_then=m,
        mean_now=big,
        mix=(q - p) * (middle - center),
        within=own * (p + q) / 2.0,
        total=float(q @ big - p @ m),
        leans_mix=lean(middle, (q - p) * half, True),
        leans_within=lean(own / 2.0, np.where(both, (p + q) / 2.0, 0.0), False),
    )


def group_leans(rows: Grouped, found: Split, group: int) -> tuple[Floats, Floats]:
    """Influence of each row on a group's share now less before, and on its own mean's change."""
    inside = rows.codes == group
    sign = np.where(rows.current, 1.0, -1.0)
    share = np.where(rows.current, found.now[group], found.then[group])
    mean = np.where(rows.current, found.mean_now[group], found.mean_then[group])
    by_mean = np.where(inside, (rows.values - mean) / np.maximum(share, 1e-300), 0.0)
    return sign * (inside - share), sign * by_mean
