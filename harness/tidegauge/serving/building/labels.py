"""How much of the truth has arrived, window by window."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from tidegauge.serving.building.lines import iso
from tidegauge.store import Store
from tidegauge.store.predictions import Kept, kept_windows
from tidegauge.views import Labels

WHOLE = 0.95
"""Share of a window's labels that is as good as all: the last few may never come."""
MOST = 400


def labels_of(store: Store, suite: str, since: datetime | None) -> tuple[Labels, ...]:
    """List windows whose labels were or are awaited, the oldest first."""
    found = [kept for kept in kept_windows(store, suite) if since is None or kept.at >= since]
    return tuple(
        Labels(
            at=iso(kept.at),
            arrived=_share(kept),
            run=kept.run,
            revision=1 + (kept.labelled > kept.first_labelled),
        )
        for kept in found[-MOST:]
    )


def labels_until(store: Store, suite: str) -> str:
    """Up to when labels have arrived, ISO 8601, UTC; empty where none are awaited, or none came."""
    return until(kept_windows(store, suite))


def until(kept: Sequence[Kept]) -> str:
    """End of the newest window that has its labels; empty where none has."""
    return next((iso(one.at) for one in reversed(kept) if _share(one) >= WHOLE), "")


def _share(kept: Kept) -> float:
    return kept.labelled / kept.rows if kept.rows else 1.0
