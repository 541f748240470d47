"""The dashboard in a real browser: seen, read aloud, walked by keyboard, and used."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.slow
Open = Callable[..., Any]
PATHS = (
    "/", "/suites/credit-default?slice=*", "/suites/credit-default?as=table&range=7d",
    "/suites/churn?range=1y", "/runs/{run}", "/incidents?state=all", "/incidents/{incident}",
    "/compare", "/compare?before={earlier}&after={run}", "/comparisons", "/baselines", "/login",
)  # fmt: skip
SPOKEN = {
    "button", "link", "textbox", "searchbox", "combobox", "checkbox", "image", "table",
    "progressbar", "navigation",
}  # fmt: skip
CONTRAST = r"""
() => {
  const parse = (text) => {
    const [r, g, b, a = 1] = text.match(/[\d.]+/g).map(Number);
    return [r, g, b, a];
  };
  const light = ([r, g, b]) => [r, g, b].map((c) => c / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, at) => sum + c * [0.2126, 0.7152, 0.0722][at], 0);
  const over = (top, ground) =>
    top.slice(0, 3).map((c, at) => c * top[3] + ground[at] * (1 - top[3]));
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = parse(getComputedStyle(at).backgroundColor);
      if (color[3] === 1) return color;
    }
    return [255, 255, 255, 1];
  };
  const poor = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.data.trim() || element.closest("title, script, .sr, [hidden], option")) continue;
    if (!element.checkVisibility({ visibilityProperty: true })) continue;
    const style = getComputedStyle(element);
    const behind = ground(element);
    const color = parse(element.namespaceURI.endsWith("svg") ? style.fill : style.color);
    const [a, b] = [light(over(color, behind)), light(behind)].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.6 && Number(style.fontWeight) >= 700);
    if (ratio < (large ? 3 : 4.5)) poor.push(`${ratio.toFixed(2)} ${node.data.trim()}`);
  }
  return [...new Set(poor)];
}
"""
WIDER = """
() => document.documentElement.scrollWidth <= innerWidth ? [] :
  [...document.querySelectorAll("body *")]
    .filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
    .slice(0, 5).map((one) => one.outerHTML.slice(0, 160))
"""
SMALL = """
() => [...document.querySelectorAll("button, select, .button, textarea, .ranges a, .top nav a")]
  .filter((one) => !one.closest("thead"))
  .filter((one) => one.checkVisibility() && one.getBoundingClientRect().height < 32)
  .map((one) => one.textContent.trim())
"""


def address(path: str, site: Any) -> str:
    return path.format(run=site.run, earlier=site.earlier, incident=site.incident)


@pytest.mark.parametrize("path", PATHS)
def test_a_page_is_readable_on_every_screen_and_by_ear(opened: Open, site: Any, path: str) -> None:
    tab = opened(address(path, site), viewport={"width": 1280, "height": 800})
    assert nameless(tab) == []
    assert tab.evaluate(WIDER) == []
    assert tab.evaluate(CONTRAST) == [], "light"
    tab.emulate_media(color_scheme="dark")
    assert tab.evaluate(CONTRAST) == [], "dark"
    tab.set_viewport_size({"width": 360, "height": 740})
    assert tab.evaluate(WIDER) == []
    assert tab.evaluate(SMALL) == [], "too small for a finger"
    tab.emulate_media(media="print")
    assert not tab.locator(".top").is_visible()


def nameless(tab: Any) -> list[str]:
    """Roles of what a screen reader would meet without a name."""
    nodes = tab.context.new_cdp_session(tab).send("Accessibility.getFullAXTree")["nodes"]
    found = [
        (node["role"]["value"], node.get("name", {}).get("value", ""))
        for node in nodes
        if not node.get("ignored") and "role" in node
    ]
    roles = [role for role, _ in found]
    assert [roles.count(role) for role in ("main", "banner", "contentinfo")] == [1, 1, 1]
    assert len([role for role in roles if role in SPOKEN]) > 5
    return [role for role, name in found if role in SPOKEN and not name.strip()]


def test_the_keyboard_reaches_everything_and_shows_where_it_is(opened: Open, site: Any) -> None:
    tab = opened(f"/incidents/{site.incident}")
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.textContent") == "Skip to content"
    assert tab.locator(".skip").bounding_box()["x"] >= 0
    tab.keyboard.press("Enter")
    assert tab.evaluate("document.activeElement.id") == "main"
    met = []
    for _ in range(40):
        tab.keyboard.press("Tab")
        where = tab.evaluate(
            "() => { const at = document.activeElement; return ["
            "at.textContent.trim() || at.name, getComputedStyle(at).outlineStyle,"
            "at === document.body]; }"
        )
        if where[2]:
            break
        met.append(where[0])
        assert where[1] != "none", where
    for wanted in ("Acknowledge", "Open the report", "Resolve or comment", "comment", "Comment"):
        assert wanted in met, met


def test_an_incident_is_acknowledged_commented_and_resolved(opened: Open, site: Any) -> None:
    tab = opened(f"/incidents/{site.incident}")
    tab.get_by_role("button", name="Acknowledge").first.focus()
    tab.keyboard.press("Enter")
    tab.wait_for_url("**done=acknowledged*")
    assert "nobody is told again" in tab.get_by_role("status").first.inner_text()
    assert tab.locator(".kicker .state").inner_text() == "acknowledged"
    said = "<b>looking</b> into it </textarea><script>alert(1)</script>"
    tab.get_by_label("Comment").fill(said)
    tab.get_by_role("button", name="Comment", exact=True).click()
    tab.wait_for_url("**done=commented*")
    assert tab.locator(".story .said").last.inner_text() == said
    tab.get_by_label("Comment").fill("rolled back")
    tab.locator("#answer ~ form").get_by_role("button", name="Resolve").click()
    tab.wait_for_url("**done=resolved*")
    assert tab.locator(".kicker .state").inner_text() == "resolved"
    assert "rolled back" in tab.locator(".story").inner_text()
    assert tab.get_by_role("button", name="Acknowledge").count() == 0


def test_without_script_pages_can_be_read_and_forms_used(opened: Open, site: Any) -> None:
    tab = opened("/", java_script_enabled=False)
    tab.get_by_role("button", name=re.compile("^Theme")).click()
    assert tab.locator("html").get_attribute("data-theme") == "dark"
    tab.get_by_role("link", name="credit-default", exact=True).last.click()
    tab.locator("summary", has_text="Filter").click()
    tab.get_by_label("Column").select_option("income")
    tab.get_by_role("button", name="Show").click()
    assert "column=income" in tab.url
    assert {*tab.locator(".track h3 bdi:first-child").all_inner_texts()} == {"income"}
    tab.get_by_role("link", name="as a table").click()
    assert tab.locator(".track table").count() >= 1


def test_the_theme_is_kept_from_page_to_page(opened: Open) -> None:
    tab = opened("/", color_scheme="light")
    dark = "() => getComputedStyle(document.body).backgroundColor"
    before = tab.evaluate(dark)
    tab.get_by_role("button", name="Theme: as the system").click()
    assert tab.locator("html").get_attribute("data-theme") == "dark"
    tab.get_by_role("link", name="Baselines").click()
    assert tab.evaluate(dark) != before
    tab.get_by_role("button", name="Theme: dark").click()
    assert tab.evaluate(dark) == before


def test_a_report_inside_the_dashboard_can_be_searched(opened: Open, site: Any) -> None:
    tab = opened(f"/runs/{site.run}")
    tab.get_by_label("Search all checks").fill("income")
    every = tab.locator("#results tbody tr")
    tab.locator("#results tbody tr[hidden]").first.wait_for(state="attached")
    assert 0 < tab.locator("#results tbody tr:visible").count() < every.count()
    tab.get_by_role("link", name="credit-default").first.click()
    assert "/suites/credit-default" in tab.url


def test_a_run_is_started_and_its_page_follows_it_to_the_end(opened: Open, site: Any) -> None:
    tab = opened("/suites/churn")
    before = tab.locator("#runs ~ table tbody tr").count()
    tab.locator("summary", has_text="Run it now").click()
    tab.get_by_role("button", name="Run now").click()
    tab.wait_for_url("**done=started*")
    tab.locator("progress").or_(tab.locator("#news:not([hidden])")).first.wait_for()
    tab.wait_for_function(
        "() => /has run: critical/.test(document.getElementById('news').textContent)",
        timeout=60_000,
    )
    tab.wait_for_function(
        f"() => document.querySelectorAll('#runs ~ table tbody tr').length >= {before}"
    )
    assert tab.locator("#news").get_attribute("role") == "status"
    assert tab.locator("progress").count() == 0


def test_what_somebody_writes_survives_a_change_of_the_page(opened: Open, site: Any) -> None:
    tab = opened(f"/incidents/{site.incident}")
    tab.get_by_label("Comment").fill("half a sentence")
    other = opened(f"/incidents/{site.incident}")
    other.get_by_label("Comment").fill("meanwhile")
    other.get_by_role("button", name="Comment", exact=True).click()
    other.wait_for_url("**done=commented*")
    tab.locator("#news a").wait_for()
    assert tab.get_by_label("Comment").input_value() == "half a sentence"


def test_charts_are_drawn_within_a_second(opened: Open) -> None:
    tab = opened("/suites/credit-default?range=all&slice=*")
    spent = tab.evaluate(
        "() => { const [page] = performance.getEntriesByType('navigation');"
        "return page.domContentLoadedEventEnd - page.responseStart; }"
    )
    assert spent < 1_000
    assert tab.locator("svg.trend").count() >= 5
