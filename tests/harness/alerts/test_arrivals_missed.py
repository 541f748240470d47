"""The dead-man's check: windows that did not come."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from tests.harness.alerts.conftest import START, SUITE, Days, Heard, day, result, suite

from tidegauge.alerts import acknowledge, check_arrivals, resolve
from tidegauge.alerts.arrivals import expected_windows
from tidegauge.operating import watch
from tidegauge.store import Store

EXPECTING = SUITE.replace("resolve_after: 2", "resolve_after: 2, expect: 2h")


def at(n: int, hours: float = 0) -> datetime:
    return START + timedelta(days=n, hours=hours)


@pytest.fixture
def waiting(file_store: Store) -> Days:
    """Days of a suite that waits two hours for each."""
    return Days(file_store, suite(text=EXPECTING))


def check(days: Days, now: datetime) -> list[str]:
    return [event.what for event in check_arrivals(days.store, days.suite, now=now)[0].events]


def test_nobody_waits_before_the_first_window_came(waiting: Days) -> None:
    assert check(waiting, at(9)) == []


def test_a_window_is_missed_when_its_grace_is_over_and_not_before(waiting: Days) -> None:
    waiting.go(day(0, result("income", "pass")))
    assert check(waiting, at(2, 1.9)) == []
    assert check(waiting, at(2, 2.1)) == ["opened"]
    (one,) = waiting.incidents()
    assert (one.sort, one.severity) == ("missing", "critical")
    assert one.title == "no rows for 2026-11-02"
    assert one.because == "no rows came for 2026-11-02, expected by 2026-11-03 02:00"
    assert check(waiting, at(2, 9)) == []


def test_further_windows_belong_to_it_and_the_newest_ends_it(waiting: Days) -> None:
    waiting.go(day(0, result("income", "pass")))
    check(waiting, at(2, 3))
    assert check(waiting, at(4, 3)) == ["found"]
    (one,) = waiting.incidents()
    assert one.title == "no rows for 2026-11-02 to 2026-11-04"
    assert one.windows == 3
    waiting.go(day(1, result("income", "pass")))
    assert check(waiting, at(4, 3)) == []
    assert waiting.incidents()[0].state == "open"  # two days are still missing
    waiting.go(day(3, result("income", "pass")))
    assert waiting.incidents()[0].state == "resolved"
    assert waiting.timeline(one.id) == ["opened", "found", "resolved"]


def test_what_a_person_ended_comes_back_with_the_next_missing_window_only(waiting: Days) -> None:
    waiting.go(day(0, result("income", "pass")))
    check(waiting, at(2, 3))
    (one,) = waiting.incidents()
    resolve(waiting.store, one.id, by="ana", text="a holiday")
    assert check(waiting, at(2, 5)) == []
    assert check(waiting, at(3, 3)) == ["reopened"]


def test_it_is_told_once_and_again_after_the_cooldown(
    server: Callable[[], Heard], file_store: Store
) -> None:
    heard = server()
    text = EXPECTING + f'actions: [{{on: missing, webhook: "{heard.url}"}}]\n'
    days = Days(file_store, suite(text=text))
    days.go(day(0, result("income", "pass")))
    for n in range(2, 9):
        watch(days.suite, file_store, now=at(n, 3))
    assert [body["event"] for body in heard.bodies()] == ["opened", "repeated"]
    acknowledge(file_store, days.incidents()[0].id, by="ana")
    for n in range(9, 20):
        watch(days.suite, file_store, now=at(n, 3))
    assert len(heard.bodies()) == 2


def test_a_suite_with_a_schedule_expects_what_its_runs_read() -> None:
    text = EXPECTING + 'schedule: {cron: "0 6 * * mon-fri", timezone: UTC}\n'
    monday = datetime(2026, 11, 23, 9, tzinfo=UTC)
    found = expected_windows(suite(text=text), monday)
    starts = [f"{one.start:%a %d}" for one in found[:4]]
    assert starts == ["Sun 22", "Thu 19", "Wed 18", "Tue 17"]
    early = expected_windows(suite(text=text), monday.replace(hour=7))
    assert f"{early[0].start:%a %d}" == "Thu 19"


def test_a_suite_that_waits_for_nothing_misses_nothing(days: Days) -> None:
    days.go(day(0, result("income", "pass")))
    assert check(days, at(30)) == []
