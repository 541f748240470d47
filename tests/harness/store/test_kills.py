"""Rounds killed anywhere leave a whole history; what was kept is there, and nobody is told twice.

The same program as the benchmark's, with fewer kills.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"


@pytest.mark.skipif(sys.platform == "win32", reason="needs fork and SIGKILL")
def test_kills_damage_lose_and_repeat_nothing() -> None:
    done = subprocess.run(
        [sys.executable, str(BENCHMARKS / "_history_kills.py"), "8"],
        env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True, check=False,
        timeout=300,
    )  # fmt: skip
    assert done.stdout, done.stderr
    said = dict(line.split(": ") for line in done.stdout.splitlines())
    assert int(said["kills inside a round"]) >= 4  # the moments that matter were met
    assert int(said["alerts"]) >= 1
    wrong = ("damaged histories", "lost runs", "windows without a run", "duplicate alerts",
             "lost alerts")  # fmt: skip
    assert {name: said[name] for name in wrong} == dict.fromkeys(wrong, "0")
    assert done.returncode == 0
