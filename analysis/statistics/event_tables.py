"""Flips, peaks and mean curves of many pairs, as tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np
import pandas as pd
import xarray as xr

from analysis.statistics.events import Event, Trajectory, control, find_events
from analysis.statistics.uncertainty import mean_interval
from analysis.tables.curves import estimator_label, influence_array, labelled

COLUMNS = [
    "experiment", "estimator", "source", "target", "kind", "step", "ci_low", "ci_high", "direction",
    "q_value", "value",
]  # fmt: skip
NUMBERS = ("step", "ci_low", "ci_high", "q_value", "value")


@dataclass(frozen=True)
class EventSettings:
    """How events are looked for.

    Attributes:
        replicates: resampled mean curves behind an interval.
        resolution: share of a curve's largest size below which nothing is an event.
        false_discovery_rate: over all pairs of an estimator.
        sign_level: over a curve's checkpoints together, where its sign is sure.
    """

    replicates: int = 200
    resolution: float = 1e-3
    false_discovery_rate: float = 0.05
    sign_level: float = 0.05


def item_curves(
    influence: xr.DataArray, errors: xr.DataArray, resolution: float
) -> dict[tuple[str, str], Trajectory]:
    """Trajectories by pair of items.

    Args:
        influence: dims (seed, step, source, target), any unit; negative: helps.
        errors: standard errors, the same dims and unit; NaN: exact.
        resolution: share of a curve's largest size below which nothing is an event.

    Returns:
        by (source, target), an item and itself included.
    """
    exact = errors.fillna(0.0)
    return {
        (source, target): Trajectory(
            influence["step"].values,
            influence.sel(source=source, target=target).values,
            exact.sel(source=source, target=target).values,
            resolution,
        )
        for source in influence["source"].values.tolist()
        for target in influence["target"].values.tolist()
    }


def toy_events(
    influence: pd.DataFrame,
    items: Sequence[str],
    settings: EventSettings,
    seed: int,
    experiment: str = "toy",
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Events of every pair of different items, and the mean curves of all pairs, of all labels.

    Args:
        influence: the contract's table, all seeds.
        items: order of sources and targets.
        settings: what counts as an event.
        seed: of the random numbers that intervals are resampled with, the same for every label.
        experiment: its name in the table.

    Returns:
        events and trajectories, see `find_in`; the estimator of an event is the curve's label.

    Raises:
        ValueError: a pair is missing at a step of a seed, or there twice.
    """
    found = []
    for label, table in labelled(influence).items():
        values = influence_array(table, items)
        errors = influence_array(table, items, "std_error")
        curves = item_curves(values, errors, settings.resolution)
        rng = np.random.default_rng(seed)
        found.append(find_in(curves, experiment, label, settings, rng, itself=False))
    events, means = zip(*found, strict=True)
    rows = [row for table in events for row in table.to_dict("records")]
    return event_frame(rows), pd.concat(means, ignore_index=True)


def class_events(
    influence: pd.DataFrame,
    classes: Sequence[str],
    runs: Mapping[str, Sequence[int]],
    settings: EventSettings,
    seed: int,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Events and mean curves of class influence across sequences, by experiment.

    Influence between classes is symmetric, so that one of a pair's two directions is followed.

    Args:
        influence: the contract's table of a model, all runs: estimator, seed, step, source_class,
            target_class, pairs, influence, std_error (NaN: exact), normalized.
        classes: names, in the order wanted.
        runs: name of an experiment -> the seeds in it.
        settings: what counts as an event.
        seed: of the random numbers that intervals are resampled with.

    Returns:
        events, columns `COLUMNS`; and experiment, label, source, target, step, mean, low, high (see
        `find_in`). Pairs of classes whose tokens never meet in two sequences are left out.
    """
    across = influence[influence["pairs"] == "across_sequences"]
    rows, means = [], []
    for (estimator, normalized), group in across.groupby(["estimator", "normalized"], sort=False):
        label = estimator_label(estimator, float("nan"), normalized)
        for experiment, members in runs.items():
            chosen = group[group["seed"].isin(members)]
            every = {
                pair: class_curve(chosen, *pair, settings.resolution)
                for pair in combinations_with_replacement(classes, 2)
            }
            curves = {pair: curve for pair, curve in every.items() if curve is not None}
            rng = np.random.default_rng(seed)
            events, curve_means = find_in(curves, experiment, label, settings, rng, itself=True)
            rows += events.to_dict("records")
            means.append(curve_means.assign(experiment=experiment))
    order = ["experiment", "label", "source", "target", "step", "mean", "low", "high"]
    return event_frame(rows), pd.concat(means, ignore_index=True)[order]


def class_curve(
    table: pd.DataFrame, source: str, target: str, resolution: float
) -> Trajectory | None:
    """The curves of a pair of classes, one per seed.

    Args:
        table: class influence of one estimator: seed, step, source_class, target_class, influence,
            std_error (NaN: exact).
        source: a class.
        target: a class.
        resolution: share of a curve's largest size below which nothing is an event.

    Returns:
        values (seeds, checkpoints) with their errors, at the steps of the table; None where a value
        is missing, because no two tokens of the classes ever meet.
    """
    rows = table[(table["source_class"] == source) & (table["target_class"] == target)]
    values = rows.pivot(index="seed", columns="step", values="influence")
    errors = rows.pivot(index="seed", columns="step", values="std_error").fillna(0.0)
    if values.isna().any(axis=None):
        return None
    return Trajectory(values.columns.to_numpy(), values.to_numpy(), errors.to_numpy(), resolution)


def find_in(
    curves: Mapping[tuple[str, str], Trajectory],
    experiment: str,
    label: str,
    settings: EventSettings,
    rng: np.random.Generator,
    *,
    itself: bool,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Events and mean curves of all pairs of one experiment and estimator.

    False discoveries are controlled over all pairs together.

    Args:
        curves: by (source, target), in the order in which random numbers are drawn.
        experiment: its name in the table.
        label: of the estimator.
        settings: what counts as an event.
        rng: source of random numbers of the bootstrap.
        itself: look for events of a source on itself too.

    Returns:
        events, columns `COLUMNS`; and label, step, source, target, mean, low, high, in the unit of
        the curves (95 %, Student's t over seeds; the jackknife's for one run; equal to the mean
        where exact).
    """
    candidates: dict[tuple[str, ...], list[Event]] = {}
    means = []
    for (source, target), curve in curves.items():
        mean, low, high = mean_interval(curve.values, curve.std_errors)
        pair = {"label": label, "step": curve.steps, "source": source, "target": target}
        means.append(pd.DataFrame({**pair, "mean": mean, "low": low, "high": high}))
        if itself or source != target:
            candidates[source, target] = find_events(
                curve, replicates=settings.replicates, sign_level=settings.sign_level, rng=rng
            )
    rows = [
        {"experiment": experiment, "estimator": label, "source": source, "target": target}
        | {"q_value": q}
        | {name: value for name, value in vars(event).items() if name in COLUMNS}
        for (source, target), event, q in control(candidates, settings.false_discovery_rate)
    ]
    return event_frame(rows), pd.concat(means, ignore_index=True)


def event_frame(rows: Iterable[Mapping[str, object]]) -> pd.DataFrame:
    """Events as a table with the contract's columns, also where there are none.

    Args:
        rows: events, each by column; a column that is missing becomes NaN.

    Returns:
        columns `COLUMNS`, steps and values as floats.
    """
    return pd.DataFrame(list(rows), columns=COLUMNS).astype(dict.fromkeys(NUMBERS, float))
