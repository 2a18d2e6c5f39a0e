"""Stage: the estimators that need no sampling, for one run."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from analysis.estimators.bif_gaussian import (
    NotPositiveDefiniteError,
    correlation,
    factored_gaussian_influence,
)
from analysis.estimators.closed_form import closed_form_influence
from analysis.estimators.first_order import first_order_influence
from analysis.estimators.unrolled import unrolled_influence
from analysis.interventions.retraining import leave_one_out
from models.toy.checkpoints import ToyRun
from models.toy.linear_network import Weights, initial_mode_strength, sample_derivatives
from stagewise.config import Config
from stagewise.config.toy import ToyConfig
from stagewise.provenance.store import provenance, write_table
from stagewise.tasks.toy.common import (
    INFLUENCE_COLUMNS,
    influence_table,
    load_checked,
    training_options,
)

logger = logging.getLogger(__name__)

MOST_PARAMETERS = 8000  # of a Gaussian limit: its covariance then takes half a GiB


def run(config: Config, estimator: str, checkpoints: Path, output: Path) -> None:
    """Write one estimator's influence for all pairs and checkpoints of a run.

    Raises:
        ValueError: the estimator is unknown.
    """
    if estimator not in ESTIMATORS:
        raise ValueError(f"estimator {estimator!r}: choose one of bif, {', '.join(ESTIMATORS)}")
    toy_run = load_checked(checkpoints, config)
    table = ESTIMATORS[estimator](config.toy, toy_run)
    write_table(table, output, provenance(config.model_dump(), toy_run.seed))


def _unrolled(toy: ToyConfig, run_: ToyRun) -> pd.DataFrame:
    options = training_options(toy, run_.seed)
    values = unrolled_influence(run_.initial, run_.targets, run_.steps, **options)
    return influence_table("unrolled", values, run_)


def _loo(toy: ToyConfig, run_: ToyRun) -> pd.DataFrame:
    values = leave_one_out(
        run_.initial, run_.targets, run_.steps, toy.etas, **training_options(toy, run_.seed)
    )
    tables = [
        influence_table("loo", value, run_, eta=eta)
        for value, eta in zip(values, toy.etas, strict=True)
    ]
    return pd.concat(tables, ignore_index=True)


def _closed_form(toy: ToyConfig, run_: ToyRun) -> pd.DataFrame:
    if toy.training != "gradient_descent":
        logger.warning("closed_form assumes gradient_descent, not %s: left out", toy.training)
        return pd.DataFrame(columns=INFLUENCE_COLUMNS)
    if toy.hidden_width < len(run_.items):
        logger.warning("closed_form assumes a hidden unit per item (%d): left out", len(run_.items))
        return pd.DataFrame(columns=INFLUENCE_COLUMNS)
    values = closed_form_influence(
        run_.targets.numpy(),
        np.array(run_.steps) * run_.learning_rate,
        initial_mode_strength(run_.initial, run_.targets),
    )
    return influence_table("closed_form", values, run_)


def _first_order(toy: ToyConfig, run_: ToyRun) -> pd.DataFrame:
    if toy.optimizer != "gradient_descent":
        logger.warning("first_order is of gradient descent, not %s: left out", toy.optimizer)
        return pd.DataFrame(columns=INFLUENCE_COLUMNS)
    options = training_options(toy, run_.seed)
    values = first_order_influence(
        run_.initial,
        run_.targets,
        run_.steps,
        learning_rate=options["learning_rate"],
        batches=options["batches"],
    )
    return influence_table("first_order", values, run_)


def gaussian_by_checkpoint(
    run_: ToyRun, settings: list[tuple[float, float]], steps: list[int] | None = None
) -> np.ndarray:
    """Gaussian influence at each checkpoint for several (nbeta, gamma).

    Returns:
        (settings, checkpoints, source, target); NaN where the local posterior is not positive
        definite.
    """
    chosen = [k for k, step in enumerate(run_.steps) if steps is None or step in steps]
    n = len(run_.items)
    values = np.full((len(settings), len(chosen), n, n), np.nan)
    for position, k in enumerate(chosen):
        network = Weights(run_.weights.W1[k], run_.weights.W2[k])
        gradients, curvature = sample_derivatives(network, run_.targets)
        for row, (nbeta, gamma) in enumerate(settings):
            try:
                values[row, position] = factored_gaussian_influence(
                    gradients, *curvature, nbeta=nbeta, gamma=gamma
                )
            except NotPositiveDefiniteError as error:
                logger.warning("step %d: %s", run_.steps[k], error)
    return values


def _bif_gaussian(toy: ToyConfig, run_: ToyRun) -> pd.DataFrame:
    local, parameters = toy.posterior, sum(w[0].numel() for w in run_.weights)
    if parameters > MOST_PARAMETERS:
        logger.warning("bif_gaussian inverts a matrix as wide as the %d parameters, more than %d: "
                       "left out", parameters, MOST_PARAMETERS)  # fmt: skip
        return pd.DataFrame(columns=INFLUENCE_COLUMNS)
    raw = gaussian_by_checkpoint(run_, [(local.nbeta, local.gamma)])[0]
    both = (raw, np.stack([correlation(torch.tensor(value)).numpy() for value in raw]))
    tables = [
        influence_table("bif_gaussian", values, run_, normalized=normalized)
        for values, normalized in zip(both, (False, True), strict=True)
    ]
    return pd.concat(tables, ignore_index=True).dropna(subset=["influence"])


ESTIMATORS: dict[str, Callable[[ToyConfig, ToyRun], pd.DataFrame]] = {
    "bif_gaussian": _bif_gaussian,
    "closed_form": _closed_form,
    "first_order": _first_order,
    "unrolled": _unrolled,
    "loo": _loo,
}
