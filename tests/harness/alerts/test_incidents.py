"""One cause is one incident that lives across windows."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.harness.alerts.conftest import Days, day, result, suite

from tidegauge.alerts import acknowledge, assign, comment, resolve
from tidegauge.errors import HistoryError, TidegaugeError
from tidegauge.records import Cause
from tidegauge.store import incidents as kept
from tidegauge.store import open_store

CAUSE = Cause(
    factor="income", verdict="distortion", share=1.0, because="income times 0.45.",
    columns=("income",), moved=("debt", "decision"),
    results=("drift.psi|income|", "drift.psi|debt|", "drift.psi@prediction|decision|"),
)  # fmt: skip


def test_a_calm_window_opens_nothing(days: Days) -> None:
    assert days.go(day(0, result("income", "pass"))).incidents == ()
    assert days.incidents() == ()


def test_findings_under_one_cause_are_one_incident(days: Days) -> None:
    names = ("income", "debt", "decision")
    done = days.go(day(0, *(result(name, "critical") for name in names), cause=CAUSE))
    (one,) = done.incidents
    assert one.cause == "income"
    assert one.findings == CAUSE.results
    assert one.title == "income: altered on the way (3 findings)"
    assert one.severity == "critical"
    assert "income times 0.45." in one.because


def test_unexplained_columns_are_one_incident_each_until_they_are_many(days: Days) -> None:
    few = days.go(day(0, result("income", "warn"), result("age", "warn")))
    assert len(few.incidents) == 2
    many = [result(f"column {n}", "critical") for n in range(40)]
    (one,) = days.go(day(1, *many)).incidents
    assert one.title.startswith("40 columns changed together: column 0, column 1")


def test_checks_and_slices_of_a_column_go_together(days: Days) -> None:
    (one,) = days.go(
        day(0, result("income", "warn"), result("income", "critical", slice="region=north"))
    ).incidents
    assert len(one.findings) == 2
    assert one.severity == "critical"


def test_later_windows_go_on_with_it_and_clean_ones_end_it(days: Days) -> None:
    (one,) = days.go(day(0, result("income", "warn"))).incidents
    days.go(day(1, result("income", "warn")))
    days.go(day(2, result("income", "pass")))
    days.go(day(3, result("income", "warn")))
    days.go(day(4, result("income", "pass")))
    days.go(day(5, result("income", "pass")))
    assert days.timeline(one.id) == ["opened", "found", "clean", "found", "clean", "resolved"]
    (ended,) = days.incidents()
    assert (ended.state, ended.windows, ended.resolved_by) == ("resolved", 3, "tidegauge")
    assert ended.first_window.startswith("2026-11-01")
    assert ended.last_window.startswith("2026-11-04")


def test_a_window_that_cannot_tell_ends_nothing(days: Days) -> None:
    (one,) = days.go(day(0, result("income", "warn"))).incidents
    for n in range(1, 5):
        days.go(day(n, result("income", "inconclusive")))
    assert days.incidents("open")[0].id == one.id
    days.go(day(5, result("age", "pass")))  # the check is gone: nobody knows
    assert days.incidents("open")


def test_the_same_window_again_changes_nothing(days: Days) -> None:
    report = day(0, result("income", "warn"))
    (one,) = days.go(report).incidents
    days.go(report)
    days.go(day(0, result("income", "warn"), again=1))
    assert days.timeline(one.id) == ["opened"]
    assert days.incidents()[0].windows == 1
    days.go(day(1, result("income", "pass")))
    days.go(day(1, result("income", "pass"), again=1))
    assert days.timeline(one.id) == ["opened", "clean"]


def test_a_window_judged_anew_is_corrected(days: Days) -> None:
    (one,) = days.go(day(0, result("income", "critical"))).incidents
    days.go(day(0, result("income", "pass"), again=1))
    assert days.timeline(one.id) == ["opened", "rejudged"]
    (now,) = days.incidents()
    assert (now.windows, now.clean) == (0, 1)
    days.go(day(1, result("income", "pass")))
    assert days.incidents()[0].state == "resolved"


def test_an_older_run_that_a_newer_one_replaced_is_not_settled(days: Days) -> None:
    old, new = day(0, result("income", "critical")), day(0, result("income", "pass"), again=1)
    days.store.save(old)
    days.go(new)
    days.go(replace(old, notes=("late",)))
    assert days.incidents() == ()


def test_a_late_window_is_noted_and_changes_no_newer_state(days: Days) -> None:
    (one,) = days.go(day(3, result("income", "warn"))).incidents
    days.go(day(4, result("income", "pass")))
    days.go(day(2, result("income", "critical")))
    assert days.timeline(one.id) == ["opened", "clean"]
    (now,) = days.incidents()
    assert (now.windows, now.clean, now.severity) == (2, 1, "warn")


def test_old_drift_in_a_window_judged_again_months_later_opens_nothing(days: Days) -> None:
    (one,) = days.go(day(0, result("income", "critical"))).incidents
    days.go(day(1, result("income", "pass")))
    days.go(day(2, result("income", "pass")))
    again = day(0, result("income", "critical"), result("decision", "critical"), again=1)
    changed = days.go(again, after=timedelta(days=60))
    assert {incident.title.split(":")[0] for incident in changed.incidents} == {"decision"}
    assert days.timeline(one.id) == ["opened", "clean", "resolved"]


def test_it_comes_back_within_the_period_and_is_a_new_one_after_it(days: Days) -> None:
    (one,) = days.go(day(0, result("income", "warn"))).incidents
    for n in (1, 2):
        days.go(day(n, result("income", "pass")))
    (back,) = days.go(day(4, result("income", "warn"))).incidents
    assert (back.id, back.state, back.reopened) == (one.id, "open", 1)
    for n in (5, 6):
        days.go(day(n, result("income", "pass")))
    (fresh,) = days.go(day(20, result("income", "warn"))).incidents
    assert fresh.id != one.id


def test_what_a_person_ended_stays_ended_for_the_windows_they_knew(days: Days) -> None:
    report = day(0, result("income", "warn"))
    (one,) = days.go(report).incidents
    resolve(days.store, one.id, by="ana", text="known")
    days.go(day(0, result("income", "warn"), again=1))
    assert days.incidents()[0].state == "resolved"
    days.go(day(1, result("income", "warn")))
    assert days.timeline(one.id) == ["opened", "resolved", "reopened"]


def test_getting_worse_is_told_even_to_those_who_acknowledged(days: Days) -> None:
    (one,) = days.go(day(0, result("income", "warn"))).incidents
    acknowledge(days.store, one.id[:4], by="ana", text="on it")
    days.go(day(1, result("income", "warn")))
    assert days.incidents()[0].state == "acknowledged"
    days.go(day(2, result("income", "critical")))
    (now,) = days.incidents()
    assert (now.state, now.severity, now.acknowledged_by) == ("open", "critical", "")
    days.go(day(3, result("income", "critical")))
    what = ["opened", "acknowledged", "found", "escalated", "found"]
    assert days.timeline(one.id) == what


def test_it_is_told_again_after_the_cooldown_unless_acknowledged(days: Days) -> None:
    (one,) = days.go(day(0, result("income", "warn"))).incidents
    for n in range(1, 8):
        days.go(day(n, result("income", "warn")))
    assert days.timeline(one.id) == ["opened", *["found"] * 4, "repeated", *["found"] * 2]
    acknowledge(days.store, one.id, by="ana")
    for n in range(8, 20):
        days.go(day(n, result("income", "warn")))
    assert days.timeline(one.id).count("repeated") == 1


def test_people_s_words_are_kept_with_their_names(days: Days) -> None:
    (one,) = days.go(day(0, result("income", "warn"))).incidents
    comment(days.store, one.id, by="ana", text="began with <b>release 4.2</b>\0")
    assign(days.store, one.id, owner="data platform", by="ana")
    said = kept.events(days.store, one.id)
    assert [(event.by, event.what) for event in said[1:]] == [
        ("ana", "commented"), ("ana", "assigned"),
    ]  # fmt: skip
    assert said[1].text == "began with <b>release 4.2</b>\ufffd"
    assert days.incidents()[0].owner == "data platform"


def test_what_makes_no_sense_is_refused_with_the_next_step(days: Days) -> None:
    (one,) = days.go(day(0, result("income", "warn"))).incidents
    with pytest.raises(TidegaugeError, match="the comment is empty"):
        comment(days.store, one.id, by="ana", text=" ")
    with pytest.raises(HistoryError, match="no incident 'ffff'"):
        acknowledge(days.store, "ffff", by="ana")
    resolve(days.store, one.id, by="ana")
    with pytest.raises(TidegaugeError, match="ended at"):
        acknowledge(days.store, one.id, by="ana")


def test_the_log_without_rows_is_an_incident_until_rows_come(days: Days) -> None:
    (one,) = days.go(day(0, rows=0)).incidents
    assert (one.sort, one.title, one.severity) == ("empty", "no rows for 2026-11-01", "critical")
    days.go(day(1, rows=0))
    days.go(day(2, result("income", "pass")))
    assert days.timeline(one.id) == ["opened", "found", "resolved"]


def test_incidents_are_listed_worst_first_and_counted(days: Days) -> None:
    days.go(day(0, result("income", "warn"), result("age", "critical")))
    listed = kept.incidents(days.store, "credit", kept.UNRESOLVED)
    assert [one.severity for one in listed] == ["critical", "warn"]
    assert kept.counts(days.store) == {"open": 2}
    assert kept.incidents(days.store, before=listed[0].id) == listed[1:]
    assert {one.id for one in kept.of_run(days.store, "run000000000")} == {o.id for o in listed}
    (seen,) = kept.sightings(days.store, listed[0].id)
    assert (seen["state"], seen["findings"][0]["column"]) == ("found", "age")


def test_a_history_in_postgres_does_the_same(place: str) -> None:
    store = open_store(place)
    days = Days(store, suite())
    (one,) = days.go(day(0, result("income", "warn"))).incidents
    acknowledge(store, one.id, by="ana")
    days.go(day(1, result("income", "critical")))
    days.go(day(2, result("income", "pass")))
    days.go(day(3, result("income", "pass")))
    assert days.timeline(one.id) == ["opened", "acknowledged", "escalated", "clean", "resolved"]
    assert kept.counts(store) == {"resolved": 1}
    store.close()
