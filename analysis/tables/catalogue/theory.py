"""Tables of the theory's checks."""

from __future__ import annotations

from analysis.tables.catalogue.base import Table
from analysis.tables.catalogue.columns import BAND, ITEMS, PAIR, STEP
from analysis.tables.catalogue.toy import STAGE

WHERE = {"hierarchy": "str toy, or a variant's name", "estimator": "str label of the curve"}
FOLLOWED = {**WHERE, "prediction": "str theory it is held against"}
SETTING = {
    "sharpness": "float of the hierarchy: a node at depth d has features of size sharpness^-d",
    "init_scale": "float standard deviation of a weight at step 0",
    "learning_rate": "float of training",
}
THEORY = {"theory": "str closed_form, or first_order"}

TABLES = [
    Table(
        "phases",
        "theory",
        "Two phases of a posterior by quadrature, and what free energy predicts.",
        {
            "posterior": "str global, local, free_energy or leading_order",
            "gamma": "float localisation; 0: global",
            "anchor": "str the well, U or V; empty: global",
            "n": "float sample size",
            **PAIR,
            "quantity": "str weight_U, mean_U, within, between, total, flip, ...",
            "value": "float nats^2 for influences",
        },
    ),
    Table(
        "phases_sampled",
        "theory",
        "The sampler's estimates around each of two wells.",
        {
            "n": "float sample size",
            "gamma": "float localisation, 1/parameter^2",
            "anchor": "str the well the chains start in",
            **PAIR,
            "influence": "float nats^2",
            "std_error": "float of it",
            "share_U": "float share of the draws in the wide well",
            "r_hat": "float? the worse of the pair's two traces",
            "mixed": "bool is it low enough",
            "ess": "float effective draws, the fewer of the two",
            "diverged": "int chains dropped",
        },
    ),
    Table(
        "closed_form_error",
        "theory",
        "Error of the closed form as its causes are taken away.",
        {
            "hierarchy": "str toy, or a variant's name",
            "initialisation": "str random or aligned",
            "taken_away": "str cause; nothing; <cause> alone; first_order",
            "order": "int position on the ladder; -1: off it",
            "error": "float norm of the difference over that of the reference",
            "correlation": "float of the two, over times and pairs",
            "contribution": "float what this cause changed, over the norm of the exact influence",
        },
    ),
    Table(
        "closed_form_curves",
        "theory",
        "The ladder's curves on the toy, focus pairs.",
        {
            "taken_away": "str cause",
            **STEP,
            **ITEMS,
            "influence": "float squared-error units per weight",
        },
    ),
    Table(
        "times",
        "theory",
        "Every matched event: when theory has it, and when it was measured.",
        {
            **FOLLOWED,
            **ITEMS,
            "kind": "str flip or peak",
            "direction": "str to_harmful, to_helpful, maximum or minimum",
            "predicted": "float step",
            "measured": "float step",
            "ci_low": "float lower end of the 95 % interval, steps",
            "ci_high": "float upper end, steps",
            "error": "float measured minus predicted, steps",
            "width": "float 10 to 90 % of the pair's transition, steps",
        },
    ),
    Table(
        "times_summary",
        "theory",
        "Predicted against measured times, one row per hierarchy and estimator.",
        {
            **FOLLOWED,
            "matched": "int events found where predicted",
            "missed": "int predicted, not found",
            "large": "int large predicted peaks",
            "missed_large": "int of those not found",
            "unforeseen": "int found, not predicted",
            "median_error": "float absolute, steps",
            "worst_error": "float absolute, steps",
            "median_widths": "float in transition widths",
            "worst_widths": "float in transition widths",
            "bias": "float median of measured minus predicted, steps",
            "inside": "float share of predictions inside the measured interval",
            "chance_share": "float share that another pair's prediction would match",
        },
    ),
    Table(
        "branch_points",
        "theory",
        "Every distinction's harmful peak of influence beside its branch point, all trees.",
        {
            "hierarchy": "str toy, or a variant's name",
            "node": "str the distinction",
            "peak": "float step of the peak, median over pairs",
            "knee": "float branch point of the hidden paths, step, mean over seeds",
            "fastest": "float fastest separation, likewise",
            "start": "float 10 % learnt, likewise",
            "end": "float 90 % learnt, likewise",
            "pairs": "int behind the peak",
        },
    ),
    Table(
        "optimizers",
        "theory",
        "Verdict on the claims C1 to C5 under every optimizer.",
        {
            "optimizer": "str variant's name",
            "claim": "str its id",
            "verdict": "str as in the claims table",
            "measured": "str the numbers",
            "interval": "str theirs",
            "reason": "str why this verdict",
            "sampled": "float correlation of sampled BIF with its limit, first seed",
        },
    ),
    Table(
        "optimizer_curves",
        "theory",
        "Mean influence of the focus source under every optimizer.",
        {
            "optimizer": "str variant's name",
            "label": "str curve",
            **STEP,
            **ITEMS,
            **BAND,
        },
    ),
    Table(
        "optimizer_stages",
        "theory",
        "When every distinction is learnt under every optimizer.",
        {**STAGE, "optimizer": "str variant's name"},
    ),
    Table(
        "what_if",
        "theory",
        "Influence that theory predicts for the focus pairs, over a grid of settings of the toy.",
        {
            **SETTING,
            **THEORY,
            **ITEMS,
            "step": "float training step; learning rate x step is what theory knows of it",
            "influence": "float squared-error units per weight; negative: the source helps",
        },
    ),
    Table(
        "what_if_events",
        "theory",
        "Flips and peaks of those curves.",
        {
            **SETTING,
            **THEORY,
            **ITEMS,
            "kind": "str flip or peak",
            "step": "float when, training steps",
            "direction": "str to_harmful, to_helpful, maximum or minimum",
            "value": "float influence there; 0 for a flip",
        },
    ),
    Table(
        "what_if_stages",
        "theory",
        "When mode dynamics have every distinction learnt, over the same grid.",
        {
            **SETTING,
            "depth": "int nodes above the distinction",
            "stage": "str what is told apart, as in mammal | bird",
            "start": "float? step at which 10 % are learnt",
            "middle": "float? step at which 50 % are learnt",
            "end": "float? step at which 90 % are learnt",
        },
    ),
]
