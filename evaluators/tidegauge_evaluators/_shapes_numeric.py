"""Factors and offsets: changes of numbers along a line, of all rows or of a share of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from tidegauge_evaluators._shapes import (
    Guess,
    Numbers,
    deviance,
    mixed,
    percent,
    short,
)
from tidegauge_evaluators._shapes_column import Column
from tidegauge_evaluators._shapes_units import RULE

FEWEST, MOST = 0.02, 0.97
"""A share outside is none, or all."""


class Estimate(NamedTuple):
    """A free number with its standard error and what is left unexplained."""

    value: float
    error: float
    cost: float


def along(
    column: Column, factor: Numbers | float, offset: Numbers | float, rounding: str = ""
) -> Numbers:
    """Baseline rows in each cell after ``factor * x + offset``.

    Parameters
    ----------
    factor, offset
        Shape (guesses,), or one number for all.
    rounding
        ``"round"`` or ``"cut"``, to the step that current values have; empty = neither.

    Returns
    -------
    Shape (guesses, cells).
    """
    edges = column.edges
    if rounding:
        step = column.step_now
        edges = (np.ceil(edges / step) - (0.5 if rounding == "round" else 0.0)) * step
    factor, offset = np.broadcast_arrays(np.atleast_1d(factor), np.atleast_1d(offset))
    asked = (edges[None, :] - offset[:, None]) / factor[:, None]
    turned = factor < 0.0
    below = np.searchsorted(column.then, asked).astype(np.float64)
    if turned.any():
        above = np.searchsorted(column.then, asked[turned], side="right")
        below[turned] = len(column.then) - above
    ends = np.zeros((len(factor), 1))
    return np.diff(np.concatenate([ends, below, ends + len(column.then)], axis=1), axis=1)


def refine(
    model: Callable[[Numbers], Numbers], now: Numbers, start: float, width: float
) -> Estimate:
    """Find the number that makes the current counts likeliest, with its standard error.

    Parameters
    ----------
    model
        Numbers of shape (guesses,) -> expected counts (guesses, cells).
    start, width
        Where to look first, and how far to both sides.
    """
    line = np.linspace(-1.0, 1.0, 25)
    best = start
    for _ in range(9):
        grid = best + width * line
        costs = np.nan_to_num(deviance(model(grid), now), nan=np.inf, posinf=1e300)
        place = int(np.argmin(costs))
        best = float(grid[place])
        if place in (0, len(line) - 1):
            width *= 1.7
        elif costs.max() - costs.min() > 100.0:
            width /= 3.0
        else:
            break
    return _vertex(grid, costs, place)


def _vertex(grid: Numbers, costs: Numbers, place: int) -> Estimate:
    """Lowest point of a parabola through the costs."""
    x = grid - grid[place]
    scale = max(float(np.abs(x).max()), 1e-300)
    if not (1e-290 < scale < 1e290 and costs.max() < 1e100):
        return Estimate(float(grid[place]), scale, float(costs[place]))
    bend, slope, _ = np.polyfit(x / scale, costs, 2)
    if bend <= 0.0:
        return Estimate(float(grid[place]), scale, float(costs[place]))
    at = float(np.clip(-slope / (2.0 * bend), -1.0, 1.0))
    return Estimate(float(grid[place] + at * scale), scale / math.sqrt(bend), float(costs[place]))


def part_of(
    column: Column,
    changed: Numbers,
    share: float,
    back: Callable[[Numbers], Numbers],
    *,
    name: str,
    said: str,
    charge: float,
    exact: bool,
    params: dict[str, float | str],
    even: bool | None = None,
) -> Guess:
    """Guess that all rows, or a share, were changed; rows are told apart by how likely each is."""
    if share >= 1.0:
        return Guess(
            name=name, said=said, charge=charge, undo=back, counts=changed, exact=exact,
            params=params, even=even,
        )  # fmt: skip
    keep, move = (1.0 - share) * column.counts_then, share * changed
    moved = move > keep

    def undo(values: Numbers) -> Numbers:
        cell = np.searchsorted(column.edges, values, side="right")
        return np.where(moved[cell], back(values), values)

    return Guess(
        name=name,
        said=f"{percent(share)} of rows {said}",
        charge=charge + column.charge + column.search + RULE,
        undo=undo,
        counts=keep + move,
        exact=exact,
        params={**params, "share": share},
        even=even,
    )


def lines(column: Column) -> Iterator[Guess]:
    """Free factors and offsets: a bias, a scale about zero or about the mean, both together."""
    grid = np.linspace(0.02, 0.98, 49)
    q, r = np.quantile(column.then, grid), np.quantile(column.ordered, grid)
    width_then, width_now = q[36] - q[12], r[36] - r[12]
    way = "round" if column.step_now else ""
    size = len(column.then) ** -0.5 + len(column.ordered) ** -0.5
    unit = width_then if width_then > 0.0 else float(np.std(column.then))
    if unit <= 0.0:
        return
    yield from _told(column, q, r)
    yield _bias(column, float(np.median(r - q)), 2.0 * size * unit, way)
    far = np.abs(q) > 0.1 * np.median(np.abs(q))
    ratio = float(np.median(r[far] / q[far])) if far.any() else 0.0
    if ratio > 0.0:
        yield _scale(column, 0.0, math.log(ratio), 2.0 * size, way)
    if width_now > 0.0:
        middle = float(column.then.mean())
        yield _scale(column, middle, math.log(width_now / unit), 2.0 * size, way)
        yield _line(column, width_now / unit, float(np.median(r)), float(np.median(q)), size, way)


def _told(column: Column, q: Numbers, r: Numbers) -> Iterator[Guess]:
    """Numbers that frequent values give away: the same difference or ratio at many quantiles."""
    offset = _usual(r - q)
    if offset:
        yield _plain(column, "bias", 1.0, offset)
    there = q != 0.0
    factor = _usual(r[there] / q[there]) if there.sum() > 10 else None
    if factor is not None and factor > 0.0 and factor != 1.0:
        yield _plain(column, "scale", factor, 0.0)


def _usual(numbers: Numbers) -> float | None:
    """Return the number that a quarter of them are, if they are one."""
    rounded = np.array([float(f"{number:.9g}") for number in numbers.tolist()])
    found, often = np.unique(rounded, return_counts=True)
    return float(found[np.argmax(often)]) if often.max() > 0.25 * len(numbers) else None


def _plain(column: Column, name: str, factor: float, offset: float) -> Guess:
    sign = "plus" if offset > 0 else "minus"
    return Guess(
        name=name,
        said=f"{sign} {short(abs(offset))}" if offset else f"times {short(factor)}",
        charge=column.charge,
        undo=lambda values: (values - offset) / factor,
        counts=along(column, factor, offset)[0],
        params={"offset": offset} if name == "bias" else {"factor": factor, "about": 0.0},
    )


def _bias(column: Column, start: float, width: float, way: str) -> Guess:
    def model(offset: Numbers) -> Numbers:
        return along(column, 1.0, offset, way)

    found = refine(model, column.counts_now, start, width)
    offset, step = found.value, max(column.step_now, column.step_then)
    if step and column.step_now == column.step_then and round(offset / step):
        offset = round(offset / step) * step
    return Guess(
        name="bias",
        said=f"{'plus' if offset > 0 else 'minus'} {short(abs(offset))}",
        charge=column.charge + column.search + (RULE if column.cut else 0.0),
        undo=lambda values: values - offset,
        counts=model(np.array([offset]))[0],
        even=True if way else None,
        params={"offset": offset, "error": found.error},
    )


def _scale(column: Column, middle: float, start: float, width: float, way: str) -> Guess:
    def model(log: Numbers) -> Numbers:
        factor = np.exp(np.clip(log, -40.0, 40.0))
        return along(column, factor, middle * (1.0 - factor), way)

    found = refine(model, column.counts_now, start, width)
    factor = math.exp(np.clip(found.value, -40.0, 40.0))
    about = f"about its mean {short(middle)}, " if middle else ""
    return Guess(
        name="scale",
        said=f"{about}times {short(factor)}",
        charge=column.charge + column.search + (RULE if column.cut else 0.0),
        undo=lambda values: (values - middle * (1.0 - factor)) / factor,
        counts=model(np.array([found.value]))[0],
        even=True if way else None,
        params={"factor": factor, "about": middle, "error": found.error * factor},
    )


def _line(
    column: Column, factor: float, mean_now: float, mean_then: float, size: float, way: str
) -> Guess:
    """Factor and offset together, one after the other until they agree."""
    at, log = mean_now, math.log(factor)
    unit = float(np.quantile(column.ordered, 0.75) - np.quantile(column.ordered, 0.25))

    def model(log: Any, at: Any) -> Numbers:
        factors = np.exp(np.clip(log, -40.0, 40.0))
        return along(column, factors, at - factors * mean_then, way)

    for _ in range(2):
        places = partial(model, log)
        at = refine(places, column.counts_now, at, size * unit).value
        sizes = partial(model, at=at)
        log = refine(sizes, column.counts_now, log, size).value
    factor = math.exp(log)
    offset = at - factor * mean_then
    return Guess(
        name="scale",
        said=f"times {short(factor)} {'plus' if offset > 0 else 'minus'} {short(abs(offset))}",
        charge=2.0 * (column.charge + column.search) + (RULE if column.cut else 0.0),
        undo=lambda values: (values - offset) / factor,
        counts=model(log, at)[0],
        even=True if way else None,
        params={"factor": factor, "offset": offset},
    )


def shares(column: Column) -> Iterator[Guess]:
    """Guess that a share of rows was multiplied, or got an offset."""
    logs = np.linspace(-7.6, 7.6, 191)
    logs = logs[np.abs(logs) > 0.3]
    usual = float(deviance(column.counts_then, column.counts_now))
    wide = float(np.quantile(column.then, 0.75) - np.quantile(column.then, 0.25))
    for name, grid in (("scale", logs), ("bias", wide * np.linspace(-6.0, 6.0, 120))):
        if name == "bias" and wide <= 0.0:
            continue
        one, none = np.ones(len(grid)), np.zeros(len(grid))
        line = (np.exp(grid), none) if name == "scale" else (one, grid)
        parts, counts = mixed(column.counts_then, along(column, *line), column.counts_now)
        costs = deviance(counts, column.counts_now)
        place = int(np.argmin(costs))
        if costs[place] > 0.6 * usual:
            continue
        if FEWEST < parts[place] < MOST:
            yield _share_of(column, name, float(grid[place]), float(grid[1] - grid[0]))


def _share_of(column: Column, name: str, start: float, width: float) -> Guess:
    def changed(number: Numbers) -> Numbers:
        if name == "scale":
            return along(column, np.exp(number), 0.0)
        return along(column, 1.0, number)

    def model(number: Numbers) -> Numbers:
        return mixed(column.counts_then, changed(number), column.counts_now)[1]

    number = refine(model, column.counts_now, start, width).value
    table = changed(np.array([number]))
    share = float(mixed(column.counts_then, table, column.counts_now)[0][0])
    factor, offset = (math.exp(number), 0.0) if name == "scale" else (1.0, number)
    sign = "plus" if offset > 0 else "minus"
    return part_of(
        column,
        table[0],
        min(share, MOST),
        lambda values: (values - offset) / factor,
        name=name,
        said=f"times {short(factor)}" if name == "scale" else f"{sign} {short(abs(offset))}",
        charge=column.charge + column.search,
        exact=False,
        params={"factor": factor} if name == "scale" else {"offset": offset},
    )
