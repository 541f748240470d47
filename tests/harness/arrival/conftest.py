"""A PostgreSQL server of the tests' own, on a free port of this machine."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin"))


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of an empty database; skipped where PostgreSQL is not installed."""
    found = shutil.which("initdb")
    binaries = Path(found).parent if found else (BINARIES[-1] if BINARIES else None)
    if binaries is None:
        pytest.skip("needs PostgreSQL's initdb")
    folder = tmp_path_factory.mktemp("postgres")
    root = os.geteuid() == 0  # the server refuses to run as root
    if root:
        for place in (folder, folder.parent, folder.parent.parent):
            place.chmod(0o755)
        shutil.chown(folder, "postgres")
    user = "postgres" if root else None
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    def call(*words: str) -> None:
        subprocess.run(words, user=user, cwd=folder, check=True, stdout=subprocess.DEVNULL)

    data, log = str(folder / "data"), str(folder / "log")
    call(str(binaries / "initdb"), "-D", data, "-A", "trust", "-U", "gauge", "--no-sync")
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
    control = str(binaries / "pg_ctl")
    call(control, "-D", data, "-o", options, "-l", log, "-w", "start")
    yield f"postgresql://gauge@127.0.0.1:{port}/postgres"
    call(control, "-D", data, "-m", "immediate", "-w", "stop")
