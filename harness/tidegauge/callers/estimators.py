"""Ask a fitted object of scikit-learn's kind: ``predict_proba`` or ``predict``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tidegauge.callers.asking import Asked
from tidegauge.callers.spec import Spec
from tidegauge.errors import ModelError

METHODS = ("predict_proba", "predict")
"""The first that a model has is asked: probabilities before decisions."""


def is_estimator(found: Any) -> bool:
    """Whether something predicts as scikit-learn's estimators do."""
    return callable(getattr(found, "predict", None))


def ask_estimator(model: Any, spec: Spec, name: str, method: str = "") -> Asked:
    """Make a fitted estimator or pipeline a caller.

    Parameters
    ----------
    model
        The fitted object.
    spec
        ``columns`` in the model's order, needed only where it was fitted on a plain array.
    name
        How complaints call it.
    method
        What to ask for; ``predict_proba`` where there is one unless given.

    Raises
    ------
    ModelError
        When it says nothing of its columns and ``columns`` does neither, or they do not fit.
    """
    named = tuple(str(column) for column in _said(model, "feature_names_in_"))
    columns = spec.columns or named
    width = getattr(model, "n_features_in_", None)
    if not columns:
        raise ModelError(
            f"{name}: was fitted on {width or 'some'} columns and does not say which",
            "list them in its order: {..., columns: [age, income]}",
        )
    if width is not None and len(columns) != int(width):
        raise ModelError(f"{name}: takes {int(width)} columns, and columns: lists {len(columns)}")
    method = method or next(way for way in METHODS if hasattr(model, way))
    found = getattr(model, method)
    return Asked(
        name=name,
        answer=_by_name(found, named) if named else _by_place(found),
        columns=columns,
        classes=spec.classes or tuple(str(one) for one in _said(model, "classes_")),
        batch=spec.batch,
        seconds=spec.seconds,
    )


def _said(model: Any, attribute: str) -> list[Any]:
    """Read a list that a fitted model may hold; pipelines raise where their last step has none."""
    found = getattr(model, attribute, None)
    return [] if found is None or np.ndim(found) != 1 else list(found)


def _by_name(found: Callable[[Any], Any], names: tuple[str, ...]) -> Callable[..., Any]:
    """Send a frame, under the names that the model was fitted with."""

    def answer(columns: Mapping[str, Any]) -> Any:
        import pandas as pd

        return found(pd.DataFrame(dict(zip(names, columns.values(), strict=True))))

    return answer


def _by_place(found: Callable[[Any], Any]) -> Callable[..., Any]:
    def answer(columns: Mapping[str, Any]) -> Any:
        return found(np.column_stack(list(columns.values())))

    return answer
