"""Logs of two models that answered the same rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

COLUMNS = {
    "id": "id",
    "target": "defaulted",
    "prediction": "decision",
    "score": "probability",
    "latency": "latency_ms",
    "status": "status",
    "segments": ["region"],
}
MakeLogs = Callable[..., tuple[dict[str, Any], dict[str, Any]]]


def both(
    n: int = 800, *, worse: float = 0.0, slower: float = 0.0, seed: int = 0
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Baseline and candidate; the candidate's scores hold ``worse`` more noise."""
    rng = np.random.default_rng(seed)
    income = rng.normal(size=n)
    region = rng.choice(["north", "south"], n)
    truth = (rng.random(n) < 1 / (1 + np.exp(-2 * income))).astype(int)
    shared = rng.normal(size=n)

    def model(noise: float, slow: float) -> dict[str, Any]:
        score = 1 / (1 + np.exp(-(2 * income + (0.5 + noise) * rng.normal(size=n))))
        wait = 4 + slow + 0.4 * shared + 0.2 * rng.normal(size=n)
        return {
            "id": np.arange(n),
            "income": income,
            "region": region,
            "defaulted": truth,
            "decision": (score > 0.5).astype(int),
            "probability": score,
            "latency_ms": np.exp(wait),
            "status": np.where(rng.random(n) < 0.02, 500, 200),
            "cost_usd": rng.gamma(2.0, 0.01, n),
        }

    return model(0.0, 0.0), model(worse, slower)


@pytest.fixture(scope="session")
def logs() -> MakeLogs:
    return both
