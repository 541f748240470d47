"""The diagnosis: what is here, what is missing, what to do; never a failure."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from tidegauge import doctor
from tidegauge.cli.models import doctor as command
from tidegauge.cli.models import models
from tidegauge.doctor import Finding, diagnose


@pytest.fixture(autouse=True)
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TIDEGAUGE_CACHE", "TIDEGAUGE_MODELS", "HF_HUB_CACHE"):
        monkeypatch.setenv(name, str(tmp_path / name))


def by_topic(topic: str) -> list[Finding]:
    return [finding for finding in diagnose() if finding.topic == topic]


def test_every_topic_is_told_and_the_exit_code_is_zero(tmp_path: Path) -> None:
    done = CliRunner().invoke(command, standalone_mode=False)
    assert done.return_value == 0
    for word in ("Python", "Packages", "Device", "Models", "Cache", str(tmp_path)):
        assert word in done.output


def test_a_missing_package_names_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = ["numpy>=2.0", "no-such-package-xyz>=1; extra == 'llm'", "old; python_version < '3.1'"]
    monkeypatch.setattr(doctor, "requires", lambda _: lines)
    found = {finding.what: finding for finding in diagnose()}
    assert found["numpy"].state == "ok"
    assert found["no-such-package-xyz"].state == "missing"
    assert found["no-such-package-xyz"].remedy == 'pip install "tidegauge[llm]"'
    assert "old" not in found


def test_damaged_models_are_told(tmp_path: Path) -> None:
    folder = tmp_path / "TIDEGAUGE_MODELS" / "team--bad"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    (folder / "tidegauge-model.json").write_text("{}")
    assert [f.state for f in by_topic("Models") if f.what == "team/bad"] == ["damaged"]


def test_names_of_folders_cannot_command_the_terminal(tmp_path: Path) -> None:
    folder = tmp_path / "TIDEGAUGE_MODELS" / "x\x1b[31m"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    done = CliRunner().invoke(models, ["list"], standalone_mode=False)
    assert "x?[31m" in done.output
    assert "\x1b" not in done.output


def test_a_damaged_cache_is_told_and_begun_anew(tmp_path: Path) -> None:
    file = tmp_path / "TIDEGAUGE_CACHE" / "scores.sqlite"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"this was a database once " * 100)
    (told,) = by_topic("Cache")
    assert told.state == "damaged"
    assert "begun anew" in told.said
    assert [f.state for f in by_topic("Cache")] == ["ok"]


def test_help_shows_examples_line_by_line() -> None:
    for command_line in (["--help"], ["pull", "--help"]):
        shown = CliRunner().invoke(models, command_line).output
        assert any(line.startswith("    tidegauge models pull") for line in shown.splitlines())
        assert "\\b" not in shown
