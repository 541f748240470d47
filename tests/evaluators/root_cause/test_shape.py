"""Naming the rule by which a column was changed: silence, exactness, power, rows put back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tidegauge.case import Case, case_of
from tidegauge.errors import CannotMeasure, NotApplicable, TooFewRows
from tidegauge_evaluators._shapes import (
    Fitted,
    changed,
    counted,
    deviance,
    edges_of,
    mixed,
    on_step,
    step_of,
)
from tidegauge_evaluators._shapes_rest import bond, correlation, ranked
from tidegauge_evaluators._shapes_units import UNITS
from tidegauge_evaluators.root_cause.shape import shape

Numbers = NDArray[np.float64]
Draw = Callable[[np.random.Generator, int], Numbers]
Fault = Callable[[np.random.Generator, Numbers], Any]

FAMILIES: dict[str, Draw] = {
    "normal": lambda rng, n: rng.normal(10.0, 2.0, n),
    "lognormal": lambda rng, n: rng.lognormal(3.0, 0.6, n),
    "gamma": lambda rng, n: rng.gamma(2.0, 5.0, n),
    "counts": lambda rng, n: rng.poisson(6.0, n).astype(float),
    "zero-inflated": lambda rng, n: np.where(rng.random(n) < 0.4, 0.0, rng.lognormal(2, 1, n)),
    "uniform": lambda rng, n: rng.uniform(0.0, 1.0, n),
}
QUIET: dict[str, Draw] = FAMILIES | {
    "cauchy": lambda rng, n: rng.standard_cauchy(n),
    "four values": lambda rng, n: rng.integers(0, 4, n).astype(float),
    "two values": lambda rng, n: (rng.random(n) < 0.3).astype(float),
    "whole numbers": lambda rng, n: np.round(rng.normal(50.0, 10.0, n)),
    "prices": lambda rng, n: np.round(rng.lognormal(3.0, 1.0, n), 2),
    "gaps": lambda rng, n: np.where(rng.random(n) < 0.2, np.nan, rng.normal(size=n)),
}


def some(rng: np.random.Generator, share: float, values: Any, other: Any) -> Any:
    return np.where(rng.random(len(other)) < share, values, other)


def runs(rng: np.random.Generator, values: Numbers) -> Numbers:
    """A sensor that hangs five times, for a twentieth of the rows each time."""
    values, long = values.copy(), len(values) // 20
    for start in rng.choice(len(values) // long - 1, 5, replace=False) * long:
        values[start : start + long] = values[start]
    return values


FAULTS: dict[str, tuple[str, Fault]] = {
    "pounds": ("unit", lambda rng, x: x * 0.45359237),
    "thousands": ("unit", lambda rng, x: x / 1000.0),
    "percent": ("unit", lambda rng, x: x * 100.0),
    "fahrenheit": ("unit", lambda rng, x: x * 1.8 + 32.0),
    "30 % of rows in thousandths": ("unit", lambda rng, x: some(rng, 0.3, x * 1000.0, x)),
    "bias": ("bias", lambda rng, x: x + 0.7 * x.std()),
    "scale": ("scale", lambda rng, x: x * 1.37),
    "sign": ("sign", lambda rng, x: -x),
    "clip": ("clip", lambda rng, x: np.minimum(x, np.quantile(x, 0.9))),
    "sentinel": ("sentinel", lambda rng, x: some(rng, 0.05, -999.0, x)),
    "mean": ("sentinel", lambda rng, x: some(rng, 0.1, x.mean(), x)),
    "nulls": ("nulls", lambda rng, x: some(rng, 0.05, np.nan, x)),
    "stuck": ("stale", lambda rng, x: runs(rng, x)),
    "constant": ("stale", lambda rng, x: np.full(len(x), x[0])),
    "noise": ("noise", lambda rng, x: x + rng.normal(0.0, 0.8 * x.std(), len(x))),
    "rounding": ("rounding", lambda rng, x: np.round(x, 0 if x.std() > 1 else 1)),
    "logarithm": ("log", lambda rng, x: np.log1p(np.abs(x))),
    "shuffle": ("shuffle", lambda rng, x: rng.permutation(x)),
    "one row late": ("lag", lambda rng, x: np.roll(x, 1)),
}
EXACT = {"thousands", "percent", "30 % of rows in thousandths", "sentinel", "sign"}


def sides(rng: np.random.Generator, n: int) -> NDArray[np.bool_]:
    """Rows of both sides in no order."""
    return np.asarray(rng.permutation(np.arange(2 * n) >= n))


def beside(rng: np.random.Generator, x: Numbers) -> dict[str, Any]:
    """Columns that hang together with one, and one that does not."""
    z = ranked(np.nan_to_num(x)) + rng.normal(0.0, 0.7, len(x))
    return {
        "z": z,
        "w": rng.normal(size=len(x)),
        "c": np.where(z + rng.normal(size=len(x)) > 0.0, "high", "low"),
    }


def planted(
    rng: np.random.Generator, x: Numbers, fault: Fault, now: NDArray[np.bool_] | None = None
) -> tuple[Case, Numbers]:
    """A case whose current rows are distorted, and what those rows held."""
    now = sides(rng, len(x) // 2) if now is None else now
    values = x.copy()
    values[now] = fault(rng, x[now])
    return case_of({"x": values, **beside(rng, x)}, now), x[now]


def first(case: Case, **settings: Any) -> Fitted:
    found = shape(case, "x", rng=np.random.default_rng(0), **settings)
    assert found, "nothing was named"
    return found[0]


# ------------------------------------------------------------------ silence


@pytest.mark.parametrize("family", QUIET)
def test_a_column_that_did_not_change_has_no_shape(family: str) -> None:
    rng = np.random.default_rng(len(family))
    case, _ = planted(rng, QUIET[family](rng, 2_000), lambda _, x: x)
    assert shape(case, "x", rng=rng) == ()


@pytest.mark.slow
def test_at_most_one_column_in_twenty_is_named_without_a_change() -> None:
    named, sizes = Counter[str](), [(150, 150), (1_500, 1_500), (5_000, 300), (300, 3_000)]
    levels = [f"level {i}" for i in range(300)]
    for repeat in range(15):
        for place, (family, draw) in enumerate(QUIET.items()):
            rng = np.random.default_rng([repeat, place])
            then, now = sizes[repeat % 4]
            x, current = draw(rng, then + now), np.arange(then + now) >= then
            case = case_of({"x": x, **beside(rng, x)}, current)
            named[family] += bool(shape(case, "x", rng=rng))
        code = rng.zipf(1.4, then + now).clip(1, 300) - 1
        case = case_of({"x": [levels[k] for k in code], **beside(rng, code * 1.0)}, current)
        named["levels"] += bool(shape(case, "x", rng=rng))
        moment = 1.7e9 + rng.normal(50_000.0, 9_000.0, then + now).astype("datetime64[s]").astype(
            float
        )
        case = case_of({"x": moment.astype("datetime64[s]")}, current)
        named["moments"] += bool(shape(case, "x", rng=rng))
    print("\nnamed without a change:", sum(named.values()), "of", 15 * (len(QUIET) + 2))
    assert sum(named.values()) <= 0.05 * 15 * (len(QUIET) + 2)


@pytest.mark.slow
def test_a_real_change_of_the_mix_of_rows_is_not_called_exact() -> None:
    """Rows are drawn by a column that goes along with the one that is asked about."""
    exact, asked = Counter[str](), 0
    for repeat in range(8):
        for place, draw in enumerate(FAMILIES.values()):
            rng = np.random.default_rng([repeat, place, 1])
            n = (300, 2_000)[repeat % 2]
            x = draw(rng, 4 * n)
            others = beside(rng, x)
            weight = np.exp((0.4, 0.8, -0.8, 1.0)[repeat % 4] * others["z"])
            rows = np.r_[
                rng.choice(4 * n, n, replace=False),
                rng.choice(4 * n, n, replace=False, p=weight / weight.sum()),
            ]
            table = {"x": x[rows], **{name: column[rows] for name, column in others.items()}}
            found = shape(case_of(table, np.arange(2 * n) >= n), "x", rng=rng)
            exact.update(one.shape.said for one in found if one.shape.exact)
            asked += 1
    print("\nexact under a real change:", exact, "of", asked)
    assert sum(exact.values()) <= 0.05 * asked


# ------------------------------------------------------------------ power


@pytest.mark.slow
def test_each_fault_is_named_first_in_most_families() -> None:
    table: dict[str, list[float]] = {}
    for fault, (name, plant) in FAULTS.items():
        hits = []
        for place, (family, draw) in enumerate(FAMILIES.items()):
            rng = np.random.default_rng([place, len(fault)])
            if fault == "rounding" and family == "counts":
                continue
            case, _ = planted(rng, draw(rng, 3_000), plant)
            found = shape(case, "x", rng=rng)
            hits.append(float(bool(found) and found[0].shape.name == name))
        table[fault] = hits
    print("\nnamed first, of 1500 + 1500 rows in each family (" + ", ".join(FAMILIES) + ")")
    for fault, hits in table.items():
        print(f"{fault:28s} {np.mean(hits):.2f}  {hits}")
    assert np.mean([np.mean(hits) for hits in table.values()]) >= 0.95
    assert min(np.mean(hits) for hits in table.values()) >= 0.6


@pytest.mark.parametrize("fault", sorted(EXACT))
def test_constants_that_people_chose_are_exact(fault: str) -> None:
    rng = np.random.default_rng(5)
    case, _ = planted(rng, FAMILIES["lognormal"](rng, 4_000), FAULTS[fault][1])
    found = first(case).shape
    assert found.exact
    assert found.fit > 0.9
    assert found.name == FAULTS[fault][0]


def test_a_factor_that_nobody_chose_is_a_scale_and_not_exact() -> None:
    rng = np.random.default_rng(6)
    case, _ = planted(rng, FAMILIES["lognormal"](rng, 8_000), lambda _, x: x * 1.37)
    found = first(case).shape
    assert (found.name, found.exact) == ("scale", False)
    assert found.params["factor"] == pytest.approx(1.37, rel=0.1)


def test_decimals_prove_a_conversion_where_there_are_few_rows() -> None:
    rng = np.random.default_rng(7)
    x = np.round(rng.normal(70.0, 30.0, 300))
    case, _ = planted(rng, x, lambda _, x: x * 0.45359237)
    found = first(case).shape
    assert found.exact
    assert found.said == "times 0.4536 (pounds to kilograms)"


def test_a_conversion_that_was_rounded_is_still_a_conversion() -> None:
    rng = np.random.default_rng(8)
    case, _ = planted(rng, rng.normal(180.0, 10.0, 6_000), lambda _, x: np.round(x / 2.54, 1))
    found = first(case).shape
    assert found.name == "unit"
    assert found.params["factor"] == pytest.approx(1 / 2.54)


@pytest.mark.parametrize("place", range(len(UNITS)))
def test_every_known_unit_is_found_in_a_column_with_decimals(place: int) -> None:
    rng = np.random.default_rng(place)
    unit = UNITS[place]
    x = np.round(rng.gamma(4.0, 20.0, 1_200), 1)
    now = np.arange(1_200) >= 600
    values = np.where(now, x * unit.factor + unit.offset, x)
    found = first(case_of({"x": values}, now))
    assert found.shape.name == "unit", found.shape.said
    assert found.shape.params["factor"] == pytest.approx(unit.factor, rel=1e-6)
    np.testing.assert_allclose(found.repaired, x[now], rtol=1e-6, atol=1e-6)


@pytest.mark.slow
def test_faults_in_real_tables_are_named_and_silence_kept(shared_tables: Path) -> None:
    import pandas as pd

    rng = np.random.default_rng(0)
    false, asked, hits = [], 0, Counter[str]()
    plants = ["percent", "sentinel", "nulls", "shuffle", "pounds"]
    tried = Counter[str]()
    for file in sorted(shared_tables.glob("*.parquet"))[:5]:
        frame = pd.read_parquet(file)
        frame = frame.iloc[rng.choice(len(frame), min(len(frame), 4_000), replace=False)]
        numeric = [c for c in frame if frame[c].dtype.kind in "if" and frame[c].nunique() > 20]
        names = [*numeric[:3], *[c for c in frame if frame[c].dtype.kind == "O"][:1]]
        table = {name: frame[name].to_numpy() for name in [*numeric[:6], *names]}
        now = sides(rng, len(frame) // 2)[: len(frame)]
        now = np.resize(now, len(frame))
        for name in names:
            false += [(file.stem, name)] * bool(shape(case_of(table, now), name, rng=rng))
            asked += 1
        for name in numeric[:3]:
            for fault in plants:
                values = table[name].astype(float)
                values[now] = FAULTS[fault][1](rng, values[now])
                found = shape(case_of({**table, name: values}, now), name, rng=rng)
                hits[fault] += bool(found) and found[0].shape.name == FAULTS[fault][0]
                tried[fault] += 1
    print("\nreal tables: named without a change", false, "of", asked)
    print({fault: f"{hits[fault]} of {tried[fault]}" for fault in plants})
    assert len(false) <= 0.05 * asked
    assert sum(hits.values()) >= 0.8 * sum(tried.values())


# ------------------------------------------------------------------ rows put back


@pytest.mark.parametrize("fault", ["pounds", "fahrenheit", "sign", "logarithm"])
def test_rows_get_their_values_back_in_their_order(fault: str) -> None:
    rng = np.random.default_rng(11)
    case, before = planted(rng, FAMILIES["gamma"](rng, 6_000), FAULTS[fault][1])
    found = first(case)
    assert found.undoable
    assert found.restored > 0.95
    np.testing.assert_allclose(found.repaired, before, rtol=1e-9)


def test_rows_in_another_unit_are_picked_out_of_a_mixture() -> None:
    rng = np.random.default_rng(12)
    case, before = planted(
        rng, rng.lognormal(3.0, 0.5, 6_000), lambda rng, x: some(rng, 0.3, x * 1000.0, x)
    )
    found = first(case)
    assert found.shape.params["share"] == pytest.approx(0.3, abs=0.04)
    assert np.mean(np.isclose(found.repaired, before)) > 0.99


def test_what_cannot_be_known_is_missing_after_the_repair() -> None:
    rng = np.random.default_rng(13)
    case, before = planted(rng, rng.normal(size=4_000), FAULTS["sentinel"][1])
    found = first(case)
    lost = case["x"].values[case.current] == -999.0
    assert not found.undoable
    assert np.isnan(found.repaired[lost]).all()
    np.testing.assert_array_equal(found.repaired[~lost], before[~lost])


def test_rows_that_slipped_are_moved_back() -> None:
    rng = np.random.default_rng(14)
    case, before = planted(rng, rng.normal(size=4_000), lambda _, x: np.roll(x, 3))
    found = first(case)
    assert found.shape.params == {"rows": 3.0}
    np.testing.assert_array_equal(found.repaired[:-3], before[:-3])
    assert np.isnan(found.repaired[-3:]).all()


def test_a_share_of_shuffled_rows_lies_in_its_interval() -> None:
    inside = []
    for seed in range(20):
        rng = np.random.default_rng(seed)

        def half(rng: np.random.Generator, x: Numbers) -> Numbers:
            rows = np.flatnonzero(rng.random(len(x)) < 0.5)
            y = x.copy()
            y[rows] = x[rng.permutation(rows)]
            return y

        case, _ = planted(rng, rng.normal(size=3_000), half)
        found = first(case).shape
        inside.append(float(found.params["low"]) <= 0.5 <= float(found.params["high"]))
    assert np.mean(inside) > 0.8


def test_a_flipped_sign_of_a_symmetric_column_shows_in_the_others_only() -> None:
    rng = np.random.default_rng(15)
    case, before = planted(rng, rng.normal(size=6_000), lambda _, x: -x)
    found = first(case)
    assert found.shape.name == "sign"
    assert not found.shape.exact  # the dependence may have turned round by itself
    np.testing.assert_array_equal(found.repaired, before)


def test_missing_values_of_one_segment_are_traced_to_it() -> None:
    rng = np.random.default_rng(16)
    n, now = 6_000, np.arange(6_000) >= 3_000
    region = rng.choice(["north", "south", "west"], n)
    x = np.where(now & (region == "north") & (rng.random(n) < 0.4), np.nan, rng.normal(size=n))
    found = first(case_of({"x": x, "region": region, "w": rng.normal(size=n)}, now)).shape
    assert (found.name, found.params["where"]) == ("nulls", "region = north")


def test_filled_gaps_are_told_from_other_point_masses() -> None:
    rng = np.random.default_rng(17)
    x = np.where(rng.random(4_000) < 0.15, np.nan, rng.normal(5.0, 2.0, 4_000))
    now = np.arange(4_000) >= 2_000
    found = first(case_of({"x": np.where(now, np.nan_to_num(x), x)}, now)).shape
    assert found.name == "sentinel"
    assert "in place of missing values" in found.said


# ------------------------------------------------------------------ categories

CITIES = ("New York", "Boston", "São Paulo", "Rome", "Paris", "Athens", "Oslo", "Bergen")
RECODED: dict[str, tuple[str, bool, Callable[[str], str]]] = {
    "two exchanged": ("remap", True, lambda c: {"Rome": "Paris", "Paris": "Rome"}.get(c, c)),
    "three exchanged": (
        "remap",
        True,
        lambda c: {"New York": "Boston", "Boston": "Rome", "Rome": "New York"}.get(c, c),
    ),
    "merged": ("merge", False, lambda c: {"Oslo": "Rome"}.get(c, c)),
    "merged into a new one": (
        "merge",
        False,
        lambda c: "Elsewhere" if c in ("Oslo", "Bergen", "Rome") else c,
    ),
    "renamed": ("renamed", False, lambda c: {"Boston": "BOS"}.get(c, c)),
    "all renamed": ("renamed", True, lambda c: f"c{CITIES.index(c)}"),
    "lower case": ("renamed", True, lambda c: c.lower()),
    "blank": ("renamed", True, lambda c: {"New York": "New York "}.get(c, c)),
    "mojibake": ("renamed", True, lambda c: c.encode().decode("latin-1")),
    "cut": ("renamed", True, lambda c: c[:4]),
    "constant": ("stale", True, lambda c: "Rome"),
}


def cities(
    seed: int, recode: Callable[[str], str] | None, n: int = 3_000
) -> tuple[Case, list[str]]:
    rng = np.random.default_rng(seed)
    now = sides(rng, n)
    code = rng.choice(8, 2 * n, p=[0.3, 0.2, 0.15, 0.1, 0.1, 0.06, 0.05, 0.04])
    before = [CITIES[k] for k in code]
    values = [recode(c) if new and recode else c for c, new in zip(before, now, strict=True)]
    z = np.array([0, 1, 0.5, -1, 2, 0.2, -0.5, 1.5])[code] + rng.normal(size=2 * n)
    case = case_of({"x": values, "z": z, "w": (code % 2) + rng.normal(size=2 * n)}, now)
    return case, [c for c, new in zip(before, now, strict=True) if new]


def test_levels_that_did_not_change_have_no_shape() -> None:
    case, _ = cities(0, None)
    assert shape(case, "x", rng=np.random.default_rng(0)) == ()


@pytest.mark.parametrize("what", RECODED)
def test_what_was_done_to_levels_is_named(what: str) -> None:
    name, exact, recode = RECODED[what]
    case, before = cities(1, recode)
    found = first(case)
    assert (found.shape.name, found.shape.exact) == (name, exact)
    assert found.shape.fit > 0.9
    back = [None if np.isnan(k) else case["x"].levels[int(k)] for k in found.repaired]
    if found.undoable:
        assert back == before
    else:
        assert all(new in (None, old) for new, old in zip(back, before, strict=True))


@pytest.mark.parametrize("name", ["split", "new_level", "sentinel", "nulls", "shuffle"])
def test_what_was_done_to_some_rows_of_levels_is_named(name: str) -> None:
    rng = np.random.default_rng(2)
    case, before = cities(2, None)
    values: list[Any] = case["x"].texts
    rows = np.flatnonzero(case.current)
    hit = [i for i in rows if rng.random() < 0.3]
    if name == "split":
        hit = [i for i in hit if values[i] == "New York"]
    if name == "shuffle":
        moved = rng.permutation(rows)
        values = [*values]
        for i, j in zip(rows, moved, strict=True):
            values[i] = (
                case["x"].texts[j] if len(rows) < 10 else before[int(np.searchsorted(rows, j))]
            )
    new = {"split": "Brooklyn", "new_level": "Lima", "sentinel": "unknown", "nulls": None}
    for i in hit if name in new else []:
        values[i] = new[name]
    again = case_of({"x": values, "z": case["z"].values, "w": case["w"].values}, case.current)
    assert first(again).shape.name == name


def test_codes_of_categories_are_exchanged_like_names() -> None:
    rng = np.random.default_rng(3)
    now = np.arange(4_000) >= 2_000
    code = rng.choice(5, 4_000, p=[0.4, 0.25, 0.2, 0.1, 0.05])
    values = np.where(now, np.array([1, 2, 0, 3, 4])[code], code).astype(float)
    found = first(case_of({"x": values, "z": code + rng.normal(size=4_000)}, now))
    assert (found.shape.name, found.shape.exact) == ("remap", True)
    np.testing.assert_array_equal(found.repaired, code[now])


# ------------------------------------------------------------------ time


@pytest.mark.parametrize("shift", [2.0, -5.0, 5.5])
def test_a_time_zone_is_found_on_the_clock(shift: float) -> None:
    rng = np.random.default_rng(4)
    now = np.arange(4_000) >= 2_000
    hour = rng.normal(13.0, 4.0, 4_000).clip(0.0, 23.99)
    day = 1.77e9 // 86_400 * 86_400 + (np.arange(4_000) // 200) * 86_400.0
    moments = day + hour * 3_600 + np.where(now, shift * 3_600, 0.0)
    found = first(case_of({"x": moments.astype("datetime64[s]")}, now)).shape
    assert (found.name, found.exact, found.params["hours"]) == ("time_zone", True, shift)
    if shift % 1.0 == 0.0:
        hours = np.where(now, (np.floor(hour) + shift) % 24, np.floor(hour))
        found = first(case_of({"x": hours}, now)).shape
        assert (found.name, found.params["hours"]) == ("time_zone", shift)


def test_milliseconds_are_told_from_seconds_even_when_the_window_moved_on() -> None:
    rng = np.random.default_rng(5)
    now = np.arange(2_000) >= 1_000
    seconds = 1.77e9 + np.arange(2_000) * 600.0 + rng.uniform(0.0, 60.0, 2_000)
    found = first(case_of({"x": np.where(now, seconds * 1_000.0, seconds)}, now))
    assert (found.shape.name, found.shape.exact) == ("unit", True)
    np.testing.assert_allclose(found.repaired, seconds[now])


def test_day_and_month_exchanged_are_put_back() -> None:
    days = np.arange("2026-03-01", "2026-03-29", dtype="datetime64[D]").repeat(40)
    swapped = [
        np.datetime64(f"2026-{d:02d}-03") if d <= 12 else np.datetime64(f"2026-03-{d:02d}")
        for d in range(1, 29)
        for _ in range(40)
    ]
    values = np.concatenate([days, np.array(swapped)]).astype("datetime64[s]")
    now = np.arange(len(values)) >= len(days)
    found = first(case_of({"x": values}, now))
    assert found.shape.name == "day_month"
    np.testing.assert_array_equal(found.repaired, days.astype("datetime64[s]").astype(float))


def test_a_later_log_is_no_change_of_moments() -> None:
    rng = np.random.default_rng(6)
    now = np.arange(2_000) >= 1_000
    moments = 1.77e9 + np.arange(2_000) * 1_800.0 + rng.uniform(0.0, 60.0, 2_000)
    case = case_of({"x": moments.astype("datetime64[s]")}, now)
    assert shape(case, "x", rng=rng) == ()


# ------------------------------------------------------------------ agreement


def test_the_deviance_and_its_gate_agree_with_scipy() -> None:
    from scipy.stats import chi2_contingency

    rng = np.random.default_rng(7)
    for _ in range(20):
        then, now = rng.poisson(40.0, 12).astype(float), rng.poisson(55.0, 12).astype(float)
        known = chi2_contingency(np.array([then, now]), lambda_="log-likelihood")
        assert deviance(then, now) == pytest.approx(known.statistic)
        pearson = chi2_contingency(np.array([then, now]))
        assert changed(then, now) == (pearson.pvalue < 1e-3)


def test_a_mixture_is_as_likely_as_a_general_optimiser_makes_it() -> None:
    from scipy.optimize import minimize_scalar

    rng = np.random.default_rng(8)
    then, other, now = (rng.poisson(50.0, 9).astype(float) for _ in range(3))
    p, q = (then + 0.01) / (then + 0.01).sum(), (other + 0.01) / (other + 0.01).sum()
    known = minimize_scalar(
        lambda s: -float(now @ np.log((1.0 - s) * p + s * q)), bounds=(0.0, 1.0), method="bounded"
    )
    assert mixed(then, other[None, :], now)[0][0] == pytest.approx(known.x, abs=1e-3)


def test_ranks_and_correlations_agree_with_scipy_and_numpy() -> None:
    from scipy.stats import rankdata, spearmanr

    rng = np.random.default_rng(9)
    a, b = rng.integers(0, 9, 300).astype(float), rng.normal(size=300)
    expected = (2.0 * (rankdata(a) - 0.5) / 300 - 1.0) * np.sqrt(3.0)
    np.testing.assert_allclose(ranked(a), expected)
    assert correlation(ranked(a), ranked(b)) == pytest.approx(spearmanr(a, b).statistic)


def test_each_row_is_in_one_cell_and_frequent_values_have_their_own() -> None:
    rng = np.random.default_rng(10)
    x = np.sort(np.where(rng.random(3_000) < 0.3, 0.0, rng.normal(size=3_000)))
    edges = edges_of(x, x)
    cells = counted(x, edges)
    assert cells.sum() == 3_000
    assert np.count_nonzero(x == 0.0) in cells


def test_steps_are_powers_of_ten_that_values_are_multiples_of() -> None:
    rng = np.random.default_rng(11)
    assert step_of(np.round(rng.normal(size=500), 3)) == 0.001
    assert step_of(rng.normal(size=500)) == 0.0
    assert on_step(np.array([0.1, 0.2, 0.30000000000000004, 0.25]), 0.1) == 0.75


@pytest.mark.slow
def test_a_bond_that_holds_is_broken_by_chance_as_often_as_said() -> None:
    far = []
    for seed in range(300):
        rng = np.random.default_rng(seed)
        now = np.arange(1_200) >= 600
        x = rng.normal(size=1_200)
        case = case_of({"x": x, "z": x + rng.normal(size=1_200)}, now)
        held = bond(case, "x", ["z"], rng=rng)
        assert held is not None
        far.append(held.far(held.then, held.now(x[now])))
    assert 0.02 <= np.mean(np.array(far) > 3.84) <= 0.09


# ------------------------------------------------------------------ manners


def test_inputs_stay_as_they_are_and_a_seed_gives_one_answer() -> None:
    rng = np.random.default_rng(12)
    case, _ = planted(rng, rng.gamma(2.0, 5.0, 2_000), FAULTS["noise"][1])
    for variable in case.variables.values():
        variable.values.setflags(write=False)
    one, two = (shape(case, "x", rng=np.random.default_rng(3)) for _ in range(2))
    assert [a.shape for a in one] == [b.shape for b in two]
    assert all(len(a.repaired) == case.n_current for a in one)


BAD: dict[str, Any] = {
    "all missing now": np.r_[np.arange(50.0), np.full(50, np.nan)],
    "constant": np.ones(100),
    "constants that differ": np.r_[np.ones(50), np.full(50, 2.0)],
    "infinite": np.r_[np.arange(50.0), np.full(50, np.inf)],
    "nearly all missing": np.r_[np.arange(50.0), [1.0], np.full(49, np.nan)],
    "huge": np.r_[np.arange(50.0), np.arange(50.0) * 1e300],
    "tiny": np.r_[np.arange(50.0), np.arange(50.0) * 1e-300],
    "two values": np.r_[np.tile([0.0, 1.0], 25), np.zeros(50)],
    "disjoint levels": ["a"] * 50 + ["b"] * 50,
    "one level": ["a"] * 100,
    "levels all missing now": ["a", "b"] * 25 + [None] * 50,
    "all levels distinct": [f"id {i}" for i in range(100)],
    "odd texts": ["", " ", "\ud800", "a" * 999, "?"] * 10 + ["", "\x00", "é", "E", "?"] * 10,
    "moments now missing": np.r_[
        np.arange(50).astype("datetime64[s]"), np.full(50, np.datetime64("NaT"), "datetime64[s]")
    ],
    "moments before 1970": np.r_[
        np.arange(-50, 0).astype("datetime64[D]"),
        np.arange(-900_000, -899_950).astype("datetime64[D]"),
    ],
}  # fmt: skip


@pytest.mark.parametrize("what", BAD)
def test_hostile_columns_are_answered_or_refused(what: str) -> None:
    now = np.arange(100) >= 50
    case = case_of({"x": BAD[what], "z": np.arange(100.0) % 7, "x2": ["p", None] * 50}, now)
    try:
        found = shape(case, "x", rng=np.random.default_rng(0))
    except CannotMeasure:
        return
    assert all(np.isfinite(one.gain) and 0.0 <= one.restored <= 1.0 for one in found)


def test_too_few_rows_and_unknown_columns_are_refused() -> None:
    rng = np.random.default_rng(0)
    three = case_of({"x": [1.0, 2.0, 3.0]}, np.array([False, False, True]))
    with pytest.raises(TooFewRows):
        shape(three, "x", rng=rng)
    case = case_of({"x": np.r_[np.full(50, np.nan), np.ones(50)]}, np.arange(100) >= 50)
    with pytest.raises(NotApplicable, match="no value in the baseline"):
        shape(case, "x", rng=rng)
    with pytest.raises(NotApplicable, match='no column "y"'):
        shape(case, "y", rng=rng)


def test_rows_of_one_block_count_less() -> None:
    rng = np.random.default_rng(1)
    block = np.repeat(np.arange(40), 50)
    now = block >= 20
    x = rng.normal(size=40)[block] + 0.1 * rng.normal(size=2_000)
    bare = case_of({"x": x}, now)
    known = case_of({"x": x}, now, blocks=block)
    assert shape(bare, "x", rng=rng)
    assert shape(known, "x", rng=rng) == ()
