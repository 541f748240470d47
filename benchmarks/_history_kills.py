"""Kills rounds of a suite at random: is the history whole, is anything lost, or told twice.

One process loads everything and forks a child for each kill, so that most of a child's life is
the round itself: reading, judging, keeping, settling and sending. The child says which run is kept
once ``operate`` has returned; the parent kills it and looks at what is left.

    python benchmarks/_history_kills.py 15
"""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from tidegauge.alerts import deliver, delivering
from tidegauge.operating import operate
from tidegauge.store import Store, incidents, open_store
from tidegauge.suite import Suite, parse_suite

START = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
ROUNDS = 4
"""Rounds that a child gets through at most before it is killed."""
SUITE = """
suite: killed
preset: none
logs: {{baseline: {{path: before.parquet}}, current: {{path: now.parquet, window: 1h}}}}
columns: {{timestamp: at, features: [income, debt]}}
explain: {{on: never}}
checks: [drift.psi: {{critical: 0.2}}, quality.missing_rate: {{critical: 0.1}}]
alerts: {{false_pages: off, resolve_after: 1, reopen_within: 1m, cooldown: 1m}}
actions: [{{on: [critical, resolved], webhook: "{url}"}}]
"""
LISTENER = """
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
class Heard(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with open(sys.argv[1], "ab") as file:
            file.write(body + b"\\n")
        self.send_response(204)
        self.end_headers()
    def log_message(self, *_): pass
server = ThreadingHTTPServer(("127.0.0.1", 0), Heard)
print(server.server_port, flush=True)
server.serve_forever()
"""


def killed(kills: int, *, seed: int = 0) -> dict[str, Any]:
    """Kill rounds, let a last one go through, and count what is wrong."""
    with tempfile.TemporaryDirectory() as folder:
        heard = Path(folder, "heard")
        heard.touch()
        words = [sys.executable, "-c", LISTENER, str(heard)]
        with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as listener:
            assert listener.stdout is not None
            port = listener.stdout.readline().strip()
            try:
                suite = parse_suite(SUITE.format(url=f"http://127.0.0.1:{port}/"))
                return _killed(kills, suite, Path(folder), heard, random.Random(seed))
            finally:
                listener.terminate()


def _killed(
    kills: int, suite: Suite, folder: Path, heard: Path, chance: random.Random
) -> dict[str, Any]:
    place = folder / "history.db"
    _round(suite, open_store(folder / "warm.db"), 0)  # loads everything
    start = time.perf_counter()
    _round(suite, open_store(folder / "warm.db"), 1)
    longest = ROUNDS * (time.perf_counter() - start)
    heard.write_bytes(b"")
    acknowledged: list[str] = []
    inside = done = damaged = 0
    for _ in range(kills):
        told, in_flight = _child(suite, place, done, chance.uniform(0, longest))
        acknowledged += told
        done += len(told)
        inside += in_flight
        damaged += not _whole(place)
    store = open_store(place)
    for n in range(done, done + 4):  # nobody kills these
        acknowledged.append(_round(suite, store, n))
    delivering.clock = lambda: datetime.now(UTC) + HOUR  # what a killed child had taken is free
    deliver(store, suite, now=datetime.now(UTC) + timedelta(days=30))
    return {
        "kills": kills,
        "kills inside a round": inside,
        "runs kept": len(acknowledged),
        "damaged histories": damaged + (not _whole(place)),
        "lost runs": sum(not _there(store, run) for run in acknowledged),
        "windows without a run": done + 4 - len(store.runs(limit=None)),
        **_alerts(store, heard),
    }


def _round(suite: Suite, store: Store, n: int) -> str:
    """Run the n-th hour; two of five differ from the baseline."""
    rng = np.random.default_rng(n)
    start = START + n * HOUR
    now = {
        "at": pa.array([start + HOUR * i / 300 for i in range(300)]),
        "income": rng.normal(9 if n % 5 < 2 else 0, 1, 300),
        "debt": rng.normal(0, 1, 300),
    }
    rng = np.random.default_rng(1)
    before = {
        "at": pa.array([START - HOUR * i / 900 for i in range(1, 901)]),
        "income": rng.normal(0, 1, 900),
        "debt": rng.normal(0, 1, 900),
    }
    window = f"{start.isoformat()}/{(start + HOUR).isoformat()}"
    done = operate(
        suite,
        store,
        window=window,
        current=pa.table(now),
        baseline=pa.table(before),
        now=start + 2 * HOUR,
    )
    if not done.kept or done.trouble:
        raise RuntimeError(done.trouble)
    return done.report.run_id


def _child(suite: Suite, place: Path, first: int, seconds: float) -> tuple[list[str], bool]:
    """Run hour after hour in a process that is killed; runs it kept, and whether one was begun."""
    readable, writable = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(readable)
        try:
            store = open_store(place)
            for n in range(first, first + 10_000):
                os.write(writable, b"begun\n")
                os.write(writable, f"{_round(suite, store, n)}\n".encode())
        finally:
            os._exit(1)
    os.close(writable)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    with os.fdopen(readable) as pipe:
        lines = pipe.read().split()
    _, status = os.waitpid(child, 0)
    if not os.WIFSIGNALED(status):
        raise RuntimeError("a round ended before it was killed")
    return [line for line in lines if line != "begun"], lines[-1:] == ["begun"]


def _whole(place: Path) -> bool:
    """Whether SQLite finds nothing wrong with a file, and every row its kin."""
    if not place.exists():
        return True
    connection = sqlite3.connect(place)
    try:
        sound = connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return sound and not connection.execute("PRAGMA foreign_key_check").fetchall()
    except sqlite3.DatabaseError:
        return False
    finally:
        connection.close()


def _there(store: Store, run: str) -> bool:
    """Whether all of a run can be read."""
    report, profile = store.report(run), store.profile(run)
    points = store.series("killed", since=store.run(run).at, slice=None)
    return report.run_id == run and profile.n == 300 and any(p.run_id == run for p in points)


def _alerts(store: Store, heard: Path) -> dict[str, int]:
    """Count alerts: told twice is one event under two keys, or one incident opened twice."""
    bodies = [json.loads(line) for line in heard.read_text().splitlines()]
    keys = {body["key"] for body in bodies}
    events = {(body["incident"], body["event"], body["window"]) for body in bodies}
    noted = incidents.deliveries(store, limit=100_000)
    windows = [one.first_window for one in incidents.incidents(store, limit=100_000)]
    return {
        "alerts": len(keys),
        "duplicate alerts": len(keys) - len(events) + len(windows) - len(set(windows)),
        "lost alerts": len({one.key for one in noted} - keys),
        "posts repeated under their key": len(bodies) - len(keys),
    }


if __name__ == "__main__":
    found = killed(int(sys.argv[1]) if sys.argv[1:] else 100)
    for name, figure in found.items():
        print(f"{name}: {figure}")
    wrong = ("damaged histories", "lost runs", "windows without a run", "duplicate alerts")
    sys.exit(any(found[name] for name in (*wrong, "lost alerts")))
