from __future__ import annotations

import re
from collections.abc import Callable

from tidegauge.records import Report
from tidegauge_reports import markdown
from tidegauge_reports._markdown_text import code, prose

MakeReport = Callable[..., Report]


def test_a_calm_report_lists_no_alarms(make_report: MakeReport) -> None:
    text = markdown.render(make_report(12, 0))
    assert text.startswith("### ✅ credit-default: pass\n")
    assert "| because |" not in text


def test_alarms_are_capped_and_the_rest_counted(make_report: MakeReport) -> None:
    report = make_report(60, 40)
    text = markdown.render(report)
    assert text.count("\n| ❌ critical") + text.count("\n| ⚠️ warn") == markdown.SHOWN
    assert f"and {len(report.alarms) - markdown.SHOWN} more alarms" in text


def test_the_largest_report_fits_a_comment(make_report: MakeReport) -> None:
    assert len(markdown.render(make_report(60, 40))) < 10_000
    assert len(markdown.render(make_report(500, 200, hostile=True))) < 65_536


def test_table_rows_keep_their_five_cells_whatever_names_hold(make_report: MakeReport) -> None:
    text = markdown.render(make_report(12, 10, hostile=True))
    rows = [line for line in text.splitlines() if line.startswith(("| ❌", "| ⚠️"))]
    assert rows
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {6}


def test_hostile_text_makes_no_html_mention_link_or_reference(make_report: MakeReport) -> None:
    text = markdown.render(make_report(12, 10, hostile=True))
    prose = re.sub(r"(`+).*?\1", "", text)
    allowed = re.compile(r"</?(details|summary)>")
    assert "<" not in allowed.sub("", prose)
    assert not re.search(r"@\w|#\d|https?://\w|(?<!\\)\]\(", prose)
    assert not set(text) & {"\x1b", "\x00", "\u202e"}


def test_a_name_full_of_backticks_stays_one_code_span() -> None:
    assert code("a``b`c") == "``` a``b`c ```"
    assert code("plain") == "`plain`"


def test_prose_does_not_start_a_heading_or_a_list() -> None:
    assert prose("# big") == "\\#\u200b big"
    assert prose("- item") == r"\- item"
    assert prose("1. item") == r"1\. item"
