"""Sheets of rows to label, as CSV for spreadsheets or as JSON Lines, written and read back."""

from __future__ import annotations

import csv
import io
import json
import math
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from tidegauge.errors import DataError
from tidegauge.labelling.drawing import Drawn, Stratum
from tidegauge.profile import LabelSample

Cell: TypeAlias = str | int | float | bool | None
Record: TypeAlias = Mapping[str, Any]

YES = {"1", "1.0", "yes", "y", "true", "bad", "toxic", "hallucinated"} | {
    "unsupported", "contradicted", "not_in_context", "not in context",
}  # fmt: skip
NO = {"0", "0.0", "no", "n", "false", "ok", "good", "not toxic", "supported", "faithful"}
UNDECIDED = {"?", "unsure", "undecided", "skip", "n/a"}
"""What a labeller may write, in any case; nothing at all means not labelled yet."""
WORDS = "1, yes or unsupported; 0, no or supported; ? where it cannot be told; nothing yet"

LONGEST = 30_000
"""Characters of a text in a CSV cell; spreadsheets hold 32,767 and damage what is longer."""
DESIGN = (
    "row", "score", "stratum", "stratum_slice", "stratum_high", "stratum_rows",
    "stratum_mean_score", "probability", "cluster", "log_rows", "scorer", "threshold", "frame",
    "seed",
)  # fmt: skip
"""What leads back from the labels to the whole log; to be left as it is."""
NEEDED = ("label", *DESIGN)
SHOWN = 10
"""Problems of a sheet that are listed."""

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


def read_labels(path: Path) -> Drawn:
    """Read labels back.

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


def _record(
    drawn: Drawn, i: int, texts: Mapping[str, str | None], ids: Sequence[str]
) -> dict[str, Cell]:
    """One line of a sheet."""
    sample = drawn.sample
    stratum = int(sample.strata[i])
    label = float(sample.labels[i])
    return {
        "label": "" if math.isnan(label) else int(label),
        "note": "",
        **texts,
        "id": ids[i] if len(ids) else "",
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


def _plain(text: str) -> str:
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
                cells = [_plain(cell) for cell in cells]
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
    labels = columns["label"]
    clusters = np.asarray(columns["cluster"], np.int64)
    return Drawn(
        rows=np.asarray(columns["row"], np.int64),
        strata=tuple(
            Stratum(slice=columns["stratum_slice"][i], high=columns["stratum_high"][i])
            for i in firsts
        ),
        seed=columns["seed"][0],
        sample=LabelSample(
            labels=np.asarray([math.nan if one is None else one for one in labels]),
            scores=np.asarray(columns["score"]),
            probabilities=np.asarray(columns["probability"]),
            strata=np.asarray(columns["stratum"], np.int64),
            stratum_rows=np.asarray([columns["stratum_rows"][i] for i in firsts], np.int64),
            stratum_means=np.asarray([columns["stratum_mean_score"][i] for i in firsts]),
            clusters=clusters if (clusters >= 0).all() else np.zeros(0, np.int64),
            undecided=sum(one is None for one in labels),
            scorer=columns["scorer"][0],
            threshold=columns["threshold"][0],
            frame=columns["frame"][0],
        ),
    )
