"""Stage: predicted against measured times of flips and peaks, for every hierarchy."""

from __future__ import annotations

import logging

import numpy as np
import pandas as pd

from analysis.estimators.bif_gaussian import NotPositiveDefiniteError
from analysis.theory.predicted_times import (
    MATCHED,
    Training,
    agreement,
    aligned_influence,
    by_chance,
    events_of,
    expected_strength,
    match,
    predicted_bif,
    predicted_influence,
    table_of,
    transition_width,
)
from models.toy.training import recorded_steps
from stagewise.config import Config
from stagewise.config.toy import ToyConfig
from stagewise.paths import Paths
from stagewise.provenance.store import provenance, read_table, write_table
from stagewise.tasks.theory.closed_form_error import HOME, hierarchies

logger = logging.getLogger(__name__)

BIF, TRAINING = "localised posterior of theory's networks", "first-order theory"
ALIGNED = "unrolled_aligned"  # of training from the start that theory assumes
CLAIMED = ("bif", "unrolled")  # told even where they have no event
# What each estimator should follow; every leave-one-out follows first-order theory.
FOLLOWS = {"bif": BIF, "bif_gaussian": BIF, "unrolled": TRAINING, ALIGNED: TRAINING}
SUMMARY = ["hierarchy", "estimator", "prediction", "matched", "missed", "large", "missed_large",
           "unforeseen",
           "median_error", "worst_error", "median_widths", "worst_widths", "bias",
           "inside", "chance_share"]  # fmt: skip


def run(config: Config, paths: Paths) -> None:
    """Write `times` (one row per matched event: hierarchy, estimator, prediction, then the
    columns of `match`) and `times_summary` (one row per hierarchy and estimator)."""
    matched, summary = [], []
    for name, toy in hierarchies(config).items():
        place = paths if name == HOME else paths.variant(name)
        predicted, widths, aligned = _predict(toy)
        events = read_table(place.whole("events"))
        measured = {str(label): rows for label, rows in events.groupby("estimator", sort=False)}
        for label in dict.fromkeys([*CLAIMED, *measured, ALIGNED]):
            rows = aligned if label == ALIGNED else measured.get(label, events.iloc[:0])
            theory = TRAINING if label.startswith("loo_") else FOLLOWS.get(label)
            if theory not in predicted:
                continue
            known = pd.MultiIndex.from_frame(rows[["source", "target"]]).isin(list(widths))
            rows = rows[known]
            found = match(predicted[theory], rows, widths)
            chance = by_chance(predicted[theory], rows, widths, np.random.default_rng(config.seed))
            row = {"hierarchy": name, "estimator": label, "prediction": theory}
            matched.append(found.events.assign(**row))
            summary.append(row | agreement(found) | {"chance_share": chance})
    origin = provenance(config.model_dump(), config.toy_seeds)
    columns = ["hierarchy", "estimator", "prediction", *MATCHED]
    empty = pd.DataFrame(columns=columns)
    write_table(pd.concat([empty, *matched])[columns], paths.theory("times"), origin)
    write_table(pd.DataFrame(summary, columns=SUMMARY), paths.theory("times_summary"), origin)


def _predict(toy: ToyConfig) -> tuple[dict, dict[tuple[str, str], float], pd.DataFrame]:
    """Events by kind of prediction and pair, the transition width of every pair, and the events
    of training from an aligned start; without pairs that are not told apart within four times
    the training."""
    tree = toy.tree
    strength = expected_strength(toy.init_scale, toy.hidden_width, toy.initialisation)
    training = Training(tree, toy.learning_rate, strength, toy.hidden_width)
    fine = np.arange(0, toy.steps + 1, max(1, toy.checkpoint_every // 4))
    grid = np.array(recorded_steps(toy.steps, toy.checkpoint_every))
    predicted = {TRAINING: events_of(predicted_influence(training, fine), fine, tree)}
    local = toy.posterior
    try:
        curves = predicted_bif(training, grid, nbeta=local.nbeta, gamma=local.gamma)
        predicted[BIF] = events_of(curves, grid, tree)
    except NotPositiveDefiniteError as error:
        logger.warning("no predicted BIF: %s", error)
    longer = np.arange(0, 4 * toy.steps + 1, max(1, toy.checkpoint_every // 4))
    widths = {pair: transition_width(training, pair, longer) for pair in predicted[TRAINING]}
    widths = {pair: width for pair, width in widths.items() if np.isfinite(width)}
    predicted = {
        theory: {pair: found for pair, found in events.items() if pair in widths}
        for theory, events in predicted.items()
    }
    aligned = events_of(aligned_influence(training, grid), grid, tree)
    return predicted, widths, table_of(aligned)
