"""Labelled sheets, read back whatever a spreadsheet made of them."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from tidegauge.errors import DataError
from tidegauge.labelling.drawing import Drawn, Stratum
from tidegauge.labelling.sheets import DESIGN, unescaped
from tidegauge.profile import LabelSample

Record: TypeAlias = Mapping[str, Any]

YES = {"1", "1.0", "yes", "y", "true", "bad", "toxic", "hallucinated"} | {
    "unsupported", "contradicted", "not_in_context", "not in context",
}  # fmt: skip
NO = {"0", "0.0", "no", "n", "false", "ok", "good", "not toxic", "supported", "faithful"}
UNDECIDED = {"?", "unsure", "undecided", "skip", "n/a"}
"""What a labeller may write, in any case; nothing at all means not labelled yet."""
WORDS = "1, yes or unsupported; 0, no or supported; ? where it cannot be told; nothing yet"

NEEDED = ("label", *DESIGN)
SHOWN = 10
"""Problems of a sheet that are listed."""


def read_labels(path: Path) -> Drawn:
    """Read labels back; where nobody labelled a row, the judge's verdicts stand for labels.

    Sheets that a spreadsheet saved again are read, too: with semicolons or tabs, decimal
    commas, another encoding, rows sorted or left out.

    Raises
    ------
    DataError
        When the sheet cannot be used; all problems at once, each with its line.
    """
    records = list(_records(path))
    if not records:
        raise DataError(f"{path}: found no rows")
    absent = [name for name in NEEDED if name not in records[0][1]]
    if absent:
        raise DataError(
            f"{path}: found no column {', '.join(absent)}",
            "keep the columns that tidegauge label wrote, to the right of the texts",
        )
    problems: list[str] = []
    columns = {
        name: [_read(path, line, record, name, problems) for line, record in records]
        for name in NEEDED
    }
    if not problems:
        problems = list(_contradictions(path, [line for line, _ in records], columns))
    if problems:
        more = f"\n  and {len(problems) - SHOWN:,} more" if len(problems) > SHOWN else ""
        raise DataError("\n  ".join(problems[:SHOWN]) + more)
    return _drawn(columns)


def _records(path: Path) -> Iterator[tuple[int, Record]]:
    """Each row of a sheet with the number of its first line."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")  # what spreadsheets save as "CSV"
    return _json_lines(path, text) if path.suffix == ".jsonl" else _csv_rows(path, text)


def _json_lines(path: Path, text: str) -> Iterator[tuple[int, Record]]:
    for line, piece in enumerate(text.split("\n"), 1):
        if piece.strip():
            try:
                record = json.loads(piece)
            except json.JSONDecodeError as error:
                raise DataError(f"{path}:{line}: no JSON: {error.msg}") from None
            if not isinstance(record, dict):
                raise DataError(f"{path}:{line}: found {piece[:40]}; needed: an object")
            yield line, record


def _csv_rows(path: Path, text: str) -> Iterator[tuple[int, Record]]:
    head = text.partition("\n")[0]
    delimiter = max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    names = [name.strip() for name in next(reader, [])]
    line = reader.line_num + 1
    try:
        for cells in reader:
            if any(cells):
                cells = [unescaped(cell) for cell in cells]
                if delimiter == ";":
                    cells = [
                        _with_point(name, cell) for name, cell in zip(names, cells, strict=False)
                    ]
                yield line, dict(zip(names, cells, strict=False))
            line = reader.line_num + 1
    except csv.Error as error:
        raise DataError(f"{path}:{line}: {error}") from None


def _with_point(name: str, cell: str) -> str:
    """Turn a decimal comma into a point."""
    return re.sub(r"\A(\d*),(\d+(?:E-?\d+)?)\Z", r"\1.\2", cell) if name in DESIGN else cell


def _read(path: Path, line: int, record: Record, name: str, problems: list[str]) -> Any:
    """One value of a sheet; what is wrong with it joins the problems."""
    found = record.get(name)
    try:
        return READERS[name]("" if found is None else str(found).strip())
    except ValueError as error:
        problems.append(f'{path}:{line}: {name} is "{str(found)[:40]}"; allowed: {error}')
        return None


def _label(word: str) -> float | None:
    """1, 0, NaN for no label yet, ``None`` for undecided."""
    word = word.casefold()
    if word in YES or word in NO:
        return float(word in YES)
    if word in UNDECIDED:
        return None
    if word:
        raise ValueError(WORDS)
    return math.nan


def _verdict(word: str) -> float:
    if word not in ("", "0", "1", "0.0", "1.0"):
        raise ValueError("0, 1 or nothing, as it was written")
    return float(word) if word else math.nan


def _whole(word: str) -> int:
    if re.fullmatch(r"\d{1,18}(\.0+)?", word):
        return int(word.partition(".")[0])
    raise ValueError("a whole number, as it was written")


def _cluster(word: str) -> int:
    return _whole(word) if word else -1


def _any_number(word: str) -> float:
    try:
        return float(word) if word else math.nan
    except ValueError:
        raise ValueError("a number or nothing, as it was written") from None


def _probability(word: str) -> float:
    found = _any_number(word)
    if 0.0 < found <= 1.0:
        return found
    raise ValueError("above 0 and up to 1, as it was written")


READERS: dict[str, Callable[[str], Any]] = {
    **dict.fromkeys(DESIGN, str),
    **dict.fromkeys(("row", "stratum", "stratum_rows", "log_rows", "seed"), _whole),
    **dict.fromkeys(("score", "stratum_high", "stratum_mean_score", "threshold"), _any_number),
    "label": _label,
    "judge": _verdict,
    "probability": _probability,
    "cluster": _cluster,
}


def _contradictions(
    path: Path, lines: Sequence[int], columns: Mapping[str, Sequence[Any]]
) -> Iterator[str]:
    """Find lines that cannot be of one sheet."""
    for name in ("log_rows", "scorer", "threshold", "frame", "seed"):
        for line, value in zip(lines, columns[name], strict=True):
            if repr(value) != repr(columns[name][0]):
                yield f"{path}:{line}: {name} differs from the first row's; is it of another sheet?"
    first: dict[int, tuple[int, str]] = {}
    of_stratum = ("stratum_slice", "stratum_high", "stratum_rows", "stratum_mean_score")
    for i, (line, stratum) in enumerate(zip(lines, columns["stratum"], strict=True)):
        says = repr([columns[name][i] for name in of_stratum])
        seen = first.setdefault(stratum, (line, says))
        if seen[1] != says:
            yield f"{path}:{line}: says otherwise of stratum {stratum} than line {seen[0]}"
    twice: dict[int, int] = {}
    for line, row in zip(lines, columns["row"], strict=True):
        if twice.setdefault(row, line) != line:
            yield f"{path}:{line}: row {row} stands on line {twice[row]} already"
    rows = dict(zip(columns["stratum"], columns["stratum_rows"], strict=True))
    if len(rows) != max(rows) + 1 or sum(rows.values()) != columns["log_rows"][0]:
        yield f"{path}: some strata have no line left; put at least one of each back, unlabelled"


def _drawn(columns: Mapping[str, Sequence[Any]]) -> Drawn:
    """Make a sheet's columns what was drawn."""
    place = {stratum: i for i, stratum in enumerate(columns["stratum"])}
    firsts = [place[stratum] for stratum in range(len(place))]
    labels = np.asarray([math.nan if one is None else one for one in columns["label"]])
    judged = np.asarray(columns["judge"])
    undecided = sum(one is None for one in columns["label"])
    by_judge = bool(np.isnan(labels).all()) and not undecided and bool(np.isfinite(judged).any())
    clusters = np.asarray(columns["cluster"], np.int64)
    return Drawn(
        rows=np.asarray(columns["row"], np.int64),
        strata=tuple(
            Stratum(slice=columns["stratum_slice"][i], high=columns["stratum_high"][i])
            for i in firsts
        ),
        seed=columns["seed"][0],
        sample=LabelSample(
            labels=judged if by_judge else labels,
            scores=np.asarray(columns["score"]),
            probabilities=np.asarray(columns["probability"]),
            strata=np.asarray(columns["stratum"], np.int64),
            stratum_rows=np.asarray([columns["stratum_rows"][i] for i in firsts], np.int64),
            stratum_means=np.asarray([columns["stratum_mean_score"][i] for i in firsts]),
            clusters=clusters if (clusters >= 0).all() else np.zeros(0, np.int64),
            judged=judged if np.isfinite(judged).any() else np.zeros(0),
            by_judge=by_judge,
            undecided=undecided,
            scorer=columns["scorer"][0],
            threshold=columns["threshold"][0],
            frame=columns["frame"][0],
        ),
    )
