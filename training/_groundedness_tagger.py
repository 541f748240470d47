"""Train the tagger: word pieces beside their counterparts in, labels of bags of pieces out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tidegauge_evaluators._support_aligner import Beside
from tidegauge_evaluators._support_tagger import SCALARS, SHAPES, SIDES, WIDTH, token_log_odds

EPOCHS = 5
RATE = 2e-3
DECAY = 0.05
DROPPED = 0.2
BATCH = 48
"""Responses of a step."""
RARE = -4.0
"""Log-odds that a piece is unsupported, at the beginning."""
GAP = -1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Bag:
    """Pieces that have one label together: 1 = at least one of them is unsupported."""

    label: int
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tagged:
    """The pieces of one response, claim after claim."""

    claims: tuple[Beside, ...]
    """In half precision."""
    bags: tuple[Bag, ...]
    places: tuple[NDArray[np.int64], ...]
    """By claim, the bag of each piece."""


def learn(responses: Sequence[Tagged], *, seed: int = 0, epochs: int = EPOCHS) -> dict[str, Any]:
    """Train a tagger; returns its tensors."""
    import torch

    draw = torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)  # dropout knows no generator of its own
    weights = {name: _begin(name, shape, draw) for name, shape in SHAPES.items()}
    descent = torch.optim.AdamW(list(weights.values()), lr=RATE, weight_decay=DECAY)
    steps = epochs * (-(-len(responses) // BATCH))
    pace = torch.optim.lr_scheduler.OneCycleLR(descent, RATE, total_steps=steps, pct_start=0.1)
    for _ in range(epochs):
        order = torch.randperm(len(responses), generator=draw).tolist()
        for start in range(0, len(order), BATCH):
            chosen = [responses[i] for i in order[start : start + BATCH]]
            loss = _loss(chosen, weights)
            descent.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            descent.step()
            pace.step()
    return {name: values.detach().half().contiguous() for name, values in weights.items()}


def _begin(name: str, shape: tuple[int, ...], draw: Any) -> Any:
    import torch

    if name == "out.bias":
        values = torch.full(shape, RARE)
    elif name.endswith("bias"):
        values = torch.zeros(shape)
    else:
        # Vectors of length 1 are small by component: their projections begin larger.
        scale = 1.0 if shape[-1] == WIDTH else shape[-1] ** -0.5
        values = torch.randn(shape, generator=draw) * scale
    return values.requires_grad_()


def _loss(chosen: Sequence[Tagged], weights: Mapping[str, Any]) -> Any:
    import torch
    from torch.nn.functional import softplus

    parts: list[Beside] = []
    bags: list[NDArray[np.int64]] = []
    labels: list[int] = []
    shares: list[float] = []
    for response in chosen:
        for claim, places in zip(response.claims, response.places, strict=True):
            parts += [claim, _gap()]
            bags += [places + len(labels), np.full(SIDES, GAP)]
        labels += [bag.label for bag in response.bags]
        shares += [bag.weight for bag in response.bags]
    tensors = (torch.cat([part[i] for part in parts]).float() for i in range(5))
    joined = Beside(*tensors, nearest=torch.zeros(()))
    said = token_log_odds(joined, weights, dropout=DROPPED)
    bag = torch.from_numpy(np.concatenate(bags))
    inside = bag != GAP
    none = torch.zeros(len(labels)).index_add(0, bag[inside], -softplus(said[inside]))
    some = torch.log(-torch.expm1(none.clamp(max=-1e-6)))
    label, share = torch.tensor(labels), torch.tensor(shares)
    return -(share * torch.where(label == 1, some, none)).sum() / share.sum()


def _gap() -> Beside:
    import torch

    wide = [torch.zeros(SIDES, WIDTH, dtype=torch.float16) for _ in range(4)]
    scalars = torch.zeros(SIDES, SCALARS, dtype=torch.float16)
    return Beside(*wide, scalars, nearest=torch.zeros(()))
