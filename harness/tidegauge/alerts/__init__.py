"""Alerts that people do not mute: alarms become incidents, and incidents set off actions.

``settle`` takes the findings of a run into incidents and notes what is to be done, ``deliver``
does it, ``check_arrivals`` misses windows that did not come. ``earlier`` tells the judge how many
windows in a row were beyond a limit, ``foretold`` how many false pages a year to expect.
"""

from tidegauge.alerts.arrivals import check_arrivals
from tidegauge.alerts.catching_up import catch_up
from tidegauge.alerts.delivering import deliver, try_out
from tidegauge.alerts.paging import foretold, paging
from tidegauge.alerts.people import acknowledge, assign, comment, resolve
from tidegauge.alerts.settling import settle
from tidegauge.alerts.streaks import earlier

__all__ = [
    "acknowledge",
    "assign",
    "catch_up",
    "check_arrivals",
    "comment",
    "deliver",
    "earlier",
    "foretold",
    "paging",
    "resolve",
    "settle",
    "try_out",
]
