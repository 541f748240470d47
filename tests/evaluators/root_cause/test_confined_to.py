from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tidegauge.case import Case, case_of
from tidegauge.errors import NotApplicable
from tidegauge_evaluators.root_cause.confined_to import confined_to

HOSTS = ("a", "b", "c", "d")


def logged(rows: int, seed: int, **settings: Any) -> Case:
    """As many rows a side, each of a host; a and b stand in the north."""
    rng = np.random.default_rng(seed)
    host = rng.choice(HOSTS, 2 * rows, p=(0.4, 0.3, 0.2, 0.1))
    region = np.where(np.isin(host, ["a", "b"]), "north", "south")
    version = rng.choice(["v1", "v2"], 2 * rows)
    columns = {
        "host": host,
        "region": region,
        "version": version,
        "size": rng.normal(size=2 * rows),
    }
    return case_of(columns, np.arange(2 * rows) >= rows, **settings)


def flags(case: Case, seed: int, shares: dict[str, float], before: float = 0.02) -> Any:
    """Rows flagged: a share of each host's current rows, the same few of all earlier ones."""
    rng = np.random.default_rng([seed, 1])  # not what drew the hosts
    share = np.array([shares.get(str(host), before) for host in case["host"].texts])
    return (rng.random(case.n) < np.where(case.current, share, before)).astype(float)


def test_nothing_changed_is_confined_to_nothing() -> None:
    case = logged(2_000, 1)
    assert confined_to(case, flags(case, 1, {}), ["host", "region", "version"]) is None
    assert confined_to(case, np.zeros(case.n), ["host"]) is None
    assert confined_to(case, np.full(case.n, np.nan), ["host"]) is None


def test_a_change_everywhere_is_confined_to_nothing() -> None:
    case = logged(2_000, 2)
    assert confined_to(case, flags(case, 2, dict.fromkeys(HOSTS, 0.2)), ["host", "region"]) is None


def test_columns_that_are_no_categories_are_passed_over() -> None:
    case = logged(500, 3)
    assert confined_to(case, flags(case, 3, {"b": 0.5}), ["size", "nowhere"]) is None
    assert confined_to(case, flags(case, 3, {"b": 0.5}), []) is None


def test_numbers_of_other_rows_are_refused() -> None:
    with pytest.raises(NotApplicable, match="7 numbers for 200 rows"):
        confined_to(logged(100, 4), np.zeros(7), ["host"])


def test_few_rows_are_confined_to_nothing() -> None:
    case = logged(15, 5)
    assert confined_to(case, case.current.astype(float), ["host"]) is None


def test_the_host_is_named_and_not_its_region() -> None:
    case = logged(3_000, 6)
    found = confined_to(case, flags(case, 6, {"b": 0.3}), ["region", "version", "host"])
    assert found is not None
    assert (found.where, found.columns) == ("host = b", ("host",))
    assert found.share > 0.9
    assert found.interval is not None
    assert found.interval.low < 0.28 < found.interval.high
    assert found.p_value is not None
    assert found.p_value < 1e-6
    inside = np.array(case["host"].texts) == "b"
    assert found.n == np.count_nonzero(inside & case.current)
    assert found.support == pytest.approx(found.n / 3_000)
    assert found.support_baseline == pytest.approx(np.count_nonzero(inside[:3_000]) / 3_000)


def test_change_and_share_by_hand() -> None:
    host = np.array((["b"] * 100 + ["a"] * 300) * 2)
    now = np.arange(800) >= 400
    flagged = np.zeros(800)
    flagged[:10] = 1.0  # 10 % of b before
    flagged[400:450] = 1.0  # 50 % of b now
    flagged[500:503] = 1.0  # 1 % of a now
    found = confined_to(case_of({"host": host}, now), flagged, ["host"])
    assert found is not None
    assert found.excess == pytest.approx(0.4)
    assert found.share == pytest.approx(40 / 43)


def test_the_region_is_named_where_all_its_hosts_changed() -> None:
    case = logged(3_000, 7)
    found = confined_to(case, flags(case, 7, {"a": 0.2, "b": 0.2}), ["host", "region"])
    assert found is not None
    assert found.where == "region = north"


def test_rows_without_a_value_are_a_value() -> None:
    case = logged(2_000, 8)
    values = case["host"].values.copy()
    values[values == 1.0] = np.nan
    found = confined_to(case.with_values("host", values), flags(case, 8, {"b": 0.4}), ["host"])
    assert found is not None
    assert found.where == "host = missing"


def test_what_is_beyond_expected_is_given_of_current_rows_alone() -> None:
    case = logged(3_000, 9)
    beyond = flags(case, 9, {"b": 0.3})[case.current] - 0.02
    found = confined_to(case, beyond, ["host", "region", "version"])
    assert found is not None
    assert found.where == "host = b"


def test_rows_of_a_block_are_one_draw() -> None:
    alarms = [0, 0]
    for seed in range(30):
        rng = np.random.default_rng(seed)
        blocks = np.repeat(np.arange(120), 20)
        host = rng.choice(["a", "b"], 120)[blocks]
        now = blocks >= 60
        values = rng.normal(size=120)[blocks] + 3.0 * now * (host == "b") * 0.0
        alone = case_of({"host": host}, now)
        together = case_of({"host": host}, now, blocks=blocks)
        alarms[0] += confined_to(alone, values, ["host"]) is not None
        alarms[1] += confined_to(together, values, ["host"]) is not None
    assert alarms[1] <= 4 < alarms[0]


@pytest.mark.slow
def test_false_alarms_are_below_nominal_whatever_is_asked() -> None:
    case = logged(1_000, 10)
    found = [
        confined_to(case, flags(case, seed, {}, 0.1), ["host", "region", "version"])
        for seed in range(300)
    ]
    assert sum(one is not None for one in found) <= 25  # 5 % of 300 is 15


def test_a_change_of_a_tenth_is_found_and_its_interval_covers() -> None:
    named = covered = 0
    for seed in range(60):
        case = logged(2_000, seed)
        found = confined_to(case, flags(case, seed, {"b": 0.12}), ["host", "region", "version"])
        if found is not None and found.where == "host = b":
            assert found.interval is not None
            named += 1
            covered += found.interval.low <= 0.10 <= found.interval.high
    assert named >= 50
    assert covered >= 0.95 * named
