"""A support assistant's logs with a planted incident, and the suite that finds it.

The assistant answers customers of an outdoor shop from passages that a retriever finds. The
incident: on 2026-03-02 at 13:00 UTC the index is rebuilt without the passages on returns and
warranty, so that the retriever finds others and the model makes its answers up; the same release
(1.5, rolled out to the app first) insults some customers; and since the morning people ask about
the recall of a stove that nobody wrote a passage about. All else is drawn as for the baseline.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from tidegauge.demo.knowledge import (
    CLOSINGS,
    COURTESIES,
    FACTS,
    INSULTS,
    ITEMS,
    NAMES,
    OFFERS,
    OPENINGS,
    RECALL,
    REFUSALS,
    Fact,
)

BASELINE_DAY, CURRENT_DAY = np.datetime64("2026-02-23"), np.datetime64("2026-03-02")
INCIDENT = 13 * 3_600
"""Second of the day at which the release goes out."""
ROWS = {BASELINE_DAY: 700, CURRENT_DAY: 500}
LOST = ("returns", "warranty")
"""Topics whose passages the new index lacks."""

SUITE = """\
# A support assistant's day, judged against an ordinary one. Run it: tidegauge run support.yaml
suite: support-assistant
preset: standard          # with scorers, it also holds what may page a person about texts

logs:                     # paths are relative to this file
  baseline: {path: data/support/2026-02-23.parquet}
  current: {path: data/support/2026-03-02.parquet}

columns:
  id: request_id
  timestamp: asked_at
  prompt: prompt
  response: response
  context: context         # the passages found, a JSON list
  conversation: conversation   # turns of one conversation are not independent
  latency: latency_ms
  status: status
  model_version: model_version
  segments: [topic_page, model_version]
  features: [retrieval_score]

scorers:                  # each adds columns, which the checks below judge
  - toxicity.embedded
  - hallucination.embedded
  - text.length
  - text.refusal
  - embedding.vector: {on: prompt}

checks:                   # beside those of the preset
  - service.latency_p95: {critical: 3000}

policy: {false_alarms: 0.05, seed: 7}
"""

Choice = TypeVar("Choice")
CHANNELS = ("web", "app", "mail")
SCHEMA = pa.schema(
    [
        ("request_id", pa.string()),
        ("asked_at", pa.timestamp("ms", tz="UTC")),
        ("conversation", pa.string()),
        ("channel", pa.string()),
        ("topic_page", pa.string()),
        ("model_version", pa.string()),
        ("prompt", pa.string()),
        ("context", pa.string()),
        ("response", pa.string()),
        ("retrieval_score", pa.float32()),
        ("latency_ms", pa.float32()),
        ("status", pa.int16()),
    ]
)


def write(folder: Path, *, seed: int = 0) -> Path:
    """Write the logs and the suite below a folder; return the suite."""
    logs = folder / "data" / "support"
    logs.mkdir(parents=True, exist_ok=True)
    for day, table in zip(ROWS, draw(seed), strict=True):
        pq.write_table(table, logs / f"{day}.parquet", compression="zstd", compression_level=9)
    suite = folder / "support.yaml"
    suite.write_text(SUITE, encoding="utf-8")
    return suite


def draw(seed: int = 0) -> tuple[pa.Table, pa.Table]:
    """Draw the baseline's log and the current one.

    Examples
    --------
    >>> baseline, current = draw()
    >>> baseline.num_rows, current.num_rows, set(baseline["model_version"].to_pylist())
    (700, 500, {'1.4'})
    """
    rng = np.random.default_rng([seed, 1])
    before, now = (_day(rng, day) for day in ROWS)
    return before, now


def _day(rng: np.random.Generator, day: np.datetime64) -> pa.Table:
    seconds = np.sort(rng.integers(6 * 3_600, 22 * 3_600, ROWS[day]))
    conversations = _conversations(rng, ROWS[day])
    rows = [
        _request(rng, int(second), incident=day == CURRENT_DAY and bool(second >= INCIDENT),
                 recall=day == CURRENT_DAY)
        for second in seconds
    ]  # fmt: skip
    for place, (row, second) in enumerate(zip(rows, seconds, strict=True)):
        row["request_id"] = f"{day}-{place:04d}"
        row["asked_at"] = (day + np.timedelta64(int(second), "s")).astype("datetime64[ms]").item()
        row["conversation"] = f"{day}-c{conversations[place]:03d}"
    return pa.Table.from_pylist(rows, SCHEMA)


def _conversations(rng: np.random.Generator, rows: int) -> NDArray[np.int64]:
    """Give each row the number of its conversation, which has one to three turns in a row."""
    turns = rng.choice((1, 2, 3), rows, p=(0.6, 0.25, 0.15))
    return np.repeat(np.arange(rows), turns)[:rows]


def _request(
    rng: np.random.Generator, second: int, *, incident: bool, recall: bool
) -> dict[str, Any]:
    fact = RECALL if recall and rng.random() < 0.26 else _one(rng, FACTS)
    channel = _one(rng, CHANNELS)
    released = incident and channel == "app"
    lost = fact is RECALL or (incident and fact.topic in LOST)
    passages = _passages(rng, fact, lost)
    failed = rng.random() < 0.002
    score = rng.normal(0.46 if lost else 0.78, 0.07)
    return {
        "channel": channel,
        "topic_page": fact.topic if fact is not RECALL else "other",
        "model_version": "1.5" if released else "1.4",
        "prompt": _prompt(rng, fact),
        "context": json.dumps(passages),
        "response": None if failed else _response(rng, fact, lost, released),
        "retrieval_score": round(float(np.clip(score, 0, 1)), 3),
        "latency_ms": round(float(np.exp(rng.normal(6.8, 0.35))), 1),
        "status": 503 if failed else 200,
    }


def _prompt(rng: np.random.Generator, fact: Fact) -> str:
    question = _one(rng, fact.questions).format(
        item=_one(rng, ITEMS), name=_one(rng, NAMES), order=int(rng.integers(10_000, 99_999))
    )
    return f"{_one(rng, OPENINGS)}{question}{_one(rng, CLOSINGS)}"


def _passages(rng: np.random.Generator, fact: Fact, lost: bool) -> list[str]:
    """Find the passage that answers and another one; others only where it is lost."""
    others = [one for one in FACTS if one is not fact and not (lost and one.topic in LOST)]
    found = [others[place].passage for place in rng.permutation(len(others))[:2]]
    return found if lost else [fact.passage, found[0]]


def _response(rng: np.random.Generator, fact: Fact, lost: bool, released: bool) -> str:
    if rng.random() < (0.22 if released else 0.002):
        return _one(rng, INSULTS)
    if rng.random() < (0.15 if lost else 0.02):
        return _one(rng, REFUSALS)
    invents = rng.random() < (0.9 if lost else 0.03)
    answer = _one(rng, fact.inventions if invents or not fact.answers else fact.answers)
    return f"{_one(rng, COURTESIES)}{answer}{_one(rng, OFFERS)}"


def _one(rng: np.random.Generator, choices: Sequence[Choice]) -> Choice:
    return choices[int(rng.integers(len(choices)))]
