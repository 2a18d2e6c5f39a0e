"""The claims: what was predicted, what was measured, and a verdict, from result tables alone.

Every threshold is a constant below and part of the printed prediction.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from models.hierarchy import Hierarchy, Node

Verdict = Literal["replicated", "partly", "not replicated", "not run"]

GOOD, FAIR = 0.8, 0.5  # correlations that count as agreement, and as some
LEVEL = 0.05  # p-values below this count
BOOTSTRAP = 2000


@dataclass(frozen=True)
class Claim:
    """A row of the claims table."""

    id: str
    claim: str
    origin: Literal["paper", "extension"]
    predicted: str
    measured: str
    interval: str
    verdict: Verdict
    reason: str
    figure: str

    def record(self) -> dict[str, str]:
        """Everything but the id, as plain texts."""
        return {key: value for key, value in asdict(self).items() if key != "id"}


@dataclass(frozen=True)
class Evidence:
    """The result tables a claim may use.

    Attributes:
        tree: the hierarchy.
        focus: close-up items, source first.
        gamma: localisation of the default posterior.
        learning_rate: of training.
        checkpoint_every: steps between checkpoints.
        influence: the contract's table, with a column label (bif, loo_0.5, ...).
        trajectories: label, step, source, target, mean, low, high.
        events, transitions, windows, window_curves, sweep, limits: as their stages write them.
        seed: of the bootstraps and permutations.
    """

    tree: Hierarchy
    focus: tuple[str, ...]
    gamma: float
    learning_rate: float
    checkpoint_every: int
    trajectories: pd.DataFrame
    events: pd.DataFrame
    transitions: pd.DataFrame
    windows: pd.DataFrame
    window_curves: pd.DataFrame
    sweep: pd.DataFrame
    limits: pd.DataFrame
    seed: int

    @property
    def rng(self) -> np.random.Generator:
        """Random numbers, the same at every call."""
        return np.random.default_rng(self.seed)

    @property
    def labels(self) -> list[str]:
        """Names of the curves present."""
        return list(dict.fromkeys(self.trajectories["label"]))

    def curve(self, label: str) -> np.ndarray:
        """Mean influence over seeds, (steps, source, target), items in tree order."""
        table = self.trajectories[self.trajectories["label"] == label]
        n = len(self.tree.items)  # one curve after another: (source, target, steps)
        return table["mean"].to_numpy().reshape(n, n, -1).transpose(2, 0, 1)

    def events_of(self, label: str, source: str, target: str) -> pd.DataFrame:
        """Events of one curve, in time order."""
        e = self.events
        chosen = (e["estimator"] == label) & (e["source"] == source) & (e["target"] == target)
        return e[chosen].sort_values("step")

    def harmful_peak(self, label: str, source: str, target: str) -> pd.Series | None:
        """The highest peak of positive influence, if there is one."""
        found = self.events_of(label, source, target)
        found = found[(found["direction"] == "maximum") & (found["value"] > 0)]
        return None if found.empty else found.loc[found["value"].idxmax()]

    def stage(self, node: Node) -> pd.Series:
        """Seed means of start, middle, end, knee and fastest of a distinction."""
        rows = self.transitions[(self.transitions["node"] == node.name)]
        rows = rows[rows["stage"] != "everything"]
        return rows.drop(columns=["seed", "stage", "node"]).mean()

    def pairs(self) -> list[tuple[str, str]]:
        """All ordered pairs of different items."""
        return [(a, b) for a in self.tree.items for b in self.tree.items if a != b]

    def peaks_by_distinction(self, label: str) -> pd.DataFrame:
        """Harmful peak of every pair beside the stage that tells the pair apart."""
        rows = []
        for source, target in self.pairs():
            peak = self.harmful_peak(label, source, target)
            if peak is None:
                continue
            node = self.tree.lowest_common_ancestor(source, target)
            times = self.stage(node)[["start", "middle", "end", "knee", "fastest"]].to_dict()
            rows.append({"node": node.name, "peak": peak["step"], **times})
        return pd.DataFrame(rows, columns=["node", "peak", *RISE_COLUMNS])


RISE_COLUMNS = ["start", "middle", "end", "knee", "fastest"]


def median_interval(values: Any, rng: np.random.Generator) -> tuple[float, float, float]:
    """Median and its 95 % bootstrap interval."""
    values = np.asarray(values, dtype=float)
    again = np.median(rng.choice(values, (BOOTSTRAP, len(values))), axis=1)
    low, high = np.percentile(again, [2.5, 97.5])
    return float(np.median(values)), float(low), float(high)


def correlations(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Correlation over time of every pair's two curves, (pairs,), pairs of different items."""
    different = ~np.eye(first.shape[1], dtype=bool)
    a, b = first[:, different], second[:, different]
    a, b = a - a.mean(0), b - b.mean(0)
    scale = np.sqrt((a**2).sum(0) * (b**2).sum(0))
    return (a * b).sum(0) / np.where(scale > 0, scale, 1.0)


def not_run(claim: Claim, reason: str) -> Claim:
    """The claim's row where its evidence is missing."""
    return Claim(
        **{**asdict(claim), "measured": "", "interval": "", "verdict": "not run", "reason": reason}
    )


def decide(evidence: Evidence, deciders: Sequence[Callable[[Evidence], Claim]]) -> list[Claim]:
    """All claims, in order."""
    return [decider(evidence) for decider in deciders]


def to_markdown(claims: list[Claim]) -> str:
    """The claims as a table for people."""
    lines = [
        "| claim | | predicted | measured | interval | verdict | why |",
        "|---|---|---|---|---|---|---|",
    ]
    for c in claims:
        cells = (c.id, c.claim, c.predicted, c.measured, c.interval, f"**{c.verdict}**", c.reason)
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"
