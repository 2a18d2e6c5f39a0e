"""The paper's claims about the toy under one optimizer, with the exact limit of BIF (claim X3)."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from analysis.claims.core import rules
from analysis.claims.evidence import EvidenceTables
from analysis.claims.toy_evidence import ToyEvidence
from analysis.statistics.branch_points import branch_points
from analysis.statistics.distinction_peaks import distinction_peaks
from analysis.tables.curves import labelled

logger = logging.getLogger(__name__)

JUDGED = ("C1", "C2", "C3", "C4", "C5")
EXACT_BIF = "bif_gaussian"  # sampled BIF of the first seed checks it
SHOWN = (EXACT_BIF, "unrolled")
CURVES = ["label", "step", "source", "target", "mean", "low", "high"]


def under_optimizer(evidence: ToyEvidence, name: str) -> tuple[ToyEvidence, float]:
    """Evidence whose local posterior is the exact Gaussian limit of BIF, so that what differs
    between optimizers is the training and not the noise.

    Where the limit does not exist at every checkpoint, sampled BIF stands for it, with the seeds
    that were sampled, with a warning that names the optimizer.

    Args:
        evidence: of the toy under the optimizer: influence (bif_gaussian and unrolled for all
            seeds, bif for some), windows, events, transitions.
        name: of the optimizer, for the warning.

    Returns:
        that evidence; and the correlation of the limit with sampled BIF, both normalised, over
        pairs of different items, steps and the seeds sampled, from -1 to 1 (1 where sampled BIF
        stands for it).
    """
    tables, influence = dict(evidence.tables), labelled(evidence.tables["influence"])
    label, agreement = EXACT_BIF, 1.0
    if len(influence.get(EXACT_BIF, ())) == len(influence["unrolled"]):
        agreement = _agreement(influence)
    else:
        label, sampled = "bif", influence["bif"]["seed"].unique()
        logger.warning(
            "%s: BIF has no Gaussian limit at every checkpoint: sampled BIF stands for it, with %d "
            "seed(s)", name, len(sampled),
        )  # fmt: skip
        for table in ("influence", "windows"):
            tables[table] = tables[table][tables[table]["seed"].isin(sampled)]
    tables["distinction_peaks"] = distinction_peaks(
        tables["events"], tables["transitions"], evidence.tree, label
    )
    tables["branch_points"] = branch_points(
        tables["events"], tables["transitions"], evidence.tree, name, label
    )
    return replace(evidence, tables=EvidenceTables(tables), posterior_label=label), agreement


def verdicts(evidence: ToyEvidence, sampled: float) -> pd.DataFrame:
    """The claims C1 to C5 by the same rules as for the toy itself.

    Args:
        evidence: as of `under_optimizer`.
        sampled: correlation of the sampler with its limit, written beside the verdicts.

    Returns:
        one row per claim: claim, verdict, measured, interval, reason, sampled.
    """
    rows = []
    for rule in rules():
        if rule.id in JUDGED:
            finding = rule(evidence).finding
            rows.append(
                {
                    "claim": rule.id, "verdict": finding.verdict, "measured": finding.measured,
                    "interval": finding.interval, "reason": finding.reason, "sampled": sampled,
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def focus_curves(evidence: ToyEvidence) -> pd.DataFrame:
    """Mean influence of the focus source on its focus targets, by `SHOWN` estimators.

    Args:
        evidence: its trajectories and focus count.

    Returns:
        one row per estimator, pair and step: `CURVES`; negative: helps.
    """
    source, *targets = evidence.focus
    rows = evidence.tables["trajectories"]
    shown = rows["label"].isin(SHOWN) & (rows["source"] == source) & rows["target"].isin(targets)
    return rows[shown][CURVES]


def _agreement(influence: Mapping[str, pd.DataFrame]) -> float:
    keys = ["seed", "step", "source", "target"]
    tables = [
        influence[label].set_index(keys)["influence"]
        for label in ("bif_normalized", f"{EXACT_BIF}_normalized")
    ]
    both = pd.concat(tables, axis=1, join="inner").dropna()
    different = both.index.get_level_values("source") != both.index.get_level_values("target")
    first, second = both[different].to_numpy().T
    return float(np.corrcoef(first, second)[0, 1])
