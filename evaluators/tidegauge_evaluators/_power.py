"""What a sample of vectors can show: the smallest new topic that tests would find."""

from __future__ import annotations

import math

from tidegauge_evaluators._vectors import Pool

SEEN = 2.0
"""Share of a foreign topic times the square root of effective rows at which the permutation MMD
rejects at 5 % in 80 of 100 runs, for a broad topic such as all travel requests of an assistant;
a single intent takes about 1.3, the classifier's AUC about a tenth more. Measured on encoded
requests by ``benchmarks/embedding_calibration.py``."""


def effective_rows(n_baseline: float, n_current: float) -> float:
    """Rows of each of two equal samples that say as much, halved: n m / (n + m)."""
    return n_baseline * n_current / (n_baseline + n_current)


def smallest_mix_in(n_baseline: float, n_current: float) -> float:
    """Smallest share of a foreign topic that is found with 80 % power at the 5 % level.

    Examples
    --------
    >>> smallest_mix_in(5_000, 5_000) < smallest_mix_in(5_000, 500) < 0.2
    True
    """
    return min(1.0, SEEN / math.sqrt(effective_rows(n_baseline, n_current)))


def power_details(pool: Pool) -> dict[str, float | str]:
    """Say how small a foreign topic these samples could show."""
    units = float(pool.before.sum()), float(pool.now.sum())
    return {"smallest mix-in shown with 80 % power": smallest_mix_in(*units)}
