"""Actions against real servers on loopback and real programs."""

from __future__ import annotations

import hashlib
import hmac
import json
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.harness.alerts.conftest import SUITE, Days, Heard, day, result, suite

from tidegauge.alerts import resolve, try_out
from tidegauge.alerts.delivering import trial_message
from tidegauge.alerts.texts import body_of, harmless, title_of
from tidegauge.store import Store
from tidegauge.store import incidents as kept
from tidegauge.suite import parse_suite

Server = Callable[[], Heard]
SECRET = "s3cr3t-of-the-hook"


def rounds(store: Store, more: str) -> Days:
    return Days(store, suite(more))


def test_a_webhook_is_signed_and_a_receiver_can_check_it(
    server: Server, file_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = server()
    monkeypatch.setenv("HOOK", heard.url)
    monkeypatch.setenv("SECRET", SECRET)
    days = rounds(
        file_store,
        'actions: [{on: critical, webhook: {url: "${HOOK}", secret: "${SECRET}", '
        'headers: {X-Team: "${SECRET}-x"}}}]\n',
    )
    done = days.go(day(0, result("income", "critical")))
    ((path, headers, body),) = heard.requests
    assert path == "/hook"
    assert headers["x-team"] == f"{SECRET}-x"
    stamp, _, signed = headers["tidegauge-signature"].partition(",v1=")
    at = stamp.removeprefix("t=")
    assert abs(int(at) - time.time()) < 60
    ours = hmac.new(SECRET.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    assert hmac.compare_digest(ours, signed)
    told = json.loads(body)
    (incident,) = done.incidents
    assert (told["incident"], told["event"], told["severity"]) == (
        incident.id, "opened", "critical",
    )  # fmt: skip
    assert told["findings"][0]["column"] == "income"
    assert headers["idempotency-key"] == told["key"]
    (delivery,) = done.deliveries
    assert (delivery.state, delivery.key) == ("delivered", told["key"])


def test_a_webhook_is_tried_again_with_the_same_key_and_a_fresh_signature(
    server: Server, file_store: Store
) -> None:
    heard = server()
    heard.answers = [503, 429]
    days = rounds(file_store, f'actions: [{{on: critical, webhook: "{heard.url}"}}]\n')
    (delivery,) = days.go(day(0, result("income", "critical"))).deliveries
    assert len(heard.requests) == 3
    assert len(set(heard.keys())) == 1
    assert delivery.state == "delivered"


def test_a_refusal_is_not_tried_again_at_once_and_told_without_secrets(
    server: Server, file_store: Store
) -> None:
    heard = server()
    heard.answers = [403]
    url = heard.url + "/T0KEN-of-the-service"
    days = rounds(file_store, f'actions: [{{on: critical, webhook: "{url}"}}]\n')
    (delivery,) = days.go(day(0, result("income", "critical"))).deliveries
    assert len(heard.requests) == 1
    assert delivery.state == "failed"
    assert "403" in delivery.problem
    assert "T0KEN" not in delivery.problem


def test_a_redirect_is_not_followed(server: Server, file_store: Store) -> None:
    other, heard = server(), server()
    heard.answers = [307]
    heard.headers = {"Location": other.url}
    days = rounds(file_store, f'actions: [{{on: critical, webhook: "{heard.url}"}}]\n')
    (delivery,) = days.go(day(0, result("income", "critical"))).deliveries
    assert delivery.state == "failed"
    assert other.requests == []


def test_a_server_that_does_not_answer_is_not_waited_for_long(
    server: Server, file_store: Store
) -> None:
    heard = server()
    heard.delay = 3.0
    hook = f'{{url: "{heard.url}", timeout: 0.2, attempts: 1}}'
    days = rounds(file_store, f"actions: [{{on: critical, webhook: {hook}}}]\n")
    began = time.monotonic()
    (delivery,) = days.go(day(0, result("income", "critical"))).deliveries
    assert time.monotonic() - began < 2
    assert (delivery.state, "nobody answered" in delivery.problem) == ("failed", True)


def test_people_are_told_through_apprise_with_a_harmless_text(
    server: Server, file_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = server()
    monkeypatch.setenv("ALERT_URL", f"json://127.0.0.1:{heard.port}/alerts")
    days = rounds(file_store, 'actions: [{on: [critical, resolved], notify: "${ALERT_URL}"}]\n')
    days.go(day(0, result("income @everyone <!here>\n\x1b[31m", "critical")))
    ((_, headers, body),) = heard.requests
    told = json.loads(body)
    assert told["title"].startswith("[critical] credit: income @\u200beveryone \u2039!here\u203a")
    assert "\x1b" not in told["message"]
    assert "tidegauge incidents show" in told["message"]
    assert headers["idempotency-key"] == kept.deliveries(file_store)[0].key


def test_what_is_resolved_is_told_by_itself_and_by_hand(server: Server, file_store: Store) -> None:
    heard = server()
    days = rounds(file_store, f'actions: [{{on: resolved, webhook: "{heard.url}"}}]\n')
    days.go(day(0, result("income", "warn"), result("age", "warn")))
    first, second = days.incidents()
    resolve(file_store, first.id, by="ana", text="repaired")
    assert heard.requests == []
    days.go(day(1, result("income", "pass"), result("age", "pass")))
    days.go(day(2, result("income", "pass"), result("age", "pass")))
    told = {(one["incident"], one["by"], one["because"]) for one in heard.bodies()}
    assert told == {
        (first.id, "ana", "repaired"),
        (second.id, "tidegauge", "no finding in 2 windows in a row"),
    }


def test_severities_set_off_only_what_waits_for_them(server: Server, file_store: Store) -> None:
    warned, critical = server(), server()
    days = rounds(
        file_store,
        f'actions:\n  - {{on: warn, webhook: "{warned.url}"}}\n'
        f'  - {{on: critical, webhook: "{critical.url}"}}\n',
    )
    days.go(day(0, result("income", "warn")))
    assert (len(warned.requests), len(critical.requests)) == (1, 0)
    days.go(day(1, result("income", "critical")))
    days.go(day(2, result("income", "critical")))
    assert (len(warned.requests), len(critical.requests)) == (1, 1)
    assert critical.bodies()[0]["event"] == "escalated"


def test_a_command_gets_arguments_as_they_are_and_little_environment(
    file_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNRELATED_TOKEN", "x" * 20)
    monkeypatch.setenv("GIVEN", "wanted value")
    program = tmp_path / "note.py"
    program.write_text(
        "import json, os, sys\n"
        "json.dump({'argv': sys.argv[1:], 'env': dict(os.environ), 'told': json.load(sys.stdin)},"
        " open('noted.json', 'w'))\n"
    )
    written = parse_suite(
        SUITE + f"actions: [{{on: critical, command: {{arguments: [{sys.executable}, note.py, "
        '"{incident}", "{severity}", "; touch hacked", "$(touch hacked)"], '
        'environment: {GIVEN: "${GIVEN}"}}}]\n',
        folder=tmp_path,
    )
    done = Days(file_store, written).go(day(0, result("income; touch hacked", "critical")))
    noted = json.loads((tmp_path / "noted.json").read_text())
    (incident,) = done.incidents
    assert noted["argv"] == [incident.id, "critical", "; touch hacked", "$(touch hacked)"]
    assert noted["env"]["GIVEN"] == "wanted value"
    assert noted["env"]["TIDEGAUGE_KEY"] == noted["told"]["key"]
    assert "UNRELATED_TOKEN" not in noted["env"]
    assert not (tmp_path / "hacked").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ('[sh, -c, "echo broken; exit 3"]', "sh ended with code 3: broken"),
        ("[no-such-program]", "no-such-program cannot be started: No such file"),
        ('{arguments: [sleep, "60"], timeout: 0.2}', "sleep took longer than 0.2 s"),
    ],
)
def test_a_command_that_fails_says_why(file_store: Store, arguments: str, said: str) -> None:
    days = rounds(file_store, f"actions: [{{on: critical, command: {arguments}}}]\n")
    began = time.monotonic()
    (delivery,) = days.go(day(0, result("income", "critical"))).deliveries
    assert (delivery.state, delivery.problem[: len(said)]) == ("failed", said)
    assert time.monotonic() - began < 10


def test_prediction_drift_for_three_days_starts_one_training(
    file_store: Store, tmp_path: Path
) -> None:
    written = parse_suite(
        SUITE
        + 'triggers: {retrain: {command: [sh, -c, "echo trained >> trained"], cooldown: 7d}}\n'
        "actions: [{on: {check: drift.psi, role: prediction, for: 3}, run: retrain}]\n",
        folder=tmp_path,
    )
    days = Days(file_store, written)
    trained = tmp_path / "trained"
    for n in range(2):
        days.go(day(n, result("decision", "critical", streak=n + 1)))
    assert not trained.exists()
    for n in range(2, 6):
        days.go(day(n, result("decision", "critical", streak=n + 1), result("age", "critical")))
    assert trained.read_text() == "trained\n"
    for n in (6, 7):
        days.go(day(n, result("decision", "pass")))
    done = days.go(day(8, result("decision", "critical", streak=3)))
    assert trained.read_text() == "trained\n"
    (dropped,) = [one for one in kept.deliveries(file_store) if one.state == "dropped"]
    assert "retrain was started at" in dropped.problem
    assert done.deliveries == ()
    for n in (9, 10):
        days.go(day(n, result("decision", "pass")))
    days.go(day(12, result("decision", "critical", streak=4)))
    assert trained.read_text() == "trained\ntrained\n"


def test_drift_that_outlasts_the_cooldown_starts_a_training_when_it_is_over(
    file_store: Store, tmp_path: Path
) -> None:
    written = parse_suite(
        SUITE
        + 'triggers: {retrain: {command: [sh, -c, "echo trained >> trained"], cooldown: 5d}}\n'
        "actions: [{on: {role: prediction, for: 3}, run: retrain}]\n",
        folder=tmp_path,
    )
    days, trained = Days(file_store, written), tmp_path / "trained"
    days.go(day(2, result("decision", "critical", streak=3)))
    for n in (3, 4):
        days.go(day(n, result("decision", "pass")))
    for n in (5, 6):
        days.go(day(n, result("decision", "critical", streak=n - 2)))
    assert trained.read_text() == "trained\n"
    for n in (7, 8):
        days.go(day(n, result("decision", "critical", streak=n - 4)))
    assert trained.read_text() == "trained\ntrained\n"
    assert [one.state for one in kept.deliveries(file_store)].count("dropped") == 1


def test_psi_over_the_limit_on_a_critical_feature_starts_an_investigation(
    server: Server, file_store: Store
) -> None:
    heard, other = server(), server()
    days = rounds(
        file_store,
        f'owners: {{income: "json://127.0.0.1:{heard.port}/o", '
        f'default: "json://127.0.0.1:{other.port}/d"}}\n'
        "actions:\n"
        "  - {on: {check: drift.psi, severity: critical, critical_feature: true}, explain: true}\n",
    )
    days.go(day(0, result("age", "critical"), result("income", "warn")))
    assert heard.requests == []
    days.go(day(1, result("age", "critical"), result("income", "critical")))
    (told,) = heard.bodies()
    assert "Investigation:" in told["message"]
    assert other.requests == []
    (incident,) = [one for one in days.incidents() if "income" in one.title]
    assert "investigated" in days.timeline(incident.id)
    days.go(day(2, result("income", "critical")))
    assert len(heard.requests) == 1
    assert days.timeline(incident.id).count("investigated") == 1


def test_airflow_is_asked_for_one_run_under_the_key(
    server: Server, file_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = server()
    heard.answers = [409]  # the run is there already
    monkeypatch.setenv("TOKEN", "t0ken-of-airflow")
    address = heard.url.removesuffix("/hook")
    days = rounds(
        file_store,
        f'triggers: {{retrain: {{airflow: {{url: "{address}", dag: train credit, '
        'token: "${TOKEN}"}}}\n'
        "actions: [{on: critical, run: retrain}]\n",
    )
    (delivery,) = days.go(day(0, result("income", "critical"))).deliveries
    ((path, headers, body),) = heard.requests
    assert path == "/api/v2/dags/train%20credit/dagRuns"
    assert headers["authorization"] == "Bearer t0ken-of-airflow"
    assert json.loads(body)["dag_run_id"] == f"tidegauge-{delivery.key}"
    assert delivery.state == "delivered"


def test_a_variable_that_is_not_set_is_named_and_the_rest_goes_on(
    server: Server, file_store: Store
) -> None:
    heard = server()
    days = rounds(
        file_store,
        'actions:\n  - {on: critical, notify: "${NOT_SET_ANYWHERE}"}\n'
        f'  - {{on: critical, webhook: "{heard.url}"}}\n',
    )
    done = days.go(day(0, result("income", "critical")))
    states = {one.kind: one for one in done.deliveries}
    assert states["notify"].problem == "the environment variable NOT_SET_ANYWHERE is not set"
    assert states["webhook"].state == "delivered"
    assert any("was not carried out: the environment variable" in note for note in done.notes)


def test_no_secret_is_stored(
    server: Server, file_store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ALERT_URL", f"json://user:{SECRET}@127.0.0.1:9/{SECRET}?key={SECRET}")
    days = rounds(
        file_store,
        f'owners: {{income: "mailto://me:{SECRET}@example.org"}}\n'
        'actions: [{on: critical, notify: "${ALERT_URL}"}, '
        '{on: critical, webhook: {url: "http://127.0.0.1:9/x", secret: "${ALERT_URL}", '
        "attempts: 1}}]\n",
    )
    done = days.go(day(0, result("income", "critical")))
    assert {one.state for one in done.deliveries} == {"failed"}
    assert days.incidents()[0].owner == "me@example.org"
    file_store.close()
    stored = b"".join(file.read_bytes() for file in tmp_path.glob("history.db*"))
    assert SECRET.encode() not in stored
    assert SECRET not in repr(days.suite)


def test_a_try_is_marked_and_stores_nothing(server: Server, file_store: Store) -> None:
    heard = server()
    written = suite(
        f'owners: {{income: "json://127.0.0.1:{heard.port}/o"}}\n'
        f"actions:\n"
        f'  - {{name: hook, on: critical, webhook: "{heard.url}"}}\n'
        f'  - {{name: mail, on: warn, notify: "json://127.0.0.1:{heard.port}/n"}}\n'
        "  - {name: why, on: critical, explain: true}\n"
        '  - {name: gone, on: critical, webhook: {url: "http://127.0.0.1:9/", attempts: 1}}\n'
    )
    tried = dict(try_out(file_store, written, written.actions))
    assert {name: bool(problem) for name, problem in tried.items()} == {
        "hook": False, "mail": False, "why": False, "gone": True,
    }  # fmt: skip
    hook = next(one for one in heard.bodies() if one.get("test"))
    assert hook["test"] is True
    assert sum("TEST" in str(one.get("title")) for one in heard.bodies()) == 2
    assert kept.incidents(file_store) == ()
    assert kept.deliveries(file_store) == ()


def test_texts_are_short_and_one_line_where_they_must_be() -> None:
    message = replace(
        trial_message(suite()),
        title="a\nb\x00" * 200,
        findings=tuple({"because": f"finding {n}"} for n in range(9)),
    )
    assert len(title_of(message)) <= 200
    assert "\n" not in title_of(message)
    assert "- and 4 more findings" in body_of(message)
    assert harmless("x" * 50, 10) == "xxxxxxx..."


def test_a_dry_round_tells_what_would_be_done_and_never_does_it_later(
    server: Server, file_store: Store
) -> None:
    heard = server()
    days = rounds(file_store, f'actions: [{{on: critical, webhook: "{heard.url}"}}]\n')
    done = days.go(day(0, result("income", "critical")), act=False)
    (planned,) = done.deliveries
    assert (planned.state, planned.kind) == ("pending", "webhook")
    days.go(day(1, result("income", "critical")), after=timedelta(hours=1))
    assert heard.requests == []
