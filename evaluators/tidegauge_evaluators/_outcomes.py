"""What every performance measure shares: labels that arrived, rows enough, the Score's frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from tidegauge.errors import TooFewRows
from tidegauge.profile.classification import ClassificationProfile
from tidegauge.profile.regression import RegressionProfile
from tidegauge.records import Part, Score
from tidegauge_evaluators._intervals import Compared

Outcome = TypeVar("Outcome", ClassificationProfile, RegressionProfile)

SHOWN = 30
"""Most classes listed as evidence."""


def labelled(baseline: Outcome | None, current: Outcome, min_rows: int) -> Outcome | None:
    """Return the baseline if any of its labels are there to compare with.

    Raises
    ------
    TooFewRows
        When either side has fewer than ``min_rows`` labelled rows.
    """
    before = baseline if baseline is not None and baseline.labelled else None
    require_rows(min_rows, before.labelled if before else None, current.labelled)
    return before


def require_rows(needed: int, n_baseline: int | None, n_current: int, of: str = "") -> None:
    """Raise ``TooFewRows`` unless both sides have enough; None = no baseline to compare with.

    Examples
    --------
    >>> require_rows(10, None, 4, of='labelled "yes"')
    Traceback (most recent call last):
    ...
    tidegauge.errors.TooFewRows: needs 10 rows labelled "yes" on each side,
    found 0 in the baseline and 4 now
    """
    if n_current < needed or (n_baseline is not None and n_baseline < needed):
        raise TooFewRows(needed=needed, n_baseline=n_baseline or 0, n_current=n_current, of=of)


def arrived(current: ClassificationProfile | RegressionProfile) -> dict[str, float | str]:
    """State how many of the current labels are there to judge by."""
    found = current.n - current.pending - current.unlabelled
    state: dict[str, float | str] = {
        "labelled_share": found / current.n if current.n else 0.0,
        "pending": current.pending,
        "overdue": current.unlabelled,
    }
    return state | ({"unpredicted": current.unpredicted} if current.unpredicted else {})


def scored(
    compared: Compared,
    current: ClassificationProfile | RegressionProfile,
    *,
    n_baseline: int,
    n_current: int,
    resolution: float = 0.0,
    parts: Sequence[Part] = (),
    details: Mapping[str, float | str] | None = None,
) -> Score:
    """Frame an estimate and its change as a Score, with the state of the labels."""
    return Score(
        value=compared.value,
        interval=compared.interval,
        p_value=compared.p_value,
        baseline=compared.baseline,
        change=compared.change,
        n_baseline=n_baseline,
        n_current=n_current,
        resolution=resolution,
        parts=tuple(parts[:SHOWN]),
        details=arrived(current) | dict(details or {}),
    )
