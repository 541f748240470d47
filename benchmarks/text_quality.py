"""Quality of the embedded models on texts they never saw: ``python benchmarks/text_quality.py``.

Prints one table a topic with 95 % intervals and baselines, says which targets are missed, and
writes ``results/text_quality.json``.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import _quality_groundedness as groundedness
from _output import print_table, write_json

BESIDE = Path(__file__).parents[2] / "shared" / "data"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=BESIDE, help="groundedness/ and toxicity/")
    parser.add_argument("--only", choices=("groundedness", "toxicity"))
    parser.add_argument("--without-hatecheck", action="store_true", help="while still choosing")
    asked = parser.parse_args(arguments)
    figures: dict[str, Any] = {}
    if asked.only != "toxicity":
        figures["groundedness"] = of_groundedness(asked.data)
    if asked.only != "groundedness":
        figures["toxicity"] = of_toxicity(asked.data, hatecheck=not asked.without_hatecheck)
    write_json("text_quality" if asked.only is None else f"text_quality_{asked.only}", figures)


def of_groundedness(data: Path) -> dict[str, Any]:
    found, speed = groundedness.rows(data)
    print_table("Groundedness, embedded", groundedness.HEAD, [groundedness.cells(f) for f in found])
    for variant, rate in speed.items():
        print(f"{variant}: {rate:.0f} responses per second")
    said = groundedness.missed(found)
    print("\n".join(said) if said else "every target met")
    return {
        "results": [asdict(one) for one in found],
        "responses_per_second": speed,
        "targets_missed": said,
    }


def of_toxicity(data: Path, *, hatecheck: bool) -> dict[str, Any]:
    import _quality_toxicity as toxicity

    found = toxicity.rows(data, hatecheck=hatecheck)
    print_table("Toxicity, embedded", toxicity.HEAD, [toxicity.cells(one) for one in found])
    area = {(one.test, one.variant): one.auroc for one in found}
    best = "layers and n-grams" if any("layers" in v for _, v in area) else "n-grams alone"
    said = [
        f"{name}: AUROC {area[name, best]:.3f} is below {target}"
        for name, target in toxicity.TARGETS.items()
        if (name, best) in area and (area[name, best] or 0.0) < target
    ]
    print("\n".join(said) if said else "every target met")
    return {"results": [asdict(one) for one in found], "targets_missed": said}


if __name__ == "__main__":
    main()
