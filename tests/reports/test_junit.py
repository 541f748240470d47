from __future__ import annotations

from collections.abc import Callable
from xml.etree import ElementTree as Xml

from tidegauge.records import Report
from tidegauge_reports import junit

MakeReport = Callable[..., Report]
CASE_CHILDREN = {"skipped", "error", "failure", "system-out", "system-err"}


def test_a_calm_report_has_no_failures(make_report: MakeReport) -> None:
    top = Xml.fromstring(junit.render(make_report(12, 0)))
    assert top.attrib["failures"] == "0"
    assert not list(top.iter("failure"))


def test_each_outcome_becomes_what_ci_systems_know(make_report: MakeReport) -> None:
    report = make_report(12, 3)
    top = Xml.fromstring(junit.render(report))
    found = {
        kind: len(list(top.iter(kind))) for kind in ("testcase", "failure", "error", "skipped")
    }
    outcomes = [result.verdict.outcome for result in report.results]
    assert found == {
        "testcase": len(outcomes),
        "failure": outcomes.count("critical"),
        "error": outcomes.count("error"),
        "skipped": sum(
            outcomes.count(word) for word in ("skipped", "not_applicable", "inconclusive")
        ),
    }
    suite = top.find("testsuite")
    assert suite is not None
    assert suite.attrib["tests"] == str(len(outcomes))
    warned = [case.findtext("system-out") or "" for case in suite.iter("testcase")]
    assert sum(text.startswith("warn: ") for text in warned) == outcomes.count("warn")


def test_the_shape_is_the_one_of_the_common_schema(make_report: MakeReport) -> None:
    top = Xml.fromstring(junit.render(make_report(12, 3)))
    assert top.tag == "testsuites"
    (suite,) = top
    assert [child.tag for child in suite if child.tag != "testcase"] == ["properties", "system-out"]
    assert {"name", "tests", "failures", "errors", "skipped", "time", "timestamp"} == set(
        suite.attrib
    )
    for case in suite.iter("testcase"):
        assert set(case.attrib) == {"classname", "name", "time"}
        assert {child.tag for child in case} <= CASE_CHILDREN


def test_no_two_cases_share_a_name(make_report: MakeReport) -> None:
    top = Xml.fromstring(junit.render(make_report(12, 3, slices=3)))
    names = [(case.attrib["classname"], case.attrib["name"]) for case in top.iter("testcase")]
    assert len(names) == len(set(names))


def test_the_run_is_named_in_the_properties(make_report: MakeReport) -> None:
    report = make_report()
    top = Xml.fromstring(junit.render(report))
    named = {item.attrib["name"]: item.attrib["value"] for item in top.iter("property")}
    assert named["run_id"] == report.run_id


def test_hostile_text_leaves_the_xml_well_formed(make_report: MakeReport) -> None:
    text = junit.render(make_report(12, 10, hostile=True))
    top = Xml.fromstring(text)
    names = {case.attrib["name"] for case in top.iter("testcase")}
    assert "<script>alert(1)</script>" in names
    assert not set(text) & {"\x1b", "\x00", "\x07"}
