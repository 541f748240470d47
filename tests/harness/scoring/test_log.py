"""Logs that carry what scorers add, and the worst rows beside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tidegauge.errors import SuiteError
from tidegauge.logs import open_log
from tidegauge.records import Kind
from tidegauge.scorer import About, Inferred, Joined, Texts, Unit
from tidegauge.scoring import Asked, Cache
from tidegauge.scoring.examples import cut
from tidegauge.scoring.log import Ledger, add_columns, scored
from tidegauge.scoring.plan import Planned

ADDED = ["tox", "tox.flagged", "tox.word", "tox.status"]


@dataclass
class Shouting:
    """Share of capitals, by way of a model that counts its calls."""

    calls: list[int] = field(default_factory=list)
    identity: str = "shouting"
    width: int = 1
    budget: int = 10_000
    about: About = field(default_factory=About)
    outputs: dict[str, Kind] = field(
        default_factory=lambda: {"": "numeric", "flagged": "boolean", "word": "categorical"}
    )

    @property
    def model(self) -> Shouting:
        return self

    def size(self, unit: Unit) -> int:
        return len(unit[0])

    def infer(self, units: Sequence[Unit]) -> Inferred:
        self.calls.append(len(units))
        capitals = [sum(map(str.isupper, text)) / max(len(text), 1) for (text,) in units]
        return Inferred(np.array(capitals, np.float32)[:, None])

    def split(self, row: Texts) -> Sequence[Unit]:
        return [(row["text"],)]

    def join(self, row: Texts, units: Sequence[Unit], outputs: np.ndarray) -> Joined:
        value = float(outputs[0, 0])
        loud = [word for word in row["text"].split() if word.isupper()]
        return Joined((value, value > 0.5, loud[0] if loud else None), because=" ".join(loud[:1]))


def planned(scorer: Any = None, name: str = "toxicity.classifier", **inputs: str) -> Planned:
    asked = Asked(name=name, column="tox", inputs=inputs or {"text": "answer"})
    return Planned(asked=asked, scorer=scorer or Shouting())


def table(**columns: Any) -> pa.Table:
    return pa.table({"id": ["a", "b", "c"], "answer": ["calm", "so LOUD", None], **columns})


def rows_of(log: Any, *args: Any) -> dict[str, list[Any]]:
    parts = [batch.to_pydict() for batch in log.batches(*args)]
    return {name: [v for part in parts for v in part[name]] for name in parts[0]}


def test_a_log_without_scorers_is_as_it_was() -> None:
    log = open_log(table())
    found = scored(log, [])
    assert found.ledgers == {}
    assert found.log.schema == log.schema
    assert rows_of(found.log) == rows_of(log)


def test_batches_and_schema_carry_the_new_columns() -> None:
    found = scored(open_log(table()), [planned()])
    assert found.log.schema.names == ["id", "answer", *ADDED]
    batches = list(found.log.batches())
    assert all(batch.schema == found.log.schema for batch in batches)
    rows = rows_of(found.log)
    assert rows["tox"] == [0.0, pytest.approx(4 / 7), None]
    assert rows["tox.flagged"] == [False, True, None]
    assert rows["tox.word"] == [None, "LOUD", None]
    assert rows["tox.status"] == ["ok", "ok", "unscored: KeyError: 'text'"]
    assert found.log.rows == 3


def test_nothing_is_scored_that_nobody_reads() -> None:
    one = Shouting()
    found = scored(open_log(table()), [planned(one)])
    assert rows_of(found.log, ["id"]) == {"id": ["a", "b", "c"]}
    assert one.calls == []
    assert rows_of(found.log, ["tox.flagged"]) == {"tox.flagged": [False, True, None]}
    assert one.calls != []


def test_a_second_reading_is_answered_by_the_cache_and_counted_once(tmp_path: Path) -> None:
    one = Shouting()
    cache = Cache(tmp_path / "scores.sqlite")
    found = scored(open_log(table()), [planned(one)], cache=cache)
    first = rows_of(found.log)
    calls = list(one.calls)
    assert rows_of(found.log) == first
    assert one.calls == calls
    tally = found.ledgers["tox"].tally
    assert (tally.rows, tally.ok, tally.cached) == (3, 2, 0)
    cache.close()


def test_a_reading_that_sees_more_replaces_one_that_was_broken_off() -> None:
    log = open_log(pa.table({"answer": [f"text {at}" for at in range(40_000)]}))
    found = scored(log, [planned()])
    next(iter(found.log.batches(rows=8_000)))
    before = found.ledgers["tox"].tally.rows
    assert 0 < before < 40_000
    list(found.log.batches())
    assert found.ledgers["tox"].tally.rows == 40_000


def test_a_missing_text_makes_every_row_not_applicable_without_a_model_call() -> None:
    one = Shouting()
    for inputs, said in (({"text": "gone"}, 'no column "gone"'), ({}, "no column has the role")):
        asked = Asked(name="toxicity.classifier", column="tox", inputs=inputs)
        found = scored(open_log(table()), [Planned(asked=asked, scorer=one)])
        rows = rows_of(found.log, ["tox", "tox.status"])
        assert rows["tox"] == [None] * 3
        assert all(status.startswith(f"not_applicable: {said}") for status in rows["tox.status"])
        assert sum(found.ledgers["tox"].tally.not_applicable.values()) == 3
    assert one.calls == []


def test_names_that_are_taken_are_refused() -> None:
    with pytest.raises(SuiteError, match=r'the column "tox\.flagged", which frame has'):
        scored(open_log(table(**{"tox.flagged": [1, 2, 3]})), [planned()])
    with pytest.raises(SuiteError, match="name the scorer's column"):
        scored(open_log(table()), [planned(), planned()])


def test_scored_logs_have_digests_of_their_own() -> None:
    log = open_log(table())
    digests = {
        log.digest,
        scored(log, [planned()]).log.digest,
        scored(log, [planned(Shouting(identity="other"))]).log.digest,
    }
    assert len(digests) == 3
    assert scored(log, [planned()]).log.digest in digests


def test_files_are_read_as_frames_are(tmp_path: Path) -> None:
    big = pa.table({"answer": [f"text {at} {'LOUD' * (at % 3)}" for at in range(20_000)]})
    pq.write_table(big, tmp_path / "log.parquet", row_group_size=3_000)
    of_file = rows_of(scored(open_log(tmp_path / "log.parquet"), [planned()]).log)
    assert of_file == rows_of(scored(open_log(big), [planned()]).log)
    assert len(of_file["tox"]) == 20_000


def ledger(texts: Sequence[str], name: str = "toxicity.classifier", **more: Any) -> Ledger:
    columns = {"answer": texts, "key": range(len(texts))}
    log = open_log(pa.table(columns))
    found = scored(log, [planned(name=name)], id_column="key", **more)
    list(found.log.batches())
    return found.ledgers["tox"]


def test_the_worst_rows_are_kept_worst_first_and_each_text_once() -> None:
    texts = [f"{'A' * at}{'b' * (100 - at)}" for at in range(100)] * 2
    found = ledger(texts, roles={"answer": "response"}).examples
    assert len(found) == 20
    assert [example.value for example in found] == pytest.approx(
        [a / 100 for a in range(99, 79, -1)]
    )
    assert found[0].texts == {"response": texts[99]}
    assert [example.id for example in found[:2]] == ["99", "98"]
    assert {example.sensitive for example in found} == {True}


def test_of_equally_bad_rows_the_first_are_kept() -> None:
    texts = [f"AA{at:03d}" for at in range(50)]
    assert [example.id for example in ledger(texts).examples] == [str(at) for at in range(20)]


def test_which_way_is_worse_is_the_cards_business() -> None:
    texts = ["quiet", "LOUD"]
    assert ledger(texts, "text.sentiment").examples[0].texts["answer"] == "quiet"
    assert ledger(texts, "text.length").examples == ()


def test_long_texts_are_shown_around_what_decided() -> None:
    found = ledger(["x " * 1_000 + "SHOUT" + " y" * 1_000]).examples[0]
    assert found.because == "SHOUT"
    (text,) = found.texts.values()
    assert len(text) == 402
    assert abs(text.index("SHOUT") - 200) < 5
    assert text[0] == text[-1] == "…"


@pytest.mark.parametrize(
    ("text", "around"),
    [("short", "short"), ("a" * 999, "none"), ("a" * 999, ""), ("z" + "a" * 998, "z"),
     ("a" * 998 + "z", "z"), ("b" * 999, "b" * 900), ("", "")],
)  # fmt: skip
def test_a_cut_holds_its_bound_and_what_it_is_about(text: str, around: str) -> None:
    shown = cut(text, around)
    assert len(shown) <= 402
    assert shown.strip("…") in text
    if around and around in text:
        assert around[:400] in shown


def test_hostile_texts_reach_columns_as_text() -> None:
    texts = ["A\0B", "<b>LOUD</b>", "\x1b[31mRED", "🎉", "x" * 100_000, ""]
    rows = rows_of(scored(open_log(pa.table({"answer": texts})), [planned()]).log)
    assert rows["tox.status"] == ["ok"] * len(texts)
    assert rows["answer"] == texts


def test_tables_are_added_to_and_come_with_their_ledgers() -> None:
    whole, ledgers = add_columns(table(), [planned()], side="baseline", id_column="id")
    assert whole.schema.names == ["id", "answer", *ADDED]
    assert ledgers["tox"].tally.ok == 2
    assert [(e.side, e.id) for e in ledgers["tox"].examples] == [
        ("baseline", "b"),
        ("baseline", "a"),
    ]
    empty, ledgers = add_columns(table().slice(0, 0), [planned()])
    assert empty.num_rows == 0
    assert empty.schema == whole.schema
    assert ledgers["tox"].tally.rows == 0


def test_numbers_and_lists_are_read_as_text() -> None:
    whole, _ = add_columns(pa.table({"answer": pa.array([12, None])}), [planned()])
    assert whole.column("tox").to_pylist() == [0.0, None]


def test_progress_names_the_scorer_and_all_rows() -> None:
    told: list[tuple[str, int, int | None]] = []
    found = scored(open_log(table()), [planned()], told=lambda *said: told.append(said))
    list(found.log.batches())
    assert told[-1] == ("tox", 3, 3)
