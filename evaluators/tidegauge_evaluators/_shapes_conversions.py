"""Known conversions of units, of all rows or of a share of them, and whether one is sure."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from tidegauge_evaluators._shapes import Guess, Numbers, deviance, mixed, on_step, short
from tidegauge_evaluators._shapes_column import Column
from tidegauge_evaluators._shapes_numeric import FEWEST, MOST, along, part_of, refine
from tidegauge_evaluators._shapes_units import CHARGE, UNITS, Unit, tolerance


def units(column: Column) -> Iterator[Guess]:
    """Known conversions, of all rows or of a share of them."""
    factor = np.array([unit.factor for unit in UNITS])
    offset = np.array([unit.offset for unit in UNITS])
    ways = ["", "round", "cut"] if column.step_now else [""]
    tables = [along(column, factor, offset, way) for way in ways]
    whole = np.stack([deviance(table, column.counts_now) for table in tables])
    chosen = np.argmin(whole + 2.0 * np.arange(len(ways))[:, None], axis=0)
    for i in np.argsort(whole.min(axis=0))[:3]:
        place = int(chosen[i])
        yield _unit(column, UNITS[i], ways[place], tables[place][i], 1.0)
    for way, table in zip(ways, tables, strict=True):
        shares, counts = mixed(column.counts_then, table, column.counts_now)
        costs = deviance(counts, column.counts_now)
        for i in np.argsort(costs)[:2]:
            if FEWEST < shares[i] < MOST:
                yield _unit(column, UNITS[i], way, table[i], float(shares[i]))


def _unit(column: Column, unit: Unit, way: str, changed: Numbers, share: float) -> Guess:
    said = f"times {short(unit.factor)}"
    if unit.offset:
        said = f"{said} {'plus' if unit.offset > 0 else 'minus'} {short(abs(unit.offset))}"
        said = said.removeprefix("times 1 ")
    said = f"{said} ({unit.said})"
    if way:
        said += f", {'rounded' if way == 'round' else 'cut'} to {short(column.step_now)}"
    params: dict[str, float | str] = {"factor": unit.factor}
    if unit.offset:
        params["offset"] = unit.offset
    return part_of(
        column,
        changed,
        share,
        lambda values: (values - unit.offset) / unit.factor,
        name="unit",
        said=said,
        charge=CHARGE + (2.0 if way else 0.0),
        exact=_deliberate(column, unit, way, share),
        params=params,
        even=True if way else None,
    )


def _deliberate(column: Column, unit: Unit, way: str, share: float) -> bool:
    """Whether the numbers pin the factor down to the known one."""
    if unit.offset:
        return _pinned_line(column, unit, way, share)
    if not way and share >= 1.0 and _on_its_grid(column, unit.factor):
        return True
    logs = math.log(unit.factor)

    def model(log: Numbers) -> Numbers:
        table = along(column, np.exp(log), 0.0, way)
        return table if share >= 1.0 else (1.0 - share) * column.counts_then + share * table

    found = refine(model, column.counts_now, logs, 0.03)
    gap = abs(found.value - logs)
    at_unit = float(deviance(model(np.array([logs])), column.counts_now)[0])
    return gap <= tolerance(unit.factor) and at_unit <= found.cost + 9.0


def _pinned_line(column: Column, unit: Unit, way: str, share: float) -> bool:
    if share < 1.0:  # the two temperature scales lie far apart, so that a share shows by itself
        return True
    near = refine(
        lambda offset: along(column, unit.factor, offset, way),
        column.counts_now,
        unit.offset,
        max(abs(unit.offset) * 0.05, 0.1),
    )
    exactly = along(column, unit.factor, unit.offset, way)
    close = abs(near.value - unit.offset) <= max(0.01 * abs(unit.offset), 0.2)
    return close and float(deviance(exactly, column.counts_now)[0]) <= near.cost + 9.0


def _on_its_grid(column: Column, factor: float) -> bool:
    """Whether current values are multiples of the factor times the baseline's decimals."""
    if not column.step_then:
        return False
    step = column.step_then * factor
    some = slice(None, None, max(len(column.ordered) // 5_000, 1))
    before = on_step(column.then[some], step)
    return on_step(column.ordered[some], step) > 0.995 and before < 0.9
