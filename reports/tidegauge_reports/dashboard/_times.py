"""Moments as people read them: UTC, how long ago, and a form that machines read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from markupsafe import Markup, escape

from tidegauge_reports import _words as words

_STEPS = ((60, 1, "s"), (3_600, 60, "min"), (129_600, 3_600, "h"), (float("inf"), 86_400, "day"))
"""Seconds below which a unit is used, seconds of one unit, its name."""


def parsed(moment: str) -> datetime | None:
    """Read an ISO 8601 instant, UTC where it names no zone; ``None`` where it is none.

    Examples
    --------
    >>> parsed("2026-03-02T14:00:00Z").isoformat()
    '2026-03-02T14:00:00+00:00'
    >>> parsed("yesterday")
    """
    try:
        found = datetime.fromisoformat(moment)
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def seconds(moment: str) -> float | None:
    """Place an instant on the axis of time, in seconds since 1970; ``None`` where it is none."""
    found = parsed(moment)
    return found.timestamp() if found else None


def written(found: datetime) -> str:
    """Write a moment in UTC to the minute, without the parts that say nothing.

    Examples
    --------
    >>> written(parsed("2026-03-02T14:00:00Z")), written(parsed("2026-03-02T00:00:00Z"))
    ('2026-03-02 14:00', '2026-03-02')
    """
    return words.instant(found.replace(second=0, microsecond=0).isoformat())


def span(length: float) -> str:
    """Word a length of time in its largest fitting unit.

    Examples
    --------
    >>> [span(s) for s in (12, 60, 7_200, 90_000, 172_800, 8_640_000)]
    ['12 s', '1 min', '2 h', '25 h', '2 days', '100 days']
    """
    length = abs(length)
    size, name = next((size, name) for most, size, name in _STEPS if length < most)
    count = int(length // size)
    return f"{count:,} {name}{'s' if name == 'day' and count != 1 else ''}"


def away(moment: datetime, now: datetime) -> str:
    """Say how long ago a moment was, or in how long it will be.

    Examples
    --------
    >>> noon = parsed("2026-03-02T12:00:00Z")
    >>> away(parsed("2026-03-02T09:00:00Z"), noon), away(parsed("2026-03-03T12:00:00Z"), noon)
    ('3 h ago', 'in 24 h')
    """
    gap = (now - moment).total_seconds()
    if abs(gap) < 5:
        return "just now"
    return f"{span(gap)} ago" if gap > 0 else f"in {span(gap)}"


def when(moment: str, now: datetime) -> Markup:
    r"""Mark up a moment: when it was, and how long ago.

    Examples
    --------
    >>> str(when("2026-03-02T09:00:00Z", parsed("2026-03-02T12:00:00Z")))
    '<time datetime="2026-03-02T09:00:00Z">2026-03-02\xa009:00 <small>3 h ago</small></time>'
    """
    found = parsed(moment)
    if found is None:
        return escape(words.clean(moment) or words.UNKNOWN)
    return _marked(found, f"{_whole(found)} <small>{away(found, now)}</small>")


def age(moment: str, now: datetime) -> Markup:
    """Mark up how long ago a moment was; the moment itself shows when pointed at."""
    found = parsed(moment)
    if found is None:
        return escape(words.clean(moment) or words.UNKNOWN)
    return _marked(found, away(found, now), f' title="{written(found)} UTC"')


def date(moment: str) -> Markup:
    """Mark up a moment alone, where its age says nothing."""
    found = parsed(moment)
    if found is None:
        return escape(words.clean(moment) or words.UNKNOWN)
    return _marked(found, _whole(found))


def ending(moment: str) -> str:
    """Name a window by its end: one that ends at midnight is called by the day it closes.

    Examples
    --------
    >>> ending("2026-03-03T00:00:00Z"), ending("2026-03-03T06:00:00Z")
    ('2026-03-02', '2026-03-03 06:00')
    """
    found = parsed(moment)
    if found is None:
        return words.clean(moment) or words.UNKNOWN
    midnight = (found.hour, found.minute, found.second) == (0, 0, 0)
    return f"{found - timedelta(days=1):%Y-%m-%d}" if midnight else written(found)


def ended(moment: str) -> Markup:
    """Mark up a window named by its end.

    Examples
    --------
    >>> str(ended("2026-03-03T00:00:00Z"))
    '<time datetime="2026-03-03T00:00:00Z">2026-03-02</time>'
    """
    found = parsed(moment)
    return _marked(found, ending(moment)) if found else escape(ending(moment))


def window(text: str) -> Markup:
    """Mark up a window ``start/end``: a whole day is its date alone, a part of one its hours.

    Examples
    --------
    >>> str(window("2026-03-02T00:00:00Z/2026-03-03T00:00:00Z"))
    '<time datetime="2026-03-02">2026-03-02</time>'
    """
    ends = [parsed(end) for end in text.partition("/")[::2]]
    if None in ends or not text:
        return escape(words.clean(text.replace("/", " until ")) or "all rows")
    start, end = (end for end in ends if end is not None)
    midnight = (start.hour, start.minute, start.second) == (0, 0, 0)
    if midnight and (end - start).total_seconds() == 86_400:
        day = f"{start:%Y-%m-%d}"
        return Markup(f'<time datetime="{day}">{day}</time>')
    until = f"{end:%H:%M}" if start.date() == end.date() else _whole(end)
    return Markup("{} until {}").format(_marked(start, _whole(start)), _marked(end, until))


def _whole(found: datetime) -> str:
    """Write a moment that no line may break in two."""
    return written(found).replace(" ", "\xa0")


def _marked(found: datetime, told: str, more: str = "") -> Markup:
    stamp = found.replace(microsecond=0).isoformat().replace("+00:00", "Z")
    return Markup(f'<time datetime="{stamp}"{more}>{told}</time>')
