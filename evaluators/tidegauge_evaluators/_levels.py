"""Levels outside the grid: which are new, and what the profile cannot tell."""

from __future__ import annotations

from collections.abc import Mapping

from tidegauge.profile import CategoricalProfile


def unnamed(profile: CategoricalProfile) -> int:
    """Rows of levels outside the grid that the profile did not keep by name."""
    return profile.unseen_rows - sum(profile.unseen.values())


def unnamed_at_most(profile: CategoricalProfile) -> int:
    """Most rows of one such level: no more than the rarest that was kept by name has."""
    return min([unnamed(profile), *profile.unseen.values()])


def new_levels(baseline: CategoricalProfile, current: CategoricalProfile) -> Mapping[str, int]:
    """Rows of each level that the baseline never held.

    Where the baseline has levels without a name, only those count that are too frequent to be
    one of them (four standard deviations and four rows above what that would give).
    """
    expected = unnamed_at_most(baseline) * current.present / max(baseline.present, 1)
    fewest = expected + 4.0 * expected**0.5 + 4.0 if expected else 0.0
    return {
        level: rows
        for level, rows in current.unseen.items()
        if level not in baseline.unseen and rows > fewest
    }


def rows_by_level(profile: CategoricalProfile) -> dict[str, int]:
    """Rows of each level that the profile names, inside its grid and out."""
    return dict(zip(profile.levels, profile.counts.tolist(), strict=True)) | dict(profile.unseen)
