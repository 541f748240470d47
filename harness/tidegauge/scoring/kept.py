"""A row's outcome as bytes and back: plain JSON, so that reading runs nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from tidegauge.scorer import Joined

if TYPE_CHECKING:
    from tidegauge.scoring.pipeline import Outcome

NOT_APPLICABLE = "not_applicable: "
READ = json.JSONDecoder().decode


def keep(outcome: Outcome) -> bytes | None:
    """Write an outcome that would be the same next time; ``None`` for any other.

    A row with a vector is not kept: its units are, and hold the same numbers.
    """
    if outcome.joined is None:
        final = outcome.status.startswith(NOT_APPLICABLE)
        return json.dumps(outcome.status).encode() if final else None
    values = [_plain(value) for value in outcome.joined.values]
    if any(isinstance(value, np.ndarray) for value in values):
        return None
    return json.dumps([values, outcome.joined.truncated, outcome.joined.because]).encode()


def recall(data: bytes) -> Outcome | None:
    """Read an outcome; ``None`` where the bytes are none, as after a damaged disk.

    Examples
    --------
    >>> recall(b'[[0.25, true], 3, "why"]').joined.values
    (0.25, True)
    """
    from tidegauge.scoring.pipeline import OK, Outcome

    try:
        read: Any = READ(data.decode())
        if isinstance(read, str):
            return Outcome(read)
        values, truncated, because = read
        return Outcome(OK, Joined(tuple(values), truncated, because))
    except (ValueError, TypeError):
        return None


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
