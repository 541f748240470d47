"""Faults in the values of one column: units, nulls, sentinels, categories, sensors, mixed rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from _causes_planted import (
    Columns,
    Served,
    Severity,
    Side,
    categorical,
    dose,
    normal_scores,
    numeric,
)
from tidegauge.case import Numbers, Variable


@dataclass(frozen=True, slots=True, kw_only=True)
class Struck:
    """A side after a fault in one column."""

    side: Side
    column: str
    said: str


ON = {"F1": "numeric", "F2": "any", "F3": "numeric", "F4": "categorical", "F5": "numeric",
      "F6": "any"}  # fmt: skip
"""What each fault can strike."""


def eligible(fault: str, columns: Columns) -> list[str]:
    """Columns that can have a fault: quantities, categories, or what varies at all."""
    if ON[fault] == "numeric":
        return numeric(columns)
    if ON[fault] == "categorical":
        return categorical(columns)
    return [
        name
        for name, one in columns.items()
        if len(np.unique(one.values[~np.isnan(one.values)])) > 1
    ]


def strike(
    side: Side,
    fault: str,
    severity: Severity,
    column: str,
    served: Served,
    rng: np.random.Generator,
    *,
    inside: NDArray[np.bool_] | None = None,
) -> Struck:
    """Plant a fault in a column, or in some of its rows; the model reads what is logged."""
    variable = side.columns[column]
    others = [name for name in side.columns if name != column]
    by = side.columns[str(rng.choice(others))]
    values, said = distorted(fault, severity, variable, by, rng)
    if inside is not None:
        values = np.where(inside, values, variable.values)
    return Struck(side=side.struck(column, values, served), column=column, said=f"{column}: {said}")


def distorted(
    fault: str, severity: Severity, variable: Variable, by: Variable, rng: np.random.Generator
) -> tuple[Numbers, str]:
    """Return the column's values after a fault, and what was done."""
    values = variable.values
    if fault == "F1":
        return _unit(values, severity, rng)
    if fault == "F2":
        return _nulls(values, severity, by, rng)
    if fault == "F3":
        return _sentinel(values, severity, rng)
    if fault == "F4":
        return _categories(variable, severity, rng)
    if fault == "F5":
        return _sensor(values, severity, rng)
    return shuffled(values, dose(severity, (0.3, 0.6, 1.0)), rng)


UNITS: Mapping[Severity, tuple[tuple[float, float], ...]] = {
    "subtle": ((0.9144, 0.0),),
    "medium": ((0.4536, 0.0), (5 / 9, -32 * 5 / 9), (1.609, 0.0)),
    "gross": ((1000.0, 0.0), (100.0, 0.0), (60.0, 0.0)),
}
"""Factor and offset."""


def _unit(values: Numbers, severity: Severity, rng: np.random.Generator) -> tuple[Numbers, str]:
    factor, offset = UNITS[severity][rng.integers(len(UNITS[severity]))]
    return values * factor + offset, f"times {factor:g} plus {offset:g}"


def _nulls(
    values: Numbers, severity: Severity, by: Variable, rng: np.random.Generator
) -> tuple[Numbers, str]:
    share = dose(severity, (0.02, 0.10, 0.30))
    scores = normal_scores(by.values, rng, levels=len(by.levels))
    rising = np.argsort(np.argsort(scores, kind="stable"), kind="stable") / len(scores)
    chance = 2 * share * rising
    lost = rng.random(len(values)) < chance
    return np.where(lost, np.nan, values), f"{share:.0%} missing, rising with {by.name}"


def _sentinel(values: Numbers, severity: Severity, rng: np.random.Generator) -> tuple[Numbers, str]:
    share = dose(severity, (0.01, 0.05, 0.20))
    value = float(rng.choice([-999.0, 0.0, float(np.nanmedian(values))]))
    return np.where(rng.random(len(values)) < share, value, values), f"{share:.0%} are {value:g}"


def _categories(
    variable: Variable, severity: Severity, rng: np.random.Generator
) -> tuple[Numbers, str]:
    codes = variable.values
    present = ~np.isnan(codes)
    counts = np.bincount(codes[present].astype(int), minlength=len(variable.levels))
    frequent = np.argsort(-counts, kind="stable")[: int((counts > 0).sum())]
    renamed = np.arange(len(variable.levels), dtype=np.float64)
    if severity == "subtle":
        common = [i for i in frequent if counts[i] >= 0.01 * present.sum()]
        first, second = (common if len(common) > 1 else frequent)[-2:]
        renamed[[first, second]] = second, first
        said = f"{variable.levels[first]} and {variable.levels[second]} swapped"
    elif severity == "medium":
        renamed[frequent[1]] = frequent[0]
        said = f"{variable.levels[frequent[1]]} merged into {variable.levels[frequent[0]]}"
    else:
        ring = rng.permutation(frequent)
        renamed[ring] = np.roll(ring, 1)
        said = "every level renamed"
    after = codes.copy()
    after[present] = renamed[codes[present].astype(int)]
    return after, said


def _sensor(values: Numbers, severity: Severity, rng: np.random.Generator) -> tuple[Numbers, str]:
    spread = float(np.nanstd(values))
    kind = ("bias", "ramp", "noise", "stuck")[rng.integers(4)]
    sign = float(rng.choice([-1.0, 1.0]))
    bias = sign * spread * dose(severity, (0.15, 0.4, 1.0))
    if kind == "bias":
        return values + bias, f"{bias:+.3g}"
    if kind == "ramp":
        return values + 2 * bias * np.linspace(0, 1, len(values)), f"a ramp to {2 * bias:+.3g}"
    if kind == "noise":
        noise = spread * dose(severity, (0.3, 0.6, 1.0))
        return values + rng.normal(0, noise, len(values)), f"noise of {noise:.3g}"
    share = dose(severity, (0.05, 0.20, 0.60))
    long = max(2, int(share * len(values)))
    start = int(rng.integers(0, len(values) - long + 1))
    stretch = values[start : start + long]
    held = stretch[~np.isnan(stretch)]
    after = values.copy()
    after[start : start + long] = held[0] if len(held) else np.nan
    return after, f"stuck for {share:.0%} of rows"


def shuffled(values: Numbers, share: float, rng: np.random.Generator) -> tuple[Numbers, str]:
    """Mix the values of a share of the rows among each other."""
    struck = np.flatnonzero(rng.random(len(values)) < share)
    after = values.copy()
    after[struck] = values[rng.permutation(struck)]
    return after, f"{share:.0%} of rows shuffled"


def relabelled(
    side: Side, inside: NDArray[np.bool_], share: float, rng: np.random.Generator
) -> Side:
    """Turn a share of the labels inside over; numbers move up by that share of their spread."""
    if set(np.unique(side.target)) <= {0.0, 1.0}:
        flipped = inside & (rng.random(side.rows) < share)
        return replace(side, target=np.where(flipped, 1 - side.target, side.target))
    moved = side.target + np.where(inside, 2 * share * float(np.std(side.target)), 0.0)
    return replace(side, target=moved)
