"""How long the server takes over each page: 10,000 runs in its history, asked first and again."""

from __future__ import annotations

import argparse
import asyncio
import gc
import re
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
import numpy as np
import sqlalchemy as sa

import tidegauge
from _output import Spread, machine, print_table, write_json
from tidegauge.incident import Event, Incident
from tidegauge.records import Report
from tidegauge.serving.running import assemble, warm
from tidegauge.serving.settings import settle
from tidegauge.store import Store, open_store
from tidegauge.store import tables as t
from tidegauge.store.incident_writing import add_event, keep_incident, spoken

HOURS, SUITES, EACH, INCIDENTS, COLUMNS, FRESH, REPEATS = 8_760, 25, 50, 200, 50, 3, 9
MAIN = "hourly"
HOUR = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
ROUTES = (
    "/", f"/suites/{MAIN}", f"/suites/{MAIN}?range=1y", f"/suites/{MAIN}?range=all&page=4",
    f"/suites/{MAIN}?check=drift.psi&column=x7&range=all", "/suites/suite-3",
    f"/runs/{MAIN}@latest", f"/runs/{MAIN}@latest/report.html", f"/runs/{MAIN}@latest/report.json",
    "/incidents", "/incidents?state=all&before=00000040", "/incidents/00000001",
    "/compare", f"/compare?before={MAIN}-100&after={MAIN}-0&show=all", "/comparisons",
    "/baselines", "/api/v1/suites", "/api/v1/runs?limit=100", "/api/v1/runs?limit=1000",
    f"/api/v1/suites/{MAIN}/series?check=drift.psi&column=x7", "/api/v1/openapi.json",
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=int, default=HOURS, help="hourly runs of one suite")
    parser.add_argument("--history", type=Path, help="keep the history here, to be used again")
    wanted = parser.parse_args()
    gc.set_threshold(200_000)  # as the command line does
    with tempfile.TemporaryDirectory() as folder:
        place = wanted.history or Path(folder) / "history.db"
        fresh = not place.exists()
        store = open_store(place)
        if fresh:
            fill(store, wanted.hours)
        kept = len(store.runs(limit=None))
        size = place.stat().st_size / 2**20
        rows = asyncio.run(timed(store))
    print(machine())
    print(f"{kept:,} runs of {SUITES + 1} suites, {INCIDENTS} incidents, {size:.0f} MiB")
    print("judged by the processor's time: the clock counts what other programs took, too")
    head = ["address", "first, ms (processor)", "again, ms", "processor", "KiB", "under 200 ms"]
    print_table("Server time of each page", head, [
        [row["address"], f"{row['first_ms']:.0f} ({row['first_cpu_ms']:.0f})", row["again"],
         f"{row['again_cpu_ms']:.0f}", f"{row['kib']:.0f}", "yes" if row["quick"] else "NO"]
        for row in rows
    ])  # fmt: skip
    write_json("serving", {"runs": kept, "mib": round(size, 1), "routes": rows})


def fill(store: Store, hours: int) -> None:
    """Keep a year of hourly runs of one suite, 50 daily ones of each of 25, and incidents.

    Two runs of each suite are kept as any run is; the others are copies of their rows.
    """
    calm, loud = (made(shift) for shift in (0.0, 1.0))
    stretches = [(MAIN, hours, timedelta(hours=1))]
    stretches += [(f"suite-{number}", EACH, timedelta(days=1)) for number in range(SUITES)]
    for suite, n, length in stretches:
        for back, report in ((n - 1, loud), (n - 2, calm)):
            store.save(of_window(report, suite, back, length))
        copied(store, suite, n, length)
    for number in range(INCIDENTS):
        at = (datetime.now(UTC) - timedelta(hours=97 * number)).isoformat(timespec="seconds")
        resolved = at if number > 12 else ""
        one = Incident(
            id=f"{number:08x}", suite=MAIN, title=f"x{number % 50} drifted", because="PSI 1.2",
            findings=(f"drift.psi|x{number % 50}|",), opened=at, updated=at, resolved=resolved,
            state="resolved" if resolved else "open", windows=3, run=f"{MAIN}-{97 * number}",
        )  # fmt: skip
        with spoken(store) as speaker:
            keep_incident(speaker, one)
            add_event(speaker, Event(id=0, incident=one.id, at=at, what="opened",
                                     severity="critical"))  # fmt: skip


def copied(store: Store, suite: str, n: int, length: timedelta) -> None:
    """Copy a suite's first two runs over all its later windows."""
    with store.transaction() as connection:
        rows = connection.execute(
            sa.select(t.runs).where(t.runs.c.suite == suite).order_by(t.runs.c.at)
        )
        loud, calm = (dict(row._mapping) for row in rows)
        like = {one["no"]: {
            table.name: [dict(row._mapping) for row in connection.execute(
                sa.select(table).where(table.c.run == one["no"]))]
            for table in (t.reports, t.results)
        } for one in (loud, calm)}  # fmt: skip
        first = 1 + (connection.scalar(sa.select(sa.func.max(t.runs.c.no))) or 0)
        fresh: dict[str, list[dict[str, Any]]] = {"runs": [], "reports": [], "results": []}
        for no, back in enumerate(range(n - 3, -1, -1), first):
            kind = loud if back % 97 == 0 else calm
            end = HOUR - back * length
            window = f"{(end - length).isoformat()}/{end.isoformat()}"
            fresh["runs"].append(kind | {
                "no": no, "id": f"{suite}-{back}", "span": window, "window": window, "at": end,
                "window_start": end - length, "window_end": end, "created": end,
            })  # fmt: skip
            for name in ("reports", "results"):
                fresh[name] += [row | {"run": no} for row in like[kind["no"]][name]]
        for table in (t.runs, t.reports, t.results):
            connection.execute(sa.insert(table), fresh[table.name])


def made(shift: float) -> Report:
    rng = np.random.default_rng(0)
    columns = {f"x{at}": rng.normal(size=2_000) for at in range(COLUMNS)}
    moved = {name: values + shift * (at < 3) for at, (name, values) in enumerate(columns.items())}
    return tidegauge.check(moved, columns, checks=["drift.psi"], preset="standard")


def of_window(report: Report, suite: str, back: int, length: timedelta) -> Report:
    end = HOUR - back * length
    return replace(
        report,
        suite=suite,
        run_id=f"{suite}-{back}",
        created=end.isoformat(),
        current=replace(report.current, window=f"{(end - length).isoformat()}/{end.isoformat()}"),
    )


async def timed(store: Store) -> list[dict[str, Any]]:
    """Ask each address of servers that have just begun, and of the last one again and again."""
    found = []
    for address in ROUTES:
        first = [await asked(store, address, 1) for _ in range(FRESH - 1)]
        *_, last = runs = [*first, await asked(store, address, 1 + REPEATS)]
        fresh = [one[0] for one in runs]
        again = last[1:]
        clocks = Spread.of([one.clock for one in again])
        first_cpu = Spread.of([one.processor for one in fresh]).median
        again_cpu = Spread.of([one.processor for one in again]).median
        found.append(
            {
                "address": re.sub(r"\d{5,}", "...", address),
                "first_ms": round(Spread.of([one.clock for one in fresh]).median, 1),
                "first_cpu_ms": round(first_cpu, 1),
                "again": clocks.text(0),
                "again_cpu_ms": round(again_cpu, 1),
                "again_ms": round(clocks.median, 1),
                "kib": round(last[0].size / 1024, 1),
                "quick": max(first_cpu, again_cpu) < 200,
            }
        )
    return found


class Taken(NamedTuple):
    """What one answer took."""

    clock: float
    """Milliseconds until it was there; on a busy machine, those of other programs too."""
    processor: float
    """Milliseconds that this process worked."""
    size: int


async def asked(store: Store, address: str, times: int) -> list[Taken]:
    """Ask a server that has just begun for one address, several times."""
    whole = assemble(settle(schedule=False), store)
    await warm(whole.app)  # as the server does when it begins
    wire = httpx2.ASGITransport(app=whole.app)
    browser = {"accept": "text/html", "host": "127.0.0.1"}
    found = []
    async with httpx2.AsyncClient(transport=wire, base_url="http://127.0.0.1") as client:
        for _ in range(times):
            start, work = time.perf_counter(), time.process_time()
            answer = await client.get(address, headers=browser)
            clock, processor = time.perf_counter() - start, time.process_time() - work
            found.append(Taken(clock * 1_000, processor * 1_000, len(answer.content)))
            assert answer.status_code == 200, (address, answer.text)
    return found


if __name__ == "__main__":
    main()
