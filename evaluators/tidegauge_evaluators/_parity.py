"""Whether a model that can be asked is the one whose answers were logged."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tidegauge.case import Case
from tidegauge_evaluators._losses import decisions, probabilities, task_of
from tidegauge_evaluators._questions import Reply, Rows

Numbers = NDArray[np.float64]
CLOSE = 1e-3
"""Difference of probabilities, or of numbers in their standard deviations, that is none: what
32-bit floats and other libraries' summations leave."""
DECIMALS = 6
"""Rounding of logged numbers is looked for up to so many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parity:
    """How far answers agree with those that were logged."""

    share: float
    """Rows on which they do."""
    rows: int
    """Rows that were compared."""
    largest: float
    """Largest difference; 0 or 1 for decisions."""
    of: str
    """What was compared: "scores", "decisions", "predictions"."""

    @property
    def said(self) -> str:
        """In words.

        Examples
        --------
        >>> Parity(share=0.5, rows=400, largest=0.25, of="scores").said
        'equal to the logged scores on 50% of 400 rows, elsewhere up to 0.25 apart'
        """
        equal = f"equal to the logged {self.of} on {self.share:.3g} of {self.rows:,} rows"
        equal = equal.replace(f"{self.share:.3g} of", f"{100 * self.share:.3g}% of")
        apart = f", elsewhere up to {self.largest:.3g} apart"
        return equal + (apart if self.of != "decisions" and self.share < 1 else "")


def parity_of(case: Case, rows: Rows, reply: Reply) -> Parity | None:
    """Hold answers against those that the log holds for the same rows.

    Scores are compared where they are logged, else decisions, at the threshold under which most
    of them agree; numbers up to the decimals to which they were rounded.

    Returns
    -------
    Parity or None
        ``None`` where nothing is logged that could be compared.
    """
    if case.scores and (chances := _logged_chances(case)) is not None:
        if chances.shape[1] != reply.numbers.shape[1]:
            return None
        return _near(chances[rows], reply.numbers, CLOSE, "scores")
    if case.prediction not in case.variables:
        return None
    if case.target in case.variables and task_of(case) == "classification":
        return _decided(decisions(case)[rows], reply)
    logged = case[case.prediction].values[rows][:, None]
    if case[case.prediction].categorical or reply.numbers.shape[1] != 1:
        return None
    known = logged[np.isfinite(logged)]
    return _near(
        logged, reply.numbers, CLOSE * float(known.std()) if known.size else 0.0, "predictions"
    )


def _logged_chances(case: Case) -> Numbers | None:
    """Lay logged scores out, one column a class where they are probabilities."""
    if case.target in case.variables:
        return probabilities(case)
    scores = np.column_stack([case[name].values for name in case.scores])
    return np.column_stack([1.0 - scores, scores]) if scores.shape[1] == 1 else scores


def _near(logged: Numbers, answered: Numbers, close: float, of: str) -> Parity | None:
    known = np.isfinite(logged).all(axis=1) & np.isfinite(answered).all(axis=1)
    if not known.any():
        return None
    gap = np.abs(logged - answered)[known].max(axis=1)
    close = max(close, rounding(logged[known]))
    return Parity(
        share=float(np.mean(gap <= close)), rows=len(gap), largest=float(gap.max()), of=of
    )


def rounding(values: Numbers) -> float:
    """Half a unit of the last decimal that any of the values has, with a hair more.

    Examples
    --------
    >>> round(rounding(np.array([0.25, 1.5])), 6)
    0.00505
    """
    for decimals in range(DECIMALS):
        if np.allclose(values, np.round(values, decimals), rtol=0, atol=1e-9):
            return 0.505 * 10.0**-decimals
    return 0.0


def _decided(logged: Numbers, reply: Reply) -> Parity | None:
    known = np.isfinite(logged) & reply.answered
    if not known.any():
        return None
    wrong = reply.decided(_best_cut(logged, reply))[known] != logged[known]
    share = float(np.mean(~wrong))
    return Parity(share=share, rows=len(wrong), largest=float(share < 1), of="decisions")


def threshold_of(case: Case, rows: Rows, reply: Reply) -> float:
    """Find the chance of the second class from which on logged decisions are for it.

    Returns
    -------
    float
        0.5 where no decisions are logged, or there are not two classes.
    """
    logged = case.prediction in case.variables and task_of(case) == "classification"
    return _best_cut(decisions(case)[rows], reply) if logged else 0.5


def _best_cut(logged: Numbers, reply: Reply) -> float:
    """Threshold under which most decisions are as logged, in the middle of its gap."""
    known = np.isfinite(logged) & reply.answered
    if reply.numbers.shape[1] != 2 or reply.hard or not known.any():
        return 0.5
    chance, positive = reply.numbers[known, 1], logged[known] == 1
    steps, place = np.unique(chance, return_inverse=True)
    yes = np.bincount(place, weights=positive, minlength=len(steps))
    no = np.bincount(place, minlength=len(steps)) - yes
    right = np.append(0.0, np.cumsum(no)) + (yes.sum() - np.append(0.0, np.cumsum(yes)))
    if (right == right.max()).all():
        return 0.5
    best = int(right.argmax())  # so many of the steps lie below the threshold
    ends = np.concatenate([[steps[0] - 1e-9], steps, [steps[-1] + 1e-9]])
    return float((ends[best] + ends[best + 1]) / 2)
