"""Cron expressions: five fields, as crontab(5) reads them, on the clock of a time zone.

Where both the day of the month and the day of the week are restricted, a day that matches either
will do. When clocks go forward, what would have come in the skipped hour comes right after it; when
they go back, what is due at a fixed hour comes once, and what is due every so many minutes goes on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from tidegauge.wording import counted

MACROS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
MONTHS = {
    "jan": 1, "feb": 2, "mar": 3, "apr": 4, "may": 5, "jun": 6,
    "jul": 7, "aug": 8, "sep": 9, "oct": 10, "nov": 11, "dec": 12,
}  # fmt: skip
DAYS = {"sun": 0, "mon": 1, "tue": 2, "wed": 3, "thu": 4, "fri": 5, "sat": 6}
FIELDS: tuple[tuple[str, int, int, dict[str, int]], ...] = (
    ("minute", 0, 59, {}),
    ("hour", 0, 23, {}),
    ("day of the month", 1, 31, {}),
    ("month", 1, 12, MONTHS),
    ("day of the week", 0, 7, DAYS),
)
YEARS = 8
"""The longest wait there is: from 29 February 1896 to 1904, or 2096 to 2104."""


class CronError(ValueError):
    """An expression cannot be read; the message says where and what is allowed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cron:
    """When something is due, on the clock of a time zone."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    """Of the month."""
    months: frozenset[int]
    weekdays: frozenset[int]
    """0 = Sunday."""
    either: bool
    """Whether a day need only match one of ``days`` and ``weekdays``."""
    repeating: bool
    """Whether minute or hour begins with a star: such times follow the sun when clocks change."""
    zone: str = "UTC"
    """A name of the IANA time zone database."""

    def after(self, moment: datetime) -> datetime:
        """First moment, in UTC, at which it is due after ``moment`` (which must have a zone).

        Examples
        --------
        >>> berlin = parse_cron("30 2 * * *", zone="Europe/Berlin")
        >>> print(berlin.after(datetime(2026, 3, 29, 0, 0, tzinfo=UTC)))  # no 02:30 on that day
        2026-03-29 01:00:00+00:00
        """
        day = self._local(moment) - timedelta(days=1)
        for _ in range(366 * YEARS + 2):
            for due in _moments(self, day):
                if due > moment:
                    return due
            day += timedelta(days=1)
        raise CronError("no such day ever comes")

    def latest(self, moment: datetime) -> datetime | None:
        """Last moment, in UTC, at which it was due at or before ``moment``; None within 8 years.

        Examples
        --------
        >>> print(parse_cron("0 6 * * mon").latest(datetime(2026, 11, 25, 12, tzinfo=UTC)))
        2026-11-23 06:00:00+00:00
        """
        day = self._local(moment) + timedelta(days=1)
        for _ in range(366 * YEARS + 2):
            for due in reversed(_moments(self, day)):
                if due <= moment:
                    return due
            day -= timedelta(days=1)
        return None

    def _local(self, moment: datetime) -> date:
        return moment.astimezone(ZoneInfo(self.zone)).date()

    def _matches(self, day: date) -> bool:
        if day.month not in self.months:
            return False
        of_month, of_week = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        return of_month or of_week if self.either else of_month and of_week


def parse_cron(text: str, *, zone: str = "UTC") -> Cron:
    """Read an expression such as ``0 6 * * mon-fri`` or ``@daily``.

    Raises
    ------
    CronError
        When it cannot be read, or when no such day ever comes.

    Examples
    --------
    >>> sorted(parse_cron("*/20 6 * * *").minutes)
    [0, 20, 40]
    >>> parse_cron("0 25 * * *")
    Traceback (most recent call last):
        ...
    tidegauge.suite.cron.CronError: the hour "25" is none of 0 to 23
    """
    if text.strip().startswith("@"):
        if text.strip().lower() not in MACROS:
            raise CronError(f'"{text.strip()}" is none of {", ".join(MACROS)}')
        text = MACROS[text.strip().lower()]
    written = text.split()
    if len(written) != len(FIELDS):
        named = ", ".join(name for name, *_ in FIELDS)
        raise CronError(f"{counted(len(written), 'field')} where five belong: {named}")
    minutes, hours, days, months, weekdays = (
        frozenset(_values(part, *field)) for part, field in zip(written, FIELDS, strict=True)
    )
    cron = Cron(
        minutes=minutes,
        hours=hours,
        days=days,
        months=months,
        weekdays=frozenset(day % 7 for day in weekdays),
        either=not written[2].startswith("*") and not written[4].startswith("*"),
        repeating=written[0].startswith("*") or written[1].startswith("*"),
        zone=zone,
    )
    cron.after(datetime(2026, 1, 1, tzinfo=UTC))
    return cron


def _values(text: str, name: str, low: int, high: int, words: dict[str, int]) -> Iterator[int]:
    """Numbers that a field allows: a comma-separated list of ``*``, ``a``, ``a-b``, each ``/n``."""
    for part in text.lower().split(","):
        stretch, slash, step = part.partition("/")
        every = _number(step, f"step of the {name}", 1, high or 1, {}) if slash else 1
        first, dash, last = stretch.partition("-")
        if stretch == "*":
            start, end = low, high
        else:
            start = _number(first, name, low, high, words)
            end = high if slash else start
            end = _number(last, name, low, high, words) if dash else end
        if end < start:
            raise CronError(f'the {name} "{stretch}" ends before it starts')
        yield from range(start, end + 1, every)


def _number(text: str, name: str, low: int, high: int, words: dict[str, int]) -> int:
    if text in words:
        return words[text]
    if not (text.isascii() and text.isdigit()) or not low <= int(text) <= high:
        also = f" or {', '.join(words)}" if words else ""
        raise CronError(f'the {name} "{text}" is none of {low} to {high}{also}')
    return int(text)


@lru_cache(maxsize=256)
def _moments(cron: Cron, day: date) -> tuple[datetime, ...]:
    """Moments of one local day, in UTC, ascending, each once."""
    if not cron._matches(day):
        return ()
    zone = ZoneInfo(cron.zone)
    found: set[datetime] = set()
    for hour in cron.hours:
        for minute in cron.minutes:
            found.update(_instants(datetime.combine(day, time(hour, minute)), zone, cron.repeating))
    return tuple(sorted(found))


def _instants(wall: datetime, zone: ZoneInfo, repeating: bool) -> tuple[datetime, ...]:
    """Instants at which a clock on the wall shows this time: none, one, or two."""
    first = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    second = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    if first == second:
        return (first,)
    if first > second:  # skipped by the clock
        return () if repeating else (_end_of_gap(second, first, zone),)
    return (first, second) if repeating else (first,)


def _end_of_gap(low: datetime, high: datetime, zone: ZoneInfo) -> datetime:
    """Find the instant between two at which the zone's offset jumps, by halving."""
    before = low.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = (low + (high - low) / 2).replace(microsecond=0)
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high
