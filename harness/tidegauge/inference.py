"""Guesses what a column holds and what it is for, with the reason in words."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from tidegauge.profile.arrays import as_array, instants, labels, numbers
from tidegauge.records import Kind, Role
from tidegauge.roles import ID_NAME, TIME_NAMES, assign, plain_name

MOST = 20_000
"""Rows looked at; whether all values differ is asked of every row."""
NEARLY_ALL = 0.95
FEW = 100
"""Below so many rows, values that all differ say little: names and lengths must speak."""
LONG = 40
"""Mean characters from which distinct strings are texts."""
WORDS = 4
"""Mean words from which distinct strings are texts; twice as many for strings that repeat."""
DENSE = 100
"""Mean step up to which integers that always rise count rows; a sample of rows has gaps."""
YEARS = (946_684_800, 4_102_444_800)
"""2000 and 2100 in seconds since 1970: integers between, in a column of times, are times."""

OPAQUE = r"^(?i:[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}|[0-9a-f]{16,64})$"
"""UUIDs and hexadecimal digests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inferred:
    """What a column seems to be."""

    kind: Kind
    role: Role | None = None
    constant: bool = False
    """Whether all present values are one."""
    because: str
    """The reason for the kind, and for the role where there is one."""


class _Guess(NamedTuple):
    kind: Kind
    because: str


class _Values:
    """A column's values, looked at as often as rules ask."""

    def __init__(self, name: str, head: pa.Array, whole: pa.ChunkedArray | pa.Array) -> None:
        self.name = name
        self.head = head
        self.whole = whole
        self.present = len(head) - head.null_count

    @cached_property
    def is_text(self) -> bool:
        """Whether values are strings, or times of day, which are read like strings."""
        kind = self.head.type
        return any(
            test(kind) for test in (pa.types.is_dictionary, pa.types.is_string, pa.types.is_time)
        )

    @cached_property
    def texts(self) -> list[str]:
        """Strings that occur, each once."""
        codes, levels = labels(self.head)
        return [str(levels[code]) for code in np.unique(codes[codes >= 0])]

    @cached_property
    def constant(self) -> bool:
        """Whether one value is all there is."""
        if self.is_text:
            return len(self.texts) == 1
        found = numbers(self.head).values
        return bool((found == found[0]).all())

    @cached_property
    def all_differ(self) -> bool:
        """Whether no value comes twice, in all rows and not only those looked at."""
        return self.present > 1 and all(map(self._differ, (self.head, self.whole)))

    def _differ(self, values: pa.Array | pa.ChunkedArray) -> bool:
        array = as_array(values)
        if self.is_text:
            codes = labels(array).codes
            found = codes[codes >= 0]
        else:
            found = numbers(array).values
        return len(np.unique(found)) == len(found)


def infer(sample: pa.Table | pa.RecordBatch) -> dict[str, Inferred]:
    """Guess kind and role of every column, in order.

    Parameters
    ----------
    sample
        Rows of a log, in their order; 20,000 of them, evenly spread, are looked at.

    Examples
    --------
    >>> found = infer(pa.table({"id": ["a1", "a2", "a3"], "age": [31, 44, 31], "ok": [True] * 3}))
    >>> [(name, one.kind, one.role) for name, one in found.items()]
    [('id', 'id', 'id'), ('age', 'numeric', None), ('ok', 'boolean', None)]
    """
    head = _spread(sample)
    columns = {
        name: _Values(name, as_array(head.column(at)), sample.column(at))
        for at, name in enumerate(sample.schema.names)
    }
    found = {name: _inferred(values) for name, values in columns.items()}
    shapes = {name: (one.kind, columns[name].head) for name, one in found.items()}
    for name, given in assign(shapes).items():
        because = found[name].because
        if not because.endswith(given.because):
            because = f"{because}; {given.because}"
        found[name] = replace(found[name], role=given.role, because=because)
    return found


def _spread(sample: pa.Table | pa.RecordBatch) -> pa.Table | pa.RecordBatch:
    if sample.num_rows <= MOST:
        return sample
    return sample.take(pa.array(np.linspace(0, sample.num_rows - 1, MOST).astype(np.int64)))


def _inferred(values: _Values) -> Inferred:
    rows = len(values.head)
    if not values.present:
        said = f"all {rows:,} values are missing" if rows else "there are no rows"
        return Inferred(kind="empty", because=said)
    kind = values.head.type
    if pa.types.is_nested(kind) and not pa.types.is_dictionary(kind):
        return Inferred(kind="nested", because=f"its type is {kind}")
    guess = _by_type(values)
    because = guess.because + (", one value only" if values.constant else "")
    return Inferred(kind=guess.kind, constant=values.constant, because=because)


def _by_type(values: _Values) -> _Guess:
    kind = values.head.type
    if pa.types.is_boolean(kind):
        return _Guess("boolean", "its type is boolean")
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return _Guess("datetime", f"its type is {kind}")
    if values.is_text:
        return _of_strings(values)
    said = f"its type is {kind}"
    if pa.types.is_duration(kind):
        return _Guess("numeric", said)
    if _counts_time(values):
        return _Guess("datetime", "its name says time, its numbers are times since 1970")
    if pa.types.is_integer(kind) and values.all_differ:
        if ID_NAME.search(plain_name(values.name)):
            return _Guess("id", "no value comes twice and its name says id")
        if _counts_rows(values):
            return _Guess("id", "it rises from row to row, so it counts rows or time")
    return _Guess("numeric", said)


def _counts_time(values: _Values) -> bool:
    if plain_name(values.name) not in TIME_NAMES or pa.types.is_decimal(values.head.type):
        return False
    seconds = instants(values.head).values
    return bool(len(seconds) and ((seconds >= YEARS[0]) & (seconds <= YEARS[1])).all())


def _counts_rows(values: _Values) -> bool:
    if values.present < FEW // 2 or values.whole.null_count:
        return False
    counted = numbers(values.whole).values.astype(np.float64)
    steps = np.diff(counted)
    return bool((steps > 0).all() and steps.mean() <= DENSE)


def _of_strings(values: _Values) -> _Guess:
    texts = values.texts
    share = len(texts) / values.present
    named = bool(ID_NAME.search(plain_name(values.name)))
    if share == 1 and named and values.all_differ:
        return _Guess("id", "no value comes twice and its name says id")
    special = _written_otherwise(values, texts)
    if special:
        return special
    if share > NEARLY_ALL and _share_of(OPAQUE, texts) > NEARLY_ALL:
        return _Guess("id", "its values are UUIDs or digests")
    words = float(np.mean([len(text.split()) for text in texts]))
    length = float(np.mean([len(text) for text in texts]))
    if _is_prose(len(texts), share, words, length):
        return _Guess("text", f"{share:.0%} of its values differ, {words:.0f} words each")
    if share > NEARLY_ALL and values.present >= FEW:
        return _Guess("id", f"{share:.0%} of its values differ")
    return _Guess("categorical", f"{len(texts):,} different values in {values.present:,} rows")


def _written_otherwise(values: _Values, texts: Sequence[str]) -> _Guess | None:
    """Tell numbers, times and JSON that are written as strings."""
    glimpse = texts[:: max(len(texts) // 50, 1)]
    if _share_of(r"^\s*[-+.]?\d", glimpse) < 0.5:
        return _json_texts(glimpse)  # parsing loads what costs more than all else here
    failed = numbers(values.head).unparsable / values.present
    if failed <= 1 - NEARLY_ALL and len(texts) > 1:
        if _share_of(r"^0[0-9]+$", texts):
            return _Guess("categorical", "its digits begin with zeros, so they are codes")
        return _Guess("numeric", _most("numbers", failed))
    failed = instants(values.head).unparsable / values.present
    if failed <= 1 - NEARLY_ALL:
        return _Guess("datetime", _most("dates", failed))
    return _json_texts(glimpse)


def _json_texts(texts: Sequence[str]) -> _Guess | None:
    if all(text[:1] in ("{", "[") and _is_json(text) for text in texts):
        return _Guess("nested", "its strings are JSON")
    return None


def _most(what: str, failed: float) -> str:
    return f"its strings are {what}" + (f", {1 - failed:.1%} of them" if failed else "")


def _is_prose(distinct: int, share: float, words: float, length: float) -> bool:
    if words <= 1.5 or distinct < 2:
        return False
    if words >= 2 * WORDS and (share > 0.5 or distinct > FEW):
        return True
    return share > 0.5 and (words >= WORDS or length >= LONG)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _share_of(pattern: str, texts: Sequence[str]) -> float:
    expression = re.compile(pattern)
    return sum(1 for text in texts if expression.match(text)) / max(len(texts), 1)
