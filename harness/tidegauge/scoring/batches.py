"""Units through a model: sorted by length, in batches that fit, halved when memory runs out."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from tidegauge.errors import MissingExtraError, ModelError, TidegaugeError
from tidegauge.scorer import Inferred, Model, Unit
from tidegauge.scoring.cache import Cache
from tidegauge.scoring.keys import unit_key

LONGEST_REASON = 160
"""Characters of a reason: it is a category of a column, and a line in a report."""

Costs: TypeAlias = Counter[str]
Numbers: TypeAlias = dict[Unit, NDArray[np.float32]]
Failed: TypeAlias = dict[Unit, str]


def infer_all(
    units: Sequence[Unit],
    model: Model,
    cache: Cache | None,
    costs: Costs,
    share: Callable[[float], None],
) -> tuple[Numbers, Failed]:
    """Numbers of every unit, from the cache or the model, and the reasons of those without.

    Parameters
    ----------
    units
        All different.
    model
        What infers; asked for as many at once as its budget allows.
    cache
        Where numbers are read and kept, batch by batch.
    costs
        Counts to which the model's costs are added.
    share
        Called with the share of units done, after every batch.
    """
    numbers, keys = _recalled(units, model, cache)
    failed: Failed = {}
    sized: list[tuple[int, Unit]] = []
    for unit in units:
        if unit not in numbers:
            try:
                sized.append((max(model.size(unit), 1), unit))
            except Exception as error:
                failed[unit] = _reason_unless_fatal(error)
    sized.sort(key=lambda pair: pair[0], reverse=True)  # what might not fit is tried first
    budget, start = model.budget, 0
    while start < len(sized):
        stop = start + fitting(sized[start][0], budget)
        batch = [unit for _, unit in sized[start:stop]]
        start = stop
        halvings, given, refused = _infer(batch, model, costs)
        budget = max(1, budget >> halvings)
        failed |= refused
        if cache is not None:
            cache.put({keys[unit]: row.tobytes() for unit, row in given.items()})
        numbers |= given
        share((len(numbers) + len(failed)) / len(units))
    return numbers, failed


def fitting(longest: int, budget: int) -> int:
    """How many units make one batch: padded to the longest, they stay within the budget.

    Examples
    --------
    >>> fitting(512, 1024), fitting(4096, 1024)
    (2, 1)
    """
    return max(1, budget // longest)


def reason_of(error: BaseException) -> str:
    """Say in one short line what went wrong.

    Examples
    --------
    >>> reason_of(ValueError("no  such thing"))
    'ValueError: no such thing'
    """
    said = error.message if isinstance(error, TidegaugeError) else str(error)
    line = " ".join(said.encode("utf-8", "replace").decode().split())
    if not isinstance(error, TidegaugeError):
        line = f"{type(error).__name__}: {line}" if line else type(error).__name__
    return line if len(line) <= LONGEST_REASON else line[: LONGEST_REASON - 1] + "…"


def out_of_memory(error: BaseException) -> bool:
    """Whether memory ran out, Python's or a torch device's, found without importing torch."""
    if isinstance(error, MemoryError):
        return True
    torch = sys.modules.get("torch")
    kind = getattr(torch, "OutOfMemoryError", None)
    if kind is not None and isinstance(error, kind):
        return True
    # torch's allocator for the CPU raises a plain error
    return isinstance(error, RuntimeError) and "can't allocate memory" in str(error)


def _recalled(
    units: Sequence[Unit], model: Model, cache: Cache | None
) -> tuple[Numbers, dict[Unit, bytes]]:
    if cache is None:
        return {}, {}
    identity = model.identity
    keys = {unit: unit_key(identity, unit) for unit in units}
    kept = cache.get(list(keys.values()))
    length = 4 * model.width
    found = {unit: kept[key] for unit, key in keys.items() if len(kept.get(key, b"")) == length}
    return {unit: np.frombuffer(row, np.float32) for unit, row in found.items()}, keys


def _infer(batch: list[Unit], model: Model, costs: Costs) -> tuple[int, Numbers, Failed]:
    """Run a batch: how often memory made it smaller, the numbers, the reasons."""
    try:
        inferred = model.infer(batch)
        return 0, *_sorted_out(batch, inferred, model, costs)
    except Exception as error:
        if len(batch) == 1:
            return 0, {}, {batch[0]: _reason_unless_fatal(error)}
        _reason_unless_fatal(error)
        short = out_of_memory(error)
    _free()  # outside of the handler, which holds the frames and with them the tensors
    if not short:
        parts: Iterator[list[Unit]] = ([unit] for unit in batch)
    else:
        middle = len(batch) // 2
        parts = iter((batch[:middle], batch[middle:]))
    deepest = 0
    numbers: Numbers = {}
    failed: Failed = {}
    for part in parts:
        halvings, given, refused = _infer(part, model, costs)
        deepest = max(deepest, halvings)
        numbers |= given
        failed |= refused
    return deepest + short, numbers, failed


def _sorted_out(
    batch: list[Unit], inferred: Inferred, model: Model, costs: Costs
) -> tuple[Numbers, Failed]:
    values = np.asarray(inferred.values, np.float32)
    if values.shape != (len(batch), model.width):
        raise ValueError(
            f"the model gave an array {values.shape} for {len(batch)} units of width {model.width}"
        )
    costs.update(inferred.costs)
    failed = {batch[at]: str(why)[:LONGEST_REASON] for at, why in inferred.failed.items()}
    numbers: Numbers = {}
    for unit, row in zip(batch, values, strict=True):
        if unit in failed:
            continue
        if np.isnan(row).all() and len(row):
            failed[unit] = "the model gave no number"
        else:
            numbers[unit] = row
    return numbers, failed


def _reason_unless_fatal(error: Exception) -> str:
    if isinstance(error, ModelError | MissingExtraError):
        raise error
    return "out of memory, even alone" if out_of_memory(error) else reason_of(error)


def _free() -> None:
    """Give back what a failed batch held, so that the next attempt finds it free."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()
