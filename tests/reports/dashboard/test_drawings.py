"""Charts over time, strips of windows, and moments in words."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from tidegauge.records import Card
from tidegauge_reports.dashboard import _times as times
from tidegauge_reports.dashboard._strips import folded, strip, told
from tidegauge_reports.dashboard._trends import Axis, Event, Spot, thinned, trend

DAY = 86_400.0
AXIS = Axis(start=0.0, end=100 * DAY)
CARD = Card(title="Missing rate", explain="", reads=(), on="", better="lower",
            unit="share of rows", reference="", range=(0.0, 1.0))  # fmt: skip


def spots(n: int, **changes: object) -> list[Spot]:
    return [
        Spot(at=place * 100 * DAY / n, value=0.1 + place % 7 / 100, **changes)  # type: ignore[arg-type]
        for place in range(n)
    ]


def test_a_hundred_thousand_windows_are_a_few_hundred_strokes() -> None:
    many = spots(100_000, low=0.05, high=0.2, critical=0.5)
    drawn = trend(many, AXIS, name="x", card=CARD)
    assert len(drawn) < 12_000
    assert drawn.count("<") < 80


def test_thinning_loses_no_extreme_and_no_alarm() -> None:
    many = spots(50_000)
    many[777] = many[777]._replace(value=9.0, outcome="critical")
    many[40_001] = many[40_001]._replace(value=-1.0)
    many[30_003] = many[30_003]._replace(outcome="warn")
    kept = list(thinned(many, AXIS))
    assert {many[777], many[40_001], many[30_003], many[-1]} <= {*kept}
    assert kept == sorted(kept, key=lambda spot: spot.at)
    assert len(kept) < 300


def test_an_alarm_has_a_shape_of_its_own() -> None:
    some = spots(10)
    some[3] = some[3]._replace(outcome="critical")
    some[5] = some[5]._replace(outcome="warn")
    drawn = str(trend(some, AXIS, name="x"))
    shapes = {m[1]: m[2] for m in re.finditer(r'class="m (\w+)" d="M[\d. ]+(\w[^"]*)"', drawn)}
    assert shapes.keys() == {"critical", "warn"}
    assert shapes["critical"] != shapes["warn"]


def test_no_line_is_drawn_over_a_window_without_a_score() -> None:
    some = spots(10)
    assert str(trend(some, AXIS, name="x")).count("<polyline") == 1
    some[5] = some[5]._replace(value=None)
    assert str(trend(some, AXIS, name="x")).count("<polyline") == 2


def test_a_limit_steps_where_it_was_moved_and_is_left_out_where_there_was_none() -> None:
    some = spots(9, critical=0.2)
    some[3:] = [spot._replace(critical=0.3) for spot in some[3:]]
    some[6:] = [spot._replace(critical=None) for spot in some[6:]]
    path = re.search(r'class="l critical" d="([^"]+)"', str(trend(some, AXIS, name="x")))
    assert path is not None
    assert path[1].count("M") == 2
    assert float(path[1].rpartition("H")[2]) < 334


def test_one_giant_does_not_flatten_the_rest() -> None:
    some = spots(100, critical=0.2)
    some[50] = some[50]._replace(value=900.0, outcome="critical")
    drawn = str(trend(some, AXIS, name="x"))
    assert ">900</text>" in drawn, "its value is written beside its mark"
    heights = [float(y) for y in re.findall(r"[\d.]+ ([\d.]+)", drawn.split("points=")[1])]
    assert max(heights) - sorted(heights)[5] > 20


def test_a_limit_beyond_the_axis_is_not_drawn_at_its_edge() -> None:
    drawn = str(trend(spots(20, critical=50.0), AXIS, name="x", reach=(0.0, 0.2)))
    assert 'class="l critical"' not in drawn


def test_the_time_without_labels_is_shaded_only_where_labels_are_read() -> None:
    axis = Axis(start=0.0, end=100 * DAY, labels_until=60 * DAY)
    assert "labels awaited" in trend(spots(9), axis, name="x", labelled=True)
    assert "labels awaited" not in trend(spots(9), axis, name="x")


def test_what_happened_is_drawn_across_and_named() -> None:
    events = (
        Event(at=20 * DAY, kind="model", said="model v12"),
        Event(at=50 * DAY, kind="baseline", said="baseline 3f2a"),
        Event(at=70 * DAY, kind="incident", said="<i>"),
        Event(at=-5 * DAY, kind="model", said="model v1"),
    )
    drawn = str(trend(spots(9), Axis(start=0.0, end=100 * DAY, events=events), name="x"))
    assert drawn.count('class="mv"') == 2
    assert ">v12</text>" in drawn
    assert "&lt;i&gt;" in drawn


def test_a_chart_says_in_words_what_it_shows() -> None:
    some = spots(10)
    some[3] = some[3]._replace(outcome="critical")
    drawn = trend(some, AXIS, name='drift "x" <b>', card=CARD)
    label = re.search(r'aria-label="([^"]+)"', drawn)
    assert label is not None
    assert "10 windows from 1969-12-31 to 1970-03-31" in label[1]
    assert "between 10 % and 16 %, newest 12 %, 1 alarm" in label[1]
    assert "<b>" not in drawn


@pytest.mark.parametrize("days", [0.1, 1, 5, 30, 90, 365, 3_000])
def test_a_chart_has_two_to_seven_dates_at_any_range(days: float) -> None:
    start = datetime(2026, 1, 15, tzinfo=UTC).timestamp()
    axis = Axis(start=start, end=start + days * DAY)
    some = [Spot(at=start + days * DAY * share / 10, value=0.1) for share in range(11)]
    dates = re.findall(r'text-anchor="middle">([^<]+)<', str(trend(some, axis, name="x")))
    assert 2 <= len(dates) <= 9


def test_nothing_to_draw_is_no_picture() -> None:
    assert trend([], AXIS, name="x") == ""
    assert trend([Spot(at=0.0, value=None)], AXIS, name="x") == ""
    assert "<circle" in trend([Spot(at=0.0, value=1.0)], AXIS, name="x")


def test_the_worse_a_window_the_taller_its_mark() -> None:
    drawn = str(strip([("pass", "a"), ("warn", "b"), ("critical", "c")]))
    tall = [int(height) for height in re.findall(r'<rect[^>]*height="(\d+)"', drawn)]
    assert tall == sorted(tall)
    assert len({*tall}) == 3


def test_a_strip_says_in_words_what_it_shows() -> None:
    label = "Last 3 windows: 1 critical, 1 pass, 1 missing; the newest is critical"
    assert told(["pass", "", "critical"]) == label
    assert f'aria-label="{label}"' in strip([("pass", "a"), ("", "b"), ("critical", "c")])


def test_a_long_strip_shows_the_worst_of_several_windows() -> None:
    many = [("pass", f"{place}") for place in range(1_000)]
    many[500] = ("critical", "that one")
    few = folded(many, 100)
    assert len(few) == 100
    assert ("critical", "that one, the worst of 10") in few


@pytest.mark.parametrize(
    ("window", "said"),
    [
        ("2026-03-02T00:00:00Z/2026-03-03T00:00:00Z", "2026-03-02"),
        ("2026-03-02T05:00:00Z/2026-03-02T06:00:00Z", "2026-03-02\xa005:00 until 06:00"),
        ("2026-03-02T00:00:00Z/2026-03-09T00:00:00Z", "2026-03-02 until 2026-03-09"),
        ("", "all rows"),
        ("<b>/x", "&lt;b&gt; until x"),
    ],
)
def test_a_window_is_worded_as_short_as_it_can_be(window: str, said: str) -> None:
    assert re.sub("</?time[^>]*>", "", times.window(window)) == said


def test_what_is_no_moment_is_shown_as_it_is_and_escaped() -> None:
    now = datetime(2026, 3, 3, tzinfo=UTC)
    for word in (times.when("<i>", now), times.age("<i>", now), times.date("<i>")):
        assert word == "&lt;i&gt;"
    assert times.when("", now) == "\u2013"
