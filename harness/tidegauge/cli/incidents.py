"""``tidegauge incidents``: what is wrong, since when, and what people did about it."""

from __future__ import annotations

import getpass
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tidegauge.cli.history import Listing
from tidegauge.cli.plain import plain
from tidegauge.cli.stored import HISTORY
from tidegauge.cli.stored import history as opened
from tidegauge.errors import TidegaugeError

if TYPE_CHECKING:
    from tidegauge.incident import Delivery, Incident
    from tidegauge.store import Store

BY = click.option("--by", metavar="NAME", help="Who says it; default the user's name here.")
TEXT = click.option("-m", "--message", "text", default="", help="What to add to the timeline.")
MARKS = {"open": "!", "acknowledged": "~", "resolved": "."}


@click.group(cls=Listing, short_help="List incidents; acknowledge, resolve, comment.")
def incidents() -> None:
    r"""List incidents, those that last before those that ended, the worst first.

    \b
    Examples:
      tidegauge incidents --open
      tidegauge incidents show 1a2b3c4d
      tidegauge incidents ack 1a2b3c4d -m "the upstream team repairs it"
      tidegauge incidents check suites/*.yaml     from cron: windows that did not come
      tidegauge incidents test-actions suite.yaml
    """


@incidents.command("list", short_help="List incidents: the default.")
@click.argument("suite", required=False)
@click.option("--open", "unresolved", is_flag=True, help="Leave out those that ended.")
@click.option("-n", "--limit", default=30, show_default=True, help="Incidents to show.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@HISTORY
def list_incidents(
    suite: str | None, unresolved: bool, limit: int, as_json: bool, place: str | None
) -> int:
    r"""List the incidents of SUITE, or of all suites.

    \b
    Examples:
      tidegauge incidents list credit-default --open
      tidegauge incidents --json
    """
    import json

    from tidegauge.store import incidents as kept

    store = opened(place)
    states = kept.UNRESOLVED if unresolved else None
    found = kept.incidents(store, suite, states, limit=limit)
    if as_json:
        click.echo(json.dumps([asdict(one) for one in found], indent=1))
        return 0
    for one in found:
        click.echo(_line(one, several=suite is None))
    if not found:
        click.echo("no incidents" + (" that last" if unresolved else ""))
    _waiting(kept.deliveries(store, suite=suite, states=("failed", "dropped")), limit=5)
    for line in _foretold(store, suite):
        click.echo(line)
    return 0


@incidents.command(short_help="Show an incident with its timeline.")
@click.argument("id")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@HISTORY
def show(id: str, as_json: bool, place: str | None) -> int:
    r"""Show incident ID: what, why, what happened since, and who was told.

    \b
    Example:
      tidegauge incidents show 1a2b
    """
    import json

    from tidegauge.store import incidents as kept

    store = opened(place)
    one = kept.incident(store, id)
    events, sent = kept.events(store, one.id), kept.deliveries(store, incident=one.id)
    if as_json:
        told = {"incident": one, "events": events, "deliveries": sent}
        click.echo(json.dumps(told, indent=1, default=asdict))
        return 0
    click.echo(_line(one, several=True))
    facts = {
        "because": one.because,
        "owner": one.owner,
        "windows": f"{one.windows}, first {one.first_window}, last {one.last_window}"
        if one.last_window
        else "",
        "newest run": f"{one.run}  (tidegauge report {one.run})" if one.run else "",
        "ended": f"{one.resolved} by {one.resolved_by}" if one.resolved else "",
    }
    for name, said in facts.items():
        if said:
            click.echo(f"  {name:11s}{plain(said)}")
    for key in one.findings[:20]:
        click.echo(f"  {'finding':11s}{plain(' '.join(filter(None, key.split('|'))))}")
    click.echo()
    for event in events:
        by = "" if event.by == "tidegauge" else f" by {event.by}"
        text = event.text.replace("\n", " ")
        click.echo(f"{event.at}  {event.what}{plain(by)}: {plain(text)}".rstrip(": "))
    _waiting(sent, limit=20)
    return 0


@incidents.command(short_help="Say that you know: no more messages until it gets worse.")
@click.argument("id")
@TEXT
@BY
@HISTORY
def ack(id: str, text: str, by: str | None, place: str | None) -> int:
    r"""Acknowledge incident ID: nobody is told again until it gets worse or comes back.

    \b
    Example:
      tidegauge incidents ack 1a2b -m "upstream repairs it by noon"
    """
    from tidegauge.alerts import acknowledge

    _changed(acknowledge(opened(place), id, by=_who(by), text=text))
    return 0


@incidents.command(short_help="End an incident by hand.")
@click.argument("id")
@TEXT
@BY
@HISTORY
def resolve(id: str, text: str, by: str | None, place: str | None) -> int:
    r"""End incident ID; a later window that shows it again brings it back.

    \b
    Example:
      tidegauge incidents resolve 1a2b -m "the unit was set back to dollars"
    """
    from tidegauge.alerts import resolve as end

    _changed(end(opened(place), id, by=_who(by), text=text))
    return 0


@incidents.command(short_help="Add a comment to an incident.")
@click.argument("id")
@click.argument("text")
@BY
@HISTORY
def comment(id: str, text: str, by: str | None, place: str | None) -> int:
    r"""Add TEXT to the timeline of incident ID.

    \b
    Example:
      tidegauge incidents comment 1a2b "began with release 4.2 of the intake form"
    """
    from tidegauge.alerts import comment as add

    _changed(add(opened(place), id, by=_who(by), text=text))
    return 0


@incidents.command(short_help="Name who looks after an incident.")
@click.argument("id")
@click.argument("owner")
@BY
@HISTORY
def assign(id: str, owner: str, by: str | None, place: str | None) -> int:
    r"""Hand incident ID to OWNER.

    \b
    Example:
      tidegauge incidents assign 1a2b "data platform"
    """
    from tidegauge.alerts import assign as hand

    _changed(hand(opened(place), id, owner=owner, by=_who(by)))
    return 0


@incidents.command(short_help="Miss windows that did not come; send what is left to send.")
@click.argument("suites", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--no-actions", is_flag=True, help="Only tell what would be done.")
@HISTORY
def check(suites: tuple[Path, ...], no_actions: bool, place: str | None) -> int:
    r"""Look for windows of SUITES that should have come and did not, and carry out what is due.

    A suite says how long it waits: alerts: {expect: 2h}. Meant for cron, beside the runs; a server
    (tidegauge serve) does it by itself. The exit code is 1 while a window is missing.

    \b
    Example:
      */15 * * * *  tidegauge incidents check suites/*.yaml
    """
    from tidegauge.operating import watch
    from tidegauge.store import incidents as kept
    from tidegauge.store import open_store
    from tidegauge.suite import load_suite

    missing = 0
    for path in suites:
        suite = load_suite(path)
        store = open_store(place or suite.history.place)
        done = watch(suite, store, act=not no_actions)
        for note in done.notes:
            click.echo(f"{suite.name}: {plain(note)}")
        show_deliveries(done.deliveries, act=not no_actions)
        if suite.alerts.expect is None:
            click.echo(f"{suite.name}: waits for no window; to wait: alerts: {{expect: 2h}}")
        lasting = kept.incidents(store, suite.name, kept.UNRESOLVED)
        missing += sum(one.sort == "missing" for one in lasting)
        store.close()
    return 1 if missing else 0


@incidents.command("test-actions", short_help="Send a test message by every action.")
@click.argument("suite", type=click.Path(path_type=Path))
@click.option("--only", metavar="NAME", help="Try this action only.")
@click.option(
    "--with-triggers", is_flag=True, help="Start commands and trainings, too; else they are listed."
)
@HISTORY
def test_actions(suite: Path, only: str | None, with_triggers: bool, place: str | None) -> int:
    r"""Try the actions of SUITE with a message that is marked as a test.

    \b
    Example:
      tidegauge incidents test-actions suite.yaml
    """
    from tidegauge.alerts import try_out
    from tidegauge.catalog import nearest
    from tidegauge.store import open_store
    from tidegauge.suite import load_suite

    loaded = load_suite(suite)
    if not loaded.actions:
        raise TidegaugeError(
            f"{suite} has no actions", 'add some: actions: [{on: critical, notify: "${ALERT_URL}"}]'
        )
    names = [one.name for one in loaded.actions]
    if only is not None and only not in names:
        raise TidegaugeError(f'the suite has no action "{only}"', nearest(only, names))
    chosen = [one for one in loaded.actions if only in (None, one.name)]
    starting = [one for one in chosen if one.kind in ("command", "trigger")]
    tried = [one for one in chosen if with_triggers or one not in starting]
    failed = 0
    for name, problem in try_out(open_store(place or loaded.history.place), loaded, tried):
        failed += bool(problem)
        click.echo(f"{name}: {plain(problem) or 'delivered'}")
    for one in starting if not with_triggers else ():
        click.echo(f"{one.name}: not started; to start it: --with-triggers")
    return 2 if failed else 0


def show_incidents(changed: Iterable[Incident]) -> None:
    """Print incidents that a run changed, one line each."""
    for one in changed:
        word = "ended" if one.state == "resolved" else f"{one.severity}, {one.state}"
        click.echo(f"incident {one.id} ({word}): {plain(one.title)}")


def show_deliveries(deliveries: Iterable[Delivery], *, act: bool = True) -> None:
    """Print what was done, or would be, one line each."""
    for one in deliveries:
        said = f"incident {one.incident}: {one.kind} {one.action}"
        if not act and one.state == "pending":
            click.echo(f"would do: {plain(said)}")
        else:
            click.echo(f"{plain(said)} {one.state}{one.problem and f': {plain(one.problem)}'}")


def _line(one: Incident, *, several: bool) -> str:
    suite = f"{one.suite}: " if several else ""
    state = "" if one.state == "open" else f" ({one.state} by {one.acknowledged_by})"
    if one.state == "resolved":
        state = " (ended)"
    since = one.opened[:16].replace("T", " ")
    windows = f"{one.windows} window{'' if one.windows == 1 else 's'}"
    head = f"{MARKS[one.state]} {one.id}  {one.severity:8s}  {since}  {windows:>11s}  "
    return f"{head}{plain(suite + one.title)}{plain(state)}"


def _waiting(deliveries: Iterable[Delivery], *, limit: int) -> None:
    listed = list(deliveries)
    for one in listed[:limit]:
        said = f"  {one.kind} {one.action} for {one.incident}: {one.state}"
        rounds = f" after {one.attempts} round{'' if one.attempts == 1 else 's'}"
        problem = f"{rounds if one.attempts else ''}: {one.problem}" if one.problem else ""
        click.echo(plain(said + problem))
    if len(listed) > limit:
        click.echo(f"  and {len(listed) - limit} more")


def _foretold(store: Store, suite: str | None) -> Iterable[str]:
    """Say how many false pages a year to expect, as the newest reports say it."""
    from tidegauge.errors import HistoryError

    for row in store.suites():
        if suite not in (None, row.name):
            continue
        try:
            notes = store.report(row.latest.id).notes
        except HistoryError:  # its report is no longer kept
            continue
        said = next((note for note in notes if "false pages a year" in note.lower()
                     or "false page a year" in note), "")  # fmt: skip
        if said:
            yield plain(f"{row.name}: {said.split('. It assumes')[0]}.")


def _changed(one: Incident) -> None:
    click.echo(_line(one, several=True))


def _who(by: str | None) -> str:
    if by:
        return by
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        return "somebody"
