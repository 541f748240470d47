"""Each word piece of a claim beside the piece of its context that means most nearly the same."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tidegauge.models import Folder, best_device, bounded_threads
from tidegauge.scorer import Inferred, Unit
from tidegauge_evaluators import _bert as bert

if TYPE_CHECKING:
    from torch import Tensor

NEEDED = ("torch", "tokenizers", "safetensors")
"""Packages without which the encoder cannot run."""
VERSION = 1
LOWER, UPPER = 3, 6
"""Layers whose vectors are compared: nearer to the word, nearer to its meaning."""
BUDGETS = {"cpu": 4_096, "mps": 32_768, "cuda": 262_144}
PIECES = 4
"""Characters of a word piece, about: batches need an estimate of length and no more."""

ALIGNED = (
    "kinship",
    "kinship_lowest",
    "kinship_tenth",
    "kinship_quarter",
    "kinship_three",
    "likeness",
    "likeness_lowest",
    "unmatched",
    "nearest_window",
)
"""Names of what the encoder adds to a claim's features: each piece's largest cosine to a piece of
the context, of the upper layer (mean, least, quantiles, mean of the three least) and of the lower
one; share of pieces that the context lacks; cosine of the whole claim to its nearest window."""


class Read(NamedTuple):
    """A text as the encoder reads it, marks at both ends left out."""

    pieces: Tensor
    """Shape (pieces,)."""
    lower: Tensor
    """Shape (pieces, width), each of length 1."""
    upper: Tensor
    whole: Tensor
    """Mean of the upper layer, of length 1, shape (width,)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Aligner:
    """The encoder's half of the model; a unit is a claim, then windows of its context."""

    encoder: Folder
    device: str = ""

    @property
    def identity(self) -> str:
        """SHA-256 in hex over the encoder and how it is read."""
        parts = (VERSION, ALIGNED, LOWER, UPPER, self.encoder.identity)
        return hashlib.sha256(repr(parts).encode()).hexdigest()

    @property
    def width(self) -> int:
        """Numbers per claim."""
        return len(ALIGNED)

    @property
    def budget(self) -> int:
        """Most units times longest size of one batch."""
        return BUDGETS[best_device(self.device).partition(":")[0]]

    def size(self, unit: Unit) -> int:
        """About as many as its texts have pieces."""
        return sum(len(text) // PIECES + 2 for text in unit)

    def infer(self, units: Sequence[Unit]) -> Inferred:
        """Describe each claim, shape (units, width); windows that units share are read once."""
        import torch

        loaded = load(self.encoder.path, self.encoder.identity, best_device(self.device))
        texts = list(dict.fromkeys(text for unit in units for text in unit))
        found = np.zeros((len(units), self.width), np.float32)
        with torch.inference_mode():
            known = dict(zip(texts, loaded.read(texts), strict=True))
            for place, (claim, *windows) in enumerate(units):
                near = [known[window] for window in windows if len(known[window].pieces)]
                if near and len(known[claim].pieces):
                    found[place] = aligned(known[claim], near)
        return Inferred(found)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Loaded:
    """The encoder in memory."""

    weights: Mapping[str, Any]
    tokenizer: Any
    device: str

    def read(self, texts: Sequence[str]) -> list[Read]:
        """Encode texts in batches of like length."""
        pieces = [encoded.ids for encoded in self.tokenizer.encode_batch([clean(t) for t in texts])]
        order = sorted(range(len(texts)), key=lambda i: len(pieces[i]))
        found: dict[int, Read] = {}
        start = 0
        while start < len(order):
            stop = start + 1
            most = BUDGETS[self.device.partition(":")[0]] // 2
            while stop < len(order) and len(pieces[order[stop]]) * (stop - start + 1) <= most:
                stop += 1
            found.update(self._batch(order[start:stop], pieces))
            start = stop
        return [found[i] for i in range(len(texts))]

    def _batch(self, places: Sequence[int], pieces: Sequence[Sequence[int]]) -> dict[int, Read]:
        from torch.nn.functional import normalize

        tokens, mask = (part.to(self.device) for part in bert.padded([pieces[i] for i in places]))
        hidden = bert.embed(self.weights, tokens)
        lower = bert.layers(self.weights, hidden, mask, range(LOWER))
        upper = bert.layers(self.weights, lower, mask, range(LOWER, UPPER))
        whole = normalize((upper * mask[:, :, None]).sum(1), dim=1)
        lower, upper = normalize(lower, dim=2), normalize(upper, dim=2)
        return {
            place: Read(
                tokens[row, 1 : len(pieces[place]) - 1],
                lower[row, 1 : len(pieces[place]) - 1],
                upper[row, 1 : len(pieces[place]) - 1],
                whole[row],
            )
            for row, place in enumerate(places)
        }


def aligned(claim: Read, near: Sequence[Read]) -> NDArray[np.float32]:
    """Work out one claim's numbers, shape (``ALIGNED``,)."""
    import torch

    upper = torch.cat([window.upper for window in near])
    lower = torch.cat([window.lower for window in near])
    pieces = torch.cat([window.pieces for window in near])
    kin = (claim.upper @ upper.T).max(dim=1).values.sort().values
    like = (claim.lower @ lower.T).max(dim=1).values
    values = torch.stack(
        [
            kin.mean(),
            kin[0],
            kin.quantile(0.1),
            kin.quantile(0.25),
            kin[:3].mean(),
            like.mean(),
            like.min(),
            1.0 - torch.isin(claim.pieces, pieces).float().mean(),
            torch.stack([claim.whole @ window.whole for window in near]).max(),
        ]
    )
    return np.asarray(values.cpu().numpy(), np.float32)


def clean(text: str) -> str:
    """Text that tokenizers accept: lone surrogates become question marks."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def encoder_missing() -> tuple[str, ...]:
    """Name the packages that the encoder needs and that are not installed."""
    return tuple(name for name in NEEDED if find_spec(name) is None)


@lru_cache(maxsize=2)
def load(encoder: Path, identity: str, device: str) -> Loaded:
    """Load the encoder's folder once; its identity is there so that changes are seen."""
    import torch
    from safetensors.torch import load_file
    from tokenizers import Tokenizer

    if device == "cpu":
        torch.set_num_threads(bounded_threads())
    tokenizer = Tokenizer.from_file(str(encoder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(bert.LARGEST)
    kept = load_file(encoder / "model.safetensors").items()
    weights = {name: w.float().to(device) for name, w in kept if w.is_floating_point()}
    return Loaded(weights=weights, tokenizer=tokenizer, device=device)
