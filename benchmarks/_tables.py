"""Real tables, their features, and splits of their rows in which nothing drifts."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

FEATURES: dict[str, tuple[str, ...]] = {
    "elec2": ("day", "period", "nswprice", "nswdemand", "vicprice", "vicdemand", "transfer"),
    "bike_sharing_hour": (
        "season", "mnth", "hr", "holiday", "weekday", "workingday", "weathersit",
        "temp", "atemp", "hum", "windspeed",
    ),
    "adult": (
        "age", "workclass", "fnlwgt", "education", "education-num", "marital-status",
        "occupation", "relationship", "race", "sex", "capital-gain", "capital-loss",
        "hours-per-week", "native-country",
    ),
    "credit_default_taiwan": (
        "LIMIT_BAL", "SEX", "EDUCATION", "MARRIAGE", "AGE", "PAY_0", "PAY_2", "PAY_3",
        "BILL_AMT1", "BILL_AMT2", "BILL_AMT3", "PAY_AMT1", "PAY_AMT2", "PAY_AMT3",
    ),
    "telco_churn": (
        "gender", "SeniorCitizen", "Partner", "Dependents", "tenure", "PhoneService",
        "MultipleLines", "InternetService", "OnlineSecurity", "OnlineBackup", "TechSupport",
        "StreamingTV", "Contract", "PaperlessBilling", "PaymentMethod", "MonthlyCharges",
        "TotalCharges",
    ),
    "flights_2001q1": ("delay", "distance", "origin", "destination"),
    "metro_traffic": (
        "holiday", "temp", "rain_1h", "snow_1h", "clouds_all", "weather_main",
        "weather_description", "traffic_volume",
    ),
    "noaa_weather": (
        "temperature", "dew_point", "sea_level_pressure", "visibility", "avg_wind_speed",
        "max_sustained_wind", "max_temperature", "min_temperature",
    ),
}  # fmt: skip
"""Table -> columns that a model would read."""

MOST_BASELINE, LEAST_BASELINE = 20_000, 5_000


@cache
def load(folder: Path, name: str) -> pa.Table:
    """Read a table's features, texts as dictionaries."""
    table = pq.read_table(folder / f"{name}.parquet", columns=list(FEATURES[name]))
    for i, column in enumerate(table.columns):
        if not is_numeric(column):
            texts = column.cast(pa.string()).combine_chunks().dictionary_encode()
            table = table.set_column(i, table.column_names[i], texts)
    return table


def split(table: pa.Table, rows: int, rng: np.random.Generator) -> tuple[pa.Table, pa.Table]:
    """Shuffle the rows into a baseline and a current log that share none."""
    order = rng.permutation(table.num_rows)
    kept = order[rows : rows + MOST_BASELINE]
    return table.take(pa.array(kept)), table.take(pa.array(order[:rows]))


def fits(table: pa.Table, rows: int) -> bool:
    """Whether enough rows are left for a baseline."""
    return bool(table.num_rows - rows >= LEAST_BASELINE)


def is_numeric(column: Any) -> bool:
    """Whether a column holds numbers."""
    return bool(pa.types.is_integer(column.type) or pa.types.is_floating(column.type))


def distinct(column: Any) -> int:
    """Count the values of a column, null left out."""
    return len(column.unique().drop_null())


def floats(column: Any) -> np.ndarray:
    """Return numbers as float64, NaN where null."""
    return np.asarray(column.to_numpy(), dtype=np.float64)


def replaced(table: pa.Table, name: str, values: Any) -> pa.Table:
    """Exchange one column."""
    return table.set_column(table.column_names.index(name), name, values)
