"""How many texts a second, from cache, and in how much memory; beside what is common.

A log whose lengths are mixed log-normally is scored by a classifier shaped like BERT base, with
random weights in Detoxify's own format, and encoded by the packaged MiniLM. Beside them, in turn
in one process: ``Detoxify.predict`` in batches of 32 and ``SentenceTransformer.encode`` with its
defaults. Weights do not change how long a product of matrices takes.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from _output import Spread, machine, parse_sizes, print_table, short, write_json

HERE = Path(__file__).parent
MEDIAN, SIGMA, MOST = 40, 1.0, 508
"""Tokens of a text: the median, the standard deviation of the logarithm, the longest."""
BATCH = 32
HEADS = ["toxic", "severe_toxic", "obscene", "threat", "insult", "identity_hate"]
DETOXIFY_LEAST, ENCODER_LEAST, CACHE_LEAST, MEMORY_MOST = 6.0, 2.5, 50.0, 1.25
FAST = {"toxicity.embedded": {"fast": True}}
"""Scorer whose memory is watched: what a scorer itself holds must not hide what rows add."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """A way of scoring the log."""

    name: str
    seconds: Spread
    cpu: Spread
    per_second: float
    ratio: Spread
    """Seconds of the common way over these, round by round."""
    cpu_ratio: Spread
    """The same of processor time, which a busy machine disturbs less."""
    off: str = ""
    """How far its numbers are from those of the common way."""


def make_texts(count: int, seed: int = 0) -> list[str]:
    """Texts of whole words that the tokenizer knows, so that words are tokens."""
    rng = np.random.default_rng(seed)
    lines = (packaged() / "vocab.txt").read_text(encoding="utf-8").splitlines()
    words = np.array([word for word in lines if word.isascii() and word.isalpha()])
    lengths = np.clip(rng.lognormal(np.log(MEDIAN), SIGMA, count), 3, MOST).astype(int)
    return [" ".join(words[rng.zipf(1.3, n) % len(words)]) for n in lengths]


def packaged() -> Path:
    """Folder of the packaged MiniLM, whose vocabulary is that of BERT."""
    from tidegauge.models import Shelf

    return Shelf().find("minilm").path


def write_model(folder: Path) -> Path:
    """Write a classifier shaped like BERT base in Detoxify's format, unless it is there."""
    import torch
    import transformers

    file = folder / "random.ckpt"
    if file.exists():
        return file
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = transformers.BertTokenizer(vocab=str(packaged() / "vocab.txt"))
    tokenizer.model_max_length = 512
    tokenizer.save_pretrained(folder)
    config = transformers.AutoConfig.for_model("bert", num_labels=len(HEADS))
    config.save_pretrained(folder)
    torch.manual_seed(0)
    auto: Any = transformers.AutoModelForSequenceClassification
    model = auto.from_config(config)
    torch.nn.init.normal_(model.classifier.weight, std=0.5)  # outputs that texts tell apart
    arch = {
        "num_classes": len(HEADS),
        "model_type": str(folder),
        "model_name": "BertForSequenceClassification",
        "tokenizer_name": "BertTokenizer",
    }
    stated = {"arch": {"args": arch}, "dataset": {"args": {"classes": HEADS}}}
    torch.save({"state_dict": model.state_dict(), "config": stated}, file)
    return file


def timed(work: Callable[[], Any]) -> tuple[float, float, Any]:
    """Wall and processor seconds of some work, and what it gave."""
    wall, cpu = time.perf_counter(), time.process_time()
    made = work()
    return time.perf_counter() - wall, time.process_time() - cpu, made


def in_turn(
    ways: dict[str, Callable[[], Callable[[], Any]]], rounds: int, count: int
) -> tuple[list[Speed], dict[str, Any]]:
    """Time ways A B A B ...; each is made ready anew, outside the clock. The first is common."""
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    made: dict[str, Any] = {}
    for i in range(rounds):
        for name, ready in ways.items():
            wall, cpu, made[name] = timed(ready())
            taken[name].append((wall, cpu))
            print(f"  round {i + 1}, {name}: {wall:.1f} s", flush=True)
    common = next(iter(taken.values()))
    return [
        Speed(
            name=name,
            seconds=Spread.of([wall for wall, _ in times]),
            cpu=Spread.of([cpu for _, cpu in times]),
            per_second=count / Spread.of([wall for wall, _ in times]).median,
            ratio=Spread.of([c[0] / t[0] for c, t in zip(common, times, strict=True)]),
            cpu_ratio=Spread.of([c[1] / t[1] for c, t in zip(common, times, strict=True)]),
        )
        for name, times in taken.items()
    ], made


def our_numbers(scorer: Any, texts: Sequence[str], cache: Any = None) -> Any:
    """Score texts as a run does, shape (texts, heads)."""
    from tidegauge.scoring import score_rows

    parts = score_rows(({"text": text} for text in texts), scorer, cache=cache)
    joined = [outcome.joined for part in parts for outcome in part.outcomes]
    return np.array([one.values[: len(HEADS)] for one in joined if one is not None])


def loaded_scorer(folder: Path, precision: str) -> Any:
    """Load our scorer and run one text, so that no loading is timed."""
    from tidegauge.models import Shelf
    from tidegauge_evaluators.toxicity.detoxify import detoxify

    scorer = detoxify(shelf=Shelf(), model=str(folder), precision=precision)
    our_numbers(scorer, ["ready"])
    return scorer


def classifier_speeds(folder: Path, texts: Sequence[str], rounds: int) -> list[Speed]:
    """Compare with ``Detoxify.predict`` in batches of 32, in the order of the log."""
    from tidegauge.models import best_device, gains_from_bfloat16

    device = best_device()
    detoxify: Any = import_module("detoxify")  # it has no types
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        package = detoxify.Detoxify(
            checkpoint=str(folder / "random.ckpt"),
            huggingface_config_path=str(folder),
            device=device,
        )
    package.predict(["ready"] * 2)

    def theirs() -> Any:
        batches = [texts[at : at + BATCH] for at in range(0, len(texts), BATCH)]
        found = [package.predict(list(batch)) for batch in batches]
        return np.concatenate(
            [np.stack([np.atleast_1d(part[head]) for head in part], axis=1) for part in found]
        )

    precisions = ["float32", *(["bfloat16"] if gains_from_bfloat16(device) else [])]
    ways: dict[str, Callable[[], Callable[[], Any]]] = {
        f"Detoxify.predict, batches of {BATCH}": lambda: theirs
    }
    for precision in precisions:

        def ready(precision: str = precision) -> Callable[[], Any]:
            scorer = loaded_scorer(folder, precision)
            return lambda: our_numbers(scorer, texts)

        ways[f"toxicity.detoxify, {precision}"] = ready
    speeds, made = in_turn(ways, rounds, len(texts))
    common, *ours = made.values()
    return [
        speeds[0],
        *(
            replace(one, off=f"scores differ by at most {np.abs(common - found).max():.1e}")
            for one, found in zip(speeds[1:], ours, strict=True)
        ),
    ]


def encoder_speeds(texts: Sequence[str], rounds: int) -> list[Speed]:
    """Compare with ``SentenceTransformer.encode`` and its defaults."""
    from sentence_transformers import SentenceTransformer

    from tidegauge.models import Shelf, best_device
    from tidegauge_evaluators._encoder import sentence_encoder

    package = SentenceTransformer(str(packaged()), local_files_only=True, device=best_device())
    package.encode(["ready"])
    ours = sentence_encoder(Shelf())
    ours.encode(["ready"])
    ways: dict[str, Callable[[], Callable[[], Any]]] = {
        "SentenceTransformer.encode": lambda: (
            lambda: package.encode(list(texts), normalize_embeddings=True, show_progress_bar=False)
        ),
        f"our encoder, {ours.dtype}": lambda: lambda: ours.encode(texts),
    }
    speeds, made = in_turn(ways, rounds, len(texts))
    one, other = made.values()
    least = float((np.asarray(one) * other).sum(axis=1).min())
    return [speeds[0], replace(speeds[1], off=f"smallest cosine {least:.6f}")]


def padding(texts: Sequence[str], folder: Path) -> dict[str, float]:
    """Tokens that each way multiplies, over those that the texts have."""
    from tidegauge.scoring.batches import fitting

    model = loaded_scorer(folder, "float32").model
    sizes = np.array([model.size((text,)) for text in texts])
    theirs = sum(
        len(part) * part.max() for part in np.split(sizes, range(BATCH, len(sizes), BATCH))
    )
    ordered, at, ours = np.sort(sizes)[::-1], 0, 0
    while at < len(ordered):
        count = min(fitting(int(ordered[at]), model.budget), len(ordered) - at)
        ours += count * int(ordered[at])
        at += count
    return {"theirs": float(theirs / sizes.sum()), "ours": float(ours / sizes.sum())}


def cache_ratio(folder: Path, texts: Sequence[str]) -> dict[str, float]:
    """Seconds of a first run, which fills a cache, and of a second one, which reads it."""
    from tidegauge.scoring import Cache

    with tempfile.TemporaryDirectory() as place:
        seconds = []
        for _ in range(2):
            scorer = loaded_scorer(folder, "auto")
            cache = Cache(Path(place) / "scores.sqlite")
            seconds.append(timed(lambda s=scorer, c=cache: our_numbers(s, texts, c))[0])  # type: ignore[misc]
            cache.close()
    return {"first": seconds[0], "second": seconds[1], "ratio": seconds[0] / seconds[1]}


def score_many(count: int) -> None:
    """Score so many different texts in this process, and print its peak memory in MB."""
    import resource

    from tidegauge.models import Shelf
    from tidegauge.scoring import Asked, Cache, load, score_rows

    ((name, settings),) = FAST.items()
    scorer = load(Asked(name=name, column=name, settings=settings), Shelf())

    def rows() -> Iterator[dict[str, str]]:
        for start in range(0, count, 5_000):
            many = min(5_000, count - start)
            for i, text in enumerate(make_texts(many, seed=start)):
                yield {"text": f"{text} {start + i}"}

    with tempfile.TemporaryDirectory() as place:
        cache = Cache(Path(place) / "scores.sqlite")
        began = time.perf_counter()
        done = sum(part.tally.ok for part in score_rows(rows(), scorer, cache=cache))
        took = time.perf_counter() - began
        cache.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{done} {peak:.1f} {took:.1f}")


def memory(sizes: Sequence[int]) -> list[dict[str, float]]:
    """Peak memory of a process of its own for each number of texts."""
    found = []
    for size in sizes:
        child = [sys.executable, str(Path(__file__)), "--child", str(size)]
        said = subprocess.run(child, capture_output=True, text=True, check=True, env={**os.environ})
        done, peak, took = map(float, said.stdout.split())
        found.append({"texts": size, "scored": done, "peak_mb": peak, "seconds": took})
        print(f"  {short(size)} texts: {peak:.0f} MB, {took:.0f} s", flush=True)
    return found


def verdict(value: float, bound: float, *, most: bool = False) -> str:
    """State a bound and whether it is met."""
    holds = value <= bound if most else value >= bound
    return f"{'<=' if most else '>='} {bound:g}: {'met' if holds else 'MISSED'}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=int, default=600, help="texts of the log")
    parser.add_argument("--rounds", type=int, default=3, help="counted rounds")
    parser.add_argument("--memory", type=parse_sizes, default=parse_sizes("10k,50k,200k"))
    parser.add_argument("--cache", type=Path, default=HERE / ".cache", help="folder for the model")
    parser.add_argument("--only", help="of classifier, encoder, cache, memory; with commas")
    parser.add_argument(
        "--threads", type=int, help="torch's threads; 1 where others use the machine too"
    )
    parser.add_argument("--child", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        score_many(options.child)
        return
    wanted = (options.only or "classifier,encoder,cache,memory").split(",")
    print(f"{machine()}\n{options.texts} texts, median {MEDIAN} tokens, sigma {SIGMA}")
    figures: dict[str, Any] = {"texts": options.texts, "median": MEDIAN, "sigma": SIGMA}
    # first, because a child's peak memory is never reported below its parent's
    if "memory" in wanted:
        figures["memory"] = memory(options.memory)
    if options.threads:
        import_module("torch").set_num_threads(options.threads)
    texts = make_texts(options.texts)
    folder = options.cache.resolve() / "bert-base-random"
    if {"classifier", "cache"} & set(wanted):
        write_model(folder)
    bounds = {"classifier": DETOXIFY_LEAST, "encoder": ENCODER_LEAST}
    tables: dict[str, list[Speed]] = {}
    if "classifier" in wanted:
        figures["padding"] = padding(texts, folder)
        tables["classifier"] = classifier_speeds(folder, texts, options.rounds)
    if "encoder" in wanted:
        tables["encoder"] = encoder_speeds(texts, options.rounds)
    for name, speeds in tables.items():
        head = (name, "seconds", "texts/s", "x", "x in CPU time", "target", "")
        lines = [
            (
                one.name,
                one.seconds.text(1),
                f"{one.per_second:.1f}",
                one.ratio.text() if i else "",
                one.cpu_ratio.text() if i else "",
                verdict(one.ratio.median, bounds[name]) if i else "",
                one.off,
            )
            for i, one in enumerate(speeds)
        ]
        print_table(f"{name}: median (least-most)", head, lines)
        figures[name] = [asdict(one) for one in speeds]
    if "padding" in figures:
        wasted = figures["padding"]
        print(
            f"tokens multiplied per token of text: {wasted['theirs']:.2f} in the log's order, "
            f"{wasted['ours']:.2f} sorted; sorting alone is worth "
            f"{wasted['theirs'] / wasted['ours']:.2f} x on a log like this"
        )
    if "cache" in wanted:
        kept = figures["cache"] = cache_ratio(folder, texts)
        print(
            f"\nsecond run from cache: {kept['second']:.2f} s after {kept['first']:.1f} s, "
            f"{kept['ratio']:.0f} x; {verdict(kept['ratio'], CACHE_LEAST)}"
        )
    if "memory" in wanted and len(figures["memory"]) > 1:
        peaks = [one["peak_mb"] for one in figures["memory"]]
        growth = peaks[-1] / peaks[0]
        print(
            f"\npeak memory, {short(options.memory[-1])} over {short(options.memory[0])} texts: "
            f"{growth:.2f}; {verdict(growth, MEMORY_MOST, most=True)}"
        )
    write_json("text_speed", figures)


if __name__ == "__main__":
    main()
