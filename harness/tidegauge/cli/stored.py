"""Runs as they are named on the command line: in the history, or as a report's JSON file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tidegauge.errors import HistoryError, TidegaugeError

if TYPE_CHECKING:
    from tidegauge.records import Report
    from tidegauge.store import Store
    from tidegauge.suite import Suite

HISTORY = click.option(
    "--history",
    "place",
    metavar="PLACE",
    help="File or URL of the history; default TIDEGAUGE_HISTORY, or tidegauge-report/history.db.",
)


def is_file(run: str) -> bool:
    """Whether a run is named by its report's file rather than by its id."""
    try:
        return run.lower().endswith(".json") or (bool(run) and Path(run).exists())
    except OSError:  # too long for a path
        return False


def report_of(run: str, place: str | None) -> Report:
    """Read a report from its file, or from the history.

    Raises
    ------
    TidegaugeError
        When there is none of that name; the hint holds near ones.
    """
    if is_file(run):
        return read(Path(run))
    return history(place).report(run)


def history(place: str | None) -> Store:
    """Open a history that is there already."""
    from tidegauge.store import open_store

    return open_store(place, create=False)


def of_suite(place: str | None, suite: Suite) -> Store:
    """Open the history that a suite's runs are kept in, which must be there."""
    return history(place or suite.history.place)


def to_keep(place: str | None, suite: Suite, *, never: bool) -> Store | None:
    """Open the history that a run is to be kept in; ``None`` for none.

    A place that somebody named must work. The one that nobody named may lie in a folder that
    cannot be written to: the run goes on then, and says so.
    """
    from tidegauge.store import open_store
    from tidegauge.store.places import VARIABLE

    if never:
        return None
    named = place or suite.history.place
    try:
        return open_store(named)
    except HistoryError as error:
        if named or os.environ.get(VARIABLE):
            raise
        click.echo(f"not kept: {error.message}", err=True)
        return None


def read(path: Path) -> Report:
    """Read a report's file."""
    from tidegauge.report import from_json

    try:
        text = path.read_bytes()
    except FileNotFoundError:
        raise TidegaugeError(f"{path}: no such file", _near(path.parent)) from None
    except IsADirectoryError:
        raise TidegaugeError(f"{path} is a folder, not a report", _near(path)) from None
    except OSError as error:
        raise TidegaugeError(f"{path}: cannot be read: {error.strerror}") from None
    try:
        return from_json(text)
    except TidegaugeError as error:
        raise TidegaugeError(f"{path}: {error.message}", error.hint) from None


def _near(folder: Path) -> str:
    found = sorted(str(file) for file in folder.glob("*.json"))[:5]
    if found:
        return f"reports there: {', '.join(found)}"
    return "tidegauge run SUITE writes one; or name the suite itself"
