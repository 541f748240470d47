"""Schedules: what is due runs once, on one server, alone; what breaks stops nothing else."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tidegauge.records import Report
from tidegauge.serving import scheduling
from tidegauge.serving.hub import MOST_WAITING, Hub
from tidegauge.serving.jobs import Jobs
from tidegauge.serving.scheduling import Plan
from tidegauge.serving.shelf import Shelf
from tidegauge.store import Store
from tidegauge.store.leases import take
from tidegauge.suite.cron import parse_cron
from tidegauge.views import Job

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
YESTERDAY = "2026-11-22T00:00:00+00:00/2026-11-23T00:00:00+00:00"
Make = Callable[..., Report]


@dataclass
class Pretended:
    """Runs that take a while and keep a report, without a process."""

    store: Store
    make: Make
    seconds: float = 0.05
    fails: bool = False
    ran: list[tuple[str, str]] = field(default_factory=list)
    at_once: int = 0
    most: int = 0

    def start(self, suite: str, path: Path, window: str = "") -> tuple[Job, asyncio.Task[None]]:
        job = Job(id="j", suite=suite, window=window, state="running")
        return job, asyncio.get_running_loop().create_task(self.work(suite, window))

    async def work(self, suite: str, window: str) -> None:
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        self.ran.append((suite, window))
        await asyncio.sleep(self.seconds)
        self.at_once -= 1
        if not self.fails:
            report = self.make(0, suite)
            number = f"{suite}{len(self.ran)}{id(self)}"
            side = replace(report.current, window=window)
            await asyncio.to_thread(self.store.save, replace(report, run_id=number, current=side))


def planned(store: Store, folder: Path, jobs: Any, **changes: Any) -> Plan:
    shelf = Shelf((folder,))
    shelf.look()
    return Plan(store=store, shelf=shelf, jobs=jobs, clock=lambda: NOW, **changes)


def held(plan: Plan, seconds: float = 0.6) -> None:
    """Let a plan be for a while."""

    async def being() -> None:
        plan.start()
        await asyncio.sleep(seconds)
        await plan.close()

    asyncio.run(being())


def test_a_missed_window_is_run_once_however_often_the_server_starts(
    store: Store, tmp_path: Path, made: Callable[..., Path], remade: Make
) -> None:
    made(tmp_path, schedule='schedule: "0 6 * * *"')
    jobs = Pretended(store, remade)
    for _ in range(3):
        held(planned(store, tmp_path, jobs))
    assert jobs.ran == [("credit", YESTERDAY)]


def test_two_servers_on_one_history_run_it_once(
    store: Store, tmp_path: Path, made: Callable[..., Path], remade: Make
) -> None:
    made(tmp_path, schedule='schedule: "0 6 * * *"')
    jobs = Pretended(store, remade, seconds=0.2)
    first, second = (planned(store, tmp_path, jobs) for _ in range(2))

    async def both() -> None:
        first.start()
        second.start()
        await asyncio.sleep(0.8)
        await first.close()
        await second.close()

    asyncio.run(both())
    assert jobs.ran == [("credit", YESTERDAY)]


def test_a_server_that_died_holds_its_claim_for_a_while_only(
    store: Store, tmp_path: Path, made: Callable[..., Path], remade: Make
) -> None:
    made(tmp_path, schedule='schedule: "0 6 * * *"')
    jobs = Pretended(store, remade)
    assert take(store, "run credit", "dead", seconds=60, now=datetime.now(UTC))
    held(planned(store, tmp_path, jobs), 0.2)
    assert jobs.ran == []
    assert take(store, "run credit", "dead", seconds=0.2, now=datetime.now(UTC))
    held(planned(store, tmp_path, jobs, lease=0.1))
    assert len(jobs.ran) == 1


def test_what_another_server_tried_in_vain_is_not_tried_here_too(
    store: Store, tmp_path: Path, made: Callable[..., Path], remade: Make
) -> None:
    made(tmp_path, schedule='schedule: "0 6 * * *"')
    jobs = Pretended(store, remade, seconds=0.1, fails=True)
    first, second = (planned(store, tmp_path, jobs, lease=0.15) for _ in range(2))

    async def both() -> None:
        first.start()
        second.start()
        await asyncio.sleep(0.5)
        await first.close()
        await second.close()

    asyncio.run(both())
    assert len(jobs.ran) == 1


def test_a_run_that_outlasts_its_claim_keeps_it(
    store: Store, tmp_path: Path, made: Callable[..., Path], remade: Make
) -> None:
    made(tmp_path, schedule='schedule: "0 6 * * *"')
    jobs = Pretended(store, remade, seconds=1.2)
    first = planned(store, tmp_path, jobs, lease=0.5)
    second = planned(store, tmp_path, jobs, lease=0.5)

    async def both() -> None:
        first.start()
        await asyncio.sleep(0.8)
        second.start()
        await asyncio.sleep(0.9)
        await first.close()
        await second.close()

    asyncio.run(both())
    assert len(jobs.ran) == 1


def test_what_fails_is_not_tried_again_and_again(
    store: Store, tmp_path: Path, made: Callable[..., Path], remade: Make
) -> None:
    made(tmp_path, schedule='schedule: "0 6 * * *"')
    jobs = Pretended(store, remade, fails=True)
    held(planned(store, tmp_path, jobs))
    assert len(jobs.ran) == 1


def test_the_scheduler_asks_our_clock_and_never_runs_a_suite_beside_itself(
    store: Store, tmp_path: Path, made: Callable[..., Path], remade: Make,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    @dataclass(frozen=True)
    class Often:
        every: timedelta = timedelta(seconds=0.2)

        def after(self, moment: datetime) -> datetime:
            return moment + self.every

        def latest(self, moment: datetime) -> datetime:
            return moment - (moment - NOW) % self.every

    monkeypatch.setattr(scheduling, "parse_cron", lambda *args, **named: Often())
    monkeypatch.setattr(scheduling, "has_window", lambda *args: False)
    made(tmp_path, schedule='schedule: "* * * * *"')
    jobs = Pretended(store, remade, seconds=0.3)
    plan = planned(store, tmp_path, jobs)
    plan.clock = lambda: datetime.now(UTC)
    held(plan, 1.5)
    assert jobs.most == 1
    assert 3 <= len(jobs.ran) <= 5


def test_the_next_run_is_on_the_suites_own_clock(
    store: Store, tmp_path: Path, made: Callable[..., Path], remade: Make
) -> None:
    made(tmp_path, schedule='schedule: {cron: "30 2 * * *", timezone: Asia/Kathmandu}')
    plan = planned(store, tmp_path, Pretended(store, remade))

    async def asked() -> datetime | None:
        plan.start()
        found = plan.next_at("credit")
        await plan.close()
        return found

    found = asyncio.run(asked())
    assert found is not None
    assert (found.astimezone(UTC).hour, found.astimezone(UTC).minute) == (20, 45)
    assert plan.next_at("nobody") is None


def test_suites_are_read_again_when_their_files_change_and_broken_ones_stop_nothing(
    store: Store, tmp_path: Path, made: Callable[..., Path], remade: Make
) -> None:
    path = made(tmp_path, schedule='schedule: "0 6 * * *"')
    other = made(tmp_path / "more", "support", 'schedule: "0 7 * * *"')
    (tmp_path / "values.yaml").write_text("not: a suite\n", "utf-8")
    jobs = Pretended(store, remade)
    plan = planned(store, tmp_path, jobs)
    assert sorted(one.name for one in plan.shelf) == ["credit", "support"]

    async def changing() -> None:
        plan.start()
        await asyncio.sleep(0.3)
        whole = path.read_text("utf-8")
        path.write_text(whole.replace("0 6 * * *", "0 66 * * *"), "utf-8")
        assert plan.shelf.look() == ("credit",)
        plan.follow()
        broken = plan.shelf.get("credit")
        assert broken is not None
        assert 'the hour "66" is none of 0 to 23' in broken.problem
        assert sorted(plan.planned) == ["support"]
        path.write_text(whole.replace("0 6 * * *", "@weekly"), "utf-8")
        other.unlink()
        assert plan.shelf.look() == ("credit", "support")
        plan.follow()
        assert {name: one.cron for name, one in plan.planned.items()} == {"credit": "@weekly"}
        assert plan.shelf.look() == ()
        await plan.close()

    asyncio.run(changing())
    assert sorted({suite for suite, _ in jobs.ran}) == ["credit", "support"]


def test_two_suites_of_one_name_are_told_apart_by_a_complaint(
    tmp_path: Path, made: Callable[..., Path]
) -> None:
    made(tmp_path / "a")
    second = made(tmp_path / "b")
    shelf = Shelf((tmp_path,))
    shelf.look()
    assert [one.path for one in shelf if one.problem] == [second]
    found = shelf.get("credit")
    assert found is not None
    assert found.suite is not None


# Processes.


def job(command: list[str], tmp_path: Path) -> tuple[Job, list[str]]:
    """Have a command do as a worker would; give its end and what was told."""

    async def working() -> tuple[Job, list[str]]:
        hub = Hub()
        jobs = Jobs(hub=hub, history=str(tmp_path / "h.db"), command=tuple(command))
        heard: list[str] = []

        async def hearing() -> None:
            heard.extend([piece.decode() async for piece in hub.listen()])

        listening = asyncio.create_task(hearing())
        await asyncio.sleep(0)
        begun, task = jobs.start("credit", tmp_path / "s.yaml")
        await task
        hub.close()
        await listening
        ended = jobs.get(begun.id)
        assert ended is not None
        assert jobs.of("credit") is None
        return ended, heard

    return asyncio.run(working())


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import os; os.kill(os.getpid(), 9)", "by signal 9"),
        ("raise SystemExit(7)", "with exit code 7"),
        ("print('what?')", "nobody can read"),
        ("print('x' * 3_000_000)", "nobody can read"),
    ],
)
def test_a_run_that_crashes_is_told_of_and_takes_nobody_along(
    code: str, said: str, tmp_path: Path
) -> None:
    ended, heard = job([sys.executable, "-c", code], tmp_path)
    assert ended.state == "failed"
    assert said in ended.because
    assert [line for line in "".join(heard).splitlines() if line.startswith("event:")] == [
        "event: run.started",
        "event: run.failed",
    ]


def test_a_worker_that_is_not_there_is_a_failed_run(tmp_path: Path) -> None:
    ended, _ = job([str(tmp_path / "nothing")], tmp_path)
    assert "could not be started" in ended.because


def test_closing_ends_workers_and_what_they_started(tmp_path: Path) -> None:
    mark = tmp_path / "pids"
    code = (
        "import os, subprocess, sys, time\n"
        f"child = subprocess.Popen(['sleep', '60'])\n"
        f"open({str(mark)!r}, 'w').write(f'{{os.getpid()}} {{child.pid}}')\n"
        "time.sleep(60)"
    )

    async def closing() -> None:
        jobs = Jobs(hub=Hub(), history="", command=(sys.executable, "-c", code))
        jobs.start("credit", tmp_path)
        same, _ = jobs.start("credit", tmp_path)
        assert [one.id for one in jobs.all()] == [same.id]
        while not (mark.exists() and mark.read_text().count(" ")):
            await asyncio.sleep(0.02)
        await jobs.close()

    asyncio.run(closing())
    for pid in map(int, mark.read_text().split()):
        assert _ended(pid)


def test_a_suite_never_runs_beside_itself_whoever_starts_it(tmp_path: Path) -> None:
    mark = tmp_path / "going"
    code = (
        "import json, os, time\n"
        f"os.mkdir({str(mark)!r}); time.sleep(0.1); os.rmdir({str(mark)!r})\n"
        "print(json.dumps({'kind': 'finished', 'run': 'r', 'outcome': 'pass', 'because': ''}))"
    )

    async def working() -> list[Job]:
        jobs = Jobs(hub=Hub(), history="", workers=3, command=(sys.executable, "-c", code))
        begun = [jobs.start("credit", tmp_path, day) for day in ("2026-11-21", "2026-11-22", "")]
        await asyncio.gather(*(task for _, task in begun))
        return [job for job in jobs.all() if job.state == "finished"]

    assert len(asyncio.run(working())) == 3


def _ended(pid: int) -> bool:
    """Wait until a process is gone, or dead and not yet buried; the kernel takes a moment."""
    stat = Path(f"/proc/{pid}/stat")
    for _ in range(100):
        try:
            if stat.read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except (FileNotFoundError, ProcessLookupError):
            return True
        time.sleep(0.05)
    return False


# Listeners.


def test_a_slow_listener_loses_what_waits_and_is_sent_to_look_anew() -> None:
    async def listening() -> list[bytes]:
        hub = Hub()
        stream = hub.listen()
        heard = [await anext(stream)]
        for number in range(3 * MOST_WAITING):
            hub.tell("run.progress", job=str(number))
        assert max(queue.qsize() for queue in hub.listeners) <= MOST_WAITING
        hub.close()
        heard += [piece async for piece in stream]
        assert not hub.listeners
        return heard

    heard = asyncio.run(listening())
    assert len(heard) <= MOST_WAITING + 1
    assert any(b"event: suite.changed" in piece for piece in heard)
    assert b'"job": "299"' in heard[-1]


def test_silence_is_broken_by_a_heartbeat() -> None:
    async def listening() -> list[bytes]:
        stream = Hub().listen(heartbeat=0.01)
        return [await anext(stream) for _ in range(3)]

    assert asyncio.run(listening())[1:] == [b": still here\n\n"] * 2


def test_cron_and_scheduler_agree_on_sunday() -> None:
    """APScheduler's own numbers begin with Monday; ours are those of cron."""
    cron = parse_cron("0 0 * * 0")
    found = scheduling.CronTrigger(cron).get_next_fire_time(None, NOW)
    assert found is not None
    assert found.strftime("%A") == "Sunday"
