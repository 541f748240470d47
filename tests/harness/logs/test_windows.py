from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegauge.errors import DataError, SuiteError
from tidegauge.logs import Window, open_log, parse_window
from tidegauge.logs.instants import instants

NOW = datetime(2026, 11, 25, 9, 47, 31, tzinfo=UTC)  # a Wednesday


def ends(text: str | None, length: str | None) -> tuple[str, str]:
    found = parse_window(text, length, now=NOW)
    assert found is not None
    return found.start.isoformat()[:16], found.end.isoformat()[:16]


def test_nothing_said_means_all_rows() -> None:
    assert parse_window(None, None, now=NOW) is None


@pytest.mark.parametrize(
    ("text", "length", "start", "end"),
    [
        ("2026-11-21", None, "2026-11-21T00:00", "2026-11-22T00:00"),
        ("2026-11-21", "1w", "2026-11-21T00:00", "2026-11-28T00:00"),
        ("2026-11-14/2026-11-21", "1d", "2026-11-14T00:00", "2026-11-21T00:00"),
        ("2026-11-21T06:00", "30m", "2026-11-21T06:00", "2026-11-21T06:30"),
        ("2026-11-21T06:00Z/6h", None, "2026-11-21T06:00", "2026-11-21T12:00"),
        ("2026-11-21T06:00+02:00/2026-11-21T05:00", None, "2026-11-21T04:00", "2026-11-21T05:00"),
        (None, "1d", "2026-11-24T00:00", "2026-11-25T00:00"),
        (None, "7d", "2026-11-18T00:00", "2026-11-25T00:00"),
        (None, "1w", "2026-11-16T00:00", "2026-11-23T00:00"),
        (None, "1h", "2026-11-25T08:00", "2026-11-25T09:00"),
        (None, "6h", "2026-11-25T00:00", "2026-11-25T06:00"),
        (None, "30m", "2026-11-25T09:00", "2026-11-25T09:30"),
        ("latest", "15m", "2026-11-25T09:30", "2026-11-25T09:45"),
    ],
)
def test_windows_are_what_they_say(
    text: str | None, length: str | None, start: str, end: str
) -> None:
    assert ends(text, length) == (start, end)


@pytest.mark.parametrize(
    ("text", "length", "said"),
    [
        ("yesterday", None, 'cannot read "yesterday"'),
        ("2026-11-31", None, "2026-11-31"),
        ("2026-11-21/2026-11-20", None, "ends before it starts"),
        ("2026-11-21/2026-11-21", None, "ends before it starts"),
        ("2026-11-21T06:00", None, "not how long"),
        (None, "1y", "is not a length of time"),
        (None, "0d", "is not a length of time"),
        (None, "-1d", "is not a length of time"),
    ],
)
def test_other_windows_are_refused(text: str | None, length: str | None, said: str) -> None:
    with pytest.raises(SuiteError, match=said):
        parse_window(text, length, now=NOW)


@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)),
    st.sampled_from(["1m", "30m", "1h", "6h", "1d", "3d", "1w"]),
)
def test_the_latest_window_is_complete_and_not_overtaken(moment: datetime, length: str) -> None:
    now = moment.replace(tzinfo=UTC)
    found = parse_window(None, length, now=now)
    assert found is not None
    assert found.end <= now
    assert now - found.end < max(found.end - found.start, timedelta(days=1))


BEGIN = datetime(2026, 11, 14, tzinfo=UTC)
SPAN = Window(start=BEGIN, end=BEGIN + timedelta(days=1))
SECONDS = int(BEGIN.timestamp())
EAST = timezone(timedelta(hours=2))


@pytest.mark.parametrize(
    "times",
    [
        pa.array([BEGIN.replace(tzinfo=None) + timedelta(days=d) for d in (-1, 0, 1)]),
        pa.array([BEGIN.astimezone(EAST) + timedelta(days=d) for d in (-1, 0, 1)]),
        pa.array([date(2026, 11, 13), date(2026, 11, 14), date(2026, 11, 15)]),
        pa.array(["2026-11-13T23:59:59.999999", "2026-11-14", "2026-11-15T00:00:00"]),
        pa.array(["2026-11-14T01:00:00+02:00", "2026-11-14T02:00:00+02:00", "2026-11-15T00:00Z"]),
        *[
            pa.array([SECONDS * unit - 1, SECONDS * unit, (SECONDS + 86_400) * unit])
            for unit in (1, 10**3, 10**6, 10**9)
        ],
        pa.array([SECONDS - 0.5, SECONDS + 0.5, SECONDS + 86_400.0]),
        pa.array([SECONDS * 10**9 - 1, SECONDS * 10**9, SECONDS * 10**9 + 86_400 * 10**9]).cast(
            pa.timestamp("ns")
        ),
    ],
)
def test_times_of_every_form_keep_the_middle_row(times: pa.Array) -> None:
    log = open_log({"at": times, "x": [0, 1, 2]}, window=SPAN, timestamp="at")
    assert [batch.to_pydict() for batch in log.batches(["x"])] == [{"x": [1]}]
    assert log.notes == ()


def test_rows_without_a_time_are_left_out_and_counted_once() -> None:
    log = open_log({"at": ["2026-11-14", None, "soon"]}, window=SPAN, timestamp="at")
    for _ in range(2):
        assert sum(batch.num_rows for batch in log.batches()) == 1
    assert log.notes == ('2 rows have no readable "at": left out',)


@pytest.mark.parametrize("values", [[True, False], [timedelta(1), timedelta(2)]])
def test_columns_that_hold_no_times_are_refused(values: list[Any]) -> None:
    log = open_log({"at": values}, window=SPAN, timestamp="at")
    with pytest.raises(DataError, match='column "at" cannot place rows'):
        list(log.batches())


@given(st.lists(st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1)), min_size=1))
def test_instants_agree_with_python(moments: list[datetime]) -> None:
    expected = [moment.replace(tzinfo=UTC) for moment in moments]
    for values in (pa.array(moments), pa.array([moment.isoformat() for moment in moments])):
        assert instants(values).to_pylist() == expected
