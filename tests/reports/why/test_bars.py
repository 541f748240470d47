"""Pictures of causes, and findings gathered beneath them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from math import inf
from xml.etree import ElementTree as Xml

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegauge.records import Cause, Decomposition, Interval, Picture, Report
from tidegauge_reports import _incidents, _marks, _pictures, _svg

MakeReport = Callable[..., Report]
Explained = Callable[[str], Report]


def part(share: float, name: str = "a") -> Cause:
    return Cause(factor=name, share=share, because="so")


def split(*shares: float) -> Decomposition:
    return Decomposition(
        of="log loss", baseline=0.3, current=0.5, parts=tuple(part(share) for share in shares)
    )


def blocks(found: Decomposition) -> list[tuple[float, float]]:
    """Left and right end of each block, in parts of the whole change, zero at its mark."""
    picture = Xml.fromstring(str(_pictures.stack(found)))
    zero, whole = (
        float(re.findall(r"M([\d.]+)", mark.attrib["d"])[0])
        for mark in picture.iter("path")
        if mark.attrib["class"] == "z"
    )
    return [
        (
            (float(one.attrib["x"]) - zero) / (whole - zero),
            (float(one.attrib["x"]) + float(one.attrib["width"]) - zero) / (whole - zero),
        )
        for one in picture.iter("rect")
    ]


def test_nothing_is_drawn_of_a_factor_that_holds_nothing() -> None:
    empty = Picture(labels=(), edges=(), baseline=(), current=())
    assert _pictures.before_after(empty, "x") is None


@pytest.mark.parametrize("labels", [(), ("a", "b", "c")])
def test_a_repair_is_a_dashed_outline_and_said(labels: tuple[str, ...]) -> None:
    picture = Picture(
        labels=labels, edges=() if labels else (0.0, 1.0, 2.0, 3.0), baseline=(0.2, 0.5, 0.3),
        current=(0.9, 0.1, 0.0), repaired=(0.2, 0.5, 0.3),
    )  # fmt: skip
    figure = _pictures.before_after(picture, "income")
    assert figure is not None
    assert 'class="fix"' in figure.svg
    assert "dashed: current after the repair" in figure.caption
    plain = _pictures.before_after(replace(picture, repaired=()), "income")
    assert plain is not None
    assert 'class="fix"' not in plain.svg
    assert "repair" not in plain.caption


def test_numbers_that_are_no_shares_of_rows_are_written_as_numbers_in_their_order() -> None:
    picture = Picture(
        labels=("below 3", "3 or more"), edges=(), baseline=(0.51, 0.4), current=(0.5, 2.25),
        of="mean log loss",
    )  # fmt: skip
    figure = _pictures.before_after(picture, "age")
    assert figure is not None
    assert figure.caption.startswith("Mean log loss over age, baseline to current")
    assert "%" not in figure.svg
    assert figure.svg.index("0.51 → 0.5") < figure.svg.index("0.4 → 2.25")


def test_a_repair_as_high_as_it_gets_stays_inside_the_frame() -> None:
    picture = Picture(
        labels=(), edges=(0.0, 1.0, 2.0, 3.0), baseline=(0.3, 0.4, 0.3), current=(0.3, 0.4, 0.3),
        repaired=(0.0, 1.0, 0.0),
    )  # fmt: skip
    figure = _pictures.before_after(picture, "x")
    assert figure is not None
    path = re.search(r'class="fix" d="([^"]+)"', figure.svg)
    assert path is not None
    assert min(float(y) for y in re.findall(r"V([\d.]+)", path[1])) >= _svg.TOP


def test_parts_lie_end_to_end_and_those_against_the_change_left_of_zero() -> None:
    first, second, third = blocks(split(0.9, 0.2, -0.1))
    assert first == pytest.approx((0.0, 0.9), abs=0.01)
    assert second == pytest.approx((0.9, 1.1), abs=0.01)
    assert third == pytest.approx((-0.1, 0.0), abs=0.01)


@given(st.lists(st.floats(-50, 50), max_size=12))
def test_any_parts_give_blocks_inside_the_frame(shares: list[float]) -> None:
    picture = Xml.fromstring(str(_pictures.stack(split(*shares))))
    for one in picture.iter("rect"):
        x, width = float(one.attrib["x"]), float(one.attrib["width"])
        assert width >= 0
        assert -0.2 <= x <= x + width <= 600.2


def test_bars_of_several_causes_share_one_axis() -> None:
    causes = [replace(part(-0.2), interval=Interval(-0.4, 0.0)), part(1.3)]
    assert _pictures.reach(causes) == (-0.4, 1.3)
    assert _pictures.reach([part(0.2)]) == (0.0, 1.0)
    assert _pictures.reach([part(900.0), part(inf)]) == (0.0, _pictures.WIDEST)
    bar = str(_marks.share_bar(-0.2, None, (-1.0, 1.0)))
    assert 'x="80" width="20"' in bar
    assert 'class="z" d="M100 0V12"' in bar


def test_without_causes_no_alarm_is_explained(explained: Explained) -> None:
    report = explained("bare")
    assert _incidents.incidents(report) == []
    assert _incidents.unexplained(report, []) == list(report.alarms)
    assert _incidents.lead(report, []) == ""


def test_a_finding_that_two_causes_claim_goes_to_the_first(explained: Explained) -> None:
    report = explained("three")
    told, second = report.explanations
    twice = replace(told.causes[2], results=told.causes[0].results, factor="other")
    claimed = replace(report, explanations=(replace(second, causes=(*second.causes, twice)),))
    (incident,) = _incidents.incidents(claimed)
    assert incident.cause.factor == "income"


def test_two_explanations_that_name_one_factor_make_one_incident(explained: Explained) -> None:
    report = explained("three")
    found = _incidents.incidents(report)
    assert [incident.cause.factor for incident in found] == ["income", "age"]
    assert _incidents.counted(found[0]) == "3 findings on 1 column"


def test_a_cause_may_name_findings_that_the_report_does_not_hold(explained: Explained) -> None:
    report = explained("one")
    told = report.explanations[0]
    cause = replace(told.causes[0], results=("drift.psi|gone|", "no such key"))
    alone = replace(report, explanations=(replace(told, causes=(cause,)),))
    assert _incidents.incidents(alone) == []
    assert _incidents.unexplained(alone, []) == list(report.alarms)


def test_where_room_is_short_each_cause_lists_a_few_and_counts_the_rest(
    explained: Explained,
) -> None:
    report = explained("flood")
    listed, left = _incidents.listed_alarms(report, most=12, each=3)
    assert len(listed) == 3
    ((cause, n),) = left
    assert cause is not None
    assert cause.factor == "income"
    assert n == len(report.alarms) - 3
    bare = replace(report, explanations=())
    listed, left = _incidents.listed_alarms(bare, most=12, each=3)
    assert len(listed) == 12
    assert left == [(None, len(report.alarms) - 12)]
