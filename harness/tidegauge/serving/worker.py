"""A run in a process of its own: asked by a line on standard input, telling by lines.

The server starts ``python -m tidegauge.serving.worker``. What a run crashes with, or prints, never
reaches the server: standard output goes to standard error, and lines of JSON go to what was
standard output.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import time
from contextlib import suppress
from typing import Any, TextIO

from tidegauge.errors import TidegaugeError

EVERY = 0.2
"""Seconds between two lines on the progress of one stage."""


def main() -> int:
    """Do what the line on standard input asks for."""
    wire = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    asked: dict[str, Any] = json.loads(sys.stdin.readline())
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    gc.set_threshold(200_000)
    try:
        _tell(wire, kind="finished", **_operate(asked, wire))
    except TidegaugeError as error:
        _tell(wire, kind="failed", because=error.message, hint=error.hint)
        return 2
    return 0


def _operate(asked: dict[str, Any], wire: TextIO) -> dict[str, Any]:
    from tidegauge.operating import operate
    from tidegauge.startup import spare_pandas
    from tidegauge.store import open_store

    spare_pandas()
    last: tuple[str, float] = ("", 0.0)

    def progress(stage: str, done: int, rows: int | None) -> None:
        nonlocal last
        now = time.monotonic()
        if stage != last[0] or now - last[1] > EVERY:
            last = (stage, now)
            _tell(wire, kind="progress", stage=stage, done=done, of=rows)

    store = open_store(asked["history"] or None)
    try:
        done = operate(asked["suite"], store, window=asked["window"] or None, progress=progress)
    finally:
        store.close()
    report = done.report
    return {"run": report.run_id, "outcome": report.outcome, "because": report.because}


def _tell(wire: TextIO, **what: Any) -> None:
    with suppress(OSError):  # the server is gone: the run goes on, and is kept
        wire.write(json.dumps(what) + "\n")
        wire.flush()


if __name__ == "__main__":
    sys.exit(main())
