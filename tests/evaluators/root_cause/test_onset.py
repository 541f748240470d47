from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from numpy.typing import NDArray

from tidegauge.errors import NotApplicable, TooFewRows
from tidegauge.records import Onset, Point
from tidegauge_evaluators._change_points import Search
from tidegauge_evaluators._spectrum import noise_of
from tidegauge_evaluators._time_windows import windows_of
from tidegauge_evaluators.root_cause.onset import onset, onset_of_series

Floats = NDArray[np.float64]
DAY = 86_400.0
START = datetime(2026, 3, 2, tzinfo=UTC).timestamp()


def moments(rng: np.random.Generator, now: int, past: int = 0, days: float = 7.0) -> Floats:
    """So many rows of one day, after so many of the days before; the day begins at 0."""
    return np.sort(np.concatenate([rng.uniform(-days * DAY, 0, past), rng.uniform(0, DAY, now)]))


def asked(times: Floats, values: Floats, seed: int = 0, **settings: object) -> Onset | None:
    rng = np.random.default_rng(seed)
    return onset(times + START, values, times >= 0.0, rng=rng, **settings)  # type: ignore[arg-type]


def hours(moment: str) -> float:
    """Hours since the current log's day began."""
    return (datetime.fromisoformat(moment).timestamp() - START) / 3_600.0


def remembering(
    rng: np.random.Generator, times: Floats, memory: float, spread: float, length: float = 1_200.0
) -> Floats:
    """Noise that all rows of 20 minutes share, and that lasts."""
    place = np.floor((times - times[0]) / length).astype(int)
    slow = spread * rng.normal(size=place[-1] + 1)
    for i in range(1, len(slow)):
        slow[i] = memory * slow[i - 1] + np.sqrt(1.0 - memory**2) * slow[i]
    shared: Floats = slow[place]
    return shared


def test_rows_without_a_change_have_no_onset() -> None:
    rng = np.random.default_rng(1)
    times = moments(rng, 2_000, 2_000)
    assert asked(times, rng.normal(size=4_000)) is None


def test_what_never_varies_or_is_never_there_has_no_onset() -> None:
    times = np.arange(1_000.0) * 60.0 - 12_000.0
    for values in (np.full(1_000, 7.0), np.full(1_000, np.nan), np.full(1_000, np.inf)):
        assert asked(times, values) is None


def test_bad_times_are_refused() -> None:
    values = np.arange(100.0)
    with pytest.raises(TooFewRows):
        asked(np.full(100, np.nan), values)
    with pytest.raises(TooFewRows):
        asked(np.array([0.0, 60.0, 120.0]), values[:3])
    with pytest.raises(TooFewRows):
        asked(np.full(100, 1e18), values)
    with pytest.raises(NotApplicable, match="one moment"):
        asked(np.full(100, 5.0), values)


def test_a_step_is_dated_to_the_row() -> None:
    rng = np.random.default_rng(2)
    times = moments(rng, 5_000)
    found = asked(times, rng.normal(size=5_000) + 1.0 * (times >= 3 * 3_600.0))
    assert found is not None
    assert found.form == "step"
    assert hours(found.at) == pytest.approx(3.0, abs=0.1)
    assert hours(found.low) <= 3.0 <= hours(found.high)
    assert hours(found.high) - hours(found.low) < 0.5
    assert found.because.startswith("the mean went from ")


def test_the_baseline_is_the_past_and_dates_what_was_there_from_the_start() -> None:
    rng = np.random.default_rng(3)
    times = moments(rng, 2_000, 3_000)
    times[times < 0.0] -= 30 * DAY
    found = asked(times, rng.normal(size=5_000) + 0.5 * (times >= 0.0))
    assert found is not None
    assert found.form == "step"
    assert hours(found.at) == pytest.approx(0.0, abs=0.05)
    assert hours(found.low) < -29 * 24
    assert found.because.endswith("from the current log's first row on")


def test_a_later_baseline_is_not_the_past() -> None:
    rng = np.random.default_rng(4)
    times = moments(rng, 2_000, 2_000)
    values = rng.normal(size=4_000) + 9.0 * (times < 0.0)
    assert onset(times, values, times < 0.0, rng=rng) is None


def test_a_ramp_is_no_step_and_begins_where_it_does() -> None:
    rng = np.random.default_rng(5)
    times = moments(rng, 5_000)
    course = np.clip((times / 3_600.0 - 6.0) / 12.0, 0.0, 1.0)
    found = asked(times, rng.normal(size=5_000) + 2.0 * course)
    assert found is not None
    assert found.form == "ramp"
    assert hours(found.low) <= 6.0 <= hours(found.high)
    assert hours(found.high) - hours(found.low) < 6.0
    assert "by and by" in found.because


def test_a_change_that_passes_is_dated_by_its_beginning() -> None:
    rng = np.random.default_rng(6)
    times = moments(rng, 5_000)
    inside = (times >= 10 * 3_600.0) & (times < 14 * 3_600.0)
    found = asked(
        times, np.where(inside & (rng.random(5_000) < 0.3), np.nan, rng.normal(size=5_000))
    )
    assert found is not None
    assert found.form == "step"
    assert hours(found.at) == pytest.approx(10.0, abs=0.3)
    assert found.because.startswith("the share of missing rows went from 0.0 % to ")
    assert "until 2026-03-02T14:" in found.because


def test_a_change_of_spread_alone_is_found() -> None:
    rng = np.random.default_rng(7)
    times = moments(rng, 4_000, 4_000)
    values = rng.normal(size=8_000) * np.where(times >= 8 * 3_600.0, 2.0, 1.0)
    found = asked(times, values)
    assert found is not None
    assert found.because.startswith("the spread grew")
    assert hours(found.low) <= 8.0 <= hours(found.high)


def test_few_rows_far_out_make_no_change_and_many_do() -> None:
    rng = np.random.default_rng(8)
    times = moments(rng, 4_000)
    values = rng.normal(size=4_000)
    values[-3:] = 1e12
    assert asked(times, values) is None
    values[(times > 12 * 3_600.0) & (rng.random(4_000) < 0.1)] = -999.0
    found = asked(times, values)
    assert found is not None
    assert hours(found.low) <= 12.1
    assert hours(found.high) >= 11.9


def test_the_time_of_day_is_no_change_where_days_are_known() -> None:
    rng = np.random.default_rng(9)
    times = moments(rng, 2_000, 14_000)
    usual = np.where((np.mod(times, DAY) > 8 * 3_600.0) & (np.mod(times, DAY) < 18 * 3_600.0), 1, 0)
    values = rng.normal(size=16_000) + 2.0 * usual
    assert asked(times, values) is None
    found = asked(times, values + 0.6 * (times > 15 * 3_600.0))
    assert found is not None
    assert hours(found.at) == pytest.approx(15.0, abs=0.7)
    assert "taken off" in found.because


def test_weekends_are_no_change_where_weeks_are_known() -> None:
    rng = np.random.default_rng(10)
    times = np.sort(rng.uniform(-28 * DAY, 3 * DAY, 20_000))
    weekend = np.mod(np.floor((times + START) / DAY), 7) >= 5
    assert asked(times, rng.normal(size=20_000) + 1.0 * weekend) is None


def test_rows_of_a_conversation_are_one_draw() -> None:
    alarms = [0, 0]
    for seed in range(12):
        rng = np.random.default_rng(seed)
        begins = np.sort(rng.uniform(0, DAY, 150))
        times = np.repeat(begins, 20) + np.tile(np.arange(20.0), 150)
        values = np.repeat(rng.normal(size=150), 20) + 0.1 * rng.normal(size=3_000)
        order = np.argsort(times, kind="stable")
        blocks = np.repeat(np.arange(150), 20)[order]
        alarms[0] += asked(times[order], values[order], seed) is not None
        alarms[1] += asked(times[order], values[order], seed, blocks=blocks) is not None
    assert alarms[1] <= 2


def test_the_place_of_a_step_is_that_of_least_squares() -> None:
    rng = np.random.default_rng(11)
    for size in (0.3, 1.0, 3.0):
        times = moments(rng, 1_000)
        values = rng.uniform(size=1_000) + size * (times > 40_000.0)
        squares = [values[:k].var() * k + values[k:].var() * (1_000 - k) for k in range(10, 991)]
        found = asked(times, values)
        assert found is not None
        assert hours(found.at) * 3_600.0 == pytest.approx(
            times[10 + int(np.argmin(squares))], abs=1.0
        )


def test_the_place_of_a_step_is_that_of_ruptures() -> None:
    ruptures = pytest.importorskip("ruptures", reason="an independent implementation")
    rng = np.random.default_rng(12)
    for place in (200, 500, 850):
        values = rng.normal(size=1_000) + 1.0 * (np.arange(1_000) >= place)
        theirs = ruptures.Dynp(model="l2", min_size=10, jump=1).fit(values).predict(n_bkps=1)[0]
        found = asked(np.arange(1_000.0) * 60.0, values)
        assert found is not None
        assert hours(found.at) * 60.0 == pytest.approx(theirs)


def test_filters_give_what_least_squares_give() -> None:
    rng = np.random.default_rng(13)
    times = np.sort(rng.uniform(-4 * DAY, DAY, 3_000))
    windows = windows_of(times, rng.normal(size=3_000), times >= 0.0, 7_200.0)
    search = Search.over(windows)
    assert search.phases.any()
    gains = search.gains(windows.means[:, None])[:, 0]
    weight = 1.0 / np.sqrt(windows.noise)
    usual = (search.phases[:, None] == np.arange(search.phases.max() + 1)).astype(float)

    def squares(*columns: Floats) -> float:
        design = np.column_stack([usual, *columns]) * weight[:, None]
        target = windows.means * weight
        return float(((target - design @ np.linalg.lstsq(design, target)[0]) ** 2).sum())

    for shape in rng.integers(len(gains), size=20):
        expected = squares() - squares(search.course(int(shape)))
        assert gains[shape] == pytest.approx(expected, rel=1e-6)


def test_noise_that_remembers_is_measured() -> None:
    rng = np.random.default_rng(14)
    slow = rng.normal(size=(4_000, 20))
    for i in range(1, 4_000):
        slow[i] = 0.8 * slow[i - 1] + 0.6 * slow[i]
    found = noise_of(slow + rng.normal(size=slow.shape))
    assert np.median(found.memory) == pytest.approx(0.8, abs=0.05)
    assert found.lasting.mean() == pytest.approx(9.0, rel=0.15)
    assert found.white.mean() == pytest.approx(1.0, rel=0.15)
    alone = noise_of(rng.normal(size=(500, 200)))
    assert (alone.lasting + alone.white).mean() == pytest.approx(1.0, abs=0.15)


def test_a_stored_series_has_its_onset() -> None:
    rng = np.random.default_rng(15)
    values = 0.1 + 0.01 * rng.normal(size=30) + 0.05 * (np.arange(30) >= 20)
    labels = [f"2026-03-{1 + i:02} 00:00+00:00" for i in range(30)]
    points = [
        Point(label=label, value=float(v), n=1_000) for label, v in zip(labels, values, strict=True)
    ]
    found = onset_of_series(points, rng=rng)
    assert found is not None
    assert found.at.startswith("2026-03-21")
    assert found.low <= found.at <= found.high
    assert onset_of_series(points[:18], rng=rng) is None
    assert onset_of_series(points[:5], rng=rng) is None
    assert onset_of_series([], rng=rng) is None
    assert onset_of_series([Point(label="x", value=np.nan, n=0)] * 9, rng=rng) is None
    flat = [Point(label=label, value=1.0, n=5) for label in labels]
    assert onset_of_series(flat, rng=rng) is None
    with pytest.raises(NotApplicable, match="no moment"):
        onset_of_series([Point(label=f"week {i}", value=i, n=9) for i in range(9)], rng=rng)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "now", "past"),
    [("even", 600, 0), ("even", 300, 2_000), ("rare flags", 2_000, 0), ("heavy", 500, 2_000)],
)
def test_false_alarms_are_at_nominal(name: str, now: int, past: int) -> None:
    alarms = 0
    for seed in range(100, 140):
        rng = np.random.default_rng(seed)
        times = moments(rng, now, past)
        values = {
            "even": rng.normal(size=len(times)),
            "rare flags": (rng.random(len(times)) < 0.02).astype(float),
            "heavy": rng.standard_cauchy(size=len(times)),
        }[name]
        alarms += asked(times, values, seed) is not None
    assert alarms <= 6  # 40 draws at 5 %: above 6 in 1 of 300 runs


@pytest.mark.slow
def test_noise_that_lasts_an_hour_raises_few_false_alarms() -> None:
    alarms = 0
    for seed in range(100, 140):
        rng = np.random.default_rng(seed)
        times = moments(rng, 2_000)
        values = rng.normal(size=2_000) + remembering(rng, times, 0.6, 0.3)
        alarms += asked(times, values, seed) is not None
    assert alarms <= 7


@pytest.mark.slow
def test_intervals_cover_the_moment() -> None:
    covered, dated = 0, 0
    for seed in range(100, 150):
        rng = np.random.default_rng(seed)
        times = moments(rng, 800)
        moment = rng.uniform(0.2, 0.8) * DAY
        found = asked(times, rng.normal(size=800) + 0.5 * (times >= moment), seed)
        if found is not None and found.form == "step":
            dated += 1
            covered += hours(found.low) <= moment / 3_600.0 <= hours(found.high)
    assert dated >= 40  # power
    assert covered >= 0.86 * dated


@pytest.mark.slow
def test_steps_are_rarely_taken_for_ramps() -> None:
    forms = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        times = moments(rng, 1_500)
        found = asked(times, rng.normal(size=1_500) + 0.8 * (times >= 0.4 * DAY + 500.0), seed)
        assert found is not None
        forms.append(found.form)
    assert forms.count("ramp") <= 6  # 5 % of 40 is 2
