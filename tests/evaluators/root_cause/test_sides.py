from __future__ import annotations

import numpy as np
import pytest

from tidegauge.case import case_of
from tidegauge.catalog import explainer
from tidegauge.errors import TooFewRows
from tidegauge_evaluators._domain import Domain
from tidegauge_evaluators.root_cause.sides import sides

SIDE = np.arange(300) >= 150


def test_too_few_rows_are_refused() -> None:
    with pytest.raises(TooFewRows):
        sides(case_of({"x": np.ones(40)}, np.arange(40) >= 20), rng=np.random.default_rng(0))


def test_found_by_name_it_answers_as_the_estimator_does() -> None:
    x = np.random.default_rng(1).normal(size=300)
    case = case_of({"x": x + SIDE, "y": x}, SIDE)
    ours = explainer("root_cause.sides").explain(case, rng=np.random.default_rng(2))
    theirs = Domain(case, rng=np.random.default_rng(2))
    assert ours.information(["x"]).z > 3
    np.testing.assert_array_equal(ours.losses(["x", "y"]), theirs.losses(["x", "y"]))
