"""Train the embedded groundedness model: ``python training/groundedness.py --data FOLDER``.

Everything is seeded and split by context. The heads are calibrated by folds: on numbers that each
response got from weights that did not see its context; the shipped weights are then fitted to all
folds. The held-out part is not looked at here (``benchmarks/text_quality.py`` does).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from _groundedness_claims import Example, examples_of, rarity_of, table_of
from _groundedness_data import rows_of
from _groundedness_head import Labelled, even_weights, fit, platt, pooled
from _groundedness_reader import Encoding, Reader, aligned_of
from tidegauge.models.digests import digests
from tidegauge.models.manifest import MANIFEST, Manifest, write_manifest
from tidegauge_evaluators._support import FEATURES, Rarity
from tidegauge_evaluators._support_head import ALONE, BOTH, FORMAT, SETTINGS, WEIGHTS, Head

HERE = Path(__file__).parents[1] / "evaluators" / "tidegauge_evaluators" / "models" / "groundedness"
LICENCE = "Apache-2.0; trained on data under the licences that CARD.md lists"
FOLDS = 3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trained:
    """All that is shipped."""

    heads: Mapping[str, Head]
    rarity: Rarity
    base_rate: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the data, train, and write the model's folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder that holds groundedness/")
    parser.add_argument("--out", type=Path, default=HERE, help="folder to write")
    parser.add_argument("--seed", type=int, default=0, help="of split and training")
    asked = parser.parse_args(arguments)
    folder = asked.data / "groundedness" if (asked.data / "groundedness").is_dir() else asked.data
    rows = rows_of(folder, seed=asked.seed)
    examples = [e for e in examples_of([r for r in rows if r.part == "train"]) if e.claims]
    write(asked.out, train(examples, Encoding.packaged(), seed=asked.seed))
    return 0


def train(examples: Sequence[Example], reader: Reader, *, seed: int) -> Trained:
    """Fit the heads to examples that state something."""
    rarity = rarity_of(examples)
    words = labelled(examples, table_of(examples, rarity).features)
    numbers = aligned_of(examples, rarity, reader)
    both = replace(words, features=np.concatenate([words.features, numbers], axis=1))
    fold = folds_of([e.row.group for e in examples], seed)
    return Trained(
        heads={ALONE: calibrated(words, fold, seed), BOTH: calibrated(both, fold, seed)},
        rarity=rarity,
        base_rate=float(np.average(words.labels, weights=words.weights)),
    )


def labelled(examples: Sequence[Example], features: NDArray[np.float32]) -> Labelled:
    """Lay out the rows."""
    return Labelled(
        features=features,
        owner=np.repeat(np.arange(len(examples)), [len(e.claims) for e in examples]),
        labels=np.array([e.row.label for e in examples]),
        weights=even_weights([e.row.set for e in examples]),
    )


def folds_of(groups: Sequence[int], seed: int) -> NDArray[np.int64]:
    """Give each group a fold; returns that of each row."""
    names, places = np.unique(groups, return_inverse=True)
    drawn = np.random.default_rng(seed + 1).permutation(len(names)) % FOLDS
    return np.asarray(drawn[places], np.int64)


def calibrated(data: Labelled, fold: NDArray[np.int64], seed: int) -> Head:
    """Fit on all rows; slope and intercept from fits that did not see the row."""
    apart = np.zeros(len(data.labels))
    for k in range(FOLDS):
        head = fit(data.some(fold != k), seed=seed)
        apart[fold == k] = pooled(head, data.some(fold == k))
    slope, intercept = platt(apart, data.labels, data.weights)
    return replace(fit(data, seed=seed), slope=slope, intercept=intercept)


def write(out: Path, found: Trained) -> None:
    """Write weights, settings and manifest."""
    from safetensors.numpy import save_file

    out.mkdir(parents=True, exist_ok=True)
    weights = {
        f"{name}.{part}": np.ascontiguousarray(np.atleast_1d(values), np.float32)
        for name, head in found.heads.items()
        for part, values in (
            ("centre", head.centre),
            ("scale", head.scale),
            ("hidden", head.hidden),
            ("hidden_bias", head.hidden_bias),
            ("output", head.output),
            ("output_bias", np.array([head.output_bias])),
        )
    }
    save_file(weights, out / WEIGHTS)
    (out / WEIGHTS).chmod(0o644)  # the library writes for its owner only
    settings = {
        "format": FORMAT,
        "features": FEATURES,
        "base_rate": round(found.base_rate, 4),
        "calibration": {
            name: (round(head.worst, 5), round(head.slope, 5), round(head.intercept, 5))
            for name, head in found.heads.items()
        },
        "floor": found.rarity.floor,
        "log_share": found.rarity.log_share,
    }
    (out / SETTINGS).write_text(json.dumps(settings, ensure_ascii=False, indent=0) + "\n", "utf-8")
    (out / MANIFEST).unlink(missing_ok=True)
    write_manifest(
        out,
        Manifest(
            name="tidegauge-groundedness",
            licence=LICENCE,
            source="trained here",
            labels=("unsupported",),
            max_length=512,
            sha256=digests(out, anew=True),
        ),
    )


if __name__ == "__main__":
    sys.exit(main())
