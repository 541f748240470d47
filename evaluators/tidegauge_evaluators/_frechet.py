"""Frechet distance of two normal distributions, for many ways to draw the sides at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tidegauge_evaluators._vectors import Matrix

Floats = NDArray[np.float64]

BLOCK = 256
"""Rows whose products of coordinates are held at once."""


def principal(rows: Matrix, held: Floats, dimensions: int) -> tuple[Matrix, float]:
    """Rows along their directions of largest variance, and the share of variance kept.

    Parameters
    ----------
    rows
        Shape (rows, dimensions).
    held
        Shape (rows,): weight of each.
    """
    exact = rows.astype(np.float64)
    exact = exact - (held @ exact) / held.sum()
    spread, directions = np.linalg.eigh((exact * held[:, None]).T @ exact / held.sum())
    kept = directions[:, ::-1][:, :dimensions]
    share = float(spread[::-1][:dimensions].sum() / max(spread.sum(), 1e-300))
    return np.asarray(exact @ kept, dtype=np.float32), min(1.0, share)


def frechet_distances(rows: Matrix, now: Matrix, then: Matrix) -> Floats:
    """Squared Frechet distances between the weighted rows of both sides.

    ``|m - n|^2 + tr(S + T - 2 (S T)^(1/2))`` with means and covariances of both (Dowson & Landau
    1982, J Multivariate Anal 12).

    Parameters
    ----------
    rows
        Shape (rows, q).
    now, then
        Shape (rows, B): weights.

    Returns
    -------
    ndarray
        Shape (B,).
    """
    m, s = _moments(rows, now)
    n, t = _moments(rows, then)
    spread, directions = np.linalg.eigh(s)
    half = (directions * np.sqrt(np.maximum(spread, 0.0))[:, None, :]) @ directions.transpose(
        0, 2, 1
    )
    inner = np.linalg.eigvalsh(half @ t @ half)
    root = np.sqrt(np.maximum(inner, 0.0)).sum(axis=1)
    traces = np.trace(s, axis1=1, axis2=2) + np.trace(t, axis1=1, axis2=2)
    found: Floats = ((m - n) ** 2).sum(axis=1) + traces - 2.0 * root
    return found


def _moments(rows: Matrix, weights: Matrix) -> tuple[Floats, Floats]:
    """Weighted means, shape (B, q), and unbiased covariances, shape (B, q, q)."""
    q = rows.shape[1]
    upper = np.triu_indices(q)
    products = np.zeros((len(upper[0]), weights.shape[1]))
    for start in range(0, len(rows), BLOCK):
        some = rows[start : start + BLOCK]
        products += (some[:, upper[0]] * some[:, upper[1]]).T @ weights[start : start + BLOCK]
    total = weights.sum(axis=0, dtype=np.float64)
    means = (rows.T @ weights / total).T.astype(np.float64)
    second = np.empty((weights.shape[1], q, q))
    second[:, upper[0], upper[1]] = (products / total).T
    second[:, upper[1], upper[0]] = second[:, upper[0], upper[1]]
    second -= means[:, :, None] * means[:, None, :]
    return means, second * (total / np.maximum(total - 1.0, 1.0))[:, None, None]
