"""Runs that go on: each in a process of its own, a few at a time, told of as they go."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import uuid
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tidegauge.serving.hub import Hub
from tidegauge.views import Job, places

KEPT = 50
"""Ended jobs that are remembered."""
MOST_WAITING = 100
"""Jobs that may wait; more are refused."""
LINES = 2**20
"""Longest line that is read from a worker, in bytes."""
GRACE = 5.0
"""Seconds that a worker has to end when it is asked to."""
WORKER = (sys.executable, "-m", "tidegauge.serving.worker")


@dataclass(slots=True)
class Jobs:
    """Starts runs and knows how far they are; used from one event loop, read from anywhere."""

    hub: Hub
    history: str
    workers: int = 1
    command: tuple[str, ...] = WORKER
    going: dict[str, Job] = field(default_factory=dict)
    """Waiting and running ones, the oldest first."""
    ended: deque[Job] = field(default_factory=lambda: deque(maxlen=KEPT))
    """The newest last."""
    _room: asyncio.Semaphore | None = None
    _alone: defaultdict[str, asyncio.Lock] = field(
        default_factory=lambda: defaultdict(asyncio.Lock)
    )
    """Of each suite: it never runs beside itself."""
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def start(self, suite: str, path: Path, window: str = "") -> tuple[Job, asyncio.Task[None]]:
        """Begin a run, or let it wait for room; a run of the same suite and window is that one."""
        for job in self.going.values():
            if (job.suite, job.window) == (suite, window):
                return job, self._task(job.id)
        job = Job(id=uuid.uuid4().hex[:12], suite=suite, window=window, state="waiting",
                  started=now())  # fmt: skip
        self.going[job.id] = job
        task = asyncio.get_running_loop().create_task(self._work(job, path), name=job.id)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return job, task

    @property
    def full(self) -> bool:
        """Whether no more runs are taken."""
        return len(self.going) >= MOST_WAITING

    def get(self, job: str) -> Job | None:
        """Find a job, going on or ended of late."""
        return next((one for one in self.all() if one.id == job), None)

    def all(self) -> tuple[Job, ...]:
        """List those that go on, then those that ended, the newest first."""
        return (*[*self.going.values()], *reversed([*self.ended]))

    def of(self, suite: str) -> Job | None:
        """Find what goes on for a suite."""
        return next((job for job in [*self.going.values()] if job.suite == suite), None)

    def failed(self, since: str) -> tuple[Job, ...]:
        """Jobs that broke down after a moment, the newest first, each suite's last end only."""
        last = {job.suite: job for job in [*self.ended]}
        broken = [job for job in last.values() if job.state == "failed" and job.started >= since]
        return tuple(sorted(broken, key=lambda job: job.started, reverse=True))

    async def close(self) -> None:
        """Ask every worker to end, and wait for it."""
        for task in [*self._tasks]:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _task(self, job: str) -> asyncio.Task[None]:
        return next(task for task in self._tasks if task.get_name() == job)

    async def _work(self, job: Job, path: Path) -> None:
        self._room = self._room or asyncio.Semaphore(self.workers)
        told: Mapping[str, Any] = {"because": "The server was stopped.", "hint": ""}
        try:
            async with self._alone[job.suite], self._room:
                job = self._now(replace(job, state="running", started=now()))
                self.hub.tell(places.RUN_STARTED, job=job.id, suite=job.suite, window=job.window,
                              at=now())  # fmt: skip
                told = await self._run(job, path)
        except OSError as error:
            told = {"because": f"The run could not be started: {error}", "hint": ""}
        except ValueError:  # a line too long, or no JSON
            told = {"because": "The run's process told what nobody can read.", "hint": ""}
        finally:
            self._end(self.going.pop(job.id), told)

    async def _run(self, job: Job, path: Path) -> Mapping[str, Any]:
        process = await asyncio.create_subprocess_exec(
            *self.command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=LINES,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            start_new_session=True,
        )
        try:
            assert process.stdin is not None
            assert process.stderr is not None
            asked = {"suite": str(path), "window": job.window, "history": self.history}
            process.stdin.write(json.dumps(asked).encode() + b"\n")
            process.stdin.close()
            said, complaint = await asyncio.gather(
                self._follow(job, process), _last(process.stderr)
            )
            code = await process.wait()
            if complaint:
                print(complaint, file=sys.stderr, flush=True)
            return said or {"because": _died(code), "hint": complaint.rpartition("\n")[2][-300:]}
        finally:
            await _stop(process)

    async def _follow(
        self, job: Job, process: asyncio.subprocess.Process
    ) -> Mapping[str, Any] | None:
        """Read what a worker tells until it ends; give its last word."""
        last = None
        assert process.stdout is not None
        async for line in process.stdout:
            told = json.loads(line)
            if told.pop("kind") != "progress":
                last = told
                continue
            done, of = told["done"], told["of"]
            share = min(done / of, 1.0) if of else None
            job = self._now(replace(job, stage=told["stage"], share=share))
            self.hub.tell(places.RUN_PROGRESS, job=job.id, suite=job.suite, stage=job.stage,
                          done=done, of=of, share=share, at=now())  # fmt: skip
        return last

    def _now(self, job: Job) -> Job:
        self.going[job.id] = job
        return job

    def _end(self, job: Job, told: Mapping[str, Any]) -> None:
        if told.get("run"):
            self.ended.append(replace(job, state="finished", share=1.0, run=told["run"]))
            self.hub.tell(places.RUN_FINISHED, job=job.id, suite=job.suite, run=told["run"],
                          outcome=told["outcome"], because=told["because"], at=now())  # fmt: skip
            return
        because, hint = str(told.get("because", "")), str(told.get("hint", ""))
        self.ended.append(replace(job, state="failed", because=because, hint=hint))
        self.hub.tell(places.RUN_FAILED, job=job.id, suite=job.suite, because=because, hint=hint,
                      at=now())  # fmt: skip


async def _last(stream: asyncio.StreamReader, most: int = 2000) -> str:
    """Read a stream to its end, keep the last of it."""
    kept = b""
    while piece := await stream.read(65536):
        kept = (kept + piece)[-most:]
    return kept.decode("utf-8", "replace").strip()


async def _stop(process: asyncio.subprocess.Process) -> None:
    """End a worker and whatever it started; by force where asking does not help."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.returncode is not None:
            return
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            return
        try:
            await asyncio.wait_for(asyncio.shield(process.wait()), GRACE)
        except TimeoutError:
            continue


def _died(code: int) -> str:
    how = f"by signal {-code}" if code < 0 else f"with exit code {code}"
    return f"The run's process ended {how} before it had a report."


def now() -> str:
    """Say the moment in ISO 8601, UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")
