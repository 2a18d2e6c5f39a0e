"""Means and intervals over runs of what the language experiments measured."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.development.transitions import boundaries, octaves
from analysis.statistics.correlation import rank_correlation
from analysis.statistics.uncertainty import mean_interval

ALL = "all training"
SURE = 3.0  # standard errors from zero at which a ratio to the limit means something


def threshold_times(upweighting: pd.DataFrame) -> pd.DataFrame:
    """When the loss of every arm passed its threshold.

    Args:
        upweighting: one row per measurement: class, arm, start, stop, seed, step, loss (nats),
            crossing (step, NaN: never), threshold (nats), outcome.

    Returns:
        one row per class, arm and seed: class, arm, start, stop, seed, crossing, threshold,
        outcome, censored. Where the outcome never passed its threshold, crossing is the last step
        looked at and censored is True: the true one is later.
    """
    keys = ["class", "arm", "start", "stop", "seed"]
    last = upweighting.groupby(keys, sort=False, as_index=False).agg(
        crossing=("crossing", "first"), end=("step", "max"), threshold=("threshold", "first"),
        outcome=("outcome", "first"),
    )  # fmt: skip
    last["censored"] = last["crossing"].isna()
    last["crossing"] = last["crossing"].fillna(last["end"])
    return last.drop(columns="end")


def threshold_time_differences(times: pd.DataFrame) -> pd.DataFrame:
    """Crossing of every arm minus that of another in the same run.

    Args:
        times: as of `threshold_times`.

    Returns:
        one row per class, arm and comparison: class, arm, start, stop, against ("none" or
        "uniform"), mean over runs, low, high (its 95 % interval; all three in steps, negative: the
        arm was faster), seeds, faster (runs in which the arm crossed first).
    """
    rows = []
    for name, group in times.groupby("class", sort=False):
        wide = group.pivot(index="seed", columns="arm", values="crossing")
        spans = group.groupby("arm")[["start", "stop"]].first()
        for arm in dict.fromkeys(group["arm"]):
            for against in ("none", "uniform"):
                if arm == against or against not in wide:
                    continue
                paired = (wide[arm] - wide[against]).to_numpy()
                mean, low, high = over_runs(paired)
                rows.append(
                    {
                        "class": name, "arm": arm, "start": spans.loc[arm, "start"],
                        "stop": spans.loc[arm, "stop"], "against": against,
                        "mean": mean, "low": low, "high": high,
                        "seeds": len(paired), "faster": int((paired < 0).sum()),
                    }
                )  # fmt: skip
    return pd.DataFrame(rows)


def localisation_summary(localisation: pd.DataFrame) -> pd.DataFrame:
    """Sampled class influence against its limit, by localisation, over pairs and checkpoints.

    Args:
        localisation: gamma, influence, std_error and gradient (the limit), nats^2, by step and
            pair.

    Returns:
        gamma (1/parameter^2); rank (Spearman's correlation of the two, all pairs and checkpoints);
        sign (share of equal signs where the sampled value is at least three standard errors from
        zero); ratio (median of sampled / limit there) with its quartiles low and high; noise
        (median relative standard error there: the spread that sampling alone would give); pairs
        (there).
    """
    rows = []
    for gamma, group in localisation.groupby("gamma"):
        group = group.dropna(subset=["influence", "gradient"])
        sampled, limit = (group[name].to_numpy() for name in ("influence", "gradient"))
        sure = group[group["influence"].abs() > SURE * group["std_error"]]
        ratio = sure["influence"] / sure["gradient"]
        low, middle, high = ratio.quantile([0.25, 0.5, 0.75])
        rows.append(
            {
                "gamma": gamma,
                "rank": rank_correlation(sampled, limit),
                "sign": float((ratio > 0).mean()),
                "ratio": middle,
                "low": low,
                "high": high,
                "noise": float((sure["std_error"] / sure["gradient"].abs()).median()),
                "pairs": len(sure),
            }
        )
    return pd.DataFrame(rows)


def forecast_means(forecast: pd.DataFrame) -> pd.DataFrame:
    """Forecasts by stage and horizon, mean over runs.

    The mean of a run's checkpoints in a stage first; intervals over runs by Student's t.

    Args:
        forecast: as of `forecast_table`.

    Returns:
        one row per label, stage (and `ALL` of training), horizon and kind: label, stage, horizon
        (steps), when ("now", "end" or "difference", now minus end), mean, low, high (correlations;
        95 %), seeds, from (first step of the stage looked at).
    """
    rows = []
    per_run = forecast.assign(difference=forecast["now"] - forecast["end"])
    whole = per_run.assign(stage=ALL)
    keys = ["label", "stage", "horizon"]
    for (label, stage, horizon), group in pd.concat([per_run, whole]).groupby(keys, sort=False):
        means = group.groupby("seed")[["now", "end", "difference"]].mean()
        for when in means:
            mean, low, high = over_runs(means[when].to_numpy())
            rows.append(
                {
                    "label": label, "stage": stage, "horizon": horizon, "when": when,
                    "mean": mean, "low": low, "high": high, "seeds": len(means),
                    "from": group["step"].min(),
                }
            )  # fmt: skip
    columns = [*keys, "when", "mean", "low", "high", "seeds", "from"]
    return pd.DataFrame(rows, columns=columns)


def over_runs(values: np.ndarray) -> tuple[float, float, float]:
    """Mean over runs and the ends of its 95 % interval by Student's t.

    Args:
        values: (runs,), at least one, any unit.

    Returns:
        mean, low, high, in the unit of the values; NaN ends for one run.
    """
    if len(values) < 2:
        return float(values[0]), float("nan"), float("nan")
    mean, low, high = mean_interval(values[:, None])
    return float(mean[0]), float(low[0]), float(high[0])


def milestones(events: pd.DataFrame, transitions: pd.DataFrame, model: str) -> pd.DataFrame:
    """Events of single runs, each with the stage boundary of that run that it lies nearest to on
    the axis log2(step + 8).

    Args:
        events: the contract's table of the model, experiments and single runs.
        transitions: when what was learnt, by seed, in steps: stage, start, middle, end, seed.
        model: its name.

    Returns:
        one row per event of a single run: the events' columns, seed, boundary (its name, see
        `boundaries`) and boundary_step.

    Raises:
        ValueError: a run has events and no boundary.
    """
    rows = []
    for seed, times in transitions.groupby("seed"):
        marks = boundaries(times)
        found = events[events["experiment"] == f"language/{model}/seed{seed}"]
        for event in found.to_dict("records"):
            away = np.abs(octaves(marks.to_numpy()) - octaves(event["step"]))
            nearest = marks.index[int(away.argmin())]
            rows.append(
                {**event, "seed": seed, "boundary": nearest, "boundary_step": marks[nearest]}
            )
    columns = [*events.columns, "seed", "boundary", "boundary_step"]
    return pd.DataFrame(rows, columns=columns)
