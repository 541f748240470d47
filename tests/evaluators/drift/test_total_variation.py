"""Total variation distance against half the summed gaps by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tidegauge.profile import CategoricalProfile, NumericProfile
from tidegauge_evaluators.drift.total_variation import total_variation


def by_hand(before: Any, now: Any) -> Any:
    """Half the summed absolute gaps between shares."""
    pairs = [(a / sum(before), b / sum(now)) for a, b in zip(before, now, strict=True)]
    return 0.5 * sum(abs(p - q) for p, q in pairs)


def test_levels_are_compared_one_by_one(regions: Any) -> None:
    score: Any = total_variation(*regions)
    assert score.value == pytest.approx(0.3)
    assert {part.label for part in score.parts} == {"north", "south", "unseen: west"}
    assert sum(part.contribution for part in score.parts) == pytest.approx(score.value)
    assert score.p_value < 1e-6


def test_raw_rows_give_the_same_by_hand(exact_pair: Any) -> None:
    pair, before, now = exact_pair
    baseline = NumericProfile.freeze(pair.baseline)
    score: Any = total_variation(baseline, baseline.lay(pair.current))
    assert score.value == pytest.approx(by_hand(before, now), abs=1e-7)
    assert score.details["bins"] == len(before)
    truth = sorted((a / sum(before), b / sum(now)) for a, b in zip(before, now, strict=True))
    shown = sorted((part.baseline, part.current) for part in score.parts)
    assert np.array(shown) == pytest.approx(np.array(truth))


def test_nothing_in_common_is_distance_one() -> None:
    baseline = CategoricalProfile.freeze(["a"] * 50)
    assert total_variation(baseline, baseline.lay(["b"] * 50)).value == 1.0
