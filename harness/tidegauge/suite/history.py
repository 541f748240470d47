"""The ``history`` part of a suite: where its runs are kept, and for how long."""

from __future__ import annotations

from pathlib import Path

from tidegauge.suite.document import Node
from tidegauge.suite.shape import History
from tidegauge.suite.values import entries, length, text

KEYS = {
    "place": "File of the history, or postgresql://user@host/database (default "
    "tidegauge-report/history.db in the folder where the run is started).",
    "keep": "How long runs, results and causes are kept: 400d (by default for ever).",
    "keep_profiles": "How long the profile of each window is kept by itself; older ones are added "
    "up to days: 90d (by default as long as the run).",
}


def read_history(node: Node, folder: Path) -> History:
    """Read where and how long to keep runs; a relative path begins at ``folder``."""
    found = entries(node, KEYS, "{keep: 400d, keep_profiles: 90d}")
    place = text(found["place"], "a path or URL") if "place" in found else ""
    keep = length(found["keep"]) if "keep" in found else None
    kept = length(found["keep_profiles"]) if "keep_profiles" in found else None
    if keep and kept and kept > keep:
        found["keep_profiles"].complain(
            "found profiles that are kept for longer than their runs; allowed: at most keep"
        )
    if place and "://" not in place:
        place = str(folder / place)
    return History(place=place, keep=keep, keep_profiles=kept)
