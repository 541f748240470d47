"""What surrounds every page: head, ways to the other pages, theme, notice, footer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tidegauge.views import PageContext, places
from tidegauge_reports import _words as words
from tidegauge_reports._environment import environment
from tidegauge_reports._mechanisms import icon
from tidegauge_reports._tables import breakable
from tidegauge_reports.dashboard import _times as times

_NEXT_THEME = {"auto": "dark", "dark": "light", "light": "auto"}
_THEMES = {"auto": "as the system", "dark": "dark", "light": "light"}


def shell(
    template: str,
    *,
    page: PageContext,
    title: str,
    here: str = "",
    of_suite: str | None = None,
    of_incident: str | None = None,
    **shown: Any,
) -> str:
    """Write a page.

    Parameters
    ----------
    template
        File name of its template.
    page
        The request behind it.
    title
        What the tab is called.
    here
        Which of the ways at the top leads here.
    of_suite, of_incident
        What the page is about: empty = every suite or incident, ``None`` = it never changes.
    shown
        What the template shows.
    """
    now = times.parsed(page.now) or datetime.now(UTC)
    return (
        environment()
        .get_template(f"dashboard/{template}")
        .render(
            {
                **_words(page, now, here),
                **shown,
                "title": words.shorten(title, 120),
                "about": {"suite": of_suite, "incident": of_incident},
            }
        )
    )


def _words(page: PageContext, now: datetime, here: str) -> dict[str, Any]:
    """Give what every template may ask for."""
    return {
        "page": page,
        "url": page.url,
        "places": places,
        "ways": _ways(page, here),
        "theme": {"next": _NEXT_THEME[page.theme], "now": _THEMES[page.theme]},
        "worded": words.outcome,
        "marks": words.MARKS,
        "icon": icon,
        "breakable": breakable,
        "number": lambda n: f"{n:,}",
        "when": partial(times.when, now=now),
        "age": partial(times.age, now=now),
        "date": times.date,
        "ended": times.ended,
        "window": times.window,
    }


def asked(page: PageContext) -> dict[str, str]:
    """Read what the page's address asks for."""
    return dict(parse_qsl(urlsplit(page.path).query))


def again(page: PageContext, /, **changes: object) -> str:
    """Give the page's own address with some of its questions changed; empty ones fall away.

    Examples
    --------
    >>> again(PageContext(path="/suites/a?range=7d&page=2"), page="", check="drift.psi")
    '/suites/a?range=7d&check=drift.psi'
    """
    path = urlsplit(page.path).path
    query: Mapping[str, object] = {**asked(page), **changes}
    return places.link("", page.base + path, query)


def counted(n: int, one: str, many: str = "") -> str:
    """Word a number of things.

    Examples
    --------
    >>> counted(1, "alarm"), counted(1_200, "alarm"), counted(2, "is", "are")
    ('1 alarm', '1,200 alarms', '2 are')
    """
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def _ways(page: PageContext, here: str) -> list[dict[str, Any]]:
    ways = (
        ("suites", "Suites", places.SUITES),
        ("incidents", "Incidents", places.INCIDENTS),
        ("compare", "Compare", places.DIFF),
        ("baselines", "Baselines", places.BASELINES),
    )
    return [
        {
            "label": label,
            "href": page.url(place),
            "here": name == here,
            "count": page.open_incidents if name == "incidents" else 0,
        }
        for name, label, place in ways
    ]
