"""Known conversions of units, of all rows or of a share of them, and whether one is sure."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from tidegauge_evaluators._shapes import Guess, Numbers, deviance, mixed, on_step, short
from tidegauge_evaluators._shapes_column import Column
from tidegauge_evaluators._shapes_numeric import FEWEST, MOST, along, part_of, refine
from tidegauge_evaluators._shapes_units import RULE, UNITS, Unit, tolerance


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
    usual = float(deviance(column.counts_then, column.counts_now))
    for way, table in zip(ways, tables, strict=True):
        shares, counts = mixed(column.counts_then, table, column.counts_now)
        costs = deviance(counts, column.counts_now)
        for i in np.argsort(costs)[:2]:
            share = float(shares[i])
            worth = costs[i] < 0.6 * usual and FEWEST < share < MOST
            if worth and _deliberate(column, UNITS[i], way, share):
                yield _unit(column, UNITS[i], way, table[i], share)


def _unit(column: Column, unit: Unit, way: str, changed: Numbers, share: float) -> Guess:
    said = f"times {short(unit.factor)}"
    if unit.offset:
        said = f"{said} {'plus' if unit.offset > 0 else 'minus'} {short(abs(unit.offset))}"
        said = said.removeprefix("times 1 ")
    said = f"{said} ({unit.said})"
    if way:
        said += f", {'rounded' if way == 'round' else 'cut'} to {short(column.step_now)}"
    proof = _proof(column, unit) if share >= 1.0 and not way else 0.0
    exact = proof > 0.0 or _deliberate(column, unit, way, share)
    charge = unit.charge - proof + (0.0 if exact else column.search)
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
        charge=charge + (RULE if way and column.cut else 2.0 if way else 0.0),
        exact=exact,
        params=params,
        even=True if way else None,
    )


def _deliberate(column: Column, unit: Unit, way: str, share: float) -> bool:
    """Whether the numbers pin the factor down to the known one."""
    logs = math.log(unit.factor)

    def model(number: Numbers) -> Numbers:
        if unit.offset:
            table = along(column, unit.factor, number, way)
        else:
            table = along(column, np.exp(number), 0.0, way)
        if share >= 1.0:
            return table
        return mixed(column.counts_then, table, column.counts_now)[1]

    known = unit.offset or logs
    found = refine(model, column.counts_now, known, max(abs(known) * 0.03, 0.03))
    if deviance(model(np.array([known])), column.counts_now)[0] < found.cost - column.charge:
        return True  # frequent values fall into place at that number, and nowhere near it
    slack = max(0.01 * abs(known), 0.2) if unit.offset else tolerance(unit.factor)
    sure = found.error <= 2.0 * slack
    return sure and abs(found.value - known) <= min(slack, 3.0 * found.error + 1e-6 * abs(known))


def _proof(column: Column, unit: Unit) -> float:
    """Twice the nats by which decimals speak for a factor.

    Current values that are multiples of the factor times the baseline's last decimal would be
    so by chance as often as the baseline's own values are.
    """
    step = column.step_then * unit.factor
    if not step or unit.offset:
        return 0.0
    some = slice(None, None, max(len(column.ordered) // 5_000, 1))
    asked = column.ordered[some]
    before = on_step(column.then[:: max(len(column.then) // 5_000, 1)], step)
    if before >= 0.9 or on_step(asked, step) <= 0.995:
        return 0.0
    return -2.0 * len(asked) * math.log(max(before, 0.1))
