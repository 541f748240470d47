"""NannyML's CBPE and DLE over Parquet files; run by the Python that has NannyML installed.

    NML_DISABLE_USAGE_LOGGING=1 python _estimation_nannyml.py FOLDER

Reads every ``FOLDER/*/about.json`` with the Parquet files beside it, and writes
``nannyml.json`` there: metric -> one estimate a window.
"""

from __future__ import annotations

import json
import os
import sys
import warnings
from pathlib import Path
from typing import Any

os.environ["NML_DISABLE_USAGE_LOGGING"] = "1"  # before its import: it sends usage otherwise
warnings.simplefilter("ignore")

METRICS = {
    "classification": {"accuracy": "accuracy", "roc_auc": "roc_auc"},
    "regression": {"mae": "mae", "rmse": "rmse"},
}


def main(folder: Path) -> None:
    """Estimate every table's windows."""
    import pandas as pd

    for about in sorted(folder.glob("*/about.json")):
        said = json.loads(about.read_text())
        place = about.parent
        reference = pd.read_parquet(place / "reference.parquet")
        windows = [pd.read_parquet(place / f"{i}.parquet") for i in range(said["windows"])]
        figures = estimates(said, reference, windows)
        (place / "nannyml.json").write_text(json.dumps(figures))


def estimates(said: dict[str, Any], reference: Any, windows: list[Any]) -> dict[str, list[float]]:
    """Fit once, estimate each window as one chunk."""
    import nannyml

    metrics = METRICS[said["task"]]
    shared = {"y_true": "truth", "y_pred": "prediction", "metrics": list(metrics.values())}
    if said["task"] == "classification":
        estimator = nannyml.CBPE(
            y_pred_proba="score", problem_type="classification_binary", chunk_number=1, **shared
        )
    else:
        estimator = nannyml.DLE(
            feature_column_names=list(said["features"]), chunk_number=1, **shared
        )
    for frame in (reference, *windows):
        for name in said["features"]:
            if not pd_numeric(frame[name]):
                frame[name] = frame[name].astype("category")
    estimator.fit(reference)
    found: dict[str, list[float]] = {name: [] for name in metrics}
    for window in windows:
        result = estimator.estimate(window.drop(columns="truth"))
        frame = result.filter(period="analysis").to_df()
        for name, theirs in metrics.items():
            found[name].append(float(frame[(theirs, "value")].iloc[0]))
    return found


def pd_numeric(column: Any) -> bool:
    """Whether a column holds numbers."""
    import pandas as pd

    return bool(pd.api.types.is_numeric_dtype(column))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
