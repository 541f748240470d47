"""Noise that remembers: how large, and for how long, from the periodograms of series."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MEMORIES = (0.3, 0.5, 0.7, 0.8, 0.88, 0.94)
"""Autocorrelations of neighbours that the slow part of the noise may have."""
PARTS = (0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 0.85, 1.0)
"""Parts of the noise's variance that the slow part may be."""
DROPPED = 2
"""Lowest frequencies that are not read: there a change of level, or its removal, shows most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """White noise beside a first-order autoregression."""

    memory: float
    """Autocorrelation of the slow part's neighbours."""
    part: float
    """Part of the variance that is slow."""
    variance: float
    """Of a single value."""

    @property
    def long_run(self) -> float:
        """Variance of a long stretch's sum, over its length."""
        slow = (1.0 + self.memory) / (1.0 - self.memory)
        return self.variance * (1.0 - self.part + self.part * slow)


def noise_of(series: Floats) -> Noise:
    """Fit one series, shape (windows,), by Whittle's likelihood (1953, Ark. Mat. 2)."""
    memory, part, variance = _fitted(series[:, None])
    return Noise(memory=float(memory[0]), part=float(part[0]), variance=float(variance[0]))


def long_run(series: Floats) -> Floats:
    """Long-run variance of each series, (windows, many) -> (many,)."""
    memory, part, variance = _fitted(series)
    found: Floats = variance * (1.0 - part + part * (1.0 + memory) / (1.0 - memory))
    return found


def _fitted(series: Floats) -> tuple[Floats, Floats, Floats]:
    n = len(series)
    dropped = min(DROPPED, n // 10)
    periodogram = np.abs(np.fft.rfft(series, axis=0)[1 + dropped :]) ** 2 / n
    models, spectra = _spectra(n, dropped)
    scale = (1.0 / spectra) @ periodogram / spectra.shape[1]
    misfit = np.log(np.maximum(scale, 1e-300)) + np.log(spectra).mean(axis=1)[:, None]
    best = misfit.argmin(axis=0)
    return models[best, 0], models[best, 1], scale[best, np.arange(series.shape[1])]


@lru_cache(maxsize=8)
def _spectra(n: int, dropped: int) -> tuple[Floats, Floats]:
    """Memory and slow part of each model, and its spectrum for a variance of 1."""
    angle = 2.0 * math.pi * np.arange(1 + dropped, n // 2 + 1) / n
    models = np.array([(0.0, 0.0), *((m, p) for m in MEMORIES for p in PARTS)])
    memory, part = models[:, :1], models[:, 1:]
    slow = (1.0 - memory**2) / (1.0 + memory**2 - 2.0 * memory * np.cos(angle))
    return models, 1.0 - part + part * slow


def drawn(noise: Noise, white: Floats, rng: np.random.Generator) -> Floats:
    """Lay the slow part under white noise of variance 1, shape (windows, many)."""
    if not noise.part:
        return white * math.sqrt(noise.variance)
    slow = rng.normal(size=white.shape)
    fresh = math.sqrt(1.0 - noise.memory**2)
    for i in range(1, len(slow)):
        slow[i] = noise.memory * slow[i - 1] + fresh * slow[i]
    both = math.sqrt(1.0 - noise.part) * white + math.sqrt(noise.part) * slow
    return both * math.sqrt(noise.variance)
