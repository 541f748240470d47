from __future__ import annotations

import math

import numpy as np
import pytest

from tidegauge.errors import TooFewRows
from tidegauge.profile import CategoricalProfile, NumericProfile, PresenceProfile
from tidegauge_evaluators.quality.invalid_rate import invalid_rate
from tidegauge_evaluators.quality.missing_rate import missing_rate


def test_usable_rows_are_silent() -> None:
    baseline = NumericProfile.freeze(np.arange(100.0))
    score = invalid_rate(baseline, baseline.lay(np.arange(100.0)))
    assert (score.value, score.p_value, score.parts) == (0.0, 1.0, ())
    labels = CategoricalProfile.freeze(["a"] * 100)
    assert invalid_rate(labels, labels).p_value is None


def test_new_levels_are_valid() -> None:
    labels = CategoricalProfile.freeze(["a"] * 100)
    assert invalid_rate(labels, labels.lay(["b"] * 100)).value == 0.0


def test_later_times_are_valid() -> None:
    stamps = NumericProfile.freeze(np.arange(1.7e9, 1.7e9 + 100), instant=True)
    score = invalid_rate(stamps, stamps.lay(np.arange(1.8e9, 1.8e9 + 100)))
    assert (score.value, score.p_value) == (0.0, None)


def test_too_few_rows_are_refused() -> None:
    few = PresenceProfile(n=19)
    with pytest.raises(TooFewRows):
        invalid_rate(few, few)


def test_every_kind_of_fault_is_counted_and_named() -> None:
    baseline = NumericProfile.freeze([str(i) for i in range(100)])
    rows = (
        ["n/a"] * 6 + [None] * 5 + ["inf"] * 4 + ["-inf"] * 3 + ["-5"] * 2 + ["200", *["50"] * 79]
    )
    score = invalid_rate(baseline, baseline.lay(rows))
    assert score.value == pytest.approx(0.21)
    assert [(part.label, part.current) for part in score.parts] == [
        ("unparsable", 6),
        ("null", 5),
        ("+infinity", 4),
        ("-infinity", 3),
        ("below 0", 2),
        ("above 99", 1),
    ]
    assert sum(part.contribution for part in score.parts) == pytest.approx(score.value)


def test_for_labels_and_texts_it_is_the_missing_rate() -> None:
    labels = CategoricalProfile.freeze(["a", None] * 50)
    current = labels.lay(["a"] * 90 + [None] * 10)
    invalid, missing = invalid_rate(labels, current), missing_rate(labels, current)
    assert invalid == missing


def test_a_declared_range_is_tested_together_with_the_rest() -> None:
    baseline = NumericProfile.freeze(np.arange(100.0), valid=(0.0, 89.0))
    score = invalid_rate(baseline, baseline.lay(np.append(np.arange(80.0), [math.inf] * 20)))
    assert score.baseline == pytest.approx(0.1)
    assert score.value == pytest.approx(0.2)
    assert score.p_value == pytest.approx(0.0734, abs=1e-4)  # Fisher's test of 10 and 20 of 100


@pytest.mark.slow
@pytest.mark.parametrize(("n", "m"), [(100, 100), (500, 5_000), (5_000, 200)])
def test_unchanged_columns_are_flagged_no_more_often_than_stated(n: int, m: int) -> None:
    rng = np.random.default_rng(4)
    runs = 500

    def rows(size: int) -> np.ndarray:
        return np.where(rng.random(size) < 0.01, np.nan, rng.normal(size=size))

    p = []
    for _ in range(runs):
        baseline = NumericProfile.freeze(rows(n), cuts=16)
        p.append(invalid_rate(baseline, baseline.lay(rows(m))).p_value or 1.0)
    for level in (0.05, 0.01):
        assert np.mean(np.array(p) <= level) <= level + 3 * math.sqrt(level / runs)
