"""Whether a row's columns tell which side it is from: what every other unit asks."""

from __future__ import annotations

import numpy as np

from tidegauge.case import Case
from tidegauge.records import ExplainerCard
from tidegauge_evaluators._domain import Domain

CARD = ExplainerCard(
    title="Classifier that tells the sides apart",
    explain="How much any columns tell about the side a row is from, others known.",
    reference="Lopez-Paz & Oquab 2017, ICLR (classifier two-sample test)",
)


def sides(case: Case, *, rng: np.random.Generator) -> Domain:
    """Make what answers questions about the sides of a case, and remembers its answers.

    Parameters
    ----------
    case
        At least 30 rows a side.
    rng
        Which rows are held out together.

    Raises
    ------
    TooFewRows
        When a side has fewer than 30 rows.

    Examples
    --------
    >>> from tidegauge.case import case_of
    >>> rng = np.random.default_rng(0)
    >>> side = np.arange(400) >= 200
    >>> domain = sides(case_of({"x": rng.normal(size=400) + 2 * side}, side), rng=rng)
    >>> domain.information(["x"]).z > 3
    True
    """
    return Domain(case, rng=rng)
