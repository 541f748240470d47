"""Labels that a suite says arrive by themselves, joined to the rows of its current log."""

from __future__ import annotations

import glob
from dataclasses import replace

from tidegauge.errors import SuiteError
from tidegauge.logs import Log
from tidegauge.logs.labels import Labels, read_labels, with_labels
from tidegauge.profile import Layout
from tidegauge.suite import Suite


def late_labels(suite: Suite, layout: Layout) -> Labels | None:
    """Read what has arrived; ``None`` where the suite names no place, or nothing is there yet.

    Raises
    ------
    SuiteError
        When no column is the id or the target, so that labels cannot be joined.
    DataError
        When the labels cannot be read.
    """
    late = suite.logs.labels
    if late is None:
        return None
    if not layout.id or layout.target is None:
        missing = "columns.id" if not layout.id else "columns.target"
        raise SuiteError(
            f"logs.labels joins labels to rows by their id, and no column is the {missing[8:]}",
            f"name it under {missing}",
        )
    if "://" not in late.path and "{" not in late.path and not glob.glob(late.path, recursive=True):
        return None
    return read_labels(
        late.path,
        id=late.id or layout.id,
        target=late.target or layout.target.column,
        timestamp=late.timestamp,
        format=late.format,
        options=late.options,
    )


def joined(log: Log, labels: Labels | None, layout: Layout, suite: Suite) -> Log:
    """Fill a log's labels in from those that arrived; say so where none has."""
    late = suite.logs.labels
    if late is not None and labels is None:
        return replace(log, remarks={**log.remarks, "labels": f"no labels in {late.path} yet."})
    if labels is None or layout.target is None:
        return log
    return with_labels(log, labels, id=layout.id, target=layout.target.column)
