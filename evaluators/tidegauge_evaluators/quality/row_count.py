"""How many rows the current log holds."""

from __future__ import annotations

from tidegauge.profile import DatasetProfile
from tidegauge.records import Card, Score

CARD = Card(
    title="Row count",
    explain="Number of rows in the current log.",
    reads=("dataset",),
    on="dataset",
    better="higher",
    unit="rows",
    reference="ISO/IEC 25012:2008, completeness",
    range=(0.0, None),
)


def row_count(baseline: DatasetProfile, current: DatasetProfile) -> Score:
    """Rows in the current log, as a plain count.

    A count is a fact about a log, without sampling error, so there is no interval. The
    baseline's count is given beside it; the two compare only where both cover equal times.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from tidegauge.profile import Layout
    >>> grid = DatasetProfile.freeze(pa.table({"x": [1, 2]}), Layout(kinds={"x": "numeric"}))
    >>> row_count(grid.lay(pa.table({"x": [1, 2]})), grid.lay(pa.table({"x": [1]}))).value
    1.0
    """
    return Score(
        value=float(current.n),
        baseline=float(baseline.n),
        n_baseline=baseline.n,
        n_current=current.n,
    )
