"""Trains the n-gram half of the toxicity model: a logistic regression for each head."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from tidegauge_evaluators._toxic_features import BUCKETS, COUNTS, read

STRENGTHS = (1.0, 4.0, 16.0)
"""Inverse strengths of the penalty to choose from, on validation texts."""
BATCH = 2_000


def matrix(texts: Sequence[str]) -> Any:
    """Features of normalised texts, sparse, shape (texts, buckets + counts)."""
    parts = []
    for at in range(0, len(texts), BATCH):
        found = read(texts[at : at + BATCH])
        n = len(found.counts)
        hashed = csr_matrix((found.value, (found.row, found.bucket)), (n, BUCKETS))
        parts.append(hstack([hashed, csr_matrix(found.counts)], format="csr"))
    from scipy.sparse import vstack

    return vstack(parts, format="csr")


def train(
    texts: Sequence[str],
    labels: NDArray[np.float32],
    validation: Sequence[str],
    validation_labels: NDArray[np.float32],
) -> dict[str, NDArray[Any]]:
    """Fit all heads, each with the penalty that ranks validation texts best.

    Returns
    -------
    dict
        ``hashed``, ``counts`` and ``bias`` as the model file holds them.
    """
    seen, judged = matrix(texts), matrix(validation)
    weights, bias = [], []
    for head in range(labels.shape[1]):
        known = ~np.isnan(labels[:, head])
        asked = ~np.isnan(validation_labels[:, head])
        best: tuple[float, Any] = (0.0, None)
        for strength in STRENGTHS:
            fitted = LogisticRegression(
                C=strength, solver="liblinear", random_state=0, max_iter=200
            )
            fitted.fit(seen[known], labels[known, head])
            area = roc_auc_score(
                validation_labels[asked, head], fitted.decision_function(judged[asked])
            )
            print(f"linear head {head}, C {strength:g}: validation AUROC {area:.4f}", flush=True)
            if area > best[0]:
                best = (float(area), fitted)
        weights.append(best[1].coef_[0])
        bias.append(best[1].intercept_[0])
    stacked = np.stack(weights, axis=1)
    return {
        "hashed": stacked[:BUCKETS].astype(np.float16),
        "counts": stacked[BUCKETS : BUCKETS + len(COUNTS)].astype(np.float32),
        "bias": np.array(bias, np.float32),
    }
