"""What a suite may say of alerts, actions, triggers and owners; complaints show no secret."""

from __future__ import annotations

import jsonschema
import pytest
from ruamel.yaml import YAML
from tests.harness.alerts.conftest import SUITE

from tidegauge.errors import SuiteError
from tidegauge.suite import parse_suite, suite_schema

BASE = SUITE.replace("alerts: {resolve_after: 2, reopen_within: 3d, cooldown: 5d}\n", "")
GOOD = """
alerts: {false_pages: 0.5, resolve_after: 4, reopen_within: 2d, cooldown: 12h, expect: 30m}
owners:
  income: "mailto://data@example.org"
  drift.psi: ["${A}", "${B}"]
  default: {name: Operations, notify: "slack://${TOKEN}"}
triggers:
  retrain: {command: {arguments: [python, train.py, "{suite}"], timeout: 600}, cooldown: 3d}
  tell: {webhook: {url: "${HOOK}", secret: "${KEY}", headers: {X-A: b}, timeout: 3, attempts: 5}}
  dag: {airflow: {url: "https://airflow.example.org", dag: train, token: "${T}", api: v1}}
actions:
  - {on: critical, notify: "${ALERT_URL}"}
  - {on: [warn, resolved, missing], webhook: "https://example.org/hook", name: hook}
  - {on: {check: drift.psi, role: prediction, for: 3}, run: retrain}
  - {on: {check: drift.psi, severity: critical, critical_feature: true}, explain: true}
  - {on: {column: income}, command: [page, "{incident}", "--loud"]}
  - {on: critical, mlflow: {experiment: credit}}
"""


def test_everything_that_is_allowed_is_read_and_fits_the_schema() -> None:
    found = parse_suite(BASE + GOOD)
    kinds = [action.kind for action in found.actions]
    assert kinds == ["notify", "webhook", "trigger", "explain", "command", "mlflow"]
    assert found.alerts.false_pages == 0.5
    assert found.owners["default"].name == "Operations"
    assert found.owners["income"].name == "data@example.org"
    assert found.actions[1].name == "hook"
    assert found.actions[2].on.windows == 3
    data = YAML(typ="safe").load(BASE + GOOD)
    jsonschema.Draft202012Validator(suite_schema()).validate(data)


def test_an_action_keeps_its_name_when_others_come_or_go() -> None:
    first = parse_suite(BASE + "actions: [{on: critical, notify: a://b}]\n").actions
    both = parse_suite(
        BASE + "actions: [{on: warn, notify: a://b}, {notify: a://b, on: critical}]\n"
    ).actions
    assert first[0].name == both[1].name != both[0].name


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("alerts: {false_pages: 0}", "allowed: a number of pages a year above 0"),
        ("alerts: {false_page: 1}", "did you mean false_pages?"),
        ("alerts: {resolve_after: 0}", "allowed: a whole number of windows"),
        ("alerts: {expect: soon}", "allowed: a length of time"),
        ("owners: [a]", "a mapping such as"),
        ("owners: {income: nobody}", "found a text that is no URL"),
        ("owners: {income: {}}", "a URL, or a mapping of name and notify"),
        ("actions: [{notify: a://b}]", 'found no key "on"'),
        ("actions: [{on: critical}]", "found 0 things to do"),
        ("actions: [{on: critical, notify: a://b, run: x}]", "found 2 things to do"),
        ("actions: [{on: info, notify: a://b}]", "allowed: critical, warn, resolved, missing"),
        ("actions: [{on: {check: drift.pis}, notify: a://b}]", "did you mean drift.psi?"),
        ("actions: [{on: {role: x}, notify: a://b}]", "allowed: feature, target"),
        ("actions: [{on: {for: 0}, notify: a://b}]", "allowed: a whole number of windows"),
        ("actions: [{on: critical, run: retrain}]", "no trigger of this name"),
        ("actions: [{on: critical, notify: []}]", "an apprise URL"),
        ("actions: [{on: critical, notify: '${A'}]", "does not begin the name of an environment"),
        ("actions: [{on: critical, webhook: ftp://x}]", "found a text that is no such URL"),
        ("actions: [{on: critical, webhook: {secret: x}}]", 'found no key "url"'),
        ("actions: [{on: critical, webhook: {url: http://x, attempts: 99}}]", "from 1 to 10"),
        ("actions: [{on: critical, webhook: {url: http://x, headers: {'a b': c}}}]", "letters"),
        ("actions: [{on: critical, command: rm -rf x}]", "no shell reads it"),
        ("actions: [{on: critical, command: []}]", "a list of arguments"),
        ("actions: [{on: critical, command: [a, '--x={suite}']}]", "as an argument of its own"),
        ("actions: [{on: critical, command: [a, '{title}']}]", "one of key, suite, incident"),
        ("actions: [{on: critical, command: {arguments: [a], timeout: 0}}]", "seconds, above 0"),
        ("actions: [{on: critical, explain: false}]", "allowed: true"),
        ("actions: [{on: {critical_feature: yes}, explain: true}]", "true or false"),
        ("triggers: {a: {}}", "found 0 things to start"),
        ("triggers: {a: {airflow: {dag: x}}}", 'found no key "url"'),
        ("triggers: {a: {command: [x], cooldown: 0d}}", "a length of time"),
    ],
)
def test_what_is_not_allowed_is_said_with_its_place(text: str, said: str) -> None:
    with pytest.raises(SuiteError) as raised:
        parse_suite(BASE + text + "\n", name="suite.yaml")
    assert said in str(raised.value)
    assert "suite.yaml:" in str(raised.value)


def test_a_critical_feature_must_be_named() -> None:
    text = BASE.replace(", critical: [income]", "")
    with pytest.raises(SuiteError, match="does not say which features are critical"):
        parse_suite(text + "actions: [{on: {critical_feature: true}, explain: true}]\n")


def test_a_complaint_shows_no_secret() -> None:
    secret = "xoxb-1234-secret"
    for text in (
        f"actions: [{{on: critical, notify: '{secret}'}}]",
        f"actions: [{{on: critical, webhook: '{secret}'}}]",
        f"owners: {{income: '{secret}'}}",
    ):
        with pytest.raises(SuiteError) as raised:
            parse_suite(BASE + text + "\n")
        assert secret not in str(raised.value)
