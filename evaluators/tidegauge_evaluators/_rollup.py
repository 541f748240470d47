"""From a response's sentences to the response: one explicit rule."""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from tidegauge.errors import SuiteError

Rule: TypeAlias = Literal["any", "share", "mean"]

RULES: dict[Rule, str] = {
    "any": "a response's probability is that of its worst sentence",
    "share": "a response's value is the share of its sentences at or above the threshold",
    "mean": "a response's probability is the mean over its sentences",
}
"""Each rule in the words of a report."""


def roll_up(probabilities: ArrayLike, rule: Rule, threshold: float) -> float:
    """Make one number of a response's sentences.

    The rule "any" takes the largest probability, not one minus the product of the others'
    complements: sentences of one answer stand or fall together, and under the product every long
    answer would be flagged.

    Parameters
    ----------
    probabilities
        Probability that each sentence is bad, shape (sentences,); at least one.
    rule
        ``any``, ``share`` or ``mean``.
    threshold
        From which on a sentence counts as bad; only ``share`` asks for it.

    Examples
    --------
    >>> [roll_up([0.1, 0.9, 0.2], rule, 0.5) for rule in ("any", "share", "mean")]
    [0.9, 0.333, 0.4]
    """
    values = np.asarray(probabilities, np.float64)
    if rule == "any":
        return float(values.max())
    if rule == "share":
        return float((values >= threshold).mean())
    return float(values.mean())


def need_rule(rule: str, scorer: str) -> Rule:
    """Refuse a rule that is none.

    Raises
    ------
    SuiteError
        Naming the scorer and the rules there are.
    """
    for known in RULES:
        if rule == known:
            return known
    raise SuiteError(f'{scorer}: rollup "{rule}" is no rule', f"allowed: {', '.join(RULES)}")
