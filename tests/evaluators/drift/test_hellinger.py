"""Hellinger distance against the Bhattacharyya coefficient by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from tidegauge.profile import CategoricalProfile, NumericProfile
from tidegauge_evaluators.drift.hellinger import hellinger


def by_hand(before: Any, now: Any) -> Any:
    """Root of 1 minus the summed geometric means of the shares."""
    roots = (math.sqrt(a / sum(before) * b / sum(now)) for a, b in zip(before, now, strict=True))
    return math.sqrt(max(0.0, 1.0 - sum(roots)))


def test_levels_are_compared_one_by_one(regions: Any) -> None:
    score: Any = hellinger(*regions)
    assert score.value == pytest.approx(by_hand([60, 40, 0], [30, 50, 20]))
    assert {part.label for part in score.parts} == {"north", "south", "unseen: west"}
    assert sum(part.contribution for part in score.parts) == pytest.approx(score.value)
    assert score.p_value < 1e-6


def test_raw_rows_give_the_same_by_hand(exact_pair: Any) -> None:
    pair, before, now = exact_pair
    baseline = NumericProfile.freeze(pair.baseline)
    score: Any = hellinger(baseline, baseline.lay(pair.current))
    assert score.value == pytest.approx(by_hand(before, now), abs=1e-7)
    assert score.details["bins"] == len(before)
    truth = sorted((a / sum(before), b / sum(now)) for a, b in zip(before, now, strict=True))
    shown = sorted((part.baseline, part.current) for part in score.parts)
    assert np.array(shown) == pytest.approx(np.array(truth))


def test_nothing_in_common_is_distance_one() -> None:
    baseline = CategoricalProfile.freeze(["a"] * 50)
    assert hellinger(baseline, baseline.lay(["b"] * 50)).value == pytest.approx(1.0)
