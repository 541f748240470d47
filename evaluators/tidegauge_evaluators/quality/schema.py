"""Columns that went missing or changed their type."""

from __future__ import annotations

from tidegauge.errors import NotApplicable
from tidegauge.profile import DatasetProfile
from tidegauge.records import Card, Part, Score

CARD = Card(
    title="Schema",
    explain="Number of the baseline's columns that are missing or hold another type of data now.",
    reads=("dataset",),
    on="dataset",
    better="lower",
    unit="columns",
    reference="Breck, Polyzotis, Roy, Whang & Zinkevich 2019, MLSys",
    range=(0.0, None),
)


def schema(baseline: DatasetProfile, current: DatasetProfile) -> Score:
    """Columns of the baseline that are not there, or not of the same family of type.

    Families are number, text, boolean, time and nested; a column of nulls alone fits any.
    Columns that are new are listed and not counted: a model does not read them. The target may
    be absent, since labels often arrive in another log. Types say nothing of meaning: dollars
    that became cents pass.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from tidegauge.profile import Layout
    >>> old = pa.table({"age": [1, 2], "name": ["a", "b"]})
    >>> grid = DatasetProfile.freeze(old, Layout(kinds={"age": "numeric", "name": "text"}))
    >>> score = schema(grid.lay(old), grid.lay(pa.table({"age": ["1"], "city": ["x"]})))
    >>> score.value, score.details
    (2.0, {'missing': 'name', 'retyped': 'age (number, now text)', 'extra': 'city'})
    """
    if not current.types:
        raise NotApplicable("the current log holds no columns")
    target = baseline.layout.target.column if baseline.layout.target else None
    columns = [name for name in baseline.layout.kinds if name != target or name in current.types]
    missing = [name for name in columns if name not in current.types]
    retyped = [
        name
        for name in columns
        if name in current.types and not _alike(baseline.types.get(name), current.types[name])
    ]
    extra = [name for name in current.types if name not in {*baseline.types, *columns}]
    named = {
        "missing": missing,
        "retyped": [f"{n} ({baseline.types[n]}, now {current.types[n]})" for n in retyped],
        "extra": extra,
    }
    return Score(
        value=float(len(missing) + len(retyped)),
        baseline=0.0,
        n_baseline=baseline.n,
        n_current=current.n,
        parts=_parts(missing, retyped, extra),
        details={word: ", ".join(names) for word, names in named.items() if names},
    )


def _alike(then: str | None, now: str) -> bool:
    return then in (None, "null", now) or now == "null"


def _parts(missing: list[str], retyped: list[str], extra: list[str]) -> tuple[Part, ...]:
    """One part a column, 1 where it is present as the baseline has it, at most thirty."""
    counted = [Part(label=f"{n} (missing)", baseline=1, current=0, contribution=1) for n in missing]
    counted += [
        Part(label=f"{n} (retyped)", baseline=1, current=0, contribution=1) for n in retyped
    ]
    return tuple(counted + [Part(label=f"{n} (extra)", baseline=0, current=1) for n in extra])[:30]
