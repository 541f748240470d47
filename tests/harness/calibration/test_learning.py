"""Limits learned from a log: windows against the others, sizes, ranges, slices, few windows."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import cache

import numpy as np
import pyarrow as pa
import pytest
from tests.harness.calibration.made import START, days, one_day

from tidegauge.baseline import Baseline, count, freeze
from tidegauge.calibration.applying import with_calibrated
from tidegauge.calibration.chance import draw_chances
from tidegauge.calibration.learning import calibrate
from tidegauge.calibration.shape import Calibration
from tidegauge.calibration.windows import Cut, cut_into_windows, held_against, left_out
from tidegauge.errors import BaselineError
from tidegauge.judge import judge
from tidegauge.logs import open_log
from tidegauge.measuring import Bench, Subject, measure
from tidegauge.profile import CategoricalProfile, NumericProfile
from tidegauge.suite import Suite, parse_suite

COLUMNS = "{timestamp: scored_at, latency: latency, model_version: model}"


def suite_of(checks: str, extra: str = "") -> Suite:
    return parse_suite(
        "suite: made\npreset: none\n"
        "logs: {baseline: {path: a.parquet}, current: {path: b.parquet, window: 1d}}\n"
        f"columns: {COLUMNS}\nchecks: {checks}\n{extra}"
    )


def learned(table: pa.Table, suite: Suite) -> tuple[Baseline, Cut, Calibration]:
    log = open_log(table)
    frozen = freeze(log, suite.columns)
    cut = cut_into_windows(frozen.profile, log, "1d")
    found = calibrate(
        cut, suite.checks, suite.policy, grid=frozen.profile, rows=frozen.rows, length="1d"
    )
    return frozen, cut, found


def test_each_window_is_held_against_exactly_the_others() -> None:
    table, suite = days(9, rows=60), suite_of("[drift.psi]")
    log = open_log(table)
    frozen = freeze(log, suite.columns)
    cut = cut_into_windows(frozen.profile, log, "1d")
    rests = dict(left_out(cut.parts))
    assert sorted(rests) == list(range(9))
    for index, rest in rests.items():
        others = pa.concat_tables([table.slice(0, 60 * index), table.slice(60 * (index + 1))])
        direct = count(cut.parts[0].blank(), others.to_batches(), others.schema)
        mine, yours = rest.columns["income"], direct.columns["income"]
        assert isinstance(mine, NumericProfile)
        assert isinstance(yours, NumericProfile)
        np.testing.assert_array_equal(mine.cells, yours.cells)
        assert mine.moments.mean == pytest.approx(yours.moments.mean)
        regions = rest.columns["region"], direct.columns["region"]
        assert all(isinstance(one, CategoricalProfile) for one in regions)
        assert (mine.minimum, mine.maximum) == (yours.minimum, yours.maximum)


def test_windows_lie_as_those_of_runs_do_and_cut_off_ones_are_left_out() -> None:
    table, suite = days(10, rows=100), suite_of("[drift.psi]")
    log = open_log(table.slice(70, 100 * 10 - 160))
    cut = cut_into_windows(freeze(log, suite.columns).profile, log, "1d")
    assert cut.starts[0] == START + timedelta(days=1)
    assert len(cut.starts) == 8
    assert cut.rows.sum() == 800


def test_what_leaves_the_range_of_the_others_is_out_of_range() -> None:
    table = pa.concat_tables([days(8, rows=60), _wild(days(1, rows=60, first=8))])
    log = open_log(table)
    cut = cut_into_windows(freeze(log, suite_of("[drift.psi]").columns).profile, log, "1d")
    rest = dict(left_out(cut.parts))[8]
    part, others = (one.columns["income"] for one in held_against(cut.parts[8], rest))
    assert isinstance(part, NumericProfile)
    assert isinstance(others, NumericProfile)
    assert part.over == 1
    assert others.over == 0
    assert part.valid == others.valid == (others.minimum, others.maximum)


def _wild(table: pa.Table) -> pa.Table:
    income = table["income"].to_numpy().copy()
    income[5] = 99.0
    return table.set_column(table.schema.get_field_index("income"), "income", pa.array(income))


def test_fewer_than_eight_windows_are_refused_with_how_many_it_takes() -> None:
    with pytest.raises(BaselineError, match="5 windows of 1d") as caught:
        learned(days(5, rows=50), suite_of("[drift.psi]"))
    assert "19 bear out false_alarms: 0.05" in str(caught.value)


def test_too_few_windows_for_the_rate_are_told() -> None:
    _, _, found = learned(days(12, rows=80), suite_of("[drift.psi]"))
    assert (found.windows, found.needed, found.bears) == (12, 19, False)


def test_a_log_without_times_cannot_be_cut() -> None:
    table = days(9, rows=50).drop_columns(["scored_at"])
    suite = suite_of("[drift.psi]")
    log = open_log(table)
    frozen = freeze(log, replace(suite.columns, timestamp=""))
    with pytest.raises(BaselineError, match="no timestamps"):
        cut_into_windows(frozen.profile, log, "1d")


def test_more_windows_than_any_season_needs_are_refused() -> None:
    log = open_log(days(40, rows=50))
    frozen = freeze(log, suite_of("[drift.psi]").columns)
    with pytest.raises(BaselineError, match=r"57,59\d windows of 1m"):
        cut_into_windows(frozen.profile, log, "1m")


def test_slices_with_rows_enough_get_limits_of_their_own() -> None:
    suite = parse_suite(
        "suite: made\npreset: none\n"
        "logs: {baseline: {path: a.parquet}, current: {path: b.parquet, window: 1d}}\n"
        "columns: {timestamp: scored_at, segments: [region], features: [income]}\n"
        "checks: [drift.psi]\n"
    )
    _, _, found = learned(days(12, rows=150), suite)
    assert {one.slice for one in found.limits} == {"", "region=north", "region=south"}


def test_chance_tells_squares_from_roots() -> None:
    table, suite = days(10, rows=300), suite_of("[drift.psi, drift.kolmogorov_smirnov]")
    frozen = freeze(open_log(table), suite.columns)
    wanted = {(one.id, "income"): (one, Subject(column="income")) for one in suite.checks}
    found = draw_chances(frozen.profile, frozen.rows, wanted, suite.policy)
    assert found["drift.psi", "income"].scale == "power 1/3"
    assert found["drift.kolmogorov_smirnov", "income"].scale == "power 2/3"
    # Ten bins: nine degrees of freedom, each worth one over the rows.
    assert found["drift.psi", "income"].per_row == pytest.approx(9, rel=0.35)


@cache
def two_calibrations() -> tuple[Suite, list[tuple[Baseline, Calibration]]]:
    checks = (
        "[{drift.psi: {critical: calibrated, on: [income, region]}}, "
        "{drift.kolmogorov_smirnov: {critical: calibrated, on: income}}, "
        "{service.latency_p50: {warn: calibrated}}]"
    )
    suite = suite_of(checks)
    made = (learned(days(40, seed=seed), suite) for seed in range(2))
    return suite, [(frozen, found) for frozen, _, found in made]


@pytest.mark.slow
@pytest.mark.parametrize("rows", [60, 200, 1_500])
def test_windows_of_another_size_alarm_as_rarely(rows: int) -> None:
    """5 % asked over all checks, through the judge; 160 windows state it to 1.7 points."""
    suite, calibrations = two_calibrations()
    alarms = []
    for seed, (frozen, found) in enumerate(calibrations):
        rng = np.random.default_rng(100 + seed)
        for day in range(50, 130):
            laid = frozen.profile.blank().lay(one_day(day, rng, rows))
            bench = Bench(baseline=frozen.profile, current=laid, policy=suite.policy, as_of=0)
            measured = with_calibrated(
                list(measure(suite.checks, bench)),
                found,
                suite.policy,
                start=START + timedelta(days=day),
                source="",
            )
            outcomes = {one.outcome for one in judge(measured, suite.policy)}
            alarms.append(bool(outcomes & {"warn", "critical"}))
    assert np.mean(alarms) < 0.08
