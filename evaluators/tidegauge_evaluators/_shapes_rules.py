"""Changes without a free number, or with one that is no line: sign, logarithm, decimals, noise."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from tidegauge_evaluators._shapes import Guess, Numbers, counted, deviance, mixed, percent, short
from tidegauge_evaluators._shapes_column import Column
from tidegauge_evaluators._shapes_numeric import FEWEST, MOST, along, part_of, refine
from tidegauge_evaluators._shapes_rest import correlation, ranked
from tidegauge_evaluators._shapes_units import RULE


class Rule(NamedTuple):
    """A function of one number, with what takes it back."""

    name: str
    said: str
    there: Callable[[Numbers], Numbers]
    back: Callable[[Numbers], Numbers] | None
    low: float
    """Smallest value that it is defined for."""
    high: float = math.inf


_TEN = math.log(10.0)
RULES: tuple[Rule, ...] = (
    Rule("sign", "sign flipped", np.negative, np.negative, -math.inf),
    Rule("sign", "sign lost", np.abs, None, -math.inf),
    Rule("complement", "one minus the value", lambda x: 1.0 - x, lambda x: 1.0 - x, 0.0, 1.0),
    Rule("complement", "100 minus the value", lambda x: 100 - x, lambda x: 100 - x, 0.0, 100.0),
    Rule("reciprocal", "one over the value", lambda x: 1.0 / x, lambda x: 1.0 / x, 1e-12),
    Rule("log", "natural logarithm", np.log, np.exp, 1e-300),
    Rule("log", "natural logarithm of one plus", np.log1p, np.expm1, 0.0),
    Rule("log", "logarithm to base 10", np.log10, lambda x: np.exp(x * _TEN), 1e-300),
    Rule("log", "logarithm to base 2", np.log2, np.exp2, 1e-300),
    Rule("log", "natural logarithm undone", np.exp, np.log, -40.0, 40.0),
    Rule("log", "natural logarithm of one plus undone", np.expm1, np.log1p, -40.0, 40.0),
    Rule("log", "logarithm to base 10 undone", lambda x: np.exp(x * _TEN), np.log10, -20.0, 20.0),
    Rule("power", "square root", np.sqrt, np.square, 0.0),
    Rule("power", "squared", np.square, np.sqrt, 0.0),
)


def rules(column: Column) -> Iterator[Guess]:
    """Functions without a free number, of all rows or of a share of them."""
    known = [rule for rule in RULES if _defined(rule, column.then)]
    if not known:
        return
    tables = np.array([counted(np.sort(rule.there(column.then)), column.edges) for rule in known])
    whole = deviance(tables, column.counts_now)
    shares, counts = mixed(column.counts_then, tables, column.counts_now)
    part = deviance(counts, column.counts_now)
    for i in {*np.argsort(whole)[:2].tolist(), *_signs(known)}:
        yield _rule(column, known[i], tables[i], 1.0)
    for i in np.argsort(part)[:2].tolist():
        if FEWEST < shares[i] < MOST:
            yield _rule(column, known[i], tables[i], float(shares[i]))


def _signs(known: list[Rule]) -> list[int]:
    """Find flips, which show in what goes along with a column even where no count changes."""
    return [i for i, rule in enumerate(known) if rule.back in (np.negative, RULES[2].back)]


def _defined(rule: Rule, values: Numbers) -> bool:
    if rule.said == "sign lost" and values[0] >= 0.0:
        return False
    return bool(values[0] >= rule.low and values[-1] <= rule.high)


def _rule(column: Column, rule: Rule, table: Numbers, share: float) -> Guess:
    back = rule.back or (lambda values: np.full(len(values), np.nan))

    def quietly(values: Numbers) -> Numbers:
        with np.errstate(all="ignore"):
            found = back(values)
        return np.where(np.isfinite(found), found, np.nan)

    guess = part_of(
        column, table, share, quietly, name=rule.name, said=rule.said, charge=RULE,
        exact=share >= 1.0 or rule.name == "sign", params={"rule": rule.said},
    )  # fmt: skip
    if rule.back is None:
        return replace(guess, undo=quietly, undoable=False, followed=None)
    return guess


def decimals(column: Column) -> Iterator[Guess]:
    """Digits that are gone: rounded, or cut off."""
    step = column.step_now
    if not step or step <= column.step_then or column.ordered[0] == column.ordered[-1]:
        return
    for way, said in (("round", "rounded"), ("cut", "cut off")):
        half = 0.5 * step if way == "cut" else 0.0
        yield Guess(
            name="rounding",
            said=f"{said} to multiples of {short(step)}",
            charge=RULE,
            undo=lambda values, half=half: values + half,  # type: ignore[misc]
            counts=along(column, np.ones(1), np.zeros(1), way)[0],
            even=True,
            exact=True,
            undoable=False,
            params={"step": step},
        )


def noise(column: Column, rng: np.random.Generator) -> Iterator[Guess]:
    """Spread that was added to each row by itself."""
    ends = [0.1, 0.9]
    then, now = (float(np.diff(np.quantile(x, ends))[0]) for x in (column.then, column.ordered))
    if now <= 1.01 * then:
        return
    start = now * math.sqrt(1.0 - (then / now) ** 2) / 2.563
    some = column.then[:: max(len(column.then) // 5_000, 1)]
    normal = rng.standard_normal(len(some))

    def model(log: Numbers) -> Numbers:
        tables = [counted(np.sort(some + size * normal), column.edges) for size in np.exp(log)]
        return np.array(tables) * (len(column.then) / len(some))

    found = refine(model, column.counts_now, math.log(start), 0.3)
    size = math.exp(found.value)
    held, followed = column.bond, None
    if held is not None:
        shaken = held.values_then + size * rng.standard_normal(len(held.values_then))
        followed = correlation(ranked(shaken), held.said_then)
    yield Guess(
        name="noise",
        said=f"noise of standard deviation {short(size)} added",
        charge=column.charge + column.search,
        undo=lambda values: np.full(len(values), np.nan),
        counts=model(np.array([found.value]))[0],
        followed=followed,
        even=True,
        undoable=False,
        params={"sd": size, "relative": size / max(float(np.std(column.then)), 1e-300)},
    )


def shuffled(column: Column) -> Iterator[Guess]:
    """Values that stand in other rows than their own."""
    held = column.bond
    if held is None:
        return
    now = held.now(column.now)
    share = float(np.clip(1.0 - now / held.then, 0.0, 1.0))
    error = math.sqrt(held.variance) * (1.0 - now**2) / held.then
    if share < max(0.1, 4.0 * error):
        return
    yield Guess(
        name="shuffle",
        said=f"{percent(share)} of rows hold a value of another row",
        charge=column.charge,
        undo=lambda values: np.full(len(values), np.nan) if share > 0.5 else values,
        followed=now,
        undoable=False,
        params={"share": share, "low": max(share - 2.0 * error, 0.0),
                "high": min(share + 2.0 * error, 1.0)},
    )  # fmt: skip
