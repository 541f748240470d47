"""What a person writes first: textbook two-sample tests, column by column.

``_scipy_loop.py REFERENCE CURRENT`` reads both files and prints a p-value a column.
"""

from __future__ import annotations

import sys

import pandas as pd
from scipy.stats import chi2_contingency, ks_2samp

reference, current = (pd.read_parquet(path) for path in sys.argv[1:3])
for name in current.columns:
    before, now = reference[name].dropna(), current[name].dropna()
    if pd.api.types.is_numeric_dtype(now):
        p_value = ks_2samp(before, now).pvalue
    else:
        counts = pd.concat([before.value_counts(), now.value_counts()], axis=1).fillna(0)
        p_value = chi2_contingency(counts.to_numpy()).pvalue
    print(name, p_value)
