"""Stage: which of the paper's claims about the toy survive another optimizer (claim X3)."""

from __future__ import annotations

import logging

import numpy as np
import pandas as pd

from analysis.claims.core import Evidence
from analysis.claims.toy import (
    branches_align,
    flips_and_stages,
    learnt_top_down,
    shapes_agree,
    windows_follow,
)
from analysis.tables.curves import labelled
from stagewise.config import Config
from stagewise.paths import Paths
from stagewise.provenance.store import provenance, read_table, write_table
from stagewise.tasks.theory.variant import configured

logger = logging.getLogger(__name__)

DECIDERS = (flips_and_stages, shapes_agree, learnt_top_down, branches_align, windows_follow)
EXACT_BIF = "bif_gaussian"  # sampled BIF of the first seed checks it
SHOWN = (EXACT_BIF, "unrolled")
VERDICTS = ["optimizer", "claim", "verdict", "measured", "interval", "reason", "sampled"]
CURVES = ["optimizer", "label", "step", "source", "target", "mean", "low", "high"]


def run(config: Config, paths: Paths) -> None:
    """Write, for every optimizer of the configuration:

    optimizers: optimizer, claim, and its verdict, measured, interval and reason, decided by the
    same rules as for the toy itself, with the exact Gaussian limit of BIF for bif, so that what
    differs is the training and not the noise; sampled: correlation of that limit with sampled
    BIF of the first seed, normalised, over pairs of different items and steps. optimizer_curves:
    mean influence of the focus source on its focus targets, by `SHOWN` estimators.
    optimizer_stages: optimizer and the columns of `transitions`.
    """
    verdicts, curves, stages = [], [], []
    for name in config.theory.optimizers:
        evidence = _gather(config, name, paths.variant(name))
        sampled = _agreement(evidence)
        for decide in DECIDERS:
            found = decide(evidence)
            finding = found.finding
            verdicts.append(
                {
                    "optimizer": name,
                    "claim": found.id,
                    "verdict": finding.verdict,
                    "measured": finding.measured,
                    "interval": finding.interval,
                    "reason": finding.reason,
                    "sampled": sampled,
                }
            )
        source, *targets = evidence.focus
        rows = read_table(paths.variant(name).whole("trajectories"))
        shown = (
            rows["label"].isin(SHOWN) & (rows["source"] == source) & rows["target"].isin(targets)
        )
        curves.append(rows[shown].assign(optimizer=name)[CURVES])
        stages.append(evidence.transitions.assign(optimizer=name))
    origin = provenance(config.model_dump(), config.toy_seeds)
    write_table(pd.DataFrame(verdicts, columns=VERDICTS), paths.theory("optimizers"), origin)
    for table, parts in (("optimizer_curves", curves), ("optimizer_stages", stages)):
        whole = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
        write_table(whole, paths.theory(table), origin)


def _agreement(evidence: Evidence) -> float:
    """Correlation of sampled BIF with its Gaussian limit, both normalised; 1 where the sampled
    one stands for it."""
    if not _complete(evidence.influence):
        return 1.0
    keys = ["seed", "step", "source", "target"]
    tables = [
        evidence.influence[label].set_index(keys)["influence"]
        for label in ("bif_sampled", f"{EXACT_BIF}_normalized")
    ]
    both = pd.concat(tables, axis=1, join="inner").dropna()
    different = both.index.get_level_values("source") != both.index.get_level_values("target")
    first, second = both[different].to_numpy().T
    return float(np.corrcoef(first, second)[0, 1])


def _gather(config: Config, name: str, place: Paths) -> Evidence:
    """The tables of one optimizer as evidence, bif being its exact limit; there is no sweep and
    no limit among them."""
    toy = configured(config, name).toy
    influence = labelled(read_table(place.influence))
    curves, events = (read_table(place.whole(table)) for table in ("trajectories", "events"))
    influence["bif_sampled"] = influence["bif_normalized"]
    windows = read_table(place.whole("windows"))
    if _complete(influence):
        influence["bif"] = influence[EXACT_BIF]
        curves, events = _renamed(curves, "label"), _renamed(events, "estimator")
    else:
        sampled = influence["bif"]["seed"].unique()
        logger.warning("%s: BIF has no Gaussian limit at every checkpoint: sampled BIF stands for "
                       "it, with %d seed(s)", name, len(sampled))  # fmt: skip
        influence = {
            label: table[table["seed"].isin(sampled)] for label, table in influence.items()
        }
        windows = windows[windows["seed"].isin(sampled)]
    return Evidence(
        tree=toy.tree,
        focus=toy.tree.focus(toy.focus),
        optimizer=toy.training,
        checkpoint_every=toy.checkpoint_every,
        influence=influence,
        trajectories=curves,
        events=events,
        transitions=read_table(place.whole("transitions")),
        windows=windows,
        sweep=pd.DataFrame(),
        limit_errors=pd.DataFrame(),
        seed=config.seed,
    )


def _complete(influence: dict[str, pd.DataFrame]) -> bool:
    """Whether the Gaussian limit exists at every checkpoint of every seed."""
    return len(influence.get(EXACT_BIF, ())) == len(influence["unrolled"])


def _renamed(table: pd.DataFrame, column: str) -> pd.DataFrame:
    """The rows with the exact limit in the place of sampled BIF."""
    kept = table[table[column] != "bif"]
    return kept.assign(**{column: kept[column].replace(EXACT_BIF, "bif")})
