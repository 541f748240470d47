"""Jensen-Shannon distance against scipy on raw counts."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy.spatial import distance

from tidegauge.profile import CategoricalProfile, NumericProfile
from tidegauge_evaluators.drift.jensen_shannon import jensen_shannon


def by_hand(before: Any, now: Any) -> Any:
    """What scipy says."""
    return float(distance.jensenshannon(before, now, base=2))


def test_levels_are_compared_one_by_one(regions: Any) -> None:
    score: Any = jensen_shannon(*regions)
    assert score.value == pytest.approx(distance.jensenshannon([60, 40, 0], [30, 50, 20], base=2))
    assert {part.label for part in score.parts} == {"north", "south", "unseen: west"}
    assert sum(part.contribution for part in score.parts) == pytest.approx(score.value)
    assert score.p_value < 1e-6


def test_raw_rows_give_the_same_by_hand(exact_pair: Any) -> None:
    pair, before, now = exact_pair
    baseline = NumericProfile.freeze(pair.baseline)
    score: Any = jensen_shannon(baseline, baseline.lay(pair.current))
    assert score.value == pytest.approx(by_hand(before, now), abs=1e-7)
    assert score.details["bins"] == len(before)
    truth = sorted((a / sum(before), b / sum(now)) for a, b in zip(before, now, strict=True))
    shown = sorted((part.baseline, part.current) for part in score.parts)
    assert np.array(shown) == pytest.approx(np.array(truth))


def test_nothing_in_common_is_distance_one() -> None:
    baseline = CategoricalProfile.freeze(["a"] * 50)
    assert jensen_shannon(baseline, baseline.lay(["b"] * 50)).value == pytest.approx(1.0)


def test_two_levels_worked_by_hand() -> None:
    baseline = CategoricalProfile.freeze(["a"] * 50 + ["b"] * 50)
    score: Any = jensen_shannon(baseline, baseline.lay(["a"] * 100))
    before = 0.5 * math.log2(0.5 / 0.75) + 0.5 * math.log2(0.5 / 0.25)
    now = math.log2(1.0 / 0.75)
    assert score.value == pytest.approx(math.sqrt(0.5 * before + 0.5 * now))
