"""Nothing is told twice and nothing is lost: rounds that fail, are killed, or meet each other."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.harness.alerts.conftest import START, Days, Heard, day, result, suite

from tidegauge.alerts import deliver, delivering, settle
from tidegauge.alerts.delivering import _take
from tidegauge.operating import watch
from tidegauge.store import Store, open_store
from tidegauge.store import incidents as kept

Server = Callable[[], Heard]
HERE = Path(__file__).parents[3]


def test_a_failed_delivery_is_tried_next_round_after_a_growing_wait(
    server: Server, file_store: Store
) -> None:
    heard = server()
    heard.answers = [403, 403]
    written = suite(f'actions: [{{on: critical, webhook: "{heard.url}"}}]\n')
    Days(file_store, written).go(day(0, result("income", "critical")))
    now = START + timedelta(days=1, hours=6)
    assert deliver(file_store, written, now=now + timedelta(seconds=30)) == ()
    (second,) = deliver(file_store, written, now=now + timedelta(minutes=2))
    assert (second.state, second.attempts) == ("failed", 2)
    assert deliver(file_store, written, now=now + timedelta(minutes=3)) == ()
    (third,) = deliver(file_store, written, now=now + timedelta(minutes=10))
    assert (third.state, third.attempts) == ("delivered", 3)
    assert len(set(heard.keys())) == 1
    assert deliver(file_store, written, now=now + timedelta(days=9)) == ()


def test_what_never_works_is_given_up_and_says_so(file_store: Store) -> None:
    written = suite('actions: [{on: critical, command: ["false"]}]\n')
    Days(file_store, written).go(day(0, result("income", "critical")))
    for n in range(1, 20):
        deliver(file_store, written, now=START + timedelta(days=2 + n))
    (one,) = kept.deliveries(file_store)
    assert (one.state, one.attempts) == ("dropped", 12)
    assert one.problem.startswith("given up after 12 rounds: false ended with code 1")


def test_an_action_that_the_suite_no_longer_has_is_dropped(file_store: Store) -> None:
    written = suite('actions: [{on: critical, command: ["false"]}]\n')
    Days(file_store, written).go(day(0, result("income", "critical")))
    (one,) = deliver(file_store, suite(), now=START + timedelta(days=3))
    assert (one.state, one.problem) == ("dropped", "the suite has no such action any more")


def test_a_round_killed_while_sending_is_repeated_under_the_same_key(
    server: Server, file_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = server()
    written = suite(f'actions: [{{on: critical, webhook: "{heard.url}"}}]\n')
    report = day(0, result("income", "critical"))
    file_store.save(report)
    now = START + timedelta(days=1)
    settle(file_store, written, report, now=now)
    assert _take(file_store, written, now) is not None  # and the process is gone
    assert deliver(file_store, written, now=now + timedelta(days=1)) == ()
    monkeypatch.setattr(delivering, "clock", lambda: datetime.now(UTC) + timedelta(minutes=5))
    (one,) = deliver(file_store, written, now=now)
    assert (one.state, one.attempts) == ("delivered", 2)


def test_a_run_kept_by_a_killed_process_is_settled_by_the_next(days: Days) -> None:
    days.go(day(0, result("income", "pass")))
    days.store.save(day(1, result("income", "critical")))
    now = START + timedelta(days=2, hours=7)
    done = watch(days.suite, days.store, now=now)
    assert [one.title for one in done.incidents] == ["income: Population stability index"]
    assert watch(days.suite, days.store, now=now).incidents == ()


def test_a_history_from_before_alerts_is_not_gone_through(days: Days) -> None:
    days.store.save(day(0, result("income", "critical")))
    assert watch(days.suite, days.store, now=START + timedelta(days=1)).incidents == ()


PROGRAM = """
import sys
sys.path.insert(0, {here!r})
from datetime import timedelta
from tests.harness.alerts.conftest import Days, day, result, suite
from tidegauge.store import open_store
store = open_store(sys.argv[1])
days = Days(store, suite(sys.argv[2]))
for n in range(int(sys.argv[3]), int(sys.argv[4])):
    days.go(day(n, result("income", "critical" if n % 5 < 2 else "pass")), after=timedelta(hours=1))
    print(n, flush=True)
"""


def _begin(place: str, more: str, first: int, last: int) -> subprocess.Popen[str]:
    code = PROGRAM.format(here=str(HERE))
    words = [sys.executable, "-c", code, place, more, str(first), str(last)]
    return subprocess.Popen(words, cwd=HERE, stdout=subprocess.PIPE, text=True)


@pytest.mark.slow
def test_two_processes_settle_the_same_windows_and_tell_everything_once(
    server: Server, place: str
) -> None:
    heard = server()
    more = f'actions: [{{on: [critical, resolved], webhook: "{heard.url}"}}]\n'
    both = [_begin(place, more, 0, 6) for _ in range(2)]
    for one in both:
        one.communicate(timeout=60)
    assert [one.returncode for one in both] == [0, 0]
    keys = heard.keys()
    assert len(keys) == len(set(keys))
    store = open_store(place)
    found = kept.incidents(store)
    assert len(found) == 1
    told = [event.what for event in kept.events(store, found[0].id)]
    assert told.count("opened") == 1
    store.close()


@pytest.mark.slow
def test_rounds_killed_at_random_lose_nothing_and_tell_nothing_twice(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = server()
    more = f'actions: [{{on: [critical, resolved], webhook: "{heard.url}"}}]\n'
    place = str(tmp_path / "history.db")
    rng = random.Random(3)
    day_of, kills = 0, 0
    while day_of < 10:
        process = _begin(place, more, day_of, 10)
        assert process.stdout is not None
        line = process.stdout.readline()  # it has begun, and ended one day
        if kills < 3 and line:
            time.sleep(rng.uniform(0, 0.06))
            process.send_signal(signal.SIGKILL)
            kills += 1
        rest = process.stdout.read()
        process.stdout.close()
        process.wait(timeout=60)
        done = [int(word) for word in (line + rest).split()]
        day_of = done[-1] + 1 if done else day_of
    assert kills == 3
    store = open_store(place)
    written = suite(more)
    monkeypatch.setattr(delivering, "clock", lambda: datetime.now(UTC) + timedelta(hours=1))
    deliver(store, written, now=datetime.now(UTC) + timedelta(days=30))
    deliveries = kept.deliveries(store)
    assert {one.state for one in deliveries} == {"delivered"}
    assert set(heard.keys()) == {one.key for one in deliveries}
    (one,) = kept.incidents(store)
    what = [event.what for event in kept.events(store, one.id)]
    assert [word for word in what if word in ("opened", "reopened", "resolved")] == [
        "opened", "resolved", "reopened", "resolved",
    ]  # fmt: skip
    told = {(body["event"], body["window"]) for body in heard.bodies()}
    assert len(told) == len(set(heard.keys()))
    store.close()
