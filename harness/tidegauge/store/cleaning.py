"""Text that every database takes."""

from __future__ import annotations

from typing import Any


def clean(value: Any) -> Any:
    """Replace NUL and halves of surrogate pairs; whatever is no text stays as it is."""
    if not isinstance(value, str):
        return value
    return value.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
