"""Fit and calibrate the head: claims' features in, labels of whole responses out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tidegauge_evaluators._support_head import REACH, Head

UNITS = 24
NETWORKS = 3
"""Networks of different beginnings, laid side by side as one."""
STEPS = 300
RATE = 0.01
DECAY = 0.02
DROPPED = 0.2
"""Share of hidden units silenced at each step."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Labelled:
    """Claims of labelled responses."""

    features: NDArray[np.float32]
    """Shape (claims, features)."""
    owner: NDArray[np.int64]
    """Position of each claim's response, shape (claims,); every response has one."""
    labels: NDArray[np.int64]
    """Shape (responses,)."""
    weights: NDArray[np.float64]
    """Shape (responses,)."""

    def some(self, wanted: NDArray[np.bool_]) -> Labelled:
        """Keep some responses; shape of ``wanted`` is (responses,)."""
        number = np.cumsum(wanted) - 1
        claims = wanted[self.owner]
        return Labelled(
            features=self.features[claims],
            owner=number[self.owner[claims]],
            labels=self.labels[wanted],
            weights=self.weights[wanted],
        )


def fit(data: Labelled, *, seed: int = 0) -> Head:
    """Train so that claims pooled tell a response's label; not calibrated yet."""
    centre, scale = data.features.mean(axis=0), data.features.std(axis=0) + 1e-3
    near = np.clip((data.features - centre) / scale, -REACH, REACH).astype(np.float32)
    nets = [_network(near, data, seed + i) for i in range(NETWORKS)]
    hidden, hidden_bias, output, output_bias, share = zip(*nets, strict=True)
    return Head(
        centre=centre.astype(np.float32),
        scale=scale.astype(np.float32),
        hidden=np.concatenate(hidden, axis=1),
        hidden_bias=np.concatenate(hidden_bias),
        output=(np.concatenate(output) / NETWORKS).astype(np.float32),
        output_bias=float(np.mean(output_bias)),
        worst=float(np.mean(share)),
        slope=1.0,
        intercept=0.0,
    )


def pooled(head: Head, data: Labelled) -> NDArray[np.float64]:
    """Log-odds of each response."""
    claims = head.log_odds(data.features)
    borders = np.flatnonzero(np.diff(data.owner)) + 1
    return np.array([head.pooled(part) for part in np.split(claims, borders)])


def platt(
    log_odds: NDArray[np.float64], labels: NDArray[np.int64], weights: NDArray[np.float64]
) -> tuple[float, float]:
    """Slope and intercept that make log-odds honest, by Newton's method."""
    design = np.stack([log_odds, np.ones_like(log_odds)], axis=1)
    at = np.array([1.0, 0.0])
    for _ in range(50):
        p = 1.0 / (1.0 + np.exp(-(design @ at)))
        gradient = design.T @ (weights * (p - labels))
        curvature = (design * (weights * p * (1 - p))[:, None]).T @ design
        step = np.linalg.solve(curvature + 1e-9 * np.eye(2), gradient)
        at = at - step
        if np.abs(step).max() < 1e-9:
            break
    return float(at[0]), float(at[1])


def _network(
    near: NDArray[np.float32], data: Labelled, seed: int
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32], float, float]:
    import torch

    draw = torch.Generator().manual_seed(seed)
    wide = near.shape[1]
    parts = [
        torch.randn(wide, UNITS, generator=draw) / wide**0.5,
        torch.zeros(UNITS),
        torch.randn(UNITS, generator=draw) / UNITS**0.5,
        torch.zeros(1),
        torch.zeros(1),
    ]
    for part in parts:
        part.requires_grad_()
    hidden, hidden_bias, output, output_bias, share = parts
    descent = torch.optim.AdamW(parts, lr=RATE, weight_decay=DECAY)
    pace = torch.optim.lr_scheduler.OneCycleLR(descent, RATE, total_steps=STEPS)
    inputs, owner = torch.from_numpy(near), torch.from_numpy(data.owner)
    labels = torch.from_numpy(data.labels).float()
    counts = torch.bincount(owner, minlength=len(labels))
    weights = torch.from_numpy(data.weights / data.weights.sum()).float()
    for _ in range(STEPS):
        kept = torch.rand(UNITS, generator=draw) >= DROPPED
        inner = torch.tanh(inputs @ hidden + hidden_bias) * kept / (1 - DROPPED)
        claims = inner @ output + output_bias
        worst = torch.full_like(labels, -torch.inf).scatter_reduce(0, owner, claims, "amax")
        mean = torch.zeros_like(labels).index_add(0, owner, claims) / counts
        weight = torch.sigmoid(share)
        response = weight * worst + (1 - weight) * mean
        loss = torch.nn.functional.binary_cross_entropy_with_logits(
            response, labels, weights, reduction="sum"
        )
        descent.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        descent.step()
        pace.step()
    found = [part.detach().numpy() for part in parts]
    return found[0], found[1], found[2], float(found[3][0]), float(1 / (1 + np.exp(-found[4][0])))


def even_weights(sets: Sequence[str]) -> NDArray[np.float64]:
    """Weigh between counting rows and counting sets: large sets count less for each row."""
    _, places, counts = np.unique(sets, return_inverse=True, return_counts=True)
    return np.asarray(1.0 / np.sqrt(counts[places]) * np.sqrt(counts.mean()), np.float64)
