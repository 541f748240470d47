from __future__ import annotations

import re
from collections.abc import Callable
from xml.etree import ElementTree as Xml

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegauge.records import Curves, Interval, Limit, Point, Report, Shares
from tidegauge_reports import _curves, _marks, _shapes, _svg

MakeReport = Callable[..., Report]
NS = "{http://www.w3.org/2000/svg}"


def bins(edges: list[float], baseline: list[float], current: list[float]) -> Shares:
    return Shares(labels=(), edges=tuple(edges), baseline=tuple(baseline), current=tuple(current))


def drawn(figure: _svg.Figure | None) -> Xml.Element:
    assert figure is not None
    return Xml.fromstring(str(figure.svg))


def heights(figure: _svg.Figure, kind: str) -> list[float]:
    path = next(p for p in drawn(figure).iter("path") if p.attrib["class"] == kind)
    return [_svg.FLOOR - float(y) for y in re.findall(r"V([\d.]+)", path.attrib["d"])][:-1]


def test_nothing_is_drawn_of_nothing() -> None:
    assert _shapes.distribution(bins([], [], []), "x") is None
    assert _shapes.distribution(bins([0, 1, 2], [0, 0], [0, 0]), "x") is None
    assert _curves.cumulative(Curves(at=(1.0,), baseline=(1.0,), current=(1.0,)), "x") is None
    assert _curves.series([Point(label="a", value=1.0, n=3)], (), None, None) is None
    assert _marks.spark(None) == ""


def test_on_a_true_scale_equal_areas_hold_equal_shares() -> None:
    figure = _shapes.distribution(bins([0, 1, 2, 4], [0.25, 0.25, 0.5], [0.25, 0.25, 0.5]), "x")
    assert figure is not None
    assert "equal areas" in figure.caption
    first, second, third = heights(figure, "b")
    assert first == second == third  # a bin twice as wide with twice the share is as high


def test_a_long_tail_is_cut_off_and_said() -> None:
    edges = [*range(11), 1000]
    shares = [0.097] * 10 + [0.03]
    figure = _shapes.distribution(bins(edges, shares, [*shares[:10], 0.05]), "x")
    assert figure is not None
    assert "rows above 10, 3 % of the baseline and 5 % of the current" in figure.caption


def test_bins_that_no_true_scale_can_show_are_drawn_equally_wide_and_said() -> None:
    figure = _shapes.distribution(bins([0, 1, 2, 1e6], [0.3, 0.3, 0.4], [0.2, 0.2, 0.6]), "x")
    assert figure is not None
    assert "not to scale" in figure.caption


@pytest.mark.parametrize(
    "edges",
    [[0, 0, 1, 2], [0, 1, 1, 1], [float("-inf"), 0, 1, float("inf")], [5, 5, 5, 5]],
)
def test_atoms_and_open_bins_are_drawn_without_dividing_by_nothing(edges: list[float]) -> None:
    figure = _shapes.distribution(bins(edges, [0.3, 0.3, 0.4], [0.2, 0.2, 0.6]), "x")
    assert "nan" not in str(drawn(figure).attrib)
    assert figure is not None
    assert "nan" not in figure.svg


def test_few_levels_are_all_shown_and_many_are_summed_up() -> None:
    labels = tuple(f"level {n}" for n in range(14))
    share = tuple(1 / 14 for _ in labels)
    figure = _shapes.distribution(
        Shares(labels=labels, edges=(), baseline=share, current=share), "x"
    )
    assert figure is not None
    assert len([r for r in drawn(figure).iter("rect") if r.attrib["class"] == "c"]) == 9
    assert "5 more levels hold 35.7 % of the baseline" in figure.caption


def test_the_largest_gap_is_marked_where_it_is() -> None:
    curves = Curves(
        at=(0.0, 1.0, 2.0, 3.0), baseline=(0.1, 0.5, 0.9, 1.0), current=(0.1, 0.2, 0.8, 1.0)
    )
    figure = _curves.cumulative(curves, "x")
    assert figure is not None
    assert "largest gap 30 %" in figure.svg
    assert "largest at 1: 50 % against 20 %" in figure.caption


def test_limits_are_drawn_where_the_score_would_break_them() -> None:
    points = [Point(label=f"w{n}", value=0.9, n=10) for n in range(3)]
    limit = Limit(severity="critical", versus="drop", bound=0.05, share=True)
    figure = _curves.series(points, [limit], None, 0.8)  # the limit lies at 0.76
    assert figure is not None
    low, high = _curves._reach([0.9, 0.76], None)
    line = next(p for p in drawn(figure).iter("path") if p.attrib["class"] == "l critical")
    y = float(line.attrib["d"].split()[1].partition("H")[0])
    assert y == pytest.approx(
        _svg.FLOOR - (0.76 - low) / (high - low) * (_svg.FLOOR - _svg.TOP), abs=0.06
    )


def test_a_limit_on_evidence_alone_has_no_line() -> None:
    points = [Point(label=f"w{n}", value=0.9, n=10) for n in range(3)]
    figure = _curves.series(points, [Limit(severity="info", versus="any")], None, None)
    assert figure is not None
    assert 'class="l' not in figure.svg


def test_one_outcome_among_thousands_is_still_seen() -> None:
    strip = Xml.fromstring(str(_marks.count_strip([("critical", 1), ("pass", 100_000)])))
    assert float(next(iter(strip)).attrib["width"]) > 4


def test_shares_outside_zero_and_one_stay_on_the_bar() -> None:
    bar = str(_marks.share_bar(1.4, Interval(-0.2, 1.9)))
    assert "M0 6H200" in bar
    assert 'width="200"' in bar


def test_names_in_pictures_are_escaped() -> None:
    share = Shares(labels=("<b>", '"x"'), edges=(), baseline=(0.5, 0.5), current=(0.5, 0.5))
    figure = _shapes.distribution(share, '"><script>')
    assert "<script>" not in str(figure)
    assert drawn(figure).attrib["aria-label"].startswith('Shares of the levels of "><script>')


@given(
    st.lists(
        st.tuples(st.floats(-1e12, 1e12, allow_nan=False), st.floats(0, 1), st.floats(0, 1)),
        min_size=3,
        max_size=40,
    )
)
def test_any_bins_give_a_picture_inside_its_frame(rows: list[tuple[float, float, float]]) -> None:
    edges = sorted(row[0] for row in rows)
    shares = bins(edges, [row[1] for row in rows[1:]], [row[2] for row in rows[1:]])
    figure = _shapes.distribution(shares, "x")
    if figure is None:
        return
    for path in drawn(figure).iter("path"):
        numbers = [float(n) for n in re.findall(r"-?[\d.]+", path.attrib["d"])]
        assert all(0 <= n <= _svg.WIDTH for n in numbers)


def test_rows_beyond_the_axis_are_said() -> None:
    curves = Curves(at=(0, 1, 2), baseline=(0.2, 0.6, 1.0), current=(0.2, 0.4, 0.75))
    figure = _curves.cumulative(curves, "x")
    assert figure is not None
    assert figure.caption.endswith("Above 2 lie 0 % of the baseline, 25 % of the current.")


def test_names_of_limits_that_lie_close_do_not_cover_each_other() -> None:
    points = [Point(label=f"w{n}", value=float(n), n=10) for n in range(5)]
    near = (
        Limit(severity="warn", versus="value", bound=0.1),
        Limit(severity="critical", versus="value", bound=0.2),
    )
    figure = _curves.series(points, near, None, None)
    places = [
        float(text.attrib["y"])
        for text in drawn(figure).iter("text")
        if "lt" in text.get("class", "")
    ]
    assert places[0] - places[1] > 12
