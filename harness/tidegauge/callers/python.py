"""The door to models in Python: a function, a fitted object, ``package.module:name``."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tidegauge.callers.asking import Asked, first_line
from tidegauge.callers.estimators import METHODS, ask_estimator, is_estimator
from tidegauge.callers.spec import Spec
from tidegauge.errors import ModelError

NAMED = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")


def ask_object(found: Any, spec: Spec, name: str = "") -> Asked:
    """Make a function of columns, or a fitted estimator, a caller.

    Raises
    ------
    ModelError
        When it is neither.
    """
    name = name or getattr(found, "__qualname__", "") or type(found).__name__
    if isinstance(found, Asked):
        return found
    if is_estimator(found):
        return ask_estimator(found, spec, name)
    owner, method = getattr(found, "__self__", None), getattr(found, "__name__", "")
    if method in METHODS and is_estimator(owner):
        return ask_estimator(owner, spec, name, method)
    if not callable(found):
        raise ModelError(
            f"{name}: cannot be asked",
            "give a function from a mapping of columns to one number a row, or a fitted model",
        )
    return Asked(
        name=name,
        answer=found,
        columns=spec.columns,
        classes=spec.classes,
        batch=spec.batch,
        seconds=spec.seconds,
    )


def open_named(place: str, spec: Spec, folder: Path) -> Asked:
    """Import ``package.module:name`` and make what is found there a caller.

    Modules in ``folder`` are found too, behind those that are installed.

    Raises
    ------
    ModelError
        When the module cannot be imported or holds no such name.
    """
    module, _, path = place.partition(":")
    try:
        with _also_in(folder):
            found: Any = importlib.import_module(module)
    except Exception as error:  # a module may raise anything
        raise ModelError(
            f"{place}: cannot import {module}: {type(error).__name__}: {first_line(error)}",
            f"install its package, or put its file into {folder}",
        ) from error
    for part in path.split("."):
        if not hasattr(found, part):
            raise ModelError(f'{place}: {module} holds no "{path}"')
        found = getattr(found, part)
    return ask_object(found, spec, place)


@contextmanager
def _also_in(folder: Path) -> Iterator[None]:
    """Look for modules in a folder too, for a while, after everything else."""
    place = str(folder.absolute())
    sys.path.append(place)
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path.remove(place)
