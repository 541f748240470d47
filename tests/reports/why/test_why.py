"""The section that a person reads first, on the page."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from math import nan

import pytest

from tidegauge.records import Cause, Explanation, Interval, Report
from tidegauge_reports import _mechanisms, html, junit, markdown, terminal

Explained = Callable[[str], Report]
KINDS = ("one", "three", "tied", "none", "profiles", "texts", "hostile", "flood", "bare")
RENDERERS = (html, markdown, terminal, junit)


class Page(HTMLParser):
    """Collects what a browser would act on, and what lies folded."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.text: list[str] = []
        self._raw = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        self._raw = tag if tag in ("script", "style") else self._raw

    def handle_endtag(self, tag: str) -> None:
        self._raw = "" if tag == self._raw else self._raw

    def handle_data(self, data: str) -> None:
        if not self._raw:
            self.text.append(data)

    @property
    def words(self) -> str:
        return " ".join("".join(self.text).split())


def section(page: str) -> str:
    """Cut out the part that says why."""
    found = re.search(r'<section aria-labelledby="why">.*?</section>', page, re.S)
    return found[0] if found else ""


def test_an_unexplained_report_says_nothing_of_causes(explained: Explained) -> None:
    page = html.render(explained("bare"))
    assert section(page) == ""
    assert "Causes in words" not in page
    assert "Why" not in terminal.render(explained("bare"))
    assert "#### Why" not in markdown.render(explained("bare"))


def test_where_nothing_changed_no_cause_is_named(explained: Explained) -> None:
    why = section(html.render(explained("none")))
    assert "No change found" in why
    assert "carry the change" not in why
    assert "<ol" not in why


def test_why_stands_straight_after_the_verdict(explained: Explained) -> None:
    page = html.render(explained("one"))
    assert page.index("</section>") < page.index('id="why"') < page.index('id="changed"')
    assert page.index('id="why"') - page.index("</section>") < 100


def test_a_cause_is_one_sentence_its_share_and_its_verdict_in_words(explained: Explained) -> None:
    report = explained("one")
    told = Page(section(html.render(report))).words
    assert report.causes[0].because in told
    assert "87 % of the change (81 % to 92 %)" in told
    assert "A column was altered on the way" in told
    assert "times 0.4536 (pounds to kilograms); an exact rule" in told
    assert "2026-01-07 14:00, at once" in told
    assert "region = north, 18.4 % of the rows" in told
    assert "brings back 91 % (86 % to 97 %) of what was lost; asked: the model" in told
    assert "first of all causes with probability 99.4 %" in told
    assert "application_id was left out" in told
    assert "Whether they caused it is not proven" in told


def test_three_causes_a_split_segments_and_the_order_are_told(explained: Explained) -> None:
    page = html.render(explained("three"))
    told = Page(section(page)).words
    assert 'aria-label="Parts of the change of log loss: inputs changed 93 %, same' in page
    assert "region = north and income below 30" in told
    assert "region, age → income, channel → approved" in told
    assert "Rests on a causal order (the suite). It is an assumption" in told
    assert "shared-support decomposition" in told
    assert "nats a row" in told


def test_a_cause_that_was_told_is_not_told_again(explained: Explained) -> None:
    page = section(html.render(explained("three")))
    assert page.count("since 2026-01-07 14:00, in rows of region north only") == 1
    assert page.count('href="#w0-0">told above') == 1


def test_a_tie_is_said_and_blames_nobody(explained: Explained) -> None:
    page = html.render(explained("tied"))
    told = Page(page).words
    assert "The data cannot tell which of these it is: income, age." in told
    assert "A causal order in the suite (causes: {order: ...}) may tell them apart." in told
    assert "4 alarms go with what cannot be told; 3 alarms stand alone." in told
    assert "Together with income" in told
    assert "Because of" not in told


def test_what_rests_on_profiles_alone_says_so(explained: Explained) -> None:
    for render in (html.render, markdown.render, terminal.render):
        assert "no rows were compared" in " ".join(render(explained("profiles")).split())


def test_words_and_example_texts_are_folded_and_what_may_hurt_twice(explained: Explained) -> None:
    page = section(html.render(explained("texts")))
    assert "refund" in page
    assert page.index("<summary>Example rows") < page.index("Where is my refund?")
    assert page.index("text folded, it may hurt") < page.index("You rotten thieves")


def test_forty_columns_with_one_cause_make_one_incident(explained: Explained) -> None:
    page = html.render(explained("flood"))
    told = Page(page).words
    assert "One cause explains all 61 alarms." in told
    assert page.count('<section class="incident"') == 1
    assert "Alarms without a known cause" not in told
    folded = page.index("more columns that moved because of it</summary>")
    cards = [found.start() for found in re.finditer(r'class="card (critical|warn)" id="c', page)]
    assert sum(place < folded for place in cards) == 2  # the column itself and the whole log
    assert len(cards) > 30
    links = set(re.findall(r'href="#([^"]+)"', page))
    assert "i0" in links
    assert 'id="i0"' in page


def test_findings_without_a_cause_stand_apart(explained: Explained) -> None:
    page = html.render(explained("one"))
    assert page.index('id="i0"') < page.index("Alarms without a known cause")
    assert page.index("Alarms without a known cause") < page.index("<bdi>loan_amount</bdi></h3>")


@pytest.mark.parametrize("kind", KINDS)
def test_links_lead_to_places_on_the_page_and_ids_are_unique(
    explained: Explained, kind: str
) -> None:
    page = Page(html.render(explained(kind)))
    ids = [value for _, name, value in page.attributes if name == "id"]
    targets = {value[1:] for _, name, value in page.attributes if name == "href"} - {"ata:,"}
    assert len(ids) == len(set(ids))
    assert targets <= set(ids)
    labelled = {value for _, name, value in page.attributes if name == "aria-labelledby"}
    assert labelled <= set(ids)


def test_hostile_text_stays_text_wherever_an_explanation_holds_some(explained: Explained) -> None:
    page = Page(html.render(explained("hostile")))
    assert page.tags.count("script") == 1
    assert page.tags.count("style") == 1
    assert "img" not in page.tags
    assert not [name for _, name, _ in page.attributes if name.startswith("on") or name == "style"]
    assert "{{ 7 * 7 }}" in page.words
    assert not set(page.words) & {"\x1b", "\x00", "\x07", "\u202e"}


def test_hostile_text_makes_no_markup_in_markdown(explained: Explained) -> None:
    text = markdown.render(explained("hostile"))
    prose = re.sub(r"(`+).*?\1", "", text)
    assert "<" not in re.sub(r"</?(details|summary)>", "", prose)
    assert not re.search(r"@\w|(?<!#)#\d|https?://\w|(?<!\\)\]\(", prose)
    assert not set(text) & {"\x1b", "\x00", "\u202e"}
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    widths = {len(re.findall(r"(?<!\\)\|", row)) for row in rows}
    assert widths <= {4, 5, 6, 7}
    assert len(text) < 65_536


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("width", [40, 80, 120])
def test_no_line_is_wider_than_the_terminal(explained: Explained, kind: str, width: int) -> None:
    from io import StringIO

    from rich.cells import cell_len
    from rich.console import Console

    console = Console(file=StringIO(), width=width, force_terminal=False)
    terminal.print_report(explained(kind), console)
    text: str = console.file.getvalue()  # type: ignore[attr-defined]
    assert max(cell_len(line.rstrip()) for line in text.splitlines()) <= width
    assert not set(text) & {"\x1b", "\x00", "\x07", "\u202e"}


def test_a_terminal_shows_the_cause_before_the_alarms_and_counts_those_it_explains(
    explained: Explained,
) -> None:
    text = terminal.render(explained("flood"))
    assert text.index("why  ≠ A column was altered on the way") < text.index("drift.psi")
    assert "██████████████░░  income  87 % of the change (81 % to 92 %)" in text
    assert "and 58 more because of income" in text


def test_a_failure_in_ci_names_its_cause_in_the_text_alone(explained: Explained) -> None:
    from xml.etree import ElementTree as Xml

    report = explained("one")
    failures = {
        (case.attrib["classname"], case.attrib["name"]): case.find("failure")
        for case in Xml.fromstring(junit.render(report)).iter("testcase")
    }
    blamed, alone = (failures["drift.psi", name] for name in ("income", "loan_amount"))
    assert blamed is not None
    assert alone is not None
    assert (
        blamed.text == f"{blamed.attrib['message']}\nBecause of income: {report.causes[0].because}"
    )
    assert alone.text == alone.attrib["message"]
    said = Xml.fromstring(junit.render(report)).findtext("testsuite/system-out")
    assert said == f"{report.because}\ndrift: {report.explanations[0].because}"


@pytest.mark.parametrize("render", [module.render for module in RENDERERS])
@pytest.mark.parametrize("kind", KINDS)
def test_every_renderer_tells_every_sample(
    explained: Explained, render: Callable[[Report], str], kind: str
) -> None:
    assert render(explained(kind)) == render(explained(kind))


@pytest.mark.parametrize("render", [module.render for module in RENDERERS])
def test_shares_that_are_no_numbers_cost_nothing_but_themselves(
    explained: Explained, render: Callable[[Report], str]
) -> None:
    bad = Cause(factor="x", share=nan, interval=Interval(nan, nan), rank_one=nan, because="odd")
    one = Explanation(of="drift", verdict="covariate", because="so", causes=(bad,))
    split = explained("three").explanations[0]
    assert split.decomposition is not None
    parts = (bad, *split.decomposition.parts)
    split = replace(split, decomposition=replace(split.decomposition, parts=parts, gap=nan))
    text = render(replace(explained("one"), explanations=(one, split)))
    assert not re.search(r"\bnan\b", text)


def test_every_verdict_has_words_a_meaning_and_a_sign_of_its_own() -> None:
    tables = (_mechanisms.WORDS, _mechanisms.SHORT, _mechanisms.MEANINGS, _mechanisms.GLYPHS)
    for table in tables:
        assert list(table) == list(_mechanisms.WORDS)
        assert len(set(table.values())) == len(table)
    icons = {_mechanisms.icon(mechanism) for mechanism in _mechanisms.WORDS}
    assert len(icons) == len(_mechanisms.WORDS)


def test_verdicts_are_those_of_the_records() -> None:
    from typing import get_args

    from tidegauge.records import Mechanism

    assert list(_mechanisms.WORDS) == list(get_args(Mechanism))
