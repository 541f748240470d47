"""Renderers of comparisons: hostile text stays text, pages hold themselves, verdicts come first."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree as Xml

import pytest

from tidegauge.catalog import renderer, renderer_names
from tidegauge.comparison import (
    Comparison,
    Contrast,
    Decision,
    Difference,
    Disagreement,
    Margin,
    Mismatch,
    Mix,
    Pairing,
    Unadjusted,
)
from tidegauge.errors import SuiteError
from tidegauge.records import Card, Information, Interval, Policy, Side

from .conftest import HOSTILE

NAMES = ("html", "json", "junit", "markdown", "terminal")
DECISIONS: tuple[Decision, ...] = (
    "worse", "better", "no_worse", "not_shown", "too_few", "not_compared", "error",
)  # fmt: skip


def card(title: str, better: str, unit: str) -> Card:
    return Card(
        title=title, explain=f"What {title} is.", reads=("numeric",), on="x",
        better=better, unit=unit, reference="Somebody 1999",  # type: ignore[arg-type]
    )  # fmt: skip


CARDS = {
    "performance.accuracy": card("Accuracy", "higher", "share of rows"),
    "service.latency_p95": card("Latency, 95th percentile", "lower", "milliseconds"),
    "cost_usd": card("Mean of cost_usd", "lower", ""),
}


def difference(metric: str, decision: Decision, **given: Any) -> Difference:
    if decision in ("too_few", "not_compared", "error"):
        because = f"{metric}: there is nothing"
        return Difference(metric=metric, evaluator="", decision=decision, because=because, **given)
    sign = {"worse": 1.0, "better": -1.0}.get(decision, 0.1)
    contrast = Contrast(
        change=0.05 * sign, interval=Interval(0.05 * sign - 0.02, 0.05 * sign + 0.02), p_value=0.01,
        error=0.01, errors=(0.02, 0.02), correlation=0.8, n=1_000, groups=200, gained=30, lost=80,
        method="McNemar over groups, mid-p",
    )  # fmt: skip
    settings: dict[str, Any] = {
        "baseline": 0.8, "candidate": 0.8 + 0.05 * sign, "contrast": contrast, "adjusted_p": 0.02,
        "detectable": 0.028,
    }  # fmt: skip
    return Difference(
        metric=metric, evaluator=metric, decision=decision, because=f"{metric} moved",
        **(settings | given),
    )  # fmt: skip


def build(shout: str = "", **given: Any) -> Comparison:
    names = [*CARDS][:3]
    overall = [difference(names[i % 3], decision) for i, decision in enumerate(DECISIONS)]
    overall[0] = difference(
        names[0], "worse", margin=Margin(bound=0.01), allowed=0.01,
        unadjusted=Unadjusted(baseline=0.7, candidate=0.8, change=0.1),
    )  # fmt: skip
    parts = [difference(names[0], d, slice=f"region={shout}north") for d in DECISIONS[:4]]
    settings: dict[str, Any] = {
        "suite": f"credit{shout}",
        "comparison_id": "4f2a",
        "created": "2026-01-08T06:00:12+00:00",
        "outcome": "critical",
        "because": f"The candidate is worse: accuracy{shout}.",
        "baseline": Side(source=f"prod{shout}.parquet", n=1_000, digest="9f86"),
        "candidate": Side(source=f"new{shout}.parquet", n=1_010, digest="6030"),
        "pairing": Pairing(
            design="paired",
            by="id",
            because=f"1,000 rows that both models answered{shout}.",
            pairs=1_000,
            only_candidate=10,
            inputs=(Mismatch(column=f"x{shout}", rows=2, examples=((f"7{shout}", "1", shout),)),),
            groups="user",
        ),
        "policy": Policy(),
        "cards": CARDS,
        "differences": (*overall, *parts),
        "disagreements": tuple(
            Disagreement(
                id=f"{favours}{shout}",
                favours=favours,  # type: ignore[arg-type]
                metric=names[0],
                gain=gain,
                asked={
                    "prompt": f"a long question {shout} that nobody answers at once",
                    "truth": "1",
                },
                baseline={"prediction": f"no{shout}"},
                candidate={"prediction": "yes", f"role{shout}": shout},
                sensitive=gain < 0,
            )
            for favours, gain in (("candidate", 1.0), ("baseline", -0.4))
        ),
        "notes": (f"a note{shout}",),
        "versions": {"tidegauge": "0.1.0"},
        "seconds": {"read": 0.1},
    }
    return Comparison(**(settings | given))


def unpaired(shout: str = "") -> Comparison:
    mix = Mix(
        effective_baseline=612.4,
        effective_candidate=880.0,
        overlap=0.93,
        drift=Information(about="side and inputs", value=0.17, z=28.0),
        columns=((f"income{shout}", 0.3),),
        assumes="what makes rows harder was logged",
        method="overlap weights",
    )
    return build(shout, mix=mix, pairing=Pairing(design="unpaired", because="other rows"))


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
