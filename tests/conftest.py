"""Fixtures that every test may ask for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# The same examples on every machine, and no verdict on how fast it draws them.
settings.register_profile(
    "steady", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("steady")

VARIABLE = "TIDEGAUGE_DATA"
BESIDE = Path(__file__).parents[2] / "shared" / "data"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a run name the folder of real tables."""
    parser.addoption("--data", metavar="FOLDER", help="folder that holds tabular/*.parquet")


@pytest.fixture(scope="session")
def shared_tables(request: pytest.FixtureRequest) -> Path:
    """Folder of the real tables; tests that need it are skipped where there is none."""
    named = request.config.getoption("--data") or os.environ.get(VARIABLE)
    folder = Path(named or BESIDE)
    tables = folder / "tabular" if (folder / "tabular").is_dir() else folder
    if not any(tables.glob("*.parquet")):
        pytest.skip(f"no real tables in {tables}: name their folder by --data or {VARIABLE}")
    return tables
