"""Profile of a column whose content is not summarised: texts, ids, nested values, all null."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from tidegauge.profile.arrays import as_array


@dataclass(frozen=True, slots=True, kw_only=True)
class PresenceProfile:
    """How many rows there are and how many hold nothing."""

    n: int = 0
    null: int = 0

    def blank(self) -> PresenceProfile:
        """Empty profile."""
        return PresenceProfile()

    def thinned(self, cuts: int) -> PresenceProfile:
        """Keep everything: there is no grid to thin."""
        return self

    def sealed(self) -> PresenceProfile:
        """Nothing to seal."""
        return self

    def lay(self, values: Any) -> PresenceProfile:
        """Count rows into a new profile."""
        array = as_array(values)
        return PresenceProfile(n=len(array), null=array.null_count)

    def merge(self, other: PresenceProfile) -> PresenceProfile:
        """Profile of both sets of rows together."""
        return replace(self, n=self.n + other.n, null=self.null + other.null)

    @property
    def missing(self) -> int:
        """Rows that hold nothing."""
        return self.null
