"""What claims about the toy may use: its result tables, by names and never by row order."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from analysis.claims.core import Evidence, NoEvidence
from analysis.statistics.distinction_peaks import RISE_COLUMNS
from analysis.tables.curves import influence_array, labelled
from models.toy.hierarchy import Hierarchy, Node


@dataclass(frozen=True)
class ToyEvidence(Evidence):
    """The toy's tables.

    Attributes:
        tree: the hierarchy; focus: close-up items, source first.
        optimizer: of training, in words; checkpoint_every: steps between checkpoints.
        posterior_label: the curve of the local posterior: sampled, or its exact limit.
    """

    tree: Hierarchy
    focus: tuple[str, ...]
    optimizer: str
    checkpoint_every: int
    posterior_label: str = "bif"

    @cached_property
    def influence(self) -> dict[str, pd.DataFrame]:
        """The contract's table by label (bif, loo_0.5, ...), all seeds."""
        return labelled(self.tables["influence"])

    @property
    def trajectories(self) -> pd.DataFrame:
        """label, step, source, target, mean, low, high."""
        return self.tables["trajectories"]

    @property
    def events(self) -> pd.DataFrame:
        """Flips and peaks."""
        return self.tables["events"]

    @property
    def transitions(self) -> pd.DataFrame:
        """When every distinction is learnt, by seed."""
        return self.tables["transitions"]

    @property
    def labels(self) -> list[str]:
        """Names of the curves present."""
        return list(dict.fromkeys(sorted(self.trajectories["label"].unique())))

    def seed_curves(self, label: str) -> tuple[np.ndarray, np.ndarray]:
        """Steps, and influence of every seed (seeds, steps, source, target)."""
        found = influence_array(self.influence[label], self.tree.items)
        return found["step"].values, found.values

    def curve(self, label: str) -> np.ndarray:
        """Mean influence over seeds, (steps, source, target), items in tree order."""
        table = self.trajectories[self.trajectories["label"] == label].assign(seed=0)
        return influence_array(table, self.tree.items, "mean").values[0]

    def events_of(self, label: str, source: str, target: str) -> pd.DataFrame:
        """Events of one curve, in time order."""
        e = self.events
        chosen = (e["estimator"] == label) & (e["source"] == source) & (e["target"] == target)
        return e[chosen].sort_values("step")

    def stage(self, node: Node) -> pd.Series:
        """Seed means of start, middle, end, knee and fastest of a distinction."""
        rows = self.transitions[(self.transitions["node"] == node.name)]
        rows = rows[rows["stage"] != "everything"].sort_values("seed")
        return rows.drop(columns=["seed", "stage", "node"]).mean()

    def pairs(self) -> list[tuple[str, str]]:
        """All ordered pairs of different items."""
        return [(a, b) for a in self.tree.items for b in self.tree.items if a != b]

    def peaks_by_distinction(self) -> pd.DataFrame:
        """Harmful peak of every pair beside the stage that tells the pair apart, pairs in tree
        order: node, peak, and the stage's times.

        Returns:
            one row per peak.

        Raises:
            NoEvidence: no pair has a peak whose distinction is learnt within the training.
        """
        table = self.tables["distinction_peaks"].set_index(["source", "target"])
        here = [pair for pair in self.pairs() if pair in table.index]
        table = table.loc[here].rename(columns={"step": "peak"}).reset_index(drop=True)
        table = table[["node", "peak", *RISE_COLUMNS]].dropna()
        if table.empty:
            raise NoEvidence(
                f"no harmful {self.posterior_label} peak of a distinction learnt in this training"
            )
        return table

    @property
    def removals(self) -> list[str]:
        """Leave-one-out curves, from the smallest removed share to the largest."""
        found = [label for label in self.labels if label.startswith("loo_")]
        return sorted(found, key=lambda label: float(label.removeprefix("loo_")))
