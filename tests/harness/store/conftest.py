"""Histories of every kind, and a run to keep in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from tidegauge.records import Report
from tidegauge.running import Ran, perform
from tidegauge.store import Store, open_store
from tidegauge.suite import parse_suite

START = datetime(2026, 11, 1, tzinfo=UTC)
SUITE = """
suite: income
logs: {baseline: {path: before.parquet}, current: {path: now.parquet}}
columns: {id: id, model_version: model, segments: [region]}
explain: {on: never}
"""

Windowed = Callable[..., Report]


def rows(shift: float, seed: int, n: int = 400) -> dict[str, object]:
    rng = np.random.default_rng(seed)
    return {
        "id": np.arange(n) + 10_000 * seed,
        "income": rng.normal(50 + shift, 10, n),
        "steps": rng.integers(0, 30, n).astype(float),
        "region": rng.choice(["north", "south"], n),
        "model": np.array(["v1"] * (n - 10) + ["v2"] * 10),
    }


@pytest.fixture(scope="session")
def ran() -> Ran:
    """A run with an alarm, a slice, ids and two model versions."""
    return perform(parse_suite(SUITE), current=rows(8, 1), baseline=rows(0, 0, 3_000))


@pytest.fixture(scope="session")
def calm() -> Ran:
    """The same suite over rows that did not change."""
    return perform(parse_suite(SUITE), current=rows(0, 2), baseline=rows(0, 0, 3_000))


@pytest.fixture
def store(place: str) -> Iterator[Store]:
    opened = open_store(place)
    yield opened
    opened.close()


@pytest.fixture
def windowed(ran: Ran) -> Windowed:
    """Make a report of the n-th day, or hour."""

    def make(n: int, *, of: Ran = ran, length: timedelta = timedelta(days=1)) -> Report:
        start = START + n * length
        window = f"{start.isoformat()}/{(start + length).isoformat()}"
        name = f"{of.report.run_id[:4]}{length.days}{n:05d}"
        return replace(
            of.report,
            run_id=name,
            overrides={},
            current=replace(of.report.current, window=window),
        )

    return make
