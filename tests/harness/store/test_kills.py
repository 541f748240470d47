"""Processes killed while they write leave a whole history, and nothing that was kept is lost."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tidegauge.report import to_json
from tidegauge.running import Ran
from tidegauge.store import open_store
from tidegauge.store.folding import blank_of, fold

PROGRAM = """
import json, os, random, signal, sqlite3, sys, time
from dataclasses import replace
from pathlib import Path
from tidegauge.report import from_json
from tidegauge.store import open_store
from tidegauge.store.folding import unfold, unfold_grid

report = from_json(Path("report.json").read_bytes())
grid = unfold_grid(Path("grid").read_bytes())
profile = unfold(Path("profile").read_bytes(), grid)
chance, kept, halves = random.Random(5), [], 0

def save_on_and_on(first, pipe):
    for n in range(first, first + 10_000):
        os.write(pipe, b"begun\\n")
        side = replace(report.current, window=f"2026-01-01T00:00:00+00:00/{2027 + n // 2}-01-01")
        run = store.save(replace(report, run_id=f"run{n}", current=side), profile=profile)
        os.write(pipe, f"{run}\\n".encode())

store = open_store("history.db")
warm = open_store("warm.db")
for _ in range(3):
    start = time.perf_counter()
    warm.save(report, profile=profile)
    longest = time.perf_counter() - start
store.save(replace(report, run_id="first"), profile=profile)
kept.append("first")
for kill in range(int(sys.argv[1])):
    readable, writable = os.pipe()
    child = os.fork()
    if child == 0:
        save_on_and_on(len(kept) + halves, writable)
    os.close(writable)
    time.sleep(chance.uniform(0, 5 * longest))
    os.kill(child, signal.SIGKILL)
    with os.fdopen(readable) as pipe:
        lines = pipe.read().split()
    assert os.WIFSIGNALED(os.waitpid(child, 0)[1])
    kept += [line for line in lines if line != "begun"]
    halves += lines[-1:] == ["begun"]
    if Path("history.db").exists():
        there = sqlite3.connect("history.db")
        assert there.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert there.execute("PRAGMA foreign_key_check").fetchall() == []
        there.close()
print(json.dumps({"kept": kept, "halves": halves}))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs fork and SIGKILL")
def test_fifteen_kills_lose_no_run_that_was_kept(tmp_path: Path, ran: Ran) -> None:
    grid = blank_of(ran.profile)
    (tmp_path / "report.json").write_text(to_json(ran.report))
    (tmp_path / "grid").write_bytes(fold(grid, None))
    (tmp_path / "profile").write_bytes(fold(ran.profile, grid))
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, "15"], cwd=tmp_path, capture_output=True, text=True,
        check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["halves"] >= 5  # the moments that matter were met
    assert len(said["kept"]) >= 10
    store = open_store(tmp_path / "history.db")
    rows = {row.id: row for row in store.runs(superseded=True, limit=None)}
    assert set(said["kept"]) <= set(rows)
    assert len(rows) <= len(said["kept"]) + said["halves"]  # what was begun is there whole or not
    for name in rows:
        assert store.report(name).results == ran.report.results
        assert store.profile(name).n == 400
    counting = [row for row in rows.values() if not row.superseded_by]
    assert len(counting) == len({row.window for row in rows.values()})
    store.close()
