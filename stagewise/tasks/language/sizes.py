"""Stage: the class influence of every language model side by side, on steps and on tokens."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from analysis.development.transitions import formation
from stagewise.config import Config
from stagewise.paths import Paths
from stagewise.provenance.recorded import FOLDER, tables_elsewhere
from stagewise.provenance.store import provenance, read_provenance, read_table, write_table

NEEDED = ("trajectories", "transitions", "landmarks")
COLUMNS = [
    "model", "run", "text", "parameters", "seed", "label", "step", "tokens", "source", "target",
    "mean", "induction", "induction_tokens",
]  # fmt: skip


def run(config: Config, paths: Paths, folder: Path = FOLDER) -> None:
    """Write `language/sizes`: one row per model, run, label, step and pair with its influence, the
    tokens seen by then, `run` (this or recorded), `text` (its corpus), and `induction`,
    `induction_tokens` (the step at which that run has half learnt it, and the tokens seen by then;
    NaN if never).

    Models of this configuration first, then those of others that are recorded.
    """
    parts = []
    for model in config.language.models:
        place = paths.language(model)
        parts.append(_of(model, {name: place.whole(name) for name in NEEDED}, "this run"))
    for model in config.language.recorded:
        kept = tables_elsewhere(model, folder)
        if kept.keys() >= set(NEEDED):
            parts.append(_of(model, kept, "recorded"))
    whole = pd.concat(parts, ignore_index=True)
    seeds = sorted(whole["seed"].unique().tolist())
    write_table(whole, paths.sizes, provenance(config.model_dump(include={"language"}), seeds))


def _of(model: str, tables: dict[str, Path], run_: str) -> pd.DataFrame:
    from stagewise.config.language import LanguageModelConfig

    curves, times, marks = (read_table(tables[name]) for name in NEEDED)
    made = read_provenance(tables["trajectories"])["config"]["language"]["models"][model]
    per_step = LanguageModelConfig.model_validate(made).tokens_per_step
    runs = curves[curves["experiment"].str.contains("/seed")]
    seeds = runs["experiment"].str.rpartition("seed")[2].astype(int)
    formed = formation(times).set_index("seed")["middle"]
    found = runs.assign(
        model=model,
        run=run_,
        text=made.get("corpus") or "controlled language",
        parameters=int(marks.loc[marks["name"] == "parameters", "value"].iloc[0]),
        seed=seeds,
        tokens=runs["step"] * per_step,
        induction=seeds.map(formed).astype(float),
    )
    return found.assign(induction_tokens=found["induction"] * per_step)[COLUMNS]
