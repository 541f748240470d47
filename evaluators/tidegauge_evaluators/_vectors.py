"""Two samples of vectors as one pool of units that a permutation may move between the sides."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tidegauge.errors import NotApplicable, TooFewRows
from tidegauge.profile import VectorSample
from tidegauge.records import Score

Floats = NDArray[np.float64]
Matrix = NDArray[np.float32]
Places = NDArray[np.int64]

MOST = 5_000
"""Rows of each side that are compared; more are thinned at random."""
FEWEST = 20
"""Rows of each side, duplicates aside, below which nothing is compared."""
PUNCTUATION = re.compile(r"[\s!-/:-@\[-`{-~]+")
NUMBERS = re.compile(r"\d{3,}")
"""Digits that number something: orders, codes, amounts. Short ones may be what is asked about."""
LOOKED_AT = 20_000
"""Characters of a text that tell duplicates apart."""
SCRIPTS = (
    (0x0250, "latin"), (0x0370, "other"), (0x0400, "greek"), (0x0530, "cyrillic"),
    (0x0590, "other"), (0x0600, "hebrew"), (0x0780, "arabic"), (0x0900, "other"),
    (0x0E00, "indic"), (0x0E80, "thai"), (0x1100, "other"), (0x1200, "hangul"),
    (0x1E00, "other"), (0x2000, "latin"), (0x3040, "other"), (0x3100, "kana"),
    (0xA000, "han"), (0xAC00, "other"), (0xD7B0, "hangul"), (0xF900, "other"),
    (0xFB00, "han"), (0x20000, "other"), (0x32000, "han"),
)  # fmt: skip
"""First code point behind a range of letters, and the script it is of; from Unicode's blocks."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pool:
    """Both sides' rows without duplicates, grouped into units that stay together.

    A unit is a conversation, or a row where no clusters are given. Units with equal texts are
    one: it counts once on each side that has it. Units are in random order, and rows are in the
    order of their units.
    """

    vectors: Matrix
    """Shape (rows, dimensions), less the mean of all rows."""
    unit: Places
    """Shape (rows,), ascending: the unit of each row."""
    before: NDArray[np.bool_]
    """Shape (units,): whether the baseline has it."""
    now: NDArray[np.bool_]
    """Shape (units,): whether the current log has it; a unit may be on both sides."""
    movable: tuple[Places, ...]
    """Units of one side only, in groups within which chance alone decides the side."""
    band: Places
    """Shape (units,): groups of like length and script; empty where there are no texts."""
    texts: tuple[str, ...]
    """Text of each row; empty where the logs hold vectors only."""
    ids: tuple[str, ...]
    """Id of each row in its log, where it has one."""
    role: str
    """What the texts are for."""
    read: tuple[int, int]
    """Rows of both sides that came in."""
    removed: tuple[int, int]
    """Rows of both sides that repeat another."""

    @property
    def sizes(self) -> Places:
        """Shape (units,): rows of each unit."""
        return np.bincount(self.unit, minlength=len(self.now))

    @property
    def held(self) -> Places:
        """Shape (units,): 2 where both sides have it, else 1."""
        return self.before.astype(np.int64) + self.now

    @property
    def rows(self) -> tuple[int, int]:
        """Rows of both sides that are compared."""
        sizes = self.sizes
        return int(sizes[self.before].sum()), int(sizes[self.now].sum())

    @property
    def constant(self) -> bool:
        """Whether all vectors are one, so that nothing can be told apart."""
        return not float(np.abs(self.vectors).max(initial=0.0)) > 1e-6

    @property
    def exchangeable(self) -> bool:
        """Whether any unit could be on another side, so that there is something to test.

        There is not where both logs hold the same texts, or one log all that the other holds.
        """
        return any(0 < int(self.now[group].sum()) < len(group) for group in self.movable)

    def details(self) -> dict[str, float | str]:
        """Say what was compared, for beside every score."""
        before, now = self.rows
        said: dict[str, float | str] = {
            "rows compared, baseline": float(before),
            "rows compared, current": float(now),
            "duplicates removed, baseline": float(self.removed[0]),
            "duplicates removed, current": float(self.removed[1]),
        }
        if len(self.now) < len(self.unit):
            said["clusters, baseline"] = float(self.before.sum())
            said["clusters, current"] = float(self.now.sum())
        return said


def pooled(
    baseline: VectorSample,
    current: VectorSample,
    rng: np.random.Generator,
    *,
    min_rows: int = FEWEST,
    most: int = MOST,
) -> Pool:
    """Pool two samples, duplicates counted once on a side.

    Raises
    ------
    NotApplicable
        When the samples were not made by one encoder: their widths differ.
    TooFewRows
        When either side has fewer different rows, or clusters, than ``min_rows``.
    """
    if baseline.vectors.shape[1] != current.vectors.shape[1]:
        raise NotApplicable(
            f"the baseline's vectors have {baseline.vectors.shape[1]} dimensions and the current "
            f"ones {current.vectors.shape[1]}: they are not of one encoder"
        )
    rows = _joined(baseline, current, most, rng)
    copies, members, repeats = _units(rows)
    before, now = copies.T > 0
    needed = max(2, min_rows)
    if min(before.sum(), now.sum()) < needed:
        raise TooFewRows(
            needed=needed,
            n_baseline=int(before.sum()),
            n_current=int(now.sum()),
            of="without a duplicate",
        )
    order = rng.permutation(len(members))
    kept = np.concatenate([members[i] for i in order])
    unit = np.repeat(np.arange(len(order)), [len(members[i]) for i in order])
    vectors = rows.vectors[kept]
    texts = tuple(rows.texts[i] for i in kept) if rows.texts else ()
    return Pool(
        vectors=(vectors - vectors.mean(axis=0, dtype=np.float64)).astype(np.float32),
        unit=unit,
        before=before[order],
        now=now[order],
        movable=_movable(copies[order]),
        band=_bands(texts, unit) if texts else np.zeros(0, np.int64),
        texts=texts,
        ids=tuple(rows.ids[i] for i in kept) if rows.ids else (),
        role=current.role or baseline.role or "text",
        read=(len(baseline.vectors), len(current.vectors)),
        removed=repeats,
    )


def normalised(text: str) -> str:
    """Reduce a text to what near-duplicates share: no case, punctuation, or long numbers.

    Examples
    --------
    >>> normalised("Where is order 48213?!") == normalised("where is  Order 9917")
    True
    >>> normalised("?!")
    '?!'
    """
    folded = unicodedata.normalize("NFKC", text[:LOOKED_AT]).casefold()
    words = NUMBERS.sub("0", PUNCTUATION.sub(" ", folded)).strip()
    return words or folded.strip()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Rows:
    """Both sides' rows, one behind the other."""

    vectors: Matrix
    texts: tuple[str, ...]
    ids: tuple[str, ...]
    current: NDArray[np.bool_]
    cluster: Places
    """Shape (rows,): different on both sides; empty where every row stands for itself."""


def _joined(
    baseline: VectorSample, current: VectorSample, most: int, rng: np.random.Generator
) -> _Rows:
    """Rows of both sides with a vector, thinned to the most that are wanted."""
    sides, kept = (baseline, current), []
    for side in sides:
        rows = np.flatnonzero(np.isfinite(side.vectors).all(axis=1))
        kept.append(np.sort(rng.permutation(rows)[:most]) if len(rows) > most else rows)
    clustered = any(len(side.clusters) for side in sides)
    clusters = [
        side.clusters[rows] if len(side.clusters) else np.arange(len(rows))
        for side, rows in zip(sides, kept, strict=True)
    ]
    pairs = list(zip(sides, kept, strict=True))
    texts = [side.texts[i] for side, rows in pairs for i in rows if side.texts]
    ids = [side.ids[i] if side.ids else "" for side, rows in pairs for i in rows]
    total = sum(map(len, kept))
    return _Rows(
        vectors=np.concatenate([side.vectors[rows] for side, rows in pairs]),
        texts=tuple(texts) if len(texts) == total else (),
        ids=tuple(ids) if any(ids) else (),
        current=np.repeat([False, True], [len(rows) for rows in kept]),
        cluster=np.concatenate([2 * c + i for i, c in enumerate(clusters)])
        if clustered
        else np.zeros(0, np.int64),
    )


def _units(rows: _Rows) -> tuple[Places, list[Places], tuple[int, int]]:
    """Find units, and count their copies.

    Returns
    -------
    tuple
        Copies of each unit on both sides, shape (units, 2); rows of each unit; rows of both
        sides that repeat another.
    """
    codes = _codes(rows)
    if len(rows.cluster):
        order = np.argsort(rows.cluster, kind="stable")
        edges = np.flatnonzero(np.diff(rows.cluster[order])) + 1
        groups = np.split(order, edges)
    else:
        groups = list(np.arange(len(codes))[:, None])
    found: dict[tuple[int, ...], int] = {}
    members: list[Places] = []
    copies = np.zeros((len(groups), 2), np.int64)
    kept = np.zeros(2, np.int64)
    for group in groups:
        different, first = np.unique(codes[group], return_index=True)
        place = found.setdefault(tuple(different.tolist()), len(members))
        if place == len(members):
            members.append(group[np.sort(first)])
        side = int(rows.current[group[0]])
        kept[side] += 0 if copies[place, side] else len(different)
        copies[place, side] += 1
    came = np.array([np.count_nonzero(~rows.current), np.count_nonzero(rows.current)])
    repeats = came - kept
    return copies[: len(members)], members, (int(repeats[0]), int(repeats[1]))


def _codes(rows: _Rows) -> Places:
    """Shape (rows,): equal where rows are duplicates, by their texts or else their vectors."""
    keys: Sequence[str] | Sequence[bytes]
    if rows.texts:
        keys = [normalised(text) for text in rows.texts]
    else:
        keys = [vector.tobytes() for vector in np.ascontiguousarray(rows.vectors)]
    numbers: dict[str | bytes, int] = {}
    return np.array([numbers.setdefault(key, len(numbers)) for key in keys], dtype=np.int64)


def _movable(copies: Places) -> tuple[Places, ...]:
    """Units of one side, in groups whose side is chance alone.

    How often a text occurs says on how many sides it is likely to be seen, and the larger side
    sees more of the rare ones: units are exchanged for others with as many copies. Where copies
    come in bursts instead, one side at a time, hardly any unit is on both sides, and each stands
    for one event however many copies it has.
    """
    total = copies.sum(axis=1)
    one_side = (copies > 0).sum(axis=1) == 1
    share = copies[:, 1].sum() / total.sum()
    repeated = total > 1
    expected = float((1.0 - share**total - (1.0 - share) ** total)[repeated].sum())
    if np.count_nonzero(repeated & ~one_side) < 0.5 * expected:
        return (np.flatnonzero(one_side),)
    level = np.where(total < 4, total, 2 + np.log2(total).astype(np.int64))
    groups = [np.flatnonzero(one_side & (level == i)) for i in np.unique(level[one_side])]
    return tuple(group for group in groups if len(group))


def _bands(texts: Sequence[str], unit: Places) -> Places:
    """Fifths of text length within each script that is common enough, shape (units,)."""
    units = int(unit[-1]) + 1
    lengths = np.bincount(unit, [len(text) for text in texts]) / np.bincount(unit)
    starts = np.searchsorted(unit, np.arange(units))
    names, script = np.unique([_script(texts[i]) for i in starts], return_inverse=True)
    counts = np.bincount(script, minlength=len(names))
    script = np.where(counts[script] >= 0.05 * units, script, len(names))
    cuts = np.unique(np.quantile(lengths, (0.2, 0.4, 0.6, 0.8)))
    length = np.searchsorted(cuts, lengths, side="right")
    bands: Places = np.unique(script * 5 + length, return_inverse=True)[1].astype(np.int64)
    return bands


def _script(text: str) -> str:
    """Script of most letters at the start of a text."""
    letters = [ord(c) for c in text[:400] if c.isalpha()]
    if not letters:
        return "none"
    found = np.searchsorted([end for end, _ in SCRIPTS], letters, side="right")
    place = int(np.bincount(found).argmax())
    return SCRIPTS[place][1] if place < len(SCRIPTS) else "other"


def nothing_varies(pool: Pool, value: float = 0.0) -> Score:
    """Score of samples whose vectors are all one: no distance, and nothing to test."""
    return Score(
        value=value,
        n_baseline=pool.read[0],
        n_current=pool.read[1],
        details=pool.details() | {"note": "all vectors are the same"},
    )
