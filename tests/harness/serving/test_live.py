"""A real server on loopback: it runs what is due, tells as it goes, and ends when asked to."""

from __future__ import annotations

import http.client
import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tidegauge.store import open_store

pytestmark = pytest.mark.slow
PATIENCE = 60.0
COMMAND = [sys.executable, "-c", "from tidegauge.cli import main; main()", "serve"]


@contextmanager
def serving(folder: Path, *said: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Run the command until it is left, and end it."""
    process = subprocess.Popen(
        [*COMMAND, "--port", "0", "--history", str(folder / "history.db"), *said],
        stderr=subprocess.PIPE, text=True, cwd=folder,
    )  # fmt: skip
    assert process.stderr is not None
    try:
        line = process.stderr.readline()
        found = re.search(r"http://127\.0\.0\.1:(\d+)/", line)
        assert found, line + process.stderr.read()
        yield process, int(found[1])
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def get(port: int, path: str) -> Any:
    wire = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    wire.request("GET", path)
    answer = wire.getresponse().read()
    wire.close()
    return json.loads(answer)


def events(port: int, last: str, then: Callable[[], object]) -> list[tuple[str, dict[str, Any]]]:
    """Listen, do something, and listen on until an event of this name."""
    wire = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    wire.request("GET", "/events")
    stream = wire.getresponse()
    assert stream.headers["content-type"].startswith("text/event-stream")
    found: list[tuple[str, dict[str, Any]]] = []
    name, end = "", time.monotonic() + PATIENCE
    assert stream.readline().startswith(b"retry:")
    then()
    while not found or found[-1][0] != last:
        line = stream.readline().decode()
        assert line, f"the stream ended after {found}"
        assert time.monotonic() < end, f"nothing came after {found}"
        if line.startswith("event: "):
            name = line[7:].strip()
        elif line.startswith("data: "):
            found.append((name, json.loads(line[6:])))
    wire.close()
    return found


def test_a_server_runs_what_is_due_tells_of_it_and_ends_in_good_order(
    tmp_path: Path, made: Callable[..., Path]
) -> None:
    made(tmp_path / "suites")

    def schedule() -> None:
        made(tmp_path / "suites", schedule='schedule: "0 0 * * *"')

    with serving(tmp_path, "suites") as (process, port):
        heard = events(port, "run.finished", schedule)
        names = [name for name, _ in heard]
        assert "run.progress" in names
        finished = heard[-1][1]
        assert (finished["suite"], finished["outcome"]) == ("credit", "critical")
        listed = get(port, "/api/v1/runs")["items"]
        assert [one["id"] for one in listed] == [finished["run"]]
        tile = get(port, "/api/v1/suites/credit")
        assert (tile["newest"]["outcome"], tile["schedule"]) == ("critical", "0 0 * * * (UTC)")
        assert tile["next_at"].endswith("T00:00:00+00:00")
        listening = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        listening.request("GET", "/events")
        assert listening.getresponse().readline().startswith(b"retry:")
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) in (0, -signal.SIGTERM)  # uvicorn ends by the signal it was sent
        listening.close()
    with serving(tmp_path, "suites") as (_, port):  # the window is there: nothing is run
        time.sleep(1.0)
        assert get(port, "/api/v1/jobs")["items"] == []
        assert len(get(port, "/api/v1/runs")["items"]) == 1


def test_a_run_of_somebody_else_a_crash_and_a_taken_port_are_told_of(
    tmp_path: Path, made: Callable[..., Path], remade: Callable[..., Any]
) -> None:
    path = made(tmp_path / "suites")
    with serving(tmp_path, "suites", "--no-schedule") as (_, port):
        store = open_store(tmp_path / "history.db")
        wire = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        wire.request("GET", "/events")
        stream = wire.getresponse()
        assert stream.readline().startswith(b"retry:")
        store.save(remade(1, "elsewhere"))
        store.close()
        lines = iter(stream.readline, b"")
        assert any(b'"suite": "elsewhere"' in line for line in lines)
        (path.parent / "after.parquet").write_bytes(b"torn")
        start = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        start.request("POST", "/api/v1/suites/credit/runs", "{}",
                      {"content-type": "application/json"})  # fmt: skip
        answer = start.getresponse()
        assert answer.status == 202
        place = answer.headers["location"]
        start.close()
        assert any(b"event: run.failed" in line for line in lines)
        ended = get(port, place)
        assert ended["state"] == "failed"
        assert "after.parquet" in ended["because"]
        assert get(port, "/api/v1/health")["status"] == "ok"
        wire.close()
        again = subprocess.run(
            [*COMMAND, "--port", str(port), "--history", "other.db"],
            capture_output=True, text=True, cwd=tmp_path, timeout=PATIENCE, check=False,
        )  # fmt: skip
        assert again.returncode == 2
        assert f"cannot listen on 127.0.0.1:{port}" in again.stderr


def test_without_the_extra_its_name_is_said(tmp_path: Path) -> None:
    (tmp_path / "fastapi.py").write_text("raise ImportError('no', name='fastapi')\n", "utf-8")
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); {COMMAND[2]}"
    done = subprocess.run(
        [sys.executable, "-c", code, "serve"],
        capture_output=True, text=True, cwd=tmp_path, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert 'pip install "tidegauge[serve]"' in done.stderr
