"""Cron expressions: fields, the two kinds of day, and clocks that change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegauge.errors import SuiteError
from tidegauge.suite import Schedule, parse_suite
from tidegauge.suite.cron import CronError, parse_cron

LOGS = "suite: s\nlogs: {baseline: {path: a.csv}, current: {path: b.csv}}\n"
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2032, 1, 1), timezones=st.just(UTC))


def due(line: str, start: str, n: int, zone: str = "UTC") -> list[str]:
    """The first moments after a start, on the clock of UTC."""
    cron, moment = parse_cron(line, zone=zone), datetime.fromisoformat(start).replace(tzinfo=UTC)
    found = []
    for _ in range(n):
        moment = cron.after(moment)
        found.append(f"{moment:%Y-%m-%d %H:%M}")
    return found


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("0 6 * * *", ["2026-11-23 06:00", "2026-11-24 06:00"]),
        ("@hourly", ["2026-11-23 01:00", "2026-11-23 02:00"]),
        ("*/25 * * * *", ["2026-11-23 00:25", "2026-11-23 00:50"]),
        ("5/25 3 * * *", ["2026-11-23 03:05", "2026-11-23 03:30"]),
        ("0 0 * * sun", ["2026-11-29 00:00", "2026-12-06 00:00"]),
        ("0 0 * * 7", ["2026-11-29 00:00", "2026-12-06 00:00"]),
        ("0 9-10 * * MON-FRI", ["2026-11-23 09:00", "2026-11-23 10:00"]),
        ("0 0 1 jan,jul *", ["2027-01-01 00:00", "2027-07-01 00:00"]),
        ("0 0 29 2 *", ["2028-02-29 00:00", "2032-02-29 00:00"]),
        ("0 0 1 * mon", ["2026-11-30 00:00", "2026-12-01 00:00"]),  # either day will do
    ],
)
def test_fields_mean_what_crontab_says(line: str, expected: list[str]) -> None:
    assert due(line, "2026-11-23T00:00", 2) == expected


def test_a_fixed_hour_that_the_clock_skips_comes_right_after_the_gap() -> None:
    assert due("30 2 * * *", "2026-03-28T02:00", 3, "Europe/Berlin") == [
        "2026-03-29 01:00",  # 03:00 in Berlin: there was no 02:30
        "2026-03-30 00:30",
        "2026-03-31 00:30",
    ]


def test_a_fixed_hour_that_comes_twice_is_due_once() -> None:
    assert due("30 2 * * *", "2026-10-24T03:00", 2, "Europe/Berlin") == [
        "2026-10-25 00:30",
        "2026-10-26 01:30",
    ]


def test_what_repeats_goes_on_through_both_changes_of_the_clock() -> None:
    for start in ("2026-03-28T23:45", "2026-10-24T22:45"):
        found = due("*/30 * * * *", start, 12, "Europe/Berlin")
        moments = [datetime.fromisoformat(one) for one in found]
        gaps = {b - a for a, b in pairwise(moments)}
        assert gaps == {timedelta(minutes=30)}


def test_half_hour_gaps_and_zones_far_from_utc_are_right() -> None:
    assert due("15 2 * * *", "2026-10-02T20:00", 1, "Australia/Lord_Howe") == ["2026-10-03 15:30"]
    assert due("0 0 * * *", "2026-11-23T00:00", 1, "Pacific/Kiritimati") == ["2026-11-23 10:00"]


@given(
    MOMENTS,
    st.sampled_from(["*/7 * * * *", "0 6 * * *", "30 2 * * *", "15 1-3 * * 0", "0 0 31 * *"]),
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu"]),
)
def test_next_and_latest_are_inverse(moment: datetime, line: str, zone: str) -> None:
    cron = parse_cron(line, zone=zone)
    coming = cron.after(moment)
    assert coming > moment
    assert cron.latest(coming) == coming
    before = cron.latest(moment)
    assert before is not None
    assert before <= moment
    assert cron.after(before) == coming
    local = coming.astimezone(ZoneInfo(zone))
    skipped = (local - timedelta(hours=1)).utcoffset() != local.utcoffset()
    assert local.minute in cron.minutes or skipped


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("0 6 * *", "4 fields where five belong"),
        ("0 25 * * *", 'the hour "25" is none of 0 to 23'),
        ("60 * * * *", 'the minute "60" is none of 0 to 59'),
        ("0 0 * * funday", "or sun, mon"),
        ("*/0 * * * *", 'the step of the minute "0" is none of 1 to 59'),
        ("0 5-3 * * *", 'the hour "5-3" ends before it starts'),
        ("@reboot", "is none of @hourly"),
        ("0 0 30 2 *", "no such day ever comes"),
        ("0 ٣ * * *", "is none of"),
        ("", "0 fields"),
    ],
)
def test_what_is_no_expression_is_refused_with_a_reason(line: str, said: str) -> None:
    with pytest.raises(CronError) as caught:
        parse_cron(line)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("schedule: 0 6 * * *\n", Schedule(cron="0 6 * * *")),
        (
            'schedule: {cron: "@daily", timezone: Asia/Tokyo}\n',
            Schedule(cron="@daily", timezone="Asia/Tokyo"),
        ),
        ("", None),
    ],
)  # fmt: skip
def test_a_suite_says_when_it_runs(written: str, expected: Schedule | None) -> None:
    assert parse_suite(LOGS + written).schedule == expected


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("schedule: daily\n", "3: schedule: found \"daily\": 1 field where five belong"),
        ("schedule: 6\n", "3: schedule: found the number 6; allowed: five fields"),
        ("schedule: {timezone: UTC}\n", '3: schedule: found no key "cron"'),
        ('schedule:\n  cron: "0 6 * * *"\n  timezone: Berlin\n', "5: schedule.timezone: found"),
        ('schedule:\n  cron: "0 6 * * *"\n  timezone: ../../etc/passwd\n', "IANA"),
        ('schedule: {cron: "0 6 * * *", zone: UTC}\n', 'the unknown key "zone"'),
    ],
)  # fmt: skip
def test_a_bad_schedule_is_named_with_its_place(written: str, said: str) -> None:
    with pytest.raises(SuiteError) as caught:
        parse_suite(LOGS + written, name="s.yaml")
    assert said in str(caught.value)
