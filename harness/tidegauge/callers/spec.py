"""What a suite or a caller says of a model: where it is, and how to ask it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from tidegauge.callers.asking import BATCH, SECONDS
from tidegauge.errors import SuiteError


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """A model, and how to ask it."""

    path: Any
    """A file, a folder, ``package.module:function``, ``models:/name/version``, or the object."""
    columns: tuple[str, ...] = ()
    """Columns that it takes, in its order; empty = as the model itself says."""
    classes: tuple[str, ...] = ()
    """What the columns of its answers stand for; empty = as the model itself says."""
    output: str = ""
    """Which of several outputs to read; empty = the probabilities."""
    trusted: tuple[str, ...] = ()
    """Types that a skops file may hold beside those that skops knows."""
    unsafe_pickle: bool = False
    """Whether a pickle may be loaded, which runs whatever code it holds."""
    batch: int = BATCH
    """Rows sent at once."""
    seconds: float = SECONDS
    """Time that one batch may take."""


def read_spec(found: Any) -> Spec:
    """Read a model's description: the place alone, or a mapping with ``path`` and settings.

    Raises
    ------
    SuiteError
        When a key is unknown, has no ``path`` beside it, or holds something else than it may.

    Examples
    --------
    >>> read_spec({"path": "score.onnx", "columns": ["age"]}).columns
    ('age',)
    """
    if not isinstance(found, Mapping):
        return Spec(path=found)
    known = [field.name for field in fields(Spec)]
    if strange := sorted(str(key) for key in found if key not in known):
        raise SuiteError(
            f'a model has no setting "{strange[0]}"', f"allowed: {', '.join(sorted(known))}"
        )
    if not found.get("path"):
        raise SuiteError("a model needs a path", "{path: model.onnx}")
    lists = {
        key: _names(key, found[key]) for key in ("columns", "classes", "trusted") if key in found
    }
    numbers = {key: _above_zero(key, found[key]) for key in ("batch", "seconds") if key in found}
    return Spec(**{**found, **lists, **numbers, "unsafe_pickle": _flag(found)})


def _names(key: str, found: Any) -> tuple[str, ...]:
    if isinstance(found, str) or not hasattr(found, "__iter__"):
        raise SuiteError(f"a model's {key} is {found!r}; allowed: a list of names")
    return tuple(str(name) for name in found)


def _above_zero(key: str, found: Any) -> Any:
    number = isinstance(found, (int, float)) and not isinstance(found, bool)
    if not number or not found > 0 or (key == "batch" and found != int(found)):
        whole = "a whole number" if key == "batch" else "a number"
        raise SuiteError(f"a model's {key} is {found!r}; allowed: {whole} above zero")
    return int(found) if key == "batch" else float(found)


def _flag(found: Mapping[str, Any]) -> bool:
    """Read the word that lets a pickle in; nothing but true does."""
    word = found.get("unsafe_pickle", False)
    if not isinstance(word, bool):
        raise SuiteError(f"a model's unsafe_pickle is {word!r}; allowed: true or false")
    return word
