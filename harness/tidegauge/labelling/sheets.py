"""Sheets of rows to label: CSV for spreadsheets, JSON Lines for programs."""

from __future__ import annotations

import csv
import io
import json
import math
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from tidegauge.errors import DataError
from tidegauge.labelling.drawing import Drawn

Cell: TypeAlias = str | int | float | bool | None

DESIGN = (
    "judge", "row", "score", "stratum", "stratum_slice", "stratum_high", "stratum_rows",
    "stratum_mean_score", "probability", "cluster", "log_rows", "scorer", "threshold", "frame",
    "seed",
)  # fmt: skip
"""What leads back from the labels to the whole log; to be left as it is."""
LONGEST = 30_000
"""Characters of a text in a CSV cell; spreadsheets hold 32,767 and damage what is longer."""
FORMULA = re.compile(r"\A['=+\-@\t\r]")
UNWRITABLE = re.compile(r"[\x00\ud800-\udfff]")


def write_labels(
    drawn: Drawn,
    path: Path,
    *,
    texts: Mapping[str, Sequence[str | None]],
    ids: Sequence[str] = (),
) -> int:
    """Write rows to label, one line each, with all that leads back to the whole log.

    The first columns are for whoever labels: ``label``, ``note``, the texts. In CSV, texts that
    a spreadsheet would take for a formula get an apostrophe in front, which is taken off again
    on reading; NUL and lone surrogates become U+FFFD; what no cell can hold is cut with a mark.

    Parameters
    ----------
    drawn
        The rows; labels that they have already are written, too.
    path
        ``.csv`` or ``.jsonl``; must not exist, since it may hold somebody's work.
    texts
        Role -> text of each drawn row, in their order.
    ids
        The rows' ids, for people; empty where the log has none.

    Returns
    -------
    int
        Texts that were cut.

    Raises
    ------
    DataError
        When the file exists, cannot be written, or has another suffix.
    """
    if path.exists():
        raise DataError(f"{path} exists already, and may hold labels", "choose another name")
    records = [
        _record(drawn, i, {role: column[i] for role, column in texts.items()}, ids)
        for i in range(len(drawn.rows))
    ]
    if path.suffix == ".jsonl":
        text, cut = "".join(json.dumps(record) + "\n" for record in records), 0
        _write(path, text.encode())
    elif path.suffix == ".csv":
        cut = sum(len(text or "") > LONGEST for column in texts.values() for text in column)
        _write(path, _as_csv(records).encode("utf-8-sig"))  # the mark tells spreadsheets "UTF-8"
    else:
        raise DataError(f"{path}: found the suffix {path.suffix!r}; allowed: .csv and .jsonl")
    return cut


def _record(
    drawn: Drawn, i: int, texts: Mapping[str, str | None], ids: Sequence[str]
) -> dict[str, Cell]:
    """One line of a sheet."""
    sample = drawn.sample
    stratum = int(sample.strata[i])
    return {
        "label": _whole(sample.labels[i]),
        "note": "",
        **texts,
        "id": ids[i] if len(ids) else "",
        "judge": _whole(sample.judged[i]) if len(sample.judged) else "",
        "row": int(drawn.rows[i]),
        "score": _number(sample.scores[i]),
        "stratum": stratum,
        "stratum_slice": drawn.strata[stratum].slice,
        "stratum_high": _number(drawn.strata[stratum].high),
        "stratum_rows": int(sample.stratum_rows[stratum]),
        "stratum_mean_score": _number(sample.stratum_means[stratum]),
        "probability": float(sample.probabilities[i]),
        "cluster": int(sample.clusters[i]) if len(sample.clusters) else "",
        "log_rows": sample.n,
        "scorer": sample.scorer,
        "threshold": _number(sample.threshold),
        "frame": sample.frame,
        "seed": drawn.seed,
    }


def _whole(label: float) -> Cell:
    return "" if math.isnan(label) else int(label)


def _number(value: float) -> Cell:
    """Turn a number into what JSON and spreadsheets can hold."""
    if math.isnan(value):
        return ""
    return float(value) if math.isfinite(value) else "inf"


def _as_csv(records: Sequence[Mapping[str, Cell]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(records[0])
    for record in records:
        writer.writerow(
            [_safe(cell) if isinstance(cell, str) else cell for cell in record.values()]
        )
    return out.getvalue()


def _safe(text: str) -> str:
    """Text that a spreadsheet shows as it is."""
    text = UNWRITABLE.sub("\ufffd", text)
    if len(text) > LONGEST:
        text = f"{text[:LONGEST]} [cut: {len(text) - LONGEST:,} more characters]"
    return f"'{text}" if FORMULA.match(text) else text


def unescaped(text: str) -> str:
    """Take off the apostrophe that ``_safe`` set."""
    return text[1:] if text.startswith("'") and FORMULA.match(text[1:]) else text


def _write(path: Path, content: bytes) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_bytes(content)
        draft.replace(path)
    except OSError as error:
        raise DataError(f"{path}: cannot be written: {error.strerror}") from error
    finally:
        draft.unlink(missing_ok=True)
