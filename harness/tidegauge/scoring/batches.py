"""Units through a model: sorted by length, in batches that fit, halved when memory runs out."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
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


@dataclass(frozen=True, slots=True, eq=False)
class Numbers:
    """What a model made of units."""

    values: NDArray[np.float32]
    """Shape (units, width)."""
    failed: dict[int, str] = field(default_factory=dict)
    """Position of a unit -> reason why its row of ``values`` says nothing."""
    costs: Costs = field(default_factory=Counter)
    """The model's own counts, summed."""


def infer_all(
    units: Sequence[Unit], model: Model, cache: Cache | None, share: Callable[[float], None]
) -> Numbers:
    """Numbers of every unit, from the cache or the model, and the reasons of those without.

    Parameters
    ----------
    units
        All different.
    model
        What infers; asked for as many at once as its budget allows.
    cache
        Where numbers are read and kept, batch by batch.
    share
        Called with the share of units done, after every batch.

    Raises
    ------
    ModelError, MissingExtraError
        From the model: no unit would fare better.
    """
    numbers = Numbers(np.full((len(units), model.width), np.nan, np.float32))
    identity = "" if cache is None else model.identity  # asked once: it may be worked out
    keys = [] if cache is None else [unit_key(identity, unit) for unit in units]
    known = _recall(numbers, keys, cache)
    sized = _by_size(units, model, known, numbers.failed)
    budget, start = model.budget, 0
    while start < len(sized):
        stop = start + fitting(sized[start][0], budget)
        batch = [at for _, at in sized[start:stop]]
        halvings = _infer(batch, units, model, numbers)
        budget = max(1, budget >> halvings)
        if cache is not None:
            done = [at for at in batch if at not in numbers.failed]
            cache.put({keys[at]: numbers.values[at].tobytes() for at in done})
        start += len(batch)
        share(1.0 - (len(sized) - start) / len(units))
    return numbers


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
    line = one_line(said)
    if isinstance(error, TidegaugeError):
        return line or type(error).__name__
    return one_line(f"{type(error).__name__}: {line}") if line else type(error).__name__


def one_line(text: str) -> str:
    """Cut to one line of at most 160 characters that any file can hold."""
    line = " ".join(text[: 4 * LONGEST_REASON].encode("utf-8", "replace").decode().split())
    return line if len(line) <= LONGEST_REASON else line[: LONGEST_REASON - 1] + "…"


def out_of_memory(error: BaseException) -> bool:
    """Whether memory ran out, Python's or a torch device's, found without importing torch."""
    if isinstance(error, MemoryError):
        return True
    kind = getattr(sys.modules.get("torch"), "OutOfMemoryError", None)
    if kind is not None and isinstance(error, kind):
        return True
    # torch's allocator for the processor raises a plain error
    return isinstance(error, RuntimeError) and "can't allocate memory" in str(error)


def _recall(numbers: Numbers, keys: Sequence[bytes], cache: Cache | None) -> set[int]:
    """Fill in what the cache holds; the positions filled."""
    if cache is None:
        return set()
    kept, known = cache.get(keys), set()
    length = numbers.values.shape[1] * numbers.values.itemsize
    for at, key in enumerate(keys):
        if len(kept.get(key, b"")) == length:
            numbers.values[at] = np.frombuffer(kept[key], np.float32)
            known.add(at)
    return known


def _by_size(
    units: Sequence[Unit], model: Model, known: set[int], failed: dict[int, str]
) -> list[tuple[int, int]]:
    """Size and position of what is to be inferred; the longest, which might not fit, come first."""
    sized = []
    for at, unit in enumerate(units):
        if at not in known:
            try:
                sized.append((max(int(model.size(unit)), 1), at))
            except Exception as error:
                failed[at] = _reason_unless_fatal(error)
    return sorted(sized, key=lambda pair: pair[0], reverse=True)


def _infer(batch: list[int], units: Sequence[Unit], model: Model, numbers: Numbers) -> int:
    """Run a batch and fill in its numbers or reasons; how often memory made it smaller."""
    try:
        _fill(batch, model.infer([units[at] for at in batch]), numbers)
        return 0
    except Exception as error:
        reason = _reason_unless_fatal(error)
        short = out_of_memory(error)
    if len(batch) == 1:
        numbers.failed[batch[0]] = reason
        return 0
    if not short:  # one of them is the culprit
        return max(_infer([at], units, model, numbers) for at in batch)
    _free()  # outside of the handler, whose traceback holds the tensors
    middle = len(batch) // 2
    halves = (batch[:middle], batch[middle:])
    return 1 + max(_infer(half, units, model, numbers) for half in halves)


def _fill(batch: list[int], inferred: Inferred, numbers: Numbers) -> None:
    values = np.asarray(inferred.values, np.float32)
    expected = (len(batch), numbers.values.shape[1])
    if values.shape != expected:
        raise ValueError(f"the model gave an array of shape {values.shape}, not {expected}")
    numbers.values[batch] = values
    numbers.costs.update(inferred.costs)
    if expected[1]:
        silent = np.flatnonzero(np.isnan(values).all(axis=1)).tolist()
        numbers.failed.update({batch[at]: "the model gave no number" for at in silent})
    numbers.failed.update({batch[at]: one_line(str(why)) for at, why in inferred.failed.items()})


def _reason_unless_fatal(error: Exception) -> str:
    if isinstance(error, ModelError | MissingExtraError):
        raise error
    return "out of memory, even alone" if out_of_memory(error) else reason_of(error)


def _free() -> None:
    """Give back what a failed batch held, so that the next attempt finds it free."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()
