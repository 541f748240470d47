"""Builds the embedded toxicity model: ``python training/toxicity.py --data FOLDER``.

Seeded from end to end; the same data, packages and processor give the same weights. HateCheck and
XSTest are neither trained on nor chosen by.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

import _toxicity_linear as linear
from _toxicity_data import Text, load
from tidegauge.models.manifest import describe, write_manifest
from tidegauge_evaluators import _toxic_model as model
from tidegauge_evaluators._toxic_features import COUNTS

SEED = 20240
HEADS = ("toxicity", "identity_attack")
EPOCHS = 2
LICENCE = "Apache-2.0; trained on data under MIT, CC0-1.0, CC BY 4.0, CC BY 3.0, Apache-2.0"
FOLDER = Path(model.__file__).parent / "models" / "toxicity"

Labels = NDArray[np.float32]


def main() -> None:
    """Train, calibrate, write the folder."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--data", type=Path, required=True, help="folder with toxicity/ and text/")
    asked.add_argument("--out", type=Path, default=FOLDER)
    asked.add_argument("--layers", type=Path, help="layers trained before, instead of training")
    asked.add_argument("--without-layers", action="store_true", help="n-grams alone")
    asked.add_argument("--epochs", type=int, default=EPOCHS)
    chosen = asked.parse_args()
    texts = load(chosen.data, np.random.default_rng(SEED))
    seen, judged = texts["train"], texts["validation"]
    chosen.out.mkdir(parents=True, exist_ok=True)
    weights = linear.train(words(seen), labels(seen), words(judged), labels(judged))
    write_weights(chosen.out / model.LINEAR, weights)
    of_linear = rounded_log_odds(weights, words(judged))
    of_layers = None
    if not chosen.without_layers:
        of_layers = _layers(chosen.layers, chosen.out, seen, judged, chosen.epochs)
    settings = calibration(of_linear, of_layers, labels(judged))
    (chosen.out / model.SETTINGS).write_text(
        json.dumps(settings, indent=1) + "\n", encoding="utf-8"
    )
    (chosen.out / "tidegauge-model.json").unlink(missing_ok=True)
    manifest = describe(chosen.out, "tidegauge-toxicity", source="trained here", licence=LICENCE)
    from dataclasses import replace

    write_manifest(chosen.out, replace(manifest, labels=HEADS))
    print(f"written: {chosen.out}")


def words(texts: Sequence[Text]) -> list[str]:
    """Normalised texts."""
    return [text.normal for text in texts]


def labels(texts: Sequence[Text]) -> Labels:
    """Labels of both heads, shape (texts, 2)."""
    return np.array([[text.toxic, text.attack] for text in texts], np.float32)


def calibration(of_linear: Labels, of_layers: Labels | None, wanted: Labels) -> dict[str, Any]:
    """Fit what turns log-odds into calibrated ones, on validation texts as they are.

    The half of the texts that has no label in a head plays no part in it.
    """
    alone, both, rates = [], [], []
    for head in range(len(HEADS)):
        known = ~np.isnan(wanted[:, head])
        truth = wanted[known, head]
        rates.append(float(truth.mean()))
        fitted = logistic(of_linear[known][:, [head]], truth)
        alone.append([float(fitted.coef_[0, 0]), float(fitted.intercept_[0])])
        if of_layers is None:
            continue
        inputs = np.concatenate([of_linear, of_layers], axis=1)[known]
        fitted = logistic(inputs, truth)
        both.append([*map(float, fitted.coef_[0]), float(fitted.intercept_[0])])
        for name, column in (("linear", of_linear), ("layers", of_layers)):
            print(f"{HEADS[head]}, {name}: AUROC {roc_auc_score(truth, column[known, head]):.4f}")
        print(f"{HEADS[head]}, both: {roc_auc_score(truth, fitted.decision_function(inputs)):.4f}")
    width = 2 * len(HEADS) + 1
    return {
        "format": model.FORMAT,
        "heads": list(HEADS),
        "base_rates": rates,
        "counts": list(COUNTS),
        "alone": alone,
        "both": both or [[0.0] * width] * len(HEADS),
    }


def logistic(inputs: Labels, truth: Labels) -> LogisticRegression:
    """Logistic regression with a weak penalty: a handful of weights on thousands of texts."""
    return LogisticRegression(C=10.0, max_iter=1_000).fit(inputs, truth)


def rounded_log_odds(weights: dict[str, NDArray[Any]], texts: Sequence[str]) -> Labels:
    """Log-odds of the n-gram half as its file gives them, rounding included."""
    wide = np.concatenate([weights["hashed"], weights["counts"]]).astype(np.float32)
    return np.asarray(linear.matrix(texts) @ wide + weights["bias"], np.float32)


def _layers(
    made: Path | None, out: Path, seen: Sequence[Text], judged: Sequence[Text], epochs: int
) -> Labels:
    """Train layers or read them; write them in half precision; judge validation texts."""
    import torch
    from safetensors.torch import load_file, save_file

    import _toxicity_layers as deep

    encoder = deep.Encoder.packaged()
    if made is not None:
        own = load_file(made)
    else:

        def report(epoch: int, weights: dict[str, torch.Tensor]) -> None:
            found = deep.log_odds(encoder, weights, words(judged))
            wanted = labels(judged)
            for head, name in enumerate(HEADS):
                known = ~np.isnan(wanted[:, head])
                area = roc_auc_score(wanted[known, head], found[known, head])
                print(f"epoch {epoch}, {name}: validation AUROC {area:.4f}", flush=True)

        own = deep.train(encoder, words(seen), labels(seen), epochs=epochs, seed=SEED, after=report)
    halved = {name: weight.half().contiguous() for name, weight in own.items()}
    save_file(halved, out / model.LAYERS)
    (out / model.LAYERS).chmod(0o644)
    return deep.log_odds(encoder, {k: w.float() for k, w in halved.items()}, words(judged))


def write_weights(file: Path, weights: dict[str, NDArray[Any]]) -> None:
    """Write arrays as safetensors."""
    from safetensors.numpy import save_file

    save_file(weights, file)
    file.chmod(0o644)


if __name__ == "__main__":
    main()
