"""Tables of how far ahead influence tells, in the toy."""

from __future__ import annotations

from analysis.tables.catalogue.base import Table
from analysis.tables.catalogue.columns import BAND, SEED, STEP

AHEAD = {
    "horizon": "int steps from the window's begin to where losses are compared",
    "change": "float added to the sample's weight in the window; -1: removed, 1: doubled",
    "predictor": "str instantaneous, bif_gaussian or transported",
}

TABLES = [
    Table(
        "horizons",
        "toy",
        "How well influence tells what a short window of another weight does, by horizon and run.",
        {
            **SEED,
            **STEP,
            **AHEAD,
            "rank": "float Spearman's correlation over ordered pairs of different items",
            "sign": "float share of pairs of equal sign",
        },
        scope="seed",
    ),
    Table(
        "horizon_means",
        "toy",
        "The same, mean over windows and runs.",
        {
            **{name: AHEAD[name] for name in ("predictor", "change", "horizon")},
            "quantity": "str rank (correlation) or sign (share of equal signs)",
            **BAND,
            "seeds": "int runs",
        },
    ),
]
