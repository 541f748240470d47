"""Histories with runs of a few windows, and real servers on loopback."""

from __future__ import annotations

import importlib.util
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

import tidegauge
from tidegauge.records import Report
from tidegauge.store import Store, open_store

MakeRun = Callable[..., Report]


@pytest.fixture(scope="session")
def tide() -> MakeRun:
    """Reports of one credit model, calm or with a drifted income, over any day."""
    rng = np.random.default_rng(0)

    def side(shift: float) -> dict[str, object]:
        truth = rng.random(2_000) < 0.3
        return {
            "income": rng.normal(50 + shift, 10, 2_000),
            "region": rng.choice(["north", "south"], 2_000),
            "defaulted": np.where(truth, "yes", "no"),
            "prediction": np.where(truth ^ (rng.random(2_000) < 0.1), "yes", "no"),
        }

    columns = {"target": "defaulted", "prediction": "prediction", "segments": ["region"]}
    made = {
        shift: tidegauge.check(side(shift), side(0.0), columns=columns) for shift in (0.0, 15.0)
    }

    def report(
        suite: str = "credit", *, shift: float = 0.0, end: datetime, run: str = ""
    ) -> Report:
        found = made[shift]
        start = end - timedelta(days=1)
        return replace(
            found,
            suite=suite,
            run_id=run or uuid.uuid4().hex[:12],
            created=(end + timedelta(minutes=5)).isoformat(timespec="seconds"),
            current=replace(found.current, window=f"{start.isoformat()}/{end.isoformat()}"),
        )

    return report


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path / "history.db")
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def midnight() -> datetime:
    """The newest midnight that is at least five minutes ago."""
    now = datetime.now(UTC) - timedelta(minutes=5)
    return now.replace(hour=0, minute=0, second=0, microsecond=0)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def running(
    command: Sequence[str], *, ready: str, seconds: float, log: Path, **env: str
) -> Iterator[None]:
    """Run a server of our own until it answers; end it, and what it started, by its group."""
    with log.open("wb") as out:
        server = subprocess.Popen(
            command,
            stdout=out,
            stderr=out,
            cwd=log.parent,
            env={**os.environ, **env},
            start_new_session=True,
        )
        try:
            _await(ready, seconds, server, log)
            yield
        finally:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait(10)


def _await(ready: str, seconds: float, server: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if server.poll() is not None:
            break
        try:
            with urllib.request.urlopen(ready, timeout=2):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
    raise AssertionError(f"no answer from {ready}:\n{log.read_text()[-3_000:]}")


@pytest.fixture(scope="session")
def tracking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a real MLflow tracking server, its runs in SQLite, its artifacts in a folder."""
    for needed in ("mlflow", "flask", "flask_cors", "graphene", "huey", "aiohttp", "sqlparse"):
        if importlib.util.find_spec(needed) is None:
            pytest.skip(f"{needed} is not installed, which MLflow's server needs")
    folder = tmp_path_factory.mktemp("mlflow")
    port = free_port()
    command = [
        sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port),
        "--backend-store-uri", "sqlite:///mlflow.db",
        "--artifacts-destination", str(folder / "artifacts"), "--workers", "1",
    ]  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    settings = {
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_TRACKING_URI": "",
    }
    with running(command, ready=f"{url}/health", seconds=120, log=folder / "log", **settings):
        yield url
