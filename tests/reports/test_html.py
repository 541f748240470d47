from __future__ import annotations

import re
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tidegauge.records import Report
from tidegauge_reports import html

MakeReport = Callable[..., Report]
VOID = {"meta", "link", "input", "col", "wbr", "br", "img"}


class Page(HTMLParser):
    """Collects what a browser would act on."""

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


def test_a_calm_report_says_so_first_and_raises_nothing(make_report: MakeReport) -> None:
    page = html.render(make_report(12, 0))
    assert "Nothing raised an alarm" in page
    assert '<section class="verdict pass"' in page
    assert page.index("✓</span> Pass") < page.index('id="changed"') < page.index('id="checks"')


def test_a_report_without_columns_or_results_still_renders(make_report: MakeReport) -> None:
    bare = replace(
        make_report(1, 0), results=(), columns=(), checks=(), cards={}, notes=(), versions={}
    )
    text = " ".join(Page(html.render(bare)).text)
    assert "No checks were asked for" in text


def test_every_result_stands_in_the_table_with_its_reason(make_report: MakeReport) -> None:
    report = make_report(12, 3, slices=3)
    page = html.render(report)
    for outcome in {result.verdict.outcome for result in report.results}:
        wanted = sum(result.verdict.outcome == outcome for result in report.results)
        assert page.count(f"<tr class={outcome}>") == wanted, outcome
    text = "".join(Page(page).text)
    assert all(result.verdict.because in text for result in report.results)


def test_every_measure_is_explained_in_its_own_words(make_report: MakeReport) -> None:
    report = make_report()
    text = " ".join("".join(Page(html.render(report)).text).split())
    assert all(card.explain in text for card in report.cards.values())


def test_the_page_reads_in_the_promised_order(make_report: MakeReport) -> None:
    page = html.render(make_report())
    parts = ("why", "changed", "checks", "columns-title", "measures", "notes", "made")
    places = [page.index(f'id="{part}"') for part in parts]
    places.insert(0, page.index('class="verdict'))
    assert places == sorted(places)


def test_hostile_text_stays_text(make_report: MakeReport) -> None:
    page = Page(html.render(make_report(12, 9, hostile=True)))
    assert page.tags.count("script") == 1
    assert page.tags.count("style") == 1
    assert "img" not in page.tags
    assert not [name for _, name, _ in page.attributes if name.startswith("on")]
    text = "".join(page.text)
    assert "<script>alert(1)</script>" in text
    assert "{{ 7 * 7 }}" in text
    assert not set(text) & {"\x1b", "\x00", "\x07", "\u202e"}


def test_nothing_on_the_page_points_outside_it(make_report: MakeReport) -> None:
    page = Page(html.render(make_report(12, 9, hostile=True)))
    pointing = {"src", "href", "srcset", "action", "data", "poster", "xlink:href", "background"}
    targets = [value for _, name, value in page.attributes if name in pointing]
    ids = {value for _, name, value in page.attributes if name == "id"}
    assert {target for target in targets if not target.startswith("#")} == {"data:,"}
    assert {target[1:] for target in targets if target.startswith("#")} <= ids
    assert not [name for _, name, _ in page.attributes if name == "style"]


def test_ids_are_unique(make_report: MakeReport) -> None:
    page = Page(html.render(make_report(60, 20, slices=2)))
    ids = [value for _, name, value in page.attributes if name == "id"]
    assert len(ids) == len(set(ids))


def test_the_content_policy_allows_only_the_seals_of_our_own_style_and_script(
    make_report: MakeReport,
) -> None:
    page = Page(html.render(make_report()))
    policy = next(value for _, name, value in page.attributes if "default-src" in value)
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert "http" not in policy


def test_every_picture_has_words_or_is_hidden_from_screen_readers(make_report: MakeReport) -> None:
    page = html.render(make_report())
    pictures = page.count("<svg")
    assert page.count('role="img" aria-label="') + page.count('aria-hidden="true">') >= pictures


@pytest.mark.parametrize(("columns", "slices", "most"), [(50, 0, 1_000_000), (500, 2, 3_000_000)])
def test_the_page_stays_small(
    make_report: MakeReport, columns: int, slices: int, most: int
) -> None:
    report = make_report(columns, 40, slices=slices)
    assert len(report.results) >= 6 * columns
    assert len(html.render(report).encode()) < most


def test_five_hundred_columns_render_within_a_second(make_report: MakeReport) -> None:
    report = make_report(500, 40, slices=2)
    html.render(make_report(2, 1))  # templates are read once a process
    start = time.process_time()
    html.render(report)
    assert time.process_time() - start < 1.0


def test_rendering_twice_gives_the_same_page(make_report: MakeReport) -> None:
    report = make_report(12, 3)
    assert html.render(report) == html.render(report)


def test_a_browser_runs_the_page_without_complaint_or_network(
    make_report: MakeReport, tmp_path: Path
) -> None:
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "chrome"))), "")
    if not browser:
        pytest.skip("no Chromium on this machine to open the page with")
    page, netlog = tmp_path / "report.html", tmp_path / "net.json"
    page.write_text(html.render(make_report(60, 9, hostile=True, slices=1)), encoding="utf-8")
    done = subprocess.run(
        [
            browser, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom",
            "--disable-background-networking", "--disable-component-update", "--no-first-run",
            "--host-resolver-rules=MAP * ~NOTFOUND", "--enable-logging=stderr",
            f"--log-net-log={netlog}", f"--user-data-dir={tmp_path / 'profile'}", page.as_uri(),
        ],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    complaints = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    assert not complaints, complaints
    asked = re.findall(r'"url":"(https?:[^"]*)"', netlog.read_text(errors="replace"))
    own = re.compile(
        r"https?://[\w.-]*(google|gvt1|gstatic|googleapis)\.com"
    )  # the browser's errands
    assert not [url for url in asked if not own.match(url)]
    assert "matching checks shown" in done.stdout, "the script did not reach the table"
