"""Windows of time: which rows of a log are meant."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tidegauge.errors import SuiteError

UNITS = {
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
MONDAY = datetime(1970, 1, 5, tzinfo=UTC)
"""Windows are laid from here, so weeks begin on Mondays and 6h windows at 0, 6, 12 and 18."""

ALLOWED = 'allowed: a day "2026-11-21", "start/end" with ISO dates or times, or "start/length"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A stretch of time, end excluded, both ends in UTC."""

    start: datetime
    end: datetime

    def __str__(self) -> str:
        return f"{self.start.isoformat()}/{self.end.isoformat()}"


def parse_window(text: str | None, length: str | None, *, now: datetime) -> Window | None:
    """Make a window of what a suite or a command line says.

    Parameters
    ----------
    text
        A day, a start, ``start/end`` or ``start/length``; nothing for the latest complete
        window before ``now``. Times without a zone are UTC.
    length
        How long the window is where ``text`` does not tell: ``30m``, ``6h``, ``1d``, ``1w``.

    Returns
    -------
    Window or None
        None when neither is given: all rows are meant.

    Raises
    ------
    SuiteError
        When either cannot be read, or the window ends before it starts.

    Examples
    --------
    >>> now = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
    >>> print(parse_window(None, "1d", now=now))
    2026-11-22T00:00:00+00:00/2026-11-23T00:00:00+00:00
    >>> print(parse_window("2026-11-21T06:00", "6h", now=now))
    2026-11-21T06:00:00+00:00/2026-11-21T12:00:00+00:00
    """
    span = None if length is None else parse_length(length)
    if text is None or text.strip() in ("", "latest"):
        return None if length is None else _latest(length, _utc(now))
    first, slash, last = text.strip().partition("/")
    start = _moment(first, text)
    if slash:
        end = start + parse_length(last) if _LENGTH.fullmatch(last.strip()) else _moment(last, text)
    elif span is not None:
        end = start + span
    elif _DAY.fullmatch(first.strip()):
        end = start + UNITS["d"]
    else:
        raise SuiteError(f'window "{text}" says when it starts but not how long it is', ALLOWED)
    if end <= start:
        raise SuiteError(
            f'window "{text}" ends before it starts', "the end is excluded: write the day after"
        )
    return Window(start=start, end=end)


_LENGTH = re.compile(r"(\d{1,6})\s*([mhdw])")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}|\d{8}")


def parse_length(text: str) -> timedelta:
    """Read ``30m``, ``6h``, ``1d`` or ``1w``."""
    found = _LENGTH.fullmatch(str(text).strip())
    if not found or not int(found[1]):
        raise SuiteError(
            f'"{text}" is not a length of time',
            "allowed: a whole number above 0 and one of m (minutes), h, d, w, as in 30m or 1d",
        )
    return int(found[1]) * UNITS[found[2]]


def _latest(length: str, now: datetime) -> Window:
    # A week begins on Monday, but "7d" ends last midnight: days are laid one by one.
    span, unit = parse_length(length), UNITS[length.strip()[-1]]
    step = span if span < UNITS["d"] else unit
    end = now - (now - MONDAY) % step
    return Window(start=end - span, end=end)


def _moment(text: str, whole: str) -> datetime:
    try:
        return _utc(datetime.fromisoformat(text.strip()))
    except ValueError:
        raise SuiteError(f'window "{whole}": cannot read "{text}" as a time', ALLOWED) from None


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
