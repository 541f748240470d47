from __future__ import annotations

import numpy as np
import pytest

from tidegauge.case import Case, case_of
from tidegauge.errors import NotApplicable, TooFewRows
from tidegauge_evaluators.root_cause.label_shift import label_shift


def classes(seed: int, n: int, now_share: tuple[float, ...], *, moved: float = 0.0) -> Case:
    """Three classes around three centres, decided for by the nearest."""
    rng = np.random.default_rng(seed)
    now = np.arange(2 * n) >= n
    shares = np.where(now[:, None], now_share, (0.5, 0.3, 0.2))
    truth = (rng.random((2 * n, 1)) > shares.cumsum(axis=1)).sum(axis=1).clip(0, 2)
    centres = np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 2.0]])
    inputs = centres[truth] + rng.normal(size=(2 * n, 2)) + moved * now[:, None] * [1.0, 0.0]
    near = ((inputs[:, None] - centres) ** 2).sum(axis=2).argmin(axis=1)
    names = np.array(["a", "b", "c"])
    columns = {"u": inputs[:, 0], "v": inputs[:, 1], "y": names[truth], "d": names[near]}
    return case_of(columns, now, target="y", prediction="d", task="classification")


def test_an_unchanged_mix_is_unchanged() -> None:
    found = label_shift(classes(1, 2_000, (0.5, 0.3, 0.2)), rng=np.random.default_rng(0))
    assert found.target is not None
    assert found.target.z < 2
    assert found.stable
    assert (found.shifted or 0) > 0.01
    assert (found.agreement or 0) > 0.01


def test_another_mix_of_classes_that_look_as_before_is_told_both_ways() -> None:
    found = label_shift(classes(2, 3_000, (0.2, 0.3, 0.5)), rng=np.random.default_rng(0))
    assert found.target is not None
    assert found.target.z > 5
    assert found.stable
    for one, truth in zip(found.classes, (0.2, 0.3, 0.5), strict=True):
        assert one.interval is not None
        assert one.foreseen_interval is not None
        assert one.interval.low < truth < one.interval.high
        assert one.foreseen_interval.low < truth < one.foreseen_interval.high
    assert "a went from" in found.because or "c went from" in found.because


def test_without_labels_decisions_tell_the_mix() -> None:
    case = classes(3, 3_000, (0.2, 0.3, 0.5))
    blind = case.with_values("y", np.where(case.current, np.nan, case["y"].values))
    found = label_shift(blind, rng=np.random.default_rng(0))
    assert [round(one.foreseen or 0, 1) for one in found.classes] == [0.2, 0.3, 0.5]
    assert (found.shifted or 1) < 1e-6
    assert found.stable is None
    assert found.classes[0].current is None


def test_classes_that_look_different_are_no_label_shift() -> None:
    found = label_shift(classes(4, 2_000, (0.5, 0.3, 0.2), moved=1.0), rng=np.random.default_rng(0))
    assert found.stable is False
    assert (found.agreement or 1) < 0.01


def test_the_estimate_solves_the_confusion_matrix() -> None:
    case = classes(5, 2_000, (0.3, 0.4, 0.3))
    found = label_shift(case, rng=np.random.default_rng(0))
    truth, made = case["y"].values.astype(int), case["d"].values.astype(int)
    given = np.array(
        [[np.mean(made[~case.current & (truth == j)] == i) for j in range(3)] for i in range(3)]
    )
    now = np.bincount(made[case.current], minlength=3) / case.n_current
    np.testing.assert_allclose(
        np.array([one.foreseen or 0.0 for one in found.classes]),
        np.linalg.solve(given, now),
        atol=1e-8,
    )


def test_decisions_that_never_vary_leave_the_mix_open() -> None:
    case = classes(6, 300, (0.2, 0.3, 0.5)).with_values("d", np.zeros(600))
    found = label_shift(case, rng=np.random.default_rng(0))
    assert found.classes[0].foreseen is None
    assert found.agreement is None
    assert found.shifted is not None


def test_what_cannot_be_asked_is_refused() -> None:
    rng = np.random.default_rng(0)
    case = classes(7, 200, (0.2, 0.3, 0.5))
    with pytest.raises(TooFewRows):
        label_shift(classes(7, 40, (0.2, 0.3, 0.5)), rng=rng)
    with pytest.raises(NotApplicable):
        label_shift(case.with_values("y", np.zeros(case.n)), rng=rng)
    blind = case.with_values("y", np.where(case.current, np.nan, case["y"].values))
    with pytest.raises(NotApplicable):
        label_shift(blind.with_values("d", np.full(case.n, np.nan)), rng=rng)
    numbers = case_of({"y": rng.normal(size=400)}, case.current, target="y", task="regression")
    with pytest.raises(NotApplicable):
        label_shift(numbers, rng=rng)


@pytest.mark.slow
def test_shares_by_labels_and_by_decisions_disagree_by_chance_only() -> None:
    from tidegauge_evaluators._losses import decisions, truth_of
    from tidegauge_evaluators._mixes import compared, estimated

    chances, held = [], []
    for seed in range(120):
        case = classes(seed, 500, (0.3, 0.3, 0.4))
        truth = truth_of(case)
        mix = estimated(case, truth, decisions(case), 3, np.random.default_rng(seed), 0.95)
        assert mix is not None
        chances.append(compared(case, truth, mix, 3, True)[1])
        low, high = mix.interval(2)
        held.append(low < 0.4 < high)
    assert np.mean(np.array(chances) < 0.05) < 0.12
    assert np.mean(held) > 0.89
