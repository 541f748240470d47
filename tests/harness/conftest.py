"""A PostgreSQL server of the tests' own, on a free port of this machine."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin"))


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """URL of an empty database; skipped where PostgreSQL is not installed."""
    found = shutil.which("initdb")
    binaries = Path(found).parent if found else (BINARIES[-1] if BINARIES else None)
    if binaries is None:
        pytest.skip("needs PostgreSQL's initdb")
    folder = Path(tempfile.mkdtemp(prefix="gauge"))  # pytest's own are closed to other users
    root = os.geteuid() == 0  # the server refuses to run as root
    if root:
        shutil.chown(folder, "postgres")
    user = "postgres" if root else None
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    def call(*words: str) -> None:
        subprocess.run(words, user=user, cwd=folder, check=True, stdout=subprocess.DEVNULL)

    data, log = str(folder / "data"), str(folder / "log")
    call(str(binaries / "initdb"), "-D", data, "-A", "trust", "-U", "gauge", "--no-sync")
    options = f"-p {port} -c unix_socket_directories= -c listen_addresses=127.0.0.1 -c fsync=off"
    control = str(binaries / "pg_ctl")
    call(control, "-D", data, "-o", options, "-l", log, "-w", "start")
    try:
        yield f"postgresql://gauge@127.0.0.1:{port}/postgres"
    finally:
        call(control, "-D", data, "-m", "immediate", "-w", "stop")
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def new_database(postgres: str) -> Callable[[], str]:
    """Make empty databases beside the first; each call gives the URL of one."""
    numbers = count()

    def make() -> str:
        import psycopg

        name = f"gauge_{next(numbers)}"
        with psycopg.connect(postgres, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} STRATEGY wal_log")
        return f"{postgres.rpartition('/')[0]}/{name}"

    return make


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Path of a file that is not there yet, then URL of an empty database."""
    if request.param == "sqlite":
        return str(tmp_path / "history.db")
    url: str = request.getfixturevalue("new_database")()
    return url
