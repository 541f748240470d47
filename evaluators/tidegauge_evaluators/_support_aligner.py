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
from tidegauge_evaluators import _toxic_layers as bert
from tidegauge_evaluators._support_tagger import token_log_odds

if TYPE_CHECKING:
    from torch import Tensor

NEEDED = ("torch", "tokenizers", "safetensors")
"""Packages without which the encoder cannot run."""
TAGGER = "tagger.safetensors"
VERSION = 1
LOWER, UPPER = 3, 6
"""Layers whose vectors are compared: nearer to the word, nearer to its meaning."""
BUDGETS = {"cpu": 4_096, "mps": 32_768, "cuda": 262_144}
PIECES = 4
"""Characters of a word piece, about: batches need an estimate of length and no more."""

ALIGNED = (
    "tagged",
    "tagged_mean",
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
"""Names of what the encoder's half adds to a claim's features: log-odds by the tagger; largest
cosine to a piece of the context, of the upper layer over the claim's pieces (mean, least,
quantiles, mean of the three least) and of the lower one; share of pieces that the context lacks;
cosine of the whole claim to its nearest window."""


class Beside(NamedTuple):
    """A claim's pieces, and for each its counterpart in the context; equally long."""

    upper: Tensor
    """Shape (pieces, width), each of length 1; likewise the next three."""
    upper_near: Tensor
    lower: Tensor
    lower_near: Tensor
    scalars: Tensor
    """Shape (pieces, ``SCALARS``)."""
    nearest: Tensor
    """Cosine of the whole claim to its nearest window, shape ()."""


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

    folder: Folder
    encoder: Folder
    device: str = ""

    @property
    def identity(self) -> str:
        """SHA-256 in hex over both folders."""
        parts = (VERSION, self.folder.identity, self.encoder.identity)
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

        loaded = load(self.folder.path, self.encoder.path, self.identity, best_device(self.device))
        texts = list(dict.fromkeys(text for unit in units for text in unit))
        found = np.zeros((len(units), self.width), np.float32)
        with torch.inference_mode():
            known = dict(zip(texts, loaded.read(texts), strict=True))
            for place, (claim, *windows) in enumerate(units):
                near = [known[window] for window in windows if len(known[window].pieces)]
                if near and len(known[claim].pieces):
                    found[place] = aligned(beside(known[claim], near), loaded.tagger)
        return Inferred(found)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Loaded:
    """Encoder and tagger in memory."""

    weights: Mapping[str, Any]
    tagger: Mapping[str, Any]
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


def beside(claim: Read, near: Sequence[Read]) -> Beside:
    """Find each piece's counterpart."""
    import torch

    pieces = torch.cat([window.pieces for window in near])
    lower = torch.cat([window.lower for window in near])
    upper = torch.cat([window.upper for window in near])
    kin, like = claim.upper @ upper.T, claim.lower @ lower.T
    best, at = kin.topk(min(2, len(pieces)), dim=1)
    like_best, like_at = like.max(dim=1)
    same = claim.pieces[:, None] == pieces[None]
    step = torch.diff(at[:, 0], prepend=at[:1, 0] - 1)
    scalars = (
        best[:, 0],
        best[:, -1],
        like_best,
        same.any(dim=1).float(),
        (pieces[at[:, 0]] == claim.pieces).float(),
        (step == 1).float(),
        kin.gather(1, like_at[:, None])[:, 0],
        kin.masked_fill(~same, -1.0).max(dim=1).values,
        torch.full_like(like_best, float(np.log(len(pieces)) / 6)),
    )
    return Beside(
        upper=claim.upper,
        upper_near=upper[at[:, 0]],
        lower=claim.lower,
        lower_near=lower[like_at],
        scalars=torch.stack(scalars, dim=1),
        nearest=torch.stack([claim.whole @ window.whole for window in near]).max(),
    )


def aligned(pairs: Beside, tagger: Mapping[str, Any]) -> NDArray[np.float32]:
    """Work out one claim's numbers, shape (``ALIGNED``,)."""
    import torch

    said = token_log_odds(pairs, tagger) if tagger else torch.zeros(1)
    kin, like = pairs.scalars[:, 0], pairs.scalars[:, 2]
    lowest = kin.sort().values
    values = torch.stack(
        [
            any_of(said),
            said.mean(),
            kin.mean(),
            lowest[0],
            kin.quantile(0.1),
            kin.quantile(0.25),
            lowest[:3].mean(),
            like.mean(),
            like.min(),
            1.0 - pairs.scalars[:, 3].mean(),
            pairs.nearest,
        ]
    )
    return np.asarray(values.cpu().numpy(), np.float32)


def any_of(log_odds: Tensor) -> Tensor:
    """Log-odds that any of some independent things holds, of the log-odds of each."""
    import torch

    none = -torch.nn.functional.softplus(log_odds.float()).sum()
    return torch.log(-torch.expm1(none.clamp(max=-1e-6))) - none


def clean(text: str) -> str:
    """Text that tokenizers accept: lone surrogates become question marks."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def encoder_missing() -> tuple[str, ...]:
    """Name the packages that the encoder needs and that are not installed."""
    return tuple(name for name in NEEDED if find_spec(name) is None)


@lru_cache(maxsize=2)
def load(path: Path, encoder: Path, identity: str, device: str) -> Loaded:
    """Load the weights of two folders once; the identity is there so that changes are seen.

    Parameters
    ----------
    path
        The model's own folder; one without a tagger gives the encoder alone.
    encoder
        The packaged encoder's folder.
    identity
        Of both.
    device
        Where to.
    """
    import torch
    from safetensors.torch import load_file
    from tokenizers import Tokenizer

    if device == "cpu":
        torch.set_num_threads(bounded_threads())
    tokenizer = Tokenizer.from_file(str(encoder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(bert.LARGEST)

    def floats(file: Path) -> dict[str, Any]:
        if not file.is_file():
            return {}
        kept = load_file(file).items()
        return {name: w.float().to(device) for name, w in kept if w.is_floating_point()}

    return Loaded(
        weights=floats(encoder / "model.safetensors"),
        tagger=floats(path / TAGGER),
        tokenizer=tokenizer,
        device=device,
    )
