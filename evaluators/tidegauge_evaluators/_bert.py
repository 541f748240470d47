"""A BERT encoder whose last layers are ours: forward pass in plain torch, for training and use.

The packaged sentence encoder gives the word pieces, the embeddings and the lower layers; the
shipped file replaces the upper ones and adds a head that reads the mean and the maximum over
tokens.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

LAYERS = 6
FIRST_OWN = 3
"""Layers from this one on are trained and shipped."""
HEADS = 12
WIDTH = 384
LARGEST = 512
"""Most tokens that a text may have, marks at both ends included."""
START, END = 101, 102

Weights = Mapping[str, Any]
"""Name -> tensor."""


def own_names(weights: Weights) -> list[str]:
    """Names of the tensors that are trained."""
    layers = tuple(f"encoder.layer.{at}." for at in range(FIRST_OWN, LAYERS))
    return [name for name in weights if name.startswith(layers)]


def embed(weights: Weights, tokens: Tensor) -> Tensor:
    """Embeddings of tokens, shape (texts, length) -> (texts, length, width)."""
    import torch

    at = "embeddings."
    places = weights[at + "position_embeddings.weight"][: tokens.shape[1]]
    words = torch.nn.functional.embedding(tokens, weights[at + "word_embeddings.weight"])
    summed = words + places + weights[at + "token_type_embeddings.weight"][0]
    return _normed(weights, at + "LayerNorm", summed)


def layers(
    weights: Weights, hidden: Tensor, mask: Tensor, span: range, *, dropout: float = 0.0
) -> Tensor:
    """Run some of the layers.

    Parameters
    ----------
    weights
        By the names of the Hugging Face ``BertModel``.
    hidden
        Shape (texts, length, width).
    mask
        True where a token is, shape (texts, length).
    span
        Which layers.
    dropout
        Share of what each half of a layer adds that is dropped, for training.
    """
    from torch.nn.functional import dropout as dropped
    from torch.nn.functional import gelu, linear, scaled_dot_product_attention

    texts, length, width = hidden.shape
    allowed = mask[:, None, None, :]

    def by_head(values: Tensor) -> Tensor:
        return values.view(texts, length, HEADS, width // HEADS).transpose(1, 2)

    for at in span:
        name = f"encoder.layer.{at}."

        def dense(part: str, values: Tensor, name: str = name) -> Tensor:
            return linear(values, weights[f"{name}{part}.weight"], weights[f"{name}{part}.bias"])

        query, key, value = (
            by_head(dense(f"attention.self.{part}", hidden)) for part in ("query", "key", "value")
        )
        seen = scaled_dot_product_attention(query, key, value, attn_mask=allowed)
        seen = dense("attention.output.dense", seen.transpose(1, 2).reshape(hidden.shape))
        seen = dropped(seen, dropout, training=dropout > 0)
        hidden = _normed(weights, f"{name}attention.output.LayerNorm", hidden + seen)
        inner = dense("output.dense", gelu(dense("intermediate.dense", hidden)))
        inner = dropped(inner, dropout, training=dropout > 0)
        hidden = _normed(weights, f"{name}output.LayerNorm", hidden + inner)
    return hidden


def judge(weights: Weights, hidden: Tensor, mask: Tensor) -> Tensor:
    """Log-odds of the last layer's tokens, shape (texts, heads)."""
    import torch

    inside = mask[:, :, None]
    mean = (hidden * inside).sum(1) / inside.sum(1)
    largest = hidden.masked_fill(~inside, -1e4).amax(1)
    both = torch.cat([mean, largest], dim=1)
    return torch.nn.functional.linear(both, weights["head.weight"], weights["head.bias"])


def _normed(weights: Weights, name: str, values: Tensor) -> Tensor:
    import torch

    return torch.nn.functional.layer_norm(
        values, values.shape[-1:], weights[f"{name}.weight"], weights[f"{name}.bias"], 1e-12
    )


def padded(pieces: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    """Token numbers in a rectangle, and True where one is."""
    import torch

    longest = max(map(len, pieces))
    tokens = torch.zeros(len(pieces), longest, dtype=torch.long)
    for at, piece in enumerate(pieces):
        tokens[at, : len(piece)] = torch.tensor(piece)
    lengths = torch.tensor([len(piece) for piece in pieces])
    return tokens, torch.arange(longest)[None, :] < lengths[:, None]
