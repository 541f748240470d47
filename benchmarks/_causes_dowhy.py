"""What dowhy says of a change of a mean, the true graph given to it."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from _causes_peers import explained
from _causes_planted import Planted
from tidegauge.records import Cause, Decomposition, Explanation


def dowhy_answer(planted: Planted, seed: int) -> Explanation:
    """Ask ``distribution_change`` for the difference of the means, which suits it best."""
    gcm = import_module("dowhy.gcm")  # untyped, and not always there

    before, now = frames(planted)
    gcm.util.general.set_random_seed(seed)
    model = gcm.ProbabilisticCausalModel(graph_of(planted))
    gcm.auto.assign_causal_mechanisms(model, before)
    shares = gcm.distribution_change(
        model, before, now, planted.of,
        difference_estimation_func=lambda old, new: float(np.mean(new) - np.mean(old)),
    )  # fmt: skip
    return answer_of(planted, shares)


def dowhy_robust_answer(planted: Planted, seed: int) -> Explanation:
    """Ask ``distribution_change_robust``, as it comes."""
    gcm = import_module("dowhy.gcm")  # untyped, and not always there

    before, now = frames(planted)
    gcm.util.general.set_random_seed(seed)
    model = gcm.ProbabilisticCausalModel(graph_of(planted))
    shares = gcm.distribution_change_robust(model, before, now, planted.of)
    return answer_of(planted, shares)


def graph_of(planted: Planted) -> Any:
    """Hand the true graph over."""
    networkx = import_module("networkx")

    parents = planted.parents or {}
    graph = networkx.DiGraph()
    graph.add_nodes_from(parents)
    graph.add_edges_from((a, name) for name, above in parents.items() for a in above)
    return graph


def frames(planted: Planted) -> tuple[Any, Any]:
    """Lay both sides out as frames."""
    import pandas as pd

    case = planted.case
    whole = pd.DataFrame({name: case[name].values for name in case.features})
    return whole[~case.current], whole[case.current]


def answer_of(planted: Planted, shares: dict[str, float]) -> Explanation:
    """Name what has at least a twentieth of the change, by size."""
    case = planted.case
    number = case[planted.of].values
    before, now = (float(number[side].mean()) for side in (~case.current, case.current))
    parts = tuple(
        Cause(factor=name, columns=(name,), share=float(part) / (now - before), because="dowhy")
        for name, part in sorted(shares.items(), key=lambda item: -abs(item[1]))
    )
    answer = explained(tuple(p for p in parts if abs(p.share) >= 0.05), "covariate", case)
    split = Decomposition(of=planted.of, baseline=before, current=now, parts=parts)
    return Explanation(of=answer.of, verdict=answer.verdict, because=answer.because,
                       causes=answer.causes, decomposition=split, n_baseline=case.n_baseline,
                       n_current=case.n_current)  # fmt: skip
