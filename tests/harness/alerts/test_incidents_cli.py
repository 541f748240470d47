"""``tidegauge incidents`` as a person sees it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.harness.alerts.conftest import SUITE, Days, Heard, day, result, suite

from tidegauge.cli import cli
from tidegauge.store import open_store


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str]]:
    """Call the command line beside a history with an incident of two windows."""
    monkeypatch.setenv("TIDEGAUGE_HISTORY", str(tmp_path / "history.db"))
    store = open_store()
    days = Days(store, suite())
    days.go(day(0, result("income\x1b[2J", "warn")))
    days.go(day(1, result("income\x1b[2J", "critical")))
    store.close()

    def run(*words: str) -> tuple[int, str]:
        done = CliRunner().invoke(cli, ["incidents", *words], standalone_mode=False)
        if done.exception:
            raise done.exception
        return int(done.return_value or 0), done.output

    return run


def test_the_list_holds_one_line_each_and_no_control_characters(
    call: Callable[..., tuple[int, str]],
) -> None:
    code, said = call("--open")
    assert code == 0
    assert "critical" in said
    assert "2 windows" in said
    assert "credit: income?[2J: Population stability index" in said
    (one,) = json.loads(call("--json")[1])
    assert one["state"] == "open"
    assert call("nobody")[1].startswith("no incidents")


def test_people_acknowledge_comment_and_end(call: Callable[..., tuple[int, str]]) -> None:
    id = json.loads(call("--json")[1])[0]["id"]
    assert "(acknowledged by ana)" in call("ack", id[:5], "-m", "on it", "--by", "ana")[1]
    call("comment", id, "began with release 4.2", "--by", "ben")
    call("assign", id, "data platform", "--by", "ben")
    assert "(ended)" in call("resolve", id, "-m", "repaired", "--by", "ana")[1]
    said = call("show", id)[1]
    for line in (
        "owner      data platform",
        "acknowledged by ana: on it",
        "commented by ben: began with release 4.2",
        "resolved by ana: repaired",
        "finding    drift.psi income?[2J",
    ):
        assert line in said
    assert call("--open")[1].startswith("no incidents that last")
    told = json.loads(call("show", id, "--json")[1])
    assert [event["what"] for event in told["events"]][:2] == ["opened", "escalated"]


def test_cron_hears_of_missing_windows_by_the_exit_code(
    call: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    file = tmp_path / "suite.yaml"
    file.write_text(SUITE.replace("cooldown: 5d", "cooldown: 5d, expect: 2h"))
    code, said = call("check", str(file))
    assert code == 1
    assert "no rows for 2026-11-03 to" in said
    today = day((datetime.now(UTC) - datetime(2026, 11, 1, tzinfo=UTC)) // timedelta(days=1) - 1)
    store = open_store()
    Days(store, suite()).go(today)
    store.close()
    assert call("check", str(file))[0] == 0


def test_actions_are_tried_and_what_starts_something_is_not(
    call: Callable[..., tuple[int, str]], tmp_path: Path, server: Callable[[], Heard]
) -> None:
    heard = server()
    file = tmp_path / "suite.yaml"
    file.write_text(
        SUITE + f'actions:\n  - {{name: hook, on: critical, webhook: "{heard.url}"}}\n'
        "  - {name: shout, on: critical, command: [touch, shouted]}\n"
    )
    code, said = call("test-actions", str(file))
    assert code == 0
    assert said == "hook: delivered\nshout: not started; to start it: --with-triggers\n"
    assert call("test-actions", str(file), "--only", "shout", "--with-triggers")[0] == 0
    assert (tmp_path / "shouted").exists()
    assert heard.bodies()[0]["test"] is True
