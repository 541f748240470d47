"""Rows through a scorer: each text once, in batches that fit, and no row can hurt another."""

from __future__ import annotations

import hashlib
import itertools
import tracemalloc
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegauge.errors import MissingExtraError, ModelError, NotApplicable, Unscored
from tidegauge.records import Kind, Tally
from tidegauge.scorer import About, Inferred, Joined, Texts, Unit
from tidegauge.scoring import Cache, Outcome, score_rows
from tidegauge.scoring.tallies import added

UGLY = ["", "  ", "x" * 100_000, "🎉" * 50, "שלום مرحبا", "a\0b", "lone \udc80 half", "\x1b[2J<b>"]


@dataclass
class Counting:
    """A model that counts characters, and what it was asked."""

    budget: int = 1_000
    identity: str = "counting"
    width: int = 1
    batches: list[list[Unit]] = field(default_factory=list)
    trouble: Callable[[Sequence[Unit]], None] = lambda units: None

    def size(self, unit: Unit) -> int:
        return sum(map(len, unit))

    def infer(self, units: Sequence[Unit]) -> Inferred:
        self.batches.append(list(units))
        self.trouble(units)
        values = np.array([[self.size(unit)] for unit in units], np.float32)
        return Inferred(values, costs={"units": len(units)})

    @property
    def units(self) -> list[Unit]:
        return [unit for batch in self.batches for unit in batch]


@dataclass
class Words:
    """Longest word of a text, by way of a model; one unit a word."""

    model: Counting | None = field(default_factory=Counting)
    identity: str = "words"
    outputs: Mapping[str, Kind] = field(
        default_factory=lambda: {"": "numeric", "flagged": "boolean", "first": "text"}
    )
    about: About = field(default_factory=About)

    def split(self, row: Texts) -> Sequence[Unit]:
        if "text" not in row:
            raise NotApplicable("no text")
        if row["text"] == "unscorable":
            raise Unscored("too hard")
        if row["text"] == "breaks":
            raise KeyError("inside of split")
        return [(word,) for word in row["text"].split()] if self.model else []

    def join(self, row: Texts, units: Sequence[Unit], outputs: np.ndarray) -> Joined:
        if row["text"] == "breaks later":
            raise ZeroDivisionError
        longest = float(outputs.max()) if len(outputs) else 0.0
        return Joined((longest, longest > 5, row["text"][:5]), len(units) // 4, "because")


def run(rows: Iterable[str | None], scorer: Any, **options: Any) -> tuple[list[Outcome], Tally]:
    texts = [{} if row is None else {"text": row} for row in rows]
    parts = list(score_rows(texts, scorer, **options))
    tally = Tally()
    for part in parts:
        tally = added(tally, part.tally)
    return [outcome for part in parts for outcome in part.outcomes], tally


def mains(outcomes: Sequence[Outcome]) -> list[Any]:
    return [outcome.joined.values[0] if outcome.joined else None for outcome in outcomes]


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[Cache]:
    cache = Cache(tmp_path / "scores.sqlite")
    yield cache
    assert cache.notes == ()
    cache.close()


def test_no_rows_are_no_work() -> None:
    scorer = Words()
    assert run([], scorer) == ([], Tally())
    assert scorer.model is not None
    assert scorer.model.batches == []


def test_every_row_gets_its_own_value_in_order() -> None:
    outcomes, tally = run(["a bb", None, "cccc", "unscorable", "a bb"], Words())
    assert mains(outcomes) == [2.0, None, 4.0, None, 2.0]
    assert [o.status for o in outcomes] == [
        "ok", "not_applicable: no text", "ok", "unscored: too hard", "ok",
    ]  # fmt: skip
    assert (tally.rows, tally.unique, tally.ok) == (5, 4, 3)
    assert tally.not_applicable == {"no text": 1}
    assert tally.unscored == {"too hard": 1}
    assert tally.costs == {"units": 3}


def test_equal_rows_and_equal_units_reach_the_model_once() -> None:
    scorer = Words(Counting())
    run(["red blue", "blue red", "red blue", "blue"], scorer)
    assert scorer.model is not None
    assert sorted(scorer.model.units) == [("blue",), ("red",)]


def test_a_scorer_without_a_model_joins_from_the_texts() -> None:
    outcomes, _ = run(["one", None], Words(model=None))
    assert outcomes[0].joined == Joined((0.0, False, "one"), 0, "because")
    assert outcomes[1].status == "not_applicable: no text"


def test_truncated_tokens_are_counted_row_by_row() -> None:
    _, tally = run(["a b c d", "a b c d", "a", "a b c d e f g h"], Words())
    assert (tally.truncated_rows, tally.truncated_tokens) == (3, 4)


@given(st.lists(st.integers(1, 60), max_size=80), st.integers(1, 200))
def test_batches_are_sorted_and_never_exceed_the_budget(sizes: list[int], budget: int) -> None:
    model = Counting(budget=budget)
    words = [chr(97 + i % 26) * n for i, n in enumerate(sizes)]
    run([" ".join(words)], Words(model))
    lengths = [[model.size(unit) for unit in batch] for batch in model.batches]
    assert sorted(model.units) == sorted({(word,) for word in words})
    assert all(len(batch) * max(batch) <= budget or len(batch) == 1 for batch in lengths)
    assert sorted(itertools.chain(*lengths), reverse=True) == list(itertools.chain(*lengths))


@given(st.lists(st.one_of(st.none(), st.text(max_size=30)), max_size=30), st.integers(1, 7))
def test_chunks_and_batches_change_no_value(rows: list[str | None], chunk: int) -> None:
    whole, _ = run(rows, Words())
    assert run(rows, Words(Counting(budget=3)), chunk=chunk)[0] == whole
    assert run(rows[::-1], Words())[0] == whole[::-1]


@pytest.mark.parametrize("text", UGLY)
def test_ugly_texts_pass_and_are_kept_like_others(text: str, cache: Cache) -> None:
    rows = [text, "calm"]
    first, _ = run(rows, Words(), cache=cache)
    again = Words(Counting())
    second, tally = run(rows, again, cache=cache)
    assert second == first
    assert tally.cached == 2
    assert again.model is not None
    assert again.model.batches == []


def test_errors_become_reasons_of_their_own_rows_only() -> None:
    rows = ["breaks", "fine", "breaks later", "unscorable"]
    outcomes, tally = run(rows, Words())
    assert mains(outcomes) == [None, 4.0, None, None]
    assert outcomes[0].status == "unscored: KeyError: 'inside of split'"
    assert outcomes[2].status == "unscored: ZeroDivisionError"
    assert tally.ok == 1


def test_a_poisoned_unit_is_found_and_the_others_of_its_batch_are_scored() -> None:
    def trouble(units: Sequence[Unit]) -> None:
        if ("poison",) in units:
            raise ValueError("cannot\nread \udc80 this " + "x" * 500)

    outcomes, tally = run(["good", "some poison", "fine text"], Words(Counting(trouble=trouble)))
    assert mains(outcomes) == [4.0, None, 4.0]
    (reason,) = tally.unscored
    assert reason.startswith("ValueError: cannot read ? this xxx")
    assert len(reason) == 160


def test_units_that_the_model_gives_up_leave_their_rows_unscored(cache: Cache) -> None:
    class Moody(Counting):
        def infer(self, units: Sequence[Unit]) -> Inferred:
            found = super().infer(units)
            at = [i for i, unit in enumerate(units) if unit == ("slow",)]
            nan = [i for i, unit in enumerate(units) if unit == ("mute",)]
            found.values[nan] = np.nan
            return Inferred(found.values, dict.fromkeys(at, "no answer in 30 s"))

    rows = ["slow word", "mute", "word"]
    outcomes, tally = run(rows, Words(Moody()), cache=cache)
    assert mains(outcomes) == [None, None, 4.0]
    assert tally.unscored == {"no answer in 30 s": 1, "the model gave no number": 1}
    later = Counting()
    outcomes, _ = run(rows, Words(later), cache=cache)
    assert mains(outcomes) == [4.0, 4.0, 4.0]
    assert sorted(later.units) == [("mute",), ("slow",)], "what failed is tried again, no more"


@pytest.mark.parametrize("shape", [(1, 2), (3,), ()])
def test_a_model_of_another_shape_is_told(shape: tuple[int, ...]) -> None:
    class Odd(Counting):
        def infer(self, units: Sequence[Unit]) -> Inferred:
            return Inferred(np.zeros(shape, np.float32))

    outcomes, _ = run(["word"], Words(Odd()))
    assert "the model gave an array of shape" in outcomes[0].status


def test_values_no_column_could_hold_are_refused() -> None:
    class Odd(Words):
        def join(self, row: Texts, units: Sequence[Unit], outputs: np.ndarray) -> Joined:
            nan = float("nan")
            return Joined({"main": (nan, True, ""), "few": (1.0,)}.get(row["text"], (1.0, nan, "")))

    outcomes, _ = run(["main", "few", "other"], Odd(model=None))
    assert outcomes[0].status == "unscored: the scorer gave no number"
    assert "1 values for 3 columns" in outcomes[1].status
    assert outcomes[2].joined == Joined((1.0, None, ""))


def memory_for(most: int) -> Callable[[Sequence[Unit]], None]:
    def trouble(units: Sequence[Unit]) -> None:
        if len(units) > most:
            raise MemoryError

    return trouble


def test_a_batch_too_large_for_memory_is_halved_and_so_are_those_after_it() -> None:
    words = [f"{at:04d}" for at in range(64)]
    model = Counting(budget=64, trouble=memory_for(4))
    outcomes, tally = run(words, Words(model))
    assert mains(outcomes) == [4.0] * 64
    assert tally.unscored == {}
    assert [len(batch) for batch in model.batches] == [16, 8, 4, 4, 8, 4, 4, *[4] * 12]


def test_what_does_not_fit_alone_is_unscored(cache: Cache) -> None:
    def trouble(units: Sequence[Unit]) -> None:
        if any(len(unit[0]) > 10 for unit in units):
            raise MemoryError

    outcomes, tally = run(["short", "a" * 11], Words(Counting(trouble=trouble)), cache=cache)
    assert mains(outcomes) == [5.0, None]
    assert tally.unscored == {"out of memory, even alone": 1}


def test_torchs_own_error_is_known() -> None:
    torch = pytest.importorskip("torch")
    for error in (torch.OutOfMemoryError, lambda: RuntimeError("[enforce] can't allocate memory")):

        def trouble(units: Sequence[Unit], error: Callable[[], Exception] = error) -> None:
            if len(units) > 1:
                raise error()

        outcomes, _ = run(["one", "three"], Words(Counting(trouble=trouble)))
        assert mains(outcomes) == [3.0, 5.0]


@pytest.mark.parametrize("kind", [ModelError, MissingExtraError])
def test_a_model_that_is_not_there_ends_the_scoring(kind: type[Exception]) -> None:
    def trouble(units: Sequence[Unit]) -> None:
        raise kind("not here")

    with pytest.raises(kind, match="not here"):
        run(["one"], Words(Counting(trouble=trouble)))


def test_a_persons_interrupt_is_no_reason_of_a_row() -> None:
    def trouble(units: Sequence[Unit]) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(["one"], Words(Counting(trouble=trouble)))


def test_what_was_scored_is_not_scored_again(cache: Cache) -> None:
    rows = ["a bb", None, "unscorable", "cccc"]
    first, tally = run(rows, Words(), cache=cache)
    assert tally.cached == 0
    again = Words(Counting())
    second, tally = run([*rows, "bb a"], again, cache=cache)
    assert second[:4] == first
    assert tally.cached == 3, "unscored rows are tried again"
    assert again.model is not None
    assert again.model.batches == [], "its words are known, though the row is not"


def test_another_scorer_or_model_shares_nothing(cache: Cache) -> None:
    run(["a bb"], Words(), cache=cache)
    other = Words(Counting(), identity="other threshold")
    _, tally = run(["a bb"], other, cache=cache)
    assert tally.cached == 0
    assert other.model is not None
    assert other.model.batches == [], "the model is the same, and so are its numbers"
    retrained = Words(Counting(identity="retrained"), identity="retrained")
    run(["a bb"], retrained, cache=cache)
    assert retrained.model is not None
    assert retrained.model.units == [("bb",), ("a",)]


def test_numbers_come_back_exactly(cache: Cache) -> None:
    class Precise(Words):
        def join(self, row: Texts, units: Sequence[Unit], outputs: np.ndarray) -> Joined:
            digest = hashlib.sha256(row["text"].encode()).digest()
            return Joined((float(np.frombuffer(digest, np.uint64)[0]) / 2**64 / 3, None, "é\udc80"))

    rows = [str(at) for at in range(200)]
    assert (
        run(rows, Precise(model=None), cache=cache)[0]
        == run(rows, Precise(model=None), cache=cache)[0]
    )


def test_vectors_come_back_exactly(cache: Cache) -> None:
    class Vector(Words):
        def join(self, row: Texts, units: Sequence[Unit], outputs: np.ndarray) -> Joined:
            return Joined((outputs[0],))

    def one(model: Counting) -> Vector:
        return Vector(model, outputs={"": "vector"})

    first, _ = run(["word"], one(Counting()), cache=cache)
    later = Counting()
    second, tally = run(["word"], one(later), cache=cache)
    assert later.batches == []
    assert tally.cached == 1
    vectors = [mains(outcomes)[0] for outcomes in (first, second)]
    assert np.array_equal(*vectors)


def test_damaged_entries_are_worked_out_anew(cache: Cache) -> None:
    class Damaged(Cache):
        def get(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
            return dict.fromkeys(keys, b"\xff no JSON")

    damaged = Damaged(cache.file)
    outcomes, tally = run(["a bb"], Words(), cache=damaged)
    damaged.close()
    assert mains(outcomes) == [2.0]
    assert tally.cached == 0


def test_progress_rises_to_the_number_of_rows() -> None:
    told: list[tuple[int, int | None]] = []
    rows = [f"word{at}" for at in range(50)] * 2
    run(rows, Words(Counting(budget=20)), chunk=40, total=100, progress=lambda *x: told.append(x))
    done = [rows_done for rows_done, _ in told]
    assert done == sorted(done)
    assert done[-1] == 100
    assert len(done) > 10
    assert {total for _, total in told} == {100}


def test_memory_does_not_grow_with_the_rows() -> None:
    def peak(rows: int) -> int:
        tracemalloc.start()
        texts = ({"text": f"text number {at}"} for at in range(rows))
        for part in score_rows(texts, Words(model=None)):
            assert part.tally.ok == len(part.outcomes)
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    assert peak(50_000) < 1.1 * peak(8_192)
