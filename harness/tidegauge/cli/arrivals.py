"""``tidegauge arrivals``: how many labels have come in, window by window."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from tidegauge.arrival import Arrival


@click.command(short_help="Show how many labels have arrived.")
@click.argument("suite", type=click.Path(path_type=Path))
@click.option("--history", "place", metavar="PLACE", help="File or URL of the history to read.")
@click.option("-n", "most", default=30, show_default=True, help="Windows to show.")
@click.option("--read", is_flag=True, help="Join what has arrived first, and judge by it.")
def arrivals(suite: Path, place: str | None, most: int, read: bool) -> int:
    r"""Show, window by window, how many of SUITE's labels have arrived.

    Windows are those whose predictions the history keeps because labels were missing. To draw
    rows that a person labels, see: tidegauge label.

    \b
    Examples:
      tidegauge arrivals suite.yaml
      tidegauge arrivals suite.yaml --read     join new labels and judge earlier windows again
    """
    from tidegauge.arrival import arrivals as awaited
    from tidegauge.arrival import arrived, judge_arrived, track_record, unknown
    from tidegauge.store import open_store
    from tidegauge.suite import load_suite

    loaded = load_suite(suite)
    store = open_store(place, create=False)
    now = datetime.now(UTC)
    if read:
        for report in judge_arrived(loaded, store, now=now):
            click.echo(told(report.current.window, report.because))
    found = awaited(store, loaded.name, now=now)
    if not found:
        click.echo(
            f"{loaded.name}: the history keeps no window that waits for labels; a run keeps its "
            "predictions where the log has an id and labels are missing"
        )
        return 0
    click.echo(f"{'window':32s}  {'rows':>10s}  {'labelled':>10s}  {'at first':>8s}  age")
    for one in found[:most]:
        click.echo(_line(one))
    labels = arrived(loaded, store)
    if labels is not None:
        strangers = unknown(store, loaded.name, labels)
        click.echo(f"{labels.said} {strangers:,} belong to no row of these windows.")
    newest = store.runs(loaded.name, limit=1)
    for track in track_record(store, store.report(newest[0].id)) if newest else ():
        if track.told:
            click.echo(track.said)
    return 0


def told(window: str, because: str) -> str:
    """One line on a window that was judged again."""
    start, _, _ = window.partition("/")
    first, _, _ = because.partition(". ")
    return f"{start or 'all rows'}: {first[:1].lower()}{first[1:]}"


def _line(one: Arrival) -> str:
    first = f"{100 * one.first_labelled / max(one.rows, 1):.0f} %"
    share = f"{100 * one.share:.0f} %"
    window = one.window.partition("/")[0] or one.run
    return f"{window:32s}  {one.rows:>10,}  {share:>10s}  {first:>8s}  {_age(one.age)}"


def _age(age: timedelta) -> str:
    hours = age.total_seconds() / 3600
    return f"{hours / 24:.0f} d" if hours >= 48 else f"{max(hours, 0):.0f} h"
