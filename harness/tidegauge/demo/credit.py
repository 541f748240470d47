"""A credit model's logs with a planted incident, and the suite that finds it.

The incident: on 2026-03-02 at 14:00 UTC a release in the partners' feed begins to send
``debt_ratio`` in percent instead of as a fraction. The model then refuses nearly every partner's
client. The same release brings an employment level that nobody had seen, and slower answers.
All else is drawn as it was for the baseline.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

Array = npt.NDArray[Any]

BASELINE_DAYS = (np.datetime64("2026-02-02"), np.datetime64("2026-02-03"))
CURRENT_DAY = np.datetime64("2026-03-02")
INCIDENT = np.datetime64("2026-03-02T14")
ROWS_A_DAY = 4_000
LABELLED = 0.6
"""Share of the current day's applications whose outcome is known by now."""

SUITE = """\
# A credit model's day, judged against two ordinary days. Run it: tidegauge run credit.yaml
suite: credit-default
preset: standard          # what may page a person; "sensitive" reports every supported change

logs:                     # paths are relative to this file
  baseline: {path: data/baseline.parquet}
  current: {path: data/logs/2026-03-02.parquet}   # in production: data/logs/{date}.parquet

columns:                  # what has no role here is a feature
  id: application_id
  timestamp: scored_at
  target: {column: defaulted, arrives_after: 60d}  # rows whose truth has not arrived are fine
  prediction: decision
  score: probability
  latency: latency_ms
  status: status
  segments: [channel]     # each channel is judged by itself, too
  valid:
    debt_ratio: {min: 0, max: 3}
    age: {min: 18, max: 100}

checks:                   # beside those of the preset
  - performance.roc_auc: {warn: {drop: 0.05}}

policy: {false_alarms: 0.05, seed: 7}
"""

REGIONS = ("north", "east", "south", "west")
CHANNELS = ("web", "branch", "partner")
EMPLOYMENT = ("salaried", "self-employed", "retired", "student")
HOURS = np.array(
    [1, 1, 1, 1, 1, 2, 4, 7, 11, 13, 14, 13, 11, 12, 14, 15, 15, 14, 12, 10, 8, 6, 4, 2]
)
"""Applications over the hours of a day, as weights."""

SCHEMA = pa.schema(
    [
        ("application_id", pa.string()),
        ("scored_at", pa.timestamp("ms", tz="UTC")),
        ("region", pa.string()),
        ("channel", pa.string()),
        ("employment", pa.string()),
        ("income", pa.int32()),
        ("age", pa.int16()),
        ("loan_amount", pa.int32()),
        ("term_months", pa.int16()),
        ("debt_ratio", pa.float64()),
        ("score_bureau", pa.int16()),
        ("n_open_loans", pa.int8()),
        ("probability", pa.float64()),
        ("decision", pa.bool_()),
        ("defaulted", pa.bool_()),
        ("latency_ms", pa.float32()),
        ("status", pa.int16()),
    ]
)


def write(folder: Path, *, seed: int = 0) -> Path:
    """Write the logs and the suite below a folder; return the suite."""
    logs = folder / "data" / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    baseline, current = draw(seed)
    _write(baseline, folder / "data" / "baseline.parquet")
    _write(current, logs / f"{CURRENT_DAY}.parquet")
    suite = folder / "credit.yaml"
    suite.write_text(SUITE, encoding="utf-8")
    return suite


def draw(seed: int = 0) -> tuple[pa.Table, pa.Table]:
    """Draw the baseline's log and the current one.

    Examples
    --------
    >>> baseline, current = draw()
    >>> baseline.num_rows, current.num_rows, max(current["debt_ratio"].to_pylist()) > 50
    (8000, 4000, True)
    """
    rng = np.random.default_rng(seed)
    baseline = [_score(_day(rng, start), rng) for start in BASELINE_DAYS]
    clients = _day(rng, CURRENT_DAY)
    struck = (clients["channel"] == "partner") & (clients["scored_at"] >= INCIDENT)
    current = _score(_release(clients, struck, rng), rng, slower=np.where(struck, 4.0, 1.0))
    both = {name: np.concatenate([day[name] for day in baseline]) for name in baseline[0]}
    return _table(both, np.True_), _table(current, rng.random(ROWS_A_DAY) < LABELLED)


def _day(rng: np.random.Generator, start: np.datetime64) -> dict[str, Array]:
    """Draw the clients of one day, in order of arrival, and what becomes of their loans."""
    n = ROWS_A_DAY
    seconds = rng.choice(24, n, p=HOURS / HOURS.sum()) * 3600 + rng.integers(0, 3600, n)
    income = np.exp(rng.normal(8.05, 0.45, n))
    loan = np.clip(income * np.exp(rng.normal(1.1, 0.6, n)), 500, 80_000)
    bureau = np.clip(rng.normal(640, 75, n), 300, 850)
    day = {
        "application_id": np.char.add(f"{start}-", np.arange(n).astype("U4")),
        "scored_at": start + np.sort(seconds).astype("timedelta64[s]"),
        "region": rng.choice(REGIONS, n, p=(0.3, 0.25, 0.25, 0.2)),
        "channel": rng.choice(CHANNELS, n, p=(0.35, 0.2, 0.45)),
        "employment": rng.choice(EMPLOYMENT, n, p=(0.68, 0.17, 0.1, 0.05)).astype(object),
        "income": np.round(income, -1),
        "age": np.clip(np.round(rng.gamma(9, 4.6, n)), 18, 85),
        "loan_amount": np.round(loan, -2),
        "term_months": rng.choice((12, 24, 36, 48, 60), n, p=(0.15, 0.25, 0.3, 0.2, 0.1)),
        "debt_ratio": np.round(np.clip(rng.gamma(4, 0.1, n), 0.01, 2.5), 3),
        "score_bureau": np.where(rng.random(n) < 0.008, np.nan, np.round(bureau)),
        "n_open_loans": rng.poisson(1.6, n),
    }
    day["defaulted"] = rng.random(n) < _sigmoid(_risk(day))
    return day


def _risk(day: dict[str, Array]) -> Array:
    """Log odds that a loan fails."""
    return np.asarray(
        -3.1
        + 7.0 * (np.clip(day["debt_ratio"], 0, 1.5) - 0.4)
        - 1.4 * (np.nan_to_num(day["score_bureau"], nan=600.0) - 640) / 75
        - 1.0 * np.log(day["income"] / 3_100)
        + 0.5 * np.log(day["loan_amount"] / day["income"])
        + 0.3 * (day["n_open_loans"] - 1.6)
        + 0.8 * (day["employment"] == "self-employed")
    )


def _release(
    clients: dict[str, Array], struck: Array, rng: np.random.Generator
) -> dict[str, Array]:
    """Let the partners' release change what the struck rows say."""
    gig = struck & (rng.random(ROWS_A_DAY) < 0.12)
    return {
        **clients,
        "debt_ratio": np.where(struck, clients["debt_ratio"] * 100, clients["debt_ratio"]),
        "employment": np.where(gig, "gig", clients["employment"]),
    }


def _score(
    clients: dict[str, Array], rng: np.random.Generator, slower: Array | float = 1.0
) -> dict[str, Array]:
    """Let the model answer: it knows the risk up to a little noise, and fails now and then."""
    n = ROWS_A_DAY
    failed = rng.random(n) < 0.001
    probability = np.round(_sigmoid(_risk(clients) + rng.normal(0, 0.3, n)), 4)
    return {
        **clients,
        "probability": np.where(failed, np.nan, probability),
        "decision": np.where(failed, np.nan, probability >= 0.5),
        "latency_ms": np.round(np.exp(rng.normal(3.8, 0.45, n)) * slower, 1),
        "status": np.where(failed, 503, 200),
    }


def _table(log: dict[str, Array], known: Array | np.bool_) -> pa.Table:
    """Lay the columns out, NaN and outcomes not known as nulls."""
    log["defaulted"] = np.where(known, log["defaulted"], np.nan)
    return pa.table(
        [pa.array(log[field.name], from_pandas=True).cast(field.type) for field in SCHEMA],
        schema=SCHEMA,
    )


def _write(table: pa.Table, path: Path) -> None:
    pq.write_table(table, path, compression="zstd", compression_level=9)


def _sigmoid(log_odds: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-log_odds)))
