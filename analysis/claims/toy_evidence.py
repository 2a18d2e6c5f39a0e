"""What claims about the toy may use: its result tables, by names and never by row order."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from analysis.claims.evidence import Evidence, NoEvidence
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
        """Label (bif, loo_0.5, ...) -> rows of the contract's table, all seeds, in the curve's
        unit; negative: helps. Raises NoEvidence where the table was not made, as all properties
        here.
        """
        return labelled(self.tables["influence"])

    @property
    def trajectories(self) -> pd.DataFrame:
        """Mean curves over seeds: label, step, source, target, mean, low, high (95 %); negative:
        helps.
        """
        return self.tables["trajectories"]

    @property
    def events(self) -> pd.DataFrame:
        """Flips and peaks over seeds, the contract's columns, times in steps."""
        return self.tables["events"]

    @property
    def transitions(self) -> pd.DataFrame:
        """When every distinction is learnt, by seed, in steps: columns as of `transition_table`."""
        return self.tables["transitions"]

    @property
    def labels(self) -> list[str]:
        """Names of the curves present, sorted: bif, closed_form, loo_1, ..."""
        return list(dict.fromkeys(sorted(self.trajectories["label"].unique())))

    def seed_curves(self, label: str) -> tuple[np.ndarray, np.ndarray]:
        """Influence of every seed.

        Args:
            label: of the curve: bif, loo_0.5, ...

        Returns:
            steps (steps,) that every seed has, and influence (seeds, steps, source, target), items
            in tree order; negative: helps.

        Raises:
            KeyError: there is no such curve.
            ValueError: a pair is missing at a step of a seed.
        """
        found = influence_array(self.influence[label], self.tree.items)
        return found["step"].values, found.values

    def curve(self, label: str) -> np.ndarray:
        """Mean influence over seeds.

        Args:
            label: of the curve: bif, loo_0.5, ...

        Returns:
            (steps, source, target), items in tree order; negative: helps.

        Raises:
            ValueError: a pair is missing at a step, or there is no such curve.
        """
        table = self.trajectories[self.trajectories["label"] == label].assign(seed=0)
        return influence_array(table, self.tree.items, "mean").values[0]

    def events_of(self, label: str, source: str, target: str) -> pd.DataFrame:
        """Flips and peaks of one curve.

        Args:
            label: of the curve: bif, loo_0.5, ...
            source: an item.
            target: an item.

        Returns:
            the contract's columns, in time order; empty where there are none.
        """
        e = self.events
        chosen = (e["estimator"] == label) & (e["source"] == source) & (e["target"] == target)
        return e[chosen].sort_values("step")

    def stage(self, node: Node) -> pd.Series:
        """When a distinction is learnt, mean over the seeds that learn it.

        Args:
            node: of the hierarchy, with at least two children.

        Returns:
            depth, start, middle, end, theory_middle, knee and fastest, in steps; NaN where no seed
            has it.
        """
        rows = self.transitions[(self.transitions["node"] == node.name)]
        rows = rows[rows["stage"] != "everything"].sort_values("seed")
        return rows.drop(columns=["seed", "stage", "node"]).mean()

    def pairs(self) -> list[tuple[str, str]]:
        """All ordered pairs of different items."""
        return [(a, b) for a in self.tree.items for b in self.tree.items if a != b]

    def peaks_by_distinction(self) -> pd.DataFrame:
        """Harmful peak of every pair beside the stage that tells the pair apart.

        Returns:
            one row per peak of a distinction that is learnt, pairs in tree order: node, peak,
            start, middle, end, knee, fastest, in steps.

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
