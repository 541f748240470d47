"""Renderers of comparisons: hostile text stays text, pages hold themselves, verdicts come first."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree as Xml

import pytest

from tidegauge.catalog import renderer, renderer_names
from tidegauge.errors import SuiteError

from .comparisons import build, difference, unpaired
from .conftest import HOSTILE

NAMES = ("html", "json", "junit", "markdown", "terminal")


def test_renderers_of_comparisons_and_of_reports_are_apart() -> None:
    assert tuple(renderer_names("comparison")) == NAMES
    assert renderer("json", "comparison") is not renderer("json")
    with pytest.raises(SuiteError, match='renders a comparison as "prometheus"'):
        renderer("prometheus", "comparison")


@pytest.mark.parametrize("shout", HOSTILE)
@pytest.mark.parametrize("name", NAMES)
def test_any_text_can_be_written(name: str, shout: str) -> None:
    for found in (build(shout), unpaired(shout)):
        assert renderer(name, "comparison")(found).encode("utf-8")


@pytest.mark.parametrize("shout", HOSTILE)
def test_hostile_text_stays_text_in_the_page(shout: str) -> None:
    page = renderer("html", "comparison")(build(shout))
    for bad in ("<script>alert", "<img src=x", 'onmouseover="', "\x1b", "\u202e", "{{"):
        assert bad not in page.replace("{{ 7 * 7 }}", "")
    assert len(re.findall("<script", page)) == 1


def test_a_page_asks_nothing_of_the_network_and_runs_only_its_own_script() -> None:
    page = renderer("html", "comparison")(build())
    assert "default-src &#39;none&#39;" in page
    assert not re.findall(r'(?:src|href)="(?!#|data:)', page)
    assert "style=" not in page


def test_a_page_says_everything_in_its_sections() -> None:
    page = renderer("html", "comparison")(unpaired())
    for anchor in re.findall(r'href="#([\w-]+)"', page):
        assert f'id="{anchor}"' in page
    for said in ("income", "612 of 1,000 baseline rows", "93 %", "as logged", "+10 points"):
        assert said in page


def test_texts_that_may_hurt_are_folded_and_left_out_of_comments() -> None:
    page = renderer("html", "comparison")(build())
    assert "Texts folded, they may hurt" in page
    comment = renderer("markdown", "comparison")(build())
    assert "texts left out, they may hurt" in comment


def test_drawings_put_better_to_the_right_whichever_way_is_good() -> None:
    from tidegauge_reports.comparison._forest import forest

    found = build()
    places = []
    for metric in ("performance.accuracy", "service.latency_p95"):
        drawn = str(forest(found, difference(metric, "worse")))
        dot = re.search(r'circle class="dot" cx="([\d.]+)"', drawn)
        assert dot is not None
        places.append(float(dot[1]))
    assert places[0] > 120 > places[1], "up is good for accuracy and bad for latency"


def test_a_comment_begins_with_the_verdict_and_is_short() -> None:
    many = tuple(difference("cost_usd", "not_shown") for _ in range(500))
    lines = renderer("markdown", "comparison")(build(differences=many)).split("\n")
    assert lines[0] == "### ❌ credit: worse"
    assert lines[2] == "The candidate is worse: accuracy."
    assert "and 480 more metrics" in lines
    assert len("\n".join(lines)) < 30_000


def test_tables_of_a_comment_keep_their_columns() -> None:
    comment = renderer("markdown", "comparison")(build("a | b"))
    rows = [line for line in comment.split("\n") if line.startswith("| ")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} <= {4, 7}


def test_ci_sees_failures_errors_and_what_was_skipped() -> None:
    demanded = difference("cost_usd", "not_shown", required=True)
    found = build(differences=(*build().differences, demanded))
    top = Xml.fromstring(renderer("junit", "comparison")(found))
    assert top.attrib["tests"] == "12"
    assert (top.attrib["failures"], top.attrib["errors"], top.attrib["skipped"]) == ("3", "1", "2")
    assert len(top.findall(".//failure")) == 3


def test_a_terminal_gets_the_verdict_and_every_metric() -> None:
    text = renderer("terminal", "comparison")(build())
    assert text.startswith("◆ worse  credit\nThe candidate is worse: accuracy.")
    assert text.count("moved") == 6, "four metrics, and the segments that gain or lose"
    passed = renderer("terminal", "comparison")(replace(build(), outcome="pass"))
    assert passed.startswith("✓ passed")
