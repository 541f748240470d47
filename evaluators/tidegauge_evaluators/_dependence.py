"""Whether columns go together otherwise than before, two by two.

Rows of one column in another order, or a column that follows from another by other rules, leave
every column as it was by itself; their correlations change. Each is tested with all rows, which
sees changes that trees on held-out rows do not.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tidegauge.findings import Weakened
from tidegauge_evaluators._domain import Domain, Numbers

READ = 20_000
"""Rows of a side that are read."""
CARRIED = 50
"""Rows, or blocks, as of equal influence, that a correlation must rest on to be compared."""
TRIFLE = 1e-3
"""Standard error of a correlation at least: of columns that are one by their making, nearly none
would be left."""
PLAIN = 2.0
"""Standard errors up to which a difference does not count towards a column's sum."""
SURE = 3.0
"""Standard errors from which a correlation is there."""
SMALLEST = 0.05
"""Part of the largest variance below which a direction of errors is too little known."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Turned:
    """How far correlations have changed."""

    names: tuple[str, ...]
    z: Numbers
    """Shape (parts, parts): changes in standard errors, 0 where there is too little to compare."""
    owner: NDArray[np.int64]
    """Shape (parts,): place of the name that a part belongs to; a category has several."""

    def chance(self, names: Collection[str]) -> float:
        """Bound the chance that any pair among columns changes so much (Bonferroni)."""
        from scipy.special import ndtr

        z = self._among(names, names)
        tests = np.count_nonzero(z) / 2
        return float(min(1.0, 2 * ndtr(-np.abs(z).max()) * tests)) if tests else 1.0

    def amount(self, names: Collection[str]) -> float:
        """Sum up all changes among columns."""
        return float(_beyond_chance(self._among(names, names)).sum() / 2)

    def amounts(
        self,
        suspects: Sequence[Collection[str]],
        others: Sequence[Collection[str]],
        rng: np.random.Generator,
        draws: int,
    ) -> Numbers:
        """Sum up the changes between each suspect and its others; shape (1 + draws, suspects).

        The first row is as found, the others with every change redrawn by its error.
        """
        found = np.empty((1 + draws, len(suspects)))
        for place, (names, beside) in enumerate(zip(suspects, others, strict=True)):
            z = self._among(names, beside).ravel()
            z = z[z != 0]
            noise = rng.standard_normal((draws, len(z)))
            found[:, place] = _beyond_chance(np.vstack([z, z + noise])).sum(axis=1)
        return found

    def _among(self, names: Collection[str], others: Collection[str]) -> Numbers:
        one, other = (
            np.isin(self.owner, [self.names.index(name) for name in some])
            for some in (names, others)
        )
        return self.z[np.ix_(one, other)]


def _beyond_chance(z: Numbers) -> Numbers:
    squared: Numbers = np.maximum(z**2 - PLAIN**2, 0.0)
    return squared


def turned(domain: Domain, names: Sequence[str]) -> Turned:
    """Compare the correlations of normal scores between the sides.

    Standard errors come from each row's influence on a correlation (Devlin, Gnanadesikan &
    Kettenring 1975, Biometrika 62), rows of one block summed up, so that no law is taken for
    granted.
    """
    parts, owner = _parts_of(domain, names)
    then, now = _both_sides(domain, parts, parts)
    rests = np.minimum(then.rests, now.rests)
    known = (rests >= CARRIED) & (owner[:, None] != owner)
    error = np.sqrt(then.squares + now.squares + TRIFLE**2)
    z = np.where(known, (now.found - then.found) / error, 0.0)
    return Turned(names=tuple(names), z=z, owner=owner)


def weakened(domain: Domain, name: str, others: Sequence[str]) -> Weakened | None:
    """Fit one factor by which all correlations of a column have shrunk, as mixed-up rows make them.

    By generalised least squares: errors of correlations with columns that go together do, too.
    ``None`` where the column goes together with no other on either side.
    """
    from scipy.special import chdtrc

    own, _ = _parts_of(domain, [name])
    beside, _ = _parts_of(domain, others)
    then, now = _both_sides(domain, own, beside)
    known = np.minimum(then.rests, now.rests) >= CARRIED
    known &= (then.found**2 > SURE**2 * then.squares) | (now.found**2 > SURE**2 * now.squares)
    if not known.any():
        return None
    before, after = then.found[known], now.found[known]
    noise = then.covariance(known), now.covariance(known)
    factor = 1.0
    for _ in range(5):  # the error of what is expected shrinks along
        values, vectors = np.linalg.eigh(noise[1] + factor**2 * noise[0])
        told = values > SMALLEST * values.max()
        white = vectors[:, told] / np.sqrt(values[told] + TRIFLE**2)
        x, y = before @ white, after @ white
        factor = float(x @ y) / float(x @ x)
    left, freedom = float(((y - factor * x) ** 2).sum()), int(np.count_nonzero(told)) - 1
    return Weakened(
        share=1.0 - factor,
        error=float(x @ x) ** -0.5,
        p_value=float(chdtrc(freedom, left)) if freedom else 1.0,
    )


def _parts_of(domain: Domain, names: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Columns of the laid-out scores, and the place of the name that each belongs to."""
    laid = domain.laid()[1]
    owned = [(part, place) for place, name in enumerate(names) for part in laid.get(name, ())]
    parts, owner = np.array(owned, np.int64).reshape(-1, 2).T
    return parts, owner


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Side:
    """Correlations of columns with others on one side, and the rows that they come from."""

    one: Numbers
    """Shape (rows, columns): scores of mean 0 and variance 1."""
    other: Numbers
    """Shape (rows, others)."""
    load: Numbers
    """Shape (rows,): weights that add up to one."""
    summed: Callable[[Numbers], Numbers]
    """Sums up the rows of a block."""
    found: Numbers
    """Shape (columns, others)."""
    squares: Numbers
    """Squared standard errors."""
    rests: Numbers
    """How many rows, or blocks, of equal influence each rests on."""

    def covariance(self, known: NDArray[np.bool_]) -> Numbers:
        """Covariance of the errors of those correlations that are known, column by column."""
        rows = np.hstack(
            [
                self.summed(_influence(column, self.other[:, kept], r[kept], self.load))
                for column, r, kept in zip(self.one.T, self.found, known, strict=True)
            ]
        )
        covariance: Numbers = rows.T @ rows
        return covariance


def _both_sides(
    domain: Domain, parts: NDArray[np.int64], others: NDArray[np.int64]
) -> tuple[_Side, _Side]:
    then, now = (_side(domain, side, parts, others) for side in (False, True))
    return then, now


def _side(domain: Domain, side: bool, parts: NDArray[np.int64], others: NDArray[np.int64]) -> _Side:
    case = domain.case
    rows = np.flatnonzero(case.current == side)
    rows = rows[:: -(-len(rows) // READ)]
    load = domain.weights[rows] / domain.weights[rows].sum()
    scores = domain.laid()[0][rows]
    one, other = _scaled(scores[:, parts], load), _scaled(scores[:, others], load)
    summed = _by_block(None if case.blocks is None else case.blocks[rows])
    found = (one * load[:, None]).T @ other
    squares, fourths = np.zeros_like(found), np.zeros_like(found)
    for place, column in enumerate(one.T):
        squared = summed(_influence(column, other, found[place], load)) ** 2
        squares[place], fourths[place] = squared.sum(axis=0), (squared**2).sum(axis=0)
    rests = np.divide(squares**2, fourths, out=np.zeros_like(squares), where=fourths > 0)
    return _Side(
        one=one, other=other, load=load, summed=summed, found=found, squares=squares, rests=rests
    )


def _influence(column: Numbers, other: Numbers, found: Numbers, load: Numbers) -> Numbers:
    """Influence of each row on the correlations of one column; shape (rows, others)."""
    influence = column[:, None] * other
    influence -= found / 2 * (column[:, None] ** 2 + other**2)
    influence *= load[:, None]
    return influence


def _scaled(scores: Numbers, load: Numbers) -> Numbers:
    centred = scores - load @ scores
    spread = np.sqrt(load @ centred**2)
    scaled: Numbers = centred / np.where(spread > 0, spread, np.inf)
    return scaled


def _by_block(blocks: NDArray[np.int64] | None) -> Callable[[Numbers], Numbers]:
    """Sum up rows, shape (rows, n), of the same block."""
    if blocks is None:
        return lambda rows: rows
    order = np.argsort(blocks, kind="stable")
    starts = np.flatnonzero(np.diff(blocks[order], prepend=blocks.min() - 1))
    return lambda rows: np.add.reduceat(rows[order], starts, axis=0)
