"""What is learned of windows: the textbook bound, and the false alarms that it achieves."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from tidegauge.calibration.rates import (
    Scores,
    achieved_rate,
    learn_rates,
    needed_windows,
    share_of,
)
from tidegauge.calibration.spread import chances, learn_spread

Floats = NDArray[np.float64]
Draw = Callable[[np.random.Generator, int, int], Floats]
AHEAD = 200
"""Windows to come that each learned limit is held against."""


def scores(values: Floats, start: int = 0) -> Scores:
    rows, columns = values.shape
    return Scores(
        values=values,
        groups={"weekday": (start + np.arange(rows)) % 7},
        sides=np.ones(columns, dtype=np.int64),
        weights=np.ones(columns),
        least=np.zeros(columns),
    )


def normal(rng: np.random.Generator, rows: int, columns: int) -> Floats:
    return rng.normal(size=(rows, columns))


def correlated(r: float) -> Draw:
    def draw(rng: np.random.Generator, rows: int, columns: int) -> Floats:
        shocks = rng.normal(size=(rows + 100, columns)) * np.sqrt(1 - r * r)
        for i in range(1, len(shocks)):
            shocks[i] += r * shocks[i - 1]
        return np.asarray(shocks[100:])

    return draw


def weekly(rng: np.random.Generator, rows: int, columns: int) -> Floats:
    days = rng.normal(0, 3, (7, columns))
    return rng.normal(size=(rows, columns)) + days[np.arange(rows) % 7]


def heavy(rng: np.random.Generator, rows: int, columns: int) -> Floats:
    return np.asarray(rng.standard_t(3, size=(rows, columns)))


def false_alarms(draw: Draw, windows: int, columns: int, repeats: int) -> float:
    """Share of windows to come that alarm, at a rate of 5 % over all columns together."""
    rng = np.random.default_rng(1)
    found = []
    for _ in range(repeats):
        values = draw(rng, windows + AHEAD, columns)
        learned = learn_rates(scores(values[:windows]), 0.05)
        later = scores(values[windows:], windows)
        z = learned.spread.z(later.values, later.groups)
        odds = chances(z, learned.spread.df, later.sides)
        found.append((odds < learned.per_column).any(1).mean())
    return float(np.mean(found))


def test_a_bound_is_the_textbook_prediction_bound() -> None:
    values = np.random.default_rng(3).normal(5, 2, 40)
    spread = learn_spread(values[:, None], {})
    bound = values.mean() + stats.t.isf(0.01, 39) * values.std(ddof=1) * np.sqrt(1 + 1 / 40)
    mine = spread.mean + stats.t.isf(0.01, spread.df) * spread.sd * np.sqrt(1 + spread.error**2)
    assert float(spread.r[0]) == 0.0
    assert float(mine[0]) == pytest.approx(bound, rel=1e-12)


def test_windows_that_follow_each_other_closely_widen_the_bound() -> None:
    values = correlated(0.9)(np.random.default_rng(4), 90, 1)
    spread = learn_spread(values, {})
    assert 0.75 < spread.r[0] < 0.98
    assert spread.df[0] < 25
    assert spread.sd[0] > values.std(ddof=1)


def test_an_odd_window_is_named_and_left_out() -> None:
    values = np.random.default_rng(5).normal(size=(60, 2))
    values[20] += 15
    spread = learn_spread(values, {})
    assert np.flatnonzero(spread.odd.any(1)).tolist() == [20]
    assert spread.sd.max() < 1.4


def test_what_is_odd_twice_at_different_times_is_how_things_are() -> None:
    values = np.random.default_rng(2).normal(size=(60, 1))
    values[[20, 21, 23]] += 12
    once = learn_spread(values, {})
    assert np.flatnonzero(once.odd[:, 0]).tolist() == [20, 21, 23]
    values[40] += 12
    assert not learn_spread(values, {}).odd.any()


def test_odd_windows_count_in_the_rate_that_is_promised() -> None:
    values = np.random.default_rng(2).normal(size=(60, 1))
    values[20:22] += 12
    assert learn_rates(scores(values), 0.05).tightened > 0.1  # two of 60 may lie beyond
    values[22] += 12
    assert learn_rates(scores(values), 0.05).tightened < 1e-6


def test_the_hours_of_a_few_days_are_no_weekdays() -> None:
    hours = np.arange(7 * 24)
    days = np.random.default_rng(4).normal(0, 2, 28)
    groups = {"weekday": (hours // 24) % 7}
    week = days[hours // 24] + np.random.default_rng(5).normal(size=len(hours))
    assert learn_spread(week[:, None], groups, sizes={"weekday": 7}).seasons == {}
    hours = np.arange(28 * 24)
    weekly = 3.0 * ((hours // 24) % 7 == 0) + np.random.default_rng(5).normal(size=len(hours))
    four = learn_spread(weekly[:, None], {"weekday": (hours // 24) % 7}, sizes={"weekday": 7})
    assert four.seasons["weekday"][0, 0] == pytest.approx(3.0 * 6 / 7, abs=0.3)


def test_many_odd_windows_are_how_things_are() -> None:
    values = np.random.default_rng(6).normal(size=(60, 1))
    values[::6] += 15
    assert not learn_spread(values, {}).odd.any()


def test_a_season_is_found_and_shrunk() -> None:
    rng = np.random.default_rng(7)
    weekend = (np.arange(70) % 7 >= 5) * 4.0
    found = learn_spread((rng.normal(size=70) + weekend)[:, None], {"weekday": np.arange(70) % 7})
    effects = found.seasons["weekday"][:, 0]
    assert effects[5:].min() > 1.5
    assert abs(effects.mean()) < 0.1
    assert found.sd[0] < 1.3


def test_two_windows_of_a_weekday_fit_no_season() -> None:
    weekend = (np.arange(14) % 7 >= 5) * 4.0
    noise = np.random.default_rng(8).normal(size=14)
    assert not learn_spread((noise + weekend)[:, None], {"weekday": np.arange(14) % 7}).seasons


def test_noise_has_no_season() -> None:
    values = np.random.default_rng(9).normal(size=(70, 400))
    effects = learn_spread(values, {"weekday": np.arange(70) % 7}).seasons.get("weekday")
    assert effects is not None
    assert effects.any(0).mean() < 0.03  # believed at 1 %


def test_constant_scores_bound_themselves() -> None:
    spread = learn_spread(np.zeros((20, 1)), {})
    assert (spread.sd[0], spread.mean[0]) == (0.0, 0.0)


def test_a_rate_says_how_many_windows_it_needs() -> None:
    assert [needed_windows(rate) for rate in (0.5, 0.1, 0.05, 0.01)] == [1, 9, 19, 99]


def test_an_interval_of_no_alarm_is_the_rule_of_three() -> None:
    found = share_of(np.zeros(60, dtype=bool))
    assert (found.rate, found.low) == (0.0, 0.0)
    assert found.high == pytest.approx(1 - 0.025 ** (1 / 60))


def test_alarms_in_runs_widen_the_interval() -> None:
    apart_, together = np.zeros(100, dtype=bool), np.zeros(100, dtype=bool)
    apart_[[5, 25, 45, 65, 85]] = True
    together[40:45] = True
    assert share_of(together).high > share_of(apart_).high


@pytest.mark.slow
@pytest.mark.parametrize(
    ("draw", "columns"),
    [
        (normal, 1), (normal, 20), (weekly, 1), (weekly, 20), (heavy, 1), (heavy, 20),
        (correlated(0.5), 20), (correlated(0.9), 1), (correlated(0.9), 20),
    ],
    ids=["iid", "iid-20", "week", "week-20", "t3", "t3-20", "ar.5-20", "ar.9", "ar.9-20"],
)  # fmt: skip
@pytest.mark.parametrize("windows", [30, 90])
def test_false_alarms_are_at_most_what_was_asked(draw: Draw, columns: int, windows: int) -> None:
    # 5 % asked; 60 repeats state the mean to about 1 point where limits vary most.
    assert false_alarms(draw, windows, columns, 60) < 0.068


@pytest.mark.slow
def test_false_alarms_are_not_far_below_what_was_asked() -> None:
    assert false_alarms(normal, 90, 1, 150) > 0.028
    assert false_alarms(normal, 90, 20, 100) > 0.028


@pytest.mark.slow
def test_the_stated_rate_is_the_one_that_comes() -> None:
    rng = np.random.default_rng(11)
    stated = []
    for _ in range(40):
        held = scores(normal(rng, 90, 5))
        stated.append(achieved_rate(held, 0.05).rate)
    assert np.mean(stated) == pytest.approx(false_alarms(normal, 90, 5, 60), abs=0.012)


@pytest.mark.slow
def test_a_planted_change_is_found() -> None:
    rng = np.random.default_rng(12)
    found = []
    for _ in range(60):
        learned = learn_rates(scores(normal(rng, 60, 10)), 0.05)
        moved = scores(normal(rng, 20, 10) + 5.0)
        z = learned.spread.z(moved.values, moved.groups)
        found.append(
            (chances(z, learned.spread.df, moved.sides) < learned.per_column).any(1).mean()
        )
    assert np.mean(found) > 0.99


@pytest.mark.slow
def test_an_incident_in_the_baseline_does_not_hide_the_next_one() -> None:
    rng = np.random.default_rng(13)
    found = []
    for _ in range(40):
        values = normal(rng, 60, 5)
        values[20:22] += 10
        learned = learn_rates(scores(values), 0.05)
        again = scores(normal(rng, 20, 5) + 6.0)
        z = learned.spread.z(again.values, again.groups)
        found.append(
            (chances(z, learned.spread.df, again.sides) < learned.per_column).any(1).mean()
        )
    assert np.mean(found) > 0.99
