"""Whether the model that can be asked answers as the log says, then and now."""

from __future__ import annotations

import numpy as np

from tidegauge.case import Caller, Case
from tidegauge.errors import NotApplicable, TooFewRows
from tidegauge.records import ExplainerCard
from tidegauge_evaluators._parity import Parity, parity_of
from tidegauge_evaluators._put import Question, put

CARD = ExplainerCard(
    title="Parity with the model",
    explain="Are the logged answers those of the model that can be asked?",
    reference="Breck et al. 2017, IEEE Big Data (The ML Test Score: serving against training)",
    needs="a model that can be asked, and logged answers",
)

FEW = 30
"""Rows that each side needs."""


def parity(
    case: Case, caller: Caller, *, rng: np.random.Generator, rows: int = 500
) -> tuple[Parity, Parity]:
    """Hold a model's answers against the logged ones, on rows of the baseline and of now.

    Agreement on the baseline and none now speaks of a model that was replaced, or of a log that
    does not hold what the model saw.

    Parameters
    ----------
    rows
        Rows of each side that the model is sent, drawn at random.

    Returns
    -------
    For the baseline and for the current rows.

    Raises
    ------
    NotApplicable
        When nothing is logged that could be compared.
    TooFewRows
        When a side has fewer than 30 rows.
    ModelError
        When the model fails.

    Examples
    --------
    >>> from tidegauge.case import case_of
    >>> x, side = np.linspace(0, 1, 200), np.arange(200) >= 100
    >>> case = case_of({"x": x, "p": np.where(side, 1 - x, x)}, side, scores=("p",))
    >>> then, now = parity(case, lambda columns: columns["x"], rng=np.random.default_rng(0))
    >>> then.share, now.share
    (1.0, 0.0)
    """
    if min(case.n_baseline, case.n_current) < FEW:
        raise TooFewRows(needed=FEW, n_baseline=case.n_baseline, n_current=case.n_current)
    asking = Question(case=case, caller=caller, repaired={}, rng=rng)
    drawn = (
        np.sort(rng.permutation(np.flatnonzero(side))[:rows])
        for side in (~case.current, case.current)
    )
    then, now = (parity_of(case, one, put(asking, one)) for one in drawn)
    if then is None or now is None:
        raise NotApplicable("no logged score or decision can be held against the model's answers")
    return then, now
