"""``tidegauge arrivals``: how many labels have come in, window by window."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tidegauge.cli.incidents import show_deliveries, show_incidents
from tidegauge.cli.plain import plain
from tidegauge.cli.stored import HISTORY, of_suite
from tidegauge.wording import window

if TYPE_CHECKING:
    from tidegauge.arrival import Arrival
    from tidegauge.store import Store
    from tidegauge.suite import Suite


@click.command(short_help="Show how many labels have arrived.")
@click.argument("suite", type=click.Path(path_type=Path))
@click.option(
    "-n", "most", type=click.IntRange(min=1), default=30, show_default=True, help="Windows to show."
)
@click.option("--read", is_flag=True, help="Join what has arrived first, and judge by it.")
@click.option("--no-actions", is_flag=True, help="Only tell which actions would be done.")
@HISTORY
def arrivals(suite: Path, most: int, read: bool, no_actions: bool, place: str | None) -> int:
    r"""Show, window by window, how many of SUITE's labels have arrived.

    Windows are those whose predictions the history keeps because labels were missing. With --read
    they are judged again, people are told as after a run, and the exit code is 1 where one is
    critical. To draw rows that a person labels, see: tidegauge label.

    \b
    Examples:
      tidegauge arrivals suite.yaml
      tidegauge arrivals suite.yaml --read     join new labels and judge earlier windows again
    """
    from tidegauge.arrival import arrivals as awaited
    from tidegauge.suite import load_suite

    loaded = load_suite(suite)
    store = of_suite(place, loaded)
    now = datetime.now(UTC)
    code = _judge(loaded, store, now, act=not no_actions) if read else 0
    found = awaited(store, loaded.name, now=now)
    if not found:
        click.echo(
            f"{loaded.name}: the history keeps no window that waits for labels; a run keeps its "
            "predictions where the log has an id and labels are missing"
        )
        return code
    click.echo(f"{'window':24s}  {'rows':>10s}  {'labelled':>10s}  {'at first':>8s}  age")
    for one in found[:most]:
        click.echo(_line(one))
    if len(found) > most:
        click.echo(f"and {len(found) - most:,} older ones: -n {len(found)}")
    for said in _remarks(loaded, store):
        click.echo(plain(said))
    return code


def told(of: str, because: str) -> str:
    """One line on a window that was judged again."""
    first, _, _ = because.partition(". ")
    return plain(f"{window(of)}: {first[:1].lower()}{first[1:]}")


def _judge(suite: Suite, store: Store, now: datetime, *, act: bool) -> int:
    """Judge windows again by what has arrived; 1 where one is critical."""
    from tidegauge.operating import take_labels

    again, alerted = take_labels(suite, store, now=now, act=act)
    for report in again:
        click.echo(told(report.current.window, report.because))
    show_incidents(alerted.incidents)
    show_deliveries(alerted.deliveries, act=act)
    if alerted.trouble:
        click.echo(f"error: {alerted.trouble}", err=True)
    if any(report.outcome == "critical" for report in again):
        return 1
    return 2 if alerted.trouble else 0


def _remarks(suite: Suite, store: Store) -> list[str]:
    """Tell of the labels, and of what stood in for them."""
    from tidegauge.arrival import arrived, track_record, unknown

    said = []
    labels = arrived(suite, store)
    if labels is not None:
        strangers = unknown(store, suite.name, labels)
        said.append(f"{labels.said} {strangers:,} belong to no row of these windows.")
    elif suite.logs.labels is not None:
        said.append(f"no labels in {suite.logs.labels.path} yet.")
    newest = store.report(store.runs(suite.name, limit=1)[0].id)
    return said + [track.said for track in track_record(store, newest) if track.told]


def _line(one: Arrival) -> str:
    first = f"{100 * one.first_labelled / max(one.rows, 1):.0f} %"
    share = f"{100 * one.share:.0f} %"
    of = window(one.window) if one.window else one.run
    return f"{of:24s}  {one.rows:>10,}  {share:>10s}  {first:>8s}  {_age(one.age)}"


def _age(age: timedelta) -> str:
    hours = age.total_seconds() / 3600
    return f"{hours / 24:.0f} d" if hours >= 48 else f"{max(hours, 0):.0f} h"
