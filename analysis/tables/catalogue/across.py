"""Tables of several models together, of everything, and of what sampling costs."""

from __future__ import annotations

from analysis.tables.catalogue.base import Table
from analysis.tables.catalogue.columns import EVENT, PAIR, SEED, STEP

WORK = {
    "multiplied": "int parameters that tokens are multiplied by",
    "stored": "int all parameters",
    "layers": "int layers",
    "width": "int of the residual stream",
    "context": "int tokens",
    "vocabulary": "int tokens",
    "gradient_tokens": "int tokens with a gradient, per draw",
    "observed_tokens": "int tokens without, per draw",
    "logit_tokens": "int tokens whose logits are in memory at once",
}

TABLES = [
    Table("events", "results", "Flips and peaks of the toy and of all language models.", EVENT),
    Table(
        "sizes",
        "across",
        "Class influence of every language model side by side, on steps and on tokens.",
        {
            "model": "str its name",
            "run": "str this run, or recorded",
            "text": "str its corpus",
            "parameters": "int of the model",
            **SEED,
            "label": "str curve",
            **STEP,
            "tokens": "int trained on by then",
            **PAIR,
            "mean": "float influence",
            "induction": "float? step at which induction is half learnt",
            "induction_tokens": "float? tokens trained on by then",
        },
    ),
    Table(
        "cost",
        "across",
        "What a draw of one chain costs, measured.",
        {
            **WORK,
            "heads": "int attention heads",
            "seconds": "float per draw of one chain",
            "gib": "float peak memory beside the program, GiB",
            "rate": "float operations per second of a large matrix product",
            "device": "str cpu or cuda",
            "threads": "int CPU threads",
            "fitted": "float seconds by the cost model",
        },
        recorded="figures",
    ),
    Table(
        "cost_suite",
        "across",
        "What a draw would cost for the models of the Pythia suite, extrapolated.",
        {
            "size_name": "str Pythia's size",
            "stored": "int all parameters",
            "seconds": "float per draw of one chain",
            "gib": "float memory beside the program, GiB",
        },
        recorded="figures",
    ),
]
