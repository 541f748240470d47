"""A row's outcome as bytes and back: JSON, and a vector's numbers as they are; nothing is run."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from tidegauge.scorer import Joined

if TYPE_CHECKING:
    from tidegauge.scoring.pipeline import Outcome

NOT_APPLICABLE = "not_applicable: "
READ = json.JSONDecoder().decode
VECTOR = "float32"
"""Stands for a vector among the values; its numbers follow the JSON, which holds no NUL."""


def keep(outcome: Outcome) -> bytes | None:
    """Write an outcome that would be the same next time; ``None`` for any other."""
    if outcome.joined is None:
        final = outcome.status.startswith(NOT_APPLICABLE)
        return json.dumps(outcome.status).encode() if final else None
    numbers = b""
    values: list[Any] = []
    for value in outcome.joined.values:
        if isinstance(value, np.ndarray):
            numbers += np.ascontiguousarray(value, np.float32).tobytes()
            values.append({VECTOR: value.size})
        else:
            values.append(value.item() if isinstance(value, np.generic) else value)
    head = json.dumps([values, outcome.joined.truncated, outcome.joined.because]).encode()
    return head + b"\0" + numbers if numbers else head


def recall(data: bytes) -> Outcome | None:
    """Read an outcome; ``None`` where the bytes are none, as after a damaged disk.

    Examples
    --------
    >>> recall(b'[[0.25, true], 3, "why"]').joined.values
    (0.25, True)
    """
    from tidegauge.scoring.pipeline import OK, Outcome

    head, _, numbers = data.partition(b"\0")
    try:
        read: Any = READ(head.decode())
        if isinstance(read, str):
            return Outcome(read)
        values, truncated, because = read
        if numbers:
            values = _with_vectors(values, np.frombuffer(numbers, np.float32))
        return Outcome(OK, Joined(tuple(values), truncated, because))
    except (ValueError, TypeError, KeyError):
        return None


def _with_vectors(values: list[Any], numbers: np.ndarray[Any, np.dtype[np.float32]]) -> list[Any]:
    read: list[Any] = []
    start = 0
    for value in values:
        if isinstance(value, dict):
            stop = start + value[VECTOR]
            value, start = numbers[start:stop], stop
        read.append(value)
    if start != len(numbers):
        raise ValueError(f"{len(numbers)} numbers were kept, {start} are expected")
    return read
