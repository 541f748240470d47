"""Train the embedded groundedness model: ``python training/groundedness.py --data FOLDER``."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from _groundedness_claims import Example, examples_of, rarity_of, table_of
from _groundedness_data import rows_of
from _groundedness_head import Labelled, calibrated, even_weights, fit
from tidegauge.models.digests import digests
from tidegauge.models.manifest import MANIFEST, Manifest, write_manifest
from tidegauge_evaluators._support import FEATURES, Rarity
from tidegauge_evaluators._support_head import ALONE, FORMAT, SETTINGS, WEIGHTS, Head

HERE = Path(__file__).parents[1] / "evaluators" / "tidegauge_evaluators" / "models" / "groundedness"
LICENCE = "Apache-2.0; trained on data under the licences that CARD.md lists"


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the data, train, and write the model's folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder that holds groundedness/")
    parser.add_argument("--out", type=Path, default=HERE, help="folder to write")
    parser.add_argument("--seed", type=int, default=0, help="of the split and the training")
    asked = parser.parse_args(arguments)
    folder = asked.data / "groundedness" if (asked.data / "groundedness").is_dir() else asked.data
    examples = examples_of(rows_of(folder, seed=asked.seed))
    rarity = rarity_of(examples)
    data = labelled(examples, table_of(examples, rarity).features)
    part = np.array([e.row.part for e in examples if e.claims])
    heads = {ALONE: trained(data, part, asked.seed)}
    base_rate = float(np.average(data.labels, weights=data.weights))
    write(asked.out, heads, rarity, base_rate)
    return 0


def labelled(examples: Sequence[Example], features: NDArray[np.float32]) -> Labelled:
    """Lay out the rows that state something."""
    kept = [e for e in examples if e.claims]
    return Labelled(
        features=features,
        owner=np.repeat(np.arange(len(kept)), [len(e.claims) for e in kept]),
        labels=np.array([e.row.label for e in kept]),
        weights=even_weights([e.row.set for e in kept]),
    )


def trained(data: Labelled, part: NDArray[np.str_], seed: int) -> Head:
    """Fit on one part, calibrate on another."""
    head = fit(data.some(part == "train"), seed=seed)
    return calibrated(head, data.some(part == "calibrate"))


def write(out: Path, heads: Mapping[str, Head], rarity: Rarity, base_rate: float) -> None:
    """Write weights, settings and manifest."""
    from safetensors.numpy import save_file

    out.mkdir(parents=True, exist_ok=True)
    weights = {
        f"{name}.{part}": np.ascontiguousarray(np.atleast_1d(values), np.float32)
        for name, head in heads.items()
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
    settings = {
        "format": FORMAT,
        "features": FEATURES,
        "base_rate": round(base_rate, 4),
        "calibration": {name: (head.slope, head.intercept) for name, head in heads.items()},
        "floor": rarity.floor,
        "log_share": rarity.log_share,
    }
    (out / SETTINGS).write_text(json.dumps(settings, ensure_ascii=False, indent=0) + "\n", "utf-8")
    (out / WEIGHTS).chmod(0o644)  # the library writes for its owner only
    (out / MANIFEST).unlink(missing_ok=True)
    write_manifest(
        out,
        Manifest(
            name="tidegauge groundedness",
            licence=LICENCE,
            source="trained here: training/groundedness.py",
            labels=("unsupported",),
            max_length=192,
            sha256=digests(out, anew=True),
        ),
    )


if __name__ == "__main__":
    sys.exit(main())
