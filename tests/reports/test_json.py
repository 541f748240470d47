from __future__ import annotations

from collections.abc import Callable

from tidegauge.records import Report
from tidegauge.report import from_json
from tidegauge_reports import json

MakeReport = Callable[..., Report]


def test_what_is_written_is_read_back_the_same(make_report: MakeReport) -> None:
    for report in (make_report(12, 0), make_report(12, 9, hostile=True, slices=2)):
        assert from_json(json.render(report)) == report


def test_the_text_is_one_line(make_report: MakeReport) -> None:
    text = json.render(make_report(12, 9, hostile=True))
    assert text.count("\n") == 1
    assert text.endswith("}\n")
