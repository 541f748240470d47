"""From a claim's features to the probability that it is unsupported: a small network in numpy."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tidegauge.errors import ModelError
from tidegauge.models import Folder
from tidegauge_evaluators._support import FEATURES, Rarity
from tidegauge_evaluators._weights import read_weights

Floats: TypeAlias = NDArray[np.float32]

FORMAT = 1
SETTINGS, WEIGHTS = "groundedness.json", "heads.safetensors"
ALONE, BOTH = "alone", "both"
"""Head over features of words only, and head over those of the encoder too."""
REACH = 5.0
"""Standard deviations at which features are cut off: what lies further out was never seen."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Head:
    """A network of one hidden layer, calibrated for what ``pooled`` makes of a response."""

    centre: Floats
    """Shape (features,)."""
    scale: Floats
    """Shape (features,)."""
    hidden: Floats
    """Shape (features, units)."""
    hidden_bias: Floats
    output: Floats
    """Shape (units,)."""
    output_bias: float
    worst: float
    """Weight of the worst claim in a response; the mean over its claims has the rest."""
    slope: float
    intercept: float

    def log_odds(self, features: Floats) -> Floats:
        """Calibrated log-odds of claims, shape (claims, features) -> (claims,)."""
        near = np.clip((features - self.centre) / self.scale, -REACH, REACH)
        raw = np.tanh(near @ self.hidden + self.hidden_bias) @ self.output + self.output_bias
        return np.asarray(self.slope * raw + self.intercept, np.float32)

    def pooled(self, log_odds: Floats) -> float:
        """Log-odds of a response, of those of its claims, shape (claims,)."""
        return float(self.worst * log_odds.max() + (1.0 - self.worst) * log_odds.mean())


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Heads:
    """What the model's folder holds for numpy."""

    rarity: Rarity
    base_rate: float
    """Share of unsupported responses where the probabilities were calibrated."""
    alone: Head
    both: Head | None
    """``None`` where the folder holds no weights for the encoder's half."""


def read_heads(folder: Folder) -> Heads:
    """Load the heads of a folder, once.

    Raises
    ------
    ModelError
        When they were made for other features than this version has.
    """
    return _read(folder.path, folder.identity)


@lru_cache(maxsize=2)
def _read(path: Path, identity: str) -> Heads:
    try:
        settings = json.loads((path / SETTINGS).read_text(encoding="utf-8"))
        if settings["format"] != FORMAT or settings["features"] != list(FEATURES):
            raise ModelError(
                f"{path} was made for other features than this version of tidegauge has",
                "train it anew, or install the version it came with",
            )
        weights = read_weights(path / WEIGHTS)
        log_share = {str(word): float(share) for word, share in settings["log_share"].items()}
        return Heads(
            rarity=Rarity(log_share=log_share, floor=float(settings["floor"])),
            base_rate=float(settings["base_rate"]),
            alone=_head(ALONE, weights, settings),
            both=_head(BOTH, weights, settings) if BOTH in settings["calibration"] else None,
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(
            f"{path} is damaged: {type(error).__name__}: {error}", "install tidegauge anew"
        ) from error


def _head(name: str, weights: Mapping[str, NDArray[Any]], settings: Mapping[str, Any]) -> Head:
    def of(part: str) -> Floats:
        return weights[f"{name}.{part}"].astype(np.float32)

    worst, slope, intercept = settings["calibration"][name]
    return Head(
        centre=of("centre"),
        scale=of("scale"),
        hidden=of("hidden"),
        hidden_bias=of("hidden_bias"),
        output=of("output"),
        output_bias=float(of("output_bias")[0]),
        worst=float(worst),
        slope=float(slope),
        intercept=float(intercept),
    )


def moved(
    log_odds: Sequence[float] | Floats, base_rate: float, prior: float
) -> NDArray[np.float64]:
    """Probabilities of log-odds that were calibrated at one base rate and hold at another.

    Examples
    --------
    >>> moved([0.0], 0.5, 0.1).round(3).tolist()
    [0.1]
    """
    shift = np.log(prior / (1 - prior)) - np.log(base_rate / (1 - base_rate))
    found: NDArray[np.float64] = 1.0 / (1.0 + np.exp(-(np.asarray(log_odds, np.float64) + shift)))
    return found
