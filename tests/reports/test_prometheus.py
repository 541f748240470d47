from __future__ import annotations

import math
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tidegauge.exposition import LONGEST, METRICS, SERIES, exposed, result_samples, samples_of
from tidegauge.records import Limit, Report, Score
from tidegauge_reports import prometheus

MakeReport = Callable[..., Report]
Page = dict[str, dict[tuple[tuple[str, str], ...], float]]


def read(page: str) -> Page:
    """What the client library makes of a page."""
    found: Page = {}
    for family in text_string_to_metric_families(page):
        for sample in family.samples:
            key = tuple(sorted(sample.labels.items()))
            assert key not in found.setdefault(sample.name, {}), key
            found[sample.name][key] = sample.value
    return found


def of(page: Page, name: str, **labels: str) -> list[float]:
    return [v for key, v in page.get(name, {}).items() if labels.items() <= dict(key).items()]


def test_a_calm_report_says_pass(make_report: MakeReport) -> None:
    page = read(prometheus.render(make_report(12, 0)))
    assert of(page, "tidegauge_run_outcome", outcome="pass") == [1]
    assert sum(of(page, "tidegauge_run_outcome")) == 1
    assert of(page, "tidegauge_results", outcome="critical") == [0]
    assert 3 not in of(page, "tidegauge_verdict")


def test_every_number_is_the_one_of_the_report(make_report: MakeReport) -> None:
    report = make_report(12, 3, slices=2)
    page = read(prometheus.render(report))
    for result in report.results:
        labels = {"check": result.check, "column": result.column, "slice": result.slice}
        if result.score is None:
            assert not of(page, "tidegauge_score", **labels)
        else:
            assert of(page, "tidegauge_score", **labels) == [pytest.approx(result.score.value)]
        assert len(of(page, "tidegauge_verdict", **labels)) == 1
    assert of(page, "tidegauge_rows", side="current") == [report.current.n]
    assert of(page, "tidegauge_window_end_timestamp_seconds") == [1767830400]
    assert of(page, "tidegauge_run_duration_seconds") == [pytest.approx(0.411)]


def test_limits_lie_on_the_scale_of_the_value(make_report: MakeReport) -> None:
    report = make_report(4, 1)
    check = replace(
        report.checks[0],
        limits=(
            Limit(severity="warn", versus="drop", bound=0.1, share=True),
            Limit(severity="critical", versus="rise", bound=0.25),
            Limit(severity="info", versus="any"),
        ),
    )
    score = Score(value=1.0, baseline=-2.0, n_baseline=9, n_current=9)
    result = replace(report.results[0], check=check.id, score=score)
    page = read(exposed(samples_of(replace(report, checks=(check,), results=(result,)))))
    assert of(page, "tidegauge_limit", severity="warn") == [pytest.approx(-2.2)]
    assert of(page, "tidegauge_limit", severity="critical") == [-1.75]
    assert not of(page, "tidegauge_limit", severity="info")


def test_the_state_of_labels_is_told(make_report: MakeReport) -> None:
    report = make_report(4, 0)
    details = {"labelled_share": 0.75, "pending": 20, "overdue": 5}
    score = Score(value=0.9, n_baseline=9, n_current=9, details=details)
    page = read(
        prometheus.render(replace(report, results=(replace(report.results[0], score=score),)))
    )
    assert of(page, "tidegauge_labels_arrived_ratio") == [0.75]
    assert of(page, "tidegauge_labels_pending") == [20]
    assert of(page, "tidegauge_labels_overdue") == [5]


def test_hostile_names_stay_inside_their_labels(make_report: MakeReport) -> None:
    report = make_report(12, 3, hostile=True)
    page = read(prometheus.render(report))
    assert set(page) <= set(METRICS)
    columns = {dict(key)["column"] for key in page["tidegauge_verdict"]}
    assert '\'"><b onmouseover="alert(3)">' in columns
    assert all(len(one) <= LONGEST and "\x1b" not in one and "\n" not in one for one in columns)


def test_names_that_become_equal_do_not_make_a_page_that_is_refused(
    make_report: MakeReport,
) -> None:
    report = make_report(2, 0)
    first = report.results[0]
    twins = tuple(replace(first, column=f"{'x' * 300}{at}{'y' * 300}") for at in range(3))
    page = read(prometheus.render(replace(report, results=twins)))
    assert len(page["tidegauge_verdict"]) == 1
    assert of(page, "tidegauge_results_dropped") == [2]


def test_the_worst_are_kept_and_the_rest_is_counted(make_report: MakeReport) -> None:
    report = make_report(300, 5, slices=3)
    page = read(exposed(samples_of(report, series=40)))
    assert len(page["tidegauge_verdict"]) == 40
    assert of(page, "tidegauge_results_dropped") == [len(report.results) - 40]
    critical = sum(r.verdict.outcome == "critical" for r in report.results)
    assert sum(v == 3 for v in of(page, "tidegauge_verdict")) == min(40, critical)


def test_a_wide_suite_stays_under_its_bound(make_report: MakeReport) -> None:
    report = make_report(400, 400, slices=4)
    assert len(report.results) > SERIES
    lines = [x for x in prometheus.render(report).splitlines() if not x.startswith("#")]
    assert len(lines) <= 6 * SERIES + 40


def test_the_same_results_are_kept_whatever_order_they_come_in(make_report: MakeReport) -> None:
    report = make_report(60, 2, slices=2)
    turned = replace(report, results=tuple(reversed(report.results)))
    kept = [
        {tuple(s.labels.items()) for s in result_samples(one, series=30)}
        for one in (report, turned)
    ]
    assert kept[0] == kept[1]


def test_numbers_that_are_none_are_written_as_prometheus_does(make_report: MakeReport) -> None:
    report = make_report(2, 0)
    first = report.results[0]
    odd = [math.nan, math.inf, -math.inf, 1e300, 5e-324, -0.0]
    results = tuple(
        replace(first, column=str(at), score=Score(value=v, n_baseline=1, n_current=1))
        for at, v in enumerate(odd)
    )
    page = read(prometheus.render(replace(report, results=results)))
    found = [of(page, "tidegauge_score", column=str(at))[0] for at in range(len(odd))]
    assert math.isnan(found[0])
    assert found[1:] == odd[1:]


def test_a_report_that_could_not_run_is_no_success(make_report: MakeReport) -> None:
    report = make_report(2, 0)
    assert "last_success" in prometheus.render(report)
    assert "last_success" not in prometheus.render(replace(report, outcome="error"))


def test_promtool_finds_no_fault_in_any_page(make_report: MakeReport, tmp_path: Path) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed (Debian: apt install prometheus)")
    for report in (make_report(12, 0), make_report(12, 3, hostile=True, slices=3)):
        done = subprocess.run(
            [promtool, "check", "metrics"],
            input=prometheus.render(report).encode(),
            capture_output=True,
            timeout=30,
        )
        assert (done.returncode, done.stderr) == (0, b"")
