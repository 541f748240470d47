"""The ``schedule`` part of a suite: when ``tidegauge serve`` runs it."""

from __future__ import annotations

from tidegauge.suite.cron import CronError, parse_cron
from tidegauge.suite.document import Node, shown
from tidegauge.suite.shape import Schedule
from tidegauge.suite.values import entries, text

KEYS = {
    "cron": "Minute, hour, day of the month, month, day of the week: 0 6 * * * is daily at six.",
    "timezone": "Whose clock that is: Europe/Berlin (default UTC).",
}
ALLOWED = (
    "five fields: minute hour day-of-month month day-of-week, "
    'such as "0 6 * * *" (daily at 06:00), or @hourly, @daily, @weekly, @monthly'
)
ZONES = "a name of the IANA time zone database, such as UTC or Europe/Berlin"


def read_schedule(node: Node) -> Schedule | None:
    """Read a cron line, or a mapping of one and a time zone."""
    if not isinstance(node.value, dict):
        return _schedule(node, "UTC")
    found = entries(node, KEYS, '{cron: "0 6 * * *", timezone: Europe/Berlin}')
    zone = _zone(found["timezone"]) if "timezone" in found else "UTC"
    if "cron" not in found:
        node.complain('found no key "cron"; needed: cron', KEYS["cron"])
        return None
    return _schedule(found["cron"], zone)


def _schedule(node: Node, zone: str) -> Schedule | None:
    line = text(node, ALLOWED)
    if not line or not zone:
        return None
    try:
        parse_cron(line, zone=zone)
    except CronError as error:
        node.complain(f'found "{shown(line)}": {shown(str(error))}; allowed: {ALLOWED}')
        return None
    return Schedule(cron=" ".join(line.split()), timezone=zone)


def _zone(node: Node) -> str:
    from zoneinfo import ZoneInfo

    name = text(node, ZONES)
    try:
        return ZoneInfo(name).key if name else ""
    except (ValueError, OSError):  # unknown names are a KeyError's kin, folders an OSError
        node.wrong(ZONES)
    except KeyError:
        node.wrong(ZONES)
    return ""
