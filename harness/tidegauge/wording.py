"""Numbers in words, as sentences in verdicts show them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, time, timedelta

from tidegauge.records import Card, Interval


def number(value: float) -> str:
    """Write a number to three significant digits, thousands grouped.

    Examples
    --------
    >>> number(0.123456), number(1234567.0), number(0.0), number(2.0)
    ('0.123', '1,234,567', '0', '2')
    """
    if not math.isfinite(value):
        return "unbounded"
    size = abs(value)
    if size >= 1e15 or 0 < size < 1e-4:
        return f"{value:.2e}"
    if size >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def amount(value: float, unit: str) -> str:
    """Write a value with its unit; shares as percentages.

    Examples
    --------
    >>> amount(0.0312, "share of rows"), amount(181.2, "milliseconds"), amount(0.3, "")
    ('3.12 %', '181 ms', '0.3')
    """
    if unit.startswith("share"):
        return f"{number(100 * value)} %"
    short = {"milliseconds": " ms", "hours": " h", "rows per second": " rows/s"}
    return number(value) + short.get(unit, "")


def span(interval: Interval, card: Card) -> str:
    """Write an interval.

    Examples
    --------
    >>> from tidegauge.records import Card
    >>> card = Card(title="", explain="", reads=(), on="", better="lower", unit="", reference="")
    >>> span(Interval(0.1, 0.25), card)
    '0.1 to 0.25'
    """
    return f"{amount(interval.low, card.unit)} to {amount(interval.high, card.unit)}"


def chance(p: float) -> str:
    """Write a probability.

    Examples
    --------
    >>> chance(0.2), chance(3e-9), chance(0.0004)
    ('= 0.2', 'below 1e-06', '= 0.0004')
    """
    if p < 1e-6:
        return "below 1e-06"
    return f"= {p:.2g}"


def length(stretch: timedelta) -> str:
    """Write a length of time in its largest unit.

    Examples
    --------
    >>> length(timedelta(hours=47)), length(timedelta(hours=6)), length(timedelta(0))
    ('1d', '6h', '0s')
    """
    seconds = max(0, int(stretch.total_seconds()))
    units = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
    unit = next((one for one, size in units.items() if seconds >= size), "s")
    return f"{seconds // units[unit]}{unit}"


def window(text: str) -> str:
    """Write a window by its start, and its length where that is not a day.

    Parameters
    ----------
    text
        ``start/end`` in ISO 8601, as reports hold it; empty for all rows.

    Examples
    --------
    >>> window("2026-11-21T00:00:00+00:00/2026-11-22T00:00:00+00:00"), window("")
    ('2026-11-21', 'all rows')
    >>> window("2026-11-21T06:00:00+00:00/2026-11-21T12:00:00+00:00")
    '2026-11-21 06:00 +6h'
    """
    try:
        start, end = (datetime.fromisoformat(one).replace(tzinfo=None) for one in text.split("/"))
    except ValueError:
        return text or "all rows"
    if start.time() == time.min and end - start == timedelta(days=1):
        return start.date().isoformat()
    return f"{start:%Y-%m-%d %H:%M} +{length(end - start)}"


def listed(names: Sequence[str], most: int = 3) -> str:
    """Write names as a list, the rest as a number.

    Examples
    --------
    >>> listed(["a", "b"]), listed(["a", "b", "c", "d", "e"])
    ('a and b', 'a, b, c and 2 more')
    """
    shown, rest = list(names[:most]), len(names) - most
    if rest > 0:
        shown.append(f"{rest:,} more")
    return " and ".join(filter(None, [", ".join(shown[:-1]), shown[-1]])) if shown else ""


def counted(n: int, noun: str) -> str:
    """Write a count with its noun.

    Examples
    --------
    >>> counted(1, "check"), counted(1200, "row")
    ('1 check', '1,200 rows')
    """
    return f"{n:,} {noun}" + ("" if n == 1 else "s")
