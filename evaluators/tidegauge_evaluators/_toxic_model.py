"""The embedded toxicity model: n-grams by numpy, and trained encoder layers where torch is."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tidegauge.errors import ModelError
from tidegauge.models import Folder, best_device, bounded_threads
from tidegauge.scorer import Inferred, Unit
from tidegauge_evaluators import _bert as bert
from tidegauge_evaluators._toxic_features import BUCKETS, COUNTS, WINDOW_CHARACTERS, Features, read
from tidegauge_evaluators._weights import read_weights

Floats = NDArray[np.float32]

FORMAT = 1
SETTINGS, LINEAR, LAYERS = "toxicity.json", "linear.safetensors", "layers.safetensors"
NEEDED = ("torch", "tokenizers", "safetensors")
"""Packages without which the layers cannot run."""
BUDGETS = {"cpu": 4_096, "mps": 32_768, "cuda": 262_144}
LINEAR_BUDGET = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class Toxicity:
    """Log-odds of each head for windows of normalised text."""

    folder: Folder
    encoder: Folder | None
    """The packaged encoder; ``None`` = n-grams alone."""
    device: str = ""

    @property
    def heads(self) -> tuple[str, ...]:
        """Names of the outputs, in order."""
        return self._linear.heads

    @property
    def base_rates(self) -> tuple[float, ...]:
        """Share of positives of each head where the probabilities were calibrated."""
        return self._linear.base_rates

    @property
    def identity(self) -> str:
        """SHA-256 in hex over all weights and the version of the features."""
        parts = [
            f"toxicity {FORMAT}",
            self.folder.identity,
            self.encoder.identity if self.encoder else "",
        ]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()

    @property
    def width(self) -> int:
        """Number of heads."""
        return len(self.heads)

    @property
    def budget(self) -> int:
        """Most units times longest size of one batch."""
        if self.encoder is None:
            return LINEAR_BUDGET
        return BUDGETS[best_device(self.device).partition(":")[0]]

    def size(self, unit: Unit) -> int:
        """About as many as the text has tokens."""
        return len(unit[0]) // 4 + 2

    def infer(self, units: Sequence[Unit]) -> Inferred:
        """Calibrated log-odds, shape (units, heads)."""
        texts = [text for (text,) in units]
        linear = self._linear.log_odds(read(texts))
        if self.encoder is None:
            return Inferred(self._linear.calibrated(linear))
        deep = _upper(self.folder, self.encoder, best_device(self.device)).log_odds(texts)
        return Inferred(self._linear.stacked(linear, deep))

    def weight_of(self, word: str) -> float:
        """How far one normalised word by itself pushes the first head up, in log-odds."""
        return _weight(self._linear, word)

    @property
    def _linear(self) -> Linear:
        return _lower(self.folder)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Linear:
    """Weights of features, and how log-odds become calibrated ones."""

    heads: tuple[str, ...]
    base_rates: tuple[float, ...]
    hashed: Floats
    """Shape (``BUCKETS``, heads)."""
    counts: Floats
    """Shape (counts, heads)."""
    bias: Floats
    alone: Floats
    """Slope and intercept for each head without the layers, shape (heads, 2)."""
    both: Floats
    """Weights of linear and deep log-odds of all heads, then an intercept; shape
    (heads, 2 * heads + 1)."""

    def log_odds(self, features: Features) -> Floats:
        """Raw log-odds, shape (texts, heads)."""
        n = len(features.counts)
        raised = self.hashed[features.bucket] * features.value[:, None]
        sums = [np.bincount(features.row, raised[:, h], n) for h in range(len(self.heads))]
        found = np.stack(sums, axis=1) + features.counts @ self.counts + self.bias
        return found.astype(np.float32)

    def calibrated(self, linear: Floats) -> Floats:
        """Log-odds that are probabilities by themselves, shape (texts, heads)."""
        return linear * self.alone[:, 0] + self.alone[:, 1]

    def stacked(self, linear: Floats, deep: Floats) -> Floats:
        """Log-odds of both models together, shape (texts, heads)."""
        return np.concatenate([linear, deep], axis=1) @ self.both[:, :-1].T + self.both[:, -1]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Deep:
    """Encoder with trained layers, in memory."""

    weights: Mapping[str, Any]
    tokenizer: Any
    device: str

    def log_odds(self, texts: Sequence[str]) -> Floats:
        """Raw log-odds, shape (texts, heads)."""
        import torch

        found = [encoded.ids for encoded in self.tokenizer.encode_batch(list(texts))]
        with torch.inference_mode():
            tokens, mask = (part.to(self.device) for part in bert.padded(found))
            hidden = bert.embed(self.weights, tokens)
            hidden = bert.layers(self.weights, hidden, mask, range(bert.LAYERS))
            said = bert.judge(self.weights, hidden, mask)
        return np.asarray(said.float().cpu().numpy(), np.float32)


def layers_missing() -> tuple[str, ...]:
    """Name the packages that the layers need and that are not installed."""
    return tuple(name for name in NEEDED if find_spec(name) is None)


@lru_cache(maxsize=2)
def _load_linear(path: Path, identity: str) -> Linear:
    settings = json.loads((path / SETTINGS).read_text(encoding="utf-8"))
    weights = read_weights(path / LINEAR)
    if settings["format"] != FORMAT or weights["hashed"].shape[0] != BUCKETS:
        raise ModelError(
            f"{path} was made for other features than this version of tidegauge has",
            "train it anew, or install the version it came with",
        )
    if settings["counts"] != list(COUNTS):
        raise ModelError(f"{path} counts other words than this version does", "train it anew")
    return Linear(
        heads=tuple(settings["heads"]),
        base_rates=tuple(settings["base_rates"]),
        hashed=weights["hashed"].astype(np.float32),
        counts=weights["counts"].astype(np.float32),
        bias=weights["bias"].astype(np.float32),
        alone=np.array(settings["alone"], np.float32),
        both=np.array(settings["both"], np.float32),
    )


def _lower(folder: Folder) -> Linear:
    return _load_linear(folder.path, folder.identity)


def _upper(folder: Folder, encoder: Folder, device: str) -> Deep:
    return _load_deep(folder.path, encoder.path, folder.identity + encoder.identity, device)


@lru_cache(maxsize=2)
def _load_deep(path: Path, encoder: Path, identity: str, device: str) -> Deep:
    import torch
    from safetensors.torch import load_file
    from tokenizers import Tokenizer

    if device == "cpu":
        torch.set_num_threads(bounded_threads())
    tokenizer = Tokenizer.from_file(str(encoder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(bert.LARGEST)
    weights = {**load_file(encoder / "model.safetensors"), **load_file(path / LAYERS)}
    floats = {
        name: weight.float().to(device)
        for name, weight in weights.items()
        if weight.is_floating_point()
    }
    return Deep(weights=floats, tokenizer=tokenizer, device=device)


@lru_cache(maxsize=20_000)
def _weight(linear: Linear, word: str) -> float:
    return float((linear.log_odds(read([word[:WINDOW_CHARACTERS]])) - linear.bias)[0, 0])
