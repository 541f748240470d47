"""Rows that a scorer could not answer: counted among those it should have answered."""

from __future__ import annotations

import pytest

from tidegauge.errors import TooFewRows
from tidegauge.profile import CategoricalProfile
from tidegauge_evaluators.quality.unscored_rate import unscored_rate

SCORED = CategoricalProfile.freeze(["ok"] * 900 + ["not_applicable: refusal"] * 100)


def test_rows_for_which_the_question_makes_no_sense_are_not_missed() -> None:
    score = unscored_rate(SCORED, SCORED.lay(["ok"] * 50 + ["not_applicable: no context"] * 500))
    assert (score.value, score.p_value, score.n_current) == (0.0, None, 50)
    with pytest.raises(TooFewRows):
        unscored_rate(SCORED, SCORED.lay(["not_applicable: refusal"] * 500))


def test_every_reason_is_counted() -> None:
    now = ["ok"] * 80 + ["unscored: judge timed out"] * 15 + ["unscored: no verdict"] * 5
    score = unscored_rate(SCORED, SCORED.lay(now))
    assert (score.value, score.baseline) == (0.2, 0.0)
    assert [(part.label, part.current) for part in score.parts] == [
        ("judge timed out", 15),
        ("no verdict", 5),
    ]
    assert score.p_value is not None
    assert score.p_value < 1e-10
