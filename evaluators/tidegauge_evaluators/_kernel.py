"""Mean kernel values within and between two sides, for many ways to draw the sides at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tidegauge_evaluators._vectors import Matrix, Places, Pool

Floats = NDArray[np.float64]

BLOCK = 512
"""Rows of the kernel matrix that are held at once."""
PAIRED = 1_000
"""Rows between which the median distance is sought."""

Kernel = Callable[[Matrix, Matrix], Matrix]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Gap:
    """How far apart two sides are, by a kernel: squared, without bias, hence also below 0."""

    found: float
    permuted: Floats
    """Shape (B,): the same for each permutation."""
    witness: Floats
    """Shape (units,): mean kernel value of each unit's rows with the current side's rows less
    that with the baseline's; high where the current log has more of the kind."""
    variance: float
    """Of ``found``, from how the witness varies between units."""


def gaussian(vectors: Matrix, bandwidth: float) -> Kernel:
    """Give the kernel exp(-d^2 / (2 bandwidth^2)), less its mean over some pairs.

    A constant taken off changes no gap, and leaves single precision to what differs.
    """
    scale = np.float32(0.5 / bandwidth**2)

    def raw(a: Matrix, b: Matrix) -> Matrix:
        table = a @ (b.T * (2.0 * scale))
        table -= (scale * np.einsum("ij,ij->i", a, a))[:, None]
        table -= scale * np.einsum("ij,ij->i", b, b)
        np.minimum(table, 0.0, out=table)
        return np.exp(table, out=table)

    some = vectors[:BLOCK]
    level = np.float32(raw(some, some).mean(dtype=np.float64))

    def kernel(a: Matrix, b: Matrix) -> Matrix:
        table = raw(a, b)
        table -= level
        return table

    return kernel


def median_distance(vectors: Matrix) -> float:
    """Median distance of two different rows, from at most a thousand of them.

    Rows must be in random order. The mean distance where half the rows are alike.
    """
    some = vectors[:PAIRED].astype(np.float64)
    norms = np.einsum("ij,ij->i", some, some)
    squared = np.maximum(norms[:, None] + norms - 2.0 * (some @ some.T), 0.0)
    upper = np.sqrt(squared[np.triu_indices(len(some), 1)])
    middle = float(np.median(upper))
    return middle if middle > 1e-6 else float(upper.mean())


def kernel_gap(pool: Pool, sides: Matrix, kernel: Kernel | None = None) -> Gap:
    """Squared distance of the two sides' mean embeddings, for every way to draw the sides.

    The unbiased estimate of Gretton et al. 2012 (JMLR 13, eq. 3), with pairs inside a unit left
    out on both sides: rows of a conversation are alike whatever the side.

    Parameters
    ----------
    sides
        Shape (units, 1 + B), from ``drawn_sides``.
    kernel
        Of two sets of rows; ``None`` = their products, whose gap is the squared distance of the
        two mean vectors.
    """
    sizes = pool.sizes
    sums = _products(pool, sides) if kernel is None else _sums(pool, sides, kernel)
    held = pool.held.astype(np.float64)
    both = np.flatnonzero(held == 2.0)
    inside, squares = sums.inside, (sizes**2).astype(np.float64)
    rows_now = sizes.astype(np.float32) @ sides
    rows_then = float(sizes @ held) - rows_now
    own, own_squares = inside @ sides, squares @ sides
    within_now = (sums.now - own) / (rows_now**2 - own_squares)
    within_then = (sums.all - 2.0 * sums.mixed + sums.now - (float(inside @ held) - own)) / (
        rows_then**2 - (float(squares @ held) - own_squares)
    )
    between = (sums.mixed - sums.now - inside[both].sum()) / (
        rows_now * rows_then - squares[both].sum()
    )
    gaps = within_now + within_then - 2.0 * between
    witness, variance = _witness(pool, sums)
    return Gap(found=float(gaps[0]), permuted=gaps[1:], witness=witness, variance=variance)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Sums:
    """Sums of kernel values over pairs of rows."""

    now: Floats
    """Shape (1 + B,): both rows on the current side."""
    mixed: Floats
    """Shape (1 + B,): one row on the current side, the other anywhere."""
    all: float
    inside: Floats
    """Shape (units,): both rows in this unit."""
    to_now: Floats
    """Shape (units,): one row in this unit, the other on the current side as it is."""
    to_all: Floats
    """Shape (units,): one row in this unit, the other anywhere."""


def _sums(pool: Pool, sides: Matrix, kernel: Kernel) -> _Sums:
    """Sum the kernel in blocks above its diagonal: no more than rows times permutations is held."""
    units, held = len(pool.now), pool.held.astype(np.float32)
    starts = np.searchsorted(pool.unit, np.arange(units + 1))
    fixed = np.stack([sides[:, 0], held], axis=1)
    now = np.zeros(sides.shape[1])
    inside = np.zeros(units)
    towards = np.zeros((units, 2))
    first = 0
    while first < units:
        last = max(first + 1, int(np.searchsorted(starts, starts[first] + BLOCK, "right")) - 1)
        rows, cols = slice(starts[first], starts[last]), slice(starts[first], starts[-1])
        table = kernel(pool.vectors[rows], pool.vectors[cols])
        if starts[-1] > units:
            table = _per_unit(table, starts[first:], last - first)
        size = last - first
        inside[first:last] = table[:, :size].diagonal()
        towards[first:last] += table @ fixed[first:]
        towards[last:] += table[:, size:].T @ fixed[first:last]
        ahead = table[:, :size] @ (0.5 * sides[first:last])
        ahead += table[:, size:] @ sides[last:]
        now += 2.0 * np.einsum("ij,ij->j", ahead, sides[first:last])
        first = last
    mixed_rows = towards[:, 1]
    return _Sums(
        now=now,
        mixed=mixed_rows @ sides,
        all=float(mixed_rows @ held),
        inside=inside,
        to_now=towards[:, 0],
        to_all=towards[:, 1],
    )


def _products(pool: Pool, sides: Matrix) -> _Sums:
    """Sum the products of rows, which needs no pairs: sums of rows are multiplied instead."""
    starts = np.searchsorted(pool.unit, np.arange(len(pool.now)))
    rows = np.add.reduceat(pool.vectors, starts, axis=0)
    exact, held = rows.astype(np.float64), pool.held.astype(np.float64)
    everything = exact.T @ held
    to_all = exact @ everything
    return _Sums(
        now=np.einsum("ij,ij->j", now := (rows.T @ sides), now, dtype=np.float64),
        mixed=to_all @ sides,
        all=float(everything @ everything),
        inside=np.einsum("ij,ij->i", exact, exact),
        to_now=exact @ (exact.T @ sides[:, 0]),
        to_all=to_all,
    )


def _per_unit(table: Matrix, starts: Places, units: int) -> Matrix:
    """Sum a block over the rows of each unit, and over the columns of each."""
    begin = starts[:-1] - starts[0]
    by_row = np.add.reduceat(table, begin[:units], axis=0)
    return np.asarray(np.add.reduceat(by_row, begin, axis=1))


def _witness(pool: Pool, sums: _Sums) -> tuple[Floats, float]:
    """Witness of each unit, and the variance of the gap that it tells of."""
    sizes = pool.sizes.astype(np.float64)
    rows_then, rows_now = pool.rows
    to_then = sums.to_all - sums.to_now
    total = (sums.to_now - pool.now * sums.inside) / (rows_now - pool.now * sizes) - (
        to_then - pool.before * sums.inside
    ) / (rows_then - pool.before * sizes)
    variance = 0.0
    for side, rows in ((pool.before, rows_then), (pool.now, rows_now)):
        mean = float(total[side].sum()) / rows
        errors = total[side] - mean * sizes[side]
        count = len(errors)
        variance += 4.0 * float(errors @ errors) / rows**2 * count / (count - 1)
    return total / sizes, variance
