"""Profile of a whole log: its columns, its outcome, its ids, and the same for each slice."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tidegauge.profile.arrays import coded, instants
from tidegauge.profile.categorical import CategoricalProfile
from tidegauge.profile.classification import ClassificationProfile
from tidegauge.profile.clusters import ClusterProfile
from tidegauge.profile.keys import KeysProfile
from tidegauge.profile.layout import Layout
from tidegauge.profile.numeric import NumericProfile, log_cuts, quantile_cuts
from tidegauge.profile.presence import PresenceProfile
from tidegauge.profile.regression import RegressionProfile

ColumnProfile = NumericProfile | CategoricalProfile | PresenceProfile
OutcomeProfile = ClassificationProfile | RegressionProfile
Mapper = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]

SLICE_CUTS = 256
"""Cut points of a slice's grid: every eighth of the whole's."""
SLICE_LEVELS = 50
"""Most values of a segment that become slices, the most frequent ones."""
SCORE_CUTS = 1_024
KEYS_KEPT = 4_096
"""Ids that a stored baseline keeps, to state its rate of duplicates; clusters likewise."""
SLICE_KEYS = 512
"""Clusters that it keeps of each slice."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DatasetProfile:
    """Everything measures read of one side of a run."""

    layout: Layout
    columns: Mapping[str, ColumnProfile]
    outcome: OutcomeProfile | None = None
    keys: KeysProfile | None = None
    clusters: Mapping[str, ClusterProfile] = field(default_factory=dict)
    """Column of decisions -> its flags by conversation, where rows belong to conversations."""
    n: int = 0
    types: Mapping[str, str] = field(default_factory=dict)
    """Column as read -> family of its type; only columns that were there."""
    slices: Mapping[str, DatasetProfile] = field(default_factory=dict)
    """``segment=value`` -> profile of those rows, over coarser grids."""
    windows: Mapping[float, DatasetProfile] = field(default_factory=dict)
    """Start of a time window, in seconds since 1970 -> profile of its rows."""

    @classmethod
    def freeze(cls, sample: pa.Table | pa.RecordBatch, layout: Layout) -> DatasetProfile:
        """Empty profile whose grids suit a sample of the baseline's rows."""
        columns = {name: _grid(name, sample.column(name), layout) for name in layout.kinds}
        whole = cls(
            layout=layout,
            columns=columns,
            outcome=_outcome_grid(layout, sample),
            keys=KeysProfile() if layout.id else None,
            clusters={name: ClusterProfile() for name in _clustered(layout)},
        )
        slices = {
            f"{segment}={level}": whole.coarse()
            for segment in layout.segments
            for level in _segment_levels(sample.column(segment))
        }
        return replace(whole, slices=slices)

    def blank(self) -> DatasetProfile:
        """Return the grids without their counts, slices included, windows not."""
        return DatasetProfile(
            layout=self.layout,
            columns={name: profile.blank() for name, profile in self.columns.items()},
            outcome=self.outcome.blank() if self.outcome else None,
            keys=KeysProfile() if self.keys else None,
            clusters={name: profile.blank() for name, profile in self.clusters.items()},
            slices={label: part.blank() for label, part in self.slices.items()},
        )

    def thinned(self) -> DatasetProfile:
        """Read the counts off coarser grids, without slices and ids."""
        return replace(
            self,
            columns={
                name: profile if name == self.layout.latency else profile.thinned(SLICE_CUTS)
                for name, profile in self.columns.items()
            },
            keys=None,
            slices={},
            windows={},
        )

    def coarse(self) -> DatasetProfile:
        """Empty profile over coarser grids, without slices and ids: for a part of the rows."""
        return self.thinned().blank()

    def windowed(self, starts: Sequence[float]) -> DatasetProfile:
        """Count each time window apart as well, from ``starts[i]`` up to the next."""
        return replace(self, windows={float(start): self.coarse() for start in starts})

    def lay(
        self, batch: pa.RecordBatch | pa.Table, *, as_of: float = np.inf, each: Mapper = map
    ) -> DatasetProfile:
        """Count a batch of rows over this profile's grids, into a new profile.

        Parameters
        ----------
        batch
            Columns that are absent are absent from the result, and show in ``types``.
        as_of
            Moment of judging, in seconds since 1970: labels due later are pending.
        each
            ``map``, or a thread pool's ``map`` to count columns side by side.
        """
        present = [name for name in self.columns if name in batch.schema.names]
        laid = each(lambda name: self.columns[name].lay(batch.column(name)), present)
        return replace(
            self,
            columns=dict(zip(present, laid, strict=True)),
            outcome=self._lay_outcome(batch, as_of),
            keys=self.keys.lay(batch.column(self.layout.id))
            if self.keys and self.layout.id in batch.schema.names
            else None,
            clusters=self._lay_clusters(batch),
            n=batch.num_rows,
            types={field.name: family(field.type) for field in batch.schema},
            slices=self._lay_slices(batch, as_of, each),
            windows=self._lay_windows(batch, as_of, each),
        )

    def merge(self, other: DatasetProfile) -> DatasetProfile:
        """Profile of both sets of rows together; both must lie over one set of grids."""
        return replace(
            self,
            columns=_merged(self.columns, other.columns),
            outcome=_merged_two(self.outcome, other.outcome),
            keys=_merged_two(self.keys, other.keys),
            clusters=_merged(self.clusters, other.clusters),
            n=self.n + other.n,
            types=_wider_types(self.types, other.types),
            slices=_merged(self.slices, other.slices),
            windows=_merged(self.windows, other.windows),
        )

    def sealed(self) -> DatasetProfile:
        """Close a baseline: the range seen is the valid one, and few ids are kept."""
        columns = {name: profile.sealed() for name, profile in self.columns.items()}
        return replace(
            self,
            columns=columns,
            keys=self.keys.thinned(KEYS_KEPT) if self.keys else None,
            clusters={name: part.thinned(KEYS_KEPT) for name, part in self.clusters.items()},
            slices={
                label: replace(
                    part,
                    columns=_with_ranges(part.columns, columns),
                    clusters={n: one.thinned(SLICE_KEYS) for n, one in part.clusters.items()},
                )
                for label, part in self.slices.items()
            },
        )

    def _lay_clusters(self, batch: pa.RecordBatch | pa.Table) -> dict[str, ClusterProfile]:
        conversation, names = self.layout.conversation, batch.schema.names
        if conversation not in names:
            return {}
        members = batch.column(conversation)
        return {
            name: profile.lay(members, batch.column(name))
            for name, profile in self.clusters.items()
            if name in names
        }

    def _lay_outcome(self, batch: pa.RecordBatch, as_of: float) -> OutcomeProfile | None:
        target, names = self.layout.target, batch.schema.names
        if self.outcome is None or target is None or target.column not in names:
            return None
        due = self._due(batch, as_of)
        prediction = self.layout.prediction
        decided = batch.column(prediction) if prediction in names else None
        if isinstance(self.outcome, RegressionProfile):
            if decided is None:
                return None
            return self.outcome.lay(batch.column(target.column), decided, due=due)
        scored = {c: n for c, n in self.layout.scores.items() if c in self.outcome.scores}
        scores = {c: batch.column(n) for c, n in scored.items() if n in names}
        if len(scores) < len(self.outcome.scores) or (decided is None and not scores):
            return None
        return self.outcome.lay(batch.column(target.column), decided, scores, due=due)

    def _due(self, batch: pa.RecordBatch, as_of: float) -> NDArray[np.bool_] | None:
        target, timestamp = self.layout.target, self.layout.timestamp
        if target is None or target.arrives_after is None or timestamp not in batch.schema.names:
            return None
        return _seconds(batch.column(timestamp)) + target.arrives_after <= as_of

    def _lay_slices(
        self, batch: pa.RecordBatch, as_of: float, each: Mapper
    ) -> dict[str, DatasetProfile]:
        laid = {label: part.blank() for label, part in self.slices.items()}
        for segment in self.layout.segments:
            if segment not in batch.schema.names:
                continue
            labels = [label for label in self.slices if label.startswith(f"{segment}=")]
            codes = coded(batch.column(segment), [x.partition("=")[2] for x in labels])
            for code, rows in _grouped(batch, codes, len(labels)):
                laid[labels[code]] = self.slices[labels[code]].lay(rows, as_of=as_of, each=each)
        return laid

    def _lay_windows(
        self, batch: pa.RecordBatch, as_of: float, each: Mapper
    ) -> dict[float, DatasetProfile]:
        if not self.windows or self.layout.timestamp not in batch.schema.names:
            return dict(self.windows)
        starts = np.array(list(self.windows))
        seconds = _seconds(batch.column(self.layout.timestamp))
        codes = np.searchsorted(starts, seconds, "right") - 1
        codes[np.isnan(seconds)] = -1
        laid = {start: part.blank() for start, part in self.windows.items()}
        for code, rows in _grouped(batch, codes, len(starts)):
            start = float(starts[code])
            laid[start] = self.windows[start].lay(rows, as_of=as_of, each=each)
        return laid


def family(kind: pa.DataType) -> str:
    """Name the family of a type; columns of one family can be compared."""
    types = pa.types
    if types.is_dictionary(kind):
        return family(kind.value_type)
    tests: tuple[tuple[str, tuple[Callable[[pa.DataType], bool], ...]], ...] = (
        ("number", (types.is_integer, types.is_floating, types.is_decimal)),
        ("boolean", (types.is_boolean,)),
        ("time", (types.is_temporal,)),
        ("null", (types.is_null,)),
        ("nested", (types.is_nested,)),
    )
    return next((name for name, fits in tests if any(fit(kind) for fit in fits)), "text")


def _grid(name: str, values: Any, layout: Layout) -> ColumnProfile:
    kind = layout.kinds[name]
    if name == layout.status or kind in ("categorical", "boolean"):
        return CategoricalProfile.freeze(values).blank()
    if name == layout.latency:
        return NumericProfile.over_grid(log_cuts(), layout.valid.get(name))
    if kind in ("numeric", "datetime"):
        instant = kind == "datetime"
        frozen = NumericProfile.freeze(values, instant=instant)
        return NumericProfile.over_grid(frozen.cuts, layout.valid.get(name), instant=instant)
    return PresenceProfile()


def _outcome_grid(layout: Layout, sample: pa.Table | pa.RecordBatch) -> OutcomeProfile | None:
    from tidegauge.profile.arrays import numbers

    if layout.target is None or not (layout.prediction or layout.scores):
        return None
    if layout.target.task == "regression":
        return RegressionProfile()
    grids = {
        name: NumericProfile.over_grid(
            quantile_cuts(numbers(sample.column(column)).values, SCORE_CUTS)
        )
        for name, column in layout.scores.items()
        if name in layout.target.classes
    }
    return ClassificationProfile.over_grid(layout.target.classes, grids)


def _clustered(layout: Layout) -> list[str]:
    """Columns of decisions whose rows belong to conversations."""
    if not layout.conversation:
        return []
    return [name for name, made in layout.made.items() if made.role == "flagged"]


def _segment_levels(values: Any) -> tuple[str, ...]:
    return CategoricalProfile.freeze(values, levels=SLICE_LEVELS).levels


def _seconds(values: Any) -> NDArray[np.float64]:
    """Seconds since 1970 for each row; NaN where there is no time."""
    from tidegauge.profile.arrays import as_array, present

    array = as_array(values)
    found, null, unparsable = instants(array)
    if unparsable:
        return np.array([_one_second(value) for value in array.to_pylist()])
    if not null:
        return found
    seconds = np.full(len(array), np.nan)
    seconds[present(array)] = found
    return seconds


def _one_second(value: Any) -> float:
    found = instants([value]).values
    return float(found[0]) if len(found) else float("nan")


def _grouped(
    batch: pa.RecordBatch | pa.Table, codes: NDArray[np.int64], groups: int
) -> Iterator[tuple[int, pa.RecordBatch | pa.Table]]:
    """Rows of each group with a code below ``groups``, empty groups left out."""
    order = np.argsort(codes, kind="stable")
    ordered = codes[order]
    edges = np.searchsorted(ordered, np.arange(groups + 1))
    if edges[0] == edges[-1]:
        return
    sorted_rows = batch.take(pa.array(order[edges[0] : edges[-1]]))
    for code in range(groups):
        size = int(edges[code + 1] - edges[code])
        if size:
            yield code, sorted_rows.slice(int(edges[code] - edges[0]), size)


def _merged_two(mine: Any, yours: Any) -> Any:
    if mine is None or yours is None:
        return mine if yours is None else yours
    return mine.merge(yours)


def _merged(mine: Mapping[Any, Any], yours: Mapping[Any, Any]) -> dict[Any, Any]:
    return {key: _merged_two(mine.get(key), yours.get(key)) for key in {**mine, **yours}}


def _wider_types(mine: Mapping[str, str], yours: Mapping[str, str]) -> dict[str, str]:
    """Families of both; where one saw only nulls the other's holds."""
    return {
        name: yours[name] if mine.get(name, "null") == "null" and name in yours else mine[name]
        for name in {**mine, **yours}
    }


def _with_ranges(
    parts: Mapping[str, ColumnProfile], wholes: Mapping[str, ColumnProfile]
) -> dict[str, ColumnProfile]:
    """Give the parts' numeric columns the valid range of the whole's."""
    return {
        name: replace(part, valid=wholes[name].valid)  # type: ignore[union-attr]
        if isinstance(part, NumericProfile)
        else part
        for name, part in parts.items()
    }
