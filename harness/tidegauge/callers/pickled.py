"""The door to pickled models, shut unless a user opens it: loading a pickle runs its code."""

from __future__ import annotations

from pathlib import Path

from tidegauge.callers.asking import Asked, first_line
from tidegauge.callers.python import ask_object
from tidegauge.callers.spec import Spec
from tidegauge.errors import ModelError

PICKLES = (".pkl", ".pickle", ".joblib", ".cloudpickle", ".dill")


def open_pickled(path: Path, spec: Spec) -> Asked:
    """Load a pickle that the user vouched for.

    Raises
    ------
    ModelError
        When the user did not, or when it cannot be loaded.
    """
    if not spec.unsafe_pickle:
        raise ModelError(
            f"{path}: is a pickle, and loading one runs whatever code it holds",
            "save the model as ONNX, or by skops.io.dump; or, where you made the file yourself, "
            f"write model: {{path: {path.name}, unsafe_pickle: true}}",
        )
    import joblib

    try:
        found = joblib.load(path)
    except Exception as error:  # a pickle may raise anything
        raise ModelError(
            f"{path}: cannot be loaded: {type(error).__name__}: {first_line(error)}",
            "the packages that it was saved with must be installed, in the same versions",
        ) from error
    return ask_object(found, spec, path.name)
