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
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tidegauge.errors import TidegaugeError
from tidegauge.serving.running import serve
from tidegauge.serving.settings import settle
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


def events(
    port: int, last: str, of: str, then: Callable[[], object]
) -> list[tuple[str, dict[str, Any]]]:
    """Listen, do something, and listen on until an event of this name is about this suite."""
    wire = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    wire.request("GET", "/events")
    stream = wire.getresponse()
    assert stream.headers["content-type"].startswith("text/event-stream")
    found: list[tuple[str, dict[str, Any]]] = []
    name, end = "", time.monotonic() + PATIENCE
    assert stream.readline().startswith(b"retry:")
    then()
    while not found or (found[-1][0], found[-1][1]["suite"]) != (last, of):
        line = stream.readline().decode()
        assert line, f"the stream ended after {found}"
        assert time.monotonic() < end, f"nothing came after {found}"
        if line.startswith("event: "):
            name = line[7:].strip()
        elif line.startswith("data: "):
            found.append((name, json.loads(line[6:])))
    wire.close()
    return found


@dataclass(frozen=True)
class Running:
    """A server over a folder of suites, for all tests below: starting one takes a while."""

    folder: Path
    process: subprocess.Popen[str]
    port: int


@pytest.fixture(scope="module")
def running(
    tmp_path_factory: pytest.TempPathFactory, made: Callable[..., Path]
) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("live")
    made(folder / "suites")
    made(folder / "suites" / "more", "support")
    with serving(folder, "suites") as (process, port):
        yield Running(folder, process, port)


def test_what_is_due_is_run_and_told_of_as_it_goes(
    running: Running, made: Callable[..., Path]
) -> None:
    def schedule() -> None:
        made(running.folder / "suites", schedule='schedule: "0 0 * * *"')

    heard = events(running.port, "run.finished", "credit", schedule)
    assert "run.progress" in [name for name, _ in heard]
    finished = heard[-1][1]
    assert (finished["suite"], finished["outcome"]) == ("credit", "critical")
    listed = get(running.port, "/api/v1/runs?suite=credit")["items"]
    assert [one["id"] for one in listed] == [finished["run"]]
    tile = get(running.port, "/api/v1/suites/credit")
    assert (tile["newest"]["outcome"], tile["schedule"]) == ("critical", "0 0 * * * (UTC)")
    assert tile["next_at"].endswith("T00:00:00+00:00")


def test_a_run_that_another_process_kept_is_told_of(
    running: Running, remade: Callable[..., Any]
) -> None:
    def keep() -> None:
        with closing(open_store(running.folder / "history.db")) as store:
            store.save(remade(1, "elsewhere"))

    assert events(running.port, "suite.changed", "elsewhere", keep)


def test_a_run_that_breaks_down_is_told_of_and_takes_nobody_along(running: Running) -> None:
    (running.folder / "suites" / "more" / "after.parquet").write_bytes(b"torn")
    started: list[str] = []

    def start() -> None:
        wire = http.client.HTTPConnection("127.0.0.1", running.port, timeout=PATIENCE)
        wire.request("POST", "/api/v1/suites/support/runs", "{}",
                     {"content-type": "application/json"})  # fmt: skip
        answer = wire.getresponse()
        assert answer.status == 202
        started.append(answer.headers["location"])
        wire.close()

    events(running.port, "run.failed", "support", start)
    ended = get(running.port, started[0])
    assert ended["state"] == "failed"
    assert "after.parquet" in ended["because"]
    assert get(running.port, "/api/v1/health")["status"] == "ok"


def test_a_taken_port_is_named(running: Running, tmp_path: Path) -> None:
    taken = settle(port=running.port, history=str(tmp_path / "other.db"))
    with pytest.raises(TidegaugeError, match=rf"cannot listen on 127.0.0.1:{running.port}"):
        serve(taken)


def test_it_ends_when_asked_to_though_somebody_listens(running: Running) -> None:
    listening = http.client.HTTPConnection("127.0.0.1", running.port, timeout=PATIENCE)
    listening.request("GET", "/events")
    assert listening.getresponse().readline().startswith(b"retry:")
    running.process.send_signal(signal.SIGTERM)
    assert running.process.wait(4.5) in (
        0,
        -signal.SIGTERM,
    )  # uvicorn ends by the signal it was sent
    listening.close()


def test_without_the_extra_its_name_is_said(tmp_path: Path) -> None:
    (tmp_path / "fastapi.py").write_text("raise ImportError('no', name='fastapi')\n", "utf-8")
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); {COMMAND[2]}"
    done = subprocess.run(
        [sys.executable, "-c", code, "serve"],
        capture_output=True, text=True, cwd=tmp_path, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert 'pip install "tidegauge[serve]"' in done.stderr
