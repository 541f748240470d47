"""Comparisons made by hand: every decision, with hostile text where it is asked for."""

from __future__ import annotations

from typing import Any

from tidegauge.comparison import (
    Comparison,
    Contrast,
    Decision,
    Difference,
    Disagreement,
    Margin,
    Mismatch,
    Mix,
    Pairing,
    Unadjusted,
)
from tidegauge.records import Card, Information, Interval, Policy, Side

DECISIONS: tuple[Decision, ...] = (
    "worse", "better", "no_worse", "not_shown", "too_few", "not_compared", "error",
)  # fmt: skip


def card(title: str, better: str, unit: str) -> Card:
    return Card(
        title=title, explain=f"What {title} is.", reads=("numeric",), on="x",
        better=better, unit=unit, reference="Somebody 1999",  # type: ignore[arg-type]
    )  # fmt: skip


CARDS = {
    "performance.accuracy": card("Accuracy", "higher", "share of rows"),
    "service.latency_p95": card("Latency, 95th percentile", "lower", "milliseconds"),
    "cost_usd": card("Mean of cost_usd", "lower", ""),
}


def difference(metric: str, decision: Decision, **given: Any) -> Difference:
    if decision in ("too_few", "not_compared", "error"):
        because = f"{metric}: there is nothing"
        return Difference(metric=metric, evaluator="", decision=decision, because=because, **given)
    sign = {"worse": 1.0, "better": -1.0}.get(decision, 0.1)
    contrast = Contrast(
        change=0.05 * sign, interval=Interval(0.05 * sign - 0.02, 0.05 * sign + 0.02), p_value=0.01,
        error=0.01, errors=(0.02, 0.02), correlation=0.8, n=1_000, groups=200, gained=30, lost=80,
        method="McNemar over groups, mid-p",
    )  # fmt: skip
    settings: dict[str, Any] = {
        "baseline": 0.8, "candidate": 0.8 + 0.05 * sign, "contrast": contrast, "adjusted_p": 0.02,
        "detectable": 0.028,
    }  # fmt: skip
    return Difference(
        metric=metric, evaluator=metric, decision=decision, because=f"{metric} moved",
        **(settings | given),
    )  # fmt: skip


def build(shout: str = "", **given: Any) -> Comparison:
    names = [*CARDS][:3]
    overall = [difference(names[i % 3], decision) for i, decision in enumerate(DECISIONS)]
    overall[0] = difference(
        names[0], "worse", margin=Margin(bound=0.01), allowed=0.01,
        unadjusted=Unadjusted(baseline=0.7, candidate=0.8, change=0.1),
    )  # fmt: skip
    parts = [difference(names[0], d, slice=f"region={shout}north") for d in DECISIONS[:4]]
    settings: dict[str, Any] = {
        "suite": f"credit{shout}",
        "comparison_id": "4f2a",
        "created": "2026-01-08T06:00:12+00:00",
        "outcome": "critical",
        "because": f"The candidate is worse: accuracy{shout}.",
        "baseline": Side(source=f"prod{shout}.parquet", n=1_000, digest="9f86"),
        "candidate": Side(source=f"new{shout}.parquet", n=1_010, digest="6030"),
        "pairing": Pairing(
            design="paired",
            by="id",
            because=f"1,000 rows that both models answered{shout}.",
            pairs=1_000,
            only_candidate=10,
            inputs=(Mismatch(column=f"x{shout}", rows=2, examples=((f"7{shout}", "1", shout),)),),
            groups="user",
        ),
        "policy": Policy(),
        "cards": CARDS,
        "differences": (*overall, *parts),
        "disagreements": tuple(
            Disagreement(
                id=f"{favours}{shout}",
                favours=favours,  # type: ignore[arg-type]
                metric=names[0],
                gain=gain,
                asked={
                    "prompt": f"a long question {shout} that nobody answers at once",
                    "truth": "1",
                },
                baseline={"prediction": f"no{shout}"},
                candidate={"prediction": "yes", f"role{shout}": shout},
                sensitive=gain < 0,
            )
            for favours, gain in (("candidate", 1.0), ("baseline", -0.4))
        ),
        "notes": (f"a note{shout}",),
        "versions": {"tidegauge": "0.1.0"},
        "seconds": {"read": 0.1},
    }
    return Comparison(**(settings | given))


def unpaired(shout: str = "") -> Comparison:
    mix = Mix(
        effective_baseline=612.4,
        effective_candidate=880.0,
        overlap=0.93,
        drift=Information(about="side and inputs", value=0.17, z=28.0),
        columns=((f"income{shout}", 0.3),),
        assumes="what makes rows harder was logged",
        method="overlap weights",
    )
    return build(shout, mix=mix, pairing=Pairing(design="unpaired", because="other rows"))
