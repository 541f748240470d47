from __future__ import annotations

import datetime

import pytest

from tidegauge.errors import NotApplicable, TooFewRows
from tidegauge.profile import NumericProfile
from tidegauge_evaluators.quality.freshness import freshness

NOON = datetime.datetime(2024, 5, 1, 12, tzinfo=datetime.UTC)
STAMPS = NumericProfile.freeze(["2024-05-01T08:00:00Z", "2024-05-01T10:30:00Z"], instant=True)


def test_a_row_of_this_moment_has_no_age() -> None:
    assert freshness(STAMPS, STAMPS.lay([NOON]), as_of=NOON.timestamp()).value == 0.0


def test_columns_without_times_are_refused() -> None:
    numbers = NumericProfile.freeze([1.0, 2.0])
    with pytest.raises(NotApplicable):
        freshness(numbers, numbers, as_of=0.0)
    with pytest.raises(TooFewRows):
        freshness(STAMPS, STAMPS.lay([None, "soon"]), as_of=0.0)


def test_the_newest_row_counts_in_any_zone() -> None:
    current = STAMPS.lay(["2024-05-01T07:00:00Z", "2024-05-01T12:30:00+02:00", None])
    score = freshness(STAMPS, current, as_of=NOON.timestamp())
    assert score.value == 1.5
    assert score.details["rows without a time"] == 1.0


def test_times_to_come_show_as_negative_age() -> None:
    later = NOON + datetime.timedelta(hours=3)
    assert freshness(STAMPS, STAMPS.lay([later]), as_of=NOON.timestamp()).value == -3.0
