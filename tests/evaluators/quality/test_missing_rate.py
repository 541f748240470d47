from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from tidegauge.errors import TooFewRows
from tidegauge.profile import CategoricalProfile, NumericProfile, PresenceProfile
from tidegauge_evaluators.quality.missing_rate import missing_rate


def test_nothing_missing_on_either_side_makes_no_test() -> None:
    baseline = NumericProfile.freeze([1.0] * 100)
    score = missing_rate(baseline, baseline.lay([1.0] * 1_000))
    assert (score.value, score.baseline, score.p_value, score.parts) == (0.0, 0.0, None, ())


def test_a_column_always_empty_makes_no_test() -> None:
    score = missing_rate(PresenceProfile(n=100, null=100), PresenceProfile(n=50, null=50))
    assert (score.value, score.p_value) == (1.0, None)


def test_a_share_as_before_is_no_evidence() -> None:
    baseline = NumericProfile.freeze([1.0, None] * 100)
    score = missing_rate(baseline, baseline.lay([None, 1.0] * 1_000))
    assert score.p_value == pytest.approx(1.0)
    assert score.change is not None
    assert score.change.low < 0 < score.change.high


def test_too_few_rows_are_refused() -> None:
    few = CategoricalProfile.freeze(["a"] * 19)
    with pytest.raises(TooFewRows):
        missing_rate(few, few)
    assert missing_rate(few, few, min_rows=19).value == 0.0


def test_null_and_nan_are_counted_and_told_apart() -> None:
    baseline = NumericProfile.freeze([1.0] * 20)
    score = missing_rate(baseline, baseline.lay([1.0] * 15 + [None] * 2 + [math.nan] * 3))
    assert score.value == 0.25
    assert [(part.label, part.current) for part in score.parts] == [("NaN", 3), ("null", 2)]
    assert sum(part.contribution for part in score.parts) == pytest.approx(score.value)


def test_share_agrees_with_pandas_for_every_kind() -> None:
    rng = np.random.default_rng(0)
    gone = rng.random(500) < 0.1
    number = pd.Series(rng.normal(size=500)).mask(gone)
    label = pd.Series(rng.choice(["a", "b"], 500)).mask(gone)
    for profile, series in (
        (NumericProfile.freeze(number.to_numpy()), number),
        (CategoricalProfile.freeze([None if pd.isna(x) else x for x in label]), label),
        (PresenceProfile().lay([None if pd.isna(x) else x for x in label]), label),
    ):
        assert missing_rate(profile, profile).value == series.isna().mean()


def test_five_percent_gone_from_a_thousand_rows_is_certain() -> None:
    baseline = NumericProfile.freeze(np.arange(1_000.0))
    score = missing_rate(baseline, baseline.lay([None] * 50 + list(range(950))))
    assert score.p_value is not None
    assert score.p_value < 1e-12
    assert score.interval is not None
    assert score.interval.low > 0.03
