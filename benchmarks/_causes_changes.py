"""Changes that can be planted in any rows, drawn by a model or taken from a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from _causes_distortions import eligible, relabelled, strike
from _causes_planted import (
    PREDICTION,
    TARGET,
    Columns,
    Served,
    Severity,
    Side,
    dose,
    kept,
    normal_scores,
)
from tidegauge.case import Numbers, Variable
from tidegauge.records import Mechanism

LEAST = 100
"""Fewer rows on a side are no case."""


class Unsuitable(Exception):
    """Nothing in these rows can have the fault."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ground:
    """Rows in which nothing is changed yet."""

    before: Side
    now: Side
    spare: Callable[[], Side]
    """More rows than ``now`` of the same kind, none of them in ``before``."""
    served: Served
    rival: Callable[[], Served]
    """Another model for the same target."""
    suspects: tuple[str, ...]
    """Columns that a fault may strike."""
    severity: Severity
    rng: np.random.Generator


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Changed:
    """Rows after the change, and what is true of them."""

    before: Side
    now: Side
    truth: tuple[str, ...]
    said: str
    verdict: Mechanism | None = None
    """Where it is not the one that the fault usually has."""
    also: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    segment: str = ""
    inside: NDArray[np.bool_] | None = None
    """Shape (rows of both sides,)."""
    asks: Literal["drift", "loss"] = "drift"


Plant = Callable[[Ground], Changed]


def tried(plant: Plant, ground: Ground, times: int = 20) -> Changed:
    """Draw columns anew until one can have the fault."""
    for _ in range(times - 1):
        try:
            return plant(ground)
        except Unsuitable:
            continue
    return plant(ground)


def drawn(names: list[str], ground: Ground) -> str:
    """Draw one of the columns that may be struck."""
    names = [name for name in names if name in ground.suspects]
    if not names:
        raise Unsuitable("no column can have this fault")
    return str(ground.rng.choice(names))


def distort(fault: str) -> Plant:
    """Plant a fault of values in a column drawn at random."""

    def plant(ground: Ground) -> Changed:
        column = drawn(eligible(fault, ground.before.columns), ground)
        struck = strike(ground.now, fault, ground.severity, column, ground.served, ground.rng)
        return Changed(before=ground.before, now=struck.side, truth=(column,), said=struck.said)

    return plant


def label_mix(ground: Ground) -> Changed:
    """Keep rows by their label: what is true of each label stays."""
    spare, rng = ground.spare(), ground.rng
    if ground.served.task == "classification":
        odds = dose(ground.severity, (1.5, 2.5, 5.0))
        rare = float(spare.target.mean() < 0.5)
        weights = np.where(spare.target == rare, odds, 1.0)
        said = f"odds of {'yes' if rare else 'no'} x {odds:g}"
    else:
        tilt = dose(ground.severity, (0.2, 0.5, 1.0))
        weights = np.exp(tilt * normal_scores(spare.target, rng))
        said = f"target's mean moved by about {tilt:g} sd"
    return selected(ground, spare, weights, (TARGET,), said)


def selected(
    ground: Ground, spare: Side, weights: Numbers, truth: tuple[str, ...], said: str
) -> Changed:
    """Keep spare rows by weight, as many as there were at most."""
    rows = np.flatnonzero(kept(weights, ground.rng))[: ground.now.rows]
    if len(rows) < LEAST:
        raise Unsuitable("too few rows are left")
    return Changed(before=ground.before, now=spare.only(rows), truth=truth, said=said)


def segment_share(ground: Ground) -> Changed:
    """Let the share of one level, or of one stretch of a number, grow."""
    factor = dose(ground.severity, (1.5, 2.0, 3.0))
    column = drawn(eligible("F2", ground.before.columns), ground)
    spare = ground.spare()
    inside, said = a_segment(spare.columns[column], ground.rng, 0.04, 0.25)
    share = inside.mean()
    outside = (1 - factor * share) / (factor * (1 - share))
    changed = selected(ground, spare, np.where(inside, 1.0, outside), (column,), "")
    return replace(changed, said=f"share of {said} x {factor:g}", segment=said)


def a_segment(
    variable: Variable, rng: np.random.Generator, least: float, most: float
) -> tuple[NDArray[np.bool_], str]:
    """Draw a level or a stretch of a number with a share of the rows between two bounds."""
    values = variable.values
    if variable.levels:
        shares = [float(np.mean(values == code)) for code in range(len(variable.levels))]
        fit = [code for code, share in enumerate(shares) if least <= share <= most]
        if not fit:
            raise Unsuitable(f"{variable.name} has no level of a fitting size")
        code = int(rng.choice(fit))
        return values == code, f"{variable.name} = {variable.levels[code]}"
    share = rng.uniform(least, most)
    cut = float(np.nanquantile(values, 1 - share))
    inside = values >= cut
    if not least / 2 <= inside.mean() <= most * 1.2:
        raise Unsuitable(f"{variable.name} has too few values")
    return inside, f"{variable.name} at least {cut:.6g}"


def inside_segment(ground: Ground) -> Changed:
    """Plant a fault of values, or turn labels over, in the rows of one segment only."""
    rng, before, now = ground.rng, ground.before, ground.now
    where = drawn(eligible("F2", before.columns), ground)
    merged = joined(before.columns[where], now.columns[where])
    inside, said = a_segment(merged, rng, 0.10, 0.45)
    inside_now = inside[before.rows :]
    if not inside_now.any():
        raise Unsuitable("nobody is inside")
    fault = str(rng.choice(["F1", "F2", "F3", "F5", "labels"]))
    if fault == "labels":
        share = dose(ground.severity, (0.1, 0.2, 0.4))
        now = relabelled(now, inside_now, share, rng)
        return Changed(before=before, now=now, truth=(where,), beside=(TARGET,), verdict="concept",
                       said=f"labels turned where {said}", segment=said, inside=inside)  # fmt: skip
    column = drawn([name for name in eligible(fault, before.columns) if name != where], ground)
    struck = strike(now, fault, ground.severity, column, ground.served, rng, inside=inside_now)
    return Changed(before=before, now=struck.side, truth=(column,), beside=(where,),
                   said=f"{struck.said} where {said}", segment=said, inside=inside)  # fmt: skip


def joined(before: Variable, now: Variable) -> Variable:
    """Put the rows of both sides in one column."""
    return replace(before, values=np.concatenate([before.values, now.values]))


def serving(ground: Ground) -> Changed:
    """Change what the model says about the same inputs."""
    now, served, rng = ground.now, ground.served, ground.rng
    also: tuple[str, ...] = ()
    if ground.severity == "subtle":
        if served.task == "classification":
            odds = np.exp(0.2) * now.output / (1 - now.output)
            output, said = odds / (1 + odds), "scores' logit + 0.2"
        else:
            output, said = now.output + 0.1 * float(np.std(now.output)), "predictions + 0.1 sd"
    elif ground.severity == "medium":
        column = str(rng.choice(ground.suspects))
        present = now.columns[column].values[~np.isnan(now.columns[column].values)]
        constant = np.full(now.rows, float(np.median(present)))
        output = served(replace_values(now.columns, column, constant))
        said, also = f"{column} constant at serving", (column,)
    else:
        output, said = ground.rival()(now.columns), "another model"
    now = replace(now, output=output)
    return Changed(before=ground.before, now=now, truth=(PREDICTION,), said=said, also=also)


def replace_values(columns: Columns, name: str, values: Numbers) -> Columns:
    """Put other values in one column's place."""
    return {**columns, name: replace(columns[name], values=values)}


def nothing(ground: Ground) -> Changed:
    """Leave everything as it is."""
    return Changed(before=ground.before, now=ground.now, truth=(), said="nothing")


ANYWHERE: Mapping[str, Plant] = {
    **{fault: distort(fault) for fault in ("F1", "F2", "F3", "F4", "F5", "F6")},
    "F10": label_mix,
    "F11": segment_share,
    "F12": inside_segment,
    "F15": serving,
    "F17": nothing,
}
