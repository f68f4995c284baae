"""Births: exponential smoothing and gradient boosting on lags, 26 forecasts of 28 days. Usage: births.py FOLDER"""

import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingRegressor
from statsmodels.tsa.exponential_smoothing.ets import ETSModel

warnings.filterwarnings("ignore")
HORIZON, FOLDS, PERIOD = 28, 26, 7
table = pd.read_csv(Path(sys.argv[1]) / "births.csv", parse_dates=["date"])
y = table["births"].astype(float)
held = HORIZON * FOLDS
starts = range(len(y) - held, len(y), HORIZON)


def report(name, forecasts, seconds):
    """`forecasts`: median, and the intervals of 80 % and 95 %, of each start."""
    mase, inside = [], {80: [], 95: []}
    for at, (median, intervals) in zip(starts, forecasts):
        actual, past = y.values[at : at + HORIZON], y.values[:at]
        mase.append(np.abs(median - actual).mean() / np.abs(past[PERIOD:] - past[:-PERIOD]).mean())
        for level, (low, high) in intervals.items():
            inside[level].append((actual >= low) & (actual <= high))
    shares = ", ".join(f"in {level} % {100 * np.mean(x):.1f} %" for level, x in inside.items())
    print(f"{name}: MASE {np.mean(mase):.3f}, {shares}, {seconds:.0f} s", flush=True)


def smoothing():
    kind = {"error": "add", "trend": "add", "damped_trend": True, "seasonal": "add", "seasonal_periods": PERIOD}
    parameters = ETSModel(y[: starts[0]], **kind).fit(disp=False).params
    for at in starts:
        found = ETSModel(y[:at], **kind).smooth(parameters).get_prediction(start=at, end=at + HORIZON - 1)
        ends = {level: found.pred_int(alpha=1 - level / 100).values.T for level in (80, 95)}
        yield found.predicted_mean.values, ends


def boosting(holidays):
    """One model for each quantile and all 28 steps: values at least 28 days ago, calendar, step."""
    x = pd.DataFrame({f"lag {n}": y.shift(n) for n in (28, 35, 42, 364, 371)})
    x["mean"] = y.shift(28).rolling(28).mean()
    x["weekday"], x["day"] = table["date"].dt.weekday, table["date"].dt.dayofyear
    if holidays:
        x = pd.concat([x, table.drop(columns=["date", "births"])], axis=1)
    train = slice(400, starts[0])
    levels = (0.025, 0.1, 0.5, 0.9, 0.975)
    found = {
        q: HistGradientBoostingRegressor(loss="quantile", quantile=q, max_iter=300, min_samples_leaf=5, random_state=0)
        .fit(x[train], y[train])
        .predict(x)
        for q in levels
    }
    for at in starts:
        part = {q: values[at : at + HORIZON] for q, values in found.items()}
        yield part[0.5], {80: (part[0.1], part[0.9]), 95: (part[0.025], part[0.975])}


for name, forecasts in {
    "exponential smoothing (ETS A,Ad,A)": smoothing,
    "gradient boosting, values and calendar": lambda: boosting(False),
    "gradient boosting, with holidays": lambda: boosting(True),
}.items():
    begin = time.process_time()
    answers = list(forecasts())
    report(name, answers, time.process_time() - begin)
