"""A suite, reports made by hand day by day, a history of either kind, and a server that listens."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tidegauge.incident import Incident
from tidegauge.operating import Alerted, alert
from tidegauge.records import (
    Card,
    Cause,
    Check,
    Explanation,
    Interval,
    Limit,
    Outcome,
    Policy,
    Report,
    Result,
    Score,
    Side,
    Verdict,
)
from tidegauge.store import Store, open_store
from tidegauge.suite import Suite, parse_suite

START = datetime(2026, 11, 1, tzinfo=UTC)
SUITE = """
suite: credit
preset: none
logs: {baseline: {path: before.parquet}, current: {path: now.parquet, window: 1d}}
columns: {prediction: decision, critical: [income]}
checks:
  - drift.psi: {on: features, warn: 0.1, critical: 0.2}
  - drift.psi: {on: prediction, warn: 0.1, critical: 0.2}
alerts: {resolve_after: 2, reopen_within: 3d, cooldown: 5d}
"""
CARD = Card(title="Population stability index", explain="", reads=("numeric",), on="features",
            better="lower", unit="", reference="", range=(0.0, None))  # fmt: skip
LIMITS = (
    Limit(severity="warn", versus="value", bound=0.1),
    Limit(severity="critical", versus="value", bound=0.2),
)
CHECKS = (
    Check(id="drift.psi", evaluator="drift.psi", limits=LIMITS),
    Check(id="drift.psi@prediction", evaluator="drift.psi", on=("prediction",), limits=LIMITS),
)
VALUES = {"critical": 0.5, "warn": 0.15, "pass": 0.01, "info": 0.5, "inconclusive": 0.15}


def result(
    column: str, outcome: Outcome, *, streak: int = 1, p: float = 1e-9, slice: str = ""
) -> Result:
    """A result that needs no rows."""
    value = VALUES[outcome]
    beyond = outcome in ("critical", "warn")
    role = "prediction" if column == "decision" else "feature"
    return Result(
        check="drift.psi@prediction" if role == "prediction" else "drift.psi",
        evaluator="drift.psi",
        column=column,
        role=role,
        slice=slice,
        score=Score(
            value=value,
            interval=Interval(value - 0.02, value + 0.02),
            p_value=p,
            n_baseline=90_000,
            n_current=1_000,
        ),
        verdict=Verdict(
            outcome=outcome,
            because=f"{column}: Population stability index {value} is "
            f"{'above' if beyond else 'within'} the limit",
            adjusted_p=p if beyond else 0.5,
            limit=LIMITS[outcome == "critical"] if beyond else None,
            streak=streak if beyond else 0,
        ),
    )


def day(
    n: int,
    *results: Result,
    cause: Cause | None = None,
    rows: int = 1_000,
    again: int = 0,
    length: timedelta = timedelta(days=1),
) -> Report:
    """The report of the n-th day; ``again`` tells a second run of it from the first."""
    start = START + n * length
    said = (
        (Explanation(of="drift", verdict="distortion", because=cause.because, causes=(cause,)),)
        if cause
        else ()
    )
    side = Side(source="now.parquet", n=rows, digest=f"{n}-{again}",
                window=f"{start.isoformat()}/{(start + length).isoformat()}")  # fmt: skip
    return Report(
        suite="credit",
        run_id=f"run{n:04d}{again:05d}",
        created=(start + length + timedelta(hours=6)).isoformat(),
        outcome="pass",
        because="",
        baseline=Side(source="before.parquet", n=90_000),
        current=side,
        policy=Policy(),
        checks=CHECKS,
        cards={"drift.psi": CARD},
        results=results,
        columns=(),
        explanations=said,
    )


def suite(more: str = "", *, text: str = SUITE) -> Suite:
    """The suite, with more of it."""
    return parse_suite(text + more)


@dataclass
class Days:
    """Settles reports in a history, one round each."""

    store: Store
    suite: Suite

    def go(self, report: Report, *, act: bool = True, after: timedelta = timedelta()) -> Alerted:
        """Keep a report and do the round, six hours after its window ended."""
        self.store.save(report)
        now = datetime.fromisoformat(report.created) + after
        return alert(self.suite, self.store, (report,), now=now, act=act)

    def incidents(self, *states: Any) -> tuple[Incident, ...]:
        """What the history holds."""
        from tidegauge.store import incidents

        return incidents.incidents(self.store, state=states or None)

    def timeline(self, id: str) -> list[str]:
        """What happened to an incident, in words."""
        from tidegauge.store import incidents

        return [event.what for event in incidents.events(self.store, id)]


@pytest.fixture
def file_store(tmp_path: Path) -> Iterator[Store]:
    """A history in a file."""
    opened = open_store(tmp_path / "history.db")
    yield opened
    opened.close()


@pytest.fixture
def days(file_store: Store) -> Days:
    """Days in a file's history, without actions."""
    return Days(file_store, suite())


@dataclass
class Heard:
    """A server that keeps what it was sent."""

    url: str
    port: int
    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    """Codes to answer with, in turn; then 200."""
    delay: float = 0.0
    headers: dict[str, str] = field(default_factory=dict)

    def bodies(self) -> list[dict[str, Any]]:
        """What was sent, as JSON."""
        return [json.loads(body) for _, _, body in self.requests]

    def keys(self) -> list[str]:
        """Idempotency keys, in turn."""
        return [headers["idempotency-key"] for _, headers, _ in self.requests]


@pytest.fixture
def server() -> Iterator[Callable[[], Heard]]:
    """Start servers on loopback that keep what they are sent."""
    begun: list[ThreadingHTTPServer] = []

    def start() -> Heard:
        heard = Heard(url="", port=0)

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                sent = {name.lower(): value for name, value in self.headers.items()}
                heard.requests.append((self.path, sent, body))
                threading.Event().wait(heard.delay)
                self.send_response(heard.answers.pop(0) if heard.answers else 200)
                for name, value in heard.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"ok")

            def log_message(self, format: str, *args: Any) -> None:
                pass

        listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        heard.port = listening.server_address[1]
        heard.url = f"http://127.0.0.1:{heard.port}/hook"
        threading.Thread(target=listening.serve_forever, args=(0.01,), daemon=True).start()
        begun.append(listening)
        return heard

    yield start
    for one in begun:
        one.shutdown()
        one.server_close()
