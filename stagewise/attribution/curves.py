"""Flips and peaks of influence, and its picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import xarray as xr

from analysis.statistics.event_tables import EventSettings, find_in, item_curves
from stagewise.attribution.data import DataError

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def find_events(
    found: xr.Dataset | Sequence[xr.Dataset],
    *,
    itself: bool = False,
    replicates: int = 200,
    seed: int = 0,
    experiment: str = "run",
) -> pd.DataFrame:
    """Sign flips and peaks of every pair, false discoveries controlled over all of them.

    Args:
        found: influence of one run, or of several (training seeds), whose mean is looked at.
        itself: look at a source's influence on itself too.
        replicates: resampled curves behind each interval.
        seed: of their random numbers.
        experiment: name in the table.

    Returns:
        the columns of the pipeline's events.parquet: experiment, estimator, source, target, kind
        (flip or peak), step, ci_low, ci_high, direction, q_value, value.

    Raises:
        DataError: runs differ in groups, or share fewer than three checkpoints.

    Example:
        >>> step, axes = range(0, 50, 10), ("step", "source", "target")
        >>> values = np.linspace(-1, 1, 5).reshape(5, 1, 1) * np.ones((1, 2, 2))
        >>> errors = (axes, np.full((5, 2, 2), 0.01))
        >>> names = {"step": list(step), "source": ["a", "b"], "target": ["a", "b"]}
        >>> one = xr.Dataset({"influence": (axes, values), "std_error": errors}, names)
        >>> find_events(one)[["source", "target", "kind", "step"]].values.tolist()
        [['a', 'b', 'flip', 20.0], ['b', 'a', 'flip', 20.0]]
    """
    runs = _as_runs(found)
    settings = EventSettings(replicates=replicates)
    curves = item_curves(runs.influence, runs.std_error, settings.resolution)
    label = str(runs.attrs.get("estimator", "bif"))
    label += "_normalized" if runs.attrs.get("normalized") else ""
    rng = np.random.default_rng(seed)
    return find_in(curves, experiment, label, settings, rng, itself=itself)[0]


def plot(found: xr.Dataset | Sequence[xr.Dataset], events: pd.DataFrame | None = None) -> Figure:
    """Influence over training, one panel per target, with intervals; flips and peaks marked.

    Args:
        found: influence of one run, or of several, whose mean is drawn.
        events: of `find_events`; None: none are marked.

    Returns:
        a matplotlib figure in the project's style. Of many single samples, the pairs that change
        most over training are drawn.

    Raises:
        DataError: runs differ in groups.

    Example:
        >>> from stagewise.attribution.example import example
        >>> run, data, posterior = example()
        >>> draws = run.sample(data, loss="squared_error", posterior=posterior)
        >>> found = draws.influence(groups=["left", "left", "right", "right"])
        >>> [panel.get_title(loc="left") for panel in plot(found, find_events(found)).axes]
        ['on left', 'on right']
    """
    import matplotlib

    backend = matplotlib.get_backend(auto_select=False)
    from figures.attribution.trajectories import draw

    if backend is not None:  # figures of the pipeline need none; a reader's stays
        matplotlib.use(backend)
    return draw(_as_runs(found, least=1), events)


def _as_runs(found: xr.Dataset | Sequence[xr.Dataset], least: int = 3) -> xr.Dataset:
    """Influence with a leading dimension of seeds, names as text."""
    runs = [found] if isinstance(found, xr.Dataset) else list(found)
    for run in runs:
        if not {"influence", "std_error"} <= set(run.data_vars):
            raise DataError(f"no influence: variables are {', '.join(map(str, run.data_vars))}")
        for axis in ("source", "target"):
            if list(run[axis].values) != list(runs[0][axis].values):
                raise DataError(f"runs differ in their {axis}s: use the same groups for all")
    whole = xr.concat(
        [
            run[["influence", "std_error"]].transpose("step", "source", "target").sortby("step")
            for run in runs
        ],
        "seed", join="inner", combine_attrs="override",
    )  # fmt: skip
    if whole.sizes["step"] < least:
        raise DataError(f"{whole.sizes['step']} checkpoints in all runs: at least {least}")
    names = {axis: [str(n) for n in whole[axis].values] for axis in ("source", "target")}
    return whole.assign_coords(names).assign_attrs(runs[0].attrs)
