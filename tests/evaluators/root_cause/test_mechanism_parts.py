"""The pieces under attribution to mechanisms, held against closed forms."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import scipy.stats
from numpy.typing import NDArray

from tidegauge.case import Variable, case_of
from tidegauge.errors import NotApplicable
from tidegauge_evaluators._causal_order import causal_order
from tidegauge_evaluators._mechanism_shares import Shares, shares_of
from tidegauge_evaluators._nested import Chain, Chunk, contributions
from tidegauge_evaluators._shapley import coalitions
from tidegauge_evaluators._smoother import Inputs, smooth, terms

Numbers = NDArray[np.float64]
SIDES = np.array([False, True])


def test_shapley_values_are_means_over_all_arrivals() -> None:
    rng = np.random.default_rng(0)
    plan = coalitions(4, rng)
    values = rng.normal(size=16)
    by_set = {tuple(one): value for one, value in zip(plan.sets.tolist(), values, strict=True)}
    expected = np.zeros(4)
    for arrival in itertools.permutations(range(4)):
        here = [False] * 4
        for player in arrival:
            before = by_set[tuple(here)]
            here[player] = True
            expected[player] += (by_set[tuple(here)] - before) / 24
    assert plan.shares @ values == pytest.approx(expected)


def test_sampled_shapley_values_add_up_and_are_exact_for_pairs() -> None:
    rng = np.random.default_rng(1)
    plan = coalitions(14, rng)
    alone, together = rng.normal(size=14), rng.normal(size=(14, 14))
    together = together + together.T
    inside = plan.sets.astype(float)
    values = inside @ alone + 0.5 * ((inside @ together) * inside).sum(axis=1)
    off = together - np.diag(np.diag(together))
    expected = alone + 0.5 * np.diag(together) + 0.5 * off.sum(axis=1)
    assert plan.shares @ values == pytest.approx(expected)  # reversed orders cancel exactly
    assert len(plan.sets) < 2**14


def test_no_players_make_an_empty_game() -> None:
    plan = coalitions(1, np.random.default_rng(0))
    assert plan.shares @ np.array([1.0, 3.0]) == pytest.approx([2.0])


def test_a_graph_in_a_circle_is_refused_with_its_circle() -> None:
    case = case_of({"a": [0.0, 1.0], "b": [0.0, 1.0]}, SIDES, parents={"a": ("b",), "b": ("a",)})
    with pytest.raises(NotApplicable, match=r"circle: (a -> b -> a|b -> a -> b)"):
        causal_order(case)


def test_without_an_order_there_are_no_mechanisms() -> None:
    with pytest.raises(NotApplicable, match="needs a causal order"):
        causal_order(case_of({"a": [0.0, 1.0]}, SIDES))
    with pytest.raises(NotApplicable, match="no column"):
        causal_order(case_of({"a": [0.0, 1.0]}, SIDES, order=(("b",),)))


def test_a_column_without_rows_hands_its_parents_down() -> None:
    graph = {"b": ("a",), "unseen": ("b",), "c": ("unseen",)}
    case = case_of({name: [0.0, 1.0] for name in "abc"}, SIDES, parents=graph)
    assert causal_order(case).before == {"a": (), "b": ("a",), "c": ("b",)}
    assert causal_order(case).tiers == (("a",), ("b",), ("c",))


def test_tiers_depend_on_all_earlier_tiers_and_name_who_is_missing() -> None:
    case = case_of({n: [0.0, 1.0] for n in "abcd"}, SIDES, order=(("a", "b"), ("c", "gone")))
    order = causal_order(case)
    assert order.before == {"a": (), "b": (), "c": ("a", "b")}
    assert order.left_out == ("d",)


def test_redrawn_orders_agree_with_what_was_given() -> None:
    columns = {name: [0.0, 1.0] for name in "abcd"}
    graph = {"a": (), "b": ("a",), "c": ("a",), "d": ("b", "c")}
    rng = np.random.default_rng(0)
    by_graph = causal_order(case_of(columns, SIDES, parents=graph))
    assert {by_graph.redrawn(rng) for _ in range(20)} == {tuple("abcd"), tuple("acbd")}
    by_tiers = causal_order(case_of(columns, SIDES, order=(("a", "b"), ("c", "d"))))
    assert len({by_tiers.redrawn(rng) for _ in range(40)}) == 4


def one_column(values: Numbers, *, levels: tuple[str, ...] = ()) -> Inputs:
    variable = Variable(name="x", values=values, levels=levels)
    return Inputs(
        terms=terms(variable, len(values)),
        codes=values[:, None].astype(np.float32),
        categorical=(bool(levels),),
    )


def test_regression_goes_on_straight_where_it_has_seen_nothing() -> None:
    rng = np.random.default_rng(2)
    x = np.concatenate([rng.normal(size=400), rng.normal(4.0, 1.0, size=100)])
    y = (3.0 * x + rng.normal(size=500))[:, None]
    seen = np.arange(500) < 200
    found = smooth(one_column(x), y, seen, (np.arange(500) < 400) & ~seen, np.ones(500))
    assert found[400:].mean() == pytest.approx(12.0, rel=0.1)


def test_regression_finds_what_is_not_straight_and_takes_gaps_and_categories() -> None:
    rng = np.random.default_rng(3)
    level = rng.integers(3, size=3_000).astype(float)
    x = rng.normal(size=3_000)
    left, right = one_column(level, levels=("a", "b", "c")), one_column(x)
    both = Inputs(
        terms=np.hstack([left.terms, right.terms]),
        codes=np.hstack([left.codes, right.codes]),
        categorical=(True, False),
    )
    truth = np.where(level == 1, np.sin(3 * x), -x)
    gap = rng.random(3_000) < 0.1
    both.codes[gap, 1] = np.nan
    both.terms[gap, 3:] = 0.0
    learn = np.arange(3_000) < 1_500
    found = smooth(both, truth[:, None], learn, ~learn, np.ones(3_000))[:, 0]
    judged = ~learn & ~gap
    assert np.mean((found - truth)[judged] ** 2) < 0.1 * truth[judged].var()


def test_a_constant_column_predicts_the_mean() -> None:
    y = np.arange(40.0)[:, None]
    odd = np.arange(40) % 2 == 1
    found = smooth(one_column(np.ones(40)), y, odd, ~odd, np.ones(40))
    assert found == pytest.approx(np.full((40, 1), 20.0))


def test_rows_of_one_block_count_as_one() -> None:
    rng = np.random.default_rng(4)
    once = rng.normal(1.0, 1.0, size=(400, 1))
    side = np.zeros(400, np.int64)

    def width(rows: Numbers, side: NDArray[np.int64], blocks: NDArray[np.int64] | None) -> float:
        total = np.full(len(rows), 2.0)
        found = shares_of(rows, total, side, blocks, rng=np.random.default_rng(0))
        return found.intervals[0].high - found.intervals[0].low

    thrice, blocks = np.repeat(once, 3, axis=0), np.repeat(np.arange(400), 3)
    alone = width(once, side, None)
    assert width(thrice, np.repeat(side, 3), blocks) == pytest.approx(alone, rel=0.01)
    assert width(thrice, np.repeat(side, 3), None) == pytest.approx(alone / np.sqrt(3), rel=0.01)


def test_no_change_has_no_shares() -> None:
    rows = np.array([[1.0], [-1.0], [2.0], [-2.0]])
    found = shares_of(rows, np.zeros(4), np.zeros(4, int), None, rng=np.random.default_rng(0))
    assert found.shares == pytest.approx([0.0])
    assert (found.total, found.intervals[0]) == (0.0, (0.0, 0.0))


def straight(values: Numbers) -> Inputs:
    """One column that trees do not see, so that nothing is tried on them."""
    shown = one_column(values)
    return Inputs(terms=shown.terms, codes=np.zeros((len(values), 0), np.float32), categorical=())


def linear_chain(rng: np.random.Generator, n: int) -> Chain:
    """x ~ N(1 -> 2, 1), y = (1 -> 1.5) x + N(0, 1), the functional being y; true ratios."""
    current = np.arange(2 * n) >= n
    x = rng.normal(size=2 * n) + np.where(current, 2.0, 1.0)
    y = np.where(current, 1.5, 1.0) * x + rng.normal(size=2 * n)
    normal = scipy.stats.norm
    return Chain(
        functional=y,
        current=current,
        weights=np.ones(2 * n),
        folds=rng.permutation(2 * n) % 2,
        chunks=(
            Chunk(player=0, inputs=straight(x), ratio=normal.logpdf(x, 2) - normal.logpdf(x, 1)),
            Chunk(player=1, inputs=straight(y), ratio=np.zeros(2 * n)),
        ),
    )


def divided(chain: Chain, rng: np.random.Generator) -> Shares:
    plan = coalitions(2, rng)
    rows, _, _ = contributions(chain, plan.sets, plan.shares)
    total = np.where(chain.current, 2.0, -2.0) * chain.functional
    return shares_of(rows, total, chain.current.astype(np.int64), None, rng=rng)


def test_coalition_values_agree_with_the_closed_form() -> None:
    rng = np.random.default_rng(5)
    plan = coalitions(2, rng)
    _, values, effective = contributions(linear_chain(rng, 20_000), plan.sets, plan.shares)
    assert values == pytest.approx([1.0, 1.5, 2.0, 3.0], abs=0.05)  # none, y, x, both
    assert 0.2 < effective < 0.6  # exp(-1) for a shift by one


@pytest.mark.slow
def test_share_intervals_cover_the_closed_form() -> None:
    inside = np.zeros(2)
    for seed in range(300):
        rng = np.random.default_rng(seed)
        found = divided(linear_chain(rng, 400), rng)
        for place, share in enumerate((0.625, 0.375)):
            inside[place] += found.intervals[place].low <= share <= found.intervals[place].high
        assert found.gap == pytest.approx(0.0, abs=1e-2)  # both sides' own means come out
    assert np.all(inside / 300 > 0.91)
    assert np.all(inside / 300 < 0.985)


def test_a_wrong_regression_is_mended_by_right_weights() -> None:
    rng = np.random.default_rng(6)
    chain = linear_chain(rng, 20_000)
    blind = Chunk(player=0, inputs=straight(np.ones(40_000)), ratio=chain.chunks[0].ratio)
    mended = Chain(
        functional=chain.functional,
        current=chain.current,
        weights=chain.weights,
        folds=chain.folds,
        chunks=(blind, chain.chunks[1]),
    )
    assert divided(mended, rng).shares == pytest.approx([0.625, 0.375], abs=0.05)
