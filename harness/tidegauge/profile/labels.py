"""A probability sample of a log's rows, with the labels that people or a judge gave them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


def _no_numbers() -> NDArray[np.int64]:
    return np.zeros(0, np.int64)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LabelSample:
    """Labels of rows drawn with known probabilities; arrays are read-only.

    A cheap score is known for every row of the log, a label for the drawn ones. Rows are drawn
    by strata of that score, so that the rare kind is met more often; what is known of each
    stratum as a whole leads back to the whole log.
    """

    labels: NDArray[np.float64]
    """Shape (drawn,): 1 = unsupported, toxic or whatever is counted; 0 = not; NaN = no label
    yet."""
    scores: NDArray[np.float64]
    """Shape (drawn,): the cheap score; NaN where the scorer had none."""
    probabilities: NDArray[np.float64]
    """Shape (drawn,): chance of each row to be drawn, above 0."""
    strata: NDArray[np.int64]
    """Shape (drawn,): each row's stratum, from 0."""
    stratum_rows: NDArray[np.int64]
    """Shape (strata,): rows of the whole log in each."""
    stratum_means: NDArray[np.float64]
    """Shape (strata,): mean score of those rows; NaN where they have none."""
    clusters: NDArray[np.int64] = field(default_factory=_no_numbers)
    """Shape (drawn,): rows with equal numbers belong together (a conversation, a document);
    empty where every row stands for itself."""
    judged: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    """Shape (drawn,): what a judge said of each row, NaN where nothing; empty where none was
    asked."""
    by_judge: bool = False
    """Whether the labels are the judge's, for want of others."""
    undecided: int = 0
    """Drawn rows of which the labeller said that they cannot be decided; their label is NaN."""
    scorer: str = ""
    """Name of the cheap scorer."""
    threshold: float = float("nan")
    """Score from which the scorer itself calls a row bad; NaN where it does not say."""
    frame: str = ""
    """SHA-256 in hex over the scores of the log that the sample was drawn from."""
    carried: bool = False
    """Whether the labels are of another log than the one that the strata describe, so that the
    rate within a stratum is taken to have stayed what it was."""

    @property
    def n(self) -> int:
        """Rows of the whole log."""
        return int(self.stratum_rows.sum())
