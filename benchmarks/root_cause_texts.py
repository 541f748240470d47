"""Logs of a support assistant with one change in them: real prompts, looked-up answers, scores.

Prompts are customers' questions of banking77 with their real sentence vectors; what is looked up
is the nearest of other questions, so that relevance is real too. Response and judge are drawn
from models of what comes before them.

    python benchmarks/root_cause_texts.py --data FOLDER [--seeds 6] [--rows 2000]
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from _causes_planted import SEVERITIES, Fault, Planted, Severity, dose, generator
from _encoded_texts import encoded, vectors_of
from _output import print_table, write_json
from tidegauge.case import Numbers, Variable, case_of
from tidegauge.catalog import explainer
from tidegauge.causes.stages import text_order
from tidegauge.profile import Layout
from tidegauge.profile.layout import Made

FAULTS: Mapping[str, Fault] = {
    "T1": Fault(
        said="topics that were not asked about before",
        verdict="covariate",
        doses=("5 % of rows", "10 %", "20 %"),
    ),
    "T2": Fault(
        said="template around the prompts",
        verdict="covariate",
        doses=("a word of thanks behind", "a sentence before", "a paragraph before"),
    ),
    "T3": Fault(
        said="version of the judge: another score for the same text",
        verdict="distortion",
        doses=("logit + 0.3", "logit + 0.6", "logit x 1.5 + 1.2"),
    ),
    "T4": Fault(
        said="stale index: what is known of some topics is not found",
        verdict="covariate",
        doses=("10 % of topics", "25 %", "60 %"),
    ),
}
TEMPLATES = (
    "{} Thank you.",
    "Answer the customer's question. {}",
    "You are the assistant of a bank. Be brief, be polite, and never promise anything that is not "
    "in the documents. The customer writes: {}",
)
KNOWN = 2_500
"""Questions that the index holds an answer to."""
TEMPLATED = 1_200
"""Prompts that templates are laid around."""
FRESH = 2
"""Topics that an injection brings."""
MADE = {
    "prompt.length": ("text.length", "prompt"), "prompt.words": ("text.length", "prompt"),
    "context.length": ("text.length", "context"),
    "context_relevance": ("text.context_relevance", "prompt"),
    "response.length": ("text.length", "response"), "refusal": ("text.refusal", "response"),
    "toxicity": ("toxicity.embedded", "response"),
    "hallucination": ("hallucination.judge", "response"),
}  # fmt: skip
LAYOUT = Layout(
    kinds={},
    features=("retrieval_margin", "temperature"),
    segments=("region", "channel"),
    texts={"prompt": "prompt", "response": "response", "context": "context"},
    latency="latency",
    made={
        name: Made(scorer=scorer, kind="numeric", role="scored", source=source, main=name)
        for name, (scorer, source) in MADE.items()
    },
)
ORDER = text_order(LAYOUT, {"prompt": "prompt.topic"})
"""True here, for rows are drawn in this order."""


class Prompts(NamedTuple):
    """Rows of one log, before anything answers."""

    vectors: NDArray[np.float32]
    texts: tuple[str, ...]
    labels: NDArray[np.str_]

    def only(self, rows: NDArray[np.int64]) -> Prompts:
        """Take some rows."""
        return Prompts(self.vectors[rows], tuple(self.texts[i] for i in rows), self.labels[rows])


def planted_texts(
    fault: str, severity: Severity, *, seed: int, data: Path, rows: int = 2_000
) -> Planted:
    """Plant a change in a log of texts.

    Parameters
    ----------
    data
        Folder that holds ``text/banking77.jsonl.gz``.
    rows
        Rows of each side, at most 3,000.
    """
    rng = generator(seed, fault, severity, "texts")
    labels = encoded(data / "text", "banking77").topics
    fresh = rng.choice(np.unique(labels), FRESH, replace=False)
    index, before, now = _drawn(labels, fresh, rows, rng)
    share = dose(severity, (0.05, 0.10, 0.20)) if fault == "T1" else 0.0
    if share:
        replaced = rng.random(rows) < share
        now[replaced] = rng.choice(np.flatnonzero(np.isin(labels, fresh)), replaced.sum())
    asked = _prompts(data, now)
    if fault == "T2":
        asked = _templated(data, severity)
        asked = asked.only(rng.choice(len(asked.labels), rows))
        before, index = (some[~np.isin(some, _pool(len(labels)))] for some in (before, index))
        before = rng.choice(before, rows)
    prompts = _joined(_prompts(data, before), asked)
    current = np.arange(2 * rows) >= rows
    stale = np.zeros(len(index), dtype=bool)
    if fault == "T4":
        topics = np.unique(labels[index])
        count = max(1, round(dose(severity, (0.10, 0.25, 0.60)) * len(topics)))
        stale = np.isin(labels[index], rng.choice(topics, count, replace=False))
    columns = _answered(prompts, current, _prompts(data, index), stale, rng)
    if fault == "T3":
        scale, more = dose(severity, ((1.0, 0.3), (1.0, 0.6), (1.5, 1.2)))
        columns["hallucination"] = np.where(
            current, scale * columns["hallucination"] + more, columns["hallucination"]
        )
    columns["hallucination"] = _share(columns["hallucination"])
    return _case(fault, severity, seed, prompts, columns, current, rng)


def _drawn(
    labels: NDArray[np.str_], fresh: NDArray[np.str_], rows: int, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Rows of the index and of both sides, none twice, none about the fresh topics."""
    pool = rng.permutation(np.flatnonzero(~np.isin(labels, fresh)))
    # Prompts come round again, as they do; what is looked up is never the prompt itself.
    index, asked = pool[:KNOWN], pool[KNOWN:]
    half = len(asked) // 2
    return index, rng.choice(asked[:half], rows), rng.choice(asked[half:], rows)


def _prompts(data: Path, rows: NDArray[np.int64]) -> Prompts:
    found = encoded(data / "text", "banking77")
    return Prompts(found.vectors, found.texts, found.topics).only(rows)


@cache
def _templated(data: Path, severity: Severity) -> Prompts:
    """Prompts inside the template, encoded once."""
    plain = _prompts(data, _pool(len(encoded(data / "text", "banking77").texts)))
    texts = tuple(dose(severity, TEMPLATES).format(text) for text in plain.texts)
    return Prompts(vectors_of(texts), texts, plain.labels)


def _pool(rows: int) -> NDArray[np.int64]:
    """Rows that templates are laid around, the same for every seed: encoding them takes long."""
    return np.random.default_rng(1).permutation(rows)[:TEMPLATED]


def _joined(one: Prompts, other: Prompts) -> Prompts:
    return Prompts(
        np.concatenate([one.vectors, other.vectors]),
        (*one.texts, *other.texts),
        np.concatenate([one.labels, other.labels]),
    )


def _answered(
    prompts: Prompts,
    current: NDArray[np.bool_],
    known: Prompts,
    stale: NDArray[np.bool_],
    rng: np.random.Generator,
) -> dict[str, Numbers]:
    """Look an answer up, respond, judge; the judge's number is still a logit."""
    n = len(current)
    nearness = np.asarray(prompts.vectors @ known.vectors.T, dtype=np.float64)
    nearness[np.ix_(current, stale)] = -1.0
    best = np.partition(nearness, -2, axis=1)[:, -2:]
    relevance = best[:, 1]
    found = nearness.argmax(axis=1)
    length = np.array([len(text) for text in prompts.texts], np.float64)
    temper = rng.choice([0.0, 0.3, 0.7], n)
    said = np.exp(4.5 + 0.2 * np.log(length) + 0.8 * relevance + 0.3 * temper
                  + 0.25 * rng.normal(size=n))  # fmt: skip
    refused = (rng.random(n) < _share(6.0 - 12.0 * relevance)).astype(np.float64)
    said = np.where(refused > 0, 60.0 + 5.0 * rng.normal(size=n), said).round()
    return {
        "prompt.length": length,
        "prompt.words": np.array([len(text.split()) for text in prompts.texts], np.float64),
        "retrieval_margin": best[:, 1] - best[:, 0],
        "context_relevance": relevance,
        "context.length": np.array([len(known.texts[i]) for i in found], np.float64),
        "temperature": temper,
        "response.length": said,
        "refusal": refused,
        "latency": 0.3 + 0.004 * said * np.exp(0.3 * rng.normal(size=n)),
        "toxicity": _share(-4.0 + 0.5 * temper + rng.normal(size=n)),
        "hallucination": 4.0 - 7.0 * relevance + 0.002 * said - 2.0 * refused
        + 0.7 * rng.normal(size=n),
    }  # fmt: skip


def _share(logit: Numbers) -> Numbers:
    return 1.0 / (1.0 + np.exp(-logit))


def _case(
    fault: str,
    severity: Severity,
    seed: int,
    prompts: Prompts,
    columns: Mapping[str, Numbers],
    current: NDArray[np.bool_],
    rng: np.random.Generator,
) -> Planted:
    """Add who asks and what about, and say what is true."""
    n = len(current)
    topic = explainer("root_cause.topics").explain(
        prompts.vectors, current, prompts.texts, rng=rng, name="prompt.topic"
    )
    who: dict[str, list[str]] = {
        "region": rng.choice(["north", "south", "east"], n, p=(0.5, 0.3, 0.2)).tolist(),
        "channel": rng.choice(["app", "web"], n).tolist(),
    }
    case = case_of({**who, **columns}, current, texts={"prompt": prompts.texts})
    variables: dict[str, Variable] = {**case.variables, "prompt.topic": topic.variable}
    names = tuple(name for tier in ORDER for name in tier if name in variables)
    case = type(case)(
        current=current, variables={name: variables[name] for name in names}, features=names,
        texts=case.texts,
    )  # fmt: skip
    prompt = ("prompt.length", "prompt.words", "prompt.topic")
    retrieval = ("context_relevance", "retrieval_margin", "context.length")
    truth = {
        "T1": "prompt.topic", "T2": "prompt.length", "T3": "hallucination",
        "T4": "context_relevance",
    }[fault]  # fmt: skip
    stage = {"T1": prompt, "T2": prompt, "T3": (), "T4": retrieval}[fault]
    return Planted(
        case=case,
        fault=fault,
        severity=severity,
        truth=(truth,),
        also=tuple(name for name in stage if name != truth),
        verdict=FAULTS[fault].verdict,
        seed=seed,
        source="banking77",
        said=f"{FAULTS[fault].said}: {dose(severity, FAULTS[fault].doses)}",
        order=ORDER,
    )


def main() -> None:
    """Ask tidegauge, with and without the built-in order, and rankings that others use."""
    from _causes_peers import contenders
    from root_cause import NEEDS_MODEL

    parser = argparse.ArgumentParser(description=__doc__)
    beside = Path(__file__).parents[2] / "shared" / "data"
    parser.add_argument("--data", type=Path, default=beside, help="folder that holds text/*.gz")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first", type=int, default=0, help="first seed; from 1000 on to tune")
    parser.add_argument("--rows", type=int, default=2_000)
    parser.add_argument("--faults", nargs="*", default=list(FAULTS))
    options = parser.parse_args()
    if not (options.data / "text" / "banking77.jsonl.gz").is_file():
        print(f"no texts in {options.data}: name their folder by --data; nothing was measured")
        return
    ask = {name: one for name, one in contenders().items() if name != NEEDS_MODEL}
    lines = []
    for fault in options.faults:
        for severity in SEVERITIES:
            hits: dict[str, list[float]] = {}
            for seed in range(options.first, options.first + options.seeds):
                planted = planted_texts(
                    fault, severity, seed=seed, data=options.data, rows=options.rows
                )
                right = {*planted.truth, *planted.also}
                for name, answer in ask.items():
                    shown = {name: planted}
                    if name == "tidegauge":
                        shown["with order"] = planted.ordered()
                    for label, one in shown.items():
                        causes = answer(one, seed).causes
                        first = set(causes[0].columns) if causes else set()
                        hits.setdefault(label, []).append(
                            len(first & right) / len(first) if first else 0.0
                        )
            lines.append([fault, severity, *(f"{np.mean(hit):.2f}" for hit in hits.values())])
    title = f"share of first causes that are right, {options.seeds} seeds, {options.rows:,} rows"
    print_table(title, ["fault", "severity", *hits], lines)
    write_json(
        "root_cause_texts",
        {
            "rows": options.rows,
            "seeds": options.seeds,
            "columns": ["fault", "severity", *hits],
            "lines": lines,
        },
    )


if __name__ == "__main__":
    main()
