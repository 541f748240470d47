"""Topics of texts as a column: one more thing that may be the cause."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tidegauge.case import Variable

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TopicColumn:
    """The topic of each row's text, and what it takes to show one."""

    variable: Variable
    """Codes row by row, NaN where a row has no vector; topics by name, the baseline's most
    frequent first."""
    distance: Floats
    """Shape (rows,): from the topic's centre, NaN where a row has no vector."""
    texts: tuple[str | None, ...] = ()
    """Text of each row; empty where only vectors are known."""
    role: str = "prompt"
    """What the texts are for."""
    ids: tuple[str, ...] = field(default_factory=tuple)
    """Id of each row in its log; empty where the log has none."""
