"""Changes of levels as shapes: what was done, what it explains, and the codes put back."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from tidegauge.records import Shape
from tidegauge_evaluators._shapes import Fitted, Numbers, percent
from tidegauge_evaluators._shapes_levels import (
    PRICE,
    Levels,
    Move,
    exchanges,
    loosening,
    unions,
)
from tidegauge_evaluators._shapes_spelling import variants

DEFAULTS = frozenset(
    {
        "", "-", "--", "?", ".", "0", "-1", "99", "999", "-999", "9999",
        "unknown", "n/a", "na", "nan",
        "none",
        "null", "nil", "other", "others", "default", "missing", "not available",
        "undefined",
        "not specified", "unspecified", "tbd", "test", "#n/a", "[null]", "<na>", "(blank)",
    }
)  # fmt: skip
"""Words that programs put where they have none."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Recoding:
    """A guess about levels."""

    name: str
    said: str
    charge: float
    then: Numbers
    """Shape (levels,): baseline rows that it expects in each level."""
    looks: Numbers
    """Shape (levels,): how unlike its source each current level looks under it."""
    back: Mapping[int, int]
    """Level now -> level then, -1 where nobody can know."""
    exact: bool = False
    undoable: bool = True
    least: float = 0.2
    """Smallest part of the change that it must explain to be offered."""
    params: Mapping[str, float | str] = field(default_factory=dict)


def recodings(levels: Levels) -> Iterator[Recoding]:
    """Guess what was done to the levels."""
    if np.count_nonzero(levels.now) == 1:
        yield from _spike(levels)
        return
    spelled = variants(levels.names, (levels.then > 0).tolist(), _fresh(levels).tolist())
    if spelled:
        rules = Counter(one.rule for one in spelled)
        said = f"known levels spelled otherwise ({', '.join(rules)}): "
        pairs = tuple((one.known, one.new) for one in spelled)
        yield _renamed(levels, pairs, "renamed", said, exact=True, rule=", ".join(rules))
    covered = {one.new for one in spelled} | {one.known for one in spelled}
    moves = [
        move
        for move in exchanges(levels)
        if not covered & {i for pair in move.pairs for i in pair} and _plausible(levels, move)
    ]
    cycles = [move for move in moves if move.kind == "cycle"]
    if cycles and _supported(levels, cycles):
        pairs = tuple(pair for move in cycles for pair in move.pairs)
        exact = sum(move.looks for move in cycles) > PRICE or len(pairs) >= 4
        yield _renamed(levels, pairs, "remap", "levels exchanged: ", exact=exact)
    renamed = [move for move in moves if move.kind == "renamed"]
    if renamed:
        pairs = tuple(pair for move in renamed for pair in move.pairs)
        yield _renamed(levels, pairs, "renamed", "new names for known levels: ",
                       exact=len(pairs) >= 3)  # fmt: skip
    known = [*moves, Move(kind="variant", pairs=tuple((v.known, v.new) for v in spelled),
                          saves=0.0, looks=0.0)]  # fmt: skip
    joined = list(unions(levels, known))
    yield from _merged(levels, [move for move in joined if move.kind == "merge"])
    yield from _parted(levels, [move for move in joined if move.kind == "split"])
    taken = {j for move in (*known, *joined) if move.kind != "split" for _, j in move.pairs}
    yield from _new(levels, [j for j in np.flatnonzero(_fresh(levels)).tolist() if j not in taken])
    yield from _spike(levels)
    yield from _loose(levels)


def _fresh(levels: Levels) -> np.typing.NDArray[np.bool_]:
    return np.asarray((levels.then == 0) & (levels.now > 0))


def _plausible(levels: Levels, move: Move) -> bool:
    """Whether a new name has what the old one had: as many rows, the same looks."""
    if move.kind == "cycle" or not move.pairs:
        return bool(move.pairs)
    if any(levels.then[j] > 0 for _, j in move.pairs) and move.looks < PRICE:
        return False  # a chain of known levels that frequencies alone suggest
    at, to = np.array(move.pairs).T
    left = float(levels.frequency(levels.then[at], levels.now[to]).sum())
    numbers = levels.looks_then.shape[1] * len(at)
    return left < 0.1 * move.saves and -move.looks < numbers + 4.0 * math.sqrt(2.0 * numbers) + 1.0


def _supported(levels: Levels, cycles: Sequence[Move]) -> bool:
    """Frequencies alone can turn round by themselves; the other columns must say so too."""
    if all(move.looks > PRICE for move in cycles):
        return True
    pairs = [pair for move in cycles for pair in move.pairs]
    then = levels.then.copy()
    at, to = np.array(pairs).T
    then[to] = levels.then[at]
    before = float(levels.frequency(levels.then, levels.now).sum())
    after = float(levels.frequency(then, levels.now).sum())
    return len(pairs) >= 3 and after < 0.1 * before and after < 3.0 * len(levels.names)


def _renamed(
    levels: Levels,
    pairs: Sequence[tuple[int, int]],
    name: str,
    said: str,
    *,
    exact: bool,
    rule: str = "",
) -> Recoding:
    then, looks, unlike = levels.then.copy(), _looks(levels), levels.unlike
    sources, targets = {i for i, _ in pairs}, {j for _, j in pairs}
    then[list(sources)] = 0.0
    for i in sources:  # some rows may have kept the old name, where nobody else took it
        names = [j for at, j in pairs if at == i] + ([] if i in targets else [i])
        then[names] += levels.then[i] * levels.now[names] / max(levels.now[names].sum(), 1.0)
    for i, j in pairs:
        looks[j] = unlike[i, j]
    params: dict[str, float | str] = {"levels": float(len(pairs))}
    for i, j in pairs[:20]:
        params[levels.names[i]] = levels.names[j]
    if rule:
        params["rule"] = rule
    return Recoding(
        name=name,
        said=said + _pairs(levels, pairs),
        charge=2.0 * math.log(max(len(levels.names), 2)) * (1 if rule else len(pairs)),
        then=then,
        looks=looks,
        back={j: i for i, j in pairs},
        exact=exact,
        least=0.02 if rule else 0.2,
        params=params,
    )


def _pairs(levels: Levels, pairs: Sequence[tuple[int, int]]) -> str:
    shown = [f'"{levels.names[i]}" is now "{levels.names[j]}"' for i, j in pairs[:3]]
    more = f" and {len(pairs) - 3} more" if len(pairs) > 3 else ""
    return ", ".join(shown) + more


def _looks(levels: Levels) -> Numbers:
    return np.diag(levels.unlike).copy()


def _merged(levels: Levels, moves: Sequence[Move]) -> Iterator[Recoding]:
    if not moves:
        return
    then, looks = levels.then.copy(), _looks(levels)
    pairs = [pair for move in moves for pair in move.pairs]
    for i, j in pairs:
        then[j] += then[i]
        then[i], looks[j] = 0.0, float(levels.looks_then.shape[1])
    into = {j: [i for i, to in pairs if to == j] for _, j in pairs}
    words = [
        f"{' and '.join(_quoted(levels, sources))} {'are' if len(sources) > 1 else 'is'} now "
        f'in "{levels.names[j]}"'
        for j, sources in into.items()
    ]
    yield Recoding(
        name="merge",
        said="; ".join(words[:3]),
        charge=2.0 * math.log(max(len(levels.names), 2)) * len(pairs),
        then=then,
        looks=looks,
        back=dict.fromkeys(into, -1),
        undoable=False,
        exact=False,
        params={levels.names[i]: levels.names[j] for i, j in pairs[:20]},
    )


def _quoted(levels: Levels, places: Sequence[int]) -> list[str]:
    shown = [f'"{levels.names[i]}"' for i in places[:3]]
    return [*shown, f"{len(places) - 3} more"] if len(places) > 3 else shown


def _parted(levels: Levels, moves: Sequence[Move]) -> Iterator[Recoding]:
    if not moves:
        return
    then, looks = levels.then.copy(), _looks(levels)
    pairs = [pair for move in moves for pair in move.pairs]
    for i in {i for i, _ in pairs}:
        parts = [i, *(j for at, j in pairs if at == i)]
        then[parts] = levels.then[i] * levels.now[parts] / max(levels.now[parts].sum(), 1.0)
    for _, j in pairs:
        looks[j] = float(levels.looks_then.shape[1])
    yield Recoding(
        name="split",
        said="; ".join(
            f'part of "{levels.names[i]}" is now "{levels.names[j]}"' for i, j in pairs[:3]
        ),
        charge=2.0 * math.log(max(len(levels.names), 2)) * len(pairs),
        then=then,
        looks=looks,
        back={j: i for i, j in pairs},
        params={levels.names[j]: levels.names[i] for i, j in pairs[:20]},
    )  # fmt: skip


def _new(levels: Levels, fresh: Sequence[int]) -> Iterator[Recoding]:
    """Levels that nothing known stands behind."""
    kept = [int(j) for j in fresh if levels.frequency(0.0, levels.now[j]) > PRICE]
    words = [j for j in kept if levels.names[j].strip().casefold() in DEFAULTS]
    for places, name in ((words, "sentinel"), ([j for j in kept if j not in words], "new_level")):
        if not places:
            continue
        share = float(levels.now[places].sum() / levels.all_now)
        then = levels.then * (1.0 - share)
        then[places] = levels.now[places] * (levels.all_then / levels.all_now)
        many = "new level " if len(places) == 1 else f"{len(places)} new levels, "
        default = ", a word that stands for none" if name == "sentinel" else ""
        yield Recoding(
            name=name,
            said=f"{many}{', '.join(_quoted(levels, places))} in {percent(share)} of rows{default}",
            charge=math.log(max(levels.all_now, 2.0)) * len(places),
            then=then,
            looks=_looks(levels),
            back=dict.fromkeys(places, -1),
            exact=name == "sentinel",
            undoable=False,
            least=0.02,
            params={"share": share, "levels": ", ".join(levels.names[j] for j in places[:20])},
        )


def _spike(levels: Levels) -> Iterator[Recoding]:
    """One known level in the place of all others, on a share of the rows or on all."""
    then, now = levels.shares()
    j = int(np.argmax(now - then))
    if not 0.0 < then[j] < 1.0 or np.count_nonzero(levels.then) < 3:
        return
    share = float((now[j] - then[j]) / (1.0 - then[j]))
    expected = levels.then * (1.0 - share)
    expected[j] += share * levels.all_then
    looks = _looks(levels)
    looks[j] = float(levels.looks_then.shape[1])
    always = share > 0.999
    default = levels.names[j].strip().casefold() in DEFAULTS
    yield Recoding(
        name="stale" if always else "sentinel",
        said=f'always "{levels.names[j]}"' if always
        else f'{percent(share)} of rows became "{levels.names[j]}"',
        charge=math.log(max(levels.all_now, 2.0)) + 2.0 * math.log(len(levels.names)),
        then=expected,
        looks=looks,
        back={j: -1},
        exact=always or default,
        undoable=False,
        least=0.6,
        params={"share": share, "value": levels.names[j], "fresh": 0.0},
    )  # fmt: skip


def _loose(levels: Levels) -> Iterator[Recoding]:
    """Levels that stand in other rows than their own."""
    share, error, saves = loosening(levels)
    if share < max(0.1, 4.0 * error):
        return
    lost = range(len(levels.names) if share > 0.5 else 0)
    yield Recoding(
        name="shuffle",
        said=f"{percent(share)} of rows hold the level of another row",
        charge=math.log(max(levels.all_now, 2.0)),
        then=levels.then,
        looks=np.maximum(_looks(levels) * (1.0 - saves / max(_looks(levels).sum(), 1e-9)), 0.0),
        back=dict.fromkeys(lost, -1),
        undoable=False,
        least=0.4,
        params={"share": share, "low": max(share - 2.0 * error, 0.0),
                "high": min(share + 2.0 * error, 1.0)},
    )  # fmt: skip


def fitted(levels: Levels, guess: Recoding, codes: Numbers, spread: float = 1.0) -> Fitted:
    """Say how much of the change a recoding accounts for.

    Parameters
    ----------
    codes
        Shape (current rows,): places in ``levels``, NaN where missing.
    """
    before = _left(levels, levels.then, _looks(levels), spread)
    after = _left(levels, guess.then, guess.looks, spread)
    gain = sum(before) - sum(after) - guess.charge
    fit = float(np.clip(1.0 - sum(after) / max(sum(before), 1e-9), 0.0, 1.0))
    table = np.arange(len(levels.names) + 1, dtype=np.float64)
    for now, then in guess.back.items():
        table[now] = then if then >= 0 else np.nan
    table[-1] = np.nan
    place = np.where(np.isfinite(codes), codes, len(levels.names)).astype(np.int64)
    return Fitted(
        shape=Shape(
            name=guess.name,
            said=guess.said,
            fit=fit,
            exact=guess.exact and fit > min(4.0 * guess.least, 0.8),
            params=dict(guess.params),
        ),
        repaired=table[place],
        restored=fit,
        undoable=guess.undoable,
        gain=gain,
    )


def _left(levels: Levels, then: Numbers, looks: Numbers, spread: float) -> tuple[float, float]:
    """Twice the nats that are unexplained, chance taken off."""
    rows = float(levels.frequency(then, levels.now).sum()) / spread
    used = int(np.count_nonzero(then + levels.now)) - 1
    numbers = levels.looks_then.shape[1] * int(np.count_nonzero(looks))
    scale = max(levels.all_now / max(levels.read_now.sum(), 1.0), 1.0)
    return max(rows - used, 0.0), max(float(looks.sum()) / spread - numbers, 0.0) * scale
