"""Mark an incident in MLflow, where the publishing of reports knows how."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from tidegauge.alerts.filling import filled
from tidegauge.errors import TidegaugeError
from tidegauge.incident import Message
from tidegauge.suite.acts import Deed, Publish

if TYPE_CHECKING:
    from tidegauge.store import Store
    from tidegauge.suite import Suite


def act(deed: Deed, message: Message, suite: Suite, store: Store) -> None:
    """Log the run's report to MLflow, and the incident as tags of that run."""
    assert isinstance(deed, Publish)
    if not message.run and not message.test:  # a window that did not come has nothing to log
        return
    settings = {name: filled(value) for name, value in deed.settings.items()}
    try:
        publish = import_module("tidegauge.publishing.mlflow").publish_incident
    except (ImportError, AttributeError):
        raise TidegaugeError("this installation cannot publish to MLflow") from None
    report = None if message.test else store.report(message.run)
    publish(message, report, **settings)
