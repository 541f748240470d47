"""The comparison as JUnit XML: one test case a metric and segment."""

from __future__ import annotations

from xml.etree import ElementTree as Xml

from tidegauge.comparison import Comparison, Difference
from tidegauge_reports import _words as words
from tidegauge_reports.comparison import _said as said

SKIPPED = ("too_few", "not_compared")


def render(found: Comparison) -> str:
    """Write one test suite with one test case a difference.

    What is worse fails, and so does evidence that is demanded and not there; what could not be
    measured is skipped with its reason.
    """
    demanded = [one for one in found.differences if _unmet(one)]
    failed = [one for one in found.differences if one.decision == "worse" or one in demanded]
    totals = {
        "tests": str(len(found.differences)),
        "failures": str(len(failed)),
        "errors": str(sum(one.decision == "error" for one in found.differences)),
        "skipped": str(
            sum(one.decision in SKIPPED and one not in failed for one in found.differences)
        ),
        "time": f"{sum(found.seconds.values()):.3f}",
    }
    name = words.clean(f"{found.suite} comparison")
    top = Xml.Element("testsuites", {"name": name, **totals})
    stamp = words.clean(found.created).removesuffix("Z").partition(".")[0].partition("+")[0]
    suite = Xml.SubElement(top, "testsuite", {"name": name, **totals, "timestamp": stamp})
    properties = Xml.SubElement(suite, "properties")
    for key, value in _properties(found).items():
        Xml.SubElement(properties, "property", {"name": key, "value": words.clean(value)})
    for one in found.differences:
        _add(suite, one, one in failed)
    Xml.SubElement(suite, "system-out").text = words.clean(found.because)
    Xml.indent(top)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + Xml.tostring(top, "unicode") + "\n"


def _unmet(one: Difference) -> bool:
    """Whether evidence is demanded on all rows and not there."""
    demanded = one.required or one.margin is not None
    return demanded and not one.slice and one.decision in ("not_shown", *SKIPPED)


def _properties(found: Comparison) -> dict[str, str]:
    return {
        "comparison_id": found.comparison_id,
        "outcome": found.outcome,
        "baseline": f"{found.baseline.source} ({found.baseline.n:,} rows)",
        "candidate": f"{found.candidate.source} ({found.candidate.n:,} rows)",
        "pairing": found.pairing.because,
    }


def _add(suite: Xml.Element, one: Difference, failed: bool) -> None:
    because = words.clean(one.because)
    place = one.slice or "all rows"
    case = Xml.SubElement(
        suite, "testcase",
        {"classname": words.clean(one.metric), "name": words.clean(place), "time": "0"},
    )  # fmt: skip
    told = {"message": because, "type": one.decision}
    if failed:
        Xml.SubElement(case, "failure", told).text = because
    elif one.decision == "error":
        Xml.SubElement(case, "error", told).text = because
    elif one.decision in SKIPPED:
        reason = f"{said.WORDS[one.decision]}: {because}"
        Xml.SubElement(case, "skipped", {"message": reason})
    else:
        Xml.SubElement(case, "system-out").text = f"{said.WORDS[one.decision]}: {because}"
