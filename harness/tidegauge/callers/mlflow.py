"""The door to models that MLflow saved, asked through its generic Python interface."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tidegauge.callers.asking import Asked, absent, first_line, listed
from tidegauge.callers.pickled import PICKLES
from tidegauge.callers.spec import Spec
from tidegauge.errors import MissingExtraError, ModelError

CLASSES = {
    "mlflow.sklearn": "", "mlflow.onnx": "", "mlflow.catboost": "",
    "mlflow.xgboost": "xgboost.", "mlflow.lightgbm": "lightgbm.",
}  # fmt: skip
"""Loaders that run no code of the model's own, and how the class begins that they make."""


def open_url(url: str, spec: Spec) -> Asked:
    """Fetch a model that a URL names, ``models:/name/version`` or ``runs:/id/path``, and open it.

    Raises
    ------
    MissingExtraError
        When MLflow is not installed.
    ModelError
        When it cannot be fetched, or not be opened as a folder.
    """
    mlflow = _mlflow(url)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            folder = Path(mlflow.artifacts.download_artifacts(artifact_uri=url))
    except Exception as error:  # stores and networks fail in many ways
        raise ModelError(
            f"{url}: MLflow cannot fetch it: {first_line(error)}",
            "set MLFLOW_TRACKING_URI to the server or folder that holds it",
        ) from error
    return open_folder(folder, spec, name=url)


def open_folder(folder: Path, spec: Spec, name: str = "") -> Asked:
    """Open a folder that MLflow saved; one that runs code only where the user vouches for it.

    Raises
    ------
    MissingExtraError
        When MLflow is not installed.
    ModelError
        When the folder holds no model, a pickle or code that nobody vouched for, or cannot be
        loaded.
    """
    name = name or folder.name
    if not (folder / "MLmodel").is_file():
        raise ModelError(f"{folder}: holds no file MLmodel", "name the folder that MLflow saved")
    mlflow = _mlflow(name)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            said = mlflow.models.Model.load(str(folder))
            reason = _runs_code(said.flavors, folder, spec.trusted)
            if reason and not spec.unsafe_pickle:
                raise ModelError(
                    f"{folder}: {reason}, and loading it may run code that it holds",
                    "save it with serialization_format='skops' or as ONNX; or, where you made it "
                    f"yourself, write model: {{path: {name}, unsafe_pickle: true}}",
                )
            loaded = mlflow.pyfunc.load_model(str(folder))
    except ModelError:
        raise
    except Exception as error:  # damaged folders raise whatever their bytes lead to
        raise ModelError(
            f"{folder}: MLflow cannot load it: {type(error).__name__}: {first_line(error)}"
        ) from error
    return _asked(loaded, spec, name)


def _mlflow(name: str) -> Any:
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # it asks when it is imported
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # importing it warns about itself
            import mlflow.artifacts
            import mlflow.models
            import mlflow.pyfunc
    except ImportError as error:
        raise MissingExtraError(
            f"{name} needs MLflow, which is not installed", 'pip install "tidegauge[mlflow]"'
        ) from error
    return mlflow


def _runs_code(flavors: Mapping[str, Any], folder: Path, trusted: tuple[str, ...]) -> str:
    """Say what of a folder would run when it is loaded; empty where nothing does.

    The list of types that skops is to trust is read from the folder too, so that a folder could
    vouch for itself: it counts for nothing unless the user names the same types.
    """
    generic: Mapping[str, Any] = flavors.get("python_function", {})
    loader = str(generic.get("loader_module", ""))
    native: Mapping[str, Any] = flavors.get(loader.rpartition(".")[2], {})
    made = str(native.get("model_class", ""))
    if loader not in CLASSES or not made.startswith(CLASSES[loader]):
        return f"it is loaded by {loader or 'its own loader'}"
    if generic.get("code"):
        return "it brings code along"
    form = str(native.get("serialization_format", "pickle"))
    if form != "skops" and (loader == "mlflow.sklearn" or made.startswith("lightgbm.sklearn")):
        return f"it holds a {form}"
    strange = [one for one in native.get("skops_trusted_types") or () if one not in trusted]
    if strange:
        return f"it holds types that skops does not know to be safe ({listed(strange)})"
    pickles = [file.name for file in sorted(folder.rglob("*")) if file.suffix.lower() in PICKLES]
    return f"it holds the pickle {listed(pickles)}" if pickles else ""


def _asked(loaded: Any, spec: Spec, name: str) -> Asked:
    inputs = loaded.metadata.get_input_schema()
    named = tuple(str(one) for one in inputs.input_names()) if inputs is not None else ()
    types = _types(inputs)
    if named and spec.columns and len(spec.columns) != len(named):
        raise ModelError(
            f"{name}: takes {len(named)} columns, and columns: lists {len(spec.columns)}"
        )
    classes = spec.classes or _classes(loaded)
    return Asked(
        name=name,
        answer=_answer(loaded.predict, named, types, classes, spec.output),
        columns=spec.columns or named,
        classes=classes,
        batch=spec.batch,
        seconds=spec.seconds,
    )


def _types(inputs: Any) -> Mapping[str, Any]:
    """Column -> type in memory, as the signature says."""
    if inputs is None or inputs.is_tensor_spec() or not inputs.has_input_names():
        return {}
    types = zip(inputs.input_names(), inputs.pandas_types(), strict=True)
    return {str(name): np.dtype(kind) for name, kind in types}


def _classes(loaded: Any) -> tuple[str, ...]:
    """Names of the classes where the model within says them."""
    try:
        within = loaded.get_raw_model()
    except Exception:  # not every kind of model has one
        return ()
    return tuple(str(one) for one in getattr(within, "classes_", ()))


def _answer(
    predict: Callable[[Any], Any],
    named: tuple[str, ...],
    types: Mapping[str, Any],
    classes: tuple[str, ...],
    output: str,
) -> Callable[[Mapping[str, Any]], Any]:
    def answer(columns: Mapping[str, Any]) -> Any:
        import pandas as pd

        names = named or tuple(columns)
        pairs = zip(names, columns.values(), strict=True)
        frame = pd.DataFrame({name: _typed(values, types.get(name)) for name, values in pairs})
        return _numbers(predict(frame), classes, output)

    return answer


def _typed(values: NDArray[Any], kind: Any) -> NDArray[Any]:
    """Lay a column out as the signature demands; whole numbers only where none is missing."""
    if kind is None or kind.kind not in "iufb" or values.dtype.kind == kind.kind:
        return values if kind is None or kind.kind != "f" else values.astype(kind)
    if kind.kind in "iub" and absent(values).any():
        return values  # MLflow's own complaint says which column
    return values.astype(kind)


def _numbers(found: Any, classes: tuple[str, ...], output: str) -> Any:
    """Read answers out of a frame or dictionary, by the name of a column where one is given."""
    if isinstance(found, Mapping):
        found = found[output] if output else next(iter(found.values()))
    columns = getattr(found, "columns", None)
    if columns is None:
        return np.asarray(found)
    if output:
        return np.asarray(found[output])
    if classes and set(classes) == {str(one) for one in columns}:
        return np.column_stack(
            [found[one] for one in sorted(columns, key=lambda c: classes.index(str(c)))]
        )
    return np.asarray(found)
