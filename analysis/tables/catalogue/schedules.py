"""Tables of extra weight that is spent where influence says that it helps."""

from __future__ import annotations

from analysis.tables.catalogue.base import Table
from analysis.tables.catalogue.columns import SEED, STEP

ARM = {
    "target": "str class that is to be learnt",
    "arm": "str none, a window as 120-240, or a way to spend (schedules.arms)",
}

TABLES = [
    Table(
        "schedules",
        "language",
        "What came of every way to spend the same extra weight, in every run.",
        {
            **ARM,
            "outcome": "str class or outcome waited for",
            "crossing": "float step at which its loss passes the threshold; the last looked at "
            "where censored",
            "censored": "bool never passed",
            "threshold": "float nats",
            "until": "int step by which all weight is spent",
            "loss": "float of the outcome at that step, nats",
            "spent": "float weight spent, per token of the batch times steps; negative: taken away",
            **SEED,
        },
        scope="seed",
        recorded="claims",
        asked="schedules",
    ),
    Table(
        "schedule_choices",
        "language",
        "On which class every arm spent its weight, at every choice and run.",
        {
            **ARM,
            **STEP,
            "class": "str class chosen",
            "score": "float influence on the target, nats^2, or the effect tried, nats; negative: "
            "helps",
            **SEED,
        },
        scope="seed",
        recorded="claims",
        asked="schedules",
    ),
    Table(
        "schedule_differences",
        "language",
        "Paired differences of the outcomes between arms, mean over runs.",
        {
            **ARM,
            "against": "str arm compared with",
            "outcome": "str crossing (steps) or loss (nats)",
            "mean": "float steps or nats; negative: the arm did better",
            "low": "float? lower end, 95 %",
            "high": "float? upper end",
            "seeds": "int runs",
            "better": "int runs in which the arm did better",
            "same": "int runs in which both did exactly the same",
        },
        recorded="claims",
        asked="schedules",
    ),
]
