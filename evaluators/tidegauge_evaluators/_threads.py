"""How many threads boosted trees may use."""

from __future__ import annotations

import os
from functools import cache
from typing import Any

SMALL = 500_000
"""Values of a matrix below which threads wait for each other more than they work."""


def threads_for(values: int) -> Any:
    """Keep small trees to one thread while the context lasts.

    Where others hold the cores, trees that wait for their own threads take minutes.

    Parameters
    ----------
    values
        Rows times columns.
    """
    return _controller().limit(limits=1 if values < SMALL else os.cpu_count(), user_api="openmp")


@cache
def _controller() -> Any:
    import sklearn.ensemble  # noqa: F401  the libraries to be limited come with it
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
