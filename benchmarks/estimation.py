"""Performance estimated without labels, window by window, against what the labels show.

    python benchmarks/estimation.py --data ../shared/data
    python benchmarks/estimation.py --data ../shared/data --nannyml PYTHON

Side by side: the estimate of tidegauge; NannyML's CBPE and DLE, where a Python that has it is
named (it needs pandas 2); average thresholded confidence (Garg et al. 2022, ICLR); and the
baseline's value carried forward.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from _estimation_tables import Told, told
from _output import machine, print_table, write_json
from tidegauge.case import Case, case_of
from tidegauge.catalog import evaluator
from tidegauge.records import Score

METRICS = {
    "classification": {"accuracy": "estimated_accuracy", "roc_auc": "estimated_auc"},
    "regression": {"mae": "estimated_mae", "rmse": "estimated_rmse"},
}
ROWS = 20_000
"""Rows of a baseline that are kept."""
METHODS = ("tidegauge", "nannyml", "atc", "carried forward")


def main() -> None:
    """Estimate every window of every table, print mean absolute errors, write JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--nannyml", default="", help="a Python that has NannyML installed")
    parser.add_argument("--tables", default="", help="only tables whose name holds this")
    given = parser.parse_args()
    print(machine())
    cases = [one for one in told(given.data / "tabular") if given.tables in one.label]
    theirs = peers(cases, given.nannyml) if given.nannyml else [{} for _ in cases]
    found = [figures(one, peer) for one, peer in zip(cases, theirs, strict=True)]
    for task, metrics in METRICS.items():
        for metric in metrics:
            show(metric, [one for one in found if one["task"] == task])
    write_json("estimation", {"tables": found})


def figures(one: Told, theirs: Mapping[str, Sequence[float]]) -> dict[str, Any]:
    """Truth and estimates of one table, window by window."""
    metrics = METRICS[one.task]
    rows: dict[str, dict[str, list[Any]]] = {
        metric: {"truth": [], **{method: [] for method in METHODS}, "low": [], "high": []}
        for metric in metrics
    }
    begun = time.perf_counter()
    reference = one.reference
    if len(reference) > ROWS:
        reference = reference.sample(ROWS, random_state=0)
    for window in one.windows:
        case = side_by_side(one, reference, window)
        for metric, name in metrics.items():
            score = estimated(name, case, one, window)
            rows[metric]["tidegauge"].append(score.value)
            assert score.interval is not None
            rows[metric]["low"].append(score.interval.low)
            rows[metric]["high"].append(score.interval.high)
    seconds = (time.perf_counter() - begun) / len(one.windows)
    for metric, found in rows.items():
        found["truth"] = [realised(metric, window) for window in one.windows]
        found["carried forward"] = [realised(metric, one.reference)] * len(one.windows)
        found["nannyml"] = list(theirs.get(metric, ()))
        if metric == "accuracy":
            found["atc"] = thresholded(one)
    return {"table": one.label, "task": one.task, "seconds_a_window": seconds, "metrics": rows}


def side_by_side(one: Told, reference: pd.DataFrame, window: pd.DataFrame) -> Case:
    """Lay both sides out; the window's truths are blanked."""
    both = pd.concat([reference, window.assign(truth=np.nan)], ignore_index=True)
    classify = one.task == "classification"
    columns: dict[str, Any] = {
        name: both[name].to_numpy() for name in [*one.features, "prediction", "truth"]
    }
    columns |= {"score": both["score"].to_numpy()} if classify else {}
    return case_of(
        columns,
        np.arange(len(both)) >= len(reference),
        features=one.features,
        target="truth",
        prediction="prediction",
        scores=("score",) if classify else (),
        task=one.task,
    )


def estimated(name: str, case: Case, one: Told, window: pd.DataFrame) -> Score:
    """Ask an evaluator."""
    measure = evaluator(f"performance.{name}").measure
    return measure(None, case, seen=(len(one.reference), len(window)))


def realised(metric: str, rows: pd.DataFrame) -> float:
    """Work the metric out from the truth."""
    if metric == "accuracy":
        return float((rows["prediction"] == rows["truth"]).mean())
    if metric == "roc_auc":
        return float(roc_auc_score(rows["truth"], rows["score"]))
    errors = (rows["prediction"] - rows["truth"]).abs()
    return float(errors.mean()) if metric == "mae" else math.sqrt(float((errors**2).mean()))


def thresholded(one: Told) -> list[float]:
    """Share of rows more confident than a threshold that gives the baseline's accuracy."""

    def confidence(rows: pd.DataFrame) -> Any:
        return np.maximum(rows["score"], 1 - rows["score"])

    right = realised("accuracy", one.reference)
    threshold = np.quantile(confidence(one.reference), 1 - right)
    return [float((confidence(window) >= threshold).mean()) for window in one.windows]


def peers(cases: Sequence[Told], python: str) -> list[dict[str, list[float]]]:
    """Have the other Python read and write files; it sends no usage and shares no process."""
    script = Path(__file__).with_name("_estimation_nannyml.py")
    with tempfile.TemporaryDirectory() as place:
        for number, one in enumerate(cases):
            folder = Path(place) / f"{number:02d}"
            folder.mkdir()
            one.reference.to_parquet(folder / "reference.parquet")
            for window, rows in enumerate(one.windows):
                rows.to_parquet(folder / f"{window}.parquet")
            about = {"task": one.task, "features": one.features, "windows": len(one.windows)}
            (folder / "about.json").write_text(json.dumps(about))
        subprocess.run(
            [python, str(script), place],
            check=True,
            env={**os.environ, "NML_DISABLE_USAGE_LOGGING": "1"},
            stdout=subprocess.DEVNULL,
        )
        return [
            json.loads((Path(place) / f"{number:02d}" / "nannyml.json").read_text())
            for number in range(len(cases))
        ]


def show(metric: str, found: Sequence[Mapping[str, Any]]) -> None:
    """Print mean absolute errors, one line a table, and how often the interval held."""
    if not found:
        return
    scale = 100.0 if metric in ("accuracy", "roc_auc") else 1.0
    lines, ratios = [], []
    means: dict[str, list[float]] = {method: [] for method in METHODS}
    for one in found:
        rows = one["metrics"][metric]
        truth = np.asarray(rows["truth"])
        errors = {
            method: float(np.abs(np.asarray(rows[method]) - truth).mean()) * scale
            for method in METHODS
            if rows[method]
        }
        for method, error in errors.items():
            means[method].append(error / (1.0 if scale > 1 else float(truth.mean()) / 100))
        ratios += [errors["tidegauge"] / errors["nannyml"]] if "nannyml" in errors else []
        held = ((np.asarray(rows["low"]) <= truth) & (truth <= np.asarray(rows["high"]))).mean()
        lines.append(
            [
                one["table"],
                *(f"{errors[method]:.2f}" if method in errors else "-" for method in METHODS),
                f"{100 * held:.0f} %",
                f"{one['seconds_a_window']:.1f}",
            ]
        )
    unit = "points" if scale > 1 else "% of the realised value"
    lines.append(
        [
            f"mean, {unit}",
            *(f"{np.mean(means[method]):.2f}" if means[method] else "-" for method in METHODS),
            "",
            "",
        ]
    )
    head = ["table, model", *METHODS, "in interval", "s a window"]
    print_table(
        f"{metric}: mean absolute error of the estimate, {len(lines) - 1} models", head, lines
    )
    if ratios:
        better = sum(ratio <= 1 for ratio in ratios)
        print(f"at most NannyML's on {better} of {len(ratios)}; mean ratio {np.mean(ratios):.3f}")


if __name__ == "__main__":
    main()
