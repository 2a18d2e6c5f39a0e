"""Tables of the toy model, and of its variants."""

from __future__ import annotations

from analysis.tables.catalogue.base import Table
from analysis.tables.catalogue.columns import BAND, EVENT, ITEM, ITEMS, SAMPLER, SEED, STEP, WHEN

STAGE = {
    "seed": "int seed of the run",
    "stage": "str what is told apart, as in mammal | bird; everything: the mean of all items",
    "node": "str node of the hierarchy whose children are told apart",
    "depth": "int nodes above it; -1: everything",
    "start": "float? step at which 10 % are learnt",
    "middle": "float? step at which 50 % are learnt",
    "end": "float? step at which 90 % are learnt",
    "theory_middle": "float? the middle by mode dynamics",
    "knee": "float? step at which the hidden paths part: largest acceleration",
    "fastest": "float? step at which they part fastest",
}

SWEPT = {
    "nbeta": "float effective number of samples",
    "gamma": "float localisation, 1/parameter^2",
    "relative_step": "float step_size x (gamma + nbeta)",
}
COMPARED = {
    "estimator": "str bif, or bif_gaussian: without noise",
    "reference": "str label of the curve compared with",
    "equal": "str time or ess: what all settings have as much of; exact",
}

TABLES = [
    Table(
        "influence",
        "toy",
        "Influence of every item on every other, by every estimator, checkpoint and seed.",
        {
            "estimator": "str name of the estimator",
            "eta": "float? share of the source that is removed (loo)",
            **STEP,
            **ITEMS,
            "influence": "float negative: the source helps; unit of its estimator",
            "std_error": "float? its standard error; NaN where exact",
            "normalized": "bool correlation in place of covariance",
            **SEED,
        },
        variants="all",
    ),
    Table(
        "diagnostics",
        "toy",
        "Did the sampler sample? Every checkpoint, item and seed.",
        {**STEP, "sample": "str item", **SAMPLER, **SEED},
        scope="seed",
    ),
    Table(
        "windows",
        "toy",
        "Loss with a source minus loss without it inside a window of training.",
        {
            **SEED,
            "start": "int first step without the source",
            "end": "int first step with it again",
            **ITEMS,
            "end_effect": "float effect at the window's end, squared-error units",
            "largest_effect": "float effect of largest size afterwards, squared-error units",
            "largest_step": "float step of that",
            "predicted": "float learning rate x length / items x (-g_i . g_j) at its middle",
        },
        scope="seed",
        variants="optimizers",
    ),
    Table(
        "limits",
        "toy",
        "How far gamma x BIF is from its limit -g_i . g_j.",
        {
            **SEED,
            "gamma": "float localisation, 1/parameter^2",
            **STEP,
            "relative_error": "float norm of the difference over that of the limit, all pairs",
            "sign_agreement": "float share of pairs of equal sign",
        },
        scope="seed",
    ),
    Table(
        "losses",
        "toy",
        "Loss of every item over training.",
        {**SEED, **STEP, **ITEM, "loss": "float squared error / 2"},
        variants="all",
    ),
    Table(
        "modes",
        "toy",
        "Strength of every mode over training, measured and by theory.",
        {
            **SEED,
            **STEP,
            "mode": "int rank of the singular value",
            "singular_value": "float of the input-output covariance",
            "measured": "float strength u . W v",
            "theory": "float? strength by mode dynamics",
            "start": "float? step at 10 % of the final strength",
            "middle": "float? step at 50 %",
            "end": "float? step at 90 %",
            "theory_middle": "float? the middle by theory",
        },
        variants="all",
    ),
    Table("transitions", "toy", "When every distinction is learnt.", STAGE, variants="all"),
    Table(
        "embedding",
        "toy",
        "Paths of the items through the hidden layer: classical multidimensional scaling.",
        {**SEED, **STEP, **ITEM, "x": "float first coordinate", "y": "float second coordinate"},
        variants="all",
    ),
    Table(
        "sweep",
        "toy",
        "Agreement of BIF with retraining by sampler settings, seed by seed.",
        {
            **SWEPT,
            "step_size": "float SGLD step size",
            **COMPARED,
            "draws": "int of a chain; 0: exact",
            "agreement": "float median over pairs of the correlation over training",
            "definite": "float share of checkpoints where nbeta H + gamma I is positive definite",
            **SEED,
        },
    ),
    Table(
        "sweep_summary",
        "toy",
        "Its mean over seeds.",
        {
            **SWEPT,
            **COMPARED,
            **BAND,
            "definite": "float the least share over seeds",
            "seeds": "int seeds behind it",
        },
    ),
    Table("events", "toy", "Flips and peaks of every influence curve.", EVENT, variants="all"),
    Table(
        "trajectories",
        "toy",
        "Mean influence over seeds, every curve and pair.",
        {"label": "str curve: bif, bif_normalized, loo_0.5, ...", **STEP, **ITEMS, **BAND},
        variants="all",
    ),
    Table(
        "removal_times",
        "toy",
        "Helpful minimum, flip to harmful and harmful maximum along the ladder of removals.",
        {
            "label": "str curve: loo_<eta>, unrolled or bif",
            **ITEMS,
            "kind": "str minimum, flip or maximum",
            **WHEN,
        },
    ),
    Table(
        "distinction_peaks",
        "toy",
        "Highest harmful peak of every pair beside the distinction that tells the pair apart.",
        {
            **ITEMS,
            "node": "str the distinction",
            "label": "str curve",
            **WHEN,
            "value": "float influence at the peak",
            "start": "float? step at which 10 % of the distinction are learnt, mean over seeds",
            "middle": "float? 50 %",
            "end": "float? 90 %",
            "knee": "float? branch point of the hidden paths",
            "fastest": "float? fastest separation",
        },
    ),
    Table(
        "window_curves",
        "toy",
        "Window ablation over the window's position, beside what influence predicts.",
        {
            "outcome": "str end_effect, largest_effect, predicted or bif",
            "length": "int steps of the window",
            "center": "float middle of the window, step",
            **ITEMS,
            **BAND,
        },
    ),
    Table(
        "limit_errors",
        "toy",
        "How windows as they shorten, and BIF as it is localised, approach their limit.",
        {
            "limit": "str window or gamma",
            "value": "float length in steps, or gamma",
            "quantity": "str slope or relative_error",
            **BAND,
        },
    ),
]
