"""Publishes every run of a suite that asks for it: ``{on: always, mlflow: ...}``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tidegauge.errors import TidegaugeError
from tidegauge.records import Report
from tidegauge.suite import Suite
from tidegauge.suite.acts import Action, Publish

ALWAYS = "always"


def publish_run(suite: Suite, report: Report) -> tuple[str, ...]:
    """Log a run to MLflow as often as the suite says so.

    Returns
    -------
    What could not be published, one sentence each: the run stands whatever becomes of it.
    """
    return tuple(problem for action in asked_for(suite) if (problem := _problem(action, report)))


def asked_for(suite: Suite) -> Iterator[Action]:
    """Give the actions that publish every run."""
    return (
        action
        for action in suite.actions
        if isinstance(action.does, Publish) and ALWAYS in action.on.occasions
    )


def _problem(action: Action, report: Report) -> str:
    from tidegauge.alerts.filling import filled, without
    from tidegauge.publishing.mlflow import publish_report

    assert isinstance(action.does, Publish)
    settings: dict[str, Any] = {}
    try:
        settings = {name: filled(value) for name, value in action.does.settings.items()}
        publish_report(report, **settings)
    except TidegaugeError as error:
        hidden = [settings["tracking_uri"]] if "@" in settings.get("tracking_uri", "") else []
        return f"{action.name}: {without(error.message, hidden)}"
    return ""
