"""How far ahead does influence tell what a short window of more or less weight does?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from analysis.estimators.bif_gaussian import MOST_PARAMETERS, gaussian_by_checkpoint
from analysis.estimators.instantaneous import instantaneous_influence
from analysis.estimators.unrolled import unrolled_influence
from analysis.statistics.correlation import rank_correlation
from analysis.statistics.crossings import first_crossing
from analysis.statistics.uncertainty import mean_interval
from models.toy.checkpoints import ToyRun
from models.toy.linear_network import Weights, sample_losses
from models.toy.settings import Optimizer
from models.toy.training import trajectory

QUANTITIES = ("rank", "sign")


def starts_of(steps: Sequence[int], horizons: Sequence[int], every: int) -> list[int]:
    """Checkpoints from which the whole of the longest horizon lies within training, so that every
    horizon is looked at from the same ones.

    Args:
        steps: of all checkpoints, increasing; the last is the end of training.
        horizons: steps ahead.
        every: take every so many checkpoints.

    Returns:
        steps, increasing.
    """
    return [step for step in steps[::every] if step + max(horizons) <= steps[-1]]


def window_effects(
    run: ToyRun,
    starts: Sequence[int],
    horizons: Sequence[int],
    changes: Sequence[float],
    window: int,
    **training: Any,
) -> Tensor:
    """What another weight of a sample in a short window does to every loss later on.

    Args:
        run: initial weights and targets of one training.
        starts: first steps of the windows.
        horizons: steps after the start at which losses are compared; below `window` the window is
            cut short there.
        changes: what is added to the sample's weight 1: -1 removes it, 1 doubles it.
        window: steps with the other weight.
        **training: optimizer, learning_rate and batches, as of `trajectory`.

    Returns:
        (change, start, horizon, source, target): loss with the other weight minus loss without,
        over the change, squared-error units per unit of weight. Negative: more weight helps.

    Raises:
        FloatingPointError: training diverged.
    """
    n, begin = run.targets.shape[-1], torch.tensor(starts)
    size = torch.tensor(changes, dtype=run.targets.dtype)
    one = torch.eye(n, dtype=run.targets.dtype)

    def weights(step: int) -> Tensor:
        inside = ((begin <= step) & (step < begin + window)).to(one)
        return 1 + size[:, None, None, None] * inside[:, None, None] * one

    found = torch.zeros(len(changes), len(starts), len(horizons), n, n, dtype=run.targets.dtype)
    end = max(starts) + max(horizons)
    plain = trajectory(run.initial, run.targets, end, **training)
    changed = trajectory(run.initial, run.targets, end, sample_weights=weights, **training)
    for (step, base), (_, other) in zip(plain, changed, strict=True):
        for k, h in _at(step, starts, horizons):
            there = Weights(*(w[:, k] for w in other))
            effect = sample_losses(there, run.targets) - sample_losses(base, run.targets)
            found[:, k, h] = effect / size[:, None, None]
    return found


def transported(
    run: ToyRun, starts: Sequence[int], horizons: Sequence[int], window: int, **training: Any
) -> Tensor:
    """The derivative of every later loss by the weight of a sample in a short window, carried
    through training: the limit of `window_effects` for small changes.

    Args:
        run: initial weights and targets of one training.
        starts: first steps of the windows.
        horizons: steps after the start.
        window: steps in which the weight counts.
        **training: optimizer, learning_rate and batches, as of `unrolled_influence`.

    Returns:
        (start, horizon, source, target), squared-error units per unit of weight. Negative: helps.
    """
    begin = torch.tensor(starts)
    initial = Weights(*(w.expand(len(starts), *w.shape) for w in run.initial))
    record = sorted({start + h for start in starts for h in horizons})
    bounds = torch.stack([begin, begin + window], -1)
    values = unrolled_influence(initial, run.targets, record, window=bounds, **training)
    place = torch.tensor([[record.index(start + h) for h in horizons] for start in starts])
    return values[place, torch.arange(len(starts))[:, None]]


def _at(step: int, starts: Sequence[int], horizons: Sequence[int]) -> list[tuple[int, int]]:
    """Places of the starts and horizons that meet at a step."""
    return [
        (k, h)
        for k, start in enumerate(starts)
        for h, ahead in enumerate(horizons)
        if start + ahead == step
    ]


def predictions(
    run: ToyRun,
    starts: Sequence[int],
    horizons: Sequence[int],
    window: int,
    *,
    nbeta: float,
    gamma: float,
    **training: Any,
) -> dict[str, np.ndarray]:
    """What says how a window will act, before it is tried.

    Args:
        run: checkpoints of one training, the starts among them.
        starts: first steps of the windows.
        horizons: steps after the start.
        window: steps of the windows.
        nbeta: n x beta of the local posterior, effective number of samples.
        gamma: its localisation, 1/parameter^2.
        **training: optimizer, learning_rate and batches.

    Returns:
        by name, (start, horizon, source, target), each in its own unit, negative: helps.
        "instantaneous": -g_i . g_j at the start; "bif_gaussian": the Gaussian limit of BIF there,
        NaN where there is none, absent where the network is too large for it; both the same for
        every horizon. "transported": see the function.
    """
    at = torch.tensor([run.steps.index(start) for start in starts])
    here = Weights(*(w[at] for w in run.weights))
    found = {"instantaneous": instantaneous_influence(here, run.targets).numpy()}
    if sum(w[0].numel() for w in run.weights) <= MOST_PARAMETERS:
        found["bif_gaussian"] = gaussian_by_checkpoint(run, [(nbeta, gamma)], [*starts])[0]
    same = {name: np.repeat(v[:, None], len(horizons), 1) for name, v in found.items()}
    carried = transported(run, starts, horizons, window, **training).numpy()
    return {**same, "transported": carried}


def horizon_table(
    run: ToyRun,
    *,
    horizons: Sequence[int],
    changes: Sequence[float],
    window: int,
    every: int,
    nbeta: float,
    gamma: float,
    optimizer: Optimizer = "gradient_descent",
    learning_rate: float,
    batches: Tensor | None = None,
) -> pd.DataFrame:
    """How well each prediction agrees with what windows of another weight do, by horizon.

    Args:
        run: checkpoints of one training.
        horizons: steps ahead, increasing.
        changes: what is added to a sample's weight in the window, not 0.
        window: steps of the windows.
        every: one window from every so many checkpoints.
        nbeta: n x beta of the local posterior, effective number of samples.
        gamma: its localisation, 1/parameter^2.
        optimizer: gradient_descent, momentum or adam.
        learning_rate: step size of training.
        batches: factors on the sample weights (steps, items); None: all items at every step.

    Returns:
        one row per start, horizon, change and prediction: seed, step, horizon, change, predictor,
        rank (Spearman's correlation over ordered pairs of different items), sign (share of pairs of
        equal sign). Rows in which a prediction or an effect does not vary or is not known are left
        out.

    Raises:
        FloatingPointError: training diverged.
    """
    how: dict[str, Any] = {
        "optimizer": optimizer, "learning_rate": learning_rate, "batches": batches
    }  # fmt: skip
    starts = starts_of(run.steps, horizons, every)
    effects = window_effects(run, starts, horizons, changes, window, **how).numpy()
    told = predictions(run, starts, horizons, window, nbeta=nbeta, gamma=gamma, **how)
    different = ~np.eye(len(run.items), dtype=bool)
    rows = []
    for predictor, values in told.items():
        for c, k, h in np.ndindex(effects.shape[:3]):
            effect, said = effects[c, k, h][different], values[k, h][different]
            rank = rank_correlation(effect, said) if np.isfinite(said).all() else np.nan
            if np.isfinite(rank):
                rows.append(
                    {
                        "seed": run.seed, "step": starts[k], "horizon": horizons[h],
                        "change": float(changes[c]), "predictor": predictor, "rank": rank,
                        "sign": float((np.sign(effect) == np.sign(said)).mean()),
                    }
                )  # fmt: skip
    columns = ["seed", "step", "horizon", "change", "predictor", *QUANTITIES]
    return pd.DataFrame(rows, columns=columns)


def horizon_means(horizons: pd.DataFrame) -> pd.DataFrame:
    """Agreement by horizon, mean over a run's starts first, then over runs.

    Args:
        horizons: as of `horizon_table`, all seeds.

    Returns:
        predictor, change, horizon (steps), quantity ("rank" or "sign"), mean, low, high (95 % over
        runs by Student's t), seeds.
    """
    rows = []
    for (predictor, change, horizon), group in horizons.groupby(
        ["predictor", "change", "horizon"], sort=False
    ):
        means = group.groupby("seed")[list(QUANTITIES)].mean()
        for quantity in QUANTITIES:
            mean, low, high = (float(x) for x in mean_interval(means[quantity].to_numpy()))
            rows.append(
                {
                    "predictor": predictor, "change": change, "horizon": horizon,
                    "quantity": quantity, "mean": mean, "low": low, "high": high,
                    "seeds": len(means),
                }
            )  # fmt: skip
    columns = ["predictor", "change", "horizon", "quantity", "mean", "low", "high", "seeds"]
    return pd.DataFrame(rows, columns=columns)


def falls_below(horizons: np.ndarray, values: np.ndarray, level: float) -> np.ndarray:
    """Horizon at which a correlation first falls below a level, interpolated in its logarithm.

    Args:
        horizons: steps, increasing, (horizons,).
        values: correlations, (runs, horizons).
        level: correlation.

    Returns:
        (runs,), steps; NaN where it never does.

    Example:
        >>> falls_below(np.array([1, 4, 16]), np.array([[0.9, 0.6, 0.4], [0.9, 0.8, 0.7]]), 0.5)
        array([ 8., nan])
    """
    return 2 ** first_crossing(np.log2(horizons), np.asarray(values).T, level, np.less)
