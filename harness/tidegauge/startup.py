"""Keeps whole runs quick where a library would do more than they need."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from types import ModuleType

import pyarrow as pa


class _Absent:
    """Says that pandas is not installed."""

    @staticmethod
    def find_spec(
        name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> None:
        """Refuse pandas, leave every other module to the next finder."""
        if name == "pandas":
            raise ModuleNotFoundError(name)


def spare_pandas() -> None:
    """Keep Arrow from importing pandas, a third of a second, when it makes its first array.

    Arrow looks for pandas once; whoever imports it later still can, and can hand Arrow frames.
    For processes that read files only: the command line.
    """
    if "pandas" in sys.modules:
        return
    sys.meta_path.insert(0, _Absent)
    try:
        pa.array([0]).to_numpy()
    finally:
        sys.meta_path.remove(_Absent)
