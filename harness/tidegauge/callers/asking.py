"""Ask a model in batches, within a time limit, and tell what went wrong in words."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tidegauge.errors import ModelError

Numbers = NDArray[np.float64]
BATCH = 10_000
SECONDS = 60.0
TOLD = 8
"""Columns and values that a message lists."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A model behind a door: columns in, numbers out.

    Examples
    --------
    >>> model = Asked(name="sum", answer=lambda columns: columns["a"] + columns["b"])
    >>> model({"a": np.array([1.0, 2.0]), "b": np.array([3.0, 4.0])})
    array([4., 6.])
    """

    name: str
    """How reports and complaints call it: "score.onnx", "shop.models:score"."""
    answer: Callable[[Mapping[str, Any]], Any]
    """What is behind the door: a mapping column -> array of one batch to numbers or labels."""
    columns: tuple[str, ...] = ()
    """Columns that it takes, in its order; empty = whatever there is."""
    classes: tuple[str, ...] = ()
    """What the columns of its answers stand for; empty = not known."""
    batch: int = BATCH
    """Rows sent at once."""
    seconds: float = SECONDS
    """Time that one batch may take."""

    def __call__(self, columns: Mapping[str, Any]) -> Numbers:
        """Ask for every row.

        Parameters
        ----------
        columns
            Column -> array of shape (rows,): numbers with NaN, texts with ``None``, instants.

        Returns
        -------
        NDArray
            Shape (rows,), or (rows, classes) where the model answers for each class.

        Raises
        ------
        ModelError
            When a column that it takes is not there, when it fails or is too slow, or when its
            answers are not one number, or one a class, for each row; with what was sent.
        """
        chosen = self._chosen(columns)
        rows = min((len(values) for values in chosen.values()), default=0)
        if not rows:
            return np.empty(0)
        parts = [
            self._ask({name: values[start : start + self.batch] for name, values in chosen.items()})
            for start in range(0, rows, self.batch)
        ]
        if len({part.shape[1:] for part in parts}) > 1:
            shapes = ", ".join(str(part.shape) for part in parts[:TOLD])
            raise ModelError(f"{self.name}: answers differ in shape between batches: {shapes}")
        return np.concatenate(parts)

    def _chosen(self, columns: Mapping[str, Any]) -> dict[str, Any]:
        missing = [name for name in self.columns if name not in columns]
        if missing:
            raise ModelError(
                f"{self.name}: takes {listed(missing)}, which the log does not hold",
                f"columns there are: {listed(sorted(columns))}; list those of the model, "
                "in its order, under columns:",
            )
        names = self.columns or tuple(columns)
        return {name: np.asarray(columns[name]) for name in names}

    def _ask(self, batch: Mapping[str, Any]) -> Numbers:
        try:
            found = within(self.seconds, lambda: self.answer(batch))
            return self._numbers(found, len(next(iter(batch.values()))))
        except TimeoutError as error:
            raise ModelError(
                f"{self.name}: no answer within {self.seconds:g} seconds to {sent(batch)}",
                "raise seconds: or lower batch: of the model",
            ) from error
        except ModelError as error:
            raise ModelError(f"{self.name}: {error.message}", error.hint) from error
        except Exception as error:  # whatever a user's model raises
            raise ModelError(
                f"{self.name}: failed on {sent(batch)}: {type(error).__name__}: {first_line(error)}"
            ) from error

    def _numbers(self, found: Any, rows: int) -> Numbers:
        """Check answers and lay them out as numbers."""
        values = np.asarray(found)
        if values.ndim == 2 and values.shape[1] == 1:
            values = values[:, 0]
        if values.ndim not in (1, 2) or values.shape[0] != rows or 0 in values.shape:
            raise ModelError(
                f"answered with the shape {values.shape} to {rows:,} rows; "
                f"allowed: ({rows:,},) or ({rows:,}, classes)"
            )
        texts = values.ndim == 1 and any(isinstance(value, str) for value in values.tolist())
        return self._labels(values) if texts else np.asarray(values, dtype=np.float64)

    def _labels(self, values: NDArray[Any]) -> Numbers:
        """Turn the names of classes into one column a class, 1 for the named one."""
        texts = [str(value) for value in values]
        strange = sorted(set(texts) - set(self.classes))
        if strange:
            raise ModelError(
                f"answered with the texts {listed(strange)}, which are none of its classes",
                "name its classes: {path: ..., classes: [no, yes]}",
            )
        named = np.asarray([self.classes.index(text) for text in texts])
        return np.asarray(np.eye(len(self.classes))[named], dtype=np.float64)


def within(seconds: float, call: Callable[[], Any]) -> Any:
    """Call in a thread of its own and wait no longer than so many seconds.

    A call that takes longer goes on unheeded: Python cannot end a thread. The thread does not
    keep the program alive.

    Raises
    ------
    TimeoutError
        When there is no answer by then.
    """
    outcome: list[tuple[bool, Any]] = []

    def work() -> None:
        try:
            outcome.append((True, call()))
        except BaseException as error:  # carried to the caller's thread
            outcome.append((False, error))

    thread = threading.Thread(target=work, daemon=True, name="tidegauge-model")
    thread.start()
    thread.join(seconds)
    if not outcome:
        raise TimeoutError
    worked, result = outcome[0]
    if worked:
        return result
    if isinstance(result, Exception):
        raise result
    raise ModelError(f"ended by {type(result).__name__}")


def sent(batch: Mapping[str, Any]) -> str:
    """Say what a batch holds.

    Examples
    --------
    >>> sent({"age": np.array([1.0, np.nan]), "plan": np.array(["free", None], dtype=object)})
    '2 rows of age (numbers, 1 missing), plan (texts, 1 missing)'
    """
    rows = len(next(iter(batch.values()))) if batch else 0
    parts = [f"{name} ({_kind(values)})" for name, values in batch.items()]
    return f"{rows:,} rows of {listed(parts)}"


def _kind(values: NDArray[Any]) -> str:
    word = {"f": "numbers", "i": "numbers", "u": "numbers", "b": "yes or no", "M": "instants"}
    missing = int(np.count_nonzero(absent(values)))
    return word.get(values.dtype.kind, "texts") + (f", {missing:,} missing" if missing else "")


def absent(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Where values are missing: NaN, NaT or ``None``."""
    if values.dtype.kind == "O":
        gone = [value is None or value != value for value in values.tolist()]
        return np.asarray(gone, dtype=bool)
    nan = np.isnan(values) if values.dtype.kind == "f" else np.zeros(values.shape)
    return np.asarray(np.isnat(values) if values.dtype.kind == "M" else nan, dtype=bool)


def listed(names: Sequence[str]) -> str:
    """Join names, the first eight of many."""
    more = len(names) - TOLD
    return ", ".join(names[:TOLD]) + (f" and {more:,} more" if more > 0 else "")


def first_line(error: BaseException) -> str:
    """Keep what an error says first, cut to a readable length."""
    lines = str(error).strip().splitlines() or ["no reason given"]
    return lines[0][:300]
