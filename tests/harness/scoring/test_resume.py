"""A run that is killed goes on where it stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

ROWS, BATCH = 400, 10
SCRIPT = f"""
import sys, time
from pathlib import Path
import numpy as np
from tidegauge.scorer import About, Inferred, Joined
from tidegauge.scoring import Cache, score_rows

folder, pause = Path(sys.argv[1]), float(sys.argv[2])

class Slow:
    identity, width, budget = "slow", 1, {BATCH}
    def size(self, unit):
        return 1
    def infer(self, units):
        time.sleep(pause)
        with (folder / "calls").open("a") as calls:
            calls.write("".join(f"{{unit[0]}}\\n" for unit in units))
        return Inferred(np.array([[int(unit[0])] for unit in units], np.float32))

class Scorer:
    outputs, identity, about, model = {{"": "numeric"}}, "scorer", About(), Slow()
    def split(self, row):
        return [(row["text"],)]
    def join(self, row, units, outputs):
        return Joined((float(outputs[0, 0]),))

cache = Cache(folder / "scores.sqlite")
rows = [{{"text": str(at)}} for at in range({ROWS})]
total = 0.0
for part in score_rows(rows, Scorer(), cache=cache):
    total += sum(outcome.joined.values[0] for outcome in part.outcomes)
assert not cache.notes, cache.notes
cache.close()
print(total)
"""


def calls(folder: Path) -> list[str]:
    file = folder / "calls"
    return file.read_text().split() if file.exists() else []


def start(folder: Path, pause: float) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(folder), str(pause)], stdout=subprocess.PIPE, text=True
    )


def test_a_killed_run_asks_the_model_only_for_what_is_missing(tmp_path: Path) -> None:
    first = start(tmp_path, 0.05)
    deadline = time.monotonic() + 60
    while len(calls(tmp_path)) < 10 * BATCH and time.monotonic() < deadline:
        time.sleep(0.02)
    os.kill(first.pid, signal.SIGKILL)
    first.communicate()
    assert first.returncode == -signal.SIGKILL
    before = len(calls(tmp_path))
    assert 10 * BATCH <= before < ROWS

    second = start(tmp_path, 0.0)
    printed, _ = second.communicate(timeout=60)
    assert second.returncode == 0
    assert float(printed) == ROWS * (ROWS - 1) / 2
    after = calls(tmp_path)
    assert set(after) == {str(at) for at in range(ROWS)}
    assert len(after) - ROWS <= BATCH, "at most the batch that was killed is asked for twice"
