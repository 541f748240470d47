"""Vectors as encoders give them: on a sphere, most of their variance in few directions."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from tidegauge.profile import VectorSample

WIDTH = 24
SUBJECTS = (
    "refund of a returned parcel",
    "lost card and new pin",
    "weather in the mountains",
    "recipe with rice and beans",
)

Draw = Callable[..., VectorSample]


def vectors_of(rng: np.random.Generator, subject: NDArray[np.int64]) -> NDArray[np.float32]:
    """Vectors around one centre a subject."""
    fixed = np.random.default_rng(99)
    centres = fixed.normal(size=(len(SUBJECTS), WIDTH))
    scale = 1.0 / np.sqrt(1.0 + np.arange(WIDTH))
    rows = 0.8 * centres[subject] + rng.normal(size=(len(subject), WIDTH)) * scale + 1.0
    found: NDArray[np.float32] = rows.astype(np.float32)
    found /= np.linalg.norm(found, axis=1, keepdims=True)
    return found


@pytest.fixture(scope="session")
def draw() -> Draw:
    """Function that draws a sample; ``weights`` say how often each subject comes up."""

    def drawn(
        rng: np.random.Generator,
        rows: int,
        weights: tuple[float, ...] = (0.4, 0.3, 0.3, 0.0),
        *,
        clusters: int = 0,
        texts: bool = True,
    ) -> VectorSample:
        of = rng.integers(clusters, size=rows) if clusters else np.arange(rows)
        subject = rng.choice(len(SUBJECTS), max(rows, clusters), p=weights)[of]
        vectors = vectors_of(rng, subject)
        if clusters:  # rows of a conversation are alike
            vectors = vectors + vectors_of(rng, rng.choice(2, clusters))[of]
        words = [
            f"{SUBJECTS[s]} {' '.join(rng.choice(list('abcdefghijk'), 6))} {i}"
            for i, s in enumerate(subject)
        ]
        vectors.setflags(write=False)
        return VectorSample(
            vectors=vectors,
            texts=tuple(words) if texts else (),
            clusters=of.astype(np.int64) if clusters else np.zeros(0, np.int64),
            ids=tuple(f"row-{i}" for i in range(rows)),
            n=rows,
            role="prompt",
        )

    return drawn
