from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from tidegauge.errors import TooFewRows
from tidegauge.profile import CategoricalProfile, NumericProfile
from tidegauge_evaluators.quality.value_spike import value_spike

Draw = Callable[[np.random.Generator, int], np.ndarray]
SHAPES: dict[str, Draw] = {
    "normal": lambda rng, n: rng.normal(size=n),
    "heavy tail": lambda rng, n: rng.standard_cauchy(n),
    "10 integers": lambda rng, n: rng.integers(1, 11, n),
    "1000 integers": lambda rng, n: rng.integers(1, 1_001, n),
    "rounded": lambda rng, n: np.round(rng.normal(5, 1, n), 2),
    "many zeros": lambda rng, n: np.where(rng.random(n) < 0.4, 0.0, rng.exponential(size=n)),
}


def both(then: object, now: object) -> tuple[NumericProfile, NumericProfile]:
    baseline = NumericProfile.freeze(then)
    return baseline, baseline.lay(now)


def test_numbers_that_do_not_repeat_make_no_test() -> None:
    rng = np.random.default_rng(0)
    score = value_spike(*both(rng.normal(size=5_000), rng.normal(size=20_000)))
    assert (score.value, score.p_value, score.parts) == (0.0, None, ())


def test_a_value_as_frequent_as_before_is_no_spike() -> None:
    score = value_spike(*both([0.0, 1.0] * 500, [0.0, 1.0] * 500))
    assert (score.value, score.p_value) == (0.0, 1.0)


def test_one_outlier_is_no_spike() -> None:
    rng = np.random.default_rng(1)
    score = value_spike(*both(rng.normal(size=1_000), np.append(rng.normal(size=999), 1e6)))
    assert (score.value, score.p_value) == (0.0, None)


def test_too_few_numbers_are_refused() -> None:
    with pytest.raises(TooFewRows):
        value_spike(*both([1.0] * 100, [None] * 100))


def test_rise_of_a_share_by_hand() -> None:
    score = value_spike(*both([1.0] * 90 + [2.0] * 10, [1.0] * 60 + [2.0] * 40))
    assert score.value == pytest.approx(0.3)
    assert score.details == {"value": 2.0, "share then": 0.1, "share now": 0.4}
    assert [(part.label, part.baseline, part.current) for part in score.parts] == [
        ("2.0", 0.1, 0.4)
    ]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("sentinel", [-999.0, 0.0, 5.005, 9_999.0])
def test_a_sentinel_of_three_percent_is_found_wherever_it_lies(shape: str, sentinel: float) -> None:
    rng = np.random.default_rng(2)
    then, now = SHAPES[shape](rng, 1_000), SHAPES[shape](rng, 970)
    score = value_spike(*both(then, np.append(now, np.full(30, sentinel))))
    if shape == "many zeros" and sentinel == 0.0:
        return  # more of a value that 40 % of rows hold already is no sentinel
    assert score.details["value"] == sentinel
    assert score.p_value is not None
    assert score.p_value < 1e-6
    assert score.interval is not None
    assert score.interval.low > 0.01


def test_a_sentinel_between_cut_points_of_a_full_grid_is_found() -> None:
    rng = np.random.default_rng(3)
    now = np.append(rng.normal(size=49_500), np.full(500, 0.123456))
    score = value_spike(*both(rng.normal(size=100_000), now))
    assert score.details["value"] == 0.123456
    assert score.value == pytest.approx(0.01, abs=score.resolution + 1e-3)
    assert score.p_value is not None
    assert score.p_value < 1e-12


def test_a_stuck_sensor_is_found() -> None:
    rng = np.random.default_rng(4)
    score = value_spike(*both(rng.normal(size=1_000), np.full(200, 0.37)))
    assert score.value == 1.0
    assert score.p_value is not None
    assert score.p_value < 1e-100


def test_a_default_level_is_found_known_or_new() -> None:
    baseline = CategoricalProfile.freeze(["a"] * 500 + ["b"] * 480 + ["other"] * 20)
    for level in ("other", "unknown"):
        score = value_spike(baseline, baseline.lay(["a"] * 450 + ["b"] * 450 + [level] * 100))
        assert score.details["value"] == level
        assert score.p_value is not None
        assert score.p_value < 1e-9


def test_merged_parts_find_the_same_spike() -> None:
    rng = np.random.default_rng(5)
    baseline = NumericProfile.freeze(rng.normal(size=10_000))
    rows = rng.permutation(np.append(rng.normal(size=9_700), np.full(300, 0.123456)))
    whole = value_spike(baseline, baseline.lay(rows))
    parts = baseline.blank()
    for part in np.array_split(rows, 7):
        parts = parts.merge(baseline.lay(part))
    merged = value_spike(baseline, parts)
    assert merged.details["value"] == whole.details["value"]
    assert merged.value == pytest.approx(whole.value, abs=merged.resolution)


@pytest.mark.slow
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("n", "m"), [(50, 50), (1_000, 1_000), (10_000, 200), (500, 10_000)])
def test_unchanged_columns_are_flagged_no_more_often_than_stated(
    shape: str, n: int, m: int
) -> None:
    rng = np.random.default_rng(6)
    runs, draw = 300, SHAPES[shape]
    p = np.array(
        [value_spike(*both(draw(rng, n), draw(rng, m))).p_value or 1.0 for _ in range(runs)]
    )
    for level in (0.05, 0.01):
        assert (p <= level).mean() <= level + 3 * math.sqrt(level / runs)
