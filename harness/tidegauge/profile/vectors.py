"""A sample of rows as vectors, for measures that no mergeable profile can serve."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class VectorSample:
    """Vectors of a uniform sample of one side's rows; arrays of one length, read-only."""

    vectors: NDArray[np.float32]
    """Shape (rows, dimensions)."""
    texts: tuple[str, ...] = ()
    """The text each vector was made from; empty where the log holds vectors only."""
    clusters: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    """Shape (rows,): rows with equal numbers belong together (a conversation, a user); empty
    where every row stands for itself. Numbers are of one side only."""
    ids: tuple[str, ...] = ()
    """The rows' ids; empty where the log has none."""
    n: int = 0
    """Rows of the whole log that the sample was drawn from."""
    role: str = ""
    """What the texts are for: prompt, response; what examples of them are called."""
