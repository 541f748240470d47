"""The report as JUnit XML, which every CI system can show."""

from __future__ import annotations

from xml.etree import ElementTree as Xml

from tidegauge.records import Cause, Report, Result
from tidegauge_reports import _words as words
from tidegauge_reports._incidents import explaining, key

SKIPPED = ("not_applicable", "skipped", "inconclusive")


def render(report: Report) -> str:
    """Write one test suite with one test case a result.

    Critical results are failures, checks that broke are errors, what could not be judged is
    skipped with its reason, and warnings pass with their sentence in ``system-out``.
    """
    results = report.results
    totals = {
        "tests": str(len(results)),
        "failures": str(sum(r.verdict.outcome == "critical" for r in results)),
        "errors": str(sum(r.verdict.outcome == "error" for r in results)),
        "skipped": str(sum(r.verdict.outcome in SKIPPED for r in results)),
        "time": f"{sum(report.seconds.values()):.3f}",
    }
    name = words.clean(report.suite)
    top = Xml.Element("testsuites", {"name": name, **totals})
    stamp = words.clean(report.created).removesuffix("Z").partition(".")[0].partition("+")[0]
    suite = Xml.SubElement(top, "testsuite", {"name": name, **totals, "timestamp": stamp})
    _add_properties(suite, report)
    causes = explaining(report)
    for result in results:
        _add_case(suite, result, causes.get(key(result)))
    told = (report.because, *(f"{one.of}: {one.because}" for one in report.explanations))
    Xml.SubElement(suite, "system-out").text = "\n".join(words.clean(one) for one in told)
    Xml.indent(top)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + Xml.tostring(top, "unicode") + "\n"


def _add_properties(suite: Xml.Element, report: Report) -> None:
    named = {
        "run_id": report.run_id,
        "outcome": report.outcome,
        "baseline": f"{report.baseline.source} ({report.baseline.n:,} rows)",
        "current": f"{report.current.source} ({report.current.n:,} rows)",
        "window": report.current.window,
        **{f"version.{name}": version for name, version in report.versions.items()},
    }
    properties = Xml.SubElement(suite, "properties")
    for name, value in named.items():
        Xml.SubElement(
            properties, "property", {"name": words.clean(name), "value": words.clean(value)}
        )


def _add_case(suite: Xml.Element, result: Result, cause: Cause | None) -> None:
    word, because = result.verdict.outcome, words.clean(result.verdict.because)
    # The sentence of the cause stands in the text alone: CI systems group failures by message.
    whole = f"{because}\n{_blamed(cause)}" if cause else because
    case = Xml.SubElement(
        suite,
        "testcase",
        {"classname": words.clean(result.evaluator), "name": _name(result), "time": "0"},
    )
    if word == "critical":
        Xml.SubElement(case, "failure", {"message": because, "type": word}).text = whole
    elif word == "error":
        Xml.SubElement(case, "error", {"message": because, "type": word}).text = because
    elif word in SKIPPED:
        Xml.SubElement(case, "skipped", {"message": f"{words.outcome(word)}: {because}"})
    elif word in ("warn", "info"):
        Xml.SubElement(case, "system-out").text = f"{word}: {whole}"


def _blamed(cause: Cause) -> str:
    """Name the cause of a finding; where none is proven, what changed together with it."""
    link = "Goes with" if cause.verdict == "undetermined" else "Because of"
    return f"{link} {words.shorten(cause.factor, 120)}: {words.clean(cause.because)}"


def _name(result: Result) -> str:
    """Name a case so that no two share one: the check's id is added where it says more."""
    place = "/".join(filter(None, (result.column, result.slice))) or "whole log"
    alias = "" if result.check == result.evaluator else f" ({result.check})"
    return words.clean(place + alias)
