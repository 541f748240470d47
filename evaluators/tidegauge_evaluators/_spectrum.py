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
PENALTY = 0.8
"""How much rather a short memory is believed than a long one: series of a few dozen windows cannot
tell a memory as long as they are from a change. Times the log of what memory multiplies."""
DROPPED = 2
"""Lowest frequencies that are not read: there a change of level, or its removal, shows most."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Noise:
    """White noise beside a first-order autoregression, of one series or of many."""

    memory: Floats
    """Shape (many,): autocorrelation of the slow part's neighbours."""
    slow: Floats
    """Shape (many,): variance of a single value of the slow part."""
    white: Floats
    """Shape (many,): mean variance of the white part."""

    @property
    def lasting(self) -> Floats:
        """Variance that a long stretch's sum gets from the slow part, over its length."""
        return self.slow * (1.0 + self.memory) / (1.0 - self.memory)


def noise_of(series: Floats) -> Noise:
    """Fit each series, (windows, many), by Whittle's likelihood (1953, Arkiv for Matematik 2).

    White noise whose variance differs from window to window has a flat spectrum too.
    """
    memory, part, variance = _fitted(series)
    return Noise(memory=memory, slow=variance * part, white=variance * (1.0 - part))


def _fitted(series: Floats) -> tuple[Floats, Floats, Floats]:
    n = len(series)
    dropped = min(DROPPED, n // 10)
    periodogram = np.abs(np.fft.rfft(series, axis=0)[1 + dropped :]) ** 2 / n
    models, spectra = _spectra(n, dropped)
    scale = (1.0 / spectra) @ periodogram / spectra.shape[1]
    misfit = np.log(np.maximum(scale, 1e-300)) + np.log(spectra).mean(axis=1)[:, None]
    longer = np.log((1.0 + models[:, :1]) / (1.0 - models[:, :1]))
    misfit += PENALTY * longer / spectra.shape[1]
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


def drawn_slow(noise: Noise, size: tuple[int, int], rng: np.random.Generator) -> Floats:
    """Draw the slow part of the first series' noise, shape (windows, many)."""
    memory, variance = float(noise.memory[0]), float(noise.slow[0])
    if not variance:
        return np.zeros(size)
    series = rng.normal(size=size)
    fresh = math.sqrt(1.0 - memory**2)
    for i in range(1, len(series)):
        series[i] = memory * series[i - 1] + fresh * series[i]
    return series * math.sqrt(variance)
