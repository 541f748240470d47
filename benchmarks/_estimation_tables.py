"""Models on real tables in their order: who answered what, and what came true, part by part.

The first part of a table teaches a model, the second is the labelled baseline, the rest comes in
windows. Tables without a time of their own are read in their rows' order, and once more in a soft
order by one column, which makes a covariate shift that is known to be one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

LEARNERS = ("boosted", "linear")
WINDOWS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """How one table is read."""

    name: str
    target: str
    features: tuple[str, ...]
    task: Literal["classification", "regression"] = "classification"
    by: str = ""
    """Column of the soft order; empty = the rows' own order."""
    clock: str = ""
    """Timestamp whose hour and weekday become features."""

    @property
    def label(self) -> str:
        """Name in the printed table."""
        return f"{self.name} by {self.by}" if self.by else self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A labelled baseline and later windows, each with what a model answered."""

    label: str
    task: Literal["classification", "regression"]
    features: tuple[str, ...]
    reference: pd.DataFrame
    """Features, ``prediction``, for classes ``score``, and ``truth``."""
    windows: tuple[pd.DataFrame, ...]


ADULT = (
    "age", "workclass", "education", "education-num", "marital-status", "occupation",
    "relationship", "race", "sex", "capital-gain", "capital-loss", "hours-per-week",
    "native-country",
)  # fmt: skip
CREDIT = (
    "LIMIT_BAL", "SEX", "EDUCATION", "MARRIAGE", "AGE", "PAY_0", "PAY_2", "PAY_3", "PAY_4",
    "BILL_AMT1", "BILL_AMT2", "PAY_AMT1", "PAY_AMT2", "PAY_AMT3",
)  # fmt: skip
TELCO = (
    "gender", "SeniorCitizen", "Partner", "Dependents", "tenure", "PhoneService", "MultipleLines",
    "InternetService", "OnlineSecurity", "TechSupport", "Contract", "PaperlessBilling",
    "PaymentMethod", "MonthlyCharges",
)  # fmt: skip
CAR = (
    "car_value", "salary_range", "debt_to_income_ratio", "loan_length",
    "repaid_loan_on_prev_car", "size_of_downpayment", "driver_tenure",
)  # fmt: skip
BIKE = ("hr", "holiday", "weekday", "workingday", "weathersit", "temp", "atemp", "hum", "windspeed")
METRO = ("holiday", "temp", "rain_1h", "snow_1h", "clouds_all", "weather_main", "hour", "weekday")
NOAA = (
    "temperature", "dew_point", "sea_level_pressure", "visibility", "avg_wind_speed",
    "max_sustained_wind", "max_temperature", "min_temperature",
)  # fmt: skip
ELEC2 = ("day", "period", "nswprice", "nswdemand", "vicprice", "vicdemand", "transfer")
TABLES = (
    Table(name="adult", target="target", features=ADULT),
    Table(name="adult", target="target", features=ADULT, by="age"),
    Table(name="credit_default_taiwan", target="target", features=CREDIT),
    Table(name="credit_default_taiwan", target="target", features=CREDIT, by="LIMIT_BAL"),
    Table(name="elec2", target="target", features=ELEC2),
    Table(
        name="flights_2001q1",
        target="target",
        features=("distance", "origin", "destination", "hour", "weekday"),
        clock="timestamp",
    ),
    Table(name="noaa_weather", target="target", features=NOAA),
    Table(name="telco_churn", target="target", features=TELCO),
    Table(name="telco_churn", target="target", features=TELCO, by="tenure"),
    Table(name="bike_sharing_hour", target="cnt", features=BIKE, task="regression"),
    Table(
        name="metro_traffic",
        target="traffic_volume",
        features=METRO,
        task="regression",
        clock="timestamp",
    ),
)


def told(folder: Path) -> Iterator[Told]:
    """Teach each table's models on its first part, and have them answer the rest."""
    yield _car_loan(folder)
    for table in TABLES:
        rows = _rows(folder, table)
        for learner in LEARNERS:
            yield _told(table, rows, learner)


def _rows(folder: Path, table: Table) -> pd.DataFrame:
    rows = pd.read_parquet(folder / f"{table.name}.parquet")
    if table.clock:
        moment = pd.to_datetime(rows[table.clock])
        rows["hour"], rows["weekday"] = moment.dt.hour, moment.dt.weekday
        rows = rows.sort_values(table.clock, kind="stable")
    if table.by:
        ranks = rows[table.by].rank(pct=True).to_numpy()
        noise = np.random.default_rng(0).normal(0, 0.6, len(rows))
        rows = rows.iloc[np.argsort(ranks + noise, kind="stable")]
    return rows.reset_index(drop=True)


def _told(table: Table, rows: pd.DataFrame, learner: str) -> Told:
    names = list(table.features)
    inputs = rows[names].copy()
    for name in names:
        if not pd.api.types.is_numeric_dtype(inputs[name]):
            inputs[name] = inputs[name].astype("string").fillna("(none)").astype("category")
    truth = rows[table.target].to_numpy()
    n = len(rows)
    taught, known = int(n * 0.25), int(n * 0.5)
    model = _model(inputs, table.task, learner)
    model.fit(inputs[:taught], truth[:taught])
    answers: dict[str, Any] = {}
    if table.task == "classification":
        answers["score"] = model.predict_proba(inputs)[:, 1]
        answers["prediction"] = (answers["score"] >= 0.5).astype(int)
    else:
        answers["prediction"] = model.predict(inputs)
    whole = inputs.assign(**answers, truth=truth)
    for name in names:
        if isinstance(whole[name].dtype, pd.CategoricalDtype):
            whole[name] = whole[name].astype(str)
    return Told(
        label=f"{table.label}, {learner}",
        task=table.task,
        features=table.features,
        reference=whole[taught:known].reset_index(drop=True),
        windows=_windows(whole[known:]),
    )


def _windows(rows: pd.DataFrame) -> tuple[pd.DataFrame, ...]:
    edges = np.linspace(0, len(rows), WINDOWS + 1).astype(int)
    return tuple(rows.iloc[a:b].reset_index(drop=True) for a, b in pairwise(edges.tolist()))


def _model(inputs: pd.DataFrame, task: str, learner: str) -> Any:
    from sklearn.compose import make_column_transformer
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

    texts = [name for name in inputs if isinstance(inputs[name].dtype, pd.CategoricalDtype)]
    numbers = [name for name in inputs if name not in texts]
    if learner == "boosted":
        places = make_column_transformer(
            (OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), texts),
            remainder="passthrough",
        )
        tree = (
            HistGradientBoostingClassifier
            if task == "classification"
            else HistGradientBoostingRegressor
        )
        return make_pipeline(places, tree(max_iter=80, learning_rate=0.08, random_state=0))
    coded = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore", min_frequency=20), texts),
        (StandardScaler(), numbers),
    )
    last = LogisticRegression(max_iter=2_000) if task == "classification" else Ridge()
    return make_pipeline(coded, last)


def _car_loan(folder: Path) -> Told:
    """Read the synthetic table, which brings answers and a baseline of its own."""
    rows = pd.read_parquet(folder / "car_loan_synthetic.parquet")
    rows = rows.rename(columns={"y_pred": "prediction", "y_pred_proba": "score", "repaid": "truth"})
    rows["truth"] = rows["truth"].astype(int)
    rows["repaid_loan_on_prev_car"] = rows["repaid_loan_on_prev_car"].astype(str)
    rows = rows.sort_values("timestamp", kind="stable")
    rows = rows[[*CAR, "prediction", "score", "truth", "period"]]
    then = rows[rows["period"] == "reference"].drop(columns="period")
    now = rows[rows["period"] != "reference"].drop(columns="period")
    return Told(
        label="car_loan_synthetic, as logged",
        task="classification",
        features=CAR,
        reference=then.reset_index(drop=True),
        windows=_windows(now),
    )
