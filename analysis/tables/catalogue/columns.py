"""Columns that several tables share, with their units."""

from __future__ import annotations

SEED = {"seed": "int seed of the run"}
STEP = {"step": "int training step"}
ITEMS = {"source": "str item weighted", "target": "str item whose loss is looked at"}
CLASSES = {"source_class": "str class weighted", "target_class": "str class looked at"}
PAIR = {"source": "str weighted", "target": "str whose loss is looked at"}
ITEM = {"item": "str item"}
BAND = {"mean": "float mean over runs", "low": "float lower end, 95 %", "high": "float upper end"}
WHEN = {
    "step": "float when, training steps",
    "ci_low": "float lower end of the 95 % interval, steps",
    "ci_high": "float upper end, steps",
}
EVENT = {
    "experiment": "str toy, language/<model> or language/<model>/seed<S>",
    "estimator": "str label of the curve: bif, bif_normalized, loo_0.5, ...",
    **PAIR,
    "kind": "str flip or peak",
    **WHEN,
    "direction": "str to_harmful, to_helpful, maximum or minimum",
    "q_value": "float false discovery rate at which it is kept",
    "value": "float influence there; 0 for a flip",
}
SAMPLER = {
    "r_hat": "float? split R-hat of the loss trace",
    "ess": "float effective draws for the mean",
    "distance": "float mean squared distance from the checkpoint, prior's = 1",
    "diverged": "int chains dropped",
    "downhill": "float fall of the mean loss during the draws, standard errors",
}
