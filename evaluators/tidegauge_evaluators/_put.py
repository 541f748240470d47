"""Put rows of a case to a model, as logged and repaired, also to one that refuses gaps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tidegauge.case import Caller, Case
from tidegauge.errors import ModelError
from tidegauge_evaluators._questions import Reply, Rows, ask
from tidegauge_evaluators._repairs import repair_by_neighbours

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Question:
    """Who is asked, and about what repair."""

    case: Case
    caller: Caller
    repaired: Mapping[str, Numbers]
    """Column -> shape (case rows,), the repaired values at the current rows."""
    rng: np.random.Generator


def put(asking: Question, rows: Rows, *, repaired: bool = False) -> Reply:
    """Ask for rows; those that the model refuses for what is missing in them get no answer."""
    instead = {name: values[rows] for name, values in asking.repaired.items()} if repaired else {}
    try:
        return ask(asking.case, asking.caller, rows, instead)
    except ModelError:
        if repaired:
            instead = _filled(asking, rows, instead)
        missing = _missing(asking, rows, instead)
        if missing.all() or not (missing.any() or repaired):
            raise
    kept = {name: values[~missing] for name, values in instead.items()}
    part = ask(asking.case, asking.caller, rows[~missing], kept)
    numbers = np.full((len(rows), part.numbers.shape[1]), np.nan)
    numbers[~missing] = part.numbers
    return replace(part, numbers=numbers)


def _filled(asking: Question, rows: Rows, instead: Mapping[str, Numbers]) -> dict[str, Numbers]:
    """Draw from like rows of the baseline what a repair leaves open."""
    case, names = asking.case, tuple(instead)
    filled = {}
    for name, values in instead.items():
        known = np.isfinite(values)
        filled[name] = values
        if not known.all():
            drawn = repair_by_neighbours(case, name, asking.rng, without=names, observed=True)
            spread = np.full(case.n, np.nan)
            spread[case.current] = drawn
            filled[name] = np.where(known, values, spread[rows])
    return filled


def _missing(asking: Question, rows: Rows, instead: Mapping[str, Numbers]) -> NDArray[np.bool_]:
    """Rows in which a column is missing that the model takes."""
    case = asking.case
    takes = getattr(asking.caller, "columns", ()) or case.features
    gone = [
        ~np.isfinite(instead[name] if name in instead else case[name].values[rows])
        for name in takes
        if name in case.variables
    ]
    return np.any(gone, axis=0) if gone else np.zeros(len(rows), dtype=bool)
