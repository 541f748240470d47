"""The ``logs.labels`` part of a suite: where labels arrive, later than the rows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tidegauge.suite.document import Node
from tidegauge.suite.shape import LateLabels
from tidegauge.suite.values import choice, entries, name

KEYS = {
    "path": "File, folder, pattern such as labels/*.csv, or URL; files may come when they like.",
    "id": "Column of the row's id there; the log's own id column if not given.",
    "target": "Column of the label there; the log's target column if not given.",
    "timestamp": "Column of when the label was made: the newest of one id counts.",
    "format": "Format of the files, where their names do not tell.",
    "options": "How to read CSV files or a URL, where it does not tell by itself.",
}
EXAMPLE = "{path: labels/*.csv, id: application_id, target: defaulted}"


def read_late_labels(
    node: Node,
    folder: Path,
    *,
    place: Callable[[Node, Path], str],
    options: Callable[[Node], dict[str, Any]],
    formats: tuple[str, ...],
) -> LateLabels | None:
    """Read where labels arrive; relative paths begin at ``folder``.

    Parameters
    ----------
    place, options, formats
        How paths, options and formats of any log are read.
    """
    if isinstance(node.value, str):
        node.wrong(f"a mapping such as {EXAMPLE}", f"write labels: {{path: {node.value}}}")
        return None
    found = entries(node, KEYS, EXAMPLE)
    if "path" not in found:
        node.complain('found no key "path"; needed: where labels arrive', f"as in {EXAMPLE}")
        return None
    return LateLabels(
        path=place(found["path"], folder),
        id=name(found["id"]) if "id" in found else "",
        target=name(found["target"]) if "target" in found else "",
        timestamp=name(found["timestamp"]) if "timestamp" in found else "",
        format=choice(found["format"], formats) if "format" in found else None,
        options=options(found["options"]) if "options" in found else {},
    )
