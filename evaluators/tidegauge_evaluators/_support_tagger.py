"""A small network that tells, piece by piece, what of a claim its context does not bear out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

    from tidegauge_evaluators._support_aligner import Beside

WIDTH = 384
SCALARS = 9
"""Numbers of a piece's alignment."""
MEANING, FORM, INNER, LAST = 48, 24, 64, 48
SIDES = 2
"""Neighbours on each side that a piece is judged with."""

SHAPES = {
    "own.weight": (MEANING, WIDTH),
    "near.weight": (MEANING, WIDTH),
    "own_form.weight": (FORM, WIDTH),
    "near_form.weight": (FORM, WIDTH),
    "inner.weight": (INNER, 4 * MEANING + 2 * FORM + SCALARS),
    "inner.bias": (INNER,),
    "last.weight": (LAST, (2 * SIDES + 1) * INNER),
    "last.bias": (LAST,),
    "out.weight": (1, LAST),
    "out.bias": (1,),
}
"""Name -> shape of each tensor."""


def token_log_odds(pairs: Beside, weights: Mapping[str, Any], *, dropout: float = 0.0) -> Tensor:
    """Log-odds that each piece is unsupported, shape (pieces,).

    Parameters
    ----------
    pairs
        The pieces of one claim, or of several with ``SIDES`` rows of zeros between them.
    weights
        Tensors of ``SHAPES``.
    dropout
        Share of activations dropped, for training.
    """
    import torch
    from torch.nn.functional import dropout as dropped
    from torch.nn.functional import gelu, linear, pad

    def thinned(values: Tensor) -> Tensor:
        return dropped(values, dropout, training=dropout > 0)

    own = linear(thinned(pairs.upper), weights["own.weight"])
    near = linear(thinned(pairs.upper_near), weights["near.weight"])
    form = linear(thinned(pairs.lower), weights["own_form.weight"])
    form_near = linear(thinned(pairs.lower_near), weights["near_form.weight"])
    seen = torch.cat(
        [own, near, (own - near).abs(), own * near, form, (form - form_near).abs(), pairs.scalars],
        dim=1,
    )
    inner = thinned(gelu(linear(seen, weights["inner.weight"], weights["inner.bias"])))
    inner = inner * (pairs.scalars.abs().sum(dim=1, keepdim=True) > 0)  # none at the gaps
    around = pad(inner, (0, 0, SIDES, SIDES))
    beside = torch.cat([around[i : i + len(inner)] for i in range(2 * SIDES + 1)], dim=1)
    last = thinned(gelu(linear(beside, weights["last.weight"], weights["last.bias"])))
    return linear(last, weights["out.weight"], weights["out.bias"])[:, 0]
