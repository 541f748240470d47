"""Labelled texts for the toxicity model: read, freed of near-duplicates, split for good.

A text belongs to one split by the content of its near-duplicate group, so that neither order nor
seed moves it. HateCheck is read for one purpose only: training texts equal or nearly equal to one
of its cases are thrown out.
"""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from _toxicity_templates import misspelt, sentences
from tidegauge_evaluators._toxic_features import normalise
from tidegauge_evaluators._toxic_words import WORDS

NAN = float("nan")
SHARES = {
    "davidson": (0.10, 0.20),
    "surge": (0.15, 0.35),
    "spans": (0.10, 0.15),
    "clean": (0.10, 0.15),
    "hatemoji": (0.15, 0.20),
    "benign": (0.10, 0.20),
}
"""Source -> shares of validation and test; the rest trains."""
TRAINED = {
    "davidson": 6_000,
    "surge": 1_000,
    "spans": 3_000,
    "clean": 3_000,
    "hatemoji": 5_000,
    "benign": 3_500,
}
"""Most texts of a source that train the layers; Surge's few are all used twice."""
MADE, MADE_HELD_OUT = 7_000, 1_500
ALIKE = 0.6
"""Jaccard similarity of 4-letter pieces from which two texts are one."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text with its labels."""

    text: str
    """As published."""
    toxic: float
    """1, 0, or NaN = not known."""
    attack: float
    """Whether it attacks a group of people for who they are: 1, 0, NaN."""
    source: str
    split: str = ""
    """train, validation, test."""
    category: str = ""
    normal: str = ""
    """Normalised, as models read it."""


def load(data: Path, rng: np.random.Generator) -> dict[str, list[Text]]:
    """Read all sources and split them.

    Parameters
    ----------
    data
        Folder that holds ``toxicity/`` and ``text/``.
    rng
        Draws subsets, sentences of the grammar and misspellings.

    Returns
    -------
    dict
        Texts by split: train, validation, test.
    """
    split = _split(_real(data))
    split["train"] = _drawn(split["train"], rng) + _made(MADE, rng, held_out=False)
    split["validation"] += _made(MADE_HELD_OUT, rng, held_out=True)
    forbidden = [normalise(row["text"]) for row in rows(data / "toxicity" / "hatecheck.jsonl.gz")]
    for name in ("train", "validation"):
        kept = _unlike(split[name], forbidden)
        print(f"{name}: {len(split[name]) - len(kept)} texts near a HateCheck case dropped")
        split[name] = [replace(text, split=name) for text in kept]
    split["train"] = _roughened(split["train"], rng)
    return split


def held_out(data: Path) -> list[Text]:
    """Texts that neither train nor help to choose: the side ``test`` of every source."""
    return _split(_real(data))["test"]


def _real(data: Path) -> list[Text]:
    real = [*_davidson(data), *_surge(data), *_spans(data), *_hatemoji(data), *_benign(data)]
    folded = [replace(text, normal=normalise(text.text)) for text in real]
    return [text for text in folded if text.normal]


def _made(n: int, rng: np.random.Generator, *, held_out: bool) -> list[Text]:
    return [
        Text(m.text, m.toxic, m.identity_attack, "grammar", "", m.family, normalise(m.text))
        for m in sentences(n, rng, held_out=held_out)
    ]


def rows(path: Path) -> Iterator[dict[str, Any]]:
    """Read gzipped JSON Lines."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def _davidson(data: Path) -> Iterator[Text]:
    for row in rows(data / "toxicity" / "davidson_tweets.jsonl.gz"):
        hate = row["votes"]["hate_speech"]
        attack = 1.0 if row["category"] == "hate_speech" else NAN if hate else 0.0
        yield Text(row["text"], row["label"], attack, "davidson", category=row["category"])


def _surge(data: Path) -> Iterator[Text]:
    for row in rows(data / "toxicity" / "surge_social.jsonl.gz"):
        yield Text(row["text"], row["label"], NAN if row["label"] else 0.0, "surge")


def _spans(data: Path) -> Iterator[Text]:
    """Toxic posts, and apart from them their sentences without a toxic word."""
    for row in rows(data / "toxicity" / "toxic_spans_train.jsonl.gz"):
        yield Text(row["text"], 1.0, NAN, "spans")
        for found in re.finditer(r"[^.!?\n]+[.!?]*", row["text"]) if row["spans"] else ():
            touched = any(s < found.end() and e > found.start() for s, e in row["spans"])
            sentence = found.group().strip()
            rude = set(normalise(sentence).split()) & (WORDS["insult"] | WORDS["profanity"])
            if not touched and not rude and len(sentence.split()) > 4:
                yield Text(sentence, 0.0, 0.0, "clean")


def _hatemoji(data: Path) -> Iterator[Text]:
    for row in rows(data / "toxicity" / "hatemoji_build.jsonl.gz"):
        rude = set(normalise(row["text"]).split()) & (WORDS["insult"] | WORDS["profanity"])
        toxic = 1.0 if row["label"] else NAN if rude else 0.0
        yield Text(row["text"], toxic, row["label"], "hatemoji", category=row["category"])


def _benign(data: Path) -> Iterator[Text]:
    """Prompts, questions to a bank and an assistant, politicians' and private messages."""
    for name, most in (
        ("arena_hard_prompts", 1_200),
        ("banking77", 1_500),
        ("clinc150", 2_500),
        ("politician_tweets", 3_000),
        ("sms_spam", 3_000),
    ):
        for at, row in enumerate(rows(data / "text" / f"{name}.jsonl.gz")):
            words = set(normalise(row["text"]).split())
            rude = words & (WORDS["insult"] | WORDS["profanity"])
            if at < most and (not rude or name in {"arena_hard_prompts", "clinc150"}):
                yield Text(row["text"][:600], 0.0, 0.0, "benign", category=name)


def _split(texts: Sequence[Text]) -> dict[str, list[Text]]:
    """Give each near-duplicate group a side by its content, and keep one text of each label."""
    split: dict[str, list[Text]] = {"train": [], "validation": [], "test": []}
    for members in groups(texts):
        together = [texts[at] for at in members]
        validation, test = SHARES[together[0].source]
        draw = zlib.crc32(min(text.normal for text in together).encode()) / 2**32
        side = "test" if draw < test else "validation" if draw < test + validation else "train"
        seen = set()
        for text in together:
            pairs = text.source == "hatemoji"  # its near-duplicates differ on purpose
            key = text.normal if pairs else (text.source, str(text.toxic))
            if key not in seen:
                seen.add(key)
                split[side].append(replace(text, split=side))
    return split


def groups(texts: Sequence[Text]) -> list[list[int]]:
    """Positions of near-duplicates together; pairs written one after another count as such."""
    parent = list(range(len(texts)))

    def root(at: int) -> int:
        while parent[at] != at:
            parent[at] = parent[parent[at]]
            at = parent[at]
        return at

    pieces = [shingles(text.normal) for text in texts]
    for one, other in _candidates(pieces):
        if root(one) != root(other) and _alike(pieces[one], pieces[other]) >= ALIKE:
            parent[root(one)] = root(other)
    words = [set(text.normal.split()) for text in texts]
    for at, text in enumerate(texts):
        if text.source == "hatemoji":
            for other in range(at + 1, min(at + 8, len(texts))):
                if len(words[at] & words[other]) * 2 >= min(len(words[at]), len(words[other])):
                    parent[root(at)] = root(other)
    found: dict[int, list[int]] = defaultdict(list)
    for at in range(len(texts)):
        found[root(at)].append(at)
    return list(found.values())


def shingles(text: str) -> frozenset[int]:
    """Hashes of the 4-letter pieces of a text."""
    padded = f" {text} "
    return frozenset(zlib.crc32(padded[i : i + 4].encode()) for i in range(len(padded) - 3))


def _alike(one: frozenset[int], other: frozenset[int]) -> float:
    both = len(one & other)
    return both / max(len(one) + len(other) - both, 1)


def _candidates(pieces: Iterable[frozenset[int]]) -> Iterator[tuple[int, int]]:
    """Pairs that agree in a band of a MinHash signature (Broder 1997); seeded."""
    rng = np.random.default_rng(5)
    factors = rng.integers(1, 2**31, (24, 1)) * 2 + 1
    first: dict[tuple[int, bytes], int] = {}
    for at, found in enumerate(pieces):
        if not found:
            continue
        codes = np.fromiter(found, np.int64)[None, :]
        signature = ((codes * factors) % 4_294_967_291).min(axis=1).reshape(8, 3)
        for band, part in enumerate(signature):
            other = first.setdefault((band, part.tobytes()), at)
            if other != at:
                yield other, at


def _unlike(texts: Sequence[Text], forbidden: Sequence[str]) -> list[Text]:
    """Texts that are no near-duplicate of a forbidden one."""
    pieces = [shingles(text) for text in forbidden] + [shingles(text.normal) for text in texts]
    n, bad = len(forbidden), set()
    exact = set(forbidden)
    # Bands name only the first text of each bucket, so every forbidden one is asked by words too.
    holding: dict[int, list[int]] = defaultdict(list)
    for at in range(n):
        for piece in pieces[at]:
            holding[piece].append(at)
    for at in range(n, n + len(texts)):
        if texts[at - n].normal in exact:
            bad.add(at - n)
            continue
        if texts[at - n].source not in {"grammar", "hatemoji"}:
            continue
        shared: dict[int, int] = defaultdict(int)
        for piece in pieces[at]:
            for other in holding.get(piece, ()):
                shared[other] += 1
        size = len(pieces[at])
        if any(both / (size + len(pieces[o]) - both) >= 0.8 for o, both in shared.items()):
            bad.add(at - n)
    return [text for at, text in enumerate(texts) if at not in bad]


def _drawn(texts: Sequence[Text], rng: np.random.Generator) -> list[Text]:
    """At most so many of a source; of Davidson's all neutral and hateful ones first."""
    kept: list[Text] = []
    for source, most in TRAINED.items():
        of_source = [text for text in texts if text.source == source]
        if source == "surge":
            of_source = of_source * 2
        first = [text for text in of_source if source == "davidson" and _rare(text)]
        rest = [text for text in of_source if not (source == "davidson" and _rare(text))]
        order = rng.permutation(len(rest))[: max(most - len(first), 0)]
        kept += first + [rest[at] for at in order]
    return kept


def _rare(text: Text) -> bool:
    return text.toxic == 0 or text.attack == 1


def _roughened(texts: Sequence[Text], rng: np.random.Generator) -> list[Text]:
    """Misspell a tenth of the real ones, whatever their label."""
    return [
        replace(text, normal=normalise(misspelt(text.text, rng)))
        if text.source != "grammar" and rng.random() < 0.1
        else text
        for text in texts
    ]
