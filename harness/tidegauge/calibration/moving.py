"""A baseline that moves along, added up from the profiles that the history keeps."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import reduce

import numpy as np
import pyarrow as pa

from tidegauge.baseline import Baseline, declared
from tidegauge.calibration.keeping import with_limits
from tidegauge.calibration.learning import calibrate
from tidegauge.calibration.limits import wants_limits
from tidegauge.calibration.spread import FEWEST
from tidegauge.calibration.windows import Cut
from tidegauge.logs import Window
from tidegauge.profile import DatasetProfile
from tidegauge.records import Side
from tidegauge.suite import Suite


def worth_learning(suite: Suite, spans: Sequence[Window]) -> str:
    """Length of the windows that limits can be learned from; empty where they are too few."""
    if len(spans) < FEWEST:
        return ""
    minutes = int((spans[0].end - spans[0].start) / timedelta(minutes=1))
    return suite.logs.current.window or f"{minutes}m"


def added_up(suite: Suite, parts: Sequence[tuple[Window, DatasetProfile]]) -> Baseline:
    """Make a baseline of windows' profiles, over their grid; it keeps no raw rows.

    Parameters
    ----------
    suite
        Whose checks' limits are learned from the windows, where it asks for calibrated ones.
    parts
        Windows with their profiles, the earliest first.
    """
    total = reduce(DatasetProfile.merge, (profile for _, profile in parts))
    spans = [span for span, _ in parts]
    found = Baseline(
        profile=total.sealed(),
        side=Side(
            source="history",
            n=total.n,
            window=f"{spans[0].start.isoformat()}/{spans[-1].end.isoformat()}",
            created=datetime.now(UTC).isoformat(timespec="seconds"),
        ),
        declared=declared(suite.columns),
        rows=pa.table({}),
    )
    length = worth_learning(suite, spans) if wants_limits(suite) else ""
    if not length:
        return found
    cut = Cut(
        length=spans[0].end - spans[0].start,
        starts=tuple(span.start for span in spans),
        parts=tuple(profile for _, profile in parts),
    )
    if int(np.count_nonzero(cut.rows)) < FEWEST:
        return found
    learned = calibrate(
        cut, suite.checks, suite.policy, grid=found.profile, rows=found.rows, length=length
    )
    return with_limits(found, learned)
