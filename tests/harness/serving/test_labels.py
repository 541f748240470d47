"""Labels on a suite's page: up to when they are there, and which windows wait."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from starlette.testclient import TestClient

from tidegauge.operating import operate
from tidegauge.serving.building.labels import labels_of, labels_until, until
from tidegauge.store import Store
from tidegauge.store.predictions import kept_windows
from tidegauge.suite import Suite, load_suite

SUITE = """
suite: credit
logs:
  baseline: {path: before.parquet}
  current: {path: now.parquet}
columns: {id: key, target: truth, prediction: said, model_version: version}
preset: none
checks:
  - performance.accuracy: {critical: {drop: 0.2}}
explain: {on: never}
"""


def waiting(folder: Path) -> Suite:
    """A suite of which half of the truths have not come."""
    rng = np.random.default_rng(2)
    for name, known in (("before", 1.0), ("now", 0.5)):
        truth = rng.choice(["yes", "no"], 400)
        table = {
            "key": [f"{name}-{place}" for place in range(400)],
            "truth": [t if rng.random() < known else None for t in truth],
            "said": np.where(rng.random(400) < 0.9, truth, "no"),
            "version": ["v7"] * 400,
        }
        pq.write_table(pa.table(table), folder / f"{name}.parquet")
    (folder / "credit.yaml").write_text(SUITE, "utf-8")
    return load_suite(folder / "credit.yaml")


def test_a_window_that_waits_for_labels_says_how_many_are_there(
    store: Store, tmp_path: Path, opened: Callable[..., TestClient]
) -> None:
    operate(waiting(tmp_path), store)
    (one,) = labels_of(store, "credit", None)
    assert one.arrived is not None
    assert 0.4 < one.arrived < 0.6
    assert one.revision == 1
    assert labels_until(store, "credit") == ""
    client = opened(store, suites=(tmp_path,))
    assert "not arrived yet" in client.get("/suites/credit").text


def test_labels_are_there_up_to_the_newest_window_that_has_them(
    store: Store, tmp_path: Path
) -> None:
    operate(waiting(tmp_path), store)
    (kept,) = kept_windows(store, "credit")
    days = [replace(kept, at=kept.at + timedelta(days=day)) for day in range(3)]
    days[1] = replace(days[1], labelled=390)
    assert until(days).startswith(f"{days[1].at:%Y-%m-%d}")
    assert until([]) == ""
