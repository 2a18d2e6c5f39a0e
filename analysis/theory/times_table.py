"""Predicted against measured times of flips and peaks of one training, as tables."""

from __future__ import annotations

import logging
from typing import NamedTuple

import numpy as np
import pandas as pd

from analysis.theory.gaussian_influence import NotPositiveDefiniteError
from analysis.theory.matching import (
    MATCHED,
    Events,
    Matching,
    agreement,
    by_chance,
    match,
    table_of,
)
from analysis.theory.predicted_times import (
    Training,
    aligned_influence,
    events_of,
    predicted_bif,
    predicted_influence,
    transition_width,
)
from models.toy.training import recorded_steps

logger = logging.getLogger(__name__)

BIF, TRAINING = "localised posterior of theory's networks", "first-order theory"
ALIGNED = "unrolled_aligned"  # of training from the start that theory assumes
CLAIMED = ("bif", "unrolled")  # told even where they have no event
# What each estimator should follow; every leave-one-out follows first-order theory.
FOLLOWS = {"bif": BIF, "bif_gaussian": BIF, "unrolled": TRAINING, ALIGNED: TRAINING}
SUMMARY = ["estimator", "prediction", "matched", "missed", "large", "missed_large", "unforeseen",
           "median_error", "worst_error", "median_widths", "worst_widths", "bias", "inside",
           "chance_share"]  # fmt: skip


class Predictions(NamedTuple):
    """What theory says of one training.

    Attributes:
        events: kind of prediction (`BIF`, `TRAINING`) -> (source, target) -> its events.
        widths: transition width of every pair that is told apart, steps.
        aligned: events of training from an aligned start, as a table.
    """

    events: dict[str, Events]
    widths: dict[tuple[str, str], float]
    aligned: pd.DataFrame


def predictions(
    training: Training,
    *,
    steps: int,
    checkpoint_every: int,
    nbeta: float,
    gamma: float,
    resolution: float = 1e-3,
    sign_level: float = 0.05,
) -> Predictions:
    """Events that theory predicts, without pairs that are not told apart within four times the
    training; no predicted BIF, with a warning, where its localisation is too weak for a saddle.

    Args:
        training: how the network is trained.
        steps: of training.
        checkpoint_every: steps between two checkpoints.
        nbeta: n x beta, effective number of samples.
        gamma: localisation of BIF, 1/parameter^2.
        resolution: share of a curve's largest size below which nothing is an event; that of the
            measured events.
        sign_level: at which a sign is sure, as for the measured events.

    Returns:
        events by kind of prediction, transition widths (steps), and events of aligned training.

    Raises:
        ValueError: a singular value vanishes, the initial strength is not positive, or the hidden
            layer is narrower than the number of modes.
    """
    tree, finer = training.tree, max(1, checkpoint_every // 4)
    fine = np.arange(0, steps + 1, finer)
    grid = np.array(recorded_steps(steps, checkpoint_every))
    predicted = {
        TRAINING: events_of(predicted_influence(training, fine), fine, tree, resolution, sign_level)
    }
    try:
        curves = predicted_bif(training, grid, nbeta=nbeta, gamma=gamma)
        predicted[BIF] = events_of(curves, grid, tree, resolution, sign_level)
    except NotPositiveDefiniteError as error:
        logger.warning("no predicted BIF: %s", error)
    longer = np.arange(0, 4 * steps + 1, finer)
    every = {pair: transition_width(training, pair, longer) for pair in predicted[TRAINING]}
    widths = {pair: width for pair, width in every.items() if np.isfinite(width)}
    events = {
        theory: {pair: found for pair, found in by_pair.items() if pair in widths}
        for theory, by_pair in predicted.items()
    }
    aligned = events_of(aligned_influence(training, grid), grid, tree, resolution, sign_level)
    return Predictions(events, widths, table_of(aligned))


def times_tables(
    said: Predictions, events: pd.DataFrame, matching: Matching, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Measured events beside predicted ones.

    Args:
        said: the predictions.
        events: the contract's table of the training, all estimators.
        matching: when a measured event is the predicted one.
        seed: of the shuffles behind chance.

    Returns:
        one row per matched event: estimator, prediction, then the columns of `match`, in steps; and
        one row per estimator with a prediction, columns `SUMMARY` (see `agreement`; chance_share:
        `by_chance`).
    """
    measured = {str(label): rows for label, rows in events.groupby("estimator", sort=False)}
    matched, summary = [], []
    for label in dict.fromkeys([*CLAIMED, *measured, ALIGNED]):
        rows = said.aligned if label == ALIGNED else measured.get(label, events.iloc[:0])
        theory = TRAINING if label.startswith("loo_") else FOLLOWS.get(label)
        if theory not in said.events:
            continue
        known = pd.MultiIndex.from_frame(rows[["source", "target"]]).isin(list(said.widths))
        how = said.events[theory], rows[known], said.widths, matching
        found = match(*how)
        chance = by_chance(*how, np.random.default_rng(seed))
        row = {"estimator": label, "prediction": theory}
        matched.append(found.events.assign(**row))
        summary.append(row | agreement(found) | {"chance_share": chance})
    columns = ["estimator", "prediction", *MATCHED]
    empty = pd.DataFrame(columns=columns)
    return pd.concat([empty, *matched])[columns], pd.DataFrame(summary, columns=SUMMARY)
