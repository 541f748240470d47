from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tidegauge.errors import NotApplicable, TooFewRows
from tidegauge.profile import VectorSample
from tidegauge_evaluators._permutation import chance_p, drawn_sides
from tidegauge_evaluators._vectors import Pool, normalised, pooled

Draw = Callable[..., VectorSample]
RNG = np.random.default_rng(0)


def rows(*values: tuple[float, float]) -> VectorSample:
    return VectorSample(vectors=np.array(values, np.float32))


def sample(
    texts: list[str], clusters: list[int] | None = None, seed: int = 0, width: int = 3
) -> VectorSample:
    rng = np.random.default_rng(seed)
    return VectorSample(
        vectors=rng.normal(size=(len(texts), width)).astype(np.float32),
        texts=tuple(texts),
        clusters=np.array(clusters if clusters is not None else [], np.int64),
    )


def pool_of(baseline: VectorSample, current: VectorSample, min_rows: int = 2) -> Pool:
    return pooled(baseline, current, np.random.default_rng(1), min_rows=min_rows)


def test_duplicates_count_once_a_side() -> None:
    pool = pool_of(sample(["a", "A!", "b", "c  d"]), sample(["b", "c d", "c d.", "e"], seed=1))
    assert pool.rows == (3, 3)
    assert pool.removed == (1, 1)
    assert pool.read == (4, 4)
    assert sorted(pool.texts) == ["a", "b", "c  d", "e"]
    both = {pool.texts[i] for i in np.flatnonzero(pool.now & pool.before)}
    assert both == {"b", "c  d"}


def test_vectors_without_texts_are_compared_by_value() -> None:
    pool = pool_of(rows((0, 1), (0, 1), (1, 0), (2, 0)), rows((0, 1), (3, 3)))
    assert pool.rows == (3, 2)


def test_rows_of_a_cluster_stay_together() -> None:
    baseline = sample(["a", "b", "c", "d"], [7, 7, 8, 8])
    current = sample(["e", "f", "g", "h", "h"], [7, 7, 9, 9, 9], seed=1)
    pool = pool_of(baseline, current)
    assert len(pool.now) == 4  # numbers are of one side only
    assert pool.removed == (0, 1)
    found = {tuple(sorted(np.array(pool.texts)[pool.unit == i])) for i in range(4)}
    assert found == {("a", "b"), ("c", "d"), ("e", "f"), ("g", "h")}


def test_too_few_rows_are_refused() -> None:
    with pytest.raises(TooFewRows, match="needs 3 rows without a duplicate"):
        pool_of(sample(["a", "a", "a", "b"]), sample(["c", "d", "e"]), min_rows=3)
    with pytest.raises(TooFewRows):
        pool_of(sample([]), sample(["c", "d", "e"]))


def test_encoders_of_different_width_are_told_apart() -> None:
    with pytest.raises(NotApplicable, match="not of one encoder"):
        pool_of(sample(["a", "b"]), sample(["c", "d"], width=4))


def test_rows_without_a_finite_vector_are_left_out() -> None:
    broken = rows((1, 2), (np.nan, 1), (np.inf, 1), (3, 4))
    pool = pool_of(broken, rows((1, 1), (2, 1)))
    assert pool.rows == (2, 2)


def test_large_samples_are_thinned() -> None:
    pool = pooled(
        sample([f"a{i}b" for i in range(90)]), sample(["x", "y", "z"]), RNG, min_rows=2, most=40
    )
    assert pool.rows == (40, 3)


def test_sides_are_drawn_without_changing_how_many_units_they_have() -> None:
    pool = pool_of(sample(list("abcdefgh")), sample(list("ghijk"), seed=1))
    sides = drawn_sides(pool, RNG, 200)
    assert (sides.sum(axis=0) == 5).all()
    np.testing.assert_array_equal(sides[:, 0], pool.now)
    both = pool.now & pool.before
    assert sides[both].all()
    moved = sides[~both, 1:].mean(axis=1)
    assert moved.min() > 0.15
    assert moved.max() < 0.55


def test_texts_that_repeat_by_chance_change_places_with_their_like() -> None:
    popular = [f"word {i}" for i in range(30)]
    rng = np.random.default_rng(3)
    baseline = [*rng.choice(popular, 200), *(f"only {i % 99} {i // 99}" for i in range(200))]
    current = [*rng.choice(popular, 20), *(f"mine {i}x" for i in range(20))]
    pool = pool_of(sample(list(baseline)), sample(list(current)))
    repeated = {pool.texts[i].split()[0] for group in pool.movable[1:] for i in group}
    assert repeated == {"word"}
    assert {pool.texts[i].split()[0] for i in pool.movable[0]} >= {"only", "mine"}


def test_bursts_of_copies_stand_for_one_event_each() -> None:
    retried = [f"text {i}x" for i in range(100) for _ in range(3)]
    pool = pool_of(sample(retried), sample([f"other {i}x" for i in range(100)]))
    assert pool.rows == (100, 100)
    assert len(pool.movable) == 1


def test_bands_hold_texts_of_like_length_and_script() -> None:
    latin = [f"word{'s' * i} {i}" for i in range(100)]
    cyrillic = [f"\u0441\u043b\u043e\u0432\u043e {i}" + "\u0430" * i for i in range(60)]
    pool = pool_of(sample(latin), sample([*latin[:40], *cyrillic]))
    for band in np.unique(pool.band):
        inside = [
            text for text, i in zip(pool.texts, pool.band[pool.unit], strict=True) if i == band
        ]
        assert len({text[0].isascii() for text in inside}) == 1
        assert max(map(len, inside)) - min(map(len, inside)) <= 60


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("Hello,  World", "hello world!", True),
        ("order 4821", "order 99182", True),
        ("3 + 4", "5 + 6", False),
        ("\uff21\uff22", "ab", True),
        ("\N{GRINNING FACE}", "\N{CRYING FACE}", False),
        ("", " ", True),
        ("...", "???", False),
    ],
)
def test_what_near_duplicates_share(one: str, other: str, alike: bool) -> None:
    assert (normalised(one) == normalised(other)) is alike


def test_p_values_are_counted_and_never_zero() -> None:
    permuted = np.arange(999.0)
    assert chance_p(899.0, permuted) == pytest.approx(101 / 1_000)
    assert 0.0 < chance_p(1e9, permuted) < 1e-3
    assert chance_p(-5.0, permuted) == 1.0
    assert chance_p(1.0, np.zeros(19)) == pytest.approx(1 / 20)
    assert chance_p(0.0, np.zeros(999)) == 1.0


def test_the_tail_beyond_the_permutations_is_about_right() -> None:
    rng = np.random.default_rng(5)
    for df in (2, 8, 40):
        permuted = rng.chisquare(df, 999)
        from scipy.stats import chi2

        for level in (1e-3, 1e-5):
            assert level / 4 < chance_p(float(chi2.isf(level, df)), permuted) < 40 * level
