"""Scores of a log's rows, noted while its batches pass."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tidegauge.labelling.drawing import Drawn, carry, draw_sample, frame_digest
from tidegauge.profile import LabelSample

Floats: TypeAlias = NDArray[np.float64]

NOTHING = "(none)"
"""Slice of rows whose segment is missing."""


@dataclass(slots=True, kw_only=True)
class Watch:
    """What a sample needs to know of every row; fills while batches pass.

    Rows to which the scorer's question does not apply are left out: they have no rate.
    """

    column: str
    """Column of the scorer's main number."""
    segment: str = ""
    """Column of the slices to draw from; empty for none."""
    seen: int = 0
    """Rows that passed."""
    _scores: list[Floats] = field(default_factory=list)
    _rows: list[NDArray[np.int64]] = field(default_factory=list)
    _slices: list[str] = field(default_factory=list)
    _least: float = math.inf
    """Smallest score of a row that the scorer flags."""
    _most: float = -math.inf
    """Largest score of one that it does not."""

    @classmethod
    def of(cls, drawn: Drawn) -> Watch:
        """Make one that can lay these labels over a log."""
        segment, named, _ = drawn.strata[0].slice.partition("=")
        return cls(column=drawn.sample.scorer, segment=segment if named else "")

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that batches must hold; the decision only where the scorer makes one."""
        needed = (self.column, f"{self.column}.status")
        return (*needed, self.segment) if self.segment else needed

    @property
    def scores(self) -> Floats:
        """Shape (rows asked about,); NaN where the scorer had no number."""
        return np.concatenate([np.zeros(0), *self._scores])

    @property
    def rows(self) -> NDArray[np.int64]:
        """Shape (rows asked about,): their positions in the log."""
        return np.concatenate([np.zeros(0, np.int64), *self._rows])

    @property
    def threshold(self) -> float:
        """Score from which the scorer flags a row; NaN where it shows none."""
        return self._least if self._most < self._least < math.inf else math.nan

    def over(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Pass batches on and note what they hold."""
        for batch in batches:
            self.note(batch)
            yield batch

    def note(self, batch: pa.RecordBatch) -> None:
        """Note one batch."""
        states = _texts(batch.column(f"{self.column}.status"))
        asked = np.asarray([not (state or "").startswith("not_applicable") for state in states])
        scores = batch.column(self.column).cast(pa.float64()).to_numpy(zero_copy_only=False)
        kept = np.flatnonzero(asked)
        self._scores.append(np.asarray(scores, np.float64)[kept])
        self._rows.append(kept + self.seen)
        if self.segment:
            slices = _texts(batch.column(self.segment))
            named = (slices[i] or NOTHING for i in kept.tolist())
            self._slices.extend(f"{self.segment}={name}" for name in named)
        if f"{self.column}.flagged" in batch.schema.names:
            self._decisions(scores, batch.column(f"{self.column}.flagged"))
        self.seen += batch.num_rows

    def draw(self, *, n: int, seed: int, scorer: str) -> Drawn:
        """Draw rows to label; raises as ``draw_sample``."""
        drawn = draw_sample(
            self.scores,
            n=n,
            seed=seed,
            slices=self._slices,
            scorer=scorer,
            threshold=self.threshold,
        )
        return replace(drawn, rows=self.rows[drawn.rows])

    def laid(self, drawn: Drawn) -> LabelSample:
        """Lay labels over this log: as they are where it is theirs, else by strata."""
        if drawn.sample.frame == frame_digest(self.scores):
            return drawn.sample
        return carry(drawn, self.scores, slices=self._slices)

    def _decisions(self, scores: Floats, flagged: pa.Array) -> None:
        called = np.asarray([bool(one) for one in flagged.to_pylist()])
        known = np.isfinite(scores) & ~np.asarray(flagged.is_null())
        self._least = min(self._least, scores[known & called].min(initial=math.inf))
        self._most = max(self._most, scores[known & ~called].max(initial=-math.inf))


def _texts(column: Any) -> list[str | None]:
    return [None if one is None else str(one) for one in column.to_pylist()]
