"""Runs suites when they are due: once, by one server, missed windows caught up with."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from apscheduler.executors.asyncio import AsyncIOExecutor
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger

from tidegauge.errors import TidegaugeError
from tidegauge.logs import parse_window
from tidegauge.serving.jobs import Jobs
from tidegauge.serving.shelf import Shelf, Shelved
from tidegauge.store import Store
from tidegauge.store.leases import give_back, known, take
from tidegauge.store.paging import has_window
from tidegauge.suite import Schedule, Suite
from tidegauge.suite.cron import Cron, parse_cron

LOG = logging.getLogger("tidegauge.serving")
LEASE = 60.0
"""Seconds for which a run is claimed; renewed thrice in that time while it goes on."""


class CronTrigger(BaseTrigger):  # type: ignore[misc]
    """Asks our cron expressions when the scheduler asks; its own number days otherwise."""

    def __init__(self, cron: Cron) -> None:
        self.cron = cron

    def get_next_fire_time(
        self, previous_fire_time: datetime | None, now: datetime
    ) -> datetime | None:
        """First moment after the last one, or after now."""
        return self.cron.after(previous_fire_time or now)


@dataclass(slots=True)
class Plan:
    """Which suite runs when; used from one event loop, read from anywhere."""

    store: Store
    shelf: Shelf
    jobs: Jobs
    holder: str = field(default_factory=lambda: uuid.uuid4().hex)
    """Names this server where several share a history."""
    lease: float = LEASE
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    scheduler: AsyncIOScheduler = field(
        default_factory=lambda: AsyncIOScheduler(
            timezone=UTC,
            executors={"default": AsyncIOExecutor()},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
    )
    planned: dict[str, Schedule] = field(default_factory=dict)
    _busy: set[str] = field(default_factory=set)
    _going: set[asyncio.Task[None]] = field(default_factory=set)

    def start(self) -> None:
        """Begin; what was missed is caught up with at once."""
        self.scheduler.start()
        self.follow()

    async def close(self) -> None:
        """Plan nothing more, and wait for what was begun."""
        if self.scheduler.running:
            self.scheduler.shutdown(wait=False)
        for task in [*self._going]:
            task.cancel()
        await asyncio.gather(*self._going, return_exceptions=True)

    def follow(self) -> None:
        """Plan what the suites' files say now."""
        wanted = {
            one.name: one.suite.schedule for one in self.shelf if one.suite and one.suite.schedule
        }
        for name in [name for name in self.planned if wanted.get(name) != self.planned[name]]:
            del self.planned[name]
            self.scheduler.remove_job(name)
        for name, schedule in wanted.items():
            if name not in self.planned:
                self.planned[name] = schedule
                cron = parse_cron(schedule.cron, zone=schedule.timezone)
                self.scheduler.add_job(self.due, CronTrigger(cron), args=[name], id=name)
                task = asyncio.get_running_loop().create_task(self.due(name))
                self._going.add(task)
                task.add_done_callback(self._going.discard)

    def next_at(self, suite: str) -> datetime | None:
        """Say when a suite runs next."""
        job = self.scheduler.get_job(suite) if suite in self.planned else None
        found: datetime | None = job.next_run_time if job else None
        return found

    async def due(self, name: str) -> None:
        """Run the latest window of a suite that was due, unless that has been done."""
        if name in self._busy:  # it looks again for what is due when it has done
            return
        self._busy.add(name)
        try:
            await self._catch_up(name)
        except TidegaugeError as error:
            LOG.error("schedule of %s: %s", name, error)
        finally:
            self._busy.discard(name)

    async def _catch_up(self, name: str) -> None:
        """Run what was due last, and what became due meanwhile; each moment is tried once."""
        tried = None
        while True:
            file = self.shelf.get(name)
            if file is None or file.suite is None or file.suite.schedule is None:
                return
            _, moment = self._window(file.suite)
            if moment == tried:
                return
            tried = moment
            if await asyncio.to_thread(self._undone, file.suite):
                await self._alone(file, file.suite)

    def _undone(self, suite: Suite) -> bool:
        window, moment = self._window(suite)
        if moment is None:
            return False
        end = datetime.fromisoformat(window.partition("/")[2]) if window else None
        return not has_window(self.store, suite.name, end, moment)

    def _window(self, suite: Suite) -> tuple[str, datetime | None]:
        """Give the window of the moment at which a suite was due last, and that moment."""
        assert suite.schedule is not None
        cron = parse_cron(suite.schedule.cron, zone=suite.schedule.timezone)
        moment = cron.latest(self.clock())
        if moment is None:
            return "", None
        window = parse_window(None, suite.logs.current.window, now=moment)
        return str(window or ""), moment

    async def _alone(self, file: Shelved, suite: Suite) -> None:
        """Run while no other server does; whoever comes second steps in only for one that died."""
        name = f"run {suite.name}"
        while not await asyncio.to_thread(self._claim, name):
            await asyncio.sleep(self.lease / 3)
            if not await asyncio.to_thread(known, self.store, name):
                return  # given back: the other server has done, well or not
        renewing = asyncio.create_task(self._renew(name))
        try:
            if await asyncio.to_thread(self._undone, suite):  # another may just have finished it
                window, _ = self._window(suite)
                _, task = self.jobs.start(suite.name, file.path, window)
                await asyncio.shield(task)
        finally:
            renewing.cancel()
            with suppress(TidegaugeError):
                give_back(self.store, name, self.holder)

    async def _renew(self, name: str) -> None:
        while True:
            await asyncio.sleep(self.lease / 3)
            with suppress(TidegaugeError):
                await asyncio.to_thread(self._claim, name)

    def _claim(self, name: str) -> bool:
        now = datetime.now(UTC)
        return take(self.store, name, self.holder, seconds=self.lease, now=now)


def arrivals(store: Store, shelf: Shelf) -> tuple[Any, ...]:
    """Look for windows that did not come, and send what is due; give the incidents that changed."""
    from tidegauge.operating import watch

    changed: list[Any] = []
    for one in shelf:
        if one.suite is not None:
            changed += watch(one.suite, store).incidents
    return tuple(changed)
