"""Weights of the models that come along, read where torch is missing, too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tidegauge.errors import ModelError

DTYPES = {"F16": "<f2", "F32": "<f4"}


def read_weights(file: Path) -> dict[str, NDArray[Any]]:
    """Read a safetensors file with numpy alone.

    Raises
    ------
    ModelError
        When it is no such file, or holds other than floats of 16 or 32 bits.
    """
    content = file.read_bytes()
    try:
        length = int.from_bytes(content[:8], "little")
        listed = json.loads(content[8 : 8 + length])
        listed.pop("__metadata__", None)
        return {
            name: np.frombuffer(
                content[8 + length + one["data_offsets"][0] : 8 + length + one["data_offsets"][1]],
                DTYPES[one["dtype"]],
            ).reshape(one["shape"])
            for name, one in listed.items()
        }
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise ModelError(
            f"{file} is no safetensors file of floats: {type(error).__name__}: {error}",
            "install tidegauge anew",
        ) from error
