from __future__ import annotations

import pytest
import scipy.stats

from tidegauge.errors import NotApplicable, TooFewRows
from tidegauge.profile import CategoricalProfile
from tidegauge_evaluators.service.error_rate import error_rate

ANSWERED = CategoricalProfile.freeze([200] * 1_000)


def test_a_service_that_never_fails_makes_no_test() -> None:
    score = error_rate(ANSWERED, ANSWERED)
    assert (score.value, score.p_value, score.parts) == (0.0, None, ())
    assert score.interval is not None
    assert score.interval.high == pytest.approx(0.00368, abs=1e-5)  # 3.7 / n


def test_the_callers_faults_are_not_the_services() -> None:
    score = error_rate(ANSWERED, ANSWERED.lay([404] * 50 + [429] * 50 + [200] * 100))
    assert score.value == 0.0
    assert score.details["caller's faults (4xx)"] == 100.0


def test_columns_without_a_status_are_refused() -> None:
    with pytest.raises(NotApplicable):
        error_rate(ANSWERED, ANSWERED.lay([None] * 50))
    with pytest.raises(TooFewRows):
        error_rate(ANSWERED, ANSWERED.lay([200] * 19))


@pytest.mark.parametrize(
    "status",
    [
        500,
        503.0,
        "599",
        "503 Service Unavailable",
        " ERROR ",
        "Failed",
        "timeout",
        "KO",
        False,
        "STATUS_CODE_ERROR",
        "exception",
    ],
)
def test_statuses_that_mean_failure(status: object) -> None:
    assert error_rate(ANSWERED, CategoricalProfile.freeze([status] * 20)).value == 1.0


@pytest.mark.parametrize(
    "status", [200, 204, 302, 404, 499, 5, 50, 5000, "ok", "", "5 errors", True, "no error", 999]
)
def test_statuses_that_do_not(status: object) -> None:
    assert error_rate(ANSWERED, CategoricalProfile.freeze([status] * 20)).value == 0.0


def test_share_over_known_and_new_statuses_by_hand() -> None:
    baseline = CategoricalProfile.freeze([200] * 98 + [500] * 2)
    rows = ["200"] * 90 + ["500"] * 4 + ["503"] * 3 + ["error"] * 3 + [None] * 25
    score = error_rate(baseline, baseline.lay(rows))
    assert (score.value, score.baseline, score.n_current) == (0.1, 0.02, 100)
    assert [(part.label, part.baseline, part.current) for part in score.parts] == [
        ("500", 2, 4),
        ("503", 0, 3),
        ("error", 0, 3),
    ]
    assert score.details["rows without a status"] == 25.0
    assert score.p_value == pytest.approx(
        scipy.stats.fisher_exact([[10, 90], [2, 98]]).pvalue, rel=1e-6
    )


def test_the_suite_can_name_its_own_errors() -> None:
    rows = CategoricalProfile.freeze(["OK"] * 90 + ["Rejected"] * 5 + ["404"] * 5)
    assert error_rate(rows, rows, errors=["rejected", "4xx"]).value == pytest.approx(0.1)
