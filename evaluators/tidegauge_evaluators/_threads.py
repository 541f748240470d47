"""Boosted trees on one thread."""

from __future__ import annotations

from functools import cache
from typing import Any


def one_thread() -> Any:
    """Keep boosted trees to one thread while the context lasts.

    Threads that wait for each other cost trees of this size more than they gain, and where other
    programs hold the cores they cost ten times the work.
    """
    return _controller().limit(limits=1, user_api="openmp")


@cache
def _controller() -> Any:
    import sklearn.ensemble  # noqa: F401  the libraries to be limited come with it
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
