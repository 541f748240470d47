from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tidegauge.errors import NotApplicable, TooFewRows
from tidegauge.profile import KeysProfile
from tidegauge_evaluators.quality.duplicate_ids import duplicate_ids


def test_ids_that_never_repeat_make_no_test() -> None:
    score = duplicate_ids(KeysProfile().lay([1, 2, 3]), KeysProfile().lay(["a", "b", None]))
    assert (score.value, score.interval, score.change, score.p_value) == (0.0, None, None, None)


def test_as_many_repeats_as_before_are_no_evidence() -> None:
    half = KeysProfile().lay([*range(100), *range(50)])
    score = duplicate_ids(half, half)
    assert score.value == score.baseline == pytest.approx(1 / 3)
    assert score.p_value is not None
    assert score.p_value > 0.4


def test_logs_without_ids_are_refused() -> None:
    some = KeysProfile().lay([1, 2])
    with pytest.raises(NotApplicable):
        duplicate_ids(some, KeysProfile().lay(["x", None, None]).lay([None, None]))
    with pytest.raises(TooFewRows):
        duplicate_ids(some, KeysProfile())


def test_repeats_by_hand() -> None:
    score = duplicate_ids(KeysProfile().lay([1, 2]), KeysProfile().lay([7, 7, 7, 8, 9, 9, None]))
    assert score.value == 3 / 6
    assert score.details == {
        "counted": "all ids",
        "duplicate rows": 3.0,
        "ids that repeat": 2.0,
        "rows without an id": 1.0,
    }


def test_share_agrees_with_pandas() -> None:
    ids = np.random.default_rng(0).integers(0, 5_000, 10_000)
    score = duplicate_ids(KeysProfile().lay(np.arange(10)), KeysProfile().lay(ids))
    assert score.value == pytest.approx(pd.Series(ids).duplicated().mean())


def test_a_log_loaded_twice_is_certain() -> None:
    once = KeysProfile().lay(np.arange(1_000))
    score = duplicate_ids(once, once.merge(once))
    assert score.value == 0.5
    assert score.p_value is not None
    assert score.p_value < 1e-100


def test_sampled_ids_estimate_the_share_within_their_interval() -> None:
    rng = np.random.default_rng(1)
    inside = 0
    for _ in range(200):
        ids = np.append(np.arange(20_000), rng.choice(20_000, 1_000)) + rng.integers(2**40)
        whole = KeysProfile().lay(ids)
        score = duplicate_ids(whole, whole.thinned(1_000))
        assert score.baseline == 1_000 / 21_000
        assert score.interval is not None
        assert score.change is not None
        inside += score.interval.low <= score.baseline <= score.interval.high
    assert inside >= 180
