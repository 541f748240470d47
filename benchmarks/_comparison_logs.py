"""Whole comparisons of models that are alike, and how often a metric tells them apart."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from tidegauge.comparing import compare

METRICS = (
    "performance.accuracy", "performance.roc_auc", "performance.f1", "performance.log_loss",
    "performance.average_precision", "service.latency_p95", "service.latency_p50", "latency_ms",
)  # fmt: skip

OTHER_ROWS = (
    "performance.accuracy", "performance.log_loss", "performance.f1", "service.latency_p95",
    "latency_ms",
)  # fmt: skip
"""Fewer, where trees learn to tell the sides apart in every run."""


def log(
    rng: np.random.Generator, x: Any, hard: Any, slow: Any, *, start: int = 0
) -> dict[str, Any]:
    """Answers of a model of one quality to given rows; ``hard`` and ``slow`` belong to the row."""
    n = len(x)
    chance = 1 / (1 + np.exp(-1.5 * x))
    truth = (hard < chance).astype(int)
    score = 1 / (1 + np.exp(-(1.5 * x + 0.7 * rng.normal(size=n))))
    return {
        "id": np.arange(start, start + n),
        "x": x,
        "noise": np.round(np.abs(np.sin(np.arange(start, start + n) * 12.9898)), 6),
        "truth": truth,
        "prediction": (score > 0.5).astype(int),
        "score": score,
        "latency_ms": np.exp(4 + 0.4 * x + 0.4 * slow + 0.4 * rng.normal(size=n)),
    }


COLUMNS = {
    "id": "id",
    "target": "truth",
    "prediction": "prediction",
    "score": "score",
    "latency": "latency_ms",
    "features": ["x", "noise"],
}


def alike(repeats: int, *, paired: bool, n: int = 1_000) -> list[tuple[str, int, int]]:
    """Count how often each metric has p <= 5 % before correction; unadjusted beside."""
    asked = METRICS if paired else OTHER_ROWS
    hits: Counter[str] = Counter()
    tried: Counter[str] = Counter()
    for seed in range(repeats):
        rng = np.random.default_rng([seed, paired])
        x, hard, slow = rng.normal(size=n), rng.random(n), rng.normal(size=n)
        before = log(rng, x, hard, slow)
        if paired:
            now = log(rng, x, hard, slow)
        else:
            now = log(
                rng, rng.normal(size=n) + 0.7, rng.random(n), rng.normal(size=n), start=10 * n
            )
        found = compare(now, before, columns=COLUMNS, metrics=list(asked), seed=seed)
        for one in found.overall:
            if one.contrast is None or one.contrast.p_value is None:
                continue
            name = f"{one.metric} ({one.contrast.method})"
            tried[name] += 1
            hits[name] += one.contrast.p_value <= 0.05
            raw = one.unadjusted
            if raw is not None and raw.p_value is not None:
                tried[f"{one.metric}, as logged"] += 1
                hits[f"{one.metric}, as logged"] += raw.p_value <= 0.05
    return [(name, hits[name], tried[name]) for name in tried]
