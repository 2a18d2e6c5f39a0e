"""Does influence measured at a checkpoint predict what more weight on a class does next?"""

from __future__ import annotations

import pandas as pd

from analysis.development.transitions import REPETITION, told_once
from analysis.statistics.correlation import rank_correlation
from analysis.tables.curves import estimator_label

# Whose transitions cut training into the stages of the comparison.
STAGES = ("word", "induction", REPETITION)


def forecasts(effects: pd.DataFrame, influence: pd.DataFrame) -> pd.DataFrame:
    """Rank correlation of influence with the measured effects, of one run and one estimator.

    Args:
        effects: step, horizon (steps), source_class, target_class, effect (loss with minus without
            extra weight over so many steps, nats).
        influence: step, source_class, target_class, influence (any unit; negative: helps); the last
            step is the end of training.

    Returns:
        step, horizon, now (Spearman's correlation over ordered pairs of different classes of the
        effect after `step` with influence at `step`), end (the same with influence at the end),
        pairs. Positive: what influence calls helpful lowered the loss. 0 where nothing varies.
    """
    keys = ["source_class", "target_class"]
    last = influence["step"].max()
    final = influence[influence["step"] == last].set_index(keys)["influence"]
    rows = []
    for (step, horizon), found in effects.groupby(["step", "horizon"]):
        found = found[found["source_class"] != found["target_class"]].set_index(keys)["effect"]
        now = influence[influence["step"] == step].set_index(keys)["influence"]
        both = pd.DataFrame({"effect": found, "now": now.reindex(found.index)})
        both["end"] = final.reindex(found.index)
        both = both.dropna()
        rows.append(
            {
                "step": step,
                "horizon": horizon,
                "now": rank_correlation(both["effect"].to_numpy(), both["now"].to_numpy()),
                "end": rank_correlation(both["effect"].to_numpy(), both["end"].to_numpy()),
                "pairs": len(both),
            }
        )
    return pd.DataFrame(rows, columns=["step", "horizon", "now", "end", "pairs"]).fillna(
        {"now": 0.0, "end": 0.0}
    )


def stage_of(transitions: pd.DataFrame, step: float) -> str:
    """The stage a step lies in: before, during or after what is learnt in order.

    Args:
        transitions: when what was learnt in one run: stage, start, middle, end, in steps.
        step: of training.

    Returns:
        as in "before word", "word", "between word and induction" or "after induction"; a stage that
        is never begun lies after every step.

    Example:
        >>> times = [("word", 10.0, 20.0, 30.0), ("induction", 100.0, 150.0, 200.0)]
        >>> table = pd.DataFrame(times, columns=["stage", "start", "middle", "end"])
        >>> [stage_of(table, step) for step in (5, 15, 50, 300)]
        ['before word', 'word', 'between word and induction', 'after induction']
    """
    times = told_once(transitions).set_index("stage")
    before = "start"
    for stage in STAGES:
        if stage not in times.index:
            continue
        start, end = times.loc[stage, ["start", "end"]]
        if not start <= step:
            return f"before {stage}" if before == "start" else f"between {before} and {stage}"
        if not end <= step:
            return stage
        before = stage
    return f"after {before}"


def forecast_table(
    effects: pd.DataFrame, influence: pd.DataFrame, transitions: pd.DataFrame
) -> pd.DataFrame:
    """Forecasts of every run and curve of a model.

    Args:
        effects: measured effects over all runs: the columns of `forecasts`, and seed.
        influence: the contract's table over all runs; across sequences is used.
        transitions: when what was learnt, over all runs: stage, start, middle, end, seed.

    Returns:
        one row per run, curve, step and horizon: the columns of `forecasts`, seed, label, stage.
    """
    across = influence[influence["pairs"] == "across_sequences"]
    parts = []
    for (estimator, normalized), group in across.groupby(["estimator", "normalized"], sort=False):
        for seed in sorted(effects["seed"].unique()):
            found = forecasts(effects[effects["seed"] == seed], group[group["seed"] == seed])
            own = transitions[transitions["seed"] == seed]
            stage = [stage_of(own, step) for step in found["step"]]
            label = estimator_label(estimator, float("nan"), normalized)
            parts.append(found.assign(seed=seed, label=label, stage=stage))
    return pd.concat(parts, ignore_index=True)
