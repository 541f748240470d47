"""Every page: whole, escaped, guarded, named for screen readers, light, and quick to write."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tidegauge import catalog
from tidegauge.views import SuitesView, places

VOID = {"meta", "link", "input", "br", "wbr", "col", "img", "hr"}
IMPLIED = {"td", "th", "tr", "tbody", "thead", "option", "li", "dt", "dd", "p"}
"""Elements whose end tag HTML lets out; tables of reports make use of it."""
PAGES = (
    "suites", "suite", "run", "incidents", "incident", "diff", "comparisons", "comparison",
    "baselines", "error", "login",
)  # fmt: skip
ATTACKS = (
    "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>",
    "دخل \u202egnp.exe 🦀",
    "x" * 10_000,
    "{{ 7 * 7 }} {% raw %} </style></textarea></option></title>",
)
Make = Callable[..., Any]


class Reader(HTMLParser):
    """Reads a page as a browser would: elements with attributes, text, and what is nested."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.text: list[str] = []
        self.path: list[str] = []
        self.wrong: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.path.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        while self.path and self.path[-1] != tag and self.path[-1] in IMPLIED:
            self.path.pop()
        if not self.path or self.path.pop() != tag:
            self.wrong.append(tag)

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]


def draw(scene: Make, name: str, shout: str = "", **page: Any) -> str:
    made = scene(shout, **page)
    return catalog.page(name)(made.views[name], page=made.page)


def test_every_view_has_its_page(scene: Make) -> None:
    assert {*PAGES} == {*catalog.page_names()} == {*scene().views}


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("attack", range(len(ATTACKS)))
def test_hostile_text_stays_text(scene: Make, name: str, attack: int) -> None:
    shout = ATTACKS[attack]
    written = draw(scene, name, shout)
    page = Reader(written)
    assert not page.wrong, page.wrong[:5]
    assert all("src" in one for one in page.all("script"))
    assert not page.all("img")
    assert not page.all("style")
    for tag, attributes in page.elements:
        for attribute in attributes:
            assert attribute != "style", tag
            assert not attribute.startswith("on"), tag
    assert "\u202e" not in written
    assert "49 {% raw" not in written


@pytest.mark.parametrize("name", PAGES)
def test_nothing_leads_off_this_host(scene: Make, name: str) -> None:
    page = Reader(draw(scene, name, path="/here?a=1"))
    for _, attributes in page.elements:
        for attribute in {"href", "src", "action", "formaction"} & {*attributes}:
            assert re.match(r"/(?!/)|#|\?", attributes[attribute]), attributes


@pytest.mark.parametrize("name", PAGES)
def test_behind_a_proxy_every_address_begins_with_its_path(scene: Make, name: str) -> None:
    page = Reader(draw(scene, name, base="/gauge"))
    for _, attributes in page.elements:
        for attribute in {"href", "src", "action", "formaction", "data-live"} & {*attributes}:
            assert attributes[attribute].startswith(("/gauge/", "#")), attributes


@pytest.mark.parametrize("name", PAGES)
def test_a_screen_reader_finds_its_way(scene: Make, name: str) -> None:
    page = Reader(draw(scene, name))
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len({*ids})
    assert [tag for tag, _ in page.elements].count("main") == 1
    assert page.all("html")[0]["lang"] == "en"
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert levels.count(1) == 1
    assert levels[0] == 1
    for before, after in pairwise(levels):
        assert after <= before + 1, levels
    named = {attributes.get("for") for attributes in page.all("label")}
    for svg in page.all("svg"):
        assert svg.get("aria-hidden") == "true" or (svg["role"], bool(svg["aria-label"])) == (
            "img", True,
        )  # fmt: skip
    for tag in ("textarea", "progress"):
        assert all(one["id"] in named for one in page.all(tag))
    for _, attributes in page.elements:
        for attribute in {"aria-labelledby", "aria-describedby"} & {*attributes}:
            assert {*attributes[attribute].split()} <= {*ids}
    assert all("href" in one for one in page.all("a"))


@pytest.mark.parametrize("name", PAGES)
def test_a_form_that_changes_something_holds_its_token_and_the_way_back(
    scene: Make, name: str
) -> None:
    written = draw(scene, name, path="/here?a=1")
    forms = re.findall(r'<form[^>]*method="post".*?</form>', written, re.S)
    assert forms
    for form in forms:
        assert 'name="csrf" value="c0ffee"' in form
        assert 'name="back" value="/here?a=1"' in form or 'action="/login"' in form


@pytest.mark.parametrize("name", ["suite", "incident"])
def test_who_may_only_look_is_offered_nothing_to_change(scene: Make, name: str) -> None:
    written = draw(scene, name, can_write=False, csrf="")
    actions = {one["action"] for one in Reader(written).all("form") if one["method"] == "post"}
    assert actions == {places.THEME}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_light_and_quick(scene: Make, name: str) -> None:
    made = scene(windows=366, charts=12)
    write = catalog.page(name)
    written = write(made.views[name], page=made.page)
    assert len(written.encode()) < 300_000

    def cost() -> float:
        start = time.process_time()
        write(made.views[name], page=made.page)
        return time.process_time() - start

    assert min(cost() for _ in range(3)) < 0.2


def test_two_hundred_suites_are_still_one_quick_page(scene: Make) -> None:
    made = scene()
    view = made.views["suites"]
    many = replace(view, tiles=view.tiles * 67, totals={"critical": 67, "pass": 134})
    written = draw_view("suites", many, made)
    start = time.process_time()
    draw_view("suites", many, made)
    assert time.process_time() - start < 0.2
    assert len(written.encode()) < 1_000_000


def draw_view(name: str, view: Any, made: Any) -> str:
    written: str = catalog.page(name)(view, page=made.page)
    return written


def test_an_empty_dashboard_says_what_to_do_next(scene: Make) -> None:
    text = draw_view("suites", SuitesView(tiles=()), scene())
    for command in ("tidegauge init", "tidegauge run", "tidegauge serve", "tidegauge demo"):
        assert command in text


@pytest.mark.parametrize(
    ("totals", "said"),
    [
        ({"critical": 2, "warn": 1}, "2 of 3 suites are critical"),
        ({"error": 1, "pass": 2}, "1 of 3 suites could not run"),
        ({"pass": 1}, "The suite passes"),
        ({"pass": 1, "none": 1}, "1 of 2 suites passes"),
        ({"none": 2}, "Nothing has run yet"),
    ],
)
def test_the_headline_says_the_worst_first(scene: Make, totals: dict[str, int], said: str) -> None:
    made = scene()
    view = replace(made.views["suites"], totals=totals)
    assert f"</span> {said}</h1>" in draw_view("suites", view, made)


def test_the_worst_incident_stands_first_and_says_why(scene: Make) -> None:
    made = scene()
    view = made.views["suites"]
    text = draw_view("suites", replace(view, incidents=view.incidents[::-1]), made)
    wrong, missing = text.index("debt_ratio in the wrong unit"), text.index("did not come")
    assert wrong < missing
    assert "22 % of rows times 100" in text


def test_an_incident_tells_what_since_when_why_and_what_to_do_in_this_order(scene: Make) -> None:
    text = draw(scene, "incident")
    said = (
        "debt_ratio in the wrong unit</bdi></h1>", "22 % of rows times 100", "<dt>since</dt>",
        "<dt>what to do</dt>", ">Acknowledge</button>", 'id="why"', 'id="findings"', 'id="story"',
    )  # fmt: skip
    found = [text.index(part) for part in said]
    assert found == sorted(found)


@pytest.mark.parametrize(
    ("state", "offered"),
    [
        ("open", {places.ACKNOWLEDGE, places.RESOLVE, places.COMMENT}),
        ("acknowledged", {places.RESOLVE, places.COMMENT}),
        ("resolved", {places.COMMENT}),
    ],
)
def test_an_incident_offers_what_fits_its_state(scene: Make, state: str, offered: set[str]) -> None:
    made = scene()
    view = made.views["incident"]
    page = Reader(draw_view("incident", replace(view, line=replace(view.line, state=state)), made))
    found = {one["action"] for one in page.all("form")} | {
        one["formaction"] for one in page.all("button") if "formaction" in one
    }
    wanted = {place.format(incident="inc-1") for place in offered}
    assert {one for one in found if one.startswith("/incidents/inc-1/")} == wanted


def test_the_table_holds_the_numbers_of_the_charts(scene: Make) -> None:
    charts = draw(scene, "suite", path="/suites/credit-default?range=90d")
    table = draw(scene, "suite", path="/suites/credit-default?range=90d&as=table")
    assert "/suites/credit-default?range=90d&amp;as=table" in charts
    assert charts.count("<svg") > table.count("<svg")
    assert table.count("<caption") > charts.count("<caption") + 10
    assert "22.5 %" in table
    assert "labels that have arrived" in charts.lower()
    assert 'data-label="arrived">' in table


def test_lines_of_a_comment_stay_lines(scene: Make) -> None:
    made = scene()
    view = made.views["incident"]
    entry = replace(view.entries[0], said="rolled back\n<b>asked upstream</b>")
    page = draw_view("incident", replace(view, entries=(entry,)), made)
    assert "rolled back<br>&lt;b&gt;asked upstream" in page


def test_what_could_not_be_judged_says_why(scene: Make) -> None:
    made = scene()
    view = made.views["suite"]
    track = replace(
        view.tracks[0], outcome="inconclusive", because="25 rows are too few", points=()
    )
    page = draw_view("suite", replace(view, tracks=(track,)), made)
    assert "25 rows are too few" in page


def test_filters_and_pages_keep_what_was_asked(scene: Make) -> None:
    page = Reader(draw(scene, "suite", path="/suites/credit-default?range=90d&find=debt&page=1"))
    links = [one["href"] for one in page.all("a")]
    assert "/suites/credit-default?range=90d&find=debt&page=2" in links
    assert "/suites/credit-default?range=30d&find=debt" in links
    assert {one["name"] for one in page.all("select")} == {"check", "column", "slice"}


def test_a_run_shows_its_report_with_a_way_back(scene: Make) -> None:
    text = draw(scene, "run")
    assert 'href="/suites/credit-default"' in text
    assert 'id="results"' in text
    assert "report.js" in text
    assert text.index('id="why"') < text.index('id="checks"')


def test_unchanged_findings_are_folded_and_worse_ones_first(scene: Make) -> None:
    text = draw(scene, "diff")
    assert "5 findings became worse" in text
    assert text.index(">Worse</h2>") < text.index("<details>")


@pytest.mark.parametrize("theme", ["auto", "light", "dark"])
def test_the_theme_is_the_servers_word(scene: Make, theme: str) -> None:
    root = Reader(draw(scene, "error", theme=theme)).all("html")[0]
    assert root.get("data-theme", "auto") == theme


def test_without_live_events_the_page_does_not_listen(scene: Make) -> None:
    assert "data-live" not in Reader(draw(scene, "suites", live=False)).all("body")[0]
    assert Reader(draw(scene, "suites")).all("body")[0]["data-live"] == places.EVENTS


def test_the_page_on_the_dashboard_names_every_address() -> None:
    told = (Path(__file__).parents[3] / "docs" / "dashboard.md").read_text("utf-8")
    for place in (
        places.SUITES, places.SUITE, places.RUN, places.RUN_REPORT, places.INCIDENTS,
        places.INCIDENT, places.DIFF, places.COMPARISONS, places.BASELINES,
    ):  # fmt: skip
        assert f"`{place}`" in told


def test_a_comparison_is_shown_as_its_own_report_shows_it(scene: Make) -> None:
    page = Reader(draw(scene, "comparison"))
    (verdict,) = (one for one in page.all("section") if one.get("aria-label") == "Verdict")
    assert verdict["class"] == "verdict critical"
    assert "Worse" in "".join(page.text)
    assert "Texts folded, they may hurt" in "".join(page.text)
    drawn = [one for one in page.all("svg") if "forest" in one.get("class", "")]
    assert len(drawn) == 8, "four metrics and four segments have an interval"
    assert ">worse</span>" in draw(scene, "comparisons")
