"""How large a distance is by the chance of drawing rows alone, learned by drawing rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from tidegauge.calibration.scales import Scale
from tidegauge.catalog import evaluator
from tidegauge.measuring import Bench, Subject, measure_one
from tidegauge.profile import DatasetProfile
from tidegauge.records import Check, Policy

FEW, MANY = 150, 1_200
"""Rows of small and of large draws: eight times as many make a root 2.8 times as small, and
what it is the root of eight times."""
DRAWS = 16
BETWEEN = 4.75
"""The ratio, on a logarithmic scale, midway between the two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chance:
    """What chance makes of a distance."""

    scale: Scale
    """Whether it grows like a chi-square or like its root."""
    per_row: float
    """Its chi-square form times the rows, on average; 0 where nothing could be drawn."""
    variation: float = 0.0
    """Standard deviation of that form over its mean."""


UNKNOWN = Chance(scale="power 2/3", per_row=0.0)
"""Smaller windows are then widened by nothing, and the evidence gate alone covers them."""


def draw_chances(
    grid: DatasetProfile,
    rows: pa.Table,
    wanted: Mapping[tuple[str, str], tuple[Check, Subject]],
    policy: Policy,
) -> dict[tuple[str, str], Chance]:
    """Measure draws of the baseline's kept rows against those rows.

    Parameters
    ----------
    grid
        The baseline's profile.
    rows
        Its uniform sample of raw rows.
    wanted
        Check's id and column -> the check and the subject, of distances.
    """
    if rows.num_rows < FEW or not wanted:
        return {}
    rng = np.random.default_rng([policy.seed, 5])
    bare = replace(grid.blank(), slices={})
    whole = bare.lay(rows)
    means: dict[int, dict[tuple[str, str], list[float]]] = {FEW: {}, MANY: {}}
    for size, found in means.items():
        for _ in range(DRAWS):
            drawn = rows.take(pa.array(rng.integers(0, rows.num_rows, size)))
            bench = Bench(baseline=whole, current=bare.lay(drawn), policy=policy, as_of=np.inf)
            for key, (check, subject) in wanted.items():
                score = measure_one(check, evaluator(check.evaluator), subject, bench).score
                if score is not None:
                    found.setdefault(key, []).append(score.value)
    return {
        key: _chance(means[FEW][key], large) for key, large in means[MANY].items()
        if key in means[FEW]
    }  # fmt: skip


def _chance(small: list[float], large: list[float]) -> Chance:
    few, many = np.array(small), np.array(large)
    if many.mean() <= 0 or few.mean() <= 0:
        return UNKNOWN
    square = few.mean() / many.mean() > BETWEEN
    forms = (few, many) if square else (few**2, many**2)
    varied = [float(form.std(ddof=1) / form.mean()) for form in forms]
    return Chance(
        scale="power 1/3" if square else "power 2/3",
        per_row=float(forms[1].mean()) * MANY,
        variation=float(np.mean(varied)),
    )
