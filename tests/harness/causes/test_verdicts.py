"""The rules by which a mechanism is named, one by one."""

from __future__ import annotations

from typing import Any, Literal

import pytest

from tidegauge.causes.verdicts import dearest, of_step
from tidegauge.findings import Carrier, Checked, Step, Weakened
from tidegauge.records import Information, Interval, Mechanism, Segment, Shape

Way = Literal["apart", "through", "either"]


def step(
    way: Way,
    *,
    z: float = 10.0,
    nats: float = 0.05,
    moved: tuple[str, ...] = (),
    weakened: Weakened | None = None,
) -> Step:
    """One cause, by how the other columns behave and how far it moved itself."""
    whole = Information(about="a", value=nats, z=z)
    first = Carrier(columns=("a",), marginal=whole, conditional=whole, score=1.0, rank_one=1.0)
    return Step(
        columns=("a",), way=way, share=1.0, interval=Interval(1.0, 1.0), residual=whole,
        rank_one=1.0, ranked=(first,), moved=moved, weakened=weakened,
    )  # fmt: skip


def shape(name: str, fit: float = 1.0, *, exact: bool = False, **params: Any) -> Shape:
    return Shape(name=name, params=params, fit=fit, exact=exact, said=name)


def less(share: float, p_value: float = 0.5) -> Weakened:
    """Correlations that are less by a share, and how like each other they shrank."""
    return Weakened(share=share, error=0.05, p_value=p_value)


def check(z: float) -> Checked:
    return Checked(gain=z / 100, z=z, rows=1_000)


@pytest.mark.parametrize(
    ("one", "rule", "truth", "verdict"),
    [
        pytest.param(step("apart", z=0.0), shape("shuffle", 0.97), None, "misaligned", id="mixed"),
        pytest.param(
            step("apart", z=0.0), shape("shuffle", 0.6), None, "covariate", id="depends-otherwise"
        ),
        pytest.param(step("apart", z=0.0), None, None, "covariate", id="no-rule-of-values"),
        pytest.param(
            step("apart", z=0.0, weakened=less(0.3)), None, None, "misaligned", id="let-go-alike"
        ),
        pytest.param(
            step("apart", z=0.0, weakened=less(0.3)),
            shape("shuffle", 0.6),
            None,
            "misaligned",
            id="let-go-alike-and-mixed-in-part",
        ),
        pytest.param(
            step("apart", z=0.0, weakened=less(0.3, 1e-6)),
            shape("shuffle", 0.97),
            None,
            "covariate",
            id="let-go-of-some-more-than-of-others",
        ),
        pytest.param(
            step("apart", z=0.0, weakened=less(2.0)),
            shape("shuffle", 0.97),
            None,
            "covariate",
            id="turned-over",
        ),
        pytest.param(
            step("apart", weakened=less(0.3)), None, None, "covariate", id="moved-by-itself"
        ),
        pytest.param(
            step("either", z=0.0, weakened=less(0.3)),
            shape("noise"),
            None,
            "undetermined",
            id="noise-weakens-too",
        ),
        pytest.param(
            step("either", weakened=less(0.3, 1e-6)),
            None,
            None,
            "covariate",
            id="depends-on-some-otherwise",
        ),
        pytest.param(
            step("either"), shape("merge", 0.95), None, "distortion", id="two-levels-are-one"
        ),
        pytest.param(step("apart", z=0.0), shape("noise"), None, "distortion", id="noise"),
        pytest.param(step("apart"), shape("bias", 0.8), None, "distortion", id="nobody-followed"),
        pytest.param(
            step("apart"), shape("bias", 0.95), check(-5), "covariate", id="truth-went-along"
        ),
        pytest.param(
            step("apart"), shape("bias", 0.6), check(-5), "distortion", id="repair-was-wrong"
        ),
        pytest.param(
            step("through"), shape("scale"), check(5), "distortion", id="truth-did-not-go-along"
        ),
        pytest.param(
            step("through", moved=("b",)), shape("scale"), check(5), "covariate", id="followed"
        ),
        pytest.param(step("through"), shape("scale"), None, "covariate", id="a-natural-shift"),
        pytest.param(
            step("through"), shape("unit", exact=True), None, "distortion", id="a-constant-met"
        ),
        pytest.param(
            step("either"), shape("sentinel", fresh=1.0), None, "distortion", id="a-new-constant"
        ),
        pytest.param(
            step("either"), shape("sentinel", fresh=0.0), None, "undetermined", id="a-known-value"
        ),
        pytest.param(step("either"), shape("bias"), None, "undetermined", id="sensor-or-world"),
        pytest.param(
            step("either", nats=0.6), shape("bias"), None, "distortion", id="never-there-before"
        ),
    ],
)
def test_what_became_of_a_column(
    one: Step, rule: Shape | None, truth: Checked | None, verdict: Mechanism
) -> None:
    assert of_step(one, rule, truth) == verdict


def segment(share: float, p_value: float | None) -> Segment:
    return Segment(
        where="a = b", columns=("a",), excess=0.1, share=share, support=0.2, p_value=p_value, n=100
    )


def test_the_dearest_rows_are_the_surest_and_where_asked_those_that_hold_nearly_all() -> None:
    slight, sure, whole, untested = (
        segment(0.9, 0.01), segment(0.5, 1e-30), segment(0.95, 1e-9), segment(1.0, None)
    )  # fmt: skip
    assert dearest([slight, whole, sure, untested]) is sure
    assert dearest([slight, sure, whole, untested], confined=True) is whole
    assert dearest([slight, untested]) is None
    assert dearest([sure], confined=True) is None
    assert dearest([]) is None
