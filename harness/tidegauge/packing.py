"""Profiles to JSON and arrays, and back; no pickle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from tidegauge.errors import BaselineError
from tidegauge.profile import (
    CategoricalProfile,
    ClassificationProfile,
    ClusterProfile,
    DatasetProfile,
    KeysProfile,
    Layout,
    Made,
    Moments,
    NumericProfile,
    PresenceProfile,
    RegressionProfile,
    TargetLayout,
)
from tidegauge.profile.classification import ScorePair
from tidegauge.profile.heavy import Heavy
from tidegauge.profile.moments import Comoments

TYPES: dict[str, type[Any]] = {
    kind.__name__: kind
    for kind in (
        CategoricalProfile,
        ClassificationProfile,
        ClusterProfile,
        Comoments,
        DatasetProfile,
        Heavy,
        KeysProfile,
        Layout,
        Made,
        Moments,
        NumericProfile,
        PresenceProfile,
        RegressionProfile,
        ScorePair,
        TargetLayout,
    )
}
"""What a packed file may name; anything else in it is refused."""

KIND, ARRAY, PAIRS = "@", "#", "="


def pack(value: Any, arrays: list[np.ndarray]) -> Any:
    """Turn a profile into JSON values, appending its arrays to ``arrays``."""
    if isinstance(value, np.ndarray):
        arrays.append(value)
        return {ARRAY: len(arrays) - 1}
    if isinstance(value, (np.integer, np.floating)):
        return value.item()
    if is_dataclass(value):
        names = [f.name for f in fields(value)]
    elif isinstance(value, tuple) and hasattr(value, "_fields"):
        names = list(value._fields)
    elif isinstance(value, Mapping):
        return {PAIRS: [[key, pack(item, arrays)] for key, item in value.items()]}
    elif isinstance(value, Sequence) and not isinstance(value, str):
        return [pack(item, arrays) for item in value]
    else:
        return value
    return {
        KIND: type(value).__name__,
        **{n: pack(getattr(value, n), arrays) for n in names},
    }


def unpack(value: Any, arrays: Sequence[np.ndarray]) -> Any:
    """Turn what ``pack`` made back into profiles.

    Raises
    ------
    BaselineError
        When it names a type that profiles do not have.
    """
    if isinstance(value, list):
        return tuple(unpack(item, arrays) for item in value)
    if not isinstance(value, dict):
        return value
    if ARRAY in value:
        return arrays[value[ARRAY]]
    if PAIRS in value:
        return {key: unpack(item, arrays) for key, item in value[PAIRS]}
    kind = TYPES.get(value[KIND])
    if kind is None:
        raise BaselineError(f'the file holds a record of unknown type "{value[KIND]}"')
    return kind(**{k: unpack(item, arrays) for k, item in value.items() if k != KIND})
