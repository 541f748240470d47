"""Doors to a user's model, each of which makes it a caller: columns in, numbers out.

A function or fitted object in Python, an ONNX file, an MLflow model, a skops file, and a pickle
where the user asks for one by name.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tidegauge.callers.asking import Asked
from tidegauge.callers.spec import Spec, read_spec
from tidegauge.errors import ModelError

__all__ = ["Asked", "open_model"]

KINDS = (
    ".onnx, .skops, a folder that MLflow saved, models:/name/version, package.module:function, "
    "or a pickle with unsafe_pickle: true"
)


def open_model(spec: Any, *, base: Path = Path()) -> Asked:
    """Open a model and make it a caller.

    Parameters
    ----------
    spec
        A function from a mapping of columns to numbers; a fitted object with ``predict``;
        ``package.module:name``; the path of an ONNX or skops file or of an MLflow folder; a URL
        such as ``models:/credit/3``; or a mapping of any of these under ``path`` with the settings
        of ``Spec``: ``columns``, ``classes``, ``output``, ``trusted``, ``unsafe_pickle``,
        ``batch``, ``seconds``.
    base
        Folder where relative paths begin.

    Raises
    ------
    SuiteError
        When the mapping holds something that it may not.
    ModelError
        When there is no such model, or it cannot or must not be loaded.
    MissingExtraError
        When the library that reads it is not installed.

    Examples
    --------
    >>> import numpy as np
    >>> model = open_model(lambda columns: columns["age"] / 100)
    >>> model({"age": np.array([20.0, 50.0])})
    array([0.2, 0.5])
    """
    read = read_spec(spec)
    place = read.path
    if not isinstance(place, (str, Path)):
        from tidegauge.callers.python import ask_object

        return ask_object(place, read)
    text = str(place)
    if "://" in text or text.startswith(("models:/", "runs:/")):
        from tidegauge.callers.mlflow import open_url

        return open_url(text, read)
    path = base / text
    return _open_path(path, read) if path.exists() else _open_missing(text, read, base)


def _open_path(path: Path, spec: Spec) -> Asked:
    suffix = path.suffix.lower()
    if path.is_dir() or path.name == "MLmodel":
        from tidegauge.callers.mlflow import open_folder

        return open_folder(path if path.is_dir() else path.parent, spec)
    if suffix == ".onnx":
        from tidegauge.callers.onnx import open_onnx

        return open_onnx(path, spec)
    if suffix == ".skops":
        from tidegauge.callers.skops import open_skops

        return open_skops(path, spec)
    from tidegauge.callers.pickled import PICKLES, open_pickled

    if suffix in PICKLES:
        return open_pickled(path, spec)
    raise ModelError(f"{path}: not a kind of model that can be asked", f"allowed: {KINDS}")


def _open_missing(text: str, spec: Spec, base: Path) -> Asked:
    """Import what is no path but the name of something in a module."""
    from tidegauge.callers.python import NAMED, open_named

    if NAMED.fullmatch(text):
        return open_named(text, spec, base)
    raise ModelError(f"{base / text}: no such file or folder", f"allowed: {KINDS}")
