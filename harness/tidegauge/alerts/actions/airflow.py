"""Start a run of an Airflow DAG; the run's id is the idempotency key, so it starts once."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from tidegauge.alerts.actions.posting import post
from tidegauge.alerts.filling import filled
from tidegauge.incident import Message
from tidegauge.suite.acts import Airflow, Deed

if TYPE_CHECKING:
    from tidegauge.store import Store
    from tidegauge.suite import Suite

EXISTS = 409
"""What Airflow answers where the DAG run is there already."""


def act(deed: Deed, message: Message, suite: Suite, store: Store) -> None:
    """Ask for a DAG run."""
    assert isinstance(deed, Airflow)
    place = f"{filled(deed.url).rstrip('/')}/api/{deed.api}/dags/{quote(deed.dag, safe='')}/dagRuns"
    run: dict[str, Any] = {"dag_run_id": f"tidegauge-{message.key}", "conf": asdict(message)}
    if deed.api == "v2":
        run["logical_date"] = None  # Airflow 3 wants it said
    token = filled(deed.token)
    headers = {"Idempotency-Key": message.key}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    body = json.dumps(run).encode()
    post(place, body, lambda: headers, timeout=15, attempts=3, fine=(EXISTS,))
