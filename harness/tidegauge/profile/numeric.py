"""Profile of a numeric column: exact counts over the baseline's quantiles."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tidegauge.profile.arrays import Numbers, distinct, instants, numbers
from tidegauge.profile.heavy import Heavy
from tidegauge.profile.moments import NO_MOMENTS, Moments

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

NO_CUTS: Floats = np.empty(0)
CUTS = 2_048
"""Most cut points of a grid: cells of 0.05 % of the baseline, 48 kB a column."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NumericProfile:
    """Counts left of and up to each frozen cut point, with sums between them.

    The grid (``cuts``, ``valid``) is the baseline's and never moves; ``freeze`` makes it,
    ``lay`` counts other rows over it.

    Examples
    --------
    >>> baseline = NumericProfile.freeze([0.0, 1.0, 2.0, 3.0])
    >>> current = baseline.lay([2.0, 3.0, 4.0, None])
    >>> current.upto.tolist(), current.null, current.over
    ([0, 0, 1, 2], 1, 1)
    """

    cuts: Floats
    """Shape (G,): ascending, distinct, finite."""
    valid: tuple[float, float]
    """Smallest and largest value that is in range, both included."""
    below: Counts
    """Shape (G,): rows smaller than each cut point."""
    upto: Counts
    """Shape (G,): rows smaller than or equal to each cut point."""
    sums: Floats
    """Shape (G + 1,): sum of the rows strictly between neighbouring cut points."""
    n: int = 0
    """All rows, missing ones included."""
    null: int = 0
    nan: int = 0
    neg_inf: int = 0
    pos_inf: int = 0
    unparsable: int = 0
    """Texts that are no number."""
    under: int = 0
    """Finite rows smaller than the valid range."""
    over: int = 0
    """Finite rows larger than the valid range."""
    minimum: float = np.inf
    maximum: float = -np.inf
    moments: Moments = NO_MOMENTS
    """Of the finite rows."""
    heavy: Heavy = field(default_factory=Heavy)
    """Values that repeat, whether or not they are cut points."""
    instant: bool = False
    """Whether the column holds points in time, as seconds since 1970."""

    @classmethod
    def freeze(
        cls,
        values: Any,
        *,
        cuts: int = CUTS,
        valid: tuple[float, float] | None = None,
        instant: bool = False,
    ) -> NumericProfile:
        """Make a grid at the quantiles of these values and count them over it.

        Parameters
        ----------
        values
            Arrow column, numpy array or sequence.
        cuts
            Most cut points; all distinct values become one when there are fewer.
        valid
            Valid range; by default from the smallest to the largest value.
        instant
            Read the column as points in time.
        """
        found = instants(values) if instant else numbers(values)
        profile = cls.over_grid(quantile_cuts(found.values, cuts), valid, instant=instant)
        profile = profile.lay(values)
        return profile if valid else profile.sealed()

    @classmethod
    def over_grid(
        cls, cuts: Floats, valid: tuple[float, float] | None = None, *, instant: bool = False
    ) -> NumericProfile:
        """Empty profile over given cut points."""
        zeros = np.zeros(len(cuts), dtype=np.int64)
        return cls(
            cuts=cuts,
            valid=valid or (-np.inf, np.inf),
            below=zeros,
            upto=zeros,
            sums=np.zeros(len(cuts) + 1),
            instant=instant,
        )

    def blank(self) -> NumericProfile:
        """Return the grid without its counts."""
        return NumericProfile.over_grid(self.cuts, self.valid, instant=self.instant)

    def thinned(self, cuts: int) -> NumericProfile:
        """Keep every so many of the cut points, ends included, with their counts."""
        step = max(1, -(-len(self.cuts) // cuts))
        if step == 1:
            return self
        kept = np.union1d(np.arange(0, len(self.cuts), step), len(self.cuts) - 1)
        cells = np.empty(2 * len(self.cuts) + 1)
        with np.errstate(over="ignore", invalid="ignore"):
            cells[0::2], cells[1::2] = self.sums, self.cuts * self.atom
            cells[2 * kept + 1] = 0.0
            between = np.add.reduceat(cells, np.append(0, 2 * kept + 2))
        return replace(
            self,
            cuts=self.cuts[kept],
            below=self.below[kept],
            upto=self.upto[kept],
            sums=between,
        )

    def sealed(self) -> NumericProfile:
        """Take the range seen so far for the valid one, unless one was declared."""
        if np.isfinite(self.valid[0]) or np.isfinite(self.valid[1]) or not self.finite:
            return self
        return replace(self, valid=(self.minimum, self.maximum))

    def lay(self, values: Any) -> NumericProfile:
        """Count rows over this profile's grid, into a new profile.

        Parameters
        ----------
        values
            Arrow column, numpy array or sequence; texts that are no number are counted apart.
        """
        found = instants(values) if self.instant else numbers(values)
        return self._lay_numbers(found)

    def _lay_numbers(self, found: Numbers) -> NumericProfile:
        ordered = np.sort(found.values)  # NaN goes last; sorting the narrow type is quicker
        ordered = ordered.astype(np.float64, copy=False)
        size = len(ordered)
        start, stop, last = np.searchsorted(ordered, [-np.inf, np.inf, np.inf], "left")
        start = int(np.searchsorted(ordered, -np.inf, "right"))
        last = int(np.searchsorted(ordered, np.inf, "right"))
        rows = ordered[start : int(stop)]
        below = np.searchsorted(rows, self.cuts, "left")
        upto = np.searchsorted(rows, self.cuts, "right")
        sums = _sums_between(rows, below, upto)
        low, high = (
            np.searchsorted(rows, self.valid[0], "left"),
            np.searchsorted(rows, self.valid[1], "right"),
        )
        with np.errstate(over="ignore", invalid="ignore"):  # numbers near the largest double
            total = float(sums.sum() + self.cuts @ (upto - below))
        return replace(
            self,
            below=below,
            upto=upto,
            sums=sums,
            n=size + found.null + found.unparsable,
            null=found.null,
            nan=size - last,
            neg_inf=start,
            pos_inf=last - int(stop),
            unparsable=found.unparsable,
            under=int(low),
            over=len(rows) - int(high),
            minimum=float(rows[0]) if len(rows) else np.inf,
            maximum=float(rows[-1]) if len(rows) else -np.inf,
            moments=Moments.about(rows, total) if len(rows) else NO_MOMENTS,
            heavy=Heavy.of_sorted(rows),
        )

    def merge(self, other: NumericProfile) -> NumericProfile:
        """Profile of both sets of rows together; both must lie over one grid."""
        with np.errstate(over="ignore", invalid="ignore"):
            sums = self.sums + other.sums
        return replace(
            self,
            below=self.below + other.below,
            upto=self.upto + other.upto,
            sums=sums,
            n=self.n + other.n,
            null=self.null + other.null,
            nan=self.nan + other.nan,
            neg_inf=self.neg_inf + other.neg_inf,
            pos_inf=self.pos_inf + other.pos_inf,
            unparsable=self.unparsable + other.unparsable,
            under=self.under + other.under,
            over=self.over + other.over,
            minimum=min(self.minimum, other.minimum),
            maximum=max(self.maximum, other.maximum),
            moments=self.moments.merge(other.moments),
            heavy=self.heavy.merge(other.heavy),
        )

    @property
    def finite(self) -> int:
        """Rows that are finite numbers: what drift is measured on."""
        return self.moments.n

    @property
    def missing(self) -> int:
        """Rows that are null or NaN."""
        return self.null + self.nan

    @property
    def cells(self) -> Counts:
        """Rows in each elementary cell, shape (2 G + 1,).

        Even places are the open cells between cut points, odd places the cut points.
        """
        cells = np.empty(2 * len(self.cuts) + 1, dtype=np.int64)
        cells[1::2] = self.upto - self.below
        cells[0::2] = np.append(self.below, self.finite) - np.append(0, self.upto)
        return cells

    @property
    def largest_cell(self) -> float:
        """Largest share of rows in one open cell: what the grid cannot resolve."""
        return float(self.cells[0::2].max() / self.finite) if self.finite else 0.0

    @property
    def atom(self) -> Counts:
        """Rows exactly at each cut point, shape (G,)."""
        return self.upto - self.below

    def quantile(self, q: float) -> float:
        """Value below which a share ``q`` of the finite rows lies, interpolated in open cells.

        Exact where the quantile falls on a cut point; otherwise off by less than one cell.
        """
        if not self.finite:
            return float("nan")
        rank = q * self.finite
        place = int(np.searchsorted(self.upto, rank, "left"))
        if place < len(self.cuts) and rank > self.below[place]:
            return float(self.cuts[place])
        left = float(self.cuts[place - 1]) if place else self.minimum
        right = float(self.cuts[place]) if place < len(self.cuts) else self.maximum
        left, right = max(left, self.minimum), min(right, self.maximum)
        start = int(self.upto[place - 1]) if place else 0
        stop = int(self.below[place]) if place < len(self.cuts) else self.finite
        share = (rank - start) / (stop - start) if stop > start else 0.0
        return left + share * (right - left)


def quantile_cuts(values: NDArray[Any], cuts: int = CUTS) -> Floats:
    """Cut points for a grid: all distinct finite values, or quantiles that are values.

    Parameters
    ----------
    values
        Shape (n,); NaN and infinities are passed over.
    cuts
        Most cut points returned.
    """
    ordered = np.sort(values).astype(np.float64)
    ordered = ordered[: np.searchsorted(ordered, np.inf)]
    ordered = ordered[np.searchsorted(ordered, -np.inf, "right") :]
    if not len(ordered):
        return np.empty(0)
    first = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1]))
    if len(first) <= cuts:
        return ordered[first]
    places = np.linspace(0, len(ordered) - 1, cuts).round().astype(np.int64)
    return distinct(ordered[places])


def log_cuts(cuts: int = CUTS) -> Floats:
    """Cut points for durations: a fixed ratio apart, from 1e-6 to 1e9 of any unit.

    Neighbours differ by 1.7 %, so a quantile read off this grid is right to 1.7 % whatever
    the baseline was; zero is a cut point of its own.
    """
    return np.append(0.0, np.logspace(-6, 9, cuts - 1))


def _sums_between(rows: Floats, below: Counts, upto: Counts) -> Floats:
    """Sum of sorted rows strictly between neighbouring cut points."""
    starts = np.append(0, upto)
    stops = np.append(below, len(rows))
    if not len(rows):
        return np.zeros(len(starts))
    edges = np.column_stack([starts, stops]).ravel()
    inside = int(np.searchsorted(edges, len(rows), "left"))  # the last cell runs to the end
    sums = np.zeros(len(edges))
    with np.errstate(over="ignore", invalid="ignore"):
        np.add.reduceat(rows, edges[:inside], out=sums[:inside])
    return np.where(stops > starts, sums[0::2], 0.0)
