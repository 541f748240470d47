"""Rows through a scorer, as the pipeline sends them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import pytest

from tidegauge.errors import NotApplicable
from tidegauge.scorer import Joined, Scorer

Values: TypeAlias = Callable[..., dict[str, object]]


def joined(scorer: Scorer, row: dict[str, str]) -> Joined:
    """What a scorer makes of a row, its model included."""
    units = scorer.split(row)
    model = scorer.model
    width = model.width if model is not None else 0
    outputs = model.infer(units).values if model is not None and units else np.zeros((0, width))
    return scorer.join(row, units, outputs.astype(np.float32))


@pytest.fixture
def values() -> Values:
    """Function from a scorer and a row's texts to its values by suffix."""

    def given(scorer: Scorer, **row: str) -> dict[str, object]:
        return dict(zip(scorer.outputs, joined(scorer, row).values, strict=True))

    return given


@pytest.fixture
def refused() -> Callable[..., str]:
    """Function from a scorer and a row's texts to the reason why it does not apply."""

    def given(scorer: Scorer, **row: str) -> str:
        with pytest.raises(NotApplicable) as caught:
            joined(scorer, row)
        return caught.value.message

    return given
